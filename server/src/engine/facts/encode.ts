/**
 * The encoded facts of one file: typed arrays and one string table, read through accessors. Plain objects for all of
 * fs/ would cost hundreds of megabytes and seconds to clone; these arrays transfer between threads as they are.
 * Positions of operations are relative to their function's start, so that a newline above changes no function.
 */
import { Words } from '../base/words.js';

/** Expression kinds. Columns a, b, c by kind in the comment. Pure operands only: calls and assignments are operations. */
export enum X {
  Unknown, // -
  Local, // variable index in the function
  Name, // string: a global, enumerator, macro or function
  Num, // number index
  Str, // string
  Field, // base, field string, 1 when through a pointer
  Deref, // base
  Addr, // base
  Index, // base, index
  Unary, // operator code, base
  Binary, // operator code, left, right
  Cast, // type, base
  Temp, // temporary number: the result of an operation in the same function
  Type, // type: a type written as a macro argument
  Operator, // string: an operator written as a macro argument
}

/** Operators of `Unary` and `Binary`. */
export const OPERATORS = [
  '+', '-', '*', '/', '%', '&', '|', '^', '<<', '>>', '==', '!=', '<', '>', '<=', '>=', '&&', '||', '!', '~', '++', '--',
] as const; // biome-ignore format: a table

/** Number of an operator, or -1. */
export function operatorCode(text: string): number {
  return (OPERATORS as readonly string[]).indexOf(text);
}

/** Operation kinds. Columns a, b, c, d by kind in the comment. */
export enum Op {
  Call, // callee expression, argument list, result temporary or -1, flags (CALL_*)
  Assign, // location expression, value expression
  Set, // temporary, value expression: a value chosen by control flow
  Declare, // variable, value expression or -1
  Eval, // expression that is read for nothing but its accesses
  Branch, // condition expression, block if true, block if false, which side a warning is given on (WARNS_*)
  Jump, // block
  Switch, // value expression, case list (pairs: expression or -1 for default, block)
  Return, // value expression or -1
  Cleanup, // variable whose scope ends
  Guard, // class string, argument list, hidden variable
  Stop, // control does not go on (BUG(), unreachable())
}

/** Flag of a call: the head of a macro that is written like a loop. */
export const CALL_LOOP = 1;

/** Of a branch: the code warns where the condition is true, or false: who wrote it says that this cannot be. */
export const WARNS_IF_TRUE = 1;
export const WARNS_IF_FALSE = 2;

export const OP_STRIDE = 7; // kind, a, b, c, d, start, end
export const EXPR_STRIDE = 4; // kind, a, b, c
export const FUNCTION_STRIDE = 16;
export const VARIABLE_STRIDE = 4; // name, type, flags, cleanup string or -1
export const STRUCT_STRIDE = 4; // name, first field, field count, position
export const FIELD_STRIDE = 5; // name, type, position, flags, what __guarded_by() names or -1
export const TABLE_STRIDE = 5; // variable name, structure, first entry, entry count, position
export const SLOT_STRIDE = 3; // slot, value string (function or table name), position
export const MACRO_STRIDE = 4; // name, parameter list or -1 (object-like), body string, position
export const GLOBAL_STRIDE = 3; // name, type, flags
export const PROTO_STRIDE = 4; // name, return type, annotation list, flags
export const TYPEDEF_STRIDE = 2; // name, type
export const INVOCATION_STRIDE = 3; // macro name, list of argument texts, position
export const USE_STRIDE = 5; // structure, path of slots or '', value text, variable or '', position
export const ENUM_STRIDE = 3; // name, value text, position; a name of '' is a body with macros as its text
export const TYPE_STRIDE = 2; // base string, pointer depth

/** Columns of a function. */
export enum Fn {
  Name,
  Start,
  End,
  Flags,
  ReturnType,
  FirstVariable,
  ParameterCount,
  VariableCount,
  FirstBlock,
  BlockCount,
  FirstOp,
  OpCount,
  TempCount,
  Annotations, // list of strings: name, argument text or '' alternating
  Hash,
  NameStart,
}

export const FN_STATIC = 1;
export const FN_INLINE = 2;
export const FN_DAMAGED = 4;
export const FN_MACRO_DEFINED = 8;
export const FN_VARIADIC = 16;

export const VAR_PARAMETER = 1;
export const VAR_STATIC = 2;
export const VAR_ADDRESS_TAKEN = 4;
/** The type is known from the value only (`auto`, `__auto_type`, a macro parameter). */
export const VAR_UNTYPED = 8;
export const VAR_ARRAY = 16;

/** Flag of a field: a comment says that it comes first in its structure. */
export const FIELD_SAID_FIRST = 1;

/** One file's facts. Everything but `path` and `strings` is a typed array; indices refer to the strides above. */
export interface FileFacts {
  readonly path: string;
  /** Hash of the configured text. */
  readonly hash: number;
  readonly strings: readonly string[];
  readonly exprs: Int32Array;
  readonly lists: Int32Array;
  readonly nums: Float64Array;
  readonly types: Int32Array;
  readonly ops: Int32Array;
  /** First operation (relative to the function's first) of each block; the block ends where the next begins. */
  readonly blocks: Int32Array;
  readonly functions: Int32Array;
  readonly variables: Int32Array;
  readonly structs: Int32Array;
  readonly fields: Int32Array;
  readonly tables: Int32Array;
  readonly slots: Int32Array;
  readonly macros: Int32Array;
  readonly globals: Int32Array;
  readonly protos: Int32Array;
  readonly typedefs: Int32Array;
  readonly enums: Int32Array;
  /** Macro calls at top level: `DEFINE_GUARD(...)`, `DEFINE_SPINLOCK(x)`, `EXPORT_SYMBOL(f)`. */
  readonly invocations: Int32Array;
  /** Names in initialisers, at any depth: what is handed over to which slot. */
  readonly uses: Int32Array;
  /** Strings: `<linux/fs.h>` or `"internal.h"`. */
  readonly includes: Int32Array;
  readonly lineStarts: Int32Array;
}

/** Bytes of a file's facts: its arrays, and its strings at one byte a letter. */
export function bytesOf(facts: FileFacts): number {
  let bytes = facts.path.length;
  for (const column of Object.values(facts))
    if (ArrayBuffer.isView(column)) bytes += column.byteLength;
    else if (Array.isArray(column)) for (const text of column) bytes += (text as string).length;
  return bytes;
}

/** FNV-1a over UTF-16 units; 32 bit, enough to tell versions of one text apart within a run. `before`: the hash of what came before. */
export function hashText(text: string, from = 0, to = text.length, before = 0x811c9dc5): number {
  let h = before;
  for (let i = from; i < to; i++) {
    h ^= text.charCodeAt(i);
    h = Math.imul(h, 0x01000193);
  }
  return h | 0;
}

function hashOf(a: number, b: number, c: number, d: number): number {
  let h = Math.imul(a, 0x9e3779b1) ^ Math.imul(b, 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 15) ^ c, 0xc2b2ae35);
  h = Math.imul(h ^ (h >>> 13) ^ d, 0x27d4eb2f);
  return h ^ (h >>> 16);
}

/** What a pool grows to first. */
const LEAST_ROOM = 64;

/** A growing array of integers. */
export class IntPool {
  private data: Int32Array;
  length = 0;

  /** `capacity`: room that is there from the start; most pools of a small text stay empty. */
  constructor(capacity = 0) {
    this.data = new Int32Array(capacity);
  }

  push(value: number): number {
    if (this.length === this.data.length) this.grow(this.length + 1);
    this.data[this.length] = value;
    return this.length++;
  }

  pushAll(values: readonly number[]): number {
    const at = this.length;
    if (at + values.length > this.data.length) this.grow(at + values.length);
    for (let i = 0; i < values.length; i++) this.data[at + i] = values[i] as number;
    this.length = at + values.length;
    return at;
  }

  get(index: number): number {
    return this.data[index] as number;
  }

  set(index: number, value: number): void {
    this.data[index] = value;
  }

  done(): Int32Array {
    return this.data.slice(0, this.length);
  }

  private grow(need: number): void {
    const grown = new Int32Array(Math.max(need, this.data.length * 2, LEAST_ROOM));
    grown.set(this.data);
    this.data = grown;
  }
}

const UNNAMED_TYPE = /^(struct|union|enum) @(\d+)$/;

/** Collects one file's facts; strings, expressions and types are hash-consed. */
export class FactsBuilder {
  readonly lists = new IntPool();
  readonly ops = new IntPool();
  readonly blocks = new IntPool();
  readonly functions = new IntPool();
  readonly variables = new IntPool();
  readonly structs = new IntPool();
  readonly fields = new IntPool();
  readonly tables = new IntPool();
  readonly slots = new IntPool();
  readonly macros = new IntPool();
  readonly globals = new IntPool();
  readonly protos = new IntPool();
  readonly typedefs = new IntPool();
  readonly enums = new IntPool();
  readonly invocations = new IntPool();
  readonly uses = new IntPool();
  readonly includes = new IntPool();
  private readonly exprs = new IntPool();
  private readonly types = new IntPool();
  private readonly words = new Words();
  /** Numbers of expressions and 1, by what they say; 0: free. Their number is a power of two. */
  private exprIds = new Int32Array(512);
  private readonly typeIds = new Map<string, number>();
  private readonly nums: number[] = [];
  private readonly numIds = new Map<number, number>();

  string(text: string): number {
    return this.words.of(text);
  }

  text(id: number): string {
    return this.words.all[id] ?? '';
  }

  expr(kind: X, a = 0, b = 0, c = 0): number {
    const { exprs } = this;
    const last = this.exprIds.length - 1;
    let at = hashOf(kind, a, b, c) & last;
    for (let is = this.exprIds[at] as number; is !== 0; is = this.exprIds[at] as number) {
      const e = (is - 1) * EXPR_STRIDE;
      if (exprs.get(e) === kind && exprs.get(e + 1) === a && exprs.get(e + 2) === b && exprs.get(e + 3) === c)
        return is - 1;
      at = (at + 1) & last;
    }
    const id = exprs.length / EXPR_STRIDE;
    exprs.push(kind);
    exprs.push(a);
    exprs.push(b);
    exprs.push(c);
    this.exprIds[at] = id + 1;
    if ((id + 1) * 2 > this.exprIds.length) this.widenExprIds();
    return id;
  }

  private widenExprIds(): void {
    const { exprs } = this;
    this.exprIds = new Int32Array(this.exprIds.length * 2);
    const last = this.exprIds.length - 1;
    for (let id = 0; id * EXPR_STRIDE < exprs.length; id++) {
      const e = id * EXPR_STRIDE;
      let at = hashOf(exprs.get(e), exprs.get(e + 1), exprs.get(e + 2), exprs.get(e + 3)) & last;
      while (this.exprIds[at] !== 0) at = (at + 1) & last;
      this.exprIds[at] = id + 1;
    }
  }

  exprKind(id: number): X {
    return this.exprs.get(id * EXPR_STRIDE) as X;
  }

  exprA(id: number): number {
    return this.exprs.get(id * EXPR_STRIDE + 1);
  }

  num(value: number): number {
    let id = this.numIds.get(value);
    if (id === undefined) {
      id = this.nums.length;
      this.nums.push(value);
      this.numIds.set(value, id);
    }
    return this.expr(X.Num, id);
  }

  numValue(expr: number): number | null {
    return this.exprKind(expr) === X.Num ? (this.nums[this.exprA(expr)] ?? null) : null;
  }

  type(base: string, depth: number): number {
    const key = `${base}|${depth}`;
    let id = this.typeIds.get(key);
    if (id === undefined) {
      id = this.types.length / TYPE_STRIDE;
      this.types.push(this.string(base));
      this.types.push(depth);
      this.typeIds.set(key, id);
    }
    return id;
  }

  /** A list: its length, then its members. */
  list(values: readonly number[]): number {
    const at = this.lists.push(values.length);
    this.lists.pushAll(values);
    return at;
  }

  /**
   * Types without a name go by where they stand while a file is read; from here on by which one of the file they are, so that a
   * line above changes nothing, and no other file has one of that name.
   */
  private nameTypes(path: string): void {
    const unnamed: { readonly id: number; readonly word: string; readonly position: number }[] = [];
    for (const [id, text] of this.words.all.entries()) {
      const match = text.includes(' @') ? UNNAMED_TYPE.exec(text) : null;
      if (match !== null) unnamed.push({ id, word: match[1] as string, position: Number(match[2]) });
    }
    unnamed.sort((a, b) => a.position - b.position);
    for (const [nth, { id, word }] of unnamed.entries()) this.words.all[id] = `${word} @${nth}:${path}`;
  }

  done(path: string, hash: number, lineStarts: Int32Array): FileFacts {
    this.nameTypes(path);
    // Substrings of a source keep the whole source alive: join and split so that they hang on their own copy.
    const strings = this.words.all.length === 0 ? [] : this.words.all.join('\u0001').split('\u0001');
    return {
      path,
      hash,
      strings: strings.length === this.words.all.length ? strings : this.words.all,
      exprs: this.exprs.done(),
      lists: this.lists.done(),
      nums: Float64Array.from(this.nums),
      types: this.types.done(),
      ops: this.ops.done(),
      blocks: this.blocks.done(),
      functions: this.functions.done(),
      variables: this.variables.done(),
      structs: this.structs.done(),
      fields: this.fields.done(),
      tables: this.tables.done(),
      slots: this.slots.done(),
      macros: this.macros.done(),
      globals: this.globals.done(),
      protos: this.protos.done(),
      typedefs: this.typedefs.done(),
      enums: this.enums.done(),
      invocations: this.invocations.done(),
      uses: this.uses.done(),
      includes: this.includes.done(),
      lineStarts,
    };
  }
}

/** Offsets of the first character of each line. */
export function lineStartsOf(text: string): Int32Array {
  const pool = new IntPool(Math.max(16, text.length >> 4));
  pool.push(0);
  for (let i = text.indexOf('\n'); i >= 0; i = text.indexOf('\n', i + 1)) pool.push(i + 1);
  return pool.done();
}

/** 1-based line of an offset. */
export function lineAt(lineStarts: Int32Array, offset: number): number {
  let low = 0;
  let high = lineStarts.length - 1;
  while (low < high) {
    const mid = (low + high + 1) >> 1;
    if ((lineStarts[mid] as number) <= offset) low = mid;
    else high = mid - 1;
  }
  return low + 1;
}

/** 1-based column of an offset, in UTF-16 units. */
export function columnAt(lineStarts: Int32Array, offset: number): number {
  return offset - (lineStarts[lineAt(lineStarts, offset) - 1] as number) + 1;
}

/** The name that an expression is, or ''. */
export function nameIn(file: FileFacts, expr: number): string {
  const at = expr * EXPR_STRIDE;
  return (file.exprs[at] as X) === X.Name ? (file.strings[file.exprs[at + 1] as number] ?? '') : '';
}
