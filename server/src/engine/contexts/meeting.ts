/**
 * Locks of several paths that come to one point: which of one path is which of another, and which is certain though no path names it
 * as the others do. Must not know how paths are walked.
 */
import { EXPR_STRIDE, Fn, OP_STRIDE, Op, operatorCode, VARIABLE_STRIDE, X } from '../facts/encode.js';
import { type FunctionRef, readList } from '../program/program.js';
import { fnColumn } from './cfg.js';
import { type Facts, POSITIVE } from './known.js';
import type { Lock } from './state.js';
import { T, type Terms } from './terms.js';

const EQ = operatorCode('==');

/** A lock at a point with the text it is shown as. */
export interface Seen {
  readonly lock: Lock;
  readonly text: string;
  readonly fromCaller: boolean;
}

/**
 * An operation of a loop takes a lock of another name in every turn: where every path holds one that it took, that is certain,
 * whichever it is.
 */
export function promoteByCall(
  fn: FunctionRef,
  seen: readonly Met[],
  sets: readonly (readonly Seen[])[],
): void {
  const taken = (l: Seen, op: number): boolean => !l.fromCaller && l.lock.fn === fn.id && l.lock.op === op;
  const isSure = (x: Met): boolean => x.count >= sets.length && !x.may;
  for (const op of new Set(seen.filter((x) => x.seen.lock.fn === fn.id).map((x) => x.seen.lock.op))) {
    const group = seen.filter((x) => taken(x.seen, op));
    const everywhere = Math.min(...sets.map((set) => set.filter((l) => taken(l, op) && !l.lock.may).length));
    const written = lockAsWritten(fn, op);
    for (let n = group.filter(isSure).length; n < everywhere; n++) {
      const next = group.find((x) => !isSure(x));
      if (next === undefined || written === null) break;
      next.count = sets.length;
      next.may = false;
      if (written.field) next.seen = { ...next.seen, text: written.text };
    }
  }
}

/**
 * Paths on which two objects turned out to be one hold the lock of either: `if (a != b) lock(b)` after `lock(a)` holds b's
 * everywhere. `facts`: what is known on each path.
 */
export function withSame(
  terms: Terms,
  sets: readonly (readonly Seen[])[],
  facts: readonly Facts[],
): Seen[][] {
  return sets.map((set, n) => {
    const out = [...set];
    const known = facts[n] as Facts;
    for (let i = 0; i < known.length; i += 2) {
      const t = known[i] as number;
      if (known[i + 1] !== POSITIVE || terms.kind(t) !== T.Bin || terms.a(t) !== EQ) continue;
      const [a, b] = [terms.b(t), terms.c(t)];
      if (terms.number(b) !== null) continue;
      for (const other of sets.flat()) {
        const { lock } = other;
        const has = (place: number): boolean =>
          set.some((l) => l.lock.place === place && l.lock.kind === lock.kind && !l.lock.may);
        if (
          lock.may ||
          !terms.isShared(lock.place) ||
          has(lock.place) ||
          out.some((l) => l.lock.place === lock.place)
        )
          continue;
        const named = (from: number, to: number): number =>
          terms.rewrite(lock.place, (x) => (x === from ? to : -1));
        if (has(named(a, b)) || has(named(b, a))) out.push(other);
      }
    }
    return out;
  });
}

/** Where every path holds a lock of one class, be it of another object on each, one of them is certain: it goes by its class. */
export function promoteByClass(seen: Met[], sets: readonly (readonly Seen[])[]): void {
  const isSure = (x: Met): boolean => x.count >= sets.length && !x.may;
  const like = (a: Lock, b: Lock): boolean =>
    a.class === b.class && a.kind === b.kind && a.shared === b.shared && !a.class.startsWith('?');
  for (const first of [...seen]) {
    const { lock } = first.seen;
    if (isSure(first) || !seen.includes(first)) continue;
    const group = seen.filter((x) => like(x.seen.lock, lock));
    const everywhere = Math.min(
      ...sets.map((set) => set.filter((l) => like(l.lock, lock) && !l.lock.may).length),
    );
    const sure = group.filter(isSure).length;
    if (everywhere <= sure) continue;
    // What is left of the group on each path is one of those that are certain now
    const most = Math.max(...sets.map((set) => set.filter((l) => like(l.lock, lock)).length));
    if (most > everywhere) continue;
    const others = group.filter((x) => !isSure(x));
    for (const x of others) seen.splice(seen.indexOf(x), 1);
    for (let n = sure; n < everywhere; n++)
      seen.push({ seen: { ...first.seen, text: lock.class }, count: sets.length, may: false });
  }
}

/** A lock as several paths have it. */
export interface Met {
  seen: Seen;
  /** On so many paths. */
  count: number;
  may: boolean;
}

/**
 * Adds the locks of one path to those of the paths before. Each stands for one lock of theirs: the one that is shown alike,
 * else the one that the same operation took (a loop's variable has another name in every turn).
 */
export function meetLocks(fn: FunctionRef, seen: Met[], set: readonly Seen[]): void {
  const taken = new Set<Met>();
  const sure = [...set.filter((l) => !l.lock.may), ...set.filter((l) => l.lock.may)];
  const alike = (a: Seen, b: Seen): boolean =>
    a.lock.kind === b.lock.kind && a.lock.shared === b.lock.shared && a.fromCaller === b.fromCaller;
  const meet = (old: Met, l: Seen): void => {
    taken.add(old);
    old.count++;
    old.may = old.may || l.lock.may;
    if (l.text === old.seen.text) return;
    const written = l.lock.fn === fn.id ? lockAsWritten(fn, l.lock.op) : null;
    if (written?.field === true) old.seen = { ...old.seen, text: written.text };
    else if (l.text.length < old.seen.text.length) old.seen = l;
  };
  const sameText = (x: Met, l: Seen): boolean => x.seen.text === l.text && alike(x.seen, l);
  const sameCall = (x: Met, l: Seen): boolean =>
    !l.fromCaller &&
    l.lock.fn === fn.id &&
    alike(x.seen, l) &&
    x.seen.lock.class === l.lock.class &&
    x.seen.lock.fn === l.lock.fn &&
    x.seen.lock.op === l.lock.op &&
    lockAsWritten(fn, l.lock.op) !== null;
  // What is sure meets what is sure first: a leftover of an earlier turn of a loop may have the name of the first turn's lock
  const ways: readonly ((x: Met, l: Seen) => boolean)[] = [
    (x, l) => !x.may && !l.lock.may && sameText(x, l),
    (x, l) => !x.may && !l.lock.may && sameCall(x, l),
    sameText,
    sameCall,
  ];
  let left: readonly Seen[] = sure;
  for (const way of ways) {
    const rest: Seen[] = [];
    for (const l of left) {
      const old = seen.find((x) => !taken.has(x) && way(x, l));
      if (old === undefined) rest.push(l);
      else meet(old, l);
    }
    left = rest;
  }
  for (const l of left) {
    const made: Met = { seen: l, count: 1, may: l.lock.may };
    seen.push(made);
    taken.add(made);
  }
}

/**
 * The lock of a call as its argument is written, `d->d_lock` for `spin_lock(&d->d_lock)`, where that hangs on one variable;
 * null where it does not, as in `spin_lock(c ? a : b)`. `field`: the argument itself names the lock.
 */
export function lockAsWritten(
  fn: FunctionRef,
  op: number,
): { readonly text: string; readonly field: boolean } | null {
  const { file } = fn;
  const at = (fnColumn(file, fn.index, Fn.FirstOp) + op) * OP_STRIDE;
  if (op < 0 || (file.ops[at] as Op) !== Op.Call) return null;
  const argument = readList(file, file.ops[at + 2] as number)[0];
  if (argument === undefined) return null;
  const firstVariable = fnColumn(file, fn.index, Fn.FirstVariable);
  const write = (e: number): string | null => {
    const x = e * EXPR_STRIDE;
    switch (file.exprs[x] as X) {
      case X.Local: {
        const variable = firstVariable + (file.exprs[x + 1] as number);
        return file.strings[file.variables[variable * VARIABLE_STRIDE] as number] ?? null;
      }
      case X.Field: {
        const base = write(file.exprs[x + 1] as number);
        const name = file.strings[file.exprs[x + 2] as number] ?? '';
        return base === null ? null : `${base}${file.exprs[x + 3] === 1 ? '->' : '.'}${name}`;
      }
      default:
        return null;
    }
  };
  const isAddress = (file.exprs[argument * EXPR_STRIDE] as X) === X.Addr;
  const inner = isAddress ? (file.exprs[argument * EXPR_STRIDE + 1] as number) : argument;
  const text = write(inner);
  return text === null
    ? null
    : { text, field: isAddress && (file.exprs[inner * EXPR_STRIDE] as X) === X.Field };
}
