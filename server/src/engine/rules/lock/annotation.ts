/**
 * lock/annotation: what stands behind a function's parameters (`__must_hold()`, `__releases()`, `__acquires()`) and what the code does are
 * two things. Told apart where all that the function calls is known: it never releases, never takes, or gives back what it says to keep;
 * and of a caller of which all is known, that it does not hold what is asked of it. What lockdep asserts in a body is lock/not-held's.
 */

import { annotatedLocks } from '../../contexts/annotations.js';
import { fnColumn } from '../../contexts/cfg.js';
import type { Entry } from '../../contexts/entry-points.js';
import type { FunctionResult } from '../../contexts/result.js';
import type { Lock } from '../../contexts/state.js';
import { callsWithoutEffect } from '../../contexts/unknowns.js';
import { Fn, OP_STRIDE, Op } from '../../facts/encode.js';
import { type FunctionRef, readList } from '../../program/program.js';
import { comesFromMethod, holding, isAllKnown, isWhole } from '../holding.js';
import { Mentions } from '../mentions.js';
import { anyhow, OfSituations, watch } from '../replay.js';
import { type Draft, entryMethod, pathTo, type Rule, type RuleContext, step, WIDENED } from '../rule.js';

const ID = 'lock/annotation';

/** So many functions below one are asked whether all that they call is known. */
const MAX_ASKED = 200;

/** The rule. */
export const annotationRule: Rule = {
  info: {
    id: ID,
    summary: 'What a function is annotated with and what it does with the lock disagree.',
    law: '__must_hold(), __releases() and __acquires() say what callers bring and what they get back: the code does the same, and the callers bring it.',
    severity: 'warning',
    precision: 'high',
    onByDefault: true,
    fixable: false,
  },
  yieldsTo: ['lock/not-held', 'lock/imbalance'],
  check(cx) {
    const out: Draft[] = [];
    const { propagation, model, results } = cx.analysis;
    if (propagation === null) return out;
    const asserting = new Mentions(
      [...model.helpers.values()].filter((h) => h.asserts !== undefined).map((h) => h.name),
    );
    const known = new Known(cx);
    for (const fn of cx.functions) {
      if (!isAnnotated(fn)) continue;
      const result = results[fn.id];
      if (result === undefined) continue;
      if (result.widened) {
        cx.silence?.(ID, fn, -1, WIDENED);
        continue;
      }
      const words = WORDS.of(cx.analysis, fn, anyhow(result), () => wordsOf(cx, fn, anyhow(result)));
      if (words.length === 0) {
        cx.silence?.(ID, fn, -1, 'no annotation names a lock by a member of a parameter');
        continue;
      }
      out.push(...ofBody(cx, fn, result, words, known));
      if (!asserting.in(fn)) out.push(...ofCallers(cx, fn, words));
      else cx.silence?.(ID, fn, -1, 'it asserts what is held as well: lock/not-held looks at its callers');
    }
    return out;
  },
};

/** Whether something stands behind the parameters of a definition that says what is held. */
function isAnnotated(fn: FunctionRef): boolean {
  if (fn.isMacro) return false;
  const list = readList(fn.file, fnColumn(fn.file, fn.index, Fn.Annotations));
  return list.some((s, i) => i % 2 === 0 && SAYS.has(fn.file.strings[s] ?? ''));
}

/** What the words say: that a lock is brought; that it is gone after that; that it is there after that. */
interface Meaning {
  readonly brings: boolean;
  readonly keeps: boolean;
}

const SAYS: ReadonlyMap<string, Meaning> = new Map([
  ['__must_hold', { brings: true, keeps: true }],
  ['__must_hold_shared', { brings: true, keeps: true }],
  ['__releases', { brings: true, keeps: false }],
  ['__releases_shared', { brings: true, keeps: false }],
  ['__acquires', { brings: false, keeps: true }],
  ['__acquires_shared', { brings: false, keeps: true }],
]);

/** A lock that is annotated, and all that is said of it. */
interface Said {
  readonly lock: Lock;
  readonly text: string;
  readonly word: string;
  readonly brings: boolean;
  readonly keeps: boolean;
  /** What the callers' situation calls it; its place means something outside. */
  readonly place: number;
}

const WORDS = new OfSituations<readonly Said[]>('itself', 'this run');

/** The locks that the annotations name, each once: `__releases()` with `__acquires()` brings it back. */
function wordsOf(cx: RuleContext, fn: FunctionRef, entry: Entry): readonly Said[] {
  const out = new Map<number, Said>();
  let isSeen = false;
  watch(cx.analysis, fn, entry, isFirst(fn), (run) => {
    if (isSeen) return;
    isSeen = true;
    for (const { word, text, lock } of annotatedLocks(run, (w) => SAYS.has(w))) {
      const means = SAYS.get(word);
      if (means === undefined || lock === null || lock.class.startsWith('?')) continue;
      const old = out.get(lock.place);
      out.set(lock.place, {
        lock,
        text,
        word: old === undefined ? word : `${old.word} and ${word}`,
        brings: means.brings || old?.brings === true,
        keeps: means.keeps || old?.keeps === true,
        place: lock.place,
      });
    }
  });
  return [...out.values()];
}

/** Which functions are known through all that they call. */
class Known {
  private readonly whole = new Map<number, boolean>();

  constructor(private readonly cx: RuleContext) {}

  /** Whether the effect of everything that a function calls is known, however deep. */
  isWhole(fn: FunctionRef): boolean {
    let whole = this.whole.get(fn.id);
    if (whole === undefined) {
      whole = this.find(fn);
      this.whole.set(fn.id, whole);
    }
    return whole;
  }

  private find(fn: FunctionRef): boolean {
    const { results, program } = this.cx.analysis;
    const seen = new Set([fn.id]);
    for (const id of seen) {
      const at = program.functions[id];
      const result = results[id];
      if (at === undefined || result === undefined || result.widened || seen.size > MAX_ASKED) return false;
      if (result.parameterCalls.length > 0 || callsUnknown(this.cx, at)) return false;
      for (const e of result.edges) if (e.context === 'now') seen.add(e.callee);
    }
    return true;
  }
}

/** Values and tracepoints: they take and release nothing. */
const QUIET = /^(trace_\w*|__builtin_\w*|pr_\w+|WARN\w*|BUG\w*|might_\w+|likely|unlikely)\(\)$/;

function callsUnknown(cx: RuleContext, fn: FunctionRef): boolean {
  return callsWithoutEffect(cx.analysis, fn).some((name) => !QUIET.test(name));
}

function draftOf(
  fn: FunctionRef,
  op: number,
  said: Said,
  precision: Draft['precision'],
  message: string,
  trace: Draft['trace'],
  entry: Draft['entry'] = null,
): Draft {
  return {
    rule: ID,
    precision,
    certainty: 'must',
    message,
    fn: fn.id,
    op,
    entry,
    held: [],
    rcu: 'none',
    trace,
    objectClass: said.lock.class,
  };
}

// ---- what the body does

function ofBody(
  cx: RuleContext,
  fn: FunctionRef,
  result: FunctionResult,
  words: readonly Said[],
  known: Known,
): Draft[] {
  const out: Draft[] = [];
  const exits = result.rawExits.filter((e) => !e.doubt);
  if (exits.length === 0) return out;
  for (const said of words) {
    const isIt = (l: Lock): boolean =>
      l.class === said.lock.class || l.class.startsWith('?') || l.class === '';
    const has = (set: ReadonlySet<string>): boolean =>
      [...set].some(
        (key) => key.startsWith(`${said.lock.class}|`) || key.startsWith('?') || key.startsWith('|'),
      );
    const name = `'&${said.text}'`;
    const gives = exits.filter((e) => e.released.some((l) => isIt(l)));
    const first = gives[0]?.released.find((l) => l.place === said.place && !l.may);
    if (said.brings && said.keeps && !said.word.includes('__releases')) {
      // Held on return as well, says the word; what only some ways out give back is an imbalance
      if (first === undefined || gives.length < exits.length) continue;
      if (!exits.every((e) => e.released.some((l) => l.place === said.place && !l.may))) continue;
      if (exits.some((e) => e.locks.some((l) => isIt(l)))) continue;
      const op = first.fn === fn.id && first.op >= 0 ? first.op : (gives[0]?.op ?? -1);
      out.push(
        draftOf(
          fn,
          op,
          said,
          'high',
          `${said.word}(${said.text}) says that ${name} is held on return as well, and every way out has released it: '__releases' says that`,
          [step('release', fn, op, `releases ${name}`)],
        ),
      );
      continue;
    }
    const isBoth = said.brings && said.keeps;
    const never = said.brings
      ? !has(result.releases) && gives.length === 0
      : !has(result.acquires) && !exits.some((e) => e.locks.some((l) => isIt(l)));
    if (!never || (isBoth && has(result.acquires))) continue;
    if (!known.isWhole(fn)) {
      cx.silence?.(
        ID,
        fn,
        -1,
        `it calls something of which nothing is known: that may do what ${said.word} says`,
      );
      continue;
    }
    out.push(
      draftOf(
        fn,
        -1,
        said,
        'high',
        `${said.word}(${said.text}) says that ${name} is ${said.brings ? 'released' : 'taken'} here, and nothing does it`,
        [
          step(
            'access',
            fn,
            -1,
            `${said.word} is written, and no way out has ${said.brings ? 'released' : 'taken'} it`,
          ),
        ],
      ),
    );
  }
  return out;
}

// ---- what the callers bring

interface Lacking {
  readonly said: Said;
}

const LACKING = new OfSituations<readonly Lacking[]>('itself', 'this run');

/** The locks that are asked for and that a situation certainly comes without. */
function lackingIn(
  cx: RuleContext,
  fn: FunctionRef,
  entry: Entry,
  words: readonly Said[],
): readonly Lacking[] {
  const out: Lacking[] = [];
  let isSeen = false;
  watch(cx.analysis, fn, entry, isFirst(fn), (run, _, s) => {
    if (isSeen) return;
    isSeen = true;
    for (const said of words) {
      if (!said.brings) continue;
      const wanted = { place: said.place, class: said.lock.class, shared: true };
      if (holding(run, entry, s, wanted) === 'not') out.push({ said });
    }
  });
  return out;
}

/** Whether an operation is among those that run when the function is entered. */
function isFirst(fn: FunctionRef): (op: number) => boolean {
  const first = firstOf(fn);
  return (op) => op <= first;
}

/** The first operation that is shown: declarations without a value are. */
function firstOf(fn: FunctionRef): number {
  const first = fnColumn(fn.file, fn.index, Fn.FirstOp);
  const count = fnColumn(fn.file, fn.index, Fn.OpCount);
  for (let op = 0; op < count; op++) {
    if ((fn.file.ops[(first + op) * OP_STRIDE] as Op) !== Op.Declare) return op;
  }
  return 0;
}

function ofCallers(cx: RuleContext, fn: FunctionRef, words: readonly Said[]): Draft[] {
  const out: Draft[] = [];
  const { propagation, program } = cx.analysis;
  const seen = new Set<string>();
  for (const [i, entry] of (propagation?.entries[fn.id] ?? []).entries()) {
    if (!isAllKnown(entry) || entry.walk || !isWhole(cx.analysis, fn.id, entry)) {
      cx.silence?.(ID, fn, -1, 'of one way to it not all is known: whoever calls may hold the lock');
      continue;
    }
    const origin = propagation?.origins[entry.origins[0] ?? -1];
    if (origin?.struct === 'seq_operations') continue;
    const caller = entry.caller < 0 ? fn : program.functions[entry.caller];
    const op = entry.caller < 0 ? -1 : entry.op;
    if (caller === undefined) continue;
    for (const { said } of LACKING.of(cx.analysis, fn, entry, () => lackingIn(cx, fn, entry, words))) {
      const key = `${caller.id},${op},${said.place}`;
      if (seen.has(key)) continue;
      seen.add(key);
      const others = (propagation?.entries[fn.id] ?? []).some(
        (e) =>
          e !== entry &&
          e.caller === entry.caller &&
          e.op === entry.op &&
          e.locks.some((l) => l.class === said.lock.class),
      );
      const isCertain = !others && comesFromMethod(cx.analysis, fn.id, entry, said.place);
      const name = `'&${said.text}'`;
      const from = origin === undefined ? 'nobody' : `->${origin.method}()`;
      out.push(
        draftOf(
          caller,
          op,
          said,
          isCertain ? 'high' : 'medium',
          entry.caller < 0
            ? `${said.word}(${said.text}) asks for ${name}, and ${from} comes here without it`
            : `'${fn.name}()' is to be called with ${name} held (${said.word}), and ${from} comes here without it`,
          [
            ...pathTo(cx, fn, i),
            step('access', fn, -1, `${fn.name}() is annotated with ${said.word}(${said.text})`),
          ],
          entryMethod(cx.analysis, origin),
        ),
      );
    }
  }
  return out;
}
