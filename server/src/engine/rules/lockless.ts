/**
 * What the lockless side looks at: the objects that RCU-walk's methods, and code under rcu_read_lock(), dereference through pointers
 * that were loaded from memory that others reach, with no lock that keeps them. Pointers are followed into callees that dereference
 * what they are handed.
 */

import { push } from '../base/multimap.js';
import { calledName, fnColumn } from '../contexts/cfg.js';
import type { Entry } from '../contexts/entry-points.js';
import type { FunctionRun } from '../contexts/flow.js';
import { maskOf, NEGATIVE, POSITIVE, ZERO } from '../contexts/known.js';
import { readsOf } from '../contexts/operands.js';
import type { FunctionResult } from '../contexts/result.js';
import type { State } from '../contexts/state.js';
import { T } from '../contexts/terms.js';
import { EXPR_STRIDE, FN_VARIADIC, Fn, OP_STRIDE, Op, X } from '../facts/encode.js';
import { isAtomicKind, isLockKind } from '../model/lock-kinds.js';
import type { FunctionRef } from '../program/program.js';
import { dereferencesOf } from './dereferences.js';
import { OfAnalyses } from './kept.js';
import { mayWalk } from './may-walk.js';
import { Mentions } from './mentions.js';
import { OfSituations, visitExpressions, watch } from './replay.js';
import type { RuleContext } from './rule.js';

/** A dereference of a pointer that was loaded from memory that others reach. */
export interface Access {
  readonly op: number;
  /** `struct::field` that the pointer was loaded from; '' for what the method's own object is part of. */
  readonly owner: string;
  /** What it points at, `struct foo`, or ''. */
  readonly type: string;
  readonly text: string;
  /** The VFS itself follows it: a link's body that get_link gives back. */
  readonly returned: boolean;
}

/** A dereference on the lockless side, in one of a function's situations. */
export interface LocklessAccess extends Access {
  readonly fn: FunctionRef;
  readonly entryIndex: number;
}

/** At most so many for one unit: what else there is says the same. */
const MAX_ACCESSES = 400;

/** What the methods that run in RCU-walk dereference without a lock, by unit. */
export function locklessAccesses(cx: RuleContext, units: ReadonlySet<string>): Map<string, LocklessAccess[]> {
  const byUnit = new Map<string, LocklessAccess[]>();
  const propagation = cx.analysis.propagation;
  if (propagation === null) return byUnit;
  const handed = new Handed(cx);
  for (const { id, entryIndex, homes } of LOCKLESS.of(cx.analysis)) {
    const here = homes.filter((home) => units.has(home));
    const fn = cx.analysis.program.functions[id];
    const entry = propagation.entries[id]?.[entryIndex];
    if (here.length === 0 || fn === undefined || entry === undefined) continue;
    for (const found of handed.accessesOf(fn, entry))
      for (const home of here) {
        const list = byUnit.get(home);
        const access: LocklessAccess = { fn, entryIndex, ...found };
        if (list === undefined) byUnit.set(home, [access]);
        else if (list.length < MAX_ACCESSES) list.push(access);
      }
  }
  return byUnit;
}

/** A situation of RCU-walk. */
interface Lockless {
  readonly id: number;
  readonly entryIndex: number;
  /** The units whose methods bring us here: helpers in headers and in libfs belong to whom they work for. */
  readonly homes: readonly string[];
}

/** All of an analysis, the functions as `mayWalk` has them: the same from edit to edit, as situations are. */
const LOCKLESS = new OfAnalyses<readonly Lockless[]>(
  (analysis) => {
    const { propagation, program } = analysis;
    const out: Lockless[] = [];
    for (const { id } of mayWalk(analysis))
      for (const [entryIndex, entry] of (propagation?.entries[id] ?? []).entries()) {
        if (!isLockless(entry)) continue;
        const homes = entry.origins.flatMap((o) => {
          const origin = propagation?.origins[o];
          return (origin === undefined ? undefined : program.functions[origin.function]?.unit) ?? [];
        });
        if (homes.length > 0) out.push({ id, entryIndex, homes: [...new Set(homes)] });
      }
    return out;
  },
  (lockless) => lockless,
);

/** Whether a situation is one of RCU-walk, with no spinlock that somebody above took. */
function isLockless(entry: Entry): boolean {
  return entry.walk && !entry.locks.some((l) => isAtomicKind(l.kind) && l.kind !== 'rcu' && !l.may);
}

/** A pointer that is handed to a function. */
interface Passed {
  readonly callee: number;
  readonly position: number;
  /** The access that it is where the callee dereferences it; null where it is a parameter of the function at hand. */
  readonly access: Access | null;
  readonly parameter: number;
  /** Nothing has told that it is not NULL. */
  readonly untested: boolean;
}

/** What a function dereferences without a lock in one situation. */
interface Local {
  readonly accesses: readonly Access[];
  /** Parameters that are dereferenced. */
  readonly parameters: ReadonlySet<number>;
  /** Those of them that may be NULL there, for all that was tested. */
  readonly untested: ReadonlySet<number>;
  readonly passed: readonly Passed[];
}

const LOCAL = new OfSituations<Local>();

/** Follows pointers into callees. */
export class Handed {
  private readonly known = new Map<number, ReadonlySet<number>>();
  private readonly knownUntested = new Map<number, ReadonlySet<number>>();

  constructor(private readonly cx: RuleContext) {}

  /** Everything that a function dereferences in a situation, by itself or through what it calls. */
  accessesOf(fn: FunctionRef, entry: Entry): readonly Access[] {
    const local = localOf(this.cx, fn, entry);
    const out = [...local.accesses];
    for (const p of local.passed)
      if (
        p.access !== null &&
        !out.some((a) => a.owner === p.access?.owner && a.type === p.access.type) &&
        this.dereferenced(p.callee).has(p.position)
      )
        out.push(p.access);
    return out;
  }

  /** The parameters that a function dereferences in RCU-walk, by itself or through what it calls; `untested`: with no test for NULL. */
  dereferenced(id: number, untested = false): ReadonlySet<number> {
    const all = untested ? this.knownUntested : this.known;
    const known = all.get(id);
    if (known !== undefined) return known;
    const out = new Set<number>();
    // Functions that call each other: what is known so far
    all.set(id, out);
    const fn = this.cx.analysis.program.functions[id];
    if (fn === undefined) return out;
    for (const entry of this.cx.analysis.propagation?.entries[id] ?? []) {
      if (!isLockless(entry)) continue;
      const local = localOf(this.cx, fn, entry);
      for (const p of untested ? local.untested : local.parameters) out.add(p);
      for (const p of local.passed)
        if (
          p.parameter >= 0 &&
          (p.untested || !untested) &&
          !out.has(p.parameter) &&
          this.dereferenced(p.callee, untested).has(p.position)
        )
          out.add(p.parameter);
    }
    return out;
  }
}

function localOf(cx: RuleContext, fn: FunctionRef, entry: Entry): Local {
  return LOCAL.of(cx.analysis, fn, entry, () => look(cx, fn, entry));
}

/** What goes to what its first argument points at, whatever else it does. */
export const READS_ITS_ARGUMENT =
  /^(atomic(64|_long)?_read|refcount_read|test_bit|read_seq|raw_read_seq|__read_seq)/;

/** What looks at a count inside what its argument points at, as lookups under rcu_read_lock() do. */
const TRIES_ITS_ARGUMENT =
  /^(atomic|refcount|kref|lockref)\w*_(not_zero|not_dead|unless_zero|unless)$|_read$/;

function look(cx: RuleContext, fn: FunctionRef, entry: Entry): Local {
  const accesses = new Map<string, Access>();
  const parameters = new Set<number>();
  const untested = new Set<number>();
  const passed = new Map<string, Passed>();
  const edges = calleesByOp(cx, fn);
  const isGetLink =
    entry.caller < 0 && entry.origins.some((o) => cx.analysis.propagation?.origins[o]?.method === 'get_link');
  const isAny = (): boolean => true;
  watch(cx.analysis, fn, entry, isAny, (run, op, s) => {
    if (isProtected(s)) {
      cx.silence?.(
        'rcu/early-free',
        fn,
        op,
        'looked at under a lock, or after the RCU read side was left: no lockless access',
      );
      return;
    }
    // What is only handed to a message is not looked at on the way
    if (isMessage(cx, fn, op)) {
      cx.silence?.('rcu/early-free', fn, op, 'only handed to a message: no lockless access');
      return;
    }
    const { file } = fn;
    const { terms } = run;
    const note = (pointer: number, type: string, returned = false): void => {
      if (terms.kind(pointer) === T.Param && !returned) {
        parameters.add(terms.a(pointer));
        if ((maskOf(terms, s.facts, pointer) & ZERO) !== 0) untested.add(terms.a(pointer));
      }
      const access = accessOf(run, s, op, pointer, type, returned);
      if (access === null) return;
      const key = `${access.owner}|${access.type}`;
      if (accesses.get(key)?.returned !== returned && (returned || !accesses.has(key)))
        accesses.set(key, access);
    };
    const reads = readsOf(fn, op);
    for (const e of reads)
      visitExpressions(file, e, (x, kind) => {
        const at = x * EXPR_STRIDE;
        if (kind === X.Field && file.exprs[at + 3] !== 1) return;
        if (kind !== X.Field && kind !== X.Deref && kind !== X.Index) return;
        const base = file.exprs[at + 1] as number;
        note(run.ev.value(s, base), typeAt(run, base));
      });
    const kind = file.ops[(fnColumn(file, fn.index, Fn.FirstOp) + op) * OP_STRIDE] as Op;
    if (kind === Op.Return && isGetLink && reads[0] !== undefined)
      note(run.ev.value(s, reads[0]), typeAt(run, reads[0]), true);
    if (kind !== Op.Call) return;
    const name = calledName(fn, op);
    const helper = cx.analysis.model.helpers.get(name);
    const readsArgument = READS_ITS_ARGUMENT.test(name) || (helper?.acquires ?? []).length > 0;
    const callees = edges.get(op) ?? [];
    if (callees.length === 0 && !readsArgument && helper?.looksAt === undefined) return;
    for (let j = 1; j < reads.length; j++) {
      const e = reads[j] as number;
      const { pointer, type } = handedOver(run, s, e);
      if (readsArgument || helper?.looksAt?.includes(helper.params[j - 1] ?? '') === true) {
        note(pointer, type);
        continue;
      }
      const parameter = terms.kind(pointer) === T.Param ? terms.a(pointer) : -1;
      const access = parameter >= 0 ? null : accessOf(run, s, op, pointer, type, false);
      if (parameter < 0 && access === null) continue;
      for (const callee of callees) {
        const isOpen = parameter >= 0 && (maskOf(terms, s.facts, pointer) & ZERO) !== 0;
        const key = `${callee},${j},${parameter},${access?.owner},${isOpen}`;
        if (!passed.has(key))
          passed.set(key, { callee, position: j - 1, access, parameter, untested: isOpen });
      }
    }
  });
  return { accesses: [...accesses.values()], parameters, untested, passed: [...passed.values()] };
}

const CALLEES = new WeakMap<FunctionResult, ReadonlyMap<number, readonly number[]>>();
const NO_CALLEES: ReadonlyMap<number, readonly number[]> = new Map();

/** Whom each operation of a function calls. */
export function calleesByOp(
  cx: Pick<RuleContext, 'analysis'>,
  fn: FunctionRef,
): ReadonlyMap<number, readonly number[]> {
  const result = cx.analysis.results[fn.id];
  if (result === undefined) return NO_CALLEES;
  const known = CALLEES.get(result);
  if (known !== undefined) return known;
  const out = new Map<number, number[]>();
  for (const e of result.edges) if (e.context === 'now') push(out, e.op, e.callee);
  CALLEES.set(result, out);
  return out;
}

/** The pointer of an argument: what is handed as `&p->member` is `p`. */
export function handedOver(run: FunctionRun, s: State, e: number): { pointer: number; type: string } {
  const { file } = run.fn;
  let at = e;
  while ((file.exprs[at * EXPR_STRIDE] as X) === X.Cast) at = file.exprs[at * EXPR_STRIDE + 2] as number;
  if ((file.exprs[at * EXPR_STRIDE] as X) === X.Addr) {
    let inner = file.exprs[at * EXPR_STRIDE + 1] as number;
    while (
      (file.exprs[inner * EXPR_STRIDE] as X) === X.Field &&
      file.exprs[inner * EXPR_STRIDE + 3] !== 1 &&
      (file.exprs[(file.exprs[inner * EXPR_STRIDE + 1] as number) * EXPR_STRIDE] as X) === X.Field
    )
      inner = file.exprs[inner * EXPR_STRIDE + 1] as number;
    if ((file.exprs[inner * EXPR_STRIDE] as X) === X.Field && file.exprs[inner * EXPR_STRIDE + 3] === 1) {
      const base = file.exprs[inner * EXPR_STRIDE + 1] as number;
      return { pointer: run.ev.value(s, base), type: typeAt(run, base) };
    }
  }
  return { pointer: run.ev.value(s, e), type: typeAt(run, e) };
}

/** What an expression points at by its declared type: `struct foo`, or ''. */
function typeAt(run: FunctionRun, e: number): string {
  const type = run.ev.typeOf(e);
  return type?.base.startsWith('struct ') === true && type.depth === 1 ? type.base : '';
}

/** A call of a variadic function or macro: a message. */
export function isMessage(cx: RuleContext, fn: FunctionRef, op: number): boolean {
  const name = calledName(fn, op);
  if (name === '') return false;
  const macro = cx.analysis.program.macro(name, fn.file);
  if (macro !== null) return macro.params?.some((p) => p.endsWith('...')) === true;
  const target = cx.analysis.program.resolve(name, fn.file);
  return target !== null && (fnColumn(target.file, target.index, Fn.Flags) & FN_VARIADIC) !== 0;
}

/** Under a spinlock the object was looked at under is what keeps it; and out of the RCU section it is another law. */
function isProtected(s: State): boolean {
  for (const l of s.locks) if (isAtomicKind(l.kind) && isLockKind(l.kind)) return true;
  return s.released.some((l) => l.kind === 'rcu');
}

/** The owner of a pointer that is dereferenced, where it was loaded from memory that others reach. */
function accessOf(
  run: FunctionRun,
  s: State,
  op: number,
  pointer: number,
  type: string,
  returned: boolean,
): Access | null {
  const { terms } = run;
  if (terms.kind(pointer) === T.Container && terms.kind(terms.a(pointer)) === T.Param)
    return { op, owner: '', type: terms.nameText(terms.b(pointer)), text: run.showPlace(pointer), returned };
  if (terms.kind(pointer) !== T.Load) return null;
  const place = terms.a(pointer);
  const kind = terms.kind(place);
  if (kind !== T.FieldP && kind !== T.FieldL) return null;
  if (terms.kind(terms.root(pointer)) !== T.Param) return null;
  if ((maskOf(terms, s.facts, pointer) & (POSITIVE | NEGATIVE)) === 0) return null;
  const owner = run.ev.classOf(place);
  const pointee = run.ev.pointeeOf(pointer) || type;
  // `?::member`: what has it is not known here; then the kind of the object has to be
  if (owner === '?' || (owner.startsWith('?') && pointee === '')) return null;
  return {
    op,
    owner,
    type: pointee,
    text: run.showPlace(pointer),
    returned,
  };
}

const READ_SECTION = new Mentions(['rcu_read_lock', 'rcu']);

/** A place under rcu_read_lock() where an object of some kind is dereferenced with no other lock. */
export interface ReadSectionAccess {
  readonly fn: FunctionRef;
  readonly op: number;
  readonly text: string;
}

const SECTIONS = new OfSituations<ReadonlyMap<string, { readonly op: number; readonly text: string }>>(
  'callees',
);

/** Where code of a unit dereferences objects of a kind (`struct foo`) that it found itself, under rcu_read_lock() alone. */
export function readSectionAccess(cx: RuleContext, unit: string, type: string): ReadSectionAccess | null {
  for (const { fn, entry } of readSectionsOf(cx, unit)) {
    const found = SECTIONS.of(cx.analysis, fn, entry, () => sectionsIn(cx, fn, entry)).get(type);
    if (found !== undefined) return { fn, ...found };
  }
  return null;
}

/** The functions of units that read under RCU, with a situation in which each does: for one check. */
const READERS = new WeakMap<RuleContext, Map<string, readonly Reader[]>>();

interface Reader {
  readonly fn: FunctionRef;
  readonly entry: Entry;
}

function readSectionsOf(cx: RuleContext, unit: string): readonly Reader[] {
  const known = READERS.get(cx) ?? new Map<string, readonly Reader[]>();
  READERS.set(cx, known);
  let readers = known.get(unit);
  if (readers === undefined) {
    readers = cx.all.flatMap((fn) => {
      if (fn.unit !== unit || fn.isMacro) return [];
      const entries = cx.analysis.propagation?.entries[fn.id] ?? [];
      // Its own section, or one of its callers
      const entry = READ_SECTION.in(fn) ? entries[0] : entries.find(isReadSection);
      return entry === undefined ? [] : [{ fn, entry }];
    });
    known.set(unit, readers);
  }
  return readers;
}

/** Whether a situation is one under rcu_read_lock() and no other lock, outside of RCU-walk. */
function isReadSection(entry: Entry): boolean {
  return !entry.walk && entry.locks.length > 0 && entry.locks.every((l) => l.kind === 'rcu' && !l.may);
}

/** The function whose result a value is, of one that is made anew; '' for none. */
export function madeBy(run: FunctionRun, value: number): string {
  const op = run.terms.a(value);
  return op < run.graph.opCount ? calledName(run.fn, op) : '';
}

/** The kinds of objects that a function finds and dereferences in read sections, with the first place of each. */
function sectionsIn(
  cx: RuleContext,
  fn: FunctionRef,
  entry: Entry,
): ReadonlyMap<string, { readonly op: number; readonly text: string }> {
  const out = new Map<string, { op: number; text: string }>();
  const isAny = (): boolean => true;
  const isSection = isReadSection(entry);
  watch(cx.analysis, fn, entry, isAny, (run, op, s) => {
    const brought = isSection && !s.released.some((l) => l.kind === 'rcu');
    if (!brought && !s.locks.some((l) => l.kind === 'rcu' && !l.may)) return;
    if (s.locks.some((l) => l.kind !== 'rcu') || isMessage(cx, fn, op)) return;
    const note = (pointer: number, type: string): void => {
      if (type === '' || out.has(type)) return;
      // Only what was found here: what a caller hands over is the caller's
      const { terms } = run;
      // The entry of a list is found with the list's own pointer
      const found = terms.kind(terms.kind(pointer) === T.Container ? terms.a(pointer) : pointer);
      if (found !== T.Fresh && found !== T.Load) return;
      // Nobody else has what was only just made
      if (found === T.Fresh && cx.analysis.model.helpers.get(madeBy(run, pointer))?.returns === 'fresh')
        return;
      if ((maskOf(run.terms, s.facts, pointer) & (POSITIVE | NEGATIVE)) === 0) return;
      out.set(type, { op, text: run.showPlace(pointer) });
    };
    const reads = readsOf(fn, op);
    for (const e of reads)
      visitExpressions(fn.file, e, (x, kind) => {
        const at = x * EXPR_STRIDE;
        if (kind !== X.Field || fn.file.exprs[at + 3] !== 1) return;
        const base = fn.file.exprs[at + 1] as number;
        note(run.ev.value(s, base), typeAt(run, base));
      });
    const name = calledName(fn, op);
    if (name === '') return;
    if (TRIES_ITS_ARGUMENT.test(name) && reads[1] !== undefined) {
      const { pointer, type } = handedOver(run, s, reads[1]);
      note(pointer, type);
    }
    // What a callee looks at
    for (let i = 1; i < reads.length; i++) {
      const { pointer, type } = handedOver(run, s, reads[i] as number);
      if (type === '' || out.has(type) || cx.analysis.program.resolve(name, fn.file) === null) continue;
      if (dereferencesOf(cx.analysis, fn, name, i - 1) === 'yes') note(pointer, type);
    }
  });
  return out;
}
