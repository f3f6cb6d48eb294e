/**
 * Ends of objects that code under rcu_read_lock() may still look at, by whatever way they are reached: memory of a structure with an
 * rcu_head that nothing uses, and RCU callbacks that are called at once. The readers are RCU-walk's methods and the explicit read
 * sections of the unit. Part of rcu/early-free.
 */
import type { Precision, TraceStep } from '../base/finding.js';
import { calledName, fnColumn } from '../contexts/cfg.js';
import type { Entry } from '../contexts/entry-points.js';
import type { FunctionRun } from '../contexts/flow.js';
import { readsOf } from '../contexts/operands.js';
import { T } from '../contexts/terms.js';
import { EXPR_STRIDE, type FileFacts, Fn, X } from '../facts/encode.js';
import type { FunctionRef } from '../program/program.js';
import { DROPS } from './free-site.js';
import { Heads } from './heads.js';
import { OfFunctions } from './kept.js';
import { handedOver, type LocklessAccess, readSectionAccess } from './lockless.js';
import { Mentions } from './mentions.js';
import { replay } from './replay.js';
import { type Draft, entryMethod, lineOf, pathTo, type RuleContext, step } from './rule.js';
import { standing } from './standing.js';

const ID = 'rcu/early-free';

/** Who looks at an object, for the message. */
export function reader(cx: RuleContext, other: LocklessAccess): string {
  const propagation = cx.analysis.propagation;
  const entry = propagation?.entries[other.fn.id]?.[other.entryIndex];
  const origin = propagation?.origins[entry?.origins[0] ?? -1];
  return `->${origin?.method ?? '?'}() in RCU-walk (${other.fn.name}(), line ${lineOf(other.fn, other.op)})`;
}

/** The lockless side's part of the trace. */
export function otherSide(cx: RuleContext, other: LocklessAccess): TraceStep[] {
  const { fn, op } = other;
  return [
    ...pathTo(cx, fn, other.entryIndex, 1),
    step(
      'other-side',
      fn,
      op,
      other.returned
        ? `hands '${other.text}' to path walk, which reads it under rcu_read_lock() only`
        : `dereferences '${other.text}' under rcu_read_lock() only`,
      1,
    ),
  ];
}

/** Caches of the kernel's slab whose objects stay what they are until a grace period has passed. */
export class TypesafeCaches {
  private readonly flagged = new Mentions(['SLAB_TYPESAFE_BY_RCU']);
  private readonly known = new Map<string, boolean>();

  constructor(private readonly cx: RuleContext) {}

  /** Whether an operation gives an object back to such a cache. */
  frees(fn: FunctionRef, op: number): boolean {
    if (calledName(fn, op) !== 'kmem_cache_free') return false;
    const cache = nameOf(fn.file, readsOf(fn, op)[1] ?? -1);
    if (cache === '') return false;
    const key = `${fn.unit} ${cache}`;
    let is = this.known.get(key);
    if (is === undefined) {
      const named = new Mentions(this.namesOf(cache, fn.file));
      is = this.cx.all.some((f) => f.unit === fn.unit && this.flagged.in(f) && named.in(f));
      this.known.set(key, is);
    }
    return is;
  }

  /** A cache, and what a macro of its name stands for. */
  private namesOf(cache: string, from: FileFacts): readonly string[] {
    const body = this.cx.analysis.program.macro(cache, from)?.body ?? '';
    return [cache, ...(body.match(/\w+/g) ?? [])];
  }
}

function nameOf(file: FileFacts, e: number): string {
  if (e < 0 || (file.exprs[e * EXPR_STRIDE] as X) !== X.Name) return '';
  return file.strings[file.exprs[e * EXPR_STRIDE + 1] as number] ?? '';
}

/** Members of the VFS's objects that it follows in RCU-walk by itself, in helpers that filesystems use as their methods. */
const FOLLOWED: readonly { readonly type: string; readonly member: string; readonly by: string }[] = [
  // 6.12:fs/libfs.c:1820 and 1834
  {
    type: 'struct unicode_map',
    member: 'super_block->s_encoding',
    by: 'generic_ci_d_compare() and generic_ci_d_hash()',
  },
];

/** An end of an object, whoever's it is. */
interface End {
  readonly type: string;
  readonly op: number;
  readonly what: string;
  /** It runs an RCU callback at once: that function, or -1. */
  readonly callback: number;
  /** Only on some condition that is no reference count. */
  readonly conditional: boolean;
  /** Where the object of a callback comes from. */
  readonly source: 'parameter' | 'others';
  /** The parameter that it is, or hangs on; -1 for none. */
  readonly parameter: number;
}

/**
 * Objects whose structure has an rcu_head that nothing in their unit uses: what frees them frees them at once, by whatever way it is
 * reached, and if anything looks at such objects under rcu_read_lock() they were meant to wait. And RCU callbacks that are called
 * instead of handed over, whatever else uses the head: they are made to run after a grace period.
 */
export function earlyEnds(
  cx: RuleContext,
  accesses: ReadonlyMap<string, readonly LocklessAccess[]>,
  known: ReadonlySet<string>,
): Draft[] {
  const out: Draft[] = [];
  const propagation = cx.analysis.propagation;
  if (propagation === null) return out;
  const heads = new Heads(cx);
  const caches = new TypesafeCaches(cx);
  for (const fn of cx.functions) {
    if (fn.isMacro || heads.takesHead(fn) >= 0) continue;
    const hungOn = [standing(cx.analysis.results[fn.id]), standing(propagation.entries[fn.id])];
    for (const end of ENDS.of(fn, hungOn, () => endsIn(cx, fn, heads))) {
      if (known.has(end.type) || known.has(`${fn.id},${end.op}`) || caches.frees(fn, end.op)) continue;
      const followed = FOLLOWED.find((f) => f.type === end.type);
      const head = heads.of(end.type, fn.file);
      const isUsed = heads.areUsed(end.type, head, fn.unit);
      if (end.callback < 0 && ((head === '' && followed === undefined) || isUsed)) continue;
      const callback = cx.analysis.program.functions[end.callback];
      // What hands it over on its other way has made its choice: objects that no reader can have seen
      if (callback !== undefined && heads.handsOver(fn, callback.name)) {
        cx.silence?.(
          ID,
          fn,
          end.op,
          `'${end.what}()' runs at once, where the function knows better than call_rcu()`,
        );
        continue;
      }
      const walk = (accesses.get(fn.unit) ?? []).find((a) => a.type === end.type);
      const section = walk === undefined ? readSectionAccess(cx, fn.unit, end.type) : null;
      const who =
        walk !== undefined
          ? reader(cx, walk)
          : section !== null
            ? `${section.fn.name}() (line ${lineOf(section.fn, section.op)}) under rcu_read_lock()`
            : followed !== undefined
              ? `RCU-walk, which follows '${followed.member}' in ${followed.by},`
              : '';
      if (who === '' && (callback === undefined || isUsed || !freesItself(cx, callback))) continue;
      // Elsewhere it is handed over: what is called at once may be what was never published
      if (callback !== undefined && isUsed && end.source === 'parameter')
        if (!isHandedPublished(cx, fn, end.parameter)) continue;
      if (end.callback < 0 && !isOneObject(cx, fn, end.op)) continue;
      const entries = propagation.entries[fn.id] ?? [];
      if (entries.length > 0 && entries.every((e) => isUnpublished(cx, e))) continue;
      const entry = entries[0];
      const origin = propagation.origins[entry?.origins[0] ?? -1];
      // What everybody may have others may let wait, or be the only ones to free
      const isEverybodys = callback === undefined && followed === undefined && heads.isOfAll(end.type, fn);
      const precision: Precision = isEverybodys
        ? 'low'
        : who === '' || end.conditional || (callback !== undefined && isUsed)
          ? 'medium'
          : 'high';
      const why =
        callback !== undefined && isUsed
          ? `; it is made to run after a grace period, by call_rcu()`
          : head === '' && callback === undefined
            ? ''
            : `; nothing ${isEverybodys ? 'in this directory ' : ''}hands its '${head === '' ? 'rcu_head' : head}' to call_rcu() or kfree_rcu()`;
      out.push({
        rule: ID,
        precision,
        certainty: precision === 'high' ? 'must' : 'may',
        message: `'${end.type}' is freed at once by '${end.what}()', while ${who === '' ? 'readers under rcu_read_lock()' : who} may still look at it${why}`,
        fn: fn.id,
        op: end.op,
        entry: entryMethod(cx.analysis, origin),
        held: [],
        rcu: 'none',
        trace: [
          ...(entry === undefined ? [] : pathTo(cx, fn, 0)),
          step('free', fn, end.op, `${end.what}() frees it without waiting for a grace period`),
          ...(walk !== undefined
            ? otherSide(cx, walk)
            : section !== null
              ? [
                  step(
                    'other-side',
                    section.fn,
                    section.op,
                    `dereferences '${section.text}' under rcu_read_lock() only`,
                    1,
                  ),
                ]
              : followed !== undefined
                ? [
                    step(
                      'other-side',
                      fn,
                      end.op,
                      `path walk in RCU mode reads it without a reference, through '${followed.member}'`,
                      1,
                    ),
                  ]
                : [
                    step(
                      'other-side',
                      callback as FunctionRef,
                      -1,
                      'takes an rcu_head: it is made for call_rcu()',
                      1,
                    ),
                  ]),
        ],
        objectClass: end.type,
        fix: { kind: 'free-after-grace', fn: fn.id, op: end.op, struct: end.type },
      });
    }
  }
  return out;
}

/** The allocators' own ends. */
const GIVES_BACK = /^(k|kv|v)free|^kmem_cache_free$/;

/**
 * Whether nothing lockless is left in a situation: that of a mount that did not come about, whose data was never published, and those
 * that begin after a grace period.
 */
export function isUnpublished(cx: RuleContext, entry: Entry): boolean {
  const { origins } = entry;
  return (
    origins.length > 0 &&
    origins.every((o) => {
      const origin = cx.analysis.propagation?.origins[o];
      return (
        origin?.method === 'RCU callback' ||
        (origin?.struct === 'super_operations' && origin.method === 'free_inode') ||
        (origin?.struct === 'fs_context_operations' && origin.method === 'free')
      );
    })
  );
}

/** Whether what is freed is one such object, and no array of pointers to them. */
function isOneObject(cx: RuleContext, fn: FunctionRef, op: number): boolean {
  const entry = cx.analysis.propagation?.entries[fn.id]?.[0];
  if (entry === undefined) return true;
  const { exprs } = fn.file;
  let e = readsOf(fn, op)[calledName(fn, op) === 'kmem_cache_free' ? 2 : 1] ?? -1;
  while (e >= 0 && (exprs[e * EXPR_STRIDE] as X) === X.Cast) e = exprs[e * EXPR_STRIDE + 2] as number;
  let is = true;
  replay(cx.analysis, fn, entry, (run, o): undefined => {
    if (o === op && e >= 0 && (run.ev.typeOf(e)?.depth ?? 1) > 1) is = false;
  });
  return is;
}

/** Whether a callback frees anything, and does not only put a head in order. */
function freesItself(cx: RuleContext, callback: FunctionRef): boolean {
  return (cx.analysis.results[callback.id]?.frees ?? []).some((f) => f.how === 'now');
}

const ENDS = new OfFunctions<readonly End[]>();

/** The objects of others that a function ends by itself: it frees them, or runs at once what is an RCU callback by its shape. */
function endsIn(cx: RuleContext, fn: FunctionRef, heads: Heads): End[] {
  const out: End[] = [];
  const result = cx.analysis.results[fn.id];
  if (result === undefined || result.frees.length + result.edges.length === 0) return out;
  const add = (end: End): void => {
    if (!out.some((e) => e.type === end.type)) out.push(end);
  };
  for (const f of result.frees)
    if (
      f.how === 'now' &&
      f.via < 0 &&
      !f.afterGrace &&
      f.type.startsWith('struct ') &&
      // Only memory that is this unit's to give back: what others' helpers end is their business
      GIVES_BACK.test(f.what)
    )
      // That the pointer was cleared before keeps out nobody who takes no lock
      add({
        type: f.type,
        op: f.op,
        what: f.what,
        callback: -1,
        conditional: f.conditional && !DROPS.in(fn),
        source: 'others',
        parameter: -1,
      });
  for (const e of result.edges) {
    const callee = cx.analysis.program.functions[e.callee];
    if (e.context !== 'now' || callee === undefined || !heads.isCallback(callee) || result.grace) continue;
    const entry = cx.analysis.propagation?.entries[fn.id]?.[0];
    if (entry === undefined) continue;
    let type = '';
    let source: End['source'] | 'here' = 'here';
    let parameter = -1;
    replay(cx.analysis, fn, entry, (run, op, s): undefined => {
      if (op !== e.op || type !== '') return;
      const head = readsOf(fn, op)[1] ?? -1;
      type = heads.ownerIn(run, head);
      if (type === '') return;
      const { pointer } = handedOver(run, s, head);
      source = sourceOf(run, pointer);
      const root = run.terms.root(pointer);
      if (run.terms.kind(root) === T.Param) parameter = run.terms.a(root);
    });
    // Only the head of an object of others: what is made here was never published
    if (type === '' || source === 'here') continue;
    const end = { type, op: e.op, what: callee.name, callback: callee.id, conditional: false };
    add({ ...end, source, parameter });
  }
  return out;
}

/** What gives back an object that others know. */
const FINDS = /find|lookup|search|for_each|deref|first|next|load/;

/**
 * Where the object behind a value comes from: a parameter, something that others know as well, or this function itself. What a call
 * gave of which its name does not tell that it was found is taken for new.
 */
function sourceOf(run: FunctionRun, value: number): 'parameter' | 'others' | 'here' {
  const { terms } = run;
  const root = value < 0 ? -1 : terms.root(value);
  if (root < 0) return 'here';
  switch (terms.kind(root)) {
    case T.Param:
      return value === root || terms.kind(value) === T.Container ? 'parameter' : 'others';
    case T.Global:
      return 'others';
    case T.Fresh:
      return terms.a(root) < run.graph.opCount && FINDS.test(calledName(run.fn, terms.a(root)))
        ? 'others'
        : 'here';
    default:
      return 'here';
  }
}

/** Whether somebody in the unit hands a function, as its parameter, an object that others know. */
function isHandedPublished(cx: RuleContext, fn: FunctionRef, parameter: number): boolean {
  for (const caller of cx.all) {
    const edge = cx.analysis.results[caller.id]?.edges.find((e) => e.callee === fn.id && e.context === 'now');
    const entry = edge === undefined ? undefined : cx.analysis.propagation?.entries[caller.id]?.[0];
    if (edge === undefined || entry === undefined) continue;
    let found = false;
    replay(cx.analysis, caller, entry, (run, op, s): undefined => {
      if (op !== edge.op || found) return;
      const arg = readsOf(caller, op)[parameter + 1];
      if (arg === undefined) return;
      if (isWalked(caller, arg) || sourceOf(run, run.ev.value(s, arg)) === 'others') found = true;
    });
    if (found) return true;
  }
  return false;
}

/** Whether an expression is a variable that a loop over a list or table moves on. */
function isWalked(fn: FunctionRef, e: number): boolean {
  const { file } = fn;
  const isSame = (x: number): boolean =>
    (file.exprs[x * EXPR_STRIDE] as X) === X.Local &&
    file.exprs[x * EXPR_STRIDE + 1] === file.exprs[e * EXPR_STRIDE + 1];
  if (!isSame(e)) return false;
  const count = fnColumn(file, fn.index, Fn.OpCount);
  for (let op = 0; op < count; op++)
    if (calledName(fn, op).includes('for_each') && readsOf(fn, op).some((x, i) => i > 0 && isSame(x)))
      return true;
  return false;
}
