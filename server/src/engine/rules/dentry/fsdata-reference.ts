/**
 * dentry/fsdata-reference: where d_iput or d_release drops a counted reference to what d_fsdata points at, whoever stores a
 * d_fsdata takes one. Reported: a pointer to an object that others own is stored, and on no path through the store is its
 * count raised. What was just made, what a caller hands over and what a callee gives may carry a reference of their own.
 */
import { fnColumn } from '../../contexts/cfg.js';
import type { FunctionRun } from '../../contexts/flow.js';
import { maskOf, type State, ZERO } from '../../contexts/state.js';
import { T } from '../../contexts/terms.js';
import { CALL_LOOP, EXPR_STRIDE, Fn, OP_STRIDE, Op, X } from '../../facts/encode.js';
import type { FunctionRef } from '../../program/program.js';
import { Counting, loweredBy } from '../counters.js';
import { Mentions } from '../mentions.js';
import { memberOfParameter, type Reached, reachedFrom, rootOf } from '../reached.js';
import { replay } from '../replay.js';
import { type Draft, entryMethod, lineOf, pathTo, type Rule, type RuleContext, step } from '../rule.js';

/** The rule. */
export const fsdataReference: Rule = {
  info: {
    id: 'dentry/fsdata-reference',
    summary: 'A counted object is stored in d_fsdata without a reference.',
    law: 'Where d_iput or d_release drops a reference for what d_fsdata points at, whoever stores a d_fsdata takes one.',
    severity: 'error',
    precision: 'high',
    onByDefault: true,
    fixable: false,
  },
  check(cx) {
    const out: Draft[] = [];
    const mentions = new Mentions(['d_fsdata']);
    for (const [unit, drop] of dropsByUnit(cx)) {
      const counting = new Counting(cx, drop.counters);
      for (const fn of cx.functions) {
        if (fn.unit !== unit || !mentions.in(fn) || !storesFsdata(fn)) continue;
        for (const [op, text] of unreferenced(cx, fn, counting)) out.push(draft(cx, fn, op, text, drop));
      }
    }
    return out;
  },
};

/** Where the reference behind d_fsdata is dropped. */
interface Drop {
  readonly root: Reached;
  readonly fn: FunctionRef;
  readonly op: number;
  readonly struct: string;
  /** Counters of the structure: `configfs_dirent::s_count`. */
  readonly counters: ReadonlySet<string>;
}

/** The units in which the end of a dentry drops a counted reference. */
function dropsByUnit(cx: RuleContext): ReadonlyMap<string, Drop> {
  const out = new Map<string, Drop>();
  const reached = reachedFrom(cx, 'dentry_operations', ['d_iput', 'd_release'], 'dentry');
  for (const root of reached) {
    if (root.from !== null || out.has(root.fn.unit)) continue;
    const counted = (cx.analysis.results[root.fn.id]?.frees ?? []).find(
      (f) =>
        f.type.startsWith('struct ') &&
        f.owner === 'dentry::d_fsdata' &&
        memberOfParameter(cx.analysis.terms, f.object, root.object) === 'd_fsdata',
    );
    if (counted === undefined) continue;
    const struct = counted.type.slice(7);
    const counters = loweredBy(
      cx,
      reached.filter((r) => rootOf(r) === root),
      struct,
    );
    if (counters.size > 0) out.set(root.fn.unit, { root, fn: root.fn, op: counted.op, struct, counters });
  }
  return out;
}

function opAt(fn: FunctionRef, op: number): number {
  return (fnColumn(fn.file, fn.index, Fn.FirstOp) + op) * OP_STRIDE;
}

/** Whether an operation stores to `x->d_fsdata`. */
function isStore(fn: FunctionRef, op: number): boolean {
  const { file } = fn;
  const at = opAt(fn, op);
  if ((file.ops[at] as Op) !== Op.Assign) return false;
  const place = (file.ops[at + 1] as number) * EXPR_STRIDE;
  return (file.exprs[place] as X) === X.Field && file.strings[file.exprs[place + 2] as number] === 'd_fsdata';
}

function storesFsdata(fn: FunctionRef): boolean {
  const count = fnColumn(fn.file, fn.index, Fn.OpCount);
  for (let op = 0; op < count; op++) if (isStore(fn, op)) return true;
  return false;
}

/** Stores of an object that others own, on no path of which a reference is taken, with what is stored. */
function unreferenced(cx: RuleContext, fn: FunctionRef, counting: Counting): ReadonlyMap<number, string> {
  const getting = counting.gettingAt(fn);
  const stored = new Map<number, string>();
  const taken = new Set<number>();
  // The trail: 1 after a reference was taken, else twice the number of the store that waits for one
  const TAKEN = 1;
  for (const entry of cx.analysis.propagation?.entries[fn.id] ?? [])
    replay(cx.analysis, fn, entry, (run, op, s) => {
      if (getting.has(op)) {
        if (s.trail > TAKEN) taken.add(s.trail / 2 - 1);
        return TAKEN;
      }
      if (!isStore(fn, op)) return undefined;
      if (s.trail === TAKEN) {
        taken.add(op);
        return undefined;
      }
      const at = opAt(fn, op);
      const value = run.ev.value(s, fn.file.ops[at + 2] as number);
      if (!isOthers(run, s, value)) return undefined;
      stored.set(op, run.showPlace(value));
      return (op + 1) * 2;
    });
  for (const op of taken) stored.delete(op);
  return stored;
}

/** An object that was found in memory or on a list: whoever put it there has the references that there are. */
function isOthers(run: FunctionRun, s: State, value: number): boolean {
  const { terms } = run;
  if (maskOf(terms, s.facts, value) === ZERO) return false;
  switch (terms.kind(value)) {
    case T.Load:
      return terms.lastField(value) !== 'd_fsdata';
    case T.Container:
      return isOthers(run, s, terms.a(value)) || terms.kind(terms.a(value)) === T.Load;
    case T.Fresh: {
      const op = terms.a(value);
      if (op < 0 || op >= run.graph.opCount) return false;
      const at = opAt(run.fn, op);
      return (
        (run.fn.file.ops[at] as Op) === Op.Call && ((run.fn.file.ops[at + 4] as number) & CALL_LOOP) !== 0
      );
    }
    default:
      return false;
  }
}

function draft(cx: RuleContext, fn: FunctionRef, op: number, text: string, drop: Drop): Draft {
  const { origin } = drop.root;
  return {
    rule: 'dentry/fsdata-reference',
    precision: 'high',
    certainty: 'must',
    message: `'${text}' (struct ${drop.struct}) is stored in d_fsdata without a reference, and ->${origin.method}() drops one for it (${drop.fn.name}(), line ${lineOf(drop.fn, drop.op)})`,
    fn: fn.id,
    op,
    entry: entryMethod(
      cx.analysis,
      cx.analysis.propagation?.origins[cx.analysis.propagation.entries[fn.id]?.[0]?.origins[0] ?? -1],
    ),
    held: [],
    rcu: 'none',
    trace: [
      ...pathTo(cx, fn, 0),
      step('access', fn, op, `stores '${text}', whose references belong to others`),
      step(
        'other-side',
        drop.fn,
        drop.op,
        `->${origin.method}() of the dentry drops a reference that nobody took: the object is freed while others use it`,
        1,
      ),
    ],
    objectClass: `struct ${drop.struct}`,
  };
}
