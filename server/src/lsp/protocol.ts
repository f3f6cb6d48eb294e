/**
 * What goes over the wire besides plain LSP: the custom messages under `lockwalk/` and the initialization options.
 * Types and names only, so that the client can import them. Must not import anything.
 */

/** Request: what the server is doing and has done. The command line's equivalent is `lockwalk doctor`. */
export const STATUS_REQUEST = 'lockwalk/status';
/** Notification, sent only where the client asks for it: the same report, whenever it changes. */
export const STATUS_NOTIFICATION = 'lockwalk/statusChanged';
/** Client command that opens a rule's page; offered in code actions only where the client says it has it. */
export const EXPLAIN_COMMAND = 'lockwalk.explainRule';

/** Client command that opens the page of a method's contract, `dentry_operations/d_revalidate`; linked only where the client has it. */
export const CONTRACT_COMMAND = 'lockwalk.showContract';

/** `initializationOptions` of `initialize`; all of it is optional. */
export interface InitializationOptions {
  /** Send `lockwalk/statusChanged`. */
  readonly statusNotifications?: boolean;
  /** Commands that the client has. */
  readonly commands?: readonly string[];
  /** Settings for clients without `workspace/configuration`. */
  readonly settings?: unknown;
}

export type ServerState = 'idle' | 'working' | 'error';

/** A kernel tree that is being served. */
export interface TreeStatus {
  readonly root: string;
  /** Null until the engine has looked at the tree. */
  readonly kernelVersion: string | null;
  /** Where the configuration comes from: a `.config`, or the default. */
  readonly configuration: string;
  readonly state: ServerState;
  /** In words: a broken `.config`, an unknown version, the last failure. */
  readonly problems: readonly string[];
  readonly skipped: readonly { readonly file: string; readonly reason: string }[];
  /** Files that were checked since the server began to serve the tree. */
  readonly filesChecked: number;
  /** Of the last check: files and functions looked at, and times. */
  readonly files: number;
  readonly functions: number;
  readonly damagedFunctions: number;
  readonly lastCheckMs: number | null;
  readonly lastParseMs: number | null;
  readonly lastHoverMs: number | null;
}

export interface StatusReport {
  readonly version: 1;
  readonly state: ServerState;
  /** The last failure of the server itself, in words. */
  readonly failure: string | null;
  readonly memoryMiB: number;
  readonly openDocuments: number;
  readonly trees: readonly TreeStatus[];
}
