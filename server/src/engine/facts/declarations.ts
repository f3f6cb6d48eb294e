/**
 * One file's tree to its facts: walks the top level once, hands function bodies to `lower`, and records structures,
 * operations tables, macros, prototypes with their annotations, globals, typedefs and enumerators.
 */
import { F, K } from '../syntax/kinds.js';
import { childByField, childByKind, type FlatTree } from '../syntax/parser.js';
import { isScopeClassMacro, scopeClassCalls } from './arguments.js';
import {
  FactsBuilder,
  FIELD_SAID_FIRST,
  FIELD_STRIDE,
  type FileFacts,
  FN_DAMAGED,
  FN_INLINE,
  FN_MACRO_DEFINED,
  FN_STATIC,
  FN_VARIADIC,
  hashText,
  lineStartsOf,
  SLOT_STRIDE,
} from './encode.js';
import { FunctionLowering } from './lower.js';
import {
  annotationsUnder,
  declaratorOf,
  nodeText,
  type Specifiers,
  specifiersOf,
  typeDescriptor,
} from './types.js';
import { recordUses } from './uses.js';

/** Facts of a parsed file. `text` is the configured text that `tree` was made from. */
export function buildFacts(path: string, text: string, tree: FlatTree): FileFacts {
  const walk = new TopLevel(new FactsBuilder(), text, tree);
  walk.items(0);
  walk.scopeClasses();
  if (path.endsWith('.c')) recordUses(walk.b, text, tree);
  return walk.b.done(path, walk.hash(), lineStartsOf(text));
}

class TopLevel {
  /** Of the text before `hashed`: functions by their own hashes, and what stands between them. */
  private hashes = 0;
  private hashed = 0;

  constructor(
    readonly b: FactsBuilder,
    private readonly text: string,
    private readonly t: FlatTree,
  ) {}

  /** The hash of the whole text, once all of it has been walked. */
  hash(): number {
    return hashText(this.text, this.hashed, this.text.length, this.hashes);
  }

  /** The hash of a function's text, which counts in that of the whole. */
  private functionHash(start: number, end: number): number {
    const hash = hashText(this.text, start, end);
    // One that stands in another one has been counted there
    if (start >= this.hashed) {
      this.hashes = hashText(this.text, this.hashed, start, this.hashes) ^ hash;
      this.hashed = end;
    }
    return hash;
  }

  /** Walks the children of the translation unit, and of preprocessor arms and linkage blocks. */
  items(node: number): void {
    const t = this.t;
    const stop = t.next[node] as number;
    for (let c = node + 1; c < stop; c = t.next[c] as number) this.item(c);
  }

  private item(c: number): void {
    const t = this.t;
    switch (t.kind[c]) {
      case K.function_definition:
        this.functionDefinition(c);
        return;
      case K.macro_function_definition:
        this.macroFunction(c);
        return;
      case K.declaration:
        this.declaration(c);
        return;
      case K.struct_specifier:
      case K.union_specifier:
        this.structure(c);
        return;
      case K.enum_specifier:
        this.enumeration(c);
        return;
      case K.type_definition:
        this.typedef(c);
        return;
      case K.preproc_def:
      case K.preproc_function_def:
        this.macro(c);
        return;
      case K.preproc_include: {
        const path = childByField(t, c, F.path);
        if (path >= 0) this.b.includes.push(this.b.string(nodeText(this.text, t, path)));
        return;
      }
      case K.macro_invocation_item:
        this.invocation(childByField(t, c, F.name), childByField(t, c, F.arguments));
        return;
      case K.expression_statement: {
        const call = c + 1;
        if (call < (t.next[c] as number) && t.kind[call] === K.call_expression)
          this.invocation(childByField(t, call, F.function), childByField(t, call, F.arguments));
        return;
      }
      case K.preproc_if:
      case K.preproc_ifdef:
      case K.preproc_else:
      case K.preproc_elif:
      case K.preproc_elifdef:
      case K.linkage_specification:
      case K.declaration_list:
      case K.ERROR:
        this.items(c);
        return;
      default:
        return;
    }
  }

  /** Definitions of scope classes: their arguments are statements, which make no nodes. */
  scopeClasses(): void {
    const b = this.b;
    for (const { name, args, position } of scopeClassCalls(this.text))
      b.invocations.pushAll([b.string(name), b.list(args.map((a) => b.string(a))), position]);
  }

  private invocation(name: number, args: number): void {
    if (name < 0) return;
    const t = this.t;
    if (isScopeClassMacro(nodeText(this.text, t, name))) return;
    const b = this.b;
    const texts: number[] = [];
    if (args >= 0) {
      // `FOO_ATTR(, name, show)`: an empty argument is no node
      if (/^\(\s*,/.test(nodeText(this.text, t, args))) texts.push(b.string(''));
      const stop = t.next[args] as number;
      for (let c = args + 1; c < stop; c = t.next[c] as number)
        if (t.kind[c] !== K.comment) texts.push(b.string(nodeText(this.text, t, c).replace(/\s+/g, ' ')));
    }
    const nameText = nodeText(this.text, t, name);
    this.b.invocations.pushAll([b.string(nameText), b.list(texts), t.start[name] as number]);
    this.lockDefinition(nameText, texts[0]);
  }

  /** `DEFINE_SPINLOCK(x)` and the like define a global of a lock type. */
  private lockDefinition(macro: string, name: number | undefined): void {
    const type = LOCK_DEFINITIONS[macro];
    if (type !== undefined && name !== undefined) this.b.globals.pushAll([name, this.b.type(type, 0), 0]);
  }

  private functionDefinition(c: number): void {
    const t = this.t;
    const body = childByField(t, c, F.body);
    const declarator = childByField(t, c, F.declarator);
    if (body < 0 || declarator < 0 || t.kind[body] !== K.compound_statement) return;
    const d = declaratorOf(this.text, t, declarator);
    if (d === null) return;
    const spec = specifiersOf(this.text, t, c);
    const lowering = new FunctionLowering(this.b, this.text, t, t.start[c] as number);
    let flags = (spec.isStatic ? FN_STATIC : 0) | (spec.isInline ? FN_INLINE : 0);
    if (t.damaged[c] === 1) flags |= FN_DAMAGED;
    if (d.parameters >= 0 && this.parameters(lowering, d.parameters)) flags |= FN_VARIADIC;
    const annotations = this.annotations(spec, declarator, c, body);
    this.finishFunction(
      c,
      d.name,
      d.nameStart,
      flags,
      this.b.type(spec.base, d.depth),
      lowering,
      body,
      annotations,
    );
  }

  private parameters(lowering: FunctionLowering, list: number): boolean {
    const t = this.t;
    let variadic = false;
    const stop = t.next[list] as number;
    for (let p = list + 1; p < stop; p = t.next[p] as number) {
      if (t.kind[p] === K.variadic_parameter) variadic = true;
      if (t.kind[p] !== K.parameter_declaration) continue;
      const spec = specifiersOf(this.text, t, p);
      const declarator = childByField(t, p, F.declarator);
      const d = declarator >= 0 ? declaratorOf(this.text, t, declarator) : null;
      if (d === null) {
        if (spec.base !== 'void') lowering.parameter('', this.b.type(spec.base, 0));
        continue;
      }
      const base = d.isFunctionPointer || d.parameters >= 0 ? '(*)' : spec.base;
      lowering.parameter(d.name, this.b.type(base, d.depth + (d.isArray ? 1 : 0)));
    }
    return variadic;
  }

  /** `SYSCALL_DEFINE3(name, type, arg, ...) { }` and other macros that define functions. */
  private macroFunction(c: number): void {
    const t = this.t;
    const body = childByField(t, c, F.body);
    const args = childByField(t, c, F.arguments);
    const nameNode = childByField(t, c, F.name);
    if (body < 0 || t.kind[body] !== K.compound_statement || nameNode < 0) return;
    const texts: string[] = [];
    const types: number[] = [];
    if (args >= 0) {
      const stop = t.next[args] as number;
      for (let a = args + 1; a < stop; a = t.next[a] as number) {
        if (t.kind[a] === K.comment) continue;
        texts.push(nodeText(this.text, t, a).replace(/\s+/g, ' '));
        const d =
          t.kind[a] === K.type_descriptor
            ? typeDescriptor(this.text, t, a)
            : { base: texts[texts.length - 1] ?? '', depth: 0 };
        types.push(this.b.type(d.base, d.depth));
      }
    }
    const macro = nodeText(this.text, t, nameNode);
    const lowering = new FunctionLowering(this.b, this.text, t, t.start[c] as number);
    for (let i = 1; i + 1 < texts.length; i += 2) lowering.parameter(texts[i + 1] ?? '', types[i] ?? -1);
    const flags = FN_MACRO_DEFINED | (t.damaged[c] === 1 ? FN_DAMAGED : 0);
    const name = macro.includes('SYSCALL') ? `sys_${texts[0] ?? ''}` : (texts[0] ?? macro);
    this.finishFunction(
      c,
      name,
      t.start[nameNode] as number,
      flags,
      this.b.type('long', 0),
      lowering,
      body,
      [],
    );
  }

  private finishFunction(
    c: number,
    name: string,
    nameStart: number,
    flags: number,
    returnType: number,
    lowering: FunctionLowering,
    body: number,
    annotations: readonly number[],
  ): void {
    const t = this.t;
    const b = this.b;
    const start = t.start[c] as number;
    const end = t.end[c] as number;
    const l = lowering.body(body);
    b.functions.pushAll([
      b.string(name),
      start,
      end,
      flags,
      returnType,
      l.firstVariable,
      l.parameterCount,
      l.variableCount,
      l.firstBlock,
      l.blockCount,
      l.firstOp,
      l.opCount,
      l.tempCount,
      b.list(annotations),
      this.functionHash(start, end),
      nameStart,
    ]);
  }

  /** Annotations as name and argument text, alternating. */
  private annotations(spec: Specifiers, declarator: number, node: number, body: number): number[] {
    const t = this.t;
    const nodes = [...spec.annotations, ...annotationsUnder(t, declarator)];
    const stop = t.next[node] as number;
    for (let c = node + 1; c < stop && c !== body; c = t.next[c] as number)
      if (t.kind[c] === K.annotation && !nodes.includes(c)) nodes.push(c);
    const out: number[] = [];
    for (const a of nodes) {
      const name = childByField(t, a, F.name);
      const args = childByField(t, a, F.arguments);
      out.push(this.b.string(name >= 0 ? nodeText(this.text, t, name) : nodeText(this.text, t, a)));
      out.push(
        this.b.string(args >= 0 ? nodeText(this.text, t, args).replace(/\s+/g, ' ').slice(1, -1) : ''),
      );
    }
    return out;
  }

  private declaration(c: number): void {
    const t = this.t;
    const b = this.b;
    const spec = specifiersOf(this.text, t, c);
    const typeNode = childByField(t, c, F.type);
    if (typeNode >= 0) this.typeNode(typeNode);
    const stop = t.next[c] as number;
    for (let n = c + 1; n < stop; n = t.next[n] as number) {
      if (t.field[n] !== F.declarator) continue;
      const isInit = t.kind[n] === K.init_declarator;
      const declarator = isInit ? childByField(t, n, F.declarator) : n;
      if (declarator < 0) continue;
      // `static DEFINE_SPINLOCK(lock);` reads as a type with a declarator in parentheses
      if (LOCK_DEFINITIONS[spec.base] !== undefined) {
        const inner = declaratorOf(this.text, t, declarator);
        if (inner !== null) this.lockDefinition(spec.base, b.string(inner.name));
        continue;
      }
      const d = declaratorOf(this.text, t, declarator);
      if (d === null) continue;
      if (d.parameters >= 0) {
        b.protos.pushAll([
          b.string(d.name),
          b.type(spec.base, d.depth),
          b.list(this.annotations(spec, declarator, c, -1)),
          spec.isInline ? FN_INLINE : 0,
        ]);
        continue;
      }
      const base = d.isFunctionPointer ? '(*)' : spec.base;
      b.globals.pushAll([b.string(d.name), b.type(base, d.depth), spec.isStatic ? FN_STATIC : 0]);
      const value = isInit ? childByField(t, n, F.value) : -1;
      if (value >= 0 && t.kind[value] === K.initializer_list && spec.base.startsWith('struct '))
        this.table(d.name, spec.base, value, t.start[n] as number);
    }
  }

  /** An initialised structure: its slots that name something. Arrays of structures give one table each. */
  private table(name: string, struct: string, list: number, position: number): void {
    const t = this.t;
    const b = this.b;
    const first = b.slots.length / SLOT_STRIDE;
    const nested: number[] = [];
    const entries: number[] = [];
    const stop = t.next[list] as number;
    for (let p = list + 1; p < stop; p = t.next[p] as number) {
      if (t.kind[p] === K.initializer_list) nested.push(p);
      if (t.kind[p] !== K.initializer_pair) continue;
      const designator = childByField(t, p, F.designator);
      const value = childByField(t, p, F.value);
      if (designator < 0 || value < 0) continue;
      if (t.kind[designator] !== K.field_designator) {
        if (t.kind[value] === K.initializer_list) nested.push(value);
        continue;
      }
      const target = this.slotValue(value);
      if (target === null) continue;
      const slot = nodeText(this.text, t, designator).replace(/^\.\s*/, '');
      entries.push(b.string(slot), b.string(target), t.start[p] as number);
    }
    if (entries.length > 0) {
      b.slots.pushAll(entries);
      b.tables.pushAll([b.string(name), b.string(struct), first, entries.length / SLOT_STRIDE, position]);
    }
    for (const n of nested) this.table(name, struct, n, t.start[n] as number);
  }

  /** The name that a slot is filled with: `f`, `&table`, `(cast)f`, `WRAPPER(f)`'s argument stays `WRAPPER(f)`. */
  private slotValue(node: number): string | null {
    const t = this.t;
    const kind = t.kind[node];
    if (kind === K.identifier) return nodeText(this.text, t, node);
    if (kind === K.pointer_expression || kind === K.parenthesized_expression || kind === K.cast_expression) {
      const inner =
        kind === K.pointer_expression
          ? childByField(t, node, F.argument)
          : kind === K.cast_expression
            ? childByField(t, node, F.value)
            : node + 1;
      return inner >= 0 ? this.slotValue(inner) : null;
    }
    if (kind === K.call_expression) return nodeText(this.text, t, node).replace(/\s+/g, '');
    if (kind === K.binary_expression) {
      const flags = nodeText(this.text, t, node).replace(/\s+/g, '');
      return /^[A-Z_]\w*(\|[A-Z_]\w*)+$/.test(flags) ? flags : null;
    }
    return null;
  }

  private typeNode(node: number): void {
    const kind = this.t.kind[node];
    if (kind === K.struct_specifier || kind === K.union_specifier) this.structure(node);
    else if (kind === K.enum_specifier) this.enumeration(node);
  }

  /** A structure's fields; those of anonymous inner structures count as its own. */
  private structure(node: number): void {
    const t = this.t;
    const b = this.b;
    const body = childByField(t, node, F.body);
    if (body < 0) return;
    const nameNode = childByField(t, node, F.name);
    const word = t.kind[node] === K.union_specifier ? 'union' : 'struct';
    const name = nameNode >= 0 ? `${word} ${nodeText(this.text, t, nameNode)}` : `${word} @${t.start[node]}`;
    const fields: number[] = [];
    this.fieldsOf(body, fields);
    const first = b.fields.length / FIELD_STRIDE;
    b.fields.pushAll(fields);
    b.structs.pushAll([b.string(name), first, fields.length / FIELD_STRIDE, t.start[node] as number]);
  }

  private fieldsOf(list: number, out: number[]): void {
    const t = this.t;
    const b = this.b;
    const stop = t.next[list] as number;
    for (let f = list + 1; f < stop; f = t.next[f] as number) {
      const kind = t.kind[f];
      if (kind === K.preproc_if || kind === K.preproc_ifdef || kind === K.preproc_else || kind === K.ERROR) {
        this.fieldsOf(f, out);
        continue;
      }
      if (kind === K.macro_field_declaration) {
        // `struct_group(name, fields...)`, `DECLARE_BITMAP(name, n)`: a field by the first argument's name
        const args = childByField(t, f, F.arguments);
        if (args >= 0 && args + 1 < (t.next[args] as number) && t.kind[args + 1] === K.identifier)
          out.push(b.string(nodeText(this.text, t, args + 1)), b.type('', 0), t.start[f] as number, 0, -1);
        continue;
      }
      if (kind !== K.field_declaration) continue;
      const typeNode = childByField(t, f, F.type);
      const spec = specifiersOf(this.text, t, f);
      const isAggregate =
        typeNode >= 0 && (t.kind[typeNode] === K.struct_specifier || t.kind[typeNode] === K.union_specifier);
      const inner = isAggregate ? childByField(t, typeNode, F.body) : -1;
      let named = false;
      const end = t.next[f] as number;
      for (let n = f + 1; n < end; n = t.next[n] as number) {
        if (t.field[n] !== F.declarator) continue;
        const d = declaratorOf(this.text, t, n);
        if (d === null) continue;
        named = true;
        const isFunction = d.isFunctionPointer || d.parameters >= 0;
        const flags = out.length === 0 && this.isSaidFirst(list, f) ? FIELD_SAID_FIRST : 0;
        const type = b.type(isFunction ? '(*)' : spec.base, d.depth);
        out.push(b.string(d.name), type, d.nameStart, flags, this.guardOf(n, end));
      }
      if (inner >= 0) {
        if (named || childByField(t, typeNode, F.name) >= 0) this.structure(typeNode);
        if (!named) this.fieldsOf(inner, out);
      } else if (typeNode >= 0 && t.kind[typeNode] === K.enum_specifier) this.enumeration(typeNode);
    }
  }

  /** What `__guarded_by()` behind a declarator, or behind its width, names; -1 where nothing does. */
  private guardOf(declarator: number, end: number): number {
    const t = this.t;
    const behind = t.next[declarator] as number;
    const width = behind < end && t.kind[behind] === K.bitfield_clause ? annotationsUnder(t, behind) : [];
    for (const a of [...annotationsUnder(t, declarator), ...width]) {
      const name = childByField(t, a, F.name);
      const args = childByField(t, a, F.arguments);
      if (name >= 0 && args >= 0 && nodeText(this.text, t, name) === '__guarded_by')
        return this.b.string(nodeText(this.text, t, args).slice(1, -1).trim());
    }
    return -1;
  }

  /** Whether a comment before a structure's first member, or on its line, says that it stands first. */
  private isSaidFirst(list: number, field: number): boolean {
    const t = this.t;
    for (let c = list + 1; c < field; c = t.next[c] as number)
      if (t.kind[c] === K.comment && SAYS_FIRST.test(nodeText(this.text, t, c))) return true;
    const after = t.next[field] as number;
    return (
      after < (t.next[list] as number) &&
      t.kind[after] === K.comment &&
      !this.text.slice(t.end[field] as number, t.start[after] as number).includes('\n') &&
      SAYS_FIRST.test(nodeText(this.text, t, after))
    );
  }

  private enumeration(node: number): void {
    const t = this.t;
    const body = childByField(t, node, F.body);
    if (body < 0) return;
    const stop = t.next[body] as number;
    const position = t.start[body] as number;
    for (let e = body + 1; e < stop; e = t.next[e] as number) {
      if (t.kind[e] === K.enumerator || t.kind[e] === K.comment) continue;
      // What macros stand for is not known before all files are there
      const text = nodeText(this.text, t, body).slice(1, -1);
      this.b.enums.pushAll([this.b.string(''), this.b.string(text), position]);
      return;
    }
    let previous = '';
    let offset = 0;
    for (let e = body + 1; e < stop; e = t.next[e] as number) {
      if (t.kind[e] !== K.enumerator) continue;
      const name = childByField(t, e, F.name);
      const value = childByField(t, e, F.value);
      if (name < 0) continue;
      if (value >= 0) {
        previous = nodeText(this.text, t, value);
        offset = 0;
      }
      const text = previous === '' ? String(offset) : offset === 0 ? previous : `(${previous}) + ${offset}`;
      this.b.enums.pushAll([this.b.string(nodeText(this.text, t, name)), this.b.string(text), position]);
      offset++;
    }
  }

  private typedef(c: number): void {
    const t = this.t;
    const typeNode = childByField(t, c, F.type);
    if (typeNode >= 0) this.typeNode(typeNode);
    const spec = specifiersOf(this.text, t, c);
    const stop = t.next[c] as number;
    for (let n = c + 1; n < stop; n = t.next[n] as number) {
      if (t.field[n] !== F.declarator) continue;
      const d = declaratorOf(this.text, t, n);
      if (d === null) continue;
      const isFunction = d.isFunctionPointer || d.parameters >= 0;
      this.b.typedefs.pushAll([this.b.string(d.name), this.b.type(isFunction ? '(*)' : spec.base, d.depth)]);
    }
  }

  private macro(c: number): void {
    const t = this.t;
    const b = this.b;
    const name = childByField(t, c, F.name);
    const value = childByField(t, c, F.value);
    if (name < 0) return;
    let params = -1;
    const list = childByKind(t, c, K.preproc_params);
    if (t.kind[c] === K.preproc_function_def && list >= 0) {
      const names = nodeText(this.text, t, list)
        .slice(1, -1)
        .replace(/\\\n/g, ' ')
        .split(',')
        .map((s) => s.trim())
        .filter((s) => s !== '');
      params = b.list(names.map((n) => b.string(n)));
    }
    const body = value >= 0 ? nodeText(this.text, t, value).trim() : '';
    b.macros.pushAll([b.string(nodeText(this.text, t, name)), params, b.string(body), t.start[c] as number]);
  }
}

/** What a comment at a structure's first member says where the order matters. */
const SAYS_FIRST = /\b(first|beginning|start|top|offset (0|zero))\b/i;

/** Macros that define a lock of their first argument's name, with the type that it gets. */
const LOCK_DEFINITIONS: Readonly<Record<string, string>> = {
  DEFINE_SPINLOCK: 'spinlock_t',
  DEFINE_RAW_SPINLOCK: 'raw_spinlock_t',
  DEFINE_RWLOCK: 'rwlock_t',
  DEFINE_MUTEX: 'struct mutex',
  DECLARE_RWSEM: 'struct rw_semaphore',
  DEFINE_SEQLOCK: 'seqlock_t',
  DEFINE_SEMAPHORE: 'struct semaphore',
  DEFINE_STATIC_PERCPU_RWSEM: 'struct percpu_rw_semaphore',
  DEFINE_PERCPU_RWSEM: 'struct percpu_rw_semaphore',
  DEFINE_STATIC_SRCU: 'struct srcu_struct',
  DEFINE_SRCU: 'struct srcu_struct',
  __SEQLOCK_UNLOCKED: 'seqlock_t',
};
