/**
 * The two questions of a reviewer, asked of the tree: what is read for them, unit by unit, and what is said where there is no answer. Joins
 * rooms; the answers are made in `review`.
 */
import { type CancelToken, throwIfCancelled } from './base/cancel.js';
import type { DropQuery, DropResult, FieldQuery, FieldResult } from './base/review.js';
import type { Analysis } from './contexts/analysis.js';
import type { Progress } from './door.js';
import type { Model } from './model/types.js';
import { type FunctionRef, unitOf } from './program/program.js';
import { Collector } from './review/collect.js';
import { dropAnswer } from './review/drop.js';
import { fieldAnswer, type UnitAccesses, unitAccesses } from './review/field.js';
import { type Member, memberAt, nearNames, whyNoMember } from './review/names.js';
import type { RuleContext } from './rules/rule.js';

/** What is asked of the engine. */
export interface Desk {
  readonly model: Model;
  readonly kernelVersion: string;
  text(file: string): string | null;
  /** Files that paths stand for. */
  expand(paths: readonly string[]): readonly string[];
  /** Files by unit. */
  units(files: readonly string[]): readonly (readonly string[])[];
  analysis(files: readonly string[]): Analysis;
  skipped(file: string): string | undefined;
}

/** The functions of some files, and all that were analysed with them, as rules look at them. */
export function lookingAt(analysis: Analysis, isSeen: (fn: FunctionRef) => boolean): RuleContext {
  const all = analysis.bottomUp.map((id) => analysis.program.functions[id] as FunctionRef);
  const functions = all.filter((f) => !f.isMacro && isSeen(f)).sort((a, b) => a.id - b.id);
  return { analysis, functions, unit: functions, all };
}

/** Who reads and writes a member. */
export function askField(
  desk: Desk,
  query: FieldQuery,
  token: CancelToken,
  progress?: (p: Progress) => void,
): FieldResult {
  if ('file' in query) return fieldAt(desk, query, token);
  const member: Member = { struct: query.struct, member: query.member };
  const paths = query.paths.length > 0 ? query.paths : homeOf(desk, member.struct);
  const files = desk.expand(paths);
  const units = desk.units(files);
  const found: UnitAccesses[] = [];
  let why: string | null = null;
  for (const [done, unit] of units.entries()) {
    throwIfCancelled(token);
    progress?.({ phase: 'analyse', done, total: units.length, at: unit[0] as string });
    // Who does not write its name does not reach it; one unit alone is asked whether it has it at all
    if (units.length > 1 && !unit.some((file) => desk.text(file)?.includes(member.member) === true)) continue;
    const analysis = desk.analysis(unit);
    const missing = whyNoMember(analysis, member);
    if (missing !== null) {
      why ??= missing;
      continue;
    }
    const inScope = new Set(unit);
    found.push(accessesOf(analysis, member, (f) => inScope.has(f.file.path), unit.length, token));
  }
  if (found.length === 0)
    return {
      ok: false,
      problem: why ?? noMention(desk, member, files),
    };
  return { ok: true, answer: fieldAnswer(desk.model, desk.kernelVersion, member, paths, found) };
}

/** The member at a place, in the unit of the file. */
function fieldAt(
  desk: Desk,
  query: { readonly file: string; readonly line: number; readonly column: number },
  token: CancelToken,
): FieldResult {
  const { file, line, column } = query;
  const text = desk.text(file);
  if (text === null) return { ok: false, problem: `${file}: no such file in the tree` };
  const analysis = desk.analysis([file]);
  const skipped = desk.skipped(file);
  if (skipped !== undefined) return { ok: false, problem: `${file}: skipped, ${skipped}` };
  const member = memberAt(analysis, file, text, line, column);
  if (typeof member === 'string') return { ok: false, problem: member };
  if (file.startsWith('include/'))
    return {
      ok: false,
      problem: `${member.struct}::${member.member} is there for the whole kernel: ask where it is used, or by lockwalk field ${member.struct}::${member.member} PATH`,
    };
  const unit = unitOf(file);
  const files = new Set<string>();
  for (const f of analysis.program.functions) if (f.unit === unit && !f.isMacro) files.add(f.file.path);
  const one = accessesOf(analysis, member, (f) => f.unit === unit, files.size, token);
  return { ok: true, answer: fieldAnswer(desk.model, desk.kernelVersion, member, [unit], [one]) };
}

function accessesOf(
  analysis: Analysis,
  member: Member,
  isSeen: (fn: FunctionRef) => boolean,
  files: number,
  token: CancelToken,
): UnitAccesses {
  const cx = lookingAt(analysis, isSeen);
  const collected = new Collector(cx, token).of(member.struct, member.member);
  return unitAccesses(analysis, member, collected, files);
}

/** The folder that declares a structure; all of fs/ for one of a shared header. */
function homeOf(desk: Desk, struct: string): readonly string[] {
  const declares = new RegExp(`\\bstruct\\s+${struct}\\s*\\{`);
  for (const file of desk.expand(['fs'])) {
    const text = desk.text(file);
    if (text?.includes(struct) !== true || !declares.test(text)) continue;
    const [top, folder, rest] = file.split('/');
    return [rest === undefined ? (top ?? 'fs') : `${top}/${folder}`];
  }
  return ['fs'];
}

function noMention(desk: Desk, { struct, member }: Member, files: readonly string[]): string {
  const names = new Set<string>();
  for (const file of files)
    for (const match of (desk.text(file) ?? '').matchAll(/\bstruct\s+(\w+)\s*\{/g))
      names.add(match[1] as string);
  const near = names.has(struct) ? [] : nearNames(struct, names);
  return `${struct}::${member}: no file that was looked at mentions such a member${near.length === 0 ? '' : `; did you mean ${near.join(', ')}?`}`;
}

/** What relies on the locks that are dropped on a line. */
export function askDrop(desk: Desk, query: DropQuery, token: CancelToken): DropResult {
  const { file, line } = query;
  const text = desk.text(file);
  if (text === null) return { ok: false, problem: `${file}: no such file in the tree` };
  const lines = text.split('\n').length;
  if (line < 1 || line > lines)
    return { ok: false, problem: `${file}:${line}: no such line; the file has ${lines}` };
  const analysis = desk.analysis([file]);
  const skipped = desk.skipped(file);
  if (skipped !== undefined) return { ok: false, problem: `${file}: skipped, ${skipped}` };
  const unit = unitOf(file);
  const cx = lookingAt(analysis, (f) => f.unit === unit);
  return dropAnswer(cx, desk.kernelVersion, query, token);
}
