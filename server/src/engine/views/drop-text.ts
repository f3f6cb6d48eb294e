/**
 * What relies on a dropped lock as lines of text, in the order in which a reviewer asks: what the code went by, who may change it, which
 * callers count on it. Must not compute; cuts long lists with counts.
 */
import type { EntryMethod } from '../base/finding.js';
import type { Changer, Drop, DropAnswer, Relied, RelyingCaller } from '../base/review.js';
import { count } from '../findings/wording.js';
import { locksBrief, plain, type ReadLine, situationWords, type TextLine, toned } from './field-text.js';

/** Of each list so many are shown where not all is wanted. */
const SHOWN = { relied: 14, published: 8, changers: 10, callers: 8 };
const FEW_TESTS = 4;
type Shown = typeof SHOWN;
const EVERYTHING = Number.MAX_SAFE_INTEGER;
const ALL: Shown = { relied: EVERYTHING, published: EVERYTHING, changers: EVERYTHING, callers: EVERYTHING };

/** The whole answer; `all`: nothing is left out. */
export function dropLines(answer: DropAnswer, read: ReadLine, all = false): readonly TextLine[] {
  const out: TextLine[] = [
    [toned('place', `${answer.file}:${answer.line}`), plain(': '), toned('strong', `${answer.function}()`)],
  ];
  const code = read(answer.file, answer.line);
  if (code !== null && code.trim() !== '') out.push([toned('dim', `      ${code.trim()}`)]);
  for (const drop of answer.drops) oneDrop(out, drop, answer.function, all ? ALL : SHOWN);
  if (answer.drops.length === 0) nothingDropped(out, answer);
  if (answer.notes.length > 0) out.push([]);
  for (const note of answer.notes) out.push([toned('dim', `not known: ${note}`)]);
  return out;
}

function nothingDropped(out: TextLine[], answer: DropAnswer): void {
  out.push([], [plain('No lock is seen to be dropped on this line.')]);
  for (const s of answer.held) out.push([plain(`  held here: ${situationWords(s)}`)]);
  if (answer.held.length === 0) out.push([plain('  what is held here is not known')]);
  if (answer.nearest.length > 0) out.push([], [plain('Lines of the function that drop one:')]);
  for (const { line, what } of answer.nearest)
    out.push([plain('  '), toned('place', `${answer.file}:${line}`), plain(`  ${what}`)]);
}

/** What is dropped, and how, as a sentence without a full stop. */
export function dropWords(drop: Drop): string {
  const { lock, inside } = drop;
  const name = `${lock.expression} (${lock.class}${lock.mode === 'shared' ? ', shared' : ''})`;
  switch (drop.how) {
    case 'release':
      return inside === null ? `drops ${name}` : `${inside.function}() drops ${name}`;
    case 'scope':
      return `the scope ends, which drops ${name}`;
    case 'retake': {
      const where =
        inside?.place == null ? '' : ` (has it again at ${inside.place.file}:${inside.place.line})`;
      return `${inside?.function ?? 'what is called'}() drops ${name} and takes it again${where}`;
    }
    default:
      return drop.how satisfies never;
  }
}

function oneDrop(out: TextLine[], drop: Drop, fn: string, shown: Shown): void {
  out.push([], [toned('strong', 'Lock'), plain(`: ${dropWords(drop)}`)]);
  const taken =
    drop.takenAt === null
      ? '  where it was taken is not known'
      : drop.takenAt === 'caller'
        ? `  held since before ${fn}() was called`
        : `  taken in line ${drop.takenAt.line}`;
  const again =
    drop.retaken.length === 0
      ? 'not taken again in this function'
      : `taken again in line ${drop.retaken.join(', ')}`;
  out.push([plain(`${taken}; ${drop.how === 'retake' ? 'held again when the call returns' : again}`)]);
  out.push([
    plain(`  still held: ${drop.stillHeld.length === 0 ? 'nothing else' : locksBrief(drop.stillHeld)}`),
  ]);
  reliedLines(out, drop.relied, shown.relied, drop.how === 'retake' || drop.retaken.length > 0);
  publishedLines(out, drop, shown.published);
  changerLines(out, drop, shown.changers);
  callerLines(out, drop, shown.callers);
  for (const note of drop.notes) out.push([toned('dim', `  note: ${note}`)]);
}

function reliedLines(out: TextLine[], relied: readonly Relied[], most: number, isRetaken: boolean): void {
  if (relied.length === 0) {
    out.push([
      toned('strong', '  Used later'),
      plain(': nothing that was read under it is seen to be used after the drop'),
    ]);
    return;
  }
  const values = relied.filter((r) => r.kind !== 'test');
  const tests = relied.filter((r) => r.kind === 'test');
  if (values.length > 0) {
    out.push([toned('strong', `  Read under it, used after it (${values.length})`)]);
    for (const r of values.slice(0, most)) out.push(...reliedLine(r, '    '));
    more(out, values.length - most, '    ');
  } else
    out.push([
      toned('strong', '  Used later'),
      plain(': nothing that was read under it is seen to be used after the drop'),
    ]);
  if (tests.length === 0) return;
  out.push([toned('strong', `  Tested under it on the way here (${tests.length})`)]);
  // Where it is not taken again, what comes later can only be about what was found
  const shown = isRetaken ? most : Math.min(most, FEW_TESTS);
  for (const r of tests.slice(0, shown)) out.push(...reliedLine(r, '    '));
  more(out, tests.length - shown, '    ');
}

/** One thing that was found out, in words: what, what of it later, and whether nothing is seen to hold it. */
export function reliedWords(r: Relied): {
  readonly what: string;
  readonly later: string;
  readonly isLoose: boolean;
} {
  const perhaps = r.perhaps ? ' (not on all paths under it)' : '';
  if (r.kind === 'test') {
    const later =
      r.again === 0
        ? 'not looked at again'
        : r.again === r.line
          ? 'comes again in the next turn of the loop'
          : `looked at again in line ${r.again}`;
    return {
      what: `line ${r.line}: tested ${r.from === '' ? r.members.join(', ') : r.from}${perhaps}`,
      later,
      isLoose: false,
    };
  }
  const rest = r.useCount - r.uses.length;
  const uses = `afterwards ${r.uses.map((u) => `${u.how} in line ${u.line}`).join(', ')}${rest > 0 ? ` and ${rest} more` : ''}`;
  const kept =
    r.kind !== 'pointer' ? '' : r.kept === '' ? 'nothing is seen here to keep it' : keptWords(r.kept);
  const again = r.again > 0 ? `${r.members.join(', ')} is read again in line ${r.again}` : '';
  return {
    what: `line ${r.line}: ${r.kind} ${r.name}${r.from === '' ? '' : ` = ${r.from}`}${perhaps}`,
    later: [uses, kept, again].filter((t) => t !== '').join('; '),
    isLoose: r.kind === 'pointer' && r.kept === '' && r.again === 0,
  };
}

function reliedLine(r: Relied, indent: string): readonly TextLine[] {
  const { what, later, isLoose } = reliedWords(r);
  const mark = isLoose ? toned('warn', '! ') : plain('  ');
  return r.kind === 'test'
    ? [[plain(indent), mark, plain(`${what}; ${later}`)]]
    : [[plain(indent), mark, plain(what)], [plain(`${indent}      ${later}`)]];
}

/** What keeps an object, in words. */
function keptWords(kept: string): string {
  return kept.startsWith('perhaps ') ? `perhaps kept by ${kept.slice(8)}` : `kept by ${kept}`;
}

function publishedLines(out: TextLine[], drop: Drop, most: number): void {
  const { published } = drop;
  if (published.length === 0) return;
  out.push([toned('strong', `  Changed under it, seen by others from here on (${published.length})`)]);
  for (const p of published.slice(0, most)) {
    const by = p.by === '' ? '' : ` by ${p.by}()`;
    const later =
      p.name === ''
        ? ''
        : `; ${p.name} is in it, and later ${p.uses.map((u) => `${u.how} in line ${u.line}`).join(', ')}`;
    out.push([plain(`      line ${p.line}: ${p.text === '' ? p.member : p.text}${by}${later}`)]);
  }
  more(out, published.length - most, '    ');
}

function changerLines(out: TextLine[], drop: Drop, most: number): void {
  const { changers, changerCount } = drop;
  const members = drop.relied.some((r) => r.members.length > 0);
  if (!members) return;
  if (changers.length === 0) {
    out.push([toned('strong', '  Who may change that'), plain(': nobody is seen to in this directory')]);
    return;
  }
  const groups = byWriter(changers);
  out.push([toned('strong', `  Who may change that meanwhile (${count(changerCount, 'place')})`)]);
  for (const list of groups.slice(0, most)) {
    const c = list[0] as Changer;
    const isLetIn = c.lock === 'held' && c.keptOut === '' && isOfOne(c.member, drop.lock.class);
    const others = list.slice(1).map((o) => o.line);
    const lines = others.length === 0 ? '' : ` and line ${others.join(', ')}`;
    out.push([
      plain('    '),
      isLetIn ? toned('warn', '! ') : plain('  '),
      toned('place', `${c.file}:${c.line}`),
      plain(`${lines}  ${c.function}(): ${kindWords(c)} ${c.member}${entryWords(c)}`),
    ]);
    out.push([toned('dim', `          ${lockWords(c, drop.lock.class)}`)]);
    const apart = apartWords(c);
    if (apart !== '') out.push([toned('dim', `          ${apart}`)]);
  }
  more(out, groups.length - most, '    ');
  if (changerCount > changers.length)
    out.push([toned('dim', `    and ${count(changerCount - changers.length, 'more place')}`)]);
}

/** What one function does to one member in the same way. */
export function byWriter(changers: readonly Changer[]): readonly (readonly Changer[])[] {
  const groups = new Map<string, Changer[]>();
  for (const c of changers) {
    const key = JSON.stringify([c.file, c.function, c.member, c.lock, c.keptOut, c.apart, kindWords(c)]);
    const list = groups.get(key);
    if (list === undefined) groups.set(key, [c]);
    else list.push(c);
  }
  return [...groups.values()];
}

function kindWords(c: Changer): string {
  const by = c.by === '' ? '' : ` by ${c.by}()`;
  return c.kind === 'address'
    ? `hands on the address${by} of`
    : `${c.kind === 'write' ? 'writes' : 'changes'}${by}`;
}

function entryWords(c: Changer): string {
  if (c.entries.length === 0) return '';
  const rest = c.ways - c.entries.length;
  return ` (${namesOf(c.entries)}${rest > 0 ? ` and ${rest} more` : ''})`;
}

function namesOf(entries: readonly EntryMethod[]): string {
  const named = entries.map((e) => (e.struct === '' || e.struct === 'callback' ? e.method : `->${e.method}`));
  return [...new Set(named)].join(', ');
}

/** Ways to a writer that a lock keeps out where others are let in; ''. */
export function apartWords({ apart }: Changer): string {
  return apart === null
    ? ''
    : `by ${namesOf(apart.entries)} both hold ${apart.lock} all the time: only if it is not the same one`;
}

/** Whether a lock belongs to the very object whose member it is about. */
export function isOfOne(member: string, lock: string): boolean {
  return member.split('::')[0] === lock.split('::')[0];
}

/** What keeps a writer away, in words. */
export function lockWords(c: Changer, dropped: string): string {
  if (c.keptOut !== '') return `both hold ${c.keptOut} all the time: only if it is not the same one`;
  switch (c.lock) {
    case 'held':
      return isOfOne(c.member, dropped)
        ? `waits for ${dropped}: it is the drop that lets it in`
        : `waits for ${dropped}: if it is the same one, it is the drop that lets it in`;
    case 'another':
      return `holds ${dropped} of something that has another name: whether it is the same one is not known`;
    case 'not':
      return `does not take ${dropped}: it may come at any time, dropped or not`;
    case 'unknown':
      return 'what its callers hold is not known';
    default:
      return `holds ${dropped} in some situations or on some paths only`;
  }
}

function callerLines(out: TextLine[], drop: Drop, most: number): void {
  const { callers, callerCount } = drop;
  if (callers.length === 0) {
    if (drop.takenAt === 'caller' && drop.lock.class !== '')
      out.push([toned('strong', '  Callers'), plain(': none is seen in this directory that brings it')]);
    return;
  }
  out.push([
    toned(
      'strong',
      `  Callers that hold it across the call (${callers.filter((c) => c.holds !== 'not').length} of ${callerCount})`,
    ),
  ]);
  for (const c of callers.slice(0, most)) oneCaller(out, c, '    ');
  more(out, callerCount - Math.min(most, callers.length), '    ');
}

function oneCaller(out: TextLine[], c: RelyingCaller, indent: string): void {
  const taken =
    c.acquiredAt === null
      ? ''
      : c.acquiredAt === 'caller'
        ? ', brought by its own callers'
        : `, taken in line ${c.acquiredAt.line}`;
  const holds =
    c.holds === 'held'
      ? `holds it${taken}`
      : c.holds === 'perhaps'
        ? `perhaps holds it${taken}`
        : 'does not hold it';
  out.push([plain(indent), toned('place', `${c.file}:${c.line}`), plain(`  ${c.function}(): ${holds}`)]);
  for (const r of c.relied.slice(0, SHOWN.published)) out.push(...reliedLine(r, `${indent}  `));
  more(out, c.relied.length - SHOWN.published, `${indent}  `);
  if (c.holds !== 'not' && c.relied.length === 0)
    out.push([
      toned('dim', `${indent}    nothing that it read under it before is seen to be used after the call`),
    ]);
  for (const up of c.callers.filter((u) => u.holds !== 'not').slice(0, SHOWN.callers))
    oneCaller(out, up, `${indent}    `);
}

function more(out: TextLine[], rest: number, indent: string): void {
  if (rest > 0) out.push([toned('dim', `${indent}and ${count(rest, 'more').replace(/mores$/, 'more')}`)]);
}
