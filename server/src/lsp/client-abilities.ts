/**
 * What the client can do, read once from `initialize` into plain flags, so that nothing else looks at the protocol's
 * nest of optional capabilities.
 */
import type { InitializeParams } from 'vscode-languageserver';
import { encodingFrom } from './from-protocol.js';
import type { Encoding } from './positions.js';
import { CALLERS_COMMAND, CONTRACT_COMMAND, type InitializationOptions } from './protocol.js';

export interface ClientAbilities {
  readonly encoding: Encoding;
  /** Answers `workspace/configuration`. */
  readonly configuration: boolean;
  /** Lets us register for changed settings. */
  readonly configurationChanges: boolean;
  readonly watchedFiles: boolean;
  readonly progress: boolean;
  readonly relatedInformation: boolean;
  readonly diagnosticTags: boolean;
  /** Asks for diagnostics by itself. */
  readonly pullsDiagnostics: boolean;
  /** Asks for them again where we say so. */
  readonly refreshesDiagnostics: boolean;
  readonly codeActionLiterals: boolean;
  /** Asks for the edit of a code action once it is chosen. */
  readonly resolvesActions: boolean;
  readonly documentChanges: boolean;
  readonly hoverFormat: 'markdown' | 'plaintext';
  readonly statusNotifications: boolean;
  /** Opens the page of a method's contract by a command. */
  readonly showsContracts: boolean;
  readonly inlayHints: boolean;
  /** Asks again for inlay hints when told to. */
  readonly inlayHintRefresh: boolean;
  readonly resultsNotifications: boolean;
  /** Shows the callers of a function. */
  readonly showsCallers: boolean;
  /** Asks for lenses again when told to. */
  readonly lensRefresh: boolean;
  /** Commands that the client has and that code actions may name. */
  readonly commands: ReadonlySet<string>;
  /** Settings given at start. */
  readonly settings: unknown;
}

/** Flags of a client; null: nothing is known yet. */
export function clientAbilities(params: InitializeParams | null): ClientAbilities {
  const { general, textDocument, window, workspace } = params?.capabilities ?? {};
  const options = initializationOptions(params?.initializationOptions);
  const formats = textDocument?.hover?.contentFormat;
  return {
    encoding: encodingFrom(general?.positionEncodings),
    configuration: workspace?.configuration === true,
    configurationChanges: workspace?.didChangeConfiguration?.dynamicRegistration === true,
    watchedFiles: workspace?.didChangeWatchedFiles?.dynamicRegistration === true,
    progress: window?.workDoneProgress === true,
    relatedInformation: textDocument?.publishDiagnostics?.relatedInformation === true,
    diagnosticTags: textDocument?.publishDiagnostics?.tagSupport !== undefined,
    pullsDiagnostics: textDocument?.diagnostic !== undefined,
    refreshesDiagnostics: workspace?.diagnostics?.refreshSupport === true,
    codeActionLiterals: textDocument?.codeAction?.codeActionLiteralSupport !== undefined,
    resolvesActions:
      textDocument?.codeAction?.dataSupport === true &&
      textDocument.codeAction.resolveSupport?.properties.includes('edit') === true,
    documentChanges: workspace?.workspaceEdit?.documentChanges === true,
    hoverFormat: formats === undefined || formats.includes('markdown') ? 'markdown' : 'plaintext',
    statusNotifications: options.statusNotifications === true,
    showsContracts: options.commands?.includes(CONTRACT_COMMAND) === true,
    inlayHints: textDocument?.inlayHint !== undefined,
    inlayHintRefresh: workspace?.inlayHint?.refreshSupport === true,
    resultsNotifications: options.resultsNotifications === true,
    showsCallers: options.commands?.includes(CALLERS_COMMAND) === true,
    lensRefresh: workspace?.codeLens?.refreshSupport === true,
    commands: new Set(options.commands ?? []),
    settings: options.settings,
  };
}

/** Options come from anywhere: what has the wrong shape is left out. */
function initializationOptions(raw: unknown): InitializationOptions {
  if (typeof raw !== 'object' || raw === null) return {};
  const statusNotifications = 'statusNotifications' in raw && raw.statusNotifications === true;
  const resultsNotifications = 'resultsNotifications' in raw && raw.resultsNotifications === true;
  const named = 'commands' in raw && Array.isArray(raw.commands) ? raw.commands : [];
  const commands = named.filter((one): one is string => typeof one === 'string');
  return {
    statusNotifications,
    resultsNotifications,
    commands,
    settings: 'settings' in raw ? raw.settings : undefined,
  };
}
