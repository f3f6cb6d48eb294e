/**
 * dir/stale-snapshot: what is gathered under a lock is marked with a version by which others see later whether it is still good. The
 * version is read while the lock is still the same one; read after the lock was dropped it may be newer than what was gathered, and
 * stale content passes for good. A version is told by its use: somewhere the mark is compared with the member that it was read from.
 */
import { calledName, fnColumn } from '../../contexts/cfg.js';
import type { Entry } from '../../contexts/entry-points.js';
import { readsOf } from '../../contexts/operands.js';
import type { Lock } from '../../contexts/state.js';
import { EXPR_STRIDE, Fn, OP_STRIDE, Op, operatorCode, X } from '../../facts/encode.js';
import { ExpressionTypes } from '../../program/expression-types.js';
import { type FunctionRef, readList } from '../../program/program.js';
import { textsBelow } from '../callee-texts.js';
import { byLocks, heldIn, heldShown, surelyHeld } from '../holding.js';
import { OfEach, OfFunctions, setNumber, textNumber } from '../kept.js';
import { Mentions } from '../mentions.js';
import { KEEPS } from '../pointer-text.js';
import { type Look, OfSituations, operationsOf, replay, watch } from '../replay.js';
import { Retakes } from '../retakes.js';
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

const EQ = operatorCode('==');
const NE = operatorCode('!=');

const ID = 'dir/stale-snapshot';

/** The rule. */
export const staleSnapshot: Rule = {
  info: {
    id: ID,
    summary: 'A version that validates what was gathered under a lock is read after the lock was dropped.',
    law: 'A value that validates cached state is read before the lock is dropped under which that state was gathered, and stored as read.',
    severity: 'error',
    precision: 'high',
    onByDefault: true,
    fixable: true,
  },
  check(cx) {
    const out: Draft[] = [];
    const propagation = cx.analysis.propagation;
    if (propagation === null) return out;
    const search = new Search(cx);
    const retakes = Retakes.in(cx);
    for (const fn of cx.functions) {
      if (fn.isMacro || fn.isHeader) continue;
      const result = cx.analysis.results[fn.id];
      if (result === undefined || result.releases.size === 0) continue;
      const late = retakes.afterDrop(fn);
      const marks =
        late.size === 0
          ? []
          : search
              .marksIn(fn)
              .filter(
                (m) =>
                  late.has(m.op) &&
                  (cx.silence !== undefined || search.mayBeLate(fn, retakes.drops(fn)).has(m.op)),
              );
      if (cx.silence !== undefined)
        for (const m of search.marksIn(fn))
          if (!late.has(m.op))
            cx.silence(ID, fn, m.op, 'no lock is dropped on the way to where the version is stored');
      if (marks.length === 0) continue;
      const seen = new Set<number>();
      for (const [i, entry] of byLocks(propagation.entries[fn.id] ?? []))
        for (const f of FOUND.of(
          cx.analysis,
          fn,
          entry,
          () => marks.flatMap((m) => search.in(fn, entry, m)),
          marks.map((m) => `${m.op},${m.owner},${m.mark},${m.version}`).join(';'),
        )) {
          if (seen.has(f.op)) continue;
          const other = search.changes(fn, f);
          if (other === null) {
            cx.silence?.(
              ID,
              fn,
              f.op,
              `nobody in this directory is seen to count '${f.version}' on under that lock`,
            );
            continue;
          }
          seen.add(f.op);
          out.push(draft(cx, fn, entry, i, f, other));
        }
    }
    return out;
  },
};

/** A store of a version into what is marked: `owner` is the variable that points at that. */
interface Mark {
  readonly op: number;
  readonly owner: number;
  /** `struct::member` that is stored to, and that the version stands in. */
  readonly mark: string;
  readonly version: string;
}

interface Note {
  /** Operation that gathered, and the locks that were held. */
  readonly gathered: number;
  readonly locks: readonly { readonly place: number; readonly class: string }[];
  readonly dropped: number;
  readonly lost: { readonly place: number; readonly class: string } | null;
  /** Variables, and temporaries as `-2 - number`, that hold a version read after that. */
  readonly late: readonly number[];
}

interface Found {
  readonly op: number;
  readonly gathered: number;
  readonly dropped: number;
  readonly lock: string;
  readonly class: string;
  readonly mark: string;
  readonly version: string;
  readonly held: Draft['held'];
  readonly rcu: Draft['rcu'];
}

interface Change {
  readonly fn: FunctionRef;
  readonly op: number;
  readonly index: number;
}

const FOUND = new OfSituations<readonly Found[]>('callees');
const MARKS = new OfFunctions<readonly Mark[]>();
const LATE = new OfFunctions<ReadonlySet<number>>();
const COMPARES = new OfEach<readonly string[]>('texts of callees');

class Search {
  private readonly pairs = new Map<string, ReadonlySet<string>>();
  private readonly types = new Map<number, ExpressionTypes>();

  constructor(private readonly cx: RuleContext) {}

  /** Stores of what is compared somewhere in the unit with the member that it was read from. */
  marksIn(fn: FunctionRef): readonly Mark[] {
    return MARKS.of(fn, this.marksHangOn(fn), () => this.findMarks(fn));
  }

  private marksHangOn(fn: FunctionRef): readonly number[] {
    return [textsBelow(this.cx.analysis, fn.id), setNumber(this.comparedIn(fn.unit))];
  }

  private findMarks(fn: FunctionRef): readonly Mark[] {
    const { file } = fn;
    const out: Mark[] = [];
    const first = fnColumn(file, fn.index, Fn.FirstOp);
    const count = fnColumn(file, fn.index, Fn.OpCount);
    for (let op = 0; op < count; op++) {
      const at = (first + op) * OP_STRIDE;
      if ((file.ops[at] as Op) !== Op.Assign) continue;
      const place = file.ops[at + 1] as number;
      if ((file.exprs[place * EXPR_STRIDE] as X) !== X.Field) continue;
      const owner = file.exprs[place * EXPR_STRIDE + 1] as number;
      if ((file.exprs[owner * EXPR_STRIDE] as X) !== X.Local) continue;
      const mark = this.memberOf(fn, place);
      if (mark === '') continue;
      for (const version of this.versionsOf(fn, file.ops[at + 2] as number)) {
        // Two members of one object are kept in step by other means
        if (version.split('::')[0] === mark.split('::')[0]) {
          this.cx.silence?.(ID, fn, op, 'two members of one object are kept in step by other means');
          continue;
        }
        if (!this.comparedIn(fn.unit).has(pairOf(mark, version))) {
          this.cx.silence?.(ID, fn, op, `nothing in this directory compares '${mark}' with '${version}'`);
          continue;
        }
        out.push({ op, owner: file.exprs[owner * EXPR_STRIDE + 1] as number, mark, version });
      }
    }
    return out;
  }

  /** Marks that by the order of operations may be read, and stored, after a lock was dropped under which something was gathered. */
  mayBeLate(fn: FunctionRef, drops: readonly number[]): ReadonlySet<number> {
    const marks = this.marksIn(fn);
    const hungOn = [...this.marksHangOn(fn), textNumber(drops.join())];
    return LATE.of(
      fn,
      hungOn,
      () => new Set(marks.filter((m) => this.isPerhapsLate(fn, m, drops)).map((m) => m.op)),
    );
  }

  private isPerhapsLate(fn: FunctionRef, mark: Mark, drops: readonly number[]): boolean {
    const ways = new Ways(fn);
    const all = operationsOf(fn);
    const gathering = all.filter((op) => this.gathers(fn, op, mark.owner));
    const late = drops.filter((drop) => gathering.some((op) => op === drop || ways.isAfter(op, drop)));
    return all.some(
      (op) =>
        (op === mark.op || ways.isAfter(op, mark.op)) &&
        this.readsVersion(fn, op, mark) &&
        late.some((drop) => drop === op || ways.isAfter(drop, op)),
    );
  }

  /** Whether an operation reads the version that a mark is made of. */
  private readsVersion(fn: FunctionRef, op: number, mark: Mark): boolean {
    const { file } = fn;
    const at = (fnColumn(file, fn.index, Fn.FirstOp) + op) * OP_STRIDE;
    switch (file.ops[at] as Op) {
      case Op.Call:
        return this.accessed(fn, calledName(fn, op)) === mark.version;
      case Op.Declare:
      case Op.Assign: {
        const value = file.ops[at + 2] as number;
        return value >= 0 && this.memberOf(fn, value) === mark.version;
      }
      default:
        return false;
    }
  }

  in(fn: FunctionRef, entry: Entry, mark: Mark): readonly Found[] {
    const { file } = fn;
    const out = new Map<number, Found>();
    const trails = new Trails<Note>();
    const first = fnColumn(file, fn.index, Fn.FirstOp);
    const look: Look = (run, op, s) => {
      const at = (first + op) * OP_STRIDE;
      const kind = file.ops[at] as Op;
      const locks = surelyHeld(run, entry, s).filter((l) => KEEPS.includes(l.kind));
      const before = trails.of(s.trail);
      let note = before === null ? null : moved(before, locks, op);
      if (op === mark.op && note !== null && note.lost !== null && !out.has(op) && !s.blurred) {
        const value = file.ops[at + 2] as number;
        const holder = holderOf(fn, value);
        const isLate = holder === -1 ? this.memberOf(fn, value) === mark.version : note.late.includes(holder);
        if (isLate)
          out.set(op, {
            op,
            gathered: note.gathered,
            dropped: note.dropped,
            lock: run.showPlace(note.lost.place),
            class: note.lost.class,
            mark: mark.mark,
            version: mark.version,
            held: heldShown(this.cx, fn, run, entry, s, op),
            rcu: rcuOf(entry, run.effect.shownLocks(s)),
          });
        else this.cx.silence?.(ID, fn, op, 'the version was read while the lock was still the same one');
      } else if (op === mark.op && (note === null || note.lost === null))
        this.cx.silence?.(
          ID,
          fn,
          op,
          note === null
            ? 'nothing is seen to be gathered under a lock on the way'
            : 'the lock under which it was gathered is still the same one',
        );
      if (kind === Op.Call && locks.length > 0 && this.gathers(fn, op, mark.owner))
        note = {
          gathered: op,
          locks: locks.map((l) => ({ place: l.place, class: l.class })),
          dropped: -1,
          lost: null,
          late: [],
        };
      if (note === null) return 0;
      note = this.read(fn, op, mark, note);
      const key = `${note.gathered},${note.dropped},${note.locks.map((l) => l.place).join('+')},${note.late.join('+')}`;
      return trails.number(note, key);
    };
    replay(this.cx.analysis, fn, entry, look, undefined, [mark.op]);
    return [...out.values()];
  }

  /** The note after what an operation reads: late where the lock was dropped before. */
  private read(fn: FunctionRef, op: number, mark: Mark, note: Note): Note {
    const { file } = fn;
    const at = (fnColumn(file, fn.index, Fn.FirstOp) + op) * OP_STRIDE;
    const kind = file.ops[at] as Op;
    let holder = -1;
    let late = false;
    if (kind === Op.Call) {
      const temp = file.ops[at + 3] as number;
      if (temp < 0) return note;
      holder = -2 - temp;
      late = note.lost !== null && this.accessed(fn, calledName(fn, op)) === mark.version;
    } else if (kind === Op.Declare || kind === Op.Assign) {
      holder = kind === Op.Declare ? (file.ops[at + 1] as number) : holderOf(fn, file.ops[at + 1] as number);
      const value = file.ops[at + 2] as number;
      if (holder === -1 || value < 0) return note;
      const from = holderOf(fn, value);
      late =
        from === -1
          ? note.lost !== null && this.memberOf(fn, value) === mark.version
          : note.late.includes(from);
    }
    if (holder === -1 || late === note.late.includes(holder)) return note;
    return {
      ...note,
      late: late ? [...note.late, holder].sort((a, b) => a - b) : note.late.filter((h) => h !== holder),
    };
  }

  /** Whether a call fills what a variable points at from something else. */
  private gathers(fn: FunctionRef, op: number, owner: number): boolean {
    const name = calledName(fn, op);
    if (name === '' || this.cx.analysis.model.helpers.has(name)) return false;
    if (this.cx.analysis.program.resolve(name, fn.file) === null) return false;
    const { file } = fn;
    const args = readList(
      file,
      file.ops[(fnColumn(file, fn.index, Fn.FirstOp) + op) * OP_STRIDE + 2] as number,
    );
    const isOurs = (e: number): boolean => holderOf(fn, e) === owner || isInside(fn, e, owner);
    const others = args.filter(
      (e) => !isOurs(e) && ![X.Num, X.Str].includes(file.exprs[e * EXPR_STRIDE] as X),
    );
    return others.length > 0 && args.some(isOurs);
  }

  /** Where the version is changed under the lock that was dropped. */
  changes(fn: FunctionRef, f: Found): Change | null {
    const member = f.version.split('::')[1] ?? '';
    const mentions = new Mentions([member]);
    const { analysis } = this.cx;
    for (const other of this.cx.all) {
      if (other.unit !== fn.unit || other.isMacro || other.id === fn.id || !mentions.in(other)) continue;
      const { file } = other;
      for (const [index, entry] of (analysis.propagation?.entries[other.id] ?? []).entries()) {
        let found = -1;
        const isChange = (op: number): boolean => {
          const at = (fnColumn(file, other.index, Fn.FirstOp) + op) * OP_STRIDE;
          return (
            (file.ops[at] as Op) === Op.Assign &&
            this.memberOf(other, file.ops[at + 1] as number) === f.version &&
            // A version is counted on; what is only set to something is state of its own
            isCount(other, file.ops[at + 2] as number)
          );
        };
        watch(analysis, other, entry, isChange, (run, op, s) => {
          if (found >= 0) return;
          if (heldIn(run, entry, s).some((l) => l.class === f.class && !l.may && !l.shared)) found = op;
        });
        if (found >= 0) return { fn: other, op: found, index };
      }
    }
    return null;
  }

  // ---- members by name

  /** `struct::member` of a member expression, or ''. */
  private memberOf(fn: FunctionRef, e: number): string {
    const { file } = fn;
    if (e < 0 || (file.exprs[e * EXPR_STRIDE] as X) !== X.Field) return '';
    let types = this.types.get(fn.id);
    if (types === undefined) {
      types = new ExpressionTypes(this.cx.analysis.program, fn);
      this.types.set(fn.id, types);
    }
    const base = types.of(file.exprs[e * EXPR_STRIDE + 1] as number)?.base ?? '';
    return base.startsWith('struct ')
      ? `${base.slice(7)}::${file.strings[file.exprs[e * EXPR_STRIDE + 2] as number]}`
      : '';
  }

  /** The member that a function gives and does nothing else, or ''. */
  private accessed(fn: FunctionRef, name: string): string {
    const callee = name === '' ? null : this.cx.analysis.program.resolve(name, fn.file);
    if (callee === null) return '';
    const { file } = callee;
    const first = fnColumn(file, callee.index, Fn.FirstOp);
    const count = fnColumn(file, callee.index, Fn.OpCount);
    if (count > 16) return '';
    for (let op = 0; op < count; op++) {
      const at = (first + op) * OP_STRIDE;
      if ((file.ops[at] as Op) === Op.Return) return this.memberOf(callee, file.ops[at + 1] as number);
    }
    return '';
  }

  /** The members that a value may have been read from: right here, through an accessor, or by way of a variable. */
  private versionsOf(fn: FunctionRef, e: number, depth = 0): readonly string[] {
    const { file } = fn;
    const member = this.memberOf(fn, e);
    if (member !== '') return [member];
    const holder = holderOf(fn, e);
    if (holder === -1 || depth > 2) return [];
    const out: string[] = [];
    const first = fnColumn(file, fn.index, Fn.FirstOp);
    const count = fnColumn(file, fn.index, Fn.OpCount);
    for (let op = 0; op < count; op++) {
      const at = (first + op) * OP_STRIDE;
      const kind = file.ops[at] as Op;
      if (kind === Op.Call && holder === -2 - (file.ops[at + 3] as number)) {
        const member = this.accessed(fn, calledName(fn, op));
        if (member !== '') out.push(member);
      } else if (
        (kind === Op.Declare && file.ops[at + 1] === holder) ||
        (kind === Op.Assign && holderOf(fn, file.ops[at + 1] as number) === holder)
      ) {
        const value = file.ops[at + 2] as number;
        if (value >= 0) out.push(...this.versionsOf(fn, value, depth + 1));
      }
    }
    return [...new Set(out)];
  }

  /** Members that are compared with one another in a unit. */
  private comparedIn(unit: string): ReadonlySet<string> {
    const known = this.pairs.get(unit);
    if (known !== undefined) return known;
    const out = new Set<string>();
    const { analysis } = this.cx;
    const all = COMPARES.of(analysis, (fn) => {
      const pairs = fn.isMacro ? [] : this.comparesIn(fn);
      return pairs.length === 0 ? null : pairs;
    });
    for (const [id, pairs] of all)
      if (analysis.program.functions[id]?.unit === unit) for (const pair of pairs) out.add(pair);
    this.pairs.set(unit, out);
    return out;
  }

  private comparesIn(fn: FunctionRef): readonly string[] {
    const out = new Set<string>();
    const { file } = fn;
    const count = fnColumn(file, fn.index, Fn.OpCount);
    const visit = (e: number): void => {
      const at = e * EXPR_STRIDE;
      const kind = file.exprs[at] as X;
      if (kind === X.Unary || kind === X.Cast) visit(file.exprs[at + 2] as number);
      if (kind !== X.Binary) return;
      const left = file.exprs[at + 2] as number;
      const right = file.exprs[at + 3] as number;
      const op = file.exprs[at + 1] as number;
      if (op !== EQ && op !== NE) {
        visit(left);
        visit(right);
        return;
      }
      if (!mayBeMember(fn, left) || !mayBeMember(fn, right)) return;
      for (const a of this.versionsOf(fn, left))
        for (const b of this.versionsOf(fn, right)) out.add(pairOf(a, b));
    };
    for (let op = 0; op < count; op++) for (const e of readsOf(fn, op)) if (e >= 0) visit(e);
    return [...out];
  }
}

/** Whether a value is something and a number: `version + 1`, `version++`. */
function isCount(fn: FunctionRef, e: number): boolean {
  if (e < 0) return false;
  const { exprs } = fn.file;
  const at = e * EXPR_STRIDE;
  const kind = exprs[at] as X;
  if (kind === X.Cast) return isCount(fn, exprs[at + 2] as number);
  if (kind === X.Unary) return exprs[at + 1] === operatorCode('++');
  return (
    kind === X.Binary &&
    exprs[at + 1] === operatorCode('+') &&
    (exprs[(exprs[at + 3] as number) * EXPR_STRIDE] as X) === X.Num
  );
}

function mayBeMember(fn: FunctionRef, e: number): boolean {
  return (fn.file.exprs[e * EXPR_STRIDE] as X) === X.Field || holderOf(fn, e) !== -1;
}

function pairOf(a: string, b: string): string {
  return a < b ? `${a} ${b}` : `${b} ${a}`;
}

function moved(note: Note, locks: readonly Lock[], op: number): Note {
  if (note.lost !== null) return note;
  const lost = note.locks.find((l) => !locks.some((x) => x.place === l.place));
  return lost === undefined ? note : { ...note, lost, dropped: op - 1 };
}

/** The variable that an expression is, or a temporary as `-2 - number`; -1 where it is neither. */
function holderOf(fn: FunctionRef, e: number): number {
  const at = e * EXPR_STRIDE;
  switch (fn.file.exprs[at] as X) {
    case X.Local:
      return fn.file.exprs[at + 1] as number;
    case X.Temp:
      return -2 - (fn.file.exprs[at + 1] as number);
    default:
      return -1;
  }
}

/** Whether an expression is a member of what a variable points at, or its address. */
function isInside(fn: FunctionRef, e: number, v: number): boolean {
  const at = e * EXPR_STRIDE;
  const kind = fn.file.exprs[at] as X;
  if (kind !== X.Addr && kind !== X.Field) return false;
  const base = fn.file.exprs[at + 1] as number;
  return holderOf(fn, base) === v || isInside(fn, base, v);
}

function draft(
  cx: RuleContext,
  fn: FunctionRef,
  entry: Entry,
  index: number,
  f: Found,
  other: Change,
): Draft {
  const origin = cx.analysis.propagation?.origins[entry.origins[0] ?? -1];
  const lock = `'&${f.lock}'`;
  return {
    rule: ID,
    precision: 'high',
    certainty: 'must',
    message: `'${f.mark}' is set from '${f.version}', read after ${lock} was dropped in line ${lineOf(fn, f.dropped)}; what was gathered before that passes for good though it may have changed meanwhile`,
    fn: fn.id,
    op: f.op,
    entry: entryMethod(cx.analysis, origin),
    held: f.held,
    rcu: f.rcu,
    trace: [
      ...pathTo(cx, fn, index),
      step('access', fn, f.gathered, `gathers under ${lock}`),
      step('release', fn, f.dropped, `drops ${lock}`),
      step('access', fn, f.op, `marks it with '${f.version}' as it is now`),
      ...pathTo(cx, other.fn, other.index, 1),
      step('other-side', other.fn, other.op, `changes '${f.version}' under the same lock in between`, 1),
    ],
    objectClass: f.mark,
    fix: { kind: 'snapshot-first', fn: fn.id, op: f.op, dropped: f.dropped },
  };
}
