/**
 * The verdicts of people on findings in plain kernel trees, and what share of each rule was right. Findings that one and the same piece
 * of code causes (`cause`) count once: a rule is not better for saying a bug five times, nor worse for one mistake said five times.
 */
import type { Finding, Precision } from '../../server/src/engine/base/finding.js';

/** One judged finding. */
export interface Verdict {
  readonly rule: string;
  readonly file: string;
  readonly function: string;
  readonly verdict: 'right' | 'wrong';
  readonly why: string;
  /** Name of what it shares with others; absent: it stands alone. */
  readonly cause?: string;
  /** Said only at this precision when it was judged; absent: at default precision. */
  readonly precision?: 'medium' | 'low';
}

/** The file of one tree's verdicts, by fingerprint. */
export interface Verdicts {
  /** Patch level that the verdicts were made on, as the tree's Makefile says. */
  readonly kernel: string;
  readonly findings: Readonly<Record<string, Verdict>>;
}

/** A rule at one precision. */
export interface Tally {
  readonly rule: string;
  readonly precision: Precision;
  readonly right: number;
  readonly wrong: number;
  readonly unjudged: number;
}

const TIERS: readonly Precision[] = ['high', 'medium', 'low'];

/** Tallies in the order of rules and precisions. Findings of several trees go through it one tree at a time and are added up. */
export function tally(
  trees: readonly { readonly findings: readonly Finding[]; readonly verdicts: Verdicts }[],
): Tally[] {
  const counts = new Map<string, { right: number; wrong: number; unjudged: number }>();
  trees.forEach(({ findings, verdicts }, tree) => {
    const seen = new Set<string>();
    for (const f of findings) {
      const key = `${f.rule} ${f.precision}`;
      const count = counts.get(key) ?? { right: 0, wrong: 0, unjudged: 0 };
      counts.set(key, count);
      const judged = verdicts.findings[f.fingerprint];
      if (judged?.cause !== undefined) {
        // Siblings that were judged differently are not siblings
        const sibling = `${tree} ${key} ${judged.verdict} ${judged.cause}`;
        if (seen.has(sibling)) continue;
        seen.add(sibling);
      }
      count[judged?.verdict ?? 'unjudged']++;
    }
  });
  return [...counts]
    .map(([key, count]): Tally => {
      const [rule, precision] = key.split(' ') as [string, Precision];
      return { rule, precision, ...count };
    })
    .sort((a, b) =>
      a.rule < b.rule ? -1 : a.rule > b.rule ? 1 : TIERS.indexOf(a.precision) - TIERS.indexOf(b.precision),
    );
}

/** Findings that nobody has judged, the most precise first. */
export function unjudged(findings: readonly Finding[], verdicts: Verdicts): Finding[] {
  return findings
    .filter((f) => verdicts.findings[f.fingerprint] === undefined)
    .toSorted((a, b) => TIERS.indexOf(a.precision) - TIERS.indexOf(b.precision));
}

/** `3 of 4 right (75.0 %)`, and how many nobody has judged. */
export function wordTally(t: Pick<Tally, 'right' | 'wrong' | 'unjudged'>): string {
  const judged = t.right + t.wrong;
  const share =
    judged === 0
      ? 'none judged'
      : `${t.right} of ${judged} right (${((100 * t.right) / judged).toFixed(1)} %)`;
  return t.unjudged === 0 ? share : `${share}, ${t.unjudged} not judged`;
}
