/**
 * How much of a tree is reached, as plain tables: functions by what leads to them, calls by how their target is told. Must
 * not know how that was found out.
 */
import type { ReachAnswer, ReachKind } from '../../engine/door.js';

const WORDS: Readonly<Record<ReachKind, string>> = {
  method: 'methods of the VFS model',
  fault: 'page faults and mappings',
  ioctl: 'ioctl',
  syscall: 'system calls',
  attribute: 'seq_file, proc, sysfs, debugfs, configfs',
  work: 'work items',
  kthread: 'kernel threads',
  timer: 'timers',
  rcu: 'RCU callbacks',
  completion: 'ends of I/O',
  shrinker: 'shrinkers',
  notifier: 'notifiers',
  parameter: 'module and boot parameters',
  operations: 'tables of other kernel interfaces',
  init: 'init and exit code',
  table: 'unknown: in a table that nothing known calls through',
  outside: 'unknown: called only from outside of these files',
  unreferenced: 'unknown: called only by what nothing names',
  other: 'unknown: named in a way that is not followed',
};

/** Kinds that are slots of the VFS model. */
const VFS: readonly ReachKind[] = ['method', 'fault', 'ioctl'];

function sumOf(reach: ReachAnswer, kinds: readonly ReachKind[]): number {
  return reach.kinds.reduce((sum, k) => sum + (kinds.includes(k.kind) ? k.functions : 0), 0);
}

/** The tables. */
export function reachText(reach: ReachAnswer): string {
  const share = (n: number, of: number): string => (of === 0 ? '-' : `${((100 * n) / of).toFixed(1)} %`);
  const lines = [
    '',
    `${reach.total} functions in C files; ${reach.unreferenced} are named nowhere else (unused, or a macro or generated code puts`,
    `the name together); of the other ${reach.base}, reached from`,
    row('', 'functions', 'share', 'entries', 'context'),
    ...reach.kinds
      .filter((k) => k.functions > 0)
      .map((k) =>
        row(
          WORDS[k.kind],
          String(k.functions),
          share(k.functions, reach.base),
          String(k.direct),
          String(k.withContext),
        ),
      ),
    row(
      'slots of the VFS model together (the first, faults and ioctl)',
      String(sumOf(reach, VFS)),
      share(sumOf(reach, VFS), reach.base),
    ),
    '(a function that several lead to counts for the first; entries: reached directly, the others through calls;',
    'context: the analysis has a context of a known entry)',
    '',
    `${reach.calls.total} calls, ${share(reach.calls.resolved, reach.calls.total)} of them with a target that the analysis can tell`,
  ];
  for (const [title, kinds] of [
    ['resolved', reach.calls.byKind.resolved],
    ['not resolved', reach.calls.byKind.unresolved],
  ] as const) {
    if (Object.keys(kinds).length === 0) continue;
    lines.push(`  ${title}`);
    for (const [kind, n] of Object.entries(kinds))
      lines.push(row(`  ${kind}`, String(n), share(n, reach.calls.total), '', ''));
  }
  return `${lines.join('\n')}\n`;
}

function row(name: string, ...cells: readonly string[]): string {
  return `  ${name.padEnd(62)}${cells.map((cell) => cell.padStart(10)).join('')}`.trimEnd();
}
