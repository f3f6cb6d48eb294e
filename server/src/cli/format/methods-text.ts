/**
 * Tables of operations as text: a directory, its tables with their places, a line a method with its function and what holds on
 * entry. Must not know how that is found.
 */
import type { MethodRow, MethodsAnswer, MethodTable, UnitMethods } from '../../engine/base/shown.js';
import { count } from '../../engine/findings/wording.js';
import type { Paint } from '../terminal.js';

/** Columns of names are no wider. */
const MAX_WIDTH = 36;

/** The whole text. */
export function formatMethods(answer: MethodsAnswer, paint: Paint): string {
  const units = answer.units.filter((unit) => unit.tables.length > 0 || unit.skipped.length > 0);
  if (units.length === 0) return 'no table of operations that the model knows\n';
  return units.map((unit) => unitText(unit, paint)).join('\n');
}

function unitText(unit: UnitMethods, paint: Paint): string {
  const methods = unit.tables.reduce((sum, table) => sum + table.methods.length, 0);
  const lines = [
    `${paint.strong(unit.unit)}: ${count(methods, 'method')}, ${count(unit.findings ?? 0, 'finding')}`,
  ];
  for (const { file, reason } of unit.skipped) lines.push(`  skipped: ${file}: ${reason}`);
  for (const table of unit.tables) lines.push('', ...tableLines(table, paint));
  return `${lines.join('\n')}\n`;
}

function tableLines(table: MethodTable, paint: Paint): readonly string[] {
  const name = table.table === '' ? '' : ` ${table.table}`;
  const head = `  ${paint.strong(`${table.struct}${name}`)}  ${paint.place(`${table.at.file}:${table.at.line}`)}`;
  const width = (text: (row: MethodRow) => string): number =>
    Math.min(MAX_WIDTH, Math.max(0, ...table.methods.map((row) => text(row).length)));
  const methodWidth = width((row) => row.method);
  const functionWidth = width((row) => row.function);
  const lines: string[] = [head];
  for (const row of table.methods) {
    const [first = row.at === null ? 'not defined in this directory' : 'not reached', ...rest] = row.contexts;
    const notes: string[] = [];
    if (row.directCalls > 0) notes.push(`also called directly (${count(row.directCalls, 'call')})`);
    if (row.findings !== null && row.findings > 0) notes.push(count(row.findings, 'finding'));
    const names = `    ${row.method.padEnd(methodWidth)}  ${row.function.padEnd(functionWidth)}  `;
    lines.push(`${names}${first}`);
    const blank = ' '.repeat(names.length);
    for (const text of [...rest.map((one) => `or ${one}`), ...notes]) lines.push(`${blank}${text}`);
  }
  return lines;
}
