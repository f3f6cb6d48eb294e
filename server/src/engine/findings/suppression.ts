/**
 * Suppression in the source: one comment syntax, with a reason, for one rule or family:
 *
 *     /* lockwalk-ignore RULE: reason *\/
 *
 * behind code it speaks for its own line, alone on a line for the next line of code; any line of what is found will do. A comment without a reason suppresses
 * nothing; one that suppresses nothing is reported. Works on text and findings alone; must not know rules.
 */
import type { Finding } from '../base/finding.js';

/** One comment, understood or not. */
export interface Suppression {
  readonly rule: string;
  readonly reason: string;
  /** Line of the comment's start. */
  readonly line: number;
  /** Line that it speaks for. */
  readonly target: number;
  /** Why it suppresses nothing, or null. */
  readonly problem: string | null;
}

/** Whether a rule or family ran, was left out of this run, or does not exist. */
export type RuleStanding = 'ran' | 'idle' | 'unknown';

/** What is left of findings, what went, and what is wrong with the comments. */
export interface Suppressed {
  readonly kept: readonly Finding[];
  readonly suppressed: readonly { readonly finding: Finding; readonly reason: string }[];
  readonly problems: readonly string[];
}

const UNUSED = 'but nothing is found there';
const MARK = 'lockwalk-ignore';
const COMMENT = /\/\*([\s\S]*?)\*\//g;
const FORM = /^\s*lockwalk-ignore\s+([a-z]+(?:\/[a-z0-9-]+)?)\s*:\s*(\S[\s\S]*?)\s*$/;

/** The suppression comments of a file, in order. */
export function findSuppressions(text: string): readonly Suppression[] {
  if (!text.includes(MARK)) return [];
  const found: Suppression[] = [];
  for (const match of text.matchAll(COMMENT)) {
    const body = match[1] ?? '';
    if (!body.trimStart().startsWith(MARK)) continue;
    const line = lineAt(text, match.index);
    const target = targetLine(text, match.index, match.index + match[0].length);
    const form = FORM.exec(body);
    found.push({
      rule: form?.[1] ?? '',
      reason: (form?.[2] ?? '').replace(/\s*\n\s*\*?\s*/g, ' '),
      line,
      target,
      problem: form === null ? 'is not of the form `lockwalk-ignore RULE: reason`' : null,
    });
  }
  return found;
}

/** A problem with a comment, with its place. */
export interface PlacedProblem {
  readonly file: string;
  readonly line: number;
  /** A sentence without a full stop. */
  readonly message: string;
  /** The comment does nothing and can go. */
  readonly unused: boolean;
}

/** The place that a problem of this module names; null for any other problem of a check. */
export function placedProblem(text: string): PlacedProblem | null {
  const [, file, line, message] = /^(.+?):(\d+): (the (?:suppression )?comment .*)$/s.exec(text) ?? [];
  if (file === undefined || message === undefined) return null;
  return { file, line: Number(line), message, unused: message.endsWith(UNUSED) };
}

/** Whether a rule id is the one named or belongs to the family named. */
export function ruleMatches(rule: string, named: string): boolean {
  return rule === named || rule.startsWith(`${named}/`);
}

/**
 * Takes away the findings that a comment allows. `files` are the files that were checked, in order; a comment for a rule
 * that did not run is not called unused.
 */
export function applySuppressions(
  findings: readonly Finding[],
  files: readonly string[],
  textOf: (file: string) => string | null,
  standingOf: (named: string) => RuleStanding,
): Suppressed {
  const byFile = new Map<string, Finding[]>();
  for (const finding of findings) {
    const list = byFile.get(finding.file);
    if (list === undefined) byFile.set(finding.file, [finding]);
    else list.push(finding);
  }
  const gone = new Map<Finding, string>();
  const problems: string[] = [];
  for (const file of new Set([...files, ...byFile.keys()])) {
    const text = textOf(file);
    if (text === null) continue;
    for (const comment of findSuppressions(text)) {
      if (comment.problem !== null) {
        problems.push(`${file}:${comment.line}: the suppression comment ${comment.problem}`);
        continue;
      }
      const hit = (byFile.get(file) ?? []).filter(
        (finding) =>
          finding.line <= comment.target &&
          comment.target <= finding.endLine &&
          ruleMatches(finding.rule, comment.rule),
      );
      for (const finding of hit) gone.set(finding, comment.reason);
      if (hit.length > 0) continue;
      const standing = standingOf(comment.rule);
      if (standing === 'unknown') {
        problems.push(`${file}:${comment.line}: the comment ignores ${comment.rule}, which is no rule`);
      } else if (standing === 'ran') {
        problems.push(`${file}:${comment.line}: the comment ignores ${comment.rule}, ${UNUSED}`);
      }
    }
  }
  return {
    kept: findings.filter((finding) => !gone.has(finding)),
    suppressed: [...gone].map(([finding, reason]) => ({ finding, reason })),
    problems,
  };
}

/** The line that a comment speaks for: its own where code stands before it, else the next one that has code. */
function targetLine(text: string, start: number, end: number): number {
  const lineStart = text.lastIndexOf('\n', start - 1) + 1;
  if (text.slice(lineStart, start).trim() !== '') return lineAt(text, start);
  const after = /^(?:\s|\/\*[\s\S]*?\*\/|\/\/[^\n]*)*/.exec(text.slice(end, end + LOOK_AHEAD));
  return lineAt(text, end + (after?.[0].length ?? 0));
}

/** Code follows a comment within this many units, or the comment speaks for nothing. */
const LOOK_AHEAD = 4096;

function lineAt(text: string, offset: number): number {
  let line = 1;
  for (let at = text.indexOf('\n'); at >= 0 && at < offset; at = text.indexOf('\n', at + 1)) line++;
  return line;
}
