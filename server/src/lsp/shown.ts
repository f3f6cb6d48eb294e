/**
 * Lenses, call hierarchy and the trees beside the text: their requests, and when what is shown has to be asked for again.
 * Where a check of a document is under way its lenses and contexts wait for it, so that nobody who polls starts work twice.
 */
import { type CallHierarchyItem, CodeLensRefreshRequest, type Connection } from 'vscode-languageserver';
import { callersOf, documentOfItem, incomingCalls, outgoingCalls, prepareCalls } from './call-hierarchy.js';
import type { Checker, Result } from './checker.js';
import type { ClientAbilities } from './client-abilities.js';
import { codeLenses } from './code-lens.js';
import type { Documents } from './documents.js';
import { positionFrom } from './from-protocol.js';
import { type Guarded, guard } from './guard.js';
import {
  CALLERS_REQUEST,
  CONTEXTS_REQUEST,
  type DocumentPlace,
  METHODS_REQUEST,
  RESULTS_NOTIFICATION,
} from './protocol.js';
import type { Scanned } from './scanned.js';
import type { Served, ServedDocuments } from './served.js';
import type { Wire } from './to-protocol.js';
import { contextsNodes, type KnownFindings, methodNodes } from './trees-beside.js';

/** Results that come one after the other are told once. */
const SETTLE_MS = 300;

/** What of the server this needs. */
export interface ShownSurroundings {
  readonly documents: Documents;
  readonly served: ServedDocuments;
  readonly checker: Pick<Checker, 'current'>;
  readonly scanned: () => Scanned;
  readonly failures: Guarded;
  readonly client: () => ClientAbilities;
  readonly wire: (served: Served) => Wire;
}

/** The requests on one connection. */
export class Shown {
  readonly #connection: Connection;
  readonly #around: ShownSurroundings;
  readonly #findings = new Map<string, KnownFindings>();
  #settling: NodeJS.Timeout | null = null;

  constructor(connection: Connection, around: ShownSurroundings) {
    this.#connection = connection;
    this.#around = around;
    this.#register();
  }

  /** A check of a document is done. */
  published({ uri, tree, file }: Served, { findings }: Result): void {
    this.#findings.set(uri, { tree, file, findings });
    this.changed();
  }

  cleared(uri: string): void {
    if (this.#findings.delete(uri)) this.changed();
  }

  /** What is shown may be another now: callers of a document's functions stand in others. */
  changed(): void {
    if (this.#settling !== null) return;
    this.#settling = setTimeout(() => {
      this.#settling = null;
      this.#tell();
    }, SETTLE_MS);
    this.#settling.unref();
  }

  stop(): void {
    if (this.#settling !== null) clearTimeout(this.#settling);
    this.#settling = null;
  }

  #tell(): void {
    const { lensRefresh, resultsNotifications } = this.#around.client();
    if (resultsNotifications) void this.#connection.sendNotification(RESULTS_NOTIFICATION);
    if (lensRefresh) this.#connection.sendRequest(CodeLensRefreshRequest.type).catch(() => undefined);
  }

  #register(): void {
    const { documents, served, checker, scanned, failures, client, wire } = this.#around;
    const connection = this.#connection;
    connection.onCodeLens(
      guard('code lens', failures, null, async ({ textDocument: { uri } }, signal) => {
        const one = await served.of(uri);
        if (one?.settings.codeLens !== true) return null;
        await checker.current(uri, signal);
        return await codeLenses(one, documents, wire(one), client().showsCallers, signal);
      }),
    );
    connection.languages.callHierarchy.onPrepare(
      guard('call hierarchy', failures, null, async (params, signal) => {
        const found = await this.#at(params);
        return found === null ? null : await prepareCalls(this.#asked(found.one), found.at, signal);
      }),
    );
    connection.languages.callHierarchy.onIncomingCalls(
      guard('incoming calls', failures, null, async ({ item }, signal) => {
        const one = await this.#ofItem(item);
        return one === null ? [] : await incomingCalls(this.#asked(one), item, signal);
      }),
    );
    connection.languages.callHierarchy.onOutgoingCalls(
      guard('outgoing calls', failures, null, async ({ item }, signal) => {
        const one = await this.#ofItem(item);
        return one === null ? [] : await outgoingCalls(this.#asked(one), item, signal);
      }),
    );
    connection.onRequest(
      CALLERS_REQUEST,
      guard('callers', failures, [], async (params: DocumentPlace, signal) => {
        const found = await this.#at(params);
        return found === null ? [] : await callersOf(this.#asked(found.one), found.at, signal);
      }),
    );
    connection.onRequest(
      CONTEXTS_REQUEST,
      guard('contexts', failures, [], async (params: DocumentPlace, signal) => {
        const before = await served.of(params.textDocument.uri);
        if (before === null) return [];
        await checker.current(before.uri, signal);
        const found = await this.#at(params);
        return found === null
          ? []
          : await contextsNodes(found.one, documents, found.at, wire(found.one), signal);
      }),
    );
    connection.onRequest(
      METHODS_REQUEST,
      guard('methods', failures, [], async (_: unknown, signal) => {
        const byTree = new Map<Served['tree'], Served[]>();
        for (const one of await served.all()) {
          await checker.current(one.uri, signal);
          byTree.set(one.tree, [...(byTree.get(one.tree) ?? []), one]);
        }
        const known = [...this.#findings.values()];
        const trees: Promise<readonly unknown[]>[] = [];
        for (const of of byTree.values())
          trees.push(
            methodNodes(documents, of, { open: known, scanned: scanned() }, wire(of[0] as Served), signal),
          );
        return (await Promise.all(trees)).flat();
      }),
    );
  }

  #asked(one: Served): Parameters<typeof prepareCalls>[0] {
    return { served: one, documents: this.#around.documents, wire: this.#around.wire(one) };
  }

  /** A place of a served document in the engine's terms. */
  async #at({
    textDocument: { uri },
    position,
  }: DocumentPlace): Promise<{ one: Served; at: ReturnType<typeof positionFrom> } | null> {
    const { documents, served, client } = this.#around;
    const one = await served.of(uri);
    const lineText = documents.line(uri, position.line);
    if (one === null || lineText === null) return null;
    return { one, at: positionFrom(position, lineText, client().encoding) };
  }

  async #ofItem(item: CallHierarchyItem): Promise<Served | null> {
    const document = documentOfItem(item);
    return document === null ? null : await this.#around.served.of(document);
  }
}
