/**
 * rcu/early-free: an object that a lockless side dereferences is freed only after a grace period. Both sides are read from
 * the code: what the RCU-walk methods of a filesystem reach through pointers without a lock, and what its teardown
 * methods free at once, through any helpers. They meet where both name the same owner of the pointer (`dentry::d_fsdata`,
 * `super_block::s_fs_info`, `foo_inode::bar`) and the same kind of object. `early-ends.ts` has what is reached by other ways.
 */

import { calledName, fnColumn } from '../../contexts/cfg.js';
import type { Entry } from '../../contexts/entry-points.js';
import { readsOf } from '../../contexts/operands.js';
import type { FreeEffect } from '../../contexts/result.js';
import { T } from '../../contexts/terms.js';
import { EXPR_STRIDE, type FileFacts, Fn, OP_STRIDE, Op, X } from '../../facts/encode.js';
import { ExpressionTypes } from '../../program/expression-types.js';
import type { FunctionRef } from '../../program/program.js';
import { callsOfUnit } from '../../program/unit-calls.js';
import { earlyEnds, otherSide, reader, TypesafeCaches } from '../early-ends.js';
import { earlyMembers, swappedMembers } from '../early-members.js';
import { freeSite, isTeardown } from '../free-site.js';
import { OfAnalyses } from '../kept.js';
import { type LocklessAccess, locklessAccesses } from '../lockless.js';
import { Mentions } from '../mentions.js';
import { type Draft, entryMethod, originStep, type Rule, type RuleContext, step } from '../rule.js';
import { stringNumbers } from '../written-names.js';

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
    const names = (d: Draft): string[] => [
      `${d.fn},${d.op}`,
      ...(d.fix?.kind === 'free-after-grace' ? [d.fix.struct] : []),
    ];
    const said = new Set(found.filter((f) => !f.waits).flatMap((f) => names(f.draft)));
    // That the superblock's end has waited is no reason to leave out what the object was made to wait for itself
    const doubted = new Set(found.filter((f) => f.waits).flatMap((f) => names(f.draft)));
    const ends = earlyEnds(cx, accesses, said).filter(
      (d) => d.precision === 'high' || !names(d).some((n) => doubted.has(n)),
    );
    const ended = new Set(ends.flatMap(names));
    const told = new Set([...said, ...doubted, ...ended]);
    return [
      ...earlyMembers(cx, accesses, told),
      ...swappedMembers(cx, accesses),
      ...found.filter((f) => !f.waits || !names(f.draft).some((n) => ended.has(n))).map((f) => f.draft),
      ...ends,
    ];
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

/** What stores the body of a link where path walk reads it. */
const LINK_SETTER = 'inode_set_cached_link';
const SETS_LINK = new Mentions([LINK_SETTER]);

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
  const published = (fn: FunctionRef, op: number, body: number, where: string): void => {
    const list = out.get(fn.unit) ?? [];
    if (where === 'inode::i_link') list.push({ owner: where, published: where, fn, op });
    if ((fn.file.exprs[body * EXPR_STRIDE] as X) === X.Field) {
      const owner = ownerOfExpression(cx, fn, body);
      if (owner !== '') list.push({ owner, published: where, fn, op });
    }
    out.set(fn.unit, list);
  };
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
        const number = stringNumbers(file).get(member);
        if (number !== undefined) made.set(number, owner);
      }
      wanted = made;
      fields.set(file, wanted);
    }
    const setsLink = SETS_LINK.in(fn);
    if (wanted.size === 0 && !setsLink) continue;
    const first = fnColumn(file, fn.index, Fn.FirstOp);
    const count = fnColumn(file, fn.index, Fn.OpCount);
    for (let o = 0; o < count; o++) {
      const at = (first + o) * OP_STRIDE;
      if (setsLink && calledName(fn, o) === LINK_SETTER) {
        const body = readsOf(fn, o)[2];
        if (body !== undefined) published(fn, o, body, 'inode::i_link');
        continue;
      }
      if ((file.ops[at] as Op) !== Op.Assign) continue;
      const target = (file.ops[at + 1] as number) * EXPR_STRIDE;
      if ((file.exprs[target] as X) !== X.Field) continue;
      const where = wanted.get(file.exprs[target + 2] as number);
      if (where === undefined) continue;
      if (where !== 'inode::i_link' && ownerOfExpression(cx, fn, file.ops[at + 1] as number) !== where)
        continue;
      published(fn, o, file.ops[at + 2] as number, where);
    }
  }
  return out;
}

/** `struct::field` of a field expression, by declared types. */
function ownerOfExpression(cx: RuleContext, fn: FunctionRef, expr: number): string {
  const at = expr * EXPR_STRIDE;
  const type = new ExpressionTypes(cx.analysis.program, fn).of(fn.file.exprs[at + 1] as number);
  if (type?.base.startsWith('struct ') !== true) return '';
  return `${type.base.slice(7)}::${fn.file.strings[fn.file.exprs[at + 2] as number]}`;
}

/** Methods that end an object, callees first, each with the number of the situation that says so. */
const TEARDOWNS = new OfAnalyses<ReadonlyMap<number, number>>(
  (analysis) => {
    const { propagation } = analysis;
    const out = new Map<number, number>();
    for (const id of analysis.bottomUp) {
      const at = (propagation?.entries[id] ?? []).findIndex(
        (e) => e.caller < 0 && e.origins.some((o) => isTeardown(propagation?.origins[o])),
      );
      if (at >= 0) out.set(id, at);
    }
    return out;
  },
  // Situations stay from edit to edit
  (teardowns) => teardowns,
);

function frees(
  cx: RuleContext,
  accesses: ReadonlyMap<string, readonly LocklessAccess[]>,
  links: ReadonlyMap<string, readonly LinkBody[]>,
): { draft: Draft; waits: boolean }[] {
  const out: { draft: Draft; waits: boolean }[] = [];
  const propagation = cx.analysis.propagation;
  if (propagation === null) return out;
  const inScope = new Set(cx.unit.map((f) => f.id));
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
  const teardowns = TEARDOWNS.of(cx.analysis);
  if (cx.silence !== undefined) for (const fn of cx.all) if (!teardowns.has(fn.id)) noteOtherEnds(cx, fn);
  for (const [id, at] of teardowns) {
    const fn = cx.analysis.program.functions[id] as FunctionRef;
    const entries = propagation.entries[id] ?? [];
    const entry = entries[at] as Entry;
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
      const draft: Draft = {
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
      };
      out.push({ draft, waits });
    }
  }
  return out;
}

/** Whether what is freed is the method's own object: its first parameter, or what that is a member of. */
function isItself(cx: RuleContext, free: FreeEffect): boolean {
  const { terms } = cx.analysis;
  let object = free.object;
  if (terms.kind(object) === T.Container) object = terms.a(object);
  return terms.kind(object) === T.Param && terms.a(object) === 0;
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
