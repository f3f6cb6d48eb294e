/**
 * Members that one function alone changes without the lock under which the rest of its directory changes them. Must not know what is
 * reported of that.
 */
import { push } from '../base/multimap.js';
import { calledName, fnColumn } from '../contexts/cfg.js';
import type { Entry } from '../contexts/entry-points.js';
import { readsOf } from '../contexts/operands.js';
import { T } from '../contexts/terms.js';
import { EXPR_STRIDE, type FileFacts, Fn, OP_STRIDE, Op, X } from '../facts/encode.js';
import { isAtomicKind } from '../model/lock-kinds.js';
import type { LockKind } from '../model/types.js';
import { ExpressionTypes } from '../program/expression-types.js';
import type { FunctionRef } from '../program/program.js';
import { OfEach, OfFunctions, resultsAround } from './kept.js';
import { watch } from './replay.js';
import type { RuleContext } from './rule.js';
import { NO_MEMBER, structOf, type TextLock, textOf, walkText } from './text-locks.js';
import { ALONE, madeIn } from './unshared.js';

/** A change of a member that hangs on what was there before, with the locks that are held there by their text. */
interface MemberChange {
  readonly op: number;
  readonly struct: string;
  readonly field: string;
  /** Classes of locks, as the engine calls those of members. */
  readonly locks: readonly string[];
}

/** A member that is changed without the lock under which it is changed everywhere else. */
export interface BareChange {
  readonly fn: FunctionRef;
  readonly op: number;
  readonly struct: string;
  readonly field: string;
  readonly lock: string;
  readonly guarded: number;
  readonly where: { readonly fn: FunctionRef; readonly op: number };
}

const CHANGES = new OfFunctions<readonly MemberChange[]>();
const CHANGED = new OfEach<readonly MemberChange[]>('results of callees');

/** Changes under a lock that tell at all, and functions that they stand in. */
const LEAST_CHANGES = 3;
const LEAST_FUNCTIONS = 2;

/** Changes of the lists that the arguments stand on. */
const CHANGES_LIST = /^_*h?list_(add|del|move|splice|replace|cut)\w*$/;

interface ChangeIn extends MemberChange {
  readonly fn: FunctionRef;
}

/**
 * Changes of a member in one function alone that are made without a lock, where all others of the directory are made under it. Only
 * those that hang on what was there before: what is stored anew undoes nothing, and is as often the first value of an object.
 */
export function bareChanges(cx: RuleContext): readonly BareChange[] {
  const inFunction = (fn: FunctionRef): readonly MemberChange[] | null => {
    const found = CHANGES.of(fn, [resultsAround(cx.analysis, fn)], () => memberChangesIn(cx, fn));
    return found.length === 0 ? null : found;
  };
  const byMember = CHANGED.together(cx.analysis, inFunction, (changes) => {
    const all = new Map<string, ChangeIn[]>();
    for (const fn of cx.all)
      for (const c of changes.get(fn.id) ?? []) push(all, `${fn.unit}|${c.struct}.${c.field}`, { ...c, fn });
    return all;
  });
  const mine = new Set(cx.functions.map((fn) => fn.id));
  const out: BareChange[] = [];
  for (const all of byMember.values()) {
    const found = all.length > LEAST_CHANGES ? oddOneOut(cx, all) : null;
    if (found !== null && mine.has(found.fn.id)) out.push(found);
  }
  return out;
}

function oddOneOut(cx: RuleContext, all: readonly ChangeIn[]): BareChange | null {
  const locks = new Set(all.flatMap((c) => c.locks));
  const held = new Map<string, readonly Brought[]>();
  for (const lock of locks)
    held.set(
      lock,
      all.map((c) => (c.locks.includes(lock) ? 'held' : broughtAs(cx, c.fn, lock))),
    );
  // Some other lock may keep them all
  if ([...held.values()].some((how) => how.every((h) => h !== 'not'))) return null;
  for (const [lock, how] of held) {
    const guarded = all.filter((_, i) => how[i] === 'held');
    const open = all.filter((_, i) => how[i] === 'not');
    const perhaps = all.length - guarded.length - open.length;
    if (open.length === 0 || open.length > guarded.length || perhaps * 2 > guarded.length) continue;
    if (new Set(guarded.map((c) => c.fn)).size < LEAST_FUNCTIONS || !isGuard(cx, lock, guarded)) continue;
    const bare = open.filter((c) => isSeenByOthers(cx, c, lock));
    const [first] = bare;
    const where = guarded.find((c) => c.locks.includes(lock));
    if (first === undefined || where === undefined || bare.some((c) => c.fn !== first.fn)) continue;
    if (guarded.length < LEAST_CHANGES * bare.length) continue;
    // Another lock of the object may keep it there
    if (bare.some((c) => c.locks.some((l) => l.startsWith(`${c.struct}::`)))) continue;
    const { fn, op, struct, field } = first;
    return { fn, op, struct, field, lock, guarded: guarded.length, where };
  }
  return null;
}

/**
 * Whether a lock may be there for a member: it belongs to the same kind of object, or it is held for a moment only. What is held for long
 * is held around many things.
 */
function isGuard(cx: RuleContext, lock: string, guarded: readonly ChangeIn[]): boolean {
  const [first] = guarded;
  if (first === undefined || lock.startsWith(`${first.struct}::`)) return true;
  return guarded.some((c) =>
    [...(cx.analysis.results[c.fn.id]?.acquires ?? [])].some((key) => {
      const [cls = '', kind = ''] = key.split('|');
      return cls === lock && isAtomicKind(kind as LockKind);
    }),
  );
}

/**
 * Whether an object that is changed without a lock came from a method during which others see it: who has just made it needs no lock.
 * The lock is not held there by another name either.
 */
function isSeenByOthers(cx: RuleContext, { fn, op, field }: ChangeIn, lock: string): boolean {
  const { propagation, terms } = cx.analysis;
  const bases = changedMembers(fn).flatMap((c) => (fn.file.strings[c.member] === field ? [c.base] : []));
  for (const entry of propagation?.entries[fn.id] ?? []) {
    const origin = propagation?.origins[entry.origins[0] ?? -1];
    if (origin === undefined || origin.struct === 'callback' || ALONE.has(origin.method)) continue;
    let found = false;
    watch(
      cx.analysis,
      fn,
      entry,
      (o) => o === op,
      (run, _, s) => {
        if ([...entry.locks, ...s.locks].some((l) => l.class === lock || l.class.startsWith('?'))) return;
        for (const base of bases) {
          if (found) return;
          const object = run.ev.value(s, base);
          found = terms.isShared(object) ? !isOfCaller(cx, fn, entry, object) : terms.kind(object) === T.Load;
        }
      },
    );
    if (found) return true;
  }
  return false;
}

/** Whether an object that was handed in is a variable of a caller's, or was made there. */
function isOfCaller(cx: RuleContext, fn: FunctionRef, from: Entry, object: number): boolean {
  const { program, propagation, results, terms } = cx.analysis;
  let [id, entry, root] = [fn.id, from, terms.root(object)];
  for (let depth = 0; depth < MAX_CALLS && terms.kind(root) === T.Param; depth++) {
    const caller = program.functions[entry.caller];
    const up = propagation?.entries[entry.caller]?.[entry.callerEntry];
    if (caller === undefined || up === undefined) return false;
    const { op } = entry;
    const parameter = terms.a(root);
    const arg = results[caller.id]?.edges.find((e) => e.op === op && e.callee === id)?.args[parameter] ?? -1;
    if (arg < 0) {
      const { exprs } = caller.file;
      const e = readsOf(caller, op)[1 + parameter];
      if (e === undefined) return false;
      const of = exprs[e * EXPR_STRIDE + 1] as number;
      const kind = exprs[e * EXPR_STRIDE] as X;
      return kind === X.Addr || (kind === X.Local && madeIn(cx, caller).has(of));
    }
    [id, entry, root] = [caller.id, up, terms.root(arg)];
  }
  return false;
}

/** Calls that are followed up. */
const MAX_CALLS = 40;

type Brought = 'held' | 'perhaps' | 'not';

/** Whether all callers of a function bring a lock of a class, some, or none. */
function broughtAs(cx: RuleContext, fn: FunctionRef, cls: string): Brought {
  const entries = cx.analysis.propagation?.entries[fn.id] ?? [];
  // Nobody is known who calls it: it may be called with anything held
  if (!entries.some((e) => e.origins.length > 0)) return 'perhaps';
  const brought = entries.filter((e) => e.locks.some((l) => l.class === cls || l.class.startsWith('?')));
  return brought.length === entries.length ? 'held' : brought.length > 0 ? 'perhaps' : 'not';
}

function memberChangesIn(cx: RuleContext, fn: FunctionRef): readonly MemberChange[] {
  const at = fn.isMacro ? [] : changedMembers(fn);
  if (at.length === 0) return [];
  const { file } = fn;
  const types = new ExpressionTypes(cx.analysis.program, fn);
  const made = madeIn(cx, fn);
  const held = new Map<number, readonly string[]>();
  if ((cx.analysis.results[fn.id]?.acquires.size ?? 0) > 0)
    walkText(cx, fn, (op, s) => {
      if (!at.some((a) => a.op === op)) return;
      const locks = [...s.held.values()].filter((h) => !h.shared);
      held.set(op, [...new Set(locks.map((h) => classOf(fn, types, h)))]);
    });
  const out: MemberChange[] = [];
  for (const { op, base, member } of at) {
    const isLocal = (file.exprs[base * EXPR_STRIDE] as X) === X.Local;
    if (isLocal && made.has(file.exprs[base * EXPR_STRIDE + 1] as number)) continue;
    const struct = structOf(types, base);
    if (struct !== '') out.push({ op, struct, field: file.strings[member] ?? '', locks: held.get(op) ?? [] });
  }
  return out;
}

/** The class of a lock that is held by its text. */
function classOf(fn: FunctionRef, types: ExpressionTypes, { base, member }: TextLock): string {
  if (member === NO_MEMBER) return textOf(fn, base);
  return `${structOf(types, base)}::${fn.file.strings[member]}`;
}

/** Whether a member stands in a variable of the function itself. */
function isInVariable(file: FileFacts, member: number): boolean {
  let e = member;
  while ((file.exprs[e * EXPR_STRIDE] as X) === X.Field) {
    if (file.exprs[e * EXPR_STRIDE + 3] === 1) return false;
    e = file.exprs[e * EXPR_STRIDE + 1] as number;
  }
  return (file.exprs[e * EXPR_STRIDE] as X) === X.Local;
}

/** Members that a function counts up or down, sets bits in, or changes a list of. */
function changedMembers(
  fn: FunctionRef,
): readonly { readonly op: number; readonly base: number; readonly member: number }[] {
  const { file } = fn;
  const { exprs, ops } = file;
  const first = fnColumn(file, fn.index, Fn.FirstOp);
  const count = fnColumn(file, fn.index, Fn.OpCount);
  const out: { op: number; base: number; member: number }[] = [];
  const add = (op: number, e: number): void => {
    if ((exprs[e * EXPR_STRIDE] as X) !== X.Field || isInVariable(file, e)) return;
    out.push({
      op,
      base: exprs[e * EXPR_STRIDE + 1] as number,
      member: exprs[e * EXPR_STRIDE + 2] as number,
    });
  };
  for (let op = 0; op < count; op++) {
    const o = (first + op) * OP_STRIDE;
    if ((ops[o] as Op) === Op.Assign) {
      const [place, value] = [ops[o + 1] as number, (ops[o + 2] as number) * EXPR_STRIDE];
      if ((exprs[value] as X) === X.Binary && exprs[value + 2] === place) add(op, place);
    } else if ((ops[o] as Op) === Op.Call && CHANGES_LIST.test(calledName(fn, op))) {
      // The list: which one an entry stands on, it does not say
      const head = readsOf(fn, op)[2];
      if (head !== undefined && (exprs[head * EXPR_STRIDE] as X) === X.Addr)
        add(op, exprs[head * EXPR_STRIDE + 1] as number);
    }
  }
  return out;
}
