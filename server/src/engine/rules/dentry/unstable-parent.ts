/**
 * dentry/unstable-parent: what d_parent points at is used only while it cannot change: a rename elsewhere gives the dentry another
 * parent, and then nothing keeps the old one. Followed on each path: which parents were pinned, and which dentries the function
 * itself has moved away.
 */
import { PRECISION_RANK, type Precision } from '../../base/finding.js';
import { calledName, fnColumn } from '../../contexts/cfg.js';
import type { Entry } from '../../contexts/entry-points.js';
import type { FunctionRun } from '../../contexts/flow.js';
import { readsOf } from '../../contexts/operands.js';
import type { State } from '../../contexts/state.js';
import { T } from '../../contexts/terms.js';
import { EXPR_STRIDE, Fn, OP_STRIDE, Op, X } from '../../facts/encode.js';
import type { FunctionRef } from '../../program/program.js';
import { Moves, movable, type Spot, spotOf } from '../dentry-stability.js';
import { dereferencesOf } from '../dereferences.js';
import { heldShown } from '../holding.js';
import { Mentions } from '../mentions.js';
import { type Look, OfSituations, operationsOf, replay, visitExpressions } from '../replay.js';
import { type Draft, entryMethod, pathTo, type Rule, type RuleContext, rcuOf, step } from '../rule.js';
import { tornPaths } from '../torn-path.js';

const ID = 'dentry/unstable-parent';

/** The rule. */
export const unstableParent: Rule = {
  info: {
    id: ID,
    summary: "What a dentry's d_parent points at is used while a rename can replace it.",
    law: 'Outside RCU d_parent is followed only while it is stable: under d_lock or rename_lock, or with the i_rwsem of the parent held exclusively. Otherwise dget_parent() pins the parent.',
    severity: 'error',
    precision: 'high',
    onByDefault: true,
    fixable: true,
  },
  yieldsTo: ['rcu/unstable-parent'],
  check(cx) {
    const out: Draft[] = [];
    const { propagation } = cx.analysis;
    if (propagation === null) return out;
    const moves = new Moves(cx);
    for (const fn of cx.functions) {
      if (!PARENTS.in(fn)) {
        if (moves.canMove(fn.unit)) out.push(...tornPaths(cx, fn));
        continue;
      }
      if (!moves.canMove(fn.unit)) {
        cx.silence?.(ID, fn, -1, 'nothing in this filesystem renames or moves a dentry');
        continue;
      }
      const entries = propagation.entries[fn.id] ?? [];
      const found: Draft[] = [];
      for (let i = 0; i < entries.length; i++) {
        const entry = entries[i] as Entry;
        if (!entry.walk) found.push(...draftsOf(cx, moves, fn, entry, i));
        else cx.silence?.(ID, fn, -1, 'in RCU-walk d_parent is the law of rcu/unstable-parent');
      }
      const most = mostCertain(found);
      if (cx.silence !== undefined)
        for (const d of found)
          if (!most.some((m) => m.op === d.op))
            cx.silence(
              ID,
              fn,
              d.op,
              'another use in the same function, which is surer or comes first, is reported',
            );
      out.push(...most);
    }
    return out;
  },
};

/** Of a function, what is certain, each spot once; without that one guess. */
function mostCertain(found: readonly Draft[]): readonly Draft[] {
  const sorted = [...found].sort(
    (a, b) => PRECISION_RANK[b.precision] - PRECISION_RANK[a.precision] || a.op - b.op,
  );
  const first = sorted[0];
  if (first === undefined) return [];
  const seen = new Set<string>();
  const out = sorted.filter((d) => {
    if (d.precision !== 'high' || seen.has(d.message)) return false;
    seen.add(d.message);
    return true;
  });
  return out.length > 0 ? out : [first];
}

/** A use of what d_parent points at, where nothing local keeps it. */
interface Use {
  readonly op: number;
  readonly text: string;
  /** What is known there; null where the function itself has moved the dentry away. */
  readonly spot: Spot | null;
  /** The call that moved the dentry away, or -1. */
  readonly moved: number;
  /** A reference to the parent was there and was dropped. */
  readonly put: boolean;
  readonly held: Draft['held'];
}

interface Uses {
  readonly uses: readonly Use[];
  /** Dentries of which dget_parent() is asked in the same function. */
  readonly believed: ReadonlySet<string>;
}

const USES = new OfSituations<Uses>();
const PARENTS = new Mentions(['d_parent']);

function usesIn(cx: RuleContext, fn: FunctionRef, entry: Entry): Uses {
  const uses = new Map<string, Use>();
  const trails = new Trails();
  const believed = new Set<string>();
  const names = new Map<number, number>();
  const { helpers } = cx.analysis.model;
  const isCarried = PARENTS.carriedIn(fn);
  const goals = operationsOf(fn).filter(
    (op) => readsOf(fn, op).some(isCarried) || calledName(fn, op) === 'dget_parent',
  );
  const look: Look = (run, op, s) => {
    const name = calledName(fn, op);
    const helper = helpers.get(name);
    const exprs = readsOf(fn, op);
    if (name === 'dget_parent' && exprs.length > 1)
      believed.add(run.showPlace(run.ev.value(s, exprs[1] as number)));
    let { trail } = s;
    const used = parentsUsed(cx, run, names, op, s, name, exprs);
    const quiet = cx.silence === undefined ? undefined : (why: string) => cx.silence?.(ID, fn, op, why);
    if (quiet !== undefined && used.length === 0 && READS.at(fn, op))
      quiet('d_parent is only read, compared or pinned here, not followed');
    for (const { parent, dentry, named } of used) {
      const isPinned = trails.has(trail, 'pinned', parent);
      const puts = helper?.references?.some((r) => r.action === 'put') === true;
      const gets = helper?.references?.some((r) => r.action !== 'put') === true && !puts;
      if (gets) trail = trails.with(trail, 'pinned', parent, op);
      if (isPinned) {
        quiet?.('a reference to the parent was taken before');
        if (puts) trail = trails.with(trails.without(trail, 'pinned', parent), 'put', parent, op);
        continue;
      }
      const moved = named && !trails.has(trail, 'fresh', parent) ? trails.at(trail, 'moved', dentry) : -1;
      const spot = moved >= 0 ? null : spotOf(run, entry, s, dentry, false, quiet);
      if (moved < 0 && spot === null) continue;
      const key = `${dentry} ${moved}`;
      if ((uses.get(key)?.op ?? Number.POSITIVE_INFINITY) <= op) continue;
      const put = trails.has(trail, 'put', parent);
      const held = heldShown(cx, fn, run, entry, s, op);
      uses.set(key, { op, text: run.showPlace(dentry), spot, moved, put, held });
    }
    for (const path of helper?.moves ?? []) {
      const dentry = pathTerm(cx, run, s, path, helper?.params ?? [], exprs.slice(1));
      if (dentry >= 0) trail = trails.with(trail, 'moved', dentry, op);
    }
    return afterStore(run, names, op, s, exprs, trails, trail);
  };
  replay(cx.analysis, fn, entry, look, undefined, goals);
  return { uses: [...uses.values()], believed };
}

const READS = new Mentions(['d_parent']);

/** Detail of the name that a value of many hops gets where it is stored in a loop. */
const LOOP_NAME = 7;

/** What a variable takes: after a move it is the new parent. */
function afterStore(
  run: FunctionRun,
  names: Map<number, number>,
  op: number,
  s: State,
  exprs: readonly number[],
  trails: Trails,
  trail: number,
): number {
  const kind = opKind(run.fn, op);
  const value = exprs[0];
  if ((kind !== Op.Assign && kind !== Op.Declare) || value === undefined || value < 0) return trail;
  if ((run.fn.file.exprs[value * EXPR_STRIDE] as X) !== X.Field) return trail;
  const parent = run.ev.value(s, value);
  const dentry = childOf(run, names, parent);
  if (dentry < 0) return trail;
  names.set(run.terms.fresh(op, LOOP_NAME), parent);
  return trails.with(trail, trails.has(trail, 'moved', dentry) ? 'fresh' : 'stored', parent, op);
}

function opKind(fn: FunctionRef, op: number): Op {
  return fn.file.ops[(fnColumn(fn.file, fn.index, Fn.FirstOp) + op) * OP_STRIDE] as Op;
}

/** The value that a path of the model means at a call, or -1. */
function pathTerm(
  cx: RuleContext,
  run: FunctionRun,
  s: State,
  text: string,
  params: readonly string[],
  args: readonly number[],
): number {
  const path = cx.analysis.model.path(text, params);
  if (path === null || typeof path.root !== 'number' || path.root < 0) return -1;
  const arg = args[path.root];
  if (arg === undefined) return -1;
  let value = run.ev.value(s, arg);
  for (const f of path.fields) value = run.ev.loaded(s, run.terms.fieldP(value, run.terms.name(f)));
  return value === run.terms.unknown ? -1 : value;
}

interface Seen {
  readonly parent: number;
  readonly dentry: number;
  /** It stands in a variable: read before. */
  readonly named: boolean;
}

/** The parents that an operation looks at, or hands to what does. */
function parentsUsed(
  cx: RuleContext,
  run: FunctionRun,
  names: ReadonlyMap<number, number>,
  op: number,
  s: State,
  name: string,
  exprs: readonly number[],
): readonly Seen[] {
  const { file } = run.fn;
  const out: Seen[] = [];
  const note = (value: number, expr: number): void => {
    const dentry = childOf(run, names, value);
    if (dentry < 0 || out.some((x) => x.parent === value)) return;
    const named = (file.exprs[expr * EXPR_STRIDE] as X) === X.Local;
    out.push({ parent: value, dentry, named });
  };
  for (const e of exprs)
    visitExpressions(file, e, (x, kind) => {
      if (kind === X.Field && file.exprs[x * EXPR_STRIDE + 3] !== 1) return;
      const base = file.exprs[x * EXPR_STRIDE + 1] as number;
      note(run.ev.value(s, base), base);
    });
  if (opKind(run.fn, op) !== Op.Call) return out;
  const args = exprs.slice(1);
  for (let i = 0; i < args.length; i++) {
    const arg = args[i] as number;
    const value = run.ev.value(s, arg);
    if (childOf(run, names, value) >= 0) {
      if (dereferencesOf(cx.analysis, run.fn, name, i) !== 'no') note(value, arg);
    } else if ((file.exprs[arg * EXPR_STRIDE] as X) === X.Addr) {
      // The address of a member, for a lock or a list
      let place = run.terms.kind(value) === T.Addr ? run.terms.a(value) : -1;
      while (place >= 0 && run.terms.kind(place) === T.FieldL) place = run.terms.a(place);
      if (place >= 0 && run.terms.kind(place) === T.FieldP) note(run.terms.a(place), arg);
    }
  }
  return out;
}

/** The dentry whose d_parent a value is, or -1. `names`: what values are called that a loop gave names of their own. */
function childOf(run: FunctionRun, names: ReadonlyMap<number, number>, value: number): number {
  const { terms } = run;
  const load = run.snapshots.get(value) ?? names.get(value) ?? value;
  if (terms.kind(load) !== T.Load) return -1;
  const place = terms.a(load);
  if (terms.kind(place) !== T.FieldP || terms.nameText(terms.b(place)) !== 'd_parent') return -1;
  return terms.a(place);
}

/** `stored`: a variable holds it; such paths are kept apart. `fresh`: it was stored after the move. */
type What = 'pinned' | 'put' | 'moved' | 'stored' | 'fresh';

interface Item {
  readonly what: What;
  readonly term: number;
  readonly op: number;
}

/** What happened to dentries on a path: a number stands for a set of it, and goes along with the state. */
class Trails {
  private readonly sets: (readonly Item[])[] = [[]];
  private readonly ids = new Map<string, number>([['', 0]]);

  has(trail: number, what: What, term: number): boolean {
    return this.at(trail, what, term) >= 0;
  }

  /** The operation that it happened at, or -1. */
  at(trail: number, what: What, term: number): number {
    return this.sets[trail]?.find((i) => i.what === what && i.term === term)?.op ?? -1;
  }

  with(trail: number, what: What, term: number, op: number): number {
    if (this.has(trail, what, term)) return trail;
    return this.id([...(this.sets[trail] ?? []), { what, term, op }]);
  }

  without(trail: number, what: What, term: number): number {
    return this.id((this.sets[trail] ?? []).filter((i) => i.what !== what || i.term !== term));
  }

  private id(items: readonly Item[]): number {
    const key = items
      .map((i) => `${i.what} ${i.term} ${i.op}`)
      .sort()
      .join();
    let id = this.ids.get(key);
    if (id === undefined) {
      id = this.sets.length;
      this.sets.push(items);
      this.ids.set(key, id);
    }
    return id;
  }
}

function draftsOf(
  cx: RuleContext,
  moves: Moves,
  fn: FunctionRef,
  entry: Entry,
  index: number,
): readonly Draft[] {
  const { uses, believed } = USES.of(cx.analysis, fn, entry, () => usesIn(cx, fn, entry));
  const out: Draft[] = [];
  const origin = cx.analysis.propagation?.origins[entry.origins[0] ?? -1];
  for (const use of uses) {
    const precision = precisionOf(cx, moves, fn, entry, index, use, believed);
    if (precision === null) continue;
    out.push({
      rule: ID,
      precision,
      certainty: 'must',
      message:
        use.moved >= 0
          ? `the old parent of '${use.text}' is used after '${calledName(fn, use.moved)}()' moved '${use.text}' away from it, with no reference: it may be freed`
          : `d_parent of '${use.text}' is followed with nothing that keeps it: a rename may replace it and the old parent be freed; use dget_parent(), or take d_lock`,
      fn: fn.id,
      op: use.op,
      entry: entryMethod(cx.analysis, origin),
      held: use.held,
      rcu: rcuOf(entry, []),
      trace: traceOf(cx, fn, index, use),
      objectClass: use.put ? 'dentry' : 'dentry::d_parent',
      ...(use.moved >= 0 ? {} : { fix: { kind: 'pin-parent', fn: fn.id, op: use.op } as const }),
    });
  }
  return out;
}

function traceOf(cx: RuleContext, fn: FunctionRef, index: number, use: Use): Draft['trace'] {
  if (use.moved >= 0)
    return [
      ...pathTo(cx, fn, index),
      step('call', fn, use.moved, `moves '${use.text}' to another directory: it pins the old one no longer`),
      step('access', fn, use.op, 'uses the old parent'),
      step(
        'other-side',
        fn,
        use.op,
        'the last reference to the old parent is dropped elsewhere, and it is freed',
        1,
      ),
    ];
  return [
    ...pathTo(cx, fn, index),
    step('access', fn, use.op, `follows d_parent of '${use.text}'`),
    step(
      'other-side',
      fn,
      use.op,
      `rename(2), or d_splice_alias() in a lookup, moves '${use.text}' to another directory and drops its reference to the old one`,
      1,
    ),
  ];
}

/** How sure the finding is; null for none. */
function precisionOf(
  cx: RuleContext,
  moves: Moves,
  fn: FunctionRef,
  entry: Entry,
  index: number,
  use: Use,
  believed: ReadonlySet<string>,
): Precision | null {
  if (use.spot === null) return 'high';
  const quiet = cx.silence === undefined ? undefined : (why: string) => cx.silence?.(ID, fn, use.op, why);
  switch (movable(cx, moves, fn, entry, index, use.spot, quiet)) {
    case 'yes':
      return 'high';
    case 'file':
      return 'medium';
    case 'perhaps':
    case 'guess':
      return believed.has(use.text) ? 'medium' : 'low';
    case 'no':
      return null;
  }
}
