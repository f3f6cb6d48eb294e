/**
 * The status report: what the server is serving, what it has done and what went wrong, as one record. Must not
 * decide how it is shown.
 */
import { configOfTree } from '../host/dot-config.js';
import type { Documents } from './documents.js';
import type { ServerState, StatusReport, TreeStatus } from './protocol.js';
import type { KernelTree, Trees } from './trees.js';

const MIB = 1024 * 1024;
/** Skipped files that the report lists for each tree. */
const MAX_SKIPPED = 20;

export function statusReport(trees: Trees, documents: Documents, failure: string | null): StatusReport {
  const reports = trees.all().map(treeStatus);
  return {
    version: 1,
    state: worst(failure === null ? 'idle' : 'error', reports),
    failure,
    memoryMiB: Math.round(process.memoryUsage.rss() / MIB),
    openDocuments: documents.uris().length,
    trees: reports,
  };
}

function treeStatus(tree: KernelTree): TreeStatus {
  const { spec, description, failure } = tree;
  const problems = [...(description?.problems ?? [])];
  if (failure !== null) problems.unshift(failure);
  return {
    root: spec.root,
    kernelVersion: description?.kernelVersion ?? spec.kernelVersion,
    configuration: spec.configFile ?? configOfTree(spec.root) ?? 'default',
    state: failure !== null ? 'error' : tree.lane.busy ? 'working' : 'idle',
    problems,
    skipped: [...tree.skipped].slice(0, MAX_SKIPPED).map(([file, reason]) => ({ file, reason })),
    filesChecked: tree.checked.size,
    ...tree.figures,
  };
}

function worst(own: ServerState, trees: readonly TreeStatus[]): ServerState {
  if (own === 'error' || trees.some((tree) => tree.state === 'error')) return 'error';
  return trees.some((tree) => tree.state === 'working') ? 'working' : 'idle';
}
