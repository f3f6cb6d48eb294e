/**
 * Symbolic terms: what a value or a location is called, independent of the expression that was written. Two expressions
 * that name one object give one term (`dentry->d_inode`, `d_inode(dentry)`, a local holding either, a field reached
 * through `container_of`). Hash-consed: equality is identity of small numbers. Terms made of parameters, globals and
 * constants live as long as the run; those that mention a value made in one function are dropped with it.
 */

import { hashText } from '../facts/encode.js';

/** Term kinds; columns a, b, c by kind. */
export const enum T {
  Unknown, // never equal to anything that matters
  Param, // position
  Global, // string
  Const, // number index
  Str, // -
  Fresh, // operation, detail: a value made by that operation
  Stale, // operation: an earlier iteration's value of it
  FieldP, // pointer term, field string: location p->f
  FieldL, // location term, field string: location l.f
  DerefL, // pointer term: location *p
  Elem, // location or pointer term, index term: location
  Local, // variable: location of a local whose address is taken or that is a structure
  Addr, // location term: value
  Load, // location term: value
  Container, // pointer term, type string, member string: value
  Bin, // operator code, term, term
  Un, // operator code, term
  Type, // string: a type handed to a macro
  Opaque, // string: something of a caller's that has no name here
}

/** Operators of our own, beside those of the facts. */
export const OP_IS_ERR = 40;
export const OP_IS_ERR_OR_NULL = 41;
export const OP_PTR_ERR_OR_ZERO = 42;
export const OP_ERR_PTR = 43;

/** Terms of one function are numbered from here; anything below is shared. */
const LOCAL_BASE = 1 << 20;
/** Past this many local terms in one function a new term is unknown. */
const MAX_LOCAL = 1 << 18;
/** Deeper terms than this are unknown: no lock is named through that many hops. */
export const MAX_TERM_DEPTH = 16;

/** Bits of `Table.flags`. */
const SOFT = 1;

/** Three bytes, three numbers, and two places to be found again by. */
const BYTES_OF_TERM = 3 + 3 * 4 + 2 * 4;

/** Terms in columns, found again by an open hash: they are made by the million. */
class Table {
  size = 0;
  kind: Uint8Array;
  a: Int32Array;
  b: Int32Array;
  c: Int32Array;
  depth: Uint8Array;
  flags: Uint8Array;
  /** Term number plus one, 0 where free; a power of two long. */
  private slots: Int32Array;

  constructor(private readonly capacity: number) {
    this.kind = new Uint8Array(capacity);
    this.a = new Int32Array(capacity);
    this.b = new Int32Array(capacity);
    this.c = new Int32Array(capacity);
    this.depth = new Uint8Array(capacity);
    this.flags = new Uint8Array(capacity);
    this.slots = new Int32Array(capacity * 2);
  }

  get bytes(): number {
    return this.kind.length * BYTES_OF_TERM;
  }

  /** Forgets all terms; a table that had grown far goes back to its first size. */
  clear(): void {
    if (this.size === 0) return;
    if (this.kind.length > this.capacity * 8) {
      this.kind = new Uint8Array(this.capacity);
      this.a = new Int32Array(this.capacity);
      this.b = new Int32Array(this.capacity);
      this.c = new Int32Array(this.capacity);
      this.depth = new Uint8Array(this.capacity);
      this.flags = new Uint8Array(this.capacity);
      this.slots = new Int32Array(this.capacity * 2);
    } else this.slots.fill(0);
    this.size = 0;
  }

  /** Number of the term, or of the free place for it as `-1 - slot`. */
  find(kind: number, a: number, b: number, c: number): number {
    const mask = this.slots.length - 1;
    let at = hash(kind, a, b, c) & mask;
    for (;;) {
      const id = (this.slots[at] as number) - 1;
      if (id < 0) return -1 - at;
      if (this.a[id] === a && this.kind[id] === kind && this.b[id] === b && this.c[id] === c) return id;
      at = (at + 1) & mask;
    }
  }

  append(slot: number, kind: number, a: number, b: number, c: number, depth: number, flags: number): number {
    const id = this.size++;
    this.kind[id] = kind;
    this.a[id] = a;
    this.b[id] = b;
    this.c[id] = c;
    this.depth[id] = depth;
    this.flags[id] = flags;
    this.slots[slot] = id + 1;
    if (this.size === this.kind.length) this.grow();
    return id;
  }

  private grow(): void {
    const capacity = this.kind.length * 2;
    const wider = <A extends Uint8Array | Int32Array>(old: A, made: A): A => {
      made.set(old);
      return made;
    };
    this.kind = wider(this.kind, new Uint8Array(capacity));
    this.a = wider(this.a, new Int32Array(capacity));
    this.b = wider(this.b, new Int32Array(capacity));
    this.c = wider(this.c, new Int32Array(capacity));
    this.depth = wider(this.depth, new Uint8Array(capacity));
    this.flags = wider(this.flags, new Uint8Array(capacity));
    this.slots = new Int32Array(capacity * 2);
    for (let id = 0; id < this.size; id++) {
      const free = this.freeSlot(id);
      this.slots[free] = id + 1;
    }
  }

  /** The columns of all terms. */
  columns(): StoredTerms['table'] {
    const { size } = this;
    return {
      kind: this.kind.slice(0, size),
      a: this.a.slice(0, size),
      b: this.b.slice(0, size),
      c: this.c.slice(0, size),
      depth: this.depth.slice(0, size),
      flags: this.flags.slice(0, size),
    };
  }

  /** A table with these terms under the same numbers. */
  static of(columns: StoredTerms['table'], capacity: number): Table {
    const table = new Table(capacity);
    const { kind, a, b, c, depth, flags } = columns;
    for (let id = 0; id < kind.length; id++) {
      const [k, x, y, z] = [kind[id] as number, a[id] as number, b[id] as number, c[id] as number];
      table.append(-1 - table.find(k, x, y, z), k, x, y, z, depth[id] as number, flags[id] as number);
    }
    return table;
  }

  private freeSlot(id: number): number {
    const mask = this.slots.length - 1;
    let at =
      hash(this.kind[id] as number, this.a[id] as number, this.b[id] as number, this.c[id] as number) & mask;
    while (this.slots[at] !== 0) at = (at + 1) & mask;
    return at;
  }
}

function hash(kind: number, a: number, b: number, c: number): number {
  let h = Math.imul(a + 0x7f4a7c15, 0x9e3779b1);
  h = Math.imul((h ^ (h >>> 15)) + b, 0x85ebca6b);
  h = Math.imul((h ^ (h >>> 13)) + c, 0xc2b2ae35) + kind * 0x27d4eb2f;
  return h ^ (h >>> 16);
}

/** A store of terms to be kept between runs: those that outlive their functions. */
export interface StoredTerms {
  readonly names: readonly string[];
  readonly numbers: readonly number[];
  readonly table: {
    readonly kind: Uint8Array;
    readonly a: Int32Array;
    readonly b: Int32Array;
    readonly c: Int32Array;
    readonly depth: Uint8Array;
    readonly flags: Uint8Array;
  };
}

/** Room for shared terms at first: a unit has some tens of thousands. */
const SHARED_TERMS = 1 << 14;

/** Room for a function's own terms at first. */
const LOCAL_TERMS = 1 << 12;

/** The store of terms. */
export class Terms {
  private shared = new Table(SHARED_TERMS);
  private local = new Table(LOCAL_TERMS);
  private readonly names: string[] = [];
  private readonly nameIds = new Map<string, number>();
  private readonly numbers: number[] = [];
  private readonly numberIds = new Map<number, number>();
  /** `d_lockref.lock` -> `d_lock`: location paths that have a name of their own. */
  fieldRenames: ReadonlyMap<string, string> = new Map();

  readonly unknown: number;
  readonly zero: number;
  readonly one: number;

  constructor() {
    this.unknown = this.make(T.Unknown, 0, 0, 0);
    this.zero = this.constant(0);
    this.one = this.constant(1);
  }

  /** All that outlives the functions that made it. */
  stored(): StoredTerms {
    return { names: this.names, numbers: this.numbers, table: this.shared.columns() };
  }

  /** A store with the terms of an earlier one, under the same numbers. */
  static recalled(from: StoredTerms): Terms {
    const terms = new Terms();
    terms.names.splice(0, terms.names.length, ...from.names);
    terms.nameIds.clear();
    for (const [id, name] of from.names.entries()) terms.nameIds.set(name, id);
    terms.numbers.splice(0, terms.numbers.length, ...from.numbers);
    terms.numberIds.clear();
    for (const [id, n] of from.numbers.entries()) terms.numberIds.set(n, id);
    terms.shared = Table.of(from.table, SHARED_TERMS);
    return terms;
  }

  /** How many terms outlive the functions that made them. */
  get kept(): number {
    return this.shared.size;
  }

  /** Bytes of the columns, roughly. */
  get bytes(): number {
    return this.shared.bytes + this.local.bytes;
  }

  /** Begins a function's own terms; gives those of another one that is being walked, to be put back at its end. */
  beginLocal(): unknown {
    if (this.local.size === 0) return null;
    const outer = this.local;
    this.local = new Table(LOCAL_TERMS);
    return outer;
  }

  /** Forgets the terms of the function at hand; `outer`: what its beginning gave. */
  endLocal(outer: unknown): void {
    if (outer instanceof Table) this.local = outer;
    else this.local.clear();
  }

  /** A store for the terms of a function whose walk is kept, for `swapLocal`. */
  keptLocal(): unknown {
    return new Table(LOCAL_TERMS);
  }

  /** Puts the terms of a kept walk in place; gives those that stood there, to be put back. */
  swapLocal(kept: unknown): unknown {
    const outer = this.local;
    if (kept instanceof Table) this.local = kept;
    return outer;
  }

  name(text: string): number {
    let id = this.nameIds.get(text);
    if (id === undefined) {
      id = this.names.length;
      this.names.push(text);
      this.nameIds.set(text, id);
    }
    return id;
  }

  nameText(id: number): string {
    return this.names[id] ?? '';
  }

  kind(t: number): T {
    return (t >= LOCAL_BASE ? this.local.kind[t - LOCAL_BASE] : this.shared.kind[t]) as T;
  }

  a(t: number): number {
    return (t >= LOCAL_BASE ? this.local.a[t - LOCAL_BASE] : this.shared.a[t]) as number;
  }

  b(t: number): number {
    return (t >= LOCAL_BASE ? this.local.b[t - LOCAL_BASE] : this.shared.b[t]) as number;
  }

  c(t: number): number {
    return (t >= LOCAL_BASE ? this.local.c[t - LOCAL_BASE] : this.shared.c[t]) as number;
  }

  depth(t: number): number {
    return (t >= LOCAL_BASE ? this.local.depth[t - LOCAL_BASE] : this.shared.depth[t]) as number;
  }

  /** Whether the value depends on memory that others may change. */
  isSoft(t: number): boolean {
    return (
      (((t >= LOCAL_BASE ? this.local.flags[t - LOCAL_BASE] : this.shared.flags[t]) as number) & SOFT) !== 0
    );
  }

  /** Whether the term means the same outside the function at hand. */
  isShared(t: number): boolean {
    return t < LOCAL_BASE && t !== this.unknown;
  }

  /** Number of a term among those of the function at hand, or -1 for a shared one. */
  localIndex(t: number): number {
    return t >= LOCAL_BASE ? t - LOCAL_BASE : -1;
  }

  private make(kind: T, a: number, b: number, c: number, depth = 1, soft = false, isLocal = false): number {
    const tab = isLocal ? this.local : this.shared;
    const base = isLocal ? LOCAL_BASE : 0;
    const found = tab.find(kind, a, b, c);
    if (found >= 0) return found + base;
    if (tab.size >= (isLocal ? MAX_LOCAL : LOCAL_BASE)) return this.unknown;
    return tab.append(-1 - found, kind, a, b, c, depth, soft ? SOFT : 0) + base;
  }

  /** A term over one other. */
  private over(kind: T, child: number, a: number, b: number, c: number, soft = false): number {
    if (child === this.unknown) return this.unknown;
    const depth = this.depth(child);
    if (depth >= MAX_TERM_DEPTH) return this.unknown;
    return this.make(kind, a, b, c, depth + 1, soft || this.isSoft(child), child >= LOCAL_BASE);
  }

  /** A term over two others. */
  private overBoth(kind: T, x: number, y: number, a: number, b: number, c: number): number {
    if (x === this.unknown || y === this.unknown) return this.unknown;
    const depth = Math.max(this.depth(x), this.depth(y));
    if (depth >= MAX_TERM_DEPTH) return this.unknown;
    return this.make(
      kind,
      a,
      b,
      c,
      depth + 1,
      this.isSoft(x) || this.isSoft(y),
      x >= LOCAL_BASE || y >= LOCAL_BASE,
    );
  }

  // ---- makers, with the identities that make one object one term

  param(position: number): number {
    return this.make(T.Param, position, 0, 0);
  }

  /** A global; `home` keeps two files' static globals of one name apart. */
  global(name: string, home = ''): number {
    return this.make(T.Global, this.name(name), home === '' ? 0 : this.name(home), 0);
  }

  constant(value: number): number {
    let id = this.numberIds.get(value);
    if (id === undefined) {
      id = this.numbers.length;
      this.numbers.push(value);
      this.numberIds.set(value, id);
    }
    return this.make(T.Const, id, 0, 0);
  }

  /** The number of a constant term, or null. */
  number(t: number): number | null {
    return this.kind(t) === T.Const ? (this.numbers[this.a(t)] as number) : null;
  }

  str(): number {
    return this.make(T.Str, 0, 0, 0);
  }

  type(text: string): number {
    return this.make(T.Type, this.name(text), 0, 0);
  }

  opaque(text: string): number {
    return this.make(T.Opaque, this.name(text), 0, 0);
  }

  fresh(op: number, detail = 0): number {
    return this.make(T.Fresh, op, detail, 0, 1, false, true);
  }

  stale(op: number): number {
    return this.make(T.Stale, op, 0, 0, 1, false, true);
  }

  localPlace(variable: number): number {
    return this.make(T.Local, variable, 0, 0, 1, false, true);
  }

  fieldP(pointer: number, field: number): number {
    const kind = this.kind(pointer);
    if (kind === T.Addr) return this.fieldL(this.a(pointer), field);
    if (kind === T.Container && this.nameText(this.c(pointer)) === this.names[field])
      return this.derefL(this.a(pointer));
    return this.over(T.FieldP, pointer, pointer, field, 0);
  }

  fieldL(location: number, field: number): number {
    const kind = this.kind(location);
    if (kind === T.DerefL) return this.fieldP(this.a(location), field);
    if (kind === T.FieldP || kind === T.FieldL) {
      const renamed = this.fieldRenames.get(`${this.names[this.b(location)]}.${this.names[field]}`);
      if (kind === T.FieldP && this.kind(this.a(location)) === T.Container) {
        const outer = this.a(location);
        if (this.nameText(this.c(outer)) === `${this.names[this.b(location)]}.${this.names[field]}`)
          return this.derefL(this.a(outer));
      }
      if (renamed !== undefined)
        return kind === T.FieldP
          ? this.fieldP(this.a(location), this.name(renamed))
          : this.fieldL(this.a(location), this.name(renamed));
    }
    return this.over(T.FieldL, location, location, field, 0);
  }

  derefL(pointer: number): number {
    if (this.kind(pointer) === T.Addr) return this.a(pointer);
    return this.over(T.DerefL, pointer, pointer, 0, 0);
  }

  elem(base: number, index: number): number {
    return this.overBoth(T.Elem, base, index, base, index, 0);
  }

  addr(location: number): number {
    if (this.kind(location) === T.DerefL) return this.a(location);
    return this.over(T.Addr, location, location, 0, 0);
  }

  load(location: number): number {
    return this.over(T.Load, location, location, 0, 0, true);
  }

  /** `container_of(pointer, type, member)`. */
  container(pointer: number, type: number, member: string): number {
    if (this.kind(pointer) === T.Addr) {
      // Out of the members one by one, the last one first
      let place = this.a(pointer);
      const members = member.split('.');
      for (let i = members.length - 1; i >= 0; i--) {
        const kind = this.kind(place);
        if ((kind !== T.FieldP && kind !== T.FieldL) || this.names[this.b(place)] !== members[i]) break;
        if (kind === T.FieldP) {
          if (i === 0) return this.a(place);
          break;
        }
        place = this.a(place);
        if (i === 0) return this.addr(place);
      }
    }
    return this.over(T.Container, pointer, pointer, type, this.name(member));
  }

  bin(op: number, left: number, right: number): number {
    return this.overBoth(T.Bin, left, right, op, left, right);
  }

  un(op: number, value: number): number {
    return this.over(T.Un, value, op, value, 0);
  }

  private readonly orders: number[] = [];

  /**
   * A number by which shared terms are put in order, the same in every store whatever was made first. Numbers of terms are not:
   * what is left out past a bound, or said first, must not hang on them.
   */
  order(t: number): number {
    if (t >= LOCAL_BASE) return t;
    const known = this.orders[t];
    if (known !== undefined) return known;
    const [a, b, c] = [this.a(t), this.b(t), this.c(t)];
    const name = (id: number): number => hashText(this.names[id] ?? '');
    let parts: readonly number[];
    switch (this.kind(t)) {
      case T.Global:
        parts = [name(a), b === 0 ? 0 : name(b)];
        break;
      case T.Const:
        parts = [this.numbers[a] as number];
        break;
      case T.FieldP:
      case T.FieldL:
        parts = [this.order(a), name(b)];
        break;
      case T.DerefL:
      case T.Addr:
      case T.Load:
        parts = [this.order(a)];
        break;
      case T.Container:
        parts = [this.order(a), name(b), name(c)];
        break;
      case T.Elem:
        parts = [this.order(a), this.order(b)];
        break;
      case T.Bin:
        parts = [a, this.order(b), this.order(c)];
        break;
      case T.Un:
        parts = [a, this.order(b)];
        break;
      case T.Type:
      case T.Opaque:
        parts = [name(a)];
        break;
      default:
        parts = [a];
    }
    let h = hashText(`${this.kind(t)}:${parts.join()}`);
    // Shallow places first: people read these most easily
    h = this.depth(t) * 0x100000000 + (h >>> 0);
    this.orders[t] = h;
    return h;
  }

  /** The terms that a term is made of, one step down. */
  children(t: number): readonly number[] {
    const first = this.firstChild(t);
    if (first < 0) return [];
    const second = this.secondChild(t);
    return second < 0 ? [first] : [first, second];
  }

  /** The first of the terms that a term is made of, as `children` gives them; -1 where it is made of none. */
  firstChild(t: number): number {
    switch (this.kind(t)) {
      case T.FieldP:
      case T.FieldL:
      case T.DerefL:
      case T.Addr:
      case T.Load:
      case T.Container:
      case T.Elem:
        return this.a(t);
      case T.Bin:
      case T.Un:
        return this.b(t);
      default:
        return -1;
    }
  }

  /** The second of the terms that a term is made of; -1 where there is none. */
  secondChild(t: number): number {
    const kind = this.kind(t);
    return kind === T.Bin ? this.c(t) : kind === T.Elem ? this.b(t) : -1;
  }

  /** Whether `inner` occurs in `t`. */
  contains(t: number, inner: number): boolean {
    let at = t;
    for (;;) {
      if (at === inner) return true;
      // What a term is made of was made before it, and a shared term has no local parts
      if (at < LOCAL_BASE ? inner >= LOCAL_BASE || inner > at : inner >= LOCAL_BASE && inner > at)
        return false;
      switch (this.kind(at)) {
        case T.FieldP:
        case T.FieldL:
        case T.DerefL:
        case T.Addr:
        case T.Load:
        case T.Container:
          at = this.a(at);
          break;
        case T.Un:
          at = this.b(at);
          break;
        case T.Elem:
          if (this.contains(this.b(at), inner)) return true;
          at = this.a(at);
          break;
        case T.Bin:
          if (this.contains(this.c(at), inner)) return true;
          at = this.b(at);
          break;
        default:
          return false;
      }
    }
  }

  /** Rebuilds a term with some subterms replaced; `replace` gives -1 to descend. Identities are applied anew. */
  rewrite(t: number, replace: (t: number) => number): number {
    const direct = replace(t);
    if (direct >= 0) return direct;
    const kind = this.kind(t);
    switch (kind) {
      case T.FieldP:
      case T.FieldL:
      case T.DerefL:
      case T.Addr:
      case T.Load:
      case T.Container: {
        const a = this.rewrite(this.a(t), replace);
        return a === this.a(t) ? t : this.madeOver(kind, a, t);
      }
      case T.Elem: {
        const a = this.rewrite(this.a(t), replace);
        const b = this.rewrite(this.b(t), replace);
        return a === this.a(t) && b === this.b(t) ? t : this.elem(a, b);
      }
      case T.Bin: {
        const b = this.rewrite(this.b(t), replace);
        const c = this.rewrite(this.c(t), replace);
        return b === this.b(t) && c === this.c(t) ? t : this.bin(this.a(t), b, c);
      }
      case T.Un: {
        const b = this.rewrite(this.b(t), replace);
        return b === this.b(t) ? t : this.un(this.a(t), b);
      }
      default:
        return t;
    }
  }

  /** What a term is over another part than its own. */
  private madeOver(
    kind: T.FieldP | T.FieldL | T.DerefL | T.Addr | T.Load | T.Container,
    part: number,
    t: number,
  ): number {
    switch (kind) {
      case T.FieldP:
        return this.fieldP(part, this.b(t));
      case T.FieldL:
        return this.fieldL(part, this.b(t));
      case T.DerefL:
        return this.derefL(part);
      case T.Addr:
        return this.addr(part);
      case T.Load:
        return this.load(part);
      default:
        return this.container(part, this.b(t), this.names[this.c(t)] ?? '');
    }
  }

  /** The root that a location or value hangs on: a parameter, global, local or made value. */
  root(t: number): number {
    let at = t;
    for (;;) {
      switch (this.kind(at)) {
        case T.FieldP:
        case T.FieldL:
        case T.DerefL:
        case T.Addr:
        case T.Load:
        case T.Container:
        case T.Elem:
          at = this.a(at);
          break;
        case T.Bin:
        case T.Un:
          at = this.b(at);
          break;
        default:
          return at;
      }
    }
  }

  /** The last field of a location, or ''. */
  lastField(t: number): string {
    const kind = this.kind(t);
    if (kind === T.FieldP || kind === T.FieldL) return this.names[this.b(t)] ?? '';
    if (kind === T.Elem) return this.lastField(this.a(t));
    if (kind === T.Load || kind === T.Addr) return this.lastField(this.a(t));
    return '';
  }

  private neverNull: ReadonlySet<number> = new Set();

  /** Names of members that are never NULL. */
  setNeverNull(fields: readonly string[]): void {
    this.neverNull = new Set(fields.map((f) => this.name(f)));
  }

  /** Whether a value was loaded from a member that is never NULL. */
  isNeverNull(t: number): boolean {
    if (this.kind(t) !== T.Load) return false;
    const place = this.a(t);
    const kind = this.kind(place);
    return (kind === T.FieldP || kind === T.FieldL) && this.neverNull.has(this.b(place));
  }

  /** As C would write it; `param` and `made` name roots. */
  show(
    t: number,
    param: (i: number) => string,
    made: (op: number, detail: number) => string,
    local: (v: number) => string,
  ): string {
    const go = (x: number): string => this.show(x, param, made, local);
    switch (this.kind(t)) {
      case T.Param:
        return param(this.a(t));
      case T.Global:
        return this.nameText(this.a(t));
      case T.Const:
        return String(this.number(t));
      case T.Str:
        return '"..."';
      case T.Fresh:
        return made(this.a(t), this.b(t));
      case T.Stale:
        return `${made(this.a(t), 0)} (of an earlier turn)`;
      case T.FieldP:
        return `${wrap(go(this.a(t)))}->${this.names[this.b(t)]}`;
      case T.FieldL:
        return `${go(this.a(t))}.${this.names[this.b(t)]}`;
      case T.DerefL:
        return `*${go(this.a(t))}`;
      case T.Elem:
        return `${go(this.a(t))}[${go(this.b(t))}]`;
      case T.Local:
        return local(this.a(t));
      case T.Addr:
        return `&${go(this.a(t))}`;
      case T.Load:
        return go(this.a(t));
      case T.Container:
        return `container_of(${go(this.a(t))}, ${this.nameText(this.b(t))}, ${this.nameText(this.c(t))})`;
      case T.Bin:
        return `${go(this.b(t))} op ${go(this.c(t))}`;
      case T.Un:
        return `!${go(this.b(t))}`;
      case T.Type:
        return this.nameText(this.a(t));
      case T.Opaque:
        return this.nameText(this.a(t));
      default:
        return '?';
    }
  }
}

function wrap(text: string): string {
  return text.startsWith('&') || text.startsWith('*') ? `(${text})` : text;
}
