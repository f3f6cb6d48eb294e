/**
 * Where control comes into the code from outside: functions in slots of tables (initialised, or assigned at run time),
 * handed to a registration, named by a macro at top level, system calls, init and exit code. Each with its kind, told by
 * the structure and slot or by the model's callbacks, never by a filesystem's names. Says nothing about what holds there.
 */

import { push } from '../base/multimap.js';
import {
  EXPR_STRIDE,
  type FileFacts,
  FN_MACRO_DEFINED,
  Fn,
  FUNCTION_STRIDE,
  INVOCATION_STRIDE,
  MACRO_STRIDE,
  nameIn,
  OP_STRIDE,
  Op,
  USE_STRIDE,
  X,
} from '../facts/encode.js';
import type { Model } from '../model/types.js';
import { expandMacros } from './expand.js';
import { ExpressionTypes } from './expression-types.js';
import { type FunctionRef, type MacroRef, type Program, readList, unitOf } from './program.js';

/** Kinds of beginnings. `table`: in a table that nothing known calls through. */
export type EntryKind =
  | 'method'
  | 'ioctl'
  | 'syscall'
  | 'fault'
  | 'attribute'
  | 'work'
  | 'kthread'
  | 'timer'
  | 'rcu'
  | 'completion'
  | 'shrinker'
  | 'notifier'
  | 'parameter'
  | 'init'
  | 'operations'
  | 'table';

/** One beginning. */
export interface Beginning {
  readonly fn: number;
  readonly kind: EntryKind;
  /** Structure and slot, '' where there is none. */
  readonly struct: string;
  readonly slot: string;
  /** In words, for people: `inode_operations.rename in foo_iops`, `INIT_WORK()`. */
  readonly how: string;
  readonly file: FileFacts;
  /** Position in the file where it is named; relative to the function's start where an operation names it. */
  readonly position: number;
  /** Told from the function's own unit and headers alone, so that it does not depend on what else is at hand. */
  readonly own: boolean;
}

/** All beginnings of a program, and what else fills slots. */
export interface Beginnings {
  readonly all: readonly Beginning[];
  /** Functions by `struct::slot`; `struct::*` for entries without a slot's name, `=file#table` for arrays of functions. */
  readonly fillers: ReadonlyMap<string, readonly number[]>;
  /** Names that were taken up here, as `function:operation:argument`; argument -1 for an assignment's value. */
  readonly taken: ReadonlySet<string>;
  /** Parameters that a function stores, or hands on to be run later, as `function:parameter`. */
  readonly kept: ReadonlySet<string>;
  /** By the name of a function that a macro at top level makes: the functions that its body names. */
  readonly made: ReadonlyMap<string, readonly number[]>;
}

const NOTHING_SAID: readonly Said[] = [];

const READINGS: readonly Reading[] = ['invocations', 'uses', 'literals', 'functions'];

/** Rounds in which functions that store a parameter are found through each other. */
const MAX_ROUNDS = 5;

const KIND_OF_STRUCT: Readonly<Record<string, EntryKind>> = {
  bio: 'completion',
  buffer_head: 'completion',
  kiocb: 'completion',
  netfs_io_request: 'completion',
  timer_list: 'timer',
  hrtimer: 'timer',
  shrinker: 'shrinker',
  work_struct: 'work',
  delayed_work: 'work',
  kthread_work: 'kthread',
  // Work that a task does on its way back to user space
  callback_head: 'work',
  rcu_head: 'rcu',
  notifier_block: 'notifier',
  kernel_param_ops: 'parameter',
  seq_operations: 'attribute',
  ctl_table: 'attribute',
  proc_ops: 'attribute',
  kernfs_ops: 'attribute',
  sysfs_ops: 'attribute',
  kobj_type: 'attribute',
  attribute_group: 'attribute',
  kset_uevent_ops: 'attribute',
  configfs_item_operations: 'attribute',
  configfs_group_operations: 'attribute',
  configfs_attribute: 'attribute',
  vm_operations_struct: 'fault',
};

/** Modelled entry points whose structure is no VFS object: code of the VFS that a method leads to calls them. */
export const OTHER_OPERATIONS: ReadonlySet<string> = new Set([
  'fsnotify_ops',
  'lock_manager_operations',
  'lease_manager_operations',
  'file_lock_operations',
]);

const KIND_OF_CONTEXT = {
  rcu: 'rcu',
  work: 'work',
  timer: 'timer',
  irq: 'completion',
  kthread: 'kthread',
} as const;

const INIT_MACRO = /^(module_(init|exit)|\w*_?initcall(_sync)?|__exitcall)$/;
const PARAMETER_MACRO = /^(module_param\w*|core_param\w*|__setup|early_param|__setup_param)$/;
const STORES = new Set(['rcu_assign_pointer', 'RCU_INIT_POINTER', 'WRITE_ONCE', 'smp_store_release', 'xchg']);

interface Argument {
  readonly caller: FunctionRef;
  readonly op: number;
  readonly index: number;
  readonly callee: FunctionRef;
  /** The callee and its parameter, as `function:parameter`. */
  readonly key: string;
  readonly own: boolean;
  /** A function, or -1 and then a parameter of the caller. */
  readonly fn: number;
  readonly parameter: number;
  readonly position: number;
}

/** What a file, or a function, says about beginnings. */
type Said =
  | { readonly kind: 'beginning'; readonly beginning: Beginning }
  | { readonly kind: 'filler'; readonly key: string; readonly fn: number }
  | { readonly kind: 'taken'; readonly key: string }
  | { readonly kind: 'kept'; readonly fn: number; readonly parameter: number; readonly key: string }
  | { readonly kind: 'argument'; readonly argument: Argument }
  | { readonly kind: 'made'; readonly key: string; readonly fn: number };

/** The hash of a function's text. */
function hashOf({ file, index }: FunctionRef): number {
  return file.functions[index * FUNCTION_STRIDE + Fn.Hash] as number;
}

/** What a file says by one kind of reading. */
type Reading = 'invocations' | 'uses' | 'literals' | 'functions';

/** What was read of the texts of one program: stays as long as nothing but bodies change. */
export class BeginningsRead {
  readonly ofFiles = new Map<Reading, WeakMap<FileFacts, readonly Said[]>>();
  /** By number of the function. */
  readonly ofFunctions: (
    | { readonly file: FileFacts; readonly hash: number; readonly said: readonly Said[] }
    | undefined
  )[] = [];
  /** Functions that stand in files, by path. */
  readonly functions = new Map<string, FunctionRef[]>();
  /** What was found last, in which files, and of what; null: nothing yet. */
  last: {
    readonly found: Beginnings;
    readonly files: ReadonlyMap<string, FileFacts>;
    readonly groups: object;
    readonly functions: number;
  } | null = null;

  constructor(program: Program) {
    for (const f of program.functions) if (!f.isMacro) push(this.functions, f.file.path, f);
  }
}

/**
 * Finds all beginnings. `compile` makes a function of a macro; `groups`: all functions that anything here calls, of headers and macros
 * too, and the same list as long as it is the same; `read`: what was read of the same program before. Where nothing that is said is
 * another, what was found before is given again, with the places as they are now.
 */
export function findBeginnings(
  program: Program,
  model: Model,
  compile: (macro: MacroRef) => FunctionRef | null,
  groups: readonly (readonly number[])[],
  read = new BeginningsRead(program),
): Beginnings {
  const { last } = read;
  const search = (): Search => new Search(program, model, compile, groups, read);
  if (last?.groups === groups && last.functions === program.functions.length && search().renews(last)) {
    read.last = { ...last, files: new Map(program.files) };
    return last.found;
  }
  const found = search().run();
  read.last = { found, files: new Map(program.files), groups, functions: program.functions.length };
  return found;
}

/**
 * Whether the same is said, though elsewhere: then the old one says where now. `isTaken`: whether something was found out about an
 * argument by the number of its operation.
 */
function renewed(was: Said, is: Said, isTaken: (argument: Argument) => boolean): boolean {
  switch (was.kind) {
    case 'beginning': {
      if (is.kind !== 'beginning') return false;
      const [a, b] = [was.beginning, is.beginning];
      if (a.fn !== b.fn || a.kind !== b.kind || a.struct !== b.struct || a.slot !== b.slot) return false;
      if (a.how !== b.how || a.own !== b.own) return false;
      Object.assign(a, { file: b.file, position: b.position });
      return true;
    }
    case 'argument': {
      if (is.kind !== 'argument') return false;
      const [a, b] = [was.argument, is.argument];
      if (a.caller !== b.caller || a.callee !== b.callee || a.key !== b.key || a.index !== b.index)
        return false;
      if (a.fn !== b.fn || a.parameter !== b.parameter || a.own !== b.own) return false;
      if (a.op !== b.op && isTaken(a)) return false;
      Object.assign(a, { op: b.op, position: b.position });
      return true;
    }
    case 'filler':
    case 'made':
      return is.kind === was.kind && is.key === was.key && is.fn === was.fn;
    case 'taken':
      return is.kind === 'taken' && is.key === was.key;
    case 'kept':
      return is.kind === 'kept' && is.key === was.key && is.fn === was.fn && is.parameter === was.parameter;
    default:
      return was satisfies never;
  }
}

/** The function that a name means in a file, else the only one of that name that other units export. */
export function resolveAnywhere(program: Program, name: string, from: FileFacts): FunctionRef | null {
  const near = program.resolve(name, from);
  if (near !== null) return near;
  let found: FunctionRef | null = null;
  for (const f of program.functionsNamed(name)) {
    if (f.isHeader) continue;
    if (f.isStatic) {
      if (includes(f.file, from) || includes(from, f.file)) return f;
      continue;
    }
    if (found !== null) return null;
    found = f;
  }
  return found;
}

/** A C file that is included into another one shares its static functions: `#include "common.c"`. */
function includes(outer: FileFacts, inner: FileFacts): boolean {
  const name = `"${inner.path.slice(inner.path.lastIndexOf('/') + 1)}"`;
  return outer.includes.some((at) => outer.strings[at] === name);
}

class Search {
  private readonly all: Beginning[] = [];
  private readonly seen = new Set<string>();
  private readonly fillers = new Map<string, number[]>();
  private readonly taken = new Set<string>();
  private readonly arguments_: Argument[] = [];
  /** By function and parameter: `struct::slot`, or `@kind`. */
  private readonly stores = new Map<string, Set<string>>();
  /** Functions named in the body of a function that a macro makes, by file and the made name. */
  private readonly made = new Map<string, number[]>();

  constructor(
    private readonly program: Program,
    private readonly model: Model,
    private readonly compile: (macro: MacroRef) => FunctionRef | null,
    private readonly groups: readonly (readonly number[])[],
    private readonly read: BeginningsRead,
  ) {}

  run(): Beginnings {
    const files = [...this.program.files.values()];
    const sources = files.filter((file) => file.path.endsWith('.c'));
    for (const file of sources) this.reading('invocations', file);
    for (const file of sources) this.reading('uses', file);
    for (const file of files) this.reading('literals', file);
    const reached = new Set(this.groups.flat());
    // Macros that are compiled on the way join the list
    for (let i = 0; i < this.program.functions.length; i++) {
      const f = this.program.functions[i] as FunctionRef;
      if (f.isHeader && !reached.has(f.id)) continue;
      const known = this.read.ofFunctions[f.id];
      if (known?.file === f.file) this.take(known.said);
      else
        this.read.ofFunctions[f.id] = {
          file: f.file,
          hash: hashOf(f),
          said: this.listen(() => this.operations(f)),
        };
    }
    this.handedOn();
    for (const file of files) this.reading('functions', file);
    const made = new Map<string, number[]>();
    for (const [key, fns] of this.made) {
      const name = key.slice(key.indexOf('#') + 1);
      made.set(name, [...(made.get(name) ?? []), ...fns]);
    }
    return {
      all: this.all,
      fillers: this.fillers,
      taken: this.taken,
      kept: new Set(this.stores.keys()),
      made,
    };
  }

  /** Whether all that was said before is said still; then what was found says where. */
  renews({ found, files }: NonNullable<BeginningsRead['last']>): boolean {
    const { read } = this;
    const isTaken = ({ caller, op, index }: Argument): boolean =>
      found.taken.has(`${caller.id}:${op}:${index}`);
    const renews = (was: readonly Said[], is: readonly Said[]): boolean =>
      was.length === is.length && was.every((one, i) => renewed(one, is[i] as Said, isTaken));
    for (const [path, file] of this.program.files) {
      const before = files.get(path);
      if (before === file) continue;
      if (before === undefined) return false;
      for (const what of READINGS) {
        const known = read.ofFiles.get(what);
        const was = known?.get(before);
        if (was === undefined) continue;
        if (known?.has(file) !== true) this.reading(what, file);
        if (!renews(was, known?.get(file) ?? NOTHING_SAID)) return false;
        known?.set(file, was);
      }
    }
    for (let id = 0; id < read.ofFunctions.length; id++) {
      const known = read.ofFunctions[id];
      const f = this.program.functions[id];
      if (known === undefined || f === undefined || known.file === f.file) continue;
      const { said } = known;
      // A function that is what it was says the same, of the text that it stands in now
      if (known.hash === hashOf(f)) {
        for (const one of said) if (one.kind === 'beginning') Object.assign(one.beginning, { file: f.file });
      } else if (
        !renews(
          said,
          this.listen(() => this.operations(f)),
        )
      )
        return false;
      read.ofFunctions[id] = { file: f.file, hash: hashOf(f), said };
    }
    return true;
  }

  // ---- what is said, and who said it

  /** What is being said by what is read just now; null where nobody listens. */
  private heard: Said[] | null = null;

  private listen(reading: () => void): readonly Said[] {
    const heard: Said[] = [];
    this.heard = heard;
    reading();
    this.heard = null;
    return heard.length > 0 ? heard : NOTHING_SAID;
  }

  /** Reads a file, or takes what it said when it was read before. */
  private reading(what: Reading, file: FileFacts): void {
    let known = this.read.ofFiles.get(what);
    if (known === undefined) {
      known = new WeakMap();
      this.read.ofFiles.set(what, known);
    }
    const said = known.get(file);
    if (said === undefined)
      known.set(
        file,
        this.listen(() => this[what](file)),
      );
    else this.take(said);
  }

  private take(said: readonly Said[]): void {
    for (const one of said)
      switch (one.kind) {
        case 'beginning':
          this.add(one.beginning);
          break;
        case 'filler':
          this.fill(one.key, one.fn);
          break;
        case 'taken':
          this.isTaken(one.key);
          break;
        case 'kept':
          this.keep(one.fn, one.parameter, one.key);
          break;
        case 'argument':
          this.handOn(one.argument);
          break;
        case 'made':
          this.make(one.key, one.fn);
          break;
        default:
          one satisfies never;
      }
  }

  private isTaken(key: string): void {
    this.heard?.push({ kind: 'taken', key });
    this.taken.add(key);
  }

  private handOn(argument: Argument): void {
    this.heard?.push({ kind: 'argument', argument });
    this.arguments_.push(argument);
  }

  private make(key: string, fn: number): void {
    this.heard?.push({ kind: 'made', key, fn });
    push(this.made, key, fn);
  }

  // ---- what a function is by itself

  private functions(file: FileFacts): void {
    for (const f of this.read.functions.get(file.path) ?? []) this.byItself(f);
  }

  private byItself(f: FunctionRef): void {
    const at = f.index * FUNCTION_STRIDE;
    const { file } = f;
    const position = file.functions[at + Fn.NameStart] as number;
    if (((file.functions[at + Fn.Flags] as number) & FN_MACRO_DEFINED) !== 0 && f.name.startsWith('sys_'))
      this.add({
        fn: f.id,
        kind: 'syscall',
        struct: '',
        slot: '',
        how: 'system call',
        file,
        position,
        own: true,
      });
    const annotations = readList(file, file.functions[at + Fn.Annotations] as number);
    for (let i = 0; i < annotations.length; i += 2) {
      const name = file.strings[annotations[i] as number] ?? '';
      if (/^__(init|exit)$/.test(name))
        this.add({ fn: f.id, kind: 'init', struct: '', slot: '', how: name, file, position, own: true });
    }
  }

  private add(b: Beginning): void {
    this.heard?.push({ kind: 'beginning', beginning: b });
    const key = `${b.fn}:${b.kind}:${b.struct}:${b.slot}`;
    if (this.seen.has(key)) return;
    this.seen.add(key);
    this.all.push(b);
  }

  // ---- slots

  /** The kind of a slot. */
  private kindOf(struct: string, slot: string, from: FileFacts): EntryKind {
    if (struct === 'file_operations' && slot.endsWith('_ioctl')) return 'ioctl';
    const kind = KIND_OF_STRUCT[struct];
    if (kind !== undefined) return kind;
    if (OTHER_OPERATIONS.has(struct)) return 'operations';
    if (this.model.methods.has(`${struct}::${slot}`)) return 'method';
    if (/(^|_)(show|store)$/.test(slot)) return 'attribute';
    const where = struct === '' ? null : this.program.structure(`struct ${struct}`, from);
    return where?.file.path.startsWith('include/') === true ? 'operations' : 'table';
  }

  private store(
    fn: number,
    struct: string,
    slot: string,
    where: {
      readonly how: string;
      readonly file: FileFacts;
      readonly position: number;
      readonly own: boolean;
    },
  ): void {
    const key = struct === '' ? '' : `${struct}::${slot === '' ? '*' : slot}`;
    if (key !== '') this.fill(key, fn);
    this.add({ fn, kind: this.kindOf(struct, slot, where.file), struct, slot, ...where });
  }

  private fill(key: string, fn: number): void {
    this.heard?.push({ kind: 'filler', key, fn });
    const list = this.fillers.get(key);
    if (list === undefined) this.fillers.set(key, [fn]);
    else if (!list.includes(fn)) list.push(fn);
  }

  /** Structure that holds the last part of `a.b.slot`. */
  private ownerOf(base: string, path: string, from: FileFacts): { struct: string; slot: string } {
    let struct = this.program.plain({ base, depth: 0 }).base;
    const parts = path.split('.');
    const slot = parts.pop() ?? '';
    for (const part of parts) {
      const inner = this.program.field(struct, part, from);
      // A field of an anonymous structure counts as the outer one's
      if (/^struct [^@]/.test(inner?.base ?? '')) struct = inner?.base ?? struct;
    }
    return { struct: struct.startsWith('struct ') ? struct.slice(7) : '', slot };
  }

  private uses(file: FileFacts): void {
    const s = file.strings;
    for (let at = 0; at < file.uses.length; at += USE_STRIDE) {
      const target = s[file.uses[at + 2] as number] ?? '';
      const table = s[file.uses[at + 3] as number] ?? '';
      const position = file.uses[at + 4] as number;
      const { struct, slot } = this.ownerOf(
        s[file.uses[at] as number] ?? '',
        s[file.uses[at + 1] as number] ?? '',
        file,
      );
      if (target.includes('(')) {
        const word = slot === '' ? '' : `.${slot} = `;
        // Directives that a list takes its meaning from stay in front
        const call = target.slice(target.lastIndexOf('\n') + 1);
        this.inText(
          `${target.slice(0, -call.length)}struct ${struct} t = { ${word}${call} }`,
          file,
          position,
          call.replace(/\(.*/, '()'),
        );
        continue;
      }
      const near = this.program.resolve(target, file);
      // A library's function in another unit's table
      const named = near ?? resolveAnywhere(this.program, target, file);
      const fns = named !== null ? [named.id] : (this.made.get(`${file.path}#${target}`) ?? []);
      const how = `${struct === '' ? 'an array' : struct}${slot === '' ? '' : `.${slot}`}${table === '' ? '' : ` in ${table}`}`;
      for (const fn of fns) {
        if (table !== '' && slot === '') this.fill(`=${file.path}#${table}`, fn);
        // What a macro made around it is not called as the slot is
        this.store(fn, struct, slot, { how, file, position, own: near !== null });
      }
    }
  }

  /** `#define foo_ops ((struct ops) { .slot = f })`: a table that is written wherever the macro's name is. */
  private literals(file: FileFacts): void {
    for (let at = 0; at < file.macros.length; at += MACRO_STRIDE) {
      const body = file.strings[file.macros[at + 2] as number] ?? '';
      const struct = /\(struct (\w+)\)\s*\{/.exec(body)?.[1];
      if (struct === undefined) continue;
      const macro = file.strings[file.macros[at] as number] ?? '';
      for (const match of body.matchAll(/\.\s*(\w+)\s*=\s*&?([A-Za-z_]\w*)/g)) {
        const fn = resolveAnywhere(this.program, match[2] as string, file);
        if (fn !== null && !fn.isHeader)
          this.store(fn.id, struct, match[1] as string, {
            how: `${struct}.${match[1]} in ${macro}`,
            file,
            position: file.macros[at + 3] as number,
            own: false,
          });
      }
    }
  }

  // ---- macros at top level

  private invocations(file: FileFacts): void {
    const s = file.strings;
    for (let at = 0; at < file.invocations.length; at += INVOCATION_STRIDE) {
      const name = s[file.invocations[at] as number] ?? '';
      if (/^(EXPORT_|MODULE_|TRACE_|EVENT_)/.test(name)) continue;
      const args = readList(file, file.invocations[at + 1] as number).map((a) => s[a] ?? '');
      const position = file.invocations[at + 2] as number;
      const kind = INIT_MACRO.test(name) ? 'init' : PARAMETER_MACRO.test(name) ? 'parameter' : null;
      const how = `${name}()`;
      if (kind === null) this.inText(`${name}(${args.join(', ')})`, file, position, how);
      else
        for (const arg of args) {
          const fn = this.program.resolve(arg.replace(/^&/, ''), file);
          if (fn !== null)
            this.add({ fn: fn.id, kind, struct: '', slot: '', how, file, position, own: true });
        }
    }
  }

  /** Functions in the text of a macro call: in slots, else as what the macro makes an attribute or a table of. */
  private inText(call: string, file: FileFacts, position: number, how: string): void {
    const text = expandMacros(this.program, file, call, position);
    const isAttribute = /\b(single_open|seq_operations|simple_attr_open|seq_file)\b/.test(text);
    for (const match of text.matchAll(/[A-Za-z_]\w*/g)) {
      const fn = resolveAnywhere(this.program, match[0], file);
      if (fn === null || fn.isHeader) continue;
      const before = text.slice(0, match.index);
      const where = { how, file, position, own: fn.unit === unitOf(file.path) };
      const slot = /\.\s*(\w+)\s*=\s*[(&\s]*(?:\([^()]*\)\s*)?$/.exec(before)?.[1];
      if (slot !== undefined) {
        const struct = [...before.matchAll(/struct\s+(\w+)\s+\w+(?:\[\w*\])?\s*=/g)].at(-1)?.[1] ?? '';
        this.store(fn.id, struct, slot, where);
        continue;
      }
      const body = [...before.matchAll(/(\w+)\s*\([^()]*\)\s*\{/g)].at(-1)?.[1];
      if (body !== undefined && !isAttribute) {
        const key = `${file.path}#${body}`;
        this.make(key, fn.id);
        continue;
      }
      const call = /(\w+)\s*\(\s*[^,()]*,\s*$/.exec(before)?.[1] ?? '';
      const method = this.model.helpers.get(call)?.callbacks?.find((c) => c.param === 1)?.method;
      const [owner = '', name = ''] = method?.split('::') ?? [];
      const kind = isAttribute ? 'attribute' : 'table';
      this.add({ fn: fn.id, kind, struct: owner, slot: name, ...where });
    }
  }

  // ---- operations

  private operations(f: FunctionRef): void {
    const { file } = f;
    const at = f.index * FUNCTION_STRIDE;
    const first = file.functions[at + Fn.FirstOp] as number;
    const count = file.functions[at + Fn.OpCount] as number;
    const types = new ExpressionTypes(this.program, f);
    for (let o = 0; o < count; o++) {
      const op = (first + o) * OP_STRIDE;
      const kind = file.ops[op] as Op;
      if (kind === Op.Assign)
        this.assigned(f, types, o, -1, file.ops[op + 1] as number, file.ops[op + 2] as number, 'assigned to');
      if (kind === Op.Call) this.call(f, types, o, op);
    }
  }

  private named(f: FunctionRef, e: number): FunctionRef | null {
    const { file } = f;
    const at = e * EXPR_STRIDE;
    const kind = file.exprs[at] as X;
    if (kind === X.Addr) return this.named(f, file.exprs[at + 1] as number);
    if (kind === X.Cast) return this.named(f, file.exprs[at + 2] as number);
    if (kind !== X.Name) return null;
    return resolveAnywhere(this.program, file.strings[file.exprs[at + 1] as number] ?? '', file);
  }

  private assigned(
    f: FunctionRef,
    types: ExpressionTypes,
    o: number,
    argument: number,
    location: number,
    value: number,
    words: string,
  ): void {
    const fn = this.named(f, value);
    const parameter = fn === null ? types.parameter(value) : -1;
    if (fn === null && parameter < 0) return;
    const slot = types.slot(location);
    if (slot === null) return;
    if (fn === null) {
      if (slot.struct !== '') this.keep(f.id, parameter, `${slot.struct}::${slot.slot}`);
      return;
    }
    if (slot.struct === '') return;
    this.isTaken(`${f.id}:${o}:${argument}`);
    this.store(fn.id, slot.struct, slot.slot, {
      how: `${words} ${slot.struct}.${slot.slot} in ${f.name}()`,
      file: f.file,
      position: f.file.ops[
        ((f.file.functions[f.index * FUNCTION_STRIDE + Fn.FirstOp] as number) + o) * OP_STRIDE + 5
      ] as number,
      own: fn.unit === f.unit || fn.isHeader,
    });
  }

  private keep(fn: number, parameter: number, key: string): boolean {
    this.heard?.push({ kind: 'kept', fn, parameter, key });
    const at = `${fn}:${parameter}`;
    const set = this.stores.get(at);
    if (set === undefined) this.stores.set(at, new Set([key]));
    else if (set.has(key)) return false;
    else set.add(key);
    return true;
  }

  private call(f: FunctionRef, types: ExpressionTypes, o: number, op: number): void {
    const { file } = f;
    const name = nameIn(file, file.ops[op + 1] as number);
    if (name === '') return;
    const args = readList(file, file.ops[op + 2] as number);
    const position = file.ops[op + 5] as number;
    if (STORES.has(name) && args.length >= 2) {
      this.assigned(f, types, o, 1, args[0] as number, args[1] as number, 'assigned to');
      return;
    }
    const helper = this.model.helpers.get(name);
    let callee: FunctionRef | null | undefined;
    for (let i = 0; i < args.length; i++) {
      const fn = this.named(f, args[i] as number);
      const parameter = fn === null ? types.parameter(args[i] as number) : -1;
      if (fn === null && parameter < 0) continue;
      const callback = helper?.callbacks?.find((c) => c.param === i);
      if (callback !== undefined && callback.context !== 'now') {
        const kind = callback.entry ?? KIND_OF_CONTEXT[callback.context];
        if (fn === null) this.keep(f.id, parameter, `@${kind}`);
        else {
          this.isTaken(`${f.id}:${o}:${i}`);
          const own = fn.unit === f.unit || fn.isHeader;
          const [struct = '', slot = ''] = callback.method?.split('::') ?? [];
          this.add({
            fn: fn.id,
            kind,
            struct,
            slot,
            how: `${name}() in ${f.name}()`,
            file,
            position,
            own,
          });
        }
        continue;
      }
      if (callee === undefined) {
        callee = resolveAnywhere(this.program, name, file);
        if (callee === null && helper === undefined) {
          const macro = this.program.macro(name, file);
          if (macro !== null && macro.params !== null) callee = this.compile(macro);
        }
      }
      if (callee !== null && callee.id !== f.id)
        this.handOn({
          caller: f,
          op: o,
          index: i,
          callee,
          key: `${callee.id}:${i}`,
          own: callee.unit === f.unit || callee.isHeader,
          fn: fn === null ? -1 : fn.id,
          parameter,
          position,
        });
    }
  }

  /** What a function stores of its parameters, its callers' arguments are stored as. */
  private handedOn(): void {
    let grew = true;
    for (let round = 0; grew && round < MAX_ROUNDS; round++) {
      grew = false;
      for (const a of this.arguments_) {
        if (a.parameter < 0) continue;
        const keys = this.stores.get(a.key);
        if (keys === undefined) continue;
        for (const key of keys) if (this.keep(a.caller.id, a.parameter, key)) grew = true;
      }
    }
    for (const a of this.arguments_) {
      if (a.fn < 0) continue;
      const fn = this.program.functions[a.fn] as FunctionRef;
      const own = a.own && (fn.unit === a.caller.unit || fn.isHeader);
      for (const key of this.stores.get(a.key) ?? []) {
        this.isTaken(`${a.caller.id}:${a.op}:${a.index}`);
        const how = `${a.callee.name}() in ${a.caller.name}()`;
        const where = { how, file: a.caller.file, position: a.position, own };
        if (key.startsWith('@'))
          this.add({ fn: a.fn, kind: key.slice(1) as EntryKind, struct: '', slot: '', ...where });
        else {
          const [struct = '', slot = ''] = key.split('::');
          this.store(a.fn, struct, slot, where);
        }
      }
    }
  }
}
