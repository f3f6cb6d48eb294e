/**
 * rcu/unstable-inode: in RCU-walk `dentry->d_inode` can turn NULL between two reads, and so can what eviction clears in an inode. It
 * is read once, by d_inode_rcu() or READ_ONCE(), and the value read is tested. Reported: a plain read whose value is then used, and a
 * use of a value that was never tested, here or in what the value is handed to.
 */
import type { TraceStep } from '../../base/finding.js';
import type { Analysis } from '../../contexts/analysis.js';
import { fnColumn } from '../../contexts/cfg.js';
import type { Entry } from '../../contexts/entry-points.js';
import { readsOf } from '../../contexts/operands.js';
import { EXPR_STRIDE, Fn, OP_STRIDE, Op, X } from '../../facts/encode.js';
import { DeclaredMembers } from '../../program/members.js';
import type { FunctionRef } from '../../program/program.js';
import { OfEach } from '../kept.js';
import { Handed } from '../lockless.js';
import { Mentions } from '../mentions.js';
import { OfSituations, watch } from '../replay.js';
import { type Draft, entryMethod, pathTo, type Rule, type RuleContext, step } from '../rule.js';
import { type SectionRead, sectionReads } from '../section-reads.js';
import { type Spot, type WalkSituation, walkPath, walkReads, walkSituations } from '../walk-reads.js';

const ID = 'rcu/unstable-inode';

/** The rule. */
export const unstableInode: Rule = {
  info: {
    id: ID,
    summary: "A dentry's d_inode is read plainly, or used untested, in RCU-walk.",
    law: 'In RCU-walk dentry->d_inode can turn NULL between two reads, and so can what eviction clears in the inode: it is read once (d_inode_rcu()) and that value is tested.',
    severity: 'error',
    precision: 'high',
    onByDefault: true,
    fixable: true,
  },
  check(cx) {
    const out: Draft[] = [];
    const others = new Others(cx);
    const situations = walkSituations(cx);
    for (const fn of cx.functions) {
      const seen = new Set<number>();
      if (cx.silence !== undefined) {
        const walks = situations.get(fn.id) ?? [];
        if (walks.length === 0) cx.silence(ID, fn, -1, 'no RCU-walk is known to enter the function');
        else if (walks.every((w) => walkReads(cx, fn, w.entry).plain.size === 0))
          cx.silence(ID, fn, -1, 'RCU-walk comes to no plain read of the inode of a dentry here');
      }
      const walks = situations.get(fn.id) ?? [];
      const isLookedAt = walks.length > 0 && (cx.silence !== undefined || others.mayRead(fn));
      for (const situation of isLookedAt ? walks : []) {
        for (const d of look(cx, fn, situation, others)) {
          if (seen.has(d.op)) continue;
          seen.add(d.op);
          out.push(d);
        }
      }
      const entries = cx.analysis.propagation?.entries[fn.id] ?? [];
      for (let i = 0; i < entries.length; i++)
        for (const read of sectionReads(cx, fn, entries[i] as Entry, 'child')) {
          if (seen.has(read.op)) continue;
          seen.add(read.op);
          out.push(ofChild(cx, fn, entries[i] as Entry, i, read));
        }
    }
    return out;
  },
};

/** A plain read of a child's inode under the lock of its parent. */
function ofChild(cx: RuleContext, fn: FunctionRef, entry: Entry, index: number, read: SectionRead): Draft {
  return {
    rule: 'rcu/unstable-inode',
    precision: 'high',
    certainty: 'must',
    message: `'d_inode' of the child '${read.text}' is read plainly under the d_lock of its parent, which does not keep it: it can turn NULL at any time; take its own d_lock, or read it once with d_inode_rcu() and test the value`,
    fn: fn.id,
    op: read.op,
    entry: entryMethod(cx.analysis, cx.analysis.propagation?.origins[entry.origins[0] ?? -1]),
    held: [],
    rcu: 'read',
    trace: [
      ...pathTo(cx, fn, index),
      step('access', fn, read.op, `reads d_inode of '${read.text}'`),
      step('access', fn, read.use.op, 'uses the inode'),
      step('other-side', fn, read.op, 'unlink, or the last dput() of the child, clears its d_inode', 1),
    ],
    objectClass: 'dentry::d_inode',
  };
}

function look(cx: RuleContext, fn: FunctionRef, situation: WalkSituation, others: Others): Draft[] {
  const { entry } = situation;
  const reads = walkReads(cx, fn, entry);
  const out: Draft[] = [];
  const origin = cx.analysis.propagation?.origins[entry.origins[0] ?? -1];
  const method = origin === undefined ? '' : `->${origin.method}()`;
  const draft = (op: number, message: string, steps: readonly TraceStep[], objectClass: string): Draft => ({
    rule: ID,
    precision: 'high',
    certainty: 'must',
    message,
    fn: fn.id,
    op,
    entry: entryMethod(cx.analysis, origin),
    held: [],
    rcu: 'walk',
    trace: [...walkPath(cx, fn, situation), ...steps],
    objectClass,
  });
  const done = new Set<number>();
  for (const [value, read] of reads.plain) {
    const use = reads.uses.get(value);
    if (use === undefined || read.ofParent) continue;
    done.add(value);
    out.push({
      ...draft(
        read.op,
        `'d_inode' of '${read.text}' is read plainly in RCU-walk of ${method}, where it can turn NULL at any time; read it once with d_inode_rcu() and test the value`,
        [
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
        'dentry::d_inode',
      ),
      fix: {
        kind: 'inode-rcu',
        fn: fn.id,
        op: read.op,
        tested:
          reads.untested.get(value) === undefined &&
          !reads.handed.some((h) => h.source.kind === 'inode' && h.source.value === value),
      },
    });
  }
  const untested = (use: Spot, steps: readonly TraceStep[] = []): Draft =>
    draft(
      use.op,
      `'${use.text}' was read from a dentry in RCU-walk of ${method} and is used without a test for NULL`,
      [
        ...steps,
        step('access', fn, use.op, `uses '${use.text}'`),
        {
          ...step('other-side', fn, use.op, 'the dentry turns negative before the read: d_inode is NULL'),
          side: 1,
        },
      ],
      'dentry::d_inode',
    );
  for (const [value, use] of reads.untested)
    if (!done.has(value) && !use.ofParent) {
      done.add(value);
      out.push(untested(use));
    }
  for (const [callee, use] of reads.results)
    if (others.givesInode(callee)) out.push(untested(use, [others.given(callee)]));
  for (const [owner, use] of reads.members) {
    const d = cleared(owner, use);
    if (d !== null) out.push(d);
  }
  for (const use of reads.handed) {
    if (!others.handed.dereferenced(use.callee, true).has(use.position)) continue;
    const { source } = use;
    if (source.kind === 'inode' && !source.spot.ofParent && !done.has(source.value)) {
      done.add(source.value);
      out.push(untested(use));
    }
    if (source.kind === 'result' && others.givesInode(source.callee))
      out.push(untested(use, [others.given(source.callee)]));
    if (source.kind === 'member') {
      const d = cleared(source.owner, use);
      if (d !== null) out.push(d);
    }
  }
  return out;

  function cleared(owner: string, use: Spot): Draft | null {
    const at = others.cleared(fn.unit).get(owner);
    if (at === undefined) return null;
    return draft(
      use.op,
      `'${use.text}' is cleared when the inode is evicted, and ${method} uses it in RCU-walk without a test for NULL`,
      [
        step('access', fn, use.op, `uses '${use.text}' (${owner})`),
        step(
          'other-side',
          at.fn,
          at.op,
          `eviction clears '${owner}'; RCU-walk holds no reference to the inode`,
          1,
        ),
      ],
      owner,
    );
  }
}

/** Stores that are calls by their shape. */
const STORES = new Set(['rcu_assign_pointer', 'RCU_INIT_POINTER', 'WRITE_ONCE', 'smp_store_release']);

interface Names {
  readonly isName: ReadonlySet<string>;
  readonly mentions: Mentions;
}

/** What other functions do with the values of the one at hand. */
class Others {
  readonly handed: Handed;
  private readonly gives = new Map<number, boolean>();
  private readonly clearedIn = new Map<string, ReadonlyMap<string, { fn: FunctionRef; op: number }>>();

  constructor(private readonly cx: RuleContext) {
    this.handed = new Handed(cx);
  }

  /** Whether a function may give back an inode that it read out of a dentry in RCU-walk and that nobody tested. */
  givesInode(id: number): boolean {
    let is = this.gives.get(id);
    if (is === undefined) {
      const { analysis } = this.cx;
      const fn = analysis.program.functions[id];
      is =
        fn !== undefined &&
        READS_INODE.in(fn) &&
        (analysis.propagation?.entries[id] ?? []).some((e) => e.walk && walkReads(this.cx, fn, e).givesInode);
      this.gives.set(id, is);
    }
    return is;
  }

  /**
   * Whether a function can come to such a value at all: it or a macro in it writes one of the members, or something that it calls gives
   * one. To look at all of its states costs much more.
   */
  mayRead(fn: FunctionRef): boolean {
    const { analysis } = this.cx;
    const { functions } = analysis.program;
    const { isName, mentions } = this.names(fn.unit);
    const gives = (term: number): boolean => isName.has(analysis.shared.terms.lastField(term));
    const seen = new Set<number>();
    const may = (of: FunctionRef): boolean => {
      if (seen.has(of.id)) return false;
      seen.add(of.id);
      if (mentions.in(of)) return true;
      return (analysis.results[of.id]?.edges ?? []).some(({ callee }) => {
        const called = functions[callee];
        if (called === undefined) return false;
        if (READS_INODE.in(called) || (called.isMacro && may(called))) return true;
        return (analysis.results[callee]?.exits ?? []).some(
          (exit) => (exit.value >= 0 && gives(exit.value)) || exit.outs.some(gives),
        );
      });
    };
    return may(fn);
  }

  private readonly namesIn = new Map<string, Names>();

  /** Names of members, and of what gives them, that such values go by in a unit. */
  private names(unit: string): Names {
    let names = this.namesIn.get(unit);
    if (names === undefined) {
      const isName = new Set(['d_inode']);
      const { program } = this.cx.analysis;
      // Such a member is reached from what is embedded beside it
      for (const { fn } of this.evicting(unit))
        for (const name of this.zeroStores().get(fn.id) ?? [])
          if (DeclaredMembers.of(program).isBesideEmbedded(name)) isName.add(name);
      const givers = [...this.cx.analysis.model.helpers].flatMap(([name, helper]) =>
        helper.returns?.endsWith('->d_inode') === true ? [name] : [],
      );
      names = { isName, mentions: new Mentions([...isName, ...givers, ...INODE_NAMES]) };
      this.namesIn.set(unit, names);
    }
    return names;
  }

  /** The step that says so. */
  given(id: number): TraceStep {
    const fn = this.cx.analysis.program.functions[id] as FunctionRef;
    return step('access', fn, -1, `${fn.name}() reads d_inode once and gives it back untested`);
  }

  private readonly evictingIn = new Map<
    string,
    readonly { readonly fn: FunctionRef; readonly entry: Entry }[]
  >();

  /** By function: members that it stores NULL to. */
  private zeroStores(): ReadonlyMap<number, ReadonlySet<string>> {
    return ZERO_STORES.of(this.cx.analysis, (fn) => {
      const stores = zeroStores(fn);
      return stores.size === 0 ? null : stores;
    });
  }

  /** Functions that eviction comes to and that store NULL somewhere, each with a situation. */
  private evicting(unit: string): readonly { readonly fn: FunctionRef; readonly entry: Entry }[] {
    const known = this.evictingIn.get(unit);
    if (known !== undefined) return known;
    const { analysis, all } = this.cx;
    const { propagation } = analysis;
    const evicts = (propagation?.origins ?? []).map(
      (origin) => origin.struct === 'super_operations' && /^(evict|destroy)_inode$/.test(origin.method),
    );
    const out: { readonly fn: FunctionRef; readonly entry: Entry }[] = [];
    const stores = this.zeroStores();
    for (const fn of evicts.includes(true) ? all : []) {
      if (!stores.has(fn.id) || fn.unit !== unit || fn.isMacro) continue;
      const entry = (propagation?.entries[fn.id] ?? []).find((e) =>
        e.origins.some((o) => evicts[o] === true),
      );
      if (entry !== undefined) out.push({ fn, entry });
    }
    this.evictingIn.set(unit, out);
    return out;
  }

  /** DeclaredMembers of inodes that eviction clears, by `struct::field`. */
  cleared(unit: string): ReadonlyMap<string, { fn: FunctionRef; op: number }> {
    let known = this.clearedIn.get(unit);
    if (known === undefined) {
      const { analysis } = this.cx;
      const out = new Map<string, { fn: FunctionRef; op: number }>();
      for (const { fn, entry } of this.evicting(unit))
        for (const [owner, op] of CLEARED.of(analysis, fn, entry, () => clearedBy(analysis, fn, entry)))
          if (!out.has(owner)) out.set(owner, { fn, op });
      known = out;
      this.clearedIn.set(unit, known);
    }
    return known;
  }
}

const CLEARED = new OfSituations<ReadonlyMap<string, number>>();

/** DeclaredMembers to which a function stores NULL, by `struct::field`, with the first operation that does. */
function clearedBy(analysis: Analysis, fn: FunctionRef, entry: Entry): ReadonlyMap<string, number> {
  const out = new Map<string, number>();
  const isZeroStore = (op: number): boolean => zeroStoreAt(fn, op) >= 0;
  watch(analysis, fn, entry, isZeroStore, (run, op) => {
    const target = zeroStoreAt(fn, op);
    const type = run.ev.typeOf(fn.file.exprs[target * EXPR_STRIDE + 1] as number);
    if (type?.base.startsWith('struct ') !== true) return;
    const member = fn.file.strings[fn.file.exprs[target * EXPR_STRIDE + 2] as number] ?? '';
    const owner = `${type.base.slice(7)}::${member}`;
    if (!out.has(owner)) out.set(owner, op);
  });
  return out;
}

const INODE_NAMES = ['d_inode', 'd_inode_rcu', 'd_backing_inode_rcu'];
const READS_INODE = new Mentions(INODE_NAMES);

const ZERO_STORES = new OfEach<ReadonlySet<string>>();

/** Names of the members to which a function stores NULL. */
function zeroStores(fn: FunctionRef): ReadonlySet<string> {
  const out = new Set<string>();
  const { exprs, strings } = fn.file;
  const count = fnColumn(fn.file, fn.index, Fn.OpCount);
  for (let op = 0; op < count; op++) {
    const target = zeroStoreAt(fn, op);
    if (target >= 0) out.add(strings[exprs[target * EXPR_STRIDE + 2] as number] ?? '');
  }
  return out;
}

/** The member to which an operation stores NULL, as an expression; -1 where it does no such thing. */
function zeroStoreAt(fn: FunctionRef, op: number): number {
  const { file } = fn;
  const at = (fnColumn(file, fn.index, Fn.FirstOp) + op) * OP_STRIDE;
  let target = -1;
  let value = -1;
  if ((file.ops[at] as Op) === Op.Assign)
    [target, value] = [file.ops[at + 1] as number, file.ops[at + 2] as number];
  else if ((file.ops[at] as Op) === Op.Call) {
    const [callee, ...args] = readsOf(fn, op);
    if (callee === undefined || (file.exprs[callee * EXPR_STRIDE] as X) !== X.Name) return -1;
    if (!STORES.has(file.strings[file.exprs[callee * EXPR_STRIDE + 1] as number] ?? '')) return -1;
    [target, value] = [args[0] ?? -1, args[1] ?? -1];
  }
  if (target < 0 || value < 0 || (file.exprs[target * EXPR_STRIDE] as X) !== X.Field) return -1;
  while ((file.exprs[value * EXPR_STRIDE] as X) === X.Cast)
    value = file.exprs[value * EXPR_STRIDE + 2] as number;
  const a = file.exprs[value * EXPR_STRIDE + 1] as number;
  switch (file.exprs[value * EXPR_STRIDE] as X) {
    case X.Num:
      return file.nums[a] === 0 ? target : -1;
    case X.Name:
      return file.strings[a] === 'NULL' ? target : -1;
    default:
      return -1;
  }
}
