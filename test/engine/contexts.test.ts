/**
 * Contexts at a point: which locks are held, under which RCU state, whether it may sleep, and by which method one gets
 * there. One construct of kernel C a case. `FN_` and `FP_` in a title: what the engine gets wrong today, and why.
 */
import { CALLS } from './contexts/calls.js';
import { FLOW } from './contexts/flow.js';
import { LOCKING } from './contexts/locks.js';
import { METHODS } from './contexts/methods.js';
import { NOT_BUILT } from './contexts/not-built.js';
import { SCOPES } from './contexts/scopes.js';
import { type ContextCase, checkContexts } from './harness.js';

function suite(title: string, cases: readonly ContextCase[]): void {
  describe(title, () => {
    for (const { title: name, source, at } of cases) it(name, () => checkContexts(source, at));
  });
}

describe('contexts', () => {
  suite('locks', LOCKING);
  suite('control flow', FLOW);
  suite('scopes', SCOPES);
  suite('calls', CALLS);
  suite('methods', METHODS);
  suite('left out by the configuration', NOT_BUILT);
});
