/**
 * The whole analysis of a program: effects bottom-up over the call graph, then contexts top-down from the model's
 * methods. A function is walked once; its contexts are composed from its callers' contexts and the states at the calls,
 * so that nothing is walked again for a second caller.
 */
import { type CancelToken, throwIfCancelled } from '../base/cancel.js';
import { mutuallyReachable } from '../base/graph.js';
import { functionKeys } from '../facts/changes.js';
import { EXPR_STRIDE, type FileFacts, Fn, lineAt, nameIn, OP_STRIDE, Op, X } from '../facts/encode.js';
import type { MacroReader } from '../facts/macro.js';
import type { Model } from '../model/types.js';
import { type Beginnings, findBeginnings } from '../program/beginnings.js';
import { type FunctionRef, type MacroRef, type Program, unitOf } from '../program/program.js';
import { fnColumn } from './cfg.js';
import { Chains } from './chains.js';
import { type Earlier, type Found, NOTHING_FOUND, walkedOnce } from './earlier.js';
import { classesByField } from './evaluate.js';
import { FunctionRun } from './flow.js';
import { Propagation } from './propagate.js';
import type { FunctionResult } from './result.js';
import { ScopeClasses } from './scope-classes.js';
import type { Shared } from './shared.js';
import { Terms } from './terms.js';

/** Rounds over one cycle of mutually recursive functions; past it the effect is what the last round gave. */
const MAX_ROUNDS = 3;

/** `#define this_name that_name`, one after the other. */
const MAX_RENAMES = 3;

/** One analysis of one program. */
export class Analysis {
  readonly shared: Shared;
  readonly results: (FunctionResult | undefined)[] = [];
  private readonly macroCache = new Map<string, FunctionRef | null>();
  private readonly macroKeys = new Map<string, number>();
  /** By function: what tells it apart in other versions of the program. */
  private readonly keys: string[] = [];
  /** By function that was walked in rounds: what each gave. */
  private readonly rounds = new Map<number, readonly FunctionResult[]>();
  /** Functions that call each other by name, callees first. */
  private groups: readonly (readonly number[])[] = [];
  /** How many functions were walked; the results of the others were taken over. */
  walked = 0;
  /** Functions in bottom-up order: callees first. */
  readonly bottomUp: number[] = [];
  beginnings: Beginnings | null = null;
  propagation: Propagation | null = null;
  chains: Chains | null = null;

  /** `earlier`: what was found in almost the same files, in terms of the same store. */
  constructor(
    readonly program: Program,
    readonly model: Model,
    private readonly macros: MacroReader,
    readonly terms = new Terms(),
    private earlier: Earlier | null = null,
  ) {
    for (const file of program.files.values())
      for (const { key } of functionKeys(file)) this.tell(`${file.path}:${key}`);
    this.terms.fieldRenames = program.fieldRenames;
    this.terms.setNeverNull(model.neverNull.map((m) => m.field));
    this.shared = {
      terms: this.terms,
      program,
      model,
      classes: classesByField(model),
      results: this.results,
      scopes: new ScopeClasses(program, model, (file, name, params, text, position) =>
        this.compileText(file, name, params, text, position),
      ),
      compile: (macro) => this.compile(macro),
    };
  }

  /** Gives the next function of the program what tells it apart. */
  private tell(key: string): void {
    this.earlier?.know(this.keys.length, key);
    this.keys.push(key);
  }

  /** What a later analysis can take over. */
  found(): Found {
    const { keys, results, rounds, groups, propagation } = this;
    return { keys, results, rounds, groups, situations: propagation?.found() ?? NOTHING_FOUND };
  }

  /** A macro as a function of the program. */
  compile(macro: MacroRef): FunctionRef | null {
    const key = `${macro.file.path}#${macro.position}#${macro.name}`;
    const known = this.macroCache.get(key);
    if (known !== undefined) return known;
    const ref = this.compileText(macro.file, macro.name, macro.params ?? [], macro.body, macro.position);
    this.macroCache.set(key, ref);
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
    const line = lineAt(file.lineStarts, position);
    const facts = this.macros.facts(file, name, params, body, line);
    if (facts === null) return null;
    const key = `${file.path}#${name}(${params.join()})${body}`;
    const nth = this.macroKeys.get(key) ?? 0;
    this.macroKeys.set(key, nth + 1);
    this.tell(`${key}#${nth}`);
    return this.program.addMacroFunction(facts, 0, name, unitOf(file.path));
  }

  /** Runs bottom-up over what is reachable from `roots` (function ids), then top-down. */
  run(
    roots: readonly number[],
    token: CancelToken,
    progress?: (done: number, total: number, at: string) => void,
  ): void {
    const groups = mutuallyReachable(roots, (id) => this.calleesOf(id));
    this.groups = groups;
    for (const group of groups) this.bottomUp.push(...group);
    let done = 0;
    const total = groups.reduce((n, g) => n + g.length, 0);
    for (const group of groups) {
      const cyclic = group.length > 1 || this.callsItself(group[0] as number);
      const once = walkedOnce(group.length);
      for (const part of once ? group.map((id) => [id]) : [group])
        this.findResults(part, cyclic && !once ? MAX_ROUNDS : 1, token);
      done += group.length;
      progress?.(done, total, this.program.functions[group[0] as number]?.name ?? '');
    }
    this.beginnings = findBeginnings(
      this.program,
      this.model,
      (macro) => this.compile(macro),
      new Set(this.bottomUp),
    );
    this.propagation = new Propagation(this.shared, this.bottomUp, this.beginnings.all, this.earlier);
    this.propagation.run(token);
    // What was not taken over is let go
    this.earlier = null;
    this.chains = new Chains(this.propagation, this.bottomUp, (id) => this.results[id]?.edges ?? []);
  }

  /** Results of functions that are walked together, taken over where they stand. */
  private findResults(part: readonly number[], rounds: number, token: CancelToken): void {
    const known = this.earlier?.resultsOf(
      part.map((id) => this.program.functions[id] as FunctionRef),
      this.results,
    );
    if (known !== undefined && known !== null) {
      for (const [i, id] of part.entries()) {
        this.results[id] = known[i];
        const given = this.earlier?.roundsOf(id);
        if (given !== undefined) this.rounds.set(id, given);
      }
      return;
    }
    if (rounds > 1) this.goRounds(part, rounds, token);
    else
      for (const id of part) {
        throwIfCancelled(token);
        this.results[id] = this.analyse(id);
      }
    for (const id of part) this.earlier?.foundAnew(id, this.results[id] as FunctionResult);
  }

  /** Walks functions that call each other until their effects come to rest, or the rounds are over. */
  private goRounds(part: readonly number[], rounds: number, token: CancelToken): void {
    const { earlier } = this;
    earlier?.beginRounds(part.map((id) => this.program.functions[id] as FunctionRef));
    const made = part.map((): FunctionResult[] => []);
    let before = '';
    for (let round = 0; round < rounds; round++) {
      let after = '';
      for (const [i, id] of part.entries()) {
        throwIfCancelled(token);
        const fn = this.program.functions[id] as FunctionRef;
        let result = earlier?.resultOfRound(fn, round, this.results) ?? null;
        if (result === null) {
          result = this.analyse(id);
          earlier?.foundInRound(id, round, result);
        }
        this.results[id] = result;
        made[i]?.push(result);
        after += effectKey(result);
      }
      if (before === after) break;
      before = after;
    }
    for (const [i, id] of part.entries()) this.rounds.set(id, made[i] as FunctionResult[]);
  }

  private analyse(id: number): FunctionResult {
    this.walked++;
    return new FunctionRun(this.shared, this.program.functions[id] as FunctionRef).run();
  }

  private callsItself(id: number): boolean {
    return this.calleesOf(id).includes(id);
  }

  private readonly calleeCache = new Map<number, readonly number[]>();

  /** Functions of the program that a function calls or names, macros compiled on the way. */
  calleesOf(id: number): readonly number[] {
    const known = this.calleeCache.get(id);
    if (known !== undefined) return known;
    const fn = this.program.functions[id] as FunctionRef;
    const file = fn.file;
    const found = new Set<number>();
    for (const { name, as } of mentionedIn(file, fn.index)) {
      if (as === 'guard') {
        const scope = this.shared.scopes.of(name, file);
        for (const step of [scope?.acquire, scope?.release])
          if (typeof step === 'object' && step !== null) found.add(step.id);
        continue;
      }
      const callee = this.calleeNamed(name, file, as === 'call');
      if (callee !== null) found.add(callee.id);
    }
    const out = [...found];
    this.calleeCache.set(id, out);
    return out;
  }

  /** The function that a name means; `called`: or the macro, compiled, where the model does not know what it does. */
  private calleeNamed(name: string, file: FileFacts, called: boolean): FunctionRef | null {
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

/** A name that a function calls, hands over, or takes a scope class by. */
interface Mention {
  readonly name: string;
  readonly as: 'call' | 'argument' | 'guard';
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
    add(nameIn(file, file.ops[at + 1] as number), 'call');
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

function effectKey(r: FunctionResult): string {
  return `${r.exits.length},${r.exits.map((e) => `${e.mask}:${e.locks.length}:${e.released.length}`).join()}|${r.sleeps.length}|${r.takes.length}|${r.frees.length};`;
}
