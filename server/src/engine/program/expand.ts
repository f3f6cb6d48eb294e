/**
 * Macro calls at top level as text: what `DEFINE_SHOW_ATTRIBUTE(x)` or `FOO_ATTR_RW(x)` stands for, names pasted together.
 * Only for finding the names in it; whoever needs code compiles the macro. Must not know what the names mean.
 */
import { argumentsAt } from '../facts/arguments.js';
import type { FileFacts } from '../facts/encode.js';
import type { Program } from './program.js';

/** Macros inside macros are followed this deep, and texts are followed up to this length; past it they stay as they are. */
const MAX_DEPTH = 6;
const MAX_TEXT = 20_000;

/** A macro as a text defines it. */
export interface MacroText {
  readonly params: readonly string[] | null;
  readonly body: string;
}

/** The directives that a text begins with, one a line, and the rest. */
function ownMacros(text: string): { readonly own: ReadonlyMap<string, MacroText>; readonly rest: string } {
  const own = new Map<string, MacroText>();
  const lines = text.split('\n');
  while (lines[0]?.startsWith('#') === true) {
    const [, name, params, body = ''] =
      /^#\s*define\s+(\w+)(?:\(([^)]*)\))?(.*)$/.exec(lines.shift() as string) ?? [];
    if (name !== undefined)
      own.set(name, { params: params?.split(',').map((p) => p.trim()) ?? null, body: body.trim() });
  }
  return { own, rest: lines.join('\n') };
}

function substitute(body: string, params: readonly string[], args: readonly string[]): string {
  const values = new Map<string, string>();
  params.forEach((p, i) => {
    const rest = p.endsWith('...');
    const name = rest ? p.slice(0, -3).trim() || '__VA_ARGS__' : p;
    values.set(name, rest ? args.slice(i).join(', ') : (args[i] ?? ''));
  });
  return body
    .replace(/\\\r?\n/g, ' ')
    .replace(/(^|[^#])#\s*([A-Za-z_]\w*)/g, '$1""')
    .replace(/[A-Za-z_]\w*/g, (word) => values.get(word) ?? word)
    .replace(/\s*##\s*/g, '');
}

/**
 * A text with its macro calls replaced by what they stand for, as `from` sees the macros at `position`. Directives that
 * the text begins with, one a line, define more of them.
 */
export function expandMacros(program: Program, from: FileFacts, text: string, position: number): string {
  const { own, rest } = ownMacros(text);
  return expand((name) => own.get(name) ?? program.macro(name, from, position), rest, 0);
}

/** A text with its macro calls replaced by what they stand for. */
export function expandText(meaning: (name: string) => MacroText | null, text: string): string {
  return expand(meaning, text, 0);
}

function expand(meaning: (name: string) => MacroText | null, text: string, depth: number): string {
  if (depth >= MAX_DEPTH || text.length > MAX_TEXT) return text;
  let out = '';
  let at = 0;
  for (const match of text.matchAll(/[A-Za-z_]\w*(?=\s*\()/g)) {
    if (match.index < at) continue;
    const macro = meaning(match[0]);
    if (macro === null || macro.params === null) continue;
    const call = argumentsAt(text, text.indexOf('(', match.index + match[0].length));
    if (call === null) continue;
    out += text.slice(at, match.index);
    out += expand(meaning, substitute(macro.body, macro.params, call.args), depth + 1);
    at = call.end;
    if (out.length > MAX_TEXT) break;
  }
  return out + text.slice(at);
}
