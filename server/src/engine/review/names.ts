/**
 * Which member is meant: by its name, with names that are near where there is none, or by a place of the text. Must not look at states.
 */
import { lettersApart } from '../base/spelling.js';
import type { Analysis } from '../contexts/analysis.js';
import { fnColumn } from '../contexts/cfg.js';
import { readsOf, visitNodes } from '../contexts/operands.js';
import { functionAt } from '../contexts/query.js';
import {
  EXPR_STRIDE,
  FIELD_STRIDE,
  type FileFacts,
  Fn,
  lineAt,
  OP_STRIDE,
  STRUCT_STRIDE,
  X,
} from '../facts/encode.js';
import { ExpressionTypes } from '../program/expression-types.js';
import type { FunctionRef } from '../program/program.js';
import { operationsOf } from '../rules/replay.js';

/** A member by name; `struct` without the word. */
export interface Member {
  readonly struct: string;
  readonly member: string;
}

/** Names that are shown where one is not known. */
const MAX_NEAR = 5;
/** Letters that may differ. */
const MAX_DIFFER = 3;

/** Why a member is not known in an analysis, with names that are near; null where it is known. */
export function whyNoMember(analysis: Analysis, { struct, member }: Member): string | null {
  const { program } = analysis;
  const from = program.files.values().next().value;
  if (from === undefined) return `struct ${struct}: nothing was read`;
  const known = program.structure(`struct ${struct}`, from);
  if (known === null) {
    const names = new Set<string>();
    for (const file of program.files.values())
      for (let at = 0; at < file.structs.length; at += STRUCT_STRIDE) {
        const name = file.strings[file.structs[at] as number] ?? '';
        if (name.startsWith('struct ') && !name.includes('@')) names.add(name.slice(7));
      }
    return `struct ${struct}: not declared in what was looked at${nearWords(struct, names)}`;
  }
  if (known.fields.some((f) => f.name === member)) return null;
  return `struct ${struct} has no member '${member}'${nearWords(
    member,
    known.fields.map((f) => f.name),
  )}`;
}

function nearWords(name: string, all: Iterable<string>): string {
  const near = nearNames(name, all);
  return near.length === 0 ? '' : `; did you mean ${near.join(', ')}?`;
}

/** Names that differ in few letters or hold the name, the nearest first. */
export function nearNames(name: string, all: Iterable<string>): readonly string[] {
  const found: { readonly other: string; readonly far: number }[] = [];
  for (const other of all) {
    if (other === '') continue;
    const within = other.includes(name) || name.includes(other);
    const far = lettersApart(name, other);
    if (far <= Math.min(MAX_DIFFER, name.length >> 1) || (within && other.length > 2))
      found.push({ other, far });
  }
  found.sort((a, b) => a.far - b.far || (a.other < b.other ? -1 : 1));
  return found.slice(0, MAX_NEAR).map((f) => f.other);
}

/** The member at a place of a file (1-based), or why there is none. On a variable it is the member that is reached through it. */
export function memberAt(
  analysis: Analysis,
  file: string,
  text: string,
  line: number,
  column: number,
): Member | string {
  const where = `${file}:${line}`;
  const content = text.split('\n')[line - 1];
  const facts = analysis.program.files.get(file);
  if (content === undefined || facts === undefined) return `${where}: no such line`;
  const word = wordAt(content, column - 1);
  if (word === '') return `${where}: no name at column ${column}`;
  const declared = declaredAt(facts, line, word);
  if (declared !== null) return { struct: declared, member: word };
  const fn = functionAt(analysis.program.functions, file, line);
  if (fn === null) return `${where}: '${word}' is no member of a structure here`;
  const named = memberNamed(analysis, fn, line, word);
  if (typeof named !== 'string') return named;
  const through = memberBehind(content, column - 1);
  const behind = named === 'none' && through !== '' ? memberNamed(analysis, fn, line, through) : 'none';
  if (typeof behind !== 'string') return behind;
  return named === 'unknown'
    ? `${where}: it is not known what '${word}' is a member of`
    : `${where}: '${word}' is no member of a structure here`;
}

/** The member of a name that a line of a function speaks of; else whether it is unknown whose member it is, or there is none. */
function memberNamed(
  analysis: Analysis,
  fn: FunctionRef,
  line: number,
  word: string,
): Member | 'unknown' | 'none' {
  const facts = fn.file;
  const types = new ExpressionTypes(analysis.program, fn);
  const first = fnColumn(facts, fn.index, Fn.FirstOp);
  const base = fnColumn(facts, fn.index, Fn.Start);
  let seen = false;
  for (const op of operationsOf(fn)) {
    const at = (first + op) * OP_STRIDE;
    const from = lineAt(facts.lineStarts, base + (facts.ops[at + 5] as number));
    const to = lineAt(facts.lineStarts, base + (facts.ops[at + 6] as number));
    if (line < from || line > to) continue;
    for (const e of readsOf(fn, op))
      for (const x of membersIn(facts, e)) {
        if (facts.strings[facts.exprs[x * EXPR_STRIDE + 2] as number] !== word) continue;
        seen = true;
        const struct = types.of(facts.exprs[x * EXPR_STRIDE + 1] as number)?.base ?? '';
        if (struct.startsWith('struct ') && !struct.includes('@'))
          return { struct: struct.slice(7), member: word };
      }
  }
  return seen ? 'unknown' : 'none';
}

/** The name of the member that is reached through the name at a place (0-based), or ''. */
function memberBehind(line: string, at: number): string {
  return /^\w*\s*(?:->|\.)\s*([A-Za-z_]\w*)/.exec(line.slice(at))?.[1] ?? '';
}

function wordAt(line: string, at: number): string {
  const before = /\w*$/.exec(line.slice(0, at))?.[0] ?? '';
  const after = /^\w*/.exec(line.slice(at))?.[0] ?? '';
  return /^[A-Za-z_]/.test(before + after) ? before + after : '';
}

/** The structure of a file that declares a member on a line, or null. */
function declaredAt(file: FileFacts, line: number, word: string): string | null {
  for (let at = 0; at < file.structs.length; at += STRUCT_STRIDE) {
    const name = file.strings[file.structs[at] as number] ?? '';
    if (!name.startsWith('struct ') || name.includes('@')) continue;
    const first = file.structs[at + 1] as number;
    for (let f = first; f < first + (file.structs[at + 2] as number); f++) {
      const field = f * FIELD_STRIDE;
      if (file.strings[file.fields[field] as number] !== word) continue;
      const from = lineAt(file.lineStarts, file.fields[field + 2] as number);
      if (from <= line && line <= from + 1) return name.slice(7);
    }
  }
  return null;
}

/** All member expressions below one. */
function membersIn(file: FileFacts, e: number): readonly number[] {
  const out: number[] = [];
  visitNodes(file, e, (x, kind) => {
    if (kind === X.Field) out.push(x);
  });
  return out;
}
