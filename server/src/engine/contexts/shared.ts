/**
 * What all functions of one analysis share. Types only.
 */
import type { Model } from '../model/types.js';
import type { FunctionRef, MacroRef, Program } from '../program/program.js';
import type { ClassesByField } from './evaluate.js';
import type { FunctionResult } from './result.js';
import type { ScopeClasses } from './scope-classes.js';
import type { Terms } from './terms.js';

/** What all functions of a run share. */
export interface Shared {
  readonly terms: Terms;
  readonly program: Program;
  readonly model: Model;
  readonly classes: ClassesByField;
  /** Results so far, by function id. */
  readonly results: (FunctionResult | undefined)[];
  readonly scopes: ScopeClasses;
  /** A macro as a function, compiled on first use; null where it is no code. */
  compile(macro: MacroRef): FunctionRef | null;
}
