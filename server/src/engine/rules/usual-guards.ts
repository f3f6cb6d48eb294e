/**
 * Which lock of an object a member of it is read and written under, told by how a directory of the kernel does it elsewhere; and where
 * a function reads such a member when it has just dropped that lock. Must not know what is reported of that.
 */
import { calledName, fnColumn } from '../contexts/cfg.js';
import { readsOf } from '../contexts/operands.js';
import { EXPR_STRIDE, type FileFacts, Fn, OP_STRIDE, Op, X } from '../facts/encode.js';
import { ExpressionTypes } from '../program/expression-types.js';
import type { FunctionRef } from '../program/program.js';
import { OfFunctions, resultsAround } from './kept.js';
import { isMessage } from './lockless.js';
import { Mentions } from './mentions.js';
import { visitExpressions } from './replay.js';
import type { RuleContext } from './rule.js';
import { type DroppedText, structOf, textKey, textOf, walkText } from './text-locks.js';
import { madeIn } from './unshared.js';
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

/** Macros by which memory is read without a lock on purpose. */
const ON_PURPOSE =
  /^(READ_ONCE|WRITE_ONCE|data_race|smp_load_acquire|smp_store_release|rcu_|cmpxchg|xchg|try_cmpxchg)/;

/** What is read for somebody who looks on: a number that is old by one in a trace, or in a test that the code says always holds, harms nobody. */
const LOOKS_ON = /^(trace_\w+|_*ASSERT(_\w+)?|\w+_ASSERT|(VM_)?BUG_ON(_\w+)?|lockdep_assert\w*)$/;

/** Reads of members whose lock was dropped just before, with how they are used elsewhere in the directory. */
export function lateReads(cx: RuleContext): readonly LateRead[] {
  const candidates = cx.functions.flatMap((fn) =>
    CANDIDATES.of(fn, [resultsAround(cx.analysis, fn)], () => candidatesIn(cx, fn)).map((c) => ({
      ...c,
      fn,
    })),
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

const CANDIDATES = new OfFunctions<readonly Omit<Candidate, 'fn'>[]>();

function candidatesIn(cx: RuleContext, fn: FunctionRef): readonly Omit<Candidate, 'fn'>[] {
  if (fn.isMacro || (cx.analysis.results[fn.id]?.releases.size ?? 0) === 0) return [];
  const { file } = fn;
  const types = new ExpressionTypes(cx.analysis.program, fn);
  const ways = new Ways(fn);
  const out = new Map<string, Omit<Candidate, 'fn'>>();
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
