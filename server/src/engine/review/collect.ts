/**
 * Every access to a member in the functions of a unit, with what is held there in each situation. Made once for whoever asks: the view of
 * a member, and the view of a drop, which asks who changes what was relied on.
 */
import { type CancelToken, throwIfCancelled } from '../base/cancel.js';
import { push } from '../base/multimap.js';
import type { AccessStage, GuardState } from '../base/review.js';
import { type Situation, situationsAt } from '../contexts/query.js';
import { T } from '../contexts/terms.js';
import { ExpressionTypes } from '../program/expression-types.js';
import type { FunctionRef } from '../program/program.js';
import { isAllKnown } from '../rules/holding.js';
import { Mentions } from '../rules/mentions.js';
import type { RuleContext } from '../rules/rule.js';
import { accessorsOf, callsOf } from './accessors.js';
import { accessesIn, type MemberAccess, memberTest } from './member-access.js';
import { ownRoot, Stages } from './stages.js';
import { wholeWrites } from './whole-object.js';
import { written } from './written.js';

/** An access as it stands in a function. */
export interface Spot {
  readonly fn: FunctionRef;
  readonly access: MemberAccess;
  /** The object in words: as the terms have it, and as it is written. */
  readonly object: string;
  readonly written: string;
  /** The member as it is written. */
  readonly text: string;
  readonly stage: AccessStage;
  readonly why: string;
  readonly situations: readonly SpotSituation[];
}

/** What holds there in one situation. */
export interface SpotSituation extends Situation {
  /** All that leads there is known. */
  readonly known: boolean;
  /** The method that runs alone there, or ''. */
  readonly alone: string;
}

/** What was found, and what was not understood. */
export interface Collected {
  readonly spots: readonly Spot[];
  /** Members of that name of something whose type is not known. */
  readonly unknownTypes: number;
  /** Functions of which more paths than are followed lead to an access. */
  readonly widened: readonly string[];
}

/** Collects accesses in one analysis. */
export class Collector {
  private readonly stages: Stages;
  private readonly known = new Map<string, Collected>();
  private readonly whole = new Map<string, Map<number, readonly MemberAccess[]>>();

  constructor(
    private readonly cx: RuleContext,
    private readonly token: CancelToken,
  ) {
    this.stages = new Stages(cx);
  }

  /** The accesses to a member (`struct` without the word) in the functions that are looked at, by function and operation. */
  of(struct: string, member: string): Collected {
    const key = `${struct}::${member}`;
    let known = this.known.get(key);
    if (known === undefined) {
      known = this.collect(`struct ${struct}`, member);
      this.known.set(key, known);
    }
    return known;
  }

  private collect(struct: string, member: string): Collected {
    const { cx } = this;
    const inScope = new Set(cx.functions.map((f) => f.id));
    const accessors = accessorsOf(cx, struct, member, (f) => inScope.has(f.id));
    const names = new Mentions([
      member,
      ...[...accessors.keys()].map((id) => cx.analysis.program.functions[id]?.name ?? ''),
    ]);
    const spots: Spot[] = [];
    const widened: string[] = [];
    let unknownTypes = 0;
    for (const fn of cx.functions) {
      throwIfCancelled(this.token);
      if (fn.isMacro) continue;
      const whole = this.wholeWritesOf(fn, struct);
      const mentions = names.in(fn);
      if (!mentions && whole.length === 0) continue;
      const { accesses: named, unknown } = mentions
        ? this.accessesOf(fn, struct, member, accessors)
        : { accesses: [], unknown: 0 };
      const accesses = [...named, ...whole].sort((a, b) => a.op - b.op);
      unknownTypes += unknown;
      if (accesses.length === 0) continue;
      if (cx.analysis.results[fn.id]?.widened === true) widened.push(fn.name);
      spots.push(...this.look(fn, accesses));
    }
    return { spots, unknownTypes, widened };
  }

  /** Writes of the structure as a whole; the same for each of its members. */
  private wholeWritesOf(fn: FunctionRef, struct: string): readonly MemberAccess[] {
    let ofStruct = this.whole.get(struct);
    if (ofStruct === undefined) {
      ofStruct = new Map();
      this.whole.set(struct, ofStruct);
    }
    let writes = ofStruct.get(fn.id);
    if (writes === undefined) {
      writes = wholeWrites(this.cx.analysis, fn, struct);
      ofStruct.set(fn.id, writes);
    }
    return writes;
  }

  private accessesOf(
    fn: FunctionRef,
    struct: string,
    member: string,
    accessors: ReturnType<typeof accessorsOf>,
  ): { readonly accesses: readonly MemberAccess[]; readonly unknown: number } {
    const { cx } = this;
    const test = memberTest(cx.analysis, fn, struct, member);
    const all = accessesIn(cx.analysis, fn, (e) => test(e) !== 'no');
    const direct = all.filter((a) => test(a.expr) === 'yes');
    let unknown = all.length - direct.length;
    const types = new ExpressionTypes(cx.analysis.program, fn);
    const calls: MemberAccess[] = [];
    for (const { op, callee, accessor, argument } of callsOf(cx, fn, accessors)) {
      if (accessor.untyped) {
        const base = types.of(argument)?.base;
        if (base === undefined || base === '') unknown++;
        if (base !== struct) continue;
      }
      const { kind, marked } = accessor;
      calls.push({ op, expr: -1, base: argument, kind, by: callee.name, marked, part: false });
    }
    return { accesses: [...direct, ...calls].sort((a, b) => a.op - b.op), unknown };
  }

  /** The situations at accesses of a function, from one walk. */
  private look(fn: FunctionRef, accesses: readonly MemberAccess[]): readonly Spot[] {
    const { analysis } = this.cx;
    const byOp = new Map<number, MemberAccess[]>();
    for (const a of accesses) push(byOp, a.op, a);
    interface Seen {
      text: string;
      stage: AccessStage;
      why: string;
      object: number;
    }
    const seen = new Map<MemberAccess, Seen>();
    const situations = situationsAt(analysis, fn, [...byOp.keys()], (run, op, s) => {
      if (s.doubt) return;
      const { terms } = run;
      for (const a of byOp.get(op) ?? []) {
        const place = a.expr < 0 ? terms.derefL(run.ev.value(s, a.base)) : run.ev.place(s, a.expr);
        const kind = terms.kind(place);
        const isPart = kind === T.FieldP || kind === T.FieldL || kind === T.DerefL;
        const object = isPart && !(a.whole && kind !== T.DerefL) ? terms.a(place) : place;
        const { stage, why } = this.stages.at(run, op, s, place);
        const root = ownRoot(terms, place);
        const shared = terms.isShared(root) ? object : -1;
        const old = seen.get(a);
        if (old === undefined) seen.set(a, { text: run.showPlace(object), stage, why, object: shared });
        else {
          if (old.object !== shared) old.object = -1;
          // On some path others see it
          if (old.stage !== stage && old.stage !== 'shared') Object.assign(old, { stage: 'shared', why });
        }
      }
    });
    const entries = analysis.propagation?.entries[fn.id] ?? [];
    return accesses.map((access) => {
      const at = seen.get(access);
      const here = (situations.get(access.op) ?? []).map((one): SpotSituation => {
        const entry = entries[one.entry];
        return {
          ...one,
          known: entry !== undefined && isAllKnown(entry),
          alone: entry === undefined ? '' : this.stages.aloneIn(fn, entry, at?.object ?? -1),
        };
      });
      const alone = here.length > 0 && here.every((one) => one.alone !== '') ? (here[0]?.alone ?? '') : '';
      const isShared = at === undefined || at.stage === 'shared';
      return {
        fn,
        access,
        object: at?.text ?? '',
        written: written(fn, access.base),
        text: textOf(fn, access),
        stage: isShared && alone !== '' ? 'alone' : (at?.stage ?? 'shared'),
        why:
          isShared && alone !== ''
            ? `->${alone}() runs before others see it, or after them`
            : (at?.why ?? ''),
        situations: here,
      };
    });
  }
}

/** The access as it is written: `x->a`, `i_size_read(x)`, `memset(x)`. */
function textOf(fn: FunctionRef, { expr, base, by, whole }: MemberAccess): string {
  if (expr < 0) return `${by}(${written(fn, base)})`;
  const text = written(fn, expr);
  return whole && by !== '' ? `${by}(&${text})` : text;
}

/** What an access needs of its guard. */
export function needsExclusive(spot: Spot): boolean {
  return spot.access.kind !== 'read';
}

const WORST: readonly GuardState[] = ['not', 'sometimes', 'shared', 'perhaps', 'another', 'unknown', 'held'];

/** How a lock of a class is held at an access, over all situations in which others may see the object. `struct`: whose member it is. */
export function guardAt(
  spot: Spot,
  lockClass: string,
  struct: string,
  exclusive = needsExclusive(spot),
): GuardState {
  const states = new Set<GuardState>();
  for (const one of spot.situations)
    if (one.alone === '') states.add(guardIn(spot, one, lockClass, struct, exclusive));
  if (states.size === 0) return 'unknown';
  if (states.has('not') && states.has('held')) return 'sometimes';
  return WORST.find((state) => states.has(state)) ?? 'unknown';
}

function guardIn(
  spot: Spot,
  one: SpotSituation,
  lockClass: string,
  struct: string,
  exclusive: boolean,
): GuardState {
  let best: GuardState = one.known ? 'not' : 'unknown';
  const rank = (state: GuardState): number => WORST.indexOf(state);
  for (const lock of one.held) {
    if (lock.class !== lockClass) continue;
    const isOther =
      lockClass.startsWith(`${struct}::`) &&
      lock.instance !== spot.object &&
      lock.instance !== spot.written &&
      lock.instance !== lock.class;
    const state: GuardState =
      lock.certainty === 'may'
        ? 'perhaps'
        : isOther
          ? 'another'
          : exclusive && lock.mode === 'shared'
            ? 'shared'
            : 'held';
    if (rank(state) > rank(best) || best === 'unknown') best = state;
  }
  return best;
}
