/**
 * Declarations read from configured C text: definitions, prototypes and macros by name, and the function pointers of
 * structures, each with its parameters, its line and what stands around it. A look at the text rather than at the tree,
 * because thousands of headers are looked through for a few hundred names. Must not know the model.
 */

/** One parameter as it is written. */
export type ParameterText = string;

/** A function or macro where it stands. */
export interface Declared {
  readonly name: string;
  readonly kind: 'definition' | 'prototype' | 'macro';
  readonly file: string;
  /** 1-based. */
  readonly line: number;
  readonly parameters: readonly ParameterText[];
  readonly isStatic: boolean;
  /** What stands between the parameters and the body: `__must_hold(&x)`. */
  readonly tail: string;
  /** The body with its braces, comments blanked; empty for what has none. */
  readonly body: string;
  /** Line on which the body begins. */
  readonly bodyLine: number;
}

/** A function pointer of a structure. */
export interface SlotDeclared {
  readonly struct: string;
  readonly slot: string;
  readonly file: string;
  readonly line: number;
  readonly parameters: readonly ParameterText[];
}

/** What was read from one file. */
export interface Declarations {
  readonly functions: readonly Declared[];
  readonly slots: readonly SlotDeclared[];
}

/** Longest stretch that a body or a list of parameters may take; past it the file is taken to be damaged. */
const MAX_STRETCH = 200_000;

/** Reads the declarations of a file that are asked for. */
export function readDeclarations(
  file: string,
  configured: string,
  names: ReadonlySet<string>,
  structs: ReadonlySet<string>,
): Declarations {
  const functions: Declared[] = [];
  const slots: SlotDeclared[] = [];
  const clean = blankComments(configured);
  const lineOf = lineCounter(clean);
  const code = takeMacros(clean, (offset, name, parameters, body) => {
    if (!names.has(name)) return;
    const line = lineOf(offset);
    functions.push({
      name,
      kind: 'macro',
      file,
      line,
      parameters,
      isStatic: false,
      tail: '',
      body,
      bodyLine: line,
    });
  });
  const token = /[{}]|\bstruct\s+(\w+)\s*\{|\b([A-Za-z_]\w*)\s*\(/g;
  let depth = 0;
  for (let match = token.exec(code); match !== null; match = token.exec(code)) {
    if (match[0] === '{') depth++;
    else if (match[0] === '}') depth = Math.max(0, depth - 1);
    else if (match[1] !== undefined) {
      const open = match.index + match[0].length - 1;
      const close = closing(code, open);
      if (depth === 0 && structs.has(match[1]) && close > 0)
        slots.push(...slotsOf(file, match[1], code, open + 1, close, lineOf));
      if (close > 0) token.lastIndex = close + 1;
      else depth++;
    } else if (depth === 0 && names.has(match[2] as string)) {
      const made = functionAt(
        file,
        code,
        match.index,
        match[2] as string,
        match.index + match[0].length - 1,
        lineOf,
      );
      if (made === null) continue;
      functions.push(made.declared);
      token.lastIndex = made.end;
    }
  }
  return { functions, slots };
}

function functionAt(
  file: string,
  code: string,
  at: number,
  name: string,
  open: number,
  lineOf: (offset: number) => number,
): { declared: Declared; end: number } | null {
  const close = closing(code, open);
  if (close < 0) return null;
  const head = headBefore(code, at);
  const plain = withoutInvocations(head);
  if (!/\w/.test(plain) || /[=(]/.test(plain)) return null;
  const tail = /^(?:\s*\w+(?:\s*\([^{};]*?\))?)*\s*(?=[{;])/.exec(code.slice(close + 1, close + 400));
  if (tail === null) return null;
  const stop = close + 1 + tail[0].length;
  const isDefinition = code[stop] === '{';
  const end = isDefinition ? closing(code, stop) : stop;
  if (end < 0) return null;
  return {
    declared: {
      name,
      kind: isDefinition ? 'definition' : 'prototype',
      file,
      line: lineOf(at),
      parameters: splitParameters(code.slice(open + 1, close)),
      isStatic: /\bstatic\b/.test(head),
      tail: `${head} ${tail[0]}`,
      body: isDefinition ? code.slice(stop, end + 1) : '',
      bodyLine: lineOf(stop),
    },
    end: end + 1,
  };
}

/** The text from the end of what stands before a declaration to its name. */
function headBefore(code: string, at: number): string {
  let from = at;
  while (from > 0 && at - from < 400 && !';}{'.includes(code[from - 1] as string)) from--;
  return code.slice(from, at);
}

/** What stands before a name, without `__printf(1, 2)` and without a macro that needs no semicolon: `DEFINE_GUARD(...)`. */
function withoutInvocations(head: string): string {
  const less = head.replace(/\w*\s*\([^()]*\)/g, ' ');
  return less === head ? head : withoutInvocations(less);
}

function slotsOf(
  file: string,
  struct: string,
  code: string,
  from: number,
  to: number,
  lineOf: (offset: number) => number,
): SlotDeclared[] {
  const out: SlotDeclared[] = [];
  const pointer = /\(\s*\*\s*(\w+)\s*\)\s*\(/g;
  pointer.lastIndex = from;
  for (let match = pointer.exec(code); match !== null && match.index < to; match = pointer.exec(code)) {
    const open = match.index + match[0].length - 1;
    const close = closing(code, open);
    if (close < 0) break;
    out.push({
      struct,
      slot: match[1] as string,
      file,
      line: lineOf(match.index),
      parameters: splitParameters(code.slice(open + 1, close)),
    });
    pointer.lastIndex = close;
  }
  return out;
}

/** Parameters of a list; `void` and nothing are none. */
export function splitParameters(list: string): readonly ParameterText[] {
  const out: string[] = [];
  let depth = 0;
  let from = 0;
  for (let i = 0; i <= list.length; i++) {
    const c = list[i];
    if (c === '(' || c === '[' || c === '{') depth++;
    else if (c === ')' || c === ']' || c === '}') depth--;
    else if (c === undefined || (c === ',' && depth === 0)) {
      out.push(list.slice(from, i).replace(/\s+/g, ' ').trim());
      from = i + 1;
    }
  }
  return out.length === 1 && (out[0] === '' || out[0] === 'void') ? [] : out;
}

/** The name of a parameter, or '' where only its type is written. */
export function parameterName(text: ParameterText): string {
  const pointer = /\(\s*\*\s*(\w+)\s*\)/.exec(text)?.[1];
  if (pointer !== undefined) return pointer;
  const last = /(\w+)\s*(?:\[[^\]]*\]\s*)*$/.exec(text);
  if (last === null) return '';
  const before = text.slice(0, last.index).trim();
  if (before === '' || /^(?:const|volatile|struct|enum|union|unsigned|signed)$/.test(before)) return '';
  if (/^(?:int|long|short|char|unsigned|__user|const)$/.test(last[1] as string)) return '';
  return last[1] as string;
}

/** Where a bracket is closed; -1 where it is not. */
export function closing(code: string, open: number): number {
  const left = code[open];
  const right = left === '{' ? '}' : left === '[' ? ']' : ')';
  let depth = 0;
  const end = Math.min(code.length, open + MAX_STRETCH);
  for (let i = open; i < end; i++) {
    if (code[i] === left) depth++;
    else if (code[i] === right && --depth === 0) return i;
  }
  return -1;
}

/** Comments, strings and characters as spaces; lines stay where they are. */
export function blankComments(text: string): string {
  return text.replace(/\/\*[\s\S]*?\*\/|\/\/[^\n]*|"(?:[^"\\\n]|\\[\s\S])*"|'(?:[^'\\\n]|\\.)*'/g, (match) =>
    match.replace(/[^\n]/g, ' '),
  );
}

/** Directives as spaces; each function-like macro is handed over. */
function takeMacros(
  text: string,
  macro: (offset: number, name: string, parameters: readonly string[], body: string) => void,
): string {
  return text.replace(/^[ \t]*#(?:[^\\\n]|\\[\s\S])*/gm, (directive, offset: number) => {
    const define = /^[ \t]*#[ \t]*define[ \t]+(\w+)\(([^)]*)\)([\s\S]*)$/.exec(directive);
    if (define !== null)
      macro(offset, define[1] as string, splitParameters(define[2] as string), define[3] as string);
    return directive.replace(/[^\n]/g, ' ');
  });
}

function lineCounter(text: string): (offset: number) => number {
  const starts: number[] = [0];
  for (let i = text.indexOf('\n'); i >= 0; i = text.indexOf('\n', i + 1)) starts.push(i + 1);
  return (offset) => {
    let low = 0;
    let high = starts.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if ((starts[middle] as number) <= offset) low = middle;
      else high = middle - 1;
    }
    return low + 1;
  };
}
