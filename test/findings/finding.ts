/**
 * A finding for tests, every field of which can be set.
 */
import type { Finding } from '../../server/src/engine/base/finding.js';

/** A finding that differs from a plain one in the named fields. */
export function finding(changes: Partial<Finding> = {}): Finding {
  return {
    rule: 'lock/double',
    severity: 'error',
    precision: 'high',
    certainty: 'must',
    message: '`&a->lock` is taken twice',
    file: 'fs/a.c',
    line: 3,
    column: 2,
    endLine: 3,
    endColumn: 12,
    function: 'a_lock',
    entry: null,
    held: [],
    rcu: 'none',
    trace: [],
    fixes: [],
    fingerprint: '0000000000000001',
    ...changes,
  };
}
