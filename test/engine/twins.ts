/**
 * Negative twins: right code of the shape that a rule speaks about, in which the rule must stay silent, whatever precision is asked
 * for; and one wrong piece of that shape, which shows that the rule looks there at all.
 */
import assert from 'node:assert/strict';
import { NEVER } from '../../server/src/engine/base/cancel.js';
import { filesOf, openFiles, type RuleCases } from './harness.js';

/** The twins of one rule: C by title. */
export interface Twins {
  readonly bad: string;
  readonly right: Readonly<Record<string, string>>;
}

/** So many twins a rule has at least that finds next to nothing on plain trees. */
export const LEAST_TWINS = 20;

/**
 * Twins of a rule: the cases of one file that its own tests have, and more. A case with a mark of the rule is wrong, one without any mark is right.
 */
export function twinsOf(rule: string, cases: RuleCases, more: Readonly<Record<string, string>>): Twins {
  const single = Object.entries(cases).filter(([, text]) => !text.includes('// file: '));
  const right = single.filter(([, text]) => !text.includes('/*!'));
  const [, bad] = single.find(([, text]) => text.includes(`/*! ${rule}`)) ?? ['', ''];
  return { bad, right: { ...Object.fromEntries(right), ...more } };
}

/** All right ones are silent, the wrong one is not. Each stands in a directory of its own: none tells anything of another. */
export async function checkTwins(rule: string, twins: Twins): Promise<void> {
  const titles = Object.keys(twins.right);
  assert.ok(titles.length >= LEAST_TWINS, `${titles.length} twins of ${rule}`);
  const parts = [...Object.values(twins.right), twins.bad].map((c, i) => `// file: fs/t${i}/x.c\n${c}\n`);
  const engine = await openFiles(filesOf(parts.join('')));
  try {
    const { findings } = engine.check({ paths: ['fs'], rules: [rule], precision: 'low' }, NEVER);
    const said = (i: number): string[] =>
      findings.filter((f) => f.file.startsWith(`fs/t${i}/`)).map((f) => `${f.line}: ${f.message}`);
    const loud = titles.flatMap((title, i) => said(i).map((text) => `${title}: ${text}`));
    assert.deepEqual(loud, []);
    assert.notDeepEqual(said(titles.length), [], 'the wrong one is found');
  } finally {
    engine.dispose();
  }
}
