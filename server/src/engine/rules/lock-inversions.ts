/**
 * Pairs of lock classes that are taken in both orders, and locks of the VFS that are taken against its documented order, with how
 * sure each is. What cannot run at the same time, or not with the same objects, is left out here. Must not know how edges were found.
 */

import type { Precision } from '../base/finding.js';
import { blockOf, calledName, fnColumn, graphOf, reachedFrom } from '../contexts/cfg.js';
import type { Entry } from '../contexts/entry-points.js';
import type { Facts } from '../contexts/state.js';
import { isAtomicKind } from '../contexts/state.js';
import { T, type Terms } from '../contexts/terms.js';
import { EXPR_STRIDE, Fn, X } from '../facts/encode.js';
import type { LockOrderEntry, Model } from '../model/types.js';
import type { FunctionRef } from '../program/program.js';
import { type Edge, type LockGraph, type Node, rank } from './lock-graph.js';
import { readsOf } from './replay.js';
import type { RuleContext } from './rule.js';

/** Two edges against each other, or one against what is documented. */
export interface Inversion {
  /** The side that is reported. */
  readonly edge: Edge;
  /** The other task; null where the order is documented. */
  readonly other: Edge | null;
  readonly documented: LockOrderEntry | null;
  readonly precision: Precision;
}

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
  /^(vfs_(create|mkdir|rmdir|unlink|rename|link|symlink|mknod|tmpfile|setxattr|getxattr|removexattr|getattr)|kern_path\w*|lookup_one\w*|backing_file_\w+|kernel_(read|write)|dentry_open|vfs_path_lookup)$/;
const MMAP_LOCK = 'mm_struct::mmap_lock';

/** Finds the inversions of one analysis. */
export class Inversions {
  private readonly terms: Terms;
  private readonly splitFields: ReadonlySet<string>;
  private readonly layered: boolean;

  constructor(
    private readonly cx: RuleContext,
    private readonly graph: LockGraph,
    private readonly silent: (edge: Edge, why: Why) => void,
  ) {
    this.terms = cx.analysis.shared.terms;
    const { split, layered } = this.namesOfUnit();
    this.splitFields = split;
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
    const fewer = ways(one) < ways(two) || (ways(one) === ways(two) && rank(a) <= rank(b));
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
    if (e.outer.kind === 'folio' || e.inner.kind === 'folio') return false;
    if (this.layered && (OF_THE_VFS.test(e.outer.class) || OF_THE_VFS.test(e.inner.class))) {
      this.silent(e, 'a lock of the VFS in code that works on other filesystems: whose it is is not known');
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
    const mode = this.modesApart(a.facts, b.facts);
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
    for (const e of [a, b]) {
      if (e.taken.unsure) worst = Math.max(worst, 1);
      if (e.taken.lastRef) worst = Math.max(worst, 2);
      if (!this.isReached(e.fn)) worst = Math.max(worst, 1);
      for (const n of [e.outer, e.inner]) {
        if (this.isSplit(n)) worst = Math.max(worst, 2);
        if (n.class === 'inode::i_rwsem' && n.sub === '') worst = Math.max(worst, 2);
        if (n.kind === 'semaphore' || n.kind === 'percpu-rwsem') worst = Math.max(worst, 2);
      }
    }
    if ((a.outerShared && b.taken.shared) || (b.outerShared && a.taken.shared)) worst = Math.max(worst, 1);
    return (['high', 'medium', 'low'] as const)[worst] as Precision;
  }

  private isSplit(n: Node): boolean {
    return this.splitFields.has(n.class.split('::').at(-1) as string);
  }

  // ---- what is documented

  private againstTheModel(): Inversion[] {
    const out: Inversion[] = [];
    const { model } = this.cx.analysis;
    const inside = insideOf(model);
    const tried = new Set(
      model.lockOrder.filter((o) => o.tried === true).map((o) => `${o.outer.class} > ${o.inner.class}`),
    );
    for (const list of this.graph.edges.values()) {
      const first = list[0] as Edge;
      const outer = orderName(first.outer.class);
      const inner = orderName(first.inner.class);
      if (outer === inner) continue;
      const documented = inside.get(inner)?.get(outer);
      if (documented === undefined || inside.get(outer)?.has(inner) === true) continue;
      void tried;
      for (const e of list) {
        if (!this.counts(e)) continue;
        out.push({
          edge: e,
          other: null,
          documented,
          precision:
            e.taken.unsure || e.taken.lastRef || !this.isReached(e.fn) || e.taken.node.class === MMAP_LOCK
              ? 'low'
              : 'medium',
        });
        break;
      }
    }
    return out;
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

  /** Members whose locks are told apart by the code itself, and whether it works on other filesystems. */
  private namesOfUnit(): { readonly split: ReadonlySet<string>; readonly layered: boolean } {
    const split = new Set<string>();
    const called = new Set<string>();
    for (const fn of this.cx.functions) {
      const { file } = fn;
      const count = fnColumn(file, fn.index, Fn.OpCount);
      for (let op = 0; op < count; op++) {
        const name = calledName(fn, op);
        if (LAYERED.test(name)) called.add(name);
        if (!name.startsWith('lockdep_set_')) continue;
        let e = readsOf(fn, op)[1] ?? -1;
        while (e >= 0 && (file.exprs[e * EXPR_STRIDE] as X) === X.Addr)
          e = file.exprs[e * EXPR_STRIDE + 1] as number;
        if (e >= 0 && (file.exprs[e * EXPR_STRIDE] as X) === X.Field)
          split.add(file.strings[file.exprs[e * EXPR_STRIDE + 2] as number] as string);
      }
    }
    for (const fn of this.cx.functions) called.delete(fn.name);
    return { split, layered: called.size > 0 };
  }
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
