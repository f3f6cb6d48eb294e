/**
 * Pairs of lock classes that are taken in both orders, and locks of the VFS that are taken against its documented order, with how
 * sure each is. What cannot run at the same time, or not with the same objects, is left out here. Must not know how edges were found.
 */

import type { Precision } from '../base/finding.js';
import { blockOf, calledName, fnColumn, graphOf, reachedFrom } from '../contexts/cfg.js';
import { begin, type Entry, Whence } from '../contexts/entry-points.js';
import { FunctionRun } from '../contexts/flow.js';
import { commonFacts } from '../contexts/join.js';
import { ANY, type Facts, factOf, withFact } from '../contexts/known.js';
import { readsOf } from '../contexts/operands.js';
import { NO_LOCKS } from '../contexts/state.js';
import { T, type Terms } from '../contexts/terms.js';
import { exported } from '../contexts/translate.js';
import { Fn } from '../facts/encode.js';
import { isAtomicKind } from '../model/lock-kinds.js';
import type { LockOrderEntry, Model } from '../model/types.js';
import type { FunctionRef } from '../program/program.js';
import { rank } from './edge-lists.js';
import { OfEach, OfFunctions } from './kept.js';
import type { Edge, LockGraph } from './lock-graph.js';
import type { Node } from './lock-names.js';
import { replay } from './replay.js';
import type { RuleContext } from './rule.js';
import { standing } from './standing.js';

/** Two edges against each other, or one against what is documented. */
export interface Inversion {
  /** The side that is reported. */
  readonly edge: Edge;
  /** The other task; null where the order is documented. */
  readonly other: Edge | null;
  readonly documented: LockOrderEntry | null;
  readonly precision: Precision;
}

/** The more calls, the more conditions on the way that may exclude each other. */
const MAX_SURE_DEPTH = 5;

/** Why a pair is left out. */
type Why = string;

/** Methods that run before others see an object, or after. */
const ALONE = new Set([
  'fill_super',
  'get_tree',
  'mount',
  'init_fs_context',
  'parse_param',
  'alloc_inode',
  'd_init',
  'free_inode',
  'destroy_inode',
  'evict_inode',
  'd_release',
  'put_super',
  'kill_sb',
  'release',
  'init or exit code',
]);

/** Whether a method runs before others see an object, or after. */
export function isAlone(method: string | undefined): boolean {
  return method !== undefined && ALONE.has(method);
}

/** Structures of the VFS: two filesystems have locks of these classes. */
const OF_THE_VFS = /^(inode|dentry|super_block|address_space|file|mount|vfsmount|folio|page|lockref)::/;
const LAYERED =
  /^(vfs_(create|mkdir|rmdir|unlink|rename|link|symlink|mknod|tmpfile)|lookup_one\w*|backing_file_\w+|vfs_path_lookup)$/;
const DIRECTORY_LOCK = 'inode::i_rwsem';
const MMAP_LOCK = 'mm_struct::mmap_lock';
/** Members that lead to what a whole filesystem shares. */
const SUPERBLOCK: ReadonlySet<string> = new Set(['i_sb', 'd_sb', 'mnt_sb', 's_fs_info']);

/** What gives a lock another class than its like. */
const SPLITS = /^lockdep_set_(class|subclass|novalidate)/;

/** Finds the inversions of one analysis. */
export class Inversions {
  private readonly terms: Terms;
  private readonly split: ReadonlySet<string>;
  private readonly layered: boolean;
  /** Some inodes have a class of their own for their i_rwsem. */
  private readonly inodesSplit: boolean;

  constructor(
    private readonly cx: RuleContext,
    private readonly graph: LockGraph,
    private readonly silent: (edge: Edge, why: Why) => void,
  ) {
    this.terms = cx.analysis.shared.terms;
    const { split, layered, inodesSplit } = this.namesOfUnit();
    this.split = split;
    this.inodesSplit = inodesSplit;
    this.layered = layered;
  }

  /** All pairs, each once. */
  all(): Inversion[] {
    const out: Inversion[] = [];
    for (const [key, list] of this.graph.edges) {
      const [a, b] = key.split(' > ') as [string, string];
      const back = this.graph.edges.get(`${b} > ${a}`);
      // Each pair once
      if (back === undefined || a > b) continue;
      const found = this.ofPair(list, back);
      if (found !== null) out.push(found);
    }
    out.push(...this.againstTheModel());
    return out;
  }

  private ofPair(there: readonly Edge[], back: readonly Edge[]): Inversion | null {
    const first = there[0] as Edge;
    if (first.outer.kind === 'folio' || first.inner.kind === 'folio') return null;
    // Two locks of the VFS have an order that is documented: what goes against it is said of that
    const inside = insideOf(this.cx.analysis.model);
    const [x, y] = [orderName(first.outer.class), orderName(first.inner.class)];
    if (inside.get(x)?.has(y) === true || inside.get(y)?.has(x) === true) return null;
    const one = there.filter((e) => this.counts(e));
    const two = back.filter((e) => this.counts(e));
    let best: { readonly a: Edge; readonly b: Edge; readonly cost: number } | null = null;
    const order: Precision[] = ['high', 'medium', 'low'];
    for (const a of one)
      for (const b of two) {
        const why = this.apart(a, b);
        if (why !== null) {
          this.silent(a, why);
          continue;
        }
        const cost = order.indexOf(this.precisionOf(a, b)) * 1000 + rank(a) + rank(b);
        if (best === null || cost < best.cost) best = { a, b, cost };
      }
    if (best === null) return null;
    const { a, b } = best;
    const precision = this.precisionOf(a, b);
    // The way that fewer go is the one that is wrong
    const ways = (list: readonly Edge[]): number => new Set(list.map((e) => e.fn.id)).size;
    // What a method's callers hold is nothing that its code could change
    const fewer =
      (a.origin === null) !== (b.origin === null)
        ? a.origin === null
        : ways(one) < ways(two) || (ways(one) === ways(two) && rank(a) <= rank(b));
    return {
      edge: fewer ? a : b,
      other: fewer ? b : a,
      documented: null,
      precision,
    };
  }

  /** Whether an edge may be part of a deadlock at all. */
  private counts(e: Edge): boolean {
    // What sleeps where it may not is said by another rule
    if (isAtomicKind(e.outer.kind) && !isAtomicKind(e.inner.kind)) return false;
    if (this.layered && (OF_THE_VFS.test(e.outer.class) || OF_THE_VFS.test(e.inner.class))) {
      this.silent(e, 'a lock of the VFS in code that works on other filesystems: whose it is is not known');
      return false;
    }
    const isOfVfs = OF_THE_VFS.test(e.outer.class) || e.outer.class === MMAP_LOCK;
    if (e.taken.lastRef && e.taken.node.class === 'super_block::s_umount' && isOfVfs) {
      this.silent(
        e,
        'only for the last active reference: whoever came through a mount or an open file has another one',
      );
      return false;
    }
    const another = this.anotherInode(e);
    if (another !== null) {
      this.silent(e, another);
      return false;
    }
    if (this.isAlone(e)) {
      this.silent(e, 'it is only taken so while nobody else sees the object');
      return false;
    }
    return true;
  }

  /** Why two edges cannot meet; null where they can. */
  private apart(a: Edge, b: Edge): Why | null {
    for (const [key, shared] of a.gates) {
      const other = b.gates.get(key);
      if (other !== undefined && !(shared && other)) return `both are under ${key}, which keeps them apart`;
    }
    if (a.fn === b.fn && this.branchesApart(a, b))
      return 'one function chooses between both orders by a condition';
    const mode = this.modesApart(this.seenAround(a), this.seenAround(b));
    if (mode !== null) return `one is there only where ${mode}, the other only where not`;
    for (const [x, y] of [
      [a.outerShared, b.taken.shared],
      [b.outerShared, a.taken.shared],
    ] as const)
      if (x && y && !this.graph.exclusive.has((x === a.outerShared ? a.outer : b.outer).key))
        return 'both hold it shared, and nobody takes it alone';
    return null;
  }

  private precisionOf(a: Edge, b: Edge): Precision {
    let worst = 0;
    const atMost = (rank: number): void => {
      worst = Math.max(worst, rank);
    };
    for (const e of [a, b]) {
      // Held on some of the ways only: what they have in common with what follows may have been lost
      if (e.taken.unsure || !e.always || e.taken.depth > MAX_SURE_DEPTH) atMost(1);
      if (e.taken.lastRef) atMost(2);
      if (!this.isReached(e.fn)) atMost(1);
      // A fault waits for the lock of its own address space: only threads of one program meet there
      if (e.taken.node.class === MMAP_LOCK) atMost(1);
      // What is emitted is in a directory, what is mapped is none; nor is every reader in user space
      if (e.taken.what.startsWith('dir_emit')) atMost(2);
      for (const n of [e.outer, e.inner]) {
        if (this.isSplit(n)) atMost(2);
        // Whose it is, a directory's or not, subclasses do not always tell
        if (n.class === DIRECTORY_LOCK) atMost(2);
        if (n.kind === 'semaphore' || n.kind === 'percpu-rwsem') atMost(2);
      }
    }
    if ((a.outerShared && b.taken.shared) || (b.outerShared && a.taken.shared)) atMost(1);
    if (this.isOneOfMany(a, b)) atMost(2);
    // What is only perhaps so is as a rule not; and that both can run at all has to be shown
    if (worst > 0) return 'low';
    return this.isEntered(a) && this.isEntered(b) ? 'high' : 'medium';
  }

  /** Whether control is known to come there: from a method, or by a callback that is named. */
  private isEntered(e: Edge): boolean {
    const entries = this.cx.analysis.propagation?.entries[e.fn.id] ?? [];
    return e.origin !== null || entries.some((x) => x.origins.length > 0);
  }

  /**
   * Whether each side finds the object of the inner lock in that of the outer one: what one of many points to, and what points to one
   * of many. That one need not be the one of the other side.
   */
  private isOneOfMany(a: Edge, b: Edge): boolean {
    return this.isFoundThrough(a) && this.isFoundThrough(b);
  }

  private isFoundThrough(e: Edge): boolean {
    const object = this.objectOf(e.heldPlace);
    const inner = this.objectOf(e.taken.place);
    return object >= 0 && inner >= 0 && object !== inner && this.terms.contains(inner, object);
  }

  /** The pointer to the object that a lock is in; -1 for one that has no name. */
  private objectOf(place: number): number {
    const { terms } = this;
    for (let at = place; ; at = terms.a(at)) {
      switch (terms.kind(at)) {
        case T.FieldL:
        case T.Elem:
          break;
        case T.FieldP:
        case T.DerefL:
          return terms.a(at);
        default:
          return -1;
      }
    }
  }

  /** Why an inode's lock is another inode's than the one that the other lock belongs to, or may be; null where nothing says so. */
  private anotherInode(e: Edge): Why | null {
    if (e.outer.class !== DIRECTORY_LOCK && e.inner.class !== DIRECTORY_LOCK) return null;
    const [outer, inner] = [this.objectOf(e.heldPlace), this.objectOf(e.taken.place)];
    const { terms } = this;
    if (outer >= 0 && inner >= 0 && this.isOfSuperblock(outer) !== this.isOfSuperblock(inner))
      return 'one of them is found through the superblock: an inode that the filesystem keeps for itself is none that users work on';
    const known = outer >= 0 && inner >= 0 && terms.kind(terms.root(outer)) !== T.Opaque;
    return this.inodesSplit && !(known && terms.root(outer) === terms.root(inner))
      ? 'the code tells the locks of some inodes apart by a class of their own: which one this is is not known'
      : null;
  }

  /** Whether a pointer is found through a superblock. */
  private isOfSuperblock(pointer: number): boolean {
    const { terms } = this;
    for (let at = pointer, hops = 0; hops < 20; hops++) {
      switch (terms.kind(at)) {
        case T.FieldP:
        case T.FieldL:
          if (SUPERBLOCK.has(terms.nameText(terms.b(at)))) return true;
          break;
        case T.Load:
        case T.Addr:
        case T.Container:
        case T.DerefL:
        case T.Elem:
          break;
        default:
          return false;
      }
      at = terms.a(at);
    }
    return false;
  }

  private isSplit(n: Node): boolean {
    return this.split.has(n.class);
  }

  // ---- what is documented

  private againstTheModel(): Inversion[] {
    const out: Inversion[] = [];
    const { model } = this.cx.analysis;
    const inside = insideOf(model);
    for (const list of this.graph.edges.values()) {
      const first = list[0] as Edge;
      const outer = orderName(first.outer.class);
      const inner = orderName(first.inner.class);
      if (outer === inner) continue;
      const documented = inside.get(inner)?.get(outer);
      if (documented === undefined || inside.get(outer)?.has(inner) === true) continue;
      for (const e of list) {
        if (!this.counts(e)) continue;
        out.push({
          edge: e,
          other: null,
          documented,
          precision: this.documentedPrecision(e),
        });
        break;
      }
    }
    return out;
  }

  /** Spinning locks of the VFS have one order everywhere; what sleeps is nested otherwise here and there, on purpose. */
  private documentedPrecision(e: Edge): Precision {
    if (e.taken.unsure || !e.always || e.taken.lastRef || !this.isReached(e.fn)) return 'low';
    if (e.outer.sub !== '' || e.inner.sub !== '') return 'low';
    if (e.outer.kind === 'folio') return 'low';
    if (isAtomicKind(e.outer.kind)) return e.taken.depth === 0 ? 'high' : 'medium';
    return e.inner.class === MMAP_LOCK && e.taken.depth === 0 ? 'medium' : 'low';
  }

  // ---- who runs it

  private readonly alone = new Map<number, boolean>();

  private isAlone(e: Edge): boolean {
    if (e.origin !== null) return ALONE.has(e.origin.method);
    let known = this.alone.get(e.fn.id);
    if (known === undefined) {
      const { propagation } = this.cx.analysis;
      const entries: readonly Entry[] = propagation?.entries[e.fn.id] ?? [];
      known =
        entries.length > 0 &&
        entries.every(
          (entry) =>
            entry.origins.length > 0 &&
            entry.origins.every((o) => ALONE.has(propagation?.origins[o]?.method ?? '')),
        );
      this.alone.set(e.fn.id, known);
    }
    return known;
  }

  /** Whether anything is known that leads to a function: a beginning, or callers elsewhere. */
  private isReached(fn: FunctionRef): boolean {
    const entries: readonly Entry[] = this.cx.analysis.propagation?.entries[fn.id] ?? [];
    return !fn.isStatic || entries.some((e) => e.origins.length > 0 || e.caller >= 0);
  }

  // ---- what keeps them apart

  private branchesApart(a: Edge, b: Edge): boolean {
    if (a.heldOp < 0 || b.heldOp < 0) return false;
    const graph = graphOf(a.fn.file, a.fn.index);
    const reaches = (from: number, to: number): boolean => {
      const [x, y] = [blockOf(graph, from), blockOf(graph, to)];
      return x === y ? from <= to : reachedFrom(graph, x).has(y);
    };
    return !reaches(a.heldOp, b.heldOp) && !reaches(b.heldOp, a.heldOp);
  }

  private readonly seen = new Map<Edge, Facts>();

  /** What the function of an edge has seen where it takes the outer lock, and where it comes to the inner one. */
  private seenAround(e: Edge): Facts {
    let known = this.seen.get(e);
    if (known !== undefined) return known;
    known = e.facts;
    if (e.heldOp >= 0) {
      const at = new Map<number, Facts>();
      replay(this.cx.analysis, e.fn, begin(NO_LOCKS, Whence.Nobody), (_, op, s): undefined => {
        if (op !== e.heldOp && op !== e.taken.op) return;
        const facts = exported(this.terms, s.facts, true);
        const old = at.get(op);
        at.set(op, old === undefined ? facts : commonFacts(old, facts));
      });
      for (const facts of at.values())
        for (let i = 0; i < facts.length; i += 2)
          if (factOf(known, facts[i] as number) === ANY)
            known = withFact(known, facts[i] as number, facts[i + 1] as number);
    }
    this.seen.set(e, known);
    return known;
  }

  /** A flag in memory that is set for one and clear for the other. */
  private modesApart(a: Facts, b: Facts): string | null {
    const modes = new Map<string, number>();
    for (let i = 0; i < a.length; i += 2) {
      const name = this.modeOf(a[i] as number);
      if (name !== null) modes.set(name, a[i + 1] as number);
    }
    if (modes.size === 0) return null;
    for (let i = 0; i < b.length; i += 2) {
      const name = this.modeOf(b[i] as number);
      const mask = name === null ? undefined : modes.get(name);
      if (mask !== undefined && (mask & (b[i + 1] as number)) === 0) return name;
    }
    return null;
  }

  /** A member of memory, or bits of it, whatever object it is in; null for anything else. */
  private modeOf(t: number): string | null {
    const { terms } = this;
    if (terms.kind(t) === T.Bin) {
      const rest = terms.number(terms.c(t));
      const inner = rest === null ? null : this.modeOf(terms.b(t));
      return inner === null ? null : `${inner} ${terms.a(t)} ${rest}`;
    }
    if (terms.kind(t) !== T.Load) return null;
    const place = terms.a(t);
    const kind = terms.kind(place);
    return kind === T.FieldP || kind === T.FieldL ? terms.lastField(place) : null;
  }

  // ---- names

  /** Classes whose locks are told apart by the code itself, and whether it works on other filesystems. */
  private namesOfUnit(): {
    readonly split: ReadonlySet<string>;
    readonly layered: boolean;
    readonly inodesSplit: boolean;
  } {
    const { analysis } = this.cx;
    let inodesSplit = false;
    const split = new Set<string>();
    const called = new Set<string>();
    const all = TELL.of(analysis, (fn) => {
      const found = TELLING.of(fn, [standing(analysis.results[fn.id])], () => tellingCalls(fn));
      return found.length === 0 ? null : found;
    });
    for (const fn of all.size === 0 ? [] : this.cx.unit) {
      const telling = all.get(fn.id);
      if (telling === undefined) continue;
      for (const name of telling) if (LAYERED.test(name)) called.add(name);
      if (!telling.some((name) => SPLITS.test(name))) continue;
      const run: FunctionRun = new FunctionRun(analysis.shared, fn, (op, s): undefined => {
        const e = SPLITS.test(calledName(fn, op)) ? readsOf(fn, op)[1] : undefined;
        if (e === undefined) return;
        const lock = run.terms.derefL(run.ev.value(s, e));
        const cls = run.ev.classOf(lock);
        // The VFS itself tells its locks apart by filesystem type, as is done here
        if (!analysis.model.lockClasses.has(cls)) split.add(cls);
        else if (cls === DIRECTORY_LOCK) inodesSplit = true;
      });
      run.run();
    }
    for (const fn of this.cx.unit) called.delete(fn.name);
    return { split, layered: called.size > 0, inodesSplit };
  }
}

const TELLING = new OfFunctions<readonly string[]>();
const TELL = new OfEach<readonly string[]>();

/** What a function calls that tells of whose locks it takes. */
function tellingCalls(fn: FunctionRef): readonly string[] {
  const out = new Set<string>();
  const count = fnColumn(fn.file, fn.index, Fn.OpCount);
  for (let op = 0; op < count; op++) {
    const name = calledName(fn, op);
    if (LAYERED.test(name) || SPLITS.test(name)) out.add(name);
  }
  return [...out];
}

const INSIDE = new WeakMap<Model, ReadonlyMap<string, ReadonlyMap<string, LockOrderEntry>>>();

/** By class: what may be taken inside it, through any number of steps, with the first step. */
function insideOf(model: Model): ReadonlyMap<string, ReadonlyMap<string, LockOrderEntry>> {
  const known = INSIDE.get(model);
  if (known !== undefined) return known;
  const name = (l: LockOrderEntry['outer']): string =>
    `${orderName(l.class)}${l.role === undefined ? '' : ` / ${l.role}`}`;
  const steps = new Map<string, LockOrderEntry[]>();
  for (const o of model.lockOrder)
    if (o.tried !== true) steps.set(name(o.outer), [...(steps.get(name(o.outer)) ?? []), o]);
  const out = new Map<string, Map<string, LockOrderEntry>>();
  for (const [from, first] of steps) {
    const cls = from.split(' / ')[0] as string;
    const reached = out.get(cls) ?? new Map<string, LockOrderEntry>();
    out.set(cls, reached);
    const seen = new Set<string>();
    const todo = [...first];
    for (let at = todo.shift(); at !== undefined; at = todo.shift()) {
      const to = name(at.inner);
      if (seen.has(to)) continue;
      seen.add(to);
      const inner = orderName(at.inner.class);
      if (!reached.has(inner)) reached.set(inner, at);
      todo.push(...(steps.get(to) ?? []));
    }
  }
  INSIDE.set(model, out);
  return out;
}

/** A class without its owner where that is a member of the superblock's, which code names in several ways. */
function orderName(cls: string): string {
  return /SB_FREEZE_\w+$/.exec(cls)?.[0] ?? cls;
}
