/**
 * What a constant expression of C is worth. Must not know where its names are defined.
 */

/** Evaluates a constant expression of numbers, names, casts and the usual operators; null where it cannot. */
export function evaluateConstant(text: string, name: (n: string) => number | null): number | null {
  const tokens = text.match(
    /0[xX][0-9a-fA-F]+[uUlL]*|\d+[uUlL]*|'.'|[A-Za-z_]\w*|<<|>>|&&|\|\||==|!=|<=|>=|[-+*/%&|^~!()<>?:,]/g,
  );
  if (tokens === null || tokens.join('').length !== text.replace(/\s+/g, '').length) return null;
  const source = tokens;
  let at = 0;
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
  function primary(): number | null {
    const token = source[at++];
    if (token === undefined) return null;
    if (token === '(') {
      // A cast: (gfp_t), (__force gfp_t), (unsigned long)
      const close = source.indexOf(')', at);
      const inside = source.slice(at, close);
      const after = source[close + 1];
      if (
        close > at &&
        inside.every((x) => /^[A-Za-z_]\w*$/.test(x) && CAST_WORD.test(x)) &&
        after !== undefined &&
        /^[\w(~-]/.test(after)
      ) {
        at = close + 1;
        return primary();
      }
      const value = level(0);
      if (source[at++] !== ')') return null;
      return value;
    }
    if (token === '-') return apply1(primary(), (v) => -v);
    if (token === '~') return apply1(primary(), (v) => ~v);
    if (token === '!') return apply1(primary(), (v) => (v === 0 ? 1 : 0));
    if (token === '+') return primary();
    if (/^\d/.test(token)) {
      const plain = token.replace(/[uUlL]+$/, '');
      return /^0\d/.test(plain) ? Number.parseInt(plain, 8) : Number(plain);
    }
    if (token.startsWith("'")) return token.charCodeAt(1);
    if (/^[A-Za-z_]/.test(token)) {
      if (
        source[at] === '(' &&
        (token === 'BIT' || token === 'BIT_ULL' || token === '_BITUL' || token === 'UL' || token === 'U')
      ) {
        at++;
        const value = level(0);
        if (source[at++] !== ')') return null;
        return token.startsWith('BIT') || token === '_BITUL' ? apply1(value, (v) => 2 ** v) : value;
      }
      return name(token);
    }
    return null;
  }
  function level(n: number): number | null {
    const operators = LEVELS[n];
    if (operators === undefined) return primary();
    let left = level(n + 1);
    for (let op = source[at]; op !== undefined && operators.includes(op); op = source[at]) {
      at++;
      const right = level(n + 1);
      left = left === null || right === null ? null : binary(op, left, right);
    }
    return left;
  }
  const value = level(0);
  return at === source.length ? value : null;
}

const CAST_WORD =
  /^(unsigned|signed|int|long|short|char|u8|u16|u32|u64|__u32|__u64|__force|gfp_t|__force_gfp_t|umode_t|fmode_t|loff_t|slab_flags_t|blk_opf_t|vm_fault_t|size_t|__bitwise)$/;

function apply1(value: number | null, f: (v: number) => number): number | null {
  return value === null ? null : f(value);
}

function big(op: string, a: number, b: number): number {
  const x = BigInt(Math.trunc(a));
  const y = BigInt(Math.trunc(b));
  switch (op) {
    case '|':
      return Number(x | y);
    case '&':
      return Number(x & y);
    case '^':
      return Number(x ^ y);
    case '<<':
      return Number(x << y);
    default:
      return Number(x >> y);
  }
}

/** A binary operation on constants; null where C would not define it. */
export function binary(op: string, a: number, b: number): number | null {
  switch (op) {
    case '+':
      return a + b;
    case '-':
      return a - b;
    case '*':
      return a * b;
    case '/':
      return b === 0 ? null : Math.trunc(a / b);
    case '%':
      return b === 0 ? null : a % b;
    case '|':
    case '&':
    case '^':
      return big(op, a, b);
    case '<<':
    case '>>':
      return b < 0 || b > 63 ? null : big(op, a, b);
    case '==':
      return a === b ? 1 : 0;
    case '!=':
      return a !== b ? 1 : 0;
    case '<':
      return a < b ? 1 : 0;
    case '>':
      return a > b ? 1 : 0;
    case '<=':
      return a <= b ? 1 : 0;
    case '>=':
      return a >= b ? 1 : 0;
    case '&&':
      return a !== 0 && b !== 0 ? 1 : 0;
    case '||':
      return a !== 0 || b !== 0 ? 1 : 0;
    default:
      return null;
  }
}
