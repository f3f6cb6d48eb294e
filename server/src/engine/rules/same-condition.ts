/**
 * Locks that are taken and given back under one condition that is written twice: `if (c) lock(x); ... if (c) unlock(x);`. That `c` says
 * the same both times is what its author knows. And those that are given back where a variable says so that a call was to fill in:
 * `get(x, &locked); if (locked) unlock(x);`. Told by the text of the condition; must not look at states.
 */
import { calledName, fnColumn } from '../contexts/cfg.js';
import { readsOf } from '../contexts/operands.js';
import { EXPR_STRIDE, Fn, OP_STRIDE, Op, X } from '../facts/encode.js';
import { type FunctionRef, readList } from '../program/program.js';
import { operationsOf } from './replay.js';
import { Ways } from './ways.js';

/** A test on the way to an operation, and the arm that leads there. */
interface Test {
  readonly op: number;
  /** The condition as it is written, with the arm. */
  readonly key: string;
  /** It hangs on variables alone, which paths know. */
  readonly isOwn: boolean;
  /** The local that is all that is tested, or -1. */
  readonly variable: number;
}

/**
 * Whether a lock that is taken at one operation is given back by another one behind a second test of what decided whether it was taken,
 * or behind one of what a call in between was to say of it, and a way out comes after that test without having been in its arm, and by
 * no other way.
 */
export function isPairedByCondition(
  fn: FunctionRef,
  takes: number,
  leaves: number,
  isReleasing: (op: number) => boolean,
): boolean {
  const lock = readsOf(fn, takes)[1];
  if (lock === undefined) return false;
  const ways = new Ways(fn);
  const first = testsOf(fn, ways, takes).filter((t) => !t.isOwn);
  const isDecided = (second: Test): boolean =>
    second.isOwn
      ? isFilledIn(fn, ways, second, takes)
      : first.some((t) => t.op !== second.op && t.key === second.key);
  const passed = new Set(testsOf(fn, ways, leaves).map((t) => t.op));
  const seconds = operationsOf(fn)
    .filter((op) => readsOf(fn, op)[1] === lock && isReleasing(op))
    .flatMap((op) => testsOf(fn, ways, op))
    .filter(
      (second) =>
        isDecided(second) &&
        ways.isAfter(takes, second.op) &&
        ways.isAfter(second.op, leaves) &&
        !passed.has(second.op),
    );
  // A way out that is also come to past all those tests had nobody to ask
  return (
    seconds.length > 0 &&
    !ways
      .reached(
        ways.blockOf(takes),
        seconds.map((t) => ways.blockOf(t.op)),
      )
      .has(ways.blockOf(leaves))
  );
}

/** The same seen from where it is given back: whether it was taken before behind a test that is written like one that leads there. */
export function isTakenUnderSame(fn: FunctionRef, gives: number, isTaking: (op: number) => boolean): boolean {
  const lock = readsOf(fn, gives)[1];
  if (lock === undefined) return false;
  const ways = new Ways(fn);
  const second = testsOf(fn, ways, gives).filter((t) => !t.isOwn);
  if (second.length === 0) return false;
  return operationsOf(fn).some(
    (op) =>
      readsOf(fn, op)[1] === lock &&
      isTaking(op) &&
      testsOf(fn, ways, op).some(
        (first) =>
          !first.isOwn &&
          second.some((t) => t.op !== first.op && t.key === first.key && ways.isAfter(op, t.op)),
      ),
  );
}

/** The tests that control has passed in one direction only when it comes to an operation. */
function testsOf(fn: FunctionRef, ways: Ways, op: number): Test[] {
  const before = Array.from({ length: ways.blockCount }, (): number[] => []);
  for (let b = 0; b < ways.blockCount; b++) for (const next of ways.after(b)) before[next]?.push(b);
  const out: Test[] = [];
  const seen = new Set<number>();
  let block = ways.blockOf(op);
  while (!seen.has(block)) {
    seen.add(block);
    const [from, other] = before[block] ?? [];
    if (from === undefined || other !== undefined) break;
    const last = ways.opsOf(from).at(-1) ?? -1;
    const at = (fnColumn(fn.file, fn.index, Fn.FirstOp) + last) * OP_STRIDE;
    if (last >= 0 && (fn.file.ops[at] as Op) === Op.Branch) {
      const written = new Written(fn);
      const condition = fn.file.ops[at + 1] as number;
      const key = `${fn.file.ops[at + 2] === block} ${written.expression(condition)}`;
      out.push({ op: last, key, isOwn: !written.isShared, variable: testedVariable(fn, condition) });
    }
    block = from;
  }
  return out;
}

/** The local that a condition is, or the negation of one; -1 for anything else. */
function testedVariable(fn: FunctionRef, e: number): number {
  const at = e * EXPR_STRIDE;
  switch (fn.file.exprs[at] as X) {
    case X.Local:
      return fn.file.exprs[at + 1] as number;
    case X.Unary:
      return testedVariable(fn, fn.file.exprs[at + 2] as number);
    default:
      return -1;
  }
}

/** Whether a call between two operations was handed the address of the variable that a test asks. */
function isFilledIn(fn: FunctionRef, ways: Ways, { op, variable }: Test, after: number): boolean {
  const { file } = fn;
  const isAddress = (e: number): boolean => {
    const inner = (file.exprs[e * EXPR_STRIDE + 1] as number) * EXPR_STRIDE;
    return (
      (file.exprs[e * EXPR_STRIDE] as X) === X.Addr &&
      (file.exprs[inner] as X) === X.Local &&
      file.exprs[inner + 1] === variable
    );
  };
  return (
    variable >= 0 &&
    operationsOf(fn).some(
      (call) =>
        calledName(fn, call) !== '' &&
        ways.isAfter(after, call) &&
        ways.isAfter(call, op) &&
        readsOf(fn, call).slice(1).some(isAddress),
    )
  );
}

/** A condition as text; calls in it by name and arguments. */
class Written {
  /** It reads memory or calls something. */
  isShared = false;

  constructor(private readonly fn: FunctionRef) {}

  expression(e: number): string {
    const { file } = this.fn;
    const at = e * EXPR_STRIDE;
    const [a, b, c] = [
      file.exprs[at + 1] as number,
      file.exprs[at + 2] as number,
      file.exprs[at + 3] as number,
    ];
    switch (file.exprs[at] as X) {
      case X.Temp:
        this.isShared = true;
        return this.call(a);
      case X.Name:
      case X.Field:
      case X.Deref:
      case X.Index:
        this.isShared = true;
        return `#${e}`;
      case X.Unary:
        return `${a}(${this.expression(b)})`;
      case X.Binary:
        return `${a}(${this.expression(b)},${this.expression(c)})`;
      case X.Cast:
        return this.expression(b);
      default:
        // Expressions are told apart in a file: the same number is the same text
        return `#${e}`;
    }
  }

  /** What a call that gives a value is: `name(arguments)`; of anything else nothing is the same. */
  private call(temp: number): string {
    const { fn } = this;
    const first = fnColumn(fn.file, fn.index, Fn.FirstOp);
    for (const op of operationsOf(fn)) {
      const at = (first + op) * OP_STRIDE;
      if ((fn.file.ops[at] as Op) !== Op.Call || fn.file.ops[at + 3] !== temp) continue;
      const args = readList(fn.file, fn.file.ops[at + 2] as number).map((e) => this.expression(e));
      return `${calledName(fn, op)}(${args.join()})`;
    }
    return `?${temp}`;
  }
}
