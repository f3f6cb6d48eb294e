/**
 * Tasks of type `lockwalk`: `lockwalk check` by the command line that travels with the extension, run by the editor's own
 * Node. Offers one for each kernel tree at hand and one for the folder of the file that is looked at. Nothing of a tree is
 * run.
 */
import { dirname, relative, resolve } from 'node:path';
import {
  type ExtensionContext,
  ProcessExecution,
  Task,
  type TaskDefinition,
  type TaskProvider,
  TaskScope,
  Uri,
  window,
  workspace,
} from 'vscode';
import { kernelRootOf } from './kernel-tree.js';

export const TASK_TYPE = 'lockwalk';
/** The matcher that the manifest contributes. */
const MATCHER = '$lockwalk';

/** A task as it may stand in `tasks.json`; the manifest has the schema. */
interface CheckTask extends TaskDefinition {
  /** Root of the kernel tree; absent: found upwards from the workspace's folder. */
  readonly kernel?: string;
  /** Files or folders, relative to the root, or to the workspace's folder where no root is given. Absent: all of `fs`. */
  readonly paths?: readonly string[];
  readonly precision?: string;
  readonly rules?: readonly string[];
}

/** The provider; `known` remembers which folders are kernel trees. */
export function checkTasks(context: ExtensionContext, known: Map<string, boolean>): TaskProvider {
  const command = Uri.joinPath(context.extensionUri, 'dist', 'lockwalk.mjs').fsPath;
  return {
    async provideTasks() {
      const offered: Task[] = [];
      const roots = new Set<string>();
      for (const { uri } of workspace.workspaceFolders ?? []) {
        const root = uri.scheme === 'file' ? await kernelRootOf(`${uri.fsPath}/.`, known) : null;
        if (root !== null) roots.add(root);
      }
      const file = window.activeTextEditor?.document.uri;
      const open = file?.scheme === 'file' ? await kernelRootOf(file.fsPath, known) : null;
      if (open !== null && file !== undefined) {
        roots.add(open);
        const folder = relative(open, dirname(file.fsPath));
        if (folder !== '' && folder !== 'fs')
          offered.push(task(command, { type: TASK_TYPE, kernel: open, paths: [folder] }, folder));
      }
      for (const root of roots) {
        const name = roots.size > 1 ? `fs of ${root}` : 'fs';
        offered.push(task(command, { type: TASK_TYPE, kernel: root, paths: ['fs'] }, name));
      }
      return offered;
    },
    resolveTask(unfinished) {
      const definition = unfinished.definition as CheckTask;
      const what = texts(definition.paths).join(' ') || 'fs';
      return task(command, definition, what, unfinished.scope);
    },
  };
}

/** Files and folders that a task checks, as absolute paths; none where it is not known. */
export async function checkedBy(
  { definition, scope }: Task,
  known: Map<string, boolean>,
): Promise<readonly string[]> {
  const { kernel, paths } = definition as CheckTask;
  const base = kernel || folderOf(scope);
  if (base === undefined) return [];
  const named = texts(paths);
  if (named.length > 0) return named.map((path) => resolve(base, path));
  const root = kernel || (await kernelRootOf(`${base}/.`, known));
  return root === null ? [] : [resolve(root, 'fs')];
}

function folderOf(scope: Task['scope']): string | undefined {
  return typeof scope === 'object' ? scope.uri.fsPath : workspace.workspaceFolders?.[0]?.uri.fsPath;
}

function task(
  command: string,
  definition: CheckTask,
  what: string,
  scope: Task['scope'] = TaskScope.Workspace,
): Task {
  const cwd = definition.kernel || folderOf(scope);
  const args = [command, 'check', '--absolute', '--no-color'];
  if (definition.kernel) args.push('--kernel', definition.kernel);
  if (definition.precision) args.push('--precision', definition.precision);
  for (const rule of texts(definition.rules)) args.push('--rule', rule);
  args.push(...texts(definition.paths));
  const execution = new ProcessExecution(process.execPath, args, {
    ...(cwd === undefined ? {} : { cwd }),
    env: { ELECTRON_RUN_AS_NODE: '1' },
  });
  const made = new Task(definition, scope ?? TaskScope.Workspace, `check ${what}`, 'lockwalk', execution, [
    MATCHER,
  ]);
  made.detail = 'lockwalk check';
  return made;
}

/** Definitions are written by hand: what is no list of strings is left out. */
function texts(value: unknown): readonly string[] {
  return Array.isArray(value) ? value.filter((one): one is string => typeof one === 'string') : [];
}
