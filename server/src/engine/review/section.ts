/**
 * What a function goes by after a lock was dropped: what it read, tested and changed under the lock on the way there, and where it uses that
 * later. By the order of operations, with what the states say of the lock; what is not seen is not said.
 */
import type { LaterUse, Published, Relied } from '../base/review.js';
import { calledName, fnColumn } from '../contexts/cfg.js';
import type { Entry } from '../contexts/entry-points.js';
import type { FunctionRun } from '../contexts/flow.js';
import type { Lock, State } from '../contexts/state.js';
import { CALL_LOOP, EXPR_STRIDE, Fn, Op, X } from '../facts/encode.js';
import { type FunctionRef, readList } from '../program/program.js';
import { heldIn } from '../rules/holding.js';
import { isMessage } from '../rules/lockless.js';
import { isPointerTo } from '../rules/only-looks.js';
import { watch } from '../rules/replay.js';
import { lineOf, type RuleContext } from '../rules/rule.js';
import { madeIn } from '../rules/unshared.js';
import { Ways } from '../rules/ways.js';
import { FunctionText } from './function-text.js';
import { accessesAt, accessesIn, type MemberAccess } from './member-access.js';
import { variableName, written } from './written.js';

/** A lock that one operation gives back. */
export interface Dropping {
  readonly fn: FunctionRef;
  /** Situations in which it is held and given back. */
  readonly entries: readonly Entry[];
  readonly op: number;
  readonly lock: Lock;
  /** It is seen to be held; else it is taken for held from the beginning until it is given back. */
  readonly seen: boolean;
}

/** What was found of one. */
export interface Section {
  readonly relied: readonly Relied[];
  readonly published: readonly Published[];
  /** Lines in which the lock is taken again later. */
  readonly retaken: readonly number[];
}

/** Uses that are named. */
const MAX_USES = 4;

/** Looks at one drop. */
export class SectionReader {
  private readonly fn: FunctionRef;
  private readonly ways: Ways;
  private readonly text: FunctionText;
  /** Operations before which the lock is held: always, or on some paths. */
  private readonly under = new Map<number, 'always' | 'sometimes'>();
  private readonly takes = new Set<number>();
  private readonly made: ReadonlySet<number>;

  constructor(
    private readonly cx: RuleContext,
    private readonly drop: Dropping,
  ) {
    this.fn = drop.fn;
    this.ways = new Ways(drop.fn);
    this.text = new FunctionText(cx, drop.fn, (op) => this.under.has(op));
    this.made = madeIn(cx, drop.fn);
    this.look();
  }

  /** What there is to say. */
  read(): Section {
    const relied = [...this.variables(), ...this.tests()];
    relied.sort((a, b) => RANK[a.kind] - RANK[b.kind] || a.line - b.line);
    const retaken = [...this.takes]
      .filter((op) => this.ways.isAfter(this.drop.op, op))
      .map((op) => lineOf(this.fn, op));
    return { relied, published: this.changes(), retaken: [...new Set(retaken)].sort((a, b) => a - b) };
  }

  private look(): void {
    const { entries } = this.drop;
    const counts = new Map<number, { held: number; all: number }>();
    const isAny = (): boolean => true;
    for (const entry of entries)
      watch(this.cx.analysis, this.fn, entry, isAny, (run, op, s) => {
        const count = counts.get(op) ?? { held: 0, all: 0 };
        counts.set(op, count);
        count.all++;
        const how = this.isHeld(run, entry, s);
        count.held += how === 'held' ? 1 : how === 'perhaps' ? 0.5 : 0;
      });
    for (const [op, { held, all }] of counts)
      if (held > 0) this.under.set(op, held >= all ? 'always' : 'sometimes');
    for (const op of counts.keys()) if (this.isTaking(op)) this.takes.add(op);
  }

  private isHeld(run: FunctionRun, entry: Entry, s: State): 'held' | 'perhaps' | 'not' {
    const { lock, seen } = this.drop;
    if (!seen) {
      const isIt = (l: Lock): boolean => l.place === lock.place && l.kind === lock.kind;
      return s.released.some(isIt) && !s.locks.some(isIt) ? 'not' : 'held';
    }
    const held = heldIn(run, entry, s).find(
      (l) =>
        l.kind === lock.kind &&
        (l.place === lock.place ||
          (l.fn === this.fn.id && l.op >= 0 && l.op === lock.op && l.class === lock.class)),
    );
    return held === undefined ? 'not' : held.may ? 'perhaps' : 'held';
  }

  /** Whether the lock is not held before an operation, and may be behind it. */
  private isTaking(op: number): boolean {
    const kind = this.text.kindOf(op);
    if (this.under.get(op) === 'always' || (kind !== Op.Call && kind !== Op.Guard)) return false;
    const block = this.ways.blockOf(op);
    const ops = this.ways.opsOf(block);
    const next = ops[ops.indexOf(op) + 1];
    const behind =
      next === undefined ? this.ways.after(block).flatMap((b) => this.ways.opsOf(b).slice(0, 1)) : [next];
    return this.under.get(op) === undefined && behind.some((o) => this.under.has(o));
  }

  /** Whether the lock is given back before an operation without having been held at one: another section. */
  private isOutside(op: number): boolean {
    return op !== this.drop.op && !this.under.has(op);
  }

  // ---- variables

  private variables(): Relied[] {
    const out: Relied[] = [];
    const seen = new Set<string>();
    for (const [op, held] of this.under) {
      const v = this.text.storedBy(op);
      if (v < 0 || this.made.has(v) || this.text.isStatic(v)) continue;
      const source = this.text.sourceAt(op, v);
      if (source === null) continue;
      const { uses, before } = this.follow(op, v);
      const key = `${v} ${lineOf(this.fn, op)}`;
      if (uses.length === 0 || seen.has(key)) continue;
      seen.add(key);
      const isPointer = this.text.isPointer(v);
      out.push({
        kind: isPointer ? 'pointer' : 'value',
        name: variableName(this.fn, v),
        from: source.from,
        members: source.members,
        line: lineOf(this.fn, op),
        uses: this.usesOf(uses, v),
        useCount: uses.length,
        kept: isPointer ? this.keptBy(before, v) : '',
        again: this.againAfter(source.members, op),
        perhaps: held === 'sometimes',
      });
    }
    return out;
  }

  /** Where a variable is used after the drop, and what runs between its being set and the drop. */
  private follow(
    def: number,
    v: number,
  ): { readonly uses: readonly number[]; readonly before: readonly number[] } {
    const uses = new Set<number>();
    const before = new Set<number>();
    const seen = new Set<string>();
    const block = this.ways.blockOf(def);
    type Step = { readonly block: number; readonly from: number; readonly after: boolean };
    const todo: Step[] = [{ block, from: this.ways.opsOf(block).indexOf(def) + 1, after: false }];
    // What is stored by the very operation that drops the lock is set after it
    if (def === this.drop.op) return { uses: [], before: [] };
    for (let step = todo.pop(); step !== undefined; step = todo.pop()) {
      const ops = this.ways.opsOf(step.block);
      let { after } = step;
      let ended = false;
      for (let i = step.from; i < ops.length && !ended; i++) {
        const op = ops[i] as number;
        if (!after) {
          if (op === this.drop.op) after = true;
          else if (this.isOutside(op) || this.text.storedBy(op) === v) ended = true;
          else before.add(op);
          continue;
        }
        if (this.text.usesVariable(op, v)) uses.add(op);
        if (this.text.storedBy(op) === v) ended = true;
      }
      if (ended) continue;
      for (const next of this.ways.after(step.block)) {
        const key = `${next} ${after}`;
        if (!seen.has(key)) {
          seen.add(key);
          todo.push({ block: next, from: 0, after });
        }
      }
    }
    return {
      uses: [...uses].sort((a, b) => this.ways.position(a) - this.ways.position(b)),
      before: [...before],
    };
  }

  private usesOf(ops: readonly number[], v: number): readonly LaterUse[] {
    const out = new Map<number, LaterUse>();
    for (const op of ops) {
      const line = lineOf(this.fn, op);
      const how = this.text.howUsed(op, v);
      const old = out.get(line);
      if (old === undefined || (how.startsWith('follows') && !old.how.startsWith('follows')))
        out.set(line, { line, how });
    }
    return [...out.values()].slice(0, MAX_USES);
  }

  /** What may keep an object on the way to the drop: something that is handed the pointer itself. */
  private keptBy(before: readonly number[], v: number): string {
    const { file } = this.fn;
    const isHanded = (op: number): boolean =>
      this.text.kindOf(op) === Op.Call &&
      (this.text.column(op, 4) & CALL_LOOP) === 0 &&
      !isMessage(this.cx, this.fn, op) &&
      readList(file, this.text.column(op, 2)).some((e) => isPointerTo(file, e, v)) &&
      this.text.pointers.isKept(this.fn, op, v, false);
    const keeping = before.filter(isHanded);
    const sure = keeping.find((op) => this.text.takesReference(this.fn, op, v));
    if (sure !== undefined)
      return `a reference by ${calledName(this.fn, sure)}() in line ${lineOf(this.fn, sure)}`;
    const maybe = keeping[0];
    return maybe === undefined
      ? ''
      : `perhaps ${calledName(this.fn, maybe) || 'a call'}() in line ${lineOf(this.fn, maybe)}`;
  }

  /** The first line after the drop in which one of the members is read again with the lock held, or 0. */
  private againAfter(members: readonly string[], but: number): number {
    if (members.length === 0) return 0;
    let best = 0;
    for (const op of this.under.keys()) {
      if ((but >= 0 && lineOf(this.fn, op) === lineOf(this.fn, but)) || !this.ways.isAfter(this.drop.op, op))
        continue;
      const reads = accessesAt(this.cx.analysis, this.fn, op, () => true).some(
        (a) => a.kind !== 'write' && members.includes(this.text.memberName(a.expr)),
      );
      const line = lineOf(this.fn, op);
      if (reads && (best === 0 || line < best)) best = line;
    }
    return best;
  }

  // ---- tests

  private tests(): Relied[] {
    const out = new Map<string, Relied>();
    for (const [op, held] of this.under) {
      const kind = this.text.kindOf(op);
      if (kind !== Op.Branch && kind !== Op.Switch) continue;
      const e = this.text.column(op, 1);
      const members = this.text.membersFrom(e);
      if (members.length === 0 || this.text.isLoopHead(e) || !this.comesToDrop(op)) continue;
      const line = lineOf(this.fn, op);
      const key = `${line} ${members.join()}`;
      if (out.has(key)) continue;
      out.set(key, {
        kind: 'test',
        name: '',
        from: written(this.fn, e),
        members,
        line,
        uses: [],
        useCount: 0,
        kept: '',
        again: this.againAfter(members, -1),
        perhaps: held === 'sometimes',
      });
    }
    return [...out.values()];
  }

  /** Whether control comes from an operation to the drop without leaving the lock on the way. */
  private comesToDrop(op: number): boolean {
    const seen = new Set<number>();
    const block = this.ways.blockOf(op);
    const todo: (readonly [number, number])[] = [[block, this.ways.opsOf(block).indexOf(op) + 1]];
    for (let step = todo.pop(); step !== undefined; step = todo.pop()) {
      let ended = false;
      for (const o of this.ways.opsOf(step[0]).slice(step[1])) {
        if (o === this.drop.op) return true;
        if (this.isOutside(o)) {
          ended = true;
          break;
        }
      }
      if (ended) continue;
      for (const next of this.ways.after(step[0]))
        if (!seen.has(next)) {
          seen.add(next);
          todo.push([next, 0]);
        }
    }
    return false;
  }

  // ---- changes

  private changes(): Published[] {
    const out = new Map<string, Published>();
    for (const a of accessesIn(this.cx.analysis, this.fn, () => true)) {
      if (a.kind !== 'write' && a.kind !== 'update') continue;
      if (a.part || !this.under.has(a.op) || !this.isOfOthers(a)) continue;
      const member = this.text.memberName(a.expr);
      if (member === '' || !this.comesToDrop(a.op)) continue;
      const v = this.storedPointer(a);
      const uses = v < 0 ? [] : this.follow(a.op, v).uses;
      const line = lineOf(this.fn, a.op);
      const key = `${line} ${member}`;
      if (out.has(key)) continue;
      out.set(key, {
        member,
        text: written(this.fn, a.expr),
        line,
        by: a.by,
        name: uses.length > 0 ? variableName(this.fn, v) : '',
        uses: v < 0 ? [] : this.usesOf(uses, v),
      });
    }
    return [...out.values()].sort((a, b) => Number(b.name !== '') - Number(a.name !== '') || a.line - b.line);
  }

  /** Whether a member is one of what a pointer points at that the function has not just made. */
  private isOfOthers(a: MemberAccess): boolean {
    const { file } = this.fn;
    let e = a.expr;
    while ((file.exprs[e * EXPR_STRIDE] as X) === X.Field) {
      const base = file.exprs[e * EXPR_STRIDE + 1] as number;
      if (file.exprs[e * EXPR_STRIDE + 3] === 1)
        return !(
          (file.exprs[base * EXPR_STRIDE] as X) === X.Local &&
          this.made.has(file.exprs[base * EXPR_STRIDE + 1] as number)
        );
      e = base;
    }
    return false;
  }

  /** The pointer variable that is stored, or put on a list, or -1. */
  private storedPointer(a: MemberAccess): number {
    const { file } = this.fn;
    if (this.text.kindOf(a.op) === Op.Assign) {
      const value = this.text.column(a.op, 2);
      const isLocal = (file.exprs[value * EXPR_STRIDE] as X) === X.Local;
      const v = isLocal ? (file.exprs[value * EXPR_STRIDE + 1] as number) : -1;
      return v >= 0 && this.text.isPointer(v) ? v : -1;
    }
    if (this.text.kindOf(a.op) !== Op.Call || !/add|insert|link|assign/.test(a.by)) return -1;
    for (const e of readList(file, this.text.column(a.op, 2))) {
      const count = fnColumn(file, this.fn.index, Fn.VariableCount);
      for (let v = 0; v < count; v++) {
        if (this.made.has(v) && this.text.isPointer(v) && isPointerTo(file, e, v)) return v;
      }
    }
    return -1;
  }
}

const RANK: Readonly<Record<Relied['kind'], number>> = { pointer: 0, value: 1, test: 2 };
