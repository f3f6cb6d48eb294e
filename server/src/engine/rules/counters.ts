/**
 * Counted references inside structures: which counters a function raises or lowers, itself or through its callees. Told by the
 * counter's member, `configfs_dirent::s_count`.
 */
import { calledName } from '../contexts/cfg.js';
import type { Entry } from '../contexts/entry-points.js';
import type { FunctionRun } from '../contexts/flow.js';
import type { State } from '../contexts/state.js';
import { T } from '../contexts/terms.js';
import type { FunctionRef } from '../program/program.js';
import { argumentsOf } from './reached.js';
import { type Look, replay } from './replay.js';
import type { RuleContext } from './rule.js';

/** So many functions below one are looked at. */
const MAX_CALLEES = 60;

/** What raises an atomic counter; the model has no reference in it, since not every number counts references. */
const RAISES = new Set([
  'atomic_inc',
  'atomic_inc_not_zero',
  'atomic_inc_return',
  'atomic_add',
  'atomic_long_inc',
]);
const LOWERS = new Set(['atomic_dec', 'atomic_dec_return', 'atomic_long_dec']);

/** The counters of a structure that a function lowers, itself or through what it calls. */
export function loweredBy(cx: RuleContext, fn: number, struct: string): ReadonlySet<string> {
  const out = new Set<string>();
  const seen = new Set([fn]);
  for (const id of seen) {
    const at = cx.analysis.program.functions[id];
    if (at !== undefined) for (const c of countersIn(cx, at, struct)) out.add(c);
    for (const e of cx.analysis.results[id]?.edges ?? [])
      if (e.context === 'now' && seen.size < MAX_CALLEES) seen.add(e.callee);
  }
  return out;
}

function countersIn(cx: RuleContext, fn: FunctionRef, struct: string): ReadonlySet<string> {
  const out = new Set<string>();
  everywhere(cx, fn, (run, op, s) => {
    const counter = counterAt(cx, run, op, s, 'put');
    if (counter.startsWith(`${struct}::`)) out.add(counter);
    return undefined;
  });
  return out;
}

/** The counter that a call raises or lowers, by its member; '' for other operations. */
function counterAt(cx: RuleContext, run: FunctionRun, op: number, s: State, action: 'get' | 'put'): string {
  const name = calledName(run.fn, op);
  if (name === '') return '';
  const helper = cx.analysis.model.helpers.get(name);
  const reference = helper?.references?.find((r) =>
    action === 'put' ? r.action === 'put' : r.action !== 'put',
  );
  const own = action === 'put' ? LOWERS : RAISES;
  if (reference === undefined && !own.has(name)) return '';
  const path =
    reference === undefined || helper === undefined
      ? null
      : cx.analysis.model.path(reference.object, helper.params);
  const at = path !== null && typeof path.root === 'number' ? path.root : name === 'atomic_add' ? 1 : 0;
  const counter = argumentsOf(run, op, s)[at] ?? run.terms.unknown;
  return run.terms.kind(counter) === T.Addr ? run.ev.classOf(run.terms.a(counter)) : '';
}

/** Walks a function whatever its callers know. */
export function everywhere(cx: RuleContext, fn: FunctionRef, look: Look): void {
  const entry = cx.analysis.propagation?.entries[fn.id]?.[0];
  if (entry === undefined) return;
  const any: Entry = { ...entry, facts: [], consts: [] };
  replay(cx.analysis, fn, any, look);
}

/** Which functions raise one of some counters, themselves or through what they call. */
export class Counting {
  private readonly known = new Map<number, boolean>();
  private readonly own = new Map<number, ReadonlySet<number>>();

  constructor(
    private readonly cx: RuleContext,
    private readonly counters: ReadonlySet<string>,
  ) {}

  raises(id: number, depth = 0): boolean {
    const known = this.known.get(id);
    if (known !== undefined) return known;
    this.known.set(id, false);
    const fn = this.cx.analysis.program.functions[id];
    const found =
      fn !== undefined &&
      (this.raisesAt(fn).size > 0 ||
        (depth < 6 &&
          (this.cx.analysis.results[id]?.edges ?? []).some(
            (e) => e.context === 'now' && this.raises(e.callee, depth + 1),
          )));
    this.known.set(id, found);
    return found;
  }

  /** Operations of a function that raise one themselves. */
  raisesAt(fn: FunctionRef): ReadonlySet<number> {
    const known = this.own.get(fn.id);
    if (known !== undefined) return known;
    const out = new Set<number>();
    everywhere(this.cx, fn, (run, op, s) => {
      if (this.counters.has(counterAt(this.cx, run, op, s, 'get'))) out.add(op);
      return undefined;
    });
    this.own.set(fn.id, out);
    return out;
  }

  /** The same with calls of what raises one. */
  gettingAt(fn: FunctionRef): ReadonlySet<number> {
    const out = new Set(this.raisesAt(fn));
    for (const e of this.cx.analysis.results[fn.id]?.edges ?? []) if (this.raises(e.callee)) out.add(e.op);
    return out;
  }
}
