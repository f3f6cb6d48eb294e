/**
 * Graphs of small numbers.
 */

/**
 * The groups of nodes that reach each other, of all that is reachable from the roots: a group comes after the groups that it
 * leads to, and its nodes are in order: of their numbers, if no other is given. No recursion: call graphs are deep.
 */
export function mutuallyReachable(
  roots: Iterable<number>,
  next: (node: number) => readonly number[],
  order: (a: number, b: number) => number = (a, b) => a - b,
): number[][] {
  // By node, from 1; 0: not yet seen
  let index = new Int32Array(1024);
  let low = new Int32Array(1024);
  let onStack = new Uint8Array(1024);
  const seen = (node: number): boolean => node < index.length && index[node] !== 0;
  const makeRoom = (node: number): void => {
    const size = 2 ** Math.ceil(Math.log2(node + 1));
    const wider = [new Int32Array(size), new Int32Array(size), new Uint8Array(size)] as const;
    wider[0].set(index);
    wider[1].set(low);
    wider[2].set(onStack);
    [index, low, onStack] = wider;
  };
  const stack: number[] = [];
  const groups: number[][] = [];
  let counter = 1;
  for (const root of roots) {
    if (seen(root)) continue;
    const work: { readonly node: number; readonly to: readonly number[]; at: number }[] = [];
    const open = (node: number): void => {
      if (node >= index.length) makeRoom(node);
      index[node] = counter;
      low[node] = counter++;
      stack.push(node);
      onStack[node] = 1;
      work.push({ node, to: next(node), at: 0 });
    };
    const lower = (node: number, to: number): void => {
      if (to < (low[node] as number)) low[node] = to;
    };
    open(root);
    for (let frame = work.at(-1); frame !== undefined; frame = work.at(-1)) {
      const { node } = frame;
      if (frame.at < frame.to.length) {
        const to = frame.to[frame.at++] as number;
        if (!seen(to)) open(to);
        else if (onStack[to] === 1) lower(node, index[to] as number);
        continue;
      }
      work.pop();
      const above = work.at(-1);
      if (above !== undefined) lower(above.node, low[node] as number);
      if (low[node] !== index[node]) continue;
      const group: number[] = [];
      for (;;) {
        const member = stack.pop() as number;
        onStack[member] = 0;
        group.push(member);
        if (member === node) break;
      }
      groups.push(group.length > 1 ? group.sort(order) : group);
    }
  }
  return groups;
}
