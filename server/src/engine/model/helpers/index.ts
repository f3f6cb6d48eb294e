/** Filled in next. */
import type { HelperEntry } from '../types.js';

export const HELPERS: readonly HelperEntry[] = [];
