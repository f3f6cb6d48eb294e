/**
 * The status report as text for the output channel: what is served, with what figures, and what went wrong.
 */
import type { StatusReport } from '../../server/src/lsp/protocol.js';

export function statusText(report: StatusReport): string {
  const lines = [`server: ${report.state}, ${report.memoryMiB} MiB, ${report.openDocuments} documents open`];
  if (report.failure !== null) lines.push(`last failure: ${report.failure}`);
  for (const tree of report.trees) {
    lines.push(`tree: ${tree.root}`);
    lines.push(
      `  kernel ${tree.kernelVersion ?? 'not read yet'}, configuration ${tree.configuration}, ${tree.state}`,
    );
    lines.push(`  last check: ${time(tree.lastCheckMs)}, of it parsing ${time(tree.lastParseMs)}`);
    lines.push(`  read: ${tree.files} files, ${tree.functions} functions, ${tree.damagedFunctions} damaged`);
    lines.push(`  last hover: ${time(tree.lastHoverMs)}`);
    for (const problem of tree.problems) lines.push(`  problem: ${problem}`);
    for (const { file, reason } of tree.skipped) lines.push(`  skipped: ${file}: ${reason}`);
  }
  if (report.trees.length === 0) lines.push('no file of a kernel tree is open');
  return lines.join('\n');
}

function time(ms: number | null): string {
  return ms === null ? 'none yet' : `${ms} ms`;
}
