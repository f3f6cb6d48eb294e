/**
 * What RCU-walk reads that another CPU may set to NULL meanwhile: inodes of dentries, and what eviction clears in an inode. Each read
 * with where its value is used, and whether it was tested before. Shared by the rules about such reads.
 */
import type { TraceStep } from '../base/finding.js';
import type { Analysis } from '../contexts/analysis.js';
import { calledName, fnColumn } from '../contexts/cfg.js';
import type { Entry } from '../contexts/entry-points.js';
import type { FunctionRun } from '../contexts/flow.js';
import { maskOf, ZERO } from '../contexts/known.js';
import { readsOf } from '../contexts/operands.js';
import type { CallEdge, Variant } from '../contexts/result.js';
import type { State } from '../contexts/state.js';
import { T } from '../contexts/terms.js';
import { EXPR_STRIDE, Fn, OP_STRIDE, Op, operatorCode, X } from '../facts/encode.js';
import { isAtomicKind } from '../model/lock-kinds.js';
import type { FunctionRef } from '../program/program.js';
import { heldIn } from './holding.js';
import { OfAnalyses } from './kept.js';
import { calleesByOp, handedOver, READS_ITS_ARGUMENT } from './lockless.js';
import { mayWalk } from './may-walk.js';
import { OfSituations, visitExpressions, watch } from './replay.js';
import { callStep, pathTo, type RuleContext } from './rule.js';

/** A read or use of a value. */
export interface Spot {
  readonly op: number;
  readonly text: string;
}

/** A read of an inode out of a dentry. */
export interface InodeSpot extends Spot {
  /** The dentry is what somebody's d_parent points at. */
  readonly ofParent: boolean;
  /** Under the child's d_lock, which keeps d_parent but not the parent's inode. */
  readonly underLock: boolean;
}

/** Where a value that may be NULL comes from. */
export type Source =
  | { readonly kind: 'inode'; readonly value: number; readonly spot: InodeSpot }
  /** A member of the structure that the method's inode is part of, `foo_inode::bar`. */
  | { readonly kind: 'member'; readonly owner: string }
  /** What a function of the program gave. */
  | { readonly kind: 'result'; readonly callee: number };

/** A value that is handed to a function untested. */
export interface HandedSpot extends Spot {
  readonly callee: number;
  readonly position: number;
  readonly source: Source;
}

/** What a function does with such values in one situation. */
export interface WalkReads {
  readonly plain: ReadonlyMap<number, InodeSpot>;
  readonly uses: ReadonlyMap<number, Spot>;
  readonly untested: ReadonlyMap<number, InodeSpot>;
  /** Members of the inode's own structure that are dereferenced untested, by `struct::field`. */
  readonly members: ReadonlyMap<string, Spot>;
  /** Results of functions that are dereferenced untested, by function. */
  readonly results: ReadonlyMap<number, Spot>;
  readonly handed: readonly HandedSpot[];
  /** It may give back an inode out of a dentry that it read once, and that nobody tested. */
  readonly givesInode: boolean;
  /** A reference to a parent is taken: wrong in RCU-walk, but another law's. */
  readonly pinsParent: boolean;
  /** Reads of d_parent that were followed, without READ_ONCE(), by dentry. */
  readonly parents: ReadonlyMap<number, readonly Spot[]>;
}

const READS = new OfSituations<WalkReads>();

/** Readers of d_inode, or of any pointer, that read it once. */
export const READS_ONCE = new Set(['d_inode_rcu', 'READ_ONCE', 'rcu_dereference', 'd_backing_inode_rcu']);

/** What a function reads in a situation. */
export function walkReads(cx: RuleContext, fn: FunctionRef, entry: Entry): WalkReads {
  return READS.of(cx.analysis, fn, entry, () => look(cx, fn, entry));
}

function look(cx: RuleContext, fn: FunctionRef, entry: Entry): WalkReads {
  const plain = new Map<number, InodeSpot>();
  const uses = new Map<number, Spot>();
  const untested = new Map<number, InodeSpot>();
  const members = new Map<string, Spot>();
  const results = new Map<number, Spot>();
  const handed = new Map<string, HandedSpot>();
  const parents = new Map<number, Spot[]>();
  let givesInode = false;
  let pinsParent = false;
  const callees = calleesByOp(cx, fn);
  const { file } = fn;
  const isAny = (): boolean => true;
  watch(cx.analysis, fn, entry, isAny, (run, op, s) => {
    if (!s.locks.some((l) => l.kind === 'rcu') && s.released.some((l) => l.kind === 'rcu')) {
      for (const rule of ['rcu/unstable-inode', 'rcu/unstable-parent'])
        cx.silence?.(rule, fn, op, 'the RCU read side was left before');
      return;
    }
    const { terms } = run;
    const name = calledName(fn, op);
    if (name === 'dget_parent') pinsParent = true;
    const quiet = (why: string): void => {
      for (const rule of ['rcu/unstable-inode', 'rcu/unstable-parent']) cx.silence?.(rule, fn, op, why);
    };
    if (cx.silence !== undefined && READS_ONCE.has(name)) quiet(`'${name}()' reads once`);
    const exprs = readsOf(fn, op);
    const notePlain = (dentry: number, latest: boolean): void => {
      const underLock = locked(run, entry, s, dentry);
      if (!isOthers(run, dentry) || underLock === null) {
        if (cx.silence !== undefined)
          quiet(
            underLock === null
              ? "under the dentry's d_lock, which keeps d_inode"
              : 'this dentry is pinned here, or is the root of a superblock',
          );
        return;
      }
      const value = dentryInode(run, dentry);
      if (latest || !plain.has(value))
        plain.set(value, { op, text: run.showPlace(dentry), ofParent: isParent(run, dentry), underLock });
    };
    const noteUse = (pointer: number, isDereference: boolean): void => {
      const source = sourceOf(run, entry, s, op, pointer, callees);
      if (source === null) return;
      const spot = { op, text: run.showPlace(pointer) };
      if (source.kind === 'inode' && !uses.has(source.value)) uses.set(source.value, spot);
      if (!isDereference || (maskOf(terms, s.facts, unwrapped(run, pointer)) & ZERO) === 0) return;
      if (source.kind === 'inode' && !untested.has(source.value)) untested.set(source.value, source.spot);
      if (source.kind === 'member' && !members.has(source.owner)) members.set(source.owner, spot);
      if (source.kind === 'result' && !results.has(source.callee)) results.set(source.callee, spot);
    };
    if (
      name !== '' &&
      cx.analysis.model.helpers.get(name)?.returns?.endsWith('->d_inode') === true &&
      !READS_ONCE.has(name) &&
      exprs[1] !== undefined
    )
      notePlain(run.ev.value(s, exprs[1]), true);
    for (const e of exprs) {
      visitExpressions(file, e, (x, kind) => {
        if (kind !== X.Field) return;
        const at = x * EXPR_STRIDE;
        if (file.exprs[at + 3] !== 1) return;
        const field = file.strings[file.exprs[at + 2] as number] ?? '';
        const base = file.exprs[at + 1] as number;
        const pointer = run.ev.value(s, base);
        if (field === 'd_inode' && run.ev.typeOf(base)?.base === 'struct dentry' && !READS_ONCE.has(name)) {
          // A bare test for NULL needs no more than one read
          if (!isOnlyTest(run, op, e, x)) notePlain(pointer, false);
          else quiet('only tested for NULL: one read is enough');
        }
        noteUse(pointer, true);
        if ((file.exprs[base * EXPR_STRIDE] as X) === X.Field) noteParent(base, s, run, op);
      });
    }
    if (name === '') {
      const at = (fnColumn(file, fn.index, Fn.FirstOp) + op) * OP_STRIDE;
      // Whatever a pointer calls gets the value
      if ((file.ops[at] as Op) === Op.Call)
        for (const e of exprs.slice(1)) noteUse(run.ev.value(s, e), false);
      if ((file.ops[at] as Op) === Op.Return && exprs[0] !== undefined) {
        const value = run.ev.value(s, exprs[0]);
        const source = sourceOf(run, entry, s, op, value, callees);
        if (source?.kind === 'inode' && (maskOf(terms, s.facts, value) & ZERO) !== 0) givesInode = true;
      }
      return;
    }
    if (/^d_inode(_rcu)?$/.test(name) && exprs[1] !== undefined) noteParent(exprs[1], s, run, op);
    if (READS_ONCE.has(name) || name === 'd_inode') return;
    const readsArgument =
      READS_ITS_ARGUMENT.test(name) || (cx.analysis.model.helpers.get(name)?.acquires ?? []).length > 0;
    for (let j = 1; j < exprs.length; j++) {
      const e = exprs[j] as number;
      // Handing the value to a function is using it
      noteUse(run.ev.value(s, e), false);
      const { pointer } = handedOver(run, s, e);
      if (readsArgument) noteUse(pointer, true);
      const source = sourceOf(run, entry, s, op, pointer, callees);
      if (source === null || (maskOf(terms, s.facts, unwrapped(run, pointer)) & ZERO) === 0) continue;
      for (const callee of callees.get(op) ?? []) {
        const key = `${op},${callee},${j}`;
        if (!handed.has(key))
          handed.set(key, { op, text: run.showPlace(pointer), callee, position: j - 1, source });
      }
    }
  });
  return {
    plain,
    uses,
    untested,
    members,
    results,
    handed: [...handed.values()],
    givesInode,
    pinsParent,
    parents,
  };

  function noteParent(e: number, s: State, run: FunctionRun, op: number): void {
    const at = e * EXPR_STRIDE;
    if ((file.exprs[at] as X) !== X.Field || file.exprs[at + 3] !== 1) return;
    const base = file.exprs[at + 1] as number;
    if (
      file.strings[file.exprs[at + 2] as number] !== 'd_parent' ||
      run.ev.typeOf(base)?.base !== 'struct dentry'
    )
      return;
    const dentry = run.ev.value(s, base);
    if (!isOthers(run, dentry) || locked(run, entry, s, run.ev.value(s, e)) !== false) return;
    const list = parents.get(dentry) ?? [];
    if (!list.some((p) => p.op === op)) list.push({ op, text: run.showPlace(dentry) });
    parents.set(dentry, list);
  }
}

/** A pointer without what `container_of` made of it. */
export function unwrapped(run: FunctionRun, pointer: number): number {
  let value = pointer;
  while (run.terms.kind(value) === T.Container) value = run.terms.a(value);
  return value;
}

function sourceOf(
  run: FunctionRun,
  entry: Entry,
  s: State,
  op: number,
  pointer: number,
  callees: ReadonlyMap<number, readonly number[]>,
): Source | null {
  const { terms } = run;
  const value = unwrapped(run, pointer);
  if (terms.kind(value) === T.Fresh) {
    if (terms.b(value) !== 0) return null;
    const made = callees.get(terms.a(value));
    return made?.length === 1 ? { kind: 'result', callee: made[0] as number } : null;
  }
  if (terms.kind(value) !== T.Load) return null;
  const place = terms.a(value);
  if (terms.kind(place) !== T.FieldP) return null;
  const base = terms.a(place);
  if (terms.lastField(value) === 'd_inode') {
    const underLock = locked(run, entry, s, base);
    if (!isOthers(run, base) || underLock === null) return null;
    const spot = { op, text: run.showPlace(value), ofParent: isParent(run, base), underLock };
    return { kind: 'inode', value, spot };
  }
  if (terms.kind(base) !== T.Container || terms.kind(terms.a(base)) !== T.Param) return null;
  // Some lock may keep it
  if (heldIn(run, entry, s).some((l) => l.kind !== 'rcu' && isAtomicKind(l.kind))) return null;
  const owner = run.ev.classOf(place);
  return owner.startsWith('?') ? null : { kind: 'member', owner };
}

/** A dentry that nothing here has pinned: it came in by a parameter. The root of a superblock stays. */
function isOthers(run: FunctionRun, dentry: number): boolean {
  const { terms } = run;
  if (terms.kind(terms.root(dentry)) !== T.Param) return false;
  return terms.lastField(dentry) !== 's_root';
}

/** Whether a dentry is what somebody's d_parent points at. */
export function isParent(run: FunctionRun, dentry: number): boolean {
  return run.terms.kind(dentry) === T.Load && run.terms.lastField(dentry) === 'd_parent';
}

/**
 * Whether a d_lock keeps a dentry's inode: null where it does. The lock of a child whose liveness was tested under it keeps the
 * parent's, since a child that lives has a reference to its parent; without that test it does not (true).
 */
function locked(run: FunctionRun, entry: Entry, s: State, dentry: number): boolean | null {
  const { terms } = run;
  let child = false;
  for (const l of heldIn(run, entry, s)) {
    if (l.class !== 'dentry::d_lock') continue;
    const owner = terms.kind(l.place) === T.FieldP ? terms.a(l.place) : -1;
    const isChild =
      owner >= 0 && dentry === terms.load(terms.fieldP(owner, terms.name('d_parent'))) && !l.may;
    if (!isChild) return null;
    const inode = dentryInode(run, owner);
    for (let i = 0; i < s.facts.length; i += 2) {
      const tested = s.facts[i] as number;
      // That it is negative is no sign of life: a dead one is as well
      if (tested === owner || (tested === inode && s.facts[i + 1] === ZERO)) continue;
      if (terms.contains(tested, owner)) return null;
    }
    child = true;
  }
  return child;
}

function dentryInode(run: FunctionRun, dentry: number): number {
  return run.terms.load(run.terms.fieldP(dentry, run.terms.name('d_inode')));
}

/** Whether an expression only asks whether d_inode is there. */
export function isOnlyTest(run: FunctionRun, op: number, whole: number, x: number): boolean {
  const file = run.fn.file;
  const at = whole * EXPR_STRIDE;
  if (whole === x)
    return readsOf(run.fn, op).length === 1 && calledName(run.fn, op) === '' && run.isBranch(op);
  if (
    (file.exprs[at] as X) === X.Unary &&
    file.exprs[at + 1] === operatorCode('!') &&
    file.exprs[at + 2] === x
  )
    return true;
  return (
    (file.exprs[at] as X) === X.Binary &&
    (file.exprs[at + 1] === operatorCode('==') || file.exprs[at + 1] === operatorCode('!='))
  );
}

/** A situation of RCU-walk in which a function is entered. */
export interface WalkSituation {
  readonly entry: Entry;
  /** Number among the function's situations; -1 where it was merged with others there and is made again from its caller's. */
  readonly index: number;
  readonly from: {
    readonly fn: FunctionRef;
    /** The call, among those of its result: its operation moves with the text. */
    readonly edge: number;
    readonly situation: WalkSituation;
  } | null;
}

/** Situations made again for one function, and how far down. */
const MAX_REMADE = 4;
const MAX_DEPTH = 6;

/**
 * The situations of RCU-walk of all functions. Where a function is entered in so many ways that its situations were merged, what its
 * callers hand down in RCU-walk is composed again for it alone.
 */
export function walkSituations(cx: RuleContext): ReadonlyMap<number, readonly WalkSituation[]> {
  return SITUATIONS.of(cx.analysis);
}

function allWalkSituations(analysis: Analysis): ReadonlyMap<number, readonly WalkSituation[]> {
  const out = new Map<number, WalkSituation[]>();
  const propagation = analysis.propagation;
  if (propagation === null) return out;
  const lost = new Set<number>();
  let level: { fn: FunctionRef; situation: WalkSituation }[] = [];
  for (const fn of mayWalk(analysis)) {
    const entries = propagation.entries[fn.id] ?? [];
    if (entries.some((e) => e.widened)) lost.add(fn.id);
    for (let index = 0; index < entries.length; index++) {
      const entry = entries[index] as Entry;
      if (!entry.walk || entry.widened) continue;
      const situation = { entry, index, from: null };
      const list = out.get(fn.id);
      if (list === undefined) out.set(fn.id, [situation]);
      else list.push(situation);
      level.push({ fn, situation });
    }
  }
  for (let depth = 0; depth < MAX_DEPTH && level.length > 0 && lost.size > 0; depth++) {
    const next: { fn: FunctionRef; situation: WalkSituation }[] = [];
    for (const { fn, situation } of level)
      for (const [at, edge] of (analysis.results[fn.id]?.edges ?? []).entries()) {
        if (edge.context !== 'now' || !lost.has(edge.callee) || edge.callee === fn.id) continue;
        const callee = analysis.program.functions[edge.callee];
        const known = out.get(edge.callee) ?? [];
        if (callee === undefined || known.length >= MAX_REMADE) continue;
        for (const v of edge.variants) {
          if (v.doubt || propagation.meet(situation.entry, v.facts) === null) continue;
          if (v.released.some((l) => l.kind === 'rcu')) continue;
          const made: WalkSituation = {
            entry: remade(situation.entry, fn.id, edge, v),
            index: -1,
            from: { fn, edge: at, situation },
          };
          const list = out.get(edge.callee) ?? [];
          if (list.some((s) => isAlike(s.entry, made.entry))) continue;
          list.push(made);
          out.set(edge.callee, list);
          next.push({ fn: callee, situation: made });
        }
      }
    level = next;
  }
  return out;
}

/** Several rules of a check ask; and few edits are in functions that RCU-walk comes through. */
const SITUATIONS = new OfAnalyses<ReadonlyMap<number, readonly WalkSituation[]>>(
  allWalkSituations,
  // Calls are what they were, wherever their operations went; and so is what is made again from situations that stand
  (situations, { propagation }) => {
    for (const [id, list] of situations)
      for (const { entry, index, from } of list)
        if (from === null && propagation?.entries[id]?.[index] !== entry) return null;
    return situations;
  },
);

const REMADE = new WeakMap<Entry, Map<string, Entry>>();
/** The same by the states at the call, for as long as these stand. */
const REMADE_FROM = new WeakMap<Entry, WeakMap<Variant, Entry>>();

/** What a situation hands down at a call: the same one as long as that is the same, since what is known of it is kept by it. */
function remade(from: Entry, caller: number, edge: CallEdge, v: Variant): Entry {
  let soon = REMADE_FROM.get(from);
  if (soon === undefined) {
    soon = new WeakMap();
    REMADE_FROM.set(from, soon);
  }
  let made = soon.get(v);
  if (made === undefined) {
    made = remadeByText(from, caller, edge, v);
    soon.set(v, made);
  }
  return made;
}

function remadeByText(from: Entry, caller: number, edge: CallEdge, v: Variant): Entry {
  let known = REMADE.get(from);
  if (known === undefined) {
    known = new Map();
    REMADE.set(from, known);
  }
  // Not by operations: they move with the caller's text
  const held = v.locks.map((l) => `${l.place}:${l.class}:${l.kind}:${l.shared}:${l.may}:${l.fn}`);
  const key = `${caller},${edge.callee},${held.join(';')},${v.calleeFacts.join()}`;
  let entry = known.get(key);
  if (entry === undefined) {
    const rcu = from.locks.filter((l) => l.kind === 'rcu');
    entry = {
      ...from,
      locks: [...rcu, ...v.locks],
      facts: v.calleeFacts,
      consts: [],
      caller,
      callerEntry: -1,
      op: edge.op,
    };
    known.set(key, entry);
  }
  return entry;
}

function isAlike(a: Entry, b: Entry): boolean {
  return (
    a.locks.length === b.locks.length &&
    a.locks.every((l, i) => l.place === b.locks[i]?.place && l.kind === b.locks[i]?.kind) &&
    a.facts.length === b.facts.length &&
    a.facts.every((f, i) => f === b.facts[i])
  );
}

/** Steps from a method's table slot down to a function, by one of its situations of RCU-walk. */
export function walkPath(cx: RuleContext, fn: FunctionRef, situation: WalkSituation): TraceStep[] {
  const { from } = situation;
  if (from === null) return pathTo(cx, fn, situation.index);
  const op = cx.analysis.results[from.fn.id]?.edges[from.edge]?.op ?? -1;
  return [...walkPath(cx, from.fn, from.situation), callStep(from.fn, op)];
}
