/**
 * Writes THIRD-PARTY-NOTICES.md from node_modules: every package whose code ends up in `dist/`, with its licence text.
 * With `--check` it writes nothing and fails where the file is out of date.
 */
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const root = join(import.meta.dirname, '..');
const target = join(root, 'THIRD-PARTY-NOTICES.md');
const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
/** Not bundled as JavaScript, but the grammar's WASM is made from it. */
const BUILT_IN = ['tree-sitter-c'];

/** Folders of the bundled packages: the dependencies and theirs, found as Node finds them. */
function bundled() {
  const found = new Map();
  const visit = (name, from) => {
    for (let folder = from; folder.startsWith(root); folder = join(folder, '..')) {
      const candidate = join(folder, 'node_modules', name);
      if (!existsSync(join(candidate, 'package.json'))) continue;
      if (found.has(candidate)) return;
      const own = JSON.parse(readFileSync(join(candidate, 'package.json'), 'utf8'));
      found.set(candidate, own);
      if (!BUILT_IN.includes(name))
        for (const next of Object.keys(own.dependencies ?? {}).sort()) visit(next, candidate);
      return;
    }
    throw new Error(`${name} is not installed`);
  };
  for (const name of [...Object.keys(manifest.dependencies), ...BUILT_IN].sort()) visit(name, root);
  return found;
}

function licenceText(folder) {
  const name = readdirSync(folder).find((file) => /^(licen[cs]e|copying)/i.test(file));
  return name === undefined ? null : readFileSync(join(folder, name), 'utf8').replaceAll('\r\n', '\n').trim();
}

function notices() {
  const entries = [...bundled()].map(([folder, own]) => ({
    title: `${own.name} ${own.version}`,
    licence: typeof own.license === 'string' ? own.license : 'see below',
    text: licenceText(folder),
  }));
  entries.sort((a, b) => (a.title < b.title ? -1 : a.title > b.title ? 1 : 0));
  const unique = entries.filter((entry, index) => entry.title !== entries[index - 1]?.title);
  const parts = unique.map(({ title, licence, text }) => {
    const body = text ?? `Licensed under ${licence}; the package carries no text of the licence.`;
    return `## ${title}\n\nLicence: ${licence}\n\n\`\`\`text\n${body}\n\`\`\`\n`;
  });
  return `# Third-party notices\n\nWhat ships in \`dist/\` contains code of these packages. Made by \`npm run notices\`.\n\n${parts.join('\n')}`;
}

const text = notices();
if (!process.argv.includes('--check')) writeFileSync(target, text);
else if (!existsSync(target) || readFileSync(target, 'utf8') !== text) {
  console.error('THIRD-PARTY-NOTICES.md is out of date: npm run notices');
  process.exitCode = 1;
}
