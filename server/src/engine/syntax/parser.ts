/**
 * Text to tree: the only module that touches the parser. A parsed file leaves as a `FlatTree`, plain typed arrays in
 * pre-order, because walking the WASM tree node by node costs as much as parsing it: it is walked once, here, and freed.
 * Limits (size, time, depth) are part of the contract: what is past them is reported, never guessed.
 */
import { Language, Parser, type Tree } from 'web-tree-sitter';
import { type CursorBinding, TreeWalk } from './cursor.js';
import { F, type FieldName, K, type KindName } from './kinds.js';
import { difference, editedFunction, movedTree, type Parsed, spliced } from './splice.js';

/** Files larger than this are skipped. */
export const MAX_FILE_BYTES = 4 * 1024 * 1024;
/**
 * A file that takes longer to parse is skipped. By the clock on the wall: a file of a kernel takes a hundredth of it, so that a machine with
 * too much to do skips none of them.
 */
export const PARSE_BUDGET_MS = 10_000;
/** Deeper nesting than this is no C that people wrote. */
export const MAX_DEPTH = 700;

/**
 * A syntax tree in pre-order. Children of `i` are `i + 1`, then `next[child]` while smaller than `next[i]`.
 * Positions are UTF-16 offsets into the text. Only named nodes and nodes that fill a field are kept.
 */
export interface FlatTree {
  readonly length: number;
  readonly kind: Uint8Array;
  readonly field: Uint8Array;
  readonly start: Int32Array;
  readonly end: Int32Array;
  readonly next: Int32Array;
  /** 1 where the node is an error or missing, or has one inside. */
  readonly damaged: Uint8Array;
}

export type ParseResult =
  | { readonly ok: true; readonly tree: FlatTree; readonly hasError: boolean }
  | { readonly ok: false; readonly reason: string };

export interface ParseLimits {
  readonly maxFileBytes: number;
  readonly parseMs: number;
}

export const DEFAULT_LIMITS: ParseLimits = { maxFileBytes: MAX_FILE_BYTES, parseMs: PARSE_BUDGET_MS };

/** The clock is the host's: the engine itself reads no time. Milliseconds, any origin. */
export type Clock = () => number;

/** A parser for one language; holds WASM memory until `dispose`. */
export interface SyntaxParser {
  /** Parses one text. Never throws on any input. */
  parse(text: string): ParseResult;
  /** Parses a text that another one was edited into: the same tree, sooner where little differs. */
  reparse(text: string, before: Parsed): ParseResult;
  /** The S-expression of a text, for `dump syntax`; null where `parse` would refuse it. */
  dump(text: string): string | null;
  /** Bytes that WASM holds: they grow, and are never given back. */
  readonly wasmBytes: number;
  dispose(): void;
}

/** The loaded binding, and where it keeps the cursor at hand. */
interface Runtime {
  readonly binding: CursorBinding;
  readonly transfer: number;
}

let runtimeReady: Promise<Runtime> | null = null;

/** Loads the runtime; Emscripten makes the options object itself the module. */
async function loadRuntime(wasmBinary: Uint8Array): Promise<Runtime> {
  const module = { wasmBinary };
  await Parser.init(module);
  const binding = module as unknown as CursorBinding;
  return { binding, transfer: binding._ts_init() };
}

/** Grammars of this thread, by their bytes: what the runtime has loaded it does not give back. */
const languages = new Map<string, Promise<Language>>();

function languageOf(wasm: Uint8Array): Promise<Language> {
  let hash = 0x811c9dc5;
  for (let i = 0; i < wasm.length; i++) hash = Math.imul(hash ^ (wasm[i] as number), 0x01000193);
  const key = `${wasm.length}:${hash}`;
  let language = languages.get(key);
  if (language === undefined) {
    language = Language.load(wasm);
    languages.set(key, language);
    language.catch(() => languages.delete(key));
  }
  return language;
}

/**
 * Makes a parser. `runtimeWasm` is web-tree-sitter's own WASM, `grammarWasm` the grammar's; each is loaded once a thread, and later
 * calls reuse it.
 */
export async function createParser(
  runtimeWasm: Uint8Array,
  grammarWasm: Uint8Array,
  limits: ParseLimits,
  clock: Clock,
): Promise<SyntaxParser> {
  runtimeReady ??= loadRuntime(runtimeWasm);
  const runtime = await runtimeReady;
  const language = await languageOf(grammarWasm);
  const parser = new Parser();
  parser.setLanguage(language);
  return new TreeSitterParser(runtime, parser, language, limits, clock);
}

/** Kinds that end the walk downwards: tokens, and strings, whose parts nothing reads. */
const LEAVES: ReadonlySet<string> = new Set([
  'identifier', 'field_identifier', 'type_identifier', 'primitive_type', 'statement_identifier', 'comment',
  'number_literal', 'string_literal', 'char_literal', 'concatenated_string', 'true', 'false', 'null', 'preproc_arg',
  'system_lib_string', 'string_content', 'storage_class_specifier', 'type_qualifier', 'sized_type_specifier',
  'preproc_directive', 'gnu_asm_expression', 'macro_operator', 'storage_class_macro', 'attribute_specifier',
  'break_statement', 'continue_statement',
]); // biome-ignore format: a table
/** Kinds whose children fill no field: one call into WASM less for each child. */
const NO_FIELDS = new Uint8Array(256);
for (const kind of [
  K.compound_statement,
  K.argument_list,
  K.parameter_list,
  K.translation_unit,
  K.expression_statement,
  K.parenthesized_expression,
  K.initializer_list,
  K.field_declaration_list,
  K.enumerator_list,
  K.return_statement,
  K.else_clause,
])
  NO_FIELDS[kind] = 1;
const OPERATOR_TOKEN = /^([-+*/%&|^<>=!~]+|\.|->)$/;

const INITIAL_NODES = 1 << 15;

class TreeSitterParser implements SyntaxParser {
  private readonly kindOf: Uint8Array;
  private readonly named: Uint8Array;
  private readonly fieldOf: Uint8Array;
  /** 1 for kinds that have no children worth a call into WASM. */
  private readonly leaf: Uint8Array;
  /** Length of an operator's text: it is its name. */
  private readonly width: Uint8Array;
  private capacity = INITIAL_NODES;
  private kind = new Uint8Array(INITIAL_NODES);
  private field = new Uint8Array(INITIAL_NODES);
  private start = new Int32Array(INITIAL_NODES);
  private end = new Int32Array(INITIAL_NODES);
  private next = new Int32Array(INITIAL_NODES);
  private damaged = new Uint8Array(INITIAL_NODES);

  constructor(
    private readonly runtime: Runtime,
    private readonly parser: Parser,
    language: Language,
    private readonly limits: ParseLimits,
    private readonly clock: Clock,
  ) {
    this.kindOf = new Uint8Array(65536);
    this.named = new Uint8Array(65536);
    this.kindOf[65535] = K.ERROR;
    this.named[65535] = 1;
    this.leaf = new Uint8Array(65536);
    this.width = new Uint8Array(65536);
    for (let id = 0; id < language.nodeTypeCount; id++) {
      const name = language.nodeTypeForId(id);
      if (name === null) continue;
      const named = language.nodeTypeIsNamed(id);
      this.named[id] = named ? 1 : 0;
      if (named && name in K) this.kindOf[id] = K[name as KindName];
      // Anonymous nodes are operators (which fill a field) or punctuation (which is passed over).
      if (!named && OPERATOR_TOKEN.test(name)) {
        this.named[id] = 2;
        this.width[id] = name.length;
      }
      if (named && LEAVES.has(name)) this.leaf[id] = 1;
    }
    this.fieldOf = new Uint8Array(language.fieldCount + 1);
    for (let id = 1; id <= language.fieldCount; id++) {
      const name = language.fieldNameForId(id);
      if (name !== null && name in F) this.fieldOf[id] = F[name as FieldName];
    }
  }

  parse(text: string): ParseResult {
    const tree = this.parseTree(text);
    if (typeof tree === 'string') return { ok: false, reason: tree };
    try {
      return this.flatten(tree);
    } finally {
      tree.delete();
    }
  }

  reparse(text: string, before: Parsed): ParseResult {
    if (text.length > this.limits.maxFileBytes) return this.parse(text);
    if (text === before.text && before.tree.damaged[0] !== 1)
      return { ok: true, tree: before.tree, hasError: false };
    const differs = difference(before.text, text);
    const moved = movedTree(before, text, differs);
    if (moved !== null) return { ok: true, tree: moved, hasError: false };
    const edited = editedFunction(before, text, differs);
    if (edited === null) return this.parse(text);
    const alone = this.parse(text.slice(edited.start, edited.end));
    const tree = alone.ok && !alone.hasError ? spliced(before, edited, alone.tree) : null;
    return tree === null ? this.parse(text) : { ok: true, tree, hasError: false };
  }

  dump(text: string): string | null {
    const tree = this.parseTree(text);
    if (typeof tree === 'string') return null;
    try {
      return tree.rootNode.toString();
    } finally {
      tree.delete();
    }
  }

  get wasmBytes(): number {
    return this.runtime.binding.HEAP32.buffer.byteLength;
  }

  dispose(): void {
    this.parser.delete();
  }

  /** The raw tree, or why there is none. */
  private parseTree(text: string): Tree | string {
    if (text.length > this.limits.maxFileBytes)
      return `larger than ${Math.round(this.limits.maxFileBytes / 1024 / 1024)} MiB`;
    const deadline = this.clock() + this.limits.parseMs;
    let tree: Tree | null = null;
    let failed = false;
    try {
      this.parser.reset();
      tree = this.parser.parse(text, null, { progressCallback: () => this.clock() > deadline });
    } catch {
      failed = true;
    }
    if (tree !== null) return tree;
    if (failed) return 'the parser broke off, as it does where memory runs out';
    this.parser.reset();
    return `not parsed within ${this.limits.parseMs} ms`;
  }

  private grow(): void {
    this.capacity *= 2;
    const grown = <T extends Uint8Array | Int32Array>(old: T, made: T): T => {
      made.set(old);
      return made;
    };
    this.kind = grown(this.kind, new Uint8Array(this.capacity));
    this.field = grown(this.field, new Uint8Array(this.capacity));
    this.damaged = grown(this.damaged, new Uint8Array(this.capacity));
    this.start = grown(this.start, new Int32Array(this.capacity));
    this.end = grown(this.end, new Int32Array(this.capacity));
    this.next = grown(this.next, new Int32Array(this.capacity));
  }

  private flatten(tree: Tree): ParseResult {
    const hasError = tree.rootNode.hasError;
    const cursor = new TreeWalk(this.runtime.binding, this.runtime.transfer, tree);
    try {
      // `stack` holds the flat index of each open node, -1 for those that are not kept.
      const stack: number[] = [];
      let count = 0;
      for (;;) {
        const id = cursor.typeId();
        const token = this.named[id];
        const isNamed = token === 1;
        let index = -1;
        if (token !== 0) {
          const above = stack[stack.length - 1] ?? -1;
          const fieldId = above >= 0 && NO_FIELDS[this.kind[above] as number] === 1 ? 0 : cursor.fieldId();
          if (count === this.capacity) this.grow();
          index = count++;
          const kind = isNamed ? (this.kindOf[id] ?? 0) : 0;
          const start = cursor.start();
          const end = isNamed ? cursor.end() : start + (this.width[id] as number);
          this.kind[index] = kind;
          this.field[index] = fieldId === 0 ? 0 : (this.fieldOf[fieldId] ?? 0);
          this.start[index] = start;
          this.end[index] = end;
          const bad = hasError && (kind === K.ERROR || (start === end && cursor.isMissing()));
          this.damaged[index] = bad ? 1 : 0;
        } else if (hasError && cursor.isMissing() && stack.length > 0) {
          const parent = stack[stack.length - 1] ?? -1;
          if (parent >= 0) this.damaged[parent] = 1;
        }
        if (stack.length > MAX_DEPTH) return { ok: false, reason: `nested deeper than ${MAX_DEPTH} levels` };
        if (isNamed && this.leaf[id] === 0 && cursor.firstChild()) {
          stack.push(index);
          continue;
        }
        if (index >= 0) this.next[index] = count;
        while (!cursor.nextSibling()) {
          if (!cursor.parent()) return this.finish(count, hasError);
          const closed = stack.pop() ?? -1;
          if (closed >= 0) {
            this.next[closed] = count;
            const parent = stack[stack.length - 1] ?? -1;
            if (parent >= 0 && this.damaged[closed] === 1) this.damaged[parent] = 1;
          }
        }
      }
    } finally {
      cursor.done();
    }
  }

  private finish(count: number, hasError: boolean): ParseResult {
    // Leaves mark their own damage only; children are after parents in pre-order, so one backward pass lifts it.
    const damaged = this.damaged.slice(0, count);
    const next = this.next.slice(0, count);
    if (hasError) {
      for (let i = count - 1; i >= 0; i--) {
        if (damaged[i] === 1) continue;
        const stop = next[i] ?? 0;
        for (let c = i + 1; c < stop; c = next[c] ?? stop) {
          if (damaged[c] === 1) {
            damaged[i] = 1;
            break;
          }
        }
      }
    }
    const tree: FlatTree = {
      length: count,
      kind: this.kind.slice(0, count),
      field: this.field.slice(0, count),
      start: this.start.slice(0, count),
      end: this.end.slice(0, count),
      next,
      damaged,
    };
    return { ok: true, tree, hasError };
  }
}

/** The first child of `node` that fills `field`, or -1. */
export function childByField(t: FlatTree, node: number, field: number): number {
  const stop = t.next[node] as number;
  for (let c = node + 1; c < stop; c = t.next[c] as number) if (t.field[c] === field) return c;
  return -1;
}

/** The first child of `node` of a kind, or -1. */
export function childByKind(t: FlatTree, node: number, kind: number): number {
  const stop = t.next[node] as number;
  for (let c = node + 1; c < stop; c = t.next[c] as number) if (t.kind[c] === kind) return c;
  return -1;
}
