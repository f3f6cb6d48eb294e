/**
 * `lockwalk explain`: a rule's page, the rules of a family, a VFS method's contract for the tree's version, or a helper's
 * effect; with a place, why a rule reports something there, or with `--absent`, why it says nothing.
 */
import { ruleMatches } from '../engine/findings/suppression.js';
import { RULES, rulesLike, rulesNamed } from '../engine/rules/index.js';
import { findingMarkdown } from '../engine/views/finding-markdown.js';
import { bareFolder, rulePage } from '../host/assets.js';
import { EngineClient } from '../host/engine-client.js';
import { findKernelRoot } from '../host/kernel-root.js';
import { formatAbsent } from './format/absent-text.js';
import { lineReader } from './lines.js';
import { readBaseline } from './run-check.js';
import { engineFor, fileInTree, findTarget, type TreeOptions } from './target.js';
import { remark, writeOut } from './terminal.js';
import { EXIT, UsageError } from './usage-error.js';

/** Options of the command. */
export interface ExplainOptions extends TreeOptions {
  /** Why the rule says nothing at a line. */
  readonly absent?: boolean;
  readonly baseline?: string;
  readonly format: 'text' | 'json';
}

/** Runs the command. */
export async function explain(
  name: string,
  where: string | undefined,
  options: ExplainOptions,
  signal: AbortSignal,
): Promise<number> {
  if (options.absent === true) return explainAbsent(name, where, options, signal);
  if (options.format !== 'text' || options.baseline !== undefined)
    throw new UsageError('--format and --baseline go with --absent');
  if (where !== undefined) return explainFinding(name, where, options, signal);
  await writeOut(
    ensureNewline(explainRule(name) ?? explainFamily(name) ?? (await explainModel(name, options))),
  );
  return EXIT.clean;
}

/** Why the rule reports what it does at a line: the page that the editor shows. */
async function explainFinding(
  name: string,
  where: string,
  options: ExplainOptions,
  signal: AbortSignal,
): Promise<number> {
  const { rule, file: typed, line } = ruleAndPlace(name, where);
  const target = findTarget(options, options.kernel === undefined ? [typed] : []);
  const file = fileInTree(target, typed);
  const engine = await engineFor(target);
  try {
    const request = { paths: [file], rules: [rule.id], precision: 'low' } as const;
    const { findings } = await engine.check(request, signal);
    const there = findings.filter((one) => one.file === file && one.line <= line && line <= one.endLine);
    if (there.length === 0) {
      throw new UsageError(
        `${rule.id} reports nothing at ${file}:${line}; \`lockwalk explain --absent ${rule.id} ${typed}:${line}\` says why`,
      );
    }
    const read = lineReader(target.tree);
    const pages = there.map((one) => findingMarkdown(one, { rule, lineText: read, link: () => null }));
    await writeOut(pages.join('\n'));
    return EXIT.clean;
  } finally {
    await engine.dispose();
  }
}

function ruleAndPlace(
  name: string,
  where: string | undefined,
): { readonly rule: (typeof RULES)[number]; readonly file: string; readonly line: number } {
  const rule = ruleNamed(name);
  if (rule === undefined) throw new UsageError(`${name}: no such rule; ${rulesLike(name)}`);
  const place = /^(.+):(\d+)(?::\d+)?$/.exec(where ?? '');
  const file = place?.[1];
  const line = Number(place?.[2]);
  if (file === undefined || !Number.isSafeInteger(line) || line < 1)
    throw new UsageError(`${where ?? '--absent'}: expected RULE FILE:LINE`);
  return { rule, file, line };
}

async function explainAbsent(
  name: string,
  where: string | undefined,
  options: ExplainOptions,
  signal: AbortSignal,
): Promise<number> {
  const { rule, file, line } = ruleAndPlace(name, where);
  const known = options.baseline === undefined ? [] : readBaseline(options.baseline);
  const target = findTarget(options, options.kernel === undefined ? [file] : []);
  const engine = await engineFor(target);
  try {
    const query = { rule: rule.id, file: fileInTree(target, file), line };
    const [{ problems }, result] = await Promise.all([engine.describe(), engine.absent(query, signal)]);
    for (const problem of problems) remark(problem);
    if (!result.ok) throw new UsageError(result.problem);
    await writeOut(
      options.format === 'json'
        ? `${JSON.stringify(result.answer, null, 2)}\n`
        : formatAbsent(result.answer, new Set(known.map((entry) => entry.fingerprint))),
    );
    return EXIT.clean;
  } finally {
    await engine.dispose();
  }
}

function ruleNamed(name: string): (typeof RULES)[number] | undefined {
  const named = rulesNamed(name);
  if (named.length > 1)
    throw new UsageError(`${name}: which one, ${named.map(({ id }) => id).join(' or ')}?`);
  return named[0];
}

function explainRule(name: string): string | null {
  const rule = ruleNamed(name);
  if (rule === undefined) return null;
  return rulePage(rule.id) ?? `# ${rule.id}\n\n${rule.summary}\n\n${rule.law}\n`;
}

function explainFamily(name: string): string | null {
  const rules = RULES.filter((rule) => rule.id !== name && ruleMatches(rule.id, name));
  if (rules.length === 0) return null;
  const width = Math.max(...rules.map((rule) => rule.id.length));
  return rules.map((rule) => `${rule.id.padEnd(width)}  ${rule.summary}\n`).join('');
}

async function explainModel(name: string, options: TreeOptions): Promise<string> {
  const inTree = options.kernel !== undefined || findKernelRoot(process.cwd()) !== null;
  const spec = inTree
    ? findTarget(options, []).spec
    : { root: bareFolder(), kernelVersion: options.kernelVersion ?? null, configFile: null };
  const engine = new EngineClient(spec);
  try {
    const page = await engine.explainModel(name);
    if (page !== null) return page;
    const { kernelVersion } = await engine.describe();
    throw new UsageError(
      `${name}: neither a rule or family, nor a method or helper that the model of Linux ${kernelVersion} knows; ${rulesLike(name)}`,
    );
  } finally {
    await engine.dispose();
  }
}

function ensureNewline(text: string): string {
  return text.endsWith('\n') ? text : `${text}\n`;
}
