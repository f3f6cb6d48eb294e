/**
 * Who names a function, word by word over the texts of its folder: calls that the analysis has, slots that the model
 * knows, or anything else (its address taken, a macro, an arm that this configuration leaves out, another folder), past
 * which nobody can say that every caller is known. Must not know what the answer is wanted for.
 */
import {
  EXPR_STRIDE,
  type FileFacts,
  Fn,
  INVOCATION_STRIDE,
  lineAt,
  OP_STRIDE,
  Op,
  PROTO_STRIDE,
  X,
} from '../facts/encode.js';
import { type FunctionRef, unitOf } from '../program/program.js';
import type { Analysis } from './analysis.js';
import { fnColumn } from './cfg.js';

/** Texts of the tree, as this needs them. */
export interface Texts {
  /** The text of a file as people see it. */
  original(file: string): string | null;
  /** The text that was analysed: arms that are not taken are blank. */
  configured(file: string): string | null;
  /** C files below a folder, in order. */
  below(folder: string): readonly string[];
}

/** A call of a function: which function it stands in, and its operation there. */
export interface CallPlace {
  readonly caller: FunctionRef;
  readonly op: number;
}

/** Every call and every known slot of a function, or why there may be more of them. */
export type Callers =
  | { readonly closed: true; readonly calls: readonly CallPlace[]; readonly slots: number }
  | { readonly closed: false; readonly reason: string };

/** A word in a file: where each mention of it begins. */
type Words = ReadonlyMap<string, readonly number[]>;

/** Mentions of all functions of one analysis; what was read is kept. */
export class CallerIndex {
  private readonly words = new Map<string, Words>();
  private readonly calls = new Map<string, ReadonlyMap<number, CallPlace>>();
  private readonly known = new Map<number, Callers>();
  private names: ReadonlySet<string> | null = null;
  private includedSources: ReadonlySet<string> | null = null;
  private readonly original = new Map<string, string>();
  private readonly configured = new Map<string, string>();

  constructor(
    private readonly analysis: Analysis,
    private readonly texts: Texts,
  ) {}

  /** Who calls a function. */
  of(fn: FunctionRef): Callers {
    let found = this.known.get(fn.id);
    if (found === undefined) {
      found = this.find(fn);
      this.known.set(fn.id, found);
    }
    return found;
  }

  private find(fn: FunctionRef): Callers {
    const open = (reason: string): Callers => ({ closed: false, reason });
    if (fn.isMacro) return open(`'${fn.name}' is a macro`);
    if (!fn.isStatic || fn.isHeader) {
      const why = this.reachOf(fn);
      if (why !== null) return open(why);
    }
    const { program } = this.analysis;
    const calls: CallPlace[] = [];
    let slots = 0;
    for (const file of this.filesThatSee(fn)) {
      const facts = program.files.get(file);
      const at = this.wordsOf(file).get(fn.name) ?? [];
      if (facts === undefined || unitOf(file) !== fn.unit) {
        if (at.length > 0) return open(`'${fn.name}' is named in ${file}, outside of its folder`);
        continue;
      }
      // The name means another function there
      const meant = program.resolve(fn.name, facts);
      if (meant !== null && meant !== fn) continue;
      for (const offset of at) {
        const mention = this.mention(fn, facts, offset);
        if (mention === 'slot') slots++;
        else if (typeof mention === 'object') calls.push(mention);
        else if (mention !== 'declaration')
          return open(`'${fn.name}' ${mention} at ${file}:${lineAt(facts.lineStarts, offset)}`);
      }
    }
    return { closed: true, calls, slots };
  }

  /** Files in which a name can mean the function. */
  private filesThatSee(fn: FunctionRef): readonly string[] {
    if (fn.isStatic && !fn.isHeader && !this.isIncluded(fn.file.path)) return [fn.file.path];
    return this.texts.below(topOf(fn.unit));
  }

  /** Why code that is not looked at may call a function of external linkage; null where none can. */
  private reachOf(fn: FunctionRef): string | null {
    if (fn.isHeader && fn.file.path.startsWith('include/'))
      return `'${fn.name}' stands in a header of the whole kernel`;
    if (!fn.unit.includes('/'))
      return `'${fn.name}' is not static, and code of any folder below ${fn.unit}/ may call it`;
    for (const file of this.analysis.program.files.values()) {
      if (!file.path.startsWith('include/')) continue;
      const proto = file.protos;
      for (let i = 0; i < proto.length; i += PROTO_STRIDE)
        if (file.strings[proto[i] as number] === fn.name)
          return `'${fn.name}' is declared in ${file.path} for the whole kernel`;
    }
    return null;
  }

  /** Whether another file includes this C file. */
  private isIncluded(path: string): boolean {
    if (this.includedSources === null) {
      const set = new Set<string>();
      for (const file of this.analysis.program.files.values())
        for (const inc of file.includes) {
          const name = /([^/"<]+\.c)[">]$/.exec(file.strings[inc] ?? '')?.[1];
          if (name !== undefined) set.add(name);
        }
      this.includedSources = set;
    }
    return this.includedSources.has(path.slice(path.lastIndexOf('/') + 1));
  }

  /** What one mention of a function is; a string that says it where callers may hide behind it. */
  private mention(
    fn: FunctionRef,
    facts: FileFacts,
    offset: number,
  ): CallPlace | 'slot' | 'declaration' | string {
    const text = this.originalOf(facts.path);
    if (isDeclaration(text, offset, fn.name)) return 'declaration';
    const configured = this.configuredOf(facts.path);
    if (!configured.startsWith(fn.name, offset))
      return 'is named in code that this configuration leaves out,';
    const call = this.callsIn(facts).get(offset);
    if (call !== undefined) return call;
    const slot = this.analysis.program
      .slotsOf(fn)
      .find(
        (s) =>
          s.file === facts &&
          s.position < offset &&
          /^\.\s*\w+\s*=\s*&?\s*$/.test(configured.slice(s.position, offset)),
      );
    if (slot !== undefined) {
      const method = this.analysis.model.methods.get(`${slot.struct}::${slot.slot}`);
      return method !== undefined && method.contexts.length > 0
        ? 'slot'
        : `stands in a table (${slot.struct}.${slot.slot}) of which nothing is known,`;
    }
    return isExport(facts, fn.name, offset)
      ? 'is exported to modules'
      : 'is named otherwise than in a call (its address is taken, or a macro calls it)';
  }

  private originalOf(file: string): string {
    let text = this.original.get(file);
    if (text === undefined) {
      text = this.texts.original(file) ?? '';
      this.original.set(file, text);
    }
    return text;
  }

  private configuredOf(file: string): string {
    let text = this.configured.get(file);
    if (text === undefined) {
      text = this.texts.configured(file) ?? '';
      this.configured.set(file, text);
    }
    return text;
  }

  /** Calls of a file by the offset of the callee's name. */
  private callsIn(facts: FileFacts): ReadonlyMap<number, CallPlace> {
    let found = this.calls.get(facts.path);
    if (found !== undefined) return found;
    const map = new Map<number, CallPlace>();
    for (const caller of this.analysis.program.functions) {
      if (caller.file !== facts || caller.isMacro) continue;
      const first = fnColumn(facts, caller.index, Fn.FirstOp);
      const count = fnColumn(facts, caller.index, Fn.OpCount);
      const base = fnColumn(facts, caller.index, Fn.Start);
      for (let op = 0; op < count; op++) {
        const at = (first + op) * OP_STRIDE;
        if ((facts.ops[at] as Op) !== Op.Call) continue;
        if ((facts.exprs[(facts.ops[at + 1] as number) * EXPR_STRIDE] as X) !== X.Name) continue;
        map.set(base + (facts.ops[at + 5] as number), { caller, op });
      }
    }
    found = map;
    this.calls.set(facts.path, found);
    return found;
  }

  /** Mentions of functions of the program in a file, members of structures left out. */
  private wordsOf(file: string): Words {
    let words = this.words.get(file);
    if (words !== undefined) return words;
    this.names ??= new Set(this.analysis.program.functions.map((f) => f.name));
    const found = new Map<string, number[]>();
    const text = withoutComments(this.originalOf(file));
    for (const match of text.matchAll(/(?:(?:->|\.)\s*)?\b[A-Za-z_]\w*/g)) {
      const word = match[0];
      if (!this.names.has(word)) continue;
      const list = found.get(word);
      if (list === undefined) found.set(word, [match.index]);
      else list.push(match.index);
    }
    words = found;
    this.words.set(file, words);
    return words;
  }
}

/** `fs/xfs` for `fs/xfs/libxfs`: code that is built together. */
function topOf(unit: string): string {
  return unit.split('/').slice(0, 2).join('/');
}

/** Text with comments and strings blanked, of the same length. */
export function withoutComments(text: string): string {
  return text.replace(/\/\*[\s\S]*?\*\/|\/\/[^\n]*|"(?:[^"\\\n]|\\[\s\S])*"|'(?:[^'\\\n]|\\.)*'/g, (found) =>
    found.replace(/[^\n]/g, ' '),
  );
}

/** A definition or prototype: its line begins at the left margin, and nothing is open before the name. */
function isDeclaration(text: string, offset: number, name: string): boolean {
  const before = text.slice(text.lastIndexOf('\n', offset - 1) + 1, offset);
  if (!/^(?:[A-Za-z_][^;={}]*)?$/.test(before)) return false;
  if (!/^\s*\(/.test(text.slice(offset + name.length, offset + name.length + 80))) return false;
  return before.split('(').length === before.split(')').length;
}

function isExport(facts: FileFacts, name: string, offset: number): boolean {
  for (let i = 0; i < facts.invocations.length; i += INVOCATION_STRIDE) {
    const at = facts.invocations[i + 2] as number;
    const macro = facts.strings[facts.invocations[i] as number] ?? '';
    if (macro.startsWith('EXPORT_') && at < offset && offset - at <= macro.length + name.length + 4)
      return true;
  }
  return false;
}
