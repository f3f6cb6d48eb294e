import assert from 'node:assert/strict';
import {
  rulesToRun,
  type SeverityTable,
  shownSeverity,
  withSeverities,
} from '../../server/src/engine/findings/severity.js';
import { finding } from './finding.js';

const shown = (rule: string, table: SeverityTable): string | null =>
  shownSeverity({ rule, severity: 'warning' }, table);

describe('severities', () => {
  it('are those of the rule where nothing is set', () => {
    assert.equal(shown('lock/double', {}), 'warning');
    assert.equal(shownSeverity({ rule: 'lock/double', severity: 'info' }, {}), 'information');
    assert.equal(shown('lock/double', { loc: 'off', 'lock/double-x': 'off' }), 'warning');
    assert.equal(shown('constructor/x', JSON.parse('{}')), 'warning');
  });

  it('are set by id, and before that by family', () => {
    assert.equal(shown('lock/double', { lock: 'hint' }), 'hint');
    assert.equal(shown('lock/double', { lock: 'off', 'lock/double': 'error' }), 'error');
    assert.equal(shown('lock/order', { lock: 'off', 'lock/double': 'error' }), null);
  });

  it('leave out what is off, and know no hints in a report', () => {
    const found = [finding(), finding({ rule: 'rcu/early-free' }), finding({ rule: 'dir/x' })];
    const left = withSeverities(found, { rcu: 'off', dir: 'hint' });
    assert.deepEqual(
      left.map((one) => [one.rule, one.severity]),
      [
        ['lock/double', 'error'],
        ['dir/x', 'info'],
      ],
    );
    assert.equal(left[0], found[0]);
  });

  it('turn a rule on that is off by default, by its id', () => {
    const rules = [
      { id: 'a/on', onByDefault: true },
      { id: 'b/off', onByDefault: false },
    ];
    assert.deepEqual(rulesToRun([], {}, rules), []);
    assert.deepEqual(rulesToRun([], { b: 'error' }, rules), []);
    assert.deepEqual(rulesToRun([], { 'b/off': 'off' }, rules), []);
    assert.deepEqual(rulesToRun([], { 'b/off': 'hint' }, rules), ['a/on', 'b/off']);
    assert.deepEqual(rulesToRun(['a'], { 'b/off': 'hint' }, rules), ['a']);
  });
});
