/**
 * dir/alias-move: a directory that dcache_readdir() reads gets an i_op whose lookup can splice in an inode that exists already. Where
 * that is a directory with an alias elsewhere, the alias is moved here, or from here, with the directory locked only shared, as the
 * reader has it.
 */
import type { Analysis } from '../../contexts/analysis.js';
import { calledName } from '../../contexts/cfg.js';
import { readsOf } from '../../contexts/operands.js';
import { T } from '../../contexts/terms.js';
import type { FunctionRef } from '../../program/program.js';
import { type Pair, readsFromCache, slotOf, tablePairs } from '../inode-tables.js';
import { Mentions } from '../mentions.js';
import { OfSituations, watch } from '../replay.js';
import { type Draft, type Rule, type RuleContext, step } from '../rule.js';

/** The rule. */
export const aliasMove: Rule = {
  info: {
    id: 'dir/alias-move',
    summary: 'A directory that dcache_readdir() reads has a lookup that can move entries.',
    law: 'A directory read by dcache_readdir() has no lookup that splices in inodes which exist already: d_splice_alias() moves their aliases with the directory locked shared.',
    severity: 'error',
    precision: 'high',
    onByDefault: true,
    fixable: false,
  },
  check(cx) {
    const out: Draft[] = [];
    const { propagation } = cx.analysis;
    if (propagation === null) return out;
    for (const fn of cx.functions) {
      const seen = new Set<number>();
      for (const pair of tablePairs(cx, fn)) {
        const splice = spliceOf(cx, fn, pair);
        if (splice === null || seen.has(pair.op)) continue;
        seen.add(pair.op);
        out.push(draftOf(fn, pair, splice));
      }
    }
    return out;
  },
};

/** A call of d_splice_alias() of an inode that may exist already, and the lookup that leads there. */
interface Splice {
  readonly lookup: FunctionRef;
  readonly fn: FunctionRef;
  readonly op: number;
}

/** What a lookup of the pair splices, where its directory is read from the cache; null. */
function spliceOf(cx: RuleContext, fn: FunctionRef, pair: Pair): Splice | null {
  const { program, results } = cx.analysis;
  const quiet =
    cx.silence === undefined
      ? undefined
      : (why: string): void => cx.silence?.('dir/alias-move', fn, pair.op, why);
  if (!readsFromCache(cx.analysis, pair.fileTable, fn)) {
    quiet?.(`'${pair.fileTable}' does not read the directory by dcache_readdir()`);
    return null;
  }
  const lookup = program.resolve(slotOf(cx.analysis, pair.inodeTable, 'lookup', fn), fn.file);
  if (lookup === null) {
    quiet?.(`the lookup of '${pair.inodeTable}' is none of this directory's: simple_lookup() finds nothing`);
    return null;
  }
  const seen = new Set<number>([lookup.id]);
  const todo = [lookup];
  for (let at = todo.shift(); at !== undefined; at = todo.shift()) {
    const op = splicesIn(cx.analysis, at);
    if (op >= 0) return { lookup, fn: at, op };
    for (const edge of results[at.id]?.edges ?? []) {
      const callee = program.functions[edge.callee];
      if (edge.context !== 'now' || callee === undefined || seen.has(callee.id)) continue;
      seen.add(callee.id);
      todo.push(callee);
    }
  }
  quiet?.(`'${lookup.name}()' splices in nothing that exists already`);
  return null;
}

const SPLICERS = new Mentions(['d_splice_alias']);
const SPLICES = new OfSituations<number>();

/** The call in a function that splices an inode which was not made there, -1 for none. */
function splicesIn(analysis: Analysis, fn: FunctionRef): number {
  if (!SPLICERS.in(fn)) return -1;
  for (const entry of analysis.propagation?.entries[fn.id] ?? []) {
    const found = SPLICES.of(analysis, fn, entry, () => {
      let at = -1;
      const isSplice = (op: number): boolean => calledName(fn, op) === 'd_splice_alias';
      watch(analysis, fn, entry, isSplice, (run, op, s) => {
        if (at >= 0) return;
        const { terms } = run;
        const expr = readsOf(fn, op)[1];
        const inode = expr === undefined ? terms.unknown : run.ev.value(s, expr);
        if (terms.kind(inode) === T.Const) return;
        const isNew =
          terms.kind(inode) === T.Fresh &&
          terms.a(inode) < run.graph.opCount &&
          analysis.model.helpers.get(calledName(fn, terms.a(inode)))?.returns === 'fresh';
        if (!isNew) at = op;
      });
      return at;
    });
    if (found >= 0) return found;
  }
  return -1;
}

function draftOf(fn: FunctionRef, pair: Pair, splice: Splice): Draft {
  return {
    rule: 'dir/alias-move',
    precision: 'high',
    certainty: 'may',
    message: `'${pair.fileTable}' reads this directory from the cache, and ->lookup of '${pair.inodeTable}', '${splice.lookup.name}()', can move what is in it with the directory locked only shared`,
    fn: fn.id,
    op: pair.op,
    entry: null,
    held: [],
    rcu: 'none',
    trace: [
      step(
        'access',
        fn,
        pair.op,
        'dcache_readdir() copies the name of a child to user space, the directory locked shared; a long one is allocated apart, and the copy may sleep',
      ),
      step(
        'other-side',
        splice.lookup,
        -1,
        `${splice.lookup.name}() runs meanwhile, the directory locked shared as well`,
        1,
      ),
      step(
        'other-side',
        splice.fn,
        splice.op,
        'd_splice_alias() moves the alias of a directory that exists already: the name that is being copied is freed, and no RCU read side keeps it for a reader that sleeps',
        1,
      ),
    ],
    objectClass: 'dentry::d_name',
  };
}
