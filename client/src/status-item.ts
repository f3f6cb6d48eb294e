/**
 * The one place where the editor shows how the server is: a language status item for C files of the trees that are
 * served. Shows what the status report says and must not ask for anything itself.
 */
import {
  type Disposable,
  type LanguageStatusItem,
  LanguageStatusSeverity,
  languages,
  RelativePattern,
  Uri,
} from 'vscode';
import type { StatusReport, TreeStatus } from '../../server/src/lsp/protocol.js';
import { SHOW_OUTPUT, SHOW_STATUS } from './command-ids.js';

/** A check that takes longer than this is pointed out. */
const SLOW_CHECK_MS = 10_000;

/** How the client itself stands, before and besides what the server reports. */
export type ClientState = 'starting' | 'running' | 'stopped' | 'failed';

export class StatusItem implements Disposable {
  readonly #item: LanguageStatusItem;

  constructor() {
    this.#item = languages.createLanguageStatusItem('lockwalk.status', []);
    this.#item.name = 'Lockwalk';
    this.#item.command = { title: 'Status', command: SHOW_STATUS };
  }

  /** Where there is no report: for the roots that are known from opened files. */
  showClient(state: ClientState, roots: readonly string[], why: string): void {
    this.#select(roots);
    this.#item.text = 'Lockwalk';
    this.#item.detail = why;
    this.#item.busy = state === 'starting';
    this.#item.severity =
      state === 'failed' ? LanguageStatusSeverity.Error : LanguageStatusSeverity.Information;
    this.#item.command =
      state === 'failed'
        ? { title: 'Output', command: SHOW_OUTPUT }
        : { title: 'Status', command: SHOW_STATUS };
  }

  showReport(report: StatusReport): void {
    const [tree] = report.trees;
    this.#select(report.trees.map((one) => one.root));
    this.#item.text = tree?.kernelVersion ? `Lockwalk ${tree.kernelVersion}` : 'Lockwalk';
    this.#item.detail = detail(report, tree);
    this.#item.busy = report.state === 'working';
    this.#item.severity = severity(report);
    this.#item.command = { title: 'Status', command: SHOW_STATUS };
  }

  dispose(): void {
    this.#item.dispose();
  }

  #select(roots: readonly string[]): void {
    this.#item.selector = roots.map((root) => ({
      scheme: 'file',
      pattern: new RelativePattern(Uri.file(root), '**/*.{c,h}'),
    }));
  }
}

function severity(report: StatusReport): LanguageStatusSeverity {
  if (report.state === 'error') return LanguageStatusSeverity.Error;
  const odd = report.trees.some(
    (tree) => tree.problems.length > 0 || tree.skipped.length > 0 || (tree.lastCheckMs ?? 0) > SLOW_CHECK_MS,
  );
  return odd ? LanguageStatusSeverity.Warning : LanguageStatusSeverity.Information;
}

function detail(report: StatusReport, tree: TreeStatus | undefined): string {
  if (report.failure !== null) return report.failure;
  if (tree === undefined) return 'no kernel file is open';
  if (tree.problems[0] !== undefined) return tree.problems[0];
  const [skipped] = tree.skipped;
  if (skipped !== undefined) return `${skipped.file} skipped: ${skipped.reason}`;
  if (report.state === 'working') return 'checking';
  if (tree.lastCheckMs === null) return 'nothing checked yet';
  const time =
    tree.lastCheckMs < 1000 ? `${tree.lastCheckMs} ms` : `${(tree.lastCheckMs / 1000).toFixed(1)} s`;
  return `${tree.functions} functions, last check ${time}`;
}
