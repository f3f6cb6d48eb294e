/**
 * Expressions and conditions of one body to operations: calls and assignments in the order in which C evaluates them, short
 * circuits as edges; what is left are pure operands. Knows nothing of locks.
 */
import { F, K } from '../syntax/kinds.js';
import { childByField } from '../syntax/parser.js';
import { BodyBuilder } from './body.js';
import {
  Op,
  operatorCode,
  VAR_ADDRESS_TAKEN,
  VAR_UNTYPED,
  WARNS_IF_FALSE,
  WARNS_IF_TRUE,
  X,
} from './encode.js';
import { nodeText, typeDescriptor } from './types.js';

/** Compiler hints and assertions that give back their first argument's value: they are not calls. */
const TRANSPARENT = new Set([
  'likely', 'unlikely', '__builtin_expect', 'WARN_ON', 'WARN_ON_ONCE', 'WARN', 'WARN_ONCE', 'ACCESS_ONCE',
  'data_race', 'unrcu_pointer', '__force', 'VM_WARN_ON', 'VM_WARN_ON_ONCE', 'noinstr_ptr',
]); // biome-ignore format: a table

/** What is transparent and says that its argument cannot hold. */
const WARNS = /^(VM_)?WARN/;

/** Control does not come back from these when their argument holds. */
const STOPS_IF = new Set(['BUG_ON', 'VM_BUG_ON', 'BUILD_BUG_ON']);
/** Control does not come back from these. */
const STOPS = new Set(['BUG', 'unreachable', '__builtin_unreachable', 'panic']);
/** Operands of these are not evaluated. */
const UNEVALUATED = new Set([
  'BUILD_BUG_ON',
  'BUILD_BUG_ON_MSG',
  'static_assert',
  'typeof',
  '__typeof__',
  'BUILD_BUG_ON_ZERO',
]);

/** A value that a member of a structure is initialised with. */
export interface MemberValue {
  readonly node: number;
  readonly name: string;
  readonly value: number;
}

/** Values of members that are worth knowing later. */
const KEPT: ReadonlySet<X> = new Set([X.Local, X.Temp, X.Field, X.Addr]);

/** Lowers expressions; statements in them, `({ ... })`, are handed down. */
export abstract class ExpressionLowering extends BodyBuilder {
  /** Lowers a compound statement; gives the value expression of its last statement, or -1. */
  protected abstract compound(node: number): number;

  protected expressionStatement(node: number): number {
    const t = this.t;
    if (t.kind[node] === K.call_expression) {
      const callee = childByField(t, node, F.function);
      if (callee >= 0 && t.kind[callee] === K.identifier) {
        const name = nodeText(this.text, t, callee);
        if (STOPS_IF.has(name)) {
          this.stopIf(node);
          return -1;
        }
        if (STOPS.has(name)) {
          this.at(Op.Stop, node, 0);
          return -1;
        }
      }
      if (callee >= 0 && t.kind[callee] === K.call_expression && this.guardCall(node, callee)) return -1;
    }
    const value = this.expression(node);
    const kind = this.b.exprKind(value);
    if (kind !== X.Temp && kind !== X.Local && kind !== X.Num) this.at(Op.Eval, node, value);
    return value;
  }

  /** What is asserted of offsets while the kernel is built leaves its text among the file's names, as an offset elsewhere does. */
  private keepOffsets(node: number, args: number): void {
    const t = this.t;
    for (let c = args; args >= 0 && c < (t.next[node] as number); c++)
      if (t.kind[c] === K.offsetof_expression) this.b.string(offsetText(nodeText(this.text, t, c)));
  }

  protected stopIf(node: number): void {
    const args = childByField(this.t, node, F.arguments);
    if (args < 0 || args + 1 >= (this.t.next[args] as number)) return;
    const name = nodeText(this.text, this.t, node + 1);
    if (UNEVALUATED.has(name)) {
      this.keepOffsets(node, args);
      return;
    }
    const stop = this.newBlock();
    const go = this.newBlock();
    this.condition(args + 1, stop, go);
    this.enter(stop);
    this.at(Op.Stop, node, 0);
    this.enter(go);
  }

  /** `guard(mutex)(&m);` */
  protected guardCall(node: number, callee: number): boolean {
    const t = this.t;
    const inner = childByField(t, callee, F.function);
    if (inner < 0 || nodeText(this.text, t, inner) !== 'guard') return false;
    this.guard(node, childByField(t, callee, F.arguments), childByField(t, node, F.arguments), '', 0);
    return true;
  }

  /** Takes a guard: class from the first argument of `classArgs`, arguments from `args` (skipping `skip`). */
  protected guard(node: number, classArgs: number, args: number, name: string, skip: number): void {
    const cls =
      classArgs >= 0 && classArgs + 1 < (this.t.next[classArgs] as number)
        ? nodeText(this.text, this.t, classArgs + 1)
        : '';
    const values = args >= 0 ? this.argumentValues(args).slice(skip) : [];
    const variable = this.declare(name, -1, VAR_UNTYPED, this.b.string(`guard:${cls}`));
    this.at(Op.Guard, node, this.b.string(cls), this.b.list(values), variable);
    this.cleanups.push(variable);
  }

  /** The block that a warning leads to, while its condition is lowered; else -1. */
  private warned = -1;

  /** Lowers a condition as control flow to one of two blocks. */
  protected condition(node: number, yes: number, no: number): void {
    const t = this.t;
    switch (t.kind[node]) {
      case K.parenthesized_expression: {
        const inner = node + 1;
        if (
          inner < (t.next[node] as number) &&
          t.kind[inner] !== K.compound_statement &&
          t.kind[inner] !== K.comma_expression
        ) {
          this.condition(this.skipComments(inner), yes, no);
          return;
        }
        break;
      }
      case K.unary_expression: {
        const op = childByField(t, node, F.operator);
        const arg = childByField(t, node, F.argument);
        if (op >= 0 && arg >= 0 && nodeText(this.text, t, op) === '!') {
          this.condition(arg, no, yes);
          return;
        }
        break;
      }
      case K.binary_expression: {
        const op = childByField(t, node, F.operator);
        const left = childByField(t, node, F.left);
        const right = childByField(t, node, F.right);
        const opText = op >= 0 ? nodeText(this.text, t, op) : '';
        if (left >= 0 && right >= 0 && (opText === '&&' || opText === '||')) {
          const middle = this.newBlock();
          if (opText === '&&') this.condition(left, middle, no);
          else this.condition(left, yes, middle);
          this.enter(middle);
          this.condition(right, yes, no);
          return;
        }
        break;
      }
      case K.call_expression: {
        const callee = childByField(t, node, F.function);
        const args = childByField(t, node, F.arguments);
        if (
          callee >= 0 &&
          args >= 0 &&
          t.kind[callee] === K.identifier &&
          args + 1 < (t.next[args] as number)
        ) {
          const name = nodeText(this.text, t, callee);
          if (TRANSPARENT.has(name)) {
            const first = this.skipComments(args + 1);
            const { warned } = this;
            if (WARNS.test(name)) this.warned = yes;
            this.condition(first, yes, no);
            this.warned = warned;
            return;
          }
        }
        break;
      }
      default:
        break;
    }
    const value = this.expression(node);
    const number = this.b.numValue(value);
    if (number !== null) this.at(Op.Jump, node, number !== 0 ? yes : no);
    else
      this.at(
        Op.Branch,
        node,
        value,
        yes,
        no,
        this.warned < 0 ? 0 : yes === this.warned ? WARNS_IF_TRUE : no === this.warned ? WARNS_IF_FALSE : 0,
      );
  }

  protected skipComments(node: number): number {
    let n = node;
    while (this.t.kind[n] === K.comment) n = this.t.next[n] as number;
    return n;
  }

  protected argumentValues(args: number): number[] {
    const t = this.t;
    const values: number[] = [];
    const stop = t.next[args] as number;
    for (let c = args + 1; c < stop; c = t.next[c] as number) {
      const kind = t.kind[c];
      if (kind === K.comment) continue;
      if (kind === K.type_descriptor) {
        const type = typeDescriptor(this.text, t, c);
        values.push(this.b.expr(X.Type, this.b.type(type.base, type.depth)));
      } else if (kind === K.macro_operator)
        values.push(this.b.expr(X.Operator, this.b.string(nodeText(this.text, t, c))));
      else values.push(this.expression(c));
    }
    return values;
  }

  /** Lowers an expression; calls and assignments in it are emitted, what is left is a pure operand. */
  protected expression(node: number): number {
    const t = this.t;
    const b = this.b;
    switch (t.kind[node]) {
      case K.identifier: {
        const name = nodeText(this.text, t, node);
        const variable = this.lookup(name);
        return variable >= 0 ? b.expr(X.Local, variable) : b.expr(X.Name, b.string(name));
      }
      case K.number_literal:
        return b.num(parseNumber(nodeText(this.text, t, node)));
      case K.char_literal:
        return b.num(nodeText(this.text, t, node).charCodeAt(1));
      case K.true:
        return b.num(1);
      case K.false:
      case K.null:
        return b.num(0);
      case K.string_literal:
      case K.concatenated_string:
        return b.expr(X.Str);
      case K.parenthesized_expression: {
        const inner = this.skipComments(node + 1);
        if (inner >= (t.next[node] as number)) return b.expr(X.Unknown);
        if (t.kind[inner] === K.compound_statement) {
          const value = this.compound(inner);
          this.openIfClosed();
          return value < 0 ? b.expr(X.Unknown) : value;
        }
        return this.expression(inner);
      }
      case K.extension_expression:
        return node + 1 < (t.next[node] as number) ? this.expression(node + 1) : b.expr(X.Unknown);
      case K.compound_statement: {
        const value = this.compound(node);
        this.openIfClosed();
        return value < 0 ? b.expr(X.Unknown) : value;
      }
      case K.call_expression:
        return this.call(node);
      case K.field_expression: {
        const arg = childByField(t, node, F.argument);
        const field = childByField(t, node, F.field);
        const op = childByField(t, node, F.operator);
        if (arg < 0 || field < 0) return b.expr(X.Unknown);
        const arrow =
          op >= 0
            ? this.text[t.start[op] as number] === '-'
            : this.text.startsWith('->', t.end[arg] as number);
        const base = this.expression(arg);
        return b.expr(X.Field, base, b.string(nodeText(this.text, t, field)), arrow ? 1 : 0);
      }
      case K.subscript_expression: {
        const arg = childByField(t, node, F.argument);
        const index = childByField(t, node, F.index);
        if (arg < 0) return b.expr(X.Unknown);
        const base = this.expression(arg);
        return b.expr(X.Index, base, index >= 0 ? this.expression(index) : b.expr(X.Unknown));
      }
      case K.pointer_expression: {
        const op = childByField(t, node, F.operator);
        const arg = childByField(t, node, F.argument);
        if (arg < 0) return b.expr(X.Unknown);
        const isAddress = op >= 0 && this.text[t.start[op] as number] === '&';
        const base = this.expression(arg);
        if (isAddress && b.exprKind(base) === X.Local) this.flag(b.exprA(base), VAR_ADDRESS_TAKEN);
        return b.expr(isAddress ? X.Addr : X.Deref, base);
      }
      case K.unary_expression: {
        const op = childByField(t, node, F.operator);
        const arg = childByField(t, node, F.argument);
        if (arg < 0) return b.expr(X.Unknown);
        const opText = op >= 0 ? nodeText(this.text, t, op) : '';
        if (opText === '!' && this.hasEffects(arg)) return this.truth(node);
        const value = this.expression(arg);
        const number = b.numValue(value);
        if (number !== null) {
          if (opText === '-') return b.num(-number);
          if (opText === '!') return b.num(number === 0 ? 1 : 0);
          if (opText === '+') return value;
          if (opText === '~') return b.num(~number);
        }
        return b.expr(X.Unary, operatorCode(opText), value);
      }
      case K.update_expression: {
        const op = childByField(t, node, F.operator);
        const arg = childByField(t, node, F.argument);
        if (arg < 0) return b.expr(X.Unknown);
        const place = this.expression(arg);
        const plus = op >= 0 && this.text[t.start[op] as number] === '+';
        const changed = b.expr(X.Binary, operatorCode(plus ? '+' : '-'), place, b.num(1));
        const isPostfix = op >= 0 && (t.start[op] as number) > (t.start[arg] as number);
        const old = isPostfix ? this.keep(place, node) : -1;
        this.at(Op.Assign, node, place, changed);
        return isPostfix ? old : place;
      }
      case K.binary_expression: {
        const op = childByField(t, node, F.operator);
        const left = childByField(t, node, F.left);
        const right = childByField(t, node, F.right);
        if (left < 0 || right < 0) return b.expr(X.Unknown);
        const opText = op >= 0 ? nodeText(this.text, t, op) : '';
        if ((opText === '&&' || opText === '||') && this.hasEffects(right)) return this.truth(node);
        const l = this.expression(left);
        const r = this.expression(right);
        return b.expr(X.Binary, operatorCode(opText), l, r);
      }
      case K.assignment_expression: {
        const op = childByField(t, node, F.operator);
        const left = childByField(t, node, F.left);
        const right = childByField(t, node, F.right);
        if (left < 0 || right < 0) return b.expr(X.Unknown);
        const opText = op >= 0 ? nodeText(this.text, t, op) : '=';
        const value = this.expression(right);
        const place = this.expression(left);
        const stored =
          opText === '=' ? value : b.expr(X.Binary, operatorCode(opText.slice(0, -1)), place, value);
        this.at(Op.Assign, node, place, stored);
        const kind = b.exprKind(place);
        return kind === X.Local ? place : opText === '=' ? value : place;
      }
      case K.conditional_expression: {
        const cond = childByField(t, node, F.condition);
        const then = childByField(t, node, F.consequence);
        const other = childByField(t, node, F.alternative);
        if (cond < 0 || other < 0) return b.expr(X.Unknown);
        const temp = this.temps++;
        const yes = this.newBlock();
        const no = this.newBlock();
        const join = this.newBlock();
        if (then < 0) {
          const value = this.keep(this.expression(cond), cond);
          this.at(Op.Set, cond, temp, value);
          this.at(Op.Branch, cond, value, join, no);
        } else {
          this.condition(cond, yes, no);
          this.enter(yes);
          this.at(Op.Set, then, temp, this.expression(then));
          this.jump(join, then);
        }
        this.enter(no);
        this.at(Op.Set, other, temp, this.expression(other));
        this.jump(join, other);
        if (then < 0) {
          this.enter(yes);
          this.at(Op.Stop, other, 0);
        }
        this.enter(join);
        return b.expr(X.Temp, temp);
      }
      case K.cast_expression: {
        const type = childByField(t, node, F.type);
        const value = childByField(t, node, F.value);
        if (value < 0) return b.expr(X.Unknown);
        const inner = this.expression(value);
        if (type < 0) return inner;
        const d = typeDescriptor(this.text, t, type);
        return b.expr(X.Cast, b.type(d.base, d.depth), inner);
      }
      case K.comma_expression: {
        const left = childByField(t, node, F.left);
        const right = childByField(t, node, F.right);
        if (left >= 0) this.expressionStatement(left);
        return right >= 0 ? this.expression(right) : b.expr(X.Unknown);
      }
      case K.compound_literal_expression: {
        const value = childByField(t, node, F.value);
        if (value >= 0) this.initializer(value);
        return b.expr(X.Unknown);
      }
      case K.initializer_list:
        this.initializer(node);
        return b.expr(X.Unknown);
      case K.sizeof_expression:
      case K.offsetof_expression:
      case K.alignof_expression:
        // Whatever its value, it is the same each time it is written
        return b.expr(X.Name, b.string(offsetText(nodeText(this.text, t, node))));
      default:
        return b.expr(X.Unknown);
    }
  }

  /** Evaluates an initialiser. `members`: takes what pointers and the like members of a structure get, to be stored there. */
  protected initializer(node: number, members: MemberValue[] | null = null): void {
    const t = this.t;
    const stop = t.next[node] as number;
    for (let c = node + 1; c < stop; c = t.next[c] as number) {
      if (t.kind[c] === K.comment) continue;
      const isPair = t.kind[c] === K.initializer_pair;
      const valueNode = isPair ? childByField(t, c, F.value) : c;
      if (valueNode < 0) continue;
      const value = this.expression(valueNode);
      const kind = this.b.exprKind(value);
      const designator = isPair && members !== null ? childByField(t, c, F.designator) : -1;
      if (designator >= 0 && t.kind[designator] === K.field_designator && KEPT.has(kind)) {
        const name = nodeText(this.text, t, designator).replace(/^\.\s*/, '');
        members?.push({ node: valueNode, name, value });
      } else if (kind === X.Field || kind === X.Deref || kind === X.Index) this.at(Op.Eval, valueNode, value);
    }
  }

  /** A truth value that is decided by control flow. */
  protected truth(node: number): number {
    const temp = this.temps++;
    const yes = this.newBlock();
    const no = this.newBlock();
    const join = this.newBlock();
    this.condition(node, yes, no);
    this.enter(yes);
    this.at(Op.Set, node, temp, this.b.num(1));
    this.jump(join, node);
    this.enter(no);
    this.at(Op.Set, node, temp, this.b.num(0));
    this.jump(join, node);
    this.enter(join);
    return this.b.expr(X.Temp, temp);
  }

  protected hasEffects(node: number): boolean {
    const t = this.t;
    const stop = t.next[node] as number;
    for (let c = node; c < stop; c++) {
      const kind = t.kind[c];
      if (
        kind === K.call_expression ||
        kind === K.assignment_expression ||
        kind === K.update_expression ||
        kind === K.conditional_expression ||
        kind === K.compound_statement
      )
        return true;
    }
    return false;
  }

  /** A macro by its name whose arguments are calls: statements that it runs in an order of its own, or not at all. */
  protected takesStatements(callee: number, args: number): boolean {
    const t = this.t;
    if (!/^_*[A-Z][A-Z0-9_]*$/.test(nodeText(this.text, t, callee))) return false;
    let calls = 0;
    const stop = t.next[args] as number;
    for (let c = args + 1; c < stop; c = t.next[c] as number) if (t.kind[c] === K.call_expression) calls++;
    return calls >= 2;
  }

  protected call(node: number): number {
    const t = this.t;
    const b = this.b;
    const callee = childByField(t, node, F.function);
    const args = childByField(t, node, F.arguments);
    if (callee < 0) return b.expr(X.Unknown);
    if (t.kind[callee] === K.identifier) {
      const name = nodeText(this.text, t, callee);
      if (TRANSPARENT.has(name) && args >= 0) {
        const stop = t.next[args] as number;
        let value = b.expr(X.Unknown);
        let first = true;
        for (let c = args + 1; c < stop; c = t.next[c] as number) {
          if (t.kind[c] === K.comment) continue;
          const v = t.kind[c] === K.type_descriptor ? b.expr(X.Unknown) : this.expression(c);
          if (first) value = v;
          first = false;
        }
        return value;
      }
      if (UNEVALUATED.has(name)) {
        this.keepOffsets(node, args);
        return b.expr(X.Unknown);
      }
      if (STOPS_IF.has(name)) {
        this.stopIf(node);
        return b.expr(X.Unknown);
      }
      if (STOPS.has(name)) {
        this.at(Op.Stop, node, 0);
        this.openIfClosed();
        return b.expr(X.Unknown);
      }
    }
    if (t.kind[callee] === K.call_expression) {
      const inner = childByField(t, callee, F.function);
      if (inner >= 0) {
        const name = nodeText(this.text, t, inner);
        const classArgs = childByField(t, callee, F.arguments);
        if (name === 'CLASS' && classArgs >= 0) {
          let second = -1;
          let n = 0;
          const stop = t.next[classArgs] as number;
          for (let c = classArgs + 1; c < stop; c = t.next[c] as number)
            if (t.kind[c] !== K.comment && n++ === 1) second = c;
          this.guard(node, classArgs, args, second >= 0 ? nodeText(this.text, t, second) : '', 0);
          return b.expr(X.Unknown);
        }
        if (name === 'guard' && this.guardCall(node, callee)) return b.expr(X.Unknown);
      }
    }
    const target = this.expression(callee);
    const values = args < 0 ? [] : this.takesStatements(callee, args) ? [] : this.argumentValues(args);
    const temp = this.temps++;
    this.at(Op.Call, node, target, b.list(values), temp, 0);
    return b.expr(X.Temp, temp);
  }
}

/** `offsetof(struct foo, bar)`, and what is like it, however it is laid out. */
function offsetText(text: string): string {
  return text.replace(/\s+/g, ' ');
}

/** A C number literal as a double; octal, hex, binary and suffixes. */
export function parseNumber(text: string): number {
  const plain = text.replace(/[uUlL']+$/g, '').replace(/'/g, '');
  if (/^0[0-7]+$/.test(plain)) return Number.parseInt(plain, 8);
  const value = Number(plain);
  return Number.isNaN(value) ? 0 : value;
}
