/**
 * d_add() of a dentry that may be hashed already: only where it is not, and an inode goes into a hashed one by d_instantiate(). Without
 * an inode there is nothing else to do, so the fix is safe.
 */
import type { Fix } from '../base/finding.js';
import type { Site } from './fixes.js';
import { argumentTexts, isPlain, onlyIf } from './function.js';
import { afterLine, indentBefore, insert, isInList, linesOf, nodeAt, statementAt } from './source.js';

/** The fix, or null where it would not be right. */
export function addOnce(site: Site): Fix | null {
  const { source } = site;
  const call = nodeAt(source.tree, site.start, site.end, 'call_expression');
  const statement = statementAt(source, site.start, site.end);
  if (call < 0 || statement === null || !isInList(source, statement)) return null;
  const [dentry, inode] = argumentTexts(source, call);
  if (dentry === undefined || inode === undefined || !isPlain(dentry)) return null;
  const edits = onlyIf(source, statement, `d_unhashed(${dentry})`, '');
  if (edits === null || source.tree.kind[call] === undefined) return null;
  const title = `Add '${dentry}' only where it is not hashed`;
  if (inode === 'NULL') return { title, safety: 'safe', edits };
  const end = source.tree.end[statement.node] as number;
  const indent = indentBefore(source.text, source.tree.start[statement.node] as number);
  const at = afterLine(source.text, end);
  if (indent === null || at < 0 || !isPlain(inode)) return null;
  const other = linesOf(source.text, indent, ['else', `\td_instantiate(${dentry}, ${inode});`]);
  return { title, safety: 'unsafe', edits: [...edits, insert(source, at, other)] };
}
