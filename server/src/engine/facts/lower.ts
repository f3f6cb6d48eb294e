/**
 * One function body to a control-flow graph of a few operation kinds. Loops, switch, goto and scope-bound cleanup become
 * edges, so that the analysis sees control flow only. Knows nothing of locks.
 */
import { F, K } from '../syntax/kinds.js';
import { childByField } from '../syntax/parser.js';
import type { Lowered } from './body.js';
import { CALL_LOOP, Op, VAR_ARRAY, VAR_STATIC, VAR_UNTYPED, X } from './encode.js';
import { ExpressionLowering } from './lower-expressions.js';
import { annotationsUnder, declaratorOf, nodeText, specifiersOf } from './types.js';

interface LoopTarget {
  readonly breakTo: number;
  readonly continueTo: number;
  readonly cleanups: number;
}

/** Lowers the body of one function (or macro). One instance per function. */
export class FunctionLowering extends ExpressionLowering {
  private readonly loops: LoopTarget[] = [];
  private switchCases: { cases: number[]; breakTo: number; sawDefault: boolean } | null = null;

  /** Lowers a compound statement as the whole body. */
  body(node: number): Lowered {
    this.compound(node);
    const end = this.t.end[node] as number;
    this.emit(Op.Return, -1, 0, 0, 0, end - 1, end);
    return this.finish();
  }

  protected compound(node: number): number {
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
      const members: { readonly member: string; readonly value: number; readonly node: number }[] = [];
      const isStructure =
        value >= 0 &&
        t.kind[value] === K.initializer_list &&
        !spec.isStatic &&
        !d.isArray &&
        d.depth === 0 &&
        spec.base.startsWith('struct ');
      if (isStructure)
        this.initializer(value, (member, v, at) => members.push({ member, value: v, node: at }));
      const initial = isStructure ? this.b.expr(X.Unknown) : value >= 0 ? this.expression(value) : -1;
      const flags =
        (spec.isStatic ? VAR_STATIC : 0) | (untyped ? VAR_UNTYPED : 0) | (d.isArray ? VAR_ARRAY : 0);
      const variable = this.declare(d.name, type, flags, cleanup);
      this.at(Op.Declare, c, variable, initial);
      for (const m of members) {
        const place = this.b.expr(X.Field, this.b.expr(X.Local, variable), this.b.string(m.member), 0);
        this.at(Op.Assign, m.node, place, m.value);
      }
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
