/**
 * What is known of a class of locks: what the model says of it, its place in the order, and what a unit does with it. Must not
 * know how the order of a unit is found: that is handed in.
 */
import type { LockMode } from '../base/finding.js';
import type { LockCard, NamedPlace, Nesting } from '../base/hover.js';
import type { Analysis } from '../contexts/analysis.js';
import { GLOBAL_STRIDE } from '../facts/encode.js';
import { namelessWord } from '../model/lock-kinds.js';
import type { LockKind, OrderedLock } from '../model/types.js';
import type { FunctionRef } from '../program/program.js';
import { placeOfFunction, placeOfOperation } from './call-effect.js';

/** A lock that a card is about. */
export interface CardSubject {
  readonly class: string;
  readonly kind: LockKind | null;
  readonly verb: LockCard['verb'];
  readonly expression: string;
  readonly mode: LockMode;
}

/** What a unit takes inside of what: classes, and a function that does it. */
export interface UnitOrder {
  inside(cls: string): readonly Nesting[];
  around(cls: string): readonly Nesting[];
}

/** A card. `fn`: the function that asks, or null; `unit`: the directory that is looked at. */
export function lockCard(
  analysis: Analysis,
  order: UnitOrder,
  subject: CardSubject,
  place: { readonly fn: FunctionRef | null; readonly unit: string; readonly file: string },
): LockCard {
  const { model } = analysis;
  const known = isKnown(subject.class);
  const entry = model.lockClasses.get(subject.class);
  const at = (end: OrderedLock, other: OrderedLock): boolean =>
    end.class === subject.class && other.class !== subject.class;
  const { unit, file, fn } = place;
  const seen = (nesting: Nesting): boolean => isSeen(analysis, subject.class, nesting.by.file, file);
  return {
    class: known ? subject.class : '',
    kind: kindWords(subject.kind ?? entry?.kind ?? null),
    verb: subject.verb,
    expression: subject.expression,
    mode: subject.mode,
    summary: entry?.summary ?? '',
    guards: model.fieldGuards.filter((g) => g.class === subject.class).map((g) => g.field),
    model: {
      inside: others(
        model.lockOrder.filter((o) => at(o.inner, o.outer)).map((o) => orderWords(o.outer, o.tried)),
      ),
      around: others(
        model.lockOrder.filter((o) => at(o.outer, o.inner)).map((o) => orderWords(o.inner, o.tried)),
      ),
    },
    unit: {
      name: unit,
      inside: known ? order.inside(subject.class).filter(seen) : [],
      around: known ? order.around(subject.class).filter(seen) : [],
    },
    takers: known
      ? takersOf(analysis, unit)
          .of(subject.class)
          .filter((t) => t.fn !== fn && isSeen(analysis, subject.class, t.fn.file.path, file))
          .map((t) => t.place)
      : [],
  };
}

/** A class that says what it is: not of a member whose structure is not known, nor of what a pointer points at. */
export function isKnown(cls: string): boolean {
  return cls !== '' && !cls.includes('?') && !cls.startsWith('*');
}

function others(list: readonly string[]): readonly string[] {
  return [...new Set(list)];
}

function orderWords({ class: cls, role }: OrderedLock, tried: true | undefined): string {
  const more = [...(role === undefined ? [] : [role]), ...(tried === true ? ['only tried'] : [])];
  return `\`${cls}\`${more.length === 0 ? '' : ` (${more.join(', ')})`}`;
}

/** Whether the lock that a name is in one file is that of another one: a static lock is its file's own, be it called the same. */
function isSeen(analysis: Analysis, cls: string, there: string, here: string): boolean {
  const { program, model } = analysis;
  if (cls.includes('::') || there === here || model.lockClasses.has(cls)) return true;
  const [own, other] = [program.files.get(here), program.files.get(there)];
  if (own === undefined || other === undefined) return false;
  return program.globalHome(cls, own) === program.globalHome(cls, other) && isDeclared(analysis, cls);
}

/** Whether a header declares a global. */
function isDeclared(analysis: Analysis, name: string): boolean {
  for (const { path, globals, strings } of analysis.program.files.values())
    if (path.endsWith('.h'))
      for (let at = 0; at < globals.length; at += GLOBAL_STRIDE)
        if (strings[globals[at] as number] === name) return true;
  return false;
}

interface Taker {
  readonly fn: FunctionRef;
  readonly place: NamedPlace;
}

/** Who takes which class in a unit. */
class Takers {
  private readonly byClass = new Map<string, Taker[]>();

  constructor(analysis: Analysis, unit: string) {
    for (const id of analysis.bottomUp) {
      const fn = analysis.program.functions[id] as FunctionRef;
      const result = analysis.results[id];
      if (result === undefined || fn.isMacro || fn.unit !== unit) continue;
      for (const key of result.acquires) {
        const cls = key.slice(0, key.lastIndexOf('|'));
        const list = this.byClass.get(cls) ?? [];
        this.byClass.set(cls, list);
        const op = result.waits.find((w) => w.lock.class === cls)?.op ?? -1;
        if (!list.some((t) => t.fn === fn))
          list.push({ fn, place: op < 0 ? placeOfFunction(fn) : placeOfOperation(fn, op) });
      }
    }
    for (const list of this.byClass.values()) list.sort((a, b) => a.fn.id - b.fn.id);
  }

  of(cls: string): readonly Taker[] {
    return this.byClass.get(cls) ?? [];
  }
}

const TAKERS = new WeakMap<Analysis, Map<string, Takers>>();

function takersOf(analysis: Analysis, unit: string): Takers {
  const units = TAKERS.get(analysis) ?? new Map<string, Takers>();
  TAKERS.set(analysis, units);
  const known = units.get(unit) ?? new Takers(analysis, unit);
  units.set(unit, known);
  return known;
}

/** What a kind of lock is called; '' for one that is not known. */
export function kindWords(kind: LockKind | null): string {
  switch (kind) {
    case 'spin':
      return 'spinlock';
    case 'bit':
      return 'bit spinlock';
    case 'seqwrite':
      return 'seqlock, write side';
    case 'seqcount':
      return 'sequence counter, write side';
    case 'percpu-rwsem':
      return 'per-CPU rwsem';
    case 'folio':
      return 'folio lock';
    case 'srcu':
      return 'SRCU read side';
    case 'flag':
      return 'flag used as a lock';
    default:
      return kind === null || kind === undefined ? '' : (namelessWord(kind) ?? kind);
  }
}
