/**
 * Expressions to terms and types, inside one function. Names are resolved here (locals, globals, constants, functions),
 * fields get the structure they belong to, and a lock's location gets the class that people know it by.
 */
import {
  EXPR_STRIDE,
  type FileFacts,
  Fn,
  OPERATORS,
  operatorCode,
  VAR_ADDRESS_TAKEN,
  VAR_ARRAY,
  VARIABLE_STRIDE,
  X,
} from '../facts/encode.js';
import type { Model } from '../model/types.js';
import { binary } from '../program/constant-expression.js';
import { type Program, type TypeRef, typeRef } from '../program/program.js';
import { fnColumn, type Graph } from './cfg.js';
import type { State } from './state.js';
import { T, type Terms } from './terms.js';

const LAND = operatorCode('&&');
const LOR = operatorCode('||');
const AND = operatorCode('&');
const OR = operatorCode('|');
const EQ = operatorCode('==');
const NE = operatorCode('!=');
const LT = operatorCode('<');
const GT = operatorCode('>');
const LE = operatorCode('<=');
const GE = operatorCode('>=');
const NOT = operatorCode('!');
const MINUS = operatorCode('-');
const PLUS = operatorCode('+');
const TILDE = operatorCode('~');

/** Marker for values that a variable holds before anything was stored. */
export const ENTRY_OP = 1 << 19;
/** Marker for values that meet at a block. */
export const JOIN_OP = 1 << 18;

/** Lock field names that mean one class wherever they stand. */
export type ClassesByField = ReadonlyMap<string, string>;

/** Field name to class, where only one class of the model has such a field. */
export function classesByField(model: Model): ClassesByField {
  const map = new Map<string, string>();
  const twice = new Set<string>();
  for (const name of model.lockClasses.keys()) {
    const at = name.indexOf('::');
    if (at < 0) continue;
    const field = name.slice(at + 2);
    if (map.has(field)) twice.add(field);
    map.set(field, name);
  }
  for (const field of twice) map.delete(field);
  return map;
}

/** The class of a lock by its field, where one structure has such a lock, or by what the model calls its owner. */
export function classOfField(model: Model, classes: ClassesByField, owner: string, field: string): string {
  const known = classes.get(field);
  if (known !== undefined) return known;
  const named = `${owner}::${field}`;
  return model.lockClasses.has(named) ? named : `?::${field}`;
}

/** Evaluates expressions of one function. */
export class Evaluator {
  /** Location term to the structure that its last field belongs to. */
  readonly owners = new Map<number, string>();
  /** Value term to its type, where an expression told. */
  readonly termTypes = new Map<number, TypeRef>();
  readonly tempTypes = new Map<number, TypeRef>();
  private readonly varTypes: (TypeRef | null)[] = [];
  private readonly firstVariable: number;
  private readonly plainPlace: boolean[] = [];

  constructor(
    readonly terms: Terms,
    readonly program: Program,
    readonly file: FileFacts,
    readonly graph: Graph,
    private readonly classes: ClassesByField,
    private readonly hasHelper: (name: string) => boolean,
  ) {
    this.firstVariable = fnColumn(file, graph.index, Fn.FirstVariable);
    for (let v = 0; v < graph.variableCount; v++) {
      const at = (this.firstVariable + v) * VARIABLE_STRIDE;
      const type = file.variables[at + 1] as number;
      const flags = file.variables[at + 2] as number;
      const t = type < 0 ? null : program.plain(typeRef(file, type));
      this.varTypes.push(t);
      const aggregate =
        t !== null &&
        t.depth === 0 &&
        (t.base.startsWith('struct ') || t.base.startsWith('union ')) &&
        v >= graph.parameterCount;
      this.plainPlace.push(aggregate || ((flags & VAR_ARRAY) !== 0 && v >= graph.parameterCount));
      if ((flags & VAR_ADDRESS_TAKEN) !== 0) this.addressTaken.add(v);
    }
  }

  readonly addressTaken = new Set<number>();

  variableName(v: number): string {
    return this.file.strings[this.file.variables[(this.firstVariable + v) * VARIABLE_STRIDE] as number] ?? '';
  }

  variableType(v: number): TypeRef | null {
    return this.varTypes[v] ?? null;
  }

  setVariableType(v: number, type: TypeRef): void {
    this.varTypes[v] ??= type;
  }

  variableFlags(v: number): number {
    return this.file.variables[(this.firstVariable + v) * VARIABLE_STRIDE + 2] as number;
  }

  variableCleanup(v: number): string {
    const s = this.file.variables[(this.firstVariable + v) * VARIABLE_STRIDE + 3] as number;
    return s < 0 ? '' : (this.file.strings[s] ?? '');
  }

  private exprKind(e: number): X {
    return this.file.exprs[e * EXPR_STRIDE] as X;
  }

  private exprA(e: number): number {
    return this.file.exprs[e * EXPR_STRIDE + 1] as number;
  }

  private exprB(e: number): number {
    return this.file.exprs[e * EXPR_STRIDE + 2] as number;
  }

  private exprC(e: number): number {
    return this.file.exprs[e * EXPR_STRIDE + 3] as number;
  }

  private text(s: number): string {
    return this.file.strings[s] ?? '';
  }

  /** What a variable holds. */
  variable(s: State, v: number): number {
    const t = s.vars[v] as number;
    if (t >= 0) return t;
    if (this.plainPlace[v] === true) return this.terms.load(this.terms.localPlace(v));
    return this.terms.fresh(ENTRY_OP, v);
  }

  /** The value of an expression. */
  value(s: State, e: number): number {
    const terms = this.terms;
    switch (this.exprKind(e)) {
      case X.Local: {
        const v = this.exprA(e);
        if (this.plainPlace[v] === true && (this.variableFlags(v) & VAR_ARRAY) !== 0)
          return terms.addr(terms.localPlace(v));
        return this.variable(s, v);
      }
      case X.Name: {
        const named = this.namedBy(e);
        return named.isPlace ? this.loaded(s, named.term) : named.term;
      }
      case X.Num:
        return terms.constant(this.file.nums[this.exprA(e)] ?? 0);
      case X.Str:
        return terms.str();
      case X.Field: {
        const value = this.loaded(s, this.place(s, e));
        if (!this.termTypes.has(value)) {
          const type = this.typeOf(e);
          if (type !== null) this.termTypes.set(value, type);
        }
        return value;
      }
      case X.Deref:
      case X.Index:
        return this.loaded(s, this.place(s, e));
      case X.Addr: {
        const inner = this.exprA(e);
        if (this.exprKind(inner) === X.Name && this.isFunction(this.text(this.exprA(inner))))
          return terms.global(this.text(this.exprA(inner)));
        return terms.addr(this.place(s, inner));
      }
      case X.Unary:
        return this.unary(this.exprA(e), this.value(s, this.exprB(e)));
      case X.Binary:
        return this.binary(this.exprA(e), this.value(s, this.exprB(e)), this.value(s, this.exprC(e)));
      case X.Cast:
        return this.value(s, this.exprB(e));
      case X.Temp:
        return tempOf(s, this.exprA(e)) ?? terms.unknown;
      case X.Type: {
        const t = typeRef(this.file, this.exprA(e));
        return terms.type(t.base);
      }
      default:
        return terms.unknown;
    }
  }

  /** What names mean, by expression: a constant, a function, or a place that something is loaded from. */
  private readonly names = new Map<number, { readonly term: number; readonly isPlace: boolean }>();

  private namedBy(e: number): { readonly term: number; readonly isPlace: boolean } {
    const known = this.names.get(e);
    if (known !== undefined) return known;
    const { terms } = this;
    const name = this.text(this.exprA(e));
    const constant = this.program.constant(name);
    const named =
      constant !== null
        ? { term: terms.constant(constant), isPlace: false }
        : this.isFunction(name)
          ? { term: terms.global(name), isPlace: false }
          : { term: terms.global(name, this.program.globalHome(name, this.file)), isPlace: true };
    this.names.set(e, named);
    return named;
  }

  private readonly fields = new Map<number, number>();

  /** The name of the field that an expression asks for. */
  private fieldOf(e: number): number {
    let field = this.fields.get(e);
    if (field === undefined) {
      field = this.terms.name(this.text(this.exprB(e)));
      this.fields.set(e, field);
    }
    return field;
  }

  private isFunction(name: string): boolean {
    return this.hasHelper(name) || this.program.resolve(name, this.file) !== null;
  }

  unary(op: number, value: number): number {
    const terms = this.terms;
    const n = terms.number(value);
    if (n !== null) {
      if (op === NOT) return n === 0 ? terms.one : terms.zero;
      if (op === MINUS) return terms.constant(-n);
      if (op === TILDE) return terms.constant(Number(~BigInt(Math.trunc(n))));
    }
    if (op < 0) return terms.unknown;
    return terms.un(op, value);
  }

  binary(op: number, left: number, right: number): number {
    const terms = this.terms;
    const l = terms.number(left);
    const r = terms.number(right);
    if (l !== null && r !== null && op >= 0) {
      const folded = isTypeless(op, l, r) ? binary(OPERATORS[op] ?? '', l, r) : null;
      if (folded !== null) return terms.constant(folded);
    }
    if (op < 0) return terms.unknown;
    if ((op === EQ || op === NE) && left === right && left !== terms.unknown)
      return op === EQ ? terms.one : terms.zero;
    if (op === LAND || op === LOR) {
      // One side decides, or the other one is all
      const n = l ?? r;
      if (n !== null) {
        if (op === LAND ? n === 0 : n !== 0) return op === LAND ? terms.zero : terms.one;
        return terms.un(NOT, terms.un(NOT, l === null ? left : right));
      }
    }
    if ((op === PLUS || op === MINUS) && r !== null) {
      // `(x + 1) - 1` is x again
      const kept = terms.kind(left) === T.Bin ? terms.a(left) : -1;
      const n = kept === PLUS || kept === MINUS ? terms.number(terms.c(left)) : null;
      if (n !== null) {
        const sum = (kept === PLUS ? n : -n) + (op === PLUS ? r : -r);
        if (sum === 0) return terms.b(left);
        return sum > 0
          ? terms.bin(PLUS, terms.b(left), terms.constant(sum))
          : terms.bin(MINUS, terms.b(left), terms.constant(-sum));
      }
    }
    if (op === AND && (l !== null) !== (r !== null)) {
      const masked = this.masked(l === null ? left : right, (l ?? r) as number);
      if (masked !== -1) return masked;
    }
    if (l !== null && r === null) {
      // Constants to the right, so that one test has one term
      if (op === EQ || op === NE || op === AND || op === OR) return terms.bin(op, right, left);
      if (op === LT) return terms.bin(GT, right, left);
      if (op === GT) return terms.bin(LT, right, left);
      if (op === LE) return terms.bin(GE, right, left);
      if (op === GE) return terms.bin(LE, right, left);
    }
    if ((op === EQ || op === NE) && r === null && left > right) return terms.bin(op, right, left);
    return terms.bin(op, left, right);
  }

  /** `((x & A) | B) & C` where one bit test of x is all that is left, or a number; -1 where it is no simpler. */
  private masked(value: number, mask: number): number {
    const terms = this.terms;
    if (terms.kind(value) !== T.Bin || !Number.isInteger(mask)) return -1;
    const op = terms.a(value);
    const inner = terms.number(terms.c(value));
    if (inner === null || (op !== AND && op !== OR)) return -1;
    const m = BigInt(mask);
    const c = BigInt(Math.trunc(inner));
    if (op === AND) {
      const rest = m & c;
      if (rest === 0n) return terms.zero;
      const deeper = this.masked(terms.b(value), Number(rest));
      return deeper !== -1 ? deeper : terms.bin(AND, terms.b(value), terms.constant(Number(rest)));
    }
    if ((m & c) === 0n) {
      const deeper = this.masked(terms.b(value), mask);
      return deeper !== -1 ? deeper : terms.bin(AND, terms.b(value), terms.constant(mask));
    }
    return (m & ~c) === 0n ? terms.constant(mask) : -1;
  }

  /** What a location holds: the last store through it, or memory. */
  loaded(s: State, place: number): number {
    if (place === this.terms.unknown) return place;
    for (let i = s.heap.length - 2; i >= 0; i -= 2) if (s.heap[i] === place) return s.heap[i + 1] as number;
    if (this.terms.kind(place) === T.Local) {
      const v = this.terms.a(place);
      if (this.plainPlace[v] !== true) return this.variable(s, v);
    }
    return this.terms.load(place);
  }

  /** The location that an expression names. */
  place(s: State, e: number): number {
    const terms = this.terms;
    switch (this.exprKind(e)) {
      case X.Local:
        return terms.localPlace(this.exprA(e));
      case X.Name: {
        const name = this.text(this.exprA(e));
        return terms.global(name, this.program.globalHome(name, this.file));
      }
      case X.Field: {
        const base = this.exprA(e);
        const field = this.fieldOf(e);
        const isPointer = this.exprC(e) === 1;
        const place = isPointer
          ? terms.fieldP(this.value(s, base), field)
          : terms.fieldL(this.place(s, base), field);
        if (!this.owners.has(place)) {
          const owner = this.typeOf(base);
          if (owner?.base.startsWith('struct ') === true) this.owners.set(place, owner.base);
        }
        return place;
      }
      case X.Deref:
        return terms.derefL(this.value(s, this.exprA(e)));
      case X.Index:
        return terms.elem(this.value(s, this.exprA(e)), this.value(s, this.exprB(e)));
      case X.Cast:
        return this.place(s, this.exprB(e));
      case X.Temp: {
        const value = tempOf(s, this.exprA(e)) ?? terms.unknown;
        // `f(x).field` or a statement expression that gives a structure: a place of its own
        return terms.kind(value) === T.Load ? terms.a(value) : terms.derefL(value);
      }
      default:
        return terms.unknown;
    }
  }

  /** Types of fields once what they are fields of has one: that does not change any more. */
  private readonly fieldTypes = new Map<number, TypeRef>();

  /** The type of an expression, or null. */
  typeOf(e: number): TypeRef | null {
    switch (this.exprKind(e)) {
      case X.Local:
        return this.varTypes[this.exprA(e)] ?? null;
      case X.Name: {
        const t = this.program.global(this.text(this.exprA(e)), this.file);
        return t;
      }
      case X.Field: {
        const known = this.fieldTypes.get(e);
        if (known !== undefined) return known;
        const base = this.typeOf(this.exprA(e));
        if (base === null) return null;
        const type = this.program.field(base.base, this.text(this.exprB(e)), this.file);
        if (type !== null) this.fieldTypes.set(e, type);
        return type;
      }
      case X.Deref: {
        const t = this.typeOf(this.exprA(e));
        return t === null ? null : { base: t.base, depth: Math.max(0, t.depth - 1) };
      }
      case X.Addr: {
        const t = this.typeOf(this.exprA(e));
        return t === null ? null : { base: t.base, depth: t.depth + 1 };
      }
      case X.Index: {
        const t = this.typeOf(this.exprA(e));
        return t === null ? null : { base: t.base, depth: Math.max(0, t.depth - 1) };
      }
      case X.Cast:
        return this.program.plain(typeRef(this.file, this.exprA(e)));
      case X.Temp:
        return this.tempTypes.get(this.exprA(e)) ?? null;
      case X.Binary:
        return this.typeOf(this.exprB(e));
      default:
        return null;
    }
  }

  /** The class of a lock at a location: `fuse_inode::lock`, a global's name, or `?::lock` where the type is unknown. */
  classOf(place: number): string {
    const terms = this.terms;
    switch (terms.kind(place)) {
      case T.Global:
        return terms.nameText(terms.a(place));
      case T.Local:
        return this.variableName(terms.a(place));
      case T.Elem:
        return this.classOf(
          terms.kind(terms.a(place)) === T.Load
            ? terms.a(terms.a(place))
            : terms.kind(terms.a(place)) === T.Addr
              ? terms.a(terms.a(place))
              : terms.a(place),
        );
      case T.FieldP:
      case T.FieldL: {
        const field = terms.nameText(terms.b(place));
        const owner = this.owners.get(place) ?? this.structAt(terms.a(place));
        if (owner !== null && owner !== undefined)
          return `${owner.replace(/^(struct|union) /, '')}::${field}`;
        return this.classes.get(field) ?? `?::${field}`;
      }
      case T.DerefL: {
        const pointer = terms.a(place);
        if (terms.kind(pointer) === T.Load) return `*${this.classOf(terms.a(pointer))}`;
        if (terms.kind(pointer) === T.Global) return terms.nameText(terms.a(pointer));
        return '?';
      }
      default:
        return '?';
    }
  }

  /** The structure that a base pointer or location is, from what the terms say. */
  private structAt(base: number): string | null {
    const terms = this.terms;
    if (terms.kind(base) === T.Container) return terms.nameText(terms.b(base));
    if (terms.kind(base) === T.Param) {
      const t = this.varTypes[terms.a(base)];
      return t?.base.startsWith('struct ') === true ? t.base : null;
    }
    const known = this.termTypes.get(base);
    if (known?.base.startsWith('struct ') === true) return known.base;
    if (terms.kind(base) === T.Load || terms.kind(base) === T.FieldP || terms.kind(base) === T.FieldL) {
      const place = terms.kind(base) === T.Load ? terms.a(base) : base;
      const kind = terms.kind(place);
      if (kind === T.Global) {
        const t = this.program.global(terms.nameText(terms.a(place)), this.file);
        return t?.depth === 1 && t.base.startsWith('struct ') ? t.base : null;
      }
      if (kind === T.FieldP || kind === T.FieldL) {
        const outer = this.owners.get(place) ?? this.structAt(terms.a(place));
        if (outer === null || outer === undefined) return null;
        const t = this.program.field(outer, terms.nameText(terms.b(place)), this.file);
        return t?.base.startsWith('struct ') === true ? t.base : null;
      }
    }
    return null;
  }

  /** The structure behind a pointer value, `struct autofs_info`, or ''. */
  pointeeOf(value: number): string {
    return this.structAt(value) ?? '';
  }

  /** `struct::field` that a pointer value was loaded from, or ''. */
  ownerOf(value: number): string {
    const terms = this.terms;
    if (terms.kind(value) === T.Load) return this.classOf(terms.a(value));
    return '';
  }
}

/** What a temporary holds, or undefined. */
export function tempOf(s: State, temp: number): number | undefined {
  for (let i = 0; i < s.temps.length; i += 2) if (s.temps[i] === temp) return s.temps[i + 1];
  return undefined;
}

/** Temporaries with one more. */
export function withTemp(temps: readonly number[], temp: number, value: number): readonly number[] {
  for (let i = 0; i < temps.length; i += 2) {
    if (temps[i] === temp) {
      const out = temps.slice();
      out[i + 1] = value;
      return out;
    }
  }
  return [...temps, temp, value];
}

const DIVIDING: ReadonlySet<number> = new Set(['/', '%', '>>'].map(operatorCode));

/** Whether an operation on numbers gives the same whatever their types: not a division of what is -1 here and ~0U in the text. */
function isTypeless(op: number, left: number, right: number): boolean {
  return (left >= 0 && right >= 0) || !DIVIDING.has(op);
}
