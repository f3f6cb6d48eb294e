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
import { fnColumn, graphOf, isDamaged } from './contexts/cfg.js';
import type { Found } from './contexts/earlier.js';
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
import { type FileFacts, Fn, FUNCTION_STRIDE, lineAt } from './facts/encode.js';
import { MacroReader } from './facts/macro.js';
import { compareText, orderFindings } from './findings/order.js';
import { settleFindings } from './findings/settle.js';
import { fixesOf } from './fixes/fixes.js';
import type { Source } from './fixes/source.js';
import { hoverAt, runsAt } from './hovering.js';
import { countFunctions, Loader } from './loader.js';
import type { Model } from './model/index.js';
import { type FunctionRef, unitOf } from './program/program.js';
import { Remembered, type UnitAnswer } from './remembered.js';
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
import { asWritten, placed } from './views/placed.js';
import { reachOf } from './views/reach.js';
import { type World, Worlds } from './worlds.js';

/** Files that a message names. */
const MAX_NAMED = 4;

/** The engine. */
export class LockwalkEngine implements Engine {
  private readonly loader: Loader;
  private readonly worlds: Worlds;
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
    this.worlds = new Worlds(this.loader, model, new MacroReader(parser), this.remembered, (unit) =>
      tree.list(unit),
    );
  }

  check(
    request: CheckRequest,
    token: CancelToken,
    progress?: (p: Progress) => void,
    takes: (unit: number) => boolean = () => true,
  ): CheckAnswer {
    const started = this.options.clock();
    this.loader.parseMs = 0;
    this.worlds.walked = 0;
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
      this.worlds.keepFew(units.length);
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
        walked: this.worlds.walked,
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
    const isQuick = request.quick === true;
    const world = this.worlds.of(files, token, progress, isQuick ? 'made' : 'none', !isQuick);
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
      (draft) => fixesOf(fixing, draft),
      { onlyFiles: isQuick, isFirstLook: isQuick && !world.carried, isShown },
    );
    this.worlds.keep(world);
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

  /** Texts with their trees, for fixes: a file that one touches is parsed once more, unless it is being edited. `asked` learns which. */
  private sources(asked = new Set<string>()): (file: string) => Source | null {
    const known = new Map<string, Source | null>();
    return (file) => {
      asked.add(file);
      let source = known.get(file);
      if (source === undefined) {
        const text = this.loader.text(file);
        const parsed = this.loader.parsed(file);
        source = text === null || parsed === null ? null : { file, text, tree: parsed.tree };
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

  reach(paths: readonly string[], token: CancelToken, progress?: (p: Progress) => void): ReachAnswer {
    const files = this.expand(paths);
    const world = this.worlds.of(files, token, progress);
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
      const world = this.worlds.of([query.file], token);
      const skipped = this.loader.skipped.get(query.file);
      if (skipped !== undefined) return { ok: false, problem: `${query.file}: skipped, ${skipped}` };
      const other = this.loader.asIfBuilt(query.file, query.line);
      if (other !== null) return this.answerAt(this.worlds.withOther(world, other, token), query, false);
      return this.answerAt(world, query, true);
    }
    const file = query.file ?? this.findFunction(query.function);
    if (file === null) return { ok: false, problem: noSuchFunction(query.function) };
    const world = this.worlds.of([file], token);
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
    const world = this.worlds.of([file], token);
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

  /** The tree's files, for rules of an answer that is not kept. */
  private treeFiles(): Files {
    return { textOf: (file) => this.loader.text(file), factsOf: (file) => this.loader.load(file) };
  }

  absent(query: AbsentQuery, token: CancelToken): AbsentResult {
    const { file, line } = query;
    if (!RULES.some((rule) => rule.id === query.rule))
      return { ok: false, problem: `${query.rule}: no such rule` };
    if (this.loader.text(file) === null) return { ok: false, problem: `${file}: no such file in the tree` };
    const answer = this.worlds.afresh([file], token, (analysis) =>
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
      const found = this.worlds.afresh(files, token, (analysis) =>
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
      analysis: (files) => this.worlds.of(files, token, progress).analysis,
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
          : pointsAt(analysis, fn, op).map(asWritten),
        unknowns: unknownsOf(analysis, fn),
      },
    };
  }

  /** The file that defines a function: in what is loaded, else by a look through fs/. */
  private findFunction(name: string): string | null {
    for (const world of this.worlds.recent()) {
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
      analyse: (files) => this.worlds.of(files, token).analysis,
      skipped: (file) => this.loader.skipped.get(file),
      fileDefining: (name) => this.findFunction(name),
      expand: (paths) => this.expand(paths),
      noSuchFunction,
    });
  }

  hover({ file: path, line, column, soon }: HoverQuery, token: CancelToken): HoverAnswer | null {
    const text = this.loader.text(path);
    if (text === null) return null;
    const alone = soon === true && !this.worlds.isKnown(path) ? this.worlds.alone(path, token) : null;
    const world = alone ?? this.worlds.of([path], token);
    const isBuilt = this.loader.skipped.has(path) || runsAt(world.analysis, path, line);
    const other = isBuilt ? null : this.loader.asIfBuilt(path, line);
    const { analysis } = other === null ? world : this.worlds.withOther(world, other, token);
    const file = analysis.program.files.get(path);
    if (file === undefined) return null;
    const answer = hoverAt({ analysis, file, text, line, column, built: other === null });
    if (answer === null || alone === null) return answer;
    const rest = `who calls from other files of ${unitOf(path)}, which are still being read`;
    return { ...answer, unknowns: [rest, ...answer.unknowns] };
  }

  inlayHints(query: InlayHintQuery, token: CancelToken): readonly InlayHint[] {
    const text = this.loader.text(query.file);
    if (text === null) return [];
    const { analysis } = this.worlds.of([query.file], token);
    return inlayHints(analysis, text, query, token);
  }

  lenses(file: string, token: CancelToken): LensesAnswer {
    if (this.loader.text(file) === null) return { version: 1, file, lenses: [] };
    return lensesOf(this.worlds.of([file], token).analysis, file);
  }

  calls(query: CallsQuery, token: CancelToken): CallsAnswer {
    if (this.loader.text(query.file) === null) return { version: 1, item: null, rows: [] };
    const within = query.kind === 'at' ? query.file : (query.within ?? query.file);
    const { analysis } = this.worlds.of([within], token);
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
      const { analysis } = this.worlds.of(files, token);
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
    const world = this.worlds.of([file], NEVER);
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
    const world = this.worlds.of([file], NEVER);
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
    const world = this.worlds.of(files, token, progress);
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
    const worlds = this.worlds.recent();
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
    this.worlds.invalidate(file, this.loader.invalidate(file));
  }

  dispose(): void {
    this.options.reading?.leave();
    this.parser.dispose();
  }
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
