/**
 * Calls of what the model knows: locks taken and given back, also by condition, sleeping, callbacks, frees.
 */
import { operatorCode } from '../facts/encode.js';
import type {
  CallbackEffect,
  Condition,
  HelperEntry,
  LockSpec,
  FreeEffect as ModelFree,
  Path,
} from '../model/types.js';
import { type CallSite, setResult } from './call-site.js';
import { freesOf } from './callee-calls.js';
import { isLookedAt } from './cfg.js';
import { atomTerm } from './condition.js';
import { classOfField } from './evaluate.js';
import type { FunctionRun } from './flow.js';
import { noteFreeOf } from './frees.js';
import {
  ANY,
  assume,
  type Facts,
  maskOf,
  NEGATIVE,
  NO_FACTS,
  POSITIVE,
  restrict,
  withFact,
  ZERO,
} from './known.js';
import { Lock, type State } from './state.js';
import { T } from './terms.js';
import { exported } from './translate.js';
import { afterSleep } from './values.js';

/** Details from here on mark a place that could not be told: never the same as another one. */
export const UNKNOWN_PLACE = 10000;

/** Details from here on mark what a helper hands to a function that it calls back. */
const CALLBACK_DETAIL = 3000;

const EQ = operatorCode('==');
const NOT = operatorCode('!');

/** The value that a path of the model names at a call site. */
export function pathValue(
  run: FunctionRun,
  s: State,
  path: Path,
  args: readonly number[],
  result: number,
): number {
  const { terms } = run;
  let value =
    typeof path.root === 'string'
      ? terms.load(terms.global(path.root))
      : path.root < 0
        ? result
        : (args[path.root] ?? terms.unknown);
  for (const f of path.fields) value = run.ev.loaded(s, terms.fieldP(value, terms.name(f)));
  return value;
}

/** The place of the lock that a path names. */
function pathPlace(run: FunctionRun, s: State, path: Path, args: readonly number[], result: number): number {
  const { terms } = run;
  if (path.fields.length === 0)
    return typeof path.root === 'string'
      ? terms.global(path.root)
      : terms.derefL(path.root < 0 ? result : (args[path.root] ?? terms.unknown));
  const owner = pathValue(run, s, { root: path.root, fields: path.fields.slice(0, -1) }, args, result);
  return terms.fieldP(owner, terms.name(path.fields[path.fields.length - 1] as string));
}

/** A lock of the model at a call site, or null where its path does not parse. */
export function modelLock(
  run: FunctionRun,
  s: State,
  spec: LockSpec,
  params: readonly string[],
  args: readonly number[],
  result: number,
  op: number,
): Lock | null {
  const path = run.shared.model.path(spec.lock, params);
  if (path === null) return null;
  let place = pathPlace(run, s, path, args, result);
  if (place === run.terms.unknown)
    place = run.terms.fresh(op, UNKNOWN_PLACE + (run.terms.name(spec.lock) & 4095));
  const cls = run.ev.classOf(place);
  const field = path.fields.at(-1);
  const owner = path.fields.at(-2) ?? (typeof path.root === 'number' ? params[path.root] : undefined) ?? '';
  return new Lock(
    place,
    cls.startsWith('?') && field !== undefined
      ? classOfField(run.shared.model, run.shared.classes, owner, field)
      : cls,
    spec.kind,
    spec.mode === 'shared',
    false,
    run.fn.id,
    op,
  );
}

/** Facts after a condition of the model; null where it cannot be. `known`: nothing had to be assumed. */
export function assumeCondition(
  run: FunctionRun,
  s: State,
  condition: Condition,
  args: readonly number[],
  result: number,
  truth: boolean,
): { facts: Facts; known: boolean; decidable: boolean; doubt: boolean } | null {
  const { terms } = run;
  let facts = s.facts;
  let decidable = true;
  let doubt = false;
  for (const atom of condition) {
    const value = pathValue(run, s, atom.value, args, result);
    const other = atom.kind === 'same' ? pathValue(run, s, atom.other, args, result) : terms.unknown;
    const { term, want } = atomTerm(terms, atom, value, other, (op, l, r) => run.ev.binary(op, l, r));
    const before = facts;
    const assumed = assume(terms, facts, term, want === truth);
    if (assumed === null) return null;
    facts = assumed.facts;
    if (assumed.doubt) doubt = true;
    if (facts !== before && (!terms.isShared(term) || terms.isSoft(term))) decidable = false;
    if (facts === before && term === terms.unknown) decidable = false;
  }
  return { facts, known: facts === s.facts && decidable, decidable, doubt };
}

/** Applies the effect of a helper of the model; what can be after it goes to `out`. */
export function applyHelper(
  run: FunctionRun,
  s: State,
  site: CallSite,
  helper: HelperEntry,
  out: State[],
): void {
  const { terms, shared } = run;
  const { model } = shared;
  const args = withDefaults(run, site.args, helper);
  const op = site.op;
  run.effect.handOver(args);
  const m = run.made(s, op);
  let state = m.state;
  const result = m.term;
  const check = (spec: LockSpec): void => {
    if (spec.when !== undefined && spec.when !== '') return;
    const lock = modelLock(run, state, spec, helper.params, args, result, op);
    const at = helper.onLast === true ? state.branched(state.facts, state.doubt, state.guarded, true) : state;
    if (lock !== null) run.effect.takeAt(at, op, lock, helper.name, -1);
  };
  for (const spec of helper.mustNotHold ?? []) check(spec);
  for (const spec of helper.asserts ?? []) {
    const lock = modelLock(run, state, spec, helper.params, args, result, op);
    if (lock === null) continue;
    // Said to be held: what was perhaps is sure from here on
    if (state.locks.some((l) => l.place === lock.place && l.may))
      state = state.withLocks(state.locks.map((l) => (l.place === lock.place ? l.held(false) : l)));
    if (
      terms.isShared(lock.place) &&
      !state.doubt &&
      // A caller brings it only where nothing was tested on the way
      exported(terms, state.facts, true).length === 0 &&
      !run.effect.asserted.some((l) => l.place === lock.place) &&
      !state.locks.some((l) => l.place === lock.place)
    )
      run.effect.asserted.push(lock.ofKind(assertedKind(run, lock)));
  }
  // Sleeping comes before the effect: a mutex is waited for without it, and what the helper drops it sleeps without
  let without = state;
  for (const spec of helper.sleeps === false ? [] : (helper.releases ?? [])) {
    const lock = modelLock(run, state, spec, helper.params, args, result, op);
    if (lock !== null) without = run.release(without, lock);
  }
  if (helper.faults === true) run.effect.faultAt(without, op, helper.name);
  if (helper.sleeps === true) {
    run.effect.sleepAt(without, op, helper.name, -1, true);
    state = afterSleep(terms, state).waited(true, false);
  } else if (typeof helper.sleeps === 'string') {
    const condition = model.condition(helper.sleeps, helper.params);
    if (condition !== null) {
      const sure = assumeCondition(run, state, condition, args, result, true);
      if (sure?.decidable === true && !sure.doubt) {
        run.effect.sleepAt(without.withFacts(sure.facts), op, helper.name, -1, true, false, !sure.known);
        if (sure.known) state = state.waited(true, false);
      }
    }
  }
  for (const free of helper.frees ?? []) noteFree(run, state, op, free, helper, args, result);
  for (const callback of helper.callbacks ?? []) callBack(run, state, site, helper, callback, args, result);
  if (helper.noReturn === true) return;
  if (helper.ensures !== undefined) {
    const condition = model.condition(helper.ensures, helper.params);
    const met = condition === null ? null : assumeCondition(run, state, condition, args, result, true);
    if (condition !== null && met === null) return;
    // What memory said before it waited speaks against nothing
    if (met !== null && !met.doubt) state = state.withFacts(met.facts);
  }
  if (helper.gracePeriod === true) state = state.waited(false, true);
  // Locks that go on every path first, then those that depend on the result
  for (const spec of helper.releases ?? []) {
    if (spec.when !== undefined && spec.when !== '') continue;
    const lock = modelLock(run, state, spec, helper.params, args, result, op);
    if (lock !== null) state = run.release(state, lock);
  }
  let value = result;
  let mask = ANY;
  const returns = helper.returns ?? 'unknown';
  const zeroTakes = (helper.acquires ?? []).some((a) => a.when === 'result == 0');
  // Taken where it gives 0: what else it gives is an error
  if (returns === 'negative-error' || returns.startsWith('zero-or:') || (returns === 'unknown' && zeroTakes))
    mask = ZERO | NEGATIVE;
  else if (returns === 'fresh') mask = ZERO | POSITIVE;
  else if (returns === 'error-pointer') mask = POSITIVE | NEGATIVE;
  else if (returns.startsWith('const:')) value = terms.constant(Number(returns.slice(6)));
  else if (returns !== 'unknown') {
    const path = model.path(returns, helper.params);
    if (path !== null) {
      const v = pathValue(run, state, path, args, result);
      if (v !== terms.unknown) value = v;
      typeOfPath(run, site, path);
    }
  }
  if (helper.tells !== undefined && site.temp >= 0) value = answer(run, state, helper, args) ?? value;
  if (site.temp >= 0 && !run.ev.tempTypes.has(site.temp)) {
    const type = shared.program.returnType(helper.name, run.fn.file);
    if (type !== null) run.ev.tempTypes.set(site.temp, type);
  }
  if (site.temp >= 0) state = setResult(state, site, value);
  for (const link of helper.links ?? []) {
    const place = model.path(link.place, helper.params);
    const target = model.path(link.value, helper.params);
    if (place === null || target === null) continue;
    const to = pathPlace(run, state, place, args, value);
    const from = pathValue(run, state, target, args, value);
    if (to !== terms.unknown && from !== terms.unknown) state = run.storeTo(state, to, from, op);
  }
  if (mask !== ANY) {
    const r = restrict(terms, state.facts, value, mask);
    if (r !== null) state = state.withFacts(r.facts);
  }
  for (const spec of helper.acquires ?? []) {
    if (spec.when !== undefined && spec.when !== '') continue;
    const lock = modelLock(run, state, spec, helper.params, args, value, op);
    if (lock === null) continue;
    run.effect.takeAt(state, op, lock, helper.name, -1, false, NO_FACTS, m.state.facts);
    state = run.acquire(state, lock);
  }
  const whens: string[] = [];
  for (const spec of [...(helper.acquires ?? []), ...(helper.releases ?? [])])
    if (spec.when !== undefined && spec.when !== '' && !whens.includes(spec.when)) whens.push(spec.when);
  let states = [state];
  for (const when of whens) {
    const next: State[] = [];
    for (const s1 of states) splitOn(run, s1, site, helper, when, args, value, next);
    states = next;
  }
  if (returns.startsWith('zero-or:')) {
    // What is not 0 is that number: `if (err == -EINTR)` decides as well as `if (err)`
    const other = run.ev.binary(EQ, value, terms.constant(Number(returns.slice(8))));
    states = states.map((s1) =>
      (maskOf(terms, s1.facts, value) & ZERO) === 0 ? s1.withFacts(withFact(s1.facts, other, POSITIVE)) : s1,
    );
  }
  out.push(...states);
}

/** The answer of a helper that tells whether something holds: what it asked, as if it were written here. */
function answer(run: FunctionRun, s: State, helper: HelperEntry, args: readonly number[]): number | null {
  const { terms } = run;
  const condition = run.shared.model.condition(helper.tells ?? '', helper.params);
  const atom = condition?.[0];
  if (atom === undefined) return null;
  const value = pathValue(run, s, atom.value, args, terms.unknown);
  const other = atom.kind === 'same' ? pathValue(run, s, atom.other, args, terms.unknown) : terms.unknown;
  const { term, want } = atomTerm(terms, atom, value, other, (op, l, r) => run.ev.binary(op, l, r));
  if (term === terms.unknown) return null;
  const no = run.ev.unary(NOT, term);
  return want ? run.ev.unary(NOT, no) : no;
}

/** A function that is handed to a helper: it runs in the caller's context with what the helper holds, or later in its own. */
function callBack(
  run: FunctionRun,
  s: State,
  site: CallSite,
  helper: HelperEntry,
  callback: CallbackEffect,
  args: readonly number[],
  result: number,
): void {
  const { terms, shared } = run;
  const target = args[callback.param];
  // What is called later as a method begins there
  if (target === undefined || callback.method !== undefined) return;
  const params = callback.params ?? [];
  // What the helper hands on keeps its name; what it makes itself has one of its own
  const inner = params.map((name, i) => {
    const at = helper.params.indexOf(name);
    return at >= 0 ? (args[at] ?? terms.unknown) : terms.fresh(site.op, CALLBACK_DETAIL + i);
  });
  const locks = [...s.locks];
  for (const spec of callback.held ?? []) {
    const lock = modelLock(run, s, spec, params, inner, result, site.op);
    if (lock !== null) locks.push(lock);
  }
  const inside = s.withLocks(locks);
  if (terms.kind(target) === T.Param) {
    if (callback.context === 'now')
      run.effect.parameterCall(inside, terms.a(target), { ...site, args: inner });
    return;
  }
  if (terms.kind(target) !== T.Global) return;
  const fn = shared.program.resolve(terms.nameText(terms.a(target)), run.fn.file);
  if (fn === null) return;
  run.effect.edgeTo(inside, fn.id, site, callback.context, inner);
  // What it frees is freed by this call
  if (callback.context === 'now' && inner.length > 0 && fn.id !== run.fn.id)
    freesOf(run, inside, { ...site, args: inner }, fn.name, fn.id, result);
}

/** States after the effects that depend on one condition: where it holds, with them; where it does not, without. */
function splitOn(
  run: FunctionRun,
  s: State,
  site: CallSite,
  helper: HelperEntry,
  when: string,
  args: readonly number[],
  value: number,
  out: State[],
): void {
  const condition = run.shared.model.condition(when, helper.params);
  if (condition === null) {
    out.push(s);
    return;
  }
  const op = site.op;
  const yes = assumeCondition(run, s, condition, args, value, true);
  if (yes !== null) {
    let locked = s.withFacts(yes.facts, yes.doubt);
    for (const spec of helper.releases ?? []) {
      if (spec.when !== when) continue;
      const lock = modelLock(run, locked, spec, helper.params, args, value, op);
      if (lock !== null) locked = run.release(locked, lock);
    }
    for (const spec of helper.acquires ?? []) {
      if (spec.when !== when) continue;
      const lock = modelLock(run, locked, spec, helper.params, args, value, op);
      if (lock === null) continue;
      if (helper.sleeps === true) run.effect.takeAt(locked, op, lock, helper.name, -1);
      locked = run.acquire(locked, lock);
    }
    out.push(locked);
  }
  // It fails at its first part, or at the second with the first one true, and so on
  let before: State = s;
  for (const atom of condition) {
    // Whoever does not look whether it gave an error pointer knows that it does not
    const ignored =
      atom.kind === 'error' &&
      atom.value.root === -1 &&
      !atom.error &&
      site.temp >= 0 &&
      !isLookedAt(run.fn.file, run.fn.index, site.temp);
    const no = ignored ? null : assumeCondition(run, before, [atom], args, value, false);
    if (no !== null) out.push(before.withFacts(no.facts, no.doubt));
    const go = assumeCondition(run, before, [atom], args, value, true);
    if (go === null) return;
    before = before.withFacts(go.facts, go.doubt);
  }
}

/** Arguments, with what stands for those that were left out (`kmalloc_obj(P)` means GFP_KERNEL). */
function withDefaults(run: FunctionRun, args: readonly number[], helper: HelperEntry): readonly number[] {
  if (helper.defaults === undefined) return args;
  const out = [...args];
  for (const [name, value] of Object.entries(helper.defaults)) {
    const at = helper.params.indexOf(name);
    if (at < 0 || at < out.length) continue;
    while (out.length < at) out.push(run.terms.unknown);
    const number = run.shared.model.constants.get(String(value)) ?? Number(value);
    out[at] = Number.isNaN(number) ? run.terms.unknown : run.terms.constant(number);
  }
  return out;
}

/** What a lock is by its type: an assertion says that it is held, not what it is. */
function assertedKind(run: FunctionRun, lock: Lock): Lock['kind'] {
  const { terms, ev } = run;
  const known = run.shared.model.lockClasses.get(lock.class);
  if (known !== undefined) return known.kind;
  const kind = terms.kind(lock.place);
  const owner = kind === T.FieldP || kind === T.FieldL ? ev.owners.get(lock.place) : undefined;
  const type =
    owner !== undefined
      ? run.shared.program.field(owner, terms.nameText(terms.b(lock.place)), run.fn.file)
      : kind === T.Global
        ? run.shared.program.global(terms.nameText(terms.a(lock.place)), run.fn.file)
        : null;
  switch (type?.base) {
    case 'spinlock_t':
    case 'raw_spinlock_t':
      return 'spin';
    case 'rwlock_t':
      return 'rwlock';
    case 'struct mutex':
      return 'mutex';
    case 'struct rw_semaphore':
      return 'rwsem';
    default:
      return 'flag';
  }
}

/** Type of a helper's result from the path that it returns. */
function typeOfPath(run: FunctionRun, site: CallSite, path: Path): void {
  if (site.temp < 0 || run.ev.tempTypes.has(site.temp) || typeof path.root === 'string' || path.root < 0)
    return;
  const e = site.argExprs[path.root];
  if (e === undefined) return;
  let type = run.ev.typeOf(e);
  for (const f of path.fields) {
    if (type === null) return;
    type = run.shared.program.field(type.base, f, run.fn.file);
  }
  if (type !== null) run.ev.tempTypes.set(site.temp, type);
}

function noteFree(
  run: FunctionRun,
  s: State,
  op: number,
  free: ModelFree,
  helper: HelperEntry,
  args: readonly number[],
  result: number,
): void {
  const path = run.shared.model.path(free.object, helper.params);
  if (path === null) return;
  const object = pathValue(run, s, path, args, result);
  noteFreeOf(run, s, op, object, free.how, helper.name, -1, s.grace, [], false);
}
