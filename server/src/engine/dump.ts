/**
 * What the engine sees of a file, for people: functions, and the operations of their graphs.
 */
import {
  EXPR_STRIDE,
  type FileFacts,
  Fn,
  FUNCTION_STRIDE,
  lineAt,
  OP_STRIDE,
  OPERATORS,
  Op,
  SLOT_STRIDE,
  TABLE_STRIDE,
  VARIABLE_STRIDE,
  X,
} from './facts/encode.js';
import { readList, typeRef } from './program/program.js';

const OP_NAMES = [
  'call',
  'assign',
  'set',
  'declare',
  'eval',
  'branch',
  'jump',
  'switch',
  'return',
  'cleanup',
  'guard',
  'stop',
];

/** `facts`: what was found in the file; `cfg`: operations block by block, of one function or all. */
export function dumpFunctions(
  file: FileFacts,
  kind: 'facts' | 'cfg',
  functionName: string | null,
): { ok: boolean; text: string } {
  const lines: string[] = [];
  if (kind === 'facts' && functionName === null) {
    for (let i = 0; i < file.tables.length / TABLE_STRIDE; i++) {
      const at = i * TABLE_STRIDE;
      lines.push(
        `table ${file.strings[file.tables[at] as number]} (${file.strings[file.tables[at + 1] as number]})`,
      );
      const first = file.tables[at + 2] as number;
      for (let s = first; s < first + (file.tables[at + 3] as number); s++)
        lines.push(
          `  .${file.strings[file.slots[s * SLOT_STRIDE] as number]} = ${file.strings[file.slots[s * SLOT_STRIDE + 1] as number]}`,
        );
    }
  }
  for (let i = 0; i < file.functions.length / FUNCTION_STRIDE; i++) {
    const at = i * FUNCTION_STRIDE;
    const name = file.strings[file.functions[at + Fn.Name] as number] ?? '';
    if (functionName !== null && name !== functionName) continue;
    const start = file.functions[at + Fn.Start] as number;
    const variables = file.functions[at + Fn.FirstVariable] as number;
    const params = Array.from({ length: file.functions[at + Fn.ParameterCount] as number }, (_, p) =>
      variable(file, variables + p),
    );
    lines.push(`function ${name}(${params.join(', ')}) line ${lineAt(file.lineStarts, start)}`);
    if (kind === 'facts' && functionName === null) continue;
    const blocks = file.functions[at + Fn.BlockCount] as number;
    const firstBlock = file.functions[at + Fn.FirstBlock] as number;
    const firstOp = file.functions[at + Fn.FirstOp] as number;
    const count = file.functions[at + Fn.OpCount] as number;
    for (let b = 0; b < blocks; b++) {
      const from = file.blocks[firstBlock + b] as number;
      const to = b + 1 < blocks ? (file.blocks[firstBlock + b + 1] as number) : count;
      lines.push(` block ${b}:`);
      for (let o = from; o < to; o++)
        lines.push(
          `  ${lineAt(file.lineStarts, start + (file.ops[(firstOp + o) * OP_STRIDE + 5] as number))}: ${operation(file, variables, (firstOp + o) * OP_STRIDE)}`,
        );
    }
  }
  return lines.length === 0
    ? { ok: false, text: `${functionName ?? file.path}: nothing to show` }
    : { ok: true, text: lines.join('\n') };
}

function variable(file: FileFacts, at: number): string {
  const type = typeRef(file, file.variables[at * VARIABLE_STRIDE + 1] as number);
  return `${type.base} ${'*'.repeat(type.depth)}${file.strings[file.variables[at * VARIABLE_STRIDE] as number] ?? ''}`.trim();
}

function operation(file: FileFacts, variables: number, at: number): string {
  const a = file.ops[at + 1] as number;
  const b = file.ops[at + 2] as number;
  const c = file.ops[at + 3] as number;
  const x = (e: number): string => expression(file, variables, e);
  const v = (n: number): string =>
    file.strings[file.variables[(variables + n) * VARIABLE_STRIDE] as number] ?? '';
  const kind = file.ops[at] as Op;
  const name = OP_NAMES[kind] ?? '?';
  switch (kind) {
    case Op.Call:
      return `${c >= 0 ? `t${c} = ` : ''}${x(a)}(${readList(file, b).map(x).join(', ')})`;
    case Op.Assign:
      return `${x(a)} = ${x(b)}`;
    case Op.Set:
      return `t${a} = ${x(b)}`;
    case Op.Declare:
      return `${name} ${v(a)}${b >= 0 ? ` = ${x(b)}` : ''}`;
    case Op.Branch:
      return `${name} ${x(a)} ? ${b} : ${c}`;
    case Op.Jump:
      return `${name} ${a}`;
    case Op.Switch:
      return `${name} ${x(a)} ${readList(file, b).join(' ')}`;
    case Op.Return:
      return a >= 0 ? `${name} ${x(a)}` : name;
    case Op.Cleanup:
      return `${name} ${v(a)} ${file.strings[file.variables[(variables + a) * VARIABLE_STRIDE + 3] as number] ?? ''}`;
    case Op.Guard:
      return `${name} ${file.strings[a]}(${readList(file, b).map(x).join(', ')})`;
    case Op.Eval:
      return `${name} ${x(a)}`;
    default:
      return name;
  }
}

function expression(file: FileFacts, variables: number, e: number): string {
  if (e < 0) return '-';
  const at = e * EXPR_STRIDE;
  const a = file.exprs[at + 1] as number;
  const b = file.exprs[at + 2] as number;
  const c = file.exprs[at + 3] as number;
  const x = (n: number): string => expression(file, variables, n);
  switch (file.exprs[at] as X) {
    case X.Local:
      return file.strings[file.variables[(variables + a) * VARIABLE_STRIDE] as number] ?? '';
    case X.Name:
    case X.Operator:
      return file.strings[a] ?? '';
    case X.Num:
      return String(file.nums[a]);
    case X.Str:
      return '"..."';
    case X.Field:
      return `${x(a)}${c === 1 ? '->' : '.'}${file.strings[b]}`;
    case X.Deref:
      return `*${x(a)}`;
    case X.Addr:
      return `&${x(a)}`;
    case X.Index:
      return `${x(a)}[${x(b)}]`;
    case X.Unary:
      return `${OPERATORS[a] ?? '?'}${x(b)}`;
    case X.Binary:
      return `(${x(b)} ${OPERATORS[a] ?? '?'} ${x(c)})`;
    case X.Cast:
      return x(b);
    case X.Temp:
      return `t${a}`;
    case X.Type:
      return typeRef(file, a).base;
    default:
      return '?';
  }
}
