/**
 * Where a rename moves its dentry: by which calls of d_move() and d_exchange(), through any depth of callees, and on which ways out.
 * And what the filesystem types of a directory say about who moves. Must not know which of them is wrong.
 */
import { calledName, fnColumn } from '../contexts/cfg.js';
import type { Entry } from '../contexts/entry-points.js';
import { JOIN_OP, tempOf } from '../contexts/evaluate.js';
import type { FunctionRun } from '../contexts/flow.js';
import { ANY, maskOf, ZERO } from '../contexts/known.js';
import { readsOf } from '../contexts/operands.js';
import type { State } from '../contexts/state.js';
import { T, type Terms } from '../contexts/terms.js';
import { EXPR_STRIDE, Fn, OP_STRIDE, Op, operatorCode, X } from '../facts/encode.js';
import { type FunctionRef, type SlotRef, unitOf } from '../program/program.js';
import { calleesByOp } from './lockless.js';
import { Mentions } from './mentions.js';
import { argumentsOf } from './reached.js';
import { OfSituations, reachedAnyhow, replay, watch } from './replay.js';
import type { RuleContext } from './rule.js';
import { Trails } from './trails.js';

/** What moves a dentry, with both names as its arguments. */
export const MOVERS: ReadonlySet<string> = new Set(['d_move', 'd_exchange']);
export const CALLS_MOVER = new Mentions(MOVERS);

/** A call that takes the dentry out of the hash: the next lookup asks the filesystem, whatever name it stands under. */
const UNHASHES: ReadonlySet<string> = new Set(['d_drop', '__d_drop', 'd_delete', 'd_invalidate']);
/** What is handed dentries only to say something about them. */
const QUIET = /^(trace_|__builtin_|pr_|dev_|printk)/;

const FLAG = 'FS_RENAME_DOES_D_MOVE';
const NAMES_FLAG = new Mentions([FLAG]);
const NAMES_FLAGS = new Mentions(['fs_flags']);

const EQ = operatorCode('==');
const NE = operatorCode('!=');

/** Callees of a rename are followed so deep; what is below counts as not known. */
const MAX_DEPTH = 8;
/** Functions below one that are asked whether they move anything. */
const MAX_BELOW = 300;

// ---- who moves, as the types say

/** What the filesystem types of a directory say, with the slots that say it. `unknown`: nothing, or not all the same. */
export interface Declared {
  readonly mover: 'filesystem' | 'vfs' | 'unknown';
  readonly why: string;
  /** A slot of each type: the flags where there are some. */
  readonly slots: readonly SlotRef[];
}

/** What the filesystem types in the C files of a directory say about who moves. */
export function declaredIn(cx: RuleContext, unit: string): Declared {
  const { program } = cx.analysis;
  const types = new Map<string, SlotRef>();
  for (const s of program.slots) {
    if (s.struct !== 'file_system_type' || unitOf(s.file.path) !== unit || !s.file.path.endsWith('.c'))
      continue;
    const key = `${s.file.path} ${s.table}`;
    if (s.slot === 'fs_flags' || !types.has(key)) types.set(key, s);
  }
  const slots = [...types.values()];
  const unknown = (why: string): Declared => ({ mover: 'unknown', why, slots });
  if (slots.length === 0)
    return unknown('the directory has no filesystem type: who uses its methods is not known');
  const changed = cx.all.find(
    (fn) => fn.unit === unit && ((NAMES_FLAGS.in(fn) && storesFlags(fn)) || NAMES_FLAG.in(fn)),
  );
  if (changed !== undefined)
    return unknown(`'${changed.name}()' sets or tests flags of a filesystem type at run time`);
  const flag = program.constant(FLAG);
  const said = new Set<boolean>();
  for (const s of slots) {
    if (s.slot !== 'fs_flags') {
      said.add(false);
      continue;
    }
    let declared = false;
    for (const name of s.target.split('|')) {
      const value = program.constant(name);
      if (name === FLAG) declared = true;
      else if (value === null || flag === null) return unknown(`the value of '${name}' is not known`);
      else if ((value & flag) !== 0) declared = true;
    }
    said.add(declared);
  }
  if (said.size > 1) return unknown('some filesystem types of the directory declare it and some do not');
  return { mover: said.has(true) ? 'filesystem' : 'vfs', why: '', slots };
}

function storesFlags(fn: FunctionRef): boolean {
  const { file } = fn;
  const first = fnColumn(file, fn.index, Fn.FirstOp);
  const count = fnColumn(file, fn.index, Fn.OpCount);
  for (let op = 0; op < count; op++) {
    const at = (first + op) * OP_STRIDE;
    if ((file.ops[at] as Op) !== Op.Assign) continue;
    const place = (file.ops[at + 1] as number) * EXPR_STRIDE;
    if ((file.exprs[place] as X) === X.Field && file.strings[file.exprs[place + 2] as number] === 'fs_flags')
      return true;
  }
  return false;
}

// ---- where it is moved

/** Whether the dentry was moved on a path; `perhaps` is anything that is not known. */
export type Moved = 'no' | 'perhaps' | 'yes';

/** A call. */
export interface Site {
  readonly fn: FunctionRef;
  readonly op: number;
}

/** One way out of a function that was handed the dentry. */
export interface WayOut {
  readonly fn: FunctionRef;
  readonly op: number;
  /** What it may return there. */
  readonly mask: number;
  readonly moved: Moved;
  /** Why it need not move there, or ''. */
  readonly excused: string;
  /** The call that moved it. */
  readonly site: Site | null;
  /** The callee's way out that did not move what all hangs on, with the calls that lead there. */
  readonly inner: { readonly out: WayOut; readonly call: Site } | null;
}

/** What a function does with the dentry. */
export interface Moves {
  readonly outs: readonly WayOut[];
  /** Second moves to the same place on one path. */
  readonly again: readonly { readonly first: Site; readonly second: Site }[];
  /** Members in which the dentry was stored that others move it from. */
  readonly handedOver: readonly { readonly member: string; readonly at: Site }[];
  /** All calls that move it, also where merged paths no longer tell which way out comes after. */
  readonly sites: readonly Site[];
}

interface Note {
  readonly moved: Moved;
  readonly site: Site | null;
  /** Where it was moved to. */
  readonly target: number;
  readonly excused: string;
  /** A call whose outcome decides: what it gave, -1 before that is seen. */
  readonly pending: { readonly op: number; readonly value: number; readonly moves: Moves } | null;
}

const START: Note = { moved: 'no', site: null, target: -1, excused: '', pending: null };
const NOTHING: Moves = { outs: [], again: [], handedOver: [], sites: [] };

/** Follows the dentry of a rename through the functions of a directory. */
export class Mover {
  private readonly known = new Map<string, Moves>();
  private readonly moving = new Map<number, boolean>();

  /** `members`: from which members others move dentries. */
  constructor(
    private readonly cx: RuleContext,
    private readonly members: ReadonlySet<string>,
  ) {}

  /** Whether a function calls what moves, itself or through others. */
  calls(id: number): boolean {
    const known = this.moving.get(id);
    if (known !== undefined) return known;
    const seen = new Set([id]);
    let found = false;
    for (const at of seen) {
      const fn = this.cx.analysis.program.functions[at];
      if (fn !== undefined && CALLS_MOVER.in(fn)) found = true;
      if (found) break;
      for (const e of this.cx.analysis.results[at]?.edges ?? [])
        if (e.context === 'now' && seen.size < MAX_BELOW) seen.add(e.callee);
    }
    this.moving.set(id, found);
    return found;
  }

  /** What a function does with the dentry in a parameter; `to`: the parameter with the other name, or -1. */
  of(fn: FunctionRef, from: number, to: number, entries: readonly Entry[], depth = 0): Moves {
    const key = `${fn.id},${from},${to}`;
    const known = this.known.get(key);
    if (known !== undefined) return known;
    // Through itself nothing more comes
    this.known.set(key, NOTHING);
    const made = new Following(this.cx, this, this.members, fn, from, to, depth).run(entries);
    this.known.set(key, made);
    return made;
  }
}

/** One function that was handed the dentry. */
class Following {
  private readonly trails = new Trails<Note>();
  private readonly outs = new Map<string, WayOut>();
  private readonly again = new Map<number, { first: Site; second: Site }>();
  private readonly handedOver = new Map<string, { member: string; at: Site }>();
  private readonly callees: ReadonlyMap<number, readonly number[]>;
  private readonly below = new Map<string, Moves>();
  private readonly sites = new Map<string, Site>();
  /** Ways out of merged paths. */
  private readonly merged = new Set<string>();
  /** Something here may have moved the dentry. */
  private unsure = false;
  private readonly firstOp: number;

  constructor(
    private readonly cx: RuleContext,
    private readonly mover: Mover,
    private readonly members: ReadonlySet<string>,
    private readonly fn: FunctionRef,
    private readonly from: number,
    private readonly to: number,
    private readonly depth: number,
  ) {
    this.callees = calleesByOp(cx, fn);
    this.firstOp = fnColumn(fn.file, fn.index, Fn.FirstOp);
  }

  run(entries: readonly Entry[]): Moves {
    // Walks of two functions do not mix: callees first
    this.findBelow();
    for (const entry of entries)
      replay(this.cx.analysis, this.fn, entry, (run, op, s) => {
        const before = this.seen(this.trails.of(s.trail) ?? START, op, s);
        const after = this.step(run, op, s, before);
        if (after.moved === 'perhaps') this.unsure = true;
        return after === START ? 0 : this.trails.number(after, keyOf(after));
      });
    // What merged paths had done before is no longer told apart: where nothing here moves anything, there is nothing to tell
    const tells = !this.unsure && !this.mover.calls(this.fn.id);
    return {
      outs: [...this.outs].map(([key, o]) =>
        tells || !this.merged.has(key) ? o : { ...o, moved: 'perhaps' as const },
      ),
      again: [...this.again.values()],
      handedOver: [...this.handedOver.values()],
      sites: [...this.sites.values()],
    };
  }

  private opAt(op: number): number {
    return (this.firstOp + op) * OP_STRIDE;
  }

  /** What callees that move something do with each of their parameters that may be the dentry. */
  private findBelow(): void {
    if (this.depth >= MAX_DEPTH) return;
    const { terms, results, program, propagation } = this.cx.analysis;
    for (const edge of results[this.fn.id]?.edges ?? []) {
      const callee = program.functions[edge.callee];
      if (edge.context !== 'now' || callee === undefined || !this.mover.calls(callee.id)) continue;
      const isAt = (p: number): number =>
        p < 0 ? -1 : edge.args.findIndex((a) => a >= 0 && terms.kind(a) === T.Param && terms.a(a) === p);
      const from = isAt(this.from);
      if (from < 0) continue;
      const entries = propagation?.entries[callee.id] ?? [];
      this.below.set(
        `${edge.op},${callee.id}`,
        this.mover.of(callee, from, isAt(this.to), entries, this.depth + 1),
      );
    }
  }

  /** What a call gave is seen at the operation after it. */
  private seen(note: Note, op: number, s: State): Note {
    const p = note.pending;
    if (p === null || p.value >= 0 || op === p.op) return note;
    const temp = this.fn.file.ops[this.opAt(p.op) + 3] as number;
    const value = temp < 0 ? this.cx.analysis.terms.unknown : tempOf(s, temp);
    return { ...note, pending: { ...p, value: value ?? this.cx.analysis.terms.unknown } };
  }

  private step(run: FunctionRun, op: number, s: State, note: Note): Note {
    const { file } = this.fn;
    const at = this.opAt(op);
    switch (file.ops[at] as Op) {
      case Op.Call:
        return this.call(run, op, s, note);
      case Op.Assign: {
        const place = (file.ops[at + 1] as number) * EXPR_STRIDE;
        if ((file.exprs[place] as X) !== X.Field) return note;
        const member = file.strings[file.exprs[place + 2] as number] ?? '';
        if (!this.members.has(member)) return note;
        if (run.ev.value(s, file.ops[at + 2] as number) !== run.terms.param(this.from)) return note;
        this.handedOver.set(member, { member, at: { fn: this.fn, op } });
        return perhaps(note);
      }
      case Op.Return: {
        const value = file.ops[at + 1] as number;
        const mask = value < 0 ? ANY : maskOf(run.terms, s.facts, run.ev.value(s, value));
        this.leave(run, op, s, mask, note);
        return note;
      }
      default:
        return note;
    }
  }

  private call(run: FunctionRun, op: number, s: State, before: Note): Note {
    const { terms } = run;
    const name = calledName(this.fn, op);
    const dentry = terms.param(this.from);
    if (MOVERS.has(name)) {
      const [a = terms.unknown, b = terms.unknown] = argumentsOf(run, op, s);
      const isMoved = a === dentry || (name === 'd_exchange' && b === dentry);
      if (!isMoved) return isOther(run, a) ? before : perhaps(this.settled(run, s, before).note);
      const note = this.settled(run, s, before).note;
      const site = { fn: this.fn, op };
      this.noteSites([site]);
      const target = a === dentry ? b : a;
      if (note.moved === 'yes' && note.site !== null && note.site.op !== op && note.target === target)
        this.again.set(op, { first: note.site, second: site });
      return { ...START, moved: 'yes', site, target };
    }
    const args = (): readonly number[] => argumentsOf(run, op, s);
    if (UNHASHES.has(name))
      return args()[0] === dentry && before.excused === ''
        ? { ...before, excused: `'${name}()' takes the dentry out of the cache instead` }
        : before;
    const callees = this.callees.get(op) ?? [];
    const moving = callees.filter((id) => this.mover.calls(id));
    if (moving.length > 0) return this.callOf(run, op, s, before, callees, moving);
    // What nothing is known of, and what is handed both names, may do all that a rename has to do
    if (callees.length > 0 || this.cx.analysis.model.helpers.has(name) || QUIET.test(name)) return before;
    const given = this.to < 0 || before.moved !== 'no' ? [] : args();
    return given.includes(dentry) && given.includes(terms.param(this.to)) ? perhaps(before) : before;
  }

  private noteSites(sites: readonly Site[]): void {
    for (const site of sites) this.sites.set(`${site.fn.id},${site.op}`, site);
  }

  private callOf(
    run: FunctionRun,
    op: number,
    s: State,
    before: Note,
    callees: readonly number[],
    moving: readonly number[],
  ): Note {
    const { terms } = run;
    const dentry = terms.param(this.from);
    const below = moving.map((id) => this.below.get(`${op},${id}`));
    for (const m of below) for (const h of m?.handedOver ?? []) this.handedOver.set(h.member, h);
    const handed = argumentsOf(run, op, s).includes(dentry);
    if (handed) for (const m of below) this.noteSites(m?.sites ?? []);
    for (const m of below) for (const g of m?.again ?? []) if (!this.again.has(op)) this.again.set(op, g);
    if (!handed) {
      // In a structure of the caller's own
      const stored = s.heap.some((v, i) => i % 2 === 1 && v === dentry);
      return stored ? perhaps(this.settled(run, s, before).note) : before;
    }
    const [only, more] = below;
    if (more !== undefined || only === undefined || callees.length > 1 || only.outs.length === 0)
      return perhaps(this.settled(run, s, before).note);
    if (only.outs.every((o) => o.moved === 'no' && o.excused === '')) {
      if (only.handedOver.length > 0) return perhaps(before);
      return before;
    }
    const note = this.settled(run, s, before).note;
    if (note.moved !== 'no') return note;
    return { ...note, pending: { op, value: -1, moves: only } };
  }

  /** A note with what a pending call is known to have done by now. */
  private settled(run: FunctionRun, s: State, note: Note): { note: Note; inner: WayOut['inner'] } {
    const p = note.pending;
    if (p === null) return { note, inner: null };
    const mask = p.value < 0 || p.value === run.terms.unknown ? ANY : maskOf(run.terms, s.facts, p.value);
    const rest = { ...note, pending: null };
    const sure = { ...rest, site: p.moves.outs.find((o) => o.site !== null)?.site ?? null };
    if (p.moves.outs.every((o) => o.moved === 'yes')) return { note: { ...sure, moved: 'yes' }, inner: null };
    // Where it may have succeeded it is looked at as if it had
    const outs = p.moves.outs.filter((o) => (o.mask & ((mask & ZERO) !== 0 ? ZERO : mask)) !== 0);
    const unmoved = outs.find((o) => o.moved === 'no' && o.excused === '');
    if (unmoved !== undefined)
      return { note: rest, inner: { out: unmoved, call: { fn: this.fn, op: p.op } } };
    const excused = outs.find((o) => o.excused !== '')?.excused ?? '';
    if (excused === '' && mask === ZERO && outs.length > 0 && outs.every((o) => o.moved === 'yes'))
      return { note: { ...sure, moved: 'yes' }, inner: null };
    return { note: { ...perhaps(sure), excused }, inner: null };
  }

  private leave(run: FunctionRun, op: number, s: State, mask: number, before: Note): void {
    const { note, inner } = this.settled(run, s, before);
    const excused = note.moved !== 'no' || note.excused !== '' ? note.excused : this.sameObject(run, s);
    const isMerged = s.blurred && note.moved !== 'yes';
    const key = `${op},${mask},${note.moved},${excused},${inner?.out.fn.id},${inner?.out.op},${isMerged}`;
    if (isMerged) this.merged.add(key);
    if (this.outs.has(key)) return;
    this.outs.set(key, { fn: this.fn, op, mask, moved: note.moved, excused, site: note.site, inner });
  }

  /** Whether the way here has shown that both names mean one object: then there is nothing to move. */
  private sameObject(run: FunctionRun, s: State): string {
    const { terms } = run;
    for (let i = 0; i < s.facts.length; i += 2) {
      const t = s.facts[i] as number;
      const mask = s.facts[i + 1] as number;
      if (terms.kind(t) !== T.Bin) continue;
      const op = terms.a(t);
      if (!(op === EQ && (mask & ZERO) === 0) && !(op === NE && mask === ZERO)) continue;
      const [a, b] = [terms.b(t), terms.c(t)];
      const both = (x: number, y: number): boolean =>
        x === terms.param(this.from) && this.to >= 0 && y === terms.param(this.to);
      if (both(a, b) || both(b, a) || areOneMember(terms, a, b))
        return 'both names were found to mean the same object: nothing is to be moved';
    }
    return '';
  }
}

function perhaps(note: Note): Note {
  return note.moved === 'perhaps' && note.pending === null
    ? note
    : { ...note, moved: 'perhaps', pending: null };
}

function keyOf(n: Note): string {
  return `${n.moved},${n.site?.fn.id},${n.site?.op},${n.target},${n.excused},${n.pending?.op},${n.pending?.value}`;
}

/** Members that say nothing about which object it is. */
const SHARED_MEMBERS: ReadonlySet<string> = new Set([
  'd_parent',
  'd_sb',
  'i_sb',
  'i_mode',
  's_type',
  'd_fsdata',
]);

/** Whether two values are the same member of two objects: their inodes, or the numbers that tell files apart. */
function areOneMember(terms: Terms, a: number, b: number): boolean {
  if (terms.kind(a) !== T.Load || terms.kind(b) !== T.Load || a === b) return false;
  const member = terms.lastField(a);
  return member !== '' && member === terms.lastField(b) && !SHARED_MEMBERS.has(member);
}

/** Whether a dentry that is moved is surely not the one of the rename: another parameter, or one that a call gave. */
function isOther(run: FunctionRun, dentry: number): boolean {
  const { terms } = run;
  const kind = terms.kind(dentry);
  return kind === T.Param || (kind === T.Fresh && terms.a(dentry) < JOIN_OP);
}

/** A call that moves a dentry that was loaded from a member. */
export interface FromMember {
  readonly fn: FunctionRef;
  readonly op: number;
  readonly member: string;
}

/** The members from which functions of a directory move dentries: whoever stored them there need not move them. */
export function movedFromMembers(cx: RuleContext, unit: string): readonly FromMember[] {
  const out: FromMember[] = [];
  for (const fn of cx.all) {
    if (fn.unit !== unit || fn.isMacro || !CALLS_MOVER.in(fn)) continue;
    const entry = reachedAnyhow(cx.analysis, fn);
    if (entry === null) continue;
    for (const { op, member } of FROM.of(cx.analysis, fn, entry, () => movedIn(cx, fn, entry)))
      out.push({ fn, op, member });
  }
  return out;
}

const FROM = new OfSituations<readonly Omit<FromMember, 'fn'>[]>();

function movedIn(cx: RuleContext, fn: FunctionRef, entry: Entry): readonly Omit<FromMember, 'fn'>[] {
  const out: Omit<FromMember, 'fn'>[] = [];
  const seen = new Set<number>();
  const isMover = (op: number): boolean => MOVERS.has(calledName(fn, op));
  watch(cx.analysis, fn, entry, isMover, (run, op, s) => {
    if (seen.has(op)) return;
    const { terms } = run;
    const [first, second] = readsOf(fn, op).slice(1);
    for (const e of calledName(fn, op) === 'd_exchange' ? [first, second] : [first]) {
      const now = e === undefined ? terms.unknown : run.ev.value(s, e);
      // What was loaded before memory changed has a name of its own
      const value = run.snapshots.get(now) ?? now;
      if (terms.kind(value) !== T.Load) continue;
      seen.add(op);
      out.push({ op, member: terms.lastField(value) });
    }
  });
  return out;
}
