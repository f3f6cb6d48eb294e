/**
 * What a call amounts to, in phrases: of a helper as the model states it, of a function as the analysis found it. Says what is
 * seen and no more: a sleep that nobody saw is not a promise. Must not know Markdown beyond code marks, nor editors.
 */

import type { CallEffect, NamedPlace } from '../base/hover.js';
import type { Analysis } from '../contexts/analysis.js';
import { blockOf, fnColumn, graphOf, isDamaged, reachedFrom } from '../contexts/cfg.js';
import { NEGATIVE, POSITIVE, ZERO } from '../contexts/known.js';
import { parameterName } from '../contexts/propagate.js';
import type { Exit, FunctionResult } from '../contexts/result.js';
import type { Lock } from '../contexts/state.js';
import { RESULT } from '../contexts/translate.js';
import { callsWithoutEffect } from '../contexts/unknowns.js';
import { EXPR_STRIDE, Fn, lineAt, OP_STRIDE, Op, X } from '../facts/encode.js';
import { isStateKind, namelessInSentence } from '../model/lock-kinds.js';
import type { HelperEntry } from '../model/types.js';
import { type FunctionRef, readList } from '../program/program.js';
import { helperEffects, helperSleeps } from './contract.js';

/** Objects of one kind of effect that are named; the rest are counted. */
const MOST_NAMED = 3;
/** A place that is longer than this goes by its class, or its type. */
const LONGEST_PLACE = 36;
/** An argument longer than this stays the name of the parameter. */
const LONGEST_ARGUMENT = 28;

/** Where a function is defined. */
export function placeOfFunction(fn: FunctionRef): NamedPlace {
  const { file, index, name } = fn;
  return { name, file: file.path, line: lineAt(file.lineStarts, fnColumn(file, index, Fn.NameStart)) };
}

/** Where an operation of a function stands, under the function's name. */
export function placeOfOperation(fn: FunctionRef, op: number): NamedPlace {
  const { file, index, name } = fn;
  if (op < 0 || op >= fnColumn(file, index, Fn.OpCount)) return placeOfFunction(fn);
  const at = (fnColumn(file, index, Fn.FirstOp) + op) * OP_STRIDE;
  const offset = fnColumn(file, index, Fn.Start) + (file.ops[at + 5] as number);
  return { name, file: file.path, line: lineAt(file.lineStarts, offset) };
}

/** A helper as the model states it. `args`: the arguments as they are written, where it is a call. */
export function helperEffect(helper: HelperEntry, args: readonly string[] | null): CallEffect {
  return {
    from: 'model',
    summary: helper.summary,
    phrases: [helperSleeps(helper), ...helperEffects(helper)].map((p) =>
      withArguments(p, helper.params, args),
    ),
    targets: [],
    unknownCalls: [],
    partial: false,
  };
}

/** A call of which nobody knows what it does. */
export function unknownEffect(): CallEffect {
  return { from: 'unknown', summary: '', phrases: [], targets: [], unknownCalls: [], partial: false };
}

/** A call through a pointer that may lead to any of some functions: what all of them do. */
export function pointerEffect(analysis: Analysis, targets: readonly FunctionRef[]): CallEffect {
  const all = targets.map((fn) => functionEffect(analysis, fn, null));
  const [first] = all;
  const phrases = (first?.phrases ?? []).filter((p) => all.every((other) => other.phrases.includes(p)));
  return {
    from: 'pointer',
    summary: '',
    phrases: phrases.map((p) => (targets.length === 1 ? p : `each ${p}`)),
    targets: targets.map(placeOfFunction),
    unknownCalls: [],
    partial: all.some((one) => one.partial || one.unknownCalls.length > 0),
  };
}

/** A function of the program, as it was found to do. */
export function functionEffect(
  analysis: Analysis,
  fn: FunctionRef,
  args: readonly string[] | null,
): CallEffect {
  const result = analysis.results[fn.id];
  const targets = fn.isMacro ? [] : [placeOfFunction(fn)];
  if (result === undefined) return { ...unknownEffect(), targets };
  const params = Array.from({ length: fnColumn(fn.file, fn.index, Fn.ParameterCount) }, (_, p) =>
    parameterName(fn, p),
  );
  const locks = lockPhrases(analysis, fn, result);
  const sleep = sleepPhrase(result);
  const phrases = [
    ...(locks.length === 0 && sleep === NO_SLEEP ? [NOTHING_SEEN] : [...locks, sleep]),
    ...freePhrases(analysis, fn, result),
    ...handlingPhrases(analysis, fn),
    ...(result.grace ? ['waits for a grace period'] : []),
    ...(result.returns ? [] : ['does not return']),
  ];
  return {
    from: 'inferred',
    summary: '',
    phrases: phrases.map((p) => withArguments(p, params, args)),
    targets,
    unknownCalls: callsWithoutEffect(analysis, fn),
    partial: result.widened || isDamaged(fn),
  };
}

/** Whether there is something to say of an effect besides that nothing was seen. */
export function saysSomething(effect: CallEffect): boolean {
  return (
    effect.from !== 'inferred' ||
    effect.unknownCalls.length > 0 ||
    effect.phrases.some((p) => p !== NOTHING_SEEN)
  );
}

const NO_SLEEP = 'no sleep seen in it';
const NOTHING_SEEN = 'no lock and no sleep seen in it';

function sleepPhrase(result: FunctionResult): string {
  const { sleeps } = result;
  const sure = sleeps.find((s) => s.certain && s.facts.length === 0 && s.memory.length === 0 && !s.guarded);
  const one = sure ?? sleeps[0];
  if (one === undefined) return NO_SLEEP;
  const inside = /^\w+$/.test(one.what) ? `\`${one.what}()\`` : `\`${one.what}\``;
  if (sure !== undefined) return `sleeps, in ${inside}`;
  return sleeps.every((s) => s.facts.length > 0)
    ? `may sleep, in ${inside}, depending on its arguments`
    : `may sleep, in ${inside}`;
}

function lockPhrases(analysis: Analysis, fn: FunctionRef, result: FunctionResult): readonly string[] {
  const sure = result.exits.filter((e) => !e.doubt);
  const exits = sure.length > 0 ? sure : result.exits;
  const name = (l: Lock): string =>
    `${lockName(analysis, fn, l)}${l.shared && !isStateKind(l.kind) ? ' shared' : ''}`;
  const acquired = byCondition(exits, (e) => e.locks, name);
  const released = byCondition(exits, (e) => e.released, name);
  const inside = result.takes
    .filter((t) => !t.lastRef && ![...acquired.keys(), ...released.keys()].includes(name(t.lock)))
    .map((t) => name(t.lock));
  const held = [...new Set(result.asserted.map(name))];
  const out: string[] = [];
  if (held.length > 0) out.push(`needs ${some(held)} held`);
  for (const [verb, map] of [
    ['acquires', acquired],
    ['releases', released],
  ] as const) {
    const groups = new Map<string, string[]>();
    for (const [lock, when] of map) groups.set(when, [...(groups.get(when) ?? []), lock]);
    for (const [when, locks] of groups) out.push(`${verb} ${some(locks)}${when === '' ? '' : `, ${when}`}`);
  }
  const within = [...new Set(inside)];
  if (within.length > 0) out.push(`takes and gives back ${some(within)}`);
  return out;
}

/** Locks of the ways out, each with the condition on what is returned under which it is there. */
function byCondition(
  exits: readonly Exit[],
  of: (e: Exit) => readonly Lock[],
  name: (l: Lock) => string,
): ReadonlyMap<string, string> {
  const out = new Map<string, string>();
  for (const exit of exits)
    for (const lock of of(exit)) {
      const key = name(lock);
      if (out.has(key)) continue;
      const has = (e: Exit): boolean => of(e).some((l) => name(l) === key && !l.may);
      const yes = exits.filter(has);
      const no = exits.filter((e) => !has(e));
      out.set(key, no.length === 0 ? '' : returning(maskOf(yes), maskOf(no)));
    }
  return out;
}

function maskOf(exits: readonly Exit[]): number {
  return exits.reduce((mask, e) => mask | e.mask, 0);
}

/** What a result tells of the ways out, where it tells them apart. */
function returning(yes: number, no: number): string {
  if (yes === 0 || (yes & no) !== 0) return 'on some paths';
  if (no === ZERO) return 'unless it returns 0';
  if (no === NEGATIVE) return 'unless it returns an error';
  if (yes === ZERO) return 'where it returns 0';
  if (yes === POSITIVE) return 'where it returns more than 0';
  return yes === NEGATIVE ? 'where it returns an error' : 'on some paths';
}

/** How a lock is called in the terms of the function that it is an effect of. */
function lockName(analysis: Analysis, fn: FunctionRef, lock: Lock): string {
  const word = namelessInSentence(lock.kind);
  if (word !== undefined) return word;
  const text = (analysis.propagation?.show(fn.id, lock.place) ?? lock.class).replaceAll(RESULT, 'result');
  return `\`${isPlain(text) || lock.class.includes('?') ? text : lock.class}\``;
}

function freePhrases(analysis: Analysis, fn: FunctionRef, result: FunctionResult): readonly string[] {
  const out = new Map<string, string>();
  for (const f of result.frees) {
    const text = analysis.propagation?.show(fn.id, f.object) ?? '?';
    const type = f.type.replace(/^struct /, '');
    const object = isPlain(text) ? text : type === '' ? '' : `struct ${type}`;
    if (object === '') continue;
    const how = f.how === 'now' ? 'at once' : f.how === 'rcu' ? 'after a grace period' : 'later';
    const sure = !f.conditional && f.facts.length === 0 && f.via < 0 && runsAlways(fn, f.op);
    const phrase = `${sure ? 'frees' : 'may free'} \`${object}\` ${f.afterGrace ? 'after a grace period' : how}`;
    if (!out.has(object)) out.set(object, phrase);
  }
  const all = [...out.values()];
  const more = all.length - MOST_NAMED;
  return more > 0 ? [...all.slice(0, MOST_NAMED), `and ${more} more that it may free`] : all;
}

/** Calls of a function's own body by which parameters of its become visible to others, or references to them come and go. */
function handlingPhrases(analysis: Analysis, fn: FunctionRef): readonly string[] {
  const { file, index } = fn;
  const found = new Map<string, Set<string>>();
  const add = (op: number, verb: keyof typeof HANDLING, object: string): void => {
    const [always, perhaps] = HANDLING[verb];
    const said = runsAlways(fn, op) ? always : perhaps;
    found.set(said, (found.get(said) ?? new Set()).add(object));
  };
  const first = fnColumn(file, index, Fn.FirstOp);
  const params = fnColumn(file, index, Fn.ParameterCount);
  for (let o = 0; o < fnColumn(file, index, Fn.OpCount); o++) {
    const at = (first + o) * OP_STRIDE;
    if ((file.ops[at] as Op) !== Op.Call) continue;
    const callee = (file.ops[at + 1] as number) * EXPR_STRIDE;
    if ((file.exprs[callee] as X) !== X.Name) continue;
    const name = file.strings[file.exprs[callee + 1] as number] ?? '';
    const helper = analysis.model.helpers.get(name);
    if (helper === undefined) continue;
    const args = readList(file, file.ops[at + 2] as number);
    const parameter = (position: number): string | null => {
      const e = (args[position] ?? -1) * EXPR_STRIDE;
      if (e < 0 || (file.exprs[e] as X) !== X.Local || (file.exprs[e + 1] as number) >= params) return null;
      return parameterName(fn, file.exprs[e + 1] as number);
    };
    for (const r of helper.references ?? []) {
      const object = parameter(helper.params.indexOf(r.object));
      if (object !== null) add(o, r.action === 'put' ? 'drop' : 'take', `\`${object}\``);
    }
    if (helper.names === 'adds') {
      const object = parameter(0) ?? parameter(1);
      if (object !== null) add(o, 'publish', `\`${object}\` (\`${name}()\`)`);
    }
  }
  return [...found].map(([verb, objects]) => `${verb} ${some([...objects])}`);
}

/** What is done to a parameter: in any case, and on some ways. */
const HANDLING = {
  drop: ['drops a reference to', 'may drop a reference to'],
  take: ['takes a reference to', 'may take a reference to'],
  publish: ['publishes', 'may publish'],
} as const;

/** Whether a function comes to an operation on every way to its end. */
function runsAlways(fn: FunctionRef, op: number): boolean {
  const graph = graphOf(fn.file, fn.index);
  const block = blockOf(graph, op);
  if (block === 0) return true;
  const first = fnColumn(fn.file, fn.index, Fn.FirstOp);
  const around = reachedFrom(graph, 0, block);
  for (const b of around) {
    const last = (graph.blockStart[b + 1] as number) - 1;
    if (b !== block && last >= 0 && (fn.file.ops[(first + last) * OP_STRIDE] as Op) === Op.Return)
      return false;
  }
  return true;
}

/** Whether a place is said in few words: a member of a member of a parameter, and no more. */
function isPlain(text: string): boolean {
  return text.length <= LONGEST_PLACE && /^[\w.>[\]-]+$/.test(text);
}

/** Some of a list, and how many more. */
function some(list: readonly string[]): string {
  const more = list.length - MOST_NAMED;
  return `${list.slice(0, MOST_NAMED).join(', ')}${more > 0 ? ` and ${more} more` : ''}`;
}

/** A phrase in terms of the arguments of a call. */
function withArguments(phrase: string, params: readonly string[], args: readonly string[] | null): string {
  if (args === null) return phrase;
  return phrase.replace(/`[^`]*`/g, (span) =>
    span.replace(/(?<!->|\.|\w)([A-Za-z_]\w*)\b(->)?/g, (whole, name: string, arrow: string | undefined) => {
      const arg = args[params.indexOf(name)];
      if (arg === undefined || arg.length > LONGEST_ARGUMENT) return whole;
      if (/^\w+(?:(?:->|\.)\w+)*$/.test(arg)) return `${arg}${arrow ?? ''}`;
      const object = /^&(\w+(?:(?:->|\.)\w+)*)$/.exec(arg)?.[1];
      if (object === undefined) return whole;
      return arrow === undefined ? arg : `${object}.`;
    }),
  );
}
