/**
 * What an analysis found, as numbers and strings that can be kept between runs, and back. Lists of facts and of locks are
 * written once however often they occur: most of a result is such lists. What cannot be read back is null, never wrong: whoever
 * keeps it vouches for the bytes.
 */
import { Words } from '../base/words.js';
import { IntPool } from '../facts/encode.js';
import type { LockKind } from '../model/types.js';
import type { Calls, Found } from './earlier.js';
import type { Entry, Origin } from './entry-points.js';
import type {
  CallEdge,
  Exit,
  FreeEffect,
  FunctionResult,
  LocalEvent,
  ParameterCall,
  ShownLock,
  SleepEffect,
  TakeEffect,
  Variant,
  WaitEffect,
} from './result.js';
import { Hash, Lock } from './state.js';
import { type StoredTerms, Terms } from './terms.js';

/** An analysis in numbers and strings. */
export interface Stored {
  readonly strings: readonly string[];
  /** Lists of numbers, each with its length in front. */
  readonly lists: Int32Array;
  /** Locks, in rows of `LOCK_COLUMNS`. */
  readonly locks: Int32Array;
  readonly data: Int32Array;
  /** Keys of situations: more than 32 bits each. */
  readonly keys: Float64Array;
  readonly terms: StoredTerms;
}

const CONTEXTS: readonly CallEdge['context'][] = ['now', 'rcu', 'work', 'timer', 'irq', 'kthread'];
const HOW: readonly FreeEffect['how'][] = ['now', 'rcu', 'deferred'];
/** The length in front, then what a lock is made of. */
const LOCK_COLUMNS = 8;

/** Lists of numbers, each once: found again by a hash, and compared. */
class Pool {
  readonly numbers = new IntPool(1 << 14);
  private readonly starts: number[] = [];
  private readonly byHash = new Map<number, number>();

  /** Number of a list that says the same. */
  id(list: readonly number[]): number {
    const hash = new Hash();
    hash.addAll(list);
    for (let key = hash.done(); ; key++) {
      const known = this.byHash.get(key);
      if (known === undefined) {
        const id = this.starts.length;
        this.byHash.set(key, id);
        this.starts.push(this.numbers.push(list.length));
        this.numbers.pushAll(list);
        return id;
      }
      if (this.says(known, list)) return known;
    }
  }

  private says(id: number, list: readonly number[]): boolean {
    const at = this.starts[id] as number;
    if (this.numbers.get(at) !== list.length) return false;
    for (let i = 0; i < list.length; i++) if (this.numbers.get(at + 1 + i) !== list[i]) return false;
    return true;
  }
}

class Writer {
  private readonly data = new IntPool(1 << 16);
  readonly keys: number[] = [];
  private readonly words = new Words();
  private readonly lists = new Pool();
  private readonly locks = new Pool();
  private readonly lockOf = new Map<Lock, number>();

  int(n: number): void {
    this.data.push(n);
  }

  flag(a: boolean, b = false, c = false): void {
    this.data.push((a ? 1 : 0) | (b ? 2 : 0) | (c ? 4 : 0));
  }

  string(s: string): void {
    this.data.push(this.words.of(s));
  }

  numbers(list: readonly number[]): void {
    this.data.push(this.lists.id(list));
  }

  private lockId(l: Lock): number {
    let id = this.lockOf.get(l);
    if (id === undefined) {
      id = this.locks.id([
        l.place,
        this.words.of(l.class),
        this.words.of(l.kind),
        (l.shared ? 1 : 0) | (l.may ? 2 : 0) | (l.some ? 4 : 0),
        l.fn,
        l.op,
        l.when === null ? -1 : this.lists.id(l.when),
      ]);
      this.lockOf.set(l, id);
    }
    return id;
  }

  lock(l: Lock): void {
    this.data.push(this.lockId(l));
  }

  lockList(list: readonly Lock[]): void {
    this.data.push(this.lists.id(list.map((l) => this.lockId(l))));
  }

  all<T>(list: readonly T[], each: (x: T) => void): void {
    this.data.push(list.length);
    for (const x of list) each(x);
  }

  done(terms: Terms): Stored {
    return {
      strings: this.words.all,
      lists: this.lists.numbers.done(),
      locks: this.locks.numbers.done(),
      data: this.data.done(),
      keys: Float64Array.from(this.keys),
      terms: terms.stored(),
    };
  }
}

class Reader {
  private at = 0;
  private keyAt = 0;
  private readonly lists: (readonly number[])[] = [];
  private readonly locks: Lock[] = [];
  private readonly lockLists: (readonly Lock[] | undefined)[] = [];

  constructor(private readonly from: Stored) {
    for (let at = 0; at < from.lists.length; ) {
      const length = from.lists[at] as number;
      this.lists.push(Array.from(from.lists.subarray(at + 1, at + 1 + length)));
      at += length + 1;
    }
    const c = from.locks;
    for (let at = 0; at < c.length; at += LOCK_COLUMNS) {
      const flags = c[at + 4] as number;
      const when = c[at + 7] as number;
      this.locks.push(
        new Lock(
          c[at + 1] as number,
          from.strings[c[at + 2] as number] as string,
          from.strings[c[at + 3] as number] as LockKind,
          (flags & 1) !== 0,
          (flags & 2) !== 0,
          c[at + 5] as number,
          c[at + 6] as number,
          (flags & 4) !== 0,
          when < 0 ? null : (this.lists[when] as readonly number[]),
        ),
      );
    }
  }

  int(): number {
    return this.from.data[this.at++] as number;
  }

  key(): number {
    return this.from.keys[this.keyAt++] as number;
  }

  string(): string {
    return this.from.strings[this.int()] as string;
  }

  numbers(): readonly number[] {
    return this.lists[this.int()] as readonly number[];
  }

  lock(): Lock {
    return this.locks[this.int()] as Lock;
  }

  lockList(): readonly Lock[] {
    const id = this.int();
    let list = this.lockLists[id];
    if (list === undefined) {
      list = (this.lists[id] as readonly number[]).map((l) => this.locks[l] as Lock);
      this.lockLists[id] = list;
    }
    return list;
  }

  all<T>(each: () => T): T[] {
    const count = this.int();
    const out: T[] = [];
    for (let i = 0; i < count; i++) out.push(each());
    return out;
  }
}

// ---- each part, there and back

function writeExit(w: Writer, e: Exit): void {
  w.int(e.value);
  w.int(e.mask);
  w.lockList(e.locks);
  w.lockList(e.released);
  w.numbers(e.facts);
  w.flag(e.doubt, e.blurred);
  w.numbers(e.done);
  w.int(e.op);
  w.numbers(e.outs);
}

function readExit(r: Reader): Exit {
  const [value, mask, locks, released, facts] = [
    r.int(),
    r.int(),
    r.lockList(),
    r.lockList(),
    r.numbers(),
  ] as const;
  const flags = r.int();
  return {
    value,
    mask,
    locks,
    released,
    facts,
    doubt: (flags & 1) !== 0,
    blurred: (flags & 2) !== 0,
    done: r.numbers(),
    op: r.int(),
    outs: r.numbers(),
  };
}

function writeSleep(w: Writer, e: SleepEffect): void {
  w.numbers(e.facts);
  w.lockList(e.released);
  w.int(e.op);
  w.string(e.what);
  w.int(e.via);
  w.flag(e.certain, e.guarded);
  w.numbers(e.memory);
}

function readSleep(r: Reader): SleepEffect {
  const [facts, released, op, what, via, flags] = [
    r.numbers(),
    r.lockList(),
    r.int(),
    r.string(),
    r.int(),
    r.int(),
  ] as const;
  return {
    facts,
    released,
    op,
    what,
    via,
    certain: (flags & 1) !== 0,
    guarded: (flags & 2) !== 0,
    memory: r.numbers(),
  };
}

function writeTake(w: Writer, e: TakeEffect): void {
  w.lock(e.lock);
  w.numbers(e.facts);
  w.lockList(e.released);
  w.int(e.op);
  w.int(e.via);
  w.string(e.what);
  w.flag(e.lastRef);
  w.numbers(e.memory);
}

function readTake(r: Reader): TakeEffect {
  return {
    lock: r.lock(),
    facts: r.numbers(),
    released: r.lockList(),
    op: r.int(),
    via: r.int(),
    what: r.string(),
    lastRef: r.int() !== 0,
    memory: r.numbers(),
  };
}

function writeFree(w: Writer, e: FreeEffect): void {
  w.int(e.object);
  w.string(e.owner);
  w.string(e.type);
  w.int(HOW.indexOf(e.how));
  w.numbers(e.facts);
  w.int(e.op);
  w.int(e.via);
  w.string(e.what);
  w.flag(e.afterGrace, e.conditional);
  w.all(e.unpublished, (s) => w.string(s));
}

function readFree(r: Reader): FreeEffect {
  const [object, owner, type, how, facts, op, via, what, flags] = [
    r.int(),
    r.string(),
    r.string(),
    HOW[r.int()] as FreeEffect['how'],
    r.numbers(),
    r.int(),
    r.int(),
    r.string(),
    r.int(),
  ] as const;
  return {
    object,
    owner,
    type,
    how,
    facts,
    op,
    via,
    what,
    afterGrace: (flags & 1) !== 0,
    conditional: (flags & 2) !== 0,
    unpublished: r.all(() => r.string()),
  };
}

function writeVariant(w: Writer, v: Variant): void {
  w.lockList(v.locks);
  w.lockList(v.released);
  w.numbers(v.facts);
  w.numbers(v.calleeFacts);
  w.flag(v.doubt);
}

function readVariant(r: Reader): Variant {
  return {
    locks: r.lockList(),
    released: r.lockList(),
    facts: r.numbers(),
    calleeFacts: r.numbers(),
    doubt: r.int() !== 0,
  };
}

function writeEdge(w: Writer, e: CallEdge): void {
  w.int(e.callee);
  w.int(e.op);
  w.numbers(e.args);
  w.all(e.variants, (v) => writeVariant(w, v));
  w.int(CONTEXTS.indexOf(e.context));
}

function readEdge(r: Reader): CallEdge {
  return {
    callee: r.int(),
    op: r.int(),
    args: r.numbers(),
    variants: r.all(() => readVariant(r)),
    context: CONTEXTS[r.int()] as CallEdge['context'],
  };
}

function writeParameterCall(w: Writer, c: ParameterCall): void {
  w.int(c.parameter);
  w.int(c.op);
  w.numbers(c.args);
  w.all(c.variants, (v) => writeVariant(w, v));
}

function readParameterCall(r: Reader): ParameterCall {
  return {
    parameter: r.int(),
    op: r.int(),
    args: r.numbers(),
    variants: r.all(() => readVariant(r)),
  };
}

function writeShown(w: Writer, s: ShownLock): void {
  w.lock(s.lock);
  w.string(s.text);
}

function readShown(r: Reader): ShownLock {
  return { lock: r.lock(), text: r.string() };
}

function writeWait(w: Writer, e: WaitEffect): void {
  w.lock(e.lock);
  w.string(e.text);
  w.all(e.held, (h) => {
    writeShown(w, h);
    w.flag(h.fresh, h.sameObject);
  });
  w.numbers(e.facts);
  w.lockList(e.released);
  w.int(e.op);
  w.string(e.what);
  w.flag(e.fresh, e.lastRef);
}

function readWait(r: Reader): WaitEffect {
  const [lock, text] = [r.lock(), r.string()] as const;
  const held = r.all(() => {
    const shown = readShown(r);
    const bits = r.int();
    return { ...shown, fresh: (bits & 1) !== 0, sameObject: (bits & 2) !== 0 };
  });
  const [facts, released, op, what] = [r.numbers(), r.lockList(), r.int(), r.string()] as const;
  const flags = r.int();
  return {
    lock,
    text,
    held,
    facts,
    released,
    op,
    what,
    fresh: (flags & 1) !== 0,
    lastRef: (flags & 2) !== 0,
  };
}

function writeEvent(w: Writer, e: LocalEvent): void {
  w.int(e.kind === 'sleep' ? 0 : 1);
  w.int(e.op);
  w.string(e.what);
  w.int(e.via);
  w.numbers(e.facts);
  w.all(e.held, (s) => writeShown(w, s));
  if (e.kind === 'sleep') w.flag(e.certain);
  else {
    w.flag(e.conditional);
    writeShown(w, e.first);
  }
}

function readEvent(r: Reader): LocalEvent {
  const isSleep = r.int() === 0;
  const shared = {
    op: r.int(),
    what: r.string(),
    via: r.int(),
    facts: r.numbers(),
    held: r.all(() => readShown(r)),
  };
  const flag = r.int() !== 0;
  return isSleep
    ? { kind: 'sleep', certain: flag, ...shared }
    : { kind: 'double', conditional: flag, ...shared, first: readShown(r) };
}

function writeResult(w: Writer, r: FunctionResult): void {
  w.all(r.exits, (e) => writeExit(w, e));
  w.all(r.rawExits, (e) => writeExit(w, e));
  w.all(r.sleeps, (e) => writeSleep(w, e));
  w.all(r.takes, (e) => writeTake(w, e));
  w.all(r.frees, (e) => writeFree(w, e));
  w.all(r.waits, (e) => writeWait(w, e));
  w.all(r.edges, (e) => writeEdge(w, e));
  w.all(r.parameterCalls, (c) => writeParameterCall(w, c));
  w.all(r.events, (e) => writeEvent(w, e));
  w.numbers(r.sets);
  w.all([...r.acquires], (s) => w.string(s));
  w.all([...r.releases], (s) => w.string(s));
  w.all(r.writes === null ? ['*'] : [...r.writes], (s) => w.string(s));
  w.lockList(r.asserted);
  w.numbers([...r.cared]);
  w.flag(r.widened, r.returns, r.grace);
}

/** Members that are stored to; `*` stands for any. */
function writtenOf(names: readonly string[]): ReadonlySet<string> | null {
  return names[0] === '*' ? null : new Set(names);
}

function readResult(r: Reader): FunctionResult {
  const parts = {
    exits: r.all(() => readExit(r)),
    rawExits: r.all(() => readExit(r)),
    sleeps: r.all(() => readSleep(r)),
    takes: r.all(() => readTake(r)),
    frees: r.all(() => readFree(r)),
    waits: r.all(() => readWait(r)),
    edges: r.all(() => readEdge(r)),
    parameterCalls: r.all(() => readParameterCall(r)),
    events: r.all(() => readEvent(r)),
    sets: r.numbers(),
    acquires: new Set(r.all(() => r.string())),
    releases: new Set(r.all(() => r.string())),
    writes: writtenOf(r.all(() => r.string())),
    asserted: r.lockList(),
    cared: new Set(r.numbers()),
  };
  const flags = r.int();
  return {
    ...parts,
    widened: (flags & 1) !== 0,
    returns: (flags & 2) !== 0,
    grace: (flags & 4) !== 0,
  };
}

function writeEntry(w: Writer, e: Entry): void {
  w.lockList(e.locks);
  w.numbers(e.facts);
  w.numbers(e.consts);
  w.flag(e.walk, e.widened);
  w.string(e.atomic);
  w.numbers(e.origins);
  w.int(e.from);
  w.int(e.caller);
  w.int(e.callerEntry);
  w.int(e.op);
}

function readEntry(r: Reader): Entry {
  const [locks, facts, consts] = [r.lockList(), r.numbers(), r.numbers()] as const;
  const flags = r.int();
  return {
    locks,
    facts,
    consts,
    walk: (flags & 1) !== 0,
    widened: (flags & 2) !== 0,
    atomic: r.string(),
    origins: [...r.numbers()],
    from: r.int(),
    caller: r.int(),
    callerEntry: r.int(),
    op: r.int(),
  };
}

/** Of an origin what tells it apart; its slot, which only a program has, is told by the file. */
function writeOrigin(w: Writer, o: Origin): void {
  w.string(o.struct);
  w.string(o.method);
  w.string(o.table);
  w.int(o.function);
  w.string(o.context);
  w.string(o.slot === null ? '' : (o.slot.file?.path ?? ''));
  w.flag(o.slot !== null);
}

/** An analysis to be kept. */
export function stored(found: Found, terms: Terms): Stored {
  const w = new Writer();
  const { situations } = found;
  const calls = situations.calls();
  w.all(found.groups, (g) => w.numbers(g));
  w.all(situations.groups, (g) => w.numbers(g));
  w.all(situations.origins, (o) => writeOrigin(w, o));
  const analysed = found.groups.flat();
  const spokenOf = new Set(analysed);
  for (const id of analysed) for (const edge of found.results[id]?.edges ?? []) spokenOf.add(edge.callee);
  w.numbers([...spokenOf]);
  for (const id of spokenOf) w.string(found.keys[id] as string);
  w.int(analysed.length);
  for (const id of analysed) {
    w.int(id);
    writeResult(w, found.results[id] as FunctionResult);
    w.all(situations.entries[id] ?? [], (e) => writeEntry(w, e));
    w.numbers([...(situations.keys[id] ?? new Map()).values()]);
    w.keys.push(...(situations.keys[id] ?? new Map<number, number>()).keys());
    w.all(situations.seeds.get(id) ?? [], (e) => writeEntry(w, e));
    w.numbers(calls[id] ?? []);
  }
  return w.done(terms);
}

/** An analysis that was kept, with the store of its terms. */
export function recalled(from: Stored): { readonly found: Found; readonly terms: Terms } {
  const r = new Reader(from);
  const keys: string[] = [];
  const groups = r.all(() => r.numbers());
  const situationGroups = r.all(() => r.numbers());
  const origins = r.all((): Origin => {
    const [struct, method, table, fn, context, file] = [
      r.string(),
      r.string(),
      r.string(),
      r.int(),
      r.string(),
      r.string(),
    ] as const;
    const slot = r.int() === 0 ? null : ({ file: { path: file } } as Origin['slot']);
    return { struct, method, table, function: fn, context, slot };
  });
  const results: (FunctionResult | undefined)[] = [];
  const entries: Entry[][] = [];
  const entryKeys: Map<number, number>[] = [];
  const seeds = new Map<number, readonly Entry[]>();
  const calls: Calls[] = [];
  for (const id of r.numbers()) keys[id] = r.string();
  for (let n = r.int(); n > 0; n--) {
    const id = r.int();
    results[id] = readResult(r);
    entries[id] = r.all(() => readEntry(r));
    entryKeys[id] = new Map(r.numbers().map((at) => [r.key(), at]));
    const begun = r.all(() => readEntry(r));
    if (begun.length > 0) seeds.set(id, begun);
    calls[id] = r.numbers();
  }
  return {
    found: {
      keys,
      results,
      // A group that changed is walked whole after that
      rounds: new Map(),
      groups,
      situations: {
        entries,
        keys: entryKeys,
        seeds,
        calls: () => calls,
        groups: situationGroups,
        origins,
      },
    },
    terms: Terms.recalled(from.terms),
  };
}
