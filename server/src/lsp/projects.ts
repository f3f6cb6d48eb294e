/**
 * What is wrong with the `.lockwalk.json` of each tree, shown where it stands: as diagnostics of that file, in the status of the
 * tree, and once in the log. Must not know what the file is for.
 */
import { pathToFileURL } from 'node:url';
import { type Diagnostic, DiagnosticSeverity } from 'vscode-languageserver';
import type { ProjectFile } from '../host/project-file.js';
import type { PlaceOfFile } from './place.js';
import { SOURCE } from './to-protocol.js';
import type { KernelTree } from './trees.js';

/** Ways to the client. */
export interface ProjectChannel {
  push(uri: string, items: Diagnostic[]): void;
  log(text: string): void;
}

/** Keeps what was said last of each tree. */
export class Projects {
  readonly #channel: ProjectChannel;
  /** By root: the file, and what was said of it. */
  readonly #said = new Map<string, { readonly uri: string; readonly key: string }>();

  constructor(channel: ProjectChannel) {
    this.#channel = channel;
  }

  /** A file of the tree was placed, and for that the tree's settings were read. */
  seen({ spec, project }: PlaceOfFile, tree: KernelTree): void {
    const problems = project?.problems ?? [];
    tree.projectProblems = problems.map(({ line, message }) => `${project?.path}:${line}: ${message}`);
    const key = JSON.stringify(problems);
    const before = this.#said.get(spec.root);
    if (key === (before?.key ?? '[]')) return;
    const uri = project === null ? before?.uri : pathToFileURL(project.path).href;
    if (uri === undefined) return;
    this.#said.set(spec.root, { uri, key });
    this.#channel.push(uri, diagnosticsOf(project));
    for (const text of tree.projectProblems) this.#channel.log(text);
  }
}

function diagnosticsOf(project: ProjectFile | null): Diagnostic[] {
  return (project?.problems ?? []).map(({ line, column, message }) => ({
    range: {
      start: { line: line - 1, character: column - 1 },
      end: { line: line - 1, character: column },
    },
    severity: DiagnosticSeverity.Error,
    source: SOURCE,
    message,
  }));
}
