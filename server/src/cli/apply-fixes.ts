/**
 * `check --fix`: applies the safe fixes of what was found, as far as they stand the proof (`engine/findings/try-fixes.ts`). Then the
 * files are replaced: all of them, or none where one is not what it was when it was read. Must not know what a fix does.
 */
import { join } from 'node:path';
import type { Finding } from '../engine/base/finding.js';
import { folderOf, type Ground, safeFix, tryFixes } from '../engine/findings/try-fixes.js';
import { type ReadFile, readForChange, replaceFile } from '../host/replace-file.js';
import { diffOfTexts } from './format/unified-diff.js';
import { engineFor, type Target } from './target.js';
import { UsageError } from './usage-error.js';

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
  const fixable = request.findings.filter((f) => safeFix(f) !== null);
  const edits = fixable.flatMap((f) => safeFix(f)?.edits ?? []);
  if (fixable.length === 0) return { gone: [], left: [], files: [] };
  const paths = neighbours(target, [...fixable, ...edits]);
  const engine = await engineFor(target, request.jobs);
  try {
    const reads = new Map<string, ReadFile>();
    for (const { file } of edits) {
      if (reads.has(file)) continue;
      const read = readToFix(target, file);
      reads.set(file, read);
      // From then on the engine sees these bytes and no others
      await engine.overlay(file, read.text);
    }
    const ground: Ground = {
      check: () => engine.check({ paths, rules: request.rules, precision: 'low' }, signal),
      overlay: (file, text) => engine.overlay(file, text),
    };
    const { gone, left, texts } = await tryFixes(ground, {
      findings: new Set(fixable.map((f) => f.fingerprint)),
      allowed: () => true,
      texts: new Map([...reads].map(([file, { text }]) => [file, text])),
    });
    const files = [...reads]
      .map(([file, read]) => ({ file, read, text: texts.get(file) as string }))
      .filter(({ read, text }) => text !== read.text)
      .sort((a, b) => (a.file < b.file ? -1 : 1));
    return { gone, left, files };
  } finally {
    await engine.dispose();
  }
}

/** The C files of the folders in which something is to be fixed; what lies below them has nothing to do with it. */
function neighbours(target: Target, files: readonly { readonly file: string }[]): readonly string[] {
  const folders = new Set(files.map(({ file }) => folderOf(file)));
  return [...folders].sort().flatMap((folder) =>
    target.tree
      .list(folder)
      .filter((name) => /\.[ch]$/.test(name))
      .map((name) => (folder === '' ? name : `${folder}/${name}`)),
  );
}

function readToFix(target: Target, file: string): ReadFile {
  if (target.overlays.some(([overlaid]) => overlaid === file))
    throw new UsageError(`${file} is overlaid: --fix changes files only`);
  const read = readForChange(join(target.root, file));
  if ('reason' in read) throw new UsageError(`${file} ${read.reason}`);
  return read;
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
