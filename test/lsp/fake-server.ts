/**
 * A server in this process with a fake engine, on a small kernel tree that is made for the test, and a client that talks to it.
 */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { PassThrough } from 'node:stream';
import { pathToFileURL } from 'node:url';
import { createConnection } from 'vscode-languageserver/node';
import { placeOf } from '../../server/src/lsp/place.js';
import { serve } from '../../server/src/lsp/server.js';
import { TestClient } from './client.js';
import { type FakeWorld, fakeEngine, fakeScan, fakeWorld } from './fake-engine.js';

export class FakeServer {
  readonly world: FakeWorld = fakeWorld();
  readonly root = mkdtempSync(join(tmpdir(), 'lockwalk-lsp-'));
  readonly client: TestClient;

  /** `files`: what the tree has, by path, besides what makes it a kernel tree. */
  constructor(files: Readonly<Record<string, string>>) {
    mkdirSync(join(this.root, 'include/linux'), { recursive: true });
    for (const [file, text] of Object.entries({ Makefile: 'VERSION = 6\nPATCHLEVEL = 12\n', ...files }))
      this.write(file, text);
    const toServer = new PassThrough();
    const toClient = new PassThrough();
    serve(createConnection(toServer, toClient), {
      name: 'lockwalk',
      version: '0',
      placeOf,
      makeEngine: fakeEngine(this.world),
      scan: fakeScan(this.world),
      rulePage: () => null,
      methodPage: () => null,
    });
    this.client = new TestClient(toClient, toServer);
  }

  write(file: string, text: string): void {
    mkdirSync(dirname(join(this.root, file)), { recursive: true });
    writeFileSync(join(this.root, file), text);
  }

  remove(file: string): void {
    rmSync(join(this.root, file));
  }

  uri(file: string): string {
    return pathToFileURL(join(this.root, file)).href;
  }

  /** Number of checks that were begun. */
  checks(file = ''): number {
    return this.world.asked.filter((one) => one.startsWith(`check ${file}`)).length;
  }

  async end(): Promise<void> {
    await this.client.shutdown();
    rmSync(this.root, { recursive: true, force: true });
  }
}

/** Waits until something holds. */
export async function until(holds: () => boolean, ms = 10_000): Promise<void> {
  const end = Date.now() + ms;
  while (!holds()) {
    if (Date.now() > end) throw new Error('it never came to that');
    await new Promise((go) => setTimeout(go, 5));
  }
}
