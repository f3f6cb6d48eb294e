/**
 * rcu/unstable-inode: in RCU-walk `dentry->d_inode` can turn NULL between two reads. It is read once, by d_inode_rcu() or
 * READ_ONCE(), and the value read is tested. Reported: a plain read whose value is then used, and a use of a value that
 * was never tested.
 */

import { calledName } from '../../contexts/cfg.js';
import type { Entry } from '../../contexts/entry-points.js';
import type { FunctionRun } from '../../contexts/flow.js';
import { maskOf, type State, ZERO } from '../../contexts/state.js';
import { T } from '../../contexts/terms.js';
import { EXPR_STRIDE, operatorCode, X } from '../../facts/encode.js';
import type { FunctionRef } from '../../program/program.js';
import { OfSituations, readsOf, replay, visitExpressions } from '../replay.js';
import { type Draft, entryMethod, pathTo, type Rule, type RuleContext, step } from '../rule.js';

const ID = 'rcu/unstable-inode';

/** The rule. */
export const unstableInode: Rule = {
  info: {
    id: 'rcu/unstable-inode',
    summary: "A dentry's d_inode is read plainly, or used untested, in RCU-walk.",
    law: 'In RCU-walk dentry->d_inode can turn NULL between two reads: it is read once (d_inode_rcu()) and that value is tested.',
    severity: 'error',
    precision: 'high',
    onByDefault: true,
    fixable: true,
  },
  check(cx) {
    const out: Draft[] = [];
    const propagation = cx.analysis.propagation;
    if (propagation === null) return out;
    for (const fn of cx.functions) {
      const entries = propagation.entries[fn.id] ?? [];
      const seen = new Set<number>();
      for (let i = 0; i < entries.length; i++) {
        const entry = entries[i] as Entry;
        if (!entry.walk || entry.widened) {
          if (entry.walk)
            cx.silence?.(
              ID,
              fn,
              -1,
              'RCU-walk gets here in more ways than are kept apart: nothing is said about it',
            );
          continue;
        }
        for (const d of look(cx, fn, entry, i)) {
          if (seen.has(d.op)) continue;
          seen.add(d.op);
          out.push(d);
        }
      }
    }
    return out;
  },
};

interface PlainRead {
  readonly op: number;
  readonly text: string;
}

/** Names of the model's readers of d_inode: those that read it once, and those that do not. */
const READS_ONCE = new Set(['d_inode_rcu', 'READ_ONCE', 'rcu_dereference', 'd_backing_inode_rcu']);

/** The dentry is not one that the VFS only lent. */
const PINNED = 'the dentry is no parameter that nothing pins, or it is the root of a superblock, which stays';

/** What a function does with the inodes of dentries in a situation, by the values. */
interface Reads {
  readonly plain: ReadonlyMap<number, PlainRead>;
  readonly uses: ReadonlyMap<number, PlainRead>;
  readonly untested: ReadonlyMap<number, PlainRead>;
  /** Handed to a function before any test. */
  readonly handed: ReadonlyMap<number, PlainRead>;
}

const READS = new OfSituations<Reads>();

function readsIn(cx: RuleContext, fn: FunctionRef, entry: Entry): Reads {
  const plain = new Map<number, PlainRead>();
  const uses = new Map<number, PlainRead>();
  const untested = new Map<number, PlainRead>();
  const handed = new Map<number, PlainRead>();
  replay(cx.analysis, fn, entry, (run, op, s) => {
    // d_lock keeps the dentry's inode
    if (
      s.locks.some((l) => l.class === 'dentry::d_lock') ||
      (!s.locks.some((l) => l.kind === 'rcu') && s.released.some((l) => l.kind === 'rcu'))
    ) {
      cx.silence?.(
        ID,
        fn,
        op,
        "under the dentry's d_lock, or after the RCU read side was left: d_inode stays",
      );
      return;
    }
    const file = fn.file;
    const name = calledName(fn, op);
    const exprs = readsOf(fn, op);
    const quiet = (why: string): void => cx.silence?.(ID, fn, op, why);
    if (cx.silence !== undefined && (READS_ONCE.has(name) || name === 'd_inode_rcu'))
      quiet(`'${name}()' reads once`);
    if (
      name !== '' &&
      cx.analysis.model.helpers.get(name)?.returns?.endsWith('->d_inode') === true &&
      !READS_ONCE.has(name)
    ) {
      const arg = exprs[1];
      if (arg !== undefined) {
        const dentry = run.ev.value(s, arg);
        if (isOthers(run, dentry)) plain.set(dentryInode(run, dentry), { op, text: run.showPlace(dentry) });
        else quiet(PINNED);
      }
    }
    for (const e of exprs) {
      visitExpressions(file, e, (x, kind) => {
        if (kind !== X.Field) return;
        const at = x * EXPR_STRIDE;
        const field = file.strings[file.exprs[at + 2] as number] ?? '';
        const base = file.exprs[at + 1] as number;
        if (file.exprs[at + 3] !== 1) return;
        const pointer = run.ev.value(s, base);
        if (
          field === 'd_inode' &&
          run.ev.typeOf(base)?.base === 'struct dentry' &&
          !READS_ONCE.has(name) &&
          isOthers(run, pointer)
        ) {
          // A bare test for NULL needs no more than one read
          if (!isOnlyTest(run, op, e, x)) {
            const value = dentryInode(run, pointer);
            if (!plain.has(value)) plain.set(value, { op, text: run.showPlace(pointer) });
          } else quiet('d_inode is only tested for NULL, which needs no more than one read');
        } else if (field === 'd_inode' && !isOthers(run, pointer)) quiet(PINNED);
        noteUse(run, s, op, pointer, uses, untested);
      });
    }
    // Handing the value to a function is using it
    if (name !== '' && !READS_ONCE.has(name) && name !== 'd_inode')
      for (const e of exprs.slice(1)) noteUse(run, s, op, run.ev.value(s, e), uses, handed);
  });
  return { plain, uses, untested, handed };
}

function look(cx: RuleContext, fn: FunctionRef, entry: Entry, index: number): Draft[] {
  const { plain, uses, untested, handed } = READS.of(cx.analysis, fn, entry, () => readsIn(cx, fn, entry));
  const out: Draft[] = [];
  const origin = cx.analysis.propagation?.origins[entry.origins[0] ?? -1];
  const method = origin === undefined ? '' : `->${origin.method}()`;
  const done = new Set<number>();
  for (const [value, read] of plain) {
    const use = uses.get(value);
    if (use === undefined) {
      cx.silence?.(
        ID,
        fn,
        read.op,
        `the inode of '${read.text}' is read plainly, but nothing uses the value`,
      );
      continue;
    }
    done.add(value);
    out.push({
      rule: 'rcu/unstable-inode',
      precision: 'high',
      certainty: 'must',
      message: `'d_inode' of '${read.text}' is read plainly in RCU-walk of ${method}, where it can turn NULL at any time; read it once with d_inode_rcu() and test the value`,
      fn: fn.id,
      op: read.op,
      entry: entryMethod(cx.analysis, origin),
      held: [],
      rcu: 'walk',
      trace: [
        ...pathTo(cx, fn, index),
        step('access', fn, read.op, `reads d_inode of '${read.text}'`),
        step('access', fn, use.op, `uses the inode`),
        {
          ...step(
            'other-side',
            fn,
            read.op,
            'the last dput() of the dentry, or unlink or rmdir, clears d_inode: nothing pins the dentry here',
          ),
          side: 1,
        },
      ],
      objectClass: 'dentry::d_inode',
      // Read once it may be NULL: who it is handed to need not know
      fix: { kind: 'inode-rcu', fn: fn.id, op: read.op, tested: !untested.has(value) && !handed.has(value) },
    });
  }
  for (const [value, use] of untested) {
    if (done.has(value)) continue;
    out.push({
      rule: 'rcu/unstable-inode',
      precision: 'high',
      certainty: 'must',
      message: `'${use.text}' was read from a dentry in RCU-walk of ${method} and is used without a test for NULL`,
      fn: fn.id,
      op: use.op,
      entry: entryMethod(cx.analysis, origin),
      held: [],
      rcu: 'walk',
      trace: [
        ...pathTo(cx, fn, index),
        step('access', fn, use.op, `uses '${use.text}'`),
        {
          ...step('other-side', fn, use.op, 'the dentry turns negative before the read: d_inode is NULL'),
          side: 1,
        },
      ],
      objectClass: 'dentry::d_inode',
    });
  }
  return out;
}

/** A use of an inode that came out of a dentry. */
function noteUse(
  run: FunctionRun,
  s: State,
  op: number,
  pointer: number,
  uses: Map<number, { op: number; text: string }>,
  untested: Map<number, { op: number; text: string }>,
): void {
  const { terms } = run;
  let value = pointer;
  // Through container_of and the like
  while (terms.kind(value) === T.Container) value = terms.a(value);
  if (terms.kind(value) !== T.Load || terms.lastField(value) !== 'd_inode') return;
  const place = terms.a(value);
  if (terms.kind(place) !== T.FieldP || !isOthers(run, terms.a(place))) return;
  if (!uses.has(value)) uses.set(value, { op, text: run.showPlace(value) });
  if ((maskOf(run.terms, s.facts, value) & ZERO) !== 0 && !untested.has(value))
    untested.set(value, { op, text: run.showPlace(value) });
}

/** A dentry that nothing here has pinned: it came in by a parameter. The root of a superblock stays. */
function isOthers(run: FunctionRun, dentry: number): boolean {
  const { terms } = run;
  if (terms.kind(terms.root(dentry)) !== T.Param) return false;
  return terms.lastField(dentry) !== 's_root';
}

function dentryInode(run: FunctionRun, dentry: number): number {
  return run.terms.load(run.terms.fieldP(dentry, run.terms.name('d_inode')));
}

/** Whether an expression only asks whether d_inode is there. */
function isOnlyTest(run: FunctionRun, op: number, whole: number, x: number): boolean {
  const file = run.fn.file;
  const at = whole * EXPR_STRIDE;
  if (whole === x)
    return readsOf(run.fn, op).length === 1 && calledName(run.fn, op) === '' && isBranch(run, op);
  if (
    (file.exprs[at] as X) === X.Unary &&
    file.exprs[at + 1] === operatorCode('!') &&
    file.exprs[at + 2] === x
  )
    return true;
  return (
    (file.exprs[at] as X) === X.Binary &&
    (file.exprs[at + 1] === operatorCode('==') || file.exprs[at + 1] === operatorCode('!='))
  );
}

function isBranch(run: FunctionRun, op: number): boolean {
  return run.isBranch(op);
}
