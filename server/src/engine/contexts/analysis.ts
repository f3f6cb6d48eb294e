/**
 * The whole analysis of a program: effects bottom-up over the call graph, then contexts top-down from the model's
 * methods. A function is walked once; its contexts are composed from its callers' contexts and the states at the calls,
 * so that nothing is walked again for a second caller.
 */
import { type CancelToken, throwIfCancelled } from '../base/cancel.js';
import type { Model } from '../model/types.js';
import { type Beginnings, findBeginnings } from '../program/beginnings.js';
import type { FunctionRef, Program } from '../program/program.js';
import type { Callees } from './callees.js';
import { Chains } from './chains.js';
import { type Earlier, type Found, NOTHING_FOUND, walkedOnce } from './earlier.js';
import { classesByField } from './evaluate.js';
import { FunctionRun } from './flow.js';
import { Propagation } from './propagate.js';
import type { FunctionResult } from './result.js';
import { sameEffect } from './same.js';
import type { Shared } from './shared.js';
import { Terms } from './terms.js';

/** Rounds over one cycle of mutually recursive functions; past it the effect is what the last round gave. */
const MAX_ROUNDS = 3;

/** One analysis of one program. */
export class Analysis {
  readonly shared: Shared;
  readonly results: (FunctionResult | undefined)[] = [];
  /** By function that was walked in rounds: what each gave. */
  private readonly rounds = new Map<number, readonly FunctionResult[]>();
  /** Functions that call each other by name, callees first. */
  groups: readonly (readonly number[])[] = [];
  /** Functions of which only the last round was walked, on the guess that the ones before give what they gave. */
  readonly guessed: number[] = [];
  /** How many functions were walked; the results of the others were taken over. */
  walked = 0;
  /** Functions in bottom-up order: callees first. */
  readonly bottomUp: number[] = [];
  beginnings: Beginnings | null = null;
  propagation: Propagation | null = null;
  chains: Chains | null = null;
  /**
   * Stands for this analysis and for those before it from which it differs by the results of functions alone: calls, situations and
   * beginnings are what they were, but for the operations at which something happens in functions with another result.
   */
  lineage: object = {};

  readonly program: Program;

  /**
   * `earlier`: what was found in almost the same files, in terms of the same store; `mayGuess`: of a function that is walked in rounds
   * the last one may do, where somebody waits.
   */
  constructor(
    readonly callees: Callees,
    readonly model: Model,
    readonly terms = new Terms(),
    private earlier: Earlier | null = null,
    private readonly mayGuess = false,
  ) {
    const { program } = callees;
    this.program = program;
    earlier?.knowAll(callees.keys);
    callees.listener = earlier;
    this.terms.fieldRenames = program.fieldRenames;
    this.terms.setNeverNull(model.neverNull.map((m) => m.field));
    this.shared = {
      terms: this.terms,
      program,
      model,
      classes: classesByField(model),
      results: this.results,
      scopes: callees.scopes,
      compile: (macro) => callees.compile(macro),
    };
  }

  /** What a later analysis can take over. */
  found(): Found {
    const { results, rounds, groups, propagation } = this;
    return {
      keys: this.callees.keys.slice(),
      results,
      rounds,
      groups,
      situations: propagation?.found() ?? NOTHING_FOUND,
    };
  }

  /** Groups that are done, and parts of the next one: what was stopped goes on from there. */
  private groupsDone = 0;
  private partsDone = 0;

  /**
   * Runs bottom-up over what is reachable from `roots` (function ids), then top-down. What was stopped goes on when it is run again
   * from the same roots; where something is taken over from an earlier analysis it cannot, and is begun anew.
   */
  run(
    roots: readonly number[],
    token: CancelToken,
    progress?: (done: number, total: number, at: string) => void,
  ): void {
    if (this.groups.length === 0) {
      this.groups = this.callees.groups(roots);
      for (const group of this.groups) this.bottomUp.push(...group);
      this.earlier?.beginResults(this.groups);
    }
    const { groups } = this;
    const total = this.bottomUp.length;
    let done = groups.slice(0, this.groupsDone).reduce((n, g) => n + g.length, 0);
    for (; this.groupsDone < groups.length; this.groupsDone++) {
      const group = groups[this.groupsDone] as readonly number[];
      if (this.partsDone === 0 && this.takesOver(group)) {
        done += group.length;
        continue;
      }
      const cyclic = group.length > 1 || this.callsItself(group[0] as number);
      const once = walkedOnce(group.length);
      for (const part of (once ? group.map((id) => [id]) : [group]).slice(this.partsDone)) {
        // Of rounds that were broken off nothing may be left
        for (const id of part) this.results[id] = undefined;
        this.findResults(part, cyclic && !once ? MAX_ROUNDS : 1, token);
        this.partsDone++;
      }
      this.partsDone = 0;
      done += group.length;
      progress?.(done, total, this.program.functions[group[0] as number]?.name ?? '');
    }
    this.beginnings = findBeginnings(
      this.program,
      this.model,
      (macro) => this.callees.compile(macro),
      groups,
      this.callees.beginningsRead,
    );
    this.propagation = new Propagation(
      this.shared,
      this.bottomUp,
      this.callees.order,
      this.beginnings.all,
      this.earlier,
    );
    this.propagation.run(token);
    const { earlier } = this;
    if (this.propagation.isAsBefore && earlier?.lineage?.callees === this.callees)
      this.lineage = earlier.lineage.is;
    // What was not taken over is let go
    this.earlier = null;
    this.callees.listener = null;
    this.chains = new Chains(this.propagation, this.bottomUp, (id) => this.results[id]?.edges ?? []);
  }

  /** Takes the results of a group over, where all before it is what it was. */
  private takesOver(group: readonly number[]): boolean {
    if (this.earlier?.takesOver(group, this.program.functions, this.results) !== true) return false;
    for (const id of group) this.keepRounds(id);
    return true;
  }

  private keepRounds(id: number): void {
    const given = this.earlier?.roundsOf(id);
    if (given !== undefined) this.rounds.set(id, given);
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
        this.keepRounds(id);
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
    const { earlier, results } = this;
    earlier?.beginRounds(part.map((id) => this.program.functions[id] as FunctionRef));
    if (this.mayGuess && this.guess(part, token)) return;
    const made = part.map((): FunctionResult[] => []);
    // How often the effect of each was another one, and how often that had been when a caller was last walked
    const turns = new Map(part.map((id) => [id, 0]));
    const seen = part.map((): (readonly [number, number])[] => []);
    let before = '';
    for (let round = 0; round < rounds; round++) {
      let after = '';
      for (const [i, id] of part.entries()) {
        throwIfCancelled(token);
        const last = results[id];
        // With callees as they were it would give the same again
        const rests = round > 0 && (seen[i] ?? []).every(([callee, turn]) => turns.get(callee) === turn);
        const fn = this.program.functions[id] as FunctionRef;
        const result =
          rests && last !== undefined
            ? last
            : (earlier?.resultOfRound(fn, round, results) ?? this.analyse(id));
        earlier?.foundInRound(id, round, result);
        seen[i] = result.edges.flatMap(({ callee }) => {
          const turn = turns.get(callee);
          return turn === undefined ? [] : [[callee, turn] as const];
        });
        if (last === undefined || !sameEffect(last, result)) turns.set(id, (turns.get(id) as number) + 1);
        results[id] = result;
        made[i]?.push(result);
        after += effectKey(result);
      }
      if (before === after) break;
      before = after;
    }
    for (const [i, id] of part.entries()) this.rounds.set(id, made[i] as FunctionResult[]);
  }

  /**
   * Walks those that changed among functions that call each other, with what the round before the last one gave over the others. Where
   * their effects are what they were, so most likely are those of their earlier rounds, and nothing else is another. Else all is walked.
   */
  private guess(part: readonly number[], token: CancelToken): boolean {
    const { earlier, results, rounds } = this;
    const functions = part.map((id) => this.program.functions[id] as FunctionRef);
    const before = earlier?.roundsBefore(functions, results) ?? null;
    const last = (before?.rounds[0]?.length ?? 0) - 1;
    if (earlier === null || before === null || last < 1) return false;
    for (const [i, id] of part.entries()) results[id] = before.rounds[i]?.[last - 1];
    let isSame = true;
    const guessed: number[] = [];
    for (const [i, id] of part.entries()) {
      throwIfCancelled(token);
      const given = before.rounds[i] as readonly FunctionResult[];
      const isChanged = before.changed[i] === true;
      const result = isChanged ? this.analyse(id) : (given[last] as FunctionResult);
      isSame &&= !isChanged || sameEffect(given[last] as FunctionResult, result);
      if (!isSame) break;
      results[id] = result;
      rounds.set(id, isChanged ? [...given.slice(0, last), result] : given);
      if (isChanged || earlier.isGuessed(functions[i] as FunctionRef)) guessed.push(id);
    }
    if (isSame) this.guessed.push(...guessed);
    else for (const id of part) results[id] = undefined;
    return isSame;
  }

  private analyse(id: number): FunctionResult {
    this.walked++;
    return new FunctionRun(this.shared, this.program.functions[id] as FunctionRef).run();
  }

  private callsItself(id: number): boolean {
    return this.callees.of(id).includes(id);
  }
}

function effectKey(r: FunctionResult): string {
  return `${r.exits.length},${r.exits.map((e) => `${e.mask}:${e.locks.length}:${e.released.length}`).join()}|${r.sleeps.length}|${r.takes.length}|${r.frees.length};`;
}
