/**
 * Numbers that stand for results and situations for as long as these are the very same: for what was made of them, and is kept until they
 * are others. They go on from run to run with what was kept, and a number is never given to something else.
 */
const NUMBERS = new WeakMap<object, number>();
let last = 0;

/** The number of a result, or of a function's situations: its own for as long as it stands. 0: there is none. */
export function standing(of: object | undefined): number {
  if (of === undefined) return 0;
  let n = NUMBERS.get(of);
  if (n === undefined) {
    n = nextNumber();
    NUMBERS.set(of, n);
  }
  return n;
}

/** A number that nothing has. */
export function nextNumber(): number {
  return ++last;
}

/** A number of an earlier run is in use again. */
export function isTaken(n: number): void {
  if (n > last) last = n;
}

/** Numbers to be kept between runs, of those that have one. */
export function numbersOf(list: readonly (object | undefined)[]): Int32Array {
  return Int32Array.from(list, (one) => (one === undefined ? 0 : (NUMBERS.get(one) ?? 0)));
}

/** Gives to what was kept the numbers that it had. */
export function recallNumbers(list: readonly (object | undefined)[], numbers: Int32Array): void {
  for (const [at, one] of list.entries()) {
    const n = numbers[at] ?? 0;
    if (one === undefined || n === 0) continue;
    NUMBERS.set(one, n);
    isTaken(n);
  }
}
