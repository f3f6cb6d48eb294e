/**
 * dir/relock-dead: what was found out of a directory before it was locked, or before its lock was dropped and taken again, may be gone
 * once it is locked. A section that goes on with it tests that inside: the directory is not dead before it is read or changed by its
 * method, and an entry that was found before is still its child before it is removed or moved.
 */
import { calledName, fnColumn } from '../../contexts/cfg.js';
import type { Entry } from '../../contexts/entry-points.js';
import type { FunctionRun } from '../../contexts/flow.js';
import { pathValue } from '../../contexts/helper-calls.js';
import { readsOf } from '../../contexts/operands.js';
import type { State } from '../../contexts/state.js';
import { T } from '../../contexts/terms.js';
import { EXPR_STRIDE, Fn, OP_STRIDE, Op, operatorCode, X } from '../../facts/encode.js';
import { type FunctionRef, readList } from '../../program/program.js';
import { textsBelow } from '../callee-texts.js';
import { DirectorySlots } from '../directory-slots.js';
import { heldShown } from '../holding.js';
import { OfFunctions } from '../kept.js';
import { Liveness } from '../liveness.js';
import { LockedByCallers } from '../locked-by-callers.js';
import { OfSituations, replay } from '../replay.js';
import {
  type Draft,
  entryMethod,
  lineOf,
  pathTo,
  type Rule,
  type RuleContext,
  rcuOf,
  step,
} from '../rule.js';
import { Trails } from '../trails.js';
import { Ways } from '../ways.js';

const CLASS = 'inode::i_rwsem';

const ID = 'dir/relock-dead';

/** The rule. */
export const relockDead: Rule = {
  info: {
    id: ID,
    summary: 'A directory is locked and gone on with, and nothing tests inside the lock that it still lives.',
    law: 'Where a directory is locked that was found earlier, or locked again, it is tested inside the lock that what was found is still there.',
    severity: 'error',
    precision: 'high',
    onByDefault: true,
    fixable: true,
  },
  yieldsTo: ['dentry/parent-recheck'],
  check(cx) {
    const out: Draft[] = [];
    const propagation = cx.analysis.propagation;
    if (propagation === null) return out;
    const search = new Search(cx);
    const callers = new LockedByCallers(cx);
    for (const fn of cx.functions) {
      if (fn.isMacro) continue;
      if (cx.analysis.results[fn.id]?.acquires.has(`${CLASS}|rwsem`) !== true) {
        out.push(...callers.draftsOf(fn));
        continue;
      }
      if (!USES.of(fn, [textsBelow(cx.analysis, fn.id)], () => search.mayUse(fn))) {
        cx.silence?.(
          ID,
          fn,
          -1,
          'it takes the lock of a directory, but neither reads it nor changes entries of it',
        );
        continue;
      }
      const entries = propagation.entries[fn.id] ?? [];
      const seen = new Set<number>();
      const below = BELOW.of(fn, [textsBelow(cx.analysis, fn.id)], () => search.below(fn));
      cx.silence?.(
        ID,
        fn,
        -1,
        'where nothing else is said, what is used under the lock was not found before it',
      );
      for (let i = 0; i < entries.length; i++) {
        const entry = entries[i] as Entry;
        for (const f of FOUND.of(cx.analysis, fn, entry, () => search.in(fn, entry), below)) {
          if (seen.has(f.op)) continue;
          seen.add(f.op);
          out.push(draft(cx, fn, entry, i, f));
        }
      }
    }
    return out;
  },
};

/** A use of what was found before, in a section without a test. */
interface Found {
  readonly op: number;
  /** Operation that took the lock. */
  readonly locked: number;
  /** The lock, as the function writes it. */
  readonly lock: string;
  /** The entry that was found before, or '' where it is the directory itself. */
  readonly victim: string;
  /** The entry among the arguments, or -1. */
  readonly position: number;
  readonly what: string;
  /** The caller's lock, dropped and taken again. */
  readonly again: boolean;
  /** Operation of a test before the lock was taken, or -1. */
  readonly testedBefore: number;
  readonly held: Draft['held'];
  readonly rcu: Draft['rcu'];
}

const FOUND = new OfSituations<readonly Found[]>();
/** What counts of those that a function calls. */
const BELOW = new OfFunctions<string>();
/** Parameters that a function relies on being alive. */
const TRUSTED = new OfFunctions<ReadonlySet<number>>();
const USES = new OfFunctions<boolean>();

/** A directory's lock that was taken on the way. */
interface Section {
  readonly place: number;
  readonly op: number;
  readonly again: boolean;
  /** Something was tested inside that tells what is still there. */
  readonly tested: boolean;
  /** What was handed to a test inside that tells of this one only. */
  readonly asked: readonly number[];
}

interface Note {
  readonly sections: readonly Section[];
  /** The caller's locks that were dropped. */
  readonly away: readonly number[];
  /** The last test outside of a section, or -1. */
  readonly testedAt: number;
}

const NOTHING: Note = { sections: [], away: [], testedAt: -1 };
const EQ = operatorCode('==');
const NE = operatorCode('!=');

class Search {
  private readonly liveness: Liveness;
  private readonly ofOne: Liveness;
  private readonly slots: DirectorySlots;
  private readonly trusting = new Map<number, ReadonlySet<number>>();
  /** Functions whose trust is being looked for, and whether one of them was come to again. */
  private readonly asking = new Set<number>();
  private inCircle = false;

  constructor(private readonly cx: RuleContext) {
    this.liveness = new Liveness(cx.analysis.program);
    this.ofOne = new Liveness(cx.analysis.program, true);
    this.slots = new DirectorySlots(cx.analysis.model);
  }

  /** Whether there is anything in a function that goes on with a directory or its entries. */
  mayUse(fn: FunctionRef): boolean {
    const { file } = fn;
    const readsDirectory = file.strings.includes('struct dir_context');
    const count = fnColumn(file, fn.index, Fn.OpCount);
    for (let op = 0; op < count; op++) {
      const at = (fnColumn(file, fn.index, Fn.FirstOp) + op) * OP_STRIDE;
      if ((file.ops[at] as Op) !== Op.Call) continue;
      if (readsDirectory || this.slots.at(fn, op) !== '') return true;
      const name = calledName(fn, op);
      if (this.cx.analysis.model.helpers.get(name)?.trusts !== undefined) return true;
      const callee = name === '' ? null : this.cx.analysis.program.resolve(name, file);
      if (callee !== null && this.trustedBy(callee).size > 0) return true;
    }
    return false;
  }

  /** In words of its own what a function's sections hang on of those that it calls: whether they test, and what they trust. */
  below(fn: FunctionRef): string {
    const { program, model } = this.cx.analysis;
    const count = fnColumn(fn.file, fn.index, Fn.OpCount);
    let out = '';
    for (let op = 0; op < count; op++) {
      const name = calledName(fn, op);
      const callee = name === '' ? null : program.resolve(name, fn.file);
      if (callee === null) continue;
      const tests = `${this.liveness.testedIn(callee) ? 't' : ''}${this.ofOne.testedIn(callee) ? 'o' : ''}`;
      const trusts = model.helpers.has(name) ? '' : [...this.trustedBy(callee)].join();
      if (tests !== '' || trusts !== '') out += `${op}${tests}${trusts};`;
    }
    return out;
  }

  in(fn: FunctionRef, entry: Entry): readonly Found[] {
    const out = new Map<number, Found>();
    const trails = new Trails<Note>();
    replay(this.cx.analysis, fn, entry, (run, op, s) => {
      let note = nowHeld(run, s, trails.of(s.trail) ?? NOTHING, op);
      const before = note;
      const fresh = note.sections.filter((x) => x.op === op - 1 && !x.tested);
      // The function that locks may test by itself
      if (fresh.length > 0 && this.liveness.testedAt(fn, op - 1)) note = tested(note, op - 1);
      if (this.cx.silence !== undefined && note.sections.some((x) => x.tested)) {
        const found = this.use(run, fn, op, s, note);
        if (found !== null)
          this.cx.silence(
            ID,
            fn,
            op,
            `something is tested inside the lock, before ${found.what}, that tells what is still there`,
          );
      }
      if (note.sections.length > 0 && note.sections.every((x) => !x.tested) && !out.has(op)) {
        const found = this.use(run, fn, op, s, note);
        if (found !== null)
          out.set(op, {
            ...found,
            held: heldShown(this.cx, fn, run, entry, s, op),
            rcu: rcuOf(entry, run.effect.shownLocks(s)),
          });
      }
      if (this.liveness.testedAt(fn, op)) note = tested(note, op);
      else if (note.sections.length > 0 && this.ofOne.testedAt(fn, op)) note = asked(run, fn, op, s, note);
      if (note === before && note === trails.of(s.trail)) return s.trail;
      if (note.sections.length === 0 && note.away.length === 0 && note.testedAt < 0) return 0;
      const key = `${note.testedAt};${note.away.join()};${note.sections.map((x) => `${x.place},${x.op},${x.again},${x.tested},${x.asked.join('+')}`).join(';')}`;
      return trails.number(note, key);
    });
    return [...out.values()];
  }

  /** What an operation goes on with untested, or null. */
  private use(
    run: FunctionRun,
    fn: FunctionRef,
    op: number,
    s: State,
    note: Note,
  ): Omit<Found, 'held' | 'rcu'> | null {
    const { file } = fn;
    const at = (fnColumn(file, fn.index, Fn.FirstOp) + op) * OP_STRIDE;
    if ((file.ops[at] as Op) !== Op.Call) return null;
    const args = readList(file, file.ops[at + 2] as number);
    const name = calledName(fn, op);
    const made = (
      section: Section,
      victim: string,
      what: string,
      position = -1,
    ): Omit<Found, 'held' | 'rcu'> => ({
      op,
      locked: section.op,
      lock: run.showPlace(section.place),
      victim,
      position,
      what,
      again: section.again,
      testedBefore: note.testedAt,
    });
    const slot = this.slots.at(fn, op);
    if (slot !== '') {
      const dir = this.slots.lockOf(run, s, slot, args);
      const section = note.sections.find((x) => x.place === dir);
      return section === undefined ? null : made(section, '', `->${slot.split('::')[1]}()`);
    }
    const section = note.sections[0] as Section;
    const helper = this.cx.analysis.model.helpers.get(name);
    const callee = name === '' || helper !== undefined ? null : this.cx.analysis.program.resolve(name, file);
    // What is handed on to be filled reads the directory, except by what only adds one name to it
    if ((helper === undefined || helper.requires !== undefined) && !name.startsWith('dir_emit')) {
      const context = isOthers(run, section.place) && args.some((a) => isDirContext(run, a));
      if (context && (name === '' || helper !== undefined || callee !== null))
        if (!this.liveness.testedIn(callee))
          return made(section, '', name === '' ? 'the directory method' : `${name}()`);
    }
    const trusted: number[] = [];
    if (helper?.trusts !== undefined) {
      const values = args.map((a) => run.ev.value(s, a));
      for (const text of helper.trusts) {
        const path = this.cx.analysis.model.path(text, helper.params);
        if (path !== null) trusted.push(pathValue(run, s, path, values, run.terms.unknown));
      }
    } else if (callee !== null)
      for (const p of this.trustedBy(callee)) {
        const arg = args[p];
        if (arg !== undefined) trusted.push(run.ev.value(s, arg));
      }
    for (const victim of trusted) {
      const last = note.sections.reduce((m, x) => Math.max(m, x.op), -1);
      if (note.sections.some((x) => x.asked.some((t) => run.terms.contains(t, victim)))) {
        this.cx.silence?.(ID, fn, op, `'${run.showPlace(victim)}' itself was tested inside the lock`);
        continue;
      }
      if (
        this.cx.silence !== undefined &&
        (victim === run.terms.unknown || !isKnownBefore(run, fn, s, victim, last, op))
      )
        this.cx.silence(
          ID,
          fn,
          op,
          `what ${name}() gets was found, or compared with what was found, after the lock was taken`,
        );
      if (victim !== run.terms.unknown && isKnownBefore(run, fn, s, victim, last, op))
        return made(
          section,
          run.showPlace(victim),
          `${name}()`,
          args.findIndex((a) => run.ev.value(s, a) === victim),
        );
    }
    return null;
  }

  /** Parameters that a function hands on, untested, to what takes them for entries of the locked directory. */
  private trustedBy(fn: FunctionRef): ReadonlySet<number> {
    const known = this.trusting.get(fn.id);
    if (known !== undefined) {
      if (this.asking.has(fn.id)) this.inCircle = true;
      return known;
    }
    const hungOn = [textsBelow(this.cx.analysis, fn.id), this.locksItself(fn) ? 1 : 0];
    const kept = TRUSTED.known(fn, hungOn);
    if (kept !== undefined) return kept;
    const out = new Set<number>();
    this.trusting.set(fn.id, out);
    this.asking.add(fn.id);
    this.findTrusted(fn, out);
    this.asking.delete(fn.id);
    // In a circle it hangs on where one comes in
    if (!this.inCircle) TRUSTED.keep(fn, hungOn, out);
    else if (this.asking.size === 0) this.inCircle = false;
    return out;
  }

  private locksItself(fn: FunctionRef): boolean {
    return this.cx.analysis.results[fn.id]?.acquires.has(`${CLASS}|rwsem`) === true;
  }

  private findTrusted(fn: FunctionRef, out: Set<number>): void {
    const { program, model } = this.cx.analysis;
    // What locks by itself begins a section of its own
    if (this.locksItself(fn)) return;
    const { file } = fn;
    const parameters = fnColumn(file, fn.index, Fn.ParameterCount);
    const count = fnColumn(file, fn.index, Fn.OpCount);
    const found = new Set<number>();
    for (let op = 0; op < count; op++) {
      const name = calledName(fn, op);
      if (name === '') continue;
      const args = readList(
        file,
        file.ops[(fnColumn(file, fn.index, Fn.FirstOp) + op) * OP_STRIDE + 2] as number,
      );
      const positions: number[] = [];
      const helper = model.helpers.get(name);
      for (const text of helper?.trusts ?? []) {
        const at = helper?.params.indexOf(text) ?? -1;
        if (at >= 0) positions.push(at);
      }
      if (helper === undefined) {
        const callee = program.resolve(name, file);
        if (callee !== null && callee.id !== fn.id) positions.push(...this.trustedBy(callee));
      }
      for (const p of positions) {
        const e = (args[p] ?? -1) * EXPR_STRIDE;
        if (e < 0 || (file.exprs[e] as X) !== X.Local) continue;
        const v = file.exprs[e + 1] as number;
        if (v < parameters) found.add(v);
      }
    }
    if (found.size > 0 && !this.liveness.testedIn(fn)) for (const v of found) out.add(v);
  }
}

/** The note with what a state holds now: sections that ended go, those that were begun come. */
function nowHeld(run: FunctionRun, s: State, note: Note, op: number): Note {
  const mine = s.locks.filter((l) => l.class === CLASS && l.fn === run.fn.id && !l.may);
  const away = s.released.filter((l) => l.class === CLASS).map((l) => l.place);
  const sections = note.sections.filter((x) =>
    x.again ? !away.includes(x.place) : mine.some((l) => l.place === x.place && l.op === x.op),
  );
  for (const l of mine)
    if (!sections.some((x) => x.place === l.place && x.op === l.op))
      sections.push({ place: l.place, op: l.op, again: false, tested: false, asked: [] });
  // What takes a lock stands right before
  for (const place of note.away)
    if (!away.includes(place)) sections.push({ place, op: op - 1, again: true, tested: false, asked: [] });
  const same =
    sections.length === note.sections.length &&
    sections.every((x, i) => x === note.sections[i]) &&
    away.length === note.away.length &&
    away.every((p, i) => p === note.away[i]);
  return same ? note : { sections, away, testedAt: note.testedAt };
}

/** The note after a test: of all sections that are open, or of what comes after. */
function tested(note: Note, op: number): Note {
  if (note.sections.length === 0) return note.testedAt === op ? note : { ...note, testedAt: op };
  if (note.sections.every((x) => x.tested)) return note;
  return { ...note, sections: note.sections.map((x) => ({ ...x, tested: true })) };
}

/** The note after a test of single objects. */
function asked(run: FunctionRun, fn: FunctionRef, op: number, s: State, note: Note): Note {
  const values = readsOf(fn, op).map((e) => run.ev.value(s, e));
  const more = values.filter((v) => v !== run.terms.unknown && run.terms.number(v) === null);
  return {
    ...note,
    sections: note.sections.map((x) => ({ ...x, asked: [...new Set([...x.asked, ...more])] })),
  };
}

/**
 * Whether a directory is one that this function was handed, in whatever way: what it found itself it may have found alive for good, and
 * what stands in a table by its number is the filesystem's own, which nobody removes.
 */
function isOthers(run: FunctionRun, place: number): boolean {
  const { terms } = run;
  if (terms.kind(terms.root(place)) !== T.Param) return false;
  for (let at = place; at >= 0; at = terms.firstChild(at)) if (terms.kind(at) === T.Elem) return false;
  return true;
}

function isDirContext(run: FunctionRun, expr: number): boolean {
  const type = run.ev.typeOf(expr);
  return type?.base === 'struct dir_context' && type.depth === 1;
}

/**
 * Whether a dentry was found before a lock was taken: a variable holds it that was stored to before, or that the function was called
 * with. What was compared inside with something else that was found there is found again.
 */
function isKnownBefore(
  run: FunctionRun,
  fn: FunctionRef,
  s: State,
  dentry: number,
  locked: number,
  used: number,
): boolean {
  const { file } = fn;
  const root = run.terms.root(dentry);
  // What takes the lock may look the entry up as well
  if (run.terms.kind(root) === T.Fresh && run.terms.a(root) === locked) return false;
  const ways = new Ways(fn);
  const first = fnColumn(file, fn.index, Fn.FirstOp);
  const given = file.ops[(first + locked) * OP_STRIDE + 3] as number;
  const count = fnColumn(file, fn.index, Fn.OpCount);
  for (let v = 0; v < s.vars.length; v++) {
    if (run.ev.variable(s, v) !== dentry) continue;
    let stored = false;
    for (let op = 0; op < count && !stored; op++) {
      const at = (first + op) * OP_STRIDE;
      const value = file.ops[at + 2] as number;
      const isGiven =
        value >= 0 &&
        (file.ops[at] as Op) !== Op.Call &&
        (file.exprs[value * EXPR_STRIDE] as X) === X.Temp &&
        file.exprs[value * EXPR_STRIDE + 1] === given;
      const isInside = ways.position(op) > ways.position(locked) && ways.position(op) < ways.position(used);
      if (!isGiven && !isInside) continue;
      const kind = file.ops[at] as Op;
      const target = file.ops[at + 1] as number;
      if (kind === Op.Declare) stored = target === v && (file.ops[at + 2] as number) >= 0;
      else if (kind === Op.Assign)
        stored =
          (file.exprs[target * EXPR_STRIDE] as X) === X.Local && file.exprs[target * EXPR_STRIDE + 1] === v;
    }
    if (!stored && !run.isAddressTaken(v)) return !isComparedInside(run, s, dentry, locked);
  }
  return false;
}

/** Whether it is known that a dentry is the one that something inside gave. */
function isComparedInside(run: FunctionRun, s: State, dentry: number, locked: number): boolean {
  const { terms } = run;
  for (let i = 0; i < s.facts.length; i += 2) {
    const t = s.facts[i] as number;
    if (terms.kind(t) !== T.Bin || (terms.a(t) !== EQ && terms.a(t) !== NE)) continue;
    const other = terms.b(t) === dentry ? terms.c(t) : terms.c(t) === dentry ? terms.b(t) : -1;
    if (other < 0) continue;
    const root = terms.root(other);
    if (terms.kind(root) === T.Fresh && terms.a(root) !== locked) return true;
  }
  return false;
}

function draft(cx: RuleContext, fn: FunctionRef, entry: Entry, index: number, f: Found): Draft {
  const origin = cx.analysis.propagation?.origins[entry.origins[0] ?? -1];
  const how = f.again ? 'was dropped and is taken again' : 'is taken';
  const earlier =
    f.testedBefore >= 0 && !f.again ? `; the test in line ${lineOf(fn, f.testedBefore)} came before` : '';
  const lock = `'&${f.lock}'`;
  const message =
    f.victim === ''
      ? `${f.what} is called where ${lock} ${how} in line ${lineOf(fn, f.locked)} and nothing tests after it that the directory is not dead${earlier}`
      : `'${f.victim}' was found before ${lock} ${how} in line ${lineOf(fn, f.locked)}, and ${f.what} takes it for a child of that directory without a test after it${earlier}`;
  return {
    rule: ID,
    precision: 'high',
    certainty: 'must',
    message,
    fn: fn.id,
    op: f.op,
    entry: entryMethod(cx.analysis, origin),
    held: f.held,
    rcu: f.rcu,
    trace: [
      ...pathTo(cx, fn, index),
      ...(f.testedBefore < 0
        ? []
        : [step('access' as const, fn, f.testedBefore, 'tests it before the lock is taken')]),
      step('acquire', fn, f.locked, `takes ${lock}${f.again ? ' again' : ''}; it may have waited`),
      step(
        'access',
        fn,
        f.op,
        f.victim === '' ? `${f.what} works on the directory` : `${f.what} works on '${f.victim}'`,
      ),
      step(
        'other-side',
        fn,
        f.locked,
        f.victim === ''
          ? 'rmdir() or rename() removes the directory while its lock is free: S_DEAD is set'
          : `unlink(), rmdir() or rename() under the directory's lock removes or moves '${f.victim}' while it is free`,
        1,
      ),
    ],
    objectClass: f.victim === '' ? CLASS : 'dentry::d_parent',
    fix:
      f.victim === ''
        ? { kind: 'not-dead', fn: fn.id, op: f.op, locked: f.locked, again: f.again }
        : { kind: 'still-child', fn: fn.id, op: f.op, locked: f.locked, position: f.position },
  };
}
