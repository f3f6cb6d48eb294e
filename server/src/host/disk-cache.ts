/**
 * What is kept between runs, in a folder that may be deleted at any time and that any number of processes may use at once. An
 * entry is a file of its own, written aside and put in place whole, with a checksum: what is not whole is not there. Must not
 * know what is kept.
 */
import { createHash, randomBytes } from 'node:crypto';
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { deserialize, serialize } from 'node:v8';
import { deflateRawSync, inflateRawSync } from 'node:zlib';
import type { Memory } from '../engine/door.js';
import { buildIdentity } from './version.js';

/** The folder may grow to this; then what was used longest ago goes. */
export const MAX_CACHE_BYTES = 512 * 1024 * 1024;
/** What is left of it after that. */
const KEPT_SHARE = 0.7;
/** An entry that is used is marked so at most this often. */
const MARK_EVERY_MS = 24 * 60 * 60 * 1000;
const CHECKSUM_BYTES = 20;
/** Larger entries are compressed: analyses shrink to a quarter. */
const PRESSED_FROM = 1 << 20;
/** What V8 begins everything with that it serialises, and what stands there instead where it was compressed. */
const V8_HEADER = 0xff;
const PRESSED = 1;

/** Where the cache lies if nobody says otherwise, or null where the user has no such place. */
export function defaultCacheFolder(): string | null {
  const base = process.env.XDG_CACHE_HOME ?? '';
  if (base !== '') return join(base, 'lockwalk', 'answers');
  const home = homedir();
  return home === '' ? null : join(home, '.cache', 'lockwalk', 'answers');
}

/** A cache in a folder. Nothing here throws: what cannot be read or written is as if it had never been kept. */
export class DiskCache implements Memory {
  private readonly folder: string;
  private readonly made = new Set<string>();
  private broken = false;
  /** Whether anything was kept: else the folder has not grown. */
  hasKept = false;

  /** `root`: the folder for all builds; each build has its own part of it. */
  constructor(root: string) {
    const { engine, wasm } = buildIdentity();
    this.folder = join(root, `${engine}-${wasm}`);
  }

  recall(kind: string, key: string): unknown {
    const path = this.pathOf(kind, key);
    try {
      const bytes = readFileSync(path);
      const payload = bytes.subarray(CHECKSUM_BYTES);
      if (!checksum(payload).equals(bytes.subarray(0, CHECKSUM_BYTES))) return undefined;
      const value: unknown = deserialize(
        payload[0] === V8_HEADER ? payload : inflateRawSync(payload.subarray(1)),
      );
      this.markUsed(path);
      return value;
    } catch {
      return undefined;
    }
  }

  keep(kind: string, key: string, value: unknown): void {
    if (this.broken) return;
    const path = this.pathOf(kind, key);
    const aside = `${path}.${process.pid}.${randomBytes(4).toString('hex')}`;
    try {
      const folder = path.slice(0, path.lastIndexOf('/'));
      if (!this.made.has(folder)) {
        makeFolder(folder);
        this.made.add(folder);
      }
      const plain = serialize(value);
      const payload =
        plain.length < PRESSED_FROM
          ? plain
          : Buffer.concat([Buffer.from([PRESSED]), deflateRawSync(plain, { level: 1 })]);
      writeFileSync(aside, Buffer.concat([checksum(payload), payload]));
      renameSync(aside, path);
      this.hasKept = true;
    } catch {
      // No room or no right: this run goes on without
      this.broken = true;
      remove(aside);
    }
  }

  keepMade(kind: string, key: string, make: () => unknown): void {
    this.keep(kind, key, make());
  }

  private pathOf(kind: string, key: string): string {
    const name = createHash('sha256').update(kind).update('\0').update(key).digest('hex').slice(0, 40);
    return `${this.folder}/${kind}/${name.slice(0, 2)}/${name.slice(2)}`;
  }

  private markUsed(path: string): void {
    try {
      const now = Date.now();
      if (now - statSync(path).mtimeMs > MARK_EVERY_MS) utimesSync(path, now / 1000, now / 1000);
    } catch {
      // Gone meanwhile
    }
  }
}

/**
 * Makes a folder and those above it. Not by `recursive`: where a file system says ENOENT to everything that is to be made in it, as
 * /proc and automount points do, that never ends.
 */
function makeFolder(folder: string): void {
  const missing: string[] = [];
  for (let at = resolve(folder); !existsSync(at); at = dirname(at)) missing.push(at);
  for (const path of missing.reverse()) {
    try {
      mkdirSync(path);
    } catch (error) {
      // Made by another process meanwhile
      if (!statSync(path, { throwIfNoEntry: false })?.isDirectory()) throw error;
    }
  }
}

function remove(path: string): void {
  try {
    rmSync(path, { force: true });
  } catch {
    // Whoever can will
  }
}

function checksum(bytes: Uint8Array): Buffer {
  return createHash('sha1').update(bytes).digest();
}

/** Deletes what was used longest ago, and what was left half written, where the folder has grown past its bound. */
export function trimCache(root: string, most = MAX_CACHE_BYTES): void {
  const files: { readonly path: string; readonly size: number; readonly used: number }[] = [];
  const visit = (folder: string): void => {
    let entries: readonly import('node:fs').Dirent[];
    try {
      entries = readdirSync(folder, { withFileTypes: true });
    } catch {
      return;
    }
    for (const entry of entries) {
      const path = join(folder, entry.name);
      if (entry.isDirectory()) visit(path);
      else
        try {
          const stat = statSync(path);
          files.push({ path, size: stat.size, used: stat.mtimeMs });
        } catch {
          // Deleted by another process
        }
    }
  };
  visit(root);
  let size = files.reduce((sum, f) => sum + f.size, 0);
  if (size <= most) return;
  for (const f of files.sort((a, b) => a.used - b.used)) {
    if (size <= most * KEPT_SHARE) return;
    remove(f.path);
    size -= f.size;
  }
}
