/**
 * Where a helper is called that needs a directory locked: whether i_rwsem of that directory is held there, and how it is known that
 * it is not. What several rules of the family dir/ ask; each says it of other helpers. Must not know what is reported.
 */
import type { HeldLock } from '../base/finding.js';
import type { Analysis } from '../contexts/analysis.js';
import { calledName, fnColumn } from '../contexts/cfg.js';
import { type Entry, Whence } from '../contexts/entry-points.js';
import type { FunctionRun } from '../contexts/flow.js';
import { modelLock } from '../contexts/helper-calls.js';
import { type Lock, type State, sameLock } from '../contexts/state.js';
import { T, type Terms } from '../contexts/terms.js';
import { toCaller } from '../contexts/translate.js';
import { Fn, VARIABLE_STRIDE } from '../facts/encode.js';
import type { HelperEntry, LockSpec, Model } from '../model/types.js';
import { type FunctionRef, typeRef } from '../program/program.js';
import { heldIn, heldShown, isAllKnown } from './holding.js';
import { Mentions } from './mentions.js';
import { OfSituations, readsOf, replay } from './replay.js';
import type { RuleContext } from './rule.js';

/** The lock of a directory. */
const DIRECTORY_LOCK = 'inode::i_rwsem';

/** States kept apart at a point: with the usual number what was given back is not remembered. */
const CAREFUL = 48;

/** How it is known that a lock is not held. */
export const enum Why {
  /** All is known from where control comes in. */
  Known,
  /** It was given back on the way, in this very function. */
  Dropped,
  /** It is held, but only shared. */
  Shared,
  /** Nothing on the way from a function that nobody here calls takes it: whoever calls that may hold it. */
  Outside,
}

/** A call of a helper that needs a directory locked, in a situation in which the lock is not held. */
export interface Unlocked {
  readonly op: number;
  readonly helper: HelperEntry;
  /** The lock that is needed, as the function would write it. */
  readonly text: string;
  readonly shared: boolean;
  readonly why: Why;
  /** The operation that gave it back or took it shared, of this function; -1 for none. */
  readonly by: number;
  /** Its place, where that means something outside; -1. */
  readonly place: number;
  readonly held: readonly HeldLock[];
}

/** What a function does to directories in a situation. */
export interface DirectoryCalls {
  readonly unlocked: readonly Unlocked[];
  /** Calls that need a lock, and have it on all paths of this situation. */
  readonly locked: ReadonlySet<number>;
}

const NO_CALLS: DirectoryCalls = { unlocked: [], locked: new Set() };

/** A lock that a helper needs, if it is one of a directory that is needed in any case. */
function directoryNeeds(helper: HelperEntry): readonly LockSpec[] {
  return (helper.requires ?? []).filter(
    (r) => r.lock.endsWith('i_rwsem') && (r.when === undefined || r.when === ''),
  );
}

/** Parameters that are a name in the directory: their inodes are others than the directory's. */
const VICTIMS: ReadonlySet<string> = new Set(['dentry', 'new_dentry', 'old_dentry', 'victim']);

const NEEDED = new WeakMap<
  Model,
  { readonly helpers: ReadonlyMap<string, HelperEntry>; readonly mentions: Mentions }
>();

/** The helpers that need a directory locked, and those that change its names. */
function neededBy(model: Model): {
  readonly helpers: ReadonlyMap<string, HelperEntry>;
  readonly mentions: Mentions;
} {
  let known = NEEDED.get(model);
  if (known === undefined) {
    const helpers = new Map<string, HelperEntry>();
    for (const [name, helper] of model.helpers)
      if (directoryNeeds(helper).length > 0 || (helper.names === 'unhashes' && !name.startsWith('__')))
        helpers.set(name, helper);
    known = { helpers, mentions: new Mentions(helpers.keys()) };
    NEEDED.set(model, known);
  }
  return known;
}

const CALLS = new OfSituations<DirectoryCalls>();

/** What a function does to directories in a situation. */
export function directoryCalls(cx: RuleContext, fn: FunctionRef, entry: Entry): DirectoryCalls {
  const { analysis } = cx;
  const needed = neededBy(analysis.model);
  if (!needed.mentions.in(fn)) return NO_CALLS;
  return CALLS.of(analysis, fn, entry, () => look(cx, fn, entry, needed.helpers));
}

/** The parent's lock, for a helper of whose parameter nothing more is said: it takes the name out of its directory. */
const PARENT_LOCK: LockSpec = { lock: 'dentry->d_parent->d_inode->i_rwsem', kind: 'rwsem', mode: 'exclusive' };

function look(
  cx: RuleContext,
  fn: FunctionRef,
  entry: Entry,
  helpers: ReadonlyMap<string, HelperEntry>,
): DirectoryCalls {
  const unlocked = new Map<number, Unlocked>();
  const locked = new Set<number>();
  const open = new Set<number>();
  replay(
    cx.analysis,
    fn,
    entry,
    (run, op, s) => {
      const name = calledName(fn, op);
      const helper = name === '' ? undefined : helpers.get(name);
      if (helper === undefined) return undefined;
      const args = readsOf(fn, op)
        .slice(1)
        .map((e) => run.ev.value(s, e));
      const needs = helper.names === 'unhashes' ? [PARENT_LOCK] : directoryNeeds(helper);
      for (const spec of needs) {
        const lock = modelLock(run, s, spec, helper.params, args, run.terms.unknown, op);
        if (lock === null) continue;
        const victims = args.filter((_, i) => VICTIMS.has(helper.params[i] ?? ''));
        const why = standing(cx.analysis, run, fn, entry, s, lock, spec, victims);
        if (why === 'held') {
          locked.add(op);
          continue;
        }
        open.add(op);
        if (why === null || unlocked.has(op)) continue;
        unlocked.set(op, {
          op,
          helper,
          text: run.showPlace(lock.place),
          shared: spec.mode !== 'exclusive',
          why: why.why,
          by: why.by,
          place: run.terms.isShared(lock.place) ? lock.place : -1,
          held: heldShown(cx, fn, run, entry, s),
        });
      }
      return undefined;
    },
    CAREFUL,
  );
  return { unlocked: [...unlocked.values()], locked: new Set([...locked].filter((op) => !open.has(op))) };
}

/** How a lock that is needed stands in a state: held; not, and why; null where that cannot be told. */
function standing(
  analysis: Analysis,
  run: FunctionRun,
  fn: FunctionRef,
  entry: Entry,
  s: State,
  needed: Lock,
  spec: LockSpec,
  victims: readonly number[],
): 'held' | { readonly why: Why; readonly by: number } | null {
  const { terms } = run;
  // What is made here is seen by nobody yet
  if (isNew(analysis, run, fn, needed.place)) return null;
  let perhaps = false;
  let shared: Lock | null = null;
  for (const l of [...heldIn(run, entry, s), ...ownContract(analysis, run, fn, s)]) {
    if (l.place === needed.place) {
      if (spec.mode === 'exclusive' && l.shared) {
        if (l.may) perhaps = true;
        else shared = l;
      } else if (l.may) perhaps = true;
      else return 'held';
    } else if (couldBe(terms, l, needed, victims)) perhaps = true;
  }
  if (perhaps) return null;
  if (shared !== null) return { why: Why.Shared, by: shared.fn === fn.id ? shared.op : -1 };
  if (terms.kind(terms.root(needed.place)) !== T.Unknown) {
    const given = s.released.find((r) => sameLock(r, needed) && !r.may);
    if (given !== undefined || s.done.includes(needed.place))
      return { why: Why.Dropped, by: given?.fn === fn.id ? given.op : -1 };
  }
  if (isAllKnown(entry)) return { why: Why.Known, by: -1 };
  if (entry.widened || entry.from === Whence.Beginning) return null;
  return { why: Why.Outside, by: -1 };
}

/** Whether a lock that is held might be the one that is needed, by another name. */
function couldBe(terms: Terms, l: Lock, needed: Lock, victims: readonly number[]): boolean {
  if (l.class !== DIRECTORY_LOCK) return l.class.startsWith('?') && l.kind === 'rwsem';
  const held = directoryOf(terms, l.place);
  if (held === null) return true;
  // The lock of what is taken out of the directory
  if (victims.some((v) => v === held.base && held.up === 0)) return false;
  const wanted = directoryOf(terms, needed.place);
  // A directory and its parent, or the parent of that
  return wanted === null || wanted.base !== held.base || wanted.up === held.up;
}

/** The dentry whose inode's lock a place is: so many parents up from another dentry. */
function directoryOf(terms: Terms, place: number): { readonly base: number; readonly up: number } | null {
  const isMember = (location: number, name: string): boolean =>
    terms.kind(location) === T.FieldP && terms.nameText(terms.b(location)) === name;
  if (!isMember(place, 'i_rwsem')) return null;
  const inode = terms.a(place);
  if (terms.kind(inode) !== T.Load || !isMember(terms.a(inode), 'd_inode')) return null;
  let base = terms.a(terms.a(inode));
  let up = 0;
  while (terms.kind(base) === T.Load && isMember(terms.a(base), 'd_parent')) {
    base = terms.a(terms.a(base));
    up++;
  }
  return { base, up };
}

/** Whether a place hangs on what a helper made in this function. */
function isNew(analysis: Analysis, run: FunctionRun, fn: FunctionRef, place: number): boolean {
  const { terms } = run;
  const root = terms.root(place);
  if (terms.kind(root) !== T.Fresh || terms.b(root) !== 0 || terms.a(root) >= run.graph.opCount) return false;
  // The directory itself, not what is reached from it
  const directory = directoryOf(terms, place);
  if (directory !== null && (directory.base !== root || directory.up > 0)) return false;
  return analysis.model.helpers.get(calledName(fn, terms.a(root)))?.returns === 'fresh';
}

/** The locks with which a function is called that the model knows by its own name. */
function ownContract(analysis: Analysis, run: FunctionRun, fn: FunctionRef, s: State): readonly Lock[] {
  const own = fn.isStatic ? undefined : analysis.model.helpers.get(fn.name);
  if (own?.requires === undefined) return [];
  const out: Lock[] = [];
  for (const spec of own.requires) {
    const params = own.params.map((_, i) => run.terms.param(i));
    const lock = modelLock(run, s, spec, own.params, params, run.terms.unknown, -1);
    if (lock !== null) out.push(lock);
  }
  return out;
}

/** Whether somebody outside who calls the first function of a way here could name the lock: it hangs on a parameter of the VFS's. */
export function isCallersToLock(cx: RuleContext, fn: FunctionRef, index: number, found: Unlocked): boolean {
  const { analysis } = cx;
  const { propagation, program } = analysis;
  if (propagation === null || found.place < 0) return found.place < 0;
  const { terms } = analysis;
  let place = found.place;
  let at = fn;
  let entry = propagation.entries[fn.id]?.[index];
  for (let depth = 0; depth < 40 && entry !== undefined && entry.caller >= 0; depth++) {
    const { caller, op } = entry;
    const edge = analysis.results[caller]?.edges.find((e) => e.callee === at.id && e.op === op);
    if (edge === undefined) return true;
    place = toCaller(terms, place, edge.args, terms.unknown);
    if (!terms.isShared(place)) return false;
    at = program.functions[caller] as FunctionRef;
    entry = propagation.entries[caller]?.[entry.callerEntry];
  }
  const root = terms.root(place);
  if (terms.kind(root) !== T.Param) return false;
  const { file, index: fnIndex } = at;
  if (terms.a(root) >= fnColumn(file, fnIndex, Fn.ParameterCount)) return true;
  const variable = (fnColumn(file, fnIndex, Fn.FirstVariable) + terms.a(root)) * VARIABLE_STRIDE;
  return OF_THE_VFS.has(program.plain(typeRef(file, file.variables[variable + 1] as number)).base);
}

/** Objects by which a caller can name a directory. */
const OF_THE_VFS: ReadonlySet<string> = new Set([
  'struct inode',
  'struct dentry',
  'struct path',
  'struct file',
  'struct super_block',
  'struct renamedata',
]);
