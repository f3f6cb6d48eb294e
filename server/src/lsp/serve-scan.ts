/**
 * Scans on a connection: the request, what becomes of the findings while documents are opened, edited and closed, and changed
 * settings. One scan of a tree at a time: a new one ends the one before.
 */
import { pathToFileURL } from 'node:url';
import type { Connection } from 'vscode-languageserver';
import { DiskTree } from '../host/disk-tree.js';
import { readTextFile } from '../host/text-file.js';
import type { Checker } from './checker.js';
import { type Abilities, diagnosticsOf } from './diagnostics.js';
import type { Documents } from './documents.js';
import { findingPage } from './finding-page.js';
import { fileInTree, pathFromUri } from './from-protocol.js';
import { type Guarded, guard } from './guard.js';
import type { PlaceOfFile } from './place.js';
import { askedProgress } from './progress.js';
import { type FindingPage, SCAN_REQUEST, type ScanParams, type ScanReport } from './protocol.js';
import { type Changed, Rescans } from './rescans.js';
import { type RunScan, type Scan, type ScanJob, scan, WHOLE_TREE } from './scan.js';
import { Scanned, type ScannedFile } from './scanned.js';
import { uriOfFile, type Wire } from './to-protocol.js';
import type { KernelTree, Trees } from './trees.js';

/** What scans need of the server. */
export interface ScanMeans {
  readonly connection: Connection;
  readonly documents: Documents;
  readonly trees: Trees;
  readonly checker: () => Checker;
  readonly failures: Guarded;
  readonly run: RunScan;
  readonly place: (uri: string, path: string) => Promise<PlaceOfFile | null>;
  readonly wire: (tree: KernelTree) => Wire;
  /** What is shown elsewhere of findings may be another now. */
  readonly changed: () => void;
  readonly client: () => Abilities & { readonly progress: boolean; readonly pullsDiagnostics: boolean };
}

/** The scans of a server. */
export class Scans {
  readonly #means: ScanMeans;
  readonly scanned: Scanned;
  /** By root: the place that the last scan was asked for, and its settings. */
  readonly #places = new Map<string, { readonly uri: string; readonly place: PlaceOfFile }>();
  readonly #running = new Map<string, AbortController>();
  readonly #rescans: Rescans;

  constructor(means: ScanMeans) {
    this.#means = means;
    this.scanned = new Scanned({
      push: (uri, diagnostics) => void means.connection.sendDiagnostics({ uri, diagnostics }),
      changed: () => means.changed(),
      render: (file) => this.#render(file),
      isChecked: (uri) => means.checker().answersFor(uri),
    });
    this.#rescans = new Rescans({
      run: (root, changed, signal) => this.#again(root, changed, signal),
      isBusy: (root) => this.#running.has(root),
    });
    means.connection.onRequest(
      SCAN_REQUEST,
      guard('scan', means.failures, null, (params: ScanParams, signal) => this.#scan(params, signal)),
    );
  }

  /** Findings of an open document are about to be told. */
  told(uri: string): void {
    this.scanned.yield(normal(uri), !this.#means.client().pullsDiagnostics);
  }

  edited(uri: string): void {
    this.scanned.edited(normal(uri));
  }

  /** Called before a document is forgotten: what to do once it is. */
  closing(uri: string): () => void {
    const path = pathFromUri(uri);
    const text = this.#means.documents.get(uri)?.text;
    const findings = this.#means.checker().last(uri)?.findings ?? null;
    return () => {
      const here = this.#scannedPlace(uri);
      if (here === null) return;
      const read = path === null ? null : readTextFile(path);
      const isSaved = read?.ok === true && read.text === text;
      const wasKnown = this.scanned.knows(normal(uri));
      if (!isSaved) this.scanned.drop(normal(uri));
      const isKnown = isSaved && this.scanned.resume(here.root, here.file, findings);
      // An edit may mean something for other files of the folder as well
      if (!isKnown || !wasKnown) this.#rescans.changed(here.root, here.file);
    };
  }

  /** A file has changed on disk that nobody has open. */
  changed(uri: string): void {
    const here = this.#scannedPlace(uri);
    this.scanned.drop(normal(uri));
    if (here !== null) this.#rescans.changed(here.root, here.file);
  }

  /** Where a C file lies that a scan has looked at; null for all others. */
  #scannedPlace(uri: string): { readonly root: string; readonly file: string } | null {
    const path = pathFromUri(uri);
    if (path === null || !/\.[ch]$/.test(path) || !this.scanned.covers(normal(uri))) return null;
    for (const root of this.#places.keys()) {
      const file = fileInTree(root, path);
      if (file !== null) return { root, file };
    }
    return null;
  }

  async settingsChanged(): Promise<void> {
    for (const [root, { uri }] of this.#places) {
      const place = await this.#place(uri);
      if (place === null || place.spec.root !== root) continue;
      this.#places.set(root, { uri, place });
      this.scanned.repaint(root);
    }
  }

  /** Why a finding of a file that is not open is reported; null where there is none. */
  page(uri: string, fingerprint: string): FindingPage | null {
    const found = this.scanned.find(normal(uri), fingerprint);
    const known = found === null ? undefined : this.#places.get(found.scanned.root);
    if (found === null || known === undefined) return null;
    return findingPage(found.finding, this.#means.wire(this.#means.trees.get(known.place.spec)));
  }

  stop(): void {
    this.#rescans.stop();
    for (const running of this.#running.values()) running.abort();
  }

  #render({ root, findings }: ScannedFile): ReturnType<typeof diagnosticsOf> {
    const known = this.#places.get(root);
    if (known === undefined) return [];
    const wire = this.#means.wire(this.#means.trees.get(known.place.spec));
    return diagnosticsOf(wire, findings, known.place.settings, this.#means.client());
  }

  async #place(uri: string): Promise<PlaceOfFile | null> {
    const path = pathFromUri(uri);
    return path === null ? null : await this.#means.place(uri, path);
  }

  async #scan({ uri, what, workDoneToken }: ScanParams, signal: AbortSignal): Promise<ScanReport | null> {
    const path = pathFromUri(uri);
    const place = await this.#place(uri);
    if (path === null || place === null) return null;
    const { root } = place.spec;
    const inside = what === 'tree' ? WHOLE_TREE : folderInTree(root, path);
    const { connection, client, run } = this.#means;
    this.#running.get(root)?.abort();
    const stop = new AbortController();
    this.#running.set(root, stop);
    const title = `Lockwalk: checking ${inside === '' ? root : inside}`;
    const progress = await askedProgress(connection, workDoneToken, client().progress, title);
    const end = AbortSignal.any([signal, stop.signal, progress.stopped]);
    try {
      const done = await scan(place, [inside], this.#overlays(place), run, end, progress.report);
      if (!done.report.cancelled) {
        this.#places.set(root, { uri, place });
        this.#take(root, [inside], done);
      }
      return done.report;
    } finally {
      progress.done();
      if (this.#running.get(root) === stop) this.#running.delete(root);
    }
  }

  /** What a scan has found takes the place of what was known of its paths. */
  #take(root: string, paths: readonly string[], { report, findings }: Scan): void {
    const scanned = [...new Set(findings.map(({ file }) => file))].map((file) => ({
      root,
      file,
      uri: uriOfFile(root, file),
      findings: findings.filter((one) => one.file === file),
    }));
    const skipped = report.skipped.map(({ file }) => file);
    this.scanned.replace(root, paths, scanned, skipped);
  }

  /** Texts of the open files of a tree. */
  #overlays({ spec }: PlaceOfFile): ScanJob['overlays'] {
    const { trees, documents } = this.#means;
    const tree = trees.get(spec);
    return tree.openFiles().flatMap((file): (readonly [string, string])[] => {
      const document = documents.get(tree.openUri(file) ?? '');
      return document === undefined ? [] : [[file, document.text]];
    });
  }

  /** Scans the files of folders in which some have changed. */
  async #again(root: string, changed: Changed, signal: AbortSignal): Promise<void> {
    const known = this.#places.get(root);
    if (known === undefined) return;
    const tree = new DiskTree(root);
    const files = [...changed.keys()].flatMap((folder) => {
      const names = tree.list(folder).filter((name) => /\.[ch]$/.test(name));
      return names.map((name) => (folder === '' ? name : `${folder}/${name}`));
    });
    const there = new Set(files);
    for (const file of [...changed.values()].flatMap((names) => [...names]))
      if (!there.has(file)) this.scanned.gone(uriOfFile(root, file));
    if (files.length === 0) return;
    try {
      const { place } = known;
      const done = await scan(place, files, this.#overlays(place), this.#means.run, signal, () => undefined);
      if (!done.report.cancelled) this.#take(root, files, done);
    } catch (error) {
      this.#means.failures.log(`scanning again in ${root}: ${String(error)}`);
    }
  }
}

/** The folder that is meant by a path of a tree: itself, or the one that the file stands in. */
function folderInTree(root: string, path: string): string {
  const inside = fileInTree(root, path) ?? '';
  return /\.[chS]$/.test(inside) ? inside.slice(0, Math.max(0, inside.lastIndexOf('/'))) : inside;
}

/** One spelling for each file. */
function normal(uri: string): string {
  const path = pathFromUri(uri);
  return path === null ? uri : pathToFileURL(path).href;
}
