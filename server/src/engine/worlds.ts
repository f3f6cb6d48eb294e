/**
 * The analyses that an engine keeps between questions: of the units that were asked for last, of one that was stopped on its way, of a
 * file that somebody waited for, of texts in which an arm is built that the configuration leaves out. Links facts to a program and has it
 * analysed, with what has not changed taken over from the analysis before. Must not know what is asked of an analysis.
 */
import type { CancelToken } from './base/cancel.js';
import { Analysis } from './contexts/analysis.js';
import { Callees } from './contexts/callees.js';
import { Earlier } from './contexts/earlier.js';
import type { Progress } from './door.js';
import { type Changed, changedFunctions } from './facts/changes.js';
import type { FileFacts } from './facts/encode.js';
import type { MacroReader } from './facts/macro.js';
import type { Loader } from './loader.js';
import type { Model } from './model/index.js';
import { type FunctionRef, Program, unitOf } from './program/program.js';
import type { Before, Remembered } from './remembered.js';
import { recallFunctionFinds } from './rules/stored-finds.js';

/** One analysed set of files. */
export interface World extends Before {
  readonly key: string;
  readonly program: Program;
  readonly analysis: Analysis;
  /** Something was taken over from an earlier analysis. */
  readonly carried: boolean;
  /** A file that it stands on has changed since. */
  stale: boolean;
  /** Functions of which something was guessed, for somebody who waited: by their keys. */
  readonly guessed: ReadonlySet<string>;
}

/** An analysis that was stopped on its way, to go on with. */
interface Begun {
  readonly files: readonly FileFacts[];
  readonly analysis: Analysis;
}

/** Analyses that were stopped and are kept: that of a unit, and that of the file of it that somebody waited for. */
const MAX_BEGUN = 2;

/** A directory with no more C files than this is analysed as a whole, even where somebody waits. */
const FEW_SOURCES = 6;

/** Worlds that are kept: those of the files that somebody works at. */
const MAX_WORLDS = 3;

/** Of one world: how many are kept that have an arm in them which the configuration leaves out. */
const MAX_OTHERS = 4;

/** A store of terms may grow to so many times its first size, and some more, before it is begun anew. */
const MOST_GROWTH = 3;
const MORE_TERMS = 20_000;

/** The analyses of one engine. */
export class Worlds {
  /** The last worlds that were asked for, the last one at the end. */
  private readonly worlds = new Map<string, World>();
  /** A file that somebody waited for, analysed without its unit. */
  private first: World | null = null;
  /** Analyses that were stopped, for somebody else waited: by the keys of their worlds, the last one at the end. */
  private readonly begun = new Map<string, Begun>();
  /** Of a world: the last ones that were made of it with another text of a file. */
  private readonly others = new WeakMap<World, { readonly other: FileFacts; readonly world: World }[]>();
  /** Functions that were walked since somebody set it to 0. */
  walked = 0;

  /** `list`: the names in a folder of the tree. `remembered`: what is kept of earlier runs. */
  constructor(
    private readonly loader: Loader,
    private readonly model: Model,
    private readonly macros: MacroReader,
    private readonly remembered: Remembered | null,
    private readonly list: (folder: string) => readonly string[],
  ) {}

  /** Those that are kept, the last one that was asked for first. */
  recent(): readonly World[] {
    return [...this.worlds.values()].reverse();
  }

  /** Of a question about so many units: where they are more than are kept, none is. */
  keepFew(units: number): void {
    if (units > MAX_WORLDS) for (const key of [...this.worlds.keys()]) this.forget(key);
  }

  /**
   * Loads, links and analyses; the last world is kept while nothing it stands on changes. `guess`: whether
   * guesses about rounds (`Analysis.guessed`) may be made, because somebody waits after an edit, or may stand where they were made.
   * `keepsLater`: who asks calls `keep()`, when more is known.
   */
  of(
    files: readonly string[],
    token: CancelToken,
    progress?: (p: Progress) => void,
    guess: 'made' | 'stand' | 'none' = 'stand',
    keepsLater = false,
  ): World {
    const units = worldKey(files);
    const known = this.worlds.get(units);
    if (known !== undefined) {
      this.worlds.delete(units);
      this.worlds.set(units, known);
      if (!known.stale && (guess !== 'none' || known.guessed.size === 0)) return known;
    }
    let read = 0;
    const facts = this.loader.closure(files, true, token, (at) => {
      if (read++ % 25 === 0)
        progress?.({ phase: 'read', done: read, total: Math.max(read, files.length), at });
    });
    // Cancelled on the way, the world stays what it was, and stale
    const before = known ?? this.remembered?.recallAnalysis(units, facts) ?? null;
    const world = this.link(units, facts, files, token, progress, before, guess === 'made');
    this.walked += world.analysis.walked;
    this.first = null;
    this.begun.clear();
    this.worlds.delete(units);
    this.worlds.set(units, world);
    for (const key of [...this.worlds.keys()]) if (this.worlds.size > MAX_WORLDS) this.forget(key);
    // What little changed is found again from what was kept
    if (!world.carried) this.unkept.add(world);
    if (!keepsLater) this.keep(world);
    return world;
  }

  /** Worlds that are to be kept for later runs. */
  private readonly unkept = new WeakSet<World>();

  /** Keeps a world for later runs, with what has been made of it so far: once, and only where it was found anew. */
  keep(world: World): void {
    if (this.unkept.delete(world)) this.remembered?.keepAnalysis(world.key, world, world.program.functions);
  }

  /** Whether the unit of a file has been analysed, or is so small that it soon is. */
  isKnown(path: string): boolean {
    if (this.worlds.has(worldKey([path])) || path.startsWith('include/')) return true;
    const sources = this.list(unitOf(path)).filter((name) => name.endsWith('.c'));
    return sources.length <= FEW_SOURCES;
  }

  /** A file analysed without the others of its unit: kept until the unit is. */
  alone(path: string, token: CancelToken): World {
    const key = `alone ${path}`;
    if (this.first?.key === key && !this.first.stale) return this.first;
    const facts = this.loader.closure([path], false, token, () => {});
    this.first = this.link(key, facts, [path], token);
    return this.first;
  }

  /** A world with another text of one of its files; some are kept, for the pointer moves on in the same lines, and comes back. */
  withOther(world: World, other: FileFacts, token: CancelToken): World {
    const known = this.others.get(world) ?? [];
    const same = known.find((one) => one.other.path === other.path && one.other.hash === other.hash);
    if (same !== undefined) return same.world;
    const files = world.files.map((f) => (f.path === other.path ? other : f));
    // What stands in both is taken over, into a program of its own
    const { found, terms, firstTerms, guessed } = world;
    const before = { files: world.files, found, terms, firstTerms, guessed };
    const made = this.link(world.key, files, [other.path], token, undefined, before);
    this.others.set(world, [{ other, world: made }, ...known].slice(0, MAX_OTHERS));
    return made;
  }

  /** An analysis of files of which nothing was kept before, so that rules see every spot anew; it is not kept either. */
  afresh<T>(files: readonly string[], token: CancelToken, use: (analysis: Analysis) => T): T {
    const facts = this.loader.closure(files, true, token, () => {});
    try {
      return use(this.link('', facts, files, token).analysis);
    } finally {
      const inUse = new Set([...this.worlds.values()].flatMap((world) => world.files.map((f) => f.path)));
      this.loader.release(facts.map((f) => f.path).filter((path) => !inUse.has(path)));
    }
  }

  /** A file has another text; `cameOrWent`: it is new, or gone, which any of them may hang on. */
  invalidate(file: string, cameOrWent: boolean): void {
    for (const world of this.worlds.values())
      world.stale ||= cameOrWent || world.files.some((f) => f.path === file);
    if (this.first?.files.some((f) => f.path === file) === true) this.first = null;
    for (const [key, begun] of this.begun)
      if (begun.files.some((f) => f.path === file)) this.begun.delete(key);
  }

  /** Lets go of a world, and of what was made of its sources. */
  private forget(key: string): void {
    const world = this.worlds.get(key);
    this.worlds.delete(key);
    const inUse = new Set([...this.worlds.values()].flatMap((other) => other.files.map((f) => f.path)));
    this.loader.release((world?.files ?? []).map((f) => f.path).filter((path) => !inUse.has(path)));
  }

  /** What changed since an analysis of almost the same files; null where it is better begun anew. */
  private changedSince(before: Before, facts: readonly FileFacts[]): Changed | null {
    if (before.terms.kept > before.firstTerms * MOST_GROWTH + MORE_TERMS) return null;
    return changedFunctions(before.files, facts);
  }

  /** The program of these files: the one from before, where nothing but bodies of functions are others. */
  private program(facts: readonly FileFacts[], before: Before | null, changed: Changed | null): Callees {
    const known = before?.analysis?.callees;
    if (known !== undefined && changed !== null && changed.onlyBodies !== null) {
      // Against what it has, not against `before`: a text in between may have been given up on
      for (const now of facts) if (known.program.files.get(now.path) !== now) known.replaceBodies(now);
      return known;
    }
    const program = new Program((name) => this.model.constants.get(name));
    for (const f of facts) program.add(f);
    return new Callees(program, this.model, this.macros);
  }

  /**
   * Facts to an analysed program. `files`: headers among them are analysed too; `before`: an analysis from which what has not
   * changed is taken over, and `carried` says that it was.
   */
  private link(
    key: string,
    facts: readonly FileFacts[],
    files: readonly string[],
    token: CancelToken,
    progress?: (p: Progress) => void,
    before: Before | null = null,
    mayGuess = false,
  ): World {
    const changed = before === null ? null : this.changedSince(before, facts);
    const begun = changed === null ? this.begunOf(key, facts) : null;
    const callees = begun?.analysis.callees ?? this.program(facts, before, changed);
    const { program } = callees;
    const guessed = before?.guessed;
    const isGuessed = (fn: FunctionRef): boolean =>
      guessed !== undefined && guessed.size > 0 && guessed.has(callees.keys[fn.id] as string);
    const last = before?.analysis;
    const lineage = last === undefined ? null : { is: last.lineage, callees: last.callees };
    const earlier =
      before === null || changed === null
        ? null
        : new Earlier(before.found, changed.isChanged, isGuessed, lineage);
    const analysis =
      earlier === null
        ? (begun?.analysis ?? new Analysis(callees, this.model))
        : new Analysis(callees, this.model, before?.terms, earlier, mayGuess);
    const wanted = new Set(files);
    const units = new Set(files.filter((f) => !f.startsWith('include/')).map(unitOf));
    const roots: number[] = [];
    for (const f of program.functions)
      if (!f.isHeader || units.has(f.unit) || wanted.has(f.file.path)) roots.push(f.id);
    // An inline of a header that stands in a table is called by nobody here
    for (const slot of program.slots) {
      const fn = slot.file.path.endsWith('.h') ? null : program.resolve(slot.target, slot.file);
      if (fn?.isHeader === true) roots.push(fn.id);
    }
    // What is taken over from is used up on the way
    if (earlier === null && key !== '') this.keepBegun(key, { files: facts, analysis });
    analysis.run(roots, token, (done, total, at) => {
      if (done % 200 < 2) progress?.({ phase: 'analyse', done, total, at });
    });
    this.begun.delete(key);
    // Macros that are called are among the functions now
    if (before?.finds !== undefined && earlier !== null)
      recallFunctionFinds(before.finds, before.found.keys, program.functions, callees.keys);
    const firstTerms = earlier === null ? analysis.terms.kept : (before?.firstTerms ?? 0);
    const { terms } = analysis;
    return {
      key,
      carried: earlier !== null,
      program,
      analysis,
      files: facts,
      found: analysis.found(),
      terms,
      firstTerms,
      stale: false,
      guessed: new Set(analysis.guessed.map((id) => callees.keys[id] as string)),
    };
  }

  /** What was begun of these very files, or null. */
  private begunOf(key: string, facts: readonly FileFacts[]): Begun | null {
    const begun = this.begun.get(key);
    if (begun === undefined || begun.files.length !== facts.length) return null;
    return begun.files.every((file, at) => file === facts[at]) ? begun : null;
  }

  private keepBegun(key: string, begun: Begun): void {
    this.begun.delete(key);
    this.begun.set(key, begun);
    for (const other of this.begun.keys()) if (this.begun.size > MAX_BEGUN) this.begun.delete(other);
  }
}

/** What tells the analysis of some files' units apart. Headers of the units are always in it, others where they are asked for. */
function worldKey(files: readonly string[]): string {
  const others = files.filter((f) => f.endsWith('.h') && f.startsWith('include/'));
  return [...new Set(files.map(unitOf)), ...others].sort().join('\n');
}
