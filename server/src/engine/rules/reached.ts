/**
 * What a method of a table comes to through its calls, and under which name the object that it was given is known there. For
 * laws of one method that hold however deep in its callees.
 */
import type { TraceStep } from '../base/finding.js';
import type { Entry, Origin } from '../contexts/entry-points.js';
import type { FunctionRun } from '../contexts/flow.js';
import { readsOf } from '../contexts/operands.js';
import type { State } from '../contexts/state.js';
import { T, type Terms } from '../contexts/terms.js';
import type { FunctionRef } from '../program/program.js';
import { originStep, type RuleContext, step } from './rule.js';

/** So many functions of one method are gone through, the nearest ones first. */
const MAX_REACHED = 200;

/** A function that a method comes to. */
export interface Reached {
  readonly fn: FunctionRef;
  /** The parameter that is the method's object here; -1 where it is not handed on. */
  readonly object: number;
  /** Who calls it, and where; null for the function in the table itself. */
  readonly from: Reached | null;
  readonly op: number;
  /** The slot of the method. */
  readonly origin: Origin;
  /** Its situations that come from the method. */
  readonly entries: readonly Entry[];
}

/** The function in the table. */
export function rootOf(r: Reached): Reached {
  let at = r;
  while (at.from !== null) at = at.from;
  return at;
}

/**
 * The functions of the wanted methods of a structure with all that they call and that is known, the nearest ones first; `object`: the
 * name that the model gives to the parameter.
 */
export function reachedFrom(
  cx: RuleContext,
  struct: string,
  methods: readonly string[],
  object: string,
): readonly Reached[] {
  const { analysis } = cx;
  const propagation = analysis.propagation;
  const out: Reached[] = [];
  if (propagation === null) return out;
  const units = new Set(cx.functions.map((f) => f.unit));
  const roots = new Set<number>();
  for (const origin of propagation.origins) {
    if (origin.struct !== struct || !methods.includes(origin.method) || roots.has(origin.function)) continue;
    const fn = analysis.program.functions[origin.function];
    const method = analysis.model.methods.get(`${struct}::${origin.method}`);
    if (fn === undefined || method === undefined || !units.has(fn.unit)) continue;
    roots.add(origin.function);
    out.push(...below(cx, fn, origin, method.params.indexOf(object)));
  }
  return out;
}

function below(cx: RuleContext, root: FunctionRef, origin: Origin, parameter: number): readonly Reached[] {
  const { analysis } = cx;
  const { terms } = analysis.shared;
  const entriesOf = (fn: FunctionRef): readonly Entry[] =>
    (analysis.propagation?.entries[fn.id] ?? []).filter(
      (e) =>
        // Whoever calls the function in the table itself has to be content with what the method does
        fn === root || e.origins.some((o) => isSame(analysis.propagation?.origins[o], origin)),
    );
  const out: Reached[] = [
    { fn: root, object: parameter, from: null, op: -1, origin, entries: entriesOf(root) },
  ];
  const seen = new Set([`${root.id},${parameter}`]);
  for (let i = 0; i < out.length && out.length < MAX_REACHED; i++) {
    const at = out[i] as Reached;
    for (const edge of analysis.results[at.fn.id]?.edges ?? []) {
      const fn = analysis.program.functions[edge.callee];
      if (edge.context !== 'now' || fn === undefined) continue;
      const object =
        at.object < 0
          ? -1
          : edge.args.findIndex((a) => a >= 0 && terms.kind(a) === T.Param && terms.a(a) === at.object);
      const key = `${fn.id},${object}`;
      if (seen.has(key)) continue;
      seen.add(key);
      out.push({ fn, object, from: at, op: edge.op, origin, entries: entriesOf(fn) });
    }
  }
  return out;
}

function isSame(a: Origin | undefined, b: Origin): boolean {
  return a !== undefined && a.struct === b.struct && a.method === b.method && a.function === b.function;
}

/** The place of a finding: the operation itself, else the call that leads there from the nearest function that is looked at. */
export function placeIn(
  inScope: ReadonlySet<number>,
  r: Reached,
  op: number,
): { readonly fn: FunctionRef; readonly op: number } | null {
  let at: Reached | null = r;
  let atOp = op;
  while (at !== null && !inScope.has(at.fn.id)) {
    atOp = at.op;
    at = at.from;
  }
  return at === null ? null : { fn: at.fn, op: atOp };
}

/** Steps from the table down to a function. */
export function stepsTo(cx: RuleContext, r: Reached): TraceStep[] {
  const steps: TraceStep[] = [];
  for (let at = r; at.from !== null; at = at.from)
    steps.unshift(step('call', at.from.fn, at.op, `calls ${at.fn.name}()`));
  return [originStep(cx, r.origin), ...steps];
}

/** The values of a call's arguments. */
export function argumentsOf(run: FunctionRun, op: number, s: State): readonly number[] {
  return readsOf(run.fn, op)
    .slice(1)
    .map((e) => run.ev.value(s, e));
}

/**
 * The member of the object in a parameter through which a value is reached, `d_fsdata` for `dentry->d_fsdata->name`; '' for what is
 * not reached through the parameter, and for the object itself.
 */
export function memberOfParameter(terms: Terms, value: number, parameter: number): string {
  let at = value;
  let member = '';
  for (let hops = 0; hops < 40; hops++) {
    switch (terms.kind(at)) {
      case T.Param:
        return terms.a(at) === parameter ? member : '';
      case T.FieldP:
      case T.FieldL:
        member = terms.nameText(terms.b(at));
        at = terms.a(at);
        break;
      case T.Load:
      case T.Addr:
      case T.Container:
      case T.DerefL:
      case T.Elem:
        at = terms.a(at);
        break;
      default:
        return '';
    }
  }
  return '';
}
