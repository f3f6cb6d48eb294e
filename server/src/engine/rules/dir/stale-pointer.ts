/**
 * dir/stale-pointer: a pointer that was loaded under a lock is followed after that lock was dropped and taken again, though whoever
 * takes the lock meanwhile may unlink and free what it points at: no reference was taken, or it was given back while the lock was away,
 * and it was not loaded again. Said only where the other side is there: code of the same directory that unlinks such an object under the
 * same lock, and code that frees it, or the VFS, which does so with its own lists. `replaced-members.ts` has members that others replace.
 */
import { calledName, fnColumn } from '../../contexts/cfg.js';
import type { Entry } from '../../contexts/entry-points.js';
import type { FunctionRun } from '../../contexts/flow.js';
import type { FunctionResult } from '../../contexts/result.js';
import type { Lock, State } from '../../contexts/state.js';
import { T } from '../../contexts/terms.js';
import { CALL_LOOP, EXPR_STRIDE, Fn, OP_STRIDE, Op, VARIABLE_STRIDE, X } from '../../facts/encode.js';
import { type FunctionRef, readList, type TypeRef, typeRef } from '../../program/program.js';
import { textsBelow } from '../callee-texts.js';
import { byLocks, heldIn, heldShown, surelyHeld } from '../holding.js';
import { OfAnalyses, OfFunctions, resultsAround, setNumber } from '../kept.js';
import { Mentions } from '../mentions.js';
import {
  FINDS,
  holderOf,
  isInBody,
  isLocalExpression,
  KEEPS,
  PointerText,
  storedVariable,
} from '../pointer-text.js';
import { usesOfReplaced } from '../replaced-members.js';
import { type Look, OfSituations, operationsOf, replay, watch } from '../replay.js';
import { Retakes } from '../retakes.js';
import {
  type Draft,
  entryMethod,
  lineOf,
  pathTo,
  type Rule,
  type RuleContext,
  rcuOf,
  step,
} from '../rule.js';
import { Trails } from '../trails.js';
import { Ways } from '../ways.js';

/** What takes an object off the list, table or tree that its member links it into. */
const UNLINKS = [
  'list_del',
  'list_del_init',
  'list_del_rcu',
  'hlist_del',
  'hlist_del_init',
  'hlist_del_rcu',
  'hlist_del_init_rcu',
  'hlist_bl_del',
  'hlist_bl_del_init',
  'rb_erase',
  'rb_erase_cached',
];

/** What links it in again: where both are done it only moves. */
const RELINKS = [
  'list_add',
  'list_add_tail',
  'list_add_rcu',
  'list_move',
  'list_move_tail',
  'hlist_add_head',
  'rb_link_node',
];

/** Methods after or before which nobody else is there: what they unlink is nobody's race. */
const LAST = new Set([
  'put_super',
  'kill_sb',
  'evict_inode',
  'release',
  'destroy_inode',
  'free_inode',
  'mount',
  'get_tree',
  'fill_super',
]);

/** Lists of the VFS that filesystems walk, with what the VFS takes off them under which lock, and frees then. */
const VFS_LISTS: readonly VfsList[] = [
  {
    list: 's_inodes',
    struct: 'struct inode',
    lock: 'super_block::s_inode_list_lock',
    // 6.12:fs/inode.c:554
    ends: 'the last iput() elsewhere evicts an inode, which is taken off the list under the same lock and freed',
  },
];

interface VfsList {
  readonly list: string;
  readonly struct: string;
  readonly lock: string;
  readonly ends: string;
}

const STORED = 1;
const DROPPED = 2;
const TAKEN = 4;
/** A reference is held. */
const COUNTED = 8;

const ID = 'dir/stale-pointer';

/** The rule. */
export const stalePointer: Rule = {
  info: {
    id: ID,
    summary: 'A pointer that was loaded under a lock is followed after the lock was dropped and taken again.',
    law: 'A pointer or list position that was loaded under a lock is not followed after that lock was dropped and taken again, without a reference or a new load.',
    severity: 'error',
    precision: 'high',
    onByDefault: true,
    fixable: false,
  },
  check(cx) {
    const propagation = cx.analysis.propagation;
    if (propagation === null) return [];
    const out = usesOfReplaced(cx, ID);
    const search = new Search(cx);
    const retakes = Retakes.in(cx);
    for (const fn of cx.functions) {
      if (fn.isMacro || fn.isHeader) continue;
      if (retakes.after(fn).size === 0) {
        cx.silence?.(
          ID,
          fn,
          -1,
          'no lock is dropped and taken again in this function, itself or by what it calls',
        );
        continue;
      }
      const { variables, uses } = search.carriedIn(fn);
      if (uses.length === 0) {
        cx.silence?.(
          ID,
          fn,
          -1,
          'no pointer to anything that this directory unlinks and frees is carried over the drop of a lock',
        );
        continue;
      }
      const entries = propagation.entries[fn.id] ?? [];
      const seen = new Set<number>();
      // What the directory unlinks and frees decides of which pointers
      const key = `${[...variables].join()};${uses.join()}`;
      for (const [i, entry] of byLocks(entries)) {
        const look = (): readonly Found[] => search.in(fn, entry, variables, uses);
        for (const f of FOUND.of(cx.analysis, fn, entry, look, key)) {
          if (seen.has(f.loaded)) continue;
          const other = search.other(fn, f);
          if (other === null) {
            cx.silence?.(
              ID,
              fn,
              f.op,
              `nobody in this directory is seen to unlink a '${f.struct}' under that lock alone and to free one`,
            );
            continue;
          }
          seen.add(f.loaded);
          out.push(draft(cx, fn, entry, i, f, other));
        }
      }
    }
    return out;
  },
};

/** A pointer on its way. */
interface Pointer {
  /** Local variable, or a temporary as `-2 - number`. */
  readonly holder: number;
  /** Operation that loaded it, and the locks that were held then. */
  readonly loaded: number;
  readonly locks: readonly HeldLock[];
  /** Those that were held all the time since. */
  readonly kept: readonly string[];
  /** `struct::member` that it was loaded from, or '' where it came out of a list. */
  readonly member: string;
  /** The lock that was dropped, and where; where it was taken again. */
  readonly lost: HeldLock | null;
  readonly dropped: number;
  readonly taken: number;
  /** References to it that were taken here and not given back. */
  readonly counts: number;
}

interface HeldLock {
  readonly place: number;
  readonly class: string;
}

/** A pointer that is followed too late. */
interface Found {
  readonly op: number;
  readonly loaded: number;
  readonly dropped: number;
  readonly taken: number;
  readonly lock: string;
  readonly class: string;
  readonly kept: readonly string[];
  readonly member: string;
  readonly struct: string;
  readonly text: string;
  readonly held: Draft['held'];
  readonly rcu: Draft['rcu'];
}

/** Where an object is unlinked, and the locks that are held there exclusively. */
interface Site {
  readonly fn: FunctionRef;
  readonly op: number;
  readonly index: number;
  readonly target: string;
  readonly classes: readonly string[];
}

/** Variables that may be carried over a gap, and operations that may follow one then. */
interface Carried {
  readonly variables: ReadonlySet<number>;
  readonly uses: readonly number[];
}

const CARRIED = new OfFunctions<Carried>();
const FOUND = new OfSituations<readonly Found[]>('callees');
const NOTHING_FREED: ReadonlySet<string> = new Set();

/** By unit: structures of which something frees one. */
const FREED = new OfAnalyses<ReadonlyMap<string, ReadonlySet<string>>>(
  ({ bottomUp, program, results }) => {
    const out = new Map<string, Set<string>>();
    for (const id of bottomUp)
      for (const { type } of results[id]?.frees ?? []) {
        if (type === '') continue;
        const unit = program.functions[id]?.unit ?? '';
        const types = out.get(unit) ?? new Set();
        out.set(unit, types.add(type));
      }
    return out;
  },
  (freed, { results }, changed, before) =>
    changed.every((id) => freedBy(before[id]) === freedBy(results[id])) ? freed : null,
);

function freedBy(result: FunctionResult | undefined): string {
  return [...new Set(result?.frees.map(({ type }) => type))].sort().join();
}

const SITES = new OfSituations<readonly Omit<Site, 'fn' | 'index'>[]>();

class Search {
  private readonly lost = new Map<string, ReadonlySet<string>>();
  private readonly unlinking = new Mentions(UNLINKS);
  private readonly relinking = new Mentions(RELINKS);
  private readonly byUnit = new Map<string, readonly Site[]>();
  private readonly vfsLists = VFS_LISTS.map((list) => ({ list, mentions: new Mentions([list.list]) }));

  private readonly text: PointerText;

  constructor(private readonly cx: RuleContext) {
    this.text = new PointerText(cx);
  }

  // ---- which variables may be carried over a gap, by the text alone

  /** What `carried` says, kept while nothing is another that it hangs on. */
  carriedIn(fn: FunctionRef): Carried {
    const { analysis } = this.cx;
    const hungOn = [
      textsBelow(analysis, fn.id),
      setNumber(this.lostIn(fn.unit)),
      resultsAround(analysis, fn),
    ];
    return CARRIED.of(fn, hungOn, () => this.carried(fn));
  }

  /**
   * The variables that may be carried over a gap, and the operations that may follow one then. By the order of operations alone: what
   * `in` finds on some path is among it.
   */
  private carried(fn: FunctionRef): Carried {
    const { file } = fn;
    const first = fnColumn(file, fn.index, Fn.FirstOp);
    const out = { variables: new Set<number>(), uses: [] as number[] };
    const result = this.cx.analysis.results[fn.id];
    if (result === undefined || result.acquires.size === 0 || result.releases.size === 0) return out;
    const lost = new Set([...this.lostIn(fn.unit), ...this.onVfsLists(fn)]);
    const count = fnColumn(file, fn.index, Fn.VariableCount);
    const mayBeLost = new Uint8Array(count);
    for (let v = 0; v < count; v++) {
      const { base, depth } = declaredType(fn, v);
      if (base === '' || (depth >= 1 && lost.has(base))) mayBeLost[v] = 1;
    }
    if (lost.size === 0 || !mayBeLost.includes(1)) return out;
    const drops = new Set<number>();
    const takes = new Set<number>();
    for (const op of operationsOf(fn)) {
      if ((file.ops[(first + op) * OP_STRIDE] as Op) !== Op.Call) continue;
      const effect = this.lockEffect(fn, op);
      if (effect.drops) drops.add(op);
      if (effect.takes) takes.add(op);
    }
    if (drops.size === 0 || takes.size === 0) return out;
    const ways = new Ways(fn);
    const uses = new Set<number>();
    // Of each variable and temporary: loaded, then a lock was dropped, then one was taken
    const places = count + fnColumn(file, fn.index, Fn.TempCount);
    const at = (holder: number): number => (holder >= 0 ? holder : count - 2 - holder);
    const known: (Uint8Array | undefined)[] = [new Uint8Array(places)];
    const waiting = [0];
    for (let block = waiting.pop(); block !== undefined; block = waiting.pop()) {
      const now = (known[block] as Uint8Array).slice();
      for (const op of ways.opsOf(block)) {
        for (let v = 0; v < count; v++) {
          const bits = now[v] as number;
          if (bits === 0) continue;
          if ((bits & TAKEN) !== 0) {
            out.variables.add(v);
            if (this.text.isFollowed(fn, op, v, () => this.isRetakenIn(fn, op, takes))) uses.add(op);
          }
          // Who wants to hear of exemptions is told of them where they apply
          if (this.cx.silence !== undefined) continue;
          const counts = this.text.counts(fn, op, v);
          if (counts === 'get' && (bits & DROPPED) === 0) now[v] = bits | COUNTED;
          else if ((bits & COUNTED) !== 0) {
            if (counts === 'put') now[v] = bits & ~COUNTED;
            else if (this.text.isKeptBesides(fn, op, v, false)) now[v] = 0;
          } else if (this.text.isKept(fn, op, v, false)) now[v] = 0;
          else if ((bits & DROPPED) !== 0 && this.text.isKept(fn, op, v, true)) now[v] = bits & STORED;
        }
        this.stored(fn, op, mayBeLost, now, at);
        for (let i = 0; i < places; i++) {
          if (drops.has(op) && ((now[i] as number) & STORED) !== 0) now[i] = (now[i] as number) | DROPPED;
          if (takes.has(op) && ((now[i] as number) & DROPPED) !== 0) now[i] = (now[i] as number) | TAKEN;
        }
      }
      for (const next of ways.after(block)) {
        const there = known[next];
        if (there === undefined) {
          known[next] = now.slice();
          waiting.push(next);
          continue;
        }
        let more = false;
        for (let i = 0; i < places; i++) {
          const sum = (there[i] as number) | (now[i] as number);
          if (sum !== there[i]) more = true;
          there[i] = sum;
        }
        if (more) waiting.push(next);
      }
    }
    return { variables: out.variables, uses: [...uses].sort((x, y) => x - y) };
  }

  /** What an operation leaves in variables and temporaries: something that was loaded here, what another one holds, or nothing. */
  private stored(
    fn: FunctionRef,
    op: number,
    mayBeLost: Uint8Array,
    now: Uint8Array,
    place: (holder: number) => number,
  ): void {
    const { file } = fn;
    const at = (fnColumn(file, fn.index, Fn.FirstOp) + op) * OP_STRIDE;
    if ((file.ops[at] as Op) === Op.Call) {
      const args = readList(file, file.ops[at + 2] as number);
      if (((file.ops[at + 4] as number) & CALL_LOOP) !== 0) {
        for (const e of args)
          if (isLocalExpression(fn, e)) now[holderOf(fn, e)] = mayBeLost[holderOf(fn, e)] === 1 ? STORED : 0;
        return;
      }
      const temp = file.ops[at + 3] as number;
      if (temp < 0) return;
      const from = args[0] === undefined || !FINDS.has(calledName(fn, op)) ? -1 : holderOf(fn, args[0]);
      const handed = from === -1 ? 0 : (now[place(from)] as number);
      now[place(-2 - temp)] = handed !== 0 ? handed : this.text.gives(fn, op) ? STORED : 0;
      return;
    }
    const v = storedVariable(fn, op);
    if (v < 0) return;
    const value = file.ops[at + 2] as number;
    const from = value < 0 ? -1 : holderOf(fn, value);
    if (mayBeLost[v] === 0 || value < 0) now[v] = 0;
    else if (from !== -1 && now[place(from)] !== 0) now[v] = now[place(from)] as number;
    else now[v] = (file.exprs[value * EXPR_STRIDE] as X) === X.Field ? STORED : 0;
  }

  private isRetakenIn(fn: FunctionRef, head: number, takes: ReadonlySet<number>): boolean {
    for (const taken of takes) if (isInBody(fn, head, taken)) return true;
    return false;
  }

  private lockEffect(fn: FunctionRef, op: number): { drops: boolean; takes: boolean } {
    const name = calledName(fn, op);
    const helper = this.cx.analysis.model.helpers.get(name);
    if (helper !== undefined)
      return {
        drops: helper.releases?.some((l) => KEEPS.includes(l.kind)) === true,
        takes: helper.acquires?.some((l) => KEEPS.includes(l.kind)) === true,
      };
    const callee = name === '' ? null : this.cx.analysis.program.resolve(name, fn.file);
    const exits = callee === null ? [] : (this.cx.analysis.results[callee.id]?.exits ?? []);
    return {
      drops: exits.some((e) => e.released.some((l) => KEEPS.includes(l.kind))),
      takes: exits.some((e) => e.locks.some((l) => KEEPS.includes(l.kind))),
    };
  }

  // ---- what is carried, on each path

  in(
    fn: FunctionRef,
    entry: Entry,
    variables: ReadonlySet<number>,
    uses: readonly number[],
  ): readonly Found[] {
    const out = new Map<number, Found>();
    const trails = new Trails<readonly Pointer[]>();
    const look: Look = (run, op, s) => {
      const before = trails.of(s.trail) ?? [];
      const locks = surelyHeld(run, entry, s).filter((l) => KEEPS.includes(l.kind));
      const isRcu = s.locks.some((l) => l.kind === 'rcu') || entry.locks.some((l) => l.kind === 'rcu');
      let now = before
        .map((p) => moved(p, locks, op))
        // What was counted all the time is there yet
        .filter((p) => (p.dropped < 0 || !isRcu) && (p.taken < 0 || p.counts === 0));
      for (const p of now) {
        if (p.taken < 0 || p.holder < 0 || out.has(p.loaded) || s.blurred) continue;
        const isInTurn = (): boolean => p.loaded === op && isInBody(fn, op, p.taken);
        if (!this.text.isFollowed(fn, op, p.holder, isInTurn)) continue;
        const type = run.ev.variableType(p.holder);
        if (type?.depth !== 1 || !type.base.startsWith('struct ') || p.lost === null) continue;
        out.set(p.loaded, {
          op,
          loaded: p.loaded,
          dropped: p.dropped,
          taken: p.taken,
          lock: run.showPlace(p.lost.place),
          class: p.lost.class,
          kept: p.kept,
          member: p.member,
          struct: type.base,
          text: run.ev.variableName(p.holder),
          held: heldShown(this.cx, fn, run, entry, s, op),
          rcu: rcuOf(entry, run.effect.shownLocks(s)),
        });
      }
      now = now.flatMap((p) => {
        if (p.holder < 0) return [p];
        const counts = this.text.counts(fn, op, p.holder);
        if (counts === 'get' && p.dropped < 0) return [{ ...p, counts: p.counts + 1 }];
        if (counts === 'put' && p.counts > 0) return [{ ...p, counts: p.counts - 1 }];
        const wasAway = p.dropped >= 0;
        const kept =
          p.counts > 0
            ? this.text.isKeptBesides(fn, op, p.holder, wasAway)
            : this.text.isKept(fn, op, p.holder, wasAway);
        if (kept)
          this.cx.silence?.(
            ID,
            fn,
            op,
            `'${run.ev.variableName(p.holder)}' is counted, marked, compared or handed on here: it may be kept, or found out to be still the one`,
          );
        return kept ? [] : [p];
      });
      now = this.loads(run, fn, op, s, now, locks, variables);
      if (now.length === 0) return 0;
      return trails.number(
        now,
        now
          .map(
            (p) =>
              `${p.holder},${p.loaded},${p.dropped},${p.taken},${p.counts},${p.kept.join('+')},${p.lost?.place}`,
          )
          .join(';'),
      );
    };
    replay(this.cx.analysis, fn, entry, look, undefined, uses);
    return [...out.values()];
  }

  /** The pointers after what an operation stores. */
  private loads(
    run: FunctionRun,
    fn: FunctionRef,
    op: number,
    s: State,
    now: readonly Pointer[],
    locks: readonly Lock[],
    variables: ReadonlySet<number>,
  ): Pointer[] {
    const { file } = fn;
    const at = (fnColumn(file, fn.index, Fn.FirstOp) + op) * OP_STRIDE;
    const kind = file.ops[at] as Op;
    const held: readonly HeldLock[] = locks.map((l) => ({ place: l.place, class: l.class }));
    const fresh = (holder: number, member: string): Pointer => ({
      holder,
      loaded: op,
      locks: held,
      kept: held.map((l) => l.class),
      member,
      lost: null,
      dropped: -1,
      taken: -1,
      counts: 0,
    });
    const known = (holder: number): Pointer | undefined => now.find((p) => p.holder === holder);
    const without = (holder: number): Pointer[] => now.filter((p) => p.holder !== holder);
    if (kind === Op.Call) {
      const args = readList(file, file.ops[at + 2] as number);
      if (((file.ops[at + 4] as number) & CALL_LOOP) !== 0) {
        let out = [...now];
        const locals = args.filter((e) => (file.exprs[e * EXPR_STRIDE] as X) === X.Local);
        const heads = args.filter(
          (e) =>
            (file.exprs[e * EXPR_STRIDE] as X) === X.Addr || (file.exprs[e * EXPR_STRIDE] as X) === X.Field,
        );
        const head = heads[0];
        const isOwn = head === undefined || this.isOwnList(run, fn, run.terms.root(run.ev.value(s, head)));
        for (const e of locals) {
          const v = file.exprs[e * EXPR_STRIDE + 1] as number;
          out = out.filter((p) => p.holder !== v);
          if (!isOwn && variables.has(v) && held.length > 0 && !run.isAddressTaken(v)) out.push(fresh(v, ''));
        }
        return out.slice(0, 8);
      }
      const temp = file.ops[at + 3] as number;
      if (temp < 0) return [...now];
      const holder = -2 - temp;
      const out = without(holder);
      const name = calledName(fn, op);
      if (held.length === 0) return out;
      if (FINDS.has(name)) {
        const e = args[0];
        const root = e === undefined ? -1 : run.terms.root(run.ev.value(s, e));
        const from = e === undefined ? undefined : known(holderOf(fn, e));
        if (from !== undefined) out.push({ ...from, holder });
        else if (root >= 0 && run.terms.kind(root) !== T.Local) out.push(fresh(holder, ''));
      } else if (this.text.gives(fn, op)) out.push(fresh(holder, ''));
      return out.slice(0, 8);
    }
    const v = storedVariable(fn, op);
    if (v < 0) return [...now];
    const value = file.ops[at + 2] as number;
    const out = without(v);
    if (value < 0 || !variables.has(v) || run.isAddressTaken(v)) return out;
    const from = known(holderOf(fn, value));
    if (from !== undefined) out.push({ ...from, holder: v });
    else if (held.length > 0 && (file.exprs[value * EXPR_STRIDE] as X) === X.Field) {
      const place = run.ev.place(s, value);
      const root = run.terms.kind(run.terms.root(place));
      const member = run.ev.classOf(place);
      if (root !== T.Local && !member.startsWith('?')) out.push(fresh(v, member));
    }
    return out.slice(0, 8);
  }

  /** A list whose head is the function's own, also where a macro declares it. */
  private isOwnList(run: FunctionRun, fn: FunctionRef, root: number): boolean {
    const { terms } = run;
    if (terms.kind(root) === T.Local) return true;
    if (terms.kind(root) !== T.Global) return false;
    return this.cx.analysis.program.global(terms.nameText(terms.a(root)), fn.file) === null;
  }

  // ---- the other side

  /** Structures that some function of a unit unlinks and some frees: pointers to others are not asked about. */
  private lostIn(unit: string): ReadonlySet<string> {
    let lost = this.lost.get(unit);
    if (lost === undefined) {
      const freed = this.freedIn(unit);
      lost = new Set(
        this.sites(unit)
          .map((site) => site.target)
          .filter((target) => freed.has(target)),
      );
      this.lost.set(unit, lost);
    }
    return lost;
  }

  /** Structures that stand on lists of the VFS which a function names. */
  private onVfsLists(fn: FunctionRef): readonly string[] {
    return this.vfsLists.filter(({ mentions }) => mentions.in(fn)).map(({ list }) => list.struct);
  }

  other(fn: FunctionRef, f: Found): Site | VfsList | null {
    const vfs = this.vfsLists.find(
      ({ list, mentions }) =>
        list.struct === f.struct && list.lock === f.class && f.member === '' && mentions.in(fn),
    );
    if (vfs !== undefined) return vfs.list;
    if (!this.freedIn(fn.unit).has(f.struct)) return null;
    for (const site of this.sites(fn.unit)) {
      if (site.fn.id === fn.id) continue;
      if (site.target !== f.struct || f.member !== '') continue;
      if (!site.classes.includes(f.class) || f.kept.some((c) => site.classes.includes(c))) continue;
      return site;
    }
    return null;
  }

  private freedIn(unit: string): ReadonlySet<string> {
    return FREED.of(this.cx.analysis).get(unit) ?? NOTHING_FREED;
  }

  private sites(unit: string): readonly Site[] {
    const known = this.byUnit.get(unit);
    if (known !== undefined) return known;
    const out: Site[] = [];
    const { analysis } = this.cx;
    for (const fn of this.cx.all) {
      if (fn.unit !== unit || fn.isMacro || !this.unlinking.in(fn) || this.relinking.in(fn)) continue;
      const entries = analysis.propagation?.entries[fn.id] ?? [];
      const others = entries.filter((entry) => {
        const origins = entry.origins.map((o) => analysis.propagation?.origins[o]);
        return origins.length === 0 || !origins.every((o) => o !== undefined && LAST.has(o.method));
      });
      for (const [, entry] of byLocks(others))
        for (const site of SITES.of(analysis, fn, entry, () => sitesIn(this.cx, fn, entry)))
          out.push({ ...site, fn, index: entries.indexOf(entry) });
    }
    this.byUnit.set(unit, out);
    return out;
  }
}

function sitesIn(cx: RuleContext, fn: FunctionRef, entry: Entry): readonly Omit<Site, 'fn' | 'index'>[] {
  const out = new Map<string, Omit<Site, 'fn' | 'index'>>();
  const { file } = fn;
  const unlinks = (op: number): boolean => UNLINKS.includes(calledName(fn, op));
  watch(cx.analysis, fn, entry, unlinks, (run, op, s) => {
    const at = (fnColumn(file, fn.index, Fn.FirstOp) + op) * OP_STRIDE;
    const e = readList(file, file.ops[at + 2] as number)[0];
    if (e === undefined || (file.exprs[e * EXPR_STRIDE] as X) !== X.Addr) return;
    const field = (file.exprs[e * EXPR_STRIDE + 1] as number) * EXPR_STRIDE;
    if ((file.exprs[field] as X) !== X.Field) return;
    const target = run.ev.typeOf(file.exprs[field + 1] as number);
    if (target?.base.startsWith('struct ') !== true) return;
    const classes = heldIn(run, entry, s)
      .filter((l) => !l.may && !l.shared && KEEPS.includes(l.kind) && !l.class.startsWith('?'))
      .map((l) => l.class);
    const key = `${op},${classes.join()}`;
    if (!out.has(key)) out.set(key, { op, target: target.base, classes });
  });
  return [...out.values()];
}

/** A pointer with what became of the locks that it was loaded under. */
function moved(p: Pointer, locks: readonly Lock[], op: number): Pointer {
  const has = (l: HeldLock): boolean => locks.some((x) => x.place === l.place);
  if (p.dropped < 0) {
    const lost = p.locks.find((l) => !has(l));
    if (lost === undefined) return p;
    const kept = p.locks.filter(has).map((l) => l.class);
    return { ...p, lost, dropped: op - 1, kept };
  }
  const kept = p.kept.filter(
    (c) => locks.some((l) => l.class === c) || (p.lost !== null && c === p.lost.class),
  );
  const taken = p.taken < 0 && p.lost !== null && has(p.lost) ? op - 1 : p.taken;
  return taken === p.taken && kept.length === p.kept.length ? p : { ...p, kept, taken };
}

function draft(
  cx: RuleContext,
  fn: FunctionRef,
  entry: Entry,
  index: number,
  f: Found,
  other: Site | VfsList,
): Draft {
  const origin = cx.analysis.propagation?.origins[entry.origins[0] ?? -1];
  const lock = `'&${f.lock}'`;
  const isDrained = f.op === f.loaded && calledName(fn, f.op).includes('_safe');
  return {
    rule: ID,
    // A drained list is often one that nobody else knows any more
    precision: isDrained ? 'medium' : 'high',
    certainty: isDrained ? 'may' : 'must',
    message: `'${f.text}' was loaded under ${lock}, which was dropped in line ${lineOf(fn, f.dropped)} and taken again in line ${lineOf(fn, f.taken)}; it is followed without a reference, while ${'ends' in other ? 'the VFS' : `${other.fn.name}()`} may have unlinked it`,
    fn: fn.id,
    op: f.op,
    entry: entryMethod(cx.analysis, origin),
    held: f.held,
    rcu: f.rcu,
    trace: [
      ...pathTo(cx, fn, index),
      step('access', fn, f.loaded, `loads '${f.text}' under ${lock}`),
      step('release', fn, f.dropped, `drops ${lock}`),
      step('acquire', fn, f.taken, `takes ${lock} again`),
      step('access', fn, f.op, `follows '${f.text}', which may be gone`),
      ...('ends' in other
        ? [step('other-side', fn, f.op, other.ends, 1)]
        : [
            ...pathTo(cx, other.fn, other.index, 1),
            step(
              'other-side',
              other.fn,
              other.op,
              `unlinks a ${f.struct} under the same lock; it is freed then`,
              1,
            ),
          ]),
    ],
    objectClass: f.struct,
  };
}

/** The declared type of a local; no base where the declaration says nothing. */
function declaredType(fn: FunctionRef, variable: number): TypeRef {
  const { file } = fn;
  const at = (fnColumn(file, fn.index, Fn.FirstVariable) + variable) * VARIABLE_STRIDE;
  return typeRef(file, file.variables[at + 1] as number);
}
