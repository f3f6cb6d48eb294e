/**
 * What a tree's own settings (`.lockwalk.json`) make of a check: what is asked for, and what of the findings is shown how. What
 * was typed goes first.
 */
import type { Finding } from '../engine/base/finding.js';
import type { CheckRequest } from '../engine/door.js';
import { rulesToRun, severityFor, withSeverities } from '../engine/findings/severity.js';
import { ruleMatches } from '../engine/findings/suppression.js';
import { RULES, rulesLike } from '../engine/rules/index.js';
import { matchesAny } from '../host/glob.js';
import type { GivenSettings } from '../host/settings.js';
import type { Target } from './target.js';
import { UsageError } from './usage-error.js';

/** Options of a check that say what to look for. */
export interface Wanted {
  readonly rule?: readonly string[];
  readonly precision?: 'high' | 'medium' | 'low';
}

/** Rules and precision to ask for: what was typed, else what the tree's settings say. */
export function asked(options: Wanted, { project }: Target): Pick<CheckRequest, 'rules' | 'precision'> {
  const typed = knownRules(options.rule ?? []);
  const rules = typed.length > 0 ? typed : rulesToRun(project.rules ?? [], project.severity ?? {}, RULES);
  return { rules, precision: options.precision ?? project.precision ?? 'high' };
}

/** What of findings is shown, and how. */
export interface ProjectView {
  of(findings: readonly Finding[]): readonly Finding[];
  shows(finding: Pick<Finding, 'rule' | 'file'>): boolean;
}

/** Severities and exclusions of a tree's settings. A file or a rule that was named in person is shown all the same. */
export function projectView(
  project: GivenSettings,
  paths: readonly string[],
  typedRules: readonly string[],
): ProjectView {
  const { exclude = [], severity = {} } = project;
  const isTyped = (name: string): boolean =>
    typedRules.some((typed) => ruleMatches(typed, name) || ruleMatches(name, typed));
  const table = Object.fromEntries(
    Object.entries(severity).filter(([name, set]) => set !== 'off' || !isTyped(name)),
  );
  const isSeen = (file: string): boolean => paths.includes(file) || !matchesAny(file, exclude);
  return {
    of: (findings) => withSeverities(findings, table).filter(({ file }) => isSeen(file)),
    shows: ({ rule, file }) => isSeen(file) && severityFor(rule, table) !== 'off',
  };
}

/** Rule ids and families as typed, if there are such. */
function knownRules(typed: readonly string[]): readonly string[] {
  for (const name of typed) {
    if (!RULES.some((rule) => ruleMatches(rule.id, name))) {
      throw new UsageError(`--rule ${name}: no such rule or family; ${rulesLike(name)}`);
    }
  }
  return typed;
}
