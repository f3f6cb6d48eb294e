/**
 * `check --fix`: applies the safe fixes of what was found, one after the other. Each is tried on texts in memory first and only kept
 * where the finding is gone, nothing new is found and no function is understood less than before. Then the files are replaced: all of
 * them, or none where one is not what it was when it was read. Must not know what a fix does.
 */
import { join } from 'node:path';
import type { Edit, Finding, Fix } from '../engine/base/finding.js';
import type { CheckAnswer } from '../engine/door.js';
import type { EngineClient } from '../host/engine-client.js';
import { type ReadFile, readForChange, replaceFile } from '../host/replace-file.js';
import { applyEdits, diffOfTexts } from './format/unified-diff.js';
import { engineFor, type Target } from './target.js';
import { UsageError } from './usage-error.js';

/** Fixes of one run are at most so many: past it the next run goes on. */
const MOST_FIXES = 500;

/** Which findings are to be fixed. */
export interface FixRequest {
  /** What was found and is shown. */
  readonly findings: readonly Finding[];
  readonly rules: readonly string[];
  readonly jobs: number | undefined;
}

/** Texts with fixes in them; nothing is written yet. */
export interface Fixed {
  /** Findings that are gone. */
  readonly gone: readonly Finding[];
  /** Findings whose fix did not do, with why. */
  readonly left: readonly { readonly finding: Finding; readonly why: string }[];
  readonly files: readonly { readonly file: string; readonly read: ReadFile; readonly text: string }[];
}

/** Makes the texts. Files are read here, and what is said of them is found anew from what was read. */
export async function makeFixes(target: Target, request: FixRequest, signal: AbortSignal): Promise<Fixed> {
  const wanted = new Set(request.findings.filter((f) => safeFix(f) !== null).map((f) => f.fingerprint));
  if (wanted.size === 0) return { gone: [], left: [], files: [] };
  const work = await Work.begin(target, request, signal);
  const gone: Finding[] = [];
  const left: { finding: Finding; why: string }[] = [];
  const given = new Set<string>();
  try {
    while (gone.length < MOST_FIXES) {
      const next = work.findings.find(
        (f) => wanted.has(f.fingerprint) && !given.has(f.fingerprint) && safeFix(f) !== null,
      );
      const fix = next === undefined ? null : safeFix(next);
      if (next === undefined || fix === null) break;
      const why = await work.attempt(next, fix);
      if (why === null) gone.push(next);
      else {
        given.add(next.fingerprint);
        left.push({ finding: next, why });
      }
    }
    return { gone, left, files: work.changed() };
  } finally {
    await work.end();
  }
}

/** The changes as a diff that `patch` takes. */
export function diffOf(fixed: Fixed): string {
  return fixed.files.map(({ file, read, text }) => diffOfTexts(file, read.text, text)).join('');
}

/** Replaces the files. Where one cannot be, those before it get their old text back; then says which and why, else null. */
export function writeFixes({ files }: Fixed): string | null {
  for (const { file, read } of files) {
    const now = readForChange(read.path);
    if ('reason' in now || !now.bytes.equals(read.bytes)) return `${file} has changed meanwhile`;
  }
  for (const [done, { file, read, text }] of files.entries()) {
    const why = replaceFile(read, text);
    if (why === null) continue;
    for (const before of files.slice(0, done)) {
      const now = readForChange(before.read.path);
      if (!('reason' in now)) replaceFile(now, before.read.text);
    }
    return `${file} ${why}`;
  }
  return null;
}

function safeFix(finding: Finding): Fix | null {
  return finding.fixes.find((fix) => fix.safety === 'safe') ?? null;
}

/** Texts that are worked at, with what is found in them. */
class Work {
  private readonly reads = new Map<string, ReadFile>();
  private readonly texts = new Map<string, string>();
  findings: readonly Finding[] = [];
  private damaged = 0;

  private constructor(
    private readonly target: Target,
    private readonly engine: EngineClient,
    private readonly paths: readonly string[],
    private readonly rules: readonly string[],
    private readonly signal: AbortSignal,
  ) {}

  static async begin(target: Target, request: FixRequest, signal: AbortSignal): Promise<Work> {
    const fixes = request.findings.flatMap((f) => safeFix(f) ?? []);
    const folders = new Set(
      [...request.findings.filter((f) => safeFix(f) !== null), ...fixes.flatMap((fix) => fix.edits)].map(
        ({ file }) => file.slice(0, Math.max(0, file.lastIndexOf('/'))),
      ),
    );
    // Of each folder the files themselves: what lies below has nothing to do with it
    const paths = [...folders].sort().flatMap((folder) =>
      target.tree
        .list(folder)
        .filter((name) => /\.[ch]$/.test(name))
        .map((name) => (folder === '' ? name : `${folder}/${name}`)),
    );
    const work = new Work(target, await engineFor(target, request.jobs), paths, request.rules, signal);
    try {
      for (const { file } of fixes.flatMap((fix) => fix.edits)) await work.open(file);
      work.take(await work.check());
      return work;
    } catch (error) {
      await work.end();
      throw error;
    }
  }

  /** Reads a file that a fix touches; from then on the engine sees these bytes and no others. */
  private async open(file: string): Promise<void> {
    if (this.reads.has(file)) return;
    if (this.target.overlays.some(([overlaid]) => overlaid === file))
      throw new UsageError(`${file} is overlaid: --fix changes files only`);
    const read = readForChange(join(this.target.root, file));
    if ('reason' in read) throw new UsageError(`${file} ${read.reason}`);
    this.reads.set(file, read);
    this.texts.set(file, read.text);
    await this.engine.overlay(file, read.text);
  }

  /** Applies a fix where it does what it should; else says why not, and everything is as before. */
  async attempt(finding: Finding, fix: Fix): Promise<string | null> {
    const byFile = new Map<string, Edit[]>();
    for (const edit of fix.edits) byFile.set(edit.file, [...(byFile.get(edit.file) ?? []), edit]);
    if ([...byFile.keys()].some((file) => !this.texts.has(file)))
      return 'it touches a file that was not read';
    const before = new Map([...byFile.keys()].map((file) => [file, this.texts.get(file) as string]));
    for (const [file, edits] of byFile) await this.set(file, applyEdits(before.get(file) as string, edits));
    const answer = await this.check();
    const why = this.whyNot(finding, answer);
    if (why === null) this.take(answer);
    else for (const [file, text] of before) await this.set(file, text);
    return why;
  }

  private whyNot(finding: Finding, answer: CheckAnswer): string | null {
    if (answer.stats.damagedFunctions > this.damaged) return 'a function would not be understood any more';
    const known = counted(this.findings);
    const now = counted(answer.findings);
    for (const [print, count] of now)
      if (count > (known.get(print) ?? 0)) {
        const news = answer.findings.find((f) => f.fingerprint === print) as Finding;
        return `it would give another finding: ${news.rule} at ${news.file}:${news.line}`;
      }
    return answer.findings.length < this.findings.length ? null : `${finding.rule} would still be found`;
  }

  private async set(file: string, text: string): Promise<void> {
    this.texts.set(file, text);
    await this.engine.overlay(file, text);
  }

  private check(): Promise<CheckAnswer> {
    return this.engine.check({ paths: this.paths, rules: this.rules, precision: 'low' }, this.signal);
  }

  private take(answer: CheckAnswer): void {
    this.findings = answer.findings;
    this.damaged = answer.stats.damagedFunctions;
  }

  changed(): Fixed['files'] {
    return [...this.reads]
      .map(([file, read]) => ({ file, read, text: this.texts.get(file) as string }))
      .filter(({ read, text }) => text !== read.text)
      .sort((a, b) => (a.file < b.file ? -1 : 1));
  }

  async end(): Promise<void> {
    await this.engine.dispose();
  }
}

function counted(findings: readonly Finding[]): Map<string, number> {
  const out = new Map<string, number>();
  for (const f of findings) out.set(f.fingerprint, (out.get(f.fingerprint) ?? 0) + 1);
  return out;
}
