/** Filled in next. */
import type { MethodEntry } from './types.js';

export const ENTRIES: readonly MethodEntry[] = [];
