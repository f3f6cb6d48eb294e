/**
 * Which open documents are served: C inside a kernel tree, each with its settings and its tree. Everything else is
 * left alone silently. Must not know what is computed for a document.
 */
import type { Settings } from '../host/settings.js';
import type { Documents } from './documents.js';
import type { EngineSpec } from './engine-port.js';
import { isKernelSource, pathFromUri } from './from-protocol.js';
import type { KernelTree, Trees } from './trees.js';

/** What decides about a document, from its settings. */
export interface Placement {
  readonly spec: EngineSpec;
  readonly settings: Settings;
}

/** Settings and surroundings of a file, worked out by the host's means; null where it lies in no kernel tree. */
export type Place = (uri: string, path: string) => Promise<Placement | null>;

/** A document that is served. */
export interface Served {
  readonly uri: string;
  readonly file: string;
  readonly tree: KernelTree;
  readonly settings: Settings;
}

/** Open documents and what they are served with; asked again after `forget`. */
export class ServedDocuments {
  readonly #documents: Documents;
  readonly #trees: Trees;
  readonly #place: Place;
  readonly #known = new Map<string, Promise<Served | null>>();

  constructor(documents: Documents, trees: Trees, place: Place) {
    this.#documents = documents;
    this.#trees = trees;
    this.#place = place;
  }

  of(uri: string): Promise<Served | null> {
    let known = this.#known.get(uri);
    if (known === undefined) {
      if (this.#documents.versionOf(uri) === null) return Promise.resolve(null); // it may be opened yet
      known = this.#find(uri);
      this.#known.set(uri, known);
    }
    return known;
  }

  async #find(uri: string): Promise<Served | null> {
    const document = this.#documents.get(uri);
    const path = pathFromUri(uri);
    if (document === undefined || path === null || !isKernelSource(document.languageId, path)) return null;
    const placement = await this.#place(uri, path);
    if (placement === null || this.#documents.versionOf(uri) === null) return null;
    const { spec, settings } = placement;
    const tree = this.#trees.get(spec);
    const file = tree.file(path);
    if (file === null) return null;
    tree.opened(file, uri);
    return { uri, file, tree, settings };
  }

  /** The document was closed. */
  async close(uri: string): Promise<void> {
    const known = this.#known.get(uri);
    this.#known.delete(uri);
    const served = await known;
    if (served !== null && served !== undefined && this.#documents.versionOf(uri) === null) {
      await served.tree.closed(served.file);
    }
  }

  /** Settings have changed: every document is placed anew. */
  async replaceAll(): Promise<void> {
    const before = [...this.#known.values()];
    this.#known.clear();
    const old = await Promise.all(before);
    const now = await Promise.all(this.#documents.uris().map((uri) => this.of(uri)));
    for (const served of old) {
      if (served === null) continue;
      const kept = now.some((other) => other?.tree === served.tree && other.file === served.file);
      if (!kept) await served.tree.closed(served.file);
    }
  }

  async all(): Promise<readonly Served[]> {
    const served = await Promise.all(this.#documents.uris().map((uri) => this.of(uri)));
    return served.filter((one) => one !== null);
  }
}
