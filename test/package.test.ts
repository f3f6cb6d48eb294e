/**
 * What travels in the extension's package: everything that it needs, and nothing else.
 */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { filesBelow, inRepository } from './repository.js';

/** Names in a zip file, from its central directory. */
function namesInZip(path: string): readonly string[] {
  const zip = readFileSync(path);
  const end = zip.lastIndexOf(Buffer.from('PK\u0005\u0006', 'latin1'));
  const names: string[] = [];
  let at = zip.readUInt32LE(end + 16);
  for (let left = zip.readUInt16LE(end + 10); left > 0; left--) {
    const [name, extra, comment] = [28, 30, 32].map((offset) => zip.readUInt16LE(at + offset));
    if (name === undefined || extra === undefined || comment === undefined) break;
    names.push(zip.toString('utf8', at + 46, at + 46 + name));
    at += 46 + name + extra + comment;
  }
  return names;
}

describe('package', () => {
  const folder = mkdtempSync(join(tmpdir(), 'lockwalk-package-'));
  const vsix = join(folder, 'lockwalk.vsix');

  before(() => {
    execFileSync(process.execPath, [inRepository('scripts/package.mjs'), vsix], { stdio: 'pipe' });
  });
  after(() => rmSync(folder, { recursive: true, force: true }));

  it('has what it needs', () => {
    const names = new Set(namesInZip(vsix).map((name) => name.toLowerCase()));
    const needed = ['package.json', 'license.txt', 'readme.md', 'changelog.md', 'third-party-notices.md'];
    for (const name of ['extension.cjs', 'server.mjs', 'engine-worker.mjs', 'lockwalk.mjs'])
      needed.push(`dist/${name}`);
    needed.push('dist/web-tree-sitter.wasm', 'dist/kernel-c.wasm', ...filesBelow('docs/rules', '.md'));
    needed.push(
      ...filesBelow('docs/model', '.md'),
      ...filesBelow('examples/tree', ''),
      'docs/images/icon.png',
    );
    assert.deepEqual(
      needed.filter((name) => !names.has(`extension/${name.toLowerCase()}`)),
      [],
    );
  });

  it('has nothing else', () => {
    const expected =
      /^(extension\.vsixmanifest|\[Content_Types\]\.xml|extension\/(package\.json|LICENSE\.txt|readme\.md|changelog\.md|THIRD-PARTY-NOTICES\.md|dist\/[\w-]+\.(mjs|cjs|wasm)|docs\/(rules|model)\/[\w/-]+\.md|docs\/annotate\.md|docs\/images\/[\w-]+\.png|examples\/tree\/[\w/.-]+))$/;
    assert.deepEqual(
      namesInZip(vsix).filter((name) => !expected.test(name)),
      [],
    );
  });

  it('is under 2 MB', () => {
    assert.ok(statSync(vsix).size < 2_000_000, `${statSync(vsix).size} bytes`);
  });
});
