/**
 * How locks, RCU states and entries are said in words, once for every face, in the kernel's own terms. Must not know
 * layout: no colour, no Markdown.
 */
import type { EntryMethod, HeldLock, PointContext, RcuState } from '../base/finding.js';

/** `&fi->lock (fuse_inode::lock), exclusive` and, where it is so, `perhaps`. */
export function wordLock(lock: HeldLock): string {
  const expression = lock.written ?? lock.expression;
  const name = expression === '' || expression === lock.class ? lock.class : `${expression} (${lock.class})`;
  const mode = lock.mode === 'shared' ? ', shared' : '';
  return `${name}${mode}${lock.certainty === 'may' ? ', perhaps' : ''}`;
}

/** Where a lock was taken. */
export function wordAcquired(lock: HeldLock): string {
  return lock.acquiredAt === 'caller'
    ? 'taken by the caller'
    : `taken at ${lock.acquiredAt.file}:${lock.acquiredAt.line}`;
}

/** The RCU state. */
export function wordRcu(rcu: RcuState): string {
  switch (rcu) {
    case 'none':
      return 'no RCU read side';
    case 'read':
      return 'RCU read side';
    case 'walk':
      return 'RCU-walk';
    case 'maybe':
      return 'perhaps RCU read side';
    default:
      return rcu satisfies never;
  }
}

/** `dentry_operations.d_release of autofs_dentry_operations, autofs_dentry_release()`. */
export function wordEntry(entry: EntryMethod): string {
  const table = entry.table === '' ? '' : ` of ${entry.table}`;
  return `${wordSlot(entry)}${table}, ${entry.function}()`;
}

/** `dentry_operations.d_release`; of what is no method of a structure its kind alone: `system call`. */
export function wordSlot({ struct, method }: Pick<EntryMethod, 'struct' | 'method'>): string {
  return struct === '' || struct === 'callback' ? method : `${struct}.${method}`;
}

/** Whether a sleep is allowed, with the reasons where it is not. */
export function wordSleep(context: Pick<PointContext, 'maySleep' | 'whyAtomic'>): string {
  if (context.maySleep === true) return 'may sleep';
  if (context.maySleep === 'unknown') return 'not known whether it may sleep';
  return context.whyAtomic.length === 0
    ? 'must not sleep'
    : `must not sleep: ${context.whyAtomic.join('; ')}`;
}

/** `1 finding`, `2 findings`. */
export function count(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? '' : 's'}`;
}
