/**
 * The rcu_head members of structures: which structure has one, who hands it over to wait for a grace period, and which functions are
 * made to run after that.
 */
import { calledName, fnColumn } from '../contexts/cfg.js';
import type { FunctionRun } from '../contexts/flow.js';
import { readsOf } from '../contexts/operands.js';
import { EXPR_STRIDE, type FileFacts, Fn, OP_STRIDE, Op, VARIABLE_STRIDE, X } from '../facts/encode.js';
import type { Model } from '../model/types.js';
import { type FunctionRef, type TypeRef, typeRef } from '../program/program.js';
import { OfEach, ofOne } from './kept.js';
import { Mentions } from './mentions.js';
import { watch } from './replay.js';
import type { RuleContext } from './rule.js';
import { madeIn } from './unshared.js';

/** Helpers that take an object or its rcu_head and end it after a grace period. */
export const handingOver = ofOne((model: Model): ReadonlySet<string> => {
  const out = new Set<string>();
  for (const h of model.helpers.values())
    if (
      h.callbacks?.some((c) => c.context === 'rcu') === true ||
      h.frees?.some((f) => f.how === 'rcu') === true
    )
      out.add(h.name);
  return out;
});

function isHead(type: TypeRef | undefined): boolean {
  return type !== undefined && (type.base === 'struct rcu_head' || type.base === 'struct callback_head');
}

const USED = new OfEach<ReadonlySet<string>>();
const MADE = new OfEach<ReadonlySet<string>>();

/** What is known of rcu_heads in one check. */
export class Heads {
  private readonly helpers: ReadonlySet<string>;
  private readonly mentions: Mentions;
  /** By unit: structures whose heads are used; `?member` where the structure is not known. */
  private readonly used = new Map<string, ReadonlySet<string>>();

  constructor(private readonly cx: RuleContext) {
    this.helpers = handingOver(cx.analysis.model);
    this.mentions = new Mentions(this.helpers);
  }

  /** The member of a structure that is its rcu_head, or ''. */
  of(struct: string, from: FileFacts): string {
    const fields = this.cx.analysis.program.structure(struct, from)?.fields ?? [];
    return fields.find((f) => f.type.depth === 0 && isHead(f.type))?.name ?? '';
  }

  /** Whether a structure is the whole kernel's: it is defined below `include/`, and nothing in the unit of a function makes such objects. */
  isOfAll(struct: string, { file, unit }: FunctionRef): boolean {
    const { analysis } = this.cx;
    if (analysis.program.structure(struct, file)?.file.path.startsWith('include/') !== true) return false;
    for (const [id, made] of MADE.of(analysis, (fn) => this.madeBy(fn)))
      if (made.has(struct) && analysis.program.functions[id]?.unit === unit) return false;
    return true;
  }

  /** The structures of which a function allocates objects, into variables of its own; null where there are none. */
  private madeBy(fn: FunctionRef): ReadonlySet<string> | null {
    const { file, index } = fn;
    const first = fnColumn(file, index, Fn.FirstVariable);
    const out = new Set<string>();
    for (const v of madeIn(this.cx, fn)) {
      const type = file.variables[(first + v) * VARIABLE_STRIDE + 1] as number;
      if (type >= 0) out.add(this.cx.analysis.program.plain(typeRef(file, type)).base);
    }
    return out.size === 0 ? null : out;
  }

  /** Whether a function takes a head: an RCU callback by its shape. */
  isCallback(fn: FunctionRef): boolean {
    return this.takesHead(fn) === 0 && fnColumn(fn.file, fn.index, Fn.ParameterCount) === 1;
  }

  /** The first parameter of a function that is a head; -1 where there is none. */
  takesHead(fn: FunctionRef): number {
    const { file, index } = fn;
    if (fn.isMacro) return -1;
    const first = fnColumn(file, index, Fn.FirstVariable);
    for (let p = 0; p < fnColumn(file, index, Fn.ParameterCount); p++) {
      const type = file.variables[(first + p) * VARIABLE_STRIDE + 1] as number;
      const t = type < 0 ? undefined : this.cx.analysis.program.plain(typeRef(file, type));
      if (t?.depth === 1 && isHead(t)) return p;
    }
    return -1;
  }

  /** Whether anything in a unit lets such objects wait for a grace period. */
  areUsed(struct: string, head: string, unit: string): boolean {
    let used = this.used.get(unit);
    if (used === undefined) {
      used = this.usedIn(unit);
      this.used.set(unit, used);
    }
    return used.has(struct) || used.has(`?${head}`);
  }

  /** Whether a function itself hands a callback to somebody who is to call it. */
  handsOver(fn: FunctionRef, callback: string): boolean {
    const { file, index } = fn;
    const count = fnColumn(file, index, Fn.OpCount);
    for (let op = 0; op < count; op++)
      if (
        calledName(fn, op) !== '' &&
        readsOf(fn, op).some(
          (e, i) =>
            i > 0 &&
            (file.exprs[e * EXPR_STRIDE] as X) === X.Name &&
            file.strings[file.exprs[e * EXPR_STRIDE + 1] as number] === callback,
        )
      )
        return true;
    return false;
  }

  /** The structure whose head `&p->head` is, or ''. */
  ownerIn(run: FunctionRun, e: number): string {
    const { file } = run.fn;
    if (e < 0 || (file.exprs[e * EXPR_STRIDE] as X) !== X.Addr) return '';
    let inner = file.exprs[e * EXPR_STRIDE + 1] as number;
    if ((file.exprs[inner * EXPR_STRIDE] as X) !== X.Field) return '';
    // A head inside of a union
    while (
      file.exprs[inner * EXPR_STRIDE + 3] !== 1 &&
      (file.exprs[(file.exprs[inner * EXPR_STRIDE + 1] as number) * EXPR_STRIDE] as X) === X.Field
    )
      inner = file.exprs[inner * EXPR_STRIDE + 1] as number;
    const type = run.ev.typeOf(file.exprs[inner * EXPR_STRIDE + 1] as number);
    return type?.base.startsWith('struct ') === true ? type.base : '';
  }

  private usedIn(unit: string): Set<string> {
    const { analysis } = this.cx;
    const out = new Set<string>();
    const all = USED.of(analysis, (fn) => {
      const used = this.usedBy(fn);
      return used.size === 0 ? null : used;
    });
    for (const [id, used] of all)
      if (analysis.program.functions[id]?.unit === unit) for (const name of used) out.add(name);
    return out;
  }

  private usedBy(fn: FunctionRef): ReadonlySet<string> {
    const { analysis } = this.cx;
    const out = new Set<string>();
    for (const f of analysis.results[fn.id]?.frees ?? [])
      if (f.type !== '' && (f.how === 'rcu' || f.afterGrace)) out.add(f.type);
    if (!this.mentions.in(fn)) return out;
    const entry = analysis.propagation?.entries[fn.id]?.[0];
    if (entry === undefined) {
      this.byName(fn, out);
      return out;
    }
    let seen = false;
    const uses = (op: number): boolean => this.helpers.has(calledName(fn, op));
    watch(analysis, fn, entry, uses, (run, op) => {
      seen = true;
      const first = readsOf(fn, op)[1];
      if (first === undefined) return;
      const owner = this.ownerIn(run, first);
      const type = run.ev.typeOf(first);
      if (owner !== '') out.add(owner);
      else if (type?.base.startsWith('struct ') === true && !isHead(type)) out.add(type.base);
      else this.byName(fn, out);
    });
    if (!seen) this.byName(fn, out);
    return out;
  }

  /** A function that could not be looked at: every member whose address it hands over, whatever has it. */
  private byName(fn: FunctionRef, out: Set<string>): void {
    const { file, index } = fn;
    const first = fnColumn(file, index, Fn.FirstOp);
    const count = fnColumn(file, index, Fn.OpCount);
    for (let op = 0; op < count; op++) {
      if ((file.ops[(first + op) * OP_STRIDE] as Op) !== Op.Call || !this.helpers.has(calledName(fn, op)))
        continue;
      for (const e of readsOf(fn, op).slice(1)) {
        let at = e;
        if ((file.exprs[at * EXPR_STRIDE] as X) === X.Addr) at = file.exprs[at * EXPR_STRIDE + 1] as number;
        const kind = file.exprs[at * EXPR_STRIDE] as X;
        if (kind === X.Field) out.add(`?${file.strings[file.exprs[at * EXPR_STRIDE + 2] as number]}`);
        if (kind === X.Name) out.add(`?${file.strings[file.exprs[at * EXPR_STRIDE + 1] as number]}`);
      }
    }
  }
}
