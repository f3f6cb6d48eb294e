/**
 * Findings of files that a scan looked at and that nobody has open: kept until the file is changed or scanned again, and shown
 * while it is not open, so that nothing is shown twice. Must not know how a scan is made.
 */
import type { Diagnostic } from 'vscode-languageserver';
import type { Finding } from '../engine/base/finding.js';
import { uriOfFile } from './to-protocol.js';

/** A file with what was found in it. */
export interface ScannedFile {
  readonly root: string;
  /** Relative to the root. */
  readonly file: string;
  readonly uri: string;
  readonly findings: readonly Finding[];
}

/** Ways to the client and back. */
export interface ScanChannel {
  push(uri: string, items: Diagnostic[]): void;
  /** The findings as they are shown now. */
  render(file: ScannedFile): Diagnostic[];
  /** It is another thing that is known. */
  changed(): void;
  /** A check of the open document has the say. */
  isChecked(uri: string): boolean;
}

/** What scans have found. */
export class Scanned {
  readonly #channel: ScanChannel;
  readonly #files = new Map<string, { readonly scanned: ScannedFile; shown: boolean }>();
  /** Folders and files that were scanned, by URI. */
  readonly #covered = new Set<string>();
  /** Of these the files of which it is no longer known what would be found there. */
  readonly #stale = new Set<string>();

  constructor(channel: ScanChannel) {
    this.#channel = channel;
  }

  /**
   * A scan of some paths of a tree is done: what an earlier one found there is no longer of interest. `skipped`: files that it did
   * not look into.
   */
  replace(
    root: string,
    paths: readonly string[],
    files: readonly ScannedFile[],
    skipped: readonly string[] = [],
  ): void {
    for (const path of paths) {
      const covered = uriOfFile(root, path);
      if (!this.covers(covered)) this.#covered.add(covered);
      for (const uri of this.#stale) if (isBelow(uri, covered)) this.#stale.delete(uri);
    }
    for (const file of skipped) this.#stale.add(uriOfFile(root, file));
    const fresh = new Set(files.map(({ uri }) => uri));
    for (const [uri, { scanned }] of this.#files) {
      const isCovered = paths.some((path) => scanned.file === path || scanned.file.startsWith(`${path}/`));
      if (scanned.root === root && (isCovered || paths.includes('')) && !fresh.has(uri)) this.drop(uri);
    }
    for (const scanned of files) {
      const entry = { scanned, shown: this.#files.get(scanned.uri)?.shown === true };
      this.#files.set(scanned.uri, entry);
      if (!this.#channel.isChecked(scanned.uri)) this.#show(entry);
    }
    this.#channel.changed();
  }

  /** What a scan found in the files of a tree; of those that are open somebody else knows better. */
  findings(root: string): readonly ScannedFile[] {
    return [...this.#files.values()].map(({ scanned }) => scanned).filter((one) => one.root === root);
  }

  /** Whether a scan has looked at a file or folder, be it that it has changed since. */
  covers(uri: string): boolean {
    return [...this.#covered].some((covered) => isBelow(uri, covered));
  }

  /** Whether it is known what there is in a file. */
  knows(uri: string): boolean {
    return !this.#stale.has(uri) && this.covers(uri);
  }

  /** The files of a folder of which it is not known; null where nobody has looked through it. */
  unknownIn(folder: string): readonly string[] | null {
    if (!this.covers(folder)) return null;
    return [...this.#stale].filter((uri) => uri.slice(0, uri.lastIndexOf('/')) === folder);
  }

  /** The findings of a file by a fingerprint; null where there is none. */
  find(
    uri: string,
    fingerprint: string,
  ): { readonly scanned: ScannedFile; readonly finding: Finding } | null {
    const scanned = this.#files.get(uri)?.scanned;
    const finding = scanned?.findings.find((one) => one.fingerprint === fingerprint);
    return scanned === undefined || finding === undefined ? null : { scanned, finding };
  }

  /** An open document has findings of its own from now on; `sent`: they are sent, and take the place of these by that. */
  yield(uri: string, sent: boolean): void {
    const entry = this.#files.get(uri);
    if (entry?.shown !== true) return;
    if (sent) entry.shown = false;
    else this.#hide(uri, entry);
  }

  /** An open document is edited: what a scan has found in it is of another text, and may still be shown. */
  edited(uri: string): void {
    if (this.#files.has(uri) || this.knows(uri)) this.drop(uri);
  }

  /**
   * A document was closed whose text is that of the file; `findings`: those of its last check, or null. False where it is not known
   * what there is in the file, though a scan has looked at it.
   */
  resume(root: string, file: string, findings: readonly Finding[] | null): boolean {
    const uri = uriOfFile(root, file);
    if (!this.covers(uri)) return true;
    if (findings !== null) this.#stale.delete(uri);
    const entry = this.#files.get(uri);
    const known = findings ?? entry?.scanned.findings ?? [];
    if (entry !== undefined || known.length > 0) {
      const next = { scanned: { root, file, uri, findings: known }, shown: entry?.shown === true };
      this.#files.set(uri, next);
      this.#show(next);
    }
    this.#channel.changed();
    return this.knows(uri);
  }

  /** A file that is no longer there. */
  gone(uri: string): void {
    this.drop(uri);
    this.#stale.delete(uri);
    this.#channel.changed();
  }

  /** What was found in the file no longer holds. */
  drop(uri: string): void {
    const entry = this.#files.get(uri);
    this.#files.delete(uri);
    if (this.knows(uri)) {
      this.#stale.add(uri);
      this.#channel.changed();
    }
    if (entry?.shown === true) this.#hide(uri, entry);
  }

  /** Settings have changed: those of these trees are shown under the new ones. */
  repaint(root: string): void {
    for (const entry of this.#files.values())
      if (entry.shown && entry.scanned.root === root) this.#show(entry);
  }

  #show(entry: { readonly scanned: ScannedFile; shown: boolean }): void {
    entry.shown = true;
    this.#channel.push(entry.scanned.uri, this.#channel.render(entry.scanned));
  }

  #hide(uri: string, entry: { shown: boolean }): void {
    entry.shown = false;
    this.#channel.push(uri, []);
  }
}

function isBelow(uri: string, folder: string): boolean {
  return uri === folder || uri.startsWith(`${folder}/`);
}
