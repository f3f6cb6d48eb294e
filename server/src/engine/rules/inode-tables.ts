/**
 * The tables of one inode: which i_op and i_fop are assigned together, and whether a directory with them is read by dcache_readdir().
 * Told per inode, not per filesystem: one filesystem has directories of both kinds.
 */
import type { Analysis } from '../contexts/analysis.js';
import { fnColumn } from '../contexts/cfg.js';
import type { Entry } from '../contexts/entry-points.js';
import { T } from '../contexts/terms.js';
import { Fn, OP_STRIDE, Op } from '../facts/encode.js';
import type { FunctionRef } from '../program/program.js';
import { Mentions } from './mentions.js';
import { OfSituations, watch } from './replay.js';
import type { RuleContext } from './rule.js';

/** File operations whose iterate_shared is dcache_readdir(). */
const FROM_CACHE = 'simple_dir_operations';
const ASSIGNS = [new Mentions(['i_fop']), new Mentions(['i_op'])];

/** Both tables of one inode. */
export interface Pair {
  /** The operation that stored the second of them. */
  readonly op: number;
  readonly inodeTable: string;
  readonly fileTable: string;
}

const PAIRS = new OfSituations<readonly Pair[]>();

/** The tables that are assigned together: what stands in i_op and i_fop of one inode when the later of the two has been stored. */
function pairsIn(cx: RuleContext, fn: FunctionRef, entry: Entry): readonly Pair[] {
  const found = new Map<string, Pair>();
  const isAfterStore = (op: number): boolean => op > 0 && ASSIGNS.some((m) => m.at(fn, op - 1));
  watch(cx.analysis, fn, entry, isAfterStore, (run, op, s) => {
    const { terms } = run;
    const tableAt = (place: number): string => {
      const value = run.ev.loaded(s, place);
      if (terms.kind(value) !== T.Addr) return '';
      const root = terms.a(value);
      return terms.kind(root) === T.Global ? terms.nameText(terms.a(root)) : '';
    };
    for (let i = 0; i < s.heap.length; i += 2) {
      const place = s.heap[i] as number;
      if (terms.kind(place) !== T.FieldP || terms.lastField(place) !== 'i_fop') continue;
      const fileTable = tableAt(place);
      const inodeTable = tableAt(terms.fieldP(terms.a(place), terms.name('i_op')));
      const key = `${fileTable} ${inodeTable}`;
      if (fileTable !== '' && inodeTable !== '' && !found.has(key))
        found.set(key, { op: lastStoreBefore(fn, op), inodeTable, fileTable });
    }
  });
  return [...found.values()];
}

/** The operation before one that stored something: what is seen at an operation was stored before it. */
function lastStoreBefore(fn: FunctionRef, op: number): number {
  const first = fnColumn(fn.file, fn.index, Fn.FirstOp);
  for (let o = op - 1; o >= 0; o--) if ((fn.file.ops[(first + o) * OP_STRIDE] as Op) === Op.Assign) return o;
  return op;
}

/** The pairs of tables that a function assigns, in whatever situation. */
export function tablePairs(cx: RuleContext, fn: FunctionRef): readonly Pair[] {
  if (!ASSIGNS.every((m) => m.in(fn))) return [];
  const out: Pair[] = [];
  const seen = new Set<string>();
  for (const entry of cx.analysis.propagation?.entries[fn.id] ?? [])
    for (const pair of PAIRS.of(cx.analysis, fn, entry, () => pairsIn(cx, fn, entry))) {
      const key = `${pair.op} ${pair.inodeTable} ${pair.fileTable}`;
      if (!seen.has(key)) out.push(pair);
      seen.add(key);
    }
  return out;
}

/** What stands in a slot of a table, or ''. */
export function slotOf(analysis: Analysis, table: string, slot: string, from: FunctionRef): string {
  return analysis.program.tableSlots(table, from.file).find((s) => s.slot === slot)?.target ?? '';
}

/** Whether a directory with these file operations is read by dcache_readdir(). */
export function readsFromCache(analysis: Analysis, fileTable: string, from: FunctionRef): boolean {
  return fileTable === FROM_CACHE || slotOf(analysis, fileTable, 'iterate_shared', from) === 'dcache_readdir';
}
