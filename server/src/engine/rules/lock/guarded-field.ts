/**
 * lock/guarded-field: a field that the model guards with a lock is written without it. Certain where all that leads to the write is
 * known, brings no such lock, and the object came from the VFS, so that others see it. And a member that the directory at hand uses under
 * a lock of the same object is read when that lock was just dropped, or one that it changes under a lock is changed once without.
 */
import { calledName, fnColumn } from '../../contexts/cfg.js';
import type { Entry } from '../../contexts/entry-points.js';
import type { FunctionRun } from '../../contexts/flow.js';
import { readsOf } from '../../contexts/operands.js';
import type { State } from '../../contexts/state.js';
import { T } from '../../contexts/terms.js';
import { EXPR_STRIDE, type FileFacts, Fn, OP_STRIDE, Op, X } from '../../facts/encode.js';
import type { FieldGuard } from '../../model/types.js';
import { type DeclaredGuard, DeclaredMembers } from '../../program/members.js';
import type { FunctionRef } from '../../program/program.js';
import { bareChanges } from '../bare-changes.js';
import {
  comesFromMethod,
  type Holding,
  heldIn,
  heldShown,
  holdingAsSeen,
  isAllKnown,
  isWhole,
} from '../holding.js';
import { Mentions } from '../mentions.js';
import { OfSituations, watch } from '../replay.js';
import {
  type Draft,
  type DraftLock,
  entryMethod,
  lineOf,
  pathTo,
  type Rule,
  type RuleContext,
  step,
  WIDENED,
} from '../rule.js';
import { ALONE } from '../unshared.js';
import { lateReads } from '../usual-guards.js';

/** The rule. */
export const guardedField: Rule = {
  info: {
    id: 'lock/guarded-field',
    summary: 'A field that a lock guards is written without the lock.',
    law: 'A field of a VFS object is written under the lock that guards it, from when others see the object until they do not.',
    severity: 'error',
    precision: 'high',
    onByDefault: true,
    fixable: true,
  },
  check(cx) {
    const { propagation, model } = cx.analysis;
    if (propagation === null) return [];
    const fields = new Map<string, readonly Guard[]>();
    const declared = DeclaredMembers.of(cx.analysis.program).declaredGuards().map(asGuard);
    for (const g of [...model.fieldGuards, ...declared])
      fields.set(g.field, [...(fields.get(g.field) ?? []), g]);
    const writing = new Mentions(fields.keys());
    const sites: Site[] = [];
    for (const fn of cx.functions) {
      if (!writing.in(fn)) continue;
      if (cx.analysis.results[fn.id]?.widened !== false) {
        cx.silence?.('lock/guarded-field', fn, -1, WIDENED);
        continue;
      }
      cx.silence?.('lock/guarded-field', fn, -1, 'reads are not looked at, nor members of other structures');
      for (const [i, entry] of (propagation.entries[fn.id] ?? []).entries())
        for (const w of WRITES.of(cx.analysis, fn, entry, () => writesIn(cx, fn, entry, fields)))
          sites.push({ ...w, fn, entry, index: i });
    }
    return [...drafts(cx, sites), ...late(cx), ...bare(cx)];
  },
};

/** A member with the lock that guards it, as the model or its declaration says. */
type Guard = Pick<FieldGuard, 'struct' | 'field' | 'class' | 'lock' | 'of'> & { readonly declared?: true };

function asGuard({ struct, field, lock }: DeclaredGuard): Guard {
  return { struct, field, lock, class: `${struct}::${lock}`, of: 'itself', declared: true };
}

/** A write of a guarded field in a situation. */
interface Write {
  readonly op: number;
  readonly guard: Guard;
  readonly how: Holding;
  readonly text: string;
  /** What else is held, in the first state that comes there. */
  readonly held: readonly DraftLock[];
  /** The pointer to the object where it means something outside of the function, else -1. */
  readonly object: number;
}

interface Site extends Write {
  readonly fn: FunctionRef;
  readonly entry: Entry;
  readonly index: number;
}

const WRITES = new OfSituations<readonly Write[]>();

/** What changes the list that one of its arguments stands on. */
export const CHANGES_LIST = /^_*h?list_(add|del|move|splice|replace|cut)\w*$/;
const STORES = new Set(['WRITE_ONCE', 'rcu_assign_pointer']);

function writesIn(
  cx: RuleContext,
  fn: FunctionRef,
  entry: Entry,
  fields: ReadonlyMap<string, readonly Guard[]>,
): readonly Write[] {
  const found = new Map<number, Write>();
  const guardsOf = (e: number): readonly Guard[] =>
    fields.get(fn.file.strings[fn.file.exprs[e * EXPR_STRIDE + 2] as number] ?? '') ?? [];
  const isWrite = (op: number): boolean => writtenBy(fn, op)?.some((e) => guardsOf(e).length > 0) === true;
  watch(cx.analysis, fn, entry, isWrite, (run, op, s) => {
    for (const e of writtenBy(fn, op) ?? []) {
      const at = e * EXPR_STRIDE;
      const base = fn.file.exprs[at + 1] as number;
      const struct = run.ev.typeOf(base)?.base;
      const guard = guardsOf(e).find((g) => struct === `struct ${g.struct}`);
      if (guard === undefined) continue;
      const written = run.ev.place(s, e);
      const { terms } = run;
      if (terms.kind(written) !== T.FieldP) continue;
      const object = terms.a(written);
      const how = isHeld(run, entry, s, guard, terms.fieldP(object, terms.name(guard.lock)));
      const old = found.get(op);
      if (old === undefined)
        found.set(op, {
          op,
          guard,
          how,
          text: run.showPlace(object),
          held: heldShown(cx, fn, run, entry, s, op),
          object: terms.isShared(object) ? object : -1,
        });
      else if (old.how !== how) found.set(op, { ...old, how: 'perhaps' });
    }
  });
  return [...found.values()].sort((a, b) => a.op - b.op);
}

/** Expressions of the members that an operation writes. */
function writtenBy(fn: FunctionRef, op: number): readonly number[] | null {
  const { file } = fn;
  const at = (fnColumn(file, fn.index, Fn.FirstOp) + op) * OP_STRIDE;
  const kind = file.ops[at] as Op;
  if (kind === Op.Assign) return membersIn(file, [file.ops[at + 1] as number], false);
  if (kind !== Op.Call) return null;
  const name = calledName(fn, op);
  const args = readsOf(fn, op).slice(1);
  if (STORES.has(name)) return membersIn(file, args.slice(0, 1), false);
  return CHANGES_LIST.test(name) ? membersIn(file, args, true) : null;
}

/** Those of some expressions that are members; of their addresses where `pointed`. */
function membersIn(file: FileFacts, list: readonly number[], pointed: boolean): readonly number[] | null {
  const out: number[] = [];
  for (const e of list) {
    const of =
      pointed && (file.exprs[e * EXPR_STRIDE] as X) === X.Addr
        ? (file.exprs[e * EXPR_STRIDE + 1] as number)
        : e;
    if ((pointed && of === e) || (file.exprs[of * EXPR_STRIDE] as X) !== X.Field) continue;
    out.push(of);
  }
  return out.length === 0 ? null : out;
}

function isHeld(run: FunctionRun, entry: Entry, s: State, guard: Guard, place: number): Holding {
  const how = holdingAsSeen(run, entry, s, { place, class: guard.class, shared: false });
  if (how === 'held' || guard.of === 'itself') return how;
  // Whose list it is the code does not say: any lock of the class may be the one
  const any = heldIn(run, entry, s).filter((l) => l.class === guard.class);
  return any.some((l) => !l.may) ? 'held' : any.length > 0 ? 'perhaps' : how;
}

/** Methods whose dentry other tasks only wait for. */
const IN_LOOKUP = new Set(['lookup', 'atomic_open']);

function drafts(cx: RuleContext, sites: readonly Site[]): Draft[] {
  const { propagation } = cx.analysis;
  const keyOf = (w: Site): string => `${w.fn.unit}|${w.guard.struct}|${w.guard.field}`;
  // What a unit does elsewhere: where it locks the field, it counts on the lock
  const locked = new Set(sites.filter((w) => w.how === 'held').map((w) => keyOf(w)));
  const seen = new Set<string>();
  const out: Draft[] = [];
  for (const w of sites) {
    const { fn, entry, guard } = w;
    const id = `${fn.id},${w.op}`;
    const quiet =
      cx.silence === undefined
        ? undefined
        : (why: string): void => cx.silence?.('lock/guarded-field', fn, w.op, why);
    if (w.how !== 'not')
      quiet?.(
        w.how === 'held'
          ? 'the lock is held here'
          : 'the lock may be held here, by another name or by a caller',
      );
    if (w.how !== 'not' || seen.has(id)) continue;
    if (!isAllKnown(entry) || entry.walk || !isWhole(cx.analysis, fn.id, entry)) {
      quiet?.('not all is known of what the callers hold');
      continue;
    }
    if (w.object < 0 || !comesFromMethod(cx.analysis, fn.id, entry, w.object)) {
      quiet?.('the object did not come from the VFS: nobody else may see it yet');
      continue;
    }
    const origin = propagation?.origins[entry.origins[0] ?? -1];
    if (origin === undefined || entry.origins.some((o) => ALONE.has(propagation?.origins[o]?.method ?? ''))) {
      quiet?.('the method is called before others see the object, or when nobody does any more');
      continue;
    }
    seen.add(id);
    const at = calledFrom(cx, w);
    const lock = `'&${w.text}->${guard.lock}'`;
    const name = `'${guard.field}' of '${w.text}'`;
    const certain = !IN_LOOKUP.has(origin.method) || locked.has(keyOf(w));
    const missing =
      guard.of === 'itself'
        ? `without ${lock}, which guards it`
        : `and no ${guard.class} is held, which guards the list`;
    out.push({
      rule: 'lock/guarded-field',
      precision: certain ? 'high' : 'medium',
      certainty: 'must',
      message: `${name} is changed ${missing}: another task that changes it meanwhile is undone`,
      fn: at.fn.id,
      op: at.op,
      entry: entryMethod(cx.analysis, origin),
      held: w.held,
      rcu: 'none',
      trace: [
        ...pathTo(cx, fn, w.index),
        step('access', fn, w.op, `changes ${name}`),
        {
          ...step('other-side', fn, w.op, `reads and changes it under ${guard.class}, at the same time`),
          side: 1,
        },
      ],
      objectClass: `${guard.struct}::${guard.field}`,
      // Of which kind a lock is that a declaration names is not looked up
      ...(guard.of === 'itself' && guard.declared !== true && at.fn === fn && at.op === w.op
        ? { fix: { kind: 'lock-field', fn: fn.id, op: w.op, lock: guard.lock } as const }
        : {}),
    });
  }
  return out;
}

/** Where a write is said: one in a header belongs to the file that calls it. */
function calledFrom(cx: RuleContext, w: Site): { readonly fn: FunctionRef; readonly op: number } {
  let [fn, op, entry] = [w.fn, w.op, w.entry];
  while (fn.isHeader && entry.caller >= 0) {
    const caller = cx.analysis.program.functions[entry.caller];
    const up = cx.analysis.propagation?.entries[entry.caller]?.[entry.callerEntry];
    if (caller === undefined || up === undefined) break;
    [fn, op, entry] = [caller, entry.op, up];
  }
  return { fn, op };
}

/** DeclaredMembers that are read right after the lock was dropped under which the rest of the directory uses them. */
function late(cx: RuleContext): Draft[] {
  return lateReads(cx).map((r) => {
    const { guarded, bare, where } = r.usage;
    const whole = r.object === '' ? r.struct : r.object;
    const lock = r.object === '' ? `the ${r.lock} of it` : `'&${r.object}${r.through}${r.lock}'`;
    const member = `'${r.field}' of '${whole}'`;
    return {
      rule: 'lock/guarded-field',
      precision: 'low',
      certainty: 'may',
      message: r.empty
        ? `${member} is read after ${lock} was taken and dropped around nothing in line ${lineOf(r.fn, r.dropped)}; elsewhere it is used under that lock (${guarded} of ${guarded + bare} times)`
        : `${member} is read after ${lock} was dropped in line ${lineOf(r.fn, r.dropped)}; elsewhere it is used under that lock (${guarded} of ${guarded + bare} times)`,
      fn: r.fn.id,
      op: r.op,
      entry: null,
      held: [],
      rcu: 'none',
      trace: [
        step('acquire', r.fn, r.taken, `takes ${lock}`),
        step('release', r.fn, r.dropped, `drops ${lock}`),
        step('access', r.fn, r.op, `reads ${member}, as it is by now`),
        ...(where === null
          ? []
          : [
              step(
                'other-side' as const,
                where.fn,
                where.op,
                `changes '${r.field}' under that lock in between`,
                1,
              ),
            ]),
      ],
      objectClass: `${r.struct}::${r.field}`,
    };
  });
}

/** Members that are changed without the lock under which all the rest of the directory changes them. */
function bare(cx: RuleContext): Draft[] {
  return bareChanges(cx).map(({ fn, op, struct, field, lock, guarded, where }) => ({
    rule: 'lock/guarded-field',
    precision: 'low',
    certainty: 'may',
    message: `'${field}' of '${struct}' is changed without ${lock}; all other changes of it are made under that lock (${guarded} times): one of two is undone`,
    fn: fn.id,
    op,
    entry: null,
    held: [],
    rcu: 'none',
    trace: [
      step('access', fn, op, `changes '${field}'`),
      step('other-side', where.fn, where.op, `changes '${field}' under ${lock}, at the same time`, 1),
    ],
    objectClass: `${struct}::${field}`,
  }));
}
