/**
 * Contexts for people: the code line, then each state that can hold there, strictest first, with what is held, RCU, whether
 * it may sleep, and the ways in.
 */
import type { ContextsAnswer } from '../../engine/base/finding.js';
import {
  count,
  wordAcquired,
  wordEntry,
  wordLock,
  wordRcu,
  wordSleep,
} from '../../engine/findings/wording.js';
import { type HoverGroup, hoverCard, type Reached } from '../../engine/views/hover-card.js';
import type { LineOf } from '../report.js';
import type { Paint } from '../terminal.js';
import { expandTabs } from './code-frame.js';

/** Ways in that are listed for one state; the rest are counted. */
const MAX_REACHED = 8;

/** The whole answer. */
export function formatContexts(answer: ContextsAnswer, lineOf: LineOf, paint: Paint): string {
  const card = hoverCard(answer);
  const lines = [
    `${paint.place(`${answer.file}:${answer.line}`)}: ${paint.strong(`${answer.function}()`)}, ${count(card.groups.length, 'state')}`,
  ];
  const code = lineOf(answer.file, answer.line);
  if (code !== null && code.trim() !== '')
    lines.push(`    ${paint.dim(`${answer.line} |`)} ${expandTabs(code)}`);
  if (answer.notBuilt === true) lines.push('  Not built in this configuration: answered as if it were.');
  if (answer.damaged) {
    lines.push('  The parser did not understand part of this function: what follows may be incomplete.');
  }
  for (const group of card.groups) lines.push('', ...groupLines(group, paint));
  if (card.groups.length === 0) lines.push('  unknown: no context was computed');
  for (const [index, sentence] of answer.unknowns.entries())
    lines.push(
      ...(index === 0 ? [''] : []),
      `  ${paint.dim((index === 0 ? 'unknown' : '').padEnd(8))} ${sentence}`,
    );
  return `${lines.join('\n')}\n`;
}

function groupLines(group: HoverGroup, paint: Paint): readonly string[] {
  const name = (text: string): string => `  ${paint.dim(text.padEnd(8))} `;
  const lines = group.held.map(
    (lock, index) =>
      `${name(index === 0 ? 'held' : '')}${paint.strong(wordLock(lock))}, ${wordAcquired(lock)}`,
  );
  if (lines.length === 0) lines.push(`${name('held')}no lock`);
  lines.push(`${name('rcu')}${wordRcu(group.rcu)}`, `${name('sleep')}${wordSleep(group)}`);
  for (const [index, reached] of group.reached.slice(0, MAX_REACHED).entries()) {
    lines.push(`${name(index === 0 ? 'reached' : '')}${reachedWords(reached)}`);
  }
  if (group.reached.length > MAX_REACHED)
    lines.push(`${name('')}and ${group.reached.length - MAX_REACHED} more ways`);
  return lines;
}

function reachedWords({ entry, via }: Reached): string {
  const from = entry === null ? 'no known entry' : wordEntry(entry);
  const path = via.filter((name) => name !== entry?.function);
  return path.length === 0 ? from : `${from}, through ${path.map((name) => `${name}()`).join(' > ')}`;
}
