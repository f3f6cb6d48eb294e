/**
 * Names of the commands that the manifest contributes. A test holds them against the manifest.
 */
import {
  CALLERS_COMMAND,
  CONTRACT_COMMAND,
  EXPLAIN_COMMAND,
  IGNORE_COMMAND,
  WHY_COMMAND,
} from '../../server/src/lsp/protocol.js';

export const RESTART = 'lockwalk.restart';
export const SHOW_OUTPUT = 'lockwalk.showOutput';
export const SHOW_STATUS = 'lockwalk.showStatus';
export const SHOW_TIMELINE = 'lockwalk.showTimeline';
export const SHOW_LIFE_CYCLE = 'lockwalk.showLifeCycle';
export const SHOW_LOCK_ORDER = 'lockwalk.showLockOrder';
export const OPEN_SAMPLE = 'lockwalk.openSample';
export const OPEN_WALKTHROUGH = 'lockwalk.openWalkthrough';
export const EXPLAIN_RULE = EXPLAIN_COMMAND;
export const SHOW_FIELD = 'lockwalk.showFieldAccesses';
export const SHOW_DROP = 'lockwalk.showDrop';
export const SHOW_CONTRACT = CONTRACT_COMMAND;
export const SHOW_CALLERS = CALLERS_COMMAND;
export const REFRESH_METHODS = 'lockwalk.refreshMethods';
export const CHECK_TREE = 'lockwalk.checkTree';
export const CHECK_DIRECTORY = 'lockwalk.checkDirectory';
export const WHY_REPORTED = WHY_COMMAND;
export const IGNORE_FINDING = IGNORE_COMMAND;
