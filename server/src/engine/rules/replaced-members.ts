/**
 * Members of objects that stay, but what such a member points at is replaced under a lock and the old one freed: a pointer that was
 * loaded from the member under that lock is good only while it is held, whatever reference on the object itself is held.
 */
import { calledName, fnColumn } from '../contexts/cfg.js';
import type { Entry } from '../contexts/entry-points.js';
import { maskOf, ZERO } from '../contexts/known.js';
import { readsOf } from '../contexts/operands.js';
import { T, type Terms } from '../contexts/terms.js';
import { EXPR_STRIDE, Fn, OP_STRIDE, Op, X } from '../facts/encode.js';
import type { FunctionRef } from '../program/program.js';
import { heldIn, heldShown, surelyHeld } from './holding.js';
import { OfFunctions } from './kept.js';
import { KEEPS, storedVariable } from './pointer-text.js';
import { type Look, OfSituations, operationsOf, replay, watch } from './replay.js';
import { Retakes } from './retakes.js';
import { type Draft, entryMethod, lineOf, pathTo, type RuleContext, rcuOf, step } from './rule.js';
import { Trails } from './trails.js';

/** Where a member is given another value, what it pointed at being freed. */
interface Replaced {
  readonly fn: FunctionRef;
  /** The store, and the call that frees. */
  readonly op: number;
  readonly freed: number;
  /** `struct::member`. */
  readonly member: string;
  /** Locks that are held exclusively at the store. */
  readonly classes: readonly string[];
}

/** A pointer on its way. */
interface Pointer {
  readonly variable: number;
  readonly loaded: number;
  readonly member: string;
  /** The object that the member belongs to. */
  readonly owner: number;
  readonly locks: readonly { readonly place: number; readonly class: string }[];
  /** The lock under which the member is replaced, once it was dropped, and the operation that did it. */
  readonly lost: { readonly place: number; readonly class: string } | null;
  readonly dropped: number;
}

interface Late {
  readonly op: number;
  readonly loaded: number;
  readonly dropped: number;
  readonly member: string;
  readonly class: string;
  readonly lock: string;
  readonly text: string;
  readonly callee: string;
  readonly held: Draft['held'];
  readonly rcu: Draft['rcu'];
}

const REPLACED = new OfSituations<readonly Omit<Replaced, 'fn'>[]>();
const LATE = new OfSituations<readonly Late[]>();
/** What the text alone tells, by function. */
const LOADS = new OfFunctions<ReadonlyMap<string, readonly number[]>>();
const STORES = new OfFunctions<ReadonlyMap<number, number>>();

function textOf({ file, index }: FunctionRef): number {
  return fnColumn(file, index, Fn.Hash);
}

/** Uses of what was loaded from a member under the lock under which it is replaced, after that lock was dropped. */
export function usesOfReplaced(cx: RuleContext, rule: string): Draft[] {
  const out: Draft[] = [];
  const units = new Map<string, readonly Replaced[]>();
  for (const fn of cx.functions) {
    if (fn.isMacro || fn.isHeader) continue;
    const loads = LOADS.of(fn, [textOf(fn)], () => loadsIn(fn));
    if (loads.size === 0 || cx.analysis.results[fn.id]?.releases.size === 0) continue;
    let replaced = units.get(fn.unit);
    if (replaced === undefined) {
      replaced = replacedIn(cx, fn.unit);
      units.set(fn.unit, replaced);
    }
    const others = replaced.filter((r) => r.fn.id !== fn.id);
    if (!others.some((r) => loads.has(fieldOf(r.member)))) continue;
    const members = new Set(others.map((r) => r.member));
    const uses = usesAfterDrop(cx, fn, loads, members);
    if (uses.length === 0) continue;
    const seen = new Set<number>();
    const entries = cx.analysis.propagation?.entries[fn.id] ?? [];
    for (const [i, entry] of entries.entries())
      for (const late of LATE.of(
        cx.analysis,
        fn,
        entry,
        () => lateIn(cx, fn, entry, members, uses),
        [...members].join(),
      )) {
        const other = others.find((r) => r.member === late.member && r.classes.includes(late.class));
        if (other === undefined || seen.has(late.loaded)) continue;
        seen.add(late.loaded);
        out.push(draft(cx, rule, fn, entry, i, late, other));
      }
  }
  return out;
}

// ---- by the text alone

/** The member that a field expression names; '' for other expressions. */
function memberOf(fn: FunctionRef, expr: number): string {
  if (expr < 0 || (fn.file.exprs[expr * EXPR_STRIDE] as X) !== X.Field) return '';
  return fn.file.strings[fn.file.exprs[expr * EXPR_STRIDE + 2] as number] ?? '';
}

/** The name in `structure::name`. */
function fieldOf(member: string): string {
  return member.slice(member.indexOf('::') + 2);
}

/** Members that are loaded into variables, with the operations that do it. */
function loadsIn(fn: FunctionRef): ReadonlyMap<string, readonly number[]> {
  const { file } = fn;
  const first = fnColumn(file, fn.index, Fn.FirstOp);
  const out = new Map<string, number[]>();
  for (const op of operationsOf(fn)) {
    if (storedVariable(fn, op) < 0) continue;
    const member = memberOf(fn, file.ops[(first + op) * OP_STRIDE + 2] as number);
    if (member !== '') out.set(member, [...(out.get(member) ?? []), op]);
  }
  return out;
}

/** The variable that a call frees at once; -1 for other calls. */
function freedBy(cx: RuleContext, fn: FunctionRef, op: number): number {
  const helper = cx.analysis.model.helpers.get(calledName(fn, op));
  const freed = helper?.frees?.find((f) => f.how === 'now' && f.when === undefined);
  if (helper === undefined || freed === undefined) return -1;
  const arg = readsOf(fn, op)[1 + helper.params.indexOf(freed.object)];
  if (arg === undefined || (fn.file.exprs[arg * EXPR_STRIDE] as X) !== X.Local) return -1;
  return fn.file.exprs[arg * EXPR_STRIDE + 1] as number;
}

// ---- the other side

function replacedIn(cx: RuleContext, unit: string): readonly Replaced[] {
  const out: Replaced[] = [];
  for (const fn of cx.all) {
    if (fn.unit !== unit || fn.isMacro) continue;
    const stores = STORES.of(fn, [textOf(fn)], () => storesIn(cx, fn));
    if (stores.size === 0) continue;
    for (const entry of cx.analysis.propagation?.entries[fn.id] ?? [])
      for (const r of REPLACED.of(cx.analysis, fn, entry, () => replacedBy(fn, cx, entry, stores)))
        out.push({ ...r, fn });
  }
  return out;
}

function replacedBy(
  fn: FunctionRef,
  cx: RuleContext,
  entry: Entry,
  stores: ReadonlyMap<number, number>,
): readonly Omit<Replaced, 'fn'>[] {
  const out: Omit<Replaced, 'fn'>[] = [];
  const { file } = fn;
  const first = fnColumn(file, fn.index, Fn.FirstOp);
  const isStore = (op: number): boolean => stores.has(op);
  watch(cx.analysis, fn, entry, isStore, (run, op, s) => {
    const target = file.ops[(first + op) * OP_STRIDE + 1] as number;
    const member = run.ev.classOf(run.ev.place(s, target));
    const classes = heldIn(run, entry, s)
      .filter((l) => !l.may && !l.shared && KEEPS.includes(l.kind) && !l.class.startsWith('?'))
      .map((l) => l.class);
    if (member.startsWith('?') || classes.length === 0) return;
    out.push({ op, freed: stores.get(op) as number, member, classes });
  });
  return out;
}

/** Stores to members of which the old value was loaded into a variable before that is freed after, with the call that frees it. */
function storesIn(cx: RuleContext, fn: FunctionRef): ReadonlyMap<number, number> {
  const { file } = fn;
  const first = fnColumn(file, fn.index, Fn.FirstOp);
  const out = new Map<number, number>();
  const frees = operationsOf(fn).filter((op) => calledName(fn, op) !== '' && freedBy(cx, fn, op) >= 0);
  if (frees.length === 0) return out;
  const loads = loadsIn(fn);
  for (const op of operationsOf(fn)) {
    const at = (first + op) * OP_STRIDE;
    if ((file.ops[at] as Op) !== Op.Assign) continue;
    const member = memberOf(fn, file.ops[at + 1] as number);
    for (const load of member === '' ? [] : (loads.get(member) ?? [])) {
      const variable = storedVariable(fn, load);
      const freed = frees.find((f) => f > op && freedBy(cx, fn, f) === variable);
      if (load < op && freed !== undefined) out.set(op, freed);
    }
  }
  return out;
}

// ---- this side

/** Calls that get what was loaded from one of these members, and may come after a lock was dropped after that. */
function usesAfterDrop(
  cx: RuleContext,
  fn: FunctionRef,
  loads: ReadonlyMap<string, readonly number[]>,
  members: ReadonlySet<string>,
): readonly number[] {
  const after = Retakes.in(cx).afterDrop(fn);
  if (after.size === 0) return [];
  const names = new Set([...members].map(fieldOf));
  const variables = new Set(
    [...loads].flatMap(([name, ops]) => (names.has(name) ? ops.map((op) => storedVariable(fn, op)) : [])),
  );
  const isOne = (e: number): boolean =>
    (fn.file.exprs[e * EXPR_STRIDE] as X) === X.Local &&
    variables.has(fn.file.exprs[e * EXPR_STRIDE + 1] as number);
  return [...after]
    .filter((op) => calledName(fn, op) !== '' && readsOf(fn, op).slice(1).some(isOne))
    .sort((a, b) => a - b);
}

function lateIn(
  cx: RuleContext,
  fn: FunctionRef,
  entry: Entry,
  members: ReadonlySet<string>,
  uses: readonly number[],
): readonly Late[] {
  const { file } = fn;
  const first = fnColumn(file, fn.index, Fn.FirstOp);
  const out = new Map<number, Late>();
  const trails = new Trails<readonly Pointer[]>();
  const look: Look = (run, op, s) => {
    const before = trails.of(s.trail) ?? [];
    const locks = surelyHeld(run, entry, s).filter((l) => KEEPS.includes(l.kind));
    let now = before.map((p) => {
      if (p.lost !== null) return p;
      const lost = p.locks.find((l) => !locks.some((x) => x.place === l.place));
      return lost === undefined ? p : { ...p, lost, dropped: op - 1 };
    });
    const callee = calledName(fn, op);
    if (callee !== '' && !s.blurred)
      for (const p of now) {
        if (p.lost === null || out.has(p.loaded)) continue;
        // In a loop the same lock may go by another name
        const { class: lost } = p.lost;
        if (heldIn(run, entry, s).some((l) => l.class === lost || l.class.startsWith('?'))) continue;
        const handed = readsOf(fn, op)
          .slice(1)
          .find(
            (e) =>
              (file.exprs[e * EXPR_STRIDE] as X) === X.Local &&
              file.exprs[e * EXPR_STRIDE + 1] === p.variable,
          );
        if (handed === undefined || maskOf(run.terms, s.facts, run.ev.value(s, handed)) === ZERO) continue;
        const { member, loaded, dropped } = p;
        out.set(loaded, {
          op,
          loaded,
          dropped,
          member,
          class: p.lost.class,
          lock: run.showPlace(p.lost.place),
          text: run.ev.variableName(p.variable),
          callee,
          held: heldShown(cx, fn, run, entry, s, op),
          rcu: rcuOf(entry, run.effect.shownLocks(s)),
        });
      }
    // Who counts or marks something in the object under the lock tells whoever replaces the member that it is in use
    if (mayMark(cx, callee))
      for (const e of readsOf(fn, op).slice(1)) {
        const written =
          (file.exprs[e * EXPR_STRIDE] as X) === X.Addr ? ownerOf(run.terms, run.ev.value(s, e)) : -1;
        now = now.filter((p) => p.lost !== null || written < 0 || p.owner !== written);
      }
    // Who stores something else there under the lock has taken over what was there
    const at = (first + op) * OP_STRIDE;
    if ((file.ops[at] as Op) === Op.Assign && memberOf(fn, file.ops[at + 1] as number) !== '') {
      const member = run.ev.classOf(run.ev.place(s, file.ops[at + 1] as number));
      now = now.filter((p) => p.lost !== null || p.member !== member);
    }
    const variable = storedVariable(fn, op);
    if (variable >= 0) {
      now = now.filter((p) => p.variable !== variable);
      const value = file.ops[at + 2] as number;
      const member = memberOf(fn, value) === '' ? '' : run.ev.classOf(run.ev.place(s, value));
      // What stands in a member without a type of its own, each user knows for itself
      if (
        run.ev.typeOf(value)?.base !== 'void' &&
        members.has(member) &&
        locks.length > 0 &&
        !run.isAddressTaken(variable)
      )
        now.push({
          variable,
          loaded: op,
          member,
          owner: ownerOf(run.terms, run.terms.addr(run.ev.place(s, value))),
          locks: locks.map((l) => ({ place: l.place, class: l.class })),
          lost: null,
          dropped: -1,
        });
    }
    if (now.length === 0) return 0;
    return trails.number(
      now,
      now.map((p) => `${p.variable},${p.loaded},${p.dropped},${p.lost?.place}`).join(';'),
    );
  };
  replay(cx.analysis, fn, entry, look, undefined, uses);
  return [...out.values()];
}

/** Whether a call says in an object to whose members it is handed that these are in use: a reference keeps the object alone. */
function mayMark(cx: RuleContext, name: string): boolean {
  const { helpers, readers } = cx.analysis.model;
  const helper = helpers.get(name);
  if (name === '' || readers.has(name)) return false;
  return (helper?.acquires ?? helper?.releases ?? helper?.references) === undefined;
}

/** The pointer through which an address of a member is reached; -1 for other values. */
function ownerOf(terms: Terms, address: number): number {
  if (terms.kind(address) !== T.Addr) return -1;
  let place = terms.a(address);
  while (terms.kind(place) === T.FieldL || terms.kind(place) === T.Elem) place = terms.a(place);
  return terms.kind(place) === T.FieldP ? terms.a(place) : -1;
}

function draft(
  cx: RuleContext,
  rule: string,
  fn: FunctionRef,
  entry: Entry,
  index: number,
  late: Late,
  other: Replaced,
): Draft {
  const origin = cx.analysis.propagation?.origins[entry.origins[0] ?? -1];
  const lock = `'&${late.lock}'`;
  return {
    rule,
    precision: 'high',
    certainty: 'must',
    message: `'${late.text}' was loaded from '${late.member}' under ${lock}, which was dropped in line ${lineOf(fn, late.dropped)} before '${late.callee}()' gets it, while ${other.fn.name}() may have replaced and freed it`,
    fn: fn.id,
    op: late.op,
    entry: entryMethod(cx.analysis, origin),
    held: late.held,
    rcu: late.rcu,
    trace: [
      ...pathTo(cx, fn, index),
      step('access', fn, late.loaded, `loads '${late.text}' under ${lock}`),
      step('release', fn, late.dropped, `drops ${lock}`),
      step('access', fn, late.op, `hands it to ${late.callee}()`),
      step('other-side', other.fn, other.op, `gives '${other.member}' another value under the same lock`, 1),
      step('free', other.fn, other.freed, 'frees the old one at once', 1),
    ],
    objectClass: late.member,
  };
}
