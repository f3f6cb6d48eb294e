/**
 * Directories of a filesystem's own whose reader hangs a cursor between the entries: the entries' list node is one that the reader
 * moves, that creations link and that removals unlink. A rename has to move it along: an exchange both, a whiteout one more. What
 * dir/offset-accounting says of such directories.
 */
import { calledName } from '../contexts/cfg.js';
import type { FunctionRef } from '../program/program.js';
import { type Pair, slotOf } from './inode-tables.js';
import { Linkage } from './links.js';
import { renameEnds } from './rename-ends.js';
import { type Draft, type RuleContext, step } from './rule.js';

/** Calls between a method and what links its entry. */
const MAX_DEPTH = 3;
/** Functions below one method that are looked at. */
const MAX_FUNCTIONS = 40;

const ADDERS = ['create', 'mkdir', 'mknod', 'symlink', 'link'];

const LINKAGES = new WeakMap<RuleContext, Linkage>();

/** What a rename of such a directory leaves where it was. */
export function cursorFindings(
  cx: RuleContext,
  rule: string,
  from: FunctionRef,
  pair: Pair,
): readonly Draft[] {
  const { analysis } = cx;
  const find = (table: string, slot: string): FunctionRef | null =>
    analysis.program.resolve(slotOf(analysis, table, slot, from), from.file);
  const reader = find(pair.fileTable, 'iterate_shared');
  const rename = find(pair.inodeTable, 'rename');
  if (reader === null || rename === null || reader.unit !== from.unit) return [];
  let linkage = LINKAGES.get(cx);
  if (linkage === undefined) {
    linkage = new Linkage(cx);
    LINKAGES.set(cx, linkage);
  }
  const links = linkage;
  // The cheapest first: few readers link anything
  const cursor = membersOf(cx, reader, (f) => links.linksAt(f));
  if (cursor.size === 0) return [];
  const linked = new Set<string>();
  for (const method of ADDERS) {
    const fn = find(pair.inodeTable, method);
    if (fn !== null) for (const m of membersOf(cx, fn, (f) => links.linksAt(f))) linked.add(m);
  }
  const remove = find(pair.inodeTable, 'unlink') ?? find(pair.inodeTable, 'rmdir');
  const unlinked = remove === null ? new Set<string>() : membersOf(cx, remove, (f) => links.unlinksAt(f));
  const out: Draft[] = [];
  for (const member of cursor)
    if (linked.has(member) && unlinked.has(member))
      out.push(...stays(cx, rule, links, member, reader, rename));
  return out;
}

/** The members of nodes that a function handles, itself or a few calls down. */
function membersOf(
  cx: RuleContext,
  fn: FunctionRef,
  at: (fn: FunctionRef) => ReadonlyMap<number, readonly string[]>,
): ReadonlySet<string> {
  const out = new Set<string>();
  const depth = new Map([[fn.id, 0]]);
  for (const [id, d] of depth) {
    for (const members of at(cx.analysis.program.functions[id] as FunctionRef).values())
      for (const m of members) out.add(m);
    if (d < MAX_DEPTH)
      for (const e of cx.analysis.results[id]?.edges ?? [])
        if (e.context === 'now' && !depth.has(e.callee) && depth.size < MAX_FUNCTIONS)
          depth.set(e.callee, d + 1);
  }
  return out;
}

/** Ends of a rename by which too few entries have been linked. */
function stays(
  cx: RuleContext,
  rule: string,
  links: Linkage,
  member: string,
  reader: FunctionRef,
  rename: FunctionRef,
): readonly Draft[] {
  const { analysis } = cx;
  const own = links.linksAt(rename);
  const edges = new Map((analysis.results[rename.id]?.edges ?? []).map((e) => [e.op, e.callee]));
  const deep = new Map<number, boolean>();
  const linksDeep = (callee: number): boolean => {
    let known = deep.get(callee);
    if (known === undefined) {
      known = membersOf(cx, analysis.program.functions[callee] as FunctionRef, (f) => links.linksAt(f)).has(
        member,
      );
      deep.set(callee, known);
    }
    return known;
  };
  const out = new Map<string, Draft>();
  for (const entry of analysis.propagation?.entries[rename.id] ?? [])
    renameEnds(
      cx,
      rename,
      entry,
      (_run, op, s) => {
        // What swaps two nodes has linked both; a callee may have linked any number
        if (BOTH.has(calledName(rename, op))) return 2;
        const callee = edges.get(op);
        if (callee !== undefined && linksDeep(callee))
          return analysis.program.functions[callee]?.isMacro ? s.trail + 1 : 2;
        return Math.min(2, s.trail + (own.get(op)?.includes(member) === true ? 1 : 0));
      },
      ({ op, trail, exchange, whiteout }) => {
        const needed = exchange || whiteout ? 2 : 1;
        if (trail >= needed) return;
        const what = exchange
          ? 'exchanges two names and does not relink both entries'
          : whiteout
            ? 'leaves a whiteout and does not link its entry'
            : 'moves a name and does not relink its entry';
        if (out.has(what)) return;
        out.set(what, {
          rule,
          precision: 'medium',
          certainty: 'may',
          message: `->rename ${what} ('${member}'), on which cursors of '${reader.name}()' hang`,
          fn: rename.id,
          op,
          entry: null,
          held: [],
          rcu: 'none',
          trace: [
            step('access', rename, op, 'the rename is done, and the entry stands where it was'),
            step(
              'other-side',
              reader,
              -1,
              'the reader goes on from a cursor between the entries of the old directory',
              1,
            ),
          ],
          objectClass: member,
        });
      },
    );
  return [...out.values()];
}

const BOTH: ReadonlySet<string> = new Set(['list_swap']);
