/**
 * What is waited for below functions and inside what, as numbers that can be kept between runs, and back: there is much of it, and most
 * says the same few names. Must not know how it is found.
 */
import type { Words } from '../base/words.js';
import type { LockKind } from '../model/types.js';
import type { StoredForm } from './kept.js';
import type { Below, Edge, GivenBack, Taken } from './lock-graph.js';
import type { Node } from './lock-names.js';
import { isTaken } from './standing.js';

/** What is waited for below a function: in numbers, with texts by theirs. */
export const STORED_BELOW: StoredForm<Below> = {
  store({ ways, exclusive, ownExclusive, seen }, words) {
    const out: number[] = [seen];
    const texts = (list: Iterable<string>): void => {
      const all = [...list];
      out.push(all.length);
      for (const text of all) out.push(words.of(text));
    };
    texts(exclusive);
    texts(ownExclusive);
    for (const [key, list] of ways) {
      out.push(words.of(key), list.length);
      for (const taken of list) writeTaken(out, taken, words);
    }
    return Int32Array.from(out);
  },

  revive(stored, words) {
    const numbers = new Numbers(stored as Int32Array, words);
    const seen = numbers.next();
    isTaken(seen);
    const exclusive = new Set(numbers.list(() => numbers.text()));
    const ownExclusive = numbers.list(() => numbers.text());
    const ways = new Map<string, readonly Taken[]>();
    while (!numbers.isAtEnd()) {
      const key = numbers.text();
      ways.set(
        key,
        numbers.list(() => readTaken(numbers)),
      );
    }
    return { ways, exclusive, ownExclusive, seen };
  },
};

/** The edges that a function brings by itself; none of them comes from a method. */
export const STORED_EDGES: StoredForm<readonly Edge[]> = {
  store(edges, words) {
    const out: number[] = [edges.length];
    for (const e of edges) {
      writeNode(out, e.outer, words);
      writeTaken(out, e.taken, words);
      out.push((e.outerShared ? 1 : 0) | (e.sameObject ? 2 : 0) | (e.always ? 4 : 0));
      out.push(e.heldOp, e.heldPlace, words.of(e.heldText));
      out.push(e.facts.length, ...e.facts);
      out.push(e.gates.size);
      for (const [cls, isShared] of e.gates) out.push(words.of(cls), isShared ? 1 : 0);
    }
    return Int32Array.from(out);
  },

  revive(stored, words, fn) {
    const numbers = new Numbers(stored as Int32Array, words);
    return numbers.list((): Edge => {
      const outer = readNode(numbers);
      const taken = readTaken(numbers);
      const flags = numbers.next();
      const [heldOp, heldPlace, heldText] = [numbers.next(), numbers.next(), numbers.text()] as const;
      const facts = numbers.list(() => numbers.next());
      const gates = new Map(numbers.list(() => [numbers.text(), numbers.next() === 1] as const));
      return {
        outer,
        inner: taken.node,
        outerShared: (flags & 1) !== 0,
        fn,
        heldOp,
        heldText,
        heldPlace,
        taken,
        origin: null,
        facts,
        gates,
        sameObject: (flags & 2) !== 0,
        always: (flags & 4) !== 0,
      };
    });
  },
};

class Numbers {
  private at = 0;

  constructor(
    private readonly all: Int32Array,
    private readonly words: readonly string[],
  ) {}

  isAtEnd(): boolean {
    return this.at >= this.all.length;
  }

  next(): number {
    return this.all[this.at++] as number;
  }

  word(n: number): string {
    return this.words[n] as string;
  }

  text(): string {
    return this.word(this.next());
  }

  list<T>(each: () => T): T[] {
    const out: T[] = [];
    for (let n = this.next(); n > 0; n--) out.push(each());
    return out;
  }
}

function writeNode(out: number[], node: Node, words: Words): void {
  for (const text of [node.key, node.base, node.class, node.kind, node.sub]) out.push(words.of(text));
  out.push(node.loose ? 1 : 0);
}

function readNode(numbers: Numbers): Node {
  const [key, base, cls] = [numbers.text(), numbers.text(), numbers.text()] as const;
  const [kind, sub] = [numbers.text() as LockKind, numbers.text()] as const;
  return { key, base, class: cls, kind, sub, loose: numbers.next() === 1 };
}

function writeTaken(out: number[], t: Taken, words: Words): void {
  const { next } = t;
  writeNode(out, t.node, words);
  out.push(words.of(t.text), words.of(t.what));
  out.push((t.shared ? 1 : 0) | (t.unsure ? 2 : 0) | (t.lastRef ? 4 : 0));
  out.push(t.place, t.op, t.via, t.depth);
  out.push(next === null ? -1 : words.of(next.key), next?.index ?? -1);
  out.push(t.facts.length, ...t.facts);
  out.push(t.released.length);
  for (const { place, class: cls, kind } of t.released) out.push(place, words.of(cls), words.of(kind));
}

function readTaken(numbers: Numbers): Taken {
  const node = readNode(numbers);
  const [text, what] = [numbers.text(), numbers.text()] as const;
  const flags = numbers.next();
  const [place, op, via, depth] = [numbers.next(), numbers.next(), numbers.next(), numbers.next()] as const;
  const [nextKey, index] = [numbers.next(), numbers.next()] as const;
  const facts = numbers.list(() => numbers.next());
  const released = numbers.list((): GivenBack => {
    const [at, of, by] = [numbers.next(), numbers.text(), numbers.text()] as const;
    return { place: at, class: of, kind: by as LockKind };
  });
  return {
    node,
    place,
    shared: (flags & 1) !== 0,
    facts,
    released,
    op,
    via,
    next: nextKey < 0 ? null : { key: numbers.word(nextKey), index },
    depth,
    text,
    what,
    unsure: (flags & 2) !== 0,
    lastRef: (flags & 4) !== 0,
  };
}
