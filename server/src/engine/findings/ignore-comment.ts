/**
 * Writes the comment that ignores a finding, `/* lockwalk-ignore RULE: reason *\/`, where `suppression.ts` reads it: on a line of
 * its own before the finding's, or behind the code where that line belongs to a macro. Must not know rules.
 */
import type { Edit, Finding } from '../base/finding.js';

/** A comment without its reason: where it is inserted, and what stands before and behind the reason. */
export interface IgnoreComment {
  readonly file: string;
  readonly line: number;
  readonly column: number;
  readonly before: string;
  readonly after: string;
}

/** What stands in a comment until somebody gives a reason. */
export const NO_REASON_YET = 'TODO: say why this is right';

/**
 * The comment for a finding. `lineText`: text of a line (1-based) of its file, or null. Null where the line cannot be read.
 */
export function ignoreComment(
  finding: Pick<Finding, 'file' | 'line' | 'rule'>,
  lineText: (line: number) => string | null,
): IgnoreComment | null {
  const { file, line, rule } = finding;
  const text = lineText(line);
  if (text === null) return null;
  const mark = `/* lockwalk-ignore ${rule}: `;
  const goesOn = /\s*\\$/.exec(text);
  // Inside of a macro a line of its own would end it
  if (goesOn !== null || lineText(line - 1)?.endsWith('\\') === true) {
    const column = (goesOn?.index ?? text.trimEnd().length) + 1;
    return { file, line, column, before: ` ${mark}`, after: ' */' };
  }
  const indent = /^[ \t]*/.exec(text)?.[0] ?? '';
  return { file, line, column: 1, before: indent + mark, after: ' */\n' };
}

/** The comment with a reason, as an edit. */
export function withReason(comment: IgnoreComment, reason: string): Edit {
  const { file, line, column } = comment;
  const text = comment.before + reasonInComment(reason) + comment.after;
  return { file, startLine: line, startColumn: column, endLine: line, endColumn: column, text };
}

/** A reason as it can stand in a comment: one line, and no end of the comment in it. */
export function reasonInComment(reason: string): string {
  const said = reason.replace(/\s+/g, ' ').replaceAll('*/', '* /').trim();
  return said === '' ? NO_REASON_YET : said;
}
