/**
 * An audit as plain text that can be pasted into a mail: a headline with the sums, then the suspects, what is not known, and the rest,
 * each with its place and why. Must not know how a verdict comes about.
 */
import type { AuditAnswer, AuditSpot } from '../../engine/door.js';
import { count } from '../../engine/findings/wording.js';
import { wrap } from './two-columns.js';

/** Lines stay below what mail clients wrap. */
const WIDTH = 76;
const INDENT = '    ';

const HEADS: Readonly<Record<AuditSpot['verdict'], string>> = {
  suspect: 'Suspect: a rule says something about it',
  unknown: 'Unknown: not all of it could be followed',
  fine: 'Fine',
};

const WHAT: Readonly<Record<AuditAnswer['kind'], string>> = {
  method: 'instance',
  helper: 'call',
  rule: 'spot',
};

/** The whole text. */
export function formatAudit(answer: AuditAnswer, version: string, paths: readonly string[]): string {
  const { kind, name, spots } = answer;
  const of = (verdict: AuditSpot['verdict']): readonly AuditSpot[] =>
    spots.filter((spot) => spot.verdict === verdict);
  const subject =
    kind === 'method' ? `->${name.replace(/^\w+\./, '')}()` : kind === 'helper' ? `${name}()` : name;
  const sums = (['suspect', 'unknown', 'fine'] as const).map((v) => `${of(v).length} ${v}`).join(', ');
  const functions =
    kind === 'rule'
      ? `; ${count(answer.functions, 'function')} checked`
      : `, in directories with ${count(answer.functions, 'function')}`;
  const lines = [
    `${subject} in ${paths.map((path) => (path === '' ? 'the tree' : path)).join(' ')} of Linux ${version}`,
    `${count(spots.length, WHAT[kind])}: ${sums}${functions}`,
  ];
  if (spots.length === 0)
    lines.push(
      kind === 'rule' ? 'the rule found nothing and takes no note of where it looked' : 'there is none',
    );
  for (const { file, reason } of answer.skipped) lines.push(`skipped: ${file}: ${reason}`);
  for (const verdict of ['suspect', 'unknown', 'fine'] as const) {
    const list = of(verdict);
    if (list.length === 0) continue;
    lines.push('', `${HEADS[verdict]} (${list.length})`, '');
    let last = '';
    for (const group of together(list)) {
      const [head = '', ...why] = entry(group);
      // Several things may be said of one place, one after the other
      lines.push(...(head === last ? why : [head, ...why]));
      last = head;
    }
  }
  return `${lines.join('\n')}\n`;
}

/** One function that stands in several tables, with the same to say of each, is said once. */
function together(spots: readonly AuditSpot[]): readonly (readonly AuditSpot[])[] {
  const groups = new Map<string, AuditSpot[]>();
  for (const spot of spots) {
    const key = `${spot.function} ${spot.file}:${spot.line} ${spot.why}`;
    groups.set(key, [...(groups.get(key) ?? []), spot]);
  }
  return [...groups.values()];
}

function entry(group: readonly AuditSpot[]): readonly string[] {
  const spot = group[0] as AuditSpot;
  const tables = [...new Set(group.map(({ table }) => table))].filter((table) => table !== '');
  const table = tables.map((name) => `, ${name}`).join('');
  return [
    `${spot.function}()  ${spot.file}:${spot.line}${table}: ${spot.verdict}`,
    ...wrap(spot.why, WIDTH - INDENT.length).map((line) => INDENT + line),
  ];
}
