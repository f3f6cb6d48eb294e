/** Filled in next. */
import type { HelperEntry } from './types.js';

export const REFERENCES: readonly HelperEntry[] = [];
