/**
 * Which names a file hands over in initialisers: to a slot of a structure, at any depth and also inside functions and
 * compound literals, to an array, or as the argument of a macro that stands for an initialiser. A list whose items a macro
 * makes (`#define x(...)`, `LIST()`, `#undef x`) is written down with those directives before it, one a line. Says what is written, not
 * what it means: whether a name is a function is the program's question.
 */
import { F, K } from '../syntax/kinds.js';
import { childByField, type FlatTree } from '../syntax/parser.js';
import type { FactsBuilder } from './encode.js';
import { declaratorOf, nodeText, specifiersOf, typeDescriptor } from './types.js';

/** Initialisers are not descended into deeper than this. */
const MAX_DEPTH = 8;

/** Records the uses of a parsed file. */
export function recordUses(b: FactsBuilder, text: string, t: FlatTree): void {
  let functionEnd = 0;
  for (let c = 0; c < t.length; c++) {
    switch (t.kind[c]) {
      case K.function_definition:
      case K.macro_function_definition:
        functionEnd = t.end[c] as number;
        break;
      case K.declaration:
        declaration(b, text, t, c, (t.start[c] as number) < functionEnd);
        break;
      case K.compound_literal_expression: {
        const type = childByField(t, c, F.type);
        const value = childByField(t, c, F.value);
        if (type >= 0 && value >= 0)
          list({ b, text, t, struct: typeDescriptor(text, t, type).base, table: '' }, value, '', 0);
        break;
      }
      default:
        break;
    }
  }
}

interface Reading {
  readonly b: FactsBuilder;
  readonly text: string;
  readonly t: FlatTree;
  readonly struct: string;
  readonly table: string;
}

function declaration(b: FactsBuilder, text: string, t: FlatTree, c: number, isLocal: boolean): void {
  const stop = t.next[c] as number;
  let struct: string | null = null;
  for (let n = c + 1; n < stop; n = t.next[n] as number) {
    if (t.field[n] !== F.declarator || t.kind[n] !== K.init_declarator) continue;
    const declarator = childByField(t, n, F.declarator);
    const init = childByField(t, n, F.value);
    if (declarator < 0 || init < 0) continue;
    // What a local variable is set to is an operation of its function
    if (t.kind[init] !== K.initializer_list && isLocal) continue;
    const d = declaratorOf(text, t, declarator);
    struct ??= specifiersOf(text, t, c).base;
    value(
      { b, text, t, struct: d?.isFunctionPointer === true ? '' : struct, table: d?.name ?? '' },
      init,
      '',
      0,
    );
  }
}

function list(r: Reading, node: number, path: string, depth: number): void {
  const { t } = r;
  if (depth > MAX_DEPTH) return;
  const stop = t.next[node] as number;
  const defines = new Map<string, string>();
  for (let p = node + 1; p < stop; p = t.next[p] as number) {
    if (t.kind[p] === K.comment) continue;
    if (t.kind[p] === K.other) {
      directive(nodeText(r.text, t, p), defines);
      continue;
    }
    if (t.kind[p] === K.macro_invocation_item) {
      if (!r.struct.startsWith('struct ') && r.struct !== '') continue;
      use(r, path, [...defines.values(), nodeText(r.text, t, p).replace(/\s+/g, ' ')].join('\n'), p);
      continue;
    }
    if (t.kind[p] !== K.initializer_pair) {
      value(r, p, path, depth);
      continue;
    }
    let slot = path;
    const end = t.next[p] as number;
    for (let d = p + 1; d < end; d = t.next[d] as number)
      if (t.kind[d] === K.field_designator) {
        const name = nodeText(r.text, t, d).replace(/^\.\s*/, '');
        slot = slot === '' ? name : `${slot}.${name}`;
      }
    const inner = childByField(t, p, F.value);
    if (inner >= 0) value(r, inner, slot, depth);
  }
}

/** A list between `#define x(...)` and `#undef x` takes the meaning of `x` from there, wherever the list is written. */
function directive(text: string, defines: Map<string, string>): void {
  const define = /^#\s*define\s+(\w+)/.exec(text)?.[1];
  const undef = /^#\s*undef\s+(\w+)/.exec(text)?.[1];
  if (define !== undefined)
    defines.set(
      define,
      text
        .replace(/\\\r?\n/g, ' ')
        .replace(/\s+/g, ' ')
        .trim(),
    );
  else if (undef !== undefined) defines.delete(undef);
}

function use(r: Reading, path: string, target: string, node: number): void {
  const { b, t } = r;
  b.uses.pushAll([
    b.string(r.struct),
    b.string(path),
    b.string(target),
    b.string(r.table),
    t.start[node] as number,
  ]);
}

function value(r: Reading, node: number, path: string, depth: number): void {
  const { t } = r;
  switch (t.kind[node]) {
    case K.initializer_list:
      list(r, node, path, depth + 1);
      return;
    case K.identifier:
    case K.call_expression: {
      const target = nodeText(r.text, t, node).replace(/\s+/g, ' ');
      if (/[a-z]/.test(target)) use(r, path, target, node);
      return;
    }
    case K.pointer_expression: {
      const inner = childByField(t, node, F.argument);
      if (inner >= 0) value(r, inner, path, depth);
      return;
    }
    case K.cast_expression: {
      const inner = childByField(t, node, F.value);
      if (inner >= 0) value(r, inner, path, depth);
      return;
    }
    case K.parenthesized_expression:
      value(r, node + 1, path, depth);
      return;
    default:
      return;
  }
}
