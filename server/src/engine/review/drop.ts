/**
 * What relies on the locks that are dropped on a line: what the function read, tested and changed under them and goes by later, who may
 * change that meanwhile, and what each caller relies on.
 */
import { type CancelToken, throwIfCancelled } from '../base/cancel.js';
import type { EntryMethod, HeldLock } from '../base/finding.js';
import type { Changer, Drop, DropQuery, DropResult, Relied } from '../base/review.js';
import { graphOf } from '../contexts/cfg.js';
import { functionAt, operationAt, situationsAt } from '../contexts/query.js';
import { unknownsOf } from '../contexts/unknowns.js';
import { lineAt } from '../facts/encode.js';
import type { FunctionRef } from '../program/program.js';
import { isAllKnown } from '../rules/holding.js';
import { operationsOf } from '../rules/replay.js';
import { lineOf, lockExpression, offsetsOf, placeOf, type RuleContext } from '../rules/rule.js';
import { Collector, guardAt, type Spot, type SpotSituation } from './collect.js';
import { callersHolding } from './drop-callers.js';
import { type DropSite, droppingOps, dropSites } from './drop-sites.js';
import { entriesOf, situationsOf } from './field.js';
import { isWrite } from './guard.js';
import { Overlap } from './overlap.js';
import { SectionReader } from './section.js';

/** Lines that are suggested where nothing is dropped. */
const MAX_NEAREST = 6;
/** Members whose writers are looked for, and writers that are shown of all of them. */
const MAX_MEMBERS = 10;
const MAX_CHANGERS = 60;
const MAX_ENTRIES = 3;

/** The answer about a line of a file. */
export function dropAnswer(
  cx: RuleContext,
  kernelVersion: string,
  { file, line }: DropQuery,
  token: CancelToken,
): DropResult {
  const { analysis } = cx;
  const fn = functionAt(analysis.program.functions, file, line);
  if (fn === null) return { ok: false, problem: `${file}:${line}: no function here` };
  const collector = new Collector(cx, token);
  const drops = dropSites(cx, fn, opsOn(fn, line)).map((site) => {
    throwIfCancelled(token);
    return dropOf(cx, collector, site);
  });
  const nothing = drops.length === 0;
  return {
    ok: true,
    answer: {
      version: 1,
      kernelVersion,
      file,
      line,
      function: fn.name,
      drops,
      held: nothing ? heldOn(cx, fn, line) : [],
      nearest: nothing ? nearest(cx, fn, line) : [],
      notes: unknownsOf(analysis, fn).filter((note) => !note.startsWith('calls whose effect')),
    },
  };
}

/** Operations that stand on a line, whole or in part. */
function opsOn(fn: FunctionRef, line: number): ReadonlySet<number> {
  const { lineStarts } = fn.file;
  return new Set(
    operationsOf(fn).filter((op) => {
      const { start, end } = offsetsOf(fn, op);
      return lineAt(lineStarts, start) <= line && line <= lineAt(lineStarts, Math.max(start, end - 1));
    }),
  );
}

function heldOn(cx: RuleContext, fn: FunctionRef, line: number): ReturnType<typeof situationsOf> {
  const graph = graphOf(fn.file, fn.index);
  const op = operationAt(fn, line, undefined, graph.order, graph.blockStart);
  if (op < 0) return [];
  const entries = cx.analysis.propagation?.entries[fn.id] ?? [];
  return situationsOf(
    cx.analysis,
    fn.id,
    (situationsAt(cx.analysis, fn, [op]).get(op) ?? []).map((one) => {
      const entry = entries[one.entry];
      return { ...one, known: entry !== undefined && isAllKnown(entry) };
    }),
  );
}

function nearest(cx: RuleContext, fn: FunctionRef, line: number): readonly { line: number; what: string }[] {
  const out = new Map<number, string>();
  for (const site of dropSites(cx, fn, droppingOps(cx, fn))) {
    const at = lineOf(fn, site.op);
    const what = `${howWords(site)} ${lockExpression(site.text)}`;
    const old = out.get(at);
    out.set(at, old === undefined ? what : old.includes(what) ? old : `${old}; ${what}`);
  }
  return [...out]
    .map(([at, what]) => ({ line: at, what }))
    .sort((a, b) => Math.abs(a.line - line) - Math.abs(b.line - line) || a.line - b.line)
    .slice(0, MAX_NEAREST);
}

function howWords(site: DropSite): string {
  switch (site.how) {
    case 'release':
      return site.inside === null ? 'drops' : `${site.inside.function}() drops`;
    case 'scope':
      return 'the scope ends and drops';
    case 'retake':
      return `${site.inside?.function ?? 'what is called'}() drops and retakes`;
    default:
      return site.how satisfies never;
  }
}

function dropOf(cx: RuleContext, collector: Collector, site: DropSite): Drop {
  const { fn, op, lock } = site;
  const section = new SectionReader(cx, site).read();
  const stillHeld = stillHeldAt(situationsAtDrop(cx, site));
  const isRcu = lock.kind === 'rcu';
  const { relied } = section;
  const { changers: all, undisturbed } = isRcu
    ? { changers: [], undisturbed: [] }
    : changersOf(cx, collector, site, relied);
  const up = site.brought && !isRcu ? callersHolding(cx, fn, lock) : { callers: [], count: 0 };
  return {
    ...placeOf(fn, op),
    lock: {
      class: lock.class,
      expression: lockExpression(site.text),
      mode: lock.shared ? 'shared' : 'exclusive',
    },
    how: site.how,
    inside: site.inside,
    takenAt:
      lock.fn === fn.id && lock.op >= 0
        ? { file: fn.file.path, line: lineOf(fn, lock.op) }
        : site.seen
          ? 'caller'
          : null,
    retaken: section.retaken,
    stillHeld,
    relied,
    published: section.published,
    changers: all.slice(0, MAX_CHANGERS),
    changerCount: all.length,
    callers: up.callers,
    callerCount: up.count,
    notes: [...undisturbed, ...notesOf(cx, site, relied)],
  };
}

/** What is held besides the lock that is dropped, situation by situation. */
function situationsAtDrop(cx: RuleContext, site: DropSite): readonly (readonly HeldLock[])[] {
  const { fn, op, lock, text, seen } = site;
  const takenIn = lock.fn === fn.id && lock.op >= 0 ? lineOf(fn, lock.op) : 0;
  return (situationsAt(cx.analysis, fn, [op]).get(op) ?? []).map(({ held: all }) =>
    all.filter((held) => {
      if (held.class !== lock.class) return true;
      // It may be the very one
      if (!seen && held.expression === held.class) return false;
      return !isSame(held, text, takenIn);
    }),
  );
}

/** The same, put together. */
function stillHeldAt(situations: readonly (readonly HeldLock[])[]): readonly HeldLock[] {
  const out = new Map<string, { held: HeldLock; count: number }>();
  for (const one of situations)
    for (const held of one) {
      const key = `${held.class} ${held.expression} ${held.mode}`;
      const old = out.get(key);
      const sure = held.certainty === 'must' ? 1 : 0;
      if (old === undefined) out.set(key, { held, count: sure });
      else old.count += sure;
    }
  return [...out.values()].map(({ held, count }) => ({
    ...held,
    certainty: count >= situations.length ? ('must' as const) : ('may' as const),
  }));
}

/** Whether a lock of that class is the one that is dropped: by its name, or by the line that took it. */
function isSame(held: HeldLock, text: string, takenIn: number): boolean {
  const plain = held.expression.replace(/^&/, '');
  return (
    plain === text ||
    `*${plain}` === text ||
    (held.acquiredAt !== 'caller' && held.acquiredAt.line === takenIn)
  );
}

/**
 * Who may write the members that were relied on. By the life of the objects some cannot: what a method has that is called before the
 * others, or after them, nobody else writes meanwhile, nor does such a method write what others have. That is said instead. RCU-walk
 * is the exception in both directions: it may still look at what is about to go.
 */
function changersOf(
  cx: RuleContext,
  collector: Collector,
  site: DropSite,
  relied: readonly Relied[],
): { readonly changers: readonly Changer[]; readonly undisturbed: readonly string[] } {
  const undisturbed: string[] = [];
  const overlap = new Overlap(cx, site.fn);
  const here = situationsAtDrop(cx, site);
  const members = [...new Set(relied.flatMap((r) => r.members))].slice(0, MAX_MEMBERS);
  const out = new Map<string, Changer>();
  for (const name of members) {
    const [struct, member] = name.split('::') as [string, string];
    const { spots } = collector.of(struct, member);
    const mine = spots.filter((spot) => spot.fn === site.fn && spot.access.kind !== 'address');
    const why = mine[0]?.why ?? '';
    const others = spots.filter((spot) => isWrite(spot) || spot.access.kind === 'address');
    let changing = others.flatMap((spot) =>
      spot.stage === 'shared' ? [spot] : overlap.thoughAlone(spot) ? [withOthers(spot)] : [],
    );
    if (mine.length > 0 && mine.every(isUndisturbed)) {
      changing = changing.filter((spot) => spot.fn !== site.fn && overlap.byWalk(spot, mine));
      if (changing.length === 0) {
        undisturbed.push(`nobody changes ${name} of the same object meanwhile: ${why}`);
        continue;
      }
    }
    for (const spot of changing) {
      const { line, column, file } = placeOf(spot.fn, spot.access.op);
      const key = `${name} ${file} ${line}`;
      if (out.has(key)) continue;
      const besides = spot.situations.filter((one) => one.alone === '');
      const kept = besides.map((one) => keptOutBy(one, site.lock.class, here));
      const isOut = besides.length > 0 && kept.every((lock) => lock !== '');
      const open = waysOf(cx, spot, isOut ? besides : besides.filter((_, n) => kept[n] === ''));
      const shut = waysOf(cx, spot, isOut ? [] : besides.filter((_, n) => kept[n] !== ''));
      for (const way of open.keys()) shut.delete(way);
      const ways = [...open.values()];
      out.set(key, {
        file,
        line,
        column,
        member: name,
        function: spot.fn.name,
        kind: spot.access.kind,
        by: spot.access.by,
        lock: guardAt(spot, site.lock.class, struct, !site.lock.shared),
        keptOut: isOut ? [...new Set(kept)].join(', ') : '',
        entries: ways.slice(0, MAX_ENTRIES),
        ways: ways.length,
        apart:
          shut.size === 0
            ? null
            : {
                entries: [...shut.values()].slice(0, MAX_ENTRIES),
                lock: [...new Set(kept.filter((lock) => lock !== ''))].join(', '),
              },
      });
    }
  }
  const rank = (c: Changer): number =>
    c.keptOut !== '' ? 3 : c.lock === 'held' ? 0 : c.lock === 'not' ? 1 : 2;
  return { changers: [...out.values()].sort((a, b) => rank(a) - rank(b)), undisturbed };
}

/** Whether a method has the object to itself; the inode that ->d_iput() is handed may be that of other dentries. */
function isUndisturbed(spot: Spot): boolean {
  return spot.stage === 'alone' && spot.situations.every((one) => one.alone !== 'd_iput');
}

/** The spot as if others saw the object in all of its situations. */
function withOthers(spot: Spot): Spot {
  return { ...spot, situations: spot.situations.map((one) => ({ ...one, alone: '' })) };
}

/** The methods by which some situations of an access come about. */
function waysOf(cx: RuleContext, spot: Spot, situations: readonly SpotSituation[]): Map<string, EntryMethod> {
  const entries = situations.flatMap((one) => entriesOf(cx.analysis, spot.fn.id, one.entry));
  return new Map(entries.map((e) => [`${e.struct}.${e.method} ${e.function}`, e]));
}

/**
 * The class of a lock that keeps a situation of another access out: both hold one of it all the time, whatever comes here, and not both
 * shared; ''.
 */
function keptOutBy(other: SpotSituation, dropped: string, here: readonly (readonly HeldLock[])[]): string {
  const isBetween = (mine: HeldLock, theirs: HeldLock): boolean =>
    theirs.class === mine.class &&
    mine.certainty === 'must' &&
    theirs.certainty === 'must' &&
    (theirs.mode === 'exclusive' || mine.mode === 'exclusive');
  // Another one of the class that is dropped says nothing of the one that is
  const between = here.map((held) =>
    held.find((mine) => mine.class !== dropped && other.held.some((theirs) => isBetween(mine, theirs))),
  );
  return between.length > 0 && between.every((lock) => lock !== undefined)
    ? [...new Set(between.flatMap((lock) => lock?.class ?? []))].join(', ')
    : '';
}

function notesOf(cx: RuleContext, site: DropSite, relied: readonly Relied[]): readonly string[] {
  const { analysis } = cx;
  const out: string[] = [];
  const members = [...new Set(relied.flatMap((r) => r.members))];
  if (members.length > MAX_MEMBERS)
    out.push(`writers were looked for of ${MAX_MEMBERS} of ${members.length} members`);
  if (!site.seen)
    out.push(
      'it is given back here without being seen to be held: a caller brings it, by a name that is not known',
    );
  if (site.brought) {
    const methods = new Set<string>();
    for (const entry of analysis.propagation?.entries[site.fn.id] ?? []) {
      if (entry.caller >= 0 || !entry.locks.some((l) => l.class === site.lock.class)) continue;
      for (const o of entry.origins) methods.add(`->${analysis.propagation?.origins[o]?.method ?? '?'}()`);
    }
    if (methods.size > 0)
      out.push(
        `the VFS itself calls this as ${[...methods].join(', ')} with the lock held, and gives it back afterwards`,
      );
  }
  if (analysis.results[site.fn.id]?.widened === true)
    out.push(
      'this function has more paths than are followed one by one: some of what it reads may be missing',
    );
  return out;
}
