/**
 * dir/unpinned-child: a directory that dcache_readdir() reads gets a lookup or a creation that adds a child and pins it nowhere. The
 * cache is all that such a directory has: what nobody holds goes under memory pressure, and its name with it. Told per inode, by the
 * i_op and i_fop that are assigned together; a reference to the new child anywhere on the method's way counts as its pin.
 */
import type { Analysis } from '../../contexts/analysis.js';
import { calledName, fnColumn } from '../../contexts/cfg.js';
import { T } from '../../contexts/terms.js';
import { Fn, OP_STRIDE, Op } from '../../facts/encode.js';
import type { Model } from '../../model/types.js';
import type { FunctionRef } from '../../program/program.js';
import { type Pair, readsFromCache, slotOf, tablePairs } from '../inode-tables.js';
import { Mentions } from '../mentions.js';
import { argumentsOf, type Reached, reachedFrom, rootOf, stepsTo } from '../reached.js';
import { OfSituations, replay } from '../replay.js';
import { type Draft, entryMethod, type Rule, type RuleContext, step } from '../rule.js';

const ID = 'dir/unpinned-child';

/** The rule. */
export const unpinnedChild: Rule = {
  info: {
    id: ID,
    summary: 'A child is added to a directory that lives in the cache, and nothing pins it there.',
    law: 'A positive child of a directory that dcache_readdir() reads holds a reference of its own from its creation to its removal.',
    severity: 'error',
    precision: 'high',
    onByDefault: true,
    fixable: false,
  },
  check(cx) {
    const out: Draft[] = [];
    const made = cx.unit.flatMap((fn) =>
      tablePairs(cx, fn)
        .filter((pair) => readsFromCache(cx.analysis, pair.fileTable, fn))
        .map((pair) => ({ fn, pair })),
    );
    if (made.length === 0) return out;
    const ways = METHODS.map(({ method, child }) => ({
      method,
      reached: reachedFrom(cx, 'inode_operations', [method], child),
    }));
    const said = new Set<string>();
    const inScope = new Set(cx.unit.map((f) => f.id));
    for (const { fn, pair } of made)
      for (const { method, reached } of ways) {
        const root = cx.analysis.program.resolve(slotOf(cx.analysis, pair.inodeTable, method, fn), fn.file);
        const way = reached.filter((r) => rootOf(r).fn.id === root?.id);
        const add = root === null ? null : unpinnedAdd(cx, way);
        if (root === null || add === null) continue;
        // A method of other directories too is right there: what is wrong is that it is this one's
        const isShared = standsElsewhere(cx, method, root, fn, made);
        const spot =
          isShared || !inScope.has(add.r.fn.id) ? { fn, op: pair.op } : { fn: add.r.fn, op: add.op };
        const key = `${spot.fn.id} ${spot.op} ${isShared ? method : ''}`;
        if (!said.has(key)) out.push(draftOf(cx, fn, pair, method, add, spot));
        said.add(key);
      }
    return out;
  },
};

/** The methods that add a child, and what the model calls the parameter that becomes one. */
const METHODS: readonly { readonly method: string; readonly child: string }[] = [
  { method: 'lookup', child: 'dentry' },
  { method: 'create', child: 'dentry' },
  { method: 'mkdir', child: 'dentry' },
  { method: 'mknod', child: 'dentry' },
  { method: 'symlink', child: 'dentry' },
  { method: 'link', child: 'new_dentry' },
];

/** What gives a dentry an inode and leaves its count alone: positions of the two. */
const ADDS: ReadonlyMap<string, { readonly dentry: number; readonly inode: number }> = new Map([
  ['d_add', { dentry: 0, inode: 1 }],
  ['d_instantiate', { dentry: 0, inode: 1 }],
  ['d_instantiate_new', { dentry: 0, inode: 1 }],
  ['d_splice_alias', { dentry: 1, inode: 0 }],
  ['d_splice_alias_ops', { dentry: 1, inode: 0 }],
]);
const ADDING = new Mentions(ADDS.keys());

/** A call that adds a child. */
interface Add {
  readonly r: Reached;
  readonly op: number;
}

/** What a function does to the dentry in one of its parameters. */
interface Deeds {
  /** The first call that makes it positive; -1. */
  readonly adds: number;
  /** Takes a reference to it. */
  readonly pins: boolean;
  /** The first call that hands it to something of which nothing is known; -1. */
  readonly unknown: number;
}

/** The first call on a method's way that adds the child, where nothing on it pins the child; null. */
function unpinnedAdd(cx: RuleContext, way: readonly Reached[]): Add | null {
  let add: Add | null = null;
  const on = way.filter((r) => r.object >= 0);
  // Cheap: a way that adds nothing is not looked at
  if (!on.some((r) => ADDING.in(r.fn))) return null;
  const quiet: (() => void)[] = [];
  let open = true;
  for (const r of on) {
    const deeds = deedsOf(cx.analysis, r);
    if (deeds.adds >= 0) add ??= { r, op: deeds.adds };
    if (deeds.pins || deeds.unknown >= 0) open = false;
    const { fn } = r;
    if (deeds.pins)
      quiet.push(() => cx.silence?.(ID, add?.r.fn ?? fn, add?.op ?? -1, `'${fn.name}()' pins the child`));
    else if (deeds.unknown >= 0)
      quiet.push(() =>
        cx.silence?.(
          ID,
          fn,
          deeds.unknown,
          'the child is handed to something that may pin it: nothing is known of that',
        ),
      );
  }
  if (add !== null && !open) for (const say of quiet) say();
  return open ? add : null;
}

const DEEDS = new OfSituations<Map<number, Deeds>>();
const PINNING = new WeakMap<Model, { readonly names: ReadonlySet<string>; readonly mentions: Mentions }>();

/** The helpers that take a reference to a dentry that they are handed. */
function pinning(model: Model): { readonly names: ReadonlySet<string>; readonly mentions: Mentions } {
  let known = PINNING.get(model);
  if (known === undefined) {
    const names = new Set<string>();
    for (const h of model.helpers.values())
      if (h.references?.some((r) => r.action !== 'put' && r.kind === 'dentry' && h.params.includes(r.object)))
        names.add(h.name);
    known = { names, mentions: new Mentions(['d_lockref']) };
    PINNING.set(model, known);
  }
  return known;
}

function deedsOf(analysis: Analysis, r: Reached): Deeds {
  const { fn, object } = r;
  let all: Deeds = { adds: -1, pins: pinning(analysis.model).mentions.in(fn), unknown: -1 };
  for (const entry of r.entries) {
    const known = DEEDS.of(analysis, fn, entry, () => new Map());
    let one = known.get(object);
    if (one === undefined) {
      one = lookAt(analysis, r, entry);
      known.set(object, one);
    }
    all = {
      adds: all.adds >= 0 ? all.adds : one.adds,
      pins: all.pins || one.pins,
      unknown: all.unknown >= 0 ? all.unknown : one.unknown,
    };
  }
  return all;
}

function lookAt(analysis: Analysis, r: Reached, entry: Reached['entries'][number]): Deeds {
  const { fn, object } = r;
  const { model } = analysis;
  const callees = new Set((analysis.results[fn.id]?.edges ?? []).map((e) => e.op));
  let adds = -1;
  let pins = false;
  let unknown = -1;
  replay(analysis, fn, entry, (run, op, s) => {
    if ((fn.file.ops[(fnColumn(fn.file, fn.index, Fn.FirstOp) + op) * OP_STRIDE] as Op) !== Op.Call)
      return undefined;
    const args = argumentsOf(run, op, s);
    const { terms } = run;
    const isChild = (t: number | undefined): boolean =>
      t !== undefined && terms.kind(t) === T.Param && terms.a(t) === object;
    if (!args.some(isChild)) return undefined;
    const name = calledName(fn, op);
    const add = ADDS.get(name);
    if (add !== undefined) {
      const inode = args[add.inode] ?? terms.unknown;
      const isError =
        terms.kind(inode) === T.Fresh &&
        terms.a(inode) < run.graph.opCount &&
        calledName(fn, terms.a(inode)) === 'ERR_PTR';
      if (isChild(args[add.dentry]) && terms.kind(inode) !== T.Const && !isError && adds < 0) adds = op;
      return undefined;
    }
    if (pinning(model).names.has(name)) pins = true;
    else if (
      unknown < 0 &&
      !model.helpers.has(name) &&
      !callees.has(op) &&
      !READING.test(name) &&
      analysis.program.macro(name, fn.file) === null
    )
      unknown = op;
    return undefined;
  });
  return { adds, pins, unknown };
}

/** What only tells or checks something of a dentry. */
const READING =
  /^(trace_|security_|fsnotify_|pr_|printk|IS_ERR|PTR_ERR|WARN|BUG|READ_ONCE|likely|unlikely|__builtin_|d_)/;

/** Whether a method stands in a table of directories that are not read from the cache. */
function standsElsewhere(
  cx: RuleContext,
  method: string,
  root: FunctionRef,
  from: FunctionRef,
  made: readonly { readonly pair: Pair }[],
): boolean {
  const { program } = cx.analysis;
  return (
    program.slots.some(
      (s) =>
        s.struct.endsWith('inode_operations') &&
        s.slot === method &&
        s.target === root.name &&
        program.resolve(s.target, s.file)?.id === root.id &&
        !made.some(({ pair }) => pair.inodeTable === s.table),
    ) && from.unit === root.unit
  );
}

function draftOf(
  cx: RuleContext,
  fn: FunctionRef,
  pair: Pair,
  method: string,
  { r, op }: Add,
  spot: { readonly fn: FunctionRef; readonly op: number },
): Draft {
  const name = calledName(r.fn, op);
  const root = rootOf(r).fn.id;
  const origin =
    cx.analysis.propagation?.origins.find(
      (o) => o.function === root && o.table === pair.inodeTable && o.method === method,
    ) ?? r.origin;
  return {
    rule: ID,
    precision: 'high',
    certainty: 'must',
    message: `'${pair.fileTable}' reads this directory from the cache, and '${name}()' in ->${method} of '${pair.inodeTable}' adds a child that nothing pins: memory pressure alone takes it away`,
    fn: spot.fn.id,
    op: spot.op,
    entry: entryMethod(cx.analysis, origin),
    held: [],
    rcu: 'none',
    trace: [
      ...stepsTo(cx, { ...r, origin }),
      step(
        'access',
        r.fn,
        op,
        `calls ${name}(): no reference to the child is left when the caller has dropped its own`,
      ),
      step(
        'other-side',
        fn,
        pair.op,
        'the shrinker frees the child, and dcache_readdir() does not show it any more',
        1,
      ),
    ],
    objectClass: 'dentry::d_lockref',
  };
}
