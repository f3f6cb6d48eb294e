/**
 * Whom the functions of a program call by name, with macros (and the texts of scope classes) compiled as functions on the way, each
 * once. Stays when nothing but bodies of functions change. Must not know what a call does.
 */

import { mutuallyReachable } from '../base/graph.js';
import { functionKeys } from '../facts/changes.js';
import { EXPR_STRIDE, type FileFacts, Fn, nameIn, OP_STRIDE, Op, X } from '../facts/encode.js';
import type { MacroReader } from '../facts/macro.js';
import type { Model } from '../model/types.js';
import { BeginningsRead } from '../program/beginnings.js';
import { type FunctionRef, type MacroRef, type Program, unitOf } from '../program/program.js';
import { fnColumn } from './cfg.js';
import { ScopeClasses } from './scope-classes.js';

/** Past this many fillers of a private slot what a call through it does is unknown. */
export const MAX_FILLERS = 8;

/** `#define this_name that_name`, one after the other. */
const MAX_RENAMES = 3;

/** Functions of a program by what they call. */
export class Callees {
  /** By function: what tells it apart in other versions of the program. */
  readonly keys: string[] = [];
  readonly scopes: ScopeClasses;
  /** What was read of the program's texts about where control comes in. */
  readonly beginningsRead: BeginningsRead;
  private readonly macroCache = new Map<MacroRef, FunctionRef | null>();
  private readonly macroKeys = new Map<string, number>();
  private readonly known: (readonly number[] | undefined)[] = [];
  /** By function: who may stand in private slots that it calls through. */
  private readonly fillers: (readonly number[] | undefined)[] = [];
  /** Told of each function that is compiled. An object and no closure: closures of one place keep alive what any of them needs. */
  listener: { know(id: number, key: string): void } | null = null;

  constructor(
    readonly program: Program,
    private readonly model: Model,
    private readonly macros: MacroReader,
  ) {
    for (const file of program.files.values())
      for (const { full } of functionKeys(file)) this.keys.push(full);
    this.beginningsRead = new BeginningsRead(program);
    this.scopes = new ScopeClasses(program, model, (file, name, params, text, position) =>
      this.compileText(file, name, params, text, position),
    );
  }

  /** An order of functions that does not hang on when macros were compiled. */
  readonly order = (a: number, b: number): number => {
    const { functions } = this.program;
    const macro = (id: number): number => (functions[id]?.isMacro === true ? 1 : 0);
    const apart = macro(a) - macro(b);
    if (apart !== 0) return apart;
    if (macro(a) === 0) return a - b;
    return (this.keys[a] as string) < (this.keys[b] as string) ? -1 : 1;
  };

  /** A macro as a function of the program; null where it is no code, or where what it is depends on a name that it is given. */
  compile(macro: MacroRef): FunctionRef | null {
    const known = this.macroCache.get(macro);
    if (known !== undefined) return known;
    const params = macro.params ?? [];
    const ref = namesMember(params, macro.body)
      ? null
      : this.compileText(macro.file, macro.name, params, macro.body, macro.position);
    this.macroCache.set(macro, ref);
    return ref;
  }

  /** A text of a file as a function of the program. */
  private compileText(
    file: FileFacts,
    name: string,
    params: readonly string[],
    body: string,
    position: number,
  ): FunctionRef | null {
    const read = this.macros.read(file, name, params, body, position);
    if (read === null) return null;
    const nth = this.macroKeys.get(read.key) ?? 0;
    this.macroKeys.set(read.key, nth + 1);
    const key = nth === 0 ? read.key : `${read.key}#${nth}`;
    this.listener?.know(this.keys.length, key);
    this.keys.push(key);
    return this.program.addMacroFunction(read.facts, 0, name, unitOf(file.path));
  }

  /** Another text of a file, with nothing but other bodies: its macros stand elsewhere, its functions may call others. */
  replaceBodies(now: FileFacts): void {
    const before = this.program.files.get(now.path);
    this.program.replaceBodies(now);
    for (const { file, id, index } of this.program.functions) {
      const callees = file === now ? this.known[id] : undefined;
      if (callees === undefined || before === undefined) continue;
      // The same text names the same functions
      if (fnColumn(before, index, Fn.Hash) === fnColumn(now, index, Fn.Hash)) continue;
      if (!this.before.has(id)) this.before.set(id, [callees, this.fillers[id] ?? []]);
      this.known[id] = undefined;
      this.fillers[id] = undefined;
    }
    const standsElsewhere = (
      ref: FunctionRef,
      params: readonly string[],
      body: string,
      position: number,
    ): void => {
      const read = this.macros.read(now, ref.name, params, body, position);
      if (read !== null) Object.assign(ref, { file: read.facts });
    };
    for (const [macro, ref] of this.macroCache)
      if (ref !== null && macro.file === now)
        standsElsewhere(ref, macro.params ?? [], macro.body, macro.position);
    this.scopes.replaceBodies(now, standsElsewhere);
  }

  private grouped: {
    readonly roots: readonly number[];
    readonly groups: readonly (readonly number[])[];
  } | null = null;
  /** Of functions whose bodies changed since `grouped`: whom they called by name, and through private slots. */
  private readonly before = new Map<number, readonly [readonly number[], readonly number[]]>();

  /**
   * Functions that call each other by name, of all that is reachable from `roots`: callees first, and who stands in a private slot before
   * who calls through it, as far as neither calls the other by name too.
   */
  groups(roots: readonly number[]): readonly (readonly number[])[] {
    const stands =
      this.grouped !== null &&
      isAlike(this.grouped.roots, roots) &&
      [...this.before].every(
        ([id, [named, slots]]) => isAlike(named, this.of(id)) && isAlike(slots, this.fillersOf(id)),
      );
    this.before.clear();
    if (!stands) this.grouped = { roots, groups: this.inOrder(roots) };
    return (this.grouped as { readonly groups: readonly (readonly number[])[] }).groups;
  }

  private inOrder(roots: readonly number[]): readonly (readonly number[])[] {
    const all = mutuallyReachable(roots, (id) => [...this.of(id), ...this.fillersOf(id)], this.order);
    return all.flatMap((group) => {
      if (group.length === 1) return [group];
      // What only slots bring together is no circle of calls
      const inside = new Set(group);
      const named = (id: number): readonly number[] => this.of(id).filter((callee) => inside.has(callee));
      return mutuallyReachable(group, named, this.order);
    });
  }

  /** Functions of the program that a function calls or names, macros compiled on the way. */
  of(id: number): readonly number[] {
    const known = this.known[id];
    if (known !== undefined) return known;
    const fn = this.program.functions[id] as FunctionRef;
    const file = fn.file;
    const found = new Set<number>();
    for (const { name, as } of mentionedIn(file, fn.index)) {
      if (as === 'slot') continue;
      if (as === 'guard') {
        const scope = this.scopes.of(name, file);
        for (const step of [scope?.acquire, scope?.release])
          if (typeof step === 'object' && step !== null) found.add(step.id);
        continue;
      }
      const callee = this.named(name, file, as === 'call');
      if (callee !== null) found.add(callee.id);
    }
    const out = [...found];
    this.known[id] = out;
    return out;
  }

  /** The functions that stand in private slots which a function calls through, where they are few. */
  private fillersOf(id: number): readonly number[] {
    const known = this.fillers[id];
    if (known !== undefined) return known;
    const { program, model } = this;
    const fn = program.functions[id] as FunctionRef;
    const all = new Set<number>();
    for (const { name, as } of mentionedIn(fn.file, fn.index)) {
      if (as !== 'slot') continue;
      const out = new Set<number>();
      for (const struct of program.structsWithSlot(name)) {
        if (model.methods.has(`${struct}::${name}`)) continue;
        for (const filler of program.functionsInSlot(struct, name, fn.unit))
          if (filler.id !== id) out.add(filler.id);
      }
      if (out.size <= MAX_FILLERS) for (const filler of out) all.add(filler);
    }
    const out = [...all];
    this.fillers[id] = out;
    return out;
  }

  /** The function that a name means; `called`: or the macro, compiled, where the model does not know what it does. */
  private named(name: string, file: FileFacts, called: boolean): FunctionRef | null {
    let meant = name;
    for (let renamed = 0; renamed <= MAX_RENAMES; renamed++) {
      const target = this.program.resolve(meant, file);
      if (target !== null) return target;
      if (!called || this.model.helpers.has(meant)) return null;
      const macro = this.program.macro(meant, file);
      if (macro === null) return null;
      if (macro.params !== null) return this.compile(macro);
      if (!/^\w+$/.test(macro.body)) return null;
      meant = macro.body;
    }
    return null;
  }
}

/** Whether a macro reaches for a member whose name it is given. */
function namesMember(params: readonly string[], body: string): boolean {
  return (
    /->|\./.test(body) && params.some((p) => /^\w+$/.test(p) && new RegExp(`(->|\\.)\\s*${p}\\b`).test(body))
  );
}

function isAlike(a: readonly number[], b: readonly number[]): boolean {
  return a.length === b.length && a.every((n, i) => n === b[i]);
}

/** A name that a function calls, calls through, hands over, or takes a scope class by. */
interface Mention {
  readonly name: string;
  readonly as: 'call' | 'slot' | 'argument' | 'guard';
}

const MENTIONED = new WeakMap<FileFacts, (readonly Mention[] | undefined)[]>();

/** The names that a function mentions so, each once, in their order. What they mean is the program's. */
function mentionedIn(file: FileFacts, index: number): readonly Mention[] {
  let inFile = MENTIONED.get(file);
  if (inFile === undefined) {
    inFile = [];
    MENTIONED.set(file, inFile);
  }
  const known = inFile[index];
  if (known !== undefined) return known;
  const out = new Map<string, Mention>();
  const add = (name: string, as: Mention['as']): void => {
    const key = `${as} ${name}`;
    if (name !== '' && !out.has(key)) out.set(key, { name, as });
  };
  const first = fnColumn(file, index, Fn.FirstOp);
  const count = fnColumn(file, index, Fn.OpCount);
  for (let o = 0; o < count; o++) {
    const at = (first + o) * OP_STRIDE;
    const op = file.ops[at] as Op;
    if (op === Op.Guard) add(file.strings[file.ops[at + 1] as number] ?? '', 'guard');
    if (op !== Op.Call) continue;
    const callee = file.ops[at + 1] as number;
    if (callee >= 0 && (file.exprs[callee * EXPR_STRIDE] as X) === X.Field)
      add(file.strings[file.exprs[callee * EXPR_STRIDE + 2] as number] ?? '', 'slot');
    else add(nameIn(file, callee), 'call');
    const list = file.ops[at + 2] as number;
    const arguments_ = file.lists[list] as number;
    for (let i = 1; i <= arguments_; i++) {
      const e = file.lists[list + i] as number;
      const isAddress = (file.exprs[e * EXPR_STRIDE] as X) === X.Addr;
      add(nameIn(file, isAddress ? (file.exprs[e * EXPR_STRIDE + 1] as number) : e), 'argument');
    }
  }
  const mentions = [...out.values()];
  inFile[index] = mentions;
  return mentions;
}
