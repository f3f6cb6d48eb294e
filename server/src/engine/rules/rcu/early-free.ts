/**
 * rcu/early-free: an object that a lockless side dereferences is freed only after a grace period. Both sides are read from
 * the code: what the RCU-walk methods of a filesystem reach through pointers without a lock, and what its teardown
 * methods free at once, through any helpers. They meet where both name the same owner of the pointer (`dentry::d_fsdata`,
 * `super_block::s_fs_info`, `foo_inode::bar`) and the same kind of object.
 */

import type { TraceStep } from '../../base/finding.js';
import { calledName, fnColumn } from '../../contexts/cfg.js';
import type { Entry } from '../../contexts/entry-points.js';
import type { FunctionRun } from '../../contexts/flow.js';
import type { FreeEffect } from '../../contexts/result.js';
import type { State } from '../../contexts/state.js';
import { isAtomicKind, maskOf, NEGATIVE, POSITIVE } from '../../contexts/state.js';
import { T } from '../../contexts/terms.js';
import { EXPR_STRIDE, type FileFacts, FN_VARIADIC, Fn, OP_STRIDE, Op, X } from '../../facts/encode.js';
import type { FunctionRef } from '../../program/program.js';
import { freeSite } from '../free-site.js';
import { OfSituations, readsOf, replay, visitExpressions } from '../replay.js';
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

/** Methods that take objects away while RCU-walk may still look at them, by structure. */
const TEARDOWN: Readonly<Record<string, readonly string[]>> = {
  dentry_operations: ['d_prune', 'd_release', 'd_iput'],
  super_operations: ['evict_inode', 'destroy_inode', 'put_super'],
  file_system_type: ['kill_sb'],
};

/** A dereference of a pointer that was loaded from memory that others reach. */
interface Access {
  readonly op: number;
  readonly owner: string;
  readonly type: string;
  readonly text: string;
}

/** A dereference on the lockless side. */
interface LocklessAccess extends Access {
  readonly fn: FunctionRef;
  readonly entryIndex: number;
}

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
    const links = linkBodies(cx, units);
    return frees(cx, accesses, links);
  },
};

/** What the methods that run in RCU-walk dereference without a lock, by unit. */
function locklessAccesses(cx: RuleContext, units: ReadonlySet<string>): Map<string, LocklessAccess[]> {
  const byUnit = new Map<string, LocklessAccess[]>();
  const propagation = cx.analysis.propagation;
  if (propagation === null) return byUnit;
  for (const fn of cx.all) {
    const entries = propagation.entries[fn.id] ?? [];
    for (let i = 0; i < entries.length; i++) {
      const entry = entries[i] as Entry;
      if (!entry.walk || entry.locks.some((l) => isAtomicKind(l.kind) && l.kind !== 'rcu' && !l.may))
        continue;
      // The unit whose method brings us here: helpers in headers and in libfs belong to whom they work for
      const homes = new Set<string>();
      for (const o of entry.origins) {
        const origin = propagation.origins[o];
        const home = origin === undefined ? undefined : cx.analysis.program.functions[origin.function]?.unit;
        if (home !== undefined && units.has(home)) homes.add(home);
      }
      if (homes.size === 0) continue;
      const made = ACCESSES.of(cx.analysis, fn, entry, () => accessesIn(cx, fn, entry));
      for (const access of made)
        for (const home of homes) {
          const list = byUnit.get(home);
          const here: LocklessAccess = { fn, entryIndex: i, ...access };
          if (list === undefined) byUnit.set(home, [here]);
          else if (list.length < 400) list.push(here);
        }
    }
  }
  return byUnit;
}

const ACCESSES = new OfSituations<readonly Access[]>();

/** What a function dereferences without a lock in a situation, each object once. */
function accessesIn(cx: RuleContext, fn: FunctionRef, entry: Entry): readonly Access[] {
  const out = new Map<string, Access>();
  replay(cx.analysis, fn, entry, (run, op, s) => {
    if (isProtected(s)) {
      cx.silence?.(
        ID,
        fn,
        op,
        'looked at under a lock, or after the RCU read side was left: no lockless access',
      );
      return;
    }
    // What is only handed to a message is not looked at on the way
    if (isMessage(cx, fn, op)) {
      cx.silence?.(ID, fn, op, 'only handed to a message: no lockless access');
      return;
    }
    for (const e of readsOf(fn, op))
      visitExpressions(fn.file, e, (x, kind) => {
        const at = x * EXPR_STRIDE;
        if (kind === X.Field && fn.file.exprs[at + 3] !== 1) return;
        if (kind !== X.Field && kind !== X.Deref && kind !== X.Index) return;
        const pointer = run.ev.value(s, fn.file.exprs[at + 1] as number);
        const access = accessOf(run, s, pointer);
        if (access === null) return;
        const key = `${access.owner}|${access.type}`;
        if (!out.has(key)) out.set(key, { op, ...access });
      });
  });
  return [...out.values()];
}

/** A call of a variadic function or macro: a message. */
function isMessage(cx: RuleContext, fn: FunctionRef, op: number): boolean {
  const name = calledName(fn, op);
  if (name === '') return false;
  const macro = cx.analysis.program.macro(name, fn.file);
  if (macro !== null) return macro.params?.some((p) => p.endsWith('...')) === true;
  const target = cx.analysis.program.resolve(name, fn.file);
  return target !== null && (fnColumn(target.file, target.index, Fn.Flags) & FN_VARIADIC) !== 0;
}

/** Under a spinlock the object was looked at under is what keeps it; and out of the RCU section it is another law. */
function isProtected(s: State): boolean {
  for (const l of s.locks)
    if (
      isAtomicKind(l.kind) &&
      l.kind !== 'rcu' &&
      l.kind !== 'irq' &&
      l.kind !== 'bh' &&
      l.kind !== 'preempt'
    )
      return true;
  return s.released.some((l) => l.kind === 'rcu');
}

/** The owner of a pointer that is dereferenced, where it was loaded from memory that others reach. */
function accessOf(
  run: FunctionRun,
  s: State,
  pointer: number,
): { owner: string; type: string; text: string } | null {
  const { terms } = run;
  if (terms.kind(pointer) !== T.Load) return null;
  const place = terms.a(pointer);
  const kind = terms.kind(place);
  if (kind !== T.FieldP && kind !== T.FieldL) return null;
  if (terms.kind(terms.root(pointer)) !== T.Param) return null;
  if ((maskOf(terms, s.facts, pointer) & (POSITIVE | NEGATIVE)) === 0) return null;
  const owner = run.ev.classOf(place);
  if (owner.startsWith('?')) return null;
  return { owner, type: run.ev.pointeeOf(pointer), text: run.showPlace(pointer) };
}

/** `inode->i_link` is followed by the VFS itself: what filesystems store there, by unit. */
function linkBodies(
  cx: RuleContext,
  units: ReadonlySet<string>,
): Map<string, { owner: string; fn: FunctionRef; op: number }[]> {
  const out = new Map<string, { owner: string; fn: FunctionRef; op: number }[]>();
  const fields = new Map<FileFacts, number>();
  for (const fn of cx.all) {
    if (!units.has(fn.unit) || fn.isMacro) continue;
    const file = fn.file;
    const field = fields.get(file) ?? file.strings.indexOf('i_link');
    fields.set(file, field);
    if (field < 0) continue;
    const first = fnColumn(file, fn.index, Fn.FirstOp);
    const count = fnColumn(file, fn.index, Fn.OpCount);
    for (let o = 0; o < count; o++) {
      const at = (first + o) * OP_STRIDE;
      if ((file.ops[at] as Op) !== Op.Assign) continue;
      const target = (file.ops[at + 1] as number) * EXPR_STRIDE;
      if ((file.exprs[target] as X) !== X.Field || file.exprs[target + 2] !== field) continue;
      const list = out.get(fn.unit) ?? [];
      list.push({ owner: 'inode::i_link', fn, op: o });
      const value = (file.ops[at + 2] as number) * EXPR_STRIDE;
      if ((file.exprs[value] as X) === X.Field) {
        const owner = ownerOfExpression(cx, fn, file.ops[at + 2] as number);
        if (owner !== '') list.push({ owner, fn, op: o });
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
  replay(cx.analysis, fn, entry, (run) => {
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
  links: ReadonlyMap<string, readonly { owner: string; fn: FunctionRef; op: number }[]>,
): Draft[] {
  const out: Draft[] = [];
  const propagation = cx.analysis.propagation;
  if (propagation === null) return out;
  const inScope = new Set(cx.functions.map((f) => f.id));
  const reported = new Set<string>();
  for (const fn of cx.all) {
    const entries = propagation.entries[fn.id] ?? [];
    const entry = entries.find(
      (e) => e.caller < 0 && e.origins.some((o) => isTeardown(propagation.origins[o])),
    );
    if (entry === undefined) continue;
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
      if (other === undefined && link === undefined) {
        if (cx.silence !== undefined) quiet(noReader(free, lockless));
        continue;
      }
      const site = freeSite(cx, fn, free);
      const key = `${site.fn.id},${site.op},${free.owner}`;
      if (reported.has(key)) continue;
      reported.add(key);
      const at = inScope.has(site.fn.id) ? site : { fn, op: free.op };
      if (!inScope.has(at.fn.id)) continue;
      const object = free.owner === '' ? free.type : free.owner;
      const otherEntry =
        other === undefined ? undefined : (propagation.entries[other.fn.id]?.[other.entryIndex] as Entry);
      const otherOrigin =
        otherEntry === undefined ? undefined : propagation.origins[otherEntry.origins[0] ?? -1];
      const who =
        other === undefined
          ? "the VFS's own RCU-walk (it follows 'inode->i_link' without calling the filesystem)"
          : `->${otherOrigin?.method ?? '?'}() in RCU-walk (${other.fn.name}(), line ${lineOf(other.fn, other.op)})`;
      out.push({
        rule: 'rcu/early-free',
        precision: free.conditional ? 'medium' : 'high',
        certainty: free.conditional ? 'may' : 'must',
        message: `'${object}'${free.type !== '' && free.owner !== '' ? ` (${free.type})` : ''} is freed at once by '${site.what}()' in ->${origin.method}(), while ${who} may still look at it`,
        fn: at.fn.id,
        op: at.op,
        entry: entryMethod(cx.analysis, origin),
        held: [],
        rcu: 'none',
        trace: [
          originStep(cx, origin),
          ...site.steps,
          step('free', site.fn, site.op, `${site.what}() frees it without waiting for a grace period`),
          ...(other === undefined
            ? link === undefined
              ? []
              : [
                  step(
                    'other-side',
                    link.fn,
                    link.op,
                    'published as inode->i_link here; path walk in RCU mode reads it without a reference',
                    1,
                  ),
                ]
            : [
                ...pathTo(cx, other.fn, other.entryIndex, 1).map(
                  (s): TraceStep => ({ ...s, kind: s.kind === 'entry' ? 'entry' : s.kind }),
                ),
                step(
                  'other-side',
                  other.fn,
                  other.op,
                  `dereferences '${other.text}' under rcu_read_lock() only`,
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

function isTeardown(origin: { struct: string; method: string } | undefined): boolean {
  return origin !== undefined && TEARDOWN[origin.struct]?.includes(origin.method) === true;
}

/** Takes note of a free that is no finding, where it is called and where memory goes. */
function noteSilence(cx: RuleContext, fn: FunctionRef, free: FreeEffect, why: string): void {
  const object = free.owner !== '' ? free.owner : free.type !== '' ? free.type : 'an object';
  const site = freeSite(cx, fn, free);
  for (const at of site.fn === fn && site.op === free.op ? [site] : [site, { fn, op: free.op }])
    cx.silence?.(ID, at.fn, at.op, `'${object}' is freed by '${site.what}()': ${why}`);
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

/** Same owner of the pointer, and nothing that says the objects differ. */
function matches(a: LocklessAccess, free: FreeEffect): boolean {
  if (free.owner === '' || a.owner !== free.owner) return false;
  return a.type === '' || free.type === '' || a.type === free.type;
}
