/**
 * dentry/prune-reference: once d_prune runs, nobody takes a counted reference on the dentry. Its count is dead: a lockless lookup
 * may still find it, but what it finds is never made valid, and a reference that is taken now keeps nothing.
 */
import { calledName, fnColumn } from '../../contexts/cfg.js';
import type { FunctionRun } from '../../contexts/flow.js';
import type { State } from '../../contexts/state.js';
import { T } from '../../contexts/terms.js';
import { EXPR_STRIDE, Fn, OP_STRIDE, Op, operatorCode, X } from '../../facts/encode.js';
import { Mentions } from '../mentions.js';
import { argumentsOf, placeIn, type Reached, reachedFrom, stepsTo } from '../reached.js';
import { replay } from '../replay.js';
import { type Draft, entryMethod, type Rule, type RuleContext, step } from '../rule.js';

const PLUS = operatorCode('+');

/** The rule. */
export const pruneReference: Rule = {
  info: {
    id: 'dentry/prune-reference',
    summary: 'd_prune takes a counted reference on the dentry.',
    law: 'No counted reference on the dentry is taken once d_prune runs: its count is dead, and the dentry goes whatever is counted.',
    severity: 'error',
    precision: 'high',
    onByDefault: true,
    fixable: false,
  },
  check(cx) {
    const out: Draft[] = [];
    const inScope = new Set(cx.unit.map((f) => f.id));
    const getters = [...cx.analysis.model.helpers.values()]
      .filter((h) => h.references?.some((r) => r.action !== 'put') === true)
      .map((h) => h.name);
    const mentions = new Mentions([...getters, 'd_lockref']);
    const seen = new Set<string>();
    for (const r of reachedFrom(cx, 'dentry_operations', ['d_prune'], 'dentry')) {
      if (r.object < 0 || !mentions.in(r.fn)) continue;
      for (const [op, what] of getsIn(cx, r)) {
        const at = placeIn(inScope, r, op);
        if (at === null || seen.has(`${at.fn.id},${at.op}`)) continue;
        seen.add(`${at.fn.id},${at.op}`);
        out.push({
          rule: 'dentry/prune-reference',
          precision: 'high',
          certainty: 'must',
          message: `${what} takes a reference on the dentry in ->d_prune(), where its count is dead: the dentry is freed all the same`,
          fn: at.fn.id,
          op: at.op,
          entry: entryMethod(cx.analysis, r.origin),
          held: [],
          rcu: 'none',
          trace: [
            ...stepsTo(cx, r),
            step('access', r.fn, op, `${what} counts a dentry up that is being killed`),
            step(
              'other-side',
              at.fn,
              at.op,
              'whoever drops the last reference marked the count dead before, and frees the dentry after ->d_prune()',
              1,
            ),
          ],
          objectClass: 'dentry::d_lockref',
        });
      }
    }
    return out;
  },
};

/** Operations that count the dentry up, and how. */
function getsIn(cx: RuleContext, r: Reached): ReadonlyMap<number, string> {
  const out = new Map<number, string>();
  for (const entry of r.entries)
    replay(cx.analysis, r.fn, entry, (run, op, s) => {
      if (out.has(op)) return undefined;
      const name = calledName(r.fn, op);
      const helper = name === '' ? undefined : cx.analysis.model.helpers.get(name);
      for (const reference of helper?.references ?? []) {
        if (reference.action === 'put' || helper === undefined) continue;
        const path = cx.analysis.model.path(reference.object, helper.params);
        if (path === null || typeof path.root !== 'number' || path.root < 0) continue;
        let value = argumentsOf(run, op, s)[path.root] ?? run.terms.unknown;
        for (const f of path.fields) value = run.ev.loaded(s, run.terms.fieldP(value, run.terms.name(f)));
        if (isObject(run, value, r.object)) out.set(op, `'${name}()'`);
        else
          cx.silence?.('dentry/prune-reference', r.fn, op, `'${name}()' takes a reference on something else`);
      }
      if (countsUp(run, op, s, r.object)) out.set(op, "'d_lockref.count'");
      return undefined;
    });
  return out;
}

/** The dentry itself, or its count. */
function isObject(run: FunctionRun, value: number, parameter: number): boolean {
  const { terms } = run;
  if (terms.kind(value) === T.Param) return terms.a(value) === parameter;
  if (terms.kind(value) !== T.Addr) return false;
  const place = terms.a(value);
  return (
    terms.kind(place) === T.FieldP &&
    terms.nameText(terms.b(place)) === 'd_lockref' &&
    terms.kind(terms.a(place)) === T.Param &&
    terms.a(terms.a(place)) === parameter
  );
}

/** `dentry->d_lockref.count++` */
function countsUp(run: FunctionRun, op: number, s: State, parameter: number): boolean {
  const { file, index } = run.fn;
  const at = (fnColumn(file, index, Fn.FirstOp) + op) * OP_STRIDE;
  if ((file.ops[at] as Op) !== Op.Assign) return false;
  const value = (file.ops[at + 2] as number) * EXPR_STRIDE;
  if ((file.exprs[value] as X) !== X.Binary || file.exprs[value + 1] !== PLUS) return false;
  const place = run.ev.place(s, file.ops[at + 1] as number);
  const { terms } = run;
  if (terms.kind(place) !== T.FieldL || terms.nameText(terms.b(place)) !== 'count') return false;
  return isObject(run, terms.addr(terms.a(place)), parameter);
}
