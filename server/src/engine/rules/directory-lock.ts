/**
 * Where a helper is called that needs a directory locked: whether i_rwsem of that directory is held there, and how it is known that
 * it is not. What several rules of the family dir/ ask; each says it of other helpers. Must not know what is reported.
 */
import type { Analysis } from '../contexts/analysis.js';
import { calledName, fnColumn } from '../contexts/cfg.js';
import { type Entry, Whence } from '../contexts/entry-points.js';
import type { FunctionRun } from '../contexts/flow.js';
import { modelLock } from '../contexts/helper-calls.js';
import { readsOf } from '../contexts/operands.js';
import type { Lock, State } from '../contexts/state.js';
import { T, type Terms } from '../contexts/terms.js';
import { Fn, VARIABLE_STRIDE } from '../facts/encode.js';
import type { HelperEntry, LockSpec, Model } from '../model/types.js';
import { type FunctionRef, typeRef } from '../program/program.js';
import { isBare } from './directory-kind.js';
import { heldIn, heldShown, isAllKnown } from './holding.js';
import { Mentions } from './mentions.js';
import { OfSituations, watch } from './replay.js';
import type { Draft, RuleContext } from './rule.js';

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
  /** What goes before it was taken on the way, as a directory above: whoever had this one locked by then would have broken the order. */
  Ordered,
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
  /** Its place, where that means something outside; -1. */
  readonly place: number;
  readonly verdict: Verdict;
  readonly held: Draft['held'];
}

/** How a lock stands in the situations at an operation. */
export type Verdict =
  | { readonly kind: 'held' | 'perhaps' }
  /** A lock that the caller brought may be it, by another name: the caller knows which it is. */
  | { readonly kind: 'ask' }
  | { readonly kind: 'not'; readonly why: Why; readonly by: number };

const HELD: Verdict = { kind: 'held' };
const PERHAPS: Verdict = { kind: 'perhaps' };
const ASK: Verdict = { kind: 'ask' };

/** What a function does to directories in a situation. */
export interface DirectoryCalls {
  /** Calls without the lock, or of which the callers have to be asked. */
  readonly open: readonly Unlocked[];
  /** Calls that need a lock, and have it on all paths of this situation. */
  readonly locked: ReadonlySet<number>;
  /** Why nothing is said of a call, where somebody hears of exemptions. */
  readonly quiet: readonly { readonly op: number; readonly helper: HelperEntry; readonly why: string }[];
}

const NO_CALLS: DirectoryCalls = { open: [], locked: new Set(), quiet: [] };

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
      if (directoryNeeds(helper).length > 0 || (isBare(helper) && !name.startsWith('__')))
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
const PARENT_LOCK: LockSpec = {
  lock: 'dentry->d_parent->d_inode->i_rwsem',
  kind: 'rwsem',
  mode: 'exclusive',
};

function look(
  cx: RuleContext,
  fn: FunctionRef,
  entry: Entry,
  helpers: ReadonlyMap<string, HelperEntry>,
): DirectoryCalls {
  const found = new Map<number, Unlocked>();
  const locked = new Set<number>();
  const other = new Set<number>();
  const quiet: { op: number; helper: HelperEntry; why: string }[] = [];
  watch(
    cx.analysis,
    fn,
    entry,
    (op) => helpers.has(calledName(fn, op)),
    (run, op, s) => {
      const helper = helpers.get(calledName(fn, op));
      if (helper === undefined) return;
      const args = readsOf(fn, op)
        .slice(1)
        .map((e) => run.ev.value(s, e));
      const needs = isBare(helper) ? [PARENT_LOCK] : directoryNeeds(helper);
      for (const spec of needs) {
        const lock = modelLock(run, s, spec, helper.params, args, run.terms.unknown, op);
        if (lock === null) continue;
        const victims = args.filter((_, i) => VICTIMS.has(helper.params[i] ?? ''));
        const shared = spec.mode !== 'exclusive';
        const verdict = standing(cx.analysis, run, fn, entry, s, lock.place, shared, victims);
        if (cx.silence !== undefined && (verdict.kind === 'held' || verdict.kind === 'perhaps'))
          quiet.push({
            op,
            helper,
            why:
              verdict.kind === 'held'
                ? `'${run.showPlace(lock.place)}' is held here`
                : `a lock is held that may be '${run.showPlace(lock.place)}' by another name, what it belongs to was made here, or not all callers are known`,
          });
        if (verdict.kind === 'held') {
          locked.add(op);
          continue;
        }
        other.add(op);
        if (verdict.kind === 'perhaps') continue;
        const old = found.get(op);
        if (old !== undefined && (old.verdict.kind === 'not' || verdict.kind === 'ask')) continue;
        found.set(op, {
          op,
          helper,
          text: run.showPlace(lock.place),
          shared,
          place: run.terms.isShared(lock.place) ? lock.place : -1,
          verdict,
          held: heldShown(cx, fn, run, entry, s, op),
        });
      }
    },
    CAREFUL,
  );
  return { open: [...found.values()], locked: new Set([...locked].filter((op) => !other.has(op))), quiet };
}

const ASKED = new OfSituations<Map<string, Verdict>>();

/** How the lock at a place stands at an operation of a function in a situation: the worst of the states there. */
export function verdictAt(
  cx: RuleContext,
  fn: FunctionRef,
  entry: Entry,
  op: number,
  place: number,
  shared: boolean,
): Verdict {
  const known = ASKED.of(cx.analysis, fn, entry, () => new Map());
  const key = `${op},${place},${shared}`;
  let verdict = known.get(key);
  if (verdict === undefined) {
    let worst: Verdict | null = null;
    watch(
      cx.analysis,
      fn,
      entry,
      (at) => at === op,
      (run, _, s) => {
        const v = standing(cx.analysis, run, fn, entry, s, place, shared, []);
        if (worst === null || BADNESS[v.kind] > BADNESS[worst.kind]) worst = v;
      },
      CAREFUL,
    );
    verdict = worst ?? PERHAPS;
    known.set(key, verdict);
  }
  return verdict;
}

const BADNESS: Readonly<Record<Verdict['kind'], number>> = { held: 0, perhaps: 1, ask: 2, not: 3 };

/** How a lock that is needed stands in a state. */
function standing(
  analysis: Analysis,
  run: FunctionRun,
  fn: FunctionRef,
  entry: Entry,
  s: State,
  place: number,
  wantsShared: boolean,
  victims: readonly number[],
): Verdict {
  const { terms } = run;
  // What is made here is seen by nobody yet
  if (isNew(analysis, run, fn, place)) return PERHAPS;
  let perhaps = false;
  let ask = false;
  let above: Lock | null = null;
  let shared: Lock | null = null;
  for (const l of heldIn(run, entry, s)) {
    if (l.place === place) {
      if (l.may) perhaps = true;
      else if (wantsShared || !l.shared) return HELD;
      else shared = l;
      continue;
    }
    switch (related(terms, l, place, victims)) {
      case 'above':
        if (!l.may && !l.shared && l.fn >= 0) above = l;
        break;
      case 'open':
        if (l.fn !== fn.id && terms.isShared(place) && terms.kind(terms.root(place)) === T.Param) ask = true;
        else perhaps = true;
        break;
      case 'apart':
        if (!l.may && l.fn >= 0 && outerOf(analysis.model).has(orderName(l.class))) above = l;
        break;
    }
  }
  if (perhaps) return PERHAPS;
  if (!ask && shared !== null)
    return { kind: 'not', why: Why.Shared, by: shared.fn === fn.id ? shared.op : -1 };
  if (terms.kind(terms.root(place)) !== T.Unknown) {
    const given = s.released.find((r) => r.place === place && r.kind === 'rwsem' && !r.may);
    if (given !== undefined || s.done.includes(place))
      return { kind: 'not', why: Why.Dropped, by: given?.fn === fn.id ? given.op : -1 };
  }
  if (ask) return entry.caller >= 0 ? ASK : PERHAPS;
  if (above !== null) return { kind: 'not', why: Why.Ordered, by: above.fn === fn.id ? above.op : -1 };
  if (isAllKnown(entry)) return { kind: 'not', why: Why.Known, by: -1 };
  if (entry.widened) return entry.caller >= 0 && terms.isShared(place) ? ASK : PERHAPS;
  if (entry.from === Whence.Beginning) return PERHAPS;
  return { kind: 'not', why: Why.Outside, by: -1 };
}

const OUTER = new WeakMap<Model, ReadonlySet<string>>();

/** Classes of the locks that are taken before that of a directory whose names are changed. */
function outerOf(model: Model): ReadonlySet<string> {
  let classes = OUTER.get(model);
  if (classes === undefined) {
    const isDirectory = (role: string | undefined): boolean => role === 'parent';
    const out = new Set<string>();
    for (const { outer, inner, tried } of model.lockOrder)
      if (inner.class === DIRECTORY_LOCK && isDirectory(inner.role) && tried !== true)
        out.add(orderName(outer.class));
    classes = out;
    OUTER.set(model, classes);
  }
  return classes;
}

/** A class without its owner where that is a member of the superblock's, which code names in several ways. */
function orderName(cls: string): string {
  return /SB_FREEZE_\w+$/.exec(cls)?.[0] ?? cls;
}

/** What a lock that is held is to the one that is needed: perhaps the same by another name, certainly another, that of a directory above. */
function related(
  terms: Terms,
  l: Lock,
  place: number,
  victims: readonly number[],
): 'open' | 'apart' | 'above' {
  if (l.class !== DIRECTORY_LOCK) return l.class.startsWith('?') && l.kind === 'rwsem' ? 'open' : 'apart';
  const held = directoryOf(terms, l.place);
  if (held === null) return 'open';
  // The lock of what is taken out of the directory
  if (victims.some((v) => v === held.base && held.up === 0)) return 'apart';
  const wanted = directoryOf(terms, place);
  if (wanted === null || wanted.base !== held.base || wanted.up === held.up) return 'open';
  return held.up > wanted.up ? 'above' : 'apart';
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

/** Whether somebody outside who calls a function could name a lock: it hangs on a parameter of the VFS's. */
export function isCallersToLock(cx: RuleContext, fn: FunctionRef, place: number): boolean {
  const { terms, program } = cx.analysis;
  if (place < 0) return true;
  const root = terms.root(place);
  if (terms.kind(root) !== T.Param) return false;
  const { file, index } = fn;
  if (terms.a(root) >= fnColumn(file, index, Fn.ParameterCount)) return true;
  const variable = (fnColumn(file, index, Fn.FirstVariable) + terms.a(root)) * VARIABLE_STRIDE;
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
  'struct kiocb',
  'struct dir_context',
  'struct nameidata',
]);
