/**
 * rename/early-attach: a directory is attached before what belongs below it is there, and where that fails, it is dismantled again: a
 * lookup may have found it, and its children, meanwhile. Reported where, on one path, a dentry is given an inode, a call that attaches
 * more fails, and the dentry is taken away. A hint: whoever looks has to cope with it.
 */
import { calledName, fnColumn } from '../../contexts/cfg.js';
import { tempOf } from '../../contexts/evaluate.js';
import type { FunctionRun } from '../../contexts/flow.js';
import { maskOf, ZERO } from '../../contexts/known.js';
import type { State } from '../../contexts/state.js';
import { T } from '../../contexts/terms.js';
import { Fn, OP_STRIDE } from '../../facts/encode.js';
import type { FunctionRef } from '../../program/program.js';
import { everywhere } from '../counters.js';
import { calleesByOp } from '../lockless.js';
import { Mentions } from '../mentions.js';
import { argumentsOf } from '../reached.js';
import { type Draft, lineOf, type Rule, type RuleContext, step } from '../rule.js';
import { Trails } from '../trails.js';

const ID = 'rename/early-attach';

/** What makes a dentry that lookups find: positions of the dentry and of its inode. */
const ATTACHES: ReadonlyMap<string, readonly [number, number]> = new Map([
  ['d_instantiate', [0, 1]],
  ['d_instantiate_new', [0, 1]],
  ['d_make_persistent', [0, 1]],
  ['d_add', [0, 1]],
]);
/** What takes one away: position of the dentry. */
const DISMANTLES: ReadonlyMap<string, number> = new Map([
  ['d_drop', 0],
  ['__d_drop', 0],
  ['d_delete', 0],
  ['d_invalidate', 0],
  ['d_genocide', 0],
  ['simple_rmdir', 1],
  ['simple_unlink', 1],
  ['simple_recursive_removal', 0],
]);
/** Callees are followed so deep for what they do with a dentry. */
const MAX_DEPTH = 4;
/** Functions below one that are asked. */
const MAX_BELOW = 60;

/** The rule. */
export const earlyAttach: Rule = {
  info: {
    id: ID,
    summary: 'A directory is attached before it is set up, and dismantled where that fails.',
    law: 'A subtree is set up before lookups can find it: a failure on the way then dismantles nothing that anybody sees.',
    severity: 'info',
    precision: 'medium',
    onByDefault: false,
    fixable: false,
  },
  check(cx) {
    const out: Draft[] = [];
    const attach = new Below(cx, new Mentions(ATTACHES.keys()));
    const dismantle = new Below(cx, new Mentions(DISMANTLES.keys()));
    for (const fn of cx.functions) {
      if (fn.isHeader || !attach.in(fn.id) || !dismantle.in(fn.id)) continue;
      out.push(...new Attaching(cx, fn, attach, dismantle).run());
    }
    return out;
  },
};

/** Which functions come to calls of some helpers, themselves or through others of their directory. */
class Below {
  private readonly known = new Map<number, boolean>();
  private readonly handed = new Map<string, boolean>();

  constructor(
    private readonly cx: RuleContext,
    private readonly mentions: Mentions,
  ) {}

  in(id: number): boolean {
    const known = this.known.get(id);
    if (known !== undefined) return known;
    const { program, results } = this.cx.analysis;
    const seen = new Set([id]);
    let found = false;
    for (const at of seen) {
      const fn = program.functions[at];
      if (fn !== undefined && this.mentions.in(fn)) found = true;
      if (found) break;
      for (const e of results[at]?.edges ?? [])
        if (e.context === 'now' && seen.size < MAX_BELOW) seen.add(e.callee);
    }
    this.known.set(id, found);
    return found;
  }

  /** Whether a function hands what a parameter points at, itself or further down, to one of the helpers. */
  handsOn(
    id: number,
    parameter: number,
    to: (run: FunctionRun, op: number, s: State) => number,
    depth = 0,
  ): boolean {
    const key = `${id},${parameter}`;
    const known = this.handed.get(key);
    if (known !== undefined) return known;
    this.handed.set(key, false);
    const fn = this.cx.analysis.program.functions[id];
    if (fn === undefined || !this.in(id)) return false;
    const { terms, results } = this.cx.analysis;
    let found = false;
    if (this.mentions.in(fn))
      everywhere(this.cx, fn, (run, op, s) => {
        found ||= to(run, op, s) === terms.param(parameter);
        return undefined;
      });
    if (!found && depth < MAX_DEPTH)
      found = (results[id]?.edges ?? []).some((e) => {
        const at = e.args.findIndex((a) => a >= 0 && terms.kind(a) === T.Param && terms.a(a) === parameter);
        return e.context === 'now' && at >= 0 && this.handsOn(e.callee, at, to, depth + 1);
      });
    this.handed.set(key, found);
    return found;
  }
}

/** The dentry that an operation attaches, or -1. */
function attachedAt(run: FunctionRun, op: number, s: State): number {
  const at = ATTACHES.get(calledName(run.fn, op));
  if (at === undefined) return -1;
  const args = argumentsOf(run, op, s);
  const inode = args[at[1]] ?? run.terms.unknown;
  // A negative dentry: nothing that could have children
  return maskOf(run.terms, s.facts, inode) === ZERO ? -1 : (args[at[0]] ?? -1);
}

/** The dentry that an operation takes away, or -1. */
function dismantledAt(run: FunctionRun, op: number, s: State): number {
  const at = DISMANTLES.get(calledName(run.fn, op));
  return at === undefined ? -1 : (argumentsOf(run, op, s)[at] ?? -1);
}

/** What happened on a path: the dentry that was attached, where, and the call that may then have failed. */
interface Note {
  readonly dentry: number;
  readonly op: number;
  /** What was handed over there: what it stands for may be filled by that. */
  readonly along: readonly number[];
  readonly setUp: number;
  readonly value: number;
}

/** Whether a value means one object of this path: what is known of a call, or a parameter. */
function isObject(run: FunctionRun, value: number): boolean {
  const { terms } = run;
  if (value < 0 || value === terms.unknown) return false;
  const kind = terms.kind(terms.root(value));
  return (kind === T.Param || kind === T.Fresh) && terms.kind(value) !== T.Const;
}

/** One function that attaches and takes away. */
class Attaching {
  private readonly trails = new Trails<Note>();
  private readonly found = new Map<number, Draft>();
  private readonly callees: ReadonlyMap<number, readonly number[]>;

  constructor(
    private readonly cx: RuleContext,
    private readonly fn: FunctionRef,
    private readonly attach: Below,
    private readonly dismantle: Below,
  ) {
    this.callees = calleesByOp(cx, fn);
  }

  run(): readonly Draft[] {
    this.ask();
    everywhere(this.cx, this.fn, (run, op, s) => {
      const note = this.trails.of(s.trail);
      const next = this.step(run, op, s, note === null ? null : this.seen(note, op, s));
      return next === null
        ? 0
        : this.trails.number(next, `${next.dentry},${next.op},${next.setUp},${next.value}`);
    });
    return [...this.found.values()];
  }

  /** Walks of two functions do not mix: what callees do with what they are handed is found before. */
  private ask(): void {
    for (const ids of this.callees.values())
      for (const id of ids) {
        const callee = this.cx.analysis.program.functions[id];
        if (callee === undefined) continue;
        const count = fnColumn(callee.file, callee.index, Fn.ParameterCount);
        for (let p = 0; p < count; p++) {
          this.attach.handsOn(id, p, attachedAt);
          this.dismantle.handsOn(id, p, dismantledAt);
        }
      }
  }

  private seen(note: Note, op: number, s: State): Note {
    if (note.setUp < 0 || note.value >= 0 || op === note.setUp) return note;
    const at = (fnColumn(this.fn.file, this.fn.index, Fn.FirstOp) + note.setUp) * OP_STRIDE;
    const temp = this.fn.file.ops[at + 3] as number;
    const value = temp < 0 ? undefined : tempOf(s, temp);
    return { ...note, value: value ?? this.cx.analysis.terms.unknown };
  }

  private step(run: FunctionRun, op: number, s: State, note: Note | null): Note | null {
    if (calledName(this.fn, op) === '' && !this.callees.has(op)) return note;
    const args = argumentsOf(run, op, s);
    const attached = this.dentryOf(this.attach, attachedAt, run, op, s, args);
    if (note === null || attached === note.dentry)
      return attached < 0 || attached === run.terms.unknown
        ? note
        : { dentry: attached, op, along: args.filter((a) => isObject(run, a)), setUp: -1, value: -1 };
    const gone = this.dentryOf(this.dismantle, dismantledAt, run, op, s, args);
    if (gone === note.dentry) {
      const failed = note.value >= 0 && (maskOf(run.terms, s.facts, note.value) & ZERO) === 0;
      if (failed && !this.found.has(note.op)) this.report(run, note, op);
      return null;
    }
    const callees = this.callees.get(op) ?? [];
    if (
      callees.some((id) => this.attach.in(id)) &&
      args.some((a) => isObject(run, a) && note.along.some((x) => run.terms.contains(a, x)))
    )
      return { ...note, setUp: op, value: -1 };
    return note;
  }

  /** The dentry that a call attaches or takes away, itself or in its callee; -1. */
  private dentryOf(
    below: Below,
    direct: (run: FunctionRun, op: number, s: State) => number,
    run: FunctionRun,
    op: number,
    s: State,
    args: readonly number[],
  ): number {
    const here = direct(run, op, s);
    if (here >= 0) return here;
    for (const id of this.callees.get(op) ?? [])
      for (const [p, a] of args.entries()) if (below.handsOn(id, p, direct)) return a;
    return -1;
  }

  private report(run: FunctionRun, note: Note, gone: number): void {
    const { fn } = this;
    const name = run.showPlace(note.dentry);
    this.found.set(note.op, {
      rule: ID,
      precision: 'medium',
      certainty: 'may',
      message: `'${name}' is attached before what belongs below it is there: where '${calledName(fn, note.setUp)}()' fails (line ${lineOf(fn, note.setUp)}), it is taken away again from lookups that have found it (line ${lineOf(fn, gone)})`,
      fn: fn.id,
      op: note.op,
      entry: null,
      held: [],
      rcu: 'none',
      trace: [
        step('access', fn, note.op, `attaches '${name}': lookups find it from here on`),
        step('access', fn, note.setUp, `'${calledName(fn, note.setUp)}()' attaches more, and fails`),
        step('free', fn, gone, `takes '${name}' away`),
        step('other-side', fn, note.op, 'a lookup has found it, and what is below it, meanwhile', 1),
      ],
      objectClass: 'dentry::d_inode',
    });
  }
}
