/**
 * dir/shared-write: what a filesystem keeps of a directory is changed while the directory is locked only shared, as readers of it and
 * lookups in it are, and no other lock is held: two of them do it at once. Told by what hangs on the very inode whose lock it is;
 * surer where other code changes the same member with that lock held exclusively, which therefore is what guards it.
 */
import { fnColumn } from '../../contexts/cfg.js';
import type { Entry } from '../../contexts/entry-points.js';
import type { Lock } from '../../contexts/state.js';
import { T, type Terms } from '../../contexts/terms.js';
import { EXPR_STRIDE, Fn, OP_STRIDE, Op, X } from '../../facts/encode.js';
import { ExpressionTypes } from '../../program/expression-types.js';
import type { FunctionRef } from '../../program/program.js';
import { heldIn, heldShown, isAllKnown } from '../holding.js';
import { Mentions } from '../mentions.js';
import { OfSituations, visitExpressions, watch } from '../replay.js';
import { type Draft, entryMethod, lineOf, pathTo, type Rule, type RuleContext, step } from '../rule.js';

const ID = 'dir/shared-write';
const DIRECTORY_LOCK = 'inode::i_rwsem';

/** The rule. */
export const sharedWrite: Rule = {
  info: {
    id: ID,
    summary: 'State of a directory is changed with the directory locked only shared.',
    law: 'What a filesystem keeps of a directory is changed with i_rwsem held exclusively, or under a lock of its own: readers and lookups share i_rwsem.',
    severity: 'warning',
    precision: 'high',
    onByDefault: true,
    fixable: false,
  },
  check(cx) {
    const entries = cx.analysis.propagation?.entries ?? [];
    const sites: Site[] = [];
    for (const fn of cx.functions) {
      // Cheap: somebody comes here with a directory locked shared, by a name that means something here, and something is stored
      const brought = (entries[fn.id] ?? []).some((e) => locksIn(cx, e, true).length > 0);
      if (!brought || fn.isHeader || !stores(fn) || cx.analysis.results[fn.id]?.widened !== false) continue;
      for (const [index, entry] of (entries[fn.id] ?? []).entries())
        if (isOfDirectory(cx, entry) && locksIn(cx, entry, true).length > 0)
          for (const w of WRITES.of(cx.analysis, fn, entry, () => writesIn(cx, fn, entry)))
            if (w.shared) sites.push({ ...w, fn, index, entry });
    }
    if (sites.length === 0) return [];
    const guarded = writtenExclusively(cx, sites);
    const best = new Map<string, Draft>();
    for (const s of sites)
      if (!best.has(`${s.fn.id} ${s.op}`))
        best.set(`${s.fn.id} ${s.op}`, draftOf(cx, s, guarded.get(s.member) ?? null));
    return [...best.values()];
  },
};

/** A member of what hangs on a directory, written with that directory locked. */
interface Write {
  readonly op: number;
  /** `foo_inode::cache` */
  readonly member: string;
  readonly text: string;
  /** Only shared. */
  readonly shared: boolean;
  readonly pointer: boolean;
  readonly held: ReturnType<typeof heldShown>;
}

interface Site extends Write {
  readonly fn: FunctionRef;
  readonly index: number;
  readonly entry: Entry;
}

/** The locks of directories that a situation brings, with a name here. */
function locksIn(cx: RuleContext, entry: Entry, shared: boolean): readonly Lock[] {
  return entry.locks.filter((l) => isNamed(cx.analysis.terms, l) && l.shared === shared && !l.may);
}

/** Methods of directories that run with the lock held shared: others have it of a file. */
const METHODS: ReadonlySet<string> = new Set(['iterate_shared', 'lookup', 'atomic_open']);

function isOfDirectory(cx: RuleContext, entry: Entry): boolean {
  return entry.origins.some((o) => METHODS.has(cx.analysis.propagation?.origins[o]?.method ?? ''));
}

function isNamed(terms: Terms, l: Lock): boolean {
  return (
    l.class === DIRECTORY_LOCK &&
    terms.kind(l.place) === T.FieldP &&
    terms.kind(terms.root(l.place)) === T.Param
  );
}

/** Whether a function stores to a member of anything. */
function stores(fn: FunctionRef): boolean {
  const first = fnColumn(fn.file, fn.index, Fn.FirstOp);
  for (let op = 0; op < fnColumn(fn.file, fn.index, Fn.OpCount); op++)
    if (memberAt(fn, first, op) >= 0) return true;
  return false;
}

/** The expression of the member that an operation stores to; -1. */
function memberAt(fn: FunctionRef, first: number, op: number): number {
  const at = (first + op) * OP_STRIDE;
  if ((fn.file.ops[at] as Op) !== Op.Assign) return -1;
  const e = fn.file.ops[at + 1] as number;
  return (fn.file.exprs[e * EXPR_STRIDE] as X) === X.Field ? e : -1;
}

/** Whether a number is stored that was not made from what stood there: where to begin a search, say. Two tasks lose nothing by that. */
function isWholeNumber(
  fn: FunctionRef,
  types: ExpressionTypes,
  first: number,
  op: number,
  member: number,
): boolean {
  const { exprs, ops } = fn.file;
  const type = types.of(member);
  if (type === null || type.depth > 0 || /^(struct|union) /.test(type.base)) return false;
  const name = exprs[member * EXPR_STRIDE + 2];
  let changed = false;
  visitExpressions(fn.file, ops[(first + op) * OP_STRIDE + 2] as number, (e, kind) => {
    if (kind === X.Field && exprs[e * EXPR_STRIDE + 2] === name) changed = true;
  });
  return !changed;
}

const WRITES = new OfSituations<readonly Write[]>();

function writesIn(cx: RuleContext, fn: FunctionRef, entry: Entry): readonly Write[] {
  const found = new Map<number, Write | null>();
  const first = fnColumn(fn.file, fn.index, Fn.FirstOp);
  const types = new ExpressionTypes(cx.analysis.program, fn);
  const isStore = (op: number): boolean => memberAt(fn, first, op) >= 0;
  watch(cx.analysis, fn, entry, isStore, (run, op, s) => {
    const member = memberAt(fn, first, op);
    if (found.get(op) === null) return;
    const { terms } = run;
    if (isWholeNumber(fn, types, first, op, member)) {
      cx.silence?.(
        ID,
        fn,
        op,
        'a number is stored as a whole: whoever is last is right, as in one after the other',
      );
      found.set(op, null);
      return;
    }
    const place = run.ev.place(s, member);
    const cls = run.ev.classOf(place);
    if (!cls.includes('::') || cls.startsWith('?') || OF_THE_VFS.has(cls.slice(0, cls.indexOf('::')))) return;
    const held = heldIn(run, entry, s);
    const directory = held.find(
      (l) => isNamed(terms, l) && !l.may && hangsOn(terms, place, terms.a(l.place)),
    );
    if (directory === undefined) return;
    const other = held.find((l) => l !== directory && guards(l));
    if (other !== undefined) {
      cx.silence?.(ID, fn, op, `another lock is held (${other.class})`);
      found.set(op, null);
      return;
    }
    found.set(op, {
      op,
      member: cls,
      text: run.showPlace(place),
      shared: directory.shared,
      pointer:
        (cx.analysis.program.field(
          `struct ${cls.slice(0, cls.indexOf('::'))}`,
          cls.slice(cls.indexOf('::') + 2),
          fn.file,
        )?.depth ?? 0) > 0,
      held: heldShown(cx, fn, run, entry, s, op),
    });
  });
  return [...found.values()].filter((w) => w !== null);
}

/** A lock that may guard the member: any but those of an open file, another inode or the superblock, and what only keeps from sleeping. */
function guards(l: Lock): boolean {
  if (l.kind === 'rcu' || l.kind === 'srcu' || l.kind === 'flag') return false;
  return (
    !l.shared &&
    l.class !== 'file::f_pos_lock' &&
    l.class !== DIRECTORY_LOCK &&
    !l.class.startsWith('super_block::')
  );
}

/** Structures of the VFS: other rules speak of their members. */
const OF_THE_VFS: ReadonlySet<string> = new Set([
  'inode',
  'dentry',
  'file',
  'super_block',
  'dir_context',
  'address_space',
  'qstr',
  'path',
]);

/** Members of an inode that lead to what it shares with others. */
const SHARES: ReadonlySet<string> = new Set([
  'i_sb',
  'i_mapping',
  'i_op',
  'i_fop',
  'i_bdev',
  'i_pipe',
  'i_security',
]);

/** Whether a place is in what hangs on an inode, and belongs to it alone as far as the names tell. */
function hangsOn(terms: Terms, place: number, inode: number): boolean {
  let at = place;
  for (let hops = 0; hops < 12; hops++) {
    if (at === inode) return true;
    switch (terms.kind(at)) {
      case T.FieldP:
      case T.FieldL:
        if (SHARES.has(terms.nameText(terms.b(at)))) return false;
        break;
      case T.Load:
      case T.Addr:
      case T.Container:
      case T.DerefL:
        break;
      default:
        return false;
    }
    at = terms.a(at);
  }
  return false;
}

/** Where members are written with the directory locked exclusively and nothing else: what guards them, then. */
function writtenExclusively(cx: RuleContext, sites: readonly Site[]): ReadonlyMap<string, Site> {
  const mentions = new Mentions(sites.map((s) => s.member.slice(s.member.indexOf('::') + 2)));
  // A lookup that may create runs with the lock held exclusively as well: the same store says nothing
  const alike = new Set(sites.map((s) => `${s.fn.id} ${s.op}`));
  const out = new Map<string, Site>();
  for (const fn of cx.functions) {
    if (!mentions.in(fn) || !stores(fn)) continue;
    for (const [index, entry] of (cx.analysis.propagation?.entries[fn.id] ?? []).entries())
      if (locksIn(cx, entry, false).length > 0)
        for (const w of WRITES.of(cx.analysis, fn, entry, () => writesIn(cx, fn, entry)))
          if (!w.shared && !alike.has(`${fn.id} ${w.op}`) && !out.has(w.member))
            out.set(w.member, { ...w, fn, index, entry });
  }
  return out;
}

function draftOf(cx: RuleContext, s: Site, exclusive: Site | null): Draft {
  const origin = cx.analysis.propagation?.origins[s.entry.origins[0] ?? -1];
  const elsewhere =
    exclusive === null
      ? ''
      : `, and '${exclusive.fn.name}()' changes it with the directory locked exclusively`;
  return {
    rule: ID,
    precision: exclusive === null || !s.pointer ? 'low' : isAllKnown(s.entry) ? 'high' : 'medium',
    certainty: 'must',
    message: `'${s.text}' of the directory is changed with '&inode->i_rwsem' held only shared and no other lock${elsewhere}`,
    fn: s.fn.id,
    op: s.op,
    entry: entryMethod(cx.analysis, origin),
    held: s.held,
    rcu: 'none',
    trace: [
      ...pathTo(cx, s.fn, s.index),
      step('access', s.fn, s.op, `changes '${s.text}'`),
      step(
        'other-side',
        s.fn,
        s.op,
        'another reader of the directory, or a lookup in it, changes it at the same time',
        1,
      ),
      ...(exclusive === null
        ? []
        : [
            step(
              'access',
              exclusive.fn,
              exclusive.op,
              `'${exclusive.fn.name}()' changes it under the lock held exclusively (line ${lineOf(exclusive.fn, exclusive.op)})`,
            ),
          ]),
    ],
    objectClass: s.member,
  };
}
