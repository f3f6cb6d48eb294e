/**
 * The status report in words: a line for a tree's status item, and the whole for the output channel: what is served, with
 * what figures, and what went wrong.
 */
import type { StatusReport, TreeStatus } from '../../server/src/lsp/protocol.js';

/** A check that takes longer than this is pointed out. */
const SLOW_CHECK_MS = 10_000;

/** Whether something about a tree wants to be looked at. */
export function isOdd(tree: TreeStatus): boolean {
  return tree.problems.length > 0 || tree.skipped.length > 0 || (tree.lastCheckMs ?? 0) > SLOW_CHECK_MS;
}

/** One line about a tree: what is being done, what was done, what went wrong last. */
export function treeDetail(report: StatusReport, tree: TreeStatus): string {
  const [skipped] = tree.skipped;
  const parts = [tree.state === 'working' ? 'busy' : 'idle'];
  if (tree.filesChecked > 0) {
    parts.push(`${tree.filesChecked} ${tree.filesChecked === 1 ? 'file' : 'files'} analysed`);
    // There is little room: the whole is in the output channel
    if ((tree.lastCheckMs ?? 0) > SLOW_CHECK_MS) parts.push(`last check ${time(tree.lastCheckMs)}`);
  } else {
    parts.push('nothing analysed yet');
  }
  if (tree.problems[0] !== undefined) parts.unshift(tree.problems[0]);
  else if (skipped !== undefined) parts.unshift(`${skipped.file} skipped: ${skipped.reason}`);
  else if (report.failure !== null) parts.push(`last error: ${report.failure}`);
  return parts.join(', ');
}

/** The whole report, line by line. */
export function statusText(report: StatusReport): string {
  const lines = [`server: ${report.state}, ${report.memoryMiB} MiB, ${report.openDocuments} documents open`];
  lines.push(`last error: ${report.failure ?? 'none'}`);
  for (const tree of report.trees) {
    lines.push(`tree: ${tree.root}`);
    lines.push(
      `  kernel ${tree.kernelVersion ?? 'not read yet'}, configuration ${tree.configuration}, ${tree.state}`,
    );
    lines.push(`  analysed since the start: ${tree.filesChecked} files`);
    lines.push(`  last check: ${time(tree.lastCheckMs)}, of it parsing ${time(tree.lastParseMs)}`);
    lines.push(`    of ${tree.files} files, ${tree.functions} functions, ${tree.damagedFunctions} damaged`);
    lines.push(`  last hover: ${time(tree.lastHoverMs)}`);
    for (const problem of tree.problems) lines.push(`  problem: ${problem}`);
    for (const { file, reason } of tree.skipped) lines.push(`  skipped: ${file}: ${reason}`);
  }
  if (report.trees.length === 0) lines.push('no file of a kernel tree is open');
  return lines.join('\n');
}

function time(ms: number | null): string {
  if (ms === null) return 'none yet';
  return ms < 1000 ? `${ms} ms` : `${(ms / 1000).toFixed(1)} s`;
}
