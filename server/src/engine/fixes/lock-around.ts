/**
 * A statement between the lock and the unlock that it needs: of the directory around a helper, of the object around a write. How much
 * more belongs under the lock only the author can tell, and whoever calls may hold another lock that has to be taken after this one:
 * the fix is not a safe one.
 */
import type { Fix } from '../base/finding.js';
import { calledName } from '../contexts/cfg.js';
import { F, K } from '../syntax/kinds.js';
import { childByField } from '../syntax/parser.js';
import type { FixContext, Site } from './fixes.js';
import { argumentTexts, around, isPlain, nodesBelow } from './function.js';
import {
  childrenOf,
  isInList,
  kinds,
  nodeAt,
  type Source,
  type Statement,
  statementAt,
  textOf,
} from './source.js';

/** The directory is locked around a helper, by what the helper is given. */
export function lockDirectory(cx: FixContext, site: Site, shared: boolean): Fix | null {
  const { source, fn } = site;
  const helper = cx.analysis.model.helpers.get(calledName(fn, site.op));
  const statement = plainStatement(source, site);
  const call = nodeAt(source.tree, site.start, site.end, 'call_expression');
  const path = /^(\w+)(->d_inode)?->i_rwsem$/.exec(
    helper?.requires?.find((r) => r.lock.endsWith('i_rwsem'))?.lock ?? '',
  );
  if (helper === undefined || statement === null || call < 0 || path === null) return null;
  const given = argumentTexts(source, call)[helper.params.indexOf(path[1] as string)] ?? '';
  const inner = /^d_inode\(\s*(.+?)\s*\)$/.exec(given)?.[1] ?? given;
  // A parent that nothing pins is no directory to lock
  if (!isPlain(inner) || inner.includes('d_parent')) return null;
  const directory = path[2] === undefined ? given : `d_inode(${given})`;
  // Two directories are locked in an order of their own
  if (helper.requires?.filter((r) => r.lock.endsWith('i_rwsem')).length !== 1) return null;
  const tail = shared ? statement.node : withUnhash(source, statement);
  const edits = shared
    ? around(
        source,
        statement.node,
        tail,
        `inode_lock_shared(${directory});`,
        `inode_unlock_shared(${directory});`,
      )
    : around(
        source,
        statement.node,
        tail,
        `inode_lock_nested(${directory}, I_MUTEX_PARENT);`,
        `inode_unlock(${directory});`,
      );
  return edits === null ? null : { title: `Lock '${directory}' around it`, safety: 'unsafe', edits };
}

/** A spinlock of the object is taken around a write of one of its members. */
export function lockField(site: Site, lock: string): Fix | null {
  const { source } = site;
  const statement = plainStatement(source, site);
  const [write] = statement === null ? [] : childrenOf(source.tree, statement.node);
  const left = write === undefined ? -1 : childByField(source.tree, write, F.left);
  const object = left < 0 ? undefined : /^(.+)->\w+$/.exec(textOf(source, left))?.[1];
  if (statement === null || object === undefined || !isPlain(object)) return null;
  // What is called may sleep, or take the lock
  if (nodesBelow(source, statement.node, kinds('call_expression')).length > 0) return null;
  const held = `&${object}->${lock}`;
  const edits = around(
    source,
    statement.node,
    statement.node,
    `spin_lock(${held});`,
    `spin_unlock(${held});`,
  );
  return edits === null ? null : { title: `Take '${held}' around it`, safety: 'unsafe', edits };
}

/** The statement of a site, where it is an expression in a list of statements. */
function plainStatement(source: Source, site: Site): Statement | null {
  const statement = statementAt(source, site.start, site.end);
  if (statement === null || source.tree.kind[statement.node] !== K.expression_statement) return null;
  return isInList(source, statement) ? statement : null;
}

/** What unhashes a name that was removed: it belongs under the lock of the directory. */
const UNHASHES = new Set(['d_delete', 'd_drop', '__d_drop', 'd_invalidate']);

/** The last of the statements that belong to the removal. */
function withUnhash(source: Source, statement: Statement): number {
  const { tree } = source;
  const list = childrenOf(tree, statement.parent);
  const given = nodesBelow(source, statement.node, kinds('call_expression')).flatMap((n) =>
    argumentTexts(source, n),
  );
  let last = statement.node;
  for (const next of list.slice(list.indexOf(statement.node) + 1)) {
    const [call] = tree.kind[next] === K.expression_statement ? childrenOf(tree, next) : [];
    if (call === undefined || tree.kind[call] !== K.call_expression) break;
    const callee = childByField(tree, call, F.function);
    const [dentry] = argumentTexts(source, call);
    if (callee < 0 || !UNHASHES.has(textOf(source, callee)) || !given.includes(dentry ?? '')) break;
    last = next;
  }
  return last;
}
