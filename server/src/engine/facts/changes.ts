/**
 * What an edit of a file changed, as far as anything else can see it: bodies of functions, and names whose meaning is another
 * one now. Positions are no change. Must not know who uses a name.
 */
import {
  ENUM_STRIDE,
  FIELD_STRIDE,
  type FileFacts,
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
  VARIABLE_STRIDE,
} from './encode.js';

/** Changes between two versions of a file. */
export interface Changes {
  /** Functions of the new version that have another text than before, or none before; by number in the file. */
  readonly bodies: ReadonlySet<number>;
  /** Names that are declared otherwise than before, or no longer, or newly. */
  readonly names: ReadonlySet<string>;
}

/** Marks a name whose rename of a member path is looked for wherever that path is written. */
const DOTTED = /^[a-z_]\w*(\.[a-z_]\w*)+$/;

/** What changed, or null where it is more than can be told: what stands in tables, in initialisers or at top level. */
export function changesOf(old: FileFacts, now: FileFacts): Changes | null {
  if (standing(old) !== standing(now) || macroOrder(old) !== macroOrder(now)) return null;
  const names = new Set<string>();
  const before = declarations(old);
  const after = declarations(now);
  for (const [key, { said, names: of }] of after)
    if (before.get(key)?.said !== said) for (const name of of) names.add(name);
  for (const [key, { said, names: of }] of before)
    if (after.get(key)?.said !== said) {
      if (said.includes(RENAMES)) return null;
      for (const name of of) names.add(name);
    }
  if ([...after].some(([key, d]) => d.said.includes(RENAMES) && before.get(key)?.said !== d.said))
    return null;
  const hashes = new Map<string, number>();
  for (const { key, index } of functionKeys(old))
    hashes.set(key, old.functions[index * FUNCTION_STRIDE + Fn.Hash] as number);
  const bodies = new Set<number>();
  for (const { key, index } of functionKeys(now))
    if (hashes.get(key) !== now.functions[index * FUNCTION_STRIDE + Fn.Hash]) bodies.add(index);
  return { bodies, names };
}

/** What is another than before in a program's files. */
export interface Changed {
  /** Whether a function is another: by its own text, or by the meaning of a name that its file writes. */
  readonly isChanged: (fn: { readonly file: FileFacts; readonly index: number }) => boolean;
  /** The new texts, where nothing but bodies of functions are others; else null. */
  readonly onlyBodies: readonly FileFacts[] | null;
}

/** What changed in a program's files; null where the files are not the same ones, or more changed than can be told. */
export function changedFunctions(before: readonly FileFacts[], after: readonly FileFacts[]): Changed | null {
  if (before.length !== after.length || before.some((f, i) => f.path !== after[i]?.path)) return null;
  const bodies = new Map<FileFacts, ReadonlySet<number>>();
  let names = new Set<string>();
  let inOrder = true;
  for (const [i, old] of before.entries()) {
    const now = after[i] as FileFacts;
    if (now === old) continue;
    const changes = changesOf(old, now);
    if (changes === null) return null;
    bodies.set(now, changes.bodies);
    const keys = functionKeys(old);
    inOrder &&=
      keys.length === functionKeys(now).length &&
      functionKeys(now).every(({ key }, index) => keys[index]?.key === key);
    for (const name of changes.names) if (name !== '') names.add(name);
  }
  if (names.size === 0)
    return {
      isChanged: (fn) => bodies.get(fn.file)?.has(fn.index) === true,
      onlyBodies: inOrder ? [...bodies.keys()] : null,
    };
  // A macro whose text writes such a name means something else too
  let pattern = anyOf(names);
  for (;;) {
    const more = new Set(names);
    for (const file of after) for (const name of macrosWith(file, pattern)) more.add(name);
    if (more.size === names.size) break;
    names = more;
    pattern = anyOf(names);
  }
  const known = new Map<FileFacts, boolean>();
  const isChanged: Changed['isChanged'] = ({ file, index }) => {
    if (bodies.get(file)?.has(index) === true) return true;
    let says = known.get(file);
    if (says === undefined) {
      says = mentions(file, pattern);
      known.set(file, says);
    }
    return says;
  };
  return { isChanged, onlyBodies: null };
}

function anyOf(names: ReadonlySet<string>): RegExp {
  return new RegExp(`(?<!\\w)(?:${[...names].map((n) => n.replace(/[^\w]/g, '\\$&')).join('|')})(?!\\w)`);
}

/** A function of a file. `key`: what tells it apart in another version of the file: the name, and which of that name it is. */
interface KeyedFunction {
  readonly key: string;
  /** The same, with the file. */
  readonly full: string;
  readonly index: number;
}

const KEYED = new WeakMap<FileFacts, readonly KeyedFunction[]>();

/** The functions of a file by what tells them apart in another version of it. */
export function functionKeys(file: FileFacts): readonly KeyedFunction[] {
  const known = KEYED.get(file);
  if (known !== undefined) return known;
  const seen = new Map<string, number>();
  const out: KeyedFunction[] = [];
  for (let index = 0; index * FUNCTION_STRIDE < file.functions.length; index++) {
    const name = file.strings[file.functions[index * FUNCTION_STRIDE + Fn.Name] as number] ?? '';
    const nth = seen.get(name) ?? 0;
    seen.set(name, nth + 1);
    const key = nth === 0 ? name : `${name}#${nth}`;
    out.push({ key, full: `${file.path}:${key}`, index });
  }
  KEYED.set(file, out);
  return out;
}

/** Whether a file writes any of some names anywhere: in code, in a macro, in an initialiser. `names`: matches one of them. */
export function mentions(file: FileFacts, names: RegExp): boolean {
  return file.strings.some((s) => names.test(s));
}

/** Macros of a file whose text writes any of some names. */
export function macrosWith(file: FileFacts, names: RegExp): string[] {
  const out: string[] = [];
  for (let at = 0; at < file.macros.length; at += MACRO_STRIDE)
    if (names.test(file.strings[file.macros[at + 2] as number] ?? ''))
      out.push(file.strings[file.macros[at] as number] ?? '');
  return out;
}

const RENAMES = '\u0002';

interface Declared {
  readonly said: string;
  readonly names: readonly string[];
}

/** Everything that a file declares, without positions. */
function declarations(f: FileFacts): Map<string, Declared> {
  const out = new Map<string, Declared>();
  const s = f.strings;
  const text = (id: number | undefined): string => s[id ?? -1] ?? '';
  const type = (id: number | undefined): string =>
    id === undefined || id < 0
      ? ''
      : `${text(f.types[id * TYPE_STRIDE])}*${f.types[id * TYPE_STRIDE + 1] as number}`;
  // Several of one name count together, in their order
  const put = (kind: string, name: string, said: string, names: readonly string[] = [name]): void => {
    const key = `${kind} ${name}`;
    const known = out.get(key);
    out.set(
      key,
      known === undefined
        ? { said, names }
        : { said: `${known.said}\u0001${said}`, names: [...known.names, ...names] },
    );
  };
  for (const { index } of functionKeys(f)) {
    const at = index * FUNCTION_STRIDE;
    const parameters: string[] = [];
    for (let p = 0; p < (f.functions[at + Fn.ParameterCount] as number); p++) {
      const v = ((f.functions[at + Fn.FirstVariable] as number) + p) * VARIABLE_STRIDE;
      parameters.push(`${text(f.variables[v])}:${type(f.variables[v + 1])}`);
    }
    const said = [
      f.functions[at + Fn.Flags],
      type(f.functions[at + Fn.ReturnType]),
      ...parameters,
      ...listed(f, f.functions[at + Fn.Annotations] as number),
    ].join();
    put('function', text(f.functions[at + Fn.Name]), said);
  }
  for (let at = 0; at < f.macros.length; at += MACRO_STRIDE) {
    const list = f.macros[at + 1] as number;
    const body = text(f.macros[at + 2]);
    const renames = list < 0 && DOTTED.test(body) ? RENAMES : '';
    put('macro', text(f.macros[at]), `${list < 0 ? '' : `(${listed(f, list).join()})`}${renames}${body}`);
  }
  for (let at = 0; at < f.structs.length; at += STRUCT_STRIDE) {
    const name = text(f.structs[at]);
    const first = f.structs[at + 1] as number;
    const fields: string[] = [];
    const names = [name.replace(/^(struct|union|enum) /, '')];
    for (let x = first; x < first + (f.structs[at + 2] as number); x++) {
      const field = text(f.fields[x * FIELD_STRIDE]);
      fields.push(
        `${field}:${type(f.fields[x * FIELD_STRIDE + 1])}:${f.fields[x * FIELD_STRIDE + 3] as number}:${text(f.fields[x * FIELD_STRIDE + 4])}`,
      );
      names.push(field);
    }
    put('struct', name, fields.join(), names);
  }
  for (let at = 0; at < f.typedefs.length; at += TYPEDEF_STRIDE)
    put('typedef', text(f.typedefs[at]), type(f.typedefs[at + 1]));
  for (let at = 0; at < f.globals.length; at += GLOBAL_STRIDE)
    put('global', text(f.globals[at]), `${type(f.globals[at + 1])},${f.globals[at + 2] as number}`);
  for (let at = 0; at < f.protos.length; at += PROTO_STRIDE) {
    const said = [
      type(f.protos[at + 1]),
      ...listed(f, f.protos[at + 2] as number),
      f.protos[at + 3] as number,
    ];
    put('proto', text(f.protos[at]), said.join());
  }
  for (let at = 0; at < f.enums.length; at += ENUM_STRIDE) {
    const name = text(f.enums[at]);
    const value = text(f.enums[at + 1]);
    put('enum', name, value, name === '' ? (value.match(/[A-Za-z_]\w*/g) ?? []) : [name]);
  }
  return out;
}

/** What is read of a file as a whole, without positions. */
function standing(f: FileFacts): string {
  const s = f.strings;
  const text = (id: number | undefined): string => s[id ?? -1] ?? '';
  const out: string[] = [];
  for (const i of f.includes) out.push(text(i));
  for (let at = 0; at < f.tables.length; at += TABLE_STRIDE) {
    out.push(`${text(f.tables[at])}:${text(f.tables[at + 1])}`);
    const first = f.tables[at + 2] as number;
    for (let x = first; x < first + (f.tables[at + 3] as number); x++)
      out.push(`${text(f.slots[x * SLOT_STRIDE])}=${text(f.slots[x * SLOT_STRIDE + 1])}`);
  }
  for (let at = 0; at < f.invocations.length; at += INVOCATION_STRIDE)
    out.push(`${text(f.invocations[at])}(${listed(f, f.invocations[at + 1] as number).join()})`);
  for (let at = 0; at < f.uses.length; at += USE_STRIDE)
    out.push([0, 1, 2, 3].map((x) => text(f.uses[at + x])).join(':'));
  return out.join('\n');
}

/** Where a macro that is defined several times stands among the functions: each takes the definition before it. */
function macroOrder(f: FileFacts): string {
  const count = new Map<number, number>();
  for (let at = 0; at < f.macros.length; at += MACRO_STRIDE) {
    const name = f.macros[at] as number;
    count.set(name, (count.get(name) ?? 0) + 1);
  }
  const out: { readonly position: number; readonly name: string }[] = [];
  for (let at = 0; at < f.macros.length; at += MACRO_STRIDE)
    if ((count.get(f.macros[at] as number) ?? 0) > 1)
      out.push({ position: f.macros[at + 3] as number, name: `#${f.strings[f.macros[at] as number] ?? ''}` });
  if (out.length === 0) return '';
  for (const { key, index } of functionKeys(f))
    out.push({ position: f.functions[index * FUNCTION_STRIDE + Fn.Start] as number, name: key });
  return out
    .sort((a, b) => a.position - b.position)
    .map((x) => x.name)
    .join();
}

function listed(f: FileFacts, list: number): string[] {
  if (list < 0) return [];
  const out: string[] = [];
  const count = f.lists[list] as number;
  for (let i = 1; i <= count; i++) out.push(f.strings[f.lists[list + i] as number] ?? '');
  return out;
}
