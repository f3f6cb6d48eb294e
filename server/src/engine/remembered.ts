/**
 * What a check found in a unit before, as long as nothing has changed that it hung on: the files that were read for it, the
 * folders that were looked into, and how it was asked. Where something has changed, the analysis of the unit as it was, to
 * take over from. Must not know how anything is found.
 */
import type { Finding } from './base/finding.js';
import type { Analysis } from './contexts/analysis.js';
import type { Found } from './contexts/earlier.js';
import { recalled, type Stored, stored } from './contexts/stored.js';
import type { Terms } from './contexts/terms.js';
import type { CheckRequest, Memory, SkippedFile } from './door.js';
import { changesOf, functionKeys } from './facts/changes.js';
import type { FileFacts } from './facts/encode.js';
import type { FunctionRef } from './program/program.js';
import { recallFinds, type StoredFinds, storedFinds } from './rules/stored-finds.js';

/** What a check says about one unit. */
export interface UnitAnswer {
  readonly findings: readonly Finding[];
  readonly problems: readonly string[];
  readonly skipped: readonly SkippedFile[];
  readonly files: number;
  readonly functions: number;
  readonly damagedFunctions: number;
}

/** An answer with what it hung on: paths with the digest of what stood there, folders by the digest of their names. */
interface UnitRecord {
  readonly hungOn: readonly (readonly [path: string, digest: string | null])[];
  /** Functions of headers that were analysed for it, as `path:name`. */
  readonly inlines: ReadonlySet<string>;
  readonly answer: UnitAnswer;
}

const ANSWER = 'unit';
const ANALYSIS = 'analysis';

/** An analysis of a unit, with the files that it was made of and the digests of their texts. */
interface AnalysisRecord {
  readonly files: readonly (readonly [path: string, digest: string])[];
  readonly firstTerms: number;
  readonly stored: Stored;
  readonly finds: StoredFinds;
}

/** An analysis of an earlier run; `files`: their facts then. */
export interface Before {
  readonly files: readonly FileFacts[];
  readonly found: Found;
  readonly terms: Terms;
  /** Terms that the store held when it was new. */
  readonly firstTerms: number;
  /** What rules found of it, of an earlier run. */
  readonly finds?: StoredFinds;
  /** What it was found with, where that is still at hand. */
  readonly analysis?: Analysis;
  /** Functions of which something was guessed: by their keys. */
  readonly guessed?: ReadonlySet<string>;
}

/** What is known of the tree's texts, now and earlier. */
export interface Texts {
  digest(path: string): string | null;
  factsOf(path: string, digest: string): FileFacts | null;
  load(path: string): FileFacts | null;
}

/** Answers and analyses of earlier runs. */
export class Remembered {
  /** `made`: what the engine was made of, as far as answers hang on it. */
  constructor(
    private readonly memory: Memory,
    private readonly texts: Texts,
    private readonly made: string,
  ) {}

  /** The answer about these files of one unit, or null where there is none that still holds. */
  recall(files: readonly string[], request: CheckRequest): UnitAnswer | null {
    const record = this.memory.recall(ANSWER, this.key(files, request)) as UnitRecord | undefined;
    if (record === undefined) return null;
    const changed = record.hungOn.filter(([path, digest]) => this.texts.digest(path) !== digest);
    if (changed.length === 0) return record.answer;
    if (!changed.every(([path, digest]) => this.hasNoSay(path, digest, record))) return null;
    const hungOn = record.hungOn.map(([path]) => path);
    this.keep(files, request, hungOn, record.inlines, record.answer);
    return record.answer;
  }

  /** Whether what changed in a header is nothing that an answer was made of. */
  private hasNoSay(path: string, digest: string | null, { inlines, answer }: UnitRecord): boolean {
    if (!path.endsWith('.h') || digest === null) return false;
    const before = this.texts.factsOf(path, digest);
    const now = before === null ? null : this.texts.load(path);
    const changes = before === null || now === null ? null : changesOf(before, now);
    if (now === null || changes === null || changes.names.size > 0) return false;
    for (const { key, index } of functionKeys(now))
      if (changes.bodies.has(index) && inlines.has(`${path}:${key}`)) return false;
    // Where a line of it is named, the line may be another one now
    return !JSON.stringify(answer).includes(path);
  }

  /**
   * Keeps an answer. `hungOn`: paths of files, and of folders with `/` at the end. `inlines`: functions of headers that were
   * analysed, as `path:name`.
   */
  keep(
    files: readonly string[],
    request: CheckRequest,
    hungOn: Iterable<string>,
    inlines: ReadonlySet<string>,
    answer: UnitAnswer,
  ): void {
    const paths = [...new Set(hungOn)].sort();
    this.memory.keep(ANSWER, this.key(files, request), {
      hungOn: paths.map((path) => [path, this.texts.digest(path)] as const),
      inlines,
      answer,
    } satisfies UnitRecord);
  }

  /** The analysis of almost these files, where all that they were is still known; else null. */
  recallAnalysis(unit: string, files: readonly FileFacts[]): Before | null {
    const record = this.memory.recall(ANALYSIS, this.analysisKey(unit)) as AnalysisRecord | undefined;
    if (record === undefined || record.files.length !== files.length) return null;
    const before: FileFacts[] = [];
    for (const [i, [path, digest]] of record.files.entries()) {
      const now = files[i] as FileFacts;
      if (now.path !== path) return null;
      const then = this.texts.digest(path) === digest ? now : this.texts.factsOf(path, digest);
      if (then === null) return null;
      before.push(then);
    }
    const { found, terms } = recalled(record.stored);
    recallFinds(found, record.finds);
    return { files: before, firstTerms: record.firstTerms, found, terms, finds: record.finds };
  }

  /**
   * Keeps an analysis of a unit, and what rules found of it so far, for runs in which almost nothing has changed. `functions`: those of
   * its program.
   */
  keepAnalysis(
    unit: string,
    { files, found, terms, firstTerms }: Before,
    functions: readonly FunctionRef[],
  ): void {
    const digests: (readonly [string, string])[] = [];
    for (const { path } of files) {
      const digest = this.texts.digest(path);
      if (digest === null) return;
      digests.push([path, digest]);
    }
    // The finds first: they speak of terms
    const make = (): AnalysisRecord => {
      const finds = storedFinds(found, functions);
      return { files: digests, firstTerms, stored: stored(found, terms), finds };
    };
    this.memory.keepMade(ANALYSIS, this.analysisKey(unit), make);
  }

  private key(files: readonly string[], request: CheckRequest): string {
    return JSON.stringify([this.made, [...request.rules].sort(), request.precision, files]);
  }

  private analysisKey(unit: string): string {
    return JSON.stringify([this.made, unit]);
  }
}
