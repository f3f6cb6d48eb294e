/**
 * Facts joined: which function a name means in a file, what a structure's field is, what a constant is worth, who
 * stands in which slot. Linking order: static in the file, then the unit (directory), then headers that the file can
 * see, then what other units export. A name that is defined twice at the same rank is not resolved: unknown, no guess.
 */
import { push } from '../base/multimap.js';
import {
  ENUM_STRIDE,
  FIELD_SAID_FIRST,
  FIELD_STRIDE,
  type FileFacts,
  FN_STATIC,
  Fn,
  FUNCTION_STRIDE,
  GLOBAL_STRIDE,
  INVOCATION_STRIDE,
  MACRO_STRIDE,
  PROTO_STRIDE,
  SLOT_STRIDE,
  STRUCT_STRIDE,
  TABLE_STRIDE,
  TYPE_STRIDE,
  TYPEDEF_STRIDE,
  USE_STRIDE,
} from '../facts/encode.js';
import { evaluateConstant } from './constant-expression.js';
import { enumerators } from './enumerators.js';
import { madeFunctions } from './generated.js';
import { type ScopeClassRef, scopeClass } from './scope-class.js';

/** A type as deep as the analysis needs it: base name and pointer depth. */
export interface TypeRef {
  readonly base: string;
  readonly depth: number;
}

/** A function of the program. `id` is dense. Macros that were compiled as functions have `isMacro`. */
export interface FunctionRef {
  readonly id: number;
  readonly file: FileFacts;
  readonly index: number;
  readonly name: string;
  readonly unit: string;
  readonly isStatic: boolean;
  readonly isMacro: boolean;
  /** In a header or of a macro: its code stands wherever it is used. */
  readonly isHeader: boolean;
  /** What is kept of it from check to check, by kind: here, since a map with weak keys of all functions costs every collection. */
  readonly kept: unknown[];
}

/** A function-like or object-like macro. */
export interface MacroRef {
  readonly file: FileFacts;
  /** Where it is defined: 0-based, in UTF-16 units; of a function that a macro makes, where that stands. */
  readonly position: number;
  readonly name: string;
  /** Null for an object-like macro. */
  readonly params: readonly string[] | null;
  readonly body: string;
}

/** A function in a slot of an operations table. */
export interface SlotRef {
  readonly struct: string;
  readonly slot: string;
  readonly table: string;
  readonly file: FileFacts;
  readonly position: number;
  readonly target: string;
}

/** A structure with the rows of its members. `name` with the word `struct` where it has one. */
export interface Structure {
  readonly name: string;
  readonly file: FileFacts;
  readonly first: number;
  readonly stop: number;
}

interface StructRef {
  readonly file: FileFacts;
  readonly index: number;
}

/** Directory of a path: the unit. */
export function unitOf(path: string): string {
  const at = path.lastIndexOf('/');
  return at < 0 ? '' : path.slice(0, at);
}

const MAX_CONSTANT_DEPTH = 12;

/** All facts of a run, joined. Files may be added until `link`. */
export class Program {
  readonly files = new Map<string, FileFacts>();
  readonly functions: FunctionRef[] = [];
  readonly slots: SlotRef[] = [];
  private readonly byName = new Map<string, FunctionRef[]>();
  private readonly macrosByName = new Map<string, MacroRef[]>();
  private readonly scopeClasses = new Map<string, ScopeClassRef[]>();
  private readonly structsByName = new Map<string, StructRef[]>();
  private readonly typedefs = new Map<string, TypeRef>();
  private readonly globals = new Map<string, { file: FileFacts; type: TypeRef; isStatic: boolean }[]>();
  private readonly protos = new Map<string, TypeRef>();
  /** Names that headers of the whole kernel declare. */
  private readonly declared = new Set<string>();
  private readonly enums = new Map<string, string>();
  /** Bodies of enumerations with macros in them, until something asks for a constant. */
  private enumBodies: { file: FileFacts; text: string; position: number }[] = [];
  private readonly constants = new Map<string, number | null>();
  private readonly slotsByTarget = new Map<string, SlotRef[]>();
  private readonly slotsByKey = new Map<string, SlotRef[]>();
  private readonly rowsByStruct = new Map<string, SlotRef[]>();
  private readonly slotsByTable = new Map<string, SlotRef[]>();
  private readonly resolved = new Map<string, Map<string, FunctionRef | null>>();
  private readonly fieldCache = new Map<string, TypeRef | null>();
  /** `d_lockref.lock` to `d_lock`: object-like macros that rename a field path. */
  readonly fieldRenames = new Map<string, string>();
  private readonly visibleHeaders = new Map<string, ReadonlySet<string>>();

  /** `modelConstant` answers for constants whose header is not at hand. */
  constructor(private readonly modelConstant: (name: string) => number | undefined) {}

  /** Adds one file's facts. */
  add(file: FileFacts): void {
    if (this.files.has(file.path)) return;
    this.files.set(file.path, file);
    const unit = unitOf(file.path);
    const isHeader = file.path.endsWith('.h');
    const s = file.strings;
    for (let i = 0; i * FUNCTION_STRIDE < file.functions.length; i++) {
      const at = i * FUNCTION_STRIDE;
      const name = s[file.functions[at + Fn.Name] as number] ?? '';
      const isStatic = ((file.functions[at + Fn.Flags] as number) & FN_STATIC) !== 0;
      this.register({
        id: this.functions.length,
        file,
        index: i,
        name,
        unit,
        isStatic,
        isMacro: false,
        isHeader,
        kept: [],
      });
    }
    for (let i = 0; i * MACRO_STRIDE < file.macros.length; i++) {
      const at = i * MACRO_STRIDE;
      const name = s[file.macros[at] as number] ?? '';
      const list = file.macros[at + 1] as number;
      const body = s[file.macros[at + 2] as number] ?? '';
      const params = list < 0 ? null : readList(file, list).map((p) => s[p] ?? '');
      push(this.macrosByName, name, { file, position: file.macros[at + 3] as number, name, params, body });
      if (params === null && isHeader && /^[a-z_]\w*(\.[a-z_]\w*)+$/.test(body))
        this.fieldRenames.set(body, name);
    }
    for (const { found } of scopeClassesOf(file)) push(this.scopeClasses, found.name, found);
    for (let i = 0; i * STRUCT_STRIDE < file.structs.length; i++)
      push(this.structsByName, s[file.structs[i * STRUCT_STRIDE] as number] ?? '', { file, index: i });
    for (let i = 0; i * TYPEDEF_STRIDE < file.typedefs.length; i++) {
      const name = s[file.typedefs[i * TYPEDEF_STRIDE] as number] ?? '';
      if (!this.typedefs.has(name))
        this.typedefs.set(name, typeRef(file, file.typedefs[i * TYPEDEF_STRIDE + 1] as number));
    }
    for (let i = 0; i * GLOBAL_STRIDE < file.globals.length; i++) {
      const at = i * GLOBAL_STRIDE;
      push(this.globals, s[file.globals[at] as number] ?? '', {
        file,
        type: typeRef(file, file.globals[at + 1] as number),
        isStatic: file.globals[at + 2] !== 0,
      });
    }
    for (let i = 0; i * PROTO_STRIDE < file.protos.length; i++) {
      const at = i * PROTO_STRIDE;
      const name = s[file.protos[at] as number] ?? '';
      if (!this.protos.has(name)) this.protos.set(name, typeRef(file, file.protos[at + 1] as number));
      if (file.path.startsWith('include/')) this.declared.add(name);
    }
    for (let i = 0; i * ENUM_STRIDE < file.enums.length; i++) {
      const at = i * ENUM_STRIDE;
      const name = s[file.enums[at] as number] ?? '';
      const text = s[file.enums[at + 1] as number] ?? '';
      if (name === '') this.enumBodies.push({ file, text, position: file.enums[at + 2] as number });
      else if (!this.enums.has(name)) this.enums.set(name, text);
    }
    for (let i = 0; i * TABLE_STRIDE < file.tables.length; i++) {
      const at = i * TABLE_STRIDE;
      const table = s[file.tables[at] as number] ?? '';
      const struct = (s[file.tables[at + 1] as number] ?? '').replace(/^struct /, '');
      const first = file.tables[at + 2] as number;
      const count = file.tables[at + 3] as number;
      for (let e = first; e < first + count; e++) {
        const slot: SlotRef = {
          struct,
          slot: s[file.slots[e * SLOT_STRIDE] as number] ?? '',
          table,
          file,
          position: file.slots[e * SLOT_STRIDE + 2] as number,
          target: s[file.slots[e * SLOT_STRIDE + 1] as number] ?? '',
        };
        this.slots.push(slot);
        push(this.slotsByTarget, slot.target, slot);
        push(this.slotsByKey, `${slot.struct}::${slot.slot}`, slot);
        push(this.slotsByTable, slot.table, slot);
      }
    }
    for (const row of rowsOf(file)) push(this.rowsByStruct, row.struct, row);
  }

  /**
   * Another text of a file in which nothing but bodies of functions is another: what refers to the file refers to the new text, and
   * all that was found out stays. The functions keep their numbers.
   */
  replaceBodies(now: FileFacts): void {
    const old = this.files.get(now.path);
    if (old === undefined) return;
    this.files.set(now.path, now);
    for (const ref of this.functions) if (ref.file === old) renew(ref, { file: now });
    const s = now.strings;
    // What has one name comes in one order in both
    const turns = new Map<readonly { readonly file: FileFacts }[], number>();
    const next = <T extends { readonly file: FileFacts }>(
      list: readonly T[] | undefined,
      change: Partial<T>,
    ): void => {
      if (list === undefined) return;
      let at = turns.get(list) ?? 0;
      while (at < list.length && list[at]?.file !== old) at++;
      turns.set(list, at + 1);
      if (at < list.length) renew(list[at] as T, change);
    };
    for (let at = 0; at < now.macros.length; at += MACRO_STRIDE)
      next(this.macrosByName.get(s[now.macros[at] as number] ?? ''), {
        file: now,
        position: now.macros[at + 3] as number,
      });
    for (const { ref, at } of this.madeMacros)
      if (ref.file === old) renew(ref, { file: now, position: now.invocations[at + 2] as number });
    for (const { found, at } of scopeClassesOf(now))
      next(this.scopeClasses.get(found.name), { file: now, position: now.invocations[at + 2] as number });
    for (let i = 0; i * STRUCT_STRIDE < now.structs.length; i++)
      next(this.structsByName.get(s[now.structs[i * STRUCT_STRIDE] as number] ?? ''), {
        file: now,
        index: i,
      });
    for (let at = 0; at < now.globals.length; at += GLOBAL_STRIDE)
      next(this.globals.get(s[now.globals[at] as number] ?? ''), { file: now });
    for (let at = 0; at < now.enums.length; at += ENUM_STRIDE)
      if (s[now.enums[at] as number] === '')
        next(this.enumBodies, { file: now, position: now.enums[at + 2] as number });
    for (let at = 0; at < now.tables.length; at += TABLE_STRIDE) {
      const first = now.tables[at + 2] as number;
      for (let e = first; e < first + (now.tables[at + 3] as number); e++)
        next(this.slots, { file: now, position: now.slots[e * SLOT_STRIDE + 2] as number });
    }
    for (const row of rowsOf(now))
      next(this.rowsByStruct.get(row.struct), { file: now, position: row.position });
  }

  /** Registers a function made from a macro's body. */
  addMacroFunction(file: FileFacts, index: number, name: string, unit: string): FunctionRef {
    const ref: FunctionRef = {
      id: this.functions.length,
      file,
      index,
      name,
      unit,
      isStatic: true,
      isMacro: true,
      isHeader: true,
      kept: [],
    };
    this.functions.push(ref);
    return ref;
  }

  private register(ref: FunctionRef): void {
    this.functions.push(ref);
    push(this.byName, ref.name, ref);
  }

  /** The function that `name` means in `from`, or null where there is none or more than one. */
  resolve(name: string, from: FileFacts): FunctionRef | null {
    let cache = this.resolved.get(from.path);
    if (cache === undefined) {
      cache = new Map();
      this.resolved.set(from.path, cache);
    }
    let found = cache.get(name);
    if (found === undefined) {
      found = this.resolveUncached(name, from);
      cache.set(name, found);
    }
    return found;
  }

  private resolveUncached(name: string, from: FileFacts): FunctionRef | null {
    const all = this.byName.get(name);
    if (all === undefined) return null;
    return this.nearest(
      all,
      from,
      (r) => r.file,
      (r) => r.isStatic,
    );
  }

  /** Picks by linking order; null where the best rank is shared. */
  private nearest<T>(
    all: readonly T[],
    from: FileFacts,
    fileOf: (x: T) => FileFacts,
    isPrivate: (x: T) => boolean,
  ): T | null {
    let best: T | null = null;
    let bestRank = 9;
    const unit = unitOf(from.path);
    for (const x of all) {
      const file = fileOf(x);
      const header = file.path.endsWith('.h');
      let rank: number;
      // The macros of a file have facts of their own under the same path
      if (file.path === from.path) rank = 0;
      else if (!header && isPrivate(x)) continue;
      else if (unitOf(file.path) === unit) rank = 1;
      else if (header && this.sees(from, file.path)) rank = 2;
      // Another unit's code: what is at hand of it depends on what was asked for, and an answer must not
      else continue;
      if (rank < bestRank) {
        best = x;
        bestRank = rank;
      }
    }
    return best;
  }

  /** Whether a file can see a header: anything below include/, or a header in the closure of its own includes. */
  private sees(from: FileFacts, header: string): boolean {
    if (header.startsWith('include/')) return true;
    let set = this.visibleHeaders.get(from.path);
    if (set === undefined) {
      const seen = new Set<string>();
      const todo = [from.path];
      for (let at = todo.pop(); at !== undefined; at = todo.pop()) {
        const file = this.files.get(at);
        if (file === undefined) continue;
        for (const inc of file.includes) {
          const path = resolveInclude(file.strings[inc] ?? '', at, (p) => this.files.has(p));
          if (path !== null && !path.startsWith('include/') && !seen.has(path)) {
            seen.add(path);
            todo.push(path);
          }
        }
      }
      set = seen;
      this.visibleHeaders.set(from.path, set);
    }
    return set.has(header);
  }

  /** All functions of a name, for queries by name. */
  functionsNamed(name: string): readonly FunctionRef[] {
    return this.byName.get(name) ?? [];
  }

  /**
   * The macro that `name` means in `from`. With a position there, the definition of that file that stands last before it:
   * a list (`#define x(n) ...`, `LIST()`, `#undef x`) takes another meaning each time.
   */
  macro(name: string, from: FileFacts, position = -1): MacroRef | null {
    this.makeFunctions();
    const all = this.macrosByName.get(name);
    if (all === undefined) return null;
    const here =
      position < 0 ? undefined : all.findLast((m) => m.file.path === from.path && m.position < position);
    if (here !== undefined) return here;
    return this.nearest(
      all,
      from,
      (m) => m.file,
      () => true,
    );
  }

  private functionsMade = false;
  /** What macros make at top level, with the number of the call in its file. */
  private readonly madeMacros: { readonly ref: MacroRef; readonly at: number }[] = [];

  /** Functions that macros make at top level are macros to whoever calls them: what they do is done where they are called. */
  private makeFunctions(): void {
    if (this.functionsMade) return;
    this.functionsMade = true;
    for (const file of this.files.values()) {
      const s = file.strings;
      for (let at = 0; at < file.invocations.length; at += INVOCATION_STRIDE) {
        const macro = this.macro(s[file.invocations[at] as number] ?? '', file);
        if (macro === null || macro.params === null) continue;
        const args = readList(file, file.invocations[at + 1] as number).map((a) => s[a] ?? '');
        const position = file.invocations[at + 2] as number;
        for (const fn of madeFunctions(macro.params, macro.body, args))
          if (!this.byName.has(fn.name)) this.madeMacros.push({ ref: { file, position, ...fn }, at });
      }
    }
    for (const { ref } of this.madeMacros) push(this.macrosByName, ref.name, ref);
  }

  /** The scope class that `name` means in `from`, where the tree at hand defines it. */
  scopeClass(name: string, from: FileFacts): ScopeClassRef | null {
    const all = this.scopeClasses.get(name);
    if (all === undefined) return null;
    return this.nearest(
      all,
      from,
      (c) => c.file,
      () => true,
    );
  }

  /** The type of a structure's field, or null. `struct` is `struct inode`. */
  field(struct: string, field: string, from: FileFacts): TypeRef | null {
    const key = `${struct}\u0000${field}\u0000${unitOf(from.path)}`;
    let found = this.fieldCache.get(key);
    if (found === undefined) {
      found = this.fieldUncached(struct, field, from);
      this.fieldCache.set(key, found);
    }
    return found;
  }

  private fieldUncached(struct: string, field: string, from: FileFacts): TypeRef | null {
    const all = this.structsByName.get(struct);
    if (all === undefined) return null;
    const ref =
      this.nearest(
        all,
        from,
        (r) => r.file,
        (r) => !r.file.path.endsWith('.h'),
      ) ?? all[0];
    if (ref === undefined) return null;
    const at = ref.index * STRUCT_STRIDE;
    const first = ref.file.structs[at + 1] as number;
    const count = ref.file.structs[at + 2] as number;
    for (let f = first; f < first + count; f++)
      if (ref.file.strings[ref.file.fields[f * FIELD_STRIDE] as number] === field)
        return this.plain(typeRef(ref.file, ref.file.fields[f * FIELD_STRIDE + 1] as number));
    return null;
  }

  /** All structures that are defined, each with its members: from one row of its file's fields up to another. */
  *structures(): Generator<Structure> {
    for (const [name, all] of this.structsByName)
      for (const { file, index } of all) {
        const at = index * STRUCT_STRIDE;
        const first = file.structs[at + 1] as number;
        yield { name, file, first, stop: first + (file.structs[at + 2] as number) };
      }
  }

  /** Where a structure is defined, and its fields, for fixes and dumps; null where it is not at hand. */
  structure(
    struct: string,
    from: FileFacts,
  ): {
    readonly file: FileFacts;
    readonly position: number;
    readonly fields: readonly { name: string; type: TypeRef; position: number; saidFirst: boolean }[];
  } | null {
    const all = this.structsByName.get(struct);
    if (all === undefined) return null;
    const ref =
      this.nearest(
        all,
        from,
        (r) => r.file,
        (r) => !r.file.path.endsWith('.h'),
      ) ?? all[0];
    if (ref === undefined) return null;
    const at = ref.index * STRUCT_STRIDE;
    const first = ref.file.structs[at + 1] as number;
    const count = ref.file.structs[at + 2] as number;
    const fields = [];
    for (let f = first; f < first + count; f++)
      fields.push({
        name: ref.file.strings[ref.file.fields[f * FIELD_STRIDE] as number] ?? '',
        type: typeRef(ref.file, ref.file.fields[f * FIELD_STRIDE + 1] as number),
        position: ref.file.fields[f * FIELD_STRIDE + 2] as number,
        saidFirst: ((ref.file.fields[f * FIELD_STRIDE + 3] as number) & FIELD_SAID_FIRST) !== 0,
      });
    return { file: ref.file, position: ref.file.structs[at + 3] as number, fields };
  }

  /** A type with typedefs of structures seen through. */
  plain(type: TypeRef): TypeRef {
    let t = type;
    for (let i = 0; i < 5; i++) {
      if (t.base.startsWith('struct ') || t.base.startsWith('union ')) return t;
      const d = this.typedefs.get(t.base);
      if (d === undefined || d.base === t.base) return t;
      // Lock types keep their own name: spinlock_t says more than its structure
      if (LOCK_TYPEDEFS.has(t.base)) return t;
      t = { base: d.base, depth: d.depth + t.depth };
    }
    return t;
  }

  /** The type of a global as seen from a file, or null. */
  global(name: string, from: FileFacts): TypeRef | null {
    const all = this.globals.get(name);
    if (all === undefined) return null;
    const g =
      this.nearest(
        all,
        from,
        (x) => x.file,
        (x) => x.isStatic,
      ) ?? (all.some((x) => !x.isStatic) ? all[0] : null);
    return g === null || g === undefined ? null : this.plain(g.type);
  }

  /** Where a static global lives, so that two files' `static DEFINE_MUTEX(lock)` stay apart: its file, or ''. */
  globalHome(name: string, from: FileFacts): string {
    const all = this.globals.get(name);
    if (all === undefined) return '';
    for (const g of all) if (g.file.path === from.path && g.isStatic) return from.path;
    return '';
  }

  /** Whether a header of the whole kernel (below `include/`) declares a function of this name: other directories may call it. */
  isDeclaredForAll(name: string): boolean {
    return this.declared.has(name);
  }

  /** The return type of a function known by prototype or definition. */
  returnType(name: string, from: FileFacts): TypeRef | null {
    const f = this.resolve(name, from);
    if (f !== null)
      return this.plain(
        typeRef(f.file, f.file.functions[f.index * FUNCTION_STRIDE + Fn.ReturnType] as number),
      );
    const p = this.protos.get(name);
    return p === undefined ? null : this.plain(p);
  }

  /** The value of a constant name: an enumerator or an object-like macro whose body is arithmetic. */
  constant(name: string): number | null {
    const known = this.constants.get(name);
    if (known !== undefined) return known;
    this.constants.set(name, null);
    const value = this.modelConstant(name) ?? this.constantFromTree(name, 0);
    this.constants.set(name, value);
    return value;
  }

  private constantFromTree(name: string, depth: number): number | null {
    const fixed = this.modelConstant(name);
    if (fixed !== undefined) return fixed;
    if (depth > MAX_CONSTANT_DEPTH) return null;
    if (this.enumBodies.length > 0) this.readEnumBodies();
    const text = this.enums.get(name) ?? this.macrosByName.get(name)?.find((m) => m.params === null)?.body;
    if (text === undefined || text.length > 300) return null;
    return evaluateConstant(text, (n) => this.constantFromTree(n, depth + 1));
  }

  private readEnumBodies(): void {
    const bodies = this.enumBodies;
    this.enumBodies = [];
    for (const { file, text, position } of bodies) {
      const list = enumerators(
        text,
        (name) => this.macro(name, file, position),
        (expression, before) =>
          evaluateConstant(expression, (n) => before.get(n) ?? this.constantFromTree(n, 1)),
      );
      for (const { name, value } of list) if (!this.enums.has(name)) this.enums.set(name, value);
    }
  }

  /** Slots that name this function, as seen from its own file (static functions) or from anywhere. */
  slotsOf(f: FunctionRef): readonly SlotRef[] {
    const all = this.slotsByTarget.get(f.name);
    if (all === undefined) return [];
    return all.filter((s) => s.file === f.file || this.resolve(f.name, s.file) === f);
  }

  /** Tables of a structure that fill a slot. */
  slotFillers(struct: string, slot: string): readonly SlotRef[] {
    const named = this.slotsByKey.get(`${struct}::${slot}`);
    if (named !== undefined) return named;
    // A structure with one pointer to a function: what a row without names gives it is that one
    const rows = this.rowsByStruct.get(struct) ?? [];
    return rows.length > 0 && this.onlyFunctionPointer(struct) === slot ? rows : [];
  }

  /** The functions of a unit that stand in a slot of a structure, each once. */
  functionsInSlot(struct: string, slot: string, unit: string): readonly FunctionRef[] {
    const out = new Set<FunctionRef>();
    for (const { target, file } of this.slotFillers(struct, slot)) {
      const fn = file.path.startsWith(unit) ? this.resolve(target, file) : null;
      if (fn !== null) out.add(fn);
    }
    return [...out];
  }

  private structsBySlot: ReadonlyMap<string, readonly string[]> | null = null;

  /** The structures of which some table fills a slot of this name. */
  structsWithSlot(slot: string): readonly string[] {
    if (this.structsBySlot === null) {
      const out = new Map<string, string[]>();
      for (const key of this.slotsByKey.keys()) {
        const [struct, name] = key.split('::') as [string, string];
        const list = out.get(name);
        if (list === undefined) out.set(name, [struct]);
        else list.push(struct);
      }
      this.structsBySlot = out;
    }
    return this.structsBySlot.get(slot) ?? [];
  }

  /** The name of the only member of a structure that points at a function; null where there is none, or more. */
  private onlyFunctionPointer(struct: string): string | null {
    const ref = this.structsByName.get(`struct ${struct}`)?.[0];
    if (ref === undefined) return null;
    const { file } = ref;
    const first = file.structs[ref.index * STRUCT_STRIDE + 1] as number;
    const count = file.structs[ref.index * STRUCT_STRIDE + 2] as number;
    let found: string | null = null;
    for (let f = first; f < first + count; f++) {
      if (typeRef(file, file.fields[f * FIELD_STRIDE + 1] as number).base !== '(*)') continue;
      if (found !== null) return null;
      found = file.strings[file.fields[f * FIELD_STRIDE] as number] ?? null;
    }
    return found;
  }

  /** The slots of a table by its variable name, as a file sees it. */
  tableSlots(table: string, from: FileFacts): readonly SlotRef[] {
    const all = this.slotsByTable.get(table) ?? [];
    const own = all.filter((s) => s.file === from);
    return own.length > 0 ? own : all;
  }
}

/** Changes what refers to a file whose text is another one now. */
function renew<T extends object>(ref: T, change: Partial<T>): void {
  Object.assign(ref, change);
}

/** Scope classes that a file defines, each with the number of the macro call that does. */
function* scopeClassesOf(file: FileFacts): Generator<{ readonly found: ScopeClassRef; readonly at: number }> {
  const s = file.strings;
  for (let at = 0; at < file.invocations.length; at += INVOCATION_STRIDE) {
    const macro = s[file.invocations[at] as number] ?? '';
    if (!macro.startsWith('DEFINE_')) continue;
    const args = readList(file, file.invocations[at + 1] as number).map((a) => s[a] ?? '');
    const found = scopeClass(macro, args, file, file.invocations[at + 2] as number);
    if (found !== null) yield { found, at };
  }
}

/** Rows without names: what stands in them by its place. */
function* rowsOf(file: FileFacts): Generator<SlotRef> {
  const s = file.strings;
  for (let at = 0; at < file.uses.length; at += USE_STRIDE) {
    if ((s[file.uses[at + 1] as number] ?? '') !== '') continue;
    const struct = (s[file.uses[at] as number] ?? '').replace(/^struct /, '');
    if (struct === '') continue;
    yield {
      struct,
      slot: '',
      table: s[file.uses[at + 3] as number] ?? '',
      file,
      position: file.uses[at + 4] as number,
      target: s[file.uses[at + 2] as number] ?? '',
    };
  }
}

const LOCK_TYPEDEFS = new Set([
  'spinlock_t',
  'raw_spinlock_t',
  'rwlock_t',
  'seqlock_t',
  'seqcount_t',
  'local_lock_t',
]);

/** Members of a list in a file's list pool. */
export function readList(file: FileFacts, at: number): readonly number[] {
  // One by one: this is asked for at every call, and an array made from a view of another goes through an iterator
  const { lists } = file;
  const out: number[] = [];
  for (let i = at + 1, end = i + (lists[at] as number); i < end; i++) out.push(lists[i] as number);
  return out;
}

/** A type of a file's type table. */
export function typeRef(file: FileFacts, type: number): TypeRef {
  if (type < 0) return { base: '', depth: 0 };
  return {
    base: file.strings[file.types[type * TYPE_STRIDE] as number] ?? '',
    depth: file.types[type * TYPE_STRIDE + 1] as number,
  };
}

const BYTE_ORDER = 'include/linux/byteorder/little_endian.h';

/** The path that an include means, or null. `<linux/fs.h>` is looked for below include/. */
export function resolveInclude(
  include: string,
  from: string,
  exists: (path: string) => boolean,
): string | null {
  const name = include.slice(1, -1);
  if (include.startsWith('"')) {
    const local = normalise(`${unitOf(from)}/${name}`);
    if (exists(local)) return local;
  }
  for (const root of ['include/', 'include/uapi/']) if (exists(root + name)) return root + name;
  // Architectures are left out: what they share stands in asm-generic, and a byte order is as good as the other
  if (name === 'asm/byteorder.h' && exists(BYTE_ORDER)) return BYTE_ORDER;
  if (name.startsWith('asm/')) {
    const generic = `asm-generic/${name.slice(4)}`;
    for (const root of ['include/', 'include/uapi/']) if (exists(root + generic)) return root + generic;
  }
  return null;
}

function normalise(path: string): string {
  const parts: string[] = [];
  for (const p of path.split('/')) {
    if (p === '' || p === '.') continue;
    if (p === '..') parts.pop();
    else parts.push(p);
  }
  return parts.join('/');
}
