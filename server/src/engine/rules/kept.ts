/**
 * What is found of a function and kept from check to check, together with all that it hung on: an edit costs what it changes. Must not
 * know what is kept. What is kept says operations, and never lines, offsets or expressions, which move with the text around the function.
 */
import { Words } from '../base/words.js';
import type { Analysis } from '../contexts/analysis.js';
import type { FunctionResult } from '../contexts/result.js';
import type { FunctionRef } from '../program/program.js';
import { standing } from './standing.js';

/**
 * Whether values of a type say all that they are: numbers, texts, truths, and lists, sets, maps and plain objects of such. Only such go on
 * from run to run: nothing comes back from there that can do anything, or that is the very same as something else.
 */
export type IsPlain<T> = T extends string | number | boolean | null | undefined
  ? true
  : T extends (...args: never[]) => unknown
    ? false
    : T extends ReadonlyMap<infer K, infer V>
      ? IsPlain<K> & IsPlain<V>
      : T extends ReadonlySet<infer U>
        ? IsPlain<U>
        : T extends readonly (infer U)[]
          ? IsPlain<U>
          : false extends { [K in keyof T]-?: IsPlain<T[K]> }[keyof T]
            ? false
            : true;

/** How what there is much of is kept between runs. */
export interface StoredForm<T> {
  store(found: T, words: Words): unknown;
  /** Makes it again of what was stored, for its function; `words`: texts by number. */
  revive(stored: unknown, words: readonly string[], fn: FunctionRef): T;
}

const AS_IT_IS: StoredForm<unknown> = { store: (found) => found, revive: (stored) => stored };

/** By kind of what is found of functions: how it is stored. */
const FORMS: StoredForm<unknown>[] = [];

/** Whole numbers of 32 bits: results and situations by `standing()`, texts by `textNumber()`; of one kind always as many. */
type HungOn = readonly number[];

interface Kept<T> {
  readonly hungOn: HungOn;
  readonly found: T;
}

function stands({ hungOn }: Kept<unknown>, now: HungOn): boolean {
  return hungOn.length === now.length && hungOn.every((x, i) => x === now[i]);
}

/** One kind of what is found of functions. What it hangs on are numbers, so that it goes on from run to run with them. */
export class OfFunctions<T> {
  /** Where in `FunctionRef.kept` it stands: the same in every run of a build, for kinds are made when modules are loaded. */
  private readonly at = FORMS.length;

  /** What says more than plain values has a form of its own. */
  constructor(...[form]: false extends IsPlain<T> ? [form: StoredForm<T>] : [form?: StoredForm<T>]) {
    FORMS.push(form ?? AS_IT_IS);
  }

  /** What was found of a function, where each of `hungOn` is the very same as then; else undefined. */
  known(fn: FunctionRef, hungOn: HungOn): T | undefined {
    const kept = this.keptOf(fn);
    return kept !== undefined && stands(kept, hungOn) ? kept.found : undefined;
  }

  /** Keeps what was found of a function. */
  keep(fn: FunctionRef, hungOn: HungOn, found: T): void {
    fn.kept[this.at] = { hungOn, found };
  }

  /**
   * What was found of a function, while each of `hungOn` is the very same as then; else it is found anew, and `find` is given what was
   * found before.
   */
  of(fn: FunctionRef, hungOn: HungOn, find: (before: T | undefined) => T): T {
    const kept = this.keptOf(fn);
    if (kept !== undefined && stands(kept, hungOn)) return kept.found;
    const found = find(kept?.found);
    this.keep(fn, hungOn, found);
    return found;
  }

  private keptOf(fn: FunctionRef): Kept<T> | undefined {
    return fn.kept[this.at] as Kept<T> | undefined;
  }
}

/** What was found of functions, by kind: in columns, for most of it is little or nothing. */
export interface StoredFunctions {
  readonly words: readonly string[];
  readonly columns: readonly {
    readonly kind: number;
    readonly functions: Int32Array;
    readonly hungOn: Int32Array;
    readonly found: readonly unknown[];
  }[];
}

/** All that is kept of functions and goes on from run to run. */
export function storedFunctions(functions: readonly FunctionRef[]): StoredFunctions {
  const words = new Words();
  const columns = FORMS.map((form, kind) => {
    const kept = functions.flatMap(({ id, kept }) => {
      const one = kept[kind] as Kept<unknown> | undefined;
      return one === undefined ? [] : [{ id, hungOn: one.hungOn, found: form.store(one.found, words) }];
    });
    return {
      kind,
      functions: Int32Array.from(kept, ({ id }) => id),
      hungOn: Int32Array.from(kept.flatMap(({ hungOn }) => hungOn)),
      found: kept.map(({ found }) => found),
    };
  });
  return { words: words.all, columns };
}

/** Makes known again what was kept. `functionOf`: the function of a number; undefined where that is another one now. */
export function recallFunctions(
  { words, columns }: StoredFunctions,
  functionOf: (id: number) => FunctionRef | undefined,
): void {
  for (const { kind, functions, hungOn, found } of columns) {
    const form = FORMS[kind];
    const stride = hungOn.length / functions.length;
    for (const [at, id] of functions.entries()) {
      const fn = functionOf(id);
      if (fn === undefined || form === undefined) continue;
      const on = hungOn.subarray(at * stride, (at + 1) * stride);
      fn.kept[kind] = { hungOn: [...on], found: form.revive(found[at], words, fn) };
    }
  }
}

/**
 * What is made of a whole analysis, and goes on from edit to edit as long as these leave all calls and situations as they are
 * (`Analysis.lineage`); effects may be others.
 */
export class OfAnalyses<T> {
  private readonly known = new WeakMap<
    object,
    { readonly results: readonly (FunctionResult | undefined)[]; readonly made: T }
  >();

  /**
   * `make`: makes it. `follow`: what was made of an earlier analysis of the lineage, as it is in this one, in which these functions
   * have another result than `before`; null where it is better made anew. What it is handed is nobody's any more.
   */
  constructor(
    private readonly make: (analysis: Analysis) => T,
    private readonly follow: (
      made: T,
      analysis: Analysis,
      changed: readonly number[],
      before: Results,
    ) => T | null,
  ) {}

  /** Whether that was made of an analysis already. */
  isMade({ lineage, results }: Analysis): boolean {
    return this.known.get(lineage)?.results === results;
  }

  /** What is made of an analysis. */
  of(analysis: Analysis): T {
    const { lineage, results } = analysis;
    const known = this.known.get(lineage);
    if (known?.results === results) return known.made;
    const changed = known === undefined ? [] : changedIn(known.results, results);
    const followed = known === undefined ? null : this.follow(known.made, analysis, changed, known.results);
    const made = followed ?? this.make(analysis);
    this.known.set(lineage, { results, made });
    return made;
  }
}

/**
 * What is found of each function of a whole analysis, where that hangs on its text, its result and its situations, and also on the texts
 * of those that it names, or on the results of those that it calls. After an edit only functions with another result are looked at again.
 */
export class OfEach<T> {
  private readonly all: OfAnalyses<Each<T>>;
  private find: (fn: FunctionRef) => T | null = () => null;

  constructor(alsoOn: 'nothing else' | 'texts of callees' | 'results of callees' = 'nothing else') {
    const look = ({ program }: Analysis, id: number, into: Each<T>): void => {
      const fn = program.functions[id];
      const found = fn === undefined ? null : this.find(fn);
      if (found === null) {
        if (!into.found.delete(id)) return;
      } else into.found.set(id, found);
      into.together = null;
    };
    this.all = new OfAnalyses<Each<T>>(
      (analysis) => {
        const found: Each<T> = { found: new Map(), together: null };
        for (const id of analysis.bottomUp) look(analysis, id, found);
        return found;
      },
      (found, analysis, changed) => {
        for (const id of changed) {
          look(analysis, id, found);
          const others =
            alsoOn === 'texts of callees'
              ? namersOf(analysis, id)
              : alsoOn === 'results of callees'
                ? callersOf(analysis, id)
                : NOBODY;
          for (const other of others) look(analysis, other, found);
        }
        return found;
      },
    );
  }

  /** By function, in no order that means anything. `find`: what is found of one; null where nothing is to be said of it. */
  of(analysis: Analysis, find: (fn: FunctionRef) => T | null): ReadonlyMap<number, T> {
    this.find = find;
    return this.all.of(analysis).found;
  }

  /** What is made of all of it together: once, until something else is found of a function. */
  together<G>(
    analysis: Analysis,
    find: (fn: FunctionRef) => T | null,
    make: (found: ReadonlyMap<number, T>) => G,
  ): G {
    this.find = find;
    const each = this.all.of(analysis);
    each.together ??= { made: make(each.found) };
    return each.together.made as G;
  }
}

/** What was found of each function, and what was made of it. */
interface Each<T> {
  readonly found: Map<number, T>;
  together: { readonly made: unknown } | null;
}

/** A function of one thing that is asked of the same one again and again: what was said stays as long as that does. */
export function ofOne<K extends object, V>(find: (of: K) => V): (of: K) => V {
  const known = new WeakMap<K, { readonly found: V }>();
  return (of) => {
    let entry = known.get(of);
    if (entry === undefined) {
      entry = { found: find(of) };
      known.set(of, entry);
    }
    return entry.found;
  };
}

/** By function: results of an analysis. */
export type Results = readonly (FunctionResult | undefined)[];

/** By the results of an analysis: in which functions they differ from those of the one before. Many ask that of the same two. */
const CHANGED = new WeakMap<Results, { readonly before: WeakRef<Results>; readonly in: readonly number[] }>();

function changedIn(before: Results, now: Results): readonly number[] {
  const known = CHANGED.get(now);
  if (known?.before.deref() === before) return known.in;
  const out: number[] = [];
  const count = Math.max(before.length, now.length);
  for (let id = 0; id < count; id++) if (before[id] !== now[id]) out.push(id);
  CHANGED.set(now, { before: new WeakRef(before), in: out });
  return out;
}

const OF_ALL = new OfAnalyses<Int32Array>(
  ({ results }) => Int32Array.from(results, standing),
  (numbers, { results }, changed) => {
    if (numbers.length !== results.length) return null;
    for (const id of changed) numbers[id] = standing(results[id]);
    return numbers;
  },
);

/** The numbers of all results of an analysis, by function: looked up once, since who asks asks of every call. */
export function resultNumbers(analysis: Analysis): Int32Array {
  return OF_ALL.of(analysis);
}

const AROUND = new OfAnalyses<Int32Array>(
  (analysis) => Int32Array.from(analysis.results, (_, id) => numberAround(analysis, id)),
  (numbers, analysis, changed) => {
    if (numbers.length !== analysis.results.length) return null;
    for (const id of changed) {
      numbers[id] = numberAround(analysis, id);
      for (const caller of callersOf(analysis, id)) numbers[caller] = numberAround(analysis, caller);
    }
    return numbers;
  },
);

function numberAround(analysis: Analysis, id: number): number {
  const own = resultNumbers(analysis);
  let n = own[id] as number;
  for (const callee of calleesOf(analysis.results[id])) n = mixed(n, own[callee] as number);
  return n;
}

type Callers = readonly (readonly number[] | undefined)[];

/** By function: who calls it, which in one lineage is always the same. `whom`: whom a function calls, each once. */
function callersBy(whom: (result: FunctionResult | undefined) => readonly number[]): OfAnalyses<Callers> {
  return new OfAnalyses<Callers>(
    ({ results }) => {
      const out: (number[] | undefined)[] = [];
      for (let id = 0; id < results.length; id++)
        for (const callee of whom(results[id])) {
          const list = out[callee];
          if (list === undefined) out[callee] = [id];
          else list.push(id);
        }
      return out;
    },
    (callers) => callers,
  );
}

const CALLERS = callersBy((result) => calleesOf(result));
const CALLERS_EVER = callersBy((result) => [...new Set((result?.edges ?? []).map((e) => e.callee))]);

/** Who calls a function in its own context, each once. */
export function callersOf(analysis: Analysis, fn: number): readonly number[] {
  return CALLERS.of(analysis)[fn] ?? NOBODY;
}

/** Who calls a function, now or in another context, each once. */
export function callersEver(analysis: Analysis, fn: number): readonly number[] {
  return CALLERS_EVER.of(analysis)[fn] ?? NOBODY;
}

/** By function: who names it, or once did. */
const NAMERS = new OfAnalyses<(number[] | undefined)[]>(
  (analysis) => {
    const out: (number[] | undefined)[] = [];
    for (const id of analysis.bottomUp)
      for (const callee of analysis.callees.of(id)) {
        const list = out[callee];
        if (list === undefined) out[callee] = [id];
        else list.push(id);
      }
    return out;
  },
  (namers, { callees }, changed) => {
    for (const id of changed)
      for (const callee of callees.of(id)) {
        const list = namers[callee];
        if (list === undefined) namers[callee] = [id];
        else if (!list.includes(id)) list.push(id);
      }
    return namers;
  },
);

/** The functions that name a function in a call; perhaps some that do no longer. */
function namersOf(analysis: Analysis, fn: number): readonly number[] {
  return NAMERS.of(analysis)[fn] ?? NOBODY;
}

/** A number that stands for the result of a function and those of all that it calls: for what is made of both. */
export function resultsAround(analysis: Analysis, fn: FunctionRef): number {
  return AROUND.of(analysis)[fn.id] ?? 0;
}

const CALLEES = new WeakMap<FunctionResult, readonly number[]>();
const NOBODY: readonly number[] = [];

/** Whom a function calls in its own context, each once. */
export function calleesOf(result: FunctionResult | undefined): readonly number[] {
  if (result === undefined) return NOBODY;
  let known = CALLEES.get(result);
  if (known === undefined) {
    known = [...new Set(result.edges.filter((e) => e.context === 'now').map((e) => e.callee))];
    CALLEES.set(result, known);
  }
  return known;
}

/** A number for a text. */
export function textNumber(text: string): number {
  let n = 17;
  for (let i = 0; i < text.length; i++) n = mixed(n, text.charCodeAt(i));
  return n;
}

/** A number for what stands in a set that does not change any more. */
export const setNumber = ofOne((set: ReadonlySet<string>) => textNumber([...set].sort().join()));

/** Two numbers in one that changes with either and with their order. */
export function mixed(a: number, b: number): number {
  const x = Math.imul(a ^ (b >>> 15) ^ b, 0x85ebca6b);
  return (x ^ (x >>> 13)) | 0;
}
