/**
 * What an analysis takes over from an earlier one of almost the same files: the results of functions that neither changed nor
 * call anything whose effect changed, and the situations of functions whose callers are as they were. Both numbered as the
 * new program counts.
 */
import type { FunctionRef } from '../program/program.js';
import type { Entry, Origin } from './entry-points.js';
import { type EntryNumbers, renumberedEntry, renumberedResult } from './renumber.js';
import type { FunctionResult } from './result.js';
import { callsMoved, type Moved, sameArrivals, sameAsserted, sameEffect, sameEntries } from './same.js';
import type { Lock } from './state.js';

/** What an earlier analysis found. */
export interface Found {
  /** By function that was analysed or called: what tells it apart in any version of the program. */
  readonly keys: readonly string[];
  readonly results: readonly (FunctionResult | undefined)[];
  /** By function that was walked in rounds, with others of its group: the result of each round. */
  readonly rounds: ReadonlyMap<number, readonly FunctionResult[]>;
  /** Groups of functions that call each other by name, callees first. */
  readonly groups: readonly (readonly number[])[];
  readonly situations: FoundSituations;
}

/** Calls of a function, each in two numbers: the caller, and which of the caller's calls it is among those that are analysed. */
export type Calls = readonly number[];

/** Situations that an earlier analysis found. */
export interface FoundSituations {
  readonly entries: readonly (readonly Entry[] | undefined)[];
  /** By function: numbers of situations by their keys. */
  readonly keys: readonly (ReadonlyMap<number, number> | undefined)[];
  readonly seeds: ReadonlyMap<number, readonly Entry[]>;
  /** By function: the calls of it from outside of its group, in the order in which they were gone through. */
  readonly calls: () => readonly (Calls | undefined)[];
  readonly groups: readonly (readonly number[])[];
  readonly origins: readonly Origin[];
}

/** The situations of a function, with their keys: taken over, so that nobody may add to them. */
export interface Taken {
  readonly entries: readonly Entry[];
  readonly keys: ReadonlyMap<number, number>;
}

/** Before anything was looked for. */
export const NOTHING_FOUND: FoundSituations = {
  entries: [],
  keys: [],
  seeds: new Map(),
  calls: () => [],
  groups: [],
  origins: [],
};

/** By groups, which stay from edit to edit: which one a function is in, and when it was walked. */
const COUNTED = new WeakMap<
  Found['groups'],
  { readonly groupOf: readonly number[]; readonly turnOf: readonly number[] }
>();

/** Larger groups of functions that call each other are walked once, each with what is known of those before it. */
const LARGE_GROUP = 60;

/** Whether the functions of a group of a size are walked only once. */
export function walkedOnce(size: number): boolean {
  return size > LARGE_GROUP;
}

/**
 * One carrying over. `changed`: whether a function has another text than before, or a name in it another meaning; `isGuessed`: whether
 * something of what was found of it was guessed (`Analysis.guessed`).
 */
export class Earlier {
  private readonly oldByKey = new Map<string, number>();
  private readonly newIds: number[] = [];
  private readonly oldIds: number[] = [];
  /** By old number: its group, and when it was walked among all. */
  private groupOf: readonly number[] = [];
  private turnOf: readonly number[] = [];
  private isCounted = false;
  private shifted = false;
  /** By function: whether it has the same effect as before, and the same calls. */
  private readonly sameEffects: boolean[] = [];
  private readonly sameEdges: boolean[] = [];
  /** All functions are grouped as they were, and nothing that was found so far is another. */
  private isQuiet = false;
  private readonly assertsOther = new Set<number>();
  /** By the old number of a function with the same calls: where its operations went. */
  private readonly moved = new Map<number, Moved>();
  /** The same, for who asks often. */
  private readonly isMoved: Uint8Array;
  private readonly sameResults = new Map<number, FunctionResult>();
  /** Of the group that is walked in rounds: functions whose result, as it stands, has the same effect as at that moment before. */
  private sameSoFar: Set<number> | null = null;

  constructor(
    private readonly found: Found,
    private readonly changed: (fn: FunctionRef) => boolean,
    readonly isGuessed: (fn: FunctionRef) => boolean = () => false,
    /** `Analysis.lineage` of what it is taken over from, and the callees that this was made with. */
    readonly lineage: { readonly is: object; readonly callees: object } | null = null,
  ) {
    this.isMoved = new Uint8Array(found.keys.length);
  }

  /** Tells groups and turns; not before somebody asks: after most edits nobody does. */
  private count(): void {
    this.isCounted = true;
    const { groups } = this.found;
    let counted = COUNTED.get(groups);
    if (counted === undefined) {
      const groupOf: number[] = [];
      const turnOf: number[] = [];
      let turn = 0;
      for (const [at, group] of groups.entries())
        for (const id of group) {
          groupOf[id] = at;
          turnOf[id] = turn++;
        }
      counted = { groupOf, turnOf };
      COUNTED.set(groups, counted);
    }
    this.groupOf = counted.groupOf;
    this.turnOf = counted.turnOf;
  }

  /** Tells which functions the numbers of the new program are, as far as they are known. */
  knowAll(keys: readonly string[]): void {
    const before = this.found.keys;
    // Most often nothing is numbered otherwise
    let alike = 0;
    while (alike < keys.length && alike < before.length && keys[alike] === before[alike]) alike++;
    for (let id = 0; id < alike; id++) {
      this.oldIds[id] = id;
      this.newIds[id] = id;
    }
    for (let id = alike; id < before.length; id++) this.oldByKey.set(before[id] as string, id);
    for (let id = alike; id < keys.length; id++) this.know(id, keys[id] as string);
  }

  /** Tells which function a number of the new program is, past those that are the same in both. */
  know(id: number, key: string): void {
    // A number that was another function's tells nothing by itself
    const before = this.found.keys[id];
    if (before !== undefined && before !== key) this.shifted = true;
    const old = this.oldByKey.get(key);
    if (old === undefined) return;
    this.oldIds[id] = old;
    this.newIds[old] = id;
    if (old !== id) this.shifted = true;
  }

  private readonly renumber = (old: number): number => this.newIds[old] ?? -1;

  /** The result that was found before, in the new numbers; undefined where there is none, or where it speaks of what is gone. */
  private before(id: number): FunctionResult | undefined {
    const old = this.oldIds[id];
    const result = old === undefined ? undefined : this.found.results[old];
    if (result === undefined || !this.shifted) return result;
    let made = this.sameResults.get(id);
    if (made === undefined) {
      made = renumberedResult(result, this.renumber);
      this.sameResults.set(id, made);
    }
    return made;
  }

  /** Begins with results; `groups`: as `Found.groups`. */
  beginResults(groups: readonly (readonly number[])[]): void {
    this.isQuiet = !this.shifted && groups === this.found.groups;
  }

  /**
   * Puts the results of a group in place, where none of it is walked again and nothing that was found before it is another: the same
   * as `resultsOf`, for less. False: not known yet.
   */
  takesOver(
    group: readonly number[],
    functions: readonly FunctionRef[],
    results: (FunctionResult | undefined)[],
  ): boolean {
    if (!this.isQuiet) return false;
    for (const id of group)
      if (this.found.results[id] === undefined || this.isWalkedAgain(functions[id] as FunctionRef))
        return false;
    for (const id of group) {
      results[id] = this.found.results[id];
      this.sameEffects[id] = true;
      this.sameEdges[id] = true;
    }
    return true;
  }

  /**
   * Results of functions that are walked together, where they are what they were; null where they are to be found anew.
   * `results`: those of the functions that came before.
   */
  resultsOf(
    part: readonly FunctionRef[],
    results: readonly (FunctionResult | undefined)[],
  ): readonly FunctionResult[] | null {
    if (!this.isCounted) this.count();
    const at = this.groupOf[this.oldIds[part[0]?.id ?? -1] ?? -1];
    if (at === undefined) return null;
    const size = this.found.groups[at]?.length ?? 0;
    // Of a large group each function is by itself, and must have been so
    const alone = part.length === 1 && walkedOnce(size);
    if (!alone && size !== part.length) return null;
    const out: FunctionResult[] = [];
    for (const fn of part) {
      const old = this.oldIds[fn.id];
      if (old === undefined || this.groupOf[old] !== at || this.isWalkedAgain(fn)) return null;
      for (const edge of this.found.results[old]?.edges ?? []) {
        if (!alone && this.groupOf[edge.callee] === at) continue;
        const callee = this.newIds[edge.callee];
        if (callee === undefined || !this.isAsSeen(old, edge.callee, results[callee] !== undefined))
          return null;
      }
      const result = this.before(fn.id);
      if (result === undefined) return null;
      out.push(result);
    }
    for (const { id } of part) {
      this.sameEffects[id] = true;
      this.sameEdges[id] = true;
    }
    return out;
  }

  /** Whether a callee (both in old numbers) is to its caller what it was: walked before it, to the same effect, or not yet walked. */
  private isAsSeen(caller: number, callee: number, known: boolean): boolean {
    const seen = (this.turnOf[callee] ?? Number.POSITIVE_INFINITY) < (this.turnOf[caller] as number);
    return seen === known && (!seen || this.sameEffects[this.newIds[callee] as number] === true);
  }

  /** Functions are walked together in rounds now: says whether they were so before, in the same order. */
  beginRounds(part: readonly FunctionRef[]): void {
    if (!this.isCounted) this.count();
    const at = this.groupOf[this.oldIds[part[0]?.id ?? -1] ?? -1];
    const group = at === undefined ? [] : (this.found.groups[at] as readonly number[]);
    const same = group.length === part.length && part.every((fn, i) => this.oldIds[fn.id] === group[i]);
    this.sameSoFar = same ? new Set() : null;
  }

  /**
   * The result of a round, where the function and all that it calls are as they were at that moment; null where it is to be found
   * anew. `results`: as they stand.
   */
  resultOfRound(
    fn: FunctionRef,
    round: number,
    results: readonly (FunctionResult | undefined)[],
  ): FunctionResult | null {
    const old = this.oldIds[fn.id];
    const before = old === undefined ? undefined : this.found.rounds.get(old)?.[round];
    if (this.sameSoFar === null || before === undefined || this.isWalkedAgain(fn)) return null;
    const at = this.groupOf[old as number];
    for (const edge of before.edges) {
      const callee = this.newIds[edge.callee];
      if (callee === undefined) return null;
      const known = results[callee] !== undefined;
      if (
        this.groupOf[edge.callee] === at
          ? known && !this.sameSoFar.has(callee)
          : !this.isAsSeen(old as number, edge.callee, known)
      )
        return null;
    }
    return this.shifted ? renumberedResult(before, this.renumber) : before;
  }

  private isWalkedAgain(fn: FunctionRef): boolean {
    return this.changed(fn) || this.isGuessed(fn);
  }

  /**
   * What each round gave before over functions that are walked together, and which of these changed. Null where something that they
   * call beside each other is another now.
   */
  roundsBefore(
    part: readonly FunctionRef[],
    results: readonly (FunctionResult | undefined)[],
  ): {
    readonly rounds: readonly (readonly FunctionResult[])[];
    readonly changed: readonly boolean[];
  } | null {
    if (this.sameSoFar === null || this.shifted) return null;
    const rounds: (readonly FunctionResult[])[] = [];
    const changed: boolean[] = [];
    for (const fn of part) {
      const given = this.found.rounds.get(fn.id);
      if (given === undefined || given.length !== (rounds[0] ?? given).length) return null;
      rounds.push(given);
      const isChanged = this.changed(fn);
      changed.push(isChanged);
      if (isChanged) continue;
      for (const { edges } of given)
        for (const { callee } of edges)
          if (
            this.groupOf[callee] !== this.groupOf[fn.id] &&
            !this.isAsSeen(fn.id, callee, results[callee] !== undefined)
          )
            return null;
    }
    return { rounds, changed };
  }

  /** What the rounds gave over a function that is taken over, in the new numbers. */
  roundsOf(id: number): readonly FunctionResult[] | undefined {
    const given = this.found.rounds.get(this.oldIds[id] as number);
    return this.shifted ? given?.map((result) => renumberedResult(result, this.renumber)) : given;
  }

  /** Takes note of the result of a round. */
  foundInRound(id: number, round: number, result: FunctionResult): void {
    if (this.sameSoFar === null) return;
    const before = this.found.rounds.get(this.oldIds[id] as number)?.[round];
    const inNow = before !== undefined && this.shifted ? renumberedResult(before, this.renumber) : before;
    if (inNow !== undefined && sameEffect(inNow, result)) this.sameSoFar.add(id);
    else this.sameSoFar.delete(id);
  }

  /** Takes note of a result that was found anew. */
  foundAnew(id: number, result: FunctionResult): void {
    const before = this.before(id);
    if (before !== undefined && sameEffect(before, result)) this.sameEffects[id] = true;
    else this.isQuiet = false;
    if (before === undefined) return;
    const moved = callsMoved(before, result, id);
    if (moved !== null) {
      this.sameEdges[id] = true;
      if ([...moved].some(([from, to]) => from !== to)) {
        this.moved.set(this.oldIds[id] as number, moved);
        this.isMoved[this.oldIds[id] as number] = 1;
      }
    }
    if (!sameAsserted(before, result)) this.assertsOther.add(id);
  }

  // ---- situations

  private newOrigins: number[] = [];
  private readonly sameSituations = new Set<number>();
  private groupOfSituations: ReadonlyMap<number, number> | null = null;

  private situationGroupOf(old: number): number | undefined {
    if (this.groupOfSituations === null) {
      const groupOf = new Map<number, number>();
      for (const [at, group] of this.found.situations.groups.entries())
        for (const id of group) groupOf.set(id, at);
      this.groupOfSituations = groupOf;
    }
    return this.groupOfSituations.get(old);
  }

  /** Begins with situations. `origins`: those of the new program; `late`: makes one of a function that runs later. */
  begin(origins: readonly Origin[], late: (fn: number, name: string) => number): void {
    const { situations } = this.found;
    const known = new Map<string, number>();
    for (const [at, key] of originKeys(origins, (fn) => fn).entries()) known.set(key, at);
    this.newOrigins = originKeys(situations.origins, this.renumber).map((key) => known.get(key) ?? -1);
    this.lateOrigin = (at) => {
      const o = situations.origins[at];
      if (o === undefined || o.slot !== null || o.struct !== 'callback') return -1;
      const fn = this.renumber(o.function);
      return fn < 0 ? -1 : late(fn, o.method);
    };
  }

  private lateOrigin: (at: number) => number = () => -1;

  private readonly origin = (old: number): number => {
    let at = this.newOrigins[old] ?? -1;
    if (at < 0) {
      at = this.lateOrigin(old);
      this.newOrigins[old] = at;
    }
    return at;
  };

  private readonly numbers: EntryNumbers = {
    fn: this.renumber,
    origin: this.origin,
    op: (fn, op) => this.moved.get(fn)?.get(op) ?? op,
  };

  /** Whether nothing that a situation speaks of has another number now. */
  private isUntouched(e: Entry): boolean {
    if (this.shifted) return false;
    const { isMoved, newOrigins } = this;
    if (this.moved.size > 0) {
      if (e.caller >= 0 && isMoved[e.caller] === 1) return false;
      for (let i = 0; i < e.locks.length; i++) {
        const { fn } = e.locks[i] as Lock;
        if (fn >= 0 && isMoved[fn] === 1) return false;
      }
    }
    for (let i = 0; i < e.origins.length; i++) {
      const o = e.origins[i] as number;
      if (newOrigins[o] !== o && this.origin(o) !== o) return false;
    }
    return true;
  }

  /**
   * All situations, by function, where all calls and beginnings are what they were; else null. They stand where those of the functions
   * with another effect (`otherEffects`, callers first) do. `groups`: callers first; `seeds`: what begins at functions; `callees`: whom
   * a function calls.
   */
  allSituations(
    groups: readonly (readonly number[])[],
    seeds: ReadonlyMap<number, readonly Entry[]>,
    callees: (id: number) => readonly number[],
  ): {
    readonly entries: (readonly Entry[] | undefined)[];
    readonly keys: (ReadonlyMap<number, number> | undefined)[];
    readonly otherEffects: readonly (readonly number[])[];
    /** Calls of all functions from other groups. */
    readonly calls: () => readonly (Calls | undefined)[];
  } | null {
    const { situations } = this.found;
    if (groups !== situations.groups || this.assertsOther.size > 0) return null;
    // Those of what runs later are made in the order in which they were
    for (let o = 0; o < situations.origins.length; o++) if (this.origin(o) !== o) return null;
    if (seeds.size !== situations.seeds.size) return null;
    for (const [id, begins] of seeds) {
      const before = situations.seeds.get(id);
      if (before === undefined || !sameEntries(before, begins)) return null;
    }
    const entries = situations.entries.slice();
    // What is called from an operation that moved says so, and hands on what was taken there, if anything was
    const below: boolean[] = [];
    const otherEffects: (readonly number[])[] = [];
    for (const group of groups) {
      let isBelow = false;
      let isOther = false;
      for (const id of group) {
        isOther ||= this.sameEffects[id] !== true;
        isBelow ||= this.isMoved[id] === 1 || below[id] === true;
      }
      if (isOther) otherEffects.push(group);
      if (!isBelow) continue;
      let goesOn = false;
      for (const id of group) {
        const before = situations.entries[id] ?? [];
        const now = this.entriesBefore(before);
        entries[id] = now;
        goesOn ||= this.isMoved[id] === 1 || now.some((e, i) => e.locks !== before[i]?.locks);
      }
      if (goesOn) for (const id of group) for (const callee of callees(id)) below[callee] = true;
    }
    return { entries, keys: situations.keys.slice(), otherEffects, calls: situations.calls };
  }

  /** Groups of functions that call each other, where all calls are what they were; else null. */
  groupsOf(functions: readonly number[]): readonly (readonly number[])[] | null {
    if (this.shifted) return null;
    const { groups } = this.found.situations;
    let count = 0;
    for (const group of groups) count += group.length;
    if (count !== functions.length) return null;
    return functions.every((id) => this.sameEdges[id] === true) ? groups : null;
  }

  /** Situations in the new numbers: the list itself where these are the old ones. */
  private entriesBefore(list: readonly Entry[]): readonly Entry[] {
    let made: Entry[] | null = null;
    for (let i = 0; i < list.length; i++) {
      const e = list[i] as Entry;
      if (this.isUntouched(e)) continue;
      made ??= list.slice();
      made[i] = renumberedEntry(e, this.numbers);
    }
    return made ?? list;
  }

  /** Situations of functions that call each other, where they are what they were, with their keys; else null. */
  situationsOf(
    group: readonly number[],
    seeds: (id: number) => readonly Entry[],
    calls: (id: number) => Calls,
  ): readonly Taken[] | null {
    const { situations } = this.found;
    const at = this.situationGroupOf(this.oldIds[group[0] ?? -1] ?? -1);
    if (at === undefined || situations.groups[at]?.length !== group.length) return null;
    const out: Taken[] = [];
    for (const id of group) {
      const old = this.oldIds[id];
      if (old === undefined || this.situationGroupOf(old) !== at) return null;
      if (this.sameEffects[id] !== true || this.assertsOther.has(id)) return null;
      // Its own calls count where they stay in the group
      if (this.sameEdges[id] !== true && (group.length > 1 || this.callsItself(old))) return null;
      const from = calls(id);
      const before = situations.calls()[old] ?? [];
      if (from.length !== before.length) return null;
      for (let i = 0; i < from.length; i += 2) {
        const caller = from[i] as number;
        if (this.newIds[before[i] as number] !== caller) return null;
        if (this.sameEdges[caller] !== true || !this.sameSituations.has(caller)) return null;
      }
      if (!sameEntries(this.entriesBefore(situations.seeds.get(old) ?? []), seeds(id))) return null;
      const entries = this.entriesBefore(situations.entries[old] ?? []);
      if (entries.some((e) => e.origins.includes(-1))) return null;
      out.push({ entries, keys: situations.keys[old] ?? new Map() });
    }
    for (const id of group) this.sameSituations.add(id);
    return out;
  }

  private callsItself(old: number): boolean {
    return this.found.results[old]?.edges.some((e) => e.callee === old) === true;
  }

  /** Takes note of situations that were found anew; gives those from before, where they say the same and came by the same calls. */
  enteredAnew(id: number, entries: readonly Entry[]): Taken | null {
    const { situations } = this.found;
    const old = this.oldIds[id];
    const list = old === undefined ? undefined : situations.entries[old];
    if (old === undefined || list === undefined) return null;
    const before = this.entriesBefore(list);
    if (!sameEntries(before, entries)) return null;
    this.sameSituations.add(id);
    if (!sameArrivals(before, entries)) return null;
    return { entries: before, keys: situations.keys[old] ?? new Map() };
  }
}

/** What tells origins apart, several that are alike by their order. */
function originKeys(origins: readonly Origin[], fn: (id: number) => number): readonly string[] {
  const seen = new Map<string, number>();
  return origins.map((o) => {
    const key = `${o.struct}|${o.method}|${o.table}|${fn(o.function)}|${o.context}|${o.slot?.file.path ?? ''}`;
    const nth = seen.get(key) ?? 0;
    seen.set(key, nth + 1);
    return `${key}|${nth}`;
  });
}
