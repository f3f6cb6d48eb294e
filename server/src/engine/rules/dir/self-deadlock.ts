/**
 * dir/self-deadlock: a helper that takes i_rwsem itself is reached with it held, because the VFS calls the method that leads there
 * with it held. What this code takes twice itself is said by lock/double.
 */
import { type Entry, Whence } from '../../contexts/entry-points.js';
import type { TakeEffect } from '../../contexts/result.js';
import type { Lock } from '../../contexts/state.js';
import { T, type Terms } from '../../contexts/terms.js';
import type { MethodEntry } from '../../model/types.js';
import type { FunctionRef } from '../../program/program.js';
import { type Draft, entryMethod, pathTo, type Rule, type RuleContext, step, WIDENED } from '../rule.js';
import { isOnlyAsserted } from '../take-leaf.js';

const ID = 'dir/self-deadlock';

/** The rule. */
export const selfDeadlock: Rule = {
  info: {
    id: ID,
    summary: 'The lock of a directory is taken where the VFS holds it already.',
    law: 'A helper that takes i_rwsem itself is not called with it held, on any way from a method that is called with it held.',
    severity: 'error',
    precision: 'high',
    onByDefault: true,
    fixable: true,
  },
  check(cx) {
    const out: Draft[] = [];
    const { propagation, results } = cx.analysis;
    if (propagation === null) return out;
    for (const fn of cx.functions) {
      const result = results[fn.id];
      if (result === undefined) continue;
      if (result.widened) {
        cx.silence?.(ID, fn, -1, WIDENED);
        continue;
      }
      const takes = result.takes.filter(
        (t) => t.lock.class === 'inode::i_rwsem' && !t.lock.may && !isOnlyAsserted(cx, t),
      );
      if (takes.length === 0) {
        if (cx.silence !== undefined && result.acquires.has('inode::i_rwsem|rwsem'))
          cx.silence(ID, fn, -1, 'it only tries i_rwsem, or takes again what it has given back');
        continue;
      }
      const seen = new Set<number>();
      for (const [index, entry] of (propagation.entries[fn.id] ?? []).entries()) {
        if (entry.caller >= 0 || entry.from !== Whence.Beginning || entry.widened) {
          if (cx.silence !== undefined)
            for (const take of takes)
              cx.silence(
                ID,
                fn,
                take.op,
                entry.caller >= 0
                  ? 'judged where the method calls on, by what that was called with'
                  : 'no method whose contract tells all locks enters the function here',
              );
          continue;
        }
        for (const take of takes) {
          const held = heldByCaller(cx, fn, entry, take);
          if (held === null || seen.has(take.op)) continue;
          seen.add(take.op);
          out.push(draftOf(cx, fn, index, entry, take, held));
        }
      }
    }
    return out;
  },
};

/** The lock that the method came with and that is taken again, or null. */
function heldByCaller(cx: RuleContext, fn: FunctionRef, entry: Entry, take: TakeEffect): Lock | null {
  const { analysis } = cx;
  const quiet =
    cx.silence === undefined ? undefined : (why: string): void => cx.silence?.(ID, fn, take.op, why);
  if (analysis.propagation?.meet(entry, take.facts) === null) {
    quiet?.('the tests before it exclude the situation in which the lock is held');
    return null;
  }
  const place = ofDirectory(analysis.terms, methodOf(cx, entry), take.lock.place);
  for (const l of entry.locks) {
    if (l.class !== take.lock.class || l.place !== place || l.may || l.when !== null) continue;
    if (take.released.some((r) => r.place === l.place || r.place === take.lock.place)) {
      quiet?.('the lock was given back before');
      continue;
    }
    // Two readers may be let in
    if (l.shared && take.lock.shared) {
      quiet?.('both times shared');
      continue;
    }
    return l;
  }
  quiet?.(
    'the method is not called with this lock held: it is that of another object, or not shown to be the same',
  );
  return null;
}

function methodOf(cx: RuleContext, entry: Entry): MethodEntry | undefined {
  const origin = cx.analysis.propagation?.origins[entry.origins[0] ?? -1];
  return cx.analysis.model.methods.get(`${origin?.struct}::${origin?.method}`);
}

/** Names in a directory, and the directory that a method is called with. */
const DIRECTORY_OF: Readonly<Record<string, string>> = {
  dentry: 'dir',
  old_dentry: 'old_dir',
  new_dentry: 'new_dir',
};

/** The place of a lock where `dentry->d_parent->d_inode` is the directory that the method was called with. */
function ofDirectory(terms: Terms, method: MethodEntry | undefined, place: number): number {
  if (method === undefined) return place;
  return terms.rewrite(place, (x) => {
    if (terms.kind(x) !== T.Load) return -1;
    const parent = memberOf(terms, x, 'd_inode');
    const name = parent < 0 ? -1 : memberOf(terms, parent, 'd_parent');
    if (name < 0 || terms.kind(name) !== T.Param) return -1;
    const at = method.params.indexOf(DIRECTORY_OF[method.params[terms.a(name)] ?? ''] ?? '');
    return at < 0 ? -1 : terms.param(at);
  });
}

/** The pointer of which a value is this member; -1. */
function memberOf(terms: Terms, value: number, member: string): number {
  if (terms.kind(value) !== T.Load) return -1;
  const place = terms.a(value);
  if (terms.kind(place) !== T.FieldP || terms.nameText(terms.b(place)) !== member) return -1;
  return terms.a(place);
}

function draftOf(
  cx: RuleContext,
  fn: FunctionRef,
  index: number,
  entry: Entry,
  take: TakeEffect,
  held: Lock,
): Draft {
  const { analysis } = cx;
  const origin = analysis.propagation?.origins[entry.origins[0] ?? -1];
  const name = held.shared ? 'shared' : 'exclusively';
  const trace = pathTo(cx, fn, index);
  let at = fn;
  let t = take;
  for (let depth = 0; depth < 20; depth++) {
    trace.push(
      step(
        t.via < 0 ? 'acquire' : 'call',
        at,
        t.op,
        t.via < 0 ? `${t.what}() takes it again` : `calls ${t.what}()`,
      ),
    );
    const callee = t.via < 0 ? undefined : analysis.program.functions[t.via];
    const next = t.via < 0 ? undefined : analysis.results[t.via]?.takes.find(isLikeWhatIs(t));
    if (callee === undefined || next === undefined) break;
    at = callee;
    t = next;
  }
  return {
    rule: ID,
    precision: take.lastRef ? 'medium' : 'high',
    certainty: 'must',
    message: `'${take.what}()' takes i_rwsem of the directory, with which ->${origin?.method ?? ''}() is called ${name} locked: it waits for itself`,
    fn: fn.id,
    op: take.op,
    entry: entryMethod(analysis, origin),
    held: [],
    rcu: 'none',
    trace,
    objectClass: 'inode::i_rwsem',
    fix: { kind: 'locked-variant', fn: fn.id, op: take.op, class: 'inode::i_rwsem' },
  };
}

function isLikeWhatIs(take: TakeEffect): (t: TakeEffect) => boolean {
  return (t) => t.lock.class === take.lock.class && t.lock.kind === take.lock.kind;
}
