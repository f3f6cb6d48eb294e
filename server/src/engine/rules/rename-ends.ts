/**
 * How a rename method ends well: by a plain rename, an exchange, or one that leaves a whiteout, as far as the path has tested that; and
 * what a rule has counted on the way. Must not know what is counted.
 */

import { calledName, fnColumn } from '../contexts/cfg.js';
import type { Entry } from '../contexts/entry-points.js';
import type { FunctionRun } from '../contexts/flow.js';
import { maskOf, ZERO } from '../contexts/known.js';
import { readsOf } from '../contexts/operands.js';
import type { State } from '../contexts/state.js';
import { T } from '../contexts/terms.js';
import { Fn, OP_STRIDE, Op, operatorCode } from '../facts/encode.js';
import type { FunctionRef } from '../program/program.js';
import { replay } from './replay.js';
import type { RuleContext } from './rule.js';

const AND = operatorCode('&');

/** A path that ends with success. */
export interface RenameEnd {
  readonly op: number;
  /** What was counted on the way. */
  readonly trail: number;
  /** The flags are known to ask for this. */
  readonly exchange: boolean;
  readonly whiteout: boolean;
}

/** Shows the ends of a rename method's paths that surely give back 0, or what a helper of the VFS gave that renames; `count` gives what a path has counted after an operation. */
export function renameEnds(
  cx: RuleContext,
  fn: FunctionRef,
  entry: Entry,
  count: (run: FunctionRun, op: number, s: State) => number,
  ends: (end: RenameEnd) => void,
): void {
  const { model } = cx.analysis;
  const params = model.methods.get('inode_operations::rename')?.params ?? [];
  const flags = fnColumn(fn.file, fn.index, Fn.ParameterCount) - (params.length - params.indexOf('flags'));
  replay(cx.analysis, fn, entry, (run, op, s) => {
    const kind = fn.file.ops[(fnColumn(fn.file, fn.index, Fn.FirstOp) + op) * OP_STRIDE] as Op;
    if (kind !== Op.Return) return count(run, op, s);
    const { terms } = run;
    const read = readsOf(fn, op)[0];
    const value = read === undefined ? terms.unknown : run.ev.value(s, read);
    // What a helper gives back that renames is success where it has done so
    const isDone =
      terms.kind(value) === T.Fresh &&
      terms.a(value) < run.graph.opCount &&
      model.helpers.get(calledName(fn, terms.a(value)))?.names === 'moves';
    if (!isDone && maskOf(terms, s.facts, value) !== ZERO) return undefined;
    const asksFor = (name: string): boolean => {
      const bit = model.constants.get(name);
      if (bit === undefined || flags < 0) return false;
      const asked = terms.bin(AND, terms.param(flags), terms.constant(bit));
      return (maskOf(terms, s.facts, asked) & ZERO) === 0;
    };
    ends({ op, trail: s.trail, exchange: asksFor('RENAME_EXCHANGE'), whiteout: asksFor('RENAME_WHITEOUT') });
    return undefined;
  });
}
