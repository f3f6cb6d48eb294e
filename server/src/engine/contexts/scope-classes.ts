/**
 * What the beginning and the end of a scope class do: as the model states it, else as the tree at hand defines it.
 */
import type { FileFacts } from '../facts/encode.js';
import type { Model } from '../model/types.js';
import type { FunctionRef, Program } from '../program/program.js';
import type { ScopeClassRef } from '../program/scope-class.js';

/** A helper by its name ('' where nothing is done), a function made of a definition's text, or null: nobody knows. */
export type ScopeStep = string | FunctionRef | null;

/** A class for `guard`, `scoped_guard` and `CLASS`. */
export interface ScopeClass {
  readonly acquire: ScopeStep;
  readonly release: ScopeStep;
  /** The scope is entered only where `acquire` succeeded. */
  readonly conditional: boolean;
}

type Compile = (
  file: FileFacts,
  name: string,
  params: readonly string[],
  text: string,
  position: number,
) => FunctionRef | null;

/** The scope classes of a program. */
export class ScopeClasses {
  private readonly made = new Map<ScopeClassRef, ScopeClass>();

  constructor(
    private readonly program: Program,
    private readonly model: Model,
    private readonly compile: Compile,
  ) {}

  /** The class that `name` means in a file, or null. */
  of(name: string, from: FileFacts): ScopeClass | null {
    const entry = this.model.guards.get(name);
    if (entry !== undefined) return entry;
    const ref = this.program.scopeClass(name, from);
    if (ref === null) return null;
    let found = this.made.get(ref);
    if (found === undefined) {
      found = {
        acquire: this.step(ref, ref.acquire),
        release:
          ref.base === '' ? this.step(ref, ref.release) : (this.of(ref.base, ref.file)?.release ?? null),
        conditional: ref.base !== '',
      };
      this.made.set(ref, found);
    }
    return found;
  }

  /** A file has another text in which the classes stand elsewhere: `stands` is told of each function that was made of one. */
  replaceBodies(
    now: FileFacts,
    stands: (fn: FunctionRef, params: readonly string[], text: string, position: number) => void,
  ): void {
    for (const [ref, { acquire, release }] of this.made) {
      if (ref.file !== now) continue;
      if (typeof acquire === 'object' && acquire !== null)
        stands(acquire, ref.params, ref.acquire, ref.position);
      if (ref.base === '' && typeof release === 'object' && release !== null)
        stands(release, ref.params, ref.release, ref.position);
    }
  }

  private step(ref: ScopeClassRef, text: string): ScopeStep {
    if (text === '') return '';
    return this.compile(ref.file, `guard(${ref.name})`, ref.params, text, ref.position);
  }
}
