/**
 * What a call does to a path state: who is called is found out here, through names, macros, slots (cut where the model knows
 * the slot) and pointers, and handed to whoever knows what that does.
 */
import { CALL_LOOP, EXPR_STRIDE, X } from '../facts/encode.js';
import type { HelperEntry, MethodEntry } from '../model/types.js';
import type { FunctionRef } from '../program/program.js';
import { type CallSite, plainResult, touched } from './call-site.js';
import { applyFunction, lockInCaller, sleepsAnyhow } from './callee-calls.js';
import { MAX_FILLERS } from './callees.js';
import { tempOf } from './evaluate.js';
import type { FunctionRun } from './flow.js';
import { applyHelper, assumeCondition, modelLock } from './helper-calls.js';
import { idiom, loopHead } from './idioms.js';
import type { FunctionResult } from './result.js';
import type { Shared } from './shared.js';
import { type Lock, perhaps, type State, sameLock } from './state.js';
import { T } from './terms.js';

/** So many of them are known to be called. */
const MAX_TARGETS = 64;

/** Applies a call to one state; what can be after it goes to `out`. */
export function applyCall(run: FunctionRun, s: State, site: CallSite, out: State[]): void {
  const file = run.fn.file;
  if ((site.flags & CALL_LOOP) !== 0) {
    out.push(loopHead(run, s, site));
    return;
  }
  let name = site.name ?? '';
  if (site.callee >= 0) {
    const kind = file.exprs[site.callee * EXPR_STRIDE] as X;
    if (kind === X.Name) name = file.strings[file.exprs[site.callee * EXPR_STRIDE + 1] as number] ?? '';
    else if (kind === X.Field && slotCall(run, s, site, out)) return;
    else {
      const target = run.ev.value(s, site.callee);
      const pointer =
        run.terms.kind(target) === T.Load && run.terms.kind(run.terms.a(target)) === T.DerefL
          ? run.terms.a(run.terms.a(target))
          : target;
      if (run.terms.kind(pointer) === T.Global) name = run.terms.nameText(run.terms.a(pointer));
      else if (run.terms.kind(pointer) === T.Param) {
        run.effect.parameterCall(s, run.terms.a(pointer), site);
        out.push(plainResult(run, touched(run, s, site), site));
        return;
      }
    }
  }
  if (name === '') {
    out.push(plainResult(run, touched(run, s, site), site));
    return;
  }
  // A name that was no idiom before is none now
  if (!run.targets.has(name) && idiom(run, s, site, name, out)) return;
  const target = targetOf(run, name);
  switch (target.kind) {
    case 'helper':
      applyHelper(run, s, site, target.helper, out);
      return;
    case 'function':
      applyFunction(run, s, site, target.fn, out);
      return;
    case 'renamed':
      applyCall(run, s, { ...site, callee: -1, name: target.name }, out);
      return;
    case 'itself':
      run.effect.edgeTo(s, run.fn.id, site, 'now', site.args);
      break;
    case 'unknown':
      break;
  }
  if (site.callee >= 0 && run.ev.tempTypes.get(site.temp) === undefined) {
    const type = run.shared.program.returnType(name, file);
    if (type !== null) run.ev.tempTypes.set(site.temp, type);
  }
  out.push(plainResult(run, touched(run, s, site), site));
}

/** What a name that is called means. */
export type Target =
  | { readonly kind: 'helper'; readonly helper: HelperEntry }
  | { readonly kind: 'function'; readonly fn: FunctionRef }
  | { readonly kind: 'renamed'; readonly name: string }
  | { readonly kind: 'itself' | 'unknown' };

const UNKNOWN: Target = { kind: 'unknown' };

/** What a name means in a function: told once, and asked for each state that comes to a call. */
function targetOf(run: FunctionRun, name: string): Target {
  let target = run.targets.get(name);
  if (target === undefined) {
    target = meaningOf(run.shared, run.fn, name);
    run.targets.set(name, target);
  }
  return target;
}

/** What a name means that a function calls. */
export function meaningOf(shared: Shared, fn: FunctionRef, name: string): Target {
  const own = shared.program.resolve(name, fn.file);
  const helper = shared.model.helpers.get(name);
  if (helper !== undefined && (own === null || own.file !== fn.file || own.isHeader || !own.isStatic))
    return { kind: 'helper', helper };
  if (own !== null) return own.id === fn.id ? { kind: 'itself' } : { kind: 'function', fn: own };
  const macro = shared.program.macro(name, fn.file);
  if (macro === null) return UNKNOWN;
  if (macro.params !== null) {
    const compiled = shared.compile(macro);
    return compiled === null || compiled.id === fn.id ? UNKNOWN : { kind: 'function', fn: compiled };
  }
  // #define other_name real_name
  return /^\w+$/.test(macro.body) && macro.body !== name ? { kind: 'renamed', name: macro.body } : UNKNOWN;
}

/** A call through `x->slot(...)`; false where it is no slot that can be told. */
function slotCall(run: FunctionRun, s: State, site: CallSite, out: State[]): boolean {
  const file = run.fn.file;
  const at = site.callee * EXPR_STRIDE;
  const slot = file.strings[file.exprs[at + 2] as number] ?? '';
  const base = run.ev.typeOf(file.exprs[at + 1] as number);
  if (base === null || !base.base.startsWith('struct ')) return false;
  const struct = base.base.slice(7);
  const method = run.shared.model.methods.get(`${struct}::${slot}`);
  if (method !== undefined) {
    out.push(applySlot(run, s, site, method));
    return true;
  }
  const targets = run.shared.program.functionsInSlot(struct, slot, run.fn.unit);
  if (targets.length > MAX_FILLERS)
    for (const t of targets.slice(0, MAX_TARGETS)) run.effect.edgeTo(s, t.id, site, 'now', site.args);
  if (targets.length === 0 || targets.length > MAX_FILLERS) return false;
  if (targets.length === 1) {
    applyFunction(run, s, site, targets[0] as FunctionRef, out);
    return true;
  }
  for (const t of targets) run.effect.edgeTo(s, t.id, site, 'now', site.args);
  const results = targets.map((t) => run.shared.results[t.id]);
  const first = targets[0] as FunctionRef;
  // Sleeping is claimed where every one of them sleeps
  const sleeps = results.every((r) => r !== undefined && sleepsAnyhow(r));
  if (sleeps) run.effect.sleepAt(s, site.op, `->${slot}`, first.id, true);
  const after = touched(run, sleeps ? s.waited(true, false) : s, site);
  out.push(handedBack(run, plainResult(run, after, site), site, results));
  return true;
}

/**
 * The state after one of several functions was called, it is not known which: a lock that all of them give back, on all ways, is given
 * back, and one that some of them do may be.
 */
function handedBack(
  run: FunctionRun,
  s: State,
  site: CallSite,
  results: readonly (FunctionResult | undefined)[],
): State {
  const given: Lock[] = [];
  const ways: number[] = [];
  const exits = results.flatMap((result) => result?.exits ?? []);
  for (const exit of exits)
    for (const lock of exit.released) {
      const at = given.findIndex((g) => sameLock(g, lock));
      if (at >= 0) ways[at] = (ways[at] as number) + 1;
      else ways[given.push(lock) - 1] = 1;
    }
  const isAllKnown = results.every((r) => r !== undefined && r.exits.length > 0);
  let state = s;
  for (const [i, lock] of given.entries()) {
    const named = lockInCaller(run, lock, site.args, run.terms.unknown, site.op);
    const isSure = named.may || (isAllKnown && ways[i] === exits.length);
    state = run.release(state, isSure ? named : perhaps(named));
  }
  return state;
}

function applySlot(run: FunctionRun, s: State, site: CallSite, method: MethodEntry): State {
  const { model } = run.shared;
  let state = s;
  if (method.callSleeps === true) {
    run.effect.sleepAt(state, site.op, `->${method.method}`, -1, true);
    state = state.waited(true, false);
  } else if (typeof method.callSleeps === 'string') {
    const condition = model.condition(method.callSleeps, method.params);
    if (condition !== null) {
      const sure = assumeCondition(run, state, condition, site.args, run.terms.unknown, true);
      if (sure?.decidable === true && !sure.doubt)
        run.effect.sleepAt(state.withFacts(sure.facts), site.op, `->${method.method}`, -1, true);
    }
  }
  const after = plainResult(run, touched(run, state, site), site);
  const result = site.temp >= 0 ? (tempOf(after, site.temp) ?? run.terms.unknown) : run.terms.unknown;
  let done = after;
  for (const spec of method.releases ?? []) {
    if (spec.when !== undefined && spec.when !== '') continue;
    const lock = modelLock(run, done, spec, method.params, site.args, result, site.op);
    if (lock !== null) done = run.release(done, lock);
  }
  return done;
}
