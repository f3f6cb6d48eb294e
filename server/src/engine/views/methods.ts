/**
 * The methods of a directory: its tables of operations, and for each slot that the model knows the function in it, what holds
 * there on entry, and how many findings its text has. Must not know how it is shown.
 */
import type { Finding } from '../base/finding.js';
import type { MethodRow, MethodTable, UnitMethods } from '../base/shown.js';
import type { Analysis } from '../contexts/analysis.js';
import { compareText } from '../findings/order.js';
import { type SlotRef, unitOf } from '../program/program.js';
import { broughtTo } from './brought.js';
import { functionIn, methodOf, statesOfSlot } from './method-entry.js';
import { nameOf, slotAt } from './places.js';
import { stateLines } from './state-lines.js';

const KNOWN = new WeakMap<Analysis, Map<string, readonly MethodTable[]>>();

/** The methods of a directory; nothing is counted yet. */
export function methodsOf(analysis: Analysis, unit: string, skipped: UnitMethods['skipped']): UnitMethods {
  let known = KNOWN.get(analysis);
  if (known === undefined) {
    known = new Map();
    KNOWN.set(analysis, known);
  }
  let tables = known.get(unit);
  if (tables === undefined) {
    tables = tablesOf(analysis, unit);
    known.set(unit, tables);
  }
  return { unit, tables, findings: null, skipped };
}

function tablesOf(analysis: Analysis, unit: string): readonly MethodTable[] {
  const tables = new Map<string, SlotRef[]>();
  for (const slot of analysis.program.slots) {
    if (unitOf(slot.file.path) !== unit || methodOf(analysis, slot) === null) continue;
    const key = `${slot.file.path} ${slot.struct} ${slot.table}`;
    tables.set(key, [...(tables.get(key) ?? []), slot]);
  }
  return [...tables.values()]
    .map((slots) => tableOf(analysis, slots))
    .sort((a, b) => compareText(a.at.file, b.at.file) || a.at.line - b.at.line);
}

function tableOf(analysis: Analysis, slots: readonly SlotRef[]): MethodTable {
  const sorted = [...slots].sort((a, b) => a.position - b.position);
  const first = sorted[0] as SlotRef;
  const rows = sorted.map((slot) => rowOf(analysis, slot)).filter((row) => row !== null);
  return { struct: first.struct, table: first.table, at: slotAt(first), methods: rows, findings: null };
}

/** Null for a slot that holds no function: `.iterate_shared = NULL`. */
function rowOf(analysis: Analysis, slot: SlotRef): MethodRow | null {
  if (!/^[A-Za-z_]\w*$/.test(slot.target) || slot.target === 'NULL') return null;
  const fn = functionIn(analysis, slot);
  return {
    method: slot.slot,
    function: fn?.name ?? slot.target,
    at: fn === null ? null : nameOf(fn),
    slot: slotAt(slot),
    contexts: fn === null ? [] : stateLines(statesOfSlot(analysis, fn, slot)),
    directCalls: fn === null ? 0 : broughtTo(analysis, fn).calls,
    findings: null,
  };
}

/** The same with findings counted. `isChecked`: whether all findings of a file are among them. */
export function withFindings(
  unit: UnitMethods,
  findings: readonly Finding[],
  isChecked: (file: string) => boolean,
): UnitMethods {
  const mine = findings.filter((one) => unitOf(one.file) === unit.unit);
  const counted = (table: MethodTable): MethodTable => {
    const inFunction = (row: MethodRow): readonly Finding[] | null =>
      row.at === null || !isChecked(row.at.file)
        ? null
        : mine.filter((one) => one.function === row.function && one.file === row.at?.file);
    const found = table.methods.map(inFunction).filter((list) => list !== null);
    const methods = table.methods.map((row) => ({ ...row, findings: inFunction(row)?.length ?? null }));
    return { ...table, methods, findings: found.length === 0 ? null : new Set(found.flat()).size };
  };
  return { ...unit, tables: unit.tables.map(counted), findings: mine.length };
}
