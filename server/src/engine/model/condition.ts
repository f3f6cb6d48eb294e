/**
 * The parser of the little language in which model entries write paths and conditions (see the top of `types.ts`).
 * Names are the entry's own parameters, `result`, and constants that a resolver knows; everything else is a problem.
 * It never throws: a text that does not parse gives null and, where the caller wants it, the reason in words.
 */
import type { Atom, Condition, ConditionText, Path, PathText } from './types.js';

/** Gives the number behind a constant's name (`LOOKUP_RCU`), or undefined where it does not know it. */
export type ConstantResolver = (name: string) => number | undefined;

/** What parsing gives: the value, or why there is none. */
export type Parsed<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly problem: string };

/** No entry needs more; a longer text is a mistake. */
const MAX_TEXT = 400;

const TOKEN = /\s*(?:(@?[A-Za-z_]\w*)|(0[xX][0-9a-fA-F]+|\d+)|(->|&&|==|!=|>=|[.&|!()<-]))/y;

type TokenKind = 'name' | 'number' | 'mark' | 'end';

interface Token {
  readonly kind: TokenKind;
  readonly text: string;
}

const END: Token = { kind: 'end', text: 'the end' };

/** Carries a problem out of the recursive descent; never leaves this module. */
class Problem extends Error {}

function tokenize(text: string): Token[] {
  if (text.length > MAX_TEXT) throw new Problem('the text is too long');
  const trimmed = text.trimEnd();
  const tokens: Token[] = [];
  TOKEN.lastIndex = 0;
  while (TOKEN.lastIndex < trimmed.length) {
    const at = TOKEN.lastIndex;
    const match = TOKEN.exec(trimmed);
    if (match === null) throw new Problem(`unexpected '${trimmed.slice(at).trim().slice(0, 12)}'`);
    if (match[1] !== undefined) tokens.push({ kind: 'name', text: match[1] });
    else if (match[2] !== undefined) tokens.push({ kind: 'number', text: match[2] });
    else tokens.push({ kind: 'mark', text: match[3] ?? '' });
  }
  return tokens;
}

/** Recursive descent over the tokens of one text. */
class Reader {
  readonly #tokens: readonly Token[];
  readonly #params: readonly string[];
  readonly #resolve: ConstantResolver;
  #at = 0;

  constructor(text: string, params: readonly string[], resolve: ConstantResolver) {
    this.#tokens = tokenize(text);
    this.#params = params;
    this.#resolve = resolve;
  }

  path(): Path {
    const value = this.#path();
    this.#expectEnd();
    return value;
  }

  condition(): Condition {
    const atoms: Atom[] = [];
    if (this.#peek().kind === 'end') return atoms;
    atoms.push(this.#atom());
    while (this.#take('&&')) atoms.push(this.#atom());
    this.#expectEnd();
    return atoms;
  }

  #peek(ahead = 0): Token {
    return this.#tokens[this.#at + ahead] ?? END;
  }

  #take(mark: string): boolean {
    const token = this.#peek();
    if (token.kind !== 'mark' || token.text !== mark) return false;
    this.#at += 1;
    return true;
  }

  #expect(mark: string): void {
    if (!this.#take(mark)) throw new Problem(`expected '${mark}' before '${this.#peek().text}'`);
  }

  #expectEnd(): void {
    if (this.#peek().kind !== 'end') throw new Problem(`unexpected '${this.#peek().text}'`);
  }

  #name(): string {
    const token = this.#peek();
    if (token.kind !== 'name') throw new Problem(`expected a name before '${token.text}'`);
    this.#at += 1;
    return token.text;
  }

  /** A leading `&` says nothing here: a path names the object, not the pointer to it. */
  #path(): Path {
    this.#take('&');
    const name = this.#name();
    const root = this.#root(name);
    const fields: string[] = [];
    while (this.#take('->') || this.#take('.')) {
      const field = this.#name();
      if (field.startsWith('@')) throw new Problem(`'${field}' is no field`);
      fields.push(field);
    }
    return { root, fields };
  }

  #root(name: string): number | string {
    if (name.startsWith('@')) return name.slice(1);
    if (name === 'result') return -1;
    const position = this.#params.indexOf(name);
    if (position < 0) throw new Problem(`'${name}' is no parameter`);
    return position;
  }

  #number(): number {
    let value = this.#signed();
    while (this.#take('|')) value |= this.#signed();
    return value;
  }

  #signed(): number {
    if (this.#take('-')) return -this.#signed();
    if (this.#take('(')) {
      const value = this.#number();
      this.#expect(')');
      return value;
    }
    const token = this.#peek();
    if (token.kind === 'number') {
      this.#at += 1;
      return Number(token.text);
    }
    const name = this.#name();
    if (name === 'NULL' || name === 'false') return 0;
    if (name === 'true') return 1;
    const value = this.#resolve(name);
    if (value === undefined) throw new Problem(`'${name}' is no constant that the model knows`);
    return value;
  }

  #isName(token: Token): boolean {
    return token.kind === 'name' && (token.text === 'result' || this.#params.includes(token.text));
  }

  #atom(): Atom {
    if (this.#take('!')) return this.#negated();
    if (this.#take('(')) {
      const inner = this.#atom();
      this.#expect(')');
      return inner.kind === 'bits' && inner.mask !== null && inner.set ? this.#masked(inner) : inner;
    }
    if (this.#peek().text === 'IS_ERR') return this.#isErr(true);
    return this.#plain();
  }

  /** `(inode->i_mode & S_IFMT) == S_IFDIR`; without a comparison the bits themselves. */
  #masked(inner: Atom & { kind: 'bits' }): Atom {
    const equal = this.#take('==');
    if (!equal && !this.#take('!=')) return inner;
    return { kind: 'equals', value: inner.value, mask: inner.mask, number: this.#number(), equal };
  }

  #negated(): Atom {
    if (this.#peek().text === 'IS_ERR') return this.#isErr(false);
    if (this.#take('(')) {
      const inner = this.#atom();
      this.#expect(')');
      return negate(inner);
    }
    return { kind: 'bits', value: this.#path(), mask: null, set: false };
  }

  #isErr(error: boolean): Atom {
    this.#name();
    this.#expect('(');
    const value = this.#path();
    this.#expect(')');
    return { kind: 'error', value, error };
  }

  #plain(): Atom {
    const value = this.#path();
    if (this.#take('&')) return { kind: 'bits', value, mask: this.#number(), set: true };
    const equal = this.#take('==');
    if (equal || this.#take('!=')) {
      if (this.#isName(this.#peek())) return { kind: 'same', value, other: this.#path(), equal };
      return { kind: 'equals', value, mask: null, number: this.#number(), equal };
    }
    const negative = this.#take('<');
    if (negative || this.#take('>=')) {
      if (this.#number() !== 0) throw new Problem('only a comparison with 0 is understood');
      return { kind: 'negative', value, negative };
    }
    return { kind: 'bits', value, mask: null, set: true };
  }
}

/** The opposite of an atom. */
export function negate(atom: Atom): Atom {
  switch (atom.kind) {
    case 'bits':
      return { ...atom, set: !atom.set };
    case 'equals':
    case 'same':
      return { ...atom, equal: !atom.equal };
    case 'negative':
      return { ...atom, negative: !atom.negative };
    case 'error':
      return { ...atom, error: !atom.error };
  }
}

function attempt<T>(work: () => T): Parsed<T> {
  try {
    return { ok: true, value: work() };
  } catch (error) {
    if (error instanceof Problem) return { ok: false, problem: error.message };
    throw error;
  }
}

const NO_CONSTANTS: ConstantResolver = () => undefined;

/** Parses a path over the given parameter names. */
export function parsePath(text: PathText, params: readonly string[]): Parsed<Path> {
  return attempt(() => new Reader(text, params, NO_CONSTANTS).path());
}

/** Parses a condition over the given parameter names; `resolve` knows the constants. */
export function parseCondition(
  text: ConditionText,
  params: readonly string[],
  resolve: ConstantResolver,
): Parsed<Condition> {
  return attempt(() => new Reader(text, params, resolve).condition());
}

/** Parses each (text, parameters) once and keeps the answer; one per model. */
export class ConditionCache {
  readonly #resolve: ConstantResolver;
  readonly #paths = new Map<string, Parsed<Path>>();
  readonly #conditions = new Map<string, Parsed<Condition>>();

  constructor(resolve: ConstantResolver) {
    this.#resolve = resolve;
  }

  /** The parsed path, or why it is none. */
  path(text: PathText, params: readonly string[]): Parsed<Path> {
    const key = `${text}\n${params.join(',')}`;
    let parsed = this.#paths.get(key);
    if (parsed === undefined) {
      parsed = parsePath(text, params);
      this.#paths.set(key, parsed);
    }
    return parsed;
  }

  /** The parsed condition, or why it is none. */
  condition(text: ConditionText, params: readonly string[]): Parsed<Condition> {
    const key = `${text}\n${params.join(',')}`;
    let parsed = this.#conditions.get(key);
    if (parsed === undefined) {
      parsed = parseCondition(text, params, this.#resolve);
      this.#conditions.set(key, parsed);
    }
    return parsed;
  }
}
