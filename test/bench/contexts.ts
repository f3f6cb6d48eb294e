/**
 * `npm run bench:contexts -- CASES TREE`: how many of the recorded cases the engine answers rightly. Prints every miss with
 * expected, answered and why where that is known, the score, that of the cases with locks or RCU, and that of each kind of difficulty.
 */
import { readFileSync } from 'node:fs';
import { openTree } from './engine.js';
import { ask, casesIn, saysLocks } from './judge.js';

const [casesPath, treePath] = process.argv.slice(2);
if (casesPath === undefined || treePath === undefined) {
  console.error('usage: npm run bench:contexts -- CASES TREE');
  process.exit(2);
}

/** Right ones of all. */
class Score {
  right = 0;
  all = 0;

  add(isRight: boolean): void {
    this.all++;
    if (isRight) this.right++;
  }

  toString(): string {
    return `${this.right} of ${this.all} (${((100 * this.right) / Math.max(1, this.all)).toFixed(1)} %)`;
  }
}

const engine = await openTree(treePath);
const score = new Score();
const locked = new Score();
const byTag = new Map<string, Score>();
for (const c of casesIn(readFileSync(casesPath, 'utf8'))) {
  const { wrong, contexts } = ask(engine, c);
  const isRight = wrong.length === 0;
  score.add(isRight);
  if (saysLocks(c)) locked.add(isRight);
  for (const tag of c.tags.length > 0 ? c.tags : ['plain']) {
    const of = byTag.get(tag) ?? new Score();
    byTag.set(tag, of);
    of.add(isRight);
  }
  if (isRight) continue;
  console.log(`${c.file}:${c.line} ${c.function} [${c.lineText.trim()}]`);
  for (const w of wrong) console.log(`    ${w}`);
  console.log(c.miss === undefined ? '    not explained yet' : `    known: ${c.miss}`);
  for (const x of contexts.slice(0, 6))
    console.log(
      `    answered: ${x.entry?.method ?? '-'} via ${x.via.join('>') || '-'}: ${x.held.map((h) => `${h.expression} ${h.mode}${h.certainty === 'may' ? '?' : ''}`).join(', ') || 'nothing'}; rcu ${x.rcu}; sleep ${x.maySleep}`,
    );
}
engine.dispose();
console.log('by difficulty:');
for (const [tag, of] of [...byTag].sort((a, b) => b[1].all - a[1].all)) console.log(`  ${tag}: ${of}`);
console.log(`right: ${score}`);
console.log(`with locks or RCU: ${locked}`);
