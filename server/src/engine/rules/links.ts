/**
 * Objects on lists and in trees: which members of which structures a function puts on one, and which it takes off, itself and
 * through its callees. Told by the node's member, `ceph_dentry_info::lease_list`, not by the object.
 */
import { calledName } from '../contexts/cfg.js';
import { T } from '../contexts/terms.js';
import type { FunctionRef } from '../program/program.js';
import { Mentions } from './mentions.js';
import { argumentsOf } from './reached.js';
import { OfSituations, reachedAnyhow, watch } from './replay.js';
import type { RuleContext } from './rule.js';

/** What puts a node on a list or into a tree or table: position of the node among the arguments. */
const LINKS: ReadonlyMap<string, number> = new Map([
  ['list_add', 0],
  ['list_add_tail', 0],
  ['list_add_rcu', 0],
  ['list_add_tail_rcu', 0],
  ['list_move', 0],
  ['list_move_tail', 0],
  ['hlist_add_head', 0],
  ['hlist_add_head_rcu', 0],
  ['hlist_add_before', 0],
  ['hlist_add_behind', 0],
  ['hlist_bl_add_head', 0],
  ['hlist_bl_add_head_rcu', 0],
  ['hlist_nulls_add_head_rcu', 0],
  ['llist_add', 0],
  ['rb_link_node', 0],
  ['rb_link_node_rcu', 0],
  ['rb_add', 0],
  ['rb_add_cached', 0],
  ['rb_insert_color', 0],
  ['rb_insert_color_cached', 0],
  ['hash_add', 1],
  ['hash_add_rcu', 1],
  ['rhashtable_insert_fast', 1],
  ['rhashtable_lookup_insert_fast', 1],
]);

/** What takes a node off again. */
const UNLINKS: ReadonlyMap<string, number> = new Map([
  ['list_del', 0],
  ['list_del_init', 0],
  ['list_del_rcu', 0],
  ['list_del_init_careful', 0],
  ['list_bidir_del_rcu', 0],
  ['list_move', 0],
  ['list_move_tail', 0],
  ['__list_del_entry', 0],
  ['hlist_del', 0],
  ['hlist_del_init', 0],
  ['hlist_del_rcu', 0],
  ['hlist_del_init_rcu', 0],
  ['__hlist_del', 0],
  ['hlist_bl_del', 0],
  ['hlist_bl_del_init', 0],
  ['hlist_bl_del_rcu', 0],
  ['hlist_nulls_del_rcu', 0],
  ['hlist_nulls_del_init_rcu', 0],
  ['rb_erase', 0],
  ['rb_erase_init', 0],
  ['rb_erase_cached', 0],
  ['hash_del', 0],
  ['hash_del_rcu', 0],
  ['rhashtable_remove_fast', 1],
]);

/** Calls of one of these, with what was found of them in a function. */
interface Calls {
  readonly at: ReadonlyMap<string, number>;
  readonly nodes: OfSituations<ReadonlyMap<number, string>>;
}

const LINKING: Calls = { at: LINKS, nodes: new OfSituations() };
const UNLINKING: Calls = { at: UNLINKS, nodes: new OfSituations() };
const NO_NODES: ReadonlyMap<number, string> = new Map();

/** A node that is put on a list. */
export interface Link {
  readonly member: string;
  readonly fn: FunctionRef;
  readonly op: number;
}

/** Answers for one check. */
export class Linkage {
  private readonly linking = new Mentions(LINKS.keys());
  private readonly unlinking = new Mentions(UNLINKS.keys());
  private readonly unlinked = new Map<number, ReadonlySet<string>>();
  private readonly own = new Map<number, ReadonlySet<string>>();
  private readonly byUnit = new Map<string, readonly Link[]>();

  /** What takes a counted reference on a dentry. */
  private readonly pinning: Mentions;

  constructor(private readonly cx: RuleContext) {
    const getters = [...cx.analysis.model.helpers.values()].filter((h) =>
      h.references?.some((r) => r.kind === 'dentry' && r.action !== 'put'),
    );
    this.pinning = new Mentions(getters.map((h) => h.name));
  }

  /** The members of a structure (`foo`) that code of a unit puts on lists, each with its first place. */
  linksOf(unit: string, struct: string): readonly Link[] {
    return this.linksIn(unit).filter((l) => l.member.startsWith(`${struct}::`));
  }

  private linksIn(unit: string): readonly Link[] {
    const known = this.byUnit.get(unit);
    if (known !== undefined) return known;
    const links = new Map<string, Link>();
    for (const fn of this.cx.all) {
      // Where a dentry is pinned on the way, what hangs on it is off the list before the last reference goes
      if (fn.unit !== unit || !this.linking.in(fn) || this.pinning.in(fn)) continue;
      for (const [op, member] of this.nodesOf(fn, LINKING))
        if (!links.has(member)) links.set(member, { member, fn, op });
    }
    const all = [...links.values()];
    this.byUnit.set(unit, all);
    return all;
  }

  /** The members that a function takes off lists, itself or through what it calls. */
  unlinkedBy(fn: number): ReadonlySet<string> {
    const known = this.unlinked.get(fn);
    if (known !== undefined) return known;
    const out = new Set<string>();
    const seen = new Set([fn]);
    const waiting = [fn];
    for (let at = waiting.pop(); at !== undefined; at = waiting.pop()) {
      for (const member of this.unlinkedHere(at)) out.add(member);
      for (const edge of this.cx.analysis.results[at]?.edges ?? [])
        if (edge.context === 'now' && !seen.has(edge.callee)) {
          seen.add(edge.callee);
          waiting.push(edge.callee);
        }
    }
    this.unlinked.set(fn, out);
    return out;
  }

  /** The members that a function itself takes off lists, by operation. */
  unlinksAt(fn: FunctionRef): ReadonlyMap<number, readonly string[]> {
    if (!this.unlinking.in(fn)) return new Map();
    return new Map([...this.nodesOf(fn, UNLINKING)].map(([op, member]) => [op, [member]]));
  }

  /** The members that a function itself puts on lists, by operation. */
  linksAt(fn: FunctionRef): ReadonlyMap<number, readonly string[]> {
    if (!this.linking.in(fn)) return new Map();
    return new Map([...this.nodesOf(fn, LINKING)].map(([op, member]) => [op, [member]]));
  }

  private unlinkedHere(id: number): ReadonlySet<string> {
    const known = this.own.get(id);
    if (known !== undefined) return known;
    const fn = this.cx.analysis.program.functions[id];
    const out = new Set<string>();
    if (fn !== undefined && this.unlinking.in(fn))
      for (const [, member] of this.nodesOf(fn, UNLINKING)) out.add(member);
    this.own.set(id, out);
    return out;
  }

  /** Operations that call one of these, with the member that the node is. */
  private nodesOf(fn: FunctionRef, calls: Calls): ReadonlyMap<number, string> {
    const { analysis } = this.cx;
    const entry = reachedAnyhow(analysis, fn);
    // What nobody comes to puts nothing anywhere
    if (entry === null) return NO_NODES;
    return calls.nodes.of(analysis, fn, entry, () => {
      const out = new Map<number, string>();
      const isCall = (op: number): boolean => calls.at.has(calledName(fn, op));
      watch(analysis, fn, entry, isCall, (run, op, s) => {
        if (out.has(op)) return;
        const node = argumentsOf(run, op, s)[calls.at.get(calledName(fn, op)) as number] ?? run.terms.unknown;
        if (run.terms.kind(node) !== T.Addr) return;
        const member = run.ev.classOf(run.terms.a(node));
        if (member.includes('::') && !member.startsWith('?')) out.set(op, member);
      });
      return out;
    });
  }
}
