/**
 * dentry/fsdata-type: d_fsdata is used only as the type that it can have at that point. Two things are looked for where d_release
 * and the other methods that come to any dentry use it: a pointer that elsewhere is stored with tag bits set, followed without
 * a test of them; and a member that only some of those who store a d_fsdata set up, used without a test that tells them apart.
 */
import { calledName, fnColumn } from '../../contexts/cfg.js';
import type { FunctionRun } from '../../contexts/flow.js';
import { ANY, maskOf, POSITIVE, ZERO } from '../../contexts/known.js';
import { readsOf } from '../../contexts/operands.js';
import type { State } from '../../contexts/state.js';
import { T } from '../../contexts/terms.js';
import { EXPR_STRIDE, Fn, OP_STRIDE, Op, operatorCode, X } from '../../facts/encode.js';
import type { FunctionRef } from '../../program/program.js';
import { everywhere } from '../counters.js';
import { Mentions } from '../mentions.js';
import { argumentsOf, type Reached, reachedFrom } from '../reached.js';
import { replay, visitExpressions } from '../replay.js';
import { type Draft, entryMethod, originStep, type Rule, type RuleContext, step } from '../rule.js';

const AND = operatorCode('&');
const OR = operatorCode('|');
const ADD = operatorCode('+');

/** What sets a member up that cannot be used without it: position of the member's address. */
const SETS_UP: ReadonlySet<string> = new Set([
  'INIT_LIST_HEAD',
  'INIT_HLIST_HEAD',
  'mutex_init',
  '__mutex_init',
  'spin_lock_init',
  'rwlock_init',
  'init_rwsem',
  'init_completion',
  'init_waitqueue_head',
  'INIT_WORK',
  'INIT_DELAYED_WORK',
  'xa_init',
  'idr_init',
]);

/** The rule. */
export const fsdataType: Rule = {
  info: {
    id: 'dentry/fsdata-type',
    summary: 'd_fsdata is used as a type that it need not have.',
    law: 'd_fsdata is used only as the type that it can have at that point; tag bits, or what tells the kinds apart, are tested first.',
    severity: 'error',
    precision: 'high',
    onByDefault: true,
    fixable: false,
  },
  check(cx) {
    const out: Draft[] = [];
    const inScope = new Set(cx.unit.map((f) => f.id));
    const makers = new Map<string, readonly Maker[]>();
    const mentions = new Mentions(['d_fsdata']);
    const reached = reachedFrom(
      cx,
      'dentry_operations',
      ['d_release', 'd_iput', 'd_prune', 'd_delete'],
      'dentry',
    );
    for (const r of reached) {
      // Who makes d_fsdata is looked for only where it is used
      if (r.from !== null || !inScope.has(r.fn.id)) continue;
      const { unit } = r.fn;
      const made = makers.get(unit) ?? makersIn(cx, unit, mentions);
      makers.set(unit, made);
      const found = misuse(cx, r, made);
      if (found !== null) out.push(found);
    }
    return out;
  },
};

/** One who stores a d_fsdata. */
interface Maker {
  readonly fn: FunctionRef;
  readonly op: number;
  /** The structure that is pointed at, `struct foo`; '' where that is not known. */
  readonly struct: string;
  /** Stored with constant bits set in the pointer. */
  readonly tagged: boolean;
  /** Members that were set up or assigned before. */
  readonly members: ReadonlySet<string>;
  /** Those of them that were set up by a call. */
  readonly ready: ReadonlySet<string>;
}

function makersIn(cx: RuleContext, unit: string, mentions: Mentions): readonly Maker[] {
  const out: Maker[] = [];
  for (const fn of cx.all)
    if (fn.unit === unit && !fn.isMacro && mentions.in(fn)) out.push(...makersOf(cx, fn));
  return out;
}

function makersOf(cx: RuleContext, fn: FunctionRef): readonly Maker[] {
  const stores = new Map<number, { value: number; struct: string; tagged: boolean }>();
  const assigned: { object: number; member: string; ready: boolean }[] = [];
  everywhere(cx, fn, (run, op, s) => {
    const { terms } = run;
    const note = (object: number, member: string, ready: boolean): void => {
      if (!assigned.some((a) => a.object === object && a.member === member && a.ready === ready))
        assigned.push({ object, member, ready });
    };
    const value = storedFsdata(run, op, s);
    if (value !== null && !stores.has(op) && (maskOf(terms, s.facts, value) & POSITIVE) !== 0)
      stores.set(op, { value, struct: run.ev.pointeeOf(value), tagged: isTagged(run, value) });
    const { file } = fn;
    const at = (fnColumn(file, fn.index, Fn.FirstOp) + op) * OP_STRIDE;
    if ((file.ops[at] as Op) === Op.Assign) {
      const place = run.ev.place(s, file.ops[at + 1] as number);
      if (terms.kind(place) === T.FieldP) note(terms.a(place), terms.nameText(terms.b(place)), false);
    }
    const name = calledName(fn, op);
    if (name === '') return undefined;
    const first = argumentsOf(run, op, s)[0] ?? terms.unknown;
    if (terms.kind(first) !== T.Addr || terms.kind(terms.a(first)) !== T.FieldP) return undefined;
    const place = terms.a(first);
    note(terms.a(place), terms.nameText(terms.b(place)), SETS_UP.has(name));
    return undefined;
  });
  return [...stores].map(([op, { value, struct, tagged }]) => {
    const own = assigned.filter((a) => a.object === value);
    return {
      fn,
      op,
      struct,
      tagged,
      members: new Set(own.map((a) => a.member)),
      ready: new Set(own.filter((a) => a.ready).map((a) => a.member)),
    };
  });
}

/** What an operation stores in a d_fsdata: by assignment, or by an exchange; null where it stores nothing there. */
function storedFsdata(run: FunctionRun, op: number, s: State): number | null {
  const { terms, fn } = run;
  const { file } = fn;
  const at = (fnColumn(file, fn.index, Fn.FirstOp) + op) * OP_STRIDE;
  if ((file.ops[at] as Op) === Op.Assign) {
    const target = (file.ops[at + 1] as number) * EXPR_STRIDE;
    if ((file.exprs[target] as X) !== X.Field) return null;
    if (file.strings[file.exprs[target + 2] as number] !== 'd_fsdata') return null;
    return run.ev.value(s, file.ops[at + 2] as number);
  }
  const name = calledName(fn, op);
  const position =
    name.startsWith('cmpxchg') || name.startsWith('try_cmpxchg') ? 2 : name === 'xchg' ? 1 : -1;
  if (position < 0) return null;
  const args = argumentsOf(run, op, s);
  const place = args[0] ?? terms.unknown;
  if (terms.kind(place) !== T.Addr || run.ev.classOf(terms.a(place)) !== 'dentry::d_fsdata') return null;
  return args[position] ?? null;
}

/** A pointer with constant bits set in it. */
function isTagged(run: FunctionRun, value: number): boolean {
  const { terms } = run;
  if (terms.kind(value) !== T.Bin || (terms.a(value) !== OR && terms.a(value) !== ADD)) return false;
  return terms.number(terms.c(value)) !== 0 && terms.kind(terms.b(value)) !== T.Const;
}

/** The first use of d_fsdata in a method that not all of its kinds allow. */
function misuse(cx: RuleContext, r: Reached, makers: readonly Maker[]): Draft | null {
  const tagged = makers.find((m) => m.tagged);
  if (tagged === undefined && makers.every((m) => m.ready.size === 0)) {
    cx.silence?.(
      'dentry/fsdata-type',
      r.fn,
      -1,
      'nobody in this directory is seen to store a d_fsdata with bits set in it, or to set up a member behind it that others do not',
    );
    return null;
  }
  const quiet =
    cx.silence === undefined
      ? undefined
      : (op: number, why: string): void => cx.silence?.('dentry/fsdata-type', r.fn, op, why);
  let found: { op: number; member: string; maker: Maker } | null = null;
  for (const entry of r.entries)
    replay(cx.analysis, r.fn, entry, (run, op, s) => {
      if (found !== null && found.op <= op) return undefined;
      const { terms } = run;
      const data = terms.load(terms.fieldP(terms.param(r.object), terms.name('d_fsdata')));
      if (maskOf(terms, s.facts, data) === ZERO) return undefined;
      if (tagged !== undefined && follows(run, op, s, data)) {
        if (isTested(run, s, data, true))
          quiet?.(op, 'the bits that are stored in d_fsdata are tested before');
        else found = { op, member: '', maker: tagged };
      }
      for (const member of membersUsed(run, op, s, data)) {
        const struct = run.ev.pointeeOf(data);
        const kinds = makers.filter((m) => !m.tagged && (m.struct === struct || struct === ''));
        const without = kinds.find((m) => !m.members.has(member));
        if (without === undefined || !kinds.some((m) => m.ready.has(member))) {
          quiet?.(op, `all who store such a d_fsdata set up '${member}', or none is seen to`);
          continue;
        }
        if (isTested(run, s, data, false)) quiet?.(op, 'what stands behind d_fsdata is tested before');
        else found = { op, member, maker: without };
      }
      return undefined;
    });
  return found === null ? null : draft(cx, r, found);
}

/** Whether bits of the pointer, or any member behind it, were tested on the way. */
function isTested(run: FunctionRun, s: State, data: number, bits: boolean): boolean {
  const { terms } = run;
  for (let i = 0; i < s.facts.length; i += 2) {
    const t = s.facts[i] as number;
    if (s.facts[i + 1] === ANY || !terms.contains(t, data)) continue;
    if (terms.kind(t) === T.Bin && terms.a(t) === AND && terms.b(t) === data) {
      if (bits) return true;
      continue;
    }
    if (!bits && t !== data && !isComparison(run, t, data)) return true;
  }
  return false;
}

function isComparison(run: FunctionRun, t: number, data: number): boolean {
  return run.terms.kind(t) === T.Bin && run.terms.b(t) === data;
}

/** Whether an operation looks at what a pointer points at, or frees it. */
function follows(run: FunctionRun, op: number, s: State, data: number): boolean {
  let met = false;
  for (const e of readsOf(run.fn, op))
    visitExpressions(run.fn.file, e, (x) => {
      const at = x * EXPR_STRIDE;
      if ((run.fn.file.exprs[at] as X) === X.Field && run.fn.file.exprs[at + 3] !== 1) return;
      if (run.ev.value(s, run.fn.file.exprs[at + 1] as number) === data) met = true;
    });
  if (met) return true;
  const helper = run.shared.model.helpers.get(calledName(run.fn, op));
  return helper?.frees !== undefined && argumentsOf(run, op, s).includes(data);
}

/** Members behind a pointer whose address is handed on. */
function membersUsed(run: FunctionRun, op: number, s: State, data: number): readonly string[] {
  const { terms } = run;
  const out: string[] = [];
  if (calledName(run.fn, op) === '') return out;
  for (const value of argumentsOf(run, op, s)) {
    if (terms.kind(value) !== T.Addr) continue;
    const place = terms.a(value);
    if (terms.kind(place) === T.FieldP && terms.a(place) === data) out.push(terms.nameText(terms.b(place)));
  }
  return out;
}

function draft(
  cx: RuleContext,
  r: Reached,
  { op, member, maker }: { readonly op: number; readonly member: string; readonly maker: Maker },
): Draft {
  const what =
    member === ''
      ? `'d_fsdata' is followed without a test of the bits that ${maker.fn.name}() stores in it`
      : `'${member}' behind 'd_fsdata' is used, which ${maker.fn.name}() does not set up, and no test tells the kinds apart`;
  return {
    rule: 'dentry/fsdata-type',
    precision: 'high',
    certainty: 'must',
    message: `in ->${r.origin.method}() ${what}`,
    fn: r.fn.id,
    op,
    entry: entryMethod(cx.analysis, r.origin),
    held: [],
    rcu: 'none',
    trace: [
      originStep(cx, r.origin),
      step('access', r.fn, op, member === '' ? "follows 'd_fsdata'" : `uses '${member}'`),
      step(
        'other-side',
        maker.fn,
        maker.op,
        member === ''
          ? 'stores a pointer with bits set in it'
          : `stores a d_fsdata whose '${member}' is not set up`,
        1,
      ),
    ],
    objectClass: 'dentry::d_fsdata',
  };
}
