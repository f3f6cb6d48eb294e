/**
 * What a function pointer may hold, over a whole program: what fills the slot that it is read from, there or in another slot
 * that was copied into it, by way of local variables and of functions that give a pointer back. For questions about a
 * whole program; contexts are not made of it. Parameters are unknown here: who hands a function over leads to it.
 */
import { EXPR_STRIDE, Fn, FUNCTION_STRIDE, nameIn, OP_STRIDE, Op, X } from '../facts/encode.js';
import type { Model } from '../model/types.js';
import { type Beginnings, OTHER_OPERATIONS, resolveAnywhere } from './beginnings.js';
import { ExpressionTypes } from './expression-types.js';
import type { FunctionRef, Program } from './program.js';

/** Values are followed through this many copies. */
const MAX_STEPS = 4;

interface Copy {
  readonly fn: FunctionRef;
  readonly value: number;
}

/** Targets of function pointers. */
export class Pointers {
  /** Values that were copied into a slot, by `struct::slot`. */
  private copies: Map<string, Copy[]> | null = null;
  private readonly slots = new Map<string, ReadonlySet<number>>();

  constructor(
    private readonly program: Program,
    private readonly model: Model,
    private readonly beginnings: Beginnings,
  ) {}

  /** What an expression of a function may hold. */
  targets(f: FunctionRef, types: ExpressionTypes, e: number): ReadonlySet<number> {
    const out = new Set<number>();
    this.value(f, types, e, out, new Set(), 0);
    return out;
  }

  /** What a slot may hold. Slots of the model are beginnings of their own, wherever they are called. */
  slot(struct: string, slot: string): ReadonlySet<number> {
    const key = `${struct}::${slot}`;
    let known = this.slots.get(key);
    if (known === undefined) {
      const out = new Set<number>();
      this.held(struct, slot, out, new Set(), 0);
      known = out;
      this.slots.set(key, known);
    }
    return known;
  }

  private held(struct: string, slot: string, out: Set<number>, seen: Set<string>, steps: number): void {
    const key = `${struct}::${slot}`;
    if (seen.has(key) || (this.model.methods.has(key) && !OTHER_OPERATIONS.has(struct))) return;
    seen.add(key);
    for (const id of this.beginnings.fillers.get(key) ?? []) out.add(id);
    for (const id of this.beginnings.fillers.get(`${struct}::*`) ?? []) out.add(id);
    if (steps >= MAX_STEPS) return;
    for (const c of this.copied().get(key) ?? [])
      this.value(c.fn, new ExpressionTypes(this.program, c.fn), c.value, out, seen, steps + 1);
  }

  private value(
    f: FunctionRef,
    types: ExpressionTypes,
    e: number,
    out: Set<number>,
    seen: Set<string>,
    steps: number,
  ): void {
    const { file } = f;
    const at = e * EXPR_STRIDE;
    const a = file.exprs[at + 1] as number;
    const b = file.exprs[at + 2] as number;
    switch (file.exprs[at] as X) {
      case X.Name: {
        const fn = resolveAnywhere(this.program, file.strings[a] ?? '', file);
        if (fn !== null) out.add(fn.id);
        return;
      }
      case X.Addr:
      case X.Deref:
        this.value(f, types, a, out, seen, steps);
        return;
      case X.Cast:
        this.value(f, types, b, out, seen, steps);
        return;
      case X.Index: {
        const table = nameIn(f.file, a);
        if (table === '') this.value(f, types, a, out, seen, steps);
        else for (const id of this.beginnings.fillers.get(`=${file.path}#${table}`) ?? []) out.add(id);
        return;
      }
      case X.Field: {
        const slot = types.slot(e);
        if (slot !== null && slot.struct !== '') this.held(slot.struct, slot.slot, out, seen, steps);
        return;
      }
      case X.Local:
      case X.Temp:
        if (types.parameter(e) < 0 && steps < MAX_STEPS) this.assigned(f, types, e, out, seen, steps + 1);
        return;
      default:
        return;
    }
  }

  /** Everything that a local variable or a temporary is set to in its function. */
  private assigned(
    f: FunctionRef,
    types: ExpressionTypes,
    e: number,
    out: Set<number>,
    seen: Set<string>,
    steps: number,
  ): void {
    const { file } = f;
    const kind = file.exprs[e * EXPR_STRIDE] as X;
    const number = file.exprs[e * EXPR_STRIDE + 1] as number;
    const key = `${f.id}:${kind}:${number}`;
    if (seen.has(key)) return;
    seen.add(key);
    for (const op of operationsOf(f)) {
      const a = file.ops[op + 1] as number;
      const b = file.ops[op + 2] as number;
      const what = file.ops[op] as Op;
      const hit =
        kind === X.Temp
          ? what === Op.Set && a === number
          : (what === Op.Declare && a === number) ||
            (what === Op.Assign &&
              (file.exprs[a * EXPR_STRIDE] as X) === X.Local &&
              file.exprs[a * EXPR_STRIDE + 1] === number);
      if (hit && b >= 0) this.value(f, types, b, out, seen, steps);
      if (kind === X.Temp && what === Op.Call && file.ops[op + 3] === number)
        this.returned(f, nameIn(f.file, a), out, seen, steps);
    }
  }

  private returned(f: FunctionRef, name: string, out: Set<number>, seen: Set<string>, steps: number): void {
    const callee = name === '' ? null : resolveAnywhere(this.program, name, f.file);
    if (callee === null || steps >= MAX_STEPS || seen.has(`r:${callee.id}`)) return;
    seen.add(`r:${callee.id}`);
    const types = new ExpressionTypes(this.program, callee);
    for (const op of operationsOf(callee)) {
      const value = callee.file.ops[op + 1] as number;
      if ((callee.file.ops[op] as Op) === Op.Return && value >= 0)
        this.value(callee, types, value, out, seen, steps + 1);
    }
  }

  /** Slots that are set to what another pointer holds; what is set to a function's name fills them already. */
  private copied(): ReadonlyMap<string, readonly Copy[]> {
    if (this.copies !== null) return this.copies;
    const copies = new Map<string, Copy[]>();
    this.copies = copies;
    for (const fn of this.program.functions) {
      if (fn.isMacro) continue;
      const { file } = fn;
      let types: ExpressionTypes | null = null;
      for (const op of operationsOf(fn)) {
        if ((file.ops[op] as Op) !== Op.Assign) continue;
        const location = file.ops[op + 1] as number;
        const value = file.ops[op + 2] as number;
        const kind = file.exprs[value * EXPR_STRIDE] as X;
        if ((file.exprs[location * EXPR_STRIDE] as X) !== X.Field) continue;
        if (kind !== X.Field && kind !== X.Local && kind !== X.Temp && kind !== X.Index) continue;
        types ??= new ExpressionTypes(this.program, fn);
        if (types.parameter(value) >= 0) continue;
        const slot = types.slot(location);
        if (slot === null || slot.struct === '') continue;
        if (this.program.field(`struct ${slot.struct}`, slot.slot, file)?.base !== '(*)') continue;
        const key = `${slot.struct}::${slot.slot}`;
        const list = copies.get(key);
        if (list === undefined) copies.set(key, [{ fn, value }]);
        else list.push({ fn, value });
      }
    }
    return copies;
  }
}

function* operationsOf(f: FunctionRef): Generator<number> {
  const first = f.file.functions[f.index * FUNCTION_STRIDE + Fn.FirstOp] as number;
  const count = f.file.functions[f.index * FUNCTION_STRIDE + Fn.OpCount] as number;
  for (let o = first; o < first + count; o++) yield o * OP_STRIDE;
}
