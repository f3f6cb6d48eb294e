/**
 * Types of expressions as the declarations tell them, without a path: for questions about a whole program, where no
 * function is walked. Must not know states; what a path would know better is unknown here.
 */
import {
  EXPR_STRIDE,
  Fn,
  FUNCTION_STRIDE,
  nameIn,
  OP_STRIDE,
  Op,
  VARIABLE_STRIDE,
  X,
} from '../facts/encode.js';
import { type FunctionRef, type Program, readList, type TypeRef, typeRef } from './program.js';

const CONTAINER = /container_of\w*\s*\([^,]*,\s*(struct \w+)\s*,/;
const CAST = /^\(*\s*\((struct \w+)\s*\*\)/;

/** Types in one function. */
export class ExpressionTypes {
  private temps: Map<number, TypeRef | null> | null = null;

  constructor(
    private readonly program: Program,
    private readonly fn: FunctionRef,
  ) {}

  /** The type of a temporary: of the call, or of the first value, that it comes from. Read when first asked for. */
  private temp(number: number): TypeRef | null {
    if (this.temps === null) {
      const { file, index } = this.fn;
      this.temps = new Map();
      const first = file.functions[index * FUNCTION_STRIDE + Fn.FirstOp] as number;
      const count = file.functions[index * FUNCTION_STRIDE + Fn.OpCount] as number;
      for (let o = first; o < first + count; o++) {
        const op = o * OP_STRIDE;
        const kind = file.ops[op] as Op;
        if (kind === Op.Call && (file.ops[op + 3] as number) >= 0)
          this.temps.set(file.ops[op + 3] as number, this.ofCall(op));
        else if (kind === Op.Set && !this.temps.has(file.ops[op + 1] as number))
          this.temps.set(file.ops[op + 1] as number, this.of(file.ops[op + 2] as number));
      }
    }
    return this.temps.get(number) ?? null;
  }

  private ofCall(op: number): TypeRef | null {
    const { file } = this.fn;
    const name = nameIn(file, file.ops[op + 1] as number);
    if (name === '') return null;
    const args = readList(file, file.ops[op + 2] as number);
    const known = this.program.returnType(name, file);
    if (known !== null && known.base !== '') return known;
    for (const a of args)
      if ((file.exprs[a * EXPR_STRIDE] as X) === X.Type)
        return this.program.plain({ ...typeRef(file, file.exprs[a * EXPR_STRIDE + 1] as number), depth: 1 });
    const body = this.program.macro(name, file)?.body ?? '';
    const struct = CONTAINER.exec(body)?.[1] ?? CAST.exec(body)?.[1];
    if (struct !== undefined) return { base: struct, depth: 1 };
    // `READ_ONCE(x)`, `rcu_dereference(x)`: a macro that gives back what it got
    return args[0] === undefined ? null : this.of(args[0]);
  }

  /** The type of an expression, or null. */
  of(e: number): TypeRef | null {
    const { file } = this.fn;
    const at = e * EXPR_STRIDE;
    const a = file.exprs[at + 1] as number;
    const less = (t: TypeRef | null): TypeRef | null =>
      t === null ? null : { base: t.base, depth: Math.max(0, t.depth - 1) };
    switch (file.exprs[at] as X) {
      case X.Local: {
        const first = file.functions[this.fn.index * FUNCTION_STRIDE + Fn.FirstVariable] as number;
        return this.program.plain(typeRef(file, file.variables[(first + a) * VARIABLE_STRIDE + 1] as number));
      }
      case X.Name:
        return this.program.global(file.strings[a] ?? '', file);
      case X.Field: {
        const base = this.of(a);
        if (base === null) return null;
        return this.program.field(base.base, file.strings[file.exprs[at + 2] as number] ?? '', file);
      }
      case X.Deref:
      case X.Index:
        return less(this.of(a));
      case X.Addr: {
        const t = this.of(a);
        return t === null ? null : { base: t.base, depth: t.depth + 1 };
      }
      case X.Cast:
        return this.program.plain(typeRef(file, a));
      case X.Temp:
        return this.temp(a);
      case X.Binary:
        return this.of(file.exprs[at + 2] as number);
      default:
        return null;
    }
  }

  /** Structure and field of `x->f`; the structure is '' where it is not known. Null where it is no field. */
  slot(e: number): { readonly struct: string; readonly slot: string } | null {
    const { file } = this.fn;
    const at = e * EXPR_STRIDE;
    const kind = file.exprs[at] as X;
    if (kind === X.Index || kind === X.Deref) return this.slot(file.exprs[at + 1] as number);
    if (kind !== X.Field) return null;
    const base = this.of(file.exprs[at + 1] as number)?.base ?? '';
    return {
      struct: base.startsWith('struct ') ? base.slice(7) : '',
      slot: file.strings[file.exprs[at + 2] as number] ?? '',
    };
  }

  /** The position of the parameter that an expression is, or -1. */
  parameter(e: number): number {
    const { file } = this.fn;
    if ((file.exprs[e * EXPR_STRIDE] as X) !== X.Local) return -1;
    const v = file.exprs[e * EXPR_STRIDE + 1] as number;
    return v < (file.functions[this.fn.index * FUNCTION_STRIDE + Fn.ParameterCount] as number) ? v : -1;
  }
}
