/**
 * What locks are called in the graph of lock order: their class, with the nesting subclass that the code names where it takes one, in
 * whatever callee that is; by where their structure stands, where it is part of several. Must not know what is waited for inside what.
 */
import type { Analysis } from '../contexts/analysis.js';
import { calledName, fnColumn } from '../contexts/cfg.js';
import type { Origin } from '../contexts/entry-points.js';
import { readsOf } from '../contexts/operands.js';
import type { FunctionResult } from '../contexts/result.js';
import type { Lock } from '../contexts/state.js';
import { T, type Terms } from '../contexts/terms.js';
import { embedding } from '../contexts/translate.js';
import { EXPR_STRIDE, Fn, X } from '../facts/encode.js';
import type { LockKind } from '../model/types.js';
import type { FunctionRef } from '../program/program.js';
import { ownText, textsBelow } from './callee-texts.js';
import { callersOf, mixed, OfFunctions, resultNumbers, textNumber } from './kept.js';

/** Functions that return with a lock of a callee's, one in the other. */
const MAX_RETURNS = 6;

/** Locks that are told apart by the order in which they may be taken. */
export interface Node {
  readonly key: string;
  /** The class, with the file of a static lock. */
  readonly base: string;
  readonly class: string;
  readonly kind: LockKind;
  /** The nesting subclass as it is written, or ''. */
  readonly sub: string;
  /** Part of a structure that stands in several others, and in which one is not known here. */
  readonly loose: boolean;
}

/** Where the subclasses of a function have not been looked for. */
const UNKNOWN = -0x80000000;
/** Where they are being looked for. */
const UNDER_WAY = UNKNOWN + 1;

const GIVEN = new OfFunctions<number>();

/** Names of locks in one analysis, and in those that follow it in its lineage. */
export class LockNames {
  /** By function, by operation and class. */
  private readonly subclasses = new Map<number, Map<string, string | null>>();
  private readonly givenBy: Int32Array;
  private readonly terms: Terms;
  private numbers: Int32Array;

  /** `parts`: classes of locks that are part of a structure which stands in others; they may still come. */
  constructor(
    private analysis: Analysis,
    private readonly parts: ReadonlySet<string>,
  ) {
    this.terms = analysis.shared.terms;
    this.numbers = resultNumbers(analysis);
    this.givenBy = new Int32Array(analysis.program.functions.length).fill(UNKNOWN);
  }

  /** Goes on to a later analysis; what changed is then named anew. */
  goOn(analysis: Analysis): void {
    this.analysis = analysis;
    this.numbers = resultNumbers(analysis);
  }

  /** Names the locks of functions anew, and those of their callers that have them from these; gives the callers. */
  nameAnew(changed: readonly number[]): readonly number[] {
    const { analysis } = this;
    const callers = new Set<number>();
    const todo = changed.filter((id) => this.givenBy[id] !== UNKNOWN);
    const was = new Map(todo.map((id) => [id, this.givenBy[id] as number]));
    for (const id of changed) this.subclasses.delete(id);
    for (const id of todo) this.givenBy[id] = UNKNOWN;
    for (let id = todo.pop(); id !== undefined; id = todo.pop()) {
      if (this.given(id) === was.get(id)) continue;
      was.set(id, this.given(id));
      for (const caller of callersOf(analysis, id)) {
        callers.add(caller);
        this.subclasses.delete(caller);
        if (!was.has(caller)) was.set(caller, this.givenBy[caller] as number);
        this.givenBy[caller] = UNKNOWN;
        if (!todo.includes(caller)) todo.push(caller);
      }
    }
    return [...callers];
  }

  /** A number for the subclasses of the locks with which a function returns. */
  given(id: number): number {
    let known = this.givenBy[id] as number;
    if (known === UNKNOWN) {
      const { results, program } = this.analysis;
      const fn = program.functions[id];
      const gives = fn !== undefined && this.givesLocks(id);
      this.givenBy[id] = UNDER_WAY;
      known = 0;
      if (gives) {
        let hungOn = mixed(ownText(this.analysis, id), this.numbers[id] as number);
        for (const { callee, context } of results[id]?.edges ?? [])
          if (context === 'now' && this.givesLocks(callee)) {
            const below = this.given(callee);
            // Calls in a circle
            hungOn = mixed(hungOn, below === UNDER_WAY ? textsBelow(this.analysis, id) : below);
            hungOn = mixed(hungOn, this.numbers[callee] as number);
          }
        known = GIVEN.of(fn, [hungOn], () => this.findGiven(fn, results[id]));
      }
      this.givenBy[id] = known;
    }
    return known;
  }

  private givesLocks(id: number): boolean {
    return this.analysis.results[id]?.exits.some((e) => e.locks.length > 0) === true;
  }

  private findGiven(fn: FunctionRef, result: FunctionResult | undefined): number {
    const out = new Set<string>();
    for (const exit of result?.exits ?? [])
      for (const l of exit.locks) out.add(`${l.class}|${l.kind}|${this.subclassIn(fn, l, l.op)}`);
    return textNumber([...out].join());
  }

  /** The class of a lock with its nesting; null for one that cannot be told. `op`: where `fn` took it. */
  nodeOf(fn: FunctionRef, l: Lock, op: number): Node | null {
    if (!isOrdered(l.kind) || !isKnown(l.class)) return null;
    // A lock on the stack
    if (this.terms.kind(l.place) === T.Local) return null;
    const sub = this.subclassIn(fn, l, op);
    return sub === null ? null : this.node(l, sub);
  }

  private subclassIn(fn: FunctionRef, l: Lock, op: number): string | null {
    let known = this.subclasses.get(fn.id);
    if (known === undefined) {
      known = new Map();
      this.subclasses.set(fn.id, known);
    }
    const at = `${op},${l.class}`;
    let sub = known.get(at);
    if (sub === undefined) {
      sub = this.subclassOf(fn, op, l, 0);
      known.set(at, sub);
    }
    return sub;
  }

  node(l: Lock, sub: string): Node {
    // Two static locks of one name
    const { terms } = this;
    const root = terms.kind(l.place) === T.Global ? terms.b(l.place) : 0;
    const home = root === 0 ? '' : ` in ${terms.nameText(root)}`;
    const base = `${l.class}${home}`;
    return this.within({ key: base, base, class: l.class, kind: l.kind, sub, loose: false }, l.place);
  }

  /** A class told apart by where its structure stands. */
  within(node: Node, place: number): Node {
    const around = this.parts.has(node.class) ? embedding(this.terms, place) : '';
    const key = `${node.base}${around === '' ? '' : ` in ${around}`}${node.sub === '' ? '' : `/${node.sub}`}`;
    return { ...node, key, loose: around === '' && this.parts.has(node.class) };
  }

  entryNode(l: Lock, origin: Origin, params: readonly string[]): Node | null {
    if (!isOrdered(l.kind) || !isKnown(l.class)) return null;
    const root = this.terms.root(l.place);
    const name = this.terms.kind(root) === T.Param ? (params[this.terms.a(root)] ?? '') : '';
    const isDirectory = l.class === DIRECTORY && (/dir$/.test(name) || origin.method.startsWith('iterate'));
    return this.node(l, isDirectory ? 'directory' : '');
  }

  /** The subclass that the code names where it takes a lock; null where it names one that cannot be told. */
  private subclassOf(fn: FunctionRef, op: number, l: Lock, depth: number): string | null {
    if (op < 0 || op >= fnColumn(fn.file, fn.index, Fn.OpCount)) return '';
    const name = calledName(fn, op);
    const { analysis } = this;
    if (name.endsWith('_nested')) {
      const args = readsOf(fn, op).slice(1);
      const e = args[args.length - 1];
      if (e === undefined) return null;
      const { exprs, strings } = fn.file;
      switch (exprs[e * EXPR_STRIDE] as X) {
        case X.Name: {
          const text = strings[exprs[e * EXPR_STRIDE + 1] as number] as string;
          if (l.class === DIRECTORY && IS_DIRECTORY.has(text)) return 'directory';
          return /NORMAL$/.test(text) ? '' : text;
        }
        case X.Num: {
          const n = fn.file.nums[exprs[e * EXPR_STRIDE + 1] as number];
          return n === 0 ? '' : String(n);
        }
        default:
          return null;
      }
    }
    if (depth >= MAX_RETURNS || analysis.model.helpers.has(name)) return '';
    for (const edge of analysis.results[fn.id]?.edges ?? []) {
      if (edge.op !== op || edge.context !== 'now') continue;
      const callee = analysis.program.functions[edge.callee];
      for (const exit of analysis.results[edge.callee]?.exits ?? []) {
        const own = exit.locks.find((x) => x.class === l.class && x.kind === l.kind);
        if (own !== undefined && callee !== undefined) return this.subclassOf(callee, own.op, own, depth + 1);
      }
    }
    return '';
  }
}

const DIRECTORY = 'inode::i_rwsem';
const IS_DIRECTORY = new Set(['I_MUTEX_PARENT', 'I_MUTEX_PARENT2', 'I_MUTEX_CHILD']);

function isOrdered(kind: LockKind): boolean {
  switch (kind) {
    case 'spin':
    case 'rwlock':
    case 'bit':
    case 'seqwrite':
    case 'seqcount':
    case 'mutex':
    case 'rwsem':
    case 'percpu-rwsem':
    case 'semaphore':
    case 'folio':
      return true;
    default:
      return false;
  }
}

export function isKnown(cls: string): boolean {
  return cls !== '' && !cls.includes('?') && !cls.startsWith('*');
}
