/**
 * What the name at a position means: a call with its operation, a function, a slot of an operations table, or a lock. Looks at
 * names, types and slots; walks nothing. Must not know what is said of it.
 */
import type { Analysis } from '../contexts/analysis.js';
import { meaningOf, type Target } from '../contexts/calls.js';
import { fnColumn } from '../contexts/cfg.js';
import { readsOf, visitNodes } from '../contexts/operands.js';
import {
  CALL_LOOP,
  EXPR_STRIDE,
  type FileFacts,
  Fn,
  OP_STRIDE,
  Op,
  STRUCT_STRIDE,
  X,
} from '../facts/encode.js';
import type { LockKind } from '../model/types.js';
import { ExpressionTypes } from '../program/expression-types.js';
import type { FunctionRef, SlotRef } from '../program/program.js';

/** A name in a text: offsets are 0-based in UTF-16 units. */
export interface Token {
  readonly name: string;
  readonly start: number;
  readonly end: number;
}

/** A class of locks by its name. */
export interface LockName {
  readonly class: string;
  readonly kind: LockKind | null;
}

/** What a name means. */
export type Meaning =
  | { readonly kind: 'call'; readonly op: number; readonly target: Target }
  | { readonly kind: 'pointer'; readonly op: number; readonly struct: string; readonly slot: string }
  | { readonly kind: 'guard'; readonly op: number }
  | { readonly kind: 'function'; readonly fn: FunctionRef; readonly isDefinition: boolean }
  | { readonly kind: 'helper'; readonly name: string }
  | { readonly kind: 'slot'; readonly slot: SlotRef }
  | { readonly kind: 'lock'; readonly lock: LockName };

/** The name that covers an offset of a text, or null. */
export function tokenAt(text: string, offset: number): Token | null {
  const isWord = (at: number): boolean => /\w/.test(text.charAt(at));
  if (!isWord(offset)) return null;
  let start = offset;
  let end = offset + 1;
  while (start > 0 && isWord(start - 1)) start--;
  while (end < text.length && isWord(end)) end++;
  const name = text.slice(start, end);
  return /^\d/.test(name) ? null : { name, start, end };
}

/** What a name of a file means; `fn`: the function that it stands in. Null where it means nothing that is known here. */
export function meaningAt(
  analysis: Analysis,
  file: FileFacts,
  text: string,
  token: Token,
  fn: FunctionRef | null,
): Meaning | null {
  const { program, model } = analysis;
  const before = text.slice(Math.max(0, token.start - 200), token.start);
  const isMember = /(?:->|\.)\s*$/.test(before);
  if (fn !== null) {
    const call = callAt(analysis, fn, token, isMember);
    if (call !== null) return call;
    if (isMember) {
      const lock = memberLock(analysis, fn, token);
      if (lock !== null) return { kind: 'lock', lock };
    }
  }
  const slot = program.slots.find(
    (s) =>
      s.file === file && s.slot === token.name && s.position <= token.start && token.start - s.position <= 4,
  );
  if (slot !== undefined && isMember) return { kind: 'slot', slot };
  // A tag has a name space of its own: `struct mnt_idmap` is not the function
  if (isMember || /\b(?:struct|union|enum)\s+$/.test(before)) return null;
  const declared = declaredLock(analysis, file, text, token);
  if (declared !== null) return { kind: 'lock', lock: declared };
  const own = program.resolve(token.name, file);
  if (own !== null && !isLocal(fn, token.name)) {
    const isDefinition = own.file === file && fnColumn(file, own.index, Fn.NameStart) === token.start;
    return { kind: 'function', fn: own, isDefinition };
  }
  const type = program.global(token.name, file);
  const kind = type === null || type.depth > 0 ? null : (LOCK_TYPES.get(type.base) ?? null);
  const known = model.lockClasses.get(token.name)?.kind ?? null;
  if ((kind ?? known) !== null && !isLocal(fn, token.name))
    return { kind: 'lock', lock: { class: token.name, kind: kind ?? known } };
  return model.helpers.has(token.name) && !isLocal(fn, token.name)
    ? { kind: 'helper', name: token.name }
    : null;
}

/** A name of the function's own hides what it means outside. */
function isLocal(fn: FunctionRef | null, name: string): boolean {
  if (fn === null) return false;
  const { file, index } = fn;
  const first = fnColumn(file, index, Fn.FirstVariable);
  for (let v = 0; v < fnColumn(file, index, Fn.VariableCount); v++)
    if (file.strings[file.variables[(first + v) * 4] as number] === name) return true;
  return false;
}

/** The call whose callee, or the guard whose class, a name is. */
function callAt(analysis: Analysis, fn: FunctionRef, token: Token, isMember: boolean): Meaning | null {
  const { file, index } = fn;
  const first = fnColumn(file, index, Fn.FirstOp);
  const base = fnColumn(file, index, Fn.Start);
  let best = -1;
  let bestStart = -1;
  for (let o = 0; o < fnColumn(file, index, Fn.OpCount); o++) {
    const at = (first + o) * OP_STRIDE;
    const start = base + (file.ops[at + 5] as number);
    const end = base + (file.ops[at + 6] as number);
    if (token.start < start || token.start >= end || start < bestStart) continue;
    const op = file.ops[at] as Op;
    if (op === Op.Guard && /^(?:scoped_)?guard$|^CLASS$/.test(token.name)) [best, bestStart] = [o, start];
    if (op !== Op.Call || ((file.ops[at + 4] as number) & CALL_LOOP) !== 0) continue;
    const callee = (file.ops[at + 1] as number) * EXPR_STRIDE;
    const kind = file.exprs[callee] as X;
    if (kind === X.Name && start === token.start && text(file, callee + 1) === token.name)
      [best, bestStart] = [o, start];
    if (kind === X.Field && isMember && text(file, callee + 2) === token.name) [best, bestStart] = [o, start];
  }
  if (best < 0) return null;
  const at = (first + best) * OP_STRIDE;
  if ((file.ops[at] as Op) === Op.Guard) return { kind: 'guard', op: best };
  if (!isMember) return { kind: 'call', op: best, target: meaningOf(analysis.shared, fn, token.name) };
  const slot = new ExpressionTypes(analysis.program, fn).slot(file.ops[at + 1] as number);
  return { kind: 'pointer', op: best, struct: slot?.struct ?? '', slot: token.name };
}

function text(file: FileFacts, at: number): string {
  return file.strings[file.exprs[at] as number] ?? '';
}

/** The class of the lock that `x->name` is in an operation around a position; null where it is none. */
function memberLock(analysis: Analysis, fn: FunctionRef, token: Token): LockName | null {
  const { file, index } = fn;
  const types = new ExpressionTypes(analysis.program, fn);
  const first = fnColumn(file, index, Fn.FirstOp);
  const base = fnColumn(file, index, Fn.Start);
  for (let o = 0; o < fnColumn(file, index, Fn.OpCount); o++) {
    const at = (first + o) * OP_STRIDE;
    if (base + (file.ops[at + 5] as number) > token.start || base + (file.ops[at + 6] as number) < token.end)
      continue;
    // What is stored to comes before what is stored
    const read = readsOf(fn, o);
    const operands = (file.ops[at] as Op) === Op.Assign ? [...read].reverse() : read;
    for (const e of operands) {
      const found = fieldNamed(file, e, token.name);
      if (found < 0) continue;
      const struct = types.slot(found)?.struct ?? '';
      const lock = lockOfMember(analysis, file, struct, token.name);
      if (lock !== null) return lock;
    }
  }
  return null;
}

/** The class of a member of a structure that is a lock, or null. `struct` '': not known. */
function lockOfMember(analysis: Analysis, file: FileFacts, struct: string, name: string): LockName | null {
  const { model, program, shared } = analysis;
  const byField = shared.classes.get(name);
  const cls = byField ?? (struct === '' ? null : `${struct}::${name}`);
  if (cls === null) return null;
  const type = struct === '' ? null : program.field(`struct ${struct}`, name, file);
  const kind =
    model.lockClasses.get(cls)?.kind ??
    (type === null || type.depth > 0 ? null : (LOCK_TYPES.get(type.base) ?? null));
  return kind === null ? null : { class: cls, kind };
}

/** The class of the member that a structure declares at a position, where that is a lock. */
function declaredLock(analysis: Analysis, file: FileFacts, source: string, token: Token): LockName | null {
  for (let i = 0; i * STRUCT_STRIDE < file.structs.length; i++) {
    const name = file.strings[file.structs[i * STRUCT_STRIDE] as number] ?? '';
    const begin = file.structs[i * STRUCT_STRIDE + 3] as number;
    if (begin > token.start || !name.startsWith('struct ')) continue;
    const close = source.indexOf('\n}', begin);
    if (close >= 0 && close < token.start) continue;
    const struct = name.slice('struct '.length);
    if (!/^\s*[;,[]/.test(source.slice(token.end, token.end + 40))) continue;
    return lockOfMember(analysis, file, struct, token.name);
  }
  return null;
}

/** The expression below one that is a member of this name; -1 where none is. */
function fieldNamed(file: FileFacts, e: number, name: string): number {
  let found = -1;
  visitNodes(file, e, (x, kind) => {
    if (found < 0 && kind === X.Field && text(file, x * EXPR_STRIDE + 2) === name) found = x;
  });
  return found;
}

/** Types that are locks. */
const LOCK_TYPES: ReadonlyMap<string, LockKind> = new Map([
  ['spinlock_t', 'spin'],
  ['raw_spinlock_t', 'spin'],
  ['rwlock_t', 'rwlock'],
  ['seqlock_t', 'seqwrite'],
  ['struct mutex', 'mutex'],
  ['struct rw_semaphore', 'rwsem'],
  ['struct percpu_rw_semaphore', 'percpu-rwsem'],
  ['struct semaphore', 'semaphore'],
  ['struct srcu_struct', 'srcu'],
] as const);
