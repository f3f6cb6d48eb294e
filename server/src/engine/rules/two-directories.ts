/**
 * Two directories of which neither is known to be above the other are locked in an order that nothing fixes. The VFS locks the
 * ancestor first; without kinship the order is fixed only where both stand in one tree and renames are kept out. Said: the second
 * parent (I_MUTEX_PARENT2) is locked on a path that has shown no kinship at all. Part of lock/order.
 */
import { calledName, fnColumn } from '../contexts/cfg.js';
import { begin, type Entry, Whence } from '../contexts/entry-points.js';
import type { FunctionRun } from '../contexts/flow.js';
import { ZERO } from '../contexts/known.js';
import { readsOf } from '../contexts/operands.js';
import type { FunctionResult } from '../contexts/result.js';
import { type Lock, NO_LOCKS, type State } from '../contexts/state.js';
import { T, type Terms } from '../contexts/terms.js';
import { EXPR_STRIDE, Fn, operatorCode, X } from '../facts/encode.js';
import type { FunctionRef } from '../program/program.js';
import { Mentions } from './mentions.js';
import { type Look, OfSituations, replay } from './replay.js';
import { type Draft, lockExpression, type RuleContext, step, WIDENED } from './rule.js';
import { Trails } from './trails.js';

/** Pairs of directories that are locked without an order. */
export function unorderedDirectories(cx: RuleContext): Draft[] {
  const out: Draft[] = unorderedChildren(cx);
  const mentions = new Mentions([LOCKS]);
  for (const fn of cx.functions) {
    const result = cx.analysis.results[fn.id];
    if (result === undefined || !mentions.in(fn)) continue;
    if (result.widened) {
      cx.silence?.('lock/order', fn, -1, WIDENED);
      continue;
    }
    if (!numbersOf(fn).some((op) => isSecond(fn, op))) {
      cx.silence?.('lock/order', fn, -1, `no directory is locked as the second parent (${SECOND}) here`);
      continue;
    }
    for (const p of pairsIn(cx, fn, result)) {
      const first = `'${lockExpression(p.first)}'`;
      const second = `'${lockExpression(p.second)}'`;
      out.push({
        rule: 'lock/order',
        precision: 'high',
        certainty: 'must',
        message: `locks ${second} inside ${first}, and nothing on the way says that one is above the other or that both have an ancestor in common: another task may lock them the other way round`,
        fn: fn.id,
        op: p.op,
        entry: null,
        held: [],
        rcu: 'none',
        trace: [
          step('acquire', fn, p.firstOp, `locks ${first} as the first parent`),
          step('acquire', fn, p.op, `locks ${second} as the second parent`),
          {
            ...step('other-side', fn, p.firstOp, `the same with the two swapped: locks ${second} first`),
            side: 1,
          },
          { ...step('other-side', fn, p.op, `and waits for ${first}`), side: 1 },
        ],
        objectClass: CLASS,
      });
    }
  }
  return out;
}

const LOCKS = 'inode_lock_nested';
const SECOND = 'I_MUTEX_PARENT2';
const CLASS = 'inode::i_rwsem';
const EQ = operatorCode('==');
const NE = operatorCode('!=');

interface Pair {
  readonly op: number;
  readonly firstOp: number;
  readonly first: string;
  readonly second: string;
}

const PAIRS = new OfSituations<readonly Pair[]>();
const ANYHOW = new WeakMap<FunctionResult, Entry>();

function pairsIn(cx: RuleContext, fn: FunctionRef, result: FunctionResult): readonly Pair[] {
  let entry = ANYHOW.get(result);
  if (entry === undefined) {
    entry = begin(NO_LOCKS, Whence.Nobody);
    ANYHOW.set(result, entry);
  }
  const at = entry;
  return PAIRS.of(cx.analysis, fn, at, () => {
    const found = new Map<number, Pair>();
    const look: Look = (run, op, s) => {
      // What was seen of memory before a lock was waited for is not said again after it
      const related = s.trail === 1 || showsKinship(run, s) ? 1 : 0;
      if (related === 1 && isSecond(fn, op))
        cx.silence?.(
          'lock/order',
          fn,
          op,
          'the way here has shown that one is above the other, or that both are one',
        );
      if (related === 1 || !isSecond(fn, op) || found.has(op)) return related;
      const first = s.locks.find((l: Lock) => l.class === CLASS && !l.may && l.fn === fn.id);
      const inode = readsOf(fn, op)[1];
      // Where paths were merged, what they had seen is lost
      if (first === undefined || inode === undefined || s.blurred) {
        cx.silence?.(
          'lock/order',
          fn,
          op,
          'no first parent is held here for sure, or paths were merged before',
        );
        return related;
      }
      const { terms } = run;
      const place = terms.fieldP(run.ev.value(s, inode), terms.name('i_rwsem'));
      if (place === first.place) return related;
      found.set(op, {
        op,
        firstOp: first.op,
        first: run.showPlace(first.place),
        second: run.showPlace(place),
      });
      return related;
    };
    replay(cx.analysis, fn, at, look, undefined, numbersOf(fn));
    return [...found.values()].sort((a, b) => a.op - b.op);
  });
}

/** The operations of a function that call. */
function numbersOf(fn: FunctionRef): readonly number[] {
  const count = fnColumn(fn.file, fn.index, Fn.OpCount);
  return Array.from({ length: count }, (_, op) => op).filter((op) => calledName(fn, op) === LOCKS);
}

/** Whether an operation locks a directory as the second parent. */
function isSecond(fn: FunctionRef, op: number): boolean {
  return isNested(fn, op, SECOND);
}

/** Whether an operation locks an inode with a subclass. */
function isNested(fn: FunctionRef, op: number, subclass: string): boolean {
  if (calledName(fn, op) !== LOCKS) return false;
  const e = readsOf(fn, op)[2];
  if (e === undefined) return false;
  const { file } = fn;
  return (
    (file.exprs[e * EXPR_STRIDE] as X) === X.Name &&
    file.strings[file.exprs[e * EXPR_STRIDE + 1] as number] === subclass
  );
}

/** Whether the way here has shown that two dentries are one, or that d_ancestor() found something. */
function showsKinship(run: FunctionRun, s: State): boolean {
  const { terms, fn } = run;
  for (let i = 0; i < s.facts.length; i += 2) {
    const t = s.facts[i] as number;
    const mask = s.facts[i + 1] as number;
    if (terms.kind(t) === T.Bin) {
      const op = terms.a(t);
      const same = (op === EQ && (mask & ZERO) === 0) || (op === NE && mask === ZERO);
      if (same && !isRootTest(terms, terms.b(t), terms.c(t))) return true;
    } else if (terms.kind(t) === T.Fresh && (mask & ZERO) === 0) {
      if (terms.a(t) < run.graph.opCount && calledName(fn, terms.a(t)) === 'd_ancestor') return true;
    }
  }
  return false;
}

/** What a way has seen: pairs of directories that are one, and which test asked what of which inode. */
interface Compared {
  readonly same: readonly (readonly [number, number])[];
  /** Calls of d_is_dir(), with the inode of its dentry. */
  readonly asked: readonly (readonly [number, number])[];
}

/** Two subdirectories of one directory: only s_vfs_rename_mutex keeps others from locking them as parents, the other way round. */
function unorderedChildren(cx: RuleContext): Draft[] {
  const out: Draft[] = [];
  const mentions = new Mentions([CHILD]);
  for (const fn of cx.functions) {
    const result = cx.analysis.results[fn.id];
    if (result === undefined || result.widened || !mentions.in(fn)) continue;
    for (const p of childrenIn(cx, fn, result)) {
      const first = `'${lockExpression(p.first)}'`;
      const second = `'${lockExpression(p.second)}'`;
      out.push({
        rule: 'lock/order',
        precision: 'high',
        certainty: 'must',
        message: `locks ${second} inside ${first}, two subdirectories of one directory, without s_vfs_rename_mutex: a rename between them locks them as parents, perhaps the other way round`,
        fn: fn.id,
        op: p.op,
        entry: null,
        held: [],
        rcu: 'none',
        trace: [
          step('acquire', fn, p.firstOp, `locks ${first} as a child`),
          step('acquire', fn, p.op, `locks ${second}, another child`),
          {
            ...step(
              'other-side',
              fn,
              p.op,
              `a rename from one into the other has locked ${second} as a parent`,
            ),
            side: 1,
          },
          { ...step('other-side', fn, p.firstOp, `and waits for ${first}`), side: 1 },
        ],
        objectClass: CLASS,
      });
    }
  }
  return out;
}

const CHILD = 'I_MUTEX_CHILD';
const LOCKS_INODE = new Set(['inode_lock', LOCKS]);
/** So many states are kept apart: what was compared is soon forgotten where ways are merged. */
const CAREFUL = 48;
/** So many comparisons are kept in mind. */
const MAX_COMPARED = 4;
const CHILDREN = new OfSituations<readonly Pair[]>();
const ANYWAY = new WeakMap<FunctionResult, Entry>();

function childrenIn(cx: RuleContext, fn: FunctionRef, result: FunctionResult): readonly Pair[] {
  const at = ANYWAY.get(result) ?? begin(NO_LOCKS, Whence.Nobody);
  ANYWAY.set(result, at);
  return CHILDREN.of(cx.analysis, fn, at, () => {
    const found = new Map<number, Pair>();
    const trails = new Trails<Compared>();
    replay(
      cx.analysis,
      fn,
      at,
      (run, op, s) => {
        const { terms } = run;
        const known = trails.of(s.trail) ?? { same: [], asked: [] };
        const same = [...known.same];
        const asked = [...known.asked];
        for (let i = 0; i < s.facts.length && same.length < MAX_COMPARED; i += 2) {
          const t = s.facts[i] as number;
          if (terms.kind(t) !== T.Bin || terms.a(t) !== EQ || ((s.facts[i + 1] as number) & ZERO) !== 0)
            continue;
          const [a, b] = [terms.b(t), terms.c(t)];
          if (terms.number(b) !== null || same.some((p) => p[0] === a && p[1] === b)) continue;
          if (isDirectoryPointer(run, a) && isDirectoryPointer(run, b)) same.push([a, b]);
        }
        const dentry = calledName(fn, op) === 'd_is_dir' ? readsOf(fn, op)[1] : undefined;
        if (dentry !== undefined && asked.length < MAX_COMPARED)
          asked.push([op, terms.load(terms.fieldP(run.ev.value(s, dentry), terms.name('d_inode')))]);
        const trail =
          same.length === known.same.length && asked.length === known.asked.length
            ? s.trail
            : trails.number({ same, asked }, `${same.join()};${asked.join()}`);
        const inode = LOCKS_INODE.has(calledName(fn, op)) ? readsOf(fn, op)[1] : undefined;
        if (inode === undefined || same.length === 0 || found.has(op)) return trail;
        const second = run.ev.value(s, inode);
        const first = s.locks.find(
          (l: Lock) => l.class === CLASS && !l.may && l.fn === fn.id && isNested(fn, l.op, CHILD),
        );
        const place = terms.fieldP(second, terms.name('i_rwsem'));
        if (first === undefined || place === first.place || !isShownDirectory(run, s, second, asked))
          return trail;
        if (s.locks.some((l) => l.class.endsWith('s_vfs_rename_mutex'))) return trail;
        const firstInode = terms.children(first.place)[0];
        // That the two are not one says nothing of where they lie
        if (!same.some((p) => !p.includes(second) && firstInode !== undefined && !p.includes(firstInode)))
          return trail;
        found.set(op, {
          op,
          firstOp: first.op,
          first: run.showPlace(first.place),
          second: run.showPlace(place),
        });
        return trail;
      },
      CAREFUL,
    );
    return [...found.values()].sort((a, b) => a.op - b.op);
  });
}

function isDirectoryPointer(run: FunctionRun, value: number): boolean {
  const to = run.ev.pointeeOf(value);
  return to === 'struct inode' || to === 'struct dentry';
}

/** Whether a test on the way has shown that an inode is a directory's. */
function isShownDirectory(run: FunctionRun, s: State, inode: number, asked: Compared['asked']): boolean {
  const { terms } = run;
  for (let i = 0; i < s.facts.length; i += 2) {
    const t = s.facts[i] as number;
    if (terms.kind(t) !== T.Fresh || ((s.facts[i + 1] as number) & ZERO) !== 0) continue;
    if (asked.some(([op, of]) => op === terms.a(t) && of === inode)) return true;
  }
  return false;
}

/** Whether two values are compared to see that a dentry is its own parent, or with a number: that says nothing of two. */
function isRootTest(terms: Terms, a: number, b: number): boolean {
  if (terms.number(a) !== null || terms.number(b) !== null) return true;
  const isParentOf = (x: number, y: number): boolean =>
    terms.kind(x) === T.Load && terms.lastField(x) === 'd_parent' && terms.a(terms.a(x)) === y;
  return isParentOf(a, b) || isParentOf(b, a);
}
