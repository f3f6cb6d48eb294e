/**
 * What a rule is, and what it works with. A rule detects and gives drafts: data about one spot. Wording of common parts,
 * places, traces, fingerprints and fixes are made here, once for all rules. A rule must not know names of filesystems.
 */
import type {
  Certainty,
  EntryMethod,
  HeldLock,
  Place,
  Precision,
  Range,
  RcuState,
  Severity,
  TraceStep,
} from '../base/finding.js';
import type { Analysis } from '../contexts/analysis.js';
import { calledName, fnColumn } from '../contexts/cfg.js';
import type { Entry, Origin } from '../contexts/entry-points.js';
import type { ShownLock, SleepEffect } from '../contexts/result.js';
import type { PlainLock } from '../contexts/state.js';
import type { RuleInfo } from '../door.js';
import { columnAt, type FileFacts, Fn, lineAt, OP_STRIDE } from '../facts/encode.js';
import { isProcessorOrSignal, namelessInSentence, namelessWord } from '../model/lock-kinds.js';
import type { FunctionRef } from '../program/program.js';

/** What a quick fix has to do; `fixes` turns it into edits on demand. */
export type FixHint =
  /** Free after a grace period: `kfree(x)` at `op` of `fn`, of a structure `struct`. */
  | { readonly kind: 'free-after-grace'; readonly fn: number; readonly op: number; readonly struct: string }
  /** `d_inode(x)` to `d_inode_rcu(x)` at `op`, with a test of the value where there is none. */
  | { readonly kind: 'inode-rcu'; readonly fn: number; readonly op: number; readonly tested: boolean }
  /** Leave RCU-walk before `op`: the bail-out of the method, `when` in its own words. */
  | {
      readonly kind: 'bail-out';
      readonly fn: number;
      readonly op: number;
      readonly struct: string;
      readonly method: string;
    }
  /** Release `text` before the return at `op`. */
  | {
      readonly kind: 'unlock';
      readonly fn: number;
      readonly op: number;
      readonly acquireOp: number;
      readonly text: string;
    }
  /** The allocation at `op` must not wait. */
  | { readonly kind: 'atomic-allocation'; readonly fn: number; readonly op: number }
  /** What `op` follows d_parent to is pinned. */
  | { readonly kind: 'pin-parent'; readonly fn: number; readonly op: number }
  /** The name of a dentry that `op` gets is kept; `copies`: what is called keeps no pointer to it. */
  | { readonly kind: 'stable-name'; readonly fn: number; readonly op: number; readonly copies: boolean }
  /** The argument of `op` at `position` is still a child of the directory that was locked at `locked`. */
  | {
      readonly kind: 'still-child';
      readonly fn: number;
      readonly op: number;
      readonly locked: number;
      readonly position: number;
    }
  /** The directory that was locked at `locked` is not dead; `again`: the lock is the caller's, dropped and retaken. */
  | {
      readonly kind: 'not-dead';
      readonly fn: number;
      readonly op: number;
      readonly locked: number;
      readonly again: boolean;
    }
  /** What is stored at `op` is read before the lock is dropped at `dropped`. */
  | { readonly kind: 'snapshot-first'; readonly fn: number; readonly op: number; readonly dropped: number }
  /** `op` calls what takes a lock of a class that is held; another function leaves it to its caller. */
  | { readonly kind: 'locked-variant'; readonly fn: number; readonly op: number; readonly class: string }
  /** The directory that the helper at `op` needs locked is locked around it. */
  | { readonly kind: 'lock-directory'; readonly fn: number; readonly op: number; readonly shared: boolean }
  /** The spinlock `lock` of the same object is taken around the write at `op`. */
  | { readonly kind: 'lock-field'; readonly fn: number; readonly op: number; readonly lock: string }
  /** The error that the method returns at `op` is -ECHILD in RCU-walk. */
  | {
      readonly kind: 'give-echild';
      readonly fn: number;
      readonly op: number;
      readonly struct: string;
      readonly method: string;
    }
  /** The d_add() at `op` only where the dentry is not hashed. */
  | { readonly kind: 'add-once'; readonly fn: number; readonly op: number };

/** A lock that is held at a spot, with the function and operation that took it. Lines are told last: they move with the text. */
export interface DraftLock extends Omit<HeldLock, 'acquiredAt'> {
  readonly acquiredAt: { readonly fn: number; readonly op: number } | 'caller';
}

/** What a rule found at one spot. */
export interface Draft {
  readonly rule: string;
  readonly severity?: Severity;
  readonly precision: Precision;
  readonly certainty: Certainty;
  readonly message: string;
  readonly fn: number;
  readonly op: number;
  readonly entry: EntryMethod | null;
  readonly held: readonly DraftLock[];
  readonly rcu: RcuState;
  readonly trace: readonly TraceStep[];
  /** Class of the object or lock at fault. */
  readonly objectClass: string;
  readonly fix?: FixHint;
}

/** What a rule may look at. */
export interface RuleContext {
  readonly analysis: Analysis;
  /** Functions whose findings are wanted. */
  readonly functions: readonly FunctionRef[];
  /** All functions of their directories, whosever findings are wanted: for what is told of a directory as a whole. */
  readonly unit: readonly FunctionRef[];
  /** All functions of the program that were analysed. */
  readonly all: readonly FunctionRef[];
  /**
   * Facts of a file of the tree that need not be part of the program: null where there is none. Whoever keeps an answer hears which
   * were asked for, so it is asked only where the answer hangs on it.
   */
  readonly elsewhere?: (path: string) => FileFacts | null;
  /**
   * Takes note that an exemption applied: what a rule looked at and why it says nothing there. Absent but where somebody asks for it
   * (`explain --absent`, `audit`), so that `cx.silence?.(...)` costs nothing otherwise. `op` -1: all of the function.
   */
  readonly silence?: (rule: string, fn: FunctionRef, op: number, why: string) => void;
  /**
   * Somebody waits for the very first answer about a directory of which nothing was known: what looks at all of it together is left to
   * the next answer, which follows at once.
   */
  readonly isFirstLook?: boolean;
}

/** Why a rule is silent about a function that was not followed to its end. */
export const WIDENED = 'the function has more paths than are followed one by one: nothing is said about it';

/** A rule: what it is, and how it detects. */
export interface Rule {
  readonly info: RuleInfo;
  /** Rules that say it better where both find something at one spot; this one is then left out, whether or not they were asked for. */
  readonly yieldsTo?: readonly string[];
  check(cx: RuleContext): readonly Draft[];
}

/** Offsets of an operation in its file. */
export function offsetsOf(fn: FunctionRef, op: number): { start: number; end: number } {
  const base = fnColumn(fn.file, fn.index, Fn.Start);
  if (op < 0)
    return {
      start: fnColumn(fn.file, fn.index, Fn.NameStart),
      end: fnColumn(fn.file, fn.index, Fn.NameStart) + fn.name.length,
    };
  const at = (fnColumn(fn.file, fn.index, Fn.FirstOp) + op) * OP_STRIDE;
  return { start: base + (fn.file.ops[at + 5] as number), end: base + (fn.file.ops[at + 6] as number) };
}

/** Range of an operation. */
export function rangeOf(fn: FunctionRef, op: number): Range {
  const { start, end } = offsetsOf(fn, op);
  return rangeIn(fn.file, start, end);
}

function rangeIn(file: FileFacts, start: number, end: number): Range {
  return {
    file: file.path,
    line: lineAt(file.lineStarts, start),
    column: columnAt(file.lineStarts, start),
    endLine: lineAt(file.lineStarts, end),
    endColumn: columnAt(file.lineStarts, end),
  };
}

/** Place of an operation. */
export function placeOf(fn: FunctionRef, op: number): Place {
  const r = rangeOf(fn, op);
  return { file: r.file, line: r.line, column: r.column };
}

/** Line of an operation. */
export function lineOf(fn: FunctionRef, op: number): number {
  return placeOf(fn, op).line;
}

/** A trace step at an operation. */
export function step(
  kind: TraceStep['kind'],
  fn: FunctionRef,
  op: number,
  message: string,
  side: 0 | 1 = 0,
): TraceStep {
  return { kind, ...placeOf(fn, op), message, ...(side === 1 ? { side } : {}) };
}

/** The step of a call on the way: who calls whom, where the call has a name. */
export function callStep(caller: FunctionRef, op: number, side: 0 | 1 = 0): TraceStep {
  const name = op < 0 ? '' : calledName(caller, op);
  return step('call', caller, op, `${caller.name}() calls ${name === '' ? 'on' : `${name}()`}`, side);
}

/** The method behind an origin, in a finding's shape. */
export function entryMethod(analysis: Analysis, origin: Origin | undefined): EntryMethod | null {
  if (origin === undefined) return null;
  return {
    method: origin.method,
    struct: origin.struct,
    table: origin.table,
    function: analysis.program.functions[origin.function]?.name ?? '',
  };
}

/** Steps from a method's table slot down to a function, by one of its situations. */
export function pathTo(cx: RuleContext, fn: FunctionRef, entryIndex: number, side: 0 | 1 = 0): TraceStep[] {
  const { analysis } = cx;
  const propagation = analysis.propagation;
  const entry = propagation?.entries[fn.id]?.[entryIndex];
  if (propagation === null || propagation === undefined || entry === undefined) return [];
  const steps: TraceStep[] = [];
  const origin = propagation.origins[entry.origins[0] ?? -1];
  if (origin !== undefined) steps.push(originStep(cx, origin, side));
  for (const c of propagation.chain(fn.id, entryIndex)) {
    const caller = analysis.program.functions[c.fn];
    if (caller !== undefined) steps.push(callStep(caller, c.op, side));
  }
  return steps;
}

/** The step that says through which slot code is entered. */
export function originStep(cx: RuleContext, origin: Origin, side: 0 | 1 = 0): TraceStep {
  const fn = cx.analysis.program.functions[origin.function] as FunctionRef;
  const how =
    origin.struct === 'callback'
      ? `runs as ${origin.method}`
      : `->${origin.method}() of ${origin.table}${origin.context === '' || origin.context === 'call' ? '' : `, ${origin.context}`}`;
  if (origin.slot !== null) {
    const file = origin.slot.file;
    return {
      kind: 'entry',
      file: file.path,
      line: lineAt(file.lineStarts, origin.slot.position),
      column: columnAt(file.lineStarts, origin.slot.position),
      message: `${how}: ${fn.name}()`,
      ...(side === 1 ? { side } : {}),
    };
  }
  return step('entry', fn, -1, `${fn.name}() ${how}`, side);
}

/** Calls of a way down that are followed. */
const MAX_WAY = 20;

/** The way from a sleep down to what sleeps, through the callees' effects: each function with its sleep. `via`: of the first one. */
export function* sleepsBelow(
  { program, results }: Analysis,
  via: number,
): Generator<{ readonly fn: FunctionRef; readonly sleep: SleepEffect }> {
  for (let depth = 0, next = via; depth < MAX_WAY && next >= 0; depth++) {
    const fn = program.functions[next];
    const sleeps = results[next]?.sleeps ?? [];
    const sleep = sleeps.find((e) => e.certain) ?? sleeps[0];
    if (fn === undefined || sleep === undefined) return;
    yield { fn, sleep };
    next = sleep.via;
  }
}

/** Steps from a call down to what sleeps. */
export function sleepPath(
  cx: RuleContext,
  fn: FunctionRef,
  op: number,
  what: string,
  via: number,
  side: 0 | 1 = 0,
): TraceStep[] {
  const steps: TraceStep[] = [];
  let last = { fn, op, what, via };
  for (const below of sleepsBelow(cx.analysis, via)) {
    steps.push(step('call', last.fn, last.op, `calls ${last.what}()`, side));
    last = { fn: below.fn, ...below.sleep };
  }
  steps.push(
    last.via < 0
      ? step('access', last.fn, last.op, `${last.what}() may sleep`, side)
      : step('call', last.fn, last.op, `calls ${last.what}()`, side),
  );
  return steps;
}

/** The primitive that a sleep effect ends in. */
export function sleepLeaf(cx: Pick<RuleContext, 'analysis'>, what: string, via: number): string {
  let name = what;
  for (const { sleep } of sleepsBelow(cx.analysis, via)) name = sleep.what;
  return name;
}

/** Locks of an event as a finding shows them: several that would be shown alike once. */
export function heldOf(cx: RuleContext, fn: FunctionRef, held: readonly ShownLock[]): DraftLock[] {
  const out: DraftLock[] = [];
  const seen = new Set<string>();
  const inOrder = [...held.filter(({ lock }) => !lock.may), ...held.filter(({ lock }) => lock.may)];
  for (const { lock, text } of inOrder) {
    // As at a point: states of the processor and flags are not what people call held
    if (namelessWord(lock.kind) !== undefined || isProcessorOrSignal(lock.kind)) continue;
    const shown: DraftLock = {
      class: lock.class,
      instance: text.replace(/(->|\.)\w+$/, ''),
      expression: lockExpression(text),
      mode: lock.shared ? 'shared' : 'exclusive',
      certainty: lock.may ? 'may' : 'must',
      acquiredAt: lock.fn === fn.id ? { fn: fn.id, op: lock.op } : 'caller',
    };
    const key = JSON.stringify(shown);
    if (seen.has(key)) continue;
    seen.add(key);
    out.push(shown);
  }
  void cx;
  return out;
}

/** The locks of a draft with the lines that took them. */
export function placedLocks(analysis: Analysis, held: readonly DraftLock[]): HeldLock[] {
  return held.map((lock) => {
    if (lock.acquiredAt === 'caller') return { ...lock, acquiredAt: lock.acquiredAt };
    const fn = analysis.program.functions[lock.acquiredAt.fn] as FunctionRef;
    return { ...lock, acquiredAt: { file: fn.file.path, line: lineOf(fn, lock.acquiredAt.op) } };
  });
}

/** `&fi->lock` for the place `fi->lock`. */
export function lockExpression(text: string): string {
  if (text.startsWith('*')) return text.slice(1);
  return /^[\w>.[\]()*-]+$/.test(text) && !text.includes('::') ? `&${text}` : text;
}

/** How a lock is called in a sentence. */
export function lockName(shown: {
  readonly lock: Pick<PlainLock, 'class' | 'kind'>;
  readonly text: string;
}): string {
  const { lock, text } = shown;
  const word = namelessInSentence(lock.kind);
  if (word !== undefined) return word;
  return `'${lockExpression(text)}'${lock.class === '' || lock.class.startsWith('?') || lock.class === text ? '' : ` (${lock.class})`}`;
}

/** RCU state of a situation. */
export function rcuOf(entry: Entry | null, held: readonly ShownLock[]): RcuState {
  if (entry?.walk === true) return 'walk';
  return held.some((h) => h.lock.kind === 'rcu') || entry?.locks.some((l) => l.kind === 'rcu') === true
    ? 'read'
    : 'none';
}
