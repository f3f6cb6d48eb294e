/**
 * The programs of Debian that the editor tests use: a browser, two other editors, and clangd. Where the tests run as root,
 * as in continuous integration, missing ones are installed by apt; elsewhere nothing is touched. Must not know what is
 * tested with them.
 */
import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';

/** A program by any of its names, or a file, and the packages that bring it. */
interface Wanted {
  readonly names: readonly string[];
  readonly packages: readonly string[];
}

const WANTED: readonly Wanted[] = [
  { names: ['chromium', 'chromium-browser', 'google-chrome'], packages: ['chromium', 'fonts-dejavu-core'] },
  { names: ['nvim'], packages: ['neovim'] },
  { names: ['emacs'], packages: ['emacs-nox'] },
  { names: ['/usr/share/doc/elpa-eglot'], packages: ['elpa-eglot'] },
  { names: ['clangd'], packages: ['clangd'] },
];
const INSTALL_MS = 900_000;

/** Path of a program, or null. */
export function program(...names: readonly string[]): string | null {
  const folders = (process.env.PATH ?? '').split(delimiter);
  for (const name of names) {
    if (name.startsWith('/')) {
      if (existsSync(name)) return name;
      continue;
    }
    const folder = folders.find((one) => one !== '' && existsSync(join(one, name)));
    if (folder !== undefined) return join(folder, name);
  }
  return null;
}

/** Installs what is missing, where that can and may be done; what cannot be had is said and left to who needs it. */
export function installPrograms(): void {
  const missing = WANTED.filter((one) => program(...one.names) === null).flatMap((one) => one.packages);
  if (missing.length === 0) return;
  const how = `Debian: apt install ${missing.join(' ')}`;
  if (process.getuid?.() !== 0 || program('apt-get') === null || process.env.LOCKWALK_EDITOR === 'present') {
    console.log(`not there and not installed: ${how}`);
    return;
  }
  console.log(`installing ${missing.join(' ')}`);
  try {
    apt(['update']);
    apt(['install', '-y', '--no-install-recommends', ...missing]);
  } catch (error) {
    console.log(`apt failed (${how}): ${String(error).slice(0, 500)}`);
  }
}

function apt(args: readonly string[]): void {
  execFileSync('apt-get', ['-qq', '-o', 'DPkg::Lock::Timeout=600', '-o', 'Acquire::Retries=2', ...args], {
    env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
    stdio: ['ignore', 'ignore', 'pipe'],
    timeout: INSTALL_MS,
  });
}
