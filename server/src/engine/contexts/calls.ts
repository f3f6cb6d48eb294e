/**
 * What a call does to a path state: the language's and the kernel's value idioms, the model's helpers, inferred effects of
 * the program's own functions and macros, calls through slots (cut where the model knows the slot) and through pointers.
 */
import { CALL_LOOP, EXPR_STRIDE, operatorCode, X } from '../facts/encode.js';
import type {
  CallbackEffect,
  Condition,
  HelperEntry,
  LockSpec,
  MethodEntry,
  FreeEffect as ModelFree,
  Path,
} from '../model/types.js';
import type { FunctionRef } from '../program/program.js';
import { classOfField, tempOf, withTemp } from './evaluate.js';
import { type FunctionRun, RESULT } from './flow.js';
import type { FunctionResult, ParameterCall, SleepEffect } from './result.js';
import {
  ANY,
  assume,
  type Facts,
  type Lock,
  maskOf,
  NEGATIVE,
  POSITIVE,
  restrict,
  type State,
  withFact,
  ZERO,
} from './state.js';
import { OP_ERR_PTR, OP_IS_ERR, OP_IS_ERR_OR_NULL, OP_PTR_ERR_OR_ZERO, T } from './terms.js';

/** A call as the flow meets it. `callee` is an expression, or -1 where `name` says who is called. */
export interface CallSite {
  readonly op: number;
  readonly callee: number;
  readonly name?: string;
  readonly argExprs: readonly number[];
  readonly args: readonly number[];
  readonly temp: number;
  readonly flags: number;
}

/** Details from here on mark a place that could not be told: never the same as another one. */
export const UNKNOWN_PLACE = 10000;

/** Details from here on mark what a helper hands to a function that it calls back. */
const CALLBACK_DETAIL = 3000;

/** Past this many fillers of a private slot the call is unknown. */
const MAX_FILLERS = 8;

const AND = operatorCode('&');
const EQ = operatorCode('==');
const LT = operatorCode('<');

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
        run.parameterCall(s, run.terms.a(pointer), site);
        out.push(plainResult(run, touched(run, s, site), site));
        return;
      }
    }
  }
  if (name === '') {
    out.push(plainResult(run, touched(run, s, site), site));
    return;
  }
  if (idiom(run, s, site, name, out)) return;
  const own = run.shared.program.resolve(name, file);
  const helper = run.shared.model.helpers.get(name);
  if (helper !== undefined && (own === null || own.file !== file || own.isHeader || !own.isStatic)) {
    applyHelper(run, s, site, helper, out);
    return;
  }
  if (own !== null && own.id !== run.fn.id) {
    applyFunction(run, s, site, own, out);
    return;
  }
  if (own === null) {
    const macro = run.shared.program.macro(name, file);
    if (macro !== null && macro.params !== null) {
      const compiled = run.shared.compile(macro);
      if (compiled !== null && compiled.id !== run.fn.id) {
        applyFunction(run, s, site, compiled, out);
        return;
      }
    } else if (macro !== null && /^\w+$/.test(macro.body) && macro.body !== name) {
      // #define other_name real_name
      applyCall(run, s, { ...site, callee: -1, name: macro.body }, out);
      return;
    }
  } else run.edgeTo(s, own.id, site, 'now', site.args);
  if (site.callee >= 0 && run.ev.tempTypes.get(site.temp) === undefined) {
    const type = run.shared.program.returnType(name, file);
    if (type !== null) run.ev.tempTypes.set(site.temp, type);
  }
  out.push(plainResult(run, touched(run, s, site), site));
}

/** The result of a call of which nothing is known. */
function plainResult(run: FunctionRun, s: State, site: CallSite): State {
  if (site.temp < 0) return s;
  const m = run.made(s, site.op);
  return { ...m.state, temps: withTemp(m.state.temps, site.temp, m.term) };
}

function setResult(s: State, site: CallSite, value: number): State {
  return site.temp < 0 ? s : { ...s, temps: withTemp(s.temps, site.temp, value) };
}

/** Locals whose address is handed over may come back changed. */
function touched(run: FunctionRun, s: State, site: CallSite): State {
  let state = s;
  const { terms } = run;
  for (const arg of site.args) {
    if (terms.kind(arg) !== T.Addr || terms.kind(terms.a(arg)) !== T.Local) continue;
    const v = terms.a(terms.a(arg));
    const m = run.made(state, site.op, 500 + v);
    const vars = m.state.vars.slice();
    if ((vars[v] as number) >= 0) vars[v] = m.term;
    let heap = m.state.heap;
    const place = terms.a(arg);
    if (heap.length > 0) {
      const kept: number[] = [];
      for (let i = 0; i < heap.length; i += 2)
        if (!terms.contains(heap[i] as number, place)) kept.push(heap[i] as number, heap[i + 1] as number);
      heap = kept;
    }
    state = { ...m.state, vars, heap };
  }
  return state;
}

/** The head of `list_for_each_entry(...)`: its variables have new values in every turn. */
function loopHead(run: FunctionRun, s: State, site: CallSite): State {
  let state = s;
  const file = run.fn.file;
  const name = file.strings[file.exprs[site.callee * EXPR_STRIDE + 1] as number] ?? '';
  const macro = run.shared.program.macro(name, file);
  let sawLocal = false;
  for (let i = 0; i < site.argExprs.length; i++) {
    const e = site.argExprs[i] as number;
    if ((file.exprs[e * EXPR_STRIDE] as X) !== X.Local) continue;
    const v = file.exprs[e * EXPR_STRIDE + 1] as number;
    const assigned =
      macro?.params != null && macro.params[i] !== undefined
        ? new RegExp(`\\b${macro.params[i]}\\)?\\s*=[^=]|&\\(?${macro.params[i]}\\b`).test(macro.body)
        : !sawLocal;
    sawLocal = true;
    if (!assigned && !(i === 0 && macro === null)) continue;
    const m = run.made(state, site.op, 500 + v);
    const vars = m.state.vars.slice();
    vars[v] = m.term;
    state = { ...m.state, vars };
  }
  const m = run.made(state, site.op, 0);
  return { ...m.state, temps: withTemp(m.state.temps, site.temp, m.term) };
}

// ---- value idioms

function idiom(run: FunctionRun, s: State, site: CallSite, name: string, out: State[]): boolean {
  const { terms, ev } = run;
  const a0 = site.args[0] ?? terms.unknown;
  const give = (value: number): true => {
    out.push(value === terms.unknown ? plainResult(run, s, site) : setResult(s, site, value));
    return true;
  };
  const typed = (): void => {
    const e = site.argExprs[0];
    if (e === undefined || site.temp < 0 || run.ev.tempTypes.has(site.temp)) return;
    const type = ev.typeOf(e);
    if (type !== null) ev.tempTypes.set(site.temp, type);
  };
  switch (name) {
    case 'container_of':
    case 'container_of_const':
    case 'list_entry':
    case 'hlist_entry':
    case 'hlist_bl_entry':
    case 'rb_entry':
    case 'llist_entry':
      return give(containerOf(run, site, a0));
    case 'hlist_entry_safe':
    case 'rb_entry_safe':
    case 'list_entry_rcu':
      containerOf(run, site, a0);
      return give(terms.unknown);
    case 'list_first_entry':
    case 'list_last_entry':
    case 'list_next_entry':
    case 'list_prev_entry':
    case 'list_first_entry_or_null':
      containerOf(run, site, a0);
      return give(terms.unknown);
    case 'IS_ERR':
      return give(terms.un(OP_IS_ERR, a0));
    case 'IS_ERR_OR_NULL':
      return give(terms.un(OP_IS_ERR_OR_NULL, a0));
    case 'PTR_ERR_OR_ZERO':
      return give(terms.un(OP_PTR_ERR_OR_ZERO, a0));
    case 'ERR_PTR':
      return give(terms.number(a0) === null ? terms.un(OP_ERR_PTR, a0) : a0);
    case 'PTR_ERR':
    case 'ERR_CAST':
      return give(a0);
    case 'READ_ONCE':
    case 'rcu_dereference':
    case 'rcu_dereference_raw':
    case 'rcu_dereference_check':
    case 'rcu_dereference_protected':
    case 'rcu_dereference_bh':
    case 'rcu_access_pointer':
    case 'rcu_pointer_handoff':
    case 'srcu_dereference':
    case 'lockless_dereference':
      typed();
      return give(a0);
    case 'smp_load_acquire':
      return give(terms.load(terms.derefL(a0)));
    case 'WRITE_ONCE':
    case 'rcu_assign_pointer':
    case 'RCU_INIT_POINTER': {
      const e = site.argExprs[0];
      if (e === undefined) return give(terms.unknown);
      out.push(
        setResult(
          run.storeTo(s, ev.place(s, e), site.args[1] ?? terms.unknown, site.op),
          site,
          site.args[1] ?? terms.unknown,
        ),
      );
      return true;
    }
    case 'smp_store_release':
      out.push(run.storeTo(s, terms.derefL(a0), site.args[1] ?? terms.unknown, site.op));
      return true;
    case 'xchg': {
      const place = terms.derefL(a0);
      const old = ev.loaded(s, place);
      out.push(setResult(run.storeTo(s, place, site.args[1] ?? terms.unknown, site.op), site, old));
      return true;
    }
    case '__builtin_constant_p':
    case 'IS_ENABLED':
      return give(terms.unknown);
    default:
      return false;
  }
}

function containerOf(run: FunctionRun, site: CallSite, pointer: number): number {
  const { terms } = run;
  const type = site.args[1] ?? terms.unknown;
  const file = run.fn.file;
  const memberExpr = site.argExprs[2];
  const typeExpr = site.argExprs[1];
  let typeText = terms.kind(type) === T.Type ? terms.nameText(terms.a(type)) : '';
  if (typeText === '' && typeExpr !== undefined && (file.exprs[typeExpr * EXPR_STRIDE] as X) === X.Name)
    typeText = file.strings[file.exprs[typeExpr * EXPR_STRIDE + 1] as number] ?? '';
  let member = '';
  if (memberExpr !== undefined) {
    const kind = file.exprs[memberExpr * EXPR_STRIDE] as X;
    if (kind === X.Name) member = file.strings[file.exprs[memberExpr * EXPR_STRIDE + 1] as number] ?? '';
    else if (kind === X.Local)
      member = run.ev.variableName(file.exprs[memberExpr * EXPR_STRIDE + 1] as number);
    else if (kind === X.Field) member = memberPath(run, memberExpr);
  }
  if (typeText !== '')
    run.ev.tempTypes.set(site.temp, run.shared.program.plain({ base: typeText, depth: 1 }));
  if (typeText === '' || member === '') return terms.unknown;
  return terms.container(
    pointer,
    terms.name(run.shared.program.plain({ base: typeText, depth: 1 }).base),
    member,
  );
}

/** `netfs.inode`: a member of a member. */
function memberPath(run: FunctionRun, expr: number): string {
  const file = run.fn.file;
  const at = expr * EXPR_STRIDE;
  const kind = file.exprs[at] as X;
  if (kind === X.Name) return file.strings[file.exprs[at + 1] as number] ?? '';
  if (kind === X.Local) return run.ev.variableName(file.exprs[at + 1] as number);
  if (kind !== X.Field) return '';
  const base = memberPath(run, file.exprs[at + 1] as number);
  return base === '' ? '' : `${base}.${file.strings[file.exprs[at + 2] as number] ?? ''}`;
}

// ---- the model's helpers

function pathValue(run: FunctionRun, s: State, path: Path, args: readonly number[], result: number): number {
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
  return {
    place,
    class:
      cls.startsWith('?') && field !== undefined
        ? classOfField(run.shared.model, run.shared.classes, owner, field)
        : cls,
    kind: spec.kind,
    shared: spec.mode === 'shared',
    may: false,
    fn: run.fn.id,
    op,
  };
}

/** Facts after a condition of the model; null where it cannot be. `known`: nothing had to be assumed. */
function assumeCondition(
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
    let term = terms.unknown;
    let want = true;
    switch (atom.kind) {
      case 'bits':
        term = atom.mask === null ? value : run.ev.binary(AND, value, terms.constant(atom.mask));
        want = atom.set;
        break;
      case 'equals':
        term = run.ev.binary(EQ, value, terms.constant(atom.number));
        want = atom.equal;
        break;
      case 'negative':
        term = run.ev.binary(LT, value, terms.zero);
        want = atom.negative;
        break;
      case 'error':
        term = terms.un(OP_IS_ERR, value);
        want = atom.error;
        break;
      case 'same':
        term = run.ev.binary(EQ, value, pathValue(run, s, atom.other, args, result));
        want = atom.equal;
        break;
    }
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

function applyHelper(run: FunctionRun, s: State, site: CallSite, helper: HelperEntry, out: State[]): void {
  const { terms, shared } = run;
  const { model } = shared;
  const args = withDefaults(run, site.args, helper);
  const op = site.op;
  const m = run.made(s, op);
  let state = m.state;
  const result = m.term;
  const check = (spec: LockSpec): void => {
    if (spec.when !== undefined && spec.when !== '') return;
    const lock = modelLock(run, state, spec, helper.params, args, result, op);
    if (lock !== null) run.takeAt(state, op, lock, helper.name, -1);
  };
  for (const spec of helper.mustNotHold ?? []) check(spec);
  for (const spec of helper.asserts ?? []) {
    const lock = modelLock(run, state, spec, helper.params, args, result, op);
    if (
      lock !== null &&
      terms.isShared(lock.place) &&
      !state.doubt &&
      !run.asserted.some((l) => l.place === lock.place) &&
      !state.locks.some((l) => l.place === lock.place)
    )
      run.asserted.push({ ...lock, kind: assertedKind(run, lock) });
  }
  // Sleeping comes before the effect: a mutex is waited for without it, and what the helper drops it sleeps without
  let without = state;
  for (const spec of helper.sleeps === false ? [] : (helper.releases ?? [])) {
    const lock = modelLock(run, state, spec, helper.params, args, result, op);
    if (lock !== null) without = run.release(without, lock);
  }
  if (helper.sleeps === true) {
    run.sleepAt(without, op, helper.name, -1, true);
    state = { ...state, slept: true };
  } else if (typeof helper.sleeps === 'string') {
    const condition = model.condition(helper.sleeps, helper.params);
    if (condition !== null) {
      const sure = assumeCondition(run, state, condition, args, result, true);
      if (sure?.decidable === true && !sure.doubt) {
        run.sleepAt({ ...without, facts: sure.facts }, op, helper.name, -1, true, false, !sure.known);
        if (sure.known) state = { ...state, slept: true };
      }
    }
  }
  for (const free of helper.frees ?? []) noteFree(run, state, op, free, helper, args, result);
  for (const callback of helper.callbacks ?? []) callBack(run, state, site, helper, callback, args, result);
  if (helper.noReturn === true) return;
  if (helper.gracePeriod === true) state = { ...state, grace: true };
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
  if (site.temp >= 0 && !run.ev.tempTypes.has(site.temp)) {
    const type = shared.program.returnType(helper.name, run.fn.file);
    if (type !== null) run.ev.tempTypes.set(site.temp, type);
  }
  if (site.temp >= 0) state = setResult(state, site, value);
  if (mask !== ANY) {
    const r = restrict(terms, state.facts, value, mask);
    if (r !== null) state = { ...state, facts: r.facts };
  }
  for (const spec of helper.acquires ?? []) {
    if (spec.when !== undefined && spec.when !== '') continue;
    const lock = modelLock(run, state, spec, helper.params, args, value, op);
    if (lock === null) continue;
    run.takeAt(state, op, lock, helper.name, -1);
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
      (maskOf(terms, s1.facts, value) & ZERO) === 0
        ? { ...s1, facts: withFact(s1.facts, other, POSITIVE) }
        : s1,
    );
  }
  out.push(...states);
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
  if (target === undefined) return;
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
  const inside: State = { ...s, locks };
  if (terms.kind(target) === T.Param) {
    if (callback.context === 'now') run.parameterCall(inside, terms.a(target), { ...site, args: inner });
    return;
  }
  if (terms.kind(target) !== T.Global) return;
  const fn = shared.program.resolve(terms.nameText(terms.a(target)), run.fn.file);
  if (fn !== null) run.edgeTo(inside, fn.id, site, callback.context, inner);
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
    let locked: State = { ...s, facts: yes.facts, doubt: s.doubt || yes.doubt };
    for (const spec of helper.releases ?? []) {
      if (spec.when !== when) continue;
      const lock = modelLock(run, locked, spec, helper.params, args, value, op);
      if (lock !== null) locked = run.release(locked, lock);
    }
    for (const spec of helper.acquires ?? []) {
      if (spec.when !== when) continue;
      const lock = modelLock(run, locked, spec, helper.params, args, value, op);
      if (lock === null) continue;
      if (helper.sleeps === true) run.takeAt(locked, op, lock, helper.name, -1);
      locked = run.acquire(locked, lock);
    }
    out.push(locked);
  }
  // It fails at its first part, or at the second with the first one true, and so on
  let before: State = s;
  for (const atom of condition) {
    const no = assumeCondition(run, before, [atom], args, value, false);
    if (no !== null) out.push({ ...before, facts: no.facts, doubt: before.doubt || no.doubt });
    const go = assumeCondition(run, before, [atom], args, value, true);
    if (go === null) return;
    before = { ...before, facts: go.facts, doubt: before.doubt || go.doubt };
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

/** Records that the object behind a pointer is freed, if the pointer means anything outside. */
function noteFreeOf(
  run: FunctionRun,
  s: State,
  op: number,
  named: number,
  how: 'now' | 'rcu' | 'deferred',
  what: string,
  via: number,
  afterGrace: boolean,
  unpublishedInside: readonly string[],
  conditional: boolean,
): void {
  const { terms, ev } = run;
  // A pointer that was read before its field was cleared is still the object of that field
  const object =
    !terms.isShared(named) && run.snapshots.size > 0
      ? terms.rewrite(named, (x) => run.snapshots.get(x) ?? (terms.isShared(x) ? x : -1))
      : named;
  if (
    !terms.isShared(object) ||
    terms.kind(object) === T.Const ||
    terms.kind(terms.root(object)) === T.Opaque
  )
    return;
  const mask = maskOf(terms, s.facts, object);
  if (mask === ZERO) return;
  const unpublished = [...unpublishedInside];
  if (terms.kind(object) === T.Load) {
    const place = terms.a(object);
    for (let i = 0; i < s.heap.length; i += 2)
      if (s.heap[i] === place && s.heap[i + 1] !== object) unpublished.push('cleared');
  }
  let own = conditional;
  for (let i = 0; i < s.facts.length && !own; i += 2) if (!terms.isShared(s.facts[i] as number)) own = true;
  run.freeAt(s, {
    object,
    owner: ev.ownerOf(object),
    type: ev.pointeeOf(object),
    how,
    facts: run.exported(s.facts),
    op,
    via,
    what,
    afterGrace: afterGrace || s.grace,
    conditional: own,
    unpublished,
  });
}

// ---- the program's own functions

/** A callee's shared term in the caller: parameters become arguments. */
function toCaller(run: FunctionRun, t: number, args: readonly number[], result: number): number {
  const { terms } = run;
  return terms.rewrite(t, (x) => {
    const kind = terms.kind(x);
    if (kind === T.Param) return args[terms.a(x)] ?? terms.unknown;
    if (kind === T.Global && terms.nameText(terms.a(x)) === RESULT) return result;
    return -1;
  });
}

/** Facts of an effect in the caller; null where they cannot hold. `decidable`: they can be told from parameters. */
function factsInCaller(
  run: FunctionRun,
  s: State,
  facts: Facts,
  args: readonly number[],
  result: number,
): { facts: Facts; decidable: boolean; doubt: boolean } | null {
  const { terms } = run;
  let now = s.facts;
  let decidable = true;
  const doubt = false;
  for (let i = 0; i < facts.length; i += 2) {
    const term = toCaller(run, facts[i] as number, args, result);
    if (term === terms.unknown) {
      decidable = false;
      continue;
    }
    const folded = refold(run, term);
    const before = now;
    const r = restrict(terms, now, folded, facts[i + 1] as number);
    if (r === null) return null;
    // A contradiction through memory inside a callee: not this alternative
    if (r.doubt) return null;
    now = r.facts;
    if (now !== before && (!terms.isShared(folded) || terms.isSoft(folded))) decidable = false;
  }
  return { facts: now, decidable, doubt };
}

/** Folds operators whose operands became constants. */
function refold(run: FunctionRun, t: number): number {
  const { terms, ev } = run;
  const kind = terms.kind(t);
  if (kind === T.Bin) return ev.binary(terms.a(t), refold(run, terms.b(t)), refold(run, terms.c(t)));
  if (kind === T.Un && terms.a(t) < OP_IS_ERR) return ev.unary(terms.a(t), refold(run, terms.b(t)));
  return t;
}

function lockInCaller(
  run: FunctionRun,
  lock: Lock,
  args: readonly number[],
  result: number,
  op: number,
): Lock {
  const { terms } = run;
  let place = toCaller(run, lock.place, args, result);
  if (place === terms.unknown) place = terms.fresh(op, 2000 + (lock.place & 1023));
  const cls =
    lock.class.startsWith('?') || lock.class.startsWith('*') || lock.class === ''
      ? run.ev.classOf(place)
      : lock.class;
  return { ...lock, place, class: cls === '?' ? lock.class : cls, fn: run.fn.id, op };
}

function applyFunction(run: FunctionRun, s: State, site: CallSite, fn: FunctionRef, out: State[]): void {
  const result = run.shared.results[fn.id];
  run.edgeTo(s, fn.id, site, 'now', site.args);
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
  const m = run.made(touched(run, s, site), op);
  let base = m.state;
  const made = m.term;
  if (!base.doubt) happenings(run, base, site, name, id, result, made);
  for (const call of result.parameterCalls) passOn(run, base, site, call, made);
  for (const p of result.sets) {
    const e = site.argExprs[p];
    if (e === undefined || (run.fn.file.exprs[e * EXPR_STRIDE] as X) !== X.Local) continue;
    const v = run.fn.file.exprs[e * EXPR_STRIDE + 1] as number;
    const n = run.made(base, op, 500 + v);
    const vars = n.state.vars.slice();
    vars[v] = n.term;
    base = { ...n.state, vars };
  }
  if (result.sleeps.some((e) => e.certain && e.facts.length === 0)) base = { ...base, slept: true };
  if (result.grace) base = { ...base, grace: true };
  if (result.exits.length === 0) {
    out.push(setResult(base, site, made));
    return;
  }
  const locksTouched = result.exits.some((e) => e.locks.length > 0 || e.released.length > 0);
  for (const exit of result.exits) {
    const f = factsInCaller(run, base, exit.facts, args, made);
    if (f === null) continue;
    let state: State = {
      ...base,
      facts: f.facts,
      doubt: base.doubt || exit.doubt || (result.widened && locksTouched),
    };
    let value = made;
    if (exit.value >= 0) {
      const v = refold(run, toCaller(run, exit.value, args, made));
      if (v !== terms.unknown) value = v;
    }
    if (site.temp >= 0) state = setResult(state, site, value);
    if (exit.mask !== ANY) {
      const r = restrict(terms, state.facts, value, exit.mask);
      if (r === null) continue;
      state = { ...state, facts: r.facts };
    }
    for (const l of exit.released) state = run.release(state, lockInCaller(run, l, args, value, op));
    for (const l of exit.locks) state = run.acquire(state, lockInCaller(run, l, args, value, op));
    out.push(state);
  }
}

/** What happens inside a callee and matters outside: sleeps, locks taken for a time, objects freed. */
function happenings(
  run: FunctionRun,
  base: State,
  site: CallSite,
  name: string,
  id: number,
  result: FunctionResult,
  made: number,
): void {
  const { terms } = run;
  const { args, op } = site;
  for (const e of result.sleeps) applySleep(run, base, site, e, name, id, made);
  for (const t of result.takes) {
    const f = factsInCaller(run, base, t.facts, args, made);
    if (f === null || !f.decidable) continue;
    let state: State = { ...base, facts: f.facts };
    for (const r of t.released) state = run.release(state, lockInCaller(run, r, args, made, op));
    run.takeAt(state, op, lockInCaller(run, t.lock, args, made, op), name, id, t.lastRef);
  }
  for (const f of result.frees) {
    const facts = factsInCaller(run, base, f.facts, args, made);
    if (facts === null) continue;
    const object = toCaller(run, f.object, args, made);
    if (object === terms.unknown) continue;
    if (f.type !== '' && !run.ev.termTypes.has(object))
      run.ev.termTypes.set(object, { base: f.type, depth: 1 });
    noteFreeOf(run, base, op, object, f.how, name, id, f.afterGrace, f.unpublished, f.conditional);
  }
}

/** A function that was handed to the callee, called there: as if it were called here. */
function passOn(run: FunctionRun, base: State, site: CallSite, call: ParameterCall, made: number): void {
  const { terms } = run;
  const { args, op } = site;
  const target = args[call.parameter];
  if (target === undefined) return;
  if (terms.kind(target) === T.Param) {
    for (const v of call.variants)
      run.parameterCall(
        { ...base, locks: [...base.locks, ...v.locks.map((l) => lockInCaller(run, l, args, made, op))] },
        terms.a(target),
        { ...site, args: call.args.map((a) => (a < 0 ? terms.unknown : toCaller(run, a, args, made))) },
      );
    return;
  }
  if (terms.kind(target) !== T.Global) return;
  const fn = run.shared.program.resolve(terms.nameText(terms.a(target)), run.fn.file);
  if (fn === null || fn.id === run.fn.id) return;
  const inner = call.args.map((a) => (a < 0 ? terms.unknown : toCaller(run, a, args, made)));
  const effect = run.shared.results[fn.id];
  for (const v of call.variants) {
    const f = factsInCaller(run, base, v.facts, args, made);
    if (f === null) continue;
    const state: State = {
      ...base,
      facts: f.facts,
      locks: [...base.locks, ...v.locks.map((l) => lockInCaller(run, l, args, made, op))],
    };
    run.edgeTo(state, fn.id, { ...site, args: inner }, 'now', inner);
    if (effect !== undefined)
      for (const e of effect.sleeps)
        applySleep(run, state, { ...site, args: inner }, e, fn.name, fn.id, made);
  }
}

function applySleep(
  run: FunctionRun,
  s: State,
  site: CallSite,
  e: SleepEffect,
  name: string,
  id: number,
  made: number,
): void {
  const f = factsInCaller(run, s, e.facts, site.args, made);
  if (f === null || !f.decidable) return;
  let state: State = { ...s, facts: f.facts };
  for (const r of e.released) state = run.release(state, lockInCaller(run, r, site.args, made, site.op));
  // What the callee releases before it sleeps is not what this function released
  state = { ...state, released: state.released.length === s.released.length ? s.released : state.released };
  run.sleepAt(state, site.op, name, id, e.certain, e.guarded, f.facts !== s.facts);
}

// ---- slots

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
  const unit = run.fn.unit;
  const fillers = run.shared.program.slotFillers(struct, slot).filter((f) => f.file.path.startsWith(unit));
  const targets: FunctionRef[] = [];
  for (const f of fillers) {
    const fn = run.shared.program.resolve(f.target, f.file);
    if (fn !== null && !targets.includes(fn)) targets.push(fn);
  }
  if (targets.length === 0 || targets.length > MAX_FILLERS) return false;
  if (targets.length === 1) {
    applyFunction(run, s, site, targets[0] as FunctionRef, out);
    return true;
  }
  for (const t of targets) run.edgeTo(s, t.id, site, 'now', site.args);
  const results = targets.map((t) => run.shared.results[t.id]);
  const first = targets[0] as FunctionRef;
  // Sleeping is claimed where every one of them sleeps
  if (results.every((r) => r?.sleeps.some((e) => e.certain && e.facts.length === 0) === true)) {
    run.sleepAt(s, site.op, `->${slot}`, first.id, true);
    out.push(plainResult(run, touched(run, { ...s, slept: true }, site), site));
    return true;
  }
  out.push(plainResult(run, touched(run, s, site), site));
  return true;
}

function applySlot(run: FunctionRun, s: State, site: CallSite, method: MethodEntry): State {
  const { model } = run.shared;
  let state = s;
  if (method.callSleeps === true) {
    run.sleepAt(state, site.op, `->${method.method}`, -1, true);
    state = { ...state, slept: true };
  } else if (typeof method.callSleeps === 'string') {
    const condition = model.condition(method.callSleeps, method.params);
    if (condition !== null) {
      const sure = assumeCondition(run, state, condition, site.args, run.terms.unknown, true);
      if (sure?.decidable === true && !sure.doubt)
        run.sleepAt({ ...state, facts: sure.facts }, site.op, `->${method.method}`, -1, true);
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
