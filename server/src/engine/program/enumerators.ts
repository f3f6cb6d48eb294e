/**
 * Enumerators of a body that is more than a plain list: `enum { FLAG_BIT(A), LIST(x) }`, with definitions between the
 * lines. Macro calls are replaced by what they stand for, then counted as C counts. What a name outside of the body is
 * worth is the caller's to say. After something that cannot be read, nothing is counted up to the next value.
 */
import { expandText, type MacroText } from './expand.js';

/** Names that arithmetic on constants knows by itself. */
const ARITHMETIC = new Set(['BIT', 'BIT_ULL', '_BITUL', 'UL', 'U']);

/** An enumerator and the expression that it is worth. */
export interface Enumerator {
  readonly name: string;
  readonly value: string;
}

/**
 * The enumerators of a body. `meaning` is a macro as the place sees it; `worth` evaluates an expression, given what the
 * enumerators before it are worth.
 */
export function enumerators(
  body: string,
  meaning: (name: string) => MacroText | null,
  worth: (expression: string, before: ReadonlyMap<string, number>) => number | null,
): Enumerator[] {
  const out: Enumerator[] = [];
  const before = new Map<string, number>();
  let previous: string | null = '';
  let offset = 0;
  for (const item of split(expanded(body, meaning))) {
    const match = /^([A-Za-z_]\w*)(?:\s*=\s*([^=][\s\S]*))?$/.exec(item);
    if (match === null) {
      previous = null;
      continue;
    }
    const [, name = '', value] = match;
    if (value !== undefined) {
      previous = value.trim();
      offset = 0;
    }
    if (previous === null) continue;
    const text = previous === '' ? String(offset) : offset === 0 ? previous : `(${previous}) + ${offset}`;
    offset++;
    const number = worth(text, before);
    if (number !== null) before.set(name, number);
    out.push({ name, value: number === null ? text : String(number) });
  }
  return out;
}

/** The body with its macros replaced, each by the definition that holds where it stands. */
function expanded(body: string, meaning: (name: string) => MacroText | null): string {
  const own = new Map<string, MacroText | null>();
  const known = (name: string): MacroText | null => {
    if (ARITHMETIC.has(name)) return null;
    const here = own.get(name);
    return here === undefined ? meaning(name) : here;
  };
  let out = '';
  let text = '';
  const flush = (): void => {
    // A list without arguments: `#define LIST EM(a) EM(b)`
    const lists = text.replace(/[A-Za-z_]\w*(?!\s*[\w(])/g, (word) => {
      const macro = known(word);
      return macro !== null && macro.params === null && /^[A-Za-z_]\w*\s*\(/.test(macro.body)
        ? macro.body.replace(/\\\r?\n/g, ' ')
        : word;
    });
    out += expandText(known, lists);
    text = '';
  };
  const plain = body
    .replace(/\\\r?\n/g, ' ')
    .replace(/\/\*[\s\S]*?\*\//g, ' ')
    .replace(/\/\/.*/g, ' ');
  for (const line of plain.split('\n')) {
    if (!/^\s*#/.test(line)) {
      text += `${line}\n`;
      continue;
    }
    flush();
    const [, word, name, params, rest = ''] =
      /^\s*#\s*(define|undef)\s+(\w+)(?:\(([^)]*)\))?(.*)$/.exec(line) ?? [];
    if (name === undefined) continue;
    own.set(
      name,
      word === 'undef'
        ? null
        : { params: params?.split(',').map((p) => p.trim()) ?? null, body: rest.trim() },
    );
  }
  flush();
  return out;
}

/** What stands between the commas outside of parentheses, but for nothing. */
function split(text: string): string[] {
  const out: string[] = [];
  let depth = 0;
  let from = 0;
  const item = (to: number): void => {
    const trimmed = text.slice(from, to).trim();
    if (trimmed !== '') out.push(trimmed);
    from = to + 1;
  };
  for (let i = 0; i < text.length; i++) {
    const c = text[i];
    if (c === '(') depth++;
    else if (c === ')') depth--;
    else if (c === ',' && depth === 0) item(i);
  }
  item(text.length);
  return out;
}
