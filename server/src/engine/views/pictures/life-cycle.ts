/**
 * The life of a VFS object as data: its states, what leads from one to another, which methods run in which of them, and what RCU-walk
 * may still run there without a lock. From the model alone. Must not know how it is drawn.
 */
import { LIFE_CYCLES } from '../../model/life-cycles.js';
import type { LifeCycle, MethodEntry, Model } from '../../model/types.js';
import { contextText } from '../contract.js';

/** Objects whose life the model knows. */
export const OBJECTS: readonly string[] = LIFE_CYCLES.map((cycle) => cycle.object);

/** A method in a state. */
export interface LifeChip {
  readonly name: string;
  /** `dentry_operations.d_prune` */
  readonly full: string;
  readonly summary: string;
  readonly lit: boolean;
  /** RCU-walk runs it: with no lock and no reference. */
  readonly lockless: boolean;
}

export interface LifeBox {
  readonly name: string;
  readonly summary: string;
  readonly runs: readonly LifeChip[];
  /** What RCU-walk may still run on an object that it found before. */
  readonly beside: readonly LifeChip[];
  readonly lit: boolean;
}

/** A step; no `from`: the object is made, no `to`: its memory is gone. */
export interface LifeArrow {
  readonly from: string | null;
  readonly to: string | null;
  readonly by: string;
}

/** What the model says of a method that is lit. */
export interface LifeNote {
  readonly method: string;
  readonly lines: readonly string[];
}

export interface LifeCyclePicture {
  readonly object: string;
  readonly version: string;
  readonly states: readonly LifeBox[];
  readonly steps: readonly LifeArrow[];
  readonly notes: readonly LifeNote[];
}

interface Named {
  readonly struct: string;
  readonly method: string;
}

/**
 * The life of an object with some methods lit; `object` null: the one that the methods are about, else the first. Null where the model
 * knows no such object.
 */
export function lifeCycleOf(
  model: Model,
  object: string | null,
  lit: readonly Named[],
): LifeCyclePicture | null {
  const isLit = (m: Named): boolean => lit.some((l) => l.struct === m.struct && l.method === m.method);
  const cycle =
    object === null
      ? (model.lifeCycles.find((c) => c.methods.some(isLit)) ?? model.lifeCycles[0])
      : model.lifeCycles.find((c) => c.object === object);
  if (cycle === undefined) return null;
  return {
    object: cycle.object,
    version: model.version,
    states: cycle.states.map((state) => boxOf(model, cycle, state.name, state.summary, isLit)),
    steps: cycle.steps.map((step) => ({ from: step.from ?? null, to: step.to ?? null, by: step.by })),
    notes: cycle.methods.filter(isLit).flatMap((m) => noteOf(model.methods.get(`${m.struct}::${m.method}`))),
  };
}

function boxOf(
  model: Model,
  cycle: LifeCycle,
  name: string,
  summary: string,
  isLit: (m: Named) => boolean,
): LifeBox {
  const chips = (states: (m: LifeCycle['methods'][number]) => readonly string[]): LifeChip[] =>
    cycle.methods
      .filter((m) => states(m).includes(name))
      .flatMap((m) => {
        const entry = model.methods.get(`${m.struct}::${m.method}`);
        if (entry === undefined) return [];
        const lockless = entry.contexts.some((c) => c.rcu === 'walk');
        return [
          {
            name: m.method,
            full: `${m.struct}.${m.method}`,
            summary: entry.summary,
            lit: isLit(m),
            lockless,
          },
        ];
      });
  const runs = chips((m) => m.in);
  const beside = chips((m) => m.beside ?? []);
  return { name, summary, runs, beside, lit: runs.some((chip) => chip.lit) };
}

function noteOf(entry: MethodEntry | undefined): LifeNote[] {
  if (entry === undefined) return [];
  const contexts = entry.contexts.map((c) => contextText(c).replaceAll('`', ''));
  return [
    {
      method: `${entry.struct}.${entry.method}`,
      lines: [
        entry.summary,
        ...contexts,
        ...(entry.overlaps === undefined ? [] : [`Beside it: ${entry.overlaps}`]),
      ],
    },
  ];
}
