/**
 * The hover card as data: what is known to hold at a program point, with the contexts that give the same answer put
 * together. Pure arrangement of a context answer; must not know Markdown, editors, or how contexts are computed.
 */
import type { ContextsAnswer, PointContext } from '../base/finding.js';
import type { HoverGroup, NamedPlace, PlacedContext, Reached } from '../base/hover.js';

export type { HoverGroup, Reached };

/** Everything that the hover says about a point. */
export interface HoverCard {
  readonly file: string;
  readonly line: number;
  readonly function: string;
  /** The parse has an error inside the function: what follows may be incomplete. */
  readonly damaged: boolean;
  /** The configuration leaves the line out: what follows is as if it were built. */
  readonly notBuilt: boolean;
  /** What it rests on that is not known. */
  readonly unknowns: readonly string[];
  readonly groups: readonly HoverGroup[];
}

type Given = PointContext & Partial<Pick<PlacedContext, 'path' | 'complete' | 'situation' | 'takenBy'>>;

interface Group {
  readonly state: PointContext;
  readonly reached: Map<string, Reached>;
  /** By held lock: callers that took it, by place. */
  readonly takenBy: readonly Map<string, NamedPlace>[];
}

/** Arranges an answer: equal states merged; those that say most (RCU-walk, atomic, more locks) first. */
export function hoverCard(
  answer: Omit<ContextsAnswer, 'contexts'> & { readonly contexts: readonly Given[] },
): HoverCard {
  return {
    file: answer.file,
    line: answer.line,
    function: answer.function,
    damaged: answer.damaged,
    notBuilt: answer.notBuilt === true,
    unknowns: answer.unknowns,
    groups: groupsOf(answer.contexts),
  };
}

/** Contexts with equal states put together, the strictest first. */
export function groupsOf(contexts: readonly Given[]): readonly HoverGroup[] {
  const groups = new Map<string, Group>();
  for (const context of contexts) {
    const key = stateKey(context);
    let group = groups.get(key);
    if (group === undefined) {
      group = { state: context, reached: new Map(), takenBy: context.held.map(() => new Map()) };
      groups.set(key, group);
    }
    add(group, context);
  }
  const sorted = [...groups.values()].map(
    (group): HoverGroup => ({
      held: group.state.held.map((lock, n) => ({
        ...lock,
        takenBy: [...(group.takenBy[n]?.values() ?? [])],
      })),
      rcu: group.state.rcu,
      maySleep: group.state.maySleep,
      whyAtomic: group.state.whyAtomic,
      reached: [...group.reached.values()],
    }),
  );
  // Array.prototype.sort is stable: equal weights keep the order of the answer, which is defined.
  return sorted.sort((a, b) => weight(b) - weight(a));
}

function add(group: Group, context: Given): void {
  const { entry, via, path = [], complete = true, situation = '', takenBy = [] } = context;
  const reachedKey = JSON.stringify([entry, via]);
  if (!group.reached.has(reachedKey))
    group.reached.set(reachedKey, { entry, via, path, complete, situation });
  // The same locks may stand in another order
  for (const [n, lock] of context.held.entries()) {
    const place = takenBy[n] ?? null;
    if (place === null) continue;
    const at = group.state.held.findIndex((other) => lockKey(other) === lockKey(lock));
    group.takenBy[at]?.set(`${place.file}:${place.line}`, place);
  }
}

function lockKey(lock: PointContext['held'][number]): string {
  return [lock.class, lock.expression, lock.mode, lock.certainty, JSON.stringify(lock.acquiredAt)].join(
    '\u0000',
  );
}

/** What makes two contexts the same for a reader: locks (and where they came from), RCU and sleeping. */
function stateKey(context: PointContext): string {
  const held = context.held.map(lockKey).sort();
  return JSON.stringify([held, context.rcu, context.maySleep, [...context.whyAtomic].sort()]);
}

/** The strictest states come first: they are the ones that code at the point has to satisfy. */
function weight(group: HoverGroup): number {
  const rcu = group.rcu === 'walk' ? 300 : group.rcu === 'read' ? 200 : group.rcu === 'maybe' ? 100 : 0;
  const sleep = group.maySleep === false ? 50 : group.maySleep === 'unknown' ? 25 : 0;
  return rcu + sleep + Math.min(group.held.length, 20);
}
