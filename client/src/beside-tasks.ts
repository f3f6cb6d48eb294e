/**
 * What scans have found outside of what a task has checked: the editor keeps both under one owner, and takes away all that is under
 * it when a task ends. What the task did not look at is put back.
 */
import { type Diagnostic, type Disposable, type TaskExecution, tasks, type Uri } from 'vscode';
import type { LanguageClient } from 'vscode-languageclient/node';
import { checkedBy, TASK_TYPE } from './check-task.js';

/** The editor is done with a task's output this long after its end, and is not heard of then. */
const DONE_AFTER_MS = 1000;

/** Puts back what the end of a task takes away; `known` remembers which folders are kernel trees. */
export function keepBesideTasks(
  client: () => LanguageClient | null,
  known: Map<string, boolean>,
): Disposable {
  const timers = new Set<NodeJS.Timeout>();
  const putBack = async ({ task }: TaskExecution): Promise<void> => {
    const checked = await checkedBy(task, known);
    const found = client()?.diagnostics;
    if (found === undefined) return;
    const beside: [Uri, readonly Diagnostic[]][] = [];
    for (const [uri, items] of found)
      if (items.length > 0 && !checked.some((path) => isBelow(uri.fsPath, path))) beside.push([uri, items]);
    found.set(beside);
  };
  const listening = tasks.onDidEndTask(({ execution }) => {
    if (execution.task.definition.type !== TASK_TYPE) return;
    const timer = setTimeout(() => {
      timers.delete(timer);
      void putBack(execution);
    }, DONE_AFTER_MS);
    timers.add(timer);
  });
  return {
    dispose: () => {
      listening.dispose();
      for (const timer of timers) clearTimeout(timer);
    },
  };
}

function isBelow(path: string, folder: string): boolean {
  return path === folder || path.startsWith(folder.endsWith('/') ? folder : `${folder}/`);
}
