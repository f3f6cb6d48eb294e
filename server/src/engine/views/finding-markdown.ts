/**
 * Why a finding is reported, as a page of Markdown: what is wrong, in which situation, and step by step how it comes about, with
 * the code beside it. Must not know who shows the page; links are made by whoever does.
 */
import type { Finding, TraceStep } from '../base/finding.js';
import type { RuleInfo } from '../door.js';
import { wordAcquired, wordEntry, wordLock, wordRcu } from '../findings/wording.js';

/** What the page needs besides the finding. */
export interface PageMeans {
  readonly rule: RuleInfo | null;
  /** Text of a line (1-based) of a file of the tree, or null. */
  lineText(file: string, line: number): string | null;
  /** Address of a place, or null where places are only named. */
  link(file: string, line: number): string | null;
}

/** The page, ending in a line break. */
export function findingMarkdown(finding: Finding, means: PageMeans): string {
  const { rule, severity, precision, function: name, file, line } = finding;
  const parts = [
    `# Why ${rule} is reported in ${name}()`,
    `${sentence(finding.message)}`,
    `${severity}, precision ${precision}, at ${place(file, line, means)}${finding.certainty === 'may' ? ', on some of the paths that come here' : ''}`,
    code(finding.file, finding.line, means),
    `## Situation\n\n${situation(finding)
      .map((one) => `- ${plain(one)}`)
      .join('\n')}`,
    steps(finding.trace, means),
    fixes(finding),
  ];
  if (means.rule !== null) parts.push(`## The law\n\n${means.rule.law}`);
  return `${parts.filter((part) => part !== '').join('\n\n')}\n`;
}

function situation({ entry, held, rcu }: Finding): readonly string[] {
  const reached =
    entry === null ? 'no method that is known leads here' : `reached through ${wordEntry(entry)}`;
  const locks = held.map((lock) => `${wordLock(lock)}, ${wordAcquired(lock)}`);
  return [
    reached,
    ...(locks.length === 0 ? ['no lock held'] : locks.map((lock) => `held: ${lock}`)),
    wordRcu(rcu),
  ];
}

function steps(trace: readonly TraceStep[], means: PageMeans): string {
  if (trace.length === 0) return '';
  const twoSides = trace.some((step) => step.side === 1 || step.kind === 'other-side');
  const lines = trace.map((step, index) => {
    const side = twoSides ? `**CPU ${step.side ?? (step.kind === 'other-side' ? 1 : 0)}** ` : '';
    const text = means.lineText(step.file, step.line)?.trim() ?? '';
    const shown = text === '' ? '' : `  \n   \`${text.replaceAll('`', "'")}\``;
    return `${index + 1}. ${side}${place(step.file, step.line, means)}: ${plain(step.message)}${shown}`;
  });
  return `## How it comes about\n\n${lines.join('\n')}`;
}

function fixes({ fixes: offered }: Finding): string {
  if (offered.length === 0) return '';
  const lines = offered.map(
    ({ title, safety }) => `- ${title}${safety === 'safe' ? '' : ' (to be judged by the author)'}`,
  );
  return `## Fixes\n\n${lines.join('\n')}`;
}

function code(file: string, line: number, means: PageMeans): string {
  const text = means.lineText(file, line);
  return text === null ? '' : `\`\`\`c\n${text.trim()}\n\`\`\``;
}

function place(file: string, line: number, means: PageMeans): string {
  const address = means.link(file, line);
  return address === null ? `${file}:${line}` : `[${file}:${line}](${address})`;
}

function sentence(message: string): string {
  return plain(/[.!?]$/.test(message) ? message : `${message}.`);
}

/** Words of ours that Markdown must not take for marks. */
function plain(text: string): string {
  return text.replace(/[*<\\]/g, '\\$&');
}
