/**
 * The engine behind the door: loads what a question needs, links and analyses it, and answers. Keeps facts between
 * questions; programs and analyses are made anew when a file they stand on has changed.
 */
import { absent } from './absent.js';
import { annotation, signatureAt } from './annotating.js';
import { auditUnit, noSuchSubject, subjectOf } from './auditing.js';
import { type CancelToken, NEVER, throwIfCancelled } from './base/cancel.js';
import { type EntryMethod, type Finding, PRECISION_RANK, type Precision } from './base/finding.js';
import type { HoverAnswer, InlayHint } from './base/hover.js';
import { push } from './base/multimap.js';
import type { CallsAnswer, CallsQuery, LensesAnswer, MethodsAnswer, MethodsQuery } from './base/shown.js';
import type { KernelConfig } from './configure/index.js';
import { Analysis } from './contexts/analysis.js';
import { Callees } from './contexts/callees.js';
import { fnColumn, graphOf, isDamaged } from './contexts/cfg.js';
import { Earlier, type Found } from './contexts/earlier.js';
import { contextsAt, functionAt, operationAt, pointsAt } from './contexts/query.js';
import { unknownsOf } from './contexts/unknowns.js';
import type {
  AbsentQuery,
  AbsentResult,
  AnnotateQuery,
  AnnotateResult,
  AuditQuery,
  AuditResult,
  AuditSpot,
  CheckAnswer,
  CheckRequest,
  ContextsQuery,
  ContextsResult,
  DropQuery,
  DropResult,
  DumpKind,
  Engine,
  EngineOptions,
  FieldQuery,
  FieldResult,
  FileInScope,
  HoverQuery,
  InlayHintQuery,
  MemoryPart,
  PictureQuery,
  PictureResult,
  Progress,
  ReachAnswer,
  VerifyAnswer,
} from './door.js';
import { draw } from './drawing.js';
import { dumpFunctions } from './dump.js';
import { type Changed, changedFunctions } from './facts/changes.js';
import { type FileFacts, Fn, FUNCTION_STRIDE, lineAt } from './facts/encode.js';
import { MacroReader } from './facts/macro.js';
import { compareText, orderFindings } from './findings/order.js';
import { settleFindings } from './findings/settle.js';
import { fixesOf } from './fixes/fixes.js';
import type { Source } from './fixes/source.js';
import { hoverAt, runsAt } from './hovering.js';
import { countFunctions, Loader } from './loader.js';
import type { Model } from './model/index.js';
import { type FunctionRef, Program, unitOf } from './program/program.js';
import { type Before, Remembered, type UnitAnswer } from './remembered.js';
import { askDrop, askField, type Desk } from './reviewing.js';
import { RULES, rulesFor } from './rules/index.js';
import { type Files, runRules } from './rules/run.js';
import type { SyntaxParser } from './syntax/parser.js';
import { verifyModel } from './verify/verify.js';
import { callsOf } from './views/calls.js';
import { explainModelName } from './views/contract.js';
import { inlayHints } from './views/inlay-hints.js';
import { lensesOf } from './views/lenses.js';
import { methodsOf, withFindings } from './views/methods.js';
import { placed } from './views/placed.js';
import { reachOf } from './views/reach.js';

/** Files that a message names. */
const MAX_NAMED = 4;

/** One analysed set of files. */
interface World extends Before {
  readonly key: string;
  readonly program: Program;
  readonly analysis: Analysis;
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

/** The engine. */
export class LockwalkEngine implements Engine {
  private readonly loader: Loader;
  /** The last worlds that were asked for, the last one at the end. */
  private readonly worlds = new Map<string, World>();
  /** A file that somebody waited for, analysed without its unit. */
  private first: World | null = null;
  /** Analyses that were stopped, for somebody else waited: by the keys of their worlds, the last one at the end. */
  private readonly begun = new Map<string, Begun>();
  /** Functions that the check at hand has walked. */
  private walked = 0;
  private readonly macros: MacroReader;
  /** What is remembered of earlier runs, or null where nothing is. */
  private readonly remembered: Remembered | null;
  private readonly made: string;

  constructor(
    private readonly options: EngineOptions,
    private readonly parser: SyntaxParser,
    private readonly model: Model,
    config: KernelConfig,
    readonly kernelVersion: string,
    readonly problems: readonly string[],
  ) {
    this.macros = new MacroReader(parser);
    // All that an answer hangs on besides the tree and the build
    this.made = JSON.stringify([kernelVersion, options.dotConfig, options.limits ?? null]);
    this.loader = new Loader(
      options.tree,
      parser,
      config,
      options.clock,
      options.reading ?? null,
      options.memory ?? null,
      this.made,
    );
    const { memory, tree } = options;
    this.remembered =
      memory === undefined || tree.digest === undefined
        ? null
        : new Remembered(memory, this.loader, this.made);
  }

  check(
    request: CheckRequest,
    token: CancelToken,
    progress?: (p: Progress) => void,
    takes: (unit: number) => boolean = () => true,
  ): CheckAnswer {
    const started = this.options.clock();
    this.loader.parseMs = 0;
    this.walked = 0;
    const answers: UnitAnswer[] = [];
    const units = byUnit(this.expand(request.paths));
    const total = units.reduce((sum, files) => sum + files.length, 0);
    let done = 0;
    for (const [unit, files] of units.entries()) {
      if (!takes(unit)) continue;
      throwIfCancelled(token);
      const shown = units.length === 1 ? progress : undefined;
      // Between two keystrokes nothing is as it was
      const isTyped = request.quick === true && files.some((file) => this.loader.isBeingEdited(file));
      const known = isTyped ? null : (this.remembered?.recall(files, request) ?? null);
      answers.push(known ?? this.checkUnit(files, request, token, shown));
      // A check of many units is done with each
      if (units.length > MAX_WORLDS) for (const key of [...this.worlds.keys()]) this.forget(key);
      done += files.length;
      progress?.({ phase: 'analyse', done, total, at: files[0] as string });
    }
    const sum = (count: (answer: UnitAnswer) => number): number =>
      answers.reduce((all, answer) => all + count(answer), 0);
    return {
      findings: orderFindings(answers.flatMap((answer) => answer.findings)),
      skipped: answers.flatMap((answer) => answer.skipped).sort((a, b) => compareText(a.file, b.file)),
      problems: [...this.problems, ...answers.flatMap((answer) => answer.problems).sort()],
      stats: {
        files: sum((answer) => answer.files),
        functions: sum((answer) => answer.functions),
        damagedFunctions: sum((answer) => answer.damagedFunctions),
        walked: this.walked,
        parseMs: Math.round(this.loader.parseMs),
        totalMs: Math.round(this.options.clock() - started),
      },
    };
  }

  /** Checks one unit, in a world of its own: what is checked besides has no say in its answer. */
  private checkUnit(
    files: readonly string[],
    request: CheckRequest,
    token: CancelToken,
    progress?: (p: Progress) => void,
  ): UnitAnswer {
    const world = this.analyse(files, token, progress, request.quick === true ? 'made' : 'none');
    const asked = new Set<string>();
    const textOf = (file: string): string | null => {
      asked.add(file);
      return this.loader.text(file);
    };
    const factsOf = (file: string): FileFacts | null => {
      asked.add(file);
      return this.loader.load(file);
    };
    const fixing = { analysis: world.analysis, source: this.sources(asked) };
    const inUnit = new Set(files);
    const isShown = ({ precision }: { readonly precision: Precision }): boolean =>
      PRECISION_RANK[precision] >= PRECISION_RANK[request.precision];
    const found: Finding[] = runRules(
      world.analysis,
      inUnit,
      request.rules,
      // What is not shown is found all the same: fingerprints count it, and comments may speak for it
      'low',
      { textOf, factsOf },
      token,
      (draft) => (isShown(draft) ? fixesOf(fixing, draft) : []),
      { onlyFiles: request.quick === true },
    );
    const settled = settleFindings(found, {
      files,
      known: RULES.map((rule) => rule.id),
      ran: rulesFor(request).map((rule) => rule.id),
      textOf,
    });
    const counts = world.files.filter((f) => inUnit.has(f.path)).map(countFunctions);
    const answer: UnitAnswer = {
      findings: settled.findings.filter(isShown),
      problems: settled.problems,
      skipped: this.loader.skippedFiles().filter((s) => inUnit.has(s.file)),
      files: counts.length,
      functions: counts.reduce((sum, c) => sum + c.all, 0),
      damagedFunctions: counts.reduce((sum, c) => sum + c.damaged, 0),
    };
    if (request.quick !== true && this.remembered !== null) {
      const hungOn = [...this.loader.hangsOn(files), ...asked];
      // What was skipped may have been so for lack of time
      if (!hungOn.some((path) => this.loader.skipped.has(path)))
        this.remembered.keep(files, request, hungOn, inlinesOf(world.found), answer);
    }
    return answer;
  }

  /** Texts with their trees, for fixes: each file that one touches is parsed once more. `asked` learns which. */
  private sources(asked = new Set<string>()): (file: string) => Source | null {
    const known = new Map<string, Source | null>();
    return (file) => {
      asked.add(file);
      let source = known.get(file);
      if (source === undefined) {
        const text = this.loader.text(file);
        const parsed = this.parser.parse(this.loader.configured(file) ?? '');
        source = text === null || !parsed.ok ? null : { file, text, tree: parsed.tree };
        known.set(file, source);
      }
      return source;
    };
  }

  readForOthers(files: readonly string[], token: CancelToken): void {
    this.loader.readForOthers(files, token);
  }

  private expand(paths: readonly string[]): string[] {
    const out = new Set<string>();
    for (const p of paths) for (const f of this.loader.expand(p)) out.add(f);
    return [...out].sort();
  }

  /**
   * Loads, links and analyses; the last world is kept while nothing it stands on changes. `guess`: whether
   * guesses about rounds (`Analysis.guessed`) may be made, because somebody waits after an edit, or may stand where they were made.
   */
  private analyse(
    files: readonly string[],
    token: CancelToken,
    progress?: (p: Progress) => void,
    guess: 'made' | 'stand' | 'none' = 'stand',
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
    const { world, carried } = this.link(units, facts, files, token, progress, before, guess === 'made');
    this.walked += world.analysis.walked;
    this.first = null;
    this.begun.clear();
    this.worlds.delete(units);
    this.worlds.set(units, world);
    for (const key of [...this.worlds.keys()]) if (this.worlds.size > MAX_WORLDS) this.forget(key);
    // What little changed is found again from what was kept
    if (!carried) this.remembered?.keepAnalysis(units, world);
    return world;
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
  ): { readonly world: World; readonly carried: boolean } {
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
    const firstTerms = earlier === null ? analysis.terms.kept : (before?.firstTerms ?? 0);
    const { terms } = analysis;
    const world = {
      key,
      program,
      analysis,
      files: facts,
      found: analysis.found(),
      terms,
      firstTerms,
      stale: false,
      guessed: new Set(analysis.guessed.map((id) => callees.keys[id] as string)),
    };
    return { world, carried: earlier !== null };
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

  reach(paths: readonly string[], token: CancelToken, progress?: (p: Progress) => void): ReachAnswer {
    const files = this.expand(paths);
    const world = this.analyse(files, token, progress);
    const inScope = new Set(files);
    return reachOf(
      world.analysis,
      world.files.filter((f) => inScope.has(f.path)),
      (file) => this.loader.text(file),
    );
  }

  contexts(query: ContextsQuery, token: CancelToken): ContextsResult {
    if ('line' in query) {
      if (this.loader.text(query.file) === null)
        return { ok: false, problem: `${query.file}: no such file in the tree` };
      const world = this.analyse([query.file], token);
      const skipped = this.loader.skipped.get(query.file);
      if (skipped !== undefined) return { ok: false, problem: `${query.file}: skipped, ${skipped}` };
      const other = this.loader.asIfBuilt(query.file, query.line);
      if (other !== null) return this.answerAt(this.withOther(world, other, token), query, false);
      return this.answerAt(world, query, true);
    }
    const file = query.file ?? this.findFunction(query.function);
    if (file === null) return { ok: false, problem: noSuchFunction(query.function) };
    const world = this.analyse([file], token);
    const fn = world.program.functionsNamed(query.function).find((f) => f.file.path === file);
    if (fn === undefined) return { ok: false, problem: `${query.function}: not defined in ${file}` };
    return this.answer(world, fn, lineAt(fn.file.lineStarts, fnColumn(fn.file, fn.index, Fn.NameStart)), -1);
  }

  annotate(query: AnnotateQuery, token: CancelToken): AnnotateResult {
    const no = (problem: string): AnnotateResult => ({ ok: false, problem });
    let file = query.file ?? null;
    let name: string | null = null;
    if ('function' in query) {
      name = query.function;
      const files = file === null ? [...this.filesDefining(name)] : [file];
      file = files[0] ?? null;
      if (file === null) return no(this.leftOut(name, this.loader.expand('fs')) ?? noSuchFunction(name));
      if (files.length > 1) return no(`${name}: defined in ${someOf(files)}; name one with --file`);
    } else {
      const facts = this.loader.load(query.file);
      if (facts !== null)
        name = signatureAt(facts, () => this.loader.configured(query.file) ?? '', query.line);
      if (name === null) return no(`${query.file}:${query.line}: no signature of a function here`);
    }
    if (file === null || this.loader.text(file) === null) return no(`${file}: no such file in the tree`);
    const world = this.analyse([file], token);
    const skipped = this.loader.skipped.get(file);
    if (skipped !== undefined) return no(`${file}: skipped, ${skipped}`);
    const fn = world.program.functionsNamed(name).find((f) => f.file.path === file);
    if (fn === undefined) return no(this.leftOut(name, [file]) ?? `${name}: not defined in ${file}`);
    const texts = {
      original: (path: string) => this.loader.text(path),
      configured: (path: string) => this.loader.configured(path),
      below: (folder: string) => this.loader.expand(folder),
    };
    return { ok: true, answer: annotation(world.analysis, texts, this.sources(), fn, query.style) };
  }

  /** An analysis of files of which nothing was kept before, so that rules see every spot anew; it is not kept either. */
  private afresh<T>(files: readonly string[], token: CancelToken, use: (analysis: Analysis) => T): T {
    const facts = this.loader.closure(files, true, token, () => {});
    try {
      return use(this.link('', facts, files, token).world.analysis);
    } finally {
      const inUse = new Set([...this.worlds.values()].flatMap((world) => world.files.map((f) => f.path)));
      this.loader.release(facts.map((f) => f.path).filter((path) => !inUse.has(path)));
    }
  }

  /** The tree's files, for rules of an answer that is not kept. */
  private treeFiles(): Files {
    return { textOf: (file) => this.loader.text(file), factsOf: (file) => this.loader.load(file) };
  }

  absent(query: AbsentQuery, token: CancelToken): AbsentResult {
    const { file, line } = query;
    if (!RULES.some((rule) => rule.id === query.rule))
      return { ok: false, problem: `${query.rule}: no such rule` };
    if (this.loader.text(file) === null) return { ok: false, problem: `${file}: no such file in the tree` };
    const answer = this.afresh([file], token, (analysis) =>
      absent(analysis, query, {
        ...this.treeFiles(),
        isBuilt: this.loader.asIfBuilt(file, line) === null,
        token,
      }),
    );
    const skipped = this.loader.skipped.get(file);
    if (skipped !== undefined) return { ok: false, problem: `${file}: skipped, ${skipped}` };
    return { ok: true, answer };
  }

  audit(query: AuditQuery, token: CancelToken, progress?: (p: Progress) => void): AuditResult {
    const subject = subjectOf(this.model, query.name);
    if (subject === null) return { ok: false, problem: noSuchSubject(this.model, query.name) };
    const spots: AuditSpot[] = [];
    const seen = new Set<string>();
    let functions = 0;
    const units = byUnit(this.expand(query.paths));
    for (const [done, files] of units.entries()) {
      progress?.({ phase: 'analyse', done, total: units.length, at: files[0] as string });
      const { word } = subject;
      if (word !== null && !files.some((file) => this.loader.text(file)?.includes(word) === true)) continue;
      const found = this.afresh(files, token, (analysis) =>
        auditUnit(analysis, subject, files, this.treeFiles(), token),
      );
      functions += found.functions;
      for (const file of files) seen.add(file);
      spots.push(...found.spots);
    }
    spots.sort((a, b) => compareText(a.file, b.file) || a.line - b.line || compareText(a.table, b.table));
    const skipped = this.loader.skippedFiles().filter((s) => seen.has(s.file));
    const { kind, name } = subject;
    const { kernelVersion } = this;
    return { ok: true, answer: { version: 1, kernelVersion, kind, name, spots, functions, skipped } };
  }

  /** What the questions of a reviewer are asked of. */
  private desk(token: CancelToken, progress?: (p: Progress) => void): Desk {
    return {
      model: this.model,
      kernelVersion: this.kernelVersion,
      text: (file) => this.loader.text(file),
      expand: (paths) => this.expand(paths),
      units: byUnit,
      analysis: (files) => this.analyse(files, token, progress).analysis,
      skipped: (file) => this.loader.skipped.get(file),
    };
  }

  field(query: FieldQuery, token: CancelToken, progress?: (p: Progress) => void): FieldResult {
    return askField(this.desk(token, progress), query, token, progress);
  }

  drop(query: DropQuery, token: CancelToken): DropResult {
    return askDrop(this.desk(token), query, token);
  }

  /** Says that a function is defined where the configuration leaves it out; null where it is not. */
  private leftOut(name: string, files: readonly string[]): string | null {
    const definition = new RegExp(
      `^(?:[A-Za-z_][^;={}\\n]*)?\\b${name.replace(/\W/g, '')}\\s*\\([^;{}]*\\)[^;{}()]*\\{`,
      'm',
    );
    const file = files.find((path) => {
      const text = this.loader.text(path);
      return text?.includes(name) === true && definition.test(text);
    });
    return file === undefined
      ? null
      : `${name}: defined in ${file}, but this configuration leaves it out; --config follows another`;
  }

  /** Files of fs/ that define a function, in order; each is read when it is asked for. */
  private *filesDefining(name: string): Generator<string> {
    const pattern = new RegExp(`^(?:[A-Za-z_][^;={}\\n]*)?\\b${name.replace(/\W/g, '')}\\s*\\(`, 'm');
    for (const file of this.loader.expand('fs')) {
      const text = this.loader.text(file);
      if (text?.includes(name) !== true || !pattern.test(text)) continue;
      const facts = this.loader.load(file);
      if (facts !== null && hasFunction(facts, name)) yield file;
    }
  }

  private answerAt(
    world: World,
    query: Extract<ContextsQuery, { line: number }>,
    built: boolean,
  ): ContextsResult {
    const { file, line, column } = query;
    const fn = functionAt(world.program.functions, file, line);
    if (fn === null) return { ok: false, problem: `${file}:${line}: no function here` };
    const graph = graphOf(fn.file, fn.index);
    const op = operationAt(fn, line, column, graph.order, graph.blockStart);
    return this.answer(world, fn, line, op, { built, places: query.places === true });
  }

  /** Of a world: the last ones that were made of it with another text of a file. */
  private readonly others = new WeakMap<World, { readonly other: FileFacts; readonly world: World }[]>();

  /** A world with another text of one of its files; some are kept, for the pointer moves on in the same lines, and comes back. */
  private withOther(world: World, other: FileFacts, token: CancelToken): World {
    const known = this.others.get(world) ?? [];
    const same = known.find((one) => one.other.path === other.path && one.other.hash === other.hash);
    if (same !== undefined) return same.world;
    const files = world.files.map((f) => (f.path === other.path ? other : f));
    // What stands in both is taken over, into a program of its own
    const { found, terms, firstTerms, guessed } = world;
    const before = { files: world.files, found, terms, firstTerms, guessed };
    const made = this.link(world.key, files, [other.path], token, undefined, before).world;
    this.others.set(world, [{ other, world: made }, ...known].slice(0, MAX_OTHERS));
    return made;
  }

  private answer(
    world: World,
    fn: FunctionRef,
    line: number,
    op: number,
    { built, places } = { built: true, places: false },
  ): ContextsResult {
    const { analysis } = world;
    return {
      ok: true,
      answer: {
        version: 1,
        file: fn.file.path,
        line,
        function: fn.name,
        damaged: isDamaged(fn),
        ...(built ? {} : { notBuilt: true }),
        contexts: places
          ? pointsAt(analysis, fn, op).map((point) => placed(analysis, point))
          : contextsAt(analysis, fn, op),
        unknowns: unknownsOf(analysis, fn),
      },
    };
  }

  /** The file that defines a function: in what is loaded, else by a look through fs/. */
  private findFunction(name: string): string | null {
    for (const world of [...this.worlds.values()].reverse()) {
      const known = world.program.functionsNamed(name)[0];
      if (known !== undefined) return known.file.path;
    }
    for (const file of this.filesDefining(name)) return file;
    return null;
  }

  picture(query: PictureQuery, token: CancelToken): PictureResult {
    return draw(query, {
      model: this.model,
      tree: this.treeFiles(),
      analyse: (files) => this.analyse(files, token).analysis,
      skipped: (file) => this.loader.skipped.get(file),
      fileDefining: (name) => this.findFunction(name),
      expand: (paths) => this.expand(paths),
      noSuchFunction,
    });
  }

  hover({ file: path, line, column, soon }: HoverQuery, token: CancelToken): HoverAnswer | null {
    const text = this.loader.text(path);
    if (text === null) return null;
    const alone = soon === true && !this.isKnown(path) ? this.alone(path, token) : null;
    const world = alone ?? this.analyse([path], token);
    const isBuilt = this.loader.skipped.has(path) || runsAt(world.analysis, path, line);
    const other = isBuilt ? null : this.loader.asIfBuilt(path, line);
    const { analysis } = other === null ? world : this.withOther(world, other, token);
    const file = analysis.program.files.get(path);
    if (file === undefined) return null;
    const answer = hoverAt({ analysis, file, text, line, column, built: other === null });
    if (answer === null || alone === null) return answer;
    const rest = `who calls from other files of ${unitOf(path)}, which are still being read`;
    return { ...answer, unknowns: [rest, ...answer.unknowns] };
  }

  /** Whether the unit of a file has been analysed, or is so small that it soon is. */
  private isKnown(path: string): boolean {
    if (this.worlds.has(worldKey([path])) || path.startsWith('include/')) return true;
    const sources = this.options.tree.list(unitOf(path)).filter((name) => name.endsWith('.c'));
    return sources.length <= FEW_SOURCES;
  }

  /** A file analysed without the others of its unit: kept until the unit is. */
  private alone(path: string, token: CancelToken): World {
    const key = `alone ${path}`;
    if (this.first?.key === key && !this.first.stale) return this.first;
    const facts = this.loader.closure([path], false, token, () => {});
    this.first = this.link(key, facts, [path], token).world;
    return this.first;
  }

  inlayHints(query: InlayHintQuery, token: CancelToken): readonly InlayHint[] {
    const text = this.loader.text(query.file);
    if (text === null) return [];
    const { analysis } = this.analyse([query.file], token);
    return inlayHints(analysis, text, query, token);
  }

  lenses(file: string, token: CancelToken): LensesAnswer {
    if (this.loader.text(file) === null) return { version: 1, file, lenses: [] };
    return lensesOf(this.analyse([file], token).analysis, file);
  }

  calls(query: CallsQuery, token: CancelToken): CallsAnswer {
    if (this.loader.text(query.file) === null) return { version: 1, item: null, rows: [] };
    const within = query.kind === 'at' ? query.file : (query.within ?? query.file);
    const { analysis } = this.analyse([within], token);
    return callsOf(analysis, query, (file) => this.loader.text(file));
  }

  methods(query: MethodsQuery, token: CancelToken, progress?: (p: Progress) => void): MethodsAnswer {
    const asked = this.expand(query.paths).filter((file) => !file.startsWith('include/'));
    const folders = [...new Set(asked.map(unitOf))].sort();
    const units = folders.map((unit, done) => {
      throwIfCancelled(token);
      progress?.({ phase: 'analyse', done, total: folders.length, at: unit });
      const files = this.loader.expand(unit).filter((file) => unitOf(file) === unit);
      const checked = query.findings === null ? null : { paths: files, ...query.findings };
      const found = checked === null ? null : this.checkUnit(files, checked, token).findings;
      const { analysis } = this.analyse(files, token);
      const skipped = this.loader.skippedFiles().filter((one) => files.includes(one.file));
      const methods = methodsOf(analysis, unit, skipped);
      return found === null
        ? methods
        : withFindings(methods, found, (file) => !this.loader.skipped.has(file));
    });
    return { version: 1, kernelVersion: this.kernelVersion, units };
  }

  explainModel(name: string): string | null {
    return explainModelName(this.model, name);
  }

  slotsOf(file: string, functionName: string): readonly EntryMethod[] {
    const world = this.analyse([file], NEVER);
    const fn = world.program.functionsNamed(functionName).find((f) => f.file.path === file);
    if (fn === undefined) return [];
    return world.program
      .slotsOf(fn)
      .map((s) => ({ method: s.slot, struct: s.struct, table: s.table, function: functionName }));
  }

  dump(
    kind: DumpKind,
    file: string,
    functionName: string | null,
  ): { readonly ok: boolean; readonly text: string } {
    const text = this.loader.configured(file);
    if (text === null) return { ok: false, text: `${file}: no such file in the tree` };
    if (kind === 'syntax') {
      const tree = this.parser.dump(text);
      return tree === null ? { ok: false, text: `${file}: not parsed` } : { ok: true, text: tree };
    }
    const facts = this.loader.load(file);
    if (facts === null)
      return { ok: false, text: `${file}: skipped, ${this.loader.skipped.get(file) ?? 'not read'}` };
    if (kind !== 'contexts') return dumpFunctions(facts, kind, functionName);
    const world = this.analyse([file], NEVER);
    const lines: string[] = [];
    for (const f of world.program.functions) {
      if (f.file.path !== file || f.isMacro || (functionName !== null && f.name !== functionName)) continue;
      lines.push(`${f.name}:`);
      for (const c of contextsAt(world.analysis, f, -1))
        lines.push(
          `  ${c.entry === null ? 'no known entry' : `${c.entry.struct}.${c.entry.method} (${c.entry.function})`}${c.via.length > 0 ? ` via ${c.via.join(' > ')}` : ''}: ${c.held.map((h) => `${h.expression} ${h.mode}${h.certainty === 'may' ? '?' : ''}`).join(', ') || 'nothing held'}; rcu ${c.rcu}; may sleep ${c.maySleep}`,
        );
    }
    if (lines.length === 0) return { ok: false, text: `${functionName ?? file}: no function` };
    return { ok: true, text: lines.join('\n') };
  }

  files(paths: readonly string[]): readonly FileInScope[] {
    return this.expand(paths).map((file) => ({
      file,
      inScope: true,
      reason: file.endsWith('.h') ? 'header below the path' : 'C file below the path',
    }));
  }

  verify(token: CancelToken, progress?: (p: Progress) => void): VerifyAnswer {
    const files = this.expand(['fs']).filter((file) => unitOf(file) === 'fs');
    const world = this.analyse(files, token, progress);
    return verifyModel(
      {
        model: this.model,
        kernelVersion: this.kernelVersion,
        problems: this.problems,
        text: (file) => this.loader.text(file),
        configured: (file) => this.loader.configured(file),
        below: (folder) => this.loader.expand(folder),
        analysis: world.analysis,
      },
      token,
    );
  }

  memory(): readonly MemoryPart[] {
    const worlds = [...this.worlds.values()];
    const terms = new Set(worlds.map((world) => world.terms));
    const sum = (list: Iterable<number>): number => [...list].reduce((all, one) => all + one, 0);
    return [
      ...this.loader.held(),
      { what: 'functions', count: sum(worlds.map((world) => world.program.functions.length)), bytes: null },
      {
        what: 'situations',
        count: sum(
          worlds.flatMap((world) => world.found.situations.entries.map((list) => list?.length ?? 0)),
        ),
        bytes: null,
      },
      {
        what: 'terms',
        count: sum([...terms].map((store) => store.kept)),
        bytes: sum([...terms].map((store) => store.bytes)),
      },
      { what: 'parser', count: 1, bytes: this.parser.wasmBytes },
    ];
  }

  invalidate(file: string): void {
    const cameOrWent = this.loader.invalidate(file);
    for (const world of this.worlds.values())
      world.stale ||= cameOrWent || world.files.some((f) => f.path === file);
    if (this.first?.files.some((f) => f.path === file) === true) this.first = null;
    for (const [key, begun] of this.begun)
      if (begun.files.some((f) => f.path === file)) this.begun.delete(key);
  }

  dispose(): void {
    this.options.reading?.leave();
    this.parser.dispose();
  }
}

/** What tells the analysis of some files' units apart. Headers of the units are always in it, others where they are asked for. */
function worldKey(files: readonly string[]): string {
  const others = files.filter((f) => f.endsWith('.h') && f.startsWith('include/'));
  return [...new Set(files.map(unitOf)), ...others].sort().join('\n');
}

/** Files by directory, the largest first: engines that take turns end at about the same time. */
function byUnit(files: readonly string[]): readonly (readonly string[])[] {
  const units = new Map<string, string[]>();
  for (const file of files) push(units, unitOf(file), file);
  return [...units]
    .sort(([a, x], [b, y]) => y.length - x.length || compareText(a, b))
    .map(([, list]) => list);
}

/** Functions of headers among those that were analysed. */
function inlinesOf(found: Found): ReadonlySet<string> {
  const inlines = new Set<string>();
  for (const id of found.groups.flat()) {
    const key = found.keys[id] as string;
    if (INLINE_KEY.test(key)) inlines.add(key);
  }
  return inlines;
}

const INLINE_KEY = /^[^:#]*\.h:/;

/** All of a few, the first of many. */
function someOf(files: readonly string[]): string {
  const shown = files.slice(0, MAX_NAMED);
  const rest = files.length - shown.length;
  return rest > 0 ? `${shown.join(', ')} and ${rest} more files` : shown.join(' and ');
}

function noSuchFunction(name: string): string {
  return `${name}: no such function below fs/; for one that stands elsewhere name its file with --file`;
}

function hasFunction(facts: FileFacts, name: string): boolean {
  for (let i = 0; i < facts.functions.length / FUNCTION_STRIDE; i++)
    if (facts.strings[fnColumn(facts, i, Fn.Name)] === name) return true;
  return false;
}
