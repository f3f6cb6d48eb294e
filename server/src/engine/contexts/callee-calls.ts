/**
 * Calls of the program's own functions: the callee's effect replayed in the caller's terms.
 */
import { EXPR_STRIDE, Fn, operatorCode, VARIABLE_STRIDE, X } from '../facts/encode.js';
import { type FunctionRef, typeRef } from '../program/program.js';
import { type CallSite, plainResult, setResult, touched } from './call-site.js';
import { fnColumn } from './cfg.js';
import type { FunctionRun } from './flow.js';
import { noteFreeOf } from './frees.js';
import { ANY, type Facts, factOf, maskOf, NO_FACTS, restrict, withFact, ZERO } from './known.js';
import type { Exit, FunctionResult, ParameterCall, SleepEffect, Variant } from './result.js';
import { heldAtomic, type Lock, type State } from './state.js';
import { OP_IS_ERR, T, type Terms } from './terms.js';
import { AT_ENTRY, callbackArgument } from './translate.js';
import { afterSleep } from './values.js';

const EQ = operatorCode('==');

/** Details from here on mark what a callee hands to a function that it was handed. */
const PASSED_DETAIL = 4000;

/**
 * Facts of an effect in the caller; null where they cannot hold. `decidable`: they can be told from parameters, but for `there`, what is
 * no NULL, as it seldom is: a pointer that was found in memory and is handed over as a parameter of `callee`.
 */
function factsInCaller(
  run: FunctionRun,
  s: State,
  facts: Facts,
  args: readonly number[],
  result: number,
  before: State | null = null,
  callee: FunctionRef | null = null,
): { facts: Facts; decidable: boolean; there: readonly number[] } | null {
  const { terms } = run;
  let now = s.facts;
  let decidable = true;
  const there: number[] = [];
  for (let i = 0; i < facts.length; i += 2) {
    const term = run.calling.toCaller(facts[i] as number, args, result);
    if (term === terms.unknown) {
      decidable = false;
      continue;
    }
    const folded = refold(run, before === null ? term : ownValues(run, before, term));
    const known = now;
    const r = restrict(terms, now, folded, facts[i + 1] as number);
    if (r === null) return null;
    // A contradiction through memory inside a callee: not this alternative
    if (r.doubt) return null;
    now = r.facts;
    if (now === known) continue;
    if (callee !== null && isThere(terms, facts[i] as number, facts[i + 1] as number, callee))
      there.push(folded);
    else if (!terms.isShared(folded) || terms.isSoft(folded)) decidable = false;
  }
  return { facts: now, decidable, there };
}

/** Whether something says of a parameter of a function that it is a pointer to something. */
function isThere(terms: Terms, term: number, mask: number, fn: FunctionRef): boolean {
  if (terms.kind(term) !== T.Param || (mask & ZERO) !== 0) return false;
  const at = fnColumn(fn.file, fn.index, Fn.FirstVariable) + terms.a(term);
  return typeRef(fn.file, fn.file.variables[at * VARIABLE_STRIDE + 1] as number).depth > 0;
}

/** The ways out of a callee that can be with what a call hands over. */
export function waysOutOf(
  run: FunctionRun,
  s: State,
  callee: FunctionResult,
  args: readonly number[],
): readonly Exit[] {
  return callee.exits.filter((e) => factsInCaller(run, s, e.facts, args, run.terms.unknown, s) !== null);
}

/**
 * Whether all that one list of facts says beyond another is that something is not one number or another, or is `there`: most values are
 * neither, so that nobody who passes it says by that what may be done.
 */
function onlyExcludes(terms: Terms, known: Facts, facts: Facts, there: readonly number[]): boolean {
  for (let i = 0; i < facts.length; i += 2) {
    const term = facts[i] as number;
    if (factOf(known, term) === facts[i + 1] || there.includes(term)) continue;
    const isNumber =
      terms.kind(term) === T.Bin && terms.a(term) === EQ && terms.number(terms.c(term)) !== null;
    if (!isNumber || facts[i + 1] !== ZERO) return false;
  }
  return true;
}

/** Whether a term reads a variable of this function, or what was pointed at when a callee began. */
function readsOwn(run: FunctionRun, t: number): boolean {
  let reads = run.ownReads.get(t);
  if (reads === undefined) {
    const { terms } = run;
    const place = terms.kind(t) === T.Load ? terms.a(t) : -1;
    const kind = place < 0 ? T.Unknown : terms.kind(place);
    reads =
      kind === T.Local ||
      ((kind === T.FieldP || kind === T.FieldL) && terms.nameText(terms.b(place)) === AT_ENTRY);
    if (!reads) {
      const first = terms.firstChild(t);
      const second = first < 0 ? -1 : terms.secondChild(t);
      reads = (first >= 0 && readsOwn(run, first)) || (second >= 0 && readsOwn(run, second));
    }
    run.ownReads.set(t, reads);
  }
  return reads;
}

/** A term with the values of variables whose address the callee was given, and of what pointed at when it began. */
function ownValues(run: FunctionRun, s: State, t: number): number {
  const { terms } = run;
  if (!terms.isSoft(t) || !readsOwn(run, t)) return t;
  return terms.rewrite(t, (x) => {
    if (terms.kind(x) !== T.Load) return -1;
    const place = terms.a(x);
    const kind = terms.kind(place);
    if (kind === T.Local) return run.ev.loaded(s, place);
    if ((kind !== T.FieldP && kind !== T.FieldL) || terms.nameText(terms.b(place)) !== AT_ENTRY) return -1;
    return run.ev.loaded(s, kind === T.FieldP ? terms.derefL(terms.a(place)) : terms.a(place));
  });
}

/** The state after the numbers that a callee stored where its parameters point at, and in structures of the caller's own. */
function stored(run: FunctionRun, s: State, exit: Exit, args: readonly number[], op: number): State {
  const { terms } = run;
  let state = s;
  for (let i = 0; i < exit.outs.length; i += 2) {
    const place = run.calling.toCaller(exit.outs[i] as number, args, terms.unknown);
    if (place === terms.unknown) continue;
    const kind = terms.kind(place);
    if (kind === T.DerefL || kind === T.Local || terms.kind(terms.root(place)) === T.Local)
      state = run.storeTo(state, place, exit.outs[i + 1] as number, op);
  }
  return state;
}

/** Whether a value that a callee gives hangs on nothing that it stores to: it is what memory held before the call. */
function readsAsBefore(terms: FunctionRun['terms'], t: number, writes: ReadonlySet<string> | null): boolean {
  if (writes === null) return false;
  switch (terms.kind(t)) {
    case T.Load:
      return terms.kind(terms.a(t)) === T.FieldP && !writes.has(terms.lastField(t));
    case T.Bin:
      return readsAsBefore(terms, terms.b(t), writes) && readsAsBefore(terms, terms.c(t), writes);
    case T.Un:
      return readsAsBefore(terms, terms.b(t), writes);
    case T.Const:
      return true;
    default:
      return false;
  }
}

/** Folds operators whose operands became constants. */
function refold(run: FunctionRun, t: number): number {
  const { terms, ev } = run;
  const kind = terms.kind(t);
  if (kind === T.Bin) return ev.binary(terms.a(t), refold(run, terms.b(t)), refold(run, terms.c(t)));
  if (kind === T.Un && terms.a(t) < OP_IS_ERR) return ev.unary(terms.a(t), refold(run, terms.b(t)));
  return t;
}

/**
 * What a callee found in memory, in the caller: null where the caller knows that memory holds something else, `before` the
 * call; else what the caller's callers may know.
 */
function memoryInCaller(
  run: FunctionRun,
  before: State,
  facts: Facts,
  args: readonly number[],
  result: number,
): Facts | null {
  const { terms } = run;
  let out = NO_FACTS;
  for (let i = 0; i < facts.length; i += 2) {
    const named = run.calling.toCaller(facts[i] as number, args, result);
    const term = reload(run, before, ownValues(run, before, named));
    if (term === terms.unknown) continue;
    const mask = facts[i + 1] as number;
    if ((maskOf(terms, before.facts, term) & mask) === 0) return null;
    if (mask === ZERO && holdsBehind(run, before, term)) return null;
    const found = restrict(terms, before.facts, term, mask);
    if (found === null || found.doubt) return null;
    if (terms.isShared(term) && terms.isSoft(term)) out = withFact(out, term, mask);
  }
  return out;
}

/** Whether a lock is held in what a pointer points at, which is then not NULL. */
function holdsBehind(run: FunctionRun, s: State, pointer: number): boolean {
  if (run.terms.kind(pointer) !== T.Load) return false;
  for (const l of s.locks) if (!l.may && run.terms.contains(l.place, pointer)) return true;
  return false;
}

/** A term with what memory holds put in where the state knows it, and folded. */
function reload(run: FunctionRun, s: State, t: number): number {
  const { terms, ev } = run;
  switch (terms.kind(t)) {
    case T.Load:
      return s.heap.length === 0 ? t : ev.loaded(s, terms.a(t));
    case T.Bin:
      return ev.binary(terms.a(t), reload(run, s, terms.b(t)), reload(run, s, terms.c(t)));
    case T.Un: {
      const inner = reload(run, s, terms.b(t));
      return terms.a(t) < OP_IS_ERR ? ev.unary(terms.a(t), inner) : terms.un(terms.a(t), inner);
    }
    default:
      return t;
  }
}

/** A lock of a callee, as its caller calls it. */
export function lockInCaller(
  run: FunctionRun,
  lock: Lock,
  args: readonly number[],
  result: number,
  op: number,
): Lock {
  const { terms } = run;
  let place = run.calling.toCaller(lock.place, args, result);
  if (place === terms.unknown) place = terms.fresh(op, 2000 + (lock.place & 1023));
  const cls =
    lock.class.startsWith('?') || lock.class.startsWith('*') || lock.class === ''
      ? run.ev.classOf(place)
      : lock.class;
  return lock.named(place, cls === '?' ? lock.class : cls, run.fn.id, op);
}

/** Applies the effect of a function of the program; what can be after it goes to `out`. */
export function applyFunction(
  run: FunctionRun,
  s: State,
  site: CallSite,
  fn: FunctionRef,
  out: State[],
): void {
  const result = run.shared.results[fn.id];
  run.effect.edgeTo(s, fn.id, site, 'now', site.args);
  if (site.temp >= 0 && !run.ev.tempTypes.has(site.temp)) {
    const type = run.shared.program.returnType(fn.name, run.fn.file);
    if (type !== null && !fn.isMacro) run.ev.tempTypes.set(site.temp, type);
  }
  if (result === undefined) {
    out.push(plainResult(run, touched(run, s, site), site));
    return;
  }
  applyResult(run, s, site, fn.name, fn.id, result, out);
}

function applyResult(
  run: FunctionRun,
  s: State,
  site: CallSite,
  name: string,
  id: number,
  result: FunctionResult,
  out: State[],
): void {
  const { terms } = run;
  const { args, op } = site;
  run.effect.writesOf(result.writes, args);
  const m = run.made(touched(run, s, site, result.writes), op);
  let base = m.state;
  const made = m.term;
  if (!base.doubt) happenings(run, s, base, site, name, id, result, made);
  for (const call of result.parameterCalls) passOn(run, base, site, call, made);
  for (const p of result.sets) {
    const e = site.argExprs[p];
    if (e === undefined || (run.fn.file.exprs[e * EXPR_STRIDE] as X) !== X.Local) continue;
    const v = run.fn.file.exprs[e * EXPR_STRIDE + 1] as number;
    const n = run.made(base, op, 500 + v);
    const vars = n.state.vars.slice();
    vars[v] = n.term;
    base = n.state.withVars(vars);
  }
  if (result.sleeps.length > 0) base = afterSleep(terms, base);
  base = base.waited(sleepsAnyhow(result), result.grace);
  if (result.exits.length === 0) {
    out.push(setResult(base, site, made));
    return;
  }
  const inDoubt = result.widened && touchesLocks(result);
  const before = out.length;
  for (const exit of result.exits) {
    const f = factsInCaller(run, base, exit.facts, args, made, s);
    if (f === null) continue;
    let state = stored(run, base, exit, args, op).withFacts(f.facts, exit.doubt || inDoubt);
    let value = made;
    if (exit.value >= 0) {
      const named = run.calling.toCaller(exit.value, args, made);
      const v = readsAsBefore(terms, exit.value, result.writes) ? reload(run, s, named) : refold(run, named);
      if (v !== terms.unknown) value = v;
      run.pruner.gave(name, value);
    }
    if (site.temp >= 0) state = setResult(state, site, value);
    if (exit.mask !== ANY) {
      const r = restrict(terms, state.facts, value, exit.mask);
      if (r === null) continue;
      state = state.withFacts(r.facts);
    }
    for (const l of exit.released) state = run.release(state, lockInCaller(run, l, args, value, op));
    for (const l of exit.locks) state = run.acquire(state, lockInCaller(run, l, args, value, op));
    out.push(state);
  }
  // No way out fits: what is known of the callee is not all of it, and what comes after the call is no dead code
  if (out.length === before) out.push(setResult(base, site, made).withFacts(base.facts, true));
}

/** Whether a function sleeps whatever it is called with. */
export function sleepsAnyhow(result: FunctionResult): boolean {
  for (const e of result.sleeps) if (e.certain && e.facts.length === 0) return true;
  return false;
}

function touchesLocks(result: FunctionResult): boolean {
  return result.exits.some((e) => e.locks.length > 0 || e.released.length > 0);
}

/** What happens inside a callee and matters outside: sleeps, locks taken for a time, objects freed. */
function happenings(
  run: FunctionRun,
  before: State,
  base: State,
  site: CallSite,
  name: string,
  id: number,
  result: FunctionResult,
  made: number,
): void {
  const { args, op } = site;
  // Who only looks on needs no more than the types of what is freed
  if (run.effect.muted) {
    freesOf(run, base, site, name, id, made);
    return;
  }
  for (const e of result.sleeps) applySleep(run, before, base, site, e, name, id, made);
  for (const t of result.takes) {
    const lock = lockInCaller(run, t.lock, args, made, op);
    if (run.effect.isTakeSaid(base, lock)) continue;
    const f = factsInCaller(run, base, t.facts, args, made, null, run.shared.program.functions[id] ?? null);
    if (f === null || !f.decidable) continue;
    const memory = memoryInCaller(run, before, t.memory, args, made);
    if (memory === null) continue;
    let state = base.withFacts(f.facts);
    for (const r of t.released) state = run.release(state, lockInCaller(run, r, args, made, op));
    run.effect.takeAt(state, op, lock, name, id, t.lastRef, memory);
  }
  freesOf(run, base, site, name, id, made);
}

/** What a callee frees, in its caller's terms. */
export function freesOf(
  run: FunctionRun,
  base: State,
  { args, op }: CallSite,
  name: string,
  id: number,
  made: number,
): void {
  const { terms } = run;
  for (const f of run.shared.results[id]?.frees ?? []) {
    const facts = factsInCaller(run, base, f.facts, args, made);
    if (facts === null) continue;
    const object = run.calling.toCaller(f.object, args, made);
    if (object === terms.unknown) continue;
    if (f.type !== '' && !run.ev.termTypes.has(object))
      run.ev.termTypes.set(object, { base: f.type, depth: 1 });
    noteFreeOf(run, base, op, object, f.how, name, id, f.afterGrace, f.unpublished, f.conditional, f.owner);
  }
}

/** A function that was handed to the callee, called there: as if it were called here. */
function passOn(run: FunctionRun, base: State, site: CallSite, call: ParameterCall, made: number): void {
  if (run.effect.muted) return;
  const { terms } = run;
  const { args, op } = site;
  const target = args[call.parameter];
  if (target === undefined) return;
  const inner = call.args.map((a, j) =>
    a < 0 ? terms.fresh(op, PASSED_DETAIL + j) : run.calling.toCaller(a, args, made),
  );
  const placed = (l: Lock): Lock => {
    const lock = lockInCaller(run, l, args, made, op);
    const place = terms.rewrite(lock.place, (x) => {
      const j = inner.findIndex((_, n) => x === callbackArgument(terms, n));
      return j < 0 ? -1 : (inner[j] as number);
    });
    // What is handed over is known by the name that it has inside
    return place === lock.place ? lock : lock.at(place, l.class);
  };
  const inside = (v: Variant, facts: Facts): State => {
    let state = base.withFacts(facts);
    for (const l of v.released) state = run.release(state, lockInCaller(run, l, args, made, op));
    const locks = [...state.locks, ...v.locks.map(placed)];
    return state.withLocks(locks);
  };
  if (terms.kind(target) === T.Param) {
    for (const v of call.variants)
      run.effect.parameterCall(inside(v, base.facts), terms.a(target), { ...site, args: inner });
    return;
  }
  if (terms.kind(target) !== T.Global) return;
  const fn = run.shared.program.resolve(terms.nameText(terms.a(target)), run.fn.file);
  if (fn === null || fn.id === run.fn.id) return;
  const effect = run.shared.results[fn.id];
  for (const v of call.variants) {
    const f = factsInCaller(run, base, v.facts, args, made);
    if (f === null) continue;
    const state = inside(v, f.facts);
    run.effect.edgeTo(state, fn.id, { ...site, args: inner }, 'now', inner);
    for (const e of effect?.sleeps ?? [])
      applySleep(run, state, state, { ...site, args: inner }, e, fn.name, fn.id, made);
  }
}

function applySleep(
  run: FunctionRun,
  before: State,
  s: State,
  site: CallSite,
  e: SleepEffect,
  name: string,
  id: number,
  made: number,
): void {
  if (e.released.length === 0 && run.effect.isSleepSaid(s)) return;
  const f = factsInCaller(run, s, e.facts, site.args, made, null, run.shared.program.functions[id] ?? null);
  if (f === null || !f.decidable) return;
  const memory = memoryInCaller(run, before, e.memory, site.args, made);
  if (memory === null) return;
  let state = s.withFacts(f.facts);
  for (const r of e.released) state = run.release(state, lockInCaller(run, r, site.args, made, site.op));
  if (givesAtTimes(run, before, state, e, site.args, made, id)) return;
  // What the callee releases before it sleeps is not what this function released
  if (state.released.length === s.released.length) state = state.withLocks(state.locks, s.released);
  const isAssumed = f.facts !== s.facts;
  const isExcluded = isAssumed && onlyExcludes(run.terms, s.facts, f.facts, f.there);
  run.effect.sleepAt(
    state,
    site.op,
    name,
    id,
    e.certain && !(isExcluded && (f.there.length > 0 || heldAtomic(state.locks) !== null)),
    e.guarded,
    isAssumed && !isExcluded,
    memory,
  );
}

/**
 * Whether a callee gives back an atomic lock that is still held where it sleeps, in other cases than the one at hand, and which case it
 * is hangs on memory that the caller says nothing of: the lock and what is found there may go together.
 */
function givesAtTimes(
  run: FunctionRun,
  before: State,
  after: State,
  e: SleepEffect,
  args: readonly number[],
  made: number,
  callee: number,
): boolean {
  const { terms } = run;
  const result = run.shared.results[callee];
  if (result === undefined || e.memory.length === 0) return false;
  const held = heldAtomic(after.locks);
  if (held === null) return false;
  const isHeld = (l: Lock): boolean => l.kind === held.kind && l.class === held.class;
  if (e.released.some(isHeld) || !result.sleeps.some((other) => other.released.some(isHeld))) return false;
  for (let i = 0; i < e.memory.length; i += 2) {
    const term = reload(run, before, run.calling.toCaller(e.memory[i] as number, args, made));
    if ((maskOf(terms, before.facts, term) & ~(e.memory[i + 1] as number)) !== 0) return true;
  }
  return false;
}
