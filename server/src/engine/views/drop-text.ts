/**
 * What relies on a dropped lock as lines of text, in the order in which a reviewer asks: what the code went by, who may change it, which
 * callers count on it. Must not compute; cuts long lists with counts.
 */
import type { Changer, Drop, DropAnswer, Relied, RelyingCaller } from '../base/review.js';
import { count } from '../findings/wording.js';
import { locksBrief, plain, type ReadLine, situationWords, type TextLine, toned } from './field-text.js';

/** Of each list so many are shown where not all is wanted. */
const SHOWN = { relied: 14, published: 8, changers: 10, callers: 8 };
type Shown = typeof SHOWN;
const EVERYTHING = Number.MAX_SAFE_INTEGER;
const ALL: Shown = { relied: EVERYTHING, published: EVERYTHING, changers: EVERYTHING, callers: EVERYTHING };

/** The whole answer; `all`: nothing is left out. */
export function dropLines(answer: DropAnswer, read: ReadLine, all = false): readonly TextLine[] {
  const out: TextLine[] = [[toned('place', `${answer.file}:${answer.line}`), plain(': '), toned('strong', `${answer.function}()`)]];
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
      const where = inside?.place == null ? '' : ` (has it again at ${inside.place.file}:${inside.place.line})`;
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
      ? ''
      : drop.takenAt === 'caller'
        ? `  held since before ${fn}() was called`
        : `  taken in line ${drop.takenAt.line}`;
  const again = drop.retaken.length === 0 ? 'not taken again in this function' : `taken again in line ${drop.retaken.join(', ')}`;
  out.push([plain(`${taken}; ${drop.how === 'retake' ? 'held again when the call returns' : again}`)]);
  out.push([plain(`  still held: ${drop.stillHeld.length === 0 ? 'nothing else' : locksBrief(drop.stillHeld)}`)]);
  reliedLines(out, drop.relied, shown.relied);
  publishedLines(out, drop, shown.published);
  changerLines(out, drop, shown.changers);
  callerLines(out, drop, shown.callers);
  for (const note of drop.notes) out.push([toned('dim', `  note: ${note}`)]);
}

function reliedLines(out: TextLine[], relied: readonly Relied[], most: number): void {
  if (relied.length === 0) {
    out.push([toned('strong', '  Used later'), plain(': nothing that was read under it is seen to be used after the drop')]);
    return;
  }
  out.push([toned('strong', `  Found out under it, and gone by later (${relied.length})`)]);
  for (const r of relied.slice(0, most)) out.push(...reliedLine(r, '    '));
  more(out, relied.length - most, '    ');
}

function reliedLine(r: Relied, indent: string): readonly TextLine[] {
  const isLoose = r.kind === 'pointer' && r.kept === '' && r.again === 0;
  const mark = isLoose ? toned('warn', '! ') : plain('  ');
  const perhaps = r.perhaps ? ' (not on all paths under it)' : '';
  if (r.kind === 'test') {
    const again = r.again > 0 ? `tested or read again in line ${r.again}` : 'not looked at again';
    return [[plain(indent), mark, plain(`line ${r.line}: tested ${r.from === '' ? r.members.join(', ') : r.from}${perhaps}; ${again}`)]];
  }
  const from = r.from === '' ? '' : ` = ${r.from}`;
  const what = `line ${r.line}: ${r.kind} ${r.name}${from}${perhaps}`;
  const rest = r.useCount - r.uses.length;
  const uses = r.uses.map((u) => `${u.how} in line ${u.line}`).join(', ');
  const lines: TextLine[] = [[plain(indent), mark, plain(what)]];
  lines.push([plain(`${indent}      afterwards ${uses}${rest > 0 ? ` and ${rest} more` : ''}`)]);
  const kept = r.kind !== 'pointer' ? '' : r.kept === '' ? 'nothing is seen to keep it' : `kept by ${r.kept}`;
  const again = r.again > 0 ? `${r.members.join(', ')} is read again in line ${r.again}` : '';
  const extra = [kept, again].filter((t) => t !== '').join('; ');
  if (extra !== '') lines.push([plain(`${indent}      ${extra}`)]);
  return lines;
}

function publishedLines(out: TextLine[], drop: Drop, most: number): void {
  const { published } = drop;
  if (published.length === 0) return;
  out.push([toned('strong', `  Changed under it, seen by others from here on (${published.length})`)]);
  for (const p of published.slice(0, most)) {
    const by = p.by === '' ? '' : ` by ${p.by}()`;
    const later =
      p.name === '' ? '' : `; ${p.name} is in it, and later ${p.uses.map((u) => `${u.how} in line ${u.line}`).join(', ')}`;
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
  out.push([toned('strong', `  Who may change that meanwhile (${changerCount})`)]);
  for (const c of changers.slice(0, most)) {
    const isLetIn = c.lock === 'held' && c.keptOut === '';
    out.push([
      plain('    '),
      isLetIn ? toned('warn', '! ') : plain('  '),
      toned('place', `${c.file}:${c.line}`),
      plain(`  ${c.function}(): ${kindWords(c)} ${c.member}${entryWords(c)}`),
    ]);
    out.push([plain(`          ${lockWords(c, drop.lock.class)}`)]);
  }
  more(out, changerCount - most, '    ');
}

function kindWords(c: Changer): string {
  const by = c.by === '' ? '' : ` by ${c.by}()`;
  return c.kind === 'address' ? `hands on the address${by} of` : `${c.kind === 'write' ? 'writes' : 'changes'}${by}`;
}

function entryWords(c: Changer): string {
  if (c.entries.length === 0) return '';
  const named = c.entries.map((e) => (e.struct === '' || e.struct === 'callback' ? e.method : `->${e.method}`));
  const rest = c.ways - c.entries.length;
  return ` (${[...new Set(named)].join(', ')}${rest > 0 ? ` and ${rest} more` : ''})`;
}

/** What keeps a writer away, in words. */
export function lockWords(c: Changer, dropped: string): string {
  if (c.keptOut !== '') return `both hold a ${c.keptOut} all the time: only if it is not the same one`;
  switch (c.lock) {
    case 'held':
      return `waits for a ${dropped}: it is the drop that lets it in`;
    case 'not':
      return `takes no ${dropped}: it may come at any time, dropped or not`;
    case 'unknown':
      return 'what its callers hold is not known';
    default:
      return `holds a ${dropped} in some situations or on some paths only`;
  }
}

function callerLines(out: TextLine[], drop: Drop, most: number): void {
  const { callers, callerCount } = drop;
  if (callers.length === 0) {
    if (drop.takenAt === 'caller' && drop.lock.class !== '')
      out.push([toned('strong', '  Callers'), plain(': none is seen in this directory that brings it')]);
    return;
  }
  out.push([toned('strong', `  Callers that hold it across the call (${callers.filter((c) => c.holds !== 'not').length} of ${callerCount})`)]);
  for (const c of callers.slice(0, most)) oneCaller(out, c, '    ');
  more(out, callerCount - Math.min(most, callers.length), '    ');
}

function oneCaller(out: TextLine[], c: RelyingCaller, indent: string): void {
  const taken = c.acquiredAt === null ? '' : c.acquiredAt === 'caller' ? ', brought by its own callers' : `, taken in line ${c.acquiredAt.line}`;
  const holds = c.holds === 'held' ? `holds it${taken}` : c.holds === 'perhaps' ? `perhaps holds it${taken}` : 'does not hold it';
  out.push([plain(indent), toned('place', `${c.file}:${c.line}`), plain(`  ${c.function}(): ${holds}`)]);
  for (const r of c.relied.slice(0, SHOWN.published)) out.push(...reliedLine(r, `${indent}  `));
  more(out, c.relied.length - SHOWN.published, `${indent}  `);
  if (c.holds !== 'not' && c.relied.length === 0)
    out.push([toned('dim', `${indent}    nothing that it read under it before is seen to be used after the call`)]);
  for (const up of c.callers.filter((u) => u.holds !== 'not').slice(0, SHOWN.callers)) oneCaller(out, up, `${indent}    `);
}

function more(out: TextLine[], rest: number, indent: string): void {
  if (rest > 0) out.push([toned('dim', `${indent}and ${count(rest, 'more').replace(/mores$/, 'more')}`)]);
}
