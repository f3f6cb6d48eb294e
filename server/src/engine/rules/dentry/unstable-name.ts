/**
 * dentry/unstable-name: the name of a dentry is handed to what copies it or sleeps only while no rename can replace it: an old name
 * may be freed, and a new one be half written. Reported are calls that get `d_name.name` or the address of `d_name`.
 */
import { PRECISION_RANK, type Precision } from '../../base/finding.js';
import { calledName, fnColumn } from '../../contexts/cfg.js';
import type { Entry } from '../../contexts/entry-points.js';
import type { FunctionRun } from '../../contexts/flow.js';
import { readsOf } from '../../contexts/operands.js';
import type { State } from '../../contexts/state.js';
import { T } from '../../contexts/terms.js';
import { EXPR_STRIDE, type FileFacts, Fn, nameIn, OP_STRIDE, Op, X } from '../../facts/encode.js';
import { isAtomicKind } from '../../model/lock-kinds.js';
import { type FunctionRef, readList } from '../../program/program.js';
import { type Movable, Moves, movable, NOBODY_KNOWS, type Spot, spotOf } from '../dentry-stability.js';
import { heldIn, heldShown } from '../holding.js';
import { Mentions } from '../mentions.js';
import { holderOf, storedVariable } from '../pointer-text.js';
import { type Look, OfSituations, operationsOf, replay } from '../replay.js';
import { type Draft, entryMethod, pathTo, type Rule, type RuleContext, rcuOf, step } from '../rule.js';
import { Trails } from '../trails.js';

const ID = 'dentry/unstable-name';

/** The rule. */
export const unstableName: Rule = {
  info: {
    id: ID,
    summary: "A dentry's name is copied, printed or kept across a sleep while a rename can replace it.",
    law: 'd_name is used across a sleep, copied or printed only while it is stable: under d_lock or rename_lock, or with the i_rwsem of the parent held exclusively. Otherwise take_dentry_name_snapshot() or %pd is used.',
    severity: 'error',
    precision: 'high',
    onByDefault: true,
    fixable: true,
  },
  check(cx) {
    const out: Draft[] = [];
    const { propagation } = cx.analysis;
    if (propagation === null) return out;
    const moves = new Moves(cx);
    for (const fn of cx.functions) {
      if (!NAMES.in(fn)) continue;
      if (!moves.canMove(fn.unit)) {
        cx.silence?.(ID, fn, -1, 'nothing in this filesystem renames or moves a dentry');
        continue;
      }
      const entries = propagation.entries[fn.id] ?? [];
      const found: Draft[] = [];
      for (let i = 0; i < entries.length; i++) {
        const entry = entries[i] as Entry;
        if (!entry.walk) found.push(...draftsOf(cx, moves, fn, entry, i));
        else cx.silence?.(ID, fn, -1, 'in RCU-walk an old name will do: path walk validates what came of it');
      }
      let best: Draft | null = null;
      for (const d of found) if (best === null || isBetter(d, best)) best = d;
      if (cx.silence !== undefined)
        for (const d of found)
          if (d.op !== best?.op)
            cx.silence(
              ID,
              fn,
              d.op,
              'another use in the same function, which is surer or comes first, is reported',
            );
      if (best !== null) out.push(best);
    }
    return out;
  },
};

/** One finding a function: the surest, and the first of these. */
function isBetter(a: Draft, b: Draft): boolean {
  return (
    PRECISION_RANK[a.precision] - PRECISION_RANK[b.precision] > 0 ||
    (a.precision === b.precision && a.op < b.op)
  );
}

/** Functions of the C library, and the kernel's own of that kind, that copy or print a string. */
const COPIES =
  /^(v?s(c|cn|n)?printf|kv?asprintf|kstrn?dup(_const)?|kmemdup(_nul)?|str[ln]?cpy|strscpy(_pad)?|stp?cpy|strl?n?cat|mem(cpy|move|cpy_and_pad)|seq_(puts|printf|write|escape|escape_str)|copy_to_user|_?printk|audit_log_(untrustedstring|n_untrustedstring|format))$/;

/** A call that gets a dentry's name. */
interface Use {
  readonly op: number;
  readonly text: string;
  readonly callee: string;
  /** What the callee does with it is known. */
  readonly sure: boolean;
  /** The callee gets a structure that holds the name. */
  readonly inside: boolean;
  /** What is known there; null where the function itself has moved the dentry. */
  readonly spot: Spot | null;
  /** The call that moved the dentry after its name was stored, or -1. */
  readonly moved: number;
  /** What is held keeps an old name from being freed: whoever is not preempted is waited for like a reader under RCU. */
  readonly lasts: boolean;
  readonly held: Draft['held'];
}

interface Uses {
  readonly uses: readonly Use[];
  /** Dentries of which dget_parent() or a snapshot of the name is taken in the same function. */
  readonly believed: ReadonlySet<string>;
}

const USES = new OfSituations<Uses>('callees');

function usesIn(cx: RuleContext, fn: FunctionRef, entry: Entry): Uses {
  const uses = new Map<number, Use>();
  const believed = new Set<string>();
  // Who wants to hear of exemptions is shown everything
  const goals = cx.silence === undefined ? goalsIn(cx, fn) : null;
  if (goals?.length === 0) return { uses: [], believed };
  const trails = new Trails<Trail>();
  const movers = CALLS_MOVER.in(fn);
  const look: Look = (run, op, s) => {
    const callee = calledName(fn, op);
    // Paths on which a variable holds a name are kept apart from others
    if (callee === '') {
      const trail = storing(trails, run, op, s, movers);
      return stores(run, op, s) ? counted(trails, trail) : trail === s.trail ? undefined : trail;
    }
    const args = readsOf(fn, op).slice(1);
    const at = BELIEVES.get(callee);
    if (at !== undefined && args[at] !== undefined)
      believed.add(run.showPlace(run.ev.value(s, args[at] as number)));
    const use = (dentry: number, sure: boolean, inside: boolean): void => {
      if ((uses.get(dentry)?.op ?? Number.POSITIVE_INFINITY) <= op) return;
      const quiet = cx.silence === undefined ? undefined : (why: string) => cx.silence?.(ID, fn, op, why);
      const spot = spotOf(run, entry, s, dentry, true, quiet);
      if (spot === null) return;
      const held = heldShown(cx, fn, run, entry, s, op);
      const lasts = heldIn(run, entry, s).some((l) => !l.may && isAtomicKind(l.kind));
      uses.set(dentry, {
        op,
        text: run.showPlace(dentry),
        callee,
        sure,
        inside,
        spot,
        moved: -1,
        lasts,
        held,
      });
    };
    let { trail } = s;
    if (movers && callee === MOVES && args[0] !== undefined)
      trail = moving(trails, trail, run.ev.value(s, args[0]), op);
    for (const [i, arg] of args.entries()) {
      const old = movers ? oldName(fn, noteOf(trails, s.trail), arg) : null;
      if (old !== null && !heldIn(run, entry, s).some((l) => l.kind === 'rcu')) {
        // By a key of its own: before the move it was another matter
        const key = -1 - old.dentry;
        if ((uses.get(key)?.op ?? Number.POSITIVE_INFINITY) <= op) continue;
        const sure = cx.analysis.model.helpers.has(callee) || fateOf(cx, fn, callee, i) !== 'unknown';
        uses.set(key, {
          op,
          text: run.showPlace(old.dentry),
          callee,
          sure,
          inside: false,
          spot: null,
          moved: old.moved,
          lasts: false,
          held: heldShown(cx, fn, run, entry, s, op),
        });
        continue;
      }
      const value = run.ev.value(s, arg);
      const structure = structureAt(run, value);
      const waits = structure < 0 ? 'nothing' : sleepsFor(cx, fn, callee);
      if (waits !== 'nothing')
        for (const dentry of namesInside(run, s, structure, noteOf(trails, s.trail).held))
          use(dentry, waits === 'keeps', true);
      const dentry = namedBy(run, value);
      if (dentry < 0) continue;
      const into = storesInto(cx, fn, callee, i);
      if (into >= 0 && args[into] !== undefined) {
        const filled = structureAt(run, run.ev.value(s, args[into]));
        if (filled >= 0) trail = holding(trails, trail, filled, dentry);
      }
      const done = fateOf(cx, fn, callee, i);
      if (done === 'nothing')
        cx.silence?.(
          ID,
          fn,
          op,
          `'${callee}()' only compares or hashes the name: it neither copies it nor sleeps`,
        );
      else use(dentry, done === 'keeps', false);
    }
    return trail === s.trail ? undefined : trail;
  };
  replay(cx.analysis, fn, entry, look, undefined, goals);
  return { uses: [...uses.values()], believed };
}

/** Helpers whose use says that the function takes the dentry for one that may move, and their parameter. */
const BELIEVES: ReadonlyMap<string, number> = new Map([
  ['dget_parent', 0],
  ['take_dentry_name_snapshot', 1],
]);

const NAMES = new Mentions(['d_name']);

/** What takes a dentry's name away from it, for good: two that are exchanged keep both names alive. */
const MOVES = 'd_move';
const CALLS_MOVER = new Mentions([MOVES]);

/**
 * Calls that may get a name and keep it, and those that say what the function takes the dentry for; none where there is none of the
 * first. By the text alone: what a name is stored in, and what is made of that.
 */
function goalsIn(cx: RuleContext, fn: FunctionRef): readonly number[] {
  const isNamed = NAMES.carriedIn(fn);
  const all = operationsOf(fn);
  const moves = CALLS_MOVER.in(fn);
  const structures = structuresIn(cx, fn, isNamed);
  const keeps = all.filter((op) => {
    const callee = calledName(fn, op);
    return (
      callee !== '' &&
      readsOf(fn, op)
        .slice(1)
        .some(
          (e, i) =>
            (isNamed(e) && (moves || fateOf(cx, fn, callee, i) !== 'nothing')) ||
            (structures.has(localOf(fn.file, e)) && sleepsFor(cx, fn, callee) !== 'nothing'),
        )
    );
  });
  return keeps.length === 0 ? [] : all.filter((op) => keeps.includes(op) || BELIEVES.has(calledName(fn, op)));
}

// ---- names in structures

/** A name that a structure holds. */
interface Held {
  readonly structure: number;
  readonly dentry: number;
}

/** What one path has stored: how often, and in which structures a callee put a name. */
interface Trail {
  readonly count: number;
  readonly held: readonly Held[];
  readonly stored: readonly Stored[];
}

/** A name in a variable, in a function that moves dentries; `moved`: the operation that has moved its dentry since, or -1. */
interface Stored {
  readonly variable: number;
  readonly dentry: number;
  readonly moved: number;
}

/** Names that one path may store: past these it is not followed apart. */
const MAX_STORED = 4;

const START: Trail = { count: 0, held: [], stored: [] };

function noteOf(trails: Trails<Trail>, trail: number): Trail {
  return trails.of(trail) ?? START;
}

function numbered(trails: Trails<Trail>, t: Trail): number {
  const held = t.held.map((h) => `${h.structure}:${h.dentry}`);
  return trails.number(
    t,
    [t.count, ...held, ...t.stored.map((n) => `${n.variable}=${n.dentry}@${n.moved}`)].join(),
  );
}

/** The trail after a name was stored in a variable. */
function counted(trails: Trails<Trail>, trail: number): number {
  const t = noteOf(trails, trail);
  return t.count >= MAX_STORED ? trail : numbered(trails, { ...t, count: t.count + 1 });
}

/** The trail after a callee stored a name in a structure. */
function holding(trails: Trails<Trail>, trail: number, structure: number, dentry: number): number {
  const t = noteOf(trails, trail);
  if (t.held.length >= MAX_STORED || t.held.some((h) => h.structure === structure && h.dentry === dentry))
    return trail;
  return numbered(trails, { ...t, held: [...t.held, { structure, dentry }] });
}

/** The trail after an operation has stored something in a variable: a name, or what takes its place. */
function storing(trails: Trails<Trail>, run: FunctionRun, op: number, s: State, movers: boolean): number {
  const variable = movers ? storedVariable(run.fn, op) : -1;
  if (variable < 0) return s.trail;
  const value = readsOf(run.fn, op)[0];
  const t = noteOf(trails, s.trail);
  const others = t.stored.filter((n) => n.variable !== variable);
  const name = value === undefined || value < 0 ? -1 : run.ev.value(s, value);
  // The address of d_name stays: it is another name by then, and no freed one
  const dentry = name < 0 || run.terms.kind(name) === T.Addr ? -1 : namedBy(run, name);
  if (dentry < 0 && others.length === t.stored.length) return s.trail;
  const stored =
    dentry < 0 || others.length >= MAX_STORED ? others : [...others, { variable, dentry, moved: -1 }];
  return numbered(trails, { ...t, stored });
}

/** The trail after a dentry was moved. */
function moving(trails: Trails<Trail>, trail: number, dentry: number, op: number): number {
  const t = noteOf(trails, trail);
  const stored = t.stored.map((n) => (n.dentry === dentry && n.moved < 0 ? { ...n, moved: op } : n));
  return numbered(trails, { ...t, stored });
}

/** The name that a variable holds, where its dentry was moved since. */
function oldName(fn: FunctionRef, t: Trail, e: number): Stored | null {
  const variable = holderOf(fn, e);
  return t.stored.find((n) => n.variable === variable && n.moved >= 0) ?? null;
}

/**
 * The structure into which a value points: the place of a variable (also of a name that no declaration is seen of, as a macro makes it),
 * or the pointer itself; -1 for other values.
 */
function structureAt(run: FunctionRun, value: number): number {
  const { terms } = run;
  switch (terms.kind(value)) {
    case T.Addr:
      return structureOf(run, terms.a(value));
    case T.Param:
    case T.Fresh:
      return value;
    default:
      return -1;
  }
}

/** The structure that a place is in. */
function structureOf(run: FunctionRun, at: number): number {
  const { terms } = run;
  let place = at;
  while (terms.kind(place) === T.FieldL || terms.kind(place) === T.Elem) place = terms.a(place);
  switch (terms.kind(place)) {
    case T.Local:
    case T.Global:
      return place;
    case T.FieldP:
      return structureAt(run, terms.a(place));
    default:
      return -1;
  }
}

/** The dentries whose names a structure holds, or another structure of the function's own that a member of it points at. */
function namesInside(
  run: FunctionRun,
  s: State,
  structure: number,
  held: readonly Held[],
): readonly number[] {
  const structures = [structure];
  for (let i = 0; i < s.heap.length; i += 2) {
    if (structureOf(run, s.heap[i] as number) !== structure) continue;
    const value = s.heap[i + 1] as number;
    const other = run.terms.kind(value) === T.Addr ? structureAt(run, value) : -1;
    if (other >= 0 && run.terms.kind(other) === T.Local && !structures.includes(other))
      structures.push(other);
  }
  const out = held.filter((h) => structures.includes(h.structure)).map((h) => h.dentry);
  for (let i = 0; i < s.heap.length; i += 2) {
    const dentry = nameStored(run, s.heap[i + 1] as number);
    if (dentry >= 0 && structures.includes(structureOf(run, s.heap[i] as number))) out.push(dentry);
  }
  return out;
}

/** The dentry whose name a stored value is: as `namedBy()` says, or a copy of all of its d_name. */
function nameStored(run: FunctionRun, value: number): number {
  const { terms } = run;
  const load = run.snapshots.get(value) ?? value;
  const place = terms.kind(load) === T.Load ? terms.a(load) : -1;
  if (place < 0 || terms.kind(place) !== T.FieldP || terms.nameText(terms.b(place)) !== 'd_name')
    return namedBy(run, value);
  // Entries of directories have a member of that name as well
  return run.ev.pointeeOf(terms.a(place)) === 'struct dentry' ? terms.a(place) : -1;
}

/** The variables that, by the text alone, are structures that may hold a name, or point at such. */
function structuresIn(
  cx: RuleContext,
  fn: FunctionRef,
  isNamed: (expr: number) => boolean,
): ReadonlySet<number> {
  const { file } = fn;
  const first = fnColumn(file, fn.index, Fn.FirstOp);
  const out = new Set<number>();
  const linked: { readonly from: number; readonly to: number }[] = [];
  for (const op of operationsOf(fn)) {
    const at = (first + op) * OP_STRIDE;
    const kind = file.ops[at] as Op;
    if (kind === Op.Assign) {
      const target = file.ops[at + 1] as number;
      const value = file.ops[at + 2] as number;
      if ((file.exprs[target * EXPR_STRIDE] as X) !== X.Field) continue;
      if (isNamed(value)) out.add(localOf(file, target));
      if ((file.exprs[value * EXPR_STRIDE] as X) === X.Addr)
        linked.push({ from: localOf(file, target), to: localOf(file, value) });
    } else if (kind === Op.Call) {
      const callee = calledName(fn, op);
      const args = readsOf(fn, op).slice(1);
      for (const [i, arg] of args.entries()) {
        const into = isNamed(arg) ? storesInto(cx, fn, callee, i) : -1;
        if (into >= 0 && args[into] !== undefined) out.add(localOf(file, args[into]));
      }
    }
  }
  // What points at one of these hands it on
  for (const l of linked) if (out.has(l.to)) out.add(l.from);
  out.delete(-1);
  return out;
}

/**
 * The variable of which an expression is the address, a member, or the address of a member, as a number: below -1 those that are no
 * locals; -1 for other expressions.
 */
function localOf(file: FileFacts, expr: number): number {
  let at = expr;
  for (;;) {
    const a = file.exprs[at * EXPR_STRIDE + 1] as number;
    switch (file.exprs[at * EXPR_STRIDE] as X) {
      case X.Local:
        return a;
      case X.Name:
        return -2 - a;
      case X.Field:
      case X.Index:
      case X.Deref:
      case X.Addr:
        at = a;
        break;
      case X.Cast:
        at = file.exprs[at * EXPR_STRIDE + 2] as number;
        break;
      default:
        return -1;
    }
  }
}

/** Whether a name outlives a sleep of a callee that gets a structure with it: one that sleeps only for what it finds may not sleep here. */
function sleepsFor(cx: RuleContext, from: FunctionRef, callee: string): Fate {
  const helper = cx.analysis.model.helpers.get(callee);
  if (helper !== undefined) return helper.sleeps === true ? 'keeps' : 'nothing';
  const fn = callee === '' ? null : cx.analysis.program.resolve(callee, from.file);
  if (fn === null && callee !== '') return 'unknown';
  const sleeps = fn === null ? [] : (cx.analysis.results[fn.id]?.sleeps ?? []);
  if (sleeps.length === 0) return 'nothing';
  return sleeps.some((e) => !e.guarded) ? 'keeps' : 'unknown';
}

/** The parameter into whose structure a callee stores the name that it gets as another argument; -1 where it does not. */
function storesInto(cx: RuleContext, from: FunctionRef, callee: string, position: number): number {
  const fn = callee === '' ? null : cx.analysis.program.resolve(callee, from.file);
  if (fn === null) return -1;
  const { file } = fn;
  const parameters = fnColumn(file, fn.index, Fn.ParameterCount);
  const first = fnColumn(file, fn.index, Fn.FirstOp);
  for (const op of operationsOf(fn)) {
    const at = (first + op) * OP_STRIDE;
    if ((file.ops[at] as Op) !== Op.Assign) continue;
    const value = file.ops[at + 2] as number;
    if (!isName(file, value, position)) continue;
    const target = localOf(file, file.ops[at + 1] as number);
    if (target >= 0 && target < parameters && target !== position) return target;
  }
  return -1;
}

/** Whether an expression is the name in what a parameter points at, or the parameter itself. */
function isName(file: FileFacts, expr: number, position: number): boolean {
  let at = expr;
  while ((file.exprs[at * EXPR_STRIDE] as X) === X.Cast) at = file.exprs[at * EXPR_STRIDE + 2] as number;
  if ((file.exprs[at * EXPR_STRIDE] as X) === X.Local) return file.exprs[at * EXPR_STRIDE + 1] === position;
  return (
    (file.exprs[at * EXPR_STRIDE] as X) === X.Field &&
    file.strings[file.exprs[at * EXPR_STRIDE + 2] as number] === 'name' &&
    comesFrom(file, at, position)
  );
}

/** Whether an operation stores a dentry's name, or the address of d_name, in a variable. */
function stores(run: FunctionRun, op: number, s: State): boolean {
  const { file } = run.fn;
  const kind = file.ops[(fnColumn(file, run.fn.index, Fn.FirstOp) + op) * OP_STRIDE] as Op;
  const value = readsOf(run.fn, op)[0];
  if ((kind !== Op.Assign && kind !== Op.Declare) || value === undefined) return false;
  return namedBy(run, run.ev.value(s, value)) >= 0;
}

/** What becomes of a name: it is copied or kept across a sleep, compared or less, or nobody knows. */
type Fate = 'keeps' | 'nothing' | 'unknown';

/** Calls that are followed. */
const MAX_DEPTH = 4;

/** What a function does with a name that it gets as an argument. */
function fateOf(cx: RuleContext, from: FunctionRef, callee: string, position: number, depth = 0): Fate {
  if (COPIES.test(callee)) return 'keeps';
  const helper = cx.analysis.model.helpers.get(callee);
  if (helper !== undefined) return helper.sleeps === true ? 'keeps' : 'nothing';
  const fn = callee === '' ? null : cx.analysis.program.resolve(callee, from.file);
  if (fn === null || depth >= MAX_DEPTH) return 'unknown';
  const sleeps = cx.analysis.results[fn.id]?.sleeps ?? [];
  if (sleeps.some((e) => !e.guarded)) return 'keeps';
  let worst: Fate = sleeps.length > 0 ? 'unknown' : 'nothing';
  const { file } = fn;
  const first = fnColumn(file, fn.index, Fn.FirstOp);
  const count = fnColumn(file, fn.index, Fn.OpCount);
  for (let op = 0; op < count; op++) {
    const at = (first + op) * OP_STRIDE;
    if ((file.ops[at] as Op) !== Op.Call) continue;
    const args = readList(file, file.ops[at + 2] as number);
    for (let i = 0; i < args.length; i++) {
      if (!comesFrom(file, args[i] as number, position)) continue;
      const fate = fateOf(cx, fn, nameIn(file, file.ops[at + 1] as number), i, depth + 1);
      if (fate === 'keeps') return fate;
      if (fate === 'unknown') worst = fate;
    }
  }
  return worst;
}

/** Whether an expression is a parameter, or a member of what it points at. */
function comesFrom(file: FileFacts, expr: number, position: number): boolean {
  let at = expr;
  for (;;) {
    const a = file.exprs[at * EXPR_STRIDE + 1] as number;
    switch (file.exprs[at * EXPR_STRIDE] as X) {
      case X.Local:
        return a === position;
      case X.Field:
      case X.Deref:
      case X.Addr:
        at = a;
        break;
      case X.Cast:
        at = file.exprs[at * EXPR_STRIDE + 2] as number;
        break;
      default:
        return false;
    }
  }
}

/** The dentry whose name a value is, or whose d_name it points at; -1 for other values. */
function namedBy(run: FunctionRun, value: number): number {
  const { terms } = run;
  let place = -1;
  if (terms.kind(value) === T.Addr) place = terms.a(value);
  else {
    const load = run.snapshots.get(value) ?? value;
    if (terms.kind(load) !== T.Load || terms.lastField(load) !== 'name') return -1;
    if (terms.kind(terms.a(load)) === T.FieldL) place = terms.a(terms.a(load));
  }
  if (place < 0 || terms.kind(place) !== T.FieldP || terms.nameText(terms.b(place)) !== 'd_name') return -1;
  return terms.a(place);
}

/**
 * How sure a finding is. The dentry of an open file is nobody's argument, and a function that pins the parent or takes a snapshot
 * elsewhere says itself that the dentry may move; then not all that leads here has to be known.
 */
function precisionOf(use: Use, can: Movable, isBelieved: boolean): Precision {
  const isCertain = (can !== 'perhaps' && can !== 'guess') || isBelieved;
  // What nobody knows reads the text all the same, and a tracepoint that is on copies it
  if (!use.sure) return can !== 'yes' ? 'low' : 'high';
  return isCertain ? 'high' : 'low';
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
    const quiet = cx.silence === undefined ? undefined : (why: string) => cx.silence?.(ID, fn, use.op, why);
    if (use.spot === null) {
      out.push(ofOldName(cx, fn, index, use, entryMethod(cx.analysis, origin), rcuOf(entry, [])));
      continue;
    }
    const can = movable(cx, moves, fn, entry, index, use.spot, quiet);
    const isBelieved = believed.has(use.text);
    if (can === 'no' || (can === 'guess' && !isBelieved)) {
      if (can === 'guess') cx.silence?.(ID, fn, use.op, NOBODY_KNOWS);
      continue;
    }
    out.push({
      rule: ID,
      precision: precisionOf(use, can, isBelieved),
      certainty: 'must',
      message: `the name of '${use.text}' is handed to '${use.callee}()' ${use.inside ? 'in a structure, ' : ''}with nothing that keeps it: a rename may ${use.lasts ? 'replace it while it is read' : 'replace and free it'}; use take_dentry_name_snapshot(), or take d_lock`,
      fn: fn.id,
      op: use.op,
      entry: entryMethod(cx.analysis, origin),
      held: use.held,
      rcu: rcuOf(entry, []),
      trace: [
        ...pathTo(cx, fn, index),
        step(
          'access',
          fn,
          use.op,
          use.inside
            ? `'${use.callee}()' sleeps while the structure that it gets holds the name of '${use.text}'`
            : `'${use.callee}()' reads the name of '${use.text}'`,
        ),
        step(
          'other-side',
          fn,
          use.op,
          `rename(2) gives '${use.text}' another name in place${use.lasts ? '' : ', or frees the old one'}`,
          1,
        ),
      ],
      objectClass: 'dentry::d_name',
      ...(use.inside
        ? {}
        : { fix: { kind: 'stable-name', fn: fn.id, op: use.op, copies: COPIES.test(use.callee) } as const }),
    });
  }
  return out;
}

/** The finding of a name that is used after its dentry was moved. */
function ofOldName(
  cx: RuleContext,
  fn: FunctionRef,
  index: number,
  use: Use,
  entry: Draft['entry'],
  rcu: Draft['rcu'],
): Draft {
  const mover = calledName(fn, use.moved);
  return {
    rule: ID,
    precision: 'high',
    certainty: 'must',
    message: `the name that '${use.text}' had before '${mover}()' is handed to '${use.callee}()' after it: the move has replaced it, and a long name is freed; use take_dentry_name_snapshot() before`,
    fn: fn.id,
    op: use.op,
    entry,
    held: use.held,
    rcu,
    trace: [
      ...pathTo(cx, fn, index),
      step('call', fn, use.moved, `gives '${use.text}' another name, and drops the old one`),
      step('access', fn, use.op, `'${use.callee}()' reads the old name`),
    ],
    objectClass: 'dentry::d_name',
  };
}
