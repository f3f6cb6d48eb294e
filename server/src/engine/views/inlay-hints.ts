/**
 * What is held, in short, at the heads of functions and behind their statements. A function is walked once for all of its
 * hints. Must not know editors; the words are those of `short-state.ts`, the longer card those of the hover.
 */
import { type CancelToken, throwIfCancelled } from '../base/cancel.js';
import type { HoverGroup, InlayHint } from '../base/hover.js';
import type { Analysis } from '../contexts/analysis.js';
import { withoutComments } from '../contexts/callers.js';
import { blockOf, fnColumn, type Graph, graphOf } from '../contexts/cfg.js';
import { type PointState, pointsIn, statesAt, type WalkedStates } from '../contexts/query.js';
import { type FileFacts, Fn, lineAt, OP_STRIDE, Op } from '../facts/encode.js';
import type { FunctionRef } from '../program/program.js';
import { groupsOf } from './hover-card.js';
import { placed } from './placed.js';
import { shortStates } from './short-state.js';

/** Which hints are wanted: lines are 1-based and inclusive. */
export interface HintQuery {
  readonly file: string;
  readonly firstLine: number;
  readonly lastLine: number;
  readonly mode: 'changes' | 'all';
}

/** The hints of some lines, in the order of the text. */
export function inlayHints(
  analysis: Analysis,
  text: string,
  { file: path, firstLine, lastLine, mode }: HintQuery,
  token: CancelToken,
): readonly InlayHint[] {
  const out: InlayHint[] = [];
  for (const fn of analysis.program.functions) {
    if (fn.file.path !== path || fn.isMacro || analysis.results[fn.id] === undefined) continue;
    const { file, index } = fn;
    const begin = lineAt(file.lineStarts, fnColumn(file, index, Fn.NameStart));
    const end = lineAt(file.lineStarts, fnColumn(file, index, Fn.End));
    if (end < firstLine || begin > lastLine) continue;
    throwIfCancelled(token);
    for (const hint of hintsOf(analysis, fn, text, mode))
      if (hint.line >= firstLine && hint.line <= lastLine) out.push(hint);
  }
  return out.sort((a, b) => a.line - b.line);
}

const HINTS = new WeakMap<Analysis, Map<string, readonly InlayHint[]>>();

/** All hints of a function; made once for each analysis. */
function hintsOf(
  analysis: Analysis,
  fn: FunctionRef,
  text: string,
  mode: HintQuery['mode'],
): readonly InlayHint[] {
  const known = HINTS.get(analysis) ?? new Map<string, readonly InlayHint[]>();
  HINTS.set(analysis, known);
  const key = `${mode} ${fn.id}`;
  let hints = known.get(key);
  if (hints === undefined) {
    hints = new FunctionHints(analysis, fn, text, mode).all();
    known.set(key, hints);
  }
  return hints;
}

/** States with what they are called in short. */
interface Told {
  readonly groups: readonly HoverGroup[];
  readonly label: string;
}

const NOTHING: Told = { groups: [], label: '' };

/** The hints of one function. */
class FunctionHints {
  private readonly file: FileFacts;
  private readonly graph: Graph;
  private readonly first: number;
  private readonly base: number;
  private readonly states: WalkedStates;
  /** The function's text, comments blank. */
  private readonly code: string;
  private readonly byLine = new Map<number, InlayHint>();
  private readonly told = new Map<string, Told>();
  /** Branches of conditions that were looked at. */
  private readonly parts = new Set<number>();

  constructor(
    private readonly analysis: Analysis,
    private readonly fn: FunctionRef,
    private readonly text: string,
    private readonly mode: HintQuery['mode'],
  ) {
    this.file = fn.file;
    this.graph = graphOf(fn.file, fn.index);
    this.first = fnColumn(fn.file, fn.index, Fn.FirstOp);
    this.base = fnColumn(fn.file, fn.index, Fn.Start);
    this.code = withoutComments(text.slice(this.base, fnColumn(fn.file, fn.index, Fn.End)));
    this.states = statesAt(analysis, fn, new Set(Array.from({ length: this.graph.opCount }, (_, o) => o)));
  }

  all(): readonly InlayHint[] {
    this.entry();
    const { opCount } = this.graph;
    for (let o = 0; o < opCount; o++) this.statement(o, this.kind(o));
    // What a condition makes of a call in it says more than the call
    for (let o = 0; o < opCount; o++) if (this.kind(o) === Op.Branch) this.branch(o);
    this.labels();
    return [...this.byLine.values()].sort((a, b) => a.line - b.line);
  }

  private kind(o: number): Op {
    return this.file.ops[(this.first + o) * OP_STRIDE] as Op;
  }

  /** Offset in the function's text at which an operation begins, or ends. */
  private offset(o: number, end: boolean): number {
    return this.file.ops[(this.first + o) * OP_STRIDE + (end ? 6 : 5)] as number;
  }

  private lineOf(offset: number): number {
    return lineAt(this.file.lineStarts, this.base + Math.max(0, offset));
  }

  private put(line: number, label: string, at: InlayHint['at'], states: InlayHint['states']): void {
    const start = this.file.lineStarts[line - 1] as number;
    const next = this.file.lineStarts[line] ?? this.text.length + 1;
    const column = this.text.slice(start, next).trimEnd().length + 1;
    this.byLine.set(line, { line, column, label, at, function: this.fn.name, states });
  }

  /** What some states are; equal ones are put together once. */
  private tell(states: readonly PointState[] | undefined): Told {
    if (states === undefined || states.length === 0) return NOTHING;
    const key = states.map(stateKey).sort().join('\n');
    let told = this.told.get(key);
    if (told === undefined) {
      const groups = groupsOf(pointsIn(this.analysis, this.fn, states).map((p) => placed(this.analysis, p)));
      told = { groups, label: shortStates(groups) };
      this.told.set(key, told);
    }
    return told;
  }

  /** What holds when the function is entered, behind its parameters. */
  private entry(): void {
    const points = pointsIn(this.analysis, this.fn, null);
    const groups = groupsOf(points.map((p) => placed(this.analysis, p)));
    if (groups.length === 0) return;
    const unknown = groups.every((g) => g.reached.every((r) => r.entry === null));
    const empty =
      unknown && groups.every((g) => g.held.length === 0 && g.rcu === 'none' && g.maySleep === true);
    const label = empty ? 'entry: not known' : `entry: ${shortStates(groups)}`;
    const name = fnColumn(this.file, this.fn.index, Fn.NameStart) - this.base;
    const open = this.code.indexOf('(', name);
    const brace = this.code.indexOf('{', name);
    const close = this.code.lastIndexOf(')', brace < 0 ? this.code.length : brace);
    this.put(this.lineOf(close > open ? close : name), label, 'entry', [groups]);
  }

  /** The operation that runs right behind one, in any case; -1 where there is none. */
  private next(o: number): number {
    const { graph } = this;
    return o + 1 < graph.opCount && blockOf(graph, o + 1) === blockOf(graph, o) ? o + 1 : -1;
  }

  private statement(o: number, op: Op): void {
    const next = this.next(o);
    if (next < 0 || op === Op.Branch || op === Op.Return) return;
    // What ends with the function, or is declared and nothing else, changes nothing for a line below
    if (op === Op.Cleanup && this.leaves(next)) return;
    if (op === Op.Declare && (this.file.ops[(this.first + o) * OP_STRIDE + 2] as number) < 0) return;
    const after = this.tell(this.states.before.get(next));
    if (after.label === '') return;
    if (this.mode === 'changes' && this.tell(this.states.before.get(o)).label === after.label) return;
    this.put(this.lineOf(this.offset(o, true) - 1), after.label, 'after', [after.groups]);
  }

  private leaves(o: number): boolean {
    const kind = this.kind(o);
    if (kind === Op.Return) return true;
    const next = kind === Op.Cleanup ? this.next(o) : -1;
    return next >= 0 && this.leaves(next);
  }

  /** A condition whose sides differ in what is held: said where it ends. */
  private branch(o: number): void {
    if (this.parts.has(o)) return;
    const condition = this.conditionFrom(o);
    const last = condition[condition.length - 1] as number;
    const sides = new Map<number, PointState[]>();
    const inner = new Set(condition.slice(1).map((part) => blockOf(this.graph, part)));
    for (const part of condition) {
      this.parts.add(part);
      for (const [column, states] of [
        [2, this.states.ifTrue.get(part)],
        [3, this.states.ifFalse.get(part)],
      ] as const) {
        const target = this.file.ops[(this.first + part) * OP_STRIDE + column] as number;
        if (!inner.has(target)) sides.set(target, [...(sides.get(target) ?? []), ...(states ?? [])]);
      }
    }
    const line = this.lineOf(this.offset(last, true) - 1);
    const [yes, no] = [...sides].sort(([a], [b]) => a - b).map(([, states]) => this.tell(states));
    // The side that is true has its block first, but where a loop is tested at its end
    const told = sides.size === 2 && !/\}\s*while\b/.test(this.row(line));
    if (told && yes !== undefined && no !== undefined && yes.label !== no.label && yes.label && no.label)
      this.put(line, `true: ${yes.label} \u00b7 false: ${no.label}`, 'sides', [yes.groups, no.groups]);
    else if (this.mode === 'all') {
      const here = this.tell(this.states.before.get(o));
      if (here.label !== '') this.put(line, here.label, 'after', [here.groups]);
    }
  }

  /** The branches of one condition, `a && b`, that begins with a branch, in the order of the text. */
  private conditionFrom(o: number): readonly number[] {
    const out = [o];
    for (const part of out) {
      const end = this.offset(part, true);
      for (const column of [2, 3]) {
        const block = this.file.ops[(this.first + part) * OP_STRIDE + column] as number;
        const last = (this.graph.blockStart[block + 1] as number) - 1;
        if (last < 0 || this.kind(last) !== Op.Branch || out.includes(last)) continue;
        const begin = this.offset(this.graph.blockStart[block] as number, false);
        const between = this.code.slice(end, Math.max(begin, end));
        if (begin >= end && /&&|\|\|/.test(between) && !/[{};]|\bif\b|\bwhile\b/.test(between))
          out.push(last);
      }
    }
    return out;
  }

  private row(line: number): string {
    const start = (this.file.lineStarts[line - 1] as number) - this.base;
    const next = this.file.lineStarts[line];
    return this.code.slice(Math.max(0, start), next === undefined ? undefined : next - this.base);
  }

  /** What is held where gotos meet, where that is not what the line above says. */
  private labels(): void {
    const starts = Array.from({ length: this.graph.opCount }, (_, o) => o)
      .filter((o) => this.states.before.has(o))
      .sort((a, b) => this.offset(a, false) - this.offset(b, false));
    for (const match of this.code.matchAll(/^[ \t]*([A-Za-z_]\w*)[ \t]*:(?!:)/gm)) {
      if (match[1] === 'default' || match[1] === 'case') continue;
      const end = match.index + match[0].length;
      const line = this.lineOf(end - 1);
      const next = starts.find((o) => this.offset(o, false) >= end);
      if (next === undefined || this.byLine.has(line)) continue;
      const here = this.tell(this.states.before.get(next));
      const above = [...this.byLine.values()].filter((h) => h.line < line).sort((a, b) => b.line - a.line)[0];
      if (here.label === '' || above?.label.replace(/^entry: /, '') === here.label) continue;
      this.put(line, here.label, 'after', [here.groups]);
    }
  }
}

/** What tells the states of one walk apart, as far as contexts hang on it. */
function stateKey(s: PointState): string {
  const lock = (l: { readonly place: number; readonly kind: string; readonly may: boolean }): string =>
    `${l.place}${l.kind}${l.may ? '?' : ''}`;
  const locks = s.locks.map((l) => `${lock(l.lock)}${l.lock.shared ? 's' : ''}${l.lock.op}${l.text}`);
  const again = s.retaken.map((l) => `${lock(l)}${l.op}`);
  return `${locks.join()}|${s.released.map(lock).join()}|${again.join()}|${s.facts.join()}|${s.doubt}`;
}
