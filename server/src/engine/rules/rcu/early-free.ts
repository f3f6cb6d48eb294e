/**
 * rcu/early-free: an object that a lockless side dereferences is freed only after a grace period. Both sides are read from
 * the code: what the RCU-walk methods of a filesystem reach through pointers without a lock, and what its teardown
 * methods free at once, through any helpers. They meet where both name the same owner of the pointer (`dentry::d_fsdata`,
 * `super_block::s_fs_info`, `foo_inode::bar`) and the same kind of object.
 */

import type { TraceStep } from '../../base/finding.js';
import { calledName, fnColumn } from '../../contexts/cfg.js';
import type { Entry } from '../../contexts/entry-points.js';
import type { FreeEffect } from '../../contexts/result.js';
import { T } from '../../contexts/terms.js';
import { EXPR_STRIDE, type FileFacts, Fn, OP_STRIDE, Op, X } from '../../facts/encode.js';
import type { FunctionRef } from '../../program/program.js';
import { callsOfUnit } from '../../program/unit-calls.js';
import { freeSite, isTeardown } from '../free-site.js';
import { Heads } from '../heads.js';
import { type LocklessAccess, locklessAccesses, readSectionAccess } from '../lockless.js';
import { Mentions } from '../mentions.js';
import { readsOf, watch } from '../replay.js';
import {
  type Draft,
  entryMethod,
  lineOf,
  originStep,
  pathTo,
  type Rule,
  type RuleContext,
  step,
} from '../rule.js';

const ID = 'rcu/early-free';

/** The rule. */
export const earlyFree: Rule = {
  info: {
    id: 'rcu/early-free',
    summary: 'An object that RCU-walk may still look at is freed at once.',
    law: 'An object that a lockless side dereferences is freed only after a grace period.',
    severity: 'error',
    precision: 'high',
    onByDefault: true,
    fixable: true,
  },
  check(cx) {
    const units = new Set(cx.functions.map((f) => f.unit));
    const accesses = locklessAccesses(cx, units);
    const links = linkBodies(cx, units, accesses);
    const found = frees(cx, accesses, links);
    // What is said of a kind of object by one way is not said again by the other
    const said = new Set(
      found.flatMap((d) => [
        `${d.fn},${d.op}`,
        ...(d.fix?.kind === 'free-after-grace' ? [d.fix.struct] : []),
      ]),
    );
    return [...found, ...unusedHeads(cx, accesses, said)];
  },
};

/** Where the body of a link is published: what the VFS then follows without calling the filesystem, or get_link hands out. */
interface LinkBody {
  /** `struct::field` that holds the body as well. */
  readonly owner: string;
  /** The member that the VFS reads, or that get_link returned. */
  readonly published: string;
  readonly fn: FunctionRef;
  readonly op: number;
}

/** What filesystems store where a link's body is read from, by unit: `inode->i_link`, and what get_link gives back. */
function linkBodies(
  cx: RuleContext,
  units: ReadonlySet<string>,
  accesses: ReadonlyMap<string, readonly LocklessAccess[]>,
): Map<string, LinkBody[]> {
  const out = new Map<string, LinkBody[]>();
  const returned = new Map<string, Map<string, string>>();
  for (const [unit, list] of accesses)
    for (const a of list)
      if (a.returned) {
        const members = returned.get(unit) ?? new Map<string, string>();
        members.set(a.owner.slice(a.owner.indexOf('::') + 2), a.owner);
        returned.set(unit, members);
      }
  const fields = new Map<FileFacts, ReadonlyMap<number, string>>();
  for (const fn of cx.all) {
    if (!units.has(fn.unit) || fn.isMacro) continue;
    const file = fn.file;
    let wanted = fields.get(file);
    if (wanted === undefined) {
      const made = new Map<number, string>();
      for (const [member, owner] of [
        ['i_link', 'inode::i_link'],
        ...(returned.get(fn.unit) ?? []),
      ] as const) {
        const number = file.strings.indexOf(member);
        if (number >= 0) made.set(number, owner);
      }
      wanted = made;
      fields.set(file, wanted);
    }
    if (wanted.size === 0) continue;
    const first = fnColumn(file, fn.index, Fn.FirstOp);
    const count = fnColumn(file, fn.index, Fn.OpCount);
    for (let o = 0; o < count; o++) {
      const at = (first + o) * OP_STRIDE;
      if ((file.ops[at] as Op) !== Op.Assign) continue;
      const target = (file.ops[at + 1] as number) * EXPR_STRIDE;
      if ((file.exprs[target] as X) !== X.Field) continue;
      const published = wanted.get(file.exprs[target + 2] as number);
      if (published === undefined) continue;
      const isLink = published === 'inode::i_link';
      if (!isLink && ownerOfExpression(cx, fn, file.ops[at + 1] as number) !== published) continue;
      const list = out.get(fn.unit) ?? [];
      if (isLink) list.push({ owner: published, published, fn, op: o });
      const value = (file.ops[at + 2] as number) * EXPR_STRIDE;
      if ((file.exprs[value] as X) === X.Field) {
        const owner = ownerOfExpression(cx, fn, file.ops[at + 2] as number);
        if (owner !== '') list.push({ owner, published, fn, op: o });
      }
      out.set(fn.unit, list);
    }
  }
  return out;
}

/** `struct::field` of a field expression, by declared types. */
function ownerOfExpression(cx: RuleContext, fn: FunctionRef, expr: number): string {
  let owner = '';
  // One walk gives types of locals and temporaries
  const entry = cx.analysis.propagation?.entries[fn.id]?.[0];
  if (entry === undefined) return owner;
  const isAny = (): boolean => true;
  watch(cx.analysis, fn, entry, isAny, (run) => {
    if (owner !== '') return;
    const at = expr * EXPR_STRIDE;
    const type = run.ev.typeOf(fn.file.exprs[at + 1] as number);
    if (type?.base.startsWith('struct ') === true)
      owner = `${type.base.slice(7)}::${fn.file.strings[fn.file.exprs[at + 2] as number]}`;
  });
  return owner;
}

function frees(
  cx: RuleContext,
  accesses: ReadonlyMap<string, readonly LocklessAccess[]>,
  links: ReadonlyMap<string, readonly LinkBody[]>,
): Draft[] {
  const out: Draft[] = [];
  const propagation = cx.analysis.propagation;
  if (propagation === null) return out;
  const inScope = new Set(cx.functions.map((f) => f.id));
  const reported = new Set<string>();
  const caches = new TypesafeCaches(cx);
  const waiting = new Map<string, boolean>();
  const waitsAtEnd = (unit: string): boolean => {
    let waits = waiting.get(unit);
    if (waits === undefined) {
      const calls = callsOfUnit(cx.analysis.program, unit);
      waits = calls.has('super_setup_bdi') || calls.has('super_setup_bdi_name');
      waiting.set(unit, waits);
    }
    return waits;
  };
  for (const fn of cx.all) {
    const entries = propagation.entries[fn.id] ?? [];
    const entry = entries.find(
      (e) => e.caller < 0 && e.origins.some((o) => isTeardown(propagation.origins[o])),
    );
    if (entry === undefined) {
      if (cx.silence !== undefined) noteOtherEnds(cx, fn);
      continue;
    }
    const origin = propagation.origins[entry.origins.find((o) => isTeardown(propagation.origins[o])) ?? -1];
    if (origin === undefined) continue;
    const lockless = accesses.get(fn.unit) ?? [];
    for (const free of cx.analysis.results[fn.id]?.frees ?? []) {
      const quiet = (why: string): void => noteSilence(cx, fn, free, `in ->${origin.method}(), ${why}`);
      if (free.how !== 'now' || free.afterGrace) {
        if (cx.silence !== undefined)
          quiet(free.afterGrace ? 'a grace period passes before' : 'it is not freed at once but later');
        continue;
      }
      if (propagation.meet(entry, free.facts) === null) {
        if (cx.silence !== undefined) quiet('the tests before it exclude the free');
        continue;
      }
      const other = lockless.find((a) => matches(a, free));
      const link =
        other === undefined ? (links.get(fn.unit) ?? []).find((l) => l.owner === free.owner) : undefined;
      const itself =
        origin.method === 'destroy_inode' &&
        isItself(cx, free) &&
        lockless.some((a) => a.owner === '' && a.type === free.type);
      if (other === undefined && link === undefined && !itself) {
        if (cx.silence !== undefined) quiet(noReader(free, lockless));
        continue;
      }
      const site = freeSite(cx, fn, free);
      const key = `${site.fn.id},${site.op}`;
      if (reported.has(key)) continue;
      reported.add(key);
      const at = inScope.has(site.fn.id) ? site : { fn, op: free.op };
      if (!inScope.has(at.fn.id)) continue;
      if (caches.frees(site.fn, site.op)) {
        if (cx.silence !== undefined) quiet('it goes back to a cache that is SLAB_TYPESAFE_BY_RCU');
        continue;
      }
      // The end of a superblock with a backing device of its own waits for a grace period (6.12:mm/backing-dev.c:1156)
      const waits = origin.method === 'kill_sb' && waitsAtEnd(fn.unit);
      const object = itself ? 'inode' : free.owner === '' ? free.type : free.owner;
      const who =
        other !== undefined
          ? reader(cx, other)
          : link === undefined
            ? 'RCU-walk, which holds no reference,'
            : link.published === 'inode::i_link'
              ? "the VFS's own RCU-walk (it follows 'inode->i_link' without calling the filesystem)"
              : `RCU-walk, to which ->get_link() gave it as '${link.published}',`;
      out.push({
        rule: 'rcu/early-free',
        precision: free.conditional || waits ? 'medium' : 'high',
        certainty: free.conditional || waits ? 'may' : 'must',
        message: `'${object}'${free.type !== '' && (free.owner !== '' || itself) ? ` (${free.type})` : ''} is freed at once by '${site.what}()' in ->${origin.method}(), while ${who} may still look at it`,
        fn: at.fn.id,
        op: at.op,
        entry: entryMethod(cx.analysis, origin),
        held: [],
        rcu: 'none',
        trace: [
          originStep(cx, origin),
          ...site.steps,
          step('free', site.fn, site.op, `${site.what}() frees it without waiting for a grace period`),
          ...(other !== undefined
            ? otherSide(cx, other)
            : link === undefined
              ? [
                  step(
                    'other-side',
                    site.fn,
                    site.op,
                    'path walk in RCU mode that came by the dentry still reads the inode',
                    1,
                  ),
                ]
              : [
                  step(
                    'other-side',
                    link.fn,
                    link.op,
                    `published as ${link.published.replace('::', '->')} here; path walk in RCU mode reads it without a reference`,
                    1,
                  ),
                ]),
        ],
        objectClass: object,
        fix: { kind: 'free-after-grace', fn: site.fn.id, op: site.op, struct: free.type },
      });
    }
  }
  return out;
}

/** Who looks at an object, for the message. */
function reader(cx: RuleContext, other: LocklessAccess): string {
  const propagation = cx.analysis.propagation;
  const entry = propagation?.entries[other.fn.id]?.[other.entryIndex];
  const origin = propagation?.origins[entry?.origins[0] ?? -1];
  return `->${origin?.method ?? '?'}() in RCU-walk (${other.fn.name}(), line ${lineOf(other.fn, other.op)})`;
}

/** The lockless side's part of the trace. */
function otherSide(cx: RuleContext, other: LocklessAccess): TraceStep[] {
  const { fn, op } = other;
  return [
    ...pathTo(cx, fn, other.entryIndex, 1),
    step(
      'other-side',
      fn,
      op,
      other.returned
        ? `hands '${other.text}' to path walk, which reads it under rcu_read_lock() only`
        : `dereferences '${other.text}' under rcu_read_lock() only`,
      1,
    ),
  ];
}

/** Whether what is freed is the method's own object: its first parameter, or what that is a member of. */
function isItself(cx: RuleContext, free: FreeEffect): boolean {
  const { terms } = cx.analysis;
  let object = free.object;
  if (terms.kind(object) === T.Container) object = terms.a(object);
  return terms.kind(object) === T.Param && terms.a(object) === 0;
}

/** Caches of the kernel's slab whose objects stay what they are until a grace period has passed. */
class TypesafeCaches {
  private readonly flagged = new Mentions(['SLAB_TYPESAFE_BY_RCU']);
  private readonly known = new Map<string, boolean>();

  constructor(private readonly cx: RuleContext) {}

  /** Whether an operation gives an object back to such a cache. */
  frees(fn: FunctionRef, op: number): boolean {
    if (calledName(fn, op) !== 'kmem_cache_free') return false;
    const cache = nameOf(fn.file, readsOf(fn, op)[1] ?? -1);
    if (cache === '') return false;
    const key = `${fn.unit} ${cache}`;
    let is = this.known.get(key);
    if (is === undefined) {
      const named = new Mentions([cache]);
      is = this.cx.all.some((f) => f.unit === fn.unit && this.flagged.in(f) && named.in(f));
      this.known.set(key, is);
    }
    return is;
  }
}

function nameOf(file: FileFacts, e: number): string {
  if (e < 0 || (file.exprs[e * EXPR_STRIDE] as X) !== X.Name) return '';
  return file.strings[file.exprs[e * EXPR_STRIDE + 1] as number] ?? '';
}

/** Members of the VFS's objects that it follows in RCU-walk by itself, in helpers that filesystems use as their methods. */
const FOLLOWED: readonly { readonly type: string; readonly member: string; readonly by: string }[] = [
  // 6.12:fs/libfs.c:1820 and 1834
  {
    type: 'struct unicode_map',
    member: 'super_block->s_encoding',
    by: 'generic_ci_d_compare() and generic_ci_d_hash()',
  },
];

/** An end of an object, whoever's it is. */
interface End {
  readonly type: string;
  readonly op: number;
  readonly what: string;
}

/**
 * Objects whose structure has an rcu_head that nothing in their unit uses: what frees them frees them at once, by whatever way it is
 * reached, and if anything looks at such objects under rcu_read_lock() they were meant to wait.
 */
function unusedHeads(
  cx: RuleContext,
  accesses: ReadonlyMap<string, readonly LocklessAccess[]>,
  known: ReadonlySet<string>,
): Draft[] {
  const out: Draft[] = [];
  const propagation = cx.analysis.propagation;
  if (propagation === null) return out;
  const heads = new Heads(cx);
  const caches = new TypesafeCaches(cx);
  for (const fn of cx.functions) {
    if (fn.isMacro || heads.takesHead(fn) >= 0) continue;
    for (const end of endsIn(cx, fn, heads)) {
      if (known.has(end.type) || known.has(`${fn.id},${end.op}`) || caches.frees(fn, end.op)) continue;
      const followed = FOLLOWED.find((f) => f.type === end.type);
      const head = heads.of(end.type, fn.file);
      if ((head === '' && followed === undefined) || heads.areUsed(end.type, head, fn.unit)) continue;
      const walk = (accesses.get(fn.unit) ?? []).find((a) => a.type === end.type);
      const section = walk === undefined ? readSectionAccess(cx, fn.unit, end.type) : null;
      const who =
        walk !== undefined
          ? reader(cx, walk)
          : section !== null
            ? `${section.fn.name}() (line ${lineOf(section.fn, section.op)}) under rcu_read_lock()`
            : followed !== undefined
              ? `RCU-walk, which follows '${followed.member}' in ${followed.by},`
              : '';
      if (who === '') continue;
      const entries = propagation.entries[fn.id] ?? [];
      if (entries.length > 0 && entries.every((e) => isUnpublished(cx, e))) continue;
      const entry = entries[0];
      const origin = propagation.origins[entry?.origins[0] ?? -1];
      out.push({
        rule: 'rcu/early-free',
        precision: 'high',
        certainty: 'must',
        message: `'${end.type}' is freed at once by '${end.what}()', while ${who} may still look at it${head === '' ? '' : `; nothing hands its '${head}' to call_rcu() or kfree_rcu()`}`,
        fn: fn.id,
        op: end.op,
        entry: entryMethod(cx.analysis, origin),
        held: [],
        rcu: 'none',
        trace: [
          ...(entry === undefined ? [] : pathTo(cx, fn, 0)),
          step('free', fn, end.op, `${end.what}() frees it without waiting for a grace period`),
          ...(walk !== undefined
            ? otherSide(cx, walk)
            : section !== null
              ? [
                  step(
                    'other-side',
                    section.fn,
                    section.op,
                    `dereferences '${section.text}' under rcu_read_lock() only`,
                    1,
                  ),
                ]
              : [
                  step(
                    'other-side',
                    fn,
                    end.op,
                    `path walk in RCU mode reads it without a reference, through '${followed?.member}'`,
                    1,
                  ),
                ]),
        ],
        objectClass: end.type,
        fix: { kind: 'free-after-grace', fn: fn.id, op: end.op, struct: end.type },
      });
    }
  }
  return out;
}

/** The allocators' own ends. */
const GIVES_BACK = /^(k|kv|v)free|^kmem_cache_free$/;

/**
 * Whether nothing lockless is left in a situation: that of a mount that did not come about, whose data was never published, and those
 * that begin after a grace period.
 */
function isUnpublished(cx: RuleContext, entry: Entry): boolean {
  const { origins } = entry;
  return (
    origins.length > 0 &&
    origins.every((o) => {
      const origin = cx.analysis.propagation?.origins[o];
      return (
        origin?.method === 'RCU callback' ||
        (origin?.struct === 'super_operations' && origin.method === 'free_inode') ||
        (origin?.struct === 'fs_context_operations' && origin.method === 'free')
      );
    })
  );
}

/** The objects of others that a function ends by itself: it frees them, or runs at once what is an RCU callback by its shape. */
function endsIn(cx: RuleContext, fn: FunctionRef, heads: Heads): End[] {
  const out: End[] = [];
  const result = cx.analysis.results[fn.id];
  if (result === undefined || result.frees.length + result.edges.length === 0) return out;
  const add = (end: End): void => {
    if (!out.some((e) => e.type === end.type)) out.push(end);
  };
  for (const f of result.frees)
    if (
      f.how === 'now' &&
      f.via < 0 &&
      !f.afterGrace &&
      !f.conditional &&
      f.unpublished.length === 0 &&
      f.type.startsWith('struct ') &&
      // Only memory that is this unit's to give back: what others' helpers end is their business
      GIVES_BACK.test(f.what)
    )
      add({ type: f.type, op: f.op, what: f.what });
  for (const e of result.edges) {
    const callee = cx.analysis.program.functions[e.callee];
    if (e.context !== 'now' || callee === undefined || !heads.isCallback(callee) || result.grace) continue;
    const entry = cx.analysis.propagation?.entries[fn.id]?.[0];
    if (entry === undefined) continue;
    // Only the head of an object of others: what is made here was never published
    if ((e.args[0] ?? -1) < 0 && !result.frees.some((f) => f.via === e.callee && f.op === e.op)) continue;
    let type = '';
    const isCall = (op: number): boolean => op === e.op;
    watch(cx.analysis, fn, entry, isCall, (run, op) => {
      if (type === '') type = heads.ownerIn(run, readsOf(fn, op)[1] ?? -1);
    });
    if (type !== '') add({ type, op: e.op, what: callee.name });
  }
  return out;
}

/** Takes note of a free that is no finding, where it is called and where memory goes. */
function noteSilence(cx: RuleContext, fn: FunctionRef, free: FreeEffect, why: string): void {
  const object = free.owner !== '' ? free.owner : free.type !== '' ? free.type : 'an object';
  const site = freeSite(cx, fn, free);
  for (const at of site.fn === fn && site.op === free.op ? [site] : [site, { fn, op: free.op }])
    cx.silence?.(ID, at.fn, at.op, `'${object}' is freed by '${site.what}()': ${why}`);
}

/** Takes note of what is freed where no end begins that lockless sides may overlap. */
function noteOtherEnds(cx: RuleContext, fn: FunctionRef): void {
  const entries = cx.analysis.propagation?.entries[fn.id] ?? [];
  const origins = entries.flatMap((e) => e.origins).map((o) => cx.analysis.propagation?.origins[o]?.method);
  const why = origins.includes('free_inode')
    ? '->free_inode() runs after a grace period'
    : entries.some((e) => e.caller >= 0)
      ? 'judged where the method calls on that ends the object'
      : 'no method that ends an object, as lockless sides may still look at it, begins here';
  for (const free of cx.analysis.results[fn.id]?.frees ?? []) noteSilence(cx, fn, free, why);
}

/** Why no lockless access was taken for one of what is freed. */
function noReader(free: FreeEffect, lockless: readonly LocklessAccess[]): string {
  if (free.owner === '')
    return 'the pointer that it is freed through was not loaded from memory that others reach';
  const typed = lockless.find((a) => a.owner === free.owner);
  if (typed !== undefined)
    return `RCU-walk follows '${free.owner}' to another type (${typed.type}, not ${free.type})`;
  return lockless.length === 0
    ? 'no method of this directory that runs in RCU-walk follows a pointer without a lock'
    : `no method that runs in RCU-walk follows '${free.owner}' without a lock`;
}

/** Same owner of the pointer, and nothing that says the objects differ; where one side does not know the owner, the same kind of object. */
function matches(a: LocklessAccess, free: FreeEffect): boolean {
  if (free.owner === '') return false;
  if (a.owner === free.owner) return a.type === '' || free.type === '' || a.type === free.type;
  if (!a.owner.startsWith('?') && !free.owner.startsWith('?')) return false;
  const member = (owner: string): string => owner.slice(owner.indexOf('::'));
  return member(a.owner) === member(free.owner) && a.type !== '' && a.type === free.type;
}
