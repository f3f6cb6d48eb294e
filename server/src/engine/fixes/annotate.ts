/**
 * What is certainly held at a function's entry, written down in the tree's own idiom: `lockdep_assert_held(&x->lock)` after
 * the declarations, or `__must_hold(&x->lock)` behind the parameters (`__releases` where every way out has let go of it).
 * Offered only for locks that the function can name with its own parameters and globals, by the types that its file sees,
 * and not a second time.
 */
import type { Edit, Fix } from '../base/finding.js';
import type { Analysis } from '../contexts/analysis.js';
import { type CallerIndex, withoutComments } from '../contexts/callers.js';
import { heldInAll, whyUncertain } from '../contexts/certain.js';
import { fnColumn } from '../contexts/cfg.js';
import { parameterName } from '../contexts/propagate.js';
import type { Lock } from '../contexts/state.js';
import { T } from '../contexts/terms.js';
import {
  type FileFacts,
  Fn,
  GLOBAL_STRIDE,
  MACRO_STRIDE,
  PROTO_STRIDE,
  VAR_ARRAY,
  VARIABLE_STRIDE,
} from '../facts/encode.js';
import { type FunctionRef, readList, resolveInclude, type TypeRef, typeRef } from '../program/program.js';
import { F, K } from '../syntax/kinds.js';
import { childByField } from '../syntax/parser.js';
import {
  afterLine,
  childrenOf,
  indentBefore,
  insert,
  lineStart,
  linesOf,
  nodesAround,
  replace,
  type Source,
  textOf,
} from './source.js';

/** How a precondition is written down. */
export type AnnotationStyle = 'assert' | 'must-hold';

/** A lock that is written down. */
export interface WrittenLock {
  /** `&inode->i_rwsem` */
  readonly expression: string;
  /** `lockdep_assert_held_write(&inode->i_rwsem);` */
  readonly text: string;
  readonly class: string;
  readonly mode: 'exclusive' | 'shared';
}

/** What there is to write down, or why there is nothing. */
export type Annotation =
  | { readonly ok: true; readonly locks: readonly WrittenLock[]; readonly fix: Fix }
  | { readonly ok: false; readonly reason: string };

const LOCKDEP = 'linux/lockdep.h';
/** Types of locks that lockdep knows. */
const LOCK_TYPES: ReadonlySet<string> = new Set([
  'spinlock_t',
  'raw_spinlock_t',
  'rwlock_t',
  'struct mutex',
  'struct rw_semaphore',
]);

/** What a function's precondition says, as an edit of its file. */
export function annotate(
  analysis: Analysis,
  index: CallerIndex,
  sourceOf: (file: string) => Source | null,
  fn: FunctionRef,
  style: AnnotationStyle,
): Annotation {
  const no = (reason: string): Annotation => ({ ok: false, reason });
  const held = heldInAll(analysis, fn);
  if (!held.ok) return no(held.reason);
  const source = sourceOf(fn.file.path);
  if (source === null) return no(`${fn.file.path} cannot be read`);
  const seen = closureOf(analysis, fn.file);
  const named: { lock: Lock; expression: string }[] = [];
  for (const lock of held.locks) {
    const expression = nameOf(analysis, fn, lock, seen, source);
    if (expression !== null && !named.some((n) => n.expression === expression))
      named.push({ lock, expression });
  }
  if (named.length === 0) {
    const other = held.other === null ? '' : `; ${held.other}`;
    const classes = [...new Set(held.locks.map((lock) => lock.class))].sort();
    const [are, them] = classes.length > 1 ? ['are', 'them'] : ['is', 'it'];
    return no(
      `${classes.join(' and ')} ${are} held, but its own parameters and globals do not name ${them}${other}`,
    );
  }
  const fresh = named.filter(({ lock, expression }) => !isWritten(analysis, fn, lock, expression, source));
  if (fresh.length === 0)
    return no(`it is already written down that ${named.map((n) => n.expression).join(' and ')} is held`);
  let why: string | null = null;
  const certain = fresh.filter(({ lock, expression }) => {
    const doubt = givesUpInDeclarations(analysis, fn, lock, source)
      ? 'it may be released among the declarations'
      : whyUncertain(analysis, index, fn, lock);
    if (doubt !== null) why ??= `${expression} may be held, but ${doubt}`;
    return doubt === null;
  });
  if (certain.length === 0) return no(why ?? '');
  certain.sort((a, b) => (a.expression < b.expression ? -1 : 1));
  const locks: WrittenLock[] = [];
  for (const { lock, expression } of certain) {
    const word = style === 'assert' ? assertionOf(lock) : annotationOf(analysis, fn, lock);
    if (word === null) {
      why ??= `${expression} is held, but it is not kept on every way out, which __must_hold() would say`;
      continue;
    }
    const mode = lock.shared ? 'shared' : 'exclusive';
    const text = `${word}(${expression})${style === 'assert' ? ';' : ''}`;
    locks.push({ expression, text, class: lock.class, mode });
  }
  if (locks.length === 0) return no(why ?? '');
  const lines = locks.map((l) => l.text);
  const edits = style === 'assert' ? assertions(source, fn, lines, seen) : mustHold(source, fn, lines);
  if (typeof edits === 'string') return no(edits);
  return {
    ok: true,
    locks,
    fix: { title: `Write down what is held: ${lines.join(' ')}`, safety: 'safe', edits },
  };
}

function assertionOf(lock: Lock): string {
  if (lock.shared) return 'lockdep_assert_held_read';
  return lock.kind === 'rwsem' || lock.kind === 'rwlock'
    ? 'lockdep_assert_held_write'
    : 'lockdep_assert_held';
}

/** `__must_hold` says that a lock is held on return, too; what every way out has released is `__releases`; null for some. */
function annotationOf(analysis: Analysis, fn: FunctionRef, lock: Lock): string | null {
  const word = endOf(analysis, fn, lock);
  if (word === null || !lock.shared) return word;
  return hasMacro(analysis, `${word}_shared`) ? `${word}_shared` : word;
}

function endOf(analysis: Analysis, fn: FunctionRef, lock: Lock): '__must_hold' | '__releases' | null {
  const result = analysis.results[fn.id];
  if (result === undefined || !result.releases.has(`${lock.class}|${lock.kind}`)) return '__must_hold';
  if (result.widened) return null;
  const released = result.exits.map((exit) => exit.released.filter((l) => l.place === lock.place));
  if (released.every((at) => at.length === 0)) return '__must_hold';
  return released.every((at) => at.some((l) => !l.may)) ? '__releases' : null;
}

// ---- names

/** The lock in the function's own words, where every step has a type that its file can see; null otherwise. */
function nameOf(
  analysis: Analysis,
  fn: FunctionRef,
  lock: Lock,
  seen: ReadonlySet<string>,
  source: Source,
): string | null {
  const place = locate(analysis, fn, lock.place, seen, source);
  if (place === null || !LOCK_TYPES.has(place.type.base) || place.type.depth !== 0) return null;
  return place.text.startsWith('*') ? place.text.slice(1) : `&${place.text}`;
}

interface Named {
  readonly text: string;
  readonly type: TypeRef;
}

/** A location as C, with the type of what lies there. */
function locate(
  analysis: Analysis,
  fn: FunctionRef,
  place: number,
  seen: ReadonlySet<string>,
  source: Source,
): Named | null {
  const { terms, program } = analysis;
  const member = (text: string, joint: string, type: TypeRef, name: string): Named | null => {
    const struct = program.structure(type.base, fn.file);
    if (struct === null || !seen.has(struct.file.path)) return null;
    const direct = program.field(type.base, name, fn.file);
    if (direct !== null) return { text: `${text}${joint}${name}`, type: direct };
    // `d_lock` stands for `d_lockref.lock`
    const macro = program.macro(name, fn.file);
    if (macro === null || macro.params !== null || !/^\w+(\.\w+)+$/.test(macro.body)) return null;
    let at: TypeRef | null = type;
    for (const step of macro.body.split('.')) at = at === null ? null : program.field(at.base, step, fn.file);
    return at === null ? null : { text: `${text}${joint}${name}`, type: at };
  };
  const pointer = (value: number): Named | null => {
    if (terms.kind(value) === T.Param) {
      const at = terms.a(value);
      if (at >= fnColumn(fn.file, fn.index, Fn.ParameterCount)) return null;
      const v = (fnColumn(fn.file, fn.index, Fn.FirstVariable) + at) * VARIABLE_STRIDE;
      if (((fn.file.variables[v + 2] as number) & VAR_ARRAY) !== 0) return null;
      const name = parameterName(fn, at);
      const type = program.plain(typeRef(fn.file, fn.file.variables[v + 1] as number));
      return /^[A-Za-z_]\w*$/.test(name) ? { text: name, type } : null;
    }
    return terms.kind(value) === T.Load ? locate(analysis, fn, terms.a(value), seen, source) : null;
  };
  switch (terms.kind(place)) {
    case T.Global: {
      const name = terms.nameText(terms.a(place));
      const type = /^[A-Za-z_]\w*$/.test(name) ? program.global(name, fn.file) : null;
      return type !== null && isDeclaredBefore(analysis, fn, name, seen, source)
        ? { text: name, type }
        : null;
    }
    case T.FieldP: {
      const base = pointer(terms.a(place));
      if (base === null || base.type.depth !== 1) return null;
      return member(base.text, '->', base.type, terms.nameText(terms.b(place)));
    }
    case T.FieldL: {
      const base = locate(analysis, fn, terms.a(place), seen, source);
      if (base === null || base.type.depth !== 0 || base.text.startsWith('*')) return null;
      return member(base.text, '.', base.type, terms.nameText(terms.b(place)));
    }
    case T.DerefL: {
      const base = pointer(terms.a(place));
      if (base === null || base.type.depth !== 1) return null;
      return { text: `*${base.text}`, type: { base: base.type.base, depth: 0 } };
    }
    default:
      return null;
  }
}

/** Whether a global's name is known where the function begins. */
function isDeclaredBefore(
  analysis: Analysis,
  fn: FunctionRef,
  name: string,
  seen: ReadonlySet<string>,
  source: Source,
): boolean {
  const before = withoutComments(source.text.slice(0, fnColumn(fn.file, fn.index, Fn.Start)));
  if (new RegExp(`^\\S.*\\b${name}\\b`, 'm').test(before)) return true;
  for (const path of seen) {
    const file = analysis.program.files.get(path);
    if (file === undefined || file === fn.file) continue;
    for (let i = 0; i < file.globals.length; i += GLOBAL_STRIDE)
      if (file.strings[file.globals[i] as number] === name && file.globals[i + 2] === 0) return true;
  }
  return false;
}

/** Files that a file sees: itself and the closure of its includes. */
function closureOf(analysis: Analysis, from: FileFacts): ReadonlySet<string> {
  const { files } = analysis.program;
  const seen = new Set([from.path]);
  const todo = [from];
  for (let file = todo.pop(); file !== undefined; file = todo.pop())
    for (const inc of file.includes) {
      const path = resolveInclude(file.strings[inc] ?? '', file.path, (p) => files.has(p));
      const next = path === null ? undefined : files.get(path);
      if (next === undefined || seen.has(next.path)) continue;
      seen.add(next.path);
      todo.push(next);
    }
  return seen;
}

// ---- what is already written

/** Whether the function, or a prototype of it, already says that the lock is held. */
function isWritten(
  analysis: Analysis,
  fn: FunctionRef,
  lock: Lock,
  expression: string,
  source: Source,
): boolean {
  if (analysis.results[fn.id]?.asserted.some((l) => l.place === lock.place) === true) return true;
  const plain = (text: string): string => text.replace(/[\s()]/g, '');
  const same = (text: string): boolean => text.split(',').some((part) => plain(part) === plain(expression));
  const says = (file: FileFacts, list: readonly number[]): boolean => {
    for (let i = 0; i + 1 < list.length; i += 2)
      if (
        /^__(must_hold|releases)/.test(file.strings[list[i] as number] ?? '') &&
        same(file.strings[list[i + 1] as number] ?? '')
      )
        return true;
    return false;
  };
  if (says(fn.file, readList(fn.file, fnColumn(fn.file, fn.index, Fn.Annotations)))) return true;
  for (const file of analysis.program.files.values()) {
    if (fn.isStatic && file !== fn.file) continue;
    for (let i = 0; i < file.protos.length; i += PROTO_STRIDE)
      if (
        file.strings[file.protos[i] as number] === fn.name &&
        says(file, readList(file, file.protos[i + 2] as number))
      )
        return true;
  }
  // Older idioms: BUG_ON(!spin_is_locked(&x->lock)), assert_spin_locked(&x->lock)
  const start = fnColumn(fn.file, fn.index, Fn.Start);
  const body = withoutComments(source.text.slice(start, fnColumn(fn.file, fn.index, Fn.End)));
  for (const call of body.matchAll(/\b\w*(?:assert|is_locked|is_held)\w*\s*\(([^;]*)/g))
    if (plain((call[1] ?? '').split(')')[0] ?? '').startsWith(plain(expression))) return true;
  return false;
}

function hasMacro(analysis: Analysis, name: string): boolean {
  for (const file of analysis.program.files.values())
    for (let i = 0; i < file.macros.length; i += MACRO_STRIDE)
      if (file.strings[file.macros[i] as number] === name) return true;
  return false;
}

// ---- edits

/** The function's definition and its body as nodes; null where they are not found. */
function definitionOf(source: Source, fn: FunctionRef): { node: number; body: number } | null {
  const { tree } = source;
  const at = fnColumn(fn.file, fn.index, Fn.NameStart);
  const node = nodesAround(tree, at, at + fn.name.length).findLast(
    (n) => tree.kind[n] === K.function_definition,
  );
  const body = node === undefined ? -1 : childByField(tree, node, F.body);
  return node === undefined || body < 0 || tree.kind[body] !== K.compound_statement ? null : { node, body };
}

/** Whether a function that releases such a lock somewhere calls something before an assertion could stand. */
function givesUpInDeclarations(analysis: Analysis, fn: FunctionRef, lock: Lock, source: Source): boolean {
  if (analysis.results[fn.id]?.releases.has(`${lock.class}|${lock.kind}`) !== true) return false;
  const { tree } = source;
  const found = definitionOf(source, fn);
  if (found === null) return true;
  const children = statementsOf(source, found.body);
  for (const n of children.slice(0, declarationsOf(source, children)))
    for (let c = n + 1; c < (tree.next[n] as number); c++)
      if (tree.kind[c] === K.call_expression) return true;
  return false;
}

/** Statements and declarations of a body. */
function statementsOf(source: Source, body: number): number[] {
  return childrenOf(source.tree, body).filter((n) => !/^[{}]$/.test(textOf(source, n)));
}

/** Lines after the declarations of the body, and the header where it is not included; a reason where neither fits. */
function assertions(
  source: Source,
  fn: FunctionRef,
  lines: readonly string[],
  seen: ReadonlySet<string>,
): readonly Edit[] | string {
  const { tree, text } = source;
  const found = definitionOf(source, fn);
  if (found === null) return 'its body was not found';
  const children = statementsOf(source, found.body);
  const count = declarationsOf(source, children);
  const first = children[count];
  const last = children[count - 1];
  if (first === undefined) return 'its body has no statement';
  const open = tree.start[found.body] as number;
  const indent = indentBefore(text, tree.start[first] as number);
  if (indent === null) return 'its body stands on one line';
  const start = tree.start[first] as number;
  const from = last === undefined ? open + 1 : (tree.end[last] as number);
  const between = text.slice(from, start);
  let at: number;
  if (/^[ \t]*#/m.test(between)) {
    // Behind what is compiled conditionally, where the statement itself is not
    if (depthOf(text.slice(open, start)) !== 0) return 'its first statement is compiled conditionally';
    at = lineStart(text, start);
  } else {
    if (depthOf(text.slice(open, from)) !== 0) return 'its declarations are compiled conditionally';
    at = afterLine(text, from);
    if (at < 0 || at > lineStart(text, start)) return 'its body stands on one line';
    const blank = last === undefined ? null : /^[ \t]*\r?\n/.exec(text.slice(at));
    at += blank?.[0].length ?? 0;
  }
  const follows = text.slice(at, start + 40);
  const before =
    last === undefined || /\n[ \t]*\r?\n[ \t]*$/.test(text.slice(0, at)) ? '' : linesOf(text, '', ['']);
  const after = /^(?:\s*lockdep_assert|[ \t]*\r?\n)/.test(follows) ? '' : linesOf(text, '', ['']);
  const edits = [insert(source, at, `${before}${linesOf(text, indent, lines)}${after}`)];
  if (seen.has(`include/${LOCKDEP}`)) return edits;
  const include = includeEdit(source, open);
  if (include === null) return `${LOCKDEP} is not included, and there is no list of includes to add it to`;
  return [include, ...edits];
}

/** How many of a body's first children declare: variables, and macros that do. */
function declarationsOf(source: Source, children: readonly number[]): number {
  const { tree, text } = source;
  let count = 0;
  for (let i = 0; i < children.length; i++) {
    const node = children[i] as number;
    const words = textOf(source, node);
    if (tree.kind[node] === K.declaration || /^[A-Za-z_]\w*\s*\*+\s*\w+\s*(?:=[^=]|;)/.test(words)) {
      count = i + 1;
      continue;
    }
    if (!/^[A-Z][A-Z0-9_]*\s*\(/.test(words) || tree.kind[node] !== K.expression_statement) break;
    // DEFINE_WAIT(wait); among declarations; a statement macro is set off by an empty line
    const previous = children[i - 1];
    const from = previous === undefined ? (tree.start[node] as number) : (tree.end[previous] as number);
    const apart = /\n[ \t]*\r?\n/.test(text.slice(from, tree.start[node] as number));
    if (/^(?:DEFINE|DECLARE|LIST_HEAD|HLIST_HEAD)/.test(words) || (previous !== undefined && !apart))
      count = i + 1;
  }
  return count;
}

/** How deep in #if a piece of text ends, counted from its beginning. */
function depthOf(text: string): number {
  let depth = 0;
  for (const [, word] of text.matchAll(/^[ \t]*#[ \t]*(if|ifdef|ifndef|endif)\b/gm))
    depth += word === 'endif' ? -1 : 1;
  return depth;
}

/** `#include <linux/lockdep.h>` in its place among the kernel's headers; behind the last where they are in no order. */
function includeEdit(source: Source, before: number): Edit | null {
  const { text } = source;
  const guard = source.file.endsWith('.h') ? 1 : 0;
  const found: { name: string; start: number; end: number }[] = [];
  for (const match of text.slice(0, before).matchAll(/^#[ \t]*include[ \t]*<(linux\/[\w./-]+)>.*\r?\n/gm))
    if (depthOf(text.slice(0, match.index)) === guard)
      found.push({ name: match[1] ?? '', start: match.index, end: match.index + match[0].length });
  const first = found[0];
  if (first === undefined) return null;
  const isSorted = found.every((one, i) => i === 0 || (found[i - 1]?.name ?? '') <= one.name);
  const above = isSorted ? found.filter((one) => one.name < LOCKDEP).at(-1) : found.at(-1);
  return insert(source, above?.end ?? first.start, linesOf(text, '', [`#include <${LOCKDEP}>`]));
}

/** Lines between the parameters and the body. */
function mustHold(source: Source, fn: FunctionRef, lines: readonly string[]): readonly Edit[] | string {
  const { tree, text } = source;
  const found = definitionOf(source, fn);
  if (found === null) return 'its body was not found';
  const open = tree.start[found.body] as number;
  const outer = indentBefore(text, open);
  if (outer !== null) return [insert(source, lineStart(text, open), linesOf(text, `${outer}\t`, lines))];
  const gap = /[ \t]*$/.exec(text.slice(0, open))?.[0].length ?? 0;
  const end = text.includes('\r\n') ? '\r\n' : '\n';
  return [replace(source, open - gap, open, `${end}${linesOf(text, '\t', lines)}`)];
}
