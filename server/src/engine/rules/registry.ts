/** The rules, in the order of their ids. A rule is added here and nowhere else; settings, pages and SARIF follow. */
import { doubleLock } from './double.js';
import { earlyFree } from './early-free.js';
import { imbalance } from './imbalance.js';
import type { Rule } from './rule.js';
import { sleepInAtomic } from './sleep-in-atomic.js';
import { unstableInode } from './unstable-inode.js';
import { walkBlocks } from './walk-blocks.js';

/** Every rule. */
export const ALL_RULES: readonly Rule[] = [
  doubleLock,
  imbalance,
  sleepInAtomic,
  earlyFree,
  unstableInode,
  walkBlocks,
];
