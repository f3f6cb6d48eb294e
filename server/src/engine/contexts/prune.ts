/**
 * What of a path state is still worth knowing at a point: variables that are read again, and facts that a later test can
 * meet. Fewer differences make fewer states. Must not know what an operation does.
 */
import { operatorCode } from '../facts/encode.js';
import { type Graph, hasBit } from './cfg.js';
import { NO_FACTS, withFact } from './known.js';
import type { State } from './state.js';
import { T, type Terms } from './terms.js';
import { AT_ENTRY } from './translate.js';

const EQ = operatorCode('==');

/** Numbers of the facts that are laid aside, two a fact. */
const MAX_ASIDE = 16;

// What a fact about memory is worth at the next point
const DROP = 0;
const KEEP = 1;
const WHILE_ALIVE = 2;

const NO_MARKS = new Int32Array(0);

/** Prunes the states of one function. */
export class Pruner {
  /** `strings` of the file; `everyTest`: a rule looks at every read and wants to know what was tested. */
  constructor(
    private readonly terms: Terms,
    private readonly graph: Graph,
    private readonly strings: readonly string[],
    private readonly addressTaken: ReadonlySet<number>,
    private readonly everyTest: boolean,
  ) {}

  /** The state without what nothing reads from `block` on. */
  prune(block: number, s: State): State {
    const { graph, terms } = this;
    let vars = s.vars;
    for (const v of this.deadVariables(block)) {
      if ((vars[v] as number) < 0) continue;
      if (vars === s.vars) vars = vars.slice();
      (vars as number[])[v] = -1;
    }
    let temps = s.temps;
    if (temps.length > 0) {
      const live = graph.live[block] as Uint32Array;
      let kept: number[] | null = null;
      for (let i = 0; i < temps.length; i += 2) {
        const t = temps[i] as number;
        if (!hasBit(live, graph.variableCount + t)) kept ??= temps.slice(0, i);
        else if (kept !== null) kept.push(t, temps[i + 1] as number);
      }
      if (kept !== null) temps = kept;
    }
    // What is alive is only looked at where some fact asks for it
    let rooted = false;
    let parts: readonly number[] | null = null;
    // Copied from the first one that goes
    let facts: number[] | null = null;
    let { aside } = s;
    for (let i = 0; i < s.facts.length; i += 2) {
      const term = s.facts[i] as number;
      const soft = terms.isSoft(term);
      let stays = !soft && terms.isShared(term);
      let worth = WHILE_ALIVE;
      if (soft) {
        parts ??= this.softParts(vars, temps);
        // A value that was computed from memory and kept in a variable is what it was then
        stays = parts.includes(term);
        if (!stays) {
          worth = this.softWorth(term);
          stays = worth === KEEP;
          if (worth === DROP && terms.isShared(term) && aside.length < MAX_ASIDE)
            aside = withFact(aside, term, s.facts[i + 1] as number);
        }
      }
      if (!stays && worth === WHILE_ALIVE) {
        if (!rooted) {
          rooted = true;
          this.markRoots(vars, temps, s.heap);
        }
        stays = this.rootsAlive(term);
      }
      if (!stays) facts ??= s.facts.slice(0, i);
      else if (facts !== null) facts.push(term, s.facts[i + 1] as number);
    }
    // What was tested before a loop, its own body may have changed
    if (this.isLoopHead(block)) aside = NO_FACTS;
    if (vars === s.vars && temps === s.temps && facts === null) return s.withAside(aside);
    return s.withValues(vars, temps, s.heap, facts ?? s.facts).withAside(aside);
  }

  private heads: Uint8Array | null = null;

  private isLoopHead(block: number): boolean {
    if (this.heads === null) {
      this.heads = new Uint8Array(this.graph.blockCount);
      for (const [, to] of this.graph.back) this.heads[to] = 1;
    }
    return this.heads[this.graph.order[block] as number] === 1;
  }

  private readonly dead: (readonly number[] | undefined)[] = [];

  /** Variables that nothing reads any more from a block on, and whose address nobody has. */
  private deadVariables(block: number): readonly number[] {
    let list = this.dead[block];
    if (list === undefined) {
      const live = this.graph.live[block] as Uint32Array;
      const out: number[] = [];
      for (let v = 0; v < this.graph.variableCount; v++)
        if (!hasBit(live, v) && !this.addressTaken.has(v)) out.push(v);
      list = out;
      this.dead[block] = list;
    }
    return list;
  }

  /** Local terms that values of the state hang on, as the stamp of the last look. */
  private marks = NO_MARKS;
  private stamp = 0;

  private markRoots(vars: readonly number[], temps: readonly number[], heap: readonly number[]): void {
    this.stamp++;
    for (const v of vars) if (v >= 0) this.markRoot(v);
    for (let j = 1; j < temps.length; j += 2) this.markRoot(temps[j] as number);
    for (let j = 1; j < heap.length; j += 2) this.markRoot(heap[j] as number);
  }

  private markRoot(t: number): void {
    const at = this.terms.localIndex(t);
    if (at < 0) return;
    if (at >= this.marks.length) {
      const wider = new Int32Array(Math.max(at + 1, this.marks.length * 2, 64));
      wider.set(this.marks);
      this.marks = wider;
    }
    if (this.marks[at] === this.stamp) return;
    this.marks[at] = this.stamp;
    const first = this.terms.firstChild(t);
    if (first < 0) return;
    this.markRoot(first);
    const second = this.terms.secondChild(t);
    if (second >= 0) this.markRoot(second);
  }

  /** What values that hang on memory are computed from. */
  private softParts(vars: readonly number[], temps: readonly number[]): readonly number[] {
    const { terms } = this;
    const into: number[] = [];
    for (const v of vars) if (v >= 0 && terms.isSoft(v)) this.collectParts(v, into);
    for (let j = 1; j < temps.length; j += 2)
      if (terms.isSoft(temps[j] as number)) this.collectParts(temps[j] as number, into);
    return into;
  }

  private collectParts(t: number, into: number[]): void {
    const kind = this.terms.kind(t);
    into.push(t);
    if (kind !== T.Bin && kind !== T.Un) return;
    this.collectParts(this.terms.b(t), into);
    if (kind === T.Bin) this.collectParts(this.terms.c(t), into);
  }

  private readonly worths = new Map<number, number>();

  /** Whether a fact about memory is worth keeping: always, never, or while what it hangs on is alive. */
  private softWorth(term: number): number {
    if (this.everyTest) return WHILE_ALIVE;
    let worth = this.worths.get(term);
    if (worth === undefined) {
      const { terms } = this;
      if (terms.kind(term) === T.Bin && terms.a(term) === EQ && terms.number(terms.c(term)) === null)
        worth = WHILE_ALIVE;
      else {
        const at = this.softField(term);
        worth =
          at === AT_ENTRY || this.ofPointed(term) || (at !== '' && this.retestedNames().has(at))
            ? KEEP
            : DROP;
      }
      this.worths.set(term, worth);
    }
    return worth;
  }

  /** Whether a term is computed from what a parameter points at, `*flags & 1`. */
  private ofPointed(t: number): boolean {
    const { terms } = this;
    switch (terms.kind(t)) {
      case T.Load:
        return terms.kind(terms.a(t)) === T.DerefL && terms.kind(terms.a(terms.a(t))) === T.Param;
      case T.Bin:
        return this.ofPointed(terms.b(t)) || this.ofPointed(terms.c(t));
      case T.Un:
        return this.ofPointed(terms.b(t));
      default:
        return false;
    }
  }

  private rootsAlive(t: number): boolean {
    const at = this.terms.localIndex(t);
    if (at < 0) return this.terms.isShared(t);
    const first = this.terms.firstChild(t);
    if (first < 0) return at < this.marks.length && this.marks[at] === this.stamp;
    if (!this.rootsAlive(first)) return false;
    const second = this.terms.secondChild(t);
    return second < 0 || this.rootsAlive(second);
  }

  private softField(t: number): string {
    const { terms } = this;
    const kind = terms.kind(t);
    if (kind === T.Load)
      return (
        terms.lastField(t) || (terms.kind(terms.a(t)) === T.Global ? terms.nameText(terms.a(terms.a(t))) : '')
      );
    for (const k of terms.children(t)) {
      const f = this.softField(k);
      if (f !== '') return f;
    }
    return '';
  }

  private names: Set<string> | null = null;
  private retestedNames(): Set<string> {
    this.names ??= new Set([...this.graph.retested].map((s) => this.strings[s] ?? ''));
    return this.names;
  }

  /** A function that several conditions ask gave a value: the memory that it was computed from is tested again too. */
  gave(name: string, value: number): void {
    const names = this.retestedNames();
    if (!names.has(name) || !this.terms.isSoft(value)) return;
    const field = this.softField(value);
    if (field === '' || names.has(field)) return;
    names.add(field);
    this.worths.clear();
  }
}
