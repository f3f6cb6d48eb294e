/**
 * Tries safe fixes on texts in memory, for `check --fix` and for the editor's "fix all": one is only kept where the finding is gone,
 * nothing new is found and no function is understood less than before. Those that do not meet are tried together first, because they
 * nearly always do; where they do not, each by itself. Must not know what a fix does, nor where texts come from and go to.
 */
import type { Edit, Finding, Fix } from '../base/finding.js';
import type { CheckAnswer } from '../door.js';
import { fixesTogether } from './fix-set.js';
import { applyEdits } from './text-edits.js';

/** Fixes of one run are at most so many: past it the next run goes on. */
const MOST_FIXES = 500;

/** An engine that sees the texts. */
export interface Ground {
  /** Checks all that a fix can reach, and shows what is found at any precision. */
  check(): Promise<Pick<CheckAnswer, 'findings' | 'stats'>>;
  overlay(file: string, text: string): Promise<void>;
}

/** What is to be tried. */
export interface FixesWanted {
  /** By fingerprint. */
  readonly findings: ReadonlySet<string>;
  readonly allowed: (fix: Fix) => boolean;
  /** The files that may be changed, as the engine has them. */
  readonly texts: ReadonlyMap<string, string>;
}

/** What came of it. */
export interface FixesTried {
  /** Findings that are gone. */
  readonly gone: readonly Finding[];
  /** Findings whose fix did not do, with why. */
  readonly left: readonly { readonly finding: Finding; readonly why: string }[];
  /** The files that may be changed, with the fixes that did. The engine has these texts now. */
  readonly texts: ReadonlyMap<string, string>;
}

/** The fix of a finding that may be applied without being looked at, or null. */
export function safeFix(finding: Finding): Fix | null {
  return finding.fixes.find((fix) => fix.safety === 'safe') ?? null;
}

/** The folder of a file, without a slash at the end: what a fix can reach lies in the same one. */
export function folderOf(file: string): string {
  return file.slice(0, Math.max(0, file.lastIndexOf('/')));
}

/** Tries them, on texts that the engine has. */
export async function tryFixes(ground: Ground, wanted: FixesWanted): Promise<FixesTried> {
  const gone: Finding[] = [];
  const left: { finding: Finding; why: string }[] = [];
  const given = new Set<string>();
  let known = await ground.check();
  let texts = wanted.texts;
  let together = true;
  while (gone.length < MOST_FIXES) {
    const open = known.findings.filter(
      (f) => wanted.findings.has(f.fingerprint) && !given.has(f.fingerprint),
    );
    const all = fixesTogether(open, wanted.allowed);
    const first = all.findings[0];
    if (first === undefined) break;
    together &&= all.findings.length > 1;
    const set = together ? all : fixesTogether([first], wanted.allowed);
    const tried = await attempt(ground, texts, set.edits);
    const why = tried === null ? 'it touches another file' : whyNot(set.findings, known, tried.answer);
    if (tried !== null && why === null) {
      gone.push(...set.findings);
      known = tried.answer;
      texts = tried.texts;
      continue;
    }
    if (tried !== null) await putBack(ground, texts, set.edits);
    if (together) together = false;
    else {
      given.add(first.fingerprint);
      left.push({ finding: first, why: why as string });
    }
  }
  return { gone, left, texts };
}

/** What is found with the edits made; null where one of them is in a file that may not be changed. */
async function attempt(
  ground: Ground,
  texts: ReadonlyMap<string, string>,
  edits: readonly Edit[],
): Promise<{
  readonly answer: Pick<CheckAnswer, 'findings' | 'stats'>;
  readonly texts: ReadonlyMap<string, string>;
} | null> {
  const next = new Map(texts);
  for (const file of filesOf(edits)) {
    const text = texts.get(file);
    if (text === undefined) return null;
    const own = edits.filter((edit) => edit.file === file);
    next.set(file, applyEdits(text, own));
  }
  for (const file of filesOf(edits)) await ground.overlay(file, next.get(file) as string);
  return { answer: await ground.check(), texts: next };
}

async function putBack(
  ground: Ground,
  texts: ReadonlyMap<string, string>,
  edits: readonly Edit[],
): Promise<void> {
  for (const file of filesOf(edits)) await ground.overlay(file, texts.get(file) as string);
}

function filesOf(edits: readonly Edit[]): ReadonlySet<string> {
  return new Set(edits.map(({ file }) => file));
}

function whyNot(
  fixed: readonly Finding[],
  before: Pick<CheckAnswer, 'findings' | 'stats'>,
  now: Pick<CheckAnswer, 'findings' | 'stats'>,
): string | null {
  if (now.stats.damagedFunctions > before.stats.damagedFunctions)
    return 'a function would not be understood any more';
  const known = counted(before.findings);
  for (const [print, times] of counted(now.findings))
    if (times > (known.get(print) ?? 0)) {
      const news = now.findings.find((f) => f.fingerprint === print) as Finding;
      return `it would give another finding: ${news.rule} at ${news.file}:${news.line}`;
    }
  return now.findings.length <= before.findings.length - fixed.length
    ? null
    : `${fixed[0]?.rule} would still be found`;
}

function counted(findings: readonly Finding[]): Map<string, number> {
  const out = new Map<string, number>();
  for (const f of findings) out.set(f.fingerprint, (out.get(f.fingerprint) ?? 0) + 1);
  return out;
}
