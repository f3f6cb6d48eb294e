/** Filled in next. */
import type { MethodEntry } from './types.js';

export const METHODS: readonly MethodEntry[] = [];
