/**
 * The kernel trees that open documents belong to, each with one engine, the queue in front of it, and the unsaved
 * texts that the engine has been told. Must not know diagnostics, hovers or settings beyond what an engine is made of.
 */
import type { Documents, OpenDocument } from './documents.js';
import type { EngineDescription, EnginePort, EngineSpec, MakeEngine } from './engine-port.js';
import { fileInTree } from './from-protocol.js';
import { Lane } from './lane.js';

/** Times and counts of the last work in a tree, for the status report. */
export interface TreeFigures {
  files: number;
  functions: number;
  damagedFunctions: number;
  lastCheckMs: number | null;
  lastParseMs: number | null;
  lastHoverMs: number | null;
}

/** One engine at work on one tree. */
export class KernelTree {
  readonly spec: EngineSpec;
  readonly lane = new Lane();
  readonly engine: EnginePort;
  readonly figures: TreeFigures = {
    files: 0,
    functions: 0,
    damagedFunctions: 0,
    lastCheckMs: null,
    lastParseMs: null,
    lastHoverMs: null,
  };
  readonly skipped = new Map<string, string>();
  /** Files that have been checked. */
  readonly checked = new Set<string>();
  description: EngineDescription | null = null;
  failure: string | null = null;
  /** Version of the text that the engine has of each open file. */
  readonly #told = new Map<string, number>();
  /** The client's own spelling of the URIs of open files. */
  readonly #uris = new Map<string, string>();

  constructor(spec: EngineSpec, makeEngine: MakeEngine) {
    this.spec = spec;
    this.engine = makeEngine(spec);
  }

  file(path: string): string | null {
    return fileInTree(this.spec.root, path);
  }

  opened(file: string, uri: string): void {
    this.#uris.set(file, uri);
  }

  openUri(file: string): string | null {
    return this.#uris.get(file) ?? null;
  }

  openFiles(): readonly string[] {
    return [...this.#uris.keys()];
  }

  async closed(file: string): Promise<void> {
    this.#uris.delete(file);
    this.skipped.delete(file);
    if (this.#told.delete(file)) await this.engine.overlay(file, null);
  }

  /** The engine lost its memory (its worker died): every text is told again. */
  forgetTold(): void {
    this.#told.clear();
    this.description = null;
  }

  /** Tells the engine the texts of open files that it does not have yet; returns the versions that it has now. */
  async tell(documents: Documents): Promise<ReadonlyMap<string, number>> {
    const pending: Promise<void>[] = [];
    for (const [file, uri] of this.#uris) {
      const version = documents.versionOf(uri);
      if (version === null || this.#told.get(file) === version) continue;
      const document: OpenDocument | undefined = documents.get(uri);
      if (document === undefined) continue;
      this.#told.set(file, document.version);
      pending.push(this.engine.overlay(file, document.text));
    }
    await Promise.all(pending);
    return new Map([...this.#told].map(([file, version]) => [this.#uris.get(file) ?? file, version]));
  }
}

/** All trees; equal descriptions share one. */
export class Trees {
  readonly #trees = new Map<string, KernelTree>();
  readonly #makeEngine: MakeEngine;

  constructor(makeEngine: MakeEngine) {
    this.#makeEngine = makeEngine;
  }

  get(spec: EngineSpec): KernelTree {
    const key = JSON.stringify([spec.root, spec.kernelVersion, spec.configFile]);
    let tree = this.#trees.get(key);
    if (tree === undefined) {
      tree = new KernelTree(spec, this.#makeEngine);
      this.#trees.set(key, tree);
    }
    return tree;
  }

  all(): readonly KernelTree[] {
    return [...this.#trees.values()];
  }

  /** What the tree's engine was made of has changed: the next `get` makes another. */
  async drop(tree: KernelTree): Promise<void> {
    for (const [key, one] of this.#trees) if (one === tree) this.#trees.delete(key);
    await tree.engine.dispose();
  }

  /** Ends engines that no open document uses. */
  async sweep(): Promise<void> {
    for (const [key, tree] of this.#trees) {
      if (tree.openFiles().length > 0) continue;
      this.#trees.delete(key);
      await tree.engine.dispose();
    }
  }

  async dispose(): Promise<void> {
    const trees = this.all();
    this.#trees.clear();
    await Promise.all(trees.map((tree) => tree.engine.dispose()));
  }
}
