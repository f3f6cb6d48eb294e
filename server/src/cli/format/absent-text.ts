/**
 * Why a rule says nothing at a line, as text: what it does say there, the exemptions that applied, and what else is known. Must not
 * know rules.
 */
import type { AbsentAnswer, Silence } from '../../engine/door.js';
import { count } from '../../engine/findings/wording.js';

/** Notes on other lines of the function that are shown; the rest is counted. */
const MOST_ELSEWHERE = 12;

/** The text. `known`: fingerprints that a baseline hides. */
export function formatAbsent(answer: AbsentAnswer, known: ReadonlySet<string>): string {
  const { rule, file, line, findings, silences, elsewhere } = answer;
  const where = answer.function === null ? '' : ` in ${answer.function}()`;
  const lines = [`${rule} at ${file}:${line}${where}`];
  for (const f of findings) {
    lines.push(`  it says: ${f.message}`);
    if (f.precision !== 'high')
      lines.push(`  ${f.precision} precision: a check shows it with --precision ${f.precision}`);
    if (known.has(f.fingerprint)) lines.push(`  hidden by the baseline, as ${f.fingerprint}`);
  }
  if (answer.allowed !== null)
    lines.push(
      `  ${findings.length === 0 ? 'a comment allows it' : 'hidden by a comment'}: ${answer.allowed}`,
    );
  for (const { why } of silences) lines.push(`  silent: ${why}`);
  if (findings.length === 0 && silences.length === 0)
    lines.push(
      '  the rule took note of nothing on this line: it looked at nothing here, or found nothing to exempt',
    );
  if (elsewhere.length > 0) lines.push('elsewhere in the function');
  lines.push(...elsewhere.slice(0, MOST_ELSEWHERE).map(shown));
  if (elsewhere.length > MOST_ELSEWHERE)
    lines.push(`  and ${count(elsewhere.length - MOST_ELSEWHERE, 'more note')}`);
  if (answer.notes.length > 0) lines.push('besides');
  lines.push(...answer.notes.map((note) => `  ${note}`));
  return `${lines.join('\n')}\n`;
}

function shown(silence: Silence): string {
  return `  ${silence.line === 0 ? 'all of it' : `line ${silence.line}`}: ${silence.why}`;
}
