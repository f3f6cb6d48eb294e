/**
 * Mutants of a kernel tree: small edits that each break one law of locking, made by general operators and found by syntax alone.
 * What is chosen of them hangs on the texts and on a seed. An edit names a text inside a function, so that it is found again on
 * another patch level, and keeps the number of lines. Must not know the engine.
 */
import { closing, lineOf, type Scanned, type ScannedFunction, scan } from './c-scan.js';

/** One replacement: the `nth` occurrence (from 1) of `find` in the function. */
export interface MutantEdit {
  readonly find: string;
  readonly nth: number;
  readonly replace: string;
}

/** One mutant. */
export interface Mutant {
  readonly id: string;
  readonly operator: Operator;
  readonly file: string;
  readonly line: number;
  readonly function: string;
  readonly edits: readonly MutantEdit[];
}

/** What is committed of one tree: the mutants that a seed chose. */
export interface MutantList {
  readonly kernel: string;
  readonly seed: number;
  readonly mutants: readonly Mutant[];
}

/** Longest text that an edit names: lists hold no excerpts. */
export const LONGEST_FIND = 80;

interface Range {
  readonly start: number;
  readonly end: number;
  readonly replace: string;
}

/** Finds candidates in a function; each is a list of ranges of the file. `around`: the code of all files of the directory. */
type Finder = (file: Scanned, fn: ScannedFunction, around: Directory) => readonly (readonly Range[])[];

/** What an operator may look at besides the function. */
interface Directory {
  /** `outer then inner`, last names of locks, with the number of functions that nest them so. */
  readonly nested: ReadonlyMap<string, number>;
}

const TAKES =
  /\b(mutex_lock|spin_lock|spin_lock_irq|spin_lock_bh|read_lock|write_lock|down_read|down_write)\(/;
const ANY_TAKE =
  /\b(mutex_lock|mutex_lock_nested|spin_lock|spin_lock_irq|spin_lock_irqsave|spin_lock_bh|spin_lock_nested|read_lock|write_lock|rcu_read_lock)\s*\(/g;
const ANY_GIVE =
  /\b(mutex_unlock|spin_unlock|spin_unlock_irq|spin_unlock_irqrestore|spin_unlock_bh|read_unlock|write_unlock|rcu_read_unlock)\s*\(/g;
const UNLOCK =
  'mutex_unlock|spin_unlock|spin_unlock_irq|spin_unlock_bh|read_unlock|write_unlock|up_read|up_write|inode_unlock|inode_unlock_shared|rcu_read_unlock';
const REMOVAL =
  /\b(simple_unlink|simple_rmdir|vfs_unlink|vfs_rmdir|d_delete|d_drop|simple_recursive_removal|d_invalidate|__simple_unlink|__simple_rmdir)\s*\(/;

const OPERATORS = {
  'drop-bail-out': (file, fn) =>
    matches(
      file,
      fn,
      /\bif \((?=[^;{}]*(?:LOOKUP_RCU|MAY_NOT_BLOCK|!dentry|\brcu\b|rcu_walk))[^;{}]*\)\s*(?:\{\s*)?return (?:ERR_PTR\(-ECHILD\)|-ECHILD);(?:\s*\})?/g,
    )
      .filter((m) => balanced(m.text))
      .map((m) => [{ ...m, replace: blank(m.text) }]),
  'free-at-once': (file, fn) => [
    ...calls(file, fn, /\bk(?:v)?free_rcu(?=\()/g)
      .filter((c) => c.args.length === 2)
      .map((c) => [{ start: c.start, end: c.end, replace: `${c.name.replace('_rcu', '')}(${c.args[0]})` }]),
    ...calls(file, fn, /\bcall_rcu(?=\()/g)
      .filter((c) => c.args.length === 2 && /^\w+$/.test(c.args[1] as string))
      .map((c) => [{ start: c.start, end: c.end, replace: `${c.args[1]}(${c.args[0]})` }]),
  ],
  'plain-inode': (file, fn) =>
    calls(file, fn, /\bd_inode_rcu(?=\()/g).map((c) => [
      { start: c.start, end: c.end, replace: `d_inode(${c.args[0]})` },
    ]),
  'borrowed-parent': (file, fn) =>
    matches(file, fn, /\b(\w+) = dget_parent\((\w+)\);/g).map((m) => [
      { start: m.start, end: m.end, replace: `${m.groups[0]} = ${m.groups[1]}->d_parent;` },
      ...matches(file, fn, new RegExp(`\\bdput\\(${m.groups[0]}\\);`, 'g')).map((d) => ({
        start: d.start,
        end: d.end,
        replace: ';',
      })),
    ]),
  'drop-unlock': (file, fn) =>
    matches(
      file,
      fn,
      new RegExp(
        `\\n\\t\\t+((?:${UNLOCK})\\([^;{}]*\\);)(?=\\s*\\n\\t\\t+return (?:-E\\w+|ERR_PTR\\([^;]*\\)|err|error|ret|rc|status|NULL);)`,
        'g',
      ),
    ).map((m) => {
      const start = m.start + m.text.indexOf(m.groups[0] as string);
      return [{ start, end: m.end, replace: ';' }];
    }),
  'drop-inode-lock': (file, fn) =>
    calls(file, fn, /\binode_lock(?:_nested)?(?=\()/g).flatMap((c) => {
      const owner = c.args[0] as string;
      const gives = calls(file, fn, /\binode_unlock(?=\()/g).filter(
        (u) => u.args[0] === owner && u.start > c.start,
      );
      const last = gives.at(-1);
      if (last === undefined || !REMOVAL.test(file.code.slice(c.end, last.start))) return [];
      return [[c, ...gives].map((x) => ({ start: x.start, end: x.end, replace: '(void)0' }))];
    }),
  'sleeping-allocation': (file, fn) =>
    matches(file, fn, /\bGFP_ATOMIC\b/g)
      .filter((m) => heldBefore(file, fn, m.start) > 0)
      .map((m) => [{ start: m.start, end: m.end, replace: 'GFP_KERNEL' }]),
  'mutex-under-spinlock': (file, fn) =>
    matches(file, fn, /\bspin_lock\([^;{}]*\);/g).flatMap((m) => {
      const before = file.code.slice(fn.start, m.start);
      for (const [, owner, name] of file.code.matchAll(/\bmutex_lock\(&(?:(\w+)->)?(\w+)\)/g)) {
        if (owner !== undefined && !new RegExp(`\\*\\s*${owner}\\b`).test(before)) continue;
        const lock = owner === undefined ? `&${name}` : `&${owner}->${name}`;
        if (file.code.slice(fn.body, fn.end).includes(`mutex_lock(${lock})`)) continue;
        const replace = `${m.text} mutex_lock(${lock}); mutex_unlock(${lock});`;
        return [[{ start: m.start, end: m.end, replace }]];
      }
      return [];
    }),
  'swap-locks': (file, fn, around) =>
    matches(
      file,
      fn,
      new RegExp(`\\n\\t+(${TAKES.source}[^;{}]*\\);)\\n\\t+(${TAKES.source}[^;{}]*\\);)`, 'g'),
    )
      .filter((m) => {
        const pair = `${lastName(m.groups[0] as string)} ${lastName(m.groups[2] as string)}`;
        return (
          (around.nested.get(pair) ?? 0) > 1 &&
          lastName(m.groups[0] as string) !== lastName(m.groups[2] as string)
        );
      })
      .map((m) => {
        const [first, second] = [m.groups[0] as string, m.groups[2] as string];
        const start = m.start + m.text.indexOf(first);
        return [
          { start, end: start + first.length, replace: second },
          { start: m.end - second.length, end: m.end, replace: first },
        ];
      }),
  'forget-dead-directory': (file, fn) =>
    calls(file, fn, /\bIS_DEADDIR(?=\()/g).map((c) => [{ start: c.start, end: c.end, replace: '0' }]),
  'late-snapshot': (file, fn) =>
    matches(
      file,
      fn,
      new RegExp(`\\n\\t+(\\w+ = (\\w+)->\\w+;)\\n\\t+((?:${UNLOCK})\\(&\\2->\\w+\\);)`, 'g'),
    ).map((m) => {
      const [read, , unlock] = m.groups as [string, string, string];
      const start = m.start + m.text.indexOf(read);
      return [
        { start, end: start + read.length, replace: unlock },
        { start: m.end - unlock.length, end: m.end, replace: read },
      ];
    }),
} satisfies Record<string, Finder>;

/** The operators, by name. */
export type Operator = keyof typeof OPERATORS;

/** All operators, in order. */
export const OPERATOR_NAMES = Object.keys(OPERATORS) as readonly Operator[];

/** Every mutant of some files of one directory, by operator and place. */
export function mutantsOf(files: ReadonlyMap<string, string>): Mutant[] {
  const scanned = [...files].map(([path, text]) => [path, scan(text)] as const);
  const around: Directory = { nested: nestings(scanned.map(([, s]) => s)) };
  const out: Mutant[] = [];
  for (const [path, file] of scanned)
    for (const operator of OPERATOR_NAMES) {
      const find: Finder = OPERATORS[operator];
      for (const fn of file.functions)
        for (const ranges of find(file, fn, around)) {
          const edits = ranges.map((range) => editOf(file, fn, range));
          if (edits.some((e) => e.find.length > LONGEST_FIND || e.replace.length > 2 * LONGEST_FIND))
            continue;
          const line = lineOf(file.text, ranges[0]?.start ?? fn.start);
          out.push({
            id: `${operator} ${path}:${line}`,
            operator,
            file: path,
            line,
            function: fn.name,
            edits,
          });
        }
    }
  // Two on one line have one name: the first is enough
  return out.filter((m, i) => out.findIndex((o) => o.id === m.id) === i);
}

/** A text with a mutant's edits made: the lines that changed, and those of the function. */
export interface Change {
  readonly text: string;
  readonly lines: ReadonlySet<number>;
  readonly first: number;
  readonly last: number;
}

/** The text with a mutant's edits made; null where the function or a text in it is not as the mutant knows it. */
export function mutated(text: string, mutant: Mutant): Change | null {
  const file = scan(text);
  const lines = new Set<number>();
  for (const fn of file.functions.filter((f) => f.name === mutant.function)) {
    const ranges = mutant.edits.map((edit) => rangeOf(text, fn, edit));
    if (ranges.some((r) => r === null)) continue;
    let out = text;
    for (const range of (ranges as Range[]).toSorted((a, b) => b.start - a.start)) {
      out = out.slice(0, range.start) + range.replace + out.slice(range.end);
      const last = lineOf(text, range.end);
      for (let l = lineOf(text, range.start); l <= last; l++) lines.add(l);
    }
    return { text: out, lines, first: lineOf(text, fn.start), last: lineOf(text, fn.end) };
  }
  return null;
}

/**
 * `wanted` of all mutants, chosen by a seed: operators get the same number as far as they have so many, and within one the
 * directories that had fewest come first.
 */
export function choose(all: readonly Mutant[], wanted: number, seed: number): Mutant[] {
  const random = randomBy(seed);
  const left = new Map(
    OPERATOR_NAMES.map((name) => [
      name,
      shuffled(
        all.filter((m) => m.operator === name),
        random,
      ),
    ]),
  );
  const chosen: Mutant[] = [];
  const taken = new Map<string, number>();
  while (chosen.length < wanted && [...left.values()].some((list) => list.length > 0))
    for (const list of left.values()) {
      if (list.length === 0 || chosen.length >= wanted) continue;
      const rank = (m: Mutant): number => taken.get(`${m.operator} ${filesystemOf(m.file)}`) ?? 0;
      const least = list.reduce((a, b) => (rank(b) < rank(a) ? b : a));
      list.splice(list.indexOf(least), 1);
      const key = `${least.operator} ${filesystemOf(least.file)}`;
      taken.set(key, (taken.get(key) ?? 0) + 1);
      chosen.push(least);
    }
  return chosen.sort((a, b) => (a.id < b.id ? -1 : 1));
}

/** The filesystem that a file belongs to: `fs/ext4`; `fs` for the VFS itself. */
export function filesystemOf(file: string): string {
  return /^(fs\/[^/]+)\//.exec(file)?.[1] ?? 'fs';
}

function randomBy(seed: number): () => number {
  let a = seed >>> 0;
  return () => {
    a = (a + 0x6d2b79f5) >>> 0;
    let t = Math.imul(a ^ (a >>> 15), a | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

function shuffled<V>(list: readonly V[], random: () => number): V[] {
  const out = [...list];
  for (let i = out.length - 1; i > 0; i--) {
    const j = Math.floor(random() * (i + 1));
    [out[i], out[j]] = [out[j] as V, out[i] as V];
  }
  return out;
}

function matches(
  file: Scanned,
  fn: ScannedFunction,
  pattern: RegExp,
): { start: number; end: number; text: string; groups: readonly (string | undefined)[] }[] {
  return [...file.code.slice(fn.body, fn.end).matchAll(pattern)].flatMap((m) => {
    const start = fn.body + m.index;
    const end = start + m[0].length;
    // A comment or string in between would be cut in two
    return file.text.slice(start, end) === m[0] ? [{ start, end, text: m[0], groups: m.slice(1) }] : [];
  });
}

/** Calls whose name (up to the parenthesis) matches, with their arguments as written. */
function calls(
  file: Scanned,
  fn: ScannedFunction,
  name: RegExp,
): { start: number; end: number; name: string; args: readonly string[] }[] {
  return matches(file, fn, name).flatMap((m) => {
    const close = closing(file.code, m.end);
    if (close < 0 || close > fn.end) return [];
    const args: string[] = [];
    let depth = 0;
    let from = m.end + 1;
    for (let i = from; i <= close; i++) {
      const c = file.code[i];
      if (c === '(' || c === '[' || c === '{') depth++;
      else if (i < close && (c === ')' || c === ']' || c === '}')) depth--;
      if (i === close || (c === ',' && depth === 0)) {
        args.push(file.text.slice(from, i).trim());
        from = i + 1;
      }
    }
    return [{ start: m.start, end: close + 1, name: m.text, args }];
  });
}

/** How many more spinning locks and RCU sections are entered than left above an offset, in the order of the text. */
function heldBefore(file: Scanned, fn: ScannedFunction, offset: number): number {
  const code = file.code.slice(fn.body, offset);
  const spinning = (m: RegExpMatchArray): boolean => !(m[1] as string).startsWith('mutex');
  return (
    [...code.matchAll(ANY_TAKE)].filter(spinning).length -
    [...code.matchAll(ANY_GIVE)].filter(spinning).length
  );
}

/** Which locks are taken while which others are held, by the order of the text. */
function nestings(files: readonly Scanned[]): Map<string, number> {
  const out = new Map<string, number>();
  for (const file of files)
    for (const fn of file.functions) {
      const held: string[] = [];
      const pairs = new Set<string>();
      const event = new RegExp(`(${TAKES.source})[^;{}]*\\);|\\b(?:${UNLOCK})\\([^;{}]*\\);`, 'g');
      for (const m of file.code.slice(fn.body, fn.end).matchAll(event)) {
        const name = lastName(m[0]);
        if (m[1] === undefined) held.splice(held.indexOf(name) < 0 ? held.length : held.indexOf(name), 1);
        else {
          for (const outer of held) pairs.add(`${outer} ${name}`);
          held.push(name);
        }
      }
      for (const pair of pairs) out.set(pair, (out.get(pair) ?? 0) + 1);
    }
  return out;
}

/** `lock` of `spin_lock(&inode->i_data.lock);`. */
function lastName(call: string): string {
  return /(\w+)\W*$/.exec(call)?.[1] ?? '';
}

function balanced(text: string): boolean {
  return text.split('{').length === text.split('}').length && closing(text, text.indexOf('(')) > 0;
}

/** Nothing in place of a statement, with the lines that it had. */
function blank(text: string): string {
  return `;${text.replace(/[^\n]/g, '')}`;
}

function editOf(file: Scanned, fn: ScannedFunction, range: Range): MutantEdit {
  const find = file.text.slice(range.start, range.end);
  let nth = 0;
  for (
    let i = file.text.indexOf(find, fn.start);
    i >= 0 && i <= range.start;
    i = file.text.indexOf(find, i + 1)
  )
    nth++;
  return { find, nth, replace: range.replace };
}

function rangeOf(text: string, fn: ScannedFunction, edit: MutantEdit): Range | null {
  let at = fn.start - 1;
  for (let n = 0; n < edit.nth; n++) {
    at = text.indexOf(edit.find, at + 1);
    if (at < 0 || at + edit.find.length > fn.end) return null;
  }
  return { start: at, end: at + edit.find.length, replace: edit.replace };
}
