/**
 * The accesses to a member as lines of text: what guards it, the exceptions first with what is held there, then by function. Shared by the
 * command line and whoever shows plain text. Must not compute; cuts long lists with counts.
 */
import type { HeldLock } from '../base/finding.js';
import { push } from '../base/multimap.js';
import type { AccessSituation, FieldAccess, FieldAnswer, GuardState } from '../base/review.js';
import { count, wordRcu } from '../findings/wording.js';

/** Lines in pieces that a terminal may paint. */
export type Tone = 'plain' | 'strong' | 'dim' | 'warn' | 'place';
export interface Piece {
  readonly text: string;
  readonly tone: Tone;
}
export type TextLine = readonly Piece[];

/** Reads a line of the tree; null where there is none. */
export type ReadLine = (file: string, line: number) => string | null;

/** How much is shown. */
export interface FieldTextOptions {
  /** Exceptions that are shown with what is held; the others are counted. */
  readonly exceptions: number;
  /** Accesses that are shown of one function. */
  readonly perFunction: number;
  readonly functions: number;
}

/** A longer name of an object is left out. */
const MAX_OBJECT = 48;
const MAX_PATHS = 3;

export const FIELD_TEXT: FieldTextOptions = { exceptions: 20, perFunction: 12, functions: 40 };

export function plain(text: string): Piece {
  return { text, tone: 'plain' };
}
export function toned(tone: Tone, text: string): Piece {
  return { text, tone };
}

/** The whole answer. */
export function fieldLines(answer: FieldAnswer, read: ReadLine, options = FIELD_TEXT): readonly TextLine[] {
  const { declared, exceptions, alone, accesses } = answer;
  const out: TextLine[] = [];
  const where = declared === null ? '' : `, declared at ${declared.file}:${declared.line}`;
  const type = answer.type === '' ? '' : `, ${answer.type}`;
  out.push([toned('strong', `${answer.struct}::${answer.member}`), plain(`${type}${where}`)]);
  const functions = new Set(accesses.map((a) => `${a.file} ${a.function}`)).size;
  out.push([
    plain(
      `${count(accesses.length, 'access').replace(/accesss$/, 'accesses')} in ${count(functions, 'function')} of ${pathsOf(answer)}: ${kindsOf(accesses)}`,
    ),
  ]);
  out.push([], [toned('strong', 'Guard'), plain(`: ${answer.verdict}`)]);
  const { documented } = answer;
  if (documented !== null)
    out.push([plain(`  documented: ${documented.summary} (${documented.proof.join(', ')})`)]);
  if (answer.others.length > 0)
    out.push([
      plain(
        `  also held: ${answer.others.map((o) => `${o.class} (${o.writes.held} of ${o.writes.of} writes, ${o.reads.held} of ${o.reads.of} reads)`).join('; ')}`,
      ),
    ]);
  if (answer.guard !== null || exceptions.length > 0)
    exceptionLines(out, exceptions, answer.guard?.class ?? '', read, options);
  if (alone.length > 0) {
    out.push([], [toned('strong', `Where nobody else sees the object (${alone.length})`)]);
    for (const a of alone.slice(0, options.perFunction))
      out.push([plain('  '), toned('place', placeOf(a)), plain(`  ${a.function}(): ${whatOf(a)}; ${a.why}`)]);
    more(out, alone.length - options.perFunction);
  }
  byFunction(out, answer, options);
  for (const [i, note] of answer.notes.entries()) {
    if (i === 0) out.push([], [toned('strong', 'Not known')]);
    out.push([plain(`  ${note}`)]);
  }
  return out;
}

function exceptionLines(
  out: TextLine[],
  exceptions: readonly FieldAccess[],
  guard: string,
  read: ReadLine,
  options: FieldTextOptions,
): void {
  out.push([]);
  if (exceptions.length === 0) {
    out.push([toned('strong', 'Exceptions'), plain(': none')]);
    return;
  }
  out.push([
    toned('strong', `Exceptions (${exceptions.length})`),
    plain(`: ${guard === '' ? 'writes with no lock at all' : `without ${guard}`}`),
  ]);
  for (const a of exceptions.slice(0, options.exceptions)) {
    const isBad = a.guard === null || a.guard === 'not' || a.guard === 'sometimes' || a.guard === 'shared';
    out.push([
      toned(isBad ? 'warn' : 'plain', isBad ? '! ' : '? '),
      toned('place', placeOf(a)),
      plain(`  ${a.function}(): ${whatOf(a)}${a.guard === null ? '' : `, ${guardWords(a.guard, guard)}`}`),
    ]);
    const code = read(a.file, a.line);
    if (code !== null && code.trim() !== '') out.push([toned('dim', `      ${code.trim()}`)]);
    for (const s of a.situations.slice(0, 3)) out.push([toned('dim', `      ${situationWords(s)}`)]);
    if (a.situations.length > 3)
      out.push([toned('dim', `      and ${a.situations.length - 3} more situations`)]);
  }
  more(out, exceptions.length - options.exceptions);
}

function byFunction(out: TextLine[], answer: FieldAnswer, options: FieldTextOptions): void {
  const groups = new Map<string, FieldAccess[]>();
  for (const a of answer.accesses) push(groups, `${a.file} ${a.function}`, a);
  if (groups.size > 0) out.push([], [toned('strong', 'By function')]);
  for (const list of [...groups.values()].slice(0, options.functions)) {
    const first = list[0] as FieldAccess;
    out.push([plain('  '), toned('place', first.file), plain(` ${first.function}()`)]);
    for (const a of list.slice(0, options.perFunction)) {
      const mark = answer.exceptions.includes(a) ? '!' : ' ';
      out.push([
        toned(mark === '!' ? 'warn' : 'plain', `  ${mark} `),
        plain(
          `${String(a.line).padStart(5)}  ${briefOf(a).padEnd(36)}  ${heldBrief(a, answer.guard?.class ?? '')}`,
        ),
      ]);
    }
    more(out, list.length - options.perFunction);
  }
  more(out, groups.size - options.functions, 'function');
}

function more(out: TextLine[], rest: number, what = ''): void {
  if (rest > 0)
    out.push([toned('dim', `    and ${what === '' ? `${rest} more` : `${count(rest, `more ${what}`)}`}`)]);
}

/** What was looked at; of many paths the first ones. */
function pathsOf({ paths }: FieldAnswer): string {
  const rest = paths.length - MAX_PATHS;
  return rest > 0 ? `${paths.slice(0, MAX_PATHS).join(', ')} and ${rest} more` : paths.join(', ');
}

function placeOf(a: FieldAccess): string {
  return `${a.file}:${a.line}`;
}

function kindsOf(accesses: readonly FieldAccess[]): string {
  const of = (test: (a: FieldAccess) => boolean): number => accesses.filter(test).length;
  const parts = [
    count(
      of((a) => a.kind === 'write' || a.kind === 'update'),
      'write',
    ),
    count(
      of((a) => a.kind === 'read'),
      'read',
    ),
  ];
  const addresses = of((a) => a.kind === 'address');
  if (addresses > 0) parts.push(`${addresses} by address`);
  const marked = of((a) => a.marked);
  if (marked > 0) parts.push(`${marked} of them atomic or marked`);
  return parts.join(', ');
}

/** What an access does, in words: `changes ci->i_flags by set_bit()`. */
export function whatOf(a: FieldAccess): string {
  const it = nameOf(a);
  const by = a.by === '' || a.text.startsWith(`${a.by}(`) ? '' : ` by ${a.by}()`;
  switch (a.kind) {
    case 'read':
      return `reads ${it}${by}`;
    case 'write':
      return `writes ${it}${by}`;
    case 'update':
      return `changes ${it}${by}`;
    case 'address':
      return a.by === ''
        ? `takes the address of ${it}`
        : `hands the address of ${it} to ${a.by}(), which may write to it`;
    default:
      return a.kind satisfies never;
  }
}

function nameOf(a: FieldAccess): string {
  return a.text === '' || a.text.length > MAX_OBJECT ? 'it' : a.text;
}

/** The same in short: `change ci->i_flags by set_bit()`. */
export function briefOf(a: FieldAccess): string {
  const it = nameOf(a);
  const by = a.by === '' || a.text.startsWith(`${a.by}(`) ? '' : ` by ${a.by}()`;
  return `${a.kind === 'update' ? 'change' : a.kind}${it === 'it' ? '' : ` ${it}`}${by}`;
}

/** How the guard is held, in words. */
export function guardWords(state: GuardState | null, guard: string): string {
  switch (state) {
    case null:
      return '';
    case 'held':
      return `${guard} is held`;
    case 'not':
      return 'not held';
    case 'sometimes':
      return 'not held in every situation';
    case 'perhaps':
      return 'held on some paths only';
    case 'shared':
      return 'held shared only';
    case 'another':
      return 'one of another name is held: whether it is of this object is not known';
    case 'unknown':
      return 'not held here; what callers hold is not known';
    default:
      return state satisfies never;
  }
}

/** What is held in a situation, with the methods that come there so. */
export function situationWords(s: AccessSituation): string {
  const rcu = s.rcu === 'none' ? '' : `, ${wordRcu(s.rcu)}`;
  const from =
    s.entries.length === 0
      ? s.known
        ? ''
        : ' (from callers that are not known)'
      : ` (${s.entries.map((e) => `${e.struct === 'callback' || e.struct === '' ? e.method : `->${e.method}`} ${e.function}()`).join(', ')}${s.ways > s.entries.length ? ` and ${s.ways - s.entries.length} more` : ''})`;
  return `${locksBrief(s.held)}${rcu}${from}`;
}

/** The locks of a situation in short: `ci->i_ceph_lock, inode->i_rwsem shared?`. */
export function locksBrief(held: readonly HeldLock[]): string {
  if (held.length === 0) return 'no lock';
  const counts = new Map<string, number>();
  for (const h of held) {
    const name = h.expression.length > MAX_OBJECT ? h.class : h.expression.replace(/^&/, '');
    const text = `${name}${h.mode === 'shared' ? ' shared' : ''}${h.certainty === 'may' ? '?' : ''}`;
    counts.set(text, (counts.get(text) ?? 0) + 1);
  }
  return [...counts].map(([text, n]) => (n === 1 ? text : `${text} (${n})`)).join(', ');
}

export function heldBrief(a: FieldAccess, guard: string): string {
  if (a.stage !== 'shared') return a.why;
  if (a.guard === 'held') {
    const own = a.situations.flatMap((s) => s.held).find((h) => h.class === guard);
    return own === undefined ? guard : locksBrief([own]);
  }
  const texts = [
    ...new Set(
      a.situations.map((s) => `${locksBrief(s.held)}${s.rcu === 'none' ? '' : `, ${wordRcu(s.rcu)}`}`),
    ),
  ];
  if (texts.length === 0) return 'not known';
  return texts.length <= 2
    ? texts.join(' | ')
    : `${texts.slice(0, 2).join(' | ')} | and ${texts.length - 2} more`;
}
