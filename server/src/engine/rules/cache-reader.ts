/**
 * How the tree's own dcache_readdir() keeps a child that it shows to user space: with a reference that was taken under the child's
 * d_lock, or only as far as the directory's lock keeps it. Read from the file where the function stands by a walk over its facts:
 * where what is shown comes from, and what is done on the way. Decides by what that code does, never by a version.
 */
import type { Place } from '../base/finding.js';
import { calledName, fnColumn } from '../contexts/cfg.js';
import { readsOf } from '../contexts/operands.js';
import {
  columnAt,
  EXPR_STRIDE,
  type FileFacts,
  Fn,
  FUNCTION_STRIDE,
  lineAt,
  OP_STRIDE,
  Op,
  X,
} from '../facts/encode.js';
import type { Model } from '../model/types.js';
import type { RuleContext } from './rule.js';
import { Ways } from './ways.js';

/** The function that reads a directory which lives in the cache, and what it hands a name to. */
const READER = 'dcache_readdir';
const EMITS = 'dir_emit';

/** Functions that a shown child comes through; past it nothing is known. */
const MAX_DEPTH = 4;

/** How the reader keeps what it shows. */
export interface CacheReader {
  /** A reference to each child is held, taken under its d_lock. */
  readonly holds: boolean;
  /** Where a child is shown, where the tree has the reader's text. */
  readonly shows: Place | null;
}

const READERS = new WeakMap<FileFacts, CacheReader | null>();

/** The tree's reader; what the model says of this version where the tree does not have it, or where its text says nothing. */
export function cacheReader(cx: RuleContext): CacheReader {
  const { model } = cx.analysis;
  const path = fileOf(model);
  const file = path === '' ? null : (cx.elsewhere?.(path) ?? null);
  if (file !== null) {
    let known = READERS.get(file);
    if (known === undefined) {
      known = readerIn(file, model);
      READERS.set(file, known);
    }
    if (known !== null) return known;
  }
  return { holds: model.helpers.get(READER)?.shows !== 'unheld', shows: null };
}

/** The file where the model has the reader from. */
function fileOf(model: Model): string {
  return /^[^:]*:(.*):\d+$/.exec(model.helpers.get(READER)?.proof[0] ?? '')?.[1] ?? '';
}

/** The same, of a file: null where it has no reader, or one that is not understood. */
function readerIn(file: FileFacts, model: Model): CacheReader | null {
  const index = functionNamed(file, READER);
  if (index < 0) return null;
  const fn = { file, index };
  const said: boolean[] = [];
  let shows: Place | null = null;
  for (let op = 0; op < fnColumn(file, index, Fn.OpCount); op++) {
    if (calledName(fn, op) !== EMITS) continue;
    const name = readsOf(fn, op)[2];
    const child = name === undefined ? -1 : rootVariable(file, name);
    const held = child < 0 ? null : new Walk(file, model).isHeld(fn, child, 0);
    if (held === null) return null;
    said.push(held);
    const start = fnColumn(file, index, Fn.Start) + (file.ops[at(fn, op) + 5] as number);
    shows ??= {
      file: file.path,
      line: lineAt(file.lineStarts, start),
      column: columnAt(file.lineStarts, start),
    };
  }
  return said.length === 0 ? null : { holds: !said.includes(false), shows };
}

/** A function of the file. */
interface Within {
  readonly file: FileFacts;
  readonly index: number;
}

/** Follows a variable back to where its value comes from. */
class Walk {
  private readonly seen = new Set<string>();

  constructor(
    private readonly file: FileFacts,
    private readonly model: Model,
  ) {}

  /** Whether a reference is held to what stands in a variable, whenever that is not NULL; null where it is not known. */
  isHeld(fn: Within, variable: number, depth: number): boolean | null {
    const key = `${fn.index},${variable}`;
    // What comes round to itself adds nothing
    if (this.seen.has(key)) return true;
    this.seen.add(key);
    if (this.isTaken(fn, variable)) return true;
    const values = this.valuesOf(fn, variable);
    if (values.length === 0) return null;
    return every(values.map((value) => this.isValueHeld(fn, value, depth)));
  }

  private isValueHeld(fn: Within, value: number, depth: number): boolean | null {
    const { file } = this;
    const [kind, a] = [file.exprs[value * EXPR_STRIDE] as X, file.exprs[value * EXPR_STRIDE + 1] as number];
    switch (kind) {
      case X.Num:
        return true;
      case X.Name:
        return file.strings[a] === 'NULL' ? true : null;
      case X.Local:
        return this.isHeld(fn, a, depth);
      case X.Cast:
        return this.isValueHeld(fn, file.exprs[value * EXPR_STRIDE + 2] as number, depth);
      case X.Temp:
        return every(this.makersOf(fn, a).map((op) => this.isMadeHeld(fn, op, depth)));
      case X.Field:
      case X.Deref:
      case X.Index:
      case X.Addr:
        // Found in memory: the directory's list of children
        return false;
      default:
        return null;
    }
  }

  /** The same of what an operation gives. */
  private isMadeHeld(fn: Within, op: number, depth: number): boolean | null {
    const { file, model } = this;
    if ((file.ops[at(fn, op)] as Op) === Op.Set) return this.isValueHeld(fn, readsOf(fn, op)[0] ?? -1, depth);
    const name = calledName(fn, op);
    const object = this.takenAt(fn, op);
    if (object >= 0) return this.isUnderLock(fn, op, object);
    const callee = functionNamed(file, name);
    if (callee >= 0) return depth >= MAX_DEPTH ? null : this.isGivenHeld({ file, index: callee }, depth + 1);
    const helper = model.helpers.get(name);
    if (helper !== undefined)
      return helper.references?.some((r) => r.action !== 'put' && r.object === 'result') === true;
    // What finds the structure around a list's node
    return readsOf(fn, op).some((e) => kindOf(file, e) === X.Type) ? false : null;
  }

  /** The same of what a function gives back. */
  private isGivenHeld(fn: Within, depth: number): boolean | null {
    const values: (boolean | null)[] = [];
    for (let op = 0; op < fnColumn(this.file, fn.index, Fn.OpCount); op++)
      if ((this.file.ops[at(fn, op)] as Op) === Op.Return)
        for (const value of readsOf(fn, op)) values.push(this.isValueHeld(fn, value, depth));
    return values.length === 0 ? null : every(values);
  }

  /** Whether a function takes a reference to what stands in a variable, under its lock. */
  private isTaken(fn: Within, variable: number): boolean {
    for (let op = 0; op < fnColumn(this.file, fn.index, Fn.OpCount); op++)
      if (this.takenAt(fn, op) === variable && this.isUnderLock(fn, op, variable)) return true;
    return false;
  }

  /** The variable of the dentry to which a call takes a reference; -1. */
  private takenAt(fn: Within, op: number): number {
    const name = calledName(fn, op);
    const helper = name === '' ? undefined : this.model.helpers.get(name);
    for (const r of helper?.references ?? []) {
      if (r.action === 'put' || (r.kind !== 'dentry' && r.kind !== 'lockref')) continue;
      const given = readsOf(fn, op)[1 + (helper?.params.indexOf(r.object) ?? -2)];
      if (given !== undefined && r.object !== 'result') return rootVariable(this.file, given);
    }
    return -1;
  }

  /** Whether an operation runs with the d_lock of the dentry in a variable held, however control comes there. */
  private isUnderLock(fn: Within, op: number, variable: number): boolean {
    const takes = new Set<number>();
    const drops: number[] = [];
    for (let o = 0; o < fnColumn(this.file, fn.index, Fn.OpCount); o++) {
      const helper = this.model.helpers.get(calledName(fn, o));
      const isGuard = (this.file.ops[at(fn, o)] as Op) === Op.Guard;
      if (helper?.acquires === undefined && helper?.releases === undefined && !isGuard) continue;
      if (!readsOf(fn, o).some((e) => isDentryLock(this.file, e) && rootVariable(this.file, e) === variable))
        continue;
      if (helper?.releases === undefined || isGuard) takes.add(o);
      else drops.push(o);
    }
    if (takes.size === 0) return false;
    const ways = new Ways(fn);
    return ![-1, ...drops].some((from) => comesWithout(ways, from, op, takes));
  }

  /** The operations that give a temporary its value. */
  private makersOf(fn: Within, temp: number): number[] {
    const out: number[] = [];
    for (let op = 0; op < fnColumn(this.file, fn.index, Fn.OpCount); op++) {
      const kind = this.file.ops[at(fn, op)] as Op;
      const column = kind === Op.Call ? 3 : kind === Op.Set ? 1 : -1;
      if (column >= 0 && this.file.ops[at(fn, op) + column] === temp) out.push(op);
    }
    return out;
  }

  /** What is stored in a variable. */
  private valuesOf(fn: Within, variable: number): number[] {
    const { file } = this;
    const out: number[] = [];
    for (let op = 0; op < fnColumn(file, fn.index, Fn.OpCount); op++) {
      const o = at(fn, op);
      const [a, b] = [file.ops[o + 1] as number, file.ops[o + 2] as number];
      switch (file.ops[o] as Op) {
        case Op.Declare:
          if (a === variable && b >= 0) out.push(b);
          break;
        case Op.Assign:
          if (kindOf(file, a) === X.Local && file.exprs[a * EXPR_STRIDE + 1] === variable) out.push(b);
          break;
      }
    }
    return out;
  }
}

/** What holds of all: false where it does not of one, null where it is not known. */
function every(values: readonly (boolean | null)[]): boolean | null {
  if (values.includes(false)) return false;
  return values.includes(null) ? null : true;
}

/** Whether control can come from an operation (-1: from the start) to another one without running any of these. */
function comesWithout(ways: Ways, from: number, to: number, without: ReadonlySet<number>): boolean {
  const start = from < 0 ? 0 : ways.blockOf(from);
  const seen = new Set<number>();
  const go = (block: number, after: number): boolean => {
    for (const op of ways.opsOf(block)) {
      if (op <= after) continue;
      if (op === to) return true;
      if (without.has(op)) return false;
    }
    for (const next of ways.after(block)) {
      if (seen.has(next)) continue;
      seen.add(next);
      if (go(next, -1)) return true;
    }
    return false;
  };
  return go(start, from);
}

function at(fn: Within, op: number): number {
  return (fnColumn(fn.file, fn.index, Fn.FirstOp) + op) * OP_STRIDE;
}

function kindOf(file: FileFacts, expr: number): X {
  return file.exprs[expr * EXPR_STRIDE] as X;
}

function functionNamed(file: FileFacts, name: string): number {
  for (let i = 0; name !== '' && i < file.functions.length / FUNCTION_STRIDE; i++)
    if (file.strings[fnColumn(file, i, Fn.Name)] === name) return i;
  return -1;
}

/** The variable of the function that an expression hangs on; -1. */
function rootVariable(file: FileFacts, expr: number): number {
  let e = expr;
  while (e >= 0) {
    const [a, b] = [file.exprs[e * EXPR_STRIDE + 1] as number, file.exprs[e * EXPR_STRIDE + 2] as number];
    switch (kindOf(file, e)) {
      case X.Local:
        return a;
      case X.Field:
      case X.Deref:
      case X.Addr:
      case X.Index:
        e = a;
        break;
      case X.Cast:
        e = b;
        break;
      default:
        return -1;
    }
  }
  return -1;
}

/** `&d->d_lock`, and the lock in d_lockref. */
function isDentryLock(file: FileFacts, expr: number): boolean {
  if (expr < 0 || kindOf(file, expr) !== X.Addr) return false;
  const place = file.exprs[expr * EXPR_STRIDE + 1] as number;
  const field = file.strings[file.exprs[place * EXPR_STRIDE + 2] as number];
  return kindOf(file, place) === X.Field && (field === 'd_lock' || field === 'lock');
}
