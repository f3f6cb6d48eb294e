import assert from 'node:assert/strict';
import type { Edit, Fix } from '../../server/src/engine/base/finding.js';
import { fixesTogether } from '../../server/src/engine/findings/fix-set.js';
import { finding } from './finding.js';

const edit = (line: number, from: number, to: number, file = 'fs/a.c'): Edit => ({
  file,
  startLine: line,
  startColumn: from,
  endLine: line,
  endColumn: to,
  text: 'x',
});
const fix = (edits: readonly Edit[], safety: Fix['safety'] = 'safe'): Fix => ({
  title: 'fix',
  safety,
  edits,
});

/** Fingerprints of the findings whose fixes go together. */
function together(
  fixes: readonly (readonly Fix[])[],
  allowed: (one: Fix) => boolean = () => true,
): readonly string[] {
  const findings = fixes.map((of, index) => finding({ fingerprint: `${index}`, fixes: of }));
  return fixesTogether(findings, allowed).findings.map((one) => one.fingerprint);
}

describe('fixes at once', () => {
  it('are the safe ones, one a finding', () => {
    assert.deepEqual(
      together([[fix([edit(1, 1, 2)], 'unsafe')], [fix([edit(2, 1, 2)]), fix([edit(3, 1, 2)])]]),
      ['1'],
    );
    assert.deepEqual(
      together([[fix([edit(1, 1, 2)])]], () => false),
      [],
    );
  });

  it('do not meet, not even at an end', () => {
    assert.deepEqual(together([[fix([edit(1, 1, 5)])], [fix([edit(1, 5, 9)])], [fix([edit(1, 6, 9)])]]), [
      '0',
      '2',
    ]);
    assert.deepEqual(together([[fix([edit(4, 1, 1)])], [fix([edit(4, 1, 1)])]]), ['0']);
    assert.deepEqual(together([[fix([edit(1, 1, 5)])], [fix([edit(1, 1, 5, 'fs/b.c')])]]), ['0', '1']);
  });

  it('are taken whole or not at all', () => {
    const findings = [[fix([edit(1, 1, 5)])], [fix([edit(9, 1, 2), edit(1, 4, 5)])], [fix([edit(9, 1, 2)])]];
    assert.deepEqual(together(findings), ['0', '2']);
  });
});
