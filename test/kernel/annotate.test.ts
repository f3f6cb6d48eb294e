/**
 * Every precondition that is offered on real file systems, written down: the files still parse, their findings are the
 * same, and asked again each function says that it is already written.
 */
import assert from 'node:assert/strict';
import { NEVER } from '../../server/src/engine/base/cancel.js';
import type { Edit } from '../../server/src/engine/base/finding.js';
import type { Engine } from '../../server/src/engine/door.js';
import { applyEdits } from '../../server/src/engine/findings/text-edits.js';
import { diskTree, openTree } from '../bench/engine.js';
import { describeKernel } from './tree.js';

const FOLDERS = ['fs/9p', 'fs/adfs', 'fs/affs', 'fs/autofs', 'fs/debugfs', 'fs/ecryptfs'];
/** Fewer than this in all of them means that something is no longer seen. */
const ENOUGH = 60;

type Style = 'assert' | 'must-hold';

interface Offered {
  readonly file: string;
  readonly name: string;
}

function functionsOf(engine: Engine, file: string): readonly string[] {
  return [...engine.dump('contexts', file, null).text.matchAll(/^(\w+):$/gm)].map(
    (match) => match[1] as string,
  );
}

function errorsIn(engine: Engine, file: string): number {
  return engine.dump('syntax', file, null).text.match(/ERROR|MISSING/g)?.length ?? 0;
}

function findingsIn(engine: Engine): readonly string[] {
  const answer = engine.check({ paths: FOLDERS, rules: [], precision: 'low' }, NEVER);
  return answer.findings.map((f) => `${f.rule} ${f.fingerprint}`).sort();
}

/** All that is offered, and the files with it. */
function writeAll(
  engine: Engine,
  root: string,
  style: Style,
): { offered: Offered[]; texts: Map<string, string> } {
  const offered: Offered[] = [];
  const texts = new Map<string, string>();
  const tree = diskTree(root);
  for (const { file } of engine.files(FOLDERS)) {
    if (!file.endsWith('.c')) continue;
    const edits = new Map<string, Edit>();
    for (const name of functionsOf(engine, file)) {
      const result = engine.annotate({ function: name, file, style }, NEVER);
      if (!result.ok || result.answer.fix === null) continue;
      offered.push({ file, name });
      // The header is included once, whoever wants it
      for (const edit of result.answer.fix.edits) edits.set(JSON.stringify(edit), edit);
    }
    if (edits.size > 0) texts.set(file, applyEdits(tree.read(file) ?? '', [...edits.values()]));
  }
  return { offered, texts };
}

describeKernel('6.12', 'annotate', (root) => {
  for (const style of ['assert', 'must-hold'] as const)
    it(`${style}: what is offered parses, changes no finding and is accepted`, async function all() {
      this.timeout(300_000);
      const before = await openTree(root);
      const { offered, texts } = writeAll(before, root, style);
      assert.ok(offered.length >= ENOUGH, `${offered.length} offered`);
      const after = await openTree(root, texts);
      assert.deepEqual(findingsIn(after), findingsIn(before));
      for (const file of texts.keys()) assert.equal(errorsIn(after, file), errorsIn(before, file), file);
      for (const { file, name } of offered) {
        const result = after.annotate({ function: name, file, style }, NEVER);
        assert.match(
          result.ok ? (result.answer.reason ?? 'offered again') : result.problem,
          /already written/,
          name,
        );
      }
      before.dispose();
      after.dispose();
    });
});
