/**
 * rcu/walk-reference: in RCU-walk nothing pins what is looked at. A plain get there counts up on an object that may be dead already,
 * and what is got has to be put, which may be the last time and sleep. References are taken after the way out of RCU-walk.
 */
import { calledName, fnColumn } from '../../contexts/cfg.js';
import type { Entry } from '../../contexts/entry-points.js';
import { readsOf } from '../../contexts/operands.js';
import { Fn } from '../../facts/encode.js';
import type { HelperEntry, Model } from '../../model/types.js';
import type { FunctionRef } from '../../program/program.js';
import { ofOne } from '../kept.js';
import { Mentions } from '../mentions.js';
import { OfSituations, watch } from '../replay.js';
import { type Draft, entryMethod, type Rule, type RuleContext, step } from '../rule.js';
import { type WalkSituation, walkPath, walkSituations } from '../walk-reads.js';

/** Kinds of references whose last put may sleep, with what the object is called. */
const COUNTED: Readonly<Record<string, string>> = { dentry: 'dentry', inode: 'inode', mount: 'mount' };

const ID = 'rcu/walk-reference';

/** The rule. */
export const walkReference: Rule = {
  info: {
    id: ID,
    summary: 'A reference to a dentry, an inode or a mount is taken in RCU-walk.',
    law: 'In RCU-walk no reference to a dentry, an inode or a mount is taken but by a form that fails on a dead object, and none whose put may sleep.',
    severity: 'error',
    precision: 'high',
    onByDefault: true,
    fixable: true,
  },
  check(cx) {
    const out: Draft[] = [];
    const helpers = gettersOf(cx.analysis.model);
    const mentions = new Mentions(helpers.keys());
    const writing = cx.functions.filter((fn) => mentions.in(fn) && !DELAYED.in(fn));
    if (cx.silence !== undefined)
      for (const fn of cx.functions)
        if (mentions.in(fn) && DELAYED.in(fn))
          cx.silence(
            ID,
            fn,
            -1,
            'what is got is handed to set_delayed_call(), which puts it when path walk is done',
          );
    if (writing.length === 0) return out;
    const situations = walkSituations(cx);
    for (const fn of writing) {
      if (!situations.has(fn.id)) cx.silence?.(ID, fn, -1, 'no RCU-walk is known to enter the function');
      const seen = new Set<number>();
      for (const situation of situations.get(fn.id) ?? [])
        for (const get of gets(cx, fn, situation.entry, helpers)) {
          if (seen.has(get.op)) continue;
          seen.add(get.op);
          out.push(draft(cx, fn, situation, get));
        }
    }
    return out;
  },
};

/** What is put by `delayed_call` is put when path walk is done with it. */
const DELAYED = new Mentions(['set_delayed_call']);

/** Helpers that take such a reference. */
const gettersOf = ofOne((model: Model): ReadonlyMap<string, HelperEntry> => {
  const out = new Map<string, HelperEntry>();
  for (const h of model.helpers.values())
    if (
      h.references?.some(
        (r) =>
          COUNTED[r.kind] !== undefined &&
          // An inode that is not dead yet is got all the same, and iput() may be the last
          (r.action === 'get' || (r.action === 'get-unless-dead' && r.kind === 'inode')),
      ) === true
    )
      out.set(h.name, h);
  return out;
});

interface Get {
  readonly op: number;
  readonly helper: string;
  readonly kind: string;
  readonly text: string;
}

const GETS = new OfSituations<readonly Get[]>();

/** The references that a function takes in a situation. */
function gets(
  cx: RuleContext,
  fn: FunctionRef,
  entry: Entry,
  helpers: ReadonlyMap<string, HelperEntry>,
): readonly Get[] {
  return GETS.of(cx.analysis, fn, entry, () => {
    const out = new Map<number, Get>();
    if (fnColumn(fn.file, fn.index, Fn.OpCount) === 0) return [];
    const isGet = (op: number): boolean => helpers.has(calledName(fn, op));
    watch(cx.analysis, fn, entry, isGet, (run, op, s) => {
      const helper = helpers.get(calledName(fn, op));
      if (helper === undefined || out.has(op)) return;
      // Out of the RCU section it is no walk any more
      if (s.released.some((l) => l.kind === 'rcu')) {
        cx.silence?.(ID, fn, op, 'the RCU read side was left before');
        return;
      }
      const kind = helper.references?.find((r) => COUNTED[r.kind] !== undefined)?.kind ?? '';
      const arg = readsOf(fn, op)[1];
      const value = arg === undefined ? run.terms.unknown : run.ev.value(s, arg);
      // The root of a superblock is there as long as that is
      if (run.terms.lastField(value) === 's_root') {
        cx.silence?.(ID, fn, op, 'the root of a superblock is there as long as that is');
        return;
      }
      out.set(op, { op, helper: helper.name, kind, text: run.showPlace(value) });
    });
    return [...out.values()];
  });
}

function draft(cx: RuleContext, fn: FunctionRef, situation: WalkSituation, get: Get): Draft {
  const origin = cx.analysis.propagation?.origins[situation.entry.origins[0] ?? -1];
  const method = origin === undefined ? '' : `->${origin.method}()`;
  const object = COUNTED[get.kind] ?? 'object';
  return {
    rule: ID,
    precision: 'high',
    certainty: 'must',
    message: `'${get.helper}()' takes a reference in RCU-walk of ${method}, where the ${object} may be dead already and giving the reference back may sleep`,
    fn: fn.id,
    op: get.op,
    entry: entryMethod(cx.analysis, origin),
    held: [],
    rcu: 'walk',
    trace: [
      ...walkPath(cx, fn, situation),
      step('access', fn, get.op, `takes a reference to '${get.text}'`),
      {
        ...step('other-side', fn, get.op, `the last reference to the ${object} goes: nothing pins it here`),
        side: 1,
      },
    ],
    objectClass: object,
    ...(origin === undefined
      ? {}
      : {
          fix: {
            kind: 'bail-out',
            fn: fn.id,
            op: get.op,
            struct: origin.struct,
            method: origin.method,
          } as const,
        }),
  };
}
