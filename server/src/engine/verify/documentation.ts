/**
 * The tables of locking.rst against the entry contexts of the model's methods. `no` in a table says that a method cannot
 * count on the lock, not that nobody holds it: a lock that some callers hold (`mayHold`) does not speak against it.
 */

import type { Comparison } from '../door.js';
import { isAtomicKind } from '../model/lock-kinds.js';
import type { EntryContext, LockSpec, MethodEntry } from '../model/types.js';
import { type Claim, judge, lastField, notCompared } from './comparison.js';
import type { Cell, DocumentedMethod } from './rst.js';

/** Column headings that name a lock otherwise than the model does. */
const LOCK_OF_COLUMN: Readonly<Record<string, string>> = {
  'PageLocked(page)': 'PG_locked',
  'folio locked': 'PG_locked',
  'i_rwsem(inode)': 'i_rwsem',
  '->d_lock': 'd_lock',
  'inode->i_lock': 'i_lock',
  mmap_sem: 'mmap_lock',
};
/** Columns that say something else than whether a lock is held. */
const NO_LOCK = new Set(['FS recursion', 'Held locks when called', 'note']);

type Hold = 'never' | 'some' | 'always';

interface Held {
  readonly how: Hold;
  readonly modes: ReadonlySet<string>;
  /** Fewest locks of the name that any context holds. */
  readonly fewest: number;
}

/** What the document says of one method, cell by cell, against its entry. */
export function compareDocumented(doc: DocumentedMethod, entry: MethodEntry, file: string): Comparison[] {
  const judged = { name: `${entry.struct}.${entry.method}`, ...pick(entry) };
  const claim = (aspect: string, tree: string): Claim => ({
    source: 'documentation',
    aspect,
    tree,
    file,
    line: doc.line,
  });
  const out: Comparison[] = [];
  let blocks = doc.mayBlock;
  for (const cell of doc.cells) {
    if (cell.text === '') continue;
    if (cell.column === 'may block') {
      const c = claim('block', `may block: ${cell.text}`);
      if (/^maybe/.test(cell.text)) out.push(judge(judged, c, sleepWords(entry), true));
      else out.push(judge(judged, c, sleepWords(entry), mayBlock(entry) === /^yes/.test(cell.text)));
      continue;
    }
    if (cell.column === 'rcu-walk') {
      const walks = entry.contexts.some((context) => context.rcu === 'walk');
      const c = claim('RCU-walk', `rcu-walk: ${cell.text}`);
      out.push(
        judge(
          judged,
          c,
          walks ? 'entered in RCU-walk' : 'not entered in RCU-walk',
          walks === (cell.text !== 'no'),
        ),
      );
      continue;
    }
    if (cell.column === 'note') {
      const noted = compareNote(cell, entry, judged, claim);
      if (noted.some((c) => c.aspect === 'block')) blocks = null;
      out.push(...noted);
      continue;
    }
    out.push(...compareLock(cell, entry, judged, claim));
  }
  if (blocks !== null) {
    const c = claim('block', blocks ? 'all may block' : 'all may block, but not this one');
    out.push(judge(judged, c, sleepWords(entry), mayBlock(entry) === blocks));
  }
  return out;
}

function pick(entry: MethodEntry): { proof: readonly string[]; disagreement?: string } {
  return entry.disagreement === undefined
    ? { proof: entry.proof }
    : { proof: entry.proof, disagreement: entry.disagreement };
}

function compareLock(
  cell: Cell,
  entry: MethodEntry,
  judged: Parameters<typeof judge>[0],
  claim: (aspect: string, tree: string) => Claim,
): Comparison[] {
  const lock = LOCK_OF_COLUMN[cell.column] ?? cell.column;
  const c = claim(lock, `${cell.column}: ${cell.text}`);
  const text = cell.text.toLowerCase();
  if (NO_LOCK.has(cell.column) || !/^[\w>-]+$/.test(lock))
    return [notCompared(judged, c, 'the column names no lock of the model')];
  if (/^(can return|locks the)/.test(text))
    return [
      notCompared(judged, c, 'what is locked on return is reached through memory that the method fills in'),
    ];
  const held = heldIn(entry, lock);
  const words = heldWords(held, lock);
  const out: Comparison[] = [];
  if (/^no or\b|^maybe/.test(text)) out.push(judge(judged, c, words, held.how === 'some'));
  else if (/^no\b/.test(text)) out.push(judge(judged, c, words, held.how !== 'always'));
  else {
    const wanted = /^(exclusive|write)\b(?!\/)/.test(text)
      ? 'exclusive'
      : /^(shared|read)\b(?!\/)/.test(text)
        ? 'shared'
        : 'any';
    const agrees =
      held.how === 'always' &&
      (wanted === 'any' ||
        (wanted === 'exclusive' ? only(held.modes, 'exclusive') : !only(held.modes, 'exclusive'))) &&
      (!/\(both/.test(text) || held.fewest >= 2);
    out.push(judge(judged, c, words, agrees));
  }
  if (/unlocks/.test(text)) {
    const releases = (entry.releases ?? []).some((l) => lastField(l.lock) === lock);
    out.push(judge(judged, c, releases ? `releases ${lock}` : `does not release ${lock}`, releases));
  }
  return out;
}

/** `called from RCU callback`, `!!!inode->i_lock!!!`, `(namespace_sem)`. */
function compareNote(
  cell: Cell,
  entry: MethodEntry,
  judged: Parameters<typeof judge>[0],
  claim: (aspect: string, tree: string) => Claim,
): Comparison[] {
  const tree = `note: ${cell.text}`;
  if (/RCU callback/.test(cell.text))
    return [judge(judged, claim('block', tree), sleepWords(entry), !mayBlock(entry))];
  const lock = /(\w+_(?:lock|sem))\b/.exec(cell.text)?.[1];
  if (lock === undefined) return [];
  const held = heldIn(entry, lock);
  const out = [judge(judged, claim(lock, tree), heldWords(held, lock), held.how === 'always')];
  // A spinlock that is held says that the method may not block
  if (lock === 'i_lock') out.push(judge(judged, claim('block', tree), sleepWords(entry), !mayBlock(entry)));
  return out;
}

function only(modes: ReadonlySet<string>, mode: string): boolean {
  return modes.size === 1 && modes.has(mode);
}

function locksNamed(specs: readonly LockSpec[] | undefined, lock: string): readonly LockSpec[] {
  return (specs ?? []).filter((spec) => lastField(spec.lock) === lock);
}

function heldIn(entry: MethodEntry, lock: string): Held {
  const modes = new Set<string>();
  let always = entry.contexts.length > 0;
  let some = false;
  let fewest = Number.POSITIVE_INFINITY;
  for (const context of entry.contexts) {
    const held = locksNamed(context.held, lock);
    for (const spec of held) modes.add(spec.mode);
    if (held.length === 0) always = false;
    else some = true;
    if (locksNamed(context.mayHold, lock).length > 0) some = true;
    fewest = Math.min(fewest, held.length);
  }
  return { how: always ? 'always' : some ? 'some' : 'never', modes, fewest };
}

function heldWords(held: Held, lock: string): string {
  if (held.how === 'never') return `${lock} is not held`;
  if (held.how === 'some') return `${lock} is held by some callers`;
  return `${lock} is held, ${[...held.modes].join(' or ')}`;
}

function sleepable(context: EntryContext): boolean {
  return (
    context.rcu === 'none' &&
    context.atomic === undefined &&
    !context.held.some((spec) => isAtomicKind(spec.kind))
  );
}

function mayBlock(entry: MethodEntry): boolean {
  return entry.callSleeps !== false && entry.contexts.some(sleepable);
}

function sleepWords(entry: MethodEntry): string {
  if (!mayBlock(entry)) return 'may not sleep';
  return entry.callSleeps === true ? 'may sleep' : `may sleep if ${entry.callSleeps}`;
}
