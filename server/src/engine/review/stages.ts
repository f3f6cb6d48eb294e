/**
 * Who else can see an object at an access: nobody, because the function or all of its callers have just made it; because it is a variable
 * of the function; or because the method is called before the others, or after them. What is seen to show it to others ends that.
 */
import type { AccessStage } from '../base/review.js';
import { calledName, fnColumn } from '../contexts/cfg.js';
import type { Entry } from '../contexts/entry-points.js';
import { JOIN_OP } from '../contexts/evaluate.js';
import type { FunctionRun } from '../contexts/flow.js';
import type { State } from '../contexts/state.js';
import { T, type Terms } from '../contexts/terms.js';
import { EXPR_STRIDE, Fn, OP_STRIDE, Op, X } from '../facts/encode.js';
import { type FunctionRef, readList } from '../program/program.js';
import { comesFromMethod } from '../rules/holding.js';
import { holderIn, isInside, isPointerTo } from '../rules/only-looks.js';
import { operationsOf } from '../rules/replay.js';
import { lineOf, type RuleContext } from '../rules/rule.js';
import { ALONE, madeIn } from '../rules/unshared.js';
import { Ways } from '../rules/ways.js';
import { isPreparing } from './access-words.js';

/** What is said of one object at one access. */
export interface Stage {
  readonly stage: AccessStage;
  readonly why: string;
}

const SHARED: Stage = { stage: 'shared', why: '' };

/** Helpers that put what they are handed where others find it. */
const SHOWS = /instantiate|splice|d_add|insert|hash|unlock_new|make_root|publish|install|_add|^add_|register/;

/** What gives an inode that others wait for as long as it is new. */
const NEW_INODE = /^(iget|insert_inode|inode_insert)\w*_?(un)?locked\w*$|^inode_insert5$/;

/** Calls that are followed to see whether something is shown, and callers that are asked who made something. */
const MAX_DEPTH = 4;

/** Answers about the functions of one analysis. */
export class Stages {
  private readonly gives = new Map<number, boolean>();
  private readonly shown = new Map<string, boolean>();
  private readonly handed = new Map<string, string>();

  constructor(private readonly cx: RuleContext) {}

  /** What is known of the object at a place of a state. `place` is the member's own. */
  at(run: FunctionRun, op: number, s: State, place: number): Stage {
    const { terms } = run;
    const root = ownRoot(terms, place);
    switch (terms.kind(root)) {
      case T.Local:
        return { stage: 'own', why: 'a variable of the function' };
      case T.Fresh: {
        const made = terms.a(root);
        if (made >= JOIN_OP || terms.b(root) !== 0 || !this.isMaker(run.fn, made)) return SHARED;
        const holders = s.vars.flatMap((t, v) => (t >= 0 && ownRoot(terms, t) === root ? [v] : []));
        const shows = this.shownBefore(run.fn, op, made, holders);
        return shows < 0
          ? { stage: 'made', why: `${madeWords(run.fn, made)} in line ${lineOf(run.fn, made)}` }
          : { stage: 'shared', why: `made here, but shown to others in line ${lineOf(run.fn, shows)}` };
      }
      case T.Param: {
        const by = this.madeByCallers(run.fn, terms.a(root), MAX_DEPTH);
        return by !== '' && this.shownBefore(run.fn, op, -1, [terms.a(root)]) < 0
          ? { stage: 'made', why: `made by ${by}, which calls this` }
          : SHARED;
      }
      default:
        return SHARED;
    }
  }

  /** The method of a situation that nobody else runs beside, where the object came from it; ''. */
  aloneIn(fn: FunctionRef, entry: Entry, object: number): string {
    const { propagation, terms } = this.cx.analysis;
    if (entry.origins.length === 0 || object < 0 || !terms.isShared(object)) return '';
    const methods = entry.origins.map((o) => propagation?.origins[o]?.method ?? '');
    return methods.every((m) => ALONE.has(m)) && comesFromMethod(this.cx.analysis, fn.id, entry, object)
      ? (methods[0] ?? '')
      : '';
  }

  /** Whether a call gives what it has made. */
  private isMaker(fn: FunctionRef, op: number): boolean {
    const name = calledName(fn, op);
    if (NEW_INODE.test(name)) return true;
    const helper = this.cx.analysis.model.helpers.get(name);
    if (helper !== undefined) return helper.returns === 'fresh' || helper.unpublished === true;
    const callee = name === '' ? null : this.cx.analysis.program.resolve(name, fn.file);
    return callee !== null && this.isGiver(callee);
  }

  /** Whether a function gives what it has made itself, and nothing else, and shows it to nobody. */
  private isGiver(fn: FunctionRef): boolean {
    const known = this.gives.get(fn.id);
    if (known !== undefined) return known;
    this.gives.set(fn.id, false);
    const gives = this.givesWhatItMade(fn);
    this.gives.set(fn.id, gives);
    return gives;
  }

  private givesWhatItMade(fn: FunctionRef): boolean {
    const { file } = fn;
    const made = madeIn(this.cx, fn, (name) => {
      const callee = this.cx.analysis.program.resolve(name, file);
      return callee !== null && !this.cx.analysis.model.helpers.has(name) && this.isGiver(callee);
    });
    if (made.size === 0) return false;
    const first = fnColumn(file, fn.index, Fn.FirstOp);
    let gives = false;
    for (const op of operationsOf(fn)) {
      const at = (first + op) * OP_STRIDE;
      if ((file.ops[at] as Op) !== Op.Return) continue;
      const e = file.ops[at + 1] as number;
      if (e < 0) continue;
      const holder = holderIn(file, e);
      if (holder >= 0 && made.has(holder)) {
        if (this.shownBefore(fn, op, -1, [holder]) >= 0) return false;
        gives = true;
      } else if (holder !== -1 || ![X.Num, X.Name].includes(file.exprs[e * EXPR_STRIDE] as X)) {
        if (holder >= 0 || !isError(fn, holder)) return false;
      }
    }
    return gives;
  }

  /** The callers that hand over what they have just made, if all do, as a name; ''. */
  private madeByCallers(fn: FunctionRef, parameter: number, depth: number): string {
    const key = `${fn.id},${parameter}`;
    const known = this.handed.get(key);
    if (known !== undefined) return known;
    this.handed.set(key, '');
    const by = depth === 0 ? '' : this.makersAmong(fn, parameter, depth);
    this.handed.set(key, by);
    return by;
  }

  private makersAmong(fn: FunctionRef, parameter: number, depth: number): string {
    const { propagation, program, results } = this.cx.analysis;
    const entries = propagation?.entries[fn.id] ?? [];
    if (entries.length === 0 || entries.some((e) => e.caller < 0)) return '';
    const names = new Set<string>();
    for (const caller of this.cx.all) {
      for (const edge of results[caller.id]?.edges ?? []) {
        if (edge.callee !== fn.id) continue;
        const args = readList(
          caller.file,
          caller.file.ops[
            (fnColumn(caller.file, caller.index, Fn.FirstOp) + edge.op) * OP_STRIDE + 2
          ] as number,
        );
        const holder = args[parameter] === undefined ? -1 : holderIn(caller.file, args[parameter] as number);
        if (holder < 0) return '';
        const made = madeIn(this.cx, caller, (name) => {
          const callee = program.resolve(name, caller.file);
          return callee !== null && this.isGiver(callee);
        });
        const isParameter = holder < fnColumn(caller.file, caller.index, Fn.ParameterCount);
        if (!made.has(holder) && !(isParameter && this.madeByCallers(caller, holder, depth - 1) !== ''))
          return '';
        if (this.shownBefore(caller, edge.op, -1, [holder]) >= 0) return '';
        names.add(`${caller.name}()`);
      }
    }
    return [...names].slice(0, 2).join(' and ');
  }

  /** The first operation that may run before one and shows what variables hold to others, or -1. `made`: it was made there. */
  private shownBefore(fn: FunctionRef, op: number, made: number, holders: readonly number[]): number {
    const ways = new Ways(fn);
    for (const o of operationsOf(fn)) {
      if (o === op || !ways.isAfter(o, op) || (made >= 0 && !ways.isAfter(made, o))) continue;
      if (holders.some((v) => this.isShownAt(fn, o, v, MAX_DEPTH))) return o;
    }
    return -1;
  }

  private isShownAt(fn: FunctionRef, op: number, v: number, depth: number): boolean {
    const { file } = fn;
    const at = (fnColumn(file, fn.index, Fn.FirstOp) + op) * OP_STRIDE;
    const a = file.ops[at + 1] as number;
    const b = file.ops[at + 2] as number;
    if ((file.ops[at] as Op) === Op.Assign)
      return isPointerTo(file, b, v) && isMemory(fn, a) && !isInside(file, a, v);
    if ((file.ops[at] as Op) !== Op.Call) return false;
    const name = calledName(fn, op);
    if (isPreparing(name)) return false;
    for (const [j, e] of readList(file, b).entries()) {
      if (!isPointerTo(file, e, v)) continue;
      const callee = name === '' ? null : this.cx.analysis.program.resolve(name, file);
      if (callee === null || this.cx.analysis.model.helpers.has(name)) {
        if (SHOWS.test(name)) return true;
      } else if (depth > 0 && this.isShownIn(callee, j, depth - 1)) return true;
    }
    return false;
  }

  private isShownIn(fn: FunctionRef, parameter: number, depth: number): boolean {
    const key = `${fn.id},${parameter}`;
    const known = this.shown.get(key);
    if (known !== undefined) return known;
    this.shown.set(key, false);
    const shown = operationsOf(fn).some((op) => this.isShownAt(fn, op, parameter, depth));
    this.shown.set(key, shown);
    return shown;
  }
}

/** What a place lies in, without following a pointer that was loaded. */
export function ownRoot(terms: Terms, place: number): number {
  let at = place;
  for (;;) {
    switch (terms.kind(at)) {
      case T.FieldP:
      case T.FieldL:
      case T.DerefL:
      case T.Addr:
      case T.Container:
      case T.Elem:
        at = terms.a(at);
        break;
      default:
        return at;
    }
  }
}

/** How something came into being. */
function madeWords(fn: FunctionRef, op: number): string {
  return NEW_INODE.test(calledName(fn, op)) ? 'new, and others wait for it: found or made' : 'made';
}

/** Whether a place is not a variable. */
function isMemory(fn: FunctionRef, e: number): boolean {
  return (fn.file.exprs[e * EXPR_STRIDE] as X) !== X.Local;
}

/** Whether a temporary is an error in a pointer. */
function isError(fn: FunctionRef, holder: number): boolean {
  const { file } = fn;
  const first = fnColumn(file, fn.index, Fn.FirstOp);
  return operationsOf(fn).some((op) => {
    const at = (first + op) * OP_STRIDE;
    return (
      (file.ops[at] as Op) === Op.Call &&
      file.ops[at + 3] === -2 - holder &&
      /^(ERR_PTR|ERR_CAST)$/.test(calledName(fn, op))
    );
  });
}
