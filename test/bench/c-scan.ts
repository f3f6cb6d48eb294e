/**
 * A small scanner of kernel C for the mutation benchmark: comments and strings blanked out, functions by the kernel's layout
 * (the body's braces stand in the first column). Knows nothing of the engine and shares nothing with it: what is mutated must not
 * hang on what the analysis understands.
 */

/** A function: offsets of its head's first character and of the character after its closing brace. */
export interface ScannedFunction {
  readonly name: string;
  readonly start: number;
  /** Offset of the opening brace. */
  readonly body: number;
  readonly end: number;
}

/** A text with the functions in it. `code` has the length of the text, with blanks for comments, strings and directives. */
export interface Scanned {
  readonly text: string;
  readonly code: string;
  readonly functions: readonly ScannedFunction[];
}

const NAME = /([A-Za-z_]\w*)\s*\((?:[^()]|\((?:[^()]|\([^()]*\))*\))*\)(?:\s*__\w+(?:\([^()]*\))?)*\s*$/;

/** Scans a file. */
export function scan(text: string): Scanned {
  const code = withoutConditionals(blanked(text));
  const functions: ScannedFunction[] = [];
  for (const brace of code.matchAll(/^\{/gm)) {
    const end = code.indexOf('\n}', brace.index);
    if (end < 0) continue;
    const before = Math.max(code.lastIndexOf('\n}', brace.index), code.lastIndexOf(';', brace.index)) + 2;
    const head = code.slice(Math.max(0, before), brace.index);
    const name = NAME.exec(head);
    if (name === null) continue;
    const first = /\S/.exec(head)?.index ?? 0;
    functions.push({
      name: name[1] as string,
      start: Math.max(0, before) + first,
      body: brace.index,
      end: end + 2,
    });
  }
  return { text, code, functions };
}

/** The text with everything but code as blanks; lines stay where they are. */
function blanked(text: string): string {
  return text.replace(/\/\*[\s\S]*?\*\/|\/\/[^\n]*|"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*'/g, (match) =>
    match.replace(/[^\n]/g, ' '),
  );
}

/** Directives go, and so does what stands between #if and #endif: whether it is built is not known here. */
function withoutConditionals(code: string): string {
  let depth = 0;
  let continued = false;
  return code
    .split('\n')
    .map((line) => {
      const directive = continued ? '' : (/^\s*#\s*(\w+)/.exec(line)?.[1] ?? null);
      const blank = directive !== null || depth > 0;
      continued = directive !== null && line.endsWith('\\');
      if (directive?.startsWith('if') === true) depth++;
      if (directive === 'endif') depth = Math.max(0, depth - 1);
      return blank ? line.replace(/./g, ' ') : line;
    })
    .join('\n');
}

/** Offset of the parenthesis that closes the one at an offset; -1 where there is none. */
export function closing(code: string, open: number): number {
  let depth = 0;
  for (let i = open; i < code.length; i++) {
    if (code[i] === '(') depth++;
    else if (code[i] === ')' && --depth === 0) return i;
  }
  return -1;
}

/** Line of an offset, from 1. */
export function lineOf(text: string, offset: number): number {
  let line = 1;
  for (let i = text.indexOf('\n'); i >= 0 && i < offset; i = text.indexOf('\n', i + 1)) line++;
  return line;
}
