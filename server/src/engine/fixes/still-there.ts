/**
 * Tests that what was found before a directory was locked is still there: that an entry is still its child, or that the directory is
 * not dead. What comes of a failed test is -ENOENT, as in the VFS; whether that is the right answer only the author can tell, so these
 * fixes are not safe ones.
 */
import type { Edit, Fix } from '../base/finding.js';
import { calledName } from '../contexts/cfg.js';
import { offsetsOf } from '../rules/rule.js';
import { K } from '../syntax/kinds.js';
import { mayReturnAt } from './at.js';
import type { FixContext, Site } from './fixes.js';
import { argumentTexts, functionAround, isAssigned, isPlain, linesAfter, onlyIf } from './function.js';
import { childrenOf, isInList, nodeAt, type Statement, statementAt } from './source.js';

const GONE = '-ENOENT';

/** `d_parent` is tested before a child is removed or moved. `position`: the child among the arguments. */
export function stillChild(cx: FixContext, site: Site, locked: number, position: number): Fix | null {
  const { source } = site;
  const call = nodeAt(source.tree, site.start, site.end, 'call_expression');
  const child = call < 0 ? undefined : argumentTexts(source, call)[position];
  const lock = lockedObject(cx, site, locked);
  const statement = statementAt(source, site.start, site.end);
  if (child === undefined || lock === null || statement === null) return null;
  if (!isPlain(child)) return null;
  const parent = /^d_(?:backing_)?inode\(\s*(.+?)\s*\)$|^(.+)->d_inode$/.exec(lock);
  const dentry = parent?.[1] ?? parent?.[2];
  const known = dentry ?? lock;
  if (!isPlain(known)) return null;
  const condition =
    dentry === undefined ? `d_inode(${child}->d_parent) == ${lock}` : `${child}->d_parent == ${dentry}`;
  const edits = onlyIf(source, statement, condition, GONE);
  return edits === null
    ? null
    : { title: `Test that '${child}' is still a child of '${known}'`, safety: 'unsafe', edits };
}

/** The directory is tested after its lock was taken. `again`: the lock is the caller's, who expects it held. */
export function notDead(cx: FixContext, site: Site, locked: number, again: boolean): Fix | null {
  const { source } = site;
  const directory = lockedObject(cx, site, locked);
  if (
    directory === null ||
    (!/^d_(backing_)?inode\([\w>.-]+\)$|^file_inode\([\w>.-]+\)$/.test(directory) && !isPlain(directory))
  )
    return null;
  const at = again ? offsetsOf(site.fn, locked) : site;
  const statement = statementAt(source, at.start, at.end);
  if (statement === null || (again && !isInList(source, statement))) return null;
  const edits = again
    ? testAfterLock(cx, site, statement, directory)
    : onlyIf(source, statement, `!IS_DEADDIR(${directory})`, GONE);
  return edits === null ? null : { title: `Test that '${directory}' is not dead`, safety: 'unsafe', edits };
}

function testAfterLock(
  cx: FixContext,
  site: Site,
  statement: Statement,
  directory: string,
): readonly Edit[] | null {
  const { source, fn } = site;
  const { tree } = source;
  const type = functionAround(source, site.start, site.end)?.type ?? '';
  const list = childrenOf(tree, statement.parent);
  const next = list[list.indexOf(statement.node) + 1];
  if (tree.kind[statement.node] !== K.expression_statement || next === undefined) return null;
  if (!/^(int|long|ssize_t|loff_t)$/.test(type)) return null;
  if (!mayReturnAt(cx.analysis, fn, tree.start[next] as number, tree.end[next] as number)) return null;
  const edit = linesAfter(source, statement.node, [`if (IS_DEADDIR(${directory}))`, `\treturn ${GONE};`]);
  return edit === null ? null : [edit];
}

/** What the call that took a directory's lock was given, where it means the same at the site; null otherwise. */
function lockedObject(cx: FixContext, site: Site, locked: number): string | null {
  const { source, fn } = site;
  if (locked < 0) return null;
  const helper = cx.analysis.model.helpers.get(calledName(fn, locked));
  const { start, end } = offsetsOf(fn, locked);
  const call = nodeAt(source.tree, start, end, 'call_expression');
  const nodes = functionAround(source, site.start, site.end);
  const path = helper?.acquires?.find((a) => a.lock.endsWith('->i_rwsem'))?.lock;
  if (helper === undefined || path === undefined || call < 0 || nodes === null) return null;
  const text = argumentTexts(source, call)[helper.params.indexOf(path.replace(/->i_rwsem$/, ''))];
  if (text === undefined) return null;
  const inner = /\((.*)\)/.exec(text)?.[1] ?? text;
  return isAssigned(source, nodes, inner, end, site.start) ? null : text;
}
