/**
 * One run of the editor: code-server with a fresh profile and our package installed, a browser on it, and the gestures
 * that a person makes. Everything that it starts it ends. Must not know what Lockwalk shows.
 */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, openSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Installed } from './install.js';
import { type Browser, type Clip, type Locator, loadChromium, type Page } from './playwright.js';

const SETTINGS = {
  'security.workspace.trust.enabled': false,
  'workbench.startupEditor': 'none',
  'workbench.tips.enabled': false,
  'workbench.editor.useModal': 'off',
  'workbench.enableExperiments': false,
  'workbench.secondarySideBar.defaultVisibility': 'hidden',
  'chat.disableAIFeatures': true,
  'telemetry.telemetryLevel': 'off',
  'extensions.autoCheckUpdates': false,
  'extensions.autoUpdate': false,
  'extensions.ignoreRecommendations': true,
  'update.mode': 'none',
  'git.enabled': false,
  'task.quickOpen.showAll': true,
  'files.autoSave': 'off',
  'files.watcherExclude': { '**': true },
  'editor.minimap.enabled': false,
  'editor.hover.delay': 100,
  'editor.tabSize': 8,
  'editor.insertSpaces': false,
  'editor.detectIndentation': false,
  // text of settings is put in as it is
  '[jsonc]': {
    'editor.autoClosingBrackets': 'never',
    'editor.autoClosingQuotes': 'never',
    'editor.autoSurround': 'never',
    'editor.formatOnType': false,
  },
};

/** What a step ends with, under one key: nothing that is shown by it has to be waited for. */
const RESET_KEY = 'F9';
const CLOSE_KEY = 'F8';
const KEYBINDINGS = [
  { key: CLOSE_KEY, command: 'workbench.action.closeActiveEditor' },
  {
    key: RESET_KEY,
    command: 'runCommands',
    args: {
      commands: [
        'workbench.action.closePanel',
        'notifications.clearAll',
        'workbench.view.explorer',
        'workbench.action.closeAllEditors',
      ],
    },
  },
];

/** In the page: keeps what messages of errors say, which go away by themselves. */
const COLLECT_ERRORS = `{
  const said = (globalThis.errorsShown = []);
  const known = new WeakSet();
  const toasts = document.getElementsByClassName('notification-toast');
  new MutationObserver(() => {
    for (const toast of toasts) {
      if (known.has(toast) || !toast.querySelector('.codicon-error')) continue;
      known.add(toast);
      said.push(toast.innerText.replace(/\\s+/g, ' '));
    }
  }).observe(document.body, { childList: true, subtree: true });
}`;

/** How long something that is on its way is waited for: machines may be slow. */
export const PATIENCE_MS = 90_000;

/** Waits until the function gives something true; gives its last answer. */
export async function until<T>(ask: () => Promise<T>, ms = PATIENCE_MS): Promise<T> {
  const end = Date.now() + ms;
  for (;;) {
    const answer = await ask();
    if (answer || Date.now() > end) return answer;
    await new Promise((go) => setTimeout(go, 100));
  }
}

/** What differs from session to session. */
export interface Opening {
  /** A folder, or a `.code-workspace` file. */
  readonly folder: string;
  readonly settings?: Readonly<Record<string, unknown>>;
  /** Further packages to install. */
  readonly extensions?: readonly string[];
  /** Folder that pictures for people are written to; absent: none are taken. */
  readonly pictures?: string | undefined;
}

export class Workbench {
  readonly page: Page;
  /** The user's settings. */
  readonly #settingsFile: string;
  readonly #settings: Readonly<Record<string, unknown>>;
  #settingsText: string;
  readonly #pictures: string | undefined;
  readonly #folder: string;
  readonly #browser: Browser;
  readonly #server: ChildProcess;
  readonly #run: string;
  readonly #shots: string;
  #shot = 0;

  private constructor(
    page: Page,
    browser: Browser,
    server: ChildProcess,
    run: string,
    shots: string,
    settings: Readonly<Record<string, unknown>>,
    opening: Opening,
  ) {
    this.#pictures = opening.pictures;
    this.#folder = opening.folder;
    this.page = page;
    this.#settings = settings;
    this.#settingsText = JSON.stringify(settings);
    this.#settingsFile = join(run, 'profile', 'User', 'settings.json');
    this.#browser = browser;
    this.#server = server;
    this.#run = run;
    this.#shots = shots;
  }

  /** Starts an editor with a fresh profile and the package installed. */
  static async start(
    installed: Installed,
    vsix: string,
    opening: Opening,
    shots: string,
  ): Promise<Workbench> {
    const settings = { ...SETTINGS, ...opening.settings };
    const run = mkdtempSync(join(tmpdir(), 'lockwalk-editor-'));
    const profile = join(run, 'profile');
    const extensions = join(run, 'extensions');
    mkdirSync(join(profile, 'User'), { recursive: true });
    mkdirSync(shots, { recursive: true });
    writeFileSync(join(profile, 'User/settings.json'), JSON.stringify(settings));
    writeFileSync(join(profile, 'User/keybindings.json'), JSON.stringify(KEYBINDINGS));
    const config = join(run, 'config.yaml');
    writeFileSync(config, 'auth: none\n');
    // Nothing is known of the tree yet, and nothing of what is done here stays
    const home = { XDG_CONFIG_HOME: run, XDG_DATA_HOME: run, XDG_CACHE_HOME: join(run, 'cache') };
    const env: NodeJS.ProcessEnv = { ...process.env, ...home, EXTENSIONS_GALLERY: '{}' };
    for (const name of ['VSCODE_IPC_HOOK_CLI', 'PORT', 'PASSWORD']) delete env[name];
    const common = [
      installed.entry,
      '--config',
      config,
      '--user-data-dir',
      profile,
      '--extensions-dir',
      extensions,
    ];
    const install = [vsix, ...(opening.extensions ?? [])].flatMap((one) => ['--install-extension', one]);
    execFileSync(installed.node, [...common, ...install, '--force'], { env, stdio: 'pipe' });
    const port = await freePort();
    const log = openSync(join(run, 'server.log'), 'w');
    const quiet = ['--disable-telemetry', '--disable-update-check'];
    const server = spawn(
      installed.node,
      [
        ...common,
        '--auth',
        'none',
        '--bind-addr',
        `127.0.0.1:${port}`,
        ...quiet,
        '--disable-getting-started-override',
      ],
      { env, stdio: ['ignore', log, log], detached: true }, // a process group of its own, so that one signal ends all
    );
    process.once('exit', () => endGroup(server, 'SIGKILL')); // also where this run is stopped from outside
    try {
      const url = `http://127.0.0.1:${port}`;
      const answers = (): Promise<boolean> =>
        fetch(`${url}/healthz`)
          .then((reply) => reply.ok)
          .catch(() => false);
      if (!(await until(answers, 180_000)))
        throw new Error(`code-server does not answer, see ${run}/server.log`);
      const browser = await loadChromium(installed.cache).launch({
        executablePath: installed.chromium,
        args: ['--no-sandbox', '--disable-dev-shm-usage', '--disable-gpu'],
        env: { ...process.env, ...home },
        handleSIGINT: false,
        handleSIGTERM: false,
        handleSIGHUP: false,
      });
      const page = await browser.newPage({ viewport: { width: 1400, height: 900 } });
      const kind = opening.folder.endsWith('.code-workspace') ? 'workspace' : 'folder';
      page.setDefaultTimeout(PATIENCE_MS);
      await page.goto(`${url}/?${kind}=${encodeURIComponent(opening.folder)}`);
      await page.locator('.monaco-workbench .part.statusbar').waitFor({ timeout: 180_000 });
      await page.evaluate(COLLECT_ERRORS);
      return new Workbench(page, browser, server, run, shots, settings, opening);
    } catch (error) {
      endGroup(server, 'SIGTERM');
      throw error;
    }
  }

  /** Back to where a step begins: no editor, no panel, no menu, the profile's first settings. Unsaved text is lost. */
  async reset(): Promise<void> {
    const { page } = this;
    await this.pointerAway();
    await page.keyboard.press('Escape');
    await page.keyboard.press(RESET_KEY);
    const tabs = page.locator('.editor-group-container .tab');
    const question = page.locator('.monaco-dialog-box .monaco-button', { hasText: /Don't Save/ }).first();
    const closed = await until(async () => {
      if ((await question.count()) > 0) await question.click({ timeout: 1000 }).catch(() => undefined);
      return (await tabs.count()) === 0;
    });
    if (!closed) throw new Error('editors stay open');
    await this.settings({});
  }

  /**
   * The user's settings become those of a fresh profile and these, the way a person changes them: in the editor, which
   * takes them over while it runs. Written to the disk behind its back they are seen late, or not at all.
   */
  async settings(more: Readonly<Record<string, unknown>>): Promise<void> {
    const text = JSON.stringify({ ...this.#settings, ...more });
    if (text === this.#settingsText) return;
    const { page } = this;
    await this.command('Preferences: Open User Settings (JSON)');
    await page.locator('.tab.active[data-resource-name="settings.json"]').waitFor();
    await until(async () => (await page.locator('.editor-instance .view-line').count()) > 0);
    await page.keyboard.press('Control+A');
    await page.keyboard.insertText(text);
    await page.keyboard.press('Control+S');
    const saved = await until(async () => readFileSync(this.#settingsFile, 'utf8') === text);
    if (!saved) throw new Error('the settings were not saved');
    this.#settingsText = text;
    // What is still drawn over the text takes the first key
    const tab = page.locator('.tab[data-resource-name="settings.json"]');
    const closed = await until(async () => {
      if ((await tab.count()) === 0) return true;
      await page.keyboard.press('Escape');
      await page.keyboard.press(CLOSE_KEY);
      await page.waitForTimeout(500);
      return (await tab.count()) === 0;
    });
    if (!closed) throw new Error('the settings do not close');
  }

  /** Folder of the editor's logs. */
  get logs(): string {
    return join(this.#run, 'profile', 'logs');
  }

  /** Processes of this editor whose command line holds a text. */
  processes(text: string): readonly number[] {
    const group = this.#server.pid;
    const found: number[] = [];
    for (const name of readdirSync('/proc')) {
      if (!/^\d+$/.test(name)) continue;
      try {
        const [, after] = /\) \S \d+ (\d+)/.exec(readFileSync(`/proc/${name}/stat`, 'utf8')) ?? [];
        const line = readFileSync(`/proc/${name}/cmdline`, 'utf8');
        if (Number(after) === group && line.includes(text)) found.push(Number(name));
      } catch {
        // it has ended meanwhile
      }
    }
    return found;
  }

  /**
   * Opens a file by its path, at a line. The list names recent files first, until it has looked: `folder` is what the row
   * of the right one says besides the file's name.
   */
  async open(path: string, line: number, folder?: string): Promise<void> {
    const inside = path.startsWith(`${this.#folder}/`) ? path.slice(this.#folder.length + 1) : path;
    const parts = inside.split('/');
    const name = parts.at(-1) ?? '';
    const says = folder === undefined ? parts.slice(0, -1).slice(-2) : [folder];
    const chosen = this.page.locator('.quick-input-list .monaco-list-row.focused', { hasText: name }).first();
    const tab = this.page.locator(`.tab.active[data-resource-name="${name}"]`);
    // In a file that is open already the cursor goes there later
    const cursor = this.page.locator('[id="status.editor.selection"]', {
      hasText: new RegExp(`^Ln ${line},`),
    });
    // An editor that has just started may take the first list away again
    const isOpen = await until(async () => {
      await this.page.keyboard.press('Control+P');
      await this.page.locator('.quick-input-widget input').first().waitFor();
      await this.page.keyboard.insertText(`${path}:${line}`);
      const isRight = async (): Promise<boolean> => {
        const row = await chosen.innerText({ timeout: 1000 }).catch(() => '');
        return says.every((part) => row.includes(part));
      };
      if (await until(isRight, 15_000)) await this.page.keyboard.press('Enter');
      else await this.page.keyboard.press('Escape');
      return until(async () => (await tab.count()) > 0 && (await cursor.count()) > 0, 10_000);
    });
    if (!isOpen) throw new Error(`${path} does not open`);
  }

  /** A token of the first visible line that holds a text. */
  token(lineText: string | RegExp, token: string): Locator {
    return this.page
      .locator('.view-line', { hasText: lineText })
      .first()
      .locator('span span', { hasText: token })
      .first();
  }

  /** Puts the pointer on a word inside a drawn token; tabs are drawn as blanks, so that columns can be counted. */
  async hover(token: Locator, word: string): Promise<void> {
    // lines are drawn anew while they are coloured, and a token is gone then
    const place = await until(async () => {
      const box = await token.boundingBox();
      const text = await token.innerText({ timeout: 5000 }).catch(() => '');
      const at = text.indexOf(word);
      return box === null || at < 0 ? null : { box, at, length: text.length };
    });
    if (place === null) throw new Error(`${word} is not drawn`);
    const { box, at, length } = place;
    const x = box.x + (box.width * (at + 1.5)) / length;
    await this.page.mouse.move(x, box.y + box.height / 2);
    await this.page.mouse.move(x + 3, box.y + box.height / 2, { steps: 4 });
  }

  /** Clicks on what may be drawn anew just then: rows of lists, tokens, lenses. */
  async click(what: Locator): Promise<void> {
    const isDone = await until(async () => {
      const click = what.click({ timeout: 3000 });
      return click.then(
        () => true,
        () => false,
      );
    });
    if (!isDone) throw new Error(`no click on ${what}`);
  }

  /** Chooses a row of an open menu of code actions by what it says. */
  async choose(says: string): Promise<void> {
    const row = this.page.locator('.action-widget .monaco-list-row.action', { hasText: says }).first();
    await this.page.waitForTimeout(400); // the menu ignores a click that comes at once
    await this.click(row);
  }

  /** Opens the menu of code actions at the cursor and gives its rows. One that a drawing of hints closed again is opened again. */
  async actions(): Promise<readonly string[]> {
    const rows = this.page.locator('.action-widget .monaco-list-row.action');
    for (let times = 0; times < 6; times++) {
      await this.page.keyboard.press('Control+.');
      await rows
        .first()
        .waitFor({ timeout: 5000 })
        .catch(() => undefined);
      const texts = await rows.allInnerTexts();
      if (texts.length > 0) return texts;
    }
    return [];
  }

  /** The pointer away from the text, where it opens no hover over what is looked at. */
  async pointerAway(): Promise<void> {
    await this.page.keyboard.press('Escape');
    await this.page.mouse.move(1000, 20);
  }

  async command(text: string): Promise<void> {
    // A list that was opened before the extension's commands were there does not get them
    const exact = new RegExp(`^${text.replace(/[()]/g, '\\$&')}$`);
    const row = this.page
      .locator('.quick-input-list .monaco-list-row .label-name', { hasText: exact })
      .first();
    const offered = await until(async () => {
      await this.page.keyboard.press('F1');
      await this.page.locator('.quick-input-widget input').first().waitFor();
      await this.page.keyboard.type(text);
      const found = await until(async () => (await row.count()) > 0, 5000);
      if (!found) await this.page.keyboard.press('Escape');
      return found;
    });
    if (!offered) throw new Error(`no command '${text}'`);
    await this.page.waitForTimeout(200);
    await row.click();
  }

  /** How many problems there are, as the status bar counts them: the panel draws only the rows that fit. */
  async problemCount(): Promise<number> {
    const text = await this.page.locator('[id="status.problems"]').innerText();
    return (text.match(/\d+/g) ?? []).reduce((sum, n) => sum + Number(n), 0);
  }

  /**
   * Waits until there have been so many problems for a while; gives how many there are. Those of a file that is opened or closed go from one
   * owner to another, and on a busy machine there is a moment between.
   */
  async problemsStay(count: number): Promise<number> {
    let since = 0;
    let seen = 0;
    await until(async () => {
      seen = await this.problemCount();
      if (seen !== count) since = 0;
      else if (since === 0) since = Date.now();
      return since > 0 && Date.now() - since > 1500;
    }, 30_000);
    return seen;
  }

  async problems(): Promise<string[]> {
    return (await this.page.locator('.markers-panel .monaco-list-row').allInnerTexts()).map((text) =>
      text.replace(/\s+/g, ' ').trim(),
    );
  }

  async shot(name: string): Promise<void> {
    this.#shot++;
    await this.page.screenshot({ path: join(this.#shots, `${this.#shot}-${name}.png`) });
  }

  /** A picture for the README, of a part of the window; only where pictures were asked for. */
  async picture(name: string, clip: Clip): Promise<void> {
    if (this.#pictures !== undefined)
      await this.page.screenshot({ path: join(this.#pictures, `${name}.png`), clip });
  }

  /** What messages of errors have said since this was asked last, also those that are gone again. */
  async errors(): Promise<readonly string[]> {
    return await this.page.evaluate<string[]>('globalThis.errorsShown.splice(0)');
  }

  /** Ends everything; keeps the profile with its logs where asked. */
  async end(keep: boolean): Promise<void> {
    await this.#browser.close().catch(() => undefined);
    endGroup(this.#server, 'SIGTERM');
    const gone = await until(async () => !endGroup(this.#server, 0), 8000);
    if (!gone) endGroup(this.#server, 'SIGKILL');
    if (keep) console.log(`kept ${this.#run}`);
    else rmSync(this.#run, { recursive: true, force: true, maxRetries: 3 });
  }
}

/** Signals a process group that we started; false where it is gone. */
function endGroup(server: ChildProcess, signal: NodeJS.Signals | 0): boolean {
  if (server.pid === undefined) return false;
  try {
    process.kill(-server.pid, signal);
    return true;
  } catch {
    return false;
  }
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => {
        if (typeof address === 'object' && address !== null) resolve(address.port);
        else reject(new Error('no port'));
      });
    });
  });
}
