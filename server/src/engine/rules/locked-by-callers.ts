/**
 * Directories that a function's callers have locked: where it calls a method of one, and nothing on the way from where the lock was
 * taken tests that the directory still lives. For dir/relock-dead, whose other half looks inside functions that lock by themselves.
 */
import { calledName, fnColumn } from '../contexts/cfg.js';
import type { Entry } from '../contexts/entry-points.js';
import { Fn, OP_STRIDE } from '../facts/encode.js';
import { type FunctionRef, readList } from '../program/program.js';
import { DirectorySlots } from './directory-slots.js';
import { heldShown } from './holding.js';
import { Liveness } from './liveness.js';
import { OfSituations, watch } from './replay.js';
import { type Draft, entryMethod, lineOf, pathTo, type RuleContext, rcuOf, step } from './rule.js';
import { Ways } from './ways.js';

const CLASS = 'inode::i_rwsem';
/** So many callers up it is looked for who took a lock. */
const MAX_CHAIN = 20;

/** A method called on a directory that the function's callers have locked, and that it does not test. */
interface Handed {
  readonly op: number;
  readonly place: number;
  readonly lock: string;
  readonly slot: string;
  readonly held: Draft['held'];
  readonly rcu: Draft['rcu'];
}

const HANDED = new OfSituations<readonly Handed[]>('callees');

/** Looks for them; for one check. */
export class LockedByCallers {
  private readonly tests: Liveness;
  private readonly slots: DirectorySlots;

  constructor(private readonly cx: RuleContext) {
    this.tests = new Liveness(cx.analysis.program, false, cx.analysis.model.helpers);
    this.slots = new DirectorySlots(cx.analysis.model);
  }

  /** Methods that are called on a directory which callers locked: neither they nor the function test it. */
  draftsOf(fn: FunctionRef): Draft[] {
    if (!this.callsSlot(fn) || this.cx.analysis.results[fn.id]?.widened !== false) return [];
    const out: Draft[] = [];
    const seen = new Set<number>();
    const entries = this.cx.analysis.propagation?.entries[fn.id] ?? [];
    for (const [i, entry] of entries.entries())
      for (const h of HANDED.of(this.cx.analysis, fn, entry, () => this.handed(fn, entry))) {
        if (seen.has(h.op) || this.testedBefore(fn, h.op)) continue;
        const taken = this.takenUntested(fn, entry, h.place);
        // What the VFS hands out for others to call with the directory locked does not know what those did
        if (taken === null && !this.isForOthers(fn)) continue;
        seen.add(h.op);
        out.push(handedDraft(this.cx, fn, entry, i, h, taken));
      }
    return out;
  }

  /** Whether a function calls a method of a directory that the VFS calls with the directory locked. */
  private callsSlot(fn: FunctionRef): boolean {
    const count = fnColumn(fn.file, fn.index, Fn.OpCount);
    for (let op = 0; op < count; op++) if (this.slots.at(fn, op) !== '') return true;
    return false;
  }

  /** Whether a function may have tested a directory before an operation. */
  private testedBefore(fn: FunctionRef, op: number): boolean {
    return this.mayBeTested(fn, new Ways(fn), -1, op);
  }

  /** Methods that a function calls on a directory which it was handed. */
  private handed(fn: FunctionRef, entry: Entry): readonly Handed[] {
    const out = new Map<number, Handed>();
    const callsOne = (op: number): boolean => this.slots.at(fn, op) !== '';
    watch(this.cx.analysis, fn, entry, callsOne, (run, op, s) => {
      const slot = this.slots.at(fn, op);
      if (out.has(op)) return;
      const { file } = fn;
      const at = (fnColumn(file, fn.index, Fn.FirstOp) + op) * OP_STRIDE;
      const list = readList(file, file.ops[at + 2] as number);
      const place = this.slots.lockOf(run, s, slot, list);
      if (place < 0 || !run.terms.isShared(place)) return;
      out.set(op, {
        op,
        place,
        lock: run.showPlace(place),
        slot,
        held: heldShown(this.cx, fn, run, entry, s, op),
        rcu: rcuOf(entry, run.effect.shownLocks(s)),
      });
    });
    return [...out.values()];
  }

  /** Whether the model says of a function that it is called with a directory locked. */
  private isForOthers(fn: FunctionRef): boolean {
    const { model } = this.cx.analysis;
    return (model.helpers.get(fn.name)?.requires ?? []).some((l) => l.lock.endsWith('i_rwsem'));
  }

  /** Where a caller took the lock that a situation brings, if nothing on the way from there tests the directory. */
  private takenUntested(
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
