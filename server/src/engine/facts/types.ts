/**
 * Declarators and type specifiers: from a declaration's nodes to a name, a base type and a pointer depth.
 * Types are as deep as lock analysis needs them: `struct inode` and how many pointers away it is.
 */

import { F, K } from '../syntax/kinds.js';
import { childByField, type FlatTree } from '../syntax/parser.js';

/** A base type and how many pointers lie before it. */
export interface TypeText {
  readonly base: string;
  readonly depth: number;
}

/** One declared name. */
export interface Declared {
  readonly name: string;
  readonly nameStart: number;
  readonly depth: number;
  readonly isArray: boolean;
  /** The node of the parameter list where the declarator is a function's (not a function pointer's), else -1. */
  readonly parameters: number;
  readonly isFunctionPointer: boolean;
}

/** A place that carries specifiers: a declaration, field, parameter or function definition. */
export interface Specifiers {
  readonly base: string;
  readonly isStatic: boolean;
  readonly isInline: boolean;
  readonly isExtern: boolean;
  readonly isTypedef: boolean;
  /** Annotation nodes among the specifiers and declarators. */
  readonly annotations: readonly number[];
}

/** The text of a node. */
export function nodeText(text: string, t: FlatTree, node: number): string {
  return text.slice(t.start[node] as number, t.end[node] as number);
}

/** Reads base type and storage of the declaration-like `node`. */
export function specifiersOf(text: string, t: FlatTree, node: number): Specifiers {
  let base = '';
  let isStatic = false;
  let isInline = false;
  let isExtern = false;
  let isTypedef = false;
  const annotations: number[] = [];
  const stop = t.next[node] as number;
  for (let c = node + 1; c < stop; c = t.next[c] as number) {
    const kind = t.kind[c];
    if (kind === K.storage_class_specifier) {
      const s = nodeText(text, t, c);
      if (s === 'static') isStatic = true;
      else if (s === 'extern') isExtern = true;
      else if (s.includes('inline')) isInline = true;
      else if (s === 'typedef') isTypedef = true;
    } else if (kind === K.annotation || kind === K.storage_class_macro) {
      annotations.push(c);
      const s = nodeText(text, t, c);
      if (s === 'STATIC') isStatic = true;
      if (s.includes('inline')) isInline = true;
    } else if (t.field[c] === F.type && base === '') base = typeBase(text, t, c);
  }
  return { base, isStatic, isInline, isExtern, isTypedef, annotations };
}

/** The base name of a type node: `struct inode`, `u32`, `unsigned int`, `spinlock_t`. */
export function typeBase(text: string, t: FlatTree, node: number): string {
  const kind = t.kind[node];
  if (kind === K.struct_specifier || kind === K.union_specifier || kind === K.enum_specifier) {
    const word = kind === K.struct_specifier ? 'struct' : kind === K.union_specifier ? 'union' : 'enum';
    const name = childByField(t, node, F.name);
    if (name >= 0) return `${word} ${nodeText(text, t, name)}`;
    return `${word} @${t.start[node]}`;
  }
  if (kind === K.macro_type_specifier) {
    const inner = childByField(t, node, F.type);
    if (inner >= 0) return typeDescriptor(text, t, inner).base;
  }
  return nodeText(text, t, node).replace(/\s+/g, ' ');
}

/** A `type_descriptor`: base and depth. */
export function typeDescriptor(text: string, t: FlatTree, node: number): TypeText {
  if (t.kind[node] !== K.type_descriptor) return { base: typeBase(text, t, node), depth: 0 };
  const base = specifiersOf(text, t, node).base;
  let depth = 0;
  for (let d = childByField(t, node, F.declarator); d >= 0; d = childByField(t, d, F.declarator))
    if (t.kind[d] === K.abstract_pointer_declarator) depth++;
  return { base, depth };
}

/** Reads one declarator chain down to its name; null where there is none (an abstract or broken one). */
export function declaratorOf(text: string, t: FlatTree, node: number): Declared | null {
  let depth = 0;
  let isArray = false;
  let parameters = -1;
  let isFunctionPointer = false;
  let pointerSinceFunction = false;
  let at = node;
  for (let guard = 0; guard < 40; guard++) {
    const kind = t.kind[at];
    if (kind === K.identifier || kind === K.field_identifier || kind === K.type_identifier) {
      if (parameters >= 0 && pointerSinceFunction) {
        isFunctionPointer = true;
        parameters = -1;
      }
      return {
        name: nodeText(text, t, at),
        nameStart: t.start[at] as number,
        depth,
        isArray,
        parameters,
        isFunctionPointer,
      };
    }
    if (kind === K.pointer_declarator) {
      depth++;
      if (parameters >= 0) pointerSinceFunction = true;
    } else if (kind === K.array_declarator) isArray = true;
    else if (kind === K.function_declarator) {
      parameters = childByField(t, at, F.parameters);
      pointerSinceFunction = false;
    }
    const inner = childByField(t, at, F.declarator);
    if (inner >= 0) {
      at = inner;
      continue;
    }
    // parenthesized_declarator and attributed_declarator hold their inner one without a field
    let found = -1;
    const stop = t.next[at] as number;
    for (let c = at + 1; c < stop; c = t.next[c] as number) {
      const k = t.kind[c];
      if (
        k === K.identifier ||
        k === K.field_identifier ||
        k === K.type_identifier ||
        k === K.pointer_declarator ||
        k === K.function_declarator ||
        k === K.array_declarator ||
        k === K.parenthesized_declarator ||
        k === K.attributed_declarator
      ) {
        found = c;
        break;
      }
    }
    if (found < 0) return null;
    at = found;
  }
  return null;
}

/** Annotation nodes below a declarator chain (they may stand behind parameters or in pointers). */
export function annotationsUnder(t: FlatTree, node: number): number[] {
  const found: number[] = [];
  const stop = t.next[node] as number;
  for (let c = node + 1; c < stop; ) {
    const kind = t.kind[c];
    if (kind === K.annotation) {
      found.push(c);
      c = t.next[c] as number;
    } else if (kind === K.parameter_list || kind === K.compound_statement || kind === K.initializer_list)
      c = t.next[c] as number;
    else c++;
  }
  return found;
}
