/**
 * dentry/unstable-inode: what was seen of a dentry that others may kill or make negative holds only under its d_lock or with a
 * reference, and the reference itself is taken under d_lock where the helper does not take it. Reported: a helper that takes a
 * reference and needs d_lock of that dentry, where it is not held; the lock of the parent is another one.
 */

import type { Precision } from '../../base/finding.js';
import { calledName, fnColumn } from '../../contexts/cfg.js';
import type { Entry } from '../../contexts/entry-points.js';
import type { FunctionRun } from '../../contexts/flow.js';
import { readsOf } from '../../contexts/operands.js';
import type { State } from '../../contexts/state.js';
import { T } from '../../contexts/terms.js';
import { Fn, OP_STRIDE, Op } from '../../facts/encode.js';
import type { HelperEntry } from '../../model/types.js';
import type { FunctionRef } from '../../program/program.js';
import { heldIn, heldShown, isAllKnown } from '../holding.js';
import { Mentions } from '../mentions.js';
import { OfSituations, watch } from '../replay.js';
import { type Draft, entryMethod, pathTo, type Rule, type RuleContext, rcuOf, step } from '../rule.js';

const ID = 'dentry/unstable-inode';

/** The rule. */
export const unstableDentryInode: Rule = {
  info: {
    id: ID,
    summary: 'A dentry is pinned without its d_lock, while another thread may kill it or take its inode.',
    law: 'A dentry without a reference is tested and pinned under its own d_lock: until then another thread may make it negative or kill it.',
    severity: 'error',
    precision: 'high',
    onByDefault: true,
    fixable: false,
  },
  check(cx) {
    const out: Draft[] = [];
    const { propagation, model } = cx.analysis;
    if (propagation === null) return out;
    const names: string[] = [];
    for (const h of model.helpers.values()) if (pinnedUnder(h) !== null) names.push(h.name);
    const mentions = new Mentions(names);
    for (const fn of cx.functions) {
      if (!mentions.in(fn)) continue;
      const entries = propagation.entries[fn.id] ?? [];
      const seen = new Set<number>();
      for (let i = 0; i < entries.length; i++) {
        const entry = entries[i] as Entry;
        for (const pin of PINS.of(cx.analysis, fn, entry, () => pinsIn(cx, fn, entry))) {
          if (seen.has(pin.op)) continue;
          seen.add(pin.op);
          out.push(draft(cx, fn, entry, i, pin));
        }
      }
    }
    return out;
  },
};

/** The parameter of a helper that takes a reference to a dentry whose d_lock it needs; null for others. */
function pinnedUnder(h: HelperEntry): number | null {
  for (const r of h.references ?? []) {
    const at = r.action === 'put' ? -1 : h.params.indexOf(r.object);
    if (at >= 0 && h.requires?.some((l) => l.lock === `${r.object}->d_lock`) === true) return at;
  }
  return null;
}

/** A reference that is taken without d_lock. */
interface Pin {
  readonly op: number;
  readonly callee: string;
  readonly text: string;
  readonly precision: Precision;
  readonly held: Draft['held'];
}

const PINS = new OfSituations<readonly Pin[]>();

function pinsIn(cx: RuleContext, fn: FunctionRef, entry: Entry): readonly Pin[] {
  const out = new Map<number, Pin>();
  /** Dentries that were found in the list of their siblings. */
  const children = new Set<number>();
  const isAny = (): boolean => true;
  watch(cx.analysis, fn, entry, isAny, (run, op, s) => {
    noteChild(run, op, s, children);
    const helper = cx.analysis.model.helpers.get(calledName(fn, op));
    const at = helper === undefined ? null : pinnedUnder(helper);
    const arg = at === null ? undefined : readsOf(fn, op)[at + 1];
    if (helper === undefined || arg === undefined || out.has(op)) return;
    const dentry = run.ev.value(s, arg);
    const sure = lacks(run, entry, s, dentry, children.has(dentry) || isChild(run, dentry));
    if (sure === null) {
      cx.silence?.(ID, fn, op, `d_lock of '${run.showPlace(dentry)}' is held, or a caller may hold it`);
      return;
    }
    out.set(op, {
      op,
      callee: helper.name,
      text: run.showPlace(dentry),
      precision: sure,
      held: heldShown(cx, fn, run, entry, s, op),
    });
  });
  return [...out.values()];
}

/** Members that link a dentry to its siblings. */
const SIBLINGS = new Set(['d_sib', 'd_child', 'd_u.d_child']);

/** Whether a dentry was found through the list of its siblings. */
function isChild(run: FunctionRun, dentry: number): boolean {
  const { terms } = run;
  return terms.kind(dentry) === T.Container && SIBLINGS.has(terms.nameText(terms.c(dentry)));
}

function noteChild(run: FunctionRun, op: number, s: State, children: Set<number>): void {
  const { file, index } = run.fn;
  const kind = file.ops[(fnColumn(file, index, Fn.FirstOp) + op) * OP_STRIDE] as Op;
  const value = readsOf(run.fn, op)[0];
  if ((kind !== Op.Assign && kind !== Op.Declare) || value === undefined) return;
  if (!isChild(run, run.ev.value(s, value))) return;
  // In a loop the value gets a name of its own
  for (const detail of [1, 7]) children.add(run.terms.fresh(op, detail));
}

/** How sure it is that d_lock of a dentry is not held; null where it is, or may be for all that is known. */
function lacks(
  run: FunctionRun,
  entry: Entry,
  s: State,
  dentry: number,
  isSibling: boolean,
): Precision | null {
  const { terms } = run;
  const place = terms.fieldP(dentry, terms.name('d_lock'));
  let others = false;
  for (const l of heldIn(run, entry, s)) {
    if (l.place === place) return null;
    if (l.class.startsWith('?') && l.kind === 'spin') return null;
    if (l.class !== 'dentry::d_lock') continue;
    // The lock of a dentry that is no sibling found here is the parent's, or that of another one
    if (!isSibling || terms.kind(l.place) !== T.FieldP || isChild(run, terms.a(l.place))) return null;
    others = true;
  }
  // A dentry that the function found itself: its callers cannot hold the lock
  if (isSibling && others) return 'high';
  return isAllKnown(entry) && terms.kind(terms.root(dentry)) === T.Param ? 'medium' : null;
}

function draft(cx: RuleContext, fn: FunctionRef, entry: Entry, index: number, pin: Pin): Draft {
  const origin = cx.analysis.propagation?.origins[entry.origins[0] ?? -1];
  return {
    rule: ID,
    precision: pin.precision,
    certainty: 'must',
    message: `'${pin.callee}()' takes a reference to '${pin.text}' without its d_lock: it may turn negative or be killed since it was looked at; take d_lock and test it again`,
    fn: fn.id,
    op: pin.op,
    entry: entryMethod(cx.analysis, origin),
    held: pin.held,
    rcu: rcuOf(entry, []),
    trace: [
      ...pathTo(cx, fn, index),
      step('access', fn, pin.op, `'${pin.callee}()' needs d_lock of '${pin.text}'`),
      step('other-side', fn, pin.op, `the last dput() or an unlink kills '${pin.text}' under its d_lock`, 1),
    ],
    objectClass: 'dentry::d_inode',
  };
}
