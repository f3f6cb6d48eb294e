/**
 * How much of a set of files an analysis reaches: each function by the kind of entry that leads to it, and each call by
 * how its target is told. Calls are followed over all that was read, also from one directory into another, which contexts
 * are not: how many functions have a context of a known entry is counted beside. Must not know how it is shown.
 */

import type { Analysis } from '../contexts/analysis.js';
import type { CallShares, ReachAnswer, ReachedFunction, ReachKind } from '../door.js';
import {
  CALL_LOOP,
  EXPR_STRIDE,
  type FileFacts,
  FN_DAMAGED,
  Fn,
  FUNCTION_STRIDE,
  INVOCATION_STRIDE,
  lineAt,
  nameIn,
  OP_STRIDE,
  Op,
  PROTO_STRIDE,
  VARIABLE_STRIDE,
  X,
} from '../facts/encode.js';
import { type Beginning, type Beginnings, resolveAnywhere } from '../program/beginnings.js';
import { expandMacros } from '../program/expand.js';
import { ExpressionTypes } from '../program/expression-types.js';
import { Pointers } from '../program/pointers.js';
import { type FunctionRef, type MacroRef, type Program, readList } from '../program/program.js';

/** The order in which kinds claim functions: what several reach belongs to the first. */
const ORDER: readonly ReachKind[] = [
  'method', 'fault', 'ioctl', 'syscall', 'attribute', 'work', 'kthread', 'timer', 'rcu', 'completion', 'shrinker',
  'notifier', 'parameter', 'operations', 'init', 'table', 'outside', 'unreferenced', 'other',
]; // biome-ignore format: a list

/** As many fillers of a private slot as the analysis follows. */
const MAX_FILLERS = 8;

const NO_BEGINNINGS: Beginnings = {
  all: [],
  fillers: new Map(),
  taken: new Set(),
  kept: new Set(),
  made: new Map(),
};

interface Reached {
  readonly kind: ReachKind;
  readonly direct: boolean;
  readonly how: string;
}

/** What an analysis reaches of some files. `text` gives a file as it lies in the tree. */
export function reachOf(
  analysis: Analysis,
  files: readonly FileFacts[],
  text: (file: string) => string | null,
): ReachAnswer {
  const { program } = analysis;
  const beginnings = analysis.beginnings ?? NO_BEGINNINGS;
  // Files with a main() are programs that the build runs
  const scope = new Set(
    files
      .filter((f) => f.path.endsWith('.c') && program.functionsNamed('main').every((m) => m.file !== f))
      .map((f) => f.path),
  );
  const functions = program.functions.filter((f) => scope.has(f.file.path) && !f.isMacro);
  const graph = new Graph(analysis, beginnings, scope);
  const reached = new Map<number, Reached>();
  const spread = (kind: ReachKind, roots: readonly { fn: number; how: string }[]): void => {
    const todo: number[] = [];
    for (const root of roots) {
      if (reached.has(root.fn)) continue;
      reached.set(root.fn, { kind, direct: true, how: root.how });
      todo.push(root.fn);
    }
    for (let at = 0; at < todo.length; at++) {
      const caller = program.functions[todo[at] as number] as FunctionRef;
      for (const next of graph.edges(caller.id)) {
        if (reached.has(next)) continue;
        reached.set(next, { kind, direct: false, how: caller.isMacro ? `${caller.name}()` : caller.name });
        todo.push(next);
      }
    }
  };
  for (const kind of ORDER)
    spread(
      kind,
      beginnings.all.filter((b: Beginning) => b.kind === kind),
    );
  const left = (): FunctionRef[] => functions.filter((f) => !reached.has(f.id));
  const world = seenFromOutside(program, scope);
  spread(
    'outside',
    left()
      .filter((f) => !f.isStatic && world.has(f.name))
      .map((f) => ({ fn: f.id, how: 'exported or declared for others' })),
  );
  const names = namesIn(new Set(left().map((f) => f.name)), files, program, text);
  const unnamed = left().filter((f) => !names.has(f.name));
  const unreferenced = new Set(unnamed.map((f) => f.id));
  spread(
    'unreferenced',
    unnamed.map((f) => ({ fn: f.id, how: 'named nowhere else' })),
  );
  const unfollowed = (fs: readonly FunctionRef[]): { fn: number; how: string }[] =>
    fs.map((f) => ({ fn: f.id, how: 'named in a way that is not followed' }));
  const called = new Set(left().flatMap((f) => graph.edges(f.id)));
  spread('other', unfollowed(left().filter((f) => !called.has(f.id))));
  // Only ways round are left
  spread('other', unfollowed(left()));
  return answer(analysis, functions, reached, unreferenced, graph.calls);
}

function answer(
  analysis: Analysis,
  functions: readonly FunctionRef[],
  reached: ReadonlyMap<number, Reached>,
  unreferenced: ReadonlySet<number>,
  calls: CallShares,
): ReachAnswer {
  const list: ReachedFunction[] = functions.map((f) => {
    const at = f.index * FUNCTION_STRIDE;
    const r = reached.get(f.id) as Reached;
    return {
      function: f.name,
      file: f.file.path,
      line: lineAt(f.file.lineStarts, f.file.functions[at + Fn.NameStart] as number),
      kind: r.kind,
      direct: r.direct,
      how: r.how,
      context: analysis.propagation?.entries[f.id]?.some((e) => e.origins.length > 0) === true,
      damaged: ((f.file.functions[at + Fn.Flags] as number) & FN_DAMAGED) !== 0,
    };
  });
  const base = functions.length - unreferenced.size;
  const kinds = ORDER.map((kind) => {
    const all = list.filter((f, i) => f.kind === kind && !unreferenced.has((functions[i] as FunctionRef).id));
    return {
      kind,
      functions: all.length,
      direct: all.filter((f) => f.direct).length,
      withContext: all.filter((f) => f.context).length,
    };
  });
  return {
    version: 1,
    total: functions.length,
    unreferenced: unreferenced.size,
    base,
    kinds,
    calls,
    functions: list,
  };
}

/** Names that code outside of the scanned files can see: exported, or declared in a header that is not among them. */
function seenFromOutside(program: Program, scope: ReadonlySet<string>): ReadonlySet<string> {
  const out = new Set<string>();
  const units = new Set([...scope].map((p) => p.slice(0, p.lastIndexOf('/') + 1)));
  for (const file of program.files.values()) {
    const s = file.strings;
    for (let at = 0; at < file.invocations.length; at += INVOCATION_STRIDE) {
      const macro = s[file.invocations[at] as number] ?? '';
      if (!/^(EXPORT_SYMBOL|BTF_ID)/.test(macro)) continue;
      for (const arg of readList(file, file.invocations[at + 1] as number)) out.add(s[arg] ?? '');
    }
    if (!file.path.endsWith('.h') || units.has(file.path.slice(0, file.path.lastIndexOf('/') + 1))) continue;
    for (let at = 0; at < file.protos.length; at += PROTO_STRIDE) out.add(s[file.protos[at] as number] ?? '');
  }
  return out;
}

/** Which of these names the files say anywhere but where they define, declare or export them. Comments do not count. */
function namesIn(
  wanted: ReadonlySet<string>,
  files: readonly FileFacts[],
  program: Program,
  text: (file: string) => string | null,
): ReadonlySet<string> {
  const found = new Set<string>();
  const paths = new Set([...files.map((f) => f.path), ...program.files.keys()]);
  for (const path of paths) {
    const facts = program.files.get(path);
    const source = text(path);
    if (source === null) continue;
    const own = new Map<string, number>();
    const count = (name: string): void => {
      if (wanted.has(name)) own.set(name, (own.get(name) ?? 0) + 1);
    };
    if (facts !== undefined) {
      for (let at = 0; at < facts.functions.length; at += FUNCTION_STRIDE)
        count(facts.strings[facts.functions[at] as number] ?? '');
      for (let at = 0; at < facts.protos.length; at += PROTO_STRIDE)
        count(facts.strings[facts.protos[at] as number] ?? '');
    }
    const plain = source
      .replace(/\/\*[\s\S]*?\*\/|\/\/[^\n]*|"(?:[^"\\\n]|\\.)*"/g, ' ')
      .replace(/^\s*EXPORT_SYMBOL\w*\s*\([^)]*\)/gm, ' ');
    for (const match of plain.matchAll(/[A-Za-z_]\w*/g)) {
      const name = match[0];
      if (!wanted.has(name) || found.has(name)) continue;
      const rest = own.get(name) ?? 0;
      if (rest > 0) own.set(name, rest - 1);
      else found.add(name);
    }
  }
  return found;
}

/** Who leads to whom: calls, names handed over, and private slots to all that fill them. */
class Graph {
  private readonly known = new Map<number, readonly number[]>();
  private readonly resolved: Record<string, number> = {};
  private readonly unresolved: Record<string, number> = {};
  /** By file, place and text of a macro call: the functions that its expansion calls. */
  private readonly texts = new Map<string, readonly number[]>();
  private readonly pointers: Pointers;

  constructor(
    private readonly analysis: Analysis,
    private readonly beginnings: Beginnings,
    scope: ReadonlySet<string>,
  ) {
    this.pointers = new Pointers(analysis.program, analysis.model, beginnings);
    for (const f of [...analysis.program.functions])
      if (scope.has(f.file.path) && !f.isMacro) this.known.set(f.id, this.read(f, true));
  }

  get calls(): CallShares {
    const sum = (of: Readonly<Record<string, number>>): number =>
      Object.values(of).reduce((a, b) => a + b, 0);
    const resolved = sum(this.resolved);
    return {
      total: resolved + sum(this.unresolved),
      resolved,
      byKind: { resolved: sorted(this.resolved), unresolved: sorted(this.unresolved) },
    };
  }

  edges(id: number): readonly number[] {
    let list = this.known.get(id);
    if (list === undefined) {
      list = this.read(this.analysis.program.functions[id] as FunctionRef, false);
      this.known.set(id, list);
    }
    return list;
  }

  private read(f: FunctionRef, counted: boolean): readonly number[] {
    const { file } = f;
    const out = new Set<number>();
    const types = new ExpressionTypes(this.analysis.program, f);
    const at = f.index * FUNCTION_STRIDE;
    const first = file.functions[at + Fn.FirstOp] as number;
    const count = file.functions[at + Fn.OpCount] as number;
    for (let o = 0; o < count; o++) {
      const op = (first + o) * OP_STRIDE;
      const a = file.ops[op + 1] as number;
      const b = file.ops[op + 2] as number;
      switch (file.ops[op] as Op) {
        case Op.Call: {
          const how = this.call(f, types, op, out);
          this.names(f, a, out);
          if (counted) {
            const [done, word] = how;
            const into = done ? this.resolved : this.unresolved;
            into[word] = (into[word] ?? 0) + 1;
          }
          readList(file, b).forEach((e, i) => {
            if (this.beginnings.taken.has(`${f.id}:${o}:${i}`)) return;
            this.names(f, e, out);
            this.handed(f, types, a, i, e, out);
          });
          break;
        }
        case Op.Assign:
          this.names(f, a, out);
          if (!this.beginnings.taken.has(`${f.id}:${o}:-1`)) this.names(f, b, out);
          break;
        case Op.Set:
        case Op.Declare:
          if (b >= 0) this.names(f, b, out);
          break;
        case Op.Branch:
        case Op.Switch:
        case Op.Return:
          if (a >= 0) this.names(f, a, out);
          break;
        case Op.Guard:
          for (const e of readList(file, b)) this.names(f, e, out);
          break;
        default:
          break;
      }
    }
    // What the analysis itself found, through pointers that were handed over as parameters
    for (const edge of this.analysis.results[f.id]?.edges ?? [])
      if (edge.context === 'now') out.add(edge.callee);
    for (const compiled of this.analysis.callees.of(f.id))
      if (this.analysis.program.functions[compiled]?.isMacro === true) out.add(compiled);
    out.delete(f.id);
    return [...out];
  }

  /** Functions that an expression names. */
  private names(f: FunctionRef, e: number, out: Set<number>): void {
    const { file } = f;
    const at = e * EXPR_STRIDE;
    const a = file.exprs[at + 1] as number;
    const b = file.exprs[at + 2] as number;
    switch (file.exprs[at] as X) {
      case X.Name: {
        const fn = resolveAnywhere(this.analysis.program, file.strings[a] ?? '', file);
        if (fn !== null) out.add(fn.id);
        else
          for (const id of this.beginnings.fillers.get(`=${file.path}#${file.strings[a]}`) ?? []) out.add(id);
        break;
      }
      case X.Local: {
        // A static array inside of the function
        const first = file.functions[f.index * FUNCTION_STRIDE + Fn.FirstVariable] as number;
        const name = file.strings[file.variables[(first + a) * VARIABLE_STRIDE] as number];
        for (const id of this.beginnings.fillers.get(`=${file.path}#${name}`) ?? []) out.add(id);
        break;
      }
      case X.Field:
      case X.Deref:
      case X.Addr:
        this.names(f, a, out);
        break;
      case X.Index:
        this.names(f, a, out);
        this.names(f, b, out);
        break;
      case X.Unary:
      case X.Cast:
        this.names(f, b, out);
        break;
      case X.Binary:
        this.names(f, b, out);
        this.names(f, file.exprs[at + 3] as number, out);
        break;
      default:
        break;
    }
  }

  /** Follows one call; whether its target is told, and how. */
  private call(
    f: FunctionRef,
    types: ExpressionTypes,
    op: number,
    out: Set<number>,
  ): readonly [boolean, string] {
    const { file } = f;
    const callee = file.ops[op + 1] as number;
    if ((file.ops[op + 4] as number) >= 0 && ((file.ops[op + 4] as number) & CALL_LOOP) !== 0)
      return [true, 'head of a loop macro'];
    const name = nameIn(file, callee);
    if (name !== '') return this.callOf(name, f, op, out);
    if (types.parameter(callee) >= 0) return [true, 'function pointer parameter'];
    const kind = file.exprs[callee * EXPR_STRIDE] as X;
    const table = kind === X.Index ? nameIn(file, file.exprs[callee * EXPR_STRIDE + 1] as number) : '';
    if (table !== '') {
      for (const fn of this.beginnings.fillers.get(`=${file.path}#${table}`) ?? []) out.add(fn);
      return [false, 'array of functions'];
    }
    const slot = types.slot(callee);
    if (slot === null) {
      for (const fn of this.pointers.targets(f, types, callee)) out.add(fn);
      return [false, 'pointer in a variable'];
    }
    if (slot.struct === '') return [false, 'slot of a structure that is not known'];
    const key = `${slot.struct}::${slot.slot}`;
    const all = this.pointers.slot(slot.struct, slot.slot);
    for (const fn of all) out.add(fn);
    if (this.analysis.model.methods.has(key)) return [true, 'slot of the model'];
    const { program } = this.analysis;
    const fillers = new Set<number>();
    for (const s of program.slotFillers(slot.struct, slot.slot)) {
      const fn = s.file.path.startsWith(f.unit) ? program.resolve(s.target, s.file) : null;
      if (fn !== null) fillers.add(fn.id);
    }
    if (fillers.size > 0 && fillers.size <= MAX_FILLERS) return [true, 'private slot'];
    if (fillers.size > MAX_FILLERS) return [false, `private slot with more than ${MAX_FILLERS} fillers`];
    return [false, all.size > 0 ? 'slot filled elsewhere or at run time' : 'slot that nothing seen fills'];
  }

  private callOf(name: string, f: FunctionRef, op: number, out: Set<number>): readonly [boolean, string] {
    const { program, model } = this.analysis;
    const own = program.resolve(name, f.file);
    if (own !== null) out.add(own.id);
    if (model.helpers.has(name) && (own === null || own.file !== f.file || own.isHeader || !own.isStatic)) {
      const there = own ?? resolveAnywhere(program, name, f.file);
      if (there !== null) out.add(there.id);
      return [true, 'helper of the model'];
    }
    if (own !== null) return [true, own.isHeader ? 'function in a header' : 'function of the unit'];
    const macro = program.macro(name, f.file);
    if (macro !== null) {
      if (macro.params === null && /^\w+$/.test(macro.body) && macro.body !== name)
        return this.callOf(macro.body, f, op, out);
      const compiled = this.analysis.callees.of(f.id).some((id) => program.functions[id]?.name === name);
      if (compiled) return [true, 'macro'];
      this.inText(macro, f, op, out);
      return [false, 'macro that is no code by itself'];
    }
    const far = resolveAnywhere(program, name, f.file);
    if (far !== null) {
      out.add(far.id);
      return [false, 'function of another directory'];
    }
    const made = this.beginnings.made.get(name);
    if (made !== undefined) {
      for (const fn of made) out.add(fn);
      return [false, 'function that a macro makes'];
    }
    return [false, 'function outside of what was read'];
  }

  /** What a slot holds and is handed over to a function that calls it, as `walk(list, ops->each)`. */
  private handed(
    f: FunctionRef,
    types: ExpressionTypes,
    callee: number,
    index: number,
    e: number,
    out: Set<number>,
  ): void {
    const { program, model } = this.analysis;
    const kind = f.file.exprs[e * EXPR_STRIDE] as X;
    if (kind !== X.Field && kind !== X.Local) return;
    if (types.of(e)?.base !== '(*)') return;
    const name = nameIn(f.file, callee);
    const later = model.helpers.get(name)?.callbacks?.some((c) => c.param === index && c.context !== 'now');
    const to = name === '' ? null : resolveAnywhere(program, name, f.file);
    if (later === true || to === null || this.beginnings.kept.has(`${to.id}:${index}`)) return;
    for (const fn of this.pointers.targets(f, types, e)) out.add(fn);
  }

  /** What a macro calls that is no code by itself, as one that makes names or strings of its arguments. */
  private inText(macro: MacroRef, f: FunctionRef, op: number, out: Set<number>): void {
    const { file } = f;
    // What an X macro stands for depends on where it is
    const position = f.isMacro
      ? -1
      : (file.functions[f.index * FUNCTION_STRIDE + Fn.Start] as number) + (file.ops[op + 5] as number);
    const args = readList(file, file.ops[op + 2] as number).map((e) => this.textOf(f, e));
    const call = macro.params === null ? macro.body : `${macro.name}(${args.join(', ')})`;
    const key = `${file.path}#${args.length === 0 ? position : -1}#${call}`;
    let found = this.texts.get(key);
    if (found === undefined) {
      found = calledIn(
        expandMacros(this.analysis.program, file, call, position),
        this.analysis.program,
        file,
      );
      this.texts.set(key, found);
    }
    for (const fn of found) out.add(fn);
  }

  /** A name as it is written; '' for any other expression. */
  private textOf(f: FunctionRef, e: number): string {
    const { file } = f;
    const a = file.exprs[e * EXPR_STRIDE + 1] as number;
    switch (file.exprs[e * EXPR_STRIDE] as X) {
      case X.Name:
        return file.strings[a] ?? '';
      case X.Local: {
        const first = file.functions[f.index * FUNCTION_STRIDE + Fn.FirstVariable] as number;
        return file.strings[file.variables[(first + a) * VARIABLE_STRIDE] as number] ?? '';
      }
      default:
        return '';
    }
  }
}

/** Functions that a text calls. */
function calledIn(text: string, program: Program, from: FileFacts): readonly number[] {
  const out = new Set<number>();
  for (const match of text.matchAll(/(?<![\w.>]\s*)[A-Za-z_]\w*(?=\s*\()/g)) {
    const fn = resolveAnywhere(program, match[0], from);
    if (fn !== null) out.add(fn.id);
  }
  return [...out];
}

function sorted(of: Readonly<Record<string, number>>): Readonly<Record<string, number>> {
  return Object.fromEntries(Object.entries(of).sort(([a, n], [b, m]) => m - n || (a < b ? -1 : 1)));
}
