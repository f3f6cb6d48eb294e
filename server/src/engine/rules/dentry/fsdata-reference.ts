/**
 * dentry/fsdata-reference: where d_iput or d_release drops a counted reference to what d_fsdata points at, whoever stores a
 * d_fsdata takes one, and whoever overwrites one drops the old. Reported: a pointer to an object that others own is stored, and on
 * no path through the store is its count raised; a pointer that is not NULL is overwritten, and nothing is done with it. What was just made, what a caller hands over and what a callee gives may carry a reference of their own.
 */
import { fnColumn } from '../../contexts/cfg.js';
import type { FunctionRun } from '../../contexts/flow.js';
import { maskOf, ZERO } from '../../contexts/known.js';
import type { State } from '../../contexts/state.js';
import { T } from '../../contexts/terms.js';
import { CALL_LOOP, EXPR_STRIDE, Fn, OP_STRIDE, Op, VARIABLE_STRIDE, X } from '../../facts/encode.js';
import { type FunctionRef, type Program, typeRef } from '../../program/program.js';
import { Counting, everywhere, loweredBy } from '../counters.js';
import { lostByStores } from '../fsdata-overwrites.js';
import { Linkage } from '../links.js';
import { Mentions } from '../mentions.js';
import { argumentsOf, type Reached, reachedFrom, rootOf } from '../reached.js';
import { replay } from '../replay.js';
import { type Draft, entryMethod, lineOf, pathTo, type Rule, type RuleContext, step } from '../rule.js';
import { Ways } from '../ways.js';

/** A parameter is followed through so many callers. */
const MAX_CALLERS_UP = 3;
/** Values that are looked at of one call. */
const MAX_SOURCES = 40;

const ID = 'dentry/fsdata-reference';

/** The rule. */
export const fsdataReference: Rule = {
  info: {
    id: ID,
    summary: 'A counted object is stored in d_fsdata without a reference, or one that stood there is lost.',
    law: 'Where d_iput or d_release drops a reference for what d_fsdata points at, whoever stores a d_fsdata takes one, and whoever overwrites one drops the old.',
    severity: 'error',
    precision: 'high',
    onByDefault: true,
    fixable: false,
  },
  check(cx) {
    const out: Draft[] = [];
    const mentions = new Mentions(['d_fsdata']);
    const drops = dropsByUnit(cx);
    if (cx.silence !== undefined)
      for (const fn of cx.functions)
        if (!drops.has(fn.unit) && mentions.in(fn) && storesFsdata(fn))
          cx.silence(
            ID,
            fn,
            -1,
            'no d_iput or d_release of this directory is seen to drop a counted reference for d_fsdata',
          );
    for (const [unit, drop] of drops) {
      const counting = new Counting(cx, drop.counters);
      const owners = new Owners(cx, unit, drop, counting);
      for (const fn of cx.functions) {
        if (fn.unit !== unit || !mentions.in(fn) || !storesFsdata(fn)) continue;
        for (const [op, text] of unreferenced(cx, fn, counting, owners, `struct ${drop.struct}`))
          out.push(draft(cx, fn, op, text, drop));
        const quiet = (op: number, why: string): void => cx.silence?.(ID, fn, op, why);
        for (const [op, text] of lostByStores(cx, fn, `struct ${drop.struct}`, quiet))
          out.push(lost(cx, fn, op, text, drop));
      }
    }
    return out;
  },
};

/** Where the reference behind d_fsdata is dropped. */
interface Drop {
  readonly root: Reached;
  readonly fn: FunctionRef;
  readonly op: number;
  readonly struct: string;
  /** Counters of the structure: `configfs_dirent::s_count`. */
  readonly counters: ReadonlySet<string>;
}

/** The units in which the end of a dentry drops a counted reference. */
function dropsByUnit(cx: RuleContext): ReadonlyMap<string, Drop> {
  const out = new Map<string, Drop>();
  const mentions = new Mentions(['d_fsdata']);
  const reached = reachedFrom(cx, 'dentry_operations', ['d_iput', 'd_release'], 'dentry');
  for (const r of reached) {
    const { unit } = rootOf(r).fn;
    if (r.object < 0 || out.has(unit) || !mentions.in(r.fn)) continue;
    const drop = dropIn(cx, r);
    if (drop !== null) out.set(unit, drop);
  }
  return out;
}

/** A call to which a function hands d_fsdata and that lowers a counter of what that points at. */
function dropIn(cx: RuleContext, r: Reached): Drop | null {
  const { analysis } = cx;
  const { terms } = analysis;
  const data = terms.load(terms.fieldP(terms.param(r.object), terms.name('d_fsdata')));
  for (const edge of analysis.results[r.fn.id]?.edges ?? []) {
    const position = edge.context === 'now' ? edge.args.indexOf(data) : -1;
    const callee = analysis.program.functions[edge.callee];
    if (position < 0 || callee === undefined) continue;
    const type = parameterType(analysis.program, callee, position);
    if (type === '') continue;
    const counters = loweredBy(cx, callee.id, type);
    if (counters.size > 0) return { root: rootOf(r), fn: r.fn, op: edge.op, struct: type, counters };
  }
  return null;
}

/** The structure that a parameter points at, without `struct`; '' where it is none. */
function parameterType(program: Program, fn: FunctionRef, position: number): string {
  if (position >= fnColumn(fn.file, fn.index, Fn.ParameterCount)) return '';
  const at = (fnColumn(fn.file, fn.index, Fn.FirstVariable) + position) * VARIABLE_STRIDE;
  const type = fn.file.variables[at + 1] as number;
  const { base, depth } = type < 0 ? { base: '', depth: 0 } : program.plain(typeRef(fn.file, type));
  return depth === 1 && base.startsWith('struct ') ? base.slice(7) : '';
}

function opAt(fn: FunctionRef, op: number): number {
  return (fnColumn(fn.file, fn.index, Fn.FirstOp) + op) * OP_STRIDE;
}

/** Whether an operation stores to `x->d_fsdata`. */
function isStore(fn: FunctionRef, op: number): boolean {
  const { file } = fn;
  const at = opAt(fn, op);
  if ((file.ops[at] as Op) !== Op.Assign) return false;
  const place = (file.ops[at + 1] as number) * EXPR_STRIDE;
  return (file.exprs[place] as X) === X.Field && file.strings[file.exprs[place + 2] as number] === 'd_fsdata';
}

function storesFsdata(fn: FunctionRef): boolean {
  const count = fnColumn(fn.file, fn.index, Fn.OpCount);
  for (let op = 0; op < count; op++) if (isStore(fn, op)) return true;
  return false;
}

/** Stores of an object that others own, on no path of which a reference is taken, with what is stored. */
function unreferenced(
  cx: RuleContext,
  fn: FunctionRef,
  counting: Counting,
  owners: Owners,
  struct: string,
): ReadonlyMap<number, string> {
  const getting = counting.gettingAt(fn);
  const stored = new Map<number, { readonly text: string; readonly source: Source }>();
  const taken = new Set<number>();
  // The trail: 1 after a reference was taken, else twice the number of the store that waits for one
  const TAKEN = 1;
  for (const entry of cx.analysis.propagation?.entries[fn.id] ?? [])
    replay(cx.analysis, fn, entry, (run, op, s) => {
      if (getting.has(op)) {
        if (s.trail > TAKEN) taken.add(s.trail / 2 - 1);
        return TAKEN;
      }
      if (!isStore(fn, op)) return undefined;
      if (s.trail === TAKEN) {
        taken.add(op);
        cx.silence?.(ID, fn, op, 'a reference is taken on a path before it is stored');
        return undefined;
      }
      const expr = fn.file.ops[opAt(fn, op) + 2] as number;
      const value = run.ev.value(s, expr);
      const source = sourceOf(run, s, value, false);
      if (source.kind === 'own') {
        cx.silence?.(
          ID,
          fn,
          op,
          "what is stored is NULL, was another dentry's, or may have brought a reference with it",
        );
        return undefined;
      }
      // A d_fsdata may be a number, or something else that nobody counts
      if (run.ev.pointeeOf(value) !== struct && run.ev.typeOf(expr)?.base !== struct) {
        cx.silence?.(ID, fn, op, `what is stored is no '${struct}', the one whose count is dropped`);
        return undefined;
      }
      if (!stored.has(op)) stored.set(op, { text: run.showPlace(value), source });
      return (op + 1) * 2;
    });
  const out = new Map<number, string>();
  for (const [op, { text, source }] of stored)
    if (taken.has(op)) cx.silence?.(ID, fn, op, 'a reference is taken on a path through the store');
    else if (owners.isOthers(fn, source)) out.set(op, text);
    else
      cx.silence?.(
        ID,
        fn,
        op,
        `'${text}' was just made or comes from a caller: its reference may go with it`,
      );
  return out;
}

/** Where a value comes from: from memory or a list that others own, from a caller, from a callee, or anything else. */
type Source =
  | { readonly kind: 'others' }
  | { readonly kind: 'parameter'; readonly parameter: number }
  | { readonly kind: 'made'; readonly op: number }
  | { readonly kind: 'own' };

const OWN: Source = { kind: 'own' };
const OTHERS: Source = { kind: 'others' };

/** Where a value comes from. `handed`: what another dentry has may be handed on, but not kept. */
function sourceOf(run: FunctionRun, s: State, value: number, handed: boolean): Source {
  const { terms } = run;
  if (maskOf(terms, s.facts, value) === ZERO) return OWN;
  switch (terms.kind(value)) {
    case T.Load:
      return handed || terms.lastField(value) !== 'd_fsdata' ? OTHERS : OWN;
    case T.Container:
      return terms.kind(terms.a(value)) === T.Load ? OTHERS : sourceOf(run, s, terms.a(value), handed);
    case T.Param:
      return { kind: 'parameter', parameter: terms.a(value) };
    case T.Fresh: {
      const op = terms.a(value);
      if (op < 0 || op >= run.graph.opCount) return OWN;
      const at = opAt(run.fn, op);
      if ((run.fn.file.ops[at] as Op) !== Op.Call) return OWN;
      // The turn of a loop over a list
      return ((run.fn.file.ops[at + 4] as number) & CALL_LOOP) !== 0 ? OTHERS : { kind: 'made', op };
    }
    default:
      return OWN;
  }
}

/** Whose an object is that is stored. Asks only after a walk: the walks of two functions do not mix. */
class Owners {
  private readonly linkage: Linkage;
  private readonly listed = new Map<number, boolean>();
  private readonly handed = new Map<string, boolean>();

  constructor(
    private readonly cx: RuleContext,
    private readonly unit: string,
    private readonly drop: Drop,
    private readonly counting: Counting,
  ) {
    this.linkage = new Linkage(cx);
  }

  /** An object that was found in memory or on a list: whoever put it there has the references that there are. */
  isOthers(fn: FunctionRef, source: Source, depth = 0): boolean {
    switch (source.kind) {
      case 'others':
        return true;
      case 'parameter':
        return depth < MAX_CALLERS_UP && this.isOthersOfCallers(fn, source.parameter, depth + 1);
      case 'made':
        return (this.cx.analysis.results[fn.id]?.edges ?? []).some(
          (e) => e.op === source.op && e.context === 'now' && this.belongsToList(e.callee),
        );
      default:
        return false;
    }
  }

  /** Whether all callers hand over what is others', and none of them takes a reference. */
  private isOthersOfCallers(fn: FunctionRef, parameter: number, depth: number): boolean {
    if (!fn.isStatic) return false;
    const key = `${fn.id},${parameter}`;
    const known = this.handed.get(key);
    if (known !== undefined) return known;
    // Through itself nothing comes
    this.handed.set(key, false);
    const found = this.handedByAll(fn, parameter, depth);
    this.handed.set(key, found);
    return found;
  }

  private handedByAll(fn: FunctionRef, parameter: number, depth: number): boolean {
    let met = false;
    for (const caller of this.cx.all) {
      if (caller.unit !== this.unit) continue;
      const calls = (this.cx.analysis.results[caller.id]?.edges ?? []).filter((e) => e.callee === fn.id);
      if (calls.length === 0) continue;
      const ops = new Set(calls.map((e) => e.op));
      if (calls.some((e) => e.context !== 'now') || this.takesOnTheWay(caller, ops)) return false;
      const sources: Source[] = [];
      everywhere(this.cx, caller, (run, op, s) => {
        if (ops.has(op) && sources.length < MAX_SOURCES)
          sources.push(sourceOf(run, s, argumentsOf(run, op, s)[parameter] ?? run.terms.unknown, true));
        return undefined;
      });
      if (!sources.every((source) => this.isOthers(caller, source, depth))) return false;
      if (sources.length > 0) met = true;
    }
    return met;
  }

  /** Whether a reference is taken on a path that comes through one of some calls. */
  private takesOnTheWay(caller: FunctionRef, calls: ReadonlySet<number>): boolean {
    const getting = this.counting.gettingAt(caller);
    if (getting.size === 0) return false;
    const ways = new Ways(caller);
    return [...calls].some(
      (call) =>
        getting.has(call) || [...getting].some((get) => ways.isAfter(get, call) || ways.isAfter(call, get)),
    );
  }

  /** Whether what a function makes is put on a list there, and whoever takes it off that list drops a reference: the first one. */
  private belongsToList(maker: number): boolean {
    const known = this.listed.get(maker);
    if (known !== undefined) return known;
    const { struct, counters } = this.drop;
    const made = this.linkage.linksOf(this.unit, struct).filter((l) => l.fn.id === maker);
    const found = made.some((l) =>
      this.cx.all.some(
        (fn) =>
          fn.unit === this.unit &&
          [...this.linkage.unlinksAt(fn).values()].some((m) => m.includes(l.member)) &&
          [...loweredBy(this.cx, fn.id, struct)].some((c) => counters.has(c)),
      ),
    );
    this.listed.set(maker, found);
    return found;
  }
}

function draft(cx: RuleContext, fn: FunctionRef, op: number, text: string, drop: Drop): Draft {
  const { method } = drop.root.origin;
  return draftOf(cx, fn, op, drop, {
    message: `'${text}' (struct ${drop.struct}) is stored in d_fsdata without a reference, and ->${method}() drops one for it (${drop.fn.name}(), line ${lineOf(drop.fn, drop.op)})`,
    here: `stores '${text}', whose references belong to others`,
    there: `->${method}() of the dentry drops a reference that nobody took: the object is freed while others use it`,
  });
}

function lost(cx: RuleContext, fn: FunctionRef, op: number, text: string, drop: Drop): Draft {
  const { method } = drop.root.origin;
  return draftOf(cx, fn, op, drop, {
    message: `the d_fsdata of '${text}' (struct ${drop.struct}) is overwritten, and the reference behind it is not dropped: what ->${method}() drops later is the new one's`,
    here: `overwrites the d_fsdata of '${text}', which is not NULL here`,
    there: `->${method}() of the dentry drops one reference: the old object is never freed`,
  });
}

/** A store that does not fit the drop of a method; `here` and `there`: what each side does. */
function draftOf(
  cx: RuleContext,
  fn: FunctionRef,
  op: number,
  drop: Drop,
  words: { readonly message: string; readonly here: string; readonly there: string },
): Draft {
  const { propagation } = cx.analysis;
  return {
    rule: ID,
    precision: 'high',
    certainty: 'must',
    message: words.message,
    fn: fn.id,
    op,
    entry: entryMethod(cx.analysis, propagation?.origins[propagation.entries[fn.id]?.[0]?.origins[0] ?? -1]),
    held: [],
    rcu: 'none',
    trace: [
      ...pathTo(cx, fn, 0),
      step('access', fn, op, words.here),
      step('other-side', drop.fn, drop.op, words.there, 1),
    ],
    objectClass: `struct ${drop.struct}`,
  };
}
