/**
 * Who reads and writes a member, and under which lock: the accesses of all units that were asked for put together, held against the lock
 * that guards the member, the exceptions first.
 */
import type { EntryMethod } from '../base/finding.js';
import type { AccessSituation, DocumentedGuard, FieldAccess, FieldAnswer } from '../base/review.js';
import type { Analysis } from '../contexts/analysis.js';
import { columnAt, lineAt } from '../facts/encode.js';
import { compareText } from '../findings/order.js';
import type { Model } from '../model/types.js';
import { entryMethod, rangeOf } from '../rules/rule.js';
import { type Collected, guardAt, type Spot, type SpotSituation } from './collect.js';
import { counts, isBareWrite, rankOf, tell } from './guard.js';
import type { Member } from './names.js';

/** Methods that are named for one situation. */
const MAX_ENTRIES = 3;
/** Functions that are named in a note. */
const MAX_NAMED = 4;

/** What one unit gave: its accesses, as spots for the inference and as data. */
export interface UnitAccesses {
  readonly spots: readonly (readonly [Spot, FieldAccess])[];
  readonly collected: Omit<Collected, 'spots'>;
  readonly type: string;
  readonly declared: FieldAnswer['declared'];
  readonly files: number;
}

/** The accesses of one unit as data that outlives its analysis. */
export function unitAccesses(
  analysis: Analysis,
  member: Member,
  collected: Collected,
  files: number,
): UnitAccesses {
  const { spots, ...rest } = collected;
  return {
    spots: spots.map((spot) => [spot, accessOf(analysis, spot)] as const),
    collected: rest,
    ...declaration(analysis, member),
    files,
  };
}

/** The answer. */
export function fieldAnswer(
  model: Model,
  kernelVersion: string,
  { struct, member }: Member,
  paths: readonly string[],
  units: readonly UnitAccesses[],
): FieldAnswer {
  const documented = documentedGuard(model, struct, member);
  const pairs = units.flatMap((u) => u.spots);
  const told = tell(
    pairs.map(([spot]) => spot),
    struct,
    documented?.class ?? '',
  );
  const type = units.find((u) => u.type !== '')?.type ?? '';
  const isLock = /^(raw_)?spinlock_t$|^rwlock_t$|^seqlock_t$|struct (mutex|rw_semaphore)$/.test(type);
  const guard = isLock ? null : told.guard;
  const judged = pairs.map(([spot, access]) => {
    const state = guard === null || !counts(spot) ? null : guardAt(spot, guard.class, struct);
    const isBare = guard === null && told.isMixed && counts(spot) && isBareWrite(spot);
    return {
      access: { ...access, guard: state },
      // What is documented is about writes: reads are another matter
      rank:
        state !== null && (documented === null || spot.access.kind !== 'read')
          ? rankOf(spot, state)
          : isBare
            ? 0
            : -1,
    };
  });
  const order = (a: FieldAccess, b: FieldAccess): number =>
    compareText(a.file, b.file) || a.line - b.line || a.column - b.column || compareText(a.kind, b.kind);
  judged.sort((a, b) => order(a.access, b.access));
  const exceptions = judged.filter((j) => j.rank >= 0).sort((a, b) => a.rank - b.rank);
  return {
    version: 1,
    kernelVersion,
    struct,
    member,
    type,
    declared: units.find((u) => u.declared !== null)?.declared ?? null,
    paths,
    files: units.reduce((sum, u) => sum + u.files, 0),
    guard: guard === null ? null : { ...guard, inferred: documented === null },
    verdict: isLock ? 'it is a lock itself: what matters is where it is taken' : told.verdict,
    documented,
    others: told.others,
    exceptions: exceptions.map((j) => j.access),
    alone: judged.filter((j) => j.access.stage !== 'shared').map((j) => j.access),
    accesses: judged.map((j) => j.access),
    notes: notesOf(
      units,
      pairs.map(([spot]) => spot),
    ),
  };
}

function documentedGuard(model: Model, struct: string, member: string): DocumentedGuard | null {
  const guard = model.fieldGuards.find((g) => g.struct === struct && g.field === member);
  return guard === undefined ? null : { class: guard.class, summary: guard.summary, proof: guard.proof };
}

function declaration(
  analysis: Analysis,
  { struct, member }: Member,
): Pick<UnitAccesses, 'type' | 'declared'> {
  const from = analysis.program.files.values().next().value;
  const known = from === undefined ? null : analysis.program.structure(`struct ${struct}`, from);
  const field = known?.fields.find((f) => f.name === member);
  if (known === null || field === undefined) return { type: '', declared: null };
  const { file } = known;
  const { base, depth } = field.type;
  return {
    type: base === '' ? '' : depth === 0 ? base : `${base} ${'*'.repeat(depth)}`,
    declared: {
      file: file.path,
      line: lineAt(file.lineStarts, field.position),
      column: columnAt(file.lineStarts, field.position),
    },
  };
}

function accessOf(analysis: Analysis, spot: Spot): FieldAccess {
  const { fn, access } = spot;
  return {
    ...rangeOf(fn, access.op),
    function: fn.name,
    kind: access.kind,
    by: access.by,
    marked: access.marked,
    object: spot.written !== '' ? spot.written : spot.object,
    text: spot.text,
    stage: spot.stage,
    why: spot.why,
    guard: null,
    situations: situationsOf(analysis, spot.fn.id, spot.situations),
  };
}

/** Situations that say the same put together. */
export function situationsOf(
  analysis: Analysis,
  fn: number,
  list: readonly Pick<SpotSituation, 'entry' | 'held' | 'rcu' | 'known'>[],
): readonly AccessSituation[] {
  const groups = new Map<string, { situation: AccessSituation; entries: Map<string, EntryMethod> }>();
  for (const one of list) {
    const key = JSON.stringify([
      one.rcu,
      one.known,
      one.held.map((h) => [h.class, h.expression, h.mode, h.certainty]),
    ]);
    let group = groups.get(key);
    if (group === undefined) {
      const { held, rcu, known } = one;
      group = { situation: { held, rcu, known, entries: [], ways: 0 }, entries: new Map() };
      groups.set(key, group);
    }
    for (const entry of entriesOf(analysis, fn, one.entry))
      group.entries.set(`${entry.struct}.${entry.method} ${entry.function}`, entry);
  }
  return [...groups.values()].map(({ situation, entries }) => ({
    ...situation,
    entries: [...entries.values()].slice(0, MAX_ENTRIES),
    ways: entries.size,
  }));
}

/** The methods that come to a situation of a function. */
export function entriesOf(analysis: Analysis, fn: number, index: number): readonly EntryMethod[] {
  const { propagation } = analysis;
  const entry = propagation?.entries[fn]?.[index];
  return (entry?.origins ?? []).flatMap((o) => entryMethod(analysis, propagation?.origins[o]) ?? []);
}

function notesOf(units: readonly UnitAccesses[], spots: readonly Spot[]): readonly string[] {
  const out: string[] = [];
  const unknown = units.reduce((sum, u) => sum + u.collected.unknownTypes, 0);
  if (unknown > 0)
    out.push(
      `${unknown} more mentions of a member of that name, of something whose type is not known, are left out`,
    );
  const widened = units.flatMap((u) => u.collected.widened);
  if (widened.length > 0)
    out.push(
      `more paths than are followed one by one in ${someOf(widened)}: what is held there is said with less certainty`,
    );
  const open = [
    ...new Set(
      spots.filter((s) => counts(s) && s.situations.some((one) => !one.known)).map((s) => `${s.fn.name}()`),
    ),
  ];
  if (open.length > 0) out.push(`not all callers are known of ${someOf(open)}`);
  const never = [...new Set(spots.filter((s) => s.situations.length === 0).map((s) => `${s.fn.name}()`))];
  if (never.length > 0) out.push(`no path that was followed comes to the access in ${someOf(never)}`);
  return out;
}

/** All of a few, the first of many. */
export function someOf(names: readonly string[]): string {
  const rest = names.length - MAX_NAMED;
  return rest > 0 ? `${names.slice(0, MAX_NAMED).join(', ')} and ${rest} more` : names.join(', ');
}
