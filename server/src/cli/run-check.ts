/**
 * Runs a check from options to a report: one engine or several side by side, then order, `--since` and baseline. Shared
 * by `check` and `baseline`. Must not know formats.
 */
import { readFileSync } from 'node:fs';
import { posix } from 'node:path';
import { type Finding, PRECISION_RANK } from '../engine/base/finding.js';
import type { CheckAnswer, CheckRequest, Progress, SkippedFile } from '../engine/door.js';
import { type BaselineEntry, compareWithBaseline, parseBaseline } from '../engine/findings/baseline.js';
import { compareText, orderFindings } from '../engine/findings/order.js';
import { ruleMatches } from '../engine/findings/suppression.js';
import { RULES } from '../engine/rules/index.js';
import { now } from '../host/clock.js';
import { trimCache } from '../host/disk-cache.js';
import type { ReadsWith } from '../host/engine-client.js';
import { shareReading } from '../host/shared-reading.js';
import { changedLinesSince, touches } from './changed-lines.js';
import type { Report } from './report.js';
import {
  cacheFolder,
  DEFAULT_JOBS,
  engineFor,
  findTarget,
  pathInTree,
  type Target,
  type TreeOptions,
} from './target.js';
import { progressLine, remark } from './terminal.js';
import { UsageError } from './usage-error.js';

const PHASES: readonly Progress['phase'][] = ['read', 'analyse', 'rules'];

/** Options of `check`, as commander hands them over. */
export interface CheckOptions extends TreeOptions {
  readonly rule?: readonly string[];
  readonly precision: 'high' | 'medium' | 'low';
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
    rules: knownRules(options.rule ?? []),
    precision: options.precision,
  };
  const baseline = options.baseline === undefined ? null : readBaseline(options.baseline);
  const changed = options.since === undefined ? null : changedLinesSince(target.root, options.since);
  const progress = progressLine(options.quiet !== true);
  const jobs = options.jobs ?? DEFAULT_JOBS;
  const files = filesToCheck(target, request.paths);
  const units = new Set(files.map((file) => posix.dirname(file))).size;
  const engines = Math.max(1, Math.min(jobs, units));
  if (options.jobs !== undefined && engines < jobs)
    remark(`--jobs ${jobs}: ${engines} is all that this can be split into`);
  const cache = cacheFolder(options.cache);
  const shown = together(engines, progress.show);
  let answers: readonly CheckAnswer[];
  const notes: string[] = [];
  // Engines that check side by side take unit after unit and read the headers together; a single one has somebody to read with
  const shares = engines > 1 ? shareReading(engines, false) : [];
  const turns = engines > 1 ? new SharedArrayBuffer(4 * units) : null;
  const all = engines > 1 ? { ...request, paths: files } : request;
  try {
    answers = await Promise.all(
      Array.from({ length: engines }, (_, index) =>
        checkTurns(
          target,
          shares[index] ?? jobs,
          cache,
          all,
          turns,
          signal,
          index === 0 ? notes : null,
          (at) => shown(index, at),
        ),
      ),
    );
  } finally {
    progress.clear();
    if (cache !== null) trimCache(cache);
  }
  let findings: readonly Finding[] = orderFindings(answers.flatMap((answer) => answer.findings));
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
        : { known: compared.known, stale: changed === null ? staleIn(compared.stale, request) : [] },
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

/** One progress of several engines that take turns at the same: the phase that the last of them is in, and what those in it did. */
function together(
  engines: number,
  show: (progress: Progress) => void,
): (engine: number, progress: Progress) => void {
  const latest: (Progress | undefined)[] = new Array(engines).fill(undefined);
  return (engine, progress) => {
    latest[engine] = progress;
    const known = latest.filter((p) => p !== undefined);
    const phase = PHASES.find((name) => known.some((p) => p.phase === name)) ?? progress.phase;
    const there = known.filter((p) => p.phase === phase);
    show({
      phase,
      done: there.reduce((sum, p) => sum + p.done, 0),
      total: Math.max(...there.map((p) => p.total)),
      at: progress.at,
    });
  };
}

async function checkTurns(
  target: Target,
  reads: ReadsWith | number,
  cache: string | null,
  request: CheckRequest,
  turns: SharedArrayBuffer | null,
  signal: AbortSignal,
  notes: string[] | null,
  show: (progress: Progress) => void,
): Promise<CheckAnswer> {
  const engine = await engineFor(target, reads, cache);
  try {
    const [description, answer] = await Promise.all([
      engine.describe(),
      engine.check(request, signal, show, turns),
    ]);
    notes?.push(...description.problems);
    return answer;
  } finally {
    await engine.dispose();
  }
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

/** Rule ids and families as typed, if there are such. */
function knownRules(typed: readonly string[]): readonly string[] {
  for (const name of typed) {
    if (!RULES.some((rule) => ruleMatches(rule.id, name))) {
      throw new UsageError(
        `--rule ${name}: no such rule or family; there are ${RULES.map((rule) => rule.id).join(', ')}`,
      );
    }
  }
  return typed;
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

/** The C files below what is to be checked, in order. */
function filesToCheck(target: Target, paths: readonly string[]): readonly string[] {
  const files = new Set<string>();
  const visit = (folder: string): void => {
    const prefix = folder === '' ? '' : `${folder}/`;
    for (const name of target.tree.list(folder)) {
      if (name.endsWith('/')) visit(prefix + name.slice(0, -1));
      else if (/\.[ch]$/.test(name)) files.add(prefix + name);
    }
  };
  for (const path of paths) {
    if (target.tree.list(path).length > 0) visit(path);
    else files.add(path);
  }
  return [...files].sort(compareText);
}
