/**
 * dir/offset-accounting: a directory whose reader goes by positions that its entries keep, and a method that adds, removes or renames a
 * name and leaves the positions as they were. Two forms: simple_offset_dir_operations, where each name has an offset in a table; and a
 * directory of the filesystem's own whose reader hangs a cursor between the entries (cursor-entries.ts).
 */
import type { Analysis } from '../../contexts/analysis.js';
import { calledName, fnColumn } from '../../contexts/cfg.js';
import type { Entry } from '../../contexts/entry-points.js';
import { assume, type Facts, maskOf, NEGATIVE, ZERO } from '../../contexts/known.js';
import { readsOf } from '../../contexts/operands.js';
import { T, type Terms } from '../../contexts/terms.js';
import { Fn, OP_STRIDE, Op } from '../../facts/encode.js';
import type { FunctionRef } from '../../program/program.js';
import { cursorFindings } from '../cursor-entries.js';
import { type Pair, slotOf, tablePairs } from '../inode-tables.js';
import { Mentions } from '../mentions.js';
import { argumentsOf } from '../reached.js';
import { renameEnds } from '../rename-ends.js';
import { replay } from '../replay.js';
import { type Draft, type Rule, type RuleContext, step } from '../rule.js';
import { Ways } from '../ways.js';

const ID = 'dir/offset-accounting';

/** The rule. */
export const offsetAccounting: Rule = {
  info: {
    id: ID,
    summary: 'A name is added, removed or renamed, and the position by which its directory is read is not.',
    law: 'A directory on simple_offset_dir_operations accounts for every add, remove, rename, exchange and whiteout through simple_offset_*, and undoes it on failure.',
    severity: 'error',
    precision: 'high',
    onByDefault: true,
    fixable: false,
  },
  check(cx) {
    const best = new Map<string, Draft>();
    for (const fn of cx.unit)
      for (const pair of tablePairs(cx, fn)) {
        const found = readsByOffset(cx.analysis, pair.fileTable, fn)
          ? new Offsets(cx, fn, pair).findings()
          : cursorFindings(cx, ID, fn, pair);
        for (const d of found) best.set(`${d.fn} ${d.op} ${d.message}`, d);
      }
    return [...best.values()];
  },
};

/** Whether a directory with these file operations is read by the offsets of its names. */
function readsByOffset(analysis: Analysis, fileTable: string, from: FunctionRef): boolean {
  return (
    fileTable === 'simple_offset_dir_operations' ||
    slotOf(analysis, fileTable, 'iterate_shared', from) === 'offset_readdir'
  );
}

const ADD = 'simple_offset_add';
const REMOVE = 'simple_offset_remove';
const RENAME = 'simple_offset_rename';
const EXCHANGE = 'simple_offset_rename_exchange';

/** Methods of the cache's own that know nothing of offsets. */
const KNOWS_NOTHING: ReadonlySet<string> = new Set([
  'simple_link',
  'simple_unlink',
  'simple_rmdir',
  'simple_rename',
]);

/** What makes a name of the directory: positions of dentry and inode. */
const MAKES: ReadonlyMap<string, { readonly dentry: number; readonly inode: number }> = new Map([
  ['d_add', { dentry: 0, inode: 1 }],
  ['d_instantiate', { dentry: 0, inode: 1 }],
  ['d_instantiate_new', { dentry: 0, inode: 1 }],
  ['d_make_persistent', { dentry: 0, inode: 1 }],
]);
const MAKING = new Mentions(MAKES.keys());
const ADDING = new Mentions([ADD]);

const ADDERS = ['create', 'mkdir', 'mknod', 'symlink', 'link'];
const REMOVERS = ['unlink', 'rmdir'];

/** What a rename has done on a path. */
const enum Done {
  Renamed = 1,
  Exchanged = 2,
  /** The offset of the old name was taken away; with one added it is a rename of the older kind. */
  Removed = 4,
  Added = 8,
}

/** The methods of one inode's tables. */
class Offsets {
  private readonly out: Draft[] = [];

  constructor(
    private readonly cx: RuleContext,
    private readonly from: FunctionRef,
    private readonly pair: Pair,
  ) {}

  findings(): readonly Draft[] {
    const { analysis } = this.cx;
    const root = (method: string): { readonly target: string; readonly fn: FunctionRef | null } => {
      const target = slotOf(analysis, this.pair.inodeTable, method, this.from);
      return { target, fn: analysis.program.resolve(target, this.from.file) };
    };
    const reached = new Set<number>();
    for (const method of [...ADDERS, ...REMOVERS, 'rename']) {
      const { target, fn } = root(method);
      if (KNOWS_NOTHING.has(target))
        this.say(
          this.from,
          this.pair.op,
          `'${target}()' in ->${method} of '${this.pair.inodeTable}' knows nothing of the offsets by which '${this.pair.fileTable}' reads this directory`,
          'a reader goes by offsets, of which this method changes none',
        );
      if (fn === null) continue;
      for (const id of this.closure(fn)) reached.add(id);
      if (REMOVERS.includes(method) && !this.reaches(fn, [REMOVE])) {
        if (this.isOpaque(fn)) continue;
        this.say(
          fn,
          -1,
          `->${method} takes a name out of a directory that '${this.pair.fileTable}' reads, and its offset stays: no 'simple_offset_remove()' on the way`,
          'a reader finds a dentry at this offset that is gone',
        );
      }
      if (method === 'rename') this.rename(fn);
    }
    for (const id of reached) {
      const fn = analysis.program.functions[id] as FunctionRef;
      if (MAKING.in(fn)) this.madeWithout(fn, reached);
      if (ADDING.in(fn)) this.leftBehind(fn);
    }
    return this.out;
  }

  private say(fn: FunctionRef, op: number, message: string, meanwhile: string): void {
    this.out.push({
      rule: ID,
      precision: 'high',
      certainty: 'must',
      message,
      fn: fn.id,
      op,
      entry: null,
      held: [],
      rcu: 'none',
      trace: [
        step('entry', this.from, this.pair.op, `the directory is read by '${this.pair.fileTable}'`),
        step('access', fn, op, 'the name changes, and its offset does not'),
        step('other-side', this.from, this.pair.op, meanwhile, 1),
      ],
      objectClass: 'dentry::d_fsdata',
    });
  }

  /** A function with all that it calls. */
  private closure(fn: FunctionRef): ReadonlySet<number> {
    const seen = new Set([fn.id]);
    for (const id of seen)
      for (const e of this.cx.analysis.results[id]?.edges ?? []) if (e.context === 'now') seen.add(e.callee);
    return seen;
  }

  private reaches(fn: FunctionRef, names: readonly string[]): boolean {
    const mentions = new Mentions(names);
    return [...this.closure(fn)].some((id) =>
      mentions.in(this.cx.analysis.program.functions[id] as FunctionRef),
    );
  }

  /** Whether a function hands its dentry to something of which nothing is known. */
  private isOpaque(fn: FunctionRef): boolean {
    const { model, results, program } = this.cx.analysis;
    const known = new Set((results[fn.id]?.edges ?? []).map((e) => e.op));
    for (let op = 0; op < fnColumn(fn.file, fn.index, Fn.OpCount); op++) {
      if (opKind(fn, op) !== Op.Call || known.has(op)) continue;
      const name = calledName(fn, op);
      if (!model.helpers.has(name) && program.macro(name, fn.file) === null && readsOf(fn, op).length > 1) {
        this.cx.silence?.(ID, fn, op, 'nothing is known of what is called: it may account for the name');
        return true;
      }
    }
    return false;
  }

  /** Calls of a function below which something of the offsets is called. */
  private calleesThat(fn: FunctionRef, name: string): ReadonlySet<number> {
    const { program, results } = this.cx.analysis;
    const out = new Set<number>();
    for (const e of results[fn.id]?.edges ?? []) {
      const callee = program.functions[e.callee];
      if (e.context === 'now' && callee !== undefined && this.reaches(callee, [name])) out.add(e.op);
    }
    return out;
  }

  /** Names that are made in a function, and have no offset. */
  private madeWithout(fn: FunctionRef, reached: ReadonlySet<number>): void {
    const { cx } = this;
    const callers = cx.all.filter(
      (f) =>
        reached.has(f.id) &&
        f.id !== fn.id &&
        (cx.analysis.results[f.id]?.edges ?? []).some((e) => e.callee === fn.id),
    );
    const adders = this.calleesThat(fn, ADD);
    for (const entry of cx.analysis.propagation?.entries[fn.id] ?? []) {
      const made = new Map<number, number>();
      const added = new Set<number>();
      replay(cx.analysis, fn, entry, (run, op, s) => {
        const name = calledName(fn, op);
        if (name === ADD) added.add(argumentsOf(run, op, s)[1] ?? -1);
        else if (adders.has(op)) for (const arg of argumentsOf(run, op, s)) added.add(arg);
        const makes = MAKES.get(name);
        if (makes === undefined) return undefined;
        const args = argumentsOf(run, op, s);
        if (run.terms.kind(args[makes.inode] ?? run.terms.unknown) !== T.Const)
          made.set(op, args[makes.dentry] ?? run.terms.unknown);
        return undefined;
      });
      for (const [op, dentry] of made) {
        if (added.has(dentry)) continue;
        const isGiven = cx.analysis.terms.kind(dentry) === T.Param;
        if (isGiven && callers.some((f) => ADDING.in(f) || this.calleesThat(f, ADD).size > 0)) {
          cx.silence?.(ID, fn, op, 'a caller gives the name its offset');
          continue;
        }
        this.say(
          fn,
          op,
          `'${calledName(fn, op)}()' makes a name in a directory that '${this.pair.fileTable}' reads, and it has no offset: no 'simple_offset_add()' before`,
          'a reader goes by offsets, and never comes to this name',
        );
      }
    }
  }

  /** Offsets that stay where the function fails after all. */
  private leftBehind(fn: FunctionRef): void {
    const { cx } = this;
    for (const entry of cx.analysis.propagation?.entries[fn.id] ?? []) this.failures(fn, entry);
  }

  private failures(fn: FunctionRef, entry: Entry): void {
    const { cx } = this;
    const trails: Adding[] = [];
    const numberOf = (a: Adding): number => {
      const key = JSON.stringify(a);
      const known = trails.findIndex((t) => JSON.stringify(t) === key);
      return known >= 0 ? known + 1 : trails.push(a);
    };
    const ways = new Ways(fn);
    const edges = new Map((cx.analysis.results[fn.id]?.edges ?? []).map((e) => [e.op, e.callee]));
    const takesAway = (op: number): boolean => {
      const callee = cx.analysis.program.functions[edges.get(op) ?? -1];
      return callee !== undefined && this.reaches(callee, [REMOVE]);
    };
    replay(cx.analysis, fn, entry, (run, op, s) => {
      const { terms } = run;
      const name = calledName(fn, op);
      if (name === ADD) {
        const dentry = argumentsOf(run, op, s)[1] ?? terms.unknown;
        return numberOf({ op, dentry, isSure: false, at: null });
      }
      let add = trails[s.trail - 1];
      if (add === undefined) return undefined;
      if (add.at !== null) {
        // The first operation after a test: which side it stands on says what has been seen
        const side = add.at.find(({ block }) => ways.blockOf(op) === block);
        if (side?.result === 'failed') return 0;
        add = { ...add, isSure: add.isSure || side?.result === 'done', at: null };
      }
      if (name !== '' && argumentsOf(run, op, s).includes(add.dentry) && (name === REMOVE || takesAway(op)))
        return 0;
      const at = (fnColumn(fn.file, fn.index, Fn.FirstOp) + op) * OP_STRIDE;
      const kind = fn.file.ops[at] as Op;
      if (kind === Op.Branch && !add.isSure) {
        const condition = run.ev.value(s, fn.file.ops[at + 1] as number);
        const sideOf = (truth: boolean): Side => ({
          block: fn.file.ops[at + (truth ? 2 : 3)] as number,
          result: resultOf(terms, assume(terms, s.facts, condition, truth)?.facts ?? s.facts, add.op),
        });
        return numberOf({ ...add, at: [sideOf(true), sideOf(false)] });
      }
      const value = kind === Op.Return ? readsOf(fn, op)[0] : undefined;
      if (value !== undefined && add.isSure && maskOf(terms, s.facts, run.ev.value(s, value)) === NEGATIVE)
        this.say(
          fn,
          add.op,
          `'simple_offset_add()' is not undone where '${fn.name}()' fails after it: the offset of a name that does not come to be stays`,
          'a reader finds a dentry at this offset that is no name of the directory',
        );
      return numberOf(add);
    });
  }

  /** Ways through a rename that end well and leave the offset where it was. */
  private rename(fn: FunctionRef): void {
    const { cx } = this;
    const edges = new Map((cx.analysis.results[fn.id]?.edges ?? []).map((e) => [e.op, e.callee]));
    const whatFor = new Map<number, number>();
    const doneBy = (callee: number): number => {
      const known = whatFor.get(callee);
      if (known !== undefined) return known;
      const f = cx.analysis.program.functions[callee] as FunctionRef;
      const done =
        (this.reaches(f, [RENAME]) ? Done.Renamed : 0) |
        (this.reaches(f, [EXCHANGE]) ? Done.Exchanged : 0) |
        (this.reaches(f, [REMOVE]) ? Done.Removed : 0) |
        (this.reaches(f, [ADD]) ? Done.Added : 0);
      whatFor.set(callee, done);
      return done;
    };
    const said = new Set<string>();
    for (const entry of cx.analysis.propagation?.entries[fn.id] ?? [])
      renameEnds(
        cx,
        fn,
        entry,
        (_run, op, s) => {
          const callee = edges.get(op);
          return s.trail | (DOES.get(calledName(fn, op)) ?? 0) | (callee === undefined ? 0 : doneBy(callee));
        },
        ({ op, trail, exchange }) => {
          const moved = (trail & Done.Renamed) !== 0 || (trail & OLDER) === OLDER;
          const missing = exchange
            ? (trail & Done.Exchanged) === 0
            : !moved && (trail & Done.Exchanged) === 0;
          const what = exchange ? 'exchanges two names' : 'renames a name';
          if (!missing || said.has(what)) return;
          said.add(what);
          this.say(
            fn,
            op,
            `->rename ${what} of a directory that '${this.pair.fileTable}' reads without '${exchange ? EXCHANGE : RENAME}()': the offsets stay with the old names`,
            'a reader finds the other name, or none, at the offset where it left off',
          );
        },
      );
  }
}

/** One side of a test after an offset was added, and what it says of that. */
interface Side {
  readonly block: number;
  readonly result: 'done' | 'failed' | null;
}

/** A path on which an offset was added: to which dentry, whether it is sure that it was, and the test that was the last operation. */
interface Adding {
  readonly op: number;
  readonly dentry: number;
  readonly isSure: boolean;
  readonly at: readonly Side[] | null;
}

/** What facts say of the result of an operation. */
function resultOf(terms: Terms, facts: Facts, op: number): Side['result'] {
  for (let i = 0; i + 1 < facts.length; i += 2) {
    const term = facts[i] as number;
    const mask = facts[i + 1] as number;
    if (terms.kind(term) !== T.Fresh || terms.a(term) !== op) continue;
    return mask === ZERO ? 'done' : (mask & ZERO) === 0 ? 'failed' : null;
  }
  return null;
}

const OLDER = Done.Removed | Done.Added;

const DOES: ReadonlyMap<string, number> = new Map([
  [RENAME, Done.Renamed],
  [EXCHANGE, Done.Exchanged],
  [REMOVE, Done.Removed],
  [ADD, Done.Added],
]);

function opKind(fn: FunctionRef, op: number): Op {
  return fn.file.ops[(fnColumn(fn.file, fn.index, Fn.FirstOp) + op) * OP_STRIDE] as Op;
}
