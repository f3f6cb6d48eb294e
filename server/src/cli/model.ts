/**
 * `lockwalk model verify`: what of the built-in model a kernel tree confirms, what it contradicts, and what could not be
 * compared. Exit code 1 where a disagreement is not explained.
 */
import type { Comparison, Coverage, VerifyAnswer, VerifySource } from '../engine/door.js';
import { engineFor, findTarget, type TreeOptions } from './target.js';
import { writeOut } from './terminal.js';
import { EXIT } from './usage-error.js';

/** Options of the command. */
export interface ModelOptions extends TreeOptions {
  readonly format: 'text' | 'json';
}

const SOURCES: readonly (readonly [source: VerifySource, title: string])[] = [
  ['documentation', 'tables of locking.rst'],
  ['signature', 'declarations'],
  ['assertion', 'assertions and annotations'],
  ['body', 'bodies of helpers'],
];

/** What was not compared is named where it is no more than this; all of it is in the JSON. */
const MAX_NAMES = 24;

/** Runs the command. */
export async function modelVerify(options: ModelOptions, signal: AbortSignal): Promise<number> {
  const target = findTarget(options, []);
  const engine = await engineFor(target);
  try {
    const answer = await engine.verify(signal);
    await writeOut(options.format === 'json' ? toJson(answer) : toText(answer));
    return answer.comparisons.some((c) => c.verdict === 'disagree') ? EXIT.findings : EXIT.clean;
  } finally {
    await engine.dispose();
  }
}

function toJson(answer: VerifyAnswer): string {
  return `${JSON.stringify({ version: 1, ...answer }, null, 2)}\n`;
}

/** The report for people: disagreements first, then what is explained, then the sums. */
export function toText(answer: VerifyAnswer): string {
  const lines: string[] = [];
  for (const [source, title] of SOURCES) {
    const wrong = answer.comparisons.filter((c) => c.source === source && c.verdict === 'disagree');
    if (wrong.length === 0) continue;
    lines.push(`Disagreements: ${title}`);
    for (const c of wrong) lines.push(...sides(c));
    lines.push('');
  }
  const explained = answer.comparisons.filter((c) => c.verdict === 'explained');
  if (explained.length > 0) {
    lines.push('Explained');
    for (const c of explained) lines.push(`  ${c.name} (${c.aspect}), ${placeOf(c)}: ${c.reason}`);
    lines.push('');
  }
  lines.push(`Linux ${answer.kernelVersion}`);
  for (const [source, title] of SOURCES) lines.push(...sums(answer, source, title));
  lines.push(`  methods in locking.rst: ${share(answer.documented)}`);
  lines.push(`  helpers with an assertion: ${share(answer.asserting)}`);
  for (const problem of answer.problems) lines.push(`  note: ${problem}`);
  return `${lines.join('\n')}\n`;
}

function sides(c: Comparison): string[] {
  return [
    `  ${c.name} (${c.aspect})`,
    `    tree:  ${c.tree}  [${placeOf(c)}]`,
    `    model: ${c.model}  [${c.proof.join(' ')}]`,
  ];
}

function placeOf(c: Comparison): string {
  return c.line > 0 ? `${c.file}:${c.line}` : 'no place';
}

function sums(answer: VerifyAnswer, source: VerifySource, title: string): string[] {
  const of = answer.comparisons.filter((c) => c.source === source);
  const count = (verdict: Comparison['verdict']): number => of.filter((c) => c.verdict === verdict).length;
  const left = count('not-compared');
  const lines = [
    `  ${title}: ${of.length - left} compared, ${count('agree')} agree, ${count('explained')} explained, ` +
      `${count('disagree')} disagree, ${left} not compared`,
  ];
  const reasons = new Map<string, string[]>();
  for (const c of of)
    if (c.verdict === 'not-compared') reasons.set(c.reason, [...(reasons.get(c.reason) ?? []), c.name]);
  for (const [reason, names] of [...reasons].sort((a, b) => b[1].length - a[1].length)) {
    const different = [...new Set(names)];
    const shown = different.length > MAX_NAMES ? '' : `: ${different.join(', ')}`;
    lines.push(`    ${names.length} ${reason}${shown}`);
  }
  return lines;
}

function share(coverage: Coverage): string {
  const missing = coverage.missing.length === 0 ? '' : `; not ${coverage.missing.join(', ')}`;
  return `${coverage.compared} of ${coverage.total} compared${missing}`;
}
