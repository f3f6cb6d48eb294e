/** Filled in next. */
import type { LockClassEntry } from './types.js';

export const LOCK_CLASSES: readonly LockClassEntry[] = [];
