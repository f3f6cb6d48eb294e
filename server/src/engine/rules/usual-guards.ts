/**
 * Which lock of an object a member of it is read and written under, told by how a directory of the kernel does it elsewhere; and where
 * a function reads such a member when it has just dropped that lock, or alone changes it without. Must not know what is reported of that.
 */
import { calledName, fnColumn } from '../contexts/cfg.js';
import type { Entry } from '../contexts/entry-points.js';
import { readsOf } from '../contexts/operands.js';
import { T } from '../contexts/terms.js';
import { EXPR_STRIDE, type FileFacts, Fn, OP_STRIDE, Op, X } from '../facts/encode.js';
import { isAtomicKind } from '../model/lock-kinds.js';
import type { LockKind } from '../model/types.js';
import { ExpressionTypes } from '../program/expression-types.js';
import type { FunctionRef } from '../program/program.js';
import { OfFunctions, resultsAround } from './kept.js';
import { isMessage } from './lockless.js';
import { Mentions } from './mentions.js';
import { visitExpressions, watch } from './replay.js';
import type { RuleContext } from './rule.js';
import { type DroppedText, NO_MEMBER, type TextLock, textKey, textOf, walkText } from './text-locks.js';
import { Ways } from './ways.js';

/** A member that is read after the lock was dropped under which it is read elsewhere. */
export interface LateRead {
  readonly fn: FunctionRef;
  readonly op: number;
  readonly struct: string;
  readonly field: string;
  readonly lock: string;
  /** The object as the function writes it, or ''. */
  readonly object: string;
  /** How the object's members are reached: `->`, or `.` where it is no pointer. */
  readonly through: string;
  readonly taken: number;
  readonly dropped: number;
  /** Nothing stands between taking and dropping it. */
  readonly empty: boolean;
  readonly usage: Usage;
}

/** How often a member is read and written, and where under the lock. */
export interface Usage {
  guarded: number;
  writes: number;
  bare: number;
  bareWrites: number;
  perhaps: number;
  lockless: number;
  where: { readonly fn: FunctionRef; readonly op: number } | null;
}

interface Candidate extends Omit<LateRead, 'usage'> {
  readonly key: string;
}

/** Uses under a lock that tell at all. */
const LEAST_GUARDED = 3;
/** So many uses without the lock there may be for each under it: where objects are made and torn down. */
const CLEAR_SHARE = 0.5;
/** So many uses there are at most for each write of what changes during the life of the object. */
const READS_A_WRITE = 10;
/** As many uses without the lock where the lock was taken and dropped around nothing. */
const EMPTY_SHARE = 3;

/** Methods that are called before others see an object, or when nobody does any more. */
export const ALONE: ReadonlySet<string> = new Set([
  'd_init',
  'd_release',
  'd_iput',
  'd_prune',
  'alloc_inode',
  'free_inode',
  'destroy_inode',
  'evict_inode',
  'get_tree',
  'mount',
  'put_super',
  'kill_sb',
]);

/** Macros by which memory is read without a lock on purpose. */
const ON_PURPOSE =
  /^(READ_ONCE|WRITE_ONCE|data_race|smp_load_acquire|smp_store_release|rcu_|cmpxchg|xchg|try_cmpxchg)/;

/** What is read for somebody who looks on: a number that is old by one in a trace, or in a test that the code says always holds, harms nobody. */
const LOOKS_ON = /^(trace_\w+|_*ASSERT(_\w+)?|\w+_ASSERT|(VM_)?BUG_ON(_\w+)?|lockdep_assert\w*)$/;

/** Reads of members whose lock was dropped just before, with how they are used elsewhere in the directory. */
export function lateReads(cx: RuleContext): readonly LateRead[] {
  const candidates = cx.functions.flatMap((fn) =>
    CANDIDATES.of(fn, [resultsAround(cx.analysis, fn)], () => candidatesIn(cx, fn)),
  );
  if (candidates.length === 0) return [];
  const out: LateRead[] = [];
  for (const unit of new Set(candidates.map((c) => c.fn.unit))) {
    const here = candidates.filter((c) => c.fn.unit === unit);
    const usage = usageIn(cx, unit, here);
    for (const c of here) {
      const u = usage.get(c.key);
      if (u === undefined) continue;
      const why = notUsual(u, c.empty);
      if (why === '') out.push({ ...c, usage: u });
      else
        cx.silence?.('lock/guarded-field', c.fn, c.op, `'${c.field}' after '${c.lock}' was dropped: ${why}`);
    }
  }
  return out;
}

/** Why how a member is used does not tell that a lock guards it, or ''. */
function notUsual(u: Usage, empty: boolean): string {
  if (u.lockless > 0) return 'it is read without a lock on purpose elsewhere';
  if (u.writes === 0) return 'nothing in the directory writes it under that lock';
  if (u.guarded > u.writes * READS_A_WRITE) return 'it is hardly ever written';
  // Who takes a lock and drops it at once meant to do what comes next under it
  if (empty) return u.bare > u.guarded * EMPTY_SHARE ? 'it is mostly used without that lock' : '';
  if (u.guarded < LEAST_GUARDED) return 'it is used under that lock too seldom to tell';
  return u.bare > u.guarded * CLEAR_SHARE ? 'it is not clearly that lock which guards it' : '';
}

const CANDIDATES = new OfFunctions<readonly Candidate[]>();

// ---- writes without the usual lock

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
  const byMember = new Map<string, ChangeIn[]>();
  for (const fn of cx.all)
    for (const c of CHANGES.of(fn, [resultsAround(cx.analysis, fn)], () => memberChangesIn(cx, fn))) {
      const key = `${fn.unit}|${c.struct}.${c.field}`;
      const list = byMember.get(key);
      if (list === undefined) byMember.set(key, [{ ...c, fn }]);
      else list.push({ ...c, fn });
    }
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
        for (const { base, member } of changedMembers(fn)) {
          if (found || fn.file.strings[member] !== field) continue;
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

function candidatesIn(cx: RuleContext, fn: FunctionRef): readonly Candidate[] {
  if (fn.isMacro || (cx.analysis.results[fn.id]?.releases.size ?? 0) === 0) return [];
  const { file } = fn;
  const types = new ExpressionTypes(cx.analysis.program, fn);
  const ways = new Ways(fn);
  const out = new Map<string, Candidate>();
  walkText(cx, fn, (op, s) => {
    if (s.dropped.size === 0 || isMeant(cx, fn, op)) return;
    for (const { base, member, write } of accessesAt(fn, op)) {
      if (write) continue;
      for (const d of s.dropped.values()) {
        if (d.base !== base || d.member === member || !isRightBehind(fn, ways, d.dropped, op)) continue;
        if ([...s.held.values()].some((h) => h.base === base)) continue;
        const struct = structOf(types, base);
        if (struct === '') continue;
        const key = `${struct}.${file.strings[member]}|${file.strings[d.member]}`;
        const id = `${key} ${d.dropped}`;
        const first = out.get(id);
        if (first !== undefined && first.op <= op) continue;
        out.set(id, {
          fn,
          op,
          struct,
          field: file.strings[member] ?? '',
          lock: file.strings[d.member] ?? '',
          object: textOf(fn, base),
          through: (types.of(base)?.depth ?? 0) > 0 ? '->' : '.',
          taken: d.op,
          dropped: d.dropped,
          empty: isEmpty(d),
          key,
        });
      }
    }
  });
  return [...out.values()];
}

/** Whether what an operation reads is meant to be read at any time: on purpose, by what waits for a change, for a message or a trace. */
function isMeant(cx: RuleContext, fn: FunctionRef, op: number): boolean {
  const name = calledName(fn, op);
  return LOOKS_ON.test(name) || ON_PURPOSE.test(name) || /^_*wait_event/.test(name) || isMessage(cx, fn, op);
}

/** Whether nothing is called between two operations of a block: what comes later may be kept by something else. */
function isRightBehind(fn: FunctionRef, ways: Ways, first: number, second: number): boolean {
  if (second <= first || ways.blockOf(first) !== ways.blockOf(second)) return false;
  for (let op = first + 1; op < second; op++)
    if ((fn.file.ops[(fnColumn(fn.file, fn.index, Fn.FirstOp) + op) * OP_STRIDE] as Op) === Op.Call)
      return false;
  return true;
}

function isEmpty(d: DroppedText): boolean {
  return d.dropped === d.op + 1;
}

function structOf(types: ExpressionTypes, base: number): string {
  const type = types.of(base);
  return type?.base.startsWith('struct ') === true && type.depth <= 1 ? type.base.slice(7) : '';
}

interface Access {
  readonly base: number;
  readonly member: number;
  readonly write: boolean;
}

/** The members that an operation reads and writes. */
function accessesAt(fn: FunctionRef, op: number): readonly Access[] {
  const { file } = fn;
  const out: Access[] = [];
  const at = (fnColumn(file, fn.index, Fn.FirstOp) + op) * OP_STRIDE;
  const written = (file.ops[at] as Op) === Op.Assign ? writtenMembers(file, file.ops[at + 1] as number) : [];
  for (const read of readsOf(fn, op))
    visitExpressions(file, read, (e, kind) => {
      if (kind !== X.Field) return;
      const base = file.exprs[e * EXPR_STRIDE + 1] as number;
      out.push({
        base,
        member: file.exprs[e * EXPR_STRIDE + 2] as number,
        write: written.includes(e),
      });
    });
  return out;
}

/** The members that a store to an expression changes: `x->a.b = ..` changes b, and a of x. */
function writtenMembers(file: FileFacts, place: number): readonly number[] {
  const out: number[] = [];
  let e = place;
  while ((file.exprs[e * EXPR_STRIDE] as X) === X.Index) e = file.exprs[e * EXPR_STRIDE + 1] as number;
  while ((file.exprs[e * EXPR_STRIDE] as X) === X.Field) {
    out.push(e);
    if (file.exprs[e * EXPR_STRIDE + 3] === 1) break;
    e = file.exprs[e * EXPR_STRIDE + 1] as number;
  }
  return out;
}

function usageIn(
  cx: RuleContext,
  unit: string,
  candidates: readonly Candidate[],
): ReadonlyMap<string, Usage> {
  const out = new Map<string, Usage>();
  const byField = new Map<string, Candidate[]>();
  for (const c of candidates) {
    out.set(c.key, { guarded: 0, writes: 0, bare: 0, bareWrites: 0, perhaps: 0, lockless: 0, where: null });
    const list = byField.get(c.field);
    if (list === undefined) byField.set(c.field, [c]);
    else if (!list.some((x) => x.key === c.key)) list.push(c);
  }
  const late = new Set(candidates.map((c) => `${c.fn.id},${c.op},${c.key}`));
  const mentions = new Mentions(byField.keys());
  for (const fn of cx.all) {
    if (fn.unit !== unit || fn.isMacro || !mentions.in(fn)) continue;
    const { file } = fn;
    const types = new ExpressionTypes(cx.analysis.program, fn);
    const made = madeIn(cx, fn);
    walkText(cx, fn, (op, s) => {
      // An operation that reads and writes a member uses it once
      const counted = new Set<string>();
      const purpose = ON_PURPOSE.test(calledName(fn, op));
      const accesses = accessesAt(fn, op);
      for (const a of [...accesses.filter((x) => x.write), ...accesses.filter((x) => !x.write)]) {
        const list = byField.get(file.strings[a.member] ?? '');
        if (list === undefined) continue;
        const struct = structOf(types, a.base);
        for (const c of list) {
          if (c.struct !== struct || counted.has(`${a.base},${c.key}`)) continue;
          if (late.has(`${fn.id},${op},${c.key}`)) continue;
          counted.add(`${a.base},${c.key}`);
          const usage = out.get(c.key) as Usage;
          if (purpose) {
            usage.lockless++;
            continue;
          }
          if (
            (file.exprs[a.base * EXPR_STRIDE] as X) === X.Local &&
            made.has(file.exprs[a.base * EXPR_STRIDE + 1] as number)
          )
            continue;
          const held = s.held.get(textKey({ base: a.base, member: file.strings.indexOf(c.lock) }));
          const how = held !== undefined ? (a.write && held.shared ? 'not' : 'held') : broughtTo(cx, fn, c);
          if (how === 'perhaps') usage.perhaps++;
          else if (how === 'not') {
            usage.bare++;
            if (a.write) usage.bareWrites++;
          } else {
            usage.guarded++;
            if (a.write) {
              usage.writes++;
              usage.where ??= { fn, op };
            }
          }
        }
      }
    });
  }
  return out;
}

/** Variables that hold what the function has made; `alsoMakes`: functions besides those of the model that give what they made. */
export function madeIn(
  cx: Pick<RuleContext, 'analysis'>,
  fn: FunctionRef,
  alsoMakes: (name: string) => boolean = () => false,
): ReadonlySet<number> {
  const { file } = fn;
  const temps = new Set<number>();
  const out = new Set<number>();
  const first = fnColumn(file, fn.index, Fn.FirstOp);
  const count = fnColumn(file, fn.index, Fn.OpCount);
  for (let op = 0; op < count; op++) {
    const at = (first + op) * OP_STRIDE;
    const kind = file.ops[at] as Op;
    if (kind === Op.Call) {
      const name = calledName(fn, op);
      if (cx.analysis.model.helpers.get(name)?.returns === 'fresh' || alsoMakes(name))
        temps.add(file.ops[at + 3] as number);
      continue;
    }
    if (kind !== Op.Declare && kind !== Op.Assign) continue;
    const value = file.ops[at + 2] as number;
    if (value < 0) continue;
    let v = value;
    while ((file.exprs[v * EXPR_STRIDE] as X) === X.Cast) v = file.exprs[v * EXPR_STRIDE + 2] as number;
    if (
      (file.exprs[v * EXPR_STRIDE] as X) !== X.Temp ||
      !temps.has(file.exprs[v * EXPR_STRIDE + 1] as number)
    )
      continue;
    const target = file.ops[at + 1] as number;
    if (kind === Op.Declare) out.add(target);
    else if ((file.exprs[target * EXPR_STRIDE] as X) === X.Local)
      out.add(file.exprs[target * EXPR_STRIDE + 1] as number);
  }
  return out;
}

/** Whether all callers of a function bring such a lock, some, or none. */
function broughtTo(cx: RuleContext, fn: FunctionRef, c: Candidate): 'held' | 'perhaps' | 'not' {
  const entries = cx.analysis.propagation?.entries[fn.id] ?? [];
  const suffix = `::${c.lock}`;
  const brought = entries.filter((e) =>
    e.locks.some((l) => l.class.endsWith(suffix) || l.class.startsWith('?')),
  );
  if (entries.length === 0) return 'perhaps';
  return brought.length === entries.length ? 'held' : brought.length > 0 ? 'perhaps' : 'not';
}
