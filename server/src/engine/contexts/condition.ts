/**
 * An atom of a model's condition as a term, for whoever has values for its paths. Must not know where the values come from.
 */
import { operatorCode } from '../facts/encode.js';
import type { Atom } from '../model/types.js';
import { OP_IS_ERR, type Terms } from './terms.js';

const AND = operatorCode('&');
const EQ = operatorCode('==');
const LT = operatorCode('<');

/**
 * The term that decides an atom, and whether it has to be true. `value` is what the atom speaks of, `other` what a `same` atom
 * compares it with; `binary` makes `a op b`.
 */
export function atomTerm(
  terms: Terms,
  atom: Atom,
  value: number,
  other: number,
  binary: (op: number, a: number, b: number) => number,
): { readonly term: number; readonly want: boolean } {
  switch (atom.kind) {
    case 'bits':
      return {
        term: atom.mask === null ? value : binary(AND, value, terms.constant(atom.mask)),
        want: atom.set,
      };
    case 'equals': {
      const part = atom.mask === null ? value : binary(AND, value, terms.constant(atom.mask));
      return { term: binary(EQ, part, terms.constant(atom.number)), want: atom.equal };
    }
    case 'negative':
      return { term: binary(LT, value, terms.zero), want: atom.negative };
    case 'error':
      return { term: terms.un(OP_IS_ERR, value), want: atom.error };
    case 'same':
      return { term: binary(EQ, value, other), want: atom.equal };
  }
}
