/**
 * The tree of a text that differs from an earlier one inside the body of one function: that function is parsed by itself, and the rest
 * is taken over, moved. Only between texts without an error: what becomes of a file around one hangs on all of it.
 */
import { F, K } from './kinds.js';
import { childByField, type FlatTree } from './parser.js';

/** Bytes of a node of a tree. */
export const BYTES_OF_NODE = 3 + 3 * 4;

/** A text with its tree. */
export interface Parsed {
  readonly text: string;
  readonly tree: FlatTree;
}

/** A function whose body holds all that differs. Positions are UTF-16 offsets into the new text. */
export interface EditedFunction {
  /** Its node in the tree before. */
  readonly node: number;
  readonly start: number;
  readonly end: number;
}

/** Where two texts differ: from the same place on, up to a place in each. */
export interface Difference {
  readonly first: number;
  readonly oldEnd: number;
  readonly newEnd: number;
}

const STRETCH = 2048;

function isSameStretch(a: string, atA: number, b: string, atB: number): boolean {
  return a.slice(atA, atA + STRETCH) === b.slice(atB, atB + STRETCH);
}

/** Where two texts differ. */
export function difference(old: string, text: string): Difference {
  const most = Math.min(old.length, text.length);
  let first = 0;
  // A stretch at a time: most of an edited text is as it was
  while (first + STRETCH < most && isSameStretch(old, first, text, first)) first += STRETCH;
  while (first < most && old.charCodeAt(first) === text.charCodeAt(first)) first++;
  let same = 0;
  while (
    same + STRETCH < most - first &&
    isSameStretch(old, old.length - same - STRETCH, text, text.length - same - STRETCH)
  )
    same += STRETCH;
  while (
    same < most - first &&
    old.charCodeAt(old.length - 1 - same) === text.charCodeAt(text.length - 1 - same)
  )
    same++;
  return { first, oldEnd: old.length - same, newEnd: text.length - same };
}

/**
 * The tree of the new text where nothing differs but white space between two items of the file, as after an edit in what the
 * configuration leaves out; else null.
 */
export function movedTree(
  before: Parsed,
  text: string,
  { first, oldEnd, newEnd }: Difference,
): FlatTree | null {
  const { text: old, tree } = before;
  if (tree.length === 0 || tree.damaged[0] === 1) return null;
  let after = 1;
  let start = 0;
  while (after < tree.length && (tree.start[after] as number) < oldEnd) {
    start = tree.end[after] as number;
    after = tree.next[after] as number;
  }
  // The root begins and ends with items, and right after an item that item may end otherwise
  if (after === 1 || after >= tree.length || first <= start) return null;
  const end = tree.start[after] as number;
  const more = text.length - old.length;
  if (!isBlankLines(old.slice(start, end)) || !isBlankLines(text.slice(start, end + more))) return null;
  if (!isSpace(text.slice(first, newEnd))) return null;
  const moved = (places: Int32Array): Int32Array => {
    const out = places.slice();
    for (let i = after; i < out.length; i++) out[i] = (out[i] as number) + more;
    return out;
  };
  const ends = moved(tree.end);
  ends[0] = (ends[0] as number) + more;
  return { ...tree, start: moved(tree.start), end: ends };
}

function isSpace(text: string): boolean {
  return !/[^ \t\n]/.test(text);
}

/** White space with the end of a line in it: what comes after begins a line, as a directive has to. */
function isBlankLines(text: string): boolean {
  return isSpace(text) && text.includes('\n');
}

/** The function whose body holds all that differs between two texts; null where there is none. */
export function editedFunction(
  before: Parsed,
  text: string,
  { first, oldEnd: last }: Difference,
): EditedFunction | null {
  const { text: old, tree } = before;
  if (tree.length === 0 || tree.damaged[0] === 1) return null;
  for (let c = 1; c < tree.length; c = tree.next[c] as number) {
    if ((tree.end[c] as number) <= first) continue;
    if (tree.kind[c] !== K.function_definition) return null;
    const body = childByField(tree, c, F.body);
    // The braces stay what they are
    if (body < 0 || (tree.start[body] as number) >= first || (tree.end[body] as number) <= last) return null;
    return {
      node: c,
      start: tree.start[c] as number,
      end: (tree.end[c] as number) + text.length - old.length,
    };
  }
  return null;
}

/**
 * The tree of the new text. `alone`: the tree of the edited function as a text by itself, without errors; null where that is no longer
 * one function.
 */
export function spliced(before: Parsed, edited: EditedFunction, alone: FlatTree): FlatTree | null {
  const { tree: old } = before;
  const { node, start } = edited;
  const length = edited.end - start;
  const isOne = alone.length > 1 && alone.next[1] === alone.length;
  if (!isOne || alone.damaged[0] === 1 || alone.kind[1] !== K.function_definition) return null;
  if (alone.start[1] !== 0 || alone.end[1] !== length) return null;
  const after = old.next[node] as number;
  // The root of `alone` stays out
  const more = alone.length - 1 - (after - node);
  const moved = length - ((old.end[node] as number) - start);
  const kind = spliceBytes(old.kind, alone.kind, node, after);
  const field = spliceBytes(old.field, alone.field, node, after);
  const damaged = spliceBytes(old.damaged, alone.damaged, node, after);
  const numbers = (before: Int32Array, inside: Int32Array, add: number, behind: number): Int32Array => {
    const out = new Int32Array(before.length + more);
    out.set(before.subarray(0, node));
    for (let i = 1; i < inside.length; i++) out[node + i - 1] = (inside[i] as number) + add;
    for (let i = after; i < before.length; i++) out[i + more] = (before[i] as number) + behind;
    return out;
  };
  const next = numbers(old.next, alone.next, node - 1, more);
  const end = numbers(old.end, alone.end, start, moved);
  // The root, which is around all
  next[0] = old.length + more;
  end[0] = (old.end[0] as number) + moved;
  return {
    length: old.length + more,
    kind,
    field,
    start: numbers(old.start, alone.start, start, moved),
    end,
    next,
    damaged,
  };
}

function spliceBytes(before: Uint8Array, inside: Uint8Array, node: number, after: number): Uint8Array {
  const out = new Uint8Array(before.length + inside.length - 1 - (after - node));
  out.set(before.subarray(0, node));
  out.set(inside.subarray(1), node);
  out.set(before.subarray(after), node + inside.length - 1);
  return out;
}
