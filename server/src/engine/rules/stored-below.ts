/**
 * What is waited for below functions, as numbers that can be kept between runs, and back: there is much of it, and most says the same
 * few names. Must not know how it is found.
 */
import type { LockKind } from '../model/types.js';
import type { StoredForm, Words } from './kept.js';
import type { Below, GivenBack, Node, Taken } from './lock-graph.js';
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

function writeTaken(out: number[], t: Taken, words: Words): void {
  const { node, next } = t;
  for (const text of [node.key, node.base, node.class, node.kind, node.sub, t.text, t.what])
    out.push(words.of(text));
  out.push((node.loose ? 1 : 0) | (t.shared ? 2 : 0) | (t.unsure ? 4 : 0) | (t.lastRef ? 8 : 0));
  out.push(t.place, t.op, t.via, t.depth);
  out.push(next === null ? -1 : words.of(next.key), next?.index ?? -1);
  out.push(t.facts.length, ...t.facts);
  out.push(t.released.length);
  for (const { place, class: cls, kind } of t.released) out.push(place, words.of(cls), words.of(kind));
}

function readTaken(numbers: Numbers): Taken {
  const key = numbers.text();
  const base = numbers.text();
  const cls = numbers.text();
  const kind = numbers.text() as LockKind;
  const sub = numbers.text();
  const text = numbers.text();
  const what = numbers.text();
  const flags = numbers.next();
  const [place, op, via, depth] = [numbers.next(), numbers.next(), numbers.next(), numbers.next()] as const;
  const [nextKey, index] = [numbers.next(), numbers.next()] as const;
  const facts = numbers.list(() => numbers.next());
  const released = numbers.list((): GivenBack => {
    const [at, of, by] = [numbers.next(), numbers.text(), numbers.text()] as const;
    return { place: at, class: of, kind: by as LockKind };
  });
  const node: Node = { key, base, class: cls, kind, sub, loose: (flags & 1) !== 0 };
  return {
    node,
    place,
    shared: (flags & 2) !== 0,
    facts,
    released,
    op,
    via,
    next: nextKey < 0 ? null : { key: numbers.word(nextKey), index },
    depth,
    text,
    what,
    unsure: (flags & 4) !== 0,
    lastRef: (flags & 8) !== 0,
  };
}
