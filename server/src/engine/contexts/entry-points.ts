/**
 * Where situations begin: methods in tables, with the locks and the RCU state that the model states for them, and what comes in by
 * other ways. Must not know how a situation travels.
 */
import { Fn, operatorCode, VARIABLE_STRIDE } from '../facts/encode.js';
import type { Condition, EntryContext, LockSpec, MethodEntry, Path } from '../model/types.js';
import type { Beginning, EntryKind } from '../program/beginnings.js';
import { type FunctionRef, type SlotRef, typeRef, unitOf } from '../program/program.js';
import { callsOfUnit, type UnitCalls } from '../program/unit-calls.js';
import { fnColumn } from './cfg.js';
import { atomTerm } from './condition.js';
import { classOfField } from './evaluate.js';
import { addLock, commonLocks } from './join.js';
import { assume, equality, type Facts, NO_FACTS, POSITIVE } from './known.js';
import type { CallEdge } from './result.js';
import type { Shared } from './shared.js';
import { Lock, NO_LOCKS, perhaps } from './state.js';
import { T } from './terms.js';
import { RESULT } from './translate.js';

const EQ = operatorCode('==');

/** Where a situation begins: a slot of a table, or a callback. */
export interface Origin {
  readonly struct: string;
  readonly method: string;
  readonly table: string;
  readonly function: number;
  readonly context: string;
  readonly slot: SlotRef | null;
}

/** Where a situation comes from: a beginning; a function that nobody calls; one that is called, but from nowhere known. */
export const enum Whence {
  Beginning,
  Nobody,
  Nowhere,
}

/** One situation in which a function is entered. Places are in the function's own terms. */
export interface Entry {
  readonly locks: readonly Lock[];
  readonly facts: Facts;
  /** Parameters known to be a constant: parameter, constant term alternating. */
  readonly consts: readonly number[];
  /** Inside RCU-walk. */
  readonly walk: boolean;
  /** Why sleeping is forbidden whatever is held, or ''. */
  readonly atomic: string;
  readonly origins: number[];
  readonly widened: boolean;
  /** How it came here: what is known best is taken first. */
  readonly from: Whence;
  /** Caller, its situation and the call; -1 at a beginning. */
  readonly caller: number;
  readonly callerEntry: number;
  readonly op: number;
}

/** A situation in which nothing is known but that these locks are held. */
export function begin(locks: readonly Lock[], from: Whence): Entry {
  return {
    from,
    locks: locks.map((l) => l.takenAt(-1, l.op)),
    facts: NO_FACTS,
    consts: [],
    walk: false,
    atomic: '',
    origins: [],
    widened: false,
    caller: -1,
    callerEntry: -1,
    op: -1,
  };
}

/** The beginnings of one analysis. */
export class EntryPoints {
  readonly origins: Origin[] = [];

  /** `has`: whether a function is analysed; `into`: takes what begins there. */
  constructor(
    private readonly shared: Shared,
    private readonly beginnings: readonly Beginning[],
    private readonly has: (fn: number) => boolean,
    private readonly into: (fn: number, entry: Entry) => void,
  ) {}

  /** Hands over every beginning. */
  run(): void {
    this.seed();
    this.seedOthers();
  }

  /** Slots of tables that the model knows. */
  private seed(): void {
    const { program, model } = this.shared;
    for (const slot of program.slots) {
      const method = model.methods.get(`${slot.struct}::${slot.slot}`);
      if (method === undefined) continue;
      const fn = program.resolve(slot.target, slot.file);
      if (fn !== null && this.has(fn.id)) {
        for (const context of this.asCalled(method, slot))
          this.addOrigin(fn.id, slot, method, context, false);
        continue;
      }
      // WRAP_DIR_ITER(f) makes shared_f, which runs f with the directory locked exclusive
      if (fn === null && slot.target.startsWith('shared_')) {
        const inner = program.resolve(slot.target.slice(7), slot.file);
        if (inner !== null && this.has(inner.id))
          for (const context of this.asCalled(method, slot))
            this.addOrigin(inner.id, slot, method, context, true);
      }
    }
  }

  /** The contexts of a method in a table, whose flags may say that it is called without some of the locks. */
  private asCalled(method: MethodEntry, slot: SlotRef): readonly EntryContext[] {
    const { without } = method;
    const contexts = method.contexts.filter(
      (c) =>
        c.ownCalls === undefined || c.ownCalls.some((name) => this.callsOf(unitOf(slot.file.path)).has(name)),
    );
    if (without === undefined) return contexts;
    const flags = this.shared.program
      .tableSlots(slot.table, slot.file)
      .filter((s) => s.slot === without.slot && s.file === slot.file)
      .flatMap((s) => s.target.split('|'));
    if (!flags.includes(without.flag)) return contexts;
    return contexts.map((c) => ({
      ...c,
      held: c.held.filter((l) => !without.locks.includes(l.lock)),
    }));
  }

  private readonly unitCalls = new Map<string, UnitCalls>();
  private callsOf(unit: string): UnitCalls {
    let calls = this.unitCalls.get(unit);
    if (calls === undefined) {
      calls = callsOfUnit(this.shared.program, unit);
      this.unitCalls.set(unit, calls);
    }
    return calls;
  }

  /** What comes in by other ways than the slot of a global table. Only what the function's own unit tells. */
  private seedOthers(): void {
    const { model } = this.shared;
    const done = new Set(this.origins.map((o) => `${o.function}:${o.struct}::${o.method}`));
    for (const b of this.beginnings) {
      if (!b.own || !this.has(b.fn)) continue;
      const method = model.methods.get(`${b.struct}::${b.slot}`);
      if (method !== undefined) {
        const { struct, slot, file, position } = b;
        if (done.has(`${b.fn}:${struct}::${slot}`)) continue;
        const target = (this.shared.program.functions[b.fn] as FunctionRef).name;
        const ref = { struct, slot, table: '', file, position, target };
        for (const context of this.asCalled(method, ref)) this.addOrigin(b.fn, ref, method, context, false);
        continue;
      }
      // A helper that is only marked __init may be called with anything held
      const late = b.how.startsWith('__') ? undefined : ENTERED[b.kind];
      if (late === undefined) continue;
      const origins = [this.lateOrigin(b.fn, late.name)];
      this.into(b.fn, { ...begin(NO_LOCKS, Whence.Beginning), atomic: late.atomic, origins });
    }
  }

  private addOrigin(
    id: number,
    slot: SlotRef,
    method: MethodEntry,
    context: EntryContext,
    exclusive: boolean,
  ): void {
    const origin = this.origins.length;
    this.origins.push({
      struct: slot.struct,
      method: slot.slot,
      table: slot.table,
      function: id,
      context: context.name,
      slot,
    });
    const params = method.params;
    const locks: Lock[] = [];
    const lock = (spec: LockSpec, may: boolean): void => {
      const l = this.entryLock(id, spec, params, may || (spec.when !== undefined && spec.when !== ''));
      if (l !== null && !locks.some((x) => x.place === l.place && x.kind === l.kind))
        locks.push(exclusive && l.kind === 'rwsem' ? l.inMode(false) : l);
    };
    for (const spec of context.held) lock(spec, false);
    for (const spec of context.mayHold ?? []) lock(spec, true);
    for (const l of this.leftHeld(slot, method)) addLock(this.shared.terms, locks, l);
    if (context.rcu !== 'none' && !locks.some((l) => l.kind === 'rcu'))
      locks.push(new Lock(this.shared.terms.global('rcu'), 'rcu', 'rcu', true, false));
    let facts: Facts = NO_FACTS;
    if (context.when !== undefined && context.when !== '') {
      const condition = this.shared.model.condition(context.when, params);
      if (condition !== null) facts = this.conditionFacts(condition);
    }
    this.into(id, {
      locks,
      facts,
      consts: [],
      walk: context.rcu === 'walk',
      atomic: context.atomic ?? '',
      origins: [origin],
      widened: false,
      from: Whence.Beginning,
      caller: -1,
      callerEntry: -1,
      op: -1,
    });
  }

  /** What the slot that is called before this one returned holding, in this one's terms. */
  private leftHeld(slot: SlotRef, method: MethodEntry): readonly Lock[] {
    const { follows } = method;
    if (follows === undefined || slot.table === '') return [];
    const { program, terms, results } = this.shared;
    const first = program
      .tableSlots(slot.table, slot.file)
      .find((s) => s.slot === follows.slot && s.file === slot.file && s.struct === slot.struct);
    const fn = first === undefined ? null : program.resolve(first.target, first.file);
    const all = fn === null ? [] : (results[fn.id]?.exits ?? []);
    const fitting = follows.always ? all : all.filter((e) => (e.mask & POSITIVE) !== 0);
    const sure = fitting.filter((e) => !e.doubt);
    const exits = sure.length > 0 ? sure : fitting;
    if (exits.length === 0) return [];
    const held = exits.map((e) => e.locks).reduce((a, b) => commonLocks(terms, a, b));
    return held.map((l) => {
      const place = terms.rewrite(l.place, (x) => {
        if (terms.kind(x) === T.Global && terms.nameText(terms.a(x)) === RESULT) return terms.param(1);
        if (terms.kind(x) === T.Param && terms.a(x) > 0) return terms.unknown;
        return -1;
      });
      const known = terms.kind(terms.root(place)) !== T.Unknown;
      const lock = l.at(known ? place : terms.opaque(l.class)).takenAt(-1, -1);
      return sure.length > 0 ? lock : perhaps(lock);
    });
  }

  /** What a function is called with that the model knows by its own name: what it asserts, and what it needs. */
  needed(id: number, asserted: readonly Lock[]): readonly Lock[] {
    const { program, model } = this.shared;
    const fn = program.functions[id] as FunctionRef;
    const own = fn.isStatic || fn.isMacro ? undefined : model.helpers.get(fn.name);
    if (own?.requires === undefined) return asserted;
    const out = [...asserted];
    for (const spec of own.requires) {
      const lock = this.entryLock(id, spec, own.params, spec.when !== undefined && spec.when !== '');
      if (lock !== null && !out.some((l) => l.place === lock.place && l.kind === lock.kind)) out.push(lock);
    }
    return out;
  }

  private entryLock(id: number, spec: LockSpec, params: readonly string[], may: boolean): Lock | null {
    const { terms, model, classes } = this.shared;
    const path = model.path(spec.lock, params);
    if (path === null) return null;
    let place: number;
    let cls: string;
    if (typeof path.root === 'string') {
      place = terms.global(path.root);
      cls = path.root;
      for (const f of path.fields) {
        place = terms.fieldP(terms.load(place), terms.name(f));
        cls = classOfField(model, classes, '', f);
      }
    } else {
      let value = terms.param(Math.max(0, path.root));
      if (path.fields.length === 0) {
        place = terms.derefL(value);
        cls = params[path.root] ?? '?';
      } else {
        for (const f of path.fields.slice(0, -1)) value = terms.load(terms.fieldP(value, terms.name(f)));
        const last = path.fields[path.fields.length - 1] as string;
        place = terms.fieldP(value, terms.name(last));
        cls = classOfField(model, classes, path.fields.at(-2) ?? params[path.root] ?? '', last);
        if (cls.startsWith('?')) cls = this.ownerAlong(id, path.root, path.fields) ?? cls;
      }
    }
    const lock = new Lock(place, cls, spec.kind, spec.mode === 'shared', may);
    const when = spec.when === undefined ? null : model.condition(spec.when, params);
    if (when === null || when.length === 0) return lock;
    const facts = this.conditionFacts(when);
    return facts.length === 0 ? lock : lock.onlyWhen(facts);
  }

  /** The class of the lock at the end of a path from a parameter, by the types that are declared; null without them. */
  private ownerAlong(id: number, parameter: number, fields: readonly string[]): string | null {
    const { program } = this.shared;
    const { file, index } = program.functions[id] as FunctionRef;
    if (parameter < 0 || parameter >= fnColumn(file, index, Fn.ParameterCount)) return null;
    const at = (fnColumn(file, index, Fn.FirstVariable) + parameter) * VARIABLE_STRIDE;
    let owner = program.plain(typeRef(file, file.variables[at + 1] as number)).base;
    for (const f of fields.slice(0, -1)) owner = program.field(owner, f, file)?.base ?? '';
    return /^(struct|union) [A-Za-z_]/.test(owner)
      ? `${owner.replace(/^(struct|union) /, '')}::${fields.at(-1)}`
      : null;
  }

  private conditionFacts(condition: Condition): Facts {
    const { terms } = this.shared;
    const atParameter = (path: Path): number | null => {
      if (typeof path.root === 'string' || path.root < 0) return null;
      let value = terms.param(path.root);
      for (const f of path.fields) value = terms.load(terms.fieldP(value, terms.name(f)));
      return value;
    };
    const binary = (op: number, l: number, r: number): number =>
      op === EQ ? equality(terms, l, r) : terms.bin(op, l, r);
    let facts: Facts = NO_FACTS;
    for (const atom of condition) {
      const value = atParameter(atom.value);
      const other = atom.kind === 'same' ? atParameter(atom.other) : terms.unknown;
      if (value === null || other === null) continue;
      const { term, want } = atomTerm(terms, atom, value, other, binary);
      const r = assume(terms, facts, term, want);
      if (r !== null) facts = r.facts;
    }
    return facts;
  }

  private readonly lateOrigins = new Map<string, number>();
  /** The beginning of a function that runs later, in a context of its own. */
  lateOrigin(fn: number, name: string): number {
    const key = `${fn},${name}`;
    let at = this.lateOrigins.get(key);
    if (at === undefined) {
      at = this.origins.length;
      this.origins.push({
        struct: 'callback',
        method: name,
        table: '',
        function: fn,
        context: name,
        slot: null,
      });
      this.lateOrigins.set(key, at);
    }
    return at;
  }
}

/** Callbacks that run later, by how: the name of their context, and why they may not sleep. */
export const LATE: Readonly<
  Record<Exclude<CallEdge['context'], 'now'>, { readonly name: string; readonly atomic: string }>
> = {
  rcu: { name: 'RCU callback', atomic: 'softirq (RCU callback)' },
  work: { name: 'work item', atomic: '' },
  timer: { name: 'timer', atomic: 'softirq (timer)' },
  irq: { name: 'interrupt', atomic: 'interrupt' },
  kthread: { name: 'kernel thread', atomic: '' },
};

/** What holds where a beginning is no slot of the model; absent: not certain. */
const ENTERED: Readonly<Partial<Record<EntryKind, { readonly name: string; readonly atomic: string }>>> = {
  ...LATE,
  syscall: { name: 'system call', atomic: '' },
  init: { name: 'init or exit code', atomic: '' },
};
