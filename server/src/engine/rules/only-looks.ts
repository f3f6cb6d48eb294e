/**
 * Whether a call only looks at what an argument points at: it takes no reference, stores nothing in it and hands it to nobody who might.
 * Told by the text of what is called; what nothing is known of may do anything.
 */
import type { Analysis } from '../contexts/analysis.js';
import { calledName, fnColumn } from '../contexts/cfg.js';
import { EXPR_STRIDE, type FileFacts, Fn, OP_STRIDE, Op, X } from '../facts/encode.js';
import type { FunctionRef } from '../program/program.js';
import { readList } from '../program/program.js';

/** Calls that are followed. */
const MAX_DEPTH = 5;

/** The language's own: values, tests and marked reads. */
const VALUES =
  /^(IS_ERR|IS_ERR_OR_NULL|PTR_ERR|PTR_ERR_OR_ZERO|READ_ONCE|likely|unlikely|smp_load_acquire|rcu_dereference\w*|rcu_access_pointer|ktime_\w+|time_(after|before)\w*|(__)?test_bit\w*|strn?c(ase)?cmp|str\w*cmp|strlen|strn?len|memcmp|(pr|dev|netdev)_[a-z]+|_?printk|seq_\w+|WARN\w*|trace_\w+)$/;

/** What reads a counter or asks about a link. */
const READS = /(_read|_empty|_unhashed|_is_singular|_is_last|_is_first|_before|_same|_equal)$/;

/** What counts, or may mark an object as used. */
const COUNTS =
  /^(arch_)?(atomic|refcount|kref|kobject|percpu_ref|percpu_counter|lockref|set_bit|test_and|xchg|cmpxchg|list_|hlist_|rb_|llist_|WRITE_ONCE|rcu_assign_pointer|RCU_INIT_POINTER|smp_store|rcu_pointer_handoff)/;

/** Whether a call of this name only looks at what its argument at a position points at. */
export function onlyLooks(
  analysis: Analysis,
  from: FunctionRef,
  name: string,
  position: number,
  depth = 0,
): boolean {
  if (name === '') return false;
  if (VALUES.test(name)) return true;
  if (COUNTS.test(name)) return READS.test(name);
  const helper = analysis.model.helpers.get(name);
  if (helper !== undefined) {
    const isRead = helper.references === undefined && helper.frees === undefined;
    return isRead && helper.acquires === undefined && helper.releases === undefined;
  }
  const callee = analysis.program.resolve(name, from.file);
  return callee !== null && depth < MAX_DEPTH && bodyLooks(analysis, callee, position, depth);
}

const KNOWN = new WeakMap<Analysis, Map<string, boolean>>();

function bodyLooks(analysis: Analysis, fn: FunctionRef, parameter: number, depth: number): boolean {
  let known = KNOWN.get(analysis);
  if (known === undefined) {
    known = new Map();
    KNOWN.set(analysis, known);
  }
  const key = `${fn.id},${parameter}`;
  const told = known.get(key);
  if (told !== undefined) return told;
  known.set(key, true);
  const looks = looksIn(analysis, fn, parameter, depth);
  known.set(key, looks);
  return looks;
}

function looksIn(analysis: Analysis, fn: FunctionRef, parameter: number, depth: number): boolean {
  const { file } = fn;
  if (parameter >= fnColumn(file, fn.index, Fn.ParameterCount)) return false;
  const first = fnColumn(file, fn.index, Fn.FirstOp);
  const count = fnColumn(file, fn.index, Fn.OpCount);
  for (let op = 0; op < count; op++) {
    const at = (first + op) * OP_STRIDE;
    const a = file.ops[at + 1] as number;
    const b = file.ops[at + 2] as number;
    switch (file.ops[at] as Op) {
      case Op.Assign:
        if (isInside(file, a, parameter) || isPointerTo(file, b, parameter)) return false;
        break;
      case Op.Declare:
      case Op.Set:
        // By another name it is not followed
        if (b >= 0 && isPointerTo(file, b, parameter)) return false;
        break;
      case Op.Return:
        if (a >= 0 && isPointerTo(file, a, parameter)) return false;
        break;
      case Op.Call:
        for (const [j, e] of readList(file, b).entries())
          if (isPointerTo(file, e, parameter) && !onlyLooks(analysis, fn, calledName(fn, op), j, depth + 1))
            return false;
        break;
      case Op.Guard:
        if (readList(file, b).some((e) => isPointerTo(file, e, parameter))) return false;
        break;
      default:
        break;
    }
  }
  return true;
}

/** Whether an expression is a variable, or the address of something inside what it points at. */
export function isPointerTo(file: FileFacts, e: number, holder: number): boolean {
  if (e < 0) return false;
  if (holderIn(file, e) === holder) return true;
  const at = e * EXPR_STRIDE;
  if ((file.exprs[at] as X) === X.Cast) return isPointerTo(file, file.exprs[at + 2] as number, holder);
  return (file.exprs[at] as X) === X.Addr && isInside(file, file.exprs[at + 1] as number, holder);
}

/** Whether a place lies inside of what a variable points at: no other pointer is followed on the way. */
export function isInside(file: FileFacts, e: number, holder: number): boolean {
  if (e < 0) return false;
  const at = e * EXPR_STRIDE;
  const base = file.exprs[at + 1] as number;
  switch (file.exprs[at] as X) {
    case X.Field:
      return file.exprs[at + 3] === 1 ? holderIn(file, base) === holder : isInside(file, base, holder);
    case X.Deref:
      return holderIn(file, base) === holder;
    case X.Index:
      return holderIn(file, base) === holder || isInside(file, base, holder);
    default:
      return false;
  }
}

/** The variable or temporary (as `-2 - number`) that an expression is, a cast of it included; -1. */
export function holderIn(file: FileFacts, e: number): number {
  if (e < 0) return -1;
  const at = e * EXPR_STRIDE;
  switch (file.exprs[at] as X) {
    case X.Local:
      return file.exprs[at + 1] as number;
    case X.Temp:
      return -2 - (file.exprs[at + 1] as number);
    case X.Cast:
      return holderIn(file, file.exprs[at + 2] as number);
    default:
      return -1;
  }
}
