/**
 * What the code of one directory calls by name, and through which slots: some situations of a method are there only where the
 * filesystem itself asks a helper to call it. Must not know what is called.
 */
import { EXPR_STRIDE, type FileFacts, OP_STRIDE, Op, X } from '../facts/encode.js';
import { type Program, unitOf } from './program.js';

/** What a directory calls. */
export interface UnitCalls {
  /** Whether its C files call or define a function of a name, or call a slot, given as `->slot`. */
  has(name: string): boolean;
}

/** Names of the functions that the C files of a directory call or define, and of the slots that they call as `->slot`. */
export function callsOfUnit(program: Program, unit: string): UnitCalls {
  const files: ReadonlySet<string>[] = [];
  for (const [path, file] of program.files)
    if (path.endsWith('.c') && unitOf(path) === unit) files.push(callsOfFile(file));
  return {
    has: (name) =>
      files.some((names) => names.has(name)) ||
      program.functionsNamed(name).some((f) => f.unit === unit && !f.isMacro),
  };
}

const OF_FILE = new WeakMap<FileFacts, ReadonlySet<string>>();

function callsOfFile(file: FileFacts): ReadonlySet<string> {
  const known = OF_FILE.get(file);
  if (known !== undefined) return known;
  const out = new Set<string>();
  for (let at = 0; at < file.ops.length; at += OP_STRIDE) {
    if ((file.ops[at] as Op) !== Op.Call) continue;
    const callee = (file.ops[at + 1] as number) * EXPR_STRIDE;
    if (callee < 0) continue;
    const kind = file.exprs[callee] as X;
    if (kind === X.Name) out.add(file.strings[file.exprs[callee + 1] as number] ?? '');
    else if (kind === X.Field) out.add(`->${file.strings[file.exprs[callee + 2] as number] ?? ''}`);
  }
  OF_FILE.set(file, out);
  return out;
}
