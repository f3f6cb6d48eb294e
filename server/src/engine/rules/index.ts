/**
 * What the rules are, for settings, SARIF, `explain` and the documents. The rules themselves stay inside the engine.
 */

import { PRECISION_RANK } from '../base/finding.js';
import type { CheckRequest, RuleInfo } from '../door.js';
import { ruleMatches } from '../findings/suppression.js';
import { namesLike } from './like.js';
import { ALL_RULES } from './registry.js';

/** Every rule, in the order of ids. */
export const RULES: readonly RuleInfo[] = ALL_RULES.map((r) => r.info);

/** The rules that a check runs: those that it names, else all that are on by default; precise enough in both cases. */
export function rulesFor(request: Pick<CheckRequest, 'rules' | 'precision'>): readonly RuleInfo[] {
  return RULES.filter((rule) => {
    const wanted =
      request.rules.length === 0
        ? rule.onByDefault
        : request.rules.some((name) => ruleMatches(rule.id, name));
    return wanted && PRECISION_RANK[rule.precision] >= PRECISION_RANK[request.precision];
  });
}

/** The rules that a name means: an id, or its second part, which two families may share. */
export function rulesNamed(name: string): readonly RuleInfo[] {
  const exact = RULES.filter(({ id }) => id === name);
  return exact.length > 0 ? exact : RULES.filter(({ id }) => id.endsWith(`/${name}`));
}

/** The end of a sentence that says that there is no such rule: what may have been meant. */
export function rulesLike(name: string): string {
  return namesLike(
    name,
    RULES.map(({ id }) => id),
  );
}
