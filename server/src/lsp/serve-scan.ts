/**
 * Scans on a connection: the request, what becomes of the findings while documents are opened, edited and closed, and changed
 * settings. One scan of a tree at a time: a new one ends the one before.
 */
import { pathToFileURL } from 'node:url';
import type { Connection } from 'vscode-languageserver';
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
import { type RunScan, scan, WHOLE_TREE } from './scan.js';
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

  constructor(means: ScanMeans) {
    this.#means = means;
    this.scanned = new Scanned({
      push: (uri, diagnostics) => void means.connection.sendDiagnostics({ uri, diagnostics }),
      changed: () => means.changed(),
      render: (file) => this.#render(file),
      isChecked: (uri) => means.checker().answersFor(uri),
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
      const read = path === null ? null : readTextFile(path);
      if (read?.ok === true && read.text === text) this.scanned.resume(normal(uri), findings);
      else this.scanned.drop(normal(uri));
    };
  }

  /** A file has changed on disk that nobody has open. */
  changed(uri: string): void {
    this.scanned.drop(normal(uri));
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
    const { connection, trees, documents, client, run } = this.#means;
    this.#running.get(root)?.abort();
    const stop = new AbortController();
    this.#running.set(root, stop);
    const title = `Lockwalk: checking ${inside === '' ? root : inside}`;
    const progress = await askedProgress(connection, workDoneToken, client().progress, title);
    const end = AbortSignal.any([signal, stop.signal, progress.stopped]);
    try {
      const tree = trees.get(place.spec);
      const overlays = tree.openFiles().flatMap((file): (readonly [string, string])[] => {
        const document = documents.get(tree.openUri(file) ?? '');
        return document === undefined ? [] : [[file, document.text]];
      });
      const { report, findings } = await scan(place, inside, overlays, run, end, progress.report);
      if (!report.cancelled) {
        this.#places.set(root, { uri, place });
        const scanned = [...new Set(findings.map(({ file }) => file))].map((file) => ({
          root,
          file,
          uri: uriOfFile(root, file),
          findings: findings.filter((one) => one.file === file),
        }));
        this.scanned.replace(
          root,
          [inside],
          scanned,
          report.skipped.map(({ file }) => file),
        );
      }
      return report;
    } finally {
      progress.done();
      if (this.#running.get(root) === stop) this.#running.delete(root);
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
