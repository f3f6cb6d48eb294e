/**
 * One function body to a control-flow graph of a few operation kinds. Calls and assignments become operations in the
 * order in which C evaluates them; what is left are pure operands. Short circuits, `?:`, loops, switch, goto and
 * scope-bound cleanup become edges, so that the analysis sees control flow only. Knows nothing of locks.
 */
import { F, K } from '../syntax/kinds.js';
import { childByField, type FlatTree } from '../syntax/parser.js';
import {
  CALL_LOOP,
  type FactsBuilder,
  OP_STRIDE,
  Op,
  operatorCode,
  VAR_ADDRESS_TAKEN,
  VAR_ARRAY,
  VAR_PARAMETER,
  VAR_STATIC,
  VAR_UNTYPED,
  VARIABLE_STRIDE,
  X,
} from './encode.js';
import { annotationsUnder, declaratorOf, nodeText, specifiersOf, typeDescriptor } from './types.js';

/** Compiler hints and assertions that give back their first argument's value: they are not calls. */
const TRANSPARENT = new Set([
  'likely', 'unlikely', '__builtin_expect', 'WARN_ON', 'WARN_ON_ONCE', 'WARN', 'WARN_ONCE', 'ACCESS_ONCE',
  'data_race', 'unrcu_pointer', '__force', 'VM_WARN_ON', 'VM_WARN_ON_ONCE', 'noinstr_ptr',
]); // biome-ignore format: a table

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

/** Result of lowering one body. */
export interface Lowered {
  readonly firstVariable: number;
  readonly parameterCount: number;
  readonly variableCount: number;
  readonly firstBlock: number;
  readonly blockCount: number;
  readonly firstOp: number;
  readonly opCount: number;
  readonly tempCount: number;
}

interface LoopTarget {
  readonly breakTo: number;
  readonly continueTo: number;
  readonly cleanups: number;
}

interface PendingGoto {
  readonly block: number;
  readonly label: string;
  readonly cleanups: readonly number[];
  readonly at: number;
  readonly end: number;
}

/** Lowers the body of one function (or macro). One instance per function. */
export class FunctionLowering {
  private readonly vars: number[] = [];
  private readonly scope: { name: string; variable: number }[] = [];
  private readonly blocks: number[][] = [];
  private block = 0;
  private temps = 0;
  private parameterCount = 0;
  private readonly loops: LoopTarget[] = [];
  private switchCases: { cases: number[]; breakTo: number; sawDefault: boolean } | null = null;
  private readonly labels = new Map<string, { block: number; cleanups: readonly number[] }>();
  private readonly gotos: PendingGoto[] = [];
  /** Variables with cleanup that are in scope, outermost first. */
  private readonly cleanups: number[] = [];

  constructor(
    private readonly b: FactsBuilder,
    private readonly text: string,
    private readonly t: FlatTree,
    private readonly base: number,
  ) {
    this.newBlock();
  }

  /** Declares a parameter; -1 as type means untyped (a macro's). */
  parameter(name: string, type: number, isArray = false): void {
    this.declare(name, type, VAR_PARAMETER | (type < 0 ? VAR_UNTYPED : 0) | (isArray ? VAR_ARRAY : 0));
    this.parameterCount++;
  }

  /** Lowers a compound statement as the whole body. */
  body(node: number): Lowered {
    this.compound(node);
    const end = this.t.end[node] as number;
    this.emit(Op.Return, -1, 0, 0, 0, end - 1, end);
    return this.finish();
  }

  private finish(): Lowered {
    for (const g of this.gotos) {
      const target = this.labels.get(g.label);
      this.block = g.block;
      if (target === undefined) {
        this.emit(Op.Stop, 0, 0, 0, 0, g.at, g.at);
        continue;
      }
      const kept = commonPrefix(g.cleanups, target.cleanups);
      for (let i = g.cleanups.length - 1; i >= kept; i--)
        this.emit(Op.Cleanup, g.cleanups[i] as number, 0, 0, 0, g.at, g.at);
      this.emit(Op.Jump, target.block, 0, 0, 0, g.at, g.end);
    }
    const b = this.b;
    const firstVariable = b.variables.length / VARIABLE_STRIDE;
    b.variables.pushAll(this.vars);
    const firstBlock = b.blocks.length;
    const firstOp = b.ops.length / OP_STRIDE;
    let count = 0;
    for (const ops of this.blocks) {
      b.blocks.push(count);
      count += ops.length / OP_STRIDE;
      b.ops.pushAll(ops);
    }
    return {
      firstVariable,
      parameterCount: this.parameterCount,
      variableCount: this.vars.length / VARIABLE_STRIDE,
      firstBlock,
      blockCount: this.blocks.length,
      firstOp,
      opCount: count,
      tempCount: this.temps,
    };
  }

  // ---- blocks and operations

  private newBlock(): number {
    this.blocks.push([]);
    return this.blocks.length - 1;
  }

  private enter(block: number): void {
    this.block = block;
  }

  private emit(op: Op, a: number, b: number, c: number, d: number, start: number, end: number): void {
    (this.blocks[this.block] as number[]).push(op, a, b, c, d, start - this.base, end - this.base);
  }

  private at(op: Op, node: number, a: number, b = 0, c = 0, d = 0): void {
    this.emit(op, a, b, c, d, this.t.start[node] as number, this.t.end[node] as number);
  }

  /** Whether the current block has ended with a jump. */
  private closed(): boolean {
    const ops = this.blocks[this.block] as number[];
    if (ops.length === 0) return false;
    const last = ops[ops.length - OP_STRIDE] as Op;
    return (
      last === Op.Jump || last === Op.Branch || last === Op.Switch || last === Op.Return || last === Op.Stop
    );
  }

  private jump(block: number, node: number): void {
    if (this.closed()) return;
    const end = this.t.end[node] as number;
    this.emit(Op.Jump, block, 0, 0, 0, end, end);
  }

  /** Starts a block that nothing reaches, for statements after a jump. */
  private openIfClosed(): void {
    if (this.closed()) this.enter(this.newBlock());
  }

  // ---- variables

  private declare(name: string, type: number, flags: number, cleanup = -1): number {
    const variable = this.vars.length / VARIABLE_STRIDE;
    this.vars.push(this.b.string(name), type, flags, cleanup);
    if (name !== '') this.scope.push({ name, variable });
    return variable;
  }

  private lookup(name: string): number {
    for (let i = this.scope.length - 1; i >= 0; i--) {
      const s = this.scope[i];
      if (s !== undefined && s.name === name) return s.variable;
    }
    return -1;
  }

  private flag(variable: number, flag: number): void {
    const at = variable * VARIABLE_STRIDE + 2;
    this.vars[at] = (this.vars[at] as number) | flag;
  }

  private leaveCleanups(down: number, node: number): void {
    const at = this.t.end[node] as number;
    for (let i = this.cleanups.length - 1; i >= down; i--)
      this.emit(Op.Cleanup, this.cleanups[i] as number, 0, 0, 0, at, at);
  }

  // ---- statements

  private compound(node: number): number {
    const scopeDepth = this.scope.length;
    const cleanupDepth = this.cleanups.length;
    let value = -1;
    const t = this.t;
    const stop = t.next[node] as number;
    for (let c = node + 1; c < stop; c = t.next[c] as number) value = this.statement(c);
    if (this.cleanups.length > cleanupDepth) {
      if (!this.closed()) this.leaveCleanups(cleanupDepth, node);
      this.cleanups.length = cleanupDepth;
    }
    this.scope.length = scopeDepth;
    return value;
  }

  /** Lowers one statement; gives the value expression of an expression statement (for `({ ... })`), else -1. */
  private statement(node: number): number {
    const t = this.t;
    switch (t.kind[node]) {
      case K.compound_statement:
        this.openIfClosed();
        this.compound(node);
        return -1;
      case K.expression_statement: {
        this.openIfClosed();
        const inner = node + 1;
        if (inner >= (t.next[node] as number)) return -1;
        return this.expressionStatement(inner);
      }
      case K.declaration:
        this.openIfClosed();
        this.declaration(node);
        return -1;
      case K.if_statement:
        this.openIfClosed();
        this.ifStatement(node);
        return -1;
      case K.while_statement:
      case K.do_statement:
      case K.for_statement:
        this.openIfClosed();
        this.loop(node);
        return -1;
      case K.macro_loop_statement:
        this.openIfClosed();
        this.macroLoop(node);
        return -1;
      case K.switch_statement:
        this.openIfClosed();
        this.switchStatement(node);
        return -1;
      case K.case_statement:
        this.caseStatement(node);
        return -1;
      case K.return_statement: {
        this.openIfClosed();
        let value = node + 1 < (t.next[node] as number) ? this.expression(node + 1) : -1;
        if (this.cleanups.length > 0) {
          if (value >= 0) value = this.keep(value, node);
          this.leaveCleanups(0, node);
        }
        this.at(Op.Return, node, value);
        return -1;
      }
      case K.break_statement: {
        this.openIfClosed();
        const target = this.loops[this.loops.length - 1];
        if (target !== undefined) {
          this.leaveCleanups(target.cleanups, node);
          this.at(Op.Jump, node, target.breakTo);
        }
        return -1;
      }
      case K.continue_statement: {
        this.openIfClosed();
        for (let i = this.loops.length - 1; i >= 0; i--) {
          const target = this.loops[i];
          if (target === undefined || target.continueTo < 0) continue;
          this.leaveCleanups(target.cleanups, node);
          this.at(Op.Jump, node, target.continueTo);
          break;
        }
        return -1;
      }
      case K.goto_statement: {
        this.openIfClosed();
        const label = childByField(t, node, F.label);
        const name = label >= 0 ? nodeText(this.text, t, label) : '';
        this.gotos.push({
          block: this.block,
          label: name,
          cleanups: [...this.cleanups],
          at: t.start[node] as number,
          end: t.end[node] as number,
        });
        // Leave the block open for `finish`, and go on in a new one.
        this.enter(this.newBlock());
        return -1;
      }
      case K.labeled_statement: {
        const label = childByField(t, node, F.label);
        const name = label >= 0 ? nodeText(this.text, t, label) : '';
        const block = this.newBlock();
        if (!this.closed()) this.jumpTo(block, node, true);
        this.labels.set(name, { block, cleanups: [...this.cleanups] });
        this.enter(block);
        const stop = t.next[node] as number;
        let value = -1;
        for (let c = node + 1; c < stop; c = t.next[c] as number) if (c !== label) value = this.statement(c);
        return value;
      }
      case K.attributed_statement: {
        const stop = t.next[node] as number;
        for (let c = node + 1; c < stop; c = t.next[c] as number)
          if (t.kind[c] !== K.attribute_specifier) this.statement(c);
        return -1;
      }
      case K.preproc_if:
      case K.preproc_ifdef:
      case K.preproc_else:
      case K.preproc_elif:
      case K.ERROR: {
        const stop = t.next[node] as number;
        for (let c = node + 1; c < stop; c = t.next[c] as number) {
          const kind = t.kind[c] as number;
          if (kind >= (K.declaration as number) || kind === K.ERROR || kind === K.preproc_else)
            this.statement(c);
        }
        return -1;
      }
      case K.comment:
      case K.preproc_def:
      case K.preproc_function_def:
      case K.preproc_call:
      case K.preproc_include:
        return -1;
      default:
        if (isExpressionKind(t.kind[node] as number)) {
          this.openIfClosed();
          return this.expressionStatement(node);
        }
        return -1;
    }
  }

  private jumpTo(block: number, node: number, atStart = false): void {
    const at = (atStart ? this.t.start[node] : this.t.end[node]) as number;
    this.emit(Op.Jump, block, 0, 0, 0, at, at);
  }

  private expressionStatement(node: number): number {
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

  private stopIf(node: number): void {
    const args = childByField(this.t, node, F.arguments);
    if (args < 0 || args + 1 >= (this.t.next[args] as number)) return;
    const name = nodeText(this.text, this.t, node + 1);
    if (UNEVALUATED.has(name)) return;
    const stop = this.newBlock();
    const go = this.newBlock();
    this.condition(args + 1, stop, go);
    this.enter(stop);
    this.at(Op.Stop, node, 0);
    this.enter(go);
  }

  /** `guard(mutex)(&m);` */
  private guardCall(node: number, callee: number): boolean {
    const t = this.t;
    const inner = childByField(t, callee, F.function);
    if (inner < 0 || nodeText(this.text, t, inner) !== 'guard') return false;
    this.guard(node, childByField(t, callee, F.arguments), childByField(t, node, F.arguments), '', 0);
    return true;
  }

  /** Takes a guard: class from the first argument of `classArgs`, arguments from `args` (skipping `skip`). */
  private guard(node: number, classArgs: number, args: number, name: string, skip: number): void {
    const cls =
      classArgs >= 0 && classArgs + 1 < (this.t.next[classArgs] as number)
        ? nodeText(this.text, this.t, classArgs + 1)
        : '';
    const values = args >= 0 ? this.argumentValues(args).slice(skip) : [];
    const variable = this.declare(name, -1, VAR_UNTYPED, this.b.string(`guard:${cls}`));
    this.at(Op.Guard, node, this.b.string(cls), this.b.list(values), variable);
    this.cleanups.push(variable);
  }

  private declaration(node: number): void {
    const t = this.t;
    const spec = specifiersOf(this.text, t, node);
    if (spec.isTypedef) return;
    const stop = t.next[node] as number;
    for (let c = node + 1; c < stop; c = t.next[c] as number) {
      if (t.field[c] !== F.declarator) continue;
      const isInit = t.kind[c] === K.init_declarator;
      const declarator = isInit ? childByField(t, c, F.declarator) : c;
      const value = isInit ? childByField(t, c, F.value) : -1;
      if (declarator < 0) continue;
      const d = declaratorOf(this.text, t, declarator);
      if (d === null) continue;
      // CLASS(name, variable)(arguments) parses as a declaration of `variable` in some forms; see expression below.
      let cleanup = -1;
      for (const a of [...spec.annotations, ...annotationsUnder(t, c)]) {
        const name = childByField(t, a, F.name);
        const nameText = name >= 0 ? nodeText(this.text, t, name) : nodeText(this.text, t, a);
        if (nameText !== '__free' && nameText !== '__cleanup') continue;
        const args = childByField(t, a, F.arguments);
        if (args >= 0 && args + 1 < (t.next[args] as number)) {
          const fn = nodeText(this.text, t, args + 1);
          cleanup = this.b.string(`${nameText === '__free' ? 'free' : 'call'}:${fn}`);
        }
      }
      const untyped =
        spec.base === '__auto_type' ||
        spec.base === 'auto' ||
        spec.base === '' ||
        spec.base.startsWith('typeof') ||
        spec.base.startsWith('__typeof');
      const type = untyped ? -1 : this.b.type(d.isFunctionPointer ? '(*)' : spec.base, d.depth);
      // The initialiser is evaluated before the name is in scope for our purposes (`int x = x` is not written).
      const initial = value >= 0 ? this.expression(value) : -1;
      const flags =
        (spec.isStatic ? VAR_STATIC : 0) | (untyped ? VAR_UNTYPED : 0) | (d.isArray ? VAR_ARRAY : 0);
      const variable = this.declare(d.name, type, flags, cleanup);
      this.at(Op.Declare, c, variable, initial);
      if (cleanup >= 0) this.cleanups.push(variable);
    }
  }

  private ifStatement(node: number): void {
    const t = this.t;
    const cond = childByField(t, node, F.condition);
    const then = childByField(t, node, F.consequence);
    const other = childByField(t, node, F.alternative);
    const thenBlock = this.newBlock();
    const join = this.newBlock();
    const elseBlock = other >= 0 ? this.newBlock() : join;
    if (cond >= 0) this.condition(cond, thenBlock, elseBlock);
    this.enter(thenBlock);
    if (then >= 0) this.statement(then);
    this.jump(join, node);
    if (other >= 0) {
      this.enter(elseBlock);
      if (t.kind[other] === K.else_clause) {
        const stop = t.next[other] as number;
        for (let c = other + 1; c < stop; c = t.next[c] as number) this.statement(c);
      } else this.statement(other);
      this.jump(join, node);
    }
    this.enter(join);
  }

  private loop(node: number): void {
    const t = this.t;
    const kind = t.kind[node];
    const scopeDepth = this.scope.length;
    const cond = childByField(t, node, F.condition);
    const body = childByField(t, node, F.body);
    const head = this.newBlock();
    const bodyBlock = this.newBlock();
    const exit = this.newBlock();
    if (kind === K.for_statement) {
      const init = childByField(t, node, F.initializer);
      if (init >= 0) {
        if (t.kind[init] === K.declaration) this.declaration(init);
        else this.expression(init);
      }
    }
    const update = kind === K.for_statement ? childByField(t, node, F.update) : -1;
    const next = update >= 0 ? this.newBlock() : head;
    this.jump(kind === K.do_statement ? bodyBlock : head, t.kind[node] === K.do_statement ? node + 1 : node);
    this.enter(head);
    if (cond >= 0) this.condition(cond, bodyBlock, exit);
    else this.jumpTo(bodyBlock, node, true);
    this.enter(bodyBlock);
    this.loops.push({ breakTo: exit, continueTo: next, cleanups: this.cleanups.length });
    if (body >= 0) this.statement(body);
    this.loops.pop();
    this.jump(next, node);
    if (update >= 0) {
      this.enter(next);
      this.expression(update);
      this.jump(head, node);
    }
    this.enter(exit);
    this.scope.length = scopeDepth;
  }

  private macroLoop(node: number): void {
    const t = this.t;
    const nameNode = childByField(t, node, F.name);
    const args = childByField(t, node, F.arguments);
    const body = childByField(t, node, F.body);
    const name = nameNode >= 0 ? nodeText(this.text, t, nameNode) : '';
    if (name === 'scoped_guard' || name === 'scoped_cond_guard') {
      const scopeDepth = this.scope.length;
      const depth = this.cleanups.length;
      const exit = this.newBlock();
      this.guard(node, args, args, '', name === 'scoped_guard' ? 1 : 2);
      // scoped_guard is written with `for`, so break and continue leave it.
      this.loops.push({ breakTo: exit, continueTo: exit, cleanups: depth });
      if (body >= 0) this.statement(body);
      this.loops.pop();
      if (!this.closed()) {
        this.leaveCleanups(depth, node);
        this.jumpTo(exit, node);
      }
      this.cleanups.length = depth;
      this.scope.length = scopeDepth;
      this.enter(exit);
      return;
    }
    const head = this.newBlock();
    const bodyBlock = this.newBlock();
    const exit = this.newBlock();
    const scopeDepth = this.scope.length;
    const values = args >= 0 ? this.argumentValues(args) : [];
    this.jump(head, nameNode >= 0 ? nameNode : node);
    this.enter(head);
    const temp = this.temps++;
    const headNode = args >= 0 ? args : node;
    this.emit(
      Op.Call,
      this.b.expr(X.Name, this.b.string(name)),
      this.b.list(values),
      temp,
      CALL_LOOP,
      t.start[node] as number,
      t.end[headNode] as number,
    );
    this.emit(
      Op.Branch,
      this.b.expr(X.Temp, temp),
      bodyBlock,
      exit,
      0,
      t.start[node] as number,
      t.end[headNode] as number,
    );
    this.enter(bodyBlock);
    this.loops.push({ breakTo: exit, continueTo: head, cleanups: this.cleanups.length });
    if (body >= 0) this.statement(body);
    this.loops.pop();
    this.jump(head, node);
    this.scope.length = scopeDepth;
    this.enter(exit);
  }

  private switchStatement(node: number): void {
    const t = this.t;
    const cond = childByField(t, node, F.condition);
    const body = childByField(t, node, F.body);
    const value = cond >= 0 ? this.expression(cond) : this.b.expr(X.Unknown);
    const exit = this.newBlock();
    const head = this.block;
    const outer = this.switchCases;
    const cases = { cases: [] as number[], breakTo: exit, sawDefault: false };
    this.switchCases = cases;
    this.loops.push({ breakTo: exit, continueTo: -1, cleanups: this.cleanups.length });
    this.enter(this.newBlock());
    if (body >= 0) this.compound(body);
    this.jump(exit, node);
    this.loops.pop();
    this.switchCases = outer;
    if (!cases.sawDefault) cases.cases.push(-1, exit);
    const after = this.block;
    this.enter(head);
    this.at(Op.Switch, cond >= 0 ? cond : node, value, this.b.list(cases.cases));
    this.enter(after);
    this.enter(exit);
  }

  private caseStatement(node: number): void {
    const t = this.t;
    const value = childByField(t, node, F.value);
    const block = this.newBlock();
    if (!this.closed()) this.jumpTo(block, node, true);
    this.enter(block);
    if (this.switchCases !== null) {
      // The label stands before its value: `case X:` or `default:`
      const isDefault = this.text.startsWith('default', t.start[node] as number);
      const label = value >= 0 && !isDefault ? this.pureOrUnknown(value) : -1;
      this.switchCases.cases.push(isDefault ? -1 : label, block);
      if (isDefault) this.switchCases.sawDefault = true;
    }
    const stop = t.next[node] as number;
    for (let c = node + 1; c < stop; c = t.next[c] as number) if (c !== value) this.statement(c);
  }

  private pureOrUnknown(node: number): number {
    const kind = this.t.kind[node] as number;
    if (
      kind === K.identifier ||
      kind === K.number_literal ||
      kind === K.char_literal ||
      kind === K.binary_expression ||
      kind === K.parenthesized_expression
    )
      return this.expression(node);
    return this.b.expr(X.Unknown);
  }

  // ---- conditions

  /** Lowers a condition as control flow to one of two blocks. */
  private condition(node: number, yes: number, no: number): void {
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
          if (TRANSPARENT.has(nodeText(this.text, t, callee))) {
            const first = this.skipComments(args + 1);
            this.condition(first, yes, no);
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
    else this.at(Op.Branch, node, value, yes, no);
  }

  private skipComments(node: number): number {
    let n = node;
    while (this.t.kind[n] === K.comment) n = this.t.next[n] as number;
    return n;
  }

  // ---- expressions

  private keep(value: number, node: number): number {
    const kind = this.b.exprKind(value);
    if (kind === X.Temp || kind === X.Num) return value;
    const temp = this.temps++;
    this.at(Op.Set, node, temp, value);
    return this.b.expr(X.Temp, temp);
  }

  private argumentValues(args: number): number[] {
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
  private expression(node: number): number {
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
        return b.expr(X.Name, b.string(nodeText(this.text, t, node).replace(/\s+/g, ' ')));
      default:
        return b.expr(X.Unknown);
    }
  }

  private initializer(node: number): void {
    const t = this.t;
    const stop = t.next[node] as number;
    for (let c = node + 1; c < stop; c = t.next[c] as number) {
      if (t.kind[c] === K.comment) continue;
      const valueNode = t.kind[c] === K.initializer_pair ? childByField(t, c, F.value) : c;
      if (valueNode < 0) continue;
      const value = this.expression(valueNode);
      const kind = this.b.exprKind(value);
      if (kind === X.Field || kind === X.Deref || kind === X.Index) this.at(Op.Eval, valueNode, value);
    }
  }

  /** A truth value that is decided by control flow. */
  private truth(node: number): number {
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

  private hasEffects(node: number): boolean {
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
  private takesStatements(callee: number, args: number): boolean {
    const t = this.t;
    if (!/^_*[A-Z][A-Z0-9_]*$/.test(nodeText(this.text, t, callee))) return false;
    let calls = 0;
    const stop = t.next[args] as number;
    for (let c = args + 1; c < stop; c = t.next[c] as number) if (t.kind[c] === K.call_expression) calls++;
    return calls >= 2;
  }

  private call(node: number): number {
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
      if (UNEVALUATED.has(name)) return b.expr(X.Unknown);
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

function isExpressionKind(kind: number): boolean {
  return (
    kind === K.call_expression ||
    kind === K.assignment_expression ||
    kind === K.update_expression ||
    kind === K.conditional_expression ||
    kind === K.parenthesized_expression ||
    kind === K.comma_expression ||
    kind === K.binary_expression ||
    kind === K.unary_expression ||
    kind === K.identifier ||
    kind === K.field_expression ||
    kind === K.subscript_expression ||
    kind === K.pointer_expression ||
    kind === K.cast_expression ||
    kind === K.number_literal ||
    kind === K.null
  );
}

function commonPrefix(a: readonly number[], b: readonly number[]): number {
  let i = 0;
  while (i < a.length && i < b.length && a[i] === b[i]) i++;
  return i;
}

/** A C number literal as a double; octal, hex, binary and suffixes. */
export function parseNumber(text: string): number {
  const plain = text.replace(/[uUlL']+$/g, '').replace(/'/g, '');
  if (/^0[0-7]+$/.test(plain)) return Number.parseInt(plain, 8);
  const value = Number(plain);
  return Number.isNaN(value) ? 0 : value;
}
