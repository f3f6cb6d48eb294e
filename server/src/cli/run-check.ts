/**
 * Runs a check from options to a report: one engine or several side by side, then order, `--since` and baseline. Shared
 * by `check` and `baseline`. Must not know formats.
 */
import { readFileSync } from 'node:fs';
import { type Finding, PRECISION_RANK } from '../engine/base/finding.js';
import type { CheckAnswer, CheckRequest, SkippedFile } from '../engine/door.js';
import { type BaselineEntry, compareWithBaseline, parseBaseline } from '../engine/findings/baseline.js';
import { compareText, orderFindings } from '../engine/findings/order.js';
import { ruleMatches } from '../engine/findings/suppression.js';
import { RULES } from '../engine/rules/index.js';
import { now } from '../host/clock.js';
import { trimCache } from '../host/disk-cache.js';
import { checkSideBySide } from '../host/side-by-side.js';
import { changedLinesSince, touches } from './changed-lines.js';
import { asked, projectView } from './project.js';
import type { Report } from './report.js';
import {
  cacheFolder,
  DEFAULT_JOBS,
  findTarget,
  pathInTree,
  type Target,
  type TreeOptions,
} from './target.js';
import { progressLine, remark } from './terminal.js';
import { UsageError } from './usage-error.js';

/** Options of `check`, as commander hands them over. */
export interface CheckOptions extends TreeOptions {
  readonly rule?: readonly string[];
  /** Absent: what the tree's own settings say, else high. */
  readonly precision?: 'high' | 'medium' | 'low';
  readonly since?: string;
  readonly baseline?: string;
  /** Absent: as many as are worth it. */
  readonly jobs?: number;
  /** Folder of what is kept between runs; false: nothing is kept. */
  readonly cache?: string | false;
  readonly quiet?: boolean;
}

/** The report of a check, and the tree that it is about. */
export interface CheckRun {
  readonly report: Report;
  readonly target: Target;
}

/** Checks what was typed. */
export async function runCheck(
  typed: readonly string[],
  options: CheckOptions,
  signal: AbortSignal,
): Promise<CheckRun> {
  const started = now();
  const target = findTarget(options, options.kernel === undefined ? typed : []);
  const request: CheckRequest = {
    paths: pathsToCheck(target, typed),
    ...asked(options, target),
  };
  const view = projectView(target.project, request.paths, options.rule ?? []);
  const baseline = options.baseline === undefined ? null : readBaseline(options.baseline);
  const changed = options.since === undefined ? null : changedLinesSince(target.root, options.since);
  const progress = progressLine(options.quiet !== true);
  const jobs = options.jobs ?? DEFAULT_JOBS;
  const cache = cacheFolder(options.cache);
  let answers: readonly CheckAnswer[];
  let notes: readonly string[];
  // What was broken off has kept something, most likely
  let kept = true;
  try {
    const { spec, overlays, tree } = target;
    const work = { spec, overlays, tree, request, jobs, cache };
    const done = await checkSideBySide(work, signal, progress.show);
    ({ answers, problems: notes, kept } = done);
    if (options.jobs !== undefined && done.engines < jobs)
      remark(`--jobs ${jobs}: ${done.engines} is all that this can be split into`);
  } finally {
    progress.clear();
    if (cache !== null && kept) trimCache(cache);
  }
  const all = orderFindings(answers.flatMap((answer) => answer.findings));
  let findings = view.of(all);
  if (changed !== null) {
    const isChanged = (finding: Finding): boolean =>
      touches(changed, finding.file, finding.line, finding.endLine) ||
      finding.trace.some((step) => touches(changed, step.file, step.line, step.line));
    findings = findings.filter(isChanged);
  }
  const compared = baseline === null ? null : compareWithBaseline(findings, baseline);
  const sum = (pick: (answer: CheckAnswer) => number): number =>
    answers.reduce((all, answer) => all + pick(answer), 0);
  const report: Report = {
    kernel: { root: target.root, version: target.version },
    configuration: target.configuration,
    findings: compared?.fresh ?? findings,
    skipped: mergeSkipped([
      ...target.tree.refusedBelow(request.paths),
      ...answers.flatMap((answer) => answer.skipped),
    ]),
    problems: [...new Set([...notes, ...answers.flatMap((answer) => answer.problems)])].sort(compareText),
    // With --since most known findings are not looked at, so what is stale cannot be told.
    baseline:
      compared === null
        ? null
        : {
            known: compared.known,
            stale:
              changed === null ? staleIn(compared.stale, request).filter((entry) => view.shows(entry)) : [],
          },
    stats: {
      files: sum((answer) => answer.stats.files),
      functions: sum((answer) => answer.stats.functions),
      damagedFunctions: sum((answer) => answer.stats.damagedFunctions),
      parseMs: Math.round(sum((answer) => answer.stats.parseMs)),
      totalMs: Math.round(now() - started),
      peakMemoryMiB: Math.round(process.resourceUsage().maxRSS / 1024),
    },
    rules: RULES,
  };
  return { report, target };
}

/** What was typed as paths of the tree; nothing typed: `fs`. A file must be C. */
function pathsToCheck(target: Target, typed: readonly string[]): readonly string[] {
  if (typed.length === 0) return ['fs'];
  return [
    ...new Set(
      typed.map((item) => {
        const path = pathInTree(target, item);
        const isFolder = path === '' || target.tree.list(path).length > 0;
        if (!isFolder && !/\.[ch]$/.test(path) && target.tree.read(path) !== null) {
          throw new UsageError(`${item} is neither C source nor a folder`);
        }
        return path;
      }),
    ),
  ];
}

/** The entries of a baseline; a `UsageError` where it cannot be read. */
export function readBaseline(path: string): readonly BaselineEntry[] {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch {
    throw new UsageError(`--baseline ${path}: no such file; \`lockwalk baseline write\` makes one`);
  }
  const baseline = parseBaseline(text);
  if (!baseline.ok) throw new UsageError(`--baseline ${path} ${baseline.problem}`);
  return baseline.entries;
}

/** Only entries about what was checked can be called stale. */
function staleIn(stale: readonly BaselineEntry[], request: CheckRequest): readonly BaselineEntry[] {
  return stale.filter(
    (entry) =>
      request.paths.some((path) => path === '' || entry.file === path || entry.file.startsWith(`${path}/`)) &&
      (request.rules.length === 0
        ? RULES.find((rule) => rule.id === entry.rule)?.onByDefault !== false
        : request.rules.some((rule) => ruleMatches(entry.rule, rule))) &&
      (entry.precision === undefined || PRECISION_RANK[entry.precision] >= PRECISION_RANK[request.precision]),
  );
}

function mergeSkipped(skipped: readonly SkippedFile[]): readonly SkippedFile[] {
  const byFile = new Map(skipped.map((item) => [item.file, item]));
  return [...byFile.values()].sort((a, b) => compareText(a.file, b.file));
}
