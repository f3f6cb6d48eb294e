/**
 * Graphs of small numbers.
 */

/**
 * The groups of nodes that reach each other, of all that is reachable from the roots: a group comes after the groups that it
 * leads to, and its nodes are in order of their numbers. No recursion: call graphs are deep.
 */
export function mutuallyReachable(
  roots: Iterable<number>,
  next: (node: number) => readonly number[],
): number[][] {
  const index = new Map<number, number>();
  const low = new Map<number, number>();
  const onStack = new Set<number>();
  const stack: number[] = [];
  const groups: number[][] = [];
  let counter = 0;
  for (const root of roots) {
    if (index.has(root)) continue;
    const work: { readonly node: number; readonly to: readonly number[]; at: number }[] = [];
    const open = (node: number): void => {
      index.set(node, counter);
      low.set(node, counter++);
      stack.push(node);
      onStack.add(node);
      work.push({ node, to: next(node), at: 0 });
    };
    const lower = (node: number, to: number): void => {
      low.set(node, Math.min(low.get(node) as number, to));
    };
    open(root);
    for (let frame = work.at(-1); frame !== undefined; frame = work.at(-1)) {
      const { node } = frame;
      if (frame.at < frame.to.length) {
        const to = frame.to[frame.at++] as number;
        if (!index.has(to)) open(to);
        else if (onStack.has(to)) lower(node, index.get(to) as number);
        continue;
      }
      work.pop();
      const above = work.at(-1);
      if (above !== undefined) lower(above.node, low.get(node) as number);
      if (low.get(node) !== index.get(node)) continue;
      const group: number[] = [];
      for (;;) {
        const member = stack.pop() as number;
        onStack.delete(member);
        group.push(member);
        if (member === node) break;
      }
      groups.push(group.sort((a, b) => a - b));
    }
  }
  return groups;
}
