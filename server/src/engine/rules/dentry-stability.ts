/**
 * What keeps a dentry's d_parent and d_name as they are, where a rule looks at them: locks held, where the dentry comes from, and
 * whether anything can move it at all. Must not report anything.
 */

import { calledName } from '../contexts/cfg.js';
import { type Entry, type Origin, Whence } from '../contexts/entry-points.js';
import type { FunctionRun } from '../contexts/flow.js';
import { maskOf, ZERO } from '../contexts/known.js';
import { readsOf } from '../contexts/operands.js';
import type { Lock, State } from '../contexts/state.js';
import { T, type Terms } from '../contexts/terms.js';
import { isAtomicKind, namelessWord } from '../model/lock-kinds.js';
import type { LockKind } from '../model/types.js';
import { type FunctionRef, unitOf } from '../program/program.js';
import { callsOfUnit } from '../program/unit-calls.js';
import { heldIn } from './holding.js';
import { Mentions } from './mentions.js';
import { watch } from './replay.js';
import type { RuleContext } from './rule.js';

const D_LOCK = 'dentry::d_lock';
const I_RWSEM = 'inode::i_rwsem';
const BUFFER = 'buffer_head::BH_Lock';

/** What moves a dentry wherever it is called from. */
const MOVERS = ['d_move', 'd_exchange'];

/** Tables by which a directory is known to hold a filesystem. */
const OF_FILESYSTEMS = new Set(['file_system_type', 'super_operations']);

/** Functions below a rename method that are asked for their locks. */
const MAX_ASKED = 400;

/** What a unit does to dentries. */
interface UnitMoves {
  readonly isFilesystem: boolean;
  readonly canMove: boolean;
  /** Those that it moves are not its own: it is a filesystem that never renames, and renames in others. */
  readonly onlyOthers: boolean;
  /** Methods by which it renames. */
  readonly renames: readonly FunctionRef[];
}

/**
 * Tells whether the dentries that a unit works on can be moved: by a rename method or a call of its own, or because it is no filesystem
 * and works on those of all others. Asked during one check.
 */
export class Moves {
  private readonly known = new Map<string, UnitMoves>();
  private readonly lockedBy = new Map<string, ReadonlySet<string>>();

  constructor(private readonly cx: RuleContext) {}

  /** Whether the unit is a filesystem; others work on dentries of all of them. */
  isFilesystem(unit: string): boolean {
    return this.of(unit).isFilesystem;
  }

  canMove(unit: string): boolean {
    return this.of(unit).canMove;
  }

  /** Whether a unit, as a filesystem, moves dentries of other filesystems only. */
  movesOnlyOthers(unit: string): boolean {
    return this.of(unit).onlyOthers;
  }

  /**
   * Classes of locks that the unit's own renames take, beside those of the VFS: who holds one keeps them out. A lock for a moment keeps
   * lists and counters.
   */
  excludedBy(unit: string): ReadonlySet<string> {
    let classes = this.lockedBy.get(unit);
    if (classes === undefined) {
      classes = this.findLocks(this.of(unit).renames);
      this.lockedBy.set(unit, classes);
    }
    return classes;
  }

  private of(unit: string): UnitMoves {
    let found = this.known.get(unit);
    if (found === undefined) {
      found = this.find(unit);
      this.known.set(unit, found);
    }
    return found;
  }

  private find(unit: string): UnitMoves {
    const { model, program } = this.cx.analysis;
    let isFilesystem = false;
    const renames: FunctionRef[] = [];
    let renamed = false;
    for (const s of program.slots) {
      if (unitOf(s.file.path) !== unit || s.file.path.endsWith('.h')) continue;
      if (s.struct === 'inode_operations' && (s.slot === 'rename' || s.slot === 'rename2')) {
        renamed = true;
        isFilesystem = true;
        const fn = program.resolve(s.target, s.file);
        if (fn !== null) renames.push(fn);
      }
      if (OF_FILESYSTEMS.has(s.struct)) isFilesystem = true;
    }
    const calls = callsOfUnit(program, unit);
    const movesOwn = renamed || !isFilesystem || MOVERS.some((m) => calls.has(m));
    const onlyOthers =
      !movesOwn && [...model.helpers].some(([name, { moves }]) => moves !== undefined && calls.has(name));
    return { isFilesystem, canMove: movesOwn || onlyOthers, onlyOthers, renames };
  }

  private findLocks(from: readonly FunctionRef[]): ReadonlySet<string> {
    const out = new Set<string>();
    const seen = new Set<number>(from.map((f) => f.id));
    for (const id of seen) {
      const result = this.cx.analysis.results[id];
      for (const key of result?.acquires ?? []) {
        const [cls = '', kind = ''] = key.split('|');
        // A page or a buffer is locked for what it holds: who has another one is not kept out
        if (kind === 'folio' || cls === BUFFER || namelessWord(kind as LockKind) !== undefined) continue;
        if (!isAtomicKind(kind as LockKind) || cls === D_LOCK) out.add(cls);
      }
      for (const e of result?.edges ?? []) if (seen.size < MAX_ASKED) seen.add(e.callee);
    }
    out.delete(I_RWSEM);
    return out;
  }
}

/** Where a dentry comes from. */
type Source =
  /** It is that of an open file: the file's own inode may be locked, its parent is nobody's business. */
  | 'file'
  /** A parameter of the function where control comes in, or the dentry of a path that is one. */
  | 'argument'
  /** An alias of an inode, by whatever name it was found: whose child it is, nobody here has asked. */
  | 'alias'
  /** Anything else. */
  | 'other';

/** A dentry as the first function of a situation's chain would call it. */
interface Lifted {
  readonly source: Source;
  /** Its name there; -1 where it has none. */
  readonly term: number;
}

/** Calls whose result says where a dentry comes from. */
const MADE_BY: ReadonlyMap<string, Source> = new Map([
  ['file_dentry', 'file'],
  ['d_find_alias', 'alias'],
  ['d_find_any_alias', 'alias'],
]);

/** What a dentry is to the function at hand. */
function sourceIn(run: FunctionRun, dentry: number): Source {
  const { terms } = run;
  if (terms.kind(dentry) === T.Fresh && terms.b(dentry) === 0 && terms.a(dentry) < run.graph.opCount)
    return MADE_BY.get(calledName(run.fn, terms.a(dentry))) ?? 'other';
  return sourceOf(terms, dentry);
}

function sourceOf(terms: Terms, dentry: number): Source {
  if (terms.kind(dentry) === T.Param) return 'argument';
  if (terms.kind(dentry) !== T.Load || terms.lastField(dentry) !== 'dentry') return 'other';
  const place = terms.a(dentry);
  if (terms.kind(place) === T.FieldP && terms.kind(terms.a(place)) === T.Param) return 'argument';
  return fileOf(terms, dentry) >= 0 ? 'file' : 'other';
}

/** The open file whose dentry this is, or -1. */
function fileOf(terms: Terms, dentry: number): number {
  if (terms.kind(dentry) !== T.Load || terms.lastField(dentry) !== 'dentry') return -1;
  const place = terms.a(dentry);
  if (terms.kind(place) !== T.FieldL) return -1;
  const path = terms.a(place);
  return terms.kind(path) === T.FieldP && terms.lastField(path) === 'f_path' ? terms.a(path) : -1;
}

/** Calls that are followed up. */
const MAX_CALLS = 40;

/** Follows a dentry up the calls by which a situation came; null where it is lost on the way. */
function lift(cx: RuleContext, fn: FunctionRef, index: number, dentry: number): Lifted | null {
  const { analysis } = cx;
  const { propagation, program } = analysis;
  if (propagation === null) return null;
  const { terms } = analysis.shared;
  let at = fn.id;
  let i = index;
  let t = dentry;
  for (let guard = 0; guard < MAX_CALLS; guard++) {
    if (!terms.isShared(t)) return null;
    if (sourceOf(terms, t) === 'file') return { source: 'file', term: t };
    const entry = propagation.entries[at]?.[i];
    if (entry === undefined) return null;
    if (entry.caller < 0) return { source: sourceOf(terms, t), term: t };
    const up = propagation.entries[entry.caller]?.[entry.callerEntry];
    const caller = program.functions[entry.caller];
    if (up === undefined || caller === undefined) return null;
    const above = inCaller(cx, caller, up, at, entry.op, t);
    if (above === null) return null;
    if (above.term < 0) return above;
    t = above.term;
    at = entry.caller;
    i = entry.callerEntry;
  }
  return null;
}

/** A callee's term as its caller names it; what stands in the caller's own memory is looked up there. */
function inCaller(
  cx: RuleContext,
  caller: FunctionRef,
  up: Entry,
  callee: number,
  op: number,
  term: number,
): Lifted | null {
  const { terms } = cx.analysis.shared;
  const edge = cx.analysis.results[caller.id]?.edges.find((e) => e.callee === callee && e.op === op);
  if (edge === undefined || edge.context !== 'now') return null;
  let lost = false;
  const direct = terms.rewrite(term, (x) => {
    if (terms.kind(x) !== T.Param) return -1;
    const arg = edge.args[terms.a(x)] ?? -1;
    if (arg < 0) lost = true;
    return arg < 0 ? x : arg;
  });
  if (!lost) return { source: 'other', term: direct };
  let found: Lifted | null = null;
  const isCall = (o: number): boolean => o === op;
  watch(cx.analysis, caller, up, isCall, (run, _, s) => {
    if (found !== null) return;
    const args = readsOf(caller, op).slice(1);
    const here = terms.rewrite(term, (x) => {
      if (terms.kind(x) === T.Param) {
        const arg = args[terms.a(x)];
        return arg === undefined ? terms.unknown : run.ev.value(s, arg);
      }
      return -1;
    });
    const value = terms.kind(here) === T.Load ? run.ev.loaded(s, terms.a(here)) : here;
    const source = sourceIn(run, value);
    // One way in which it comes here is enough
    if (terms.isShared(value)) found = { source, term: value };
    else if (source === 'file') found = { source, term: -1 };
  });
  return found;
}

/** Whether what is held rules out that any dentry at hand is moved. `name`: its name is asked for, not its parent. */
function isKept(run: FunctionRun, entry: Entry, s: State, name: boolean): boolean {
  return heldIn(run, entry, s).some((l) => keeps(l, name));
}

/** Whether a dentry has not been looked up, but was made here: nobody else knows it. */
function isMadeHere(run: FunctionRun, dentry: number): boolean {
  const { terms } = run;
  if (terms.kind(dentry) !== T.Fresh || terms.b(dentry) !== 0 || terms.a(dentry) >= run.graph.opCount)
    return false;
  return MAKERS.has(calledName(run.fn, terms.a(dentry)));
}

const MAKERS = new Set(['d_alloc', 'd_alloc_anon', 'd_alloc_name', 'd_alloc_cursor', 'd_make_root']);

function keeps(l: Lock, name: boolean): boolean {
  if (l.kind === 'rcu' || l.class === D_LOCK || l.class.endsWith('rename_lock')) return true;
  // Only a move to another directory takes it
  return !name && l.class.endsWith('::s_vfs_rename_mutex');
}

/** Locks of directories that may be the parent's: taken on the way, and how many the situation brought. */
interface ParentLocks {
  readonly taken: boolean;
  readonly brought: number;
}

/** Which i_rwsem are held beside that of the dentry's own inode. */
function parentLocks(run: FunctionRun, entry: Entry, s: State, dentry: number): ParentLocks {
  const mine = ownPlaces(run.terms, dentry);
  let taken = false;
  let brought = 0;
  for (const l of heldIn(run, entry, s)) {
    if (!mayBeParents(l) || mine.has(l.place)) continue;
    if (s.locks.includes(l)) taken = true;
    else brought++;
  }
  return { taken, brought };
}

/**
 * Whether the locks that a situation brought are none of the parent's: the method where it begins brings no others than that of the
 * dentry's own inode. The dentry of an open file is taken for that of the file that the method is handed.
 */
function bringsOnlyOwn(
  cx: RuleContext,
  fn: FunctionRef,
  index: number,
  brought: number,
  lifted: Lifted,
): boolean {
  const { propagation, model } = cx.analysis;
  const { terms } = cx.analysis.shared;
  let entry = propagation?.entries[fn.id]?.[index];
  while (entry !== undefined && entry.caller >= 0)
    entry = propagation?.entries[entry.caller]?.[entry.callerEntry];
  if (entry === undefined) return false;
  const locks = entry.locks.filter(mayBeParents);
  if (brought > locks.length) return false;
  const origin = propagation?.origins[entry.origins[0] ?? -1];
  const method = origin === undefined ? undefined : model.methods.get(`${origin.struct}::${origin.method}`);
  if (lifted.term >= 0 && terms.kind(lifted.term) === T.Param)
    if (method?.loose?.includes(method.params[terms.a(lifted.term)] ?? '') === true) return true;
  const rwsem = terms.name('i_rwsem');
  const own = lifted.term < 0 ? new Set<number>() : ownPlaces(terms, lifted.term);
  return locks.every(
    (l) =>
      own.has(l.place) ||
      (lifted.source === 'file' &&
        terms.kind(l.place) === T.FieldP &&
        terms.b(l.place) === rwsem &&
        terms.lastField(terms.a(l.place)) === 'f_inode'),
  );
}

/** A spot where something of a dentry is used that a move replaces, and what is known there. */
export interface Spot {
  /** The dentry; -1 where it means nothing outside of the function. */
  readonly dentry: number;
  readonly source: Source;
  /** Classes of all locks held. */
  readonly classes: readonly string[];
  /** Locks of directories that the situation brought. */
  readonly brought: number;
  /** Its name is asked for, else its parent. */
  readonly name: boolean;
}

/**
 * How sure it is that a dentry can be moved at a spot: for certain, perhaps, or not at all. `guess`: perhaps, but only a function that
 * says so itself is to be believed.
 */
export type Movable = 'yes' | 'file' | 'perhaps' | 'guess' | 'no';

/** Why a guess is not said. */
export const NOBODY_KNOWS =
  'who calls it with this dentry is not known, nor what they hold, and the function does not say that it may move';

/**
 * Weighs what is known of a spot. `file`: it is the dentry of an open file, and not all is known of the situation. `quiet` hears why it
 * cannot be moved.
 */
export function movable(
  cx: RuleContext,
  moves: Moves,
  fn: FunctionRef,
  entry: Entry,
  index: number,
  spot: Spot,
  quiet?: (why: string) => void,
): Movable {
  const origin = cx.analysis.propagation?.origins[entry.origins[0] ?? -1];
  if (isPrivate(origin)) {
    quiet?.('what this method is handed is not seen by others yet, is dead, or is read around the call');
    return 'no';
  }
  if (isLent(cx, moves, origin)) {
    quiet?.('the file belongs to a filesystem that others put files into: nothing is renamed there');
    return 'no';
  }
  const excluded = moves.excludedBy(fn.unit);
  if (spot.classes.some((c) => excluded.has(c))) {
    quiet?.("a lock is held that this directory's own renames take");
    return 'no';
  }
  const here: Lifted = { source: spot.source, term: spot.dentry };
  const lifted =
    spot.source === 'file' || spot.source === 'alias'
      ? here
      : spot.dentry < 0
        ? null
        : lift(cx, fn, index, spot.dentry);
  const isMethod = origin !== undefined && origin.struct !== 'callback';
  // Its own files are asked for by name; what it does for others it does without
  if (moves.movesOnlyOthers(fn.unit) && (isMethod || lifted?.source === 'file')) {
    quiet?.('it belongs to the filesystem itself, in which nothing renames');
    return 'no';
  }
  const asked = lifted ?? { source: 'file', term: -1 };
  if (spot.brought > 0 && !bringsOnlyOwn(cx, fn, index, spot.brought, asked)) {
    quiet?.('the caller brings the lock of a directory that may be the parent');
    return 'no';
  }
  // Who calls it, or which of several functions in one slot is called with it, is not known: nor are the locks
  if (lifted?.source !== 'file' && (origin === undefined || isGuessed(cx, fn, index, spot))) return 'guess';
  const isCertain =
    lifted?.source === 'file' || lifted?.source === 'alias' || (lifted?.source === 'argument' && isMethod);
  if (tellsLocks(entry) && isCertain) return 'yes';
  return lifted?.source === 'file' ? 'file' : 'perhaps';
}

/**
 * Whether a dentry was handed through a call that may be of several functions: then it may be another one's. Not where all of them ask
 * the same of it: whichever it is does so.
 */
function isGuessed(cx: RuleContext, fn: FunctionRef, index: number, spot: Spot): boolean {
  const { propagation, results } = cx.analysis;
  const { terms } = cx.analysis.shared;
  let at = fn.id;
  let term = spot.dentry;
  let entry = propagation?.entries[at]?.[index];
  for (let guard = 0; guard < MAX_CALLS && entry !== undefined && entry.caller >= 0; guard++) {
    if (term < 0 || !terms.isShared(term) || terms.kind(terms.root(term)) !== T.Param) return false;
    const { op, caller } = entry;
    const here = results[caller]?.edges.filter((e) => e.op === op && e.context === 'now') ?? [];
    const parameter = terms.a(terms.root(term));
    if (
      here.length > 1 &&
      !isCertain(cx, caller, op, at) &&
      !here.every((e) => asks(cx, e.callee, parameter, spot.name, 0))
    )
      return true;
    const args = here.find((e) => e.callee === at)?.args ?? [];
    term = terms.rewrite(term, (x) => (terms.kind(x) === T.Param ? (args[terms.a(x)] ?? -1) : -1));
    at = caller;
    entry = propagation?.entries[caller]?.[entry.callerEntry];
  }
  return false;
}

/**
 * Whether a call with several callees reaches this one for certain: it names it, and the others are what it hands on; or it hands this one
 * on to a function that takes no directory's lock meanwhile.
 */
function isCertain(cx: RuleContext, caller: number, op: number, callee: number): boolean {
  const { program, results } = cx.analysis;
  const from = program.functions[caller];
  const name = from === undefined ? '' : calledName(from, op);
  if (name === '') return false;
  if (program.functions[callee]?.name === name) return true;
  const between = results[caller]?.edges.find(
    (e) => e.op === op && program.functions[e.callee]?.name === name,
  );
  if (between === undefined) return false;
  const result = results[between.callee];
  return (
    result !== undefined && !result.widened && ![...result.acquires].some((key) => key.startsWith(I_RWSEM))
  );
}

/** Calls below a function in which what it does with a dentry is looked for. */
const MAX_ASKING = 3;
const ASKING = { name: new Mentions(['d_name']), parent: new Mentions(['d_parent']) };

/** Whether a function, or what it hands a parameter to (or something found through it), writes the name of dentries, or their parents. */
function asks(cx: RuleContext, id: number, parameter: number, name: boolean, depth: number): boolean {
  const fn = cx.analysis.program.functions[id];
  if (fn === undefined) return false;
  if ((name ? ASKING.name : ASKING.parent).in(fn)) return true;
  if (depth >= MAX_ASKING) return false;
  const { terms } = cx.analysis.shared;
  return (cx.analysis.results[id]?.edges ?? []).some((e) => {
    const isOf = (root: number): boolean => terms.kind(root) === T.Param && terms.a(root) === parameter;
    const to = e.args.findIndex((t) => t >= 0 && isOf(terms.root(t)));
    return e.context === 'now' && to >= 0 && asks(cx, e.callee, to, name, depth + 1);
  });
}

/** What is known of a spot, as far as the function itself tells; null where something keeps the dentry, which `quiet` hears. */
export function spotOf(
  run: FunctionRun,
  entry: Entry,
  s: State,
  dentry: number,
  name: boolean,
  quiet?: (why: string) => void,
): Spot | null {
  const locks = parentLocks(run, entry, s, dentry);
  const kept = keptBy(run, entry, s, dentry, name, locks);
  if (kept !== null) {
    quiet?.(kept);
    return null;
  }
  return {
    dentry: run.terms.isShared(dentry) ? dentry : -1,
    source: sourceIn(run, dentry),
    // What keeps a filesystem from freezing is held by all who change it, side by side
    classes: [...entry.locks, ...s.locks].filter((l) => l.kind !== 'flag' || !l.shared).map((l) => l.class),
    brought: locks.brought,
    name,
  };
}

/** What keeps a dentry where it is and as it is called, as far as the function itself tells; null for nothing. */
function keptBy(
  run: FunctionRun,
  entry: Entry,
  s: State,
  dentry: number,
  name: boolean,
  locks: ParentLocks,
): string | null {
  if (locks.taken) return 'the lock of a directory that may be the parent was taken on the way';
  if (isKept(run, entry, s, name)) return 'a d_lock, a section of rename_lock or the RCU read side keeps it';
  if (isMadeHere(run, dentry)) return 'the dentry was made here: nobody else knows it';
  // What is negative is never moved: it is at most the place that something else moves to. What was handed in with nothing held does
  // not stay negative
  const inode = run.terms.load(run.terms.fieldP(dentry, run.terms.name('d_inode')));
  const stays = name || run.terms.kind(dentry) !== T.Param || [...entry.locks, ...s.locks].some(isWaitedFor);
  if (!stays || maskOf(run.terms, s.facts, inode) !== ZERO) return null;
  return 'the dentry is negative here: such are not moved';
}

/** A lock that is held for sure, under which a file system may keep what it looks at: one that may be held for long. */
function isWaitedFor(l: Lock): boolean {
  return !l.may && (l.kind === 'rwsem' || l.kind === 'mutex' || l.class.startsWith('?'));
}

function mayBeParents(l: Lock): boolean {
  return l.class === I_RWSEM || (l.class.startsWith('?') && l.kind === 'rwsem');
}

/** Places of i_rwsem of a dentry's own inode. */
function ownPlaces(terms: Terms, dentry: number): ReadonlySet<number> {
  const rwsem = terms.name('i_rwsem');
  const at = (inode: number): number => terms.fieldP(inode, rwsem);
  const out = new Set<number>([at(terms.load(terms.fieldP(dentry, terms.name('d_inode'))))]);
  const file = fileOf(terms, dentry);
  if (file >= 0) out.add(at(terms.load(terms.fieldP(file, terms.name('f_inode')))));
  return out;
}

/** Whether a situation tells every lock that could be the parent's. */
function tellsLocks(entry: Entry): boolean {
  return !entry.widened && entry.from === Whence.Beginning;
}

/** Whether nobody can move what a method is handed: it is not seen by others yet, or dead, or its sequence count is read around the call. */
function isPrivate(origin: Origin | undefined): boolean {
  return origin !== undefined && PRIVATE.has(`${origin.struct}::${origin.method}`);
}

const PRIVATE = new Set([
  'dentry_operations::d_compare',
  // Only for what is on no path: files without a name, on mounts of the kernel's own
  'dentry_operations::d_dname',
  'dentry_operations::d_init',
  'dentry_operations::d_release',
  'dentry_operations::d_iput',
  'dentry_operations::d_prune',
  'inode_operations::tmpfile',
]);

/** Whether an open file that a method is handed belongs to a filesystem that others put files into; nothing is renamed there. */
function isLent(cx: RuleContext, moves: Moves, origin: Origin | undefined): boolean {
  if (origin === undefined || origin.struct === 'callback') return false;
  const fn = cx.analysis.program.functions[origin.function];
  return fn !== undefined && FILE_TABLES.has(origin.struct) && !moves.isFilesystem(fn.unit);
}

const FILE_TABLES = new Set(['file_operations', 'proc_ops', 'seq_operations', 'kernfs_ops']);
