/**
 * A final error to -ECHILD where RCU-walk gets to a return: path walk then comes again and may wait. Ref-walk, where it gets there too,
 * keeps its error. Offered where the method itself returns the error as it is written there.
 */
import type { Fix } from '../base/finding.js';
import { replay } from '../rules/replay.js';
import { K } from '../syntax/kinds.js';
import { walkCondition } from './bail-out.js';
import type { FixContext, Site } from './fixes.js';
import { nodesBelow } from './function.js';
import { kinds, replace, statementAt, textOf } from './source.js';

const ERRORS = kinds('unary_expression');

/** The fix, or null where it would not be right. `method` is `struct::slot`. */
export function giveEchild(cx: FixContext, site: Site, method: string): Fix | null {
  const { source } = site;
  const { tree } = source;
  const statement = statementAt(source, site.start, site.end);
  if (statement === null || tree.kind[statement.node] !== K.return_statement) return null;
  const condition = walkCondition(cx, site.fn, method);
  const errors = nodesBelow(source, statement.node, ERRORS).filter((n) =>
    /^-\s*E[A-Z0-9]+$/.test(textOf(source, n)),
  );
  const [error, more] = errors;
  if (condition === null || error === undefined || more !== undefined) return null;
  if (nodesBelow(source, statement.node, kinds('conditional_expression')).length > 0) return null;
  const old = textOf(source, error);
  const negated = /^!(\w+)$/.exec(condition)?.[1];
  const both = negated === undefined ? `${condition} ? -ECHILD : ${old}` : `${negated} ? ${old} : -ECHILD`;
  const text = isReachedOtherwise(cx, site) ? both : '-ECHILD';
  return {
    title: 'Give -ECHILD in RCU-walk',
    safety: 'safe',
    edits: [replace(source, tree.start[error] as number, tree.end[error] as number, text)],
  };
}

/** Whether ref-walk gets there as well, for all that is known. */
function isReachedOtherwise(cx: FixContext, { fn, op }: Site): boolean {
  const entries = (cx.analysis.propagation?.entries[fn.id] ?? []).filter((e) => !e.walk);
  if (entries.length === 0) return true;
  let reached = false;
  for (const entry of entries)
    if (!reached)
      replay(cx.analysis, fn, entry, (_run, at) => {
        reached ||= at === op;
        return undefined;
      });
  return reached;
}
