/**
 * What is known at a position: the contexts there, and what the name under the pointer means. Joins what the views say of
 * contexts, calls and methods with the order of locks that the rules go by. One function is walked for an answer; what is asked of
 * a whole unit is put together once for each analysis.
 */

import type { CallEffect, HoverAnswer, HoverSubject, LockCard, MethodContract } from './base/hover.js';
import type { Analysis } from './contexts/analysis.js';
import { withoutComments } from './contexts/callers.js';
import { blockOf, fnColumn, graphOf, isDamaged } from './contexts/cfg.js';
import { functionAt, operationAt, type PointState, pointsIn, statesAt } from './contexts/query.js';
import { unknownsOf } from './contexts/unknowns.js';
import { columnAt, type FileFacts, Fn, lineAt, OP_STRIDE } from './facts/encode.js';
import { orderOf } from './lock-orders.js';
import { isStateKind } from './model/lock-kinds.js';
import { type FunctionRef, unitOf } from './program/program.js';
import {
  functionEffect,
  helperEffect,
  pointerEffect,
  saysSomething,
  unknownEffect,
} from './views/call-effect.js';
import { contractOf } from './views/contract.js';
import { type Meaning, meaningAt, type Token, tokenAt } from './views/hover-subject.js';
import { type CardSubject, lockCard } from './views/lock-card.js';
import { placed } from './views/placed.js';

/** Locks of one call that a card is made of. */
const MOST_LOCKS = 2;
/** Fillers of a slot that are asked what they do. */
const MOST_FILLERS = 12;

/** Where is asked, and what is looked at. */
export interface HoverPlace {
  readonly analysis: Analysis;
  readonly file: FileFacts;
  /** The text as people see it. */
  readonly text: string;
  /** 1-based; the column in UTF-16 units. */
  readonly line: number;
  readonly column: number;
  /** The configuration has the line in it. */
  readonly built: boolean;
}

/** All that is known at a position; null where no code stands. */
export function hoverAt(place: HoverPlace): HoverAnswer | null {
  const { analysis, file, line, column, built } = place;
  const text = codeOf(file, place.text);
  const start = file.lineStarts[line - 1];
  if (start === undefined) return null;
  const offset = start + column - 1;
  const end = file.lineStarts[line] ?? text.length + 1;
  if (offset >= end || /^\s*$/.test(text.charAt(offset)) || isDirective(text.slice(start, end))) return null;
  const token = tokenAt(text, offset);
  const fn = functionAt(analysis.program.functions, file.path, line);
  const meaning = token === null ? null : meaningAt(analysis, file, text, token, fn);
  const subject = token === null || meaning === null ? null : new Subject(place, text, token, fn);
  const said = meaning === null ? null : (subject?.of(meaning) ?? null);
  // A line of nothing but braces runs nothing
  if (said === null && (fn === null || !/\w/.test(text.slice(start, end)))) return null;
  const contexts =
    fn === null ? [] : contextsOf(analysis, fn, subject?.states(line, column) ?? null, line, column);
  return {
    version: 1,
    file: file.path,
    line,
    function: fn?.name ?? '',
    damaged: fn !== null && isDamaged(fn),
    ...(built ? {} : { notBuilt: true as const }),
    atEntry: fn !== null && operationOn(fn, line, column) < 0,
    contexts,
    unknowns: fn === null ? [] : unknownsOf(analysis, fn),
    subject: said,
  };
}

/** Whether an operation begins on a line of a file: then the line is built. */
export function runsAt(analysis: Analysis, path: string, line: number): boolean {
  const fn = functionAt(analysis.program.functions, path, line);
  if (fn === null) return false;
  const { file, index } = fn;
  const [from, to] = [file.lineStarts[line - 1] ?? 0, file.lineStarts[line] ?? Number.POSITIVE_INFINITY];
  const base = fnColumn(file, index, Fn.Start);
  const first = fnColumn(file, index, Fn.FirstOp);
  for (let o = 0; o < fnColumn(file, index, Fn.OpCount); o++) {
    const start = base + (file.ops[(first + o) * OP_STRIDE + 5] as number);
    if (start >= from && start < to) return true;
  }
  return false;
}

/** Contexts at a position; `walked`: states of the walk that was made for what stands there. */
function contextsOf(
  analysis: Analysis,
  fn: FunctionRef,
  walked: { readonly op: number; readonly states: readonly PointState[] } | null,
  line: number,
  column: number,
): HoverAnswer['contexts'] {
  const op = walked?.op ?? operationOn(fn, line, column);
  const states =
    op < 0 ? null : (walked?.states ?? statesAt(analysis, fn, new Set([op]), op).before.get(op) ?? []);
  return pointsIn(analysis, fn, states).map((point) => placed(analysis, point));
}

/** The operation that a position stands for; -1 in the head of a function: that is where it is entered. */
function operationOn(fn: FunctionRef, line: number, column: number): number {
  const graph = graphOf(fn.file, fn.index);
  const start = lineAt(fn.file.lineStarts, fnColumn(fn.file, fn.index, Fn.NameStart));
  return line <= start ? -1 : operationAt(fn, line, column, graph.order, graph.blockStart);
}

/** A directive, or an arm of one that goes on. */
function isDirective(row: string): boolean {
  return /^\s*#/.test(row);
}

/** The text of a file with comments and strings blank; made once for each text. */
function codeOf(file: FileFacts, text: string): string {
  const known = CODE.get(file);
  if (known !== undefined) return known;
  const code = withoutComments(text);
  CODE.set(file, code);
  return code;
}

const CODE = new WeakMap<FileFacts, string>();

/** What is said of one name. */
class Subject {
  private walked: { readonly op: number; readonly states: readonly PointState[] } | null = null;

  constructor(
    private readonly place: HoverPlace,
    private readonly text: string,
    private readonly token: Token,
    private readonly fn: FunctionRef | null,
  ) {}

  /** States at the position, where they were met on the way. */
  states(
    line: number,
    column: number,
  ): { readonly op: number; readonly states: readonly PointState[] } | null {
    const { fn, walked } = this;
    return fn !== null && walked !== null && walked.op === operationOn(fn, line, column) ? walked : null;
  }

  of(meaning: Meaning): HoverSubject | null {
    const { analysis } = this.place;
    switch (meaning.kind) {
      case 'call':
        return this.call(meaning.op, this.effectOf(meaning), [], this.lockArgument(meaning));
      case 'guard':
        return this.call(meaning.op, null, []);
      case 'pointer':
        return this.pointer(meaning);
      case 'function':
        return this.function(meaning.fn, meaning.isDefinition);
      case 'helper': {
        const helper = analysis.model.helpers.get(meaning.name);
        return helper === undefined ? null : this.said('call', helperEffect(helper, null), [], []);
      }
      case 'slot': {
        const contract = this.contract(meaning.slot.struct, meaning.slot.slot);
        return contract === null ? null : this.said('method', null, [contract], []);
      }
      case 'lock': {
        const { lock } = meaning;
        const card = this.card({ ...lock, verb: 'is', expression: '', mode: 'exclusive' });
        return this.said('lock', null, [], [card]);
      }
      default:
        return meaning satisfies never;
    }
  }

  private said(
    kind: HoverSubject['kind'],
    effect: CallEffect | null,
    contracts: readonly MethodContract[],
    locks: readonly LockCard[],
  ): HoverSubject {
    const { lineStarts } = this.place.file;
    const { name, start, end } = this.token;
    const line = lineAt(lineStarts, start);
    const column = columnAt(lineStarts, start);
    return { kind, name, range: { line, column, endColumn: column + end - start }, effect, contracts, locks };
  }

  private effectOf({ target }: Meaning & { readonly kind: 'call' }): CallEffect | null {
    const { analysis } = this.place;
    const args = argumentsAt(this.text, this.token.end);
    switch (target.kind) {
      case 'helper':
        return helperEffect(target.helper, args);
      case 'function': {
        const effect = functionEffect(analysis, target.fn, args);
        // Of a macro that does nothing to locks there is nothing to say
        return target.fn.isMacro && !saysSomething(effect) ? null : effect;
      }
      case 'renamed': {
        const helper = analysis.model.helpers.get(target.name);
        return helper === undefined ? null : helperEffect(helper, args);
      }
      case 'itself':
        return this.fn === null ? null : functionEffect(analysis, this.fn, args);
      default:
        return isValue(analysis, this.place.file, this.token.name) ? null : unknownEffect();
    }
  }

  /** The argument that is the lock itself, as it is written: `&sbi->lock` of `spin_lock(&sbi->lock)`; '' where there is none. */
  private lockArgument({ target }: Meaning & { readonly kind: 'call' }): string {
    if (target.kind !== 'helper') return '';
    const { params, acquires, releases } = target.helper;
    const at = params.indexOf((acquires?.[0] ?? releases?.[0])?.lock ?? '');
    const written = argumentsAt(this.text, this.token.end)?.[at] ?? '';
    return written.length < 60 ? written : '';
  }

  private call(
    op: number,
    effect: CallEffect | null,
    contracts: readonly MethodContract[],
    written = '',
  ): HoverSubject | null {
    const found = this.locksOf(op);
    const locks = found.map((subject) =>
      this.card(found.length === 1 && written !== '' ? { ...subject, expression: written } : subject),
    );
    return effect === null && locks.length === 0 && contracts.length === 0
      ? null
      : this.said('call', effect, contracts, locks);
  }

  private pointer({ op, struct, slot }: Meaning & { readonly kind: 'pointer' }): HoverSubject | null {
    const { analysis } = this.place;
    const contract = this.contract(struct, slot);
    if (contract !== null) return this.call(op, null, [contract]);
    const { program } = analysis;
    const fillers = new Set<FunctionRef>();
    for (const f of program.slotFillers(struct, slot)) {
      const target = f.file.path.startsWith(this.unit) ? program.resolve(f.target, f.file) : null;
      if (target !== null && fillers.size < MOST_FILLERS) fillers.add(target);
    }
    const effect = fillers.size === 0 ? unknownEffect() : pointerEffect(analysis, [...fillers]);
    return this.call(op, effect, []);
  }

  private function(fn: FunctionRef, isDefinition: boolean): HoverSubject | null {
    const { analysis } = this.place;
    const contracts = new Map<string, MethodContract>();
    for (const { struct, slot } of analysis.program.slotsOf(fn)) {
      const contract = this.contract(struct, slot);
      if (contract !== null) contracts.set(`${struct}::${slot}`, contract);
    }
    const effect = functionEffect(analysis, fn, null);
    if (contracts.size > 0)
      return this.said('method', isDefinition ? effect : null, [...contracts.values()], []);
    return saysSomething(effect) || !fn.isMacro ? this.said('function', effect, [], []) : null;
  }

  private contract(struct: string, method: string): MethodContract | null {
    const { model } = this.place.analysis;
    const entry = model.methods.get(`${struct}::${method}`);
    return entry === undefined ? null : contractOf(entry, model.version);
  }

  private get unit(): string {
    // What a header declares for the whole kernel belongs to no unit
    return this.fn?.unit ?? unitOf(this.place.file.path);
  }

  private card(subject: CardSubject): LockCard {
    const { analysis, file } = this.place;
    return lockCard(analysis, orderOf(analysis, this.unit), subject, {
      fn: this.fn,
      unit: this.unit,
      file: file.path,
    });
  }

  /** The locks that a call takes or gives back, seen from the states around it. */
  private locksOf(op: number): readonly CardSubject[] {
    const { fn } = this;
    const { analysis } = this.place;
    if (fn === null || analysis.propagation === null) return [];
    const graph = graphOf(fn.file, fn.index);
    const next = op + 1;
    if (next >= graph.opCount || blockOf(graph, next) !== blockOf(graph, op)) return [];
    const at = operationOn(fn, this.place.line, this.place.column);
    const { before } = statesAt(analysis, fn, new Set([op, next, at]), next);
    const here = before.get(at);
    this.walked = here === undefined ? null : { op: at, states: here };
    const [old, now] = [sure(before.get(op) ?? []), sure(before.get(next) ?? [])];
    const out = new Map<string, CardSubject>();
    const has = (s: PointState, l: PointState['locks'][number]): boolean =>
      s.locks.some((x) => x.lock.place === l.lock.place && x.lock.kind === l.lock.kind);
    const add = (l: PointState['locks'][number], verb: CardSubject['verb']): void => {
      const { lock } = l;
      if (isStateKind(lock.kind) || lock.kind === 'completion' || out.has(l.text) || out.size >= MOST_LOCKS)
        return;
      const text = l.text.startsWith('*')
        ? l.text.slice(1)
        : /^\w+$/.test(l.text) && !l.text.includes('?')
          ? l.text
          : `&${l.text}`;
      out.set(l.text, {
        class: lock.class,
        kind: lock.kind,
        verb,
        expression: l.text.includes('?') ? '' : text,
        mode: lock.shared ? 'shared' : 'exclusive',
      });
    };
    for (const s of now)
      for (const l of s.locks)
        if (l.lock.op === op && l.lock.fn === fn.id)
          add(l, now.every((other) => has(other, l)) ? 'takes' : 'tries');
    for (const s of old)
      for (const l of s.locks) if (!now.some((other) => has(other, l))) add(l, 'gives back');
    const gone = old.flatMap((s) => s.released);
    for (const s of now)
      for (const lock of s.released)
        if (!gone.some((r) => r.place === lock.place && r.kind === lock.kind))
          add({ lock, text: analysis.propagation.show(fn.id, lock.place), fromCaller: true }, 'gives back');
    return [...out.values()];
  }
}

/** What is not in doubt; else all. */
function sure(states: readonly PointState[]): readonly PointState[] {
  const out = states.filter((s) => !s.doubt);
  return out.length > 0 ? out : states;
}

/** A macro or builtin that is a value, as `container_of()`: nobody asks what it does. */
function isValue(analysis: Analysis, file: FileFacts, name: string): boolean {
  if (/^[A-Z0-9_]+$/.test(name) || name.startsWith('__builtin')) return true;
  return analysis.program.macro(name, file) !== null;
}

/** The arguments of a call whose callee's name ends at an offset, as they are written. */
function argumentsAt(text: string, end: number): readonly string[] | null {
  const open = /^\s*\(/.exec(text.slice(end, end + 20));
  if (open === null) return null;
  const out: string[] = [];
  let depth = 0;
  let from = end + open[0].length;
  for (let at = from; at < Math.min(text.length, end + 2000); at++) {
    const c = text.charAt(at);
    if (c === '(' || c === '[' || c === '{') depth++;
    else if (depth > 0 && (c === ')' || c === ']' || c === '}')) depth--;
    else if (depth === 0 && (c === ',' || c === ')')) {
      out.push(text.slice(from, at).replace(/\s+/g, ' ').trim());
      from = at + 1;
      if (c === ')') return out;
    }
  }
  return null;
}
