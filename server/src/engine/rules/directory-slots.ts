/**
 * Calls of methods that the VFS calls with a directory locked, and which directory that is. Must not know what is reported of them.
 */
import { fnColumn } from '../contexts/cfg.js';
import type { FunctionRun } from '../contexts/flow.js';
import type { State } from '../contexts/state.js';
import { EXPR_STRIDE, Fn, OP_STRIDE, Op, X } from '../facts/encode.js';
import type { Model } from '../model/types.js';
import type { FunctionRef } from '../program/program.js';

/** Members that point at a table of methods, and what that is. */
const TABLES: ReadonlyMap<string, string> = new Map([
  ['i_op', 'inode_operations'],
  ['f_op', 'file_operations'],
  ['s_cop', 'fscrypt_operations'],
]);

/** The slots of one model. */
export class DirectorySlots {
  private readonly slots: ReadonlyMap<string, string>;

  constructor(private readonly model: Model) {
    this.slots = directorySlots(model);
  }

  /** `struct::slot` of a call through a slot that the VFS calls with the directory locked, or ''. */
  at(fn: FunctionRef, op: number): string {
    const { file } = fn;
    const at = (fnColumn(file, fn.index, Fn.FirstOp) + op) * OP_STRIDE;
    if ((file.ops[at] as Op) !== Op.Call) return '';
    const callee = (file.ops[at + 1] as number) * EXPR_STRIDE;
    if ((file.exprs[callee] as X) !== X.Field || file.exprs[callee + 3] !== 1) return '';
    const base = (file.exprs[callee + 1] as number) * EXPR_STRIDE;
    if ((file.exprs[base] as X) !== X.Field) return '';
    const table = file.strings[file.exprs[base + 2] as number] ?? '';
    const struct = TABLES.get(table) ?? '';
    const key = `${struct}::${file.strings[file.exprs[callee + 2] as number]}`;
    return this.slots.has(key) ? key : '';
  }

  private directoryOf(slot: string, args: number): number {
    const method = this.model.methods.get(slot);
    const name = this.slots.get(slot) ?? '';
    const at = method?.params.indexOf(name) ?? -1;
    return at < args ? at : -1;
  }

  /** The place of the lock of the directory that a slot is called with, or -1. */
  lockOf(run: FunctionRun, s: State, slot: string, args: readonly number[]): number {
    return inodeOf(run, s, slot, args[this.directoryOf(slot, args.length)]);
  }
}

/** Slots that are called with a directory locked, and the parameter that tells which. */
function directorySlots(model: Model): ReadonlyMap<string, string> {
  const out = new Map<string, string>();
  for (const [key, method] of model.methods)
    for (const context of method.contexts)
      for (const l of context.held) {
        const match = /^(dir|file)->(?:f_inode->)?i_rwsem$/.exec(l.lock);
        if (match !== null) out.set(key, match[1] as string);
      }
  return out;
}

/** The place of the lock of the directory that a slot is called with. */
function inodeOf(run: FunctionRun, s: State, slot: string, arg: number | undefined): number {
  const { terms } = run;
  if (arg === undefined) return -1;
  const value = run.ev.value(s, arg);
  const inode = slot.startsWith('file_operations')
    ? run.ev.loaded(s, terms.fieldP(value, terms.name('f_inode')))
    : value;
  return terms.fieldP(inode, terms.name('i_rwsem'));
}
