/**
 * `lockwalk explain`: a rule's page, the rules of a family, a VFS method's contract for the tree's version, or a helper's
 * effect.
 */
import { ruleMatches } from '../engine/findings/suppression.js';
import { RULES } from '../engine/rules/index.js';
import { bareFolder, rulePage } from '../host/assets.js';
import { EngineClient } from '../host/engine-client.js';
import { findKernelRoot } from '../host/kernel-root.js';
import { findTarget, type TreeOptions } from './target.js';
import { writeOut } from './terminal.js';
import { EXIT, UsageError } from './usage-error.js';

/** Runs the command. */
export async function explain(name: string, options: TreeOptions): Promise<number> {
  await writeOut(
    ensureNewline(explainRule(name) ?? explainFamily(name) ?? (await explainModel(name, options))),
  );
  return EXIT.clean;
}

function explainRule(name: string): string | null {
  const rule = RULES.find(({ id }) => id === name || id.endsWith(`/${name}`));
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
      `${name}: neither a rule (${RULES.map((rule) => rule.id).join(', ')}) nor a method or helper that the model of Linux ${kernelVersion} knows`,
    );
  } finally {
    await engine.dispose();
  }
}

function ensureNewline(text: string): string {
  return text.endsWith('\n') ? text : `${text}\n`;
}
