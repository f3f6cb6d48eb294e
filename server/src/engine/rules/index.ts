/**
 * The rule registry: one entry a rule. Placeholder until the rules arrive.
 */
import type { RuleInfo } from '../door.js';

/** Every rule, in the order of ids. */
export const RULES: readonly RuleInfo[] = [];
