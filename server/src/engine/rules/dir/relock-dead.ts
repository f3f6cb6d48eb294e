/**
 * dir/relock-dead: what was found out of a directory before it was locked, or before its lock was dropped and taken again, may be gone
 * once it is locked. A section that goes on with it tests that inside: the directory is not dead before it is read or changed by its
 * method, and an entry that was found before is still its child before it is removed or moved.
 */
import { calledName, fnColumn } from '../../contexts/cfg.js';
import type { Entry } from '../../contexts/entry-points.js';
import type { FunctionRun } from '../../contexts/flow.js';
import { pathValue } from '../../contexts/helper-calls.js';
import type { State } from '../../contexts/state.js';
import { T } from '../../contexts/terms.js';
import { EXPR_STRIDE, Fn, OP_STRIDE, Op, operatorCode, X } from '../../facts/encode.js';
import type { Model } from '../../model/types.js';
import { type FunctionRef, readList } from '../../program/program.js';
import { heldShown } from '../holding.js';
import { Liveness } from '../liveness.js';
import { OfSituations, readsOf, replay } from '../replay.js';
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

/** The rule. */
export const relockDead: Rule = {
  info: {
    id: 'dir/relock-dead',
    summary: 'A directory is locked and gone on with, and nothing tests inside the lock that it still lives.',
    law: 'Where a directory is locked that was found earlier, or locked again, it is tested inside the lock that what was found is still there.',
    severity: 'error',
    precision: 'high',
    onByDefault: true,
    fixable: false,
  },
  yieldsTo: ['dentry/parent-recheck'],
  check(cx) {
    const out: Draft[] = [];
    const propagation = cx.analysis.propagation;
    if (propagation === null) return out;
    const search = new Search(cx);
    for (const fn of cx.functions) {
      if (fn.isMacro) continue;
      if (cx.analysis.results[fn.id]?.acquires.has(`${CLASS}|rwsem`) !== true) {
        out.push(...inLockedByCallers(cx, fn, search));
        continue;
      }
      if (!search.mayUse(fn)) continue;
      const entries = propagation.entries[fn.id] ?? [];
      const seen = new Set<number>();
      for (let i = 0; i < entries.length; i++) {
        const entry = entries[i] as Entry;
        for (const f of FOUND.of(cx.analysis, fn, entry, () => search.in(fn, entry))) {
          if (seen.has(f.op)) continue;
          seen.add(f.op);
          out.push(draft(cx, fn, entry, i, f));
        }
      }
    }
    return out;
  },
};

/** A method called on a directory that the function's callers have locked, and that it does not test. */
interface Handed {
  readonly op: number;
  readonly place: number;
  readonly lock: string;
  readonly slot: string;
  readonly held: Draft['held'];
  readonly rcu: Draft['rcu'];
}

const HANDED = new OfSituations<readonly Handed[]>();

/** Methods that are called on a directory which callers locked: neither they nor the function test it. */
function inLockedByCallers(cx: RuleContext, fn: FunctionRef, search: Search): Draft[] {
  if (!search.callsSlot(fn) || cx.analysis.results[fn.id]?.widened !== false) return [];
  const out: Draft[] = [];
  const seen = new Set<number>();
  const entries = cx.analysis.propagation?.entries[fn.id] ?? [];
  for (const [i, entry] of entries.entries())
    for (const h of HANDED.of(cx.analysis, fn, entry, () => search.handed(fn, entry))) {
      if (seen.has(h.op) || search.testedBefore(fn, h.op)) continue;
      const taken = search.takenUntested(fn, entry, h.place);
      // What the VFS hands out for others to call with the directory locked does not know what those did
      if (taken === null && !search.isForOthers(fn)) continue;
      seen.add(h.op);
      out.push(handedDraft(cx, fn, entry, i, h, taken));
    }
  return out;
}

/** A use of what was found before, in a section without a test. */
interface Found {
  readonly op: number;
  /** Operation that took the lock. */
  readonly locked: number;
  /** The lock, as the function writes it. */
  readonly lock: string;
  /** The entry that was found before, or '' where it is the directory itself. */
  readonly victim: string;
  readonly what: string;
  /** The caller's lock, dropped and taken again. */
  readonly again: boolean;
  /** Operation of a test before the lock was taken, or -1. */
  readonly testedBefore: number;
  readonly held: Draft['held'];
  readonly rcu: Draft['rcu'];
}

const FOUND = new OfSituations<readonly Found[]>();

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
/** Members that point at a table of methods, and what that is. */
const TABLES: ReadonlyMap<string, string> = new Map([
  ['i_op', 'inode_operations'],
  ['f_op', 'file_operations'],
  ['s_cop', 'fscrypt_operations'],
]);
/** So many callers up it is looked for who took a lock. */
const MAX_CHAIN = 20;
const EQ = operatorCode('==');
const NE = operatorCode('!=');

class Search {
  private readonly liveness: Liveness;
  private readonly ofOne: Liveness;
  private readonly tests: Liveness;
  private readonly slots: ReadonlyMap<string, string>;
  private readonly trusting = new Map<number, ReadonlySet<number>>();

  constructor(private readonly cx: RuleContext) {
    this.liveness = new Liveness(cx.analysis.program);
    this.ofOne = new Liveness(cx.analysis.program, true);
    this.tests = new Liveness(cx.analysis.program, false, cx.analysis.model.helpers);
    this.slots = directorySlots(cx.analysis.model);
  }

  /** Whether there is anything in a function that goes on with a directory or its entries. */
  mayUse(fn: FunctionRef): boolean {
    const { file } = fn;
    const readsDirectory = file.strings.includes('struct dir_context');
    const count = fnColumn(file, fn.index, Fn.OpCount);
    for (let op = 0; op < count; op++) {
      const at = (fnColumn(file, fn.index, Fn.FirstOp) + op) * OP_STRIDE;
      if ((file.ops[at] as Op) !== Op.Call) continue;
      if (readsDirectory || this.slotAt(fn, op) !== '') return true;
      const name = calledName(fn, op);
      if (this.cx.analysis.model.helpers.get(name)?.trusts !== undefined) return true;
      const callee = name === '' ? null : this.cx.analysis.program.resolve(name, file);
      if (callee !== null && this.trustedBy(callee).size > 0) return true;
    }
    return false;
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
      if (note.sections.length > 0 && note.sections.every((x) => !x.tested) && !out.has(op)) {
        const found = this.use(run, fn, op, s, note);
        if (found !== null)
          out.set(op, {
            ...found,
            held: heldShown(this.cx, fn, run, entry, s),
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

  /** Whether a function calls a method of a directory that the VFS calls with the directory locked. */
  callsSlot(fn: FunctionRef): boolean {
    const count = fnColumn(fn.file, fn.index, Fn.OpCount);
    for (let op = 0; op < count; op++) if (this.slotAt(fn, op) !== '') return true;
    return false;
  }

  /** Whether a function may have tested a directory before an operation. */
  testedBefore(fn: FunctionRef, op: number): boolean {
    return this.mayBeTested(fn, new Ways(fn), -1, op);
  }

  /** Methods that a function calls on a directory which it was handed. */
  handed(fn: FunctionRef, entry: Entry): readonly Handed[] {
    const out = new Map<number, Handed>();
    replay(this.cx.analysis, fn, entry, (run, op, s): undefined => {
      const slot = this.slotAt(fn, op);
      if (slot === '' || out.has(op)) return;
      const { file } = fn;
      const at = (fnColumn(file, fn.index, Fn.FirstOp) + op) * OP_STRIDE;
      const list = readList(file, file.ops[at + 2] as number);
      const place = inodeOf(run, s, slot, list[this.directoryOf(slot, list.length)]);
      if (place < 0 || !run.terms.isShared(place)) return;
      out.set(op, {
        op,
        place,
        lock: run.showPlace(place),
        slot,
        held: heldShown(this.cx, fn, run, entry, s),
        rcu: rcuOf(entry, run.effect.shownLocks(s)),
      });
    });
    return [...out.values()];
  }

  /** Whether the model says of a function that it is called with a directory locked. */
  isForOthers(fn: FunctionRef): boolean {
    const { model } = this.cx.analysis;
    return (model.helpers.get(fn.name)?.requires ?? []).some((l) => l.lock.endsWith('i_rwsem'));
  }

  /** Where a caller took the lock that a situation brings, if nothing on the way from there tests the directory. */
  takenUntested(
    fn: FunctionRef,
    entry: Entry,
    place: number,
  ): { readonly fn: FunctionRef; readonly op: number } | null {
    const { analysis } = this.cx;
    const lock = entry.locks.find((l) => l.place === place && !l.may);
    if (lock === undefined || lock.fn < 0 || lock.fn === fn.id) return null;
    let at = entry;
    for (let depth = 0; depth < MAX_CHAIN; depth++) {
      const caller = analysis.program.functions[at.caller];
      const up = analysis.propagation?.entries[at.caller]?.[at.callerEntry];
      if (caller === undefined || up === undefined) return null;
      const isTaker = caller.id === lock.fn;
      if (this.mayBeTested(caller, new Ways(caller), isTaker ? lock.op : -1, at.op)) return null;
      if (isTaker) return { fn: caller, op: lock.op };
      at = up;
    }
    return null;
  }

  /** Whether an operation that can come before another one, and after a third, tests whether a directory lives. */
  private mayBeTested(fn: FunctionRef, ways: Ways, after: number, before: number): boolean {
    const taken = after < 0 ? [] : [ways.blockOf(after)];
    const last = ways.blockOf(before);
    for (let block = 0; block < ways.blockCount; block++)
      for (const op of ways.opsOf(block)) {
        if (op === before || !this.asks(fn, op)) continue;
        if (block === last && op < before && (taken[0] !== block || op > after)) return true;
        if (taken[0] === block && op < after) continue;
        const next = ways.after(block);
        if (next.some((b) => (b === last && !taken.includes(b)) || ways.reached(b, taken).has(last)))
          return true;
      }
    return false;
  }

  /** Whether an operation tests a directory, or is a lookup in it by what does. */
  private asks(fn: FunctionRef, op: number): boolean {
    const helper = this.cx.analysis.model.helpers.get(calledName(fn, op));
    return this.tests.testedAt(fn, op) || (helper?.names === 'finds' && helper.requires !== undefined);
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
    const made = (section: Section, victim: string, what: string): Omit<Found, 'held' | 'rcu'> => ({
      op,
      locked: section.op,
      lock: run.showPlace(section.place),
      victim,
      what,
      again: section.again,
      testedBefore: note.testedAt,
    });
    const slot = this.slotAt(fn, op);
    if (slot !== '') {
      const dir = inodeOf(run, s, slot, args[this.directoryOf(slot, args.length)]);
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
      if (note.sections.some((x) => x.asked.some((t) => run.terms.contains(t, victim)))) continue;
      if (victim !== run.terms.unknown && isKnownBefore(run, fn, s, victim, last, op))
        return made(section, run.showPlace(victim), `${name}()`);
    }
    return null;
  }

  /** `struct::slot` of a call through a slot that the VFS calls with the directory locked, or ''. */
  private slotAt(fn: FunctionRef, op: number): string {
    const { file } = fn;
    const at = (fnColumn(file, fn.index, Fn.FirstOp) + op) * OP_STRIDE;
    if ((file.ops[at] as Op) !== Op.Call) return '';
    const callee = (file.ops[at + 1] as number) * EXPR_STRIDE;
    if ((file.exprs[callee] as X) !== X.Field || file.exprs[callee + 3] !== 1) return '';
    const base = (file.exprs[callee + 1] as number) * EXPR_STRIDE;
    if ((file.exprs[base] as X) !== X.Field) return '';
    const table = file.strings[file.exprs[base + 2] as number] ?? '';
    const struct = TABLES.get(table) ?? '';
    const key = `${struct}::${file.strings[file.exprs[callee + 2] as number]}`;
    return this.slots.has(key) ? key : '';
  }

  private directoryOf(slot: string, args: number): number {
    const method = this.cx.analysis.model.methods.get(slot);
    const name = this.slots.get(slot) ?? '';
    const at = method?.params.indexOf(name) ?? -1;
    return at < args ? at : -1;
  }

  /** Parameters that a function hands on, untested, to what takes them for entries of the locked directory. */
  private trustedBy(fn: FunctionRef): ReadonlySet<number> {
    const known = this.trusting.get(fn.id);
    if (known !== undefined) return known;
    const out = new Set<number>();
    this.trusting.set(fn.id, out);
    const { program, model } = this.cx.analysis;
    // What locks by itself begins a section of its own
    if (this.cx.analysis.results[fn.id]?.acquires.has(`${CLASS}|rwsem`) === true) return out;
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
    return out;
  }
}

/** Slots that are called with a directory locked, and the parameter that tells which. */
function directorySlots(model: Model): ReadonlyMap<string, string> {
  const out = new Map<string, string>();
  for (const [key, method] of model.methods)
    for (const context of method.contexts)
      for (const l of context.held) {
        const match = /^(dir|file)->(?:f_inode->)?i_rwsem$/.exec(l.lock);
        if (match !== null) out.set(key, match[1] as string);
      }
  return out;
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

/** Whether a directory is one that this function was handed, in whatever way: what it found itself it may have found alive for good. */
function isOthers(run: FunctionRun, place: number): boolean {
  return run.terms.kind(run.terms.root(place)) === T.Param;
}

function isDirContext(run: FunctionRun, expr: number): boolean {
  const type = run.ev.typeOf(expr);
  return type?.base === 'struct dir_context' && type.depth === 1;
}

/** The place of the lock of the directory that a slot is called with. */
function inodeOf(run: FunctionRun, s: State, slot: string, arg: number | undefined): number {
  const { terms } = run;
  if (arg === undefined) return -1;
  const value = run.ev.value(s, arg);
  const inode = slot.startsWith('file_operations')
    ? run.ev.loaded(s, terms.fieldP(value, terms.name('f_inode')))
    : value;
  return terms.fieldP(inode, terms.name('i_rwsem'));
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

function handedDraft(
  cx: RuleContext,
  fn: FunctionRef,
  entry: Entry,
  index: number,
  h: Handed,
  taken: { readonly fn: FunctionRef; readonly op: number } | null,
): Draft {
  const method = `->${h.slot.split('::')[1]}()`;
  const lock = `'&${h.lock}'`;
  const where =
    taken === null
      ? `which callers hold who may have waited for it`
      : `taken in '${taken.fn.name}()' in line ${lineOf(taken.fn, taken.op)}`;
  return {
    rule: 'dir/relock-dead',
    precision: 'medium',
    certainty: 'may',
    message: `${method} is called under ${lock}, ${where}, and nothing tests after that that the directory is not dead`,
    fn: fn.id,
    op: h.op,
    entry: entryMethod(cx.analysis, cx.analysis.propagation?.origins[entry.origins[0] ?? -1]),
    held: h.held,
    rcu: h.rcu,
    trace: [
      ...pathTo(cx, fn, index),
      ...(taken === null
        ? []
        : [step('acquire' as const, taken.fn, taken.op, `takes ${lock}; it may have waited`)]),
      step('access', fn, h.op, `${method} works on the directory`),
      step(
        'other-side',
        taken?.fn ?? fn,
        taken?.op ?? -1,
        'rmdir() or rename() removes the directory while its lock is free: S_DEAD is set',
        1,
      ),
    ],
    objectClass: CLASS,
  };
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
    rule: 'dir/relock-dead',
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
  };
}
