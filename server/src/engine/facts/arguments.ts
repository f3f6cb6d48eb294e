/**
 * Macro calls as text, for what no grammar can read: arguments that are statements. Must not know what a macro means.
 */

/**
 * The arguments of a call whose opening parenthesis stands at `open`, and where it ends; null where it does not. Comments
 * and strings are no code, and stay in the texts.
 */
export function argumentsAt(
  text: string,
  open: number,
): { readonly args: string[]; readonly end: number } | null {
  const args: string[] = [];
  let depth = 0;
  let from = open + 1;
  for (let i = open; i < text.length; i++) {
    const c = text[i];
    if (c === '(' || c === '{' || c === '[') depth++;
    else if (c === ')' || c === '}' || c === ']') {
      depth--;
      if (depth === 0) {
        args.push(text.slice(from, i).trim());
        return { args, end: i + 1 };
      }
    } else if (c === ',' && depth === 1) {
      args.push(text.slice(from, i).trim());
      from = i + 1;
    } else if (c === '"') {
      for (i++; i < text.length && text[i] !== '"'; i++) if (text[i] === '\\') i++;
    } else if (c === '/' && (text[i + 1] === '*' || text[i + 1] === '/')) {
      const end = text[i + 1] === '*' ? text.indexOf('*/', i + 2) + 1 : text.indexOf('\n', i);
      if (end <= 0) return null;
      i = end;
    }
  }
  return null;
}

/** A macro call at the left margin, its arguments without comments and line breaks. */
export interface TextCall {
  readonly name: string;
  readonly args: readonly string[];
  readonly position: number;
}

const SCOPE_CLASS = /^DEFINE_(?:LOCK_GUARD_[01]|GUARD|LOCK_GUARD_1_COND|GUARD_COND)(?=[ \t]*\()/gm;

/** Whether a macro's arguments are statements, so that its calls are read as text. */
export function isScopeClassMacro(name: string): boolean {
  return /^DEFINE_(?:LOCK_GUARD_[01]|GUARD|LOCK_GUARD_1_COND|GUARD_COND)$/.test(name);
}

/** Definitions of scope classes in a file's text. */
export function scopeClassCalls(text: string): TextCall[] {
  const out: TextCall[] = [];
  if (!text.includes('GUARD')) return out;
  for (const match of text.matchAll(SCOPE_CLASS)) {
    const call = argumentsAt(text, text.indexOf('(', match.index));
    if (call === null) continue;
    const args = call.args.map((a) =>
      a
        .replace(/\/\*[\s\S]*?\*\/|\/\/[^\n]*/g, ' ')
        .replace(/\s+/g, ' ')
        .trim(),
    );
    out.push({ name: match[0], args, position: match.index });
  }
  return out;
}
