/**
 * Functions that a macro makes at top level, `FEATURE_FUNCS(quota, QUOTA)`: the macro's text with its arguments put in, cut into
 * the functions that stand in it. Nothing is expanded further: what a function calls is found by its name, as anywhere.
 */

/** A function as text: its parameters' names, and its body with braces. */
export interface MadeFunction {
  readonly name: string;
  readonly params: readonly string[];
  readonly body: string;
}

/** Longer texts make no functions that anything is asked about. */
const MAX_TEXT = 20_000;

/** The functions that a macro with these parameters and this body makes of arguments; none where it makes none. */
export function madeFunctions(
  params: readonly string[],
  body: string,
  args: readonly string[],
): readonly MadeFunction[] {
  if (!body.includes('##') || !body.includes('{') || body.length > MAX_TEXT) return [];
  const given = new Map(params.map((name, i) => [name.replace(/\.\.\.$/, ''), (args[i] ?? '').trim()]));
  const text = body
    .replace(/\\\r?\n/g, '\n')
    .replace(/[A-Za-z_]\w*/g, (name) => given.get(name) ?? name)
    .replace(/\s*##\s*/g, '');
  if (text.length > MAX_TEXT) return [];
  const out: MadeFunction[] = [];
  const head = /([A-Za-z_]\w*)\s*\(([^(){};]*)\)\s*\{/g;
  for (let found = head.exec(text); found !== null; found = head.exec(text)) {
    const open = head.lastIndex - 1;
    const close = closing(text, open);
    if (close < 0) return out;
    out.push({
      name: found[1] as string,
      params: parameterNames(found[2] as string),
      body: text.slice(open, close + 1),
    });
    head.lastIndex = close + 1;
  }
  return out;
}

/** The brace that closes the one at `open`, or -1. */
function closing(text: string, open: number): number {
  let depth = 0;
  for (let i = open; i < text.length; i++) {
    if (text[i] === '{') depth++;
    else if (text[i] === '}' && --depth === 0) return i;
  }
  return -1;
}

function parameterNames(list: string): readonly string[] {
  if (/^\s*(void)?\s*$/.test(list)) return [];
  return list.split(',').map((p) => /([A-Za-z_]\w*)\s*(?:\[[^\]]*\])?\s*$/.exec(p)?.[1] ?? '');
}
