/**
 * Evaluates the condition of an `#if`: integer arithmetic, `defined`, and the kernel's IS_ENABLED family, under a
 * configuration. What cannot be known (a macro of another file) is unknown and spreads as in three-valued logic.
 * Knows nothing of lines or arms.
 */
import type { KernelConfig } from './config.js';

/** What a condition is evaluated under. */
export interface ConditionScope {
  readonly config: KernelConfig;
  /** Macros that the file itself has defined so far: a number where the body is one, null otherwise. */
  readonly macros: ReadonlyMap<string, number | null>;
  /** Macros that the file has undefined. */
  readonly undefined: ReadonlySet<string>;
  /** Told each config symbol that is looked at. */
  readonly onSymbol: (symbol: string) => void;
}

/** Macros that the compiler or the kernel's own headers define for the machine of the default configuration. */
const BUILT_IN: ReadonlyMap<string, number | null> = new Map<string, number | null>([
  ['__KERNEL__', 1],
  ['__GNUC__', 12],
  ['__STDC__', 1],
  ['__STDC_VERSION__', 201112],
  ['__SIZEOF_INT128__', 16],
  ['__CHAR_BIT__', 8],
  ['__LP64__', 1],
  ['__x86_64__', 1],
  ['__ORDER_LITTLE_ENDIAN__', 1234],
  ['__ORDER_BIG_ENDIAN__', 4321],
  ['__BYTE_ORDER__', 1234],
  ['__BYTE_ORDER', 1234],
  ['__LITTLE_ENDIAN', 1234],
  ['__LITTLE_ENDIAN_BITFIELD', null],
  ['BITS_PER_LONG', 64],
  ['__BITS_PER_LONG', 64],
  ['BITS_PER_LONG_LONG', 64],
  ['PAGE_SHIFT', 12],
  ['PAGE_SIZE', 4096],
  ['NR_CPUS', 8192],
  ['MAX_NUMNODES', 1024],
]);

/** Macros that are never defined in the code that we read, whatever else is unknown. */
const NEVER =
  /^(__ASSEMBLY__|__ASSEMBLER__|__cplusplus|MODULE|DEBUG|__CHECKER__|__BIG_ENDIAN.*|__clang__|__GENKSYMS__|__BINDGEN__)$/;

type Value = number | undefined;

const TOKEN =
  /\s*(?:(0[xX][0-9a-fA-F]+|[0-9]+)[uUlL]*|([A-Za-z_$][\w$]*)|('(?:\\.|[^'\\])+')|("(?:\\.|[^"\\])*")|(<<|>>|<=|>=|==|!=|&&|\|\||[-+*/%<>!~&|^?:(),.#]))/y;

type Token =
  | { readonly kind: 'number'; readonly value: number }
  | { readonly kind: 'name' | 'op'; readonly text: string };

function tokens(text: string): Token[] | null {
  const list: Token[] = [];
  TOKEN.lastIndex = 0;
  while (TOKEN.lastIndex < text.length) {
    if (/^\s*$/.test(text.slice(TOKEN.lastIndex))) break;
    const match = TOKEN.exec(text);
    if (match === null) return null;
    const [, number, name, char, string, op] = match;
    if (number !== undefined)
      list.push({
        kind: 'number',
        value: /^0[0-7]+$/.test(number) ? Number.parseInt(number, 8) : Number(number),
      });
    else if (name !== undefined) list.push({ kind: 'name', text: name });
    else if (char !== undefined) list.push({ kind: 'number', value: char.charCodeAt(1) });
    else if (string !== undefined) list.push({ kind: 'name', text: '"' });
    else if (op !== undefined) list.push({ kind: 'op', text: op });
  }
  return list;
}

/** Is a macro defined? Undefined where only another file could say, and it matters to nobody: then it counts as not. */
export function isDefined(name: string, scope: ConditionScope): boolean {
  if (name.startsWith('CONFIG_')) {
    const value = configValue(name, scope);
    return value !== undefined && value !== 'n' && value !== 'm';
  }
  if (scope.macros.has(name)) return true;
  if (scope.undefined.has(name) || NEVER.test(name)) return false;
  return BUILT_IN.has(name);
}

/** A symbol's value; CONFIG_X_MODULE is derived from X. */
function configValue(symbol: string, scope: ConditionScope): string | undefined {
  scope.onSymbol(symbol);
  const own = scope.config.get(symbol);
  if (symbol.endsWith('_MODULE') && (own === undefined || own === 'n')) {
    const base = symbol.slice(0, -'_MODULE'.length);
    scope.onSymbol(base);
    return scope.config.get(base) === 'm' ? 'y' : own;
  }
  return own;
}

/** The value of a condition's text; undefined where it is unknown, `'malformed'` where it is no expression. */
export function evaluate(text: string, scope: ConditionScope): Value | 'malformed' {
  const list = tokens(text);
  if (list === null || list.length === 0) return 'malformed';
  const reader = new Reader(list, scope);
  const value = reader.conditional(0);
  return reader.failed || !reader.atEnd() ? 'malformed' : value;
}

/** Nesting deeper than this is no condition that people wrote. */
const MAX_NESTING = 200;

const LEVELS: readonly (readonly string[])[] = [
  ['||'],
  ['&&'],
  ['|'],
  ['^'],
  ['&'],
  ['==', '!='],
  ['<', '>', '<=', '>='],
  ['<<', '>>'],
  ['+', '-'],
  ['*', '/', '%'],
];

class Reader {
  failed = false;
  private at = 0;

  constructor(
    private readonly list: readonly Token[],
    private readonly scope: ConditionScope,
  ) {}

  atEnd(): boolean {
    return this.at === this.list.length;
  }

  conditional(depth: number): Value {
    if (depth > MAX_NESTING) {
      this.failed = true;
      return undefined;
    }
    const condition = this.binary(0, depth);
    if (!this.take('?')) return condition;
    const yes = this.conditional(depth + 1);
    if (!this.take(':')) this.failed = true;
    const no = this.conditional(depth + 1);
    if (condition === undefined) return yes === no ? yes : undefined;
    return condition !== 0 ? yes : no;
  }

  private binary(level: number, depth: number): Value {
    const operators = LEVELS[level];
    if (operators === undefined) return this.unary(depth);
    let left = this.binary(level + 1, depth);
    for (;;) {
      const token = this.list[this.at];
      if (token?.kind !== 'op' || !operators.includes(token.text)) return left;
      this.at++;
      left = apply(token.text, left, this.binary(level + 1, depth));
    }
  }

  private unary(depth: number): Value {
    if (depth > MAX_NESTING) {
      this.failed = true;
      return undefined;
    }
    const token = this.list[this.at++];
    if (token === undefined) {
      this.failed = true;
      return undefined;
    }
    if (token.kind === 'number') return token.value;
    if (token.kind === 'name') return this.name(token.text);
    if (token.text === '(') {
      const value = this.conditional(depth + 1);
      if (!this.take(')')) this.failed = true;
      return value;
    }
    const operand = this.unary(depth + 1);
    switch (token.text) {
      case '!':
        return operand === undefined ? undefined : Number(operand === 0);
      case '-':
        return operand === undefined ? undefined : -operand;
      case '+':
        return operand;
      case '~':
        return operand === undefined ? undefined : ~operand;
      default:
        this.failed = true;
        return undefined;
    }
  }

  private name(name: string): Value {
    if (name === 'defined') {
      const parenthesis = this.take('(');
      const operand = this.list[this.at++];
      if (operand?.kind !== 'name' || (parenthesis && !this.take(')'))) {
        this.failed = true;
        return undefined;
      }
      return Number(isDefined(operand.text, this.scope));
    }
    if (this.take('(')) return this.call(name);
    if (name.startsWith('CONFIG_')) return toNumber(configValue(name, this.scope));
    const own = this.scope.macros.get(name);
    if (own !== undefined) return own ?? undefined;
    if (this.scope.undefined.has(name) || NEVER.test(name)) return 0;
    return BUILT_IN.get(name) ?? undefined;
  }

  /** Behind `name(`. */
  private call(name: string): Value {
    const first = this.list[this.at];
    const symbol = first?.kind === 'name' && first.text.startsWith('CONFIG_') ? first.text : undefined;
    let depth = 1;
    while (depth > 0) {
      const token = this.list[this.at++];
      if (token === undefined) {
        this.failed = true;
        return undefined;
      }
      if (token.kind === 'op' && token.text === '(') depth++;
      if (token.kind === 'op' && token.text === ')') depth--;
    }
    if (symbol === undefined) return undefined;
    const value = configValue(symbol, this.scope);
    switch (name) {
      case 'IS_ENABLED':
        return Number(value === 'y' || value === 'm');
      case 'IS_BUILTIN':
        return Number(value === 'y');
      case 'IS_MODULE':
        return Number(value === 'm');
      case 'IS_REACHABLE':
        // A module is not reachable from what is built in, and MODULE is not defined.
        return Number(value === 'y');
      default:
        return undefined;
    }
  }

  private take(text: string): boolean {
    const token = this.list[this.at];
    if (token?.kind !== 'op' || token.text !== text) return false;
    this.at++;
    return true;
  }
}

function toNumber(value: string | undefined): Value {
  if (value === undefined || value === 'n' || value === 'm') return 0;
  if (value === 'y') return 1;
  const number = Number(value);
  return Number.isNaN(number) ? undefined : number;
}

function apply(operator: string, left: Value, right: Value): Value {
  if (operator === '&&') {
    if (left === 0 || right === 0) return 0;
    return left === undefined || right === undefined ? undefined : 1;
  }
  if (operator === '||') {
    if ((left !== undefined && left !== 0) || (right !== undefined && right !== 0)) return 1;
    return left === undefined || right === undefined ? undefined : 0;
  }
  if (left === undefined || right === undefined) return undefined;
  switch (operator) {
    case '|':
      return left | right;
    case '^':
      return left ^ right;
    case '&':
      return left & right;
    case '==':
      return Number(left === right);
    case '!=':
      return Number(left !== right);
    case '<':
      return Number(left < right);
    case '>':
      return Number(left > right);
    case '<=':
      return Number(left <= right);
    case '>=':
      return Number(left >= right);
    case '<<':
      return left * 2 ** right;
    case '>>':
      return Math.floor(left / 2 ** right);
    case '+':
      return left + right;
    case '-':
      return left - right;
    case '*':
      return left * right;
    case '/':
      return right === 0 ? undefined : Math.trunc(left / right);
    case '%':
      return right === 0 ? undefined : left % right;
    default:
      return undefined;
  }
}
