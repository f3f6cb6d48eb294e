/**
 * lock/order: two classes of locks are taken in both orders within what is analysed together, so that two tasks can wait for each
 * other for ever; or locks of the VFS against the order that it documents, a child's d_lock before its parent's among them; or two
 * directories in an order that nothing fixes.
 */
import type { TraceStep } from '../../base/finding.js';
import type { FunctionRef } from '../../program/program.js';
import { childrenFirst } from '../child-first.js';
import { type Edge, LockGraph, type Taken } from '../lock-graph.js';
import { type Inversion, Inversions, isAlone } from '../lock-inversions.js';
import {
  type Draft,
  entryMethod,
  lineOf,
  lockExpression,
  originStep,
  pathTo,
  type Rule,
  type RuleContext,
  step,
} from '../rule.js';
import { unorderedDirectories } from '../two-directories.js';

const ID = 'lock/order';

/** The rule. */
export const lockOrder: Rule = {
  info: {
    id: ID,
    summary: 'Two locks are taken in both orders, or against the order that the VFS documents.',
    law: 'Two classes of locks are never taken in both orders, and locks of the VFS follow the documented order.',
    severity: 'error',
    precision: 'high',
    onByDefault: true,
    fixable: false,
  },
  check(cx) {
    const isLeft = cx.isFirstLook === true && !LockGraph.isMade(cx.analysis);
    const pairs = isLeft ? [] : inversions(cx);
    return [...unorderedDirectories(cx), ...childrenFirst(cx), ...pairs];
  },
};

function inversions(cx: RuleContext): Draft[] {
  const graph = LockGraph.of(cx.analysis);
  const pairs = new Inversions(cx, graph, (e, why) => cx.silence?.(ID, e.fn, e.taken.op, why));
  const out: Draft[] = [];
  const seen = new Set<string>();
  for (const found of pairs.all()) {
    const { edge } = found;
    const spot = `${edge.fn.id},${edge.taken.op},${edge.outer.key},${edge.inner.key}`;
    if (seen.has(spot)) continue;
    seen.add(spot);
    out.push(draft(cx, graph, found));
  }
  return out;
}

function draft(cx: RuleContext, graph: LockGraph, found: Inversion): Draft {
  const { edge, other } = found;
  const { fn, taken } = edge;
  const inner = named(taken.text, edge.inner.class);
  const outer = named(edge.heldText, edge.outer.class);
  const through = taken.via < 0 ? '' : `'${nameOf(cx, taken.via)}()' `;
  const since =
    edge.heldOp >= 0
      ? `held since line ${lineOf(fn, edge.heldOp)}`
      : 'which is held by whoever calls the method';
  const against =
    other === null
      ? `the VFS takes them the other way round: ${lower(found.documented?.summary ?? '')}`
      : `'${other.fn.name}()' takes them the other way round, so that two tasks can wait for each other for ever`;
  const first = through === '' ? `${inner} is taken` : `${through}takes ${inner}`;
  return {
    rule: ID,
    precision: found.precision,
    certainty: taken.unsure || taken.lastRef ? 'may' : 'must',
    message: `${first} with ${outer}, ${since}; ${against.replace(/\.$/, '')}`,
    fn: fn.id,
    op: taken.op,
    entry: edge.origin === null ? null : entryMethod(cx.analysis, edge.origin),
    held: [],
    rcu: 'none',
    trace: [...sideOf(cx, graph, edge, 0), ...(other === null ? [] : sideOf(cx, graph, other, 1))],
    objectClass: `${edge.outer.key} > ${edge.inner.key}`,
  };
}

/** Entry, outer lock, calls, inner lock. */
function sideOf(cx: RuleContext, graph: LockGraph, e: Edge, side: 0 | 1): TraceStep[] {
  const steps: TraceStep[] = [];
  const { program } = cx.analysis;
  const outer = named(e.heldText, e.outer.class);
  if (e.origin !== null) steps.push(originStep(cx, e.origin, side));
  else {
    const entries = cx.analysis.propagation?.entries[e.fn.id] ?? [];
    // Where others see the object, if there is such a way
    const shown = entries.findIndex((x) =>
      x.origins.some((o) => !isAlone(cx.analysis.propagation?.origins[o]?.method)),
    );
    if (entries.length > 0) steps.push(...pathTo(cx, e.fn, Math.max(shown, 0), side));
  }
  if (e.heldOp >= 0)
    steps.push(step('acquire', e.fn, e.heldOp, `takes ${outer}${e.outerShared ? ', shared' : ''}`, side));
  else steps.push(step('acquire', e.fn, -1, `comes with ${outer} held`, side));
  let at: FunctionRef = e.fn;
  for (let t: Taken | null = e.taken; t !== null; t = graph.nextOf(t)) {
    if (t.via < 0) {
      const inner = named(t.text, t.node.class);
      steps.push(
        step(
          side === 0 ? 'acquire' : 'other-side',
          at,
          t.op,
          `${t.what}() waits for ${inner}${t.shared ? ', shared' : ''}`,
          side,
        ),
      );
      break;
    }
    steps.push(step('call', at, t.op, `calls ${nameOf(cx, t.via)}()`, side));
    const next = program.functions[t.via];
    if (next === undefined) break;
    at = next;
  }
  return steps;
}

function nameOf(cx: RuleContext, fn: number): string {
  return cx.analysis.program.functions[fn]?.name ?? '?';
}

function named(text: string, cls: string): string {
  const expression = `'${lockExpression(text)}'`;
  return text === cls || text.endsWith(cls) || cls === '' ? expression : `${expression} (${cls})`;
}

function lower(text: string): string {
  return text.charAt(0).toLowerCase() + text.slice(1);
}
