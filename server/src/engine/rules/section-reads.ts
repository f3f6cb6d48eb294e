/**
 * What is read outside of RCU-walk of dentries that nothing pins: the inode of a parent that was found through d_parent under
 * rcu_read_lock() alone, and the inodes of the children that hang on a directory whose d_lock is held, which is not theirs. Such a
 * dentry may turn negative at any time, and its inode is read once. Shared by the rules about such reads.
 */
import { calledName, fnColumn } from '../contexts/cfg.js';
import type { Entry } from '../contexts/entry-points.js';
import type { FunctionRun } from '../contexts/flow.js';
import { maskOf, ZERO } from '../contexts/known.js';
import { readsOf } from '../contexts/operands.js';
import type { State } from '../contexts/state.js';
import { T } from '../contexts/terms.js';
import { EXPR_STRIDE, Fn, OP_STRIDE, Op, X } from '../facts/encode.js';
import type { FunctionRef } from '../program/program.js';
import { heldIn } from './holding.js';
import { Mentions } from './mentions.js';
import { OfSituations, visitExpressions, watch } from './replay.js';
import type { RuleContext } from './rule.js';
import { isOnlyTest, isParent, READS_ONCE, type Spot, unwrapped } from './walk-reads.js';

/** A plain read of d_inode whose value is used. */
export interface SectionRead extends Spot {
  readonly of: 'parent' | 'child';
  readonly use: Spot;
  /** The value was tested for NULL before it is used: only that it is read once is left to chance. */
  readonly tested: boolean;
}

const READS = new OfSituations<readonly SectionRead[]>();

const READS_PARENT = new Mentions(['d_parent']);
const READS_INODE = new Mentions(['d_inode', 'd_backing_inode']);
const CHILDREN = new Mentions(['d_children', 'd_subdirs', 'd_sib', 'd_child']);

/** Members that link a dentry to its siblings. */
const SIBLINGS = new Set(['d_sib', 'd_child', 'd_u.d_child']);

/** What a function reads so in a situation that is none of RCU-walk. */
export function sectionReads(
  cx: RuleContext,
  fn: FunctionRef,
  entry: Entry,
  of: 'parent' | 'child',
): readonly SectionRead[] {
  if (entry.walk || !READS_INODE.in(fn) || !(of === 'parent' ? READS_PARENT : CHILDREN).in(fn)) return [];
  return READS.of(cx.analysis, fn, entry, () => look(cx, fn, entry)).filter((r) => r.of === of);
}

function look(cx: RuleContext, fn: FunctionRef, entry: Entry): SectionRead[] {
  const plain = new Map<number, Spot & { readonly of: 'parent' | 'child' }>();
  const uses = new Map<number, Spot & { tested: boolean }>();
  const names = new Map<number, 'parent' | 'child'>();
  /** Variables that go over the children of a directory. */
  const walked = new Set<number>();
  const { file } = fn;
  const isAny = (): boolean => true;
  watch(cx.analysis, fn, entry, isAny, (run, op, s) => {
    const { terms } = run;
    const name = calledName(fn, op);
    const exprs = readsOf(fn, op);
    noteName(run, op, s, exprs, names);
    const variable = siblingsIn(fn, name, exprs);
    if (variable >= 0) walked.add(variable);
    const notePlain = (dentry: number, e: number): void => {
      const isWalked =
        (file.exprs[e * EXPR_STRIDE] as X) === X.Local &&
        walked.has(file.exprs[e * EXPR_STRIDE + 1] as number);
      const of = isWalked ? 'child' : (names.get(dentry) ?? kindOf(run, dentry));
      if (of === null || !isLoose(run, entry, s, dentry, of)) return;
      const value = terms.load(terms.fieldP(dentry, terms.name('d_inode')));
      if (!plain.has(value)) plain.set(value, { op, text: run.showPlace(dentry), of });
    };
    const noteUse = (pointer: number): void => {
      const value = unwrapped(run, pointer);
      if (!plain.has(value)) return;
      const tested = (maskOf(terms, s.facts, value) & ZERO) === 0;
      const known = uses.get(value);
      if (known === undefined) uses.set(value, { op, text: run.showPlace(value), tested });
      else if (!tested) known.tested = false;
    };
    if (
      exprs[1] !== undefined &&
      !READS_ONCE.has(name) &&
      cx.analysis.model.helpers.get(name)?.returns?.endsWith('->d_inode') === true
    )
      notePlain(run.ev.value(s, exprs[1]), exprs[1]);
    for (const e of exprs)
      visitExpressions(file, e, (x, kind) => {
        const at = x * EXPR_STRIDE;
        if (kind !== X.Field || file.exprs[at + 3] !== 1) return;
        const base = file.exprs[at + 1] as number;
        const pointer = run.ev.value(s, base);
        noteUse(pointer);
        if (
          file.strings[file.exprs[at + 2] as number] === 'd_inode' &&
          !READS_ONCE.has(name) &&
          run.ev.typeOf(base)?.base === 'struct dentry' &&
          !isOnlyTest(run, op, e, x)
        )
          notePlain(pointer, base);
      });
    const isCall = (file.ops[(fnColumn(file, fn.index, Fn.FirstOp) + op) * OP_STRIDE] as Op) === Op.Call;
    if (!isCall || READS_ONCE.has(name)) return;
    for (const e of exprs.slice(1)) noteUse(run.ev.value(s, e));
  });
  const out: SectionRead[] = [];
  for (const [value, read] of plain) {
    const use = uses.get(value);
    if (use !== undefined) out.push({ ...read, use, tested: use.tested });
  }
  return out;
}

/** How a dentry was found, where nothing pins what is found so. */
function kindOf(run: FunctionRun, dentry: number): 'parent' | 'child' | null {
  const { terms } = run;
  if (terms.kind(dentry) === T.Container)
    return SIBLINGS.has(terms.nameText(terms.c(dentry))) ? 'child' : null;
  return isParent(run, dentry) ? 'parent' : null;
}

/** The variable that a loop over siblings moves on; -1 where an operation is none. */
function siblingsIn(fn: FunctionRef, name: string, exprs: readonly number[]): number {
  const { exprs: all, strings } = fn.file;
  const [, variable, ...rest] = exprs;
  if (variable === undefined || !name.includes('for_each_entry')) return -1;
  if ((all[variable * EXPR_STRIDE] as X) !== X.Local) return -1;
  const links = rest.some(
    (e) =>
      (all[e * EXPR_STRIDE] as X) === X.Name &&
      SIBLINGS.has(strings[all[e * EXPR_STRIDE + 1] as number] ?? ''),
  );
  return links ? (all[variable * EXPR_STRIDE + 1] as number) : -1;
}

/** In a loop a value gets a name of its own. */
function noteName(
  run: FunctionRun,
  op: number,
  s: State,
  exprs: readonly number[],
  names: Map<number, 'parent' | 'child'>,
): void {
  const { file, index } = run.fn;
  const kind = file.ops[(fnColumn(file, index, Fn.FirstOp) + op) * OP_STRIDE] as Op;
  if ((kind !== Op.Assign && kind !== Op.Declare) || exprs[0] === undefined) return;
  const of = kindOf(run, run.ev.value(s, exprs[0]));
  if (of !== null) for (const detail of [1, 7]) names.set(run.terms.fresh(op, detail), of);
}

/** Whether only a read section, or the lock of its parent, keeps a dentry. */
function isLoose(run: FunctionRun, entry: Entry, s: State, dentry: number, of: 'parent' | 'child'): boolean {
  const { terms } = run;
  const own = terms.fieldP(dentry, terms.name('d_lock'));
  let above = false;
  let section = false;
  for (const l of heldIn(run, entry, s)) {
    if (l.place === own || l.class.startsWith('?')) return false;
    // The directory's own lock keeps its children as they are
    if (l.class === 'inode::i_rwsem') return false;
    if (l.kind === 'rcu' && !l.may) section = true;
    if (l.class.endsWith('rename_lock') || l.class.endsWith('::s_vfs_rename_mutex')) return false;
    if (l.class === 'dentry::d_lock') {
      if (of === 'parent' || l.may) return false;
      above = true;
    }
  }
  return of === 'parent' ? section : above;
}
