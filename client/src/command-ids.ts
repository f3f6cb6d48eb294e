/**
 * Names of the commands that the manifest contributes. A test holds them against the manifest.
 */
import { CONTRACT_COMMAND, EXPLAIN_COMMAND } from '../../server/src/lsp/protocol.js';

export const RESTART = 'lockwalk.restart';
export const SHOW_OUTPUT = 'lockwalk.showOutput';
export const SHOW_STATUS = 'lockwalk.showStatus';
export const OPEN_SAMPLE = 'lockwalk.openSample';
export const OPEN_WALKTHROUGH = 'lockwalk.openWalkthrough';
export const EXPLAIN_RULE = EXPLAIN_COMMAND;
export const SHOW_CONTRACT = CONTRACT_COMMAND;
