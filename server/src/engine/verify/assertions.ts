/**
 * What a helper's own definition asserts of its callers (lockdep_assert_held, might_sleep, __must_hold and their kin)
 * against what the model says that it needs, takes and drops. An assertion that only some paths reach is compared where
 * the model says the same, and speaks against nothing.
 */
import type { Comparison } from '../door.js';
import type { HelperEntry, LockSpec } from '../model/types.js';
import { closing, type Declared, parameterName, splitParameters } from './c-text.js';
import { judge, lastField, notCompared } from './comparison.js';

/** What is asserted. */
export interface Assertion {
  readonly kind: 'held' | 'acquires' | 'releases' | 'sleeps' | 'rcu';
  /** As it is written: `lockdep_assert_held(&inode->i_lock)`. */
  readonly text: string;
  /** The lock as an expression; '' for `sleeps` and `rcu`. */
  readonly lock: string;
  /** What is asserted of its mode; null where either will do. */
  readonly mode: 'exclusive' | 'shared' | null;
  readonly line: number;
  /** Every call that comes this far gets to it: it stands in no block and on no condition. */
  readonly always: boolean;
}

const HELD = new Set([
  'lockdep_assert_held',
  'lockdep_assert_held_write',
  'lockdep_assert_held_read',
  'lockdep_assert_held_once',
  'rwsem_assert_held',
  'rwsem_assert_held_write',
  'rwsem_assert_held_nolockdep',
  'rwsem_assert_held_write_nolockdep',
  'assert_spin_locked',
  'assert_raw_spin_locked',
]);
const SLEEPS = new Set(['might_sleep', 'might_fault']);
const RCU = new Set(['lockdep_assert_in_rcu_read_lock', 'lockdep_assert_in_rcu_reader']);
/** Checks that a warning negates: `WARN_ON(!inode_is_locked(inode))`. The field that is checked, appended to the argument. */
const CHECKS: Readonly<Record<string, string>> = {
  inode_is_locked: '->i_rwsem',
  folio_test_locked: '->PG_locked',
  PageLocked: '->PG_locked',
  rwsem_is_locked: '',
  spin_is_locked: '',
  mutex_is_locked: '',
  lockdep_is_held: '',
  buffer_locked: '->BH_Lock',
};
const WARNS =
  /^(?:WARN_ON|WARN_ON_ONCE|BUG_ON|VM_BUG_ON|VM_BUG_ON_FOLIO|VM_BUG_ON_PAGE|VM_WARN_ON_ONCE_FOLIO|VFS_WARN_ON_ONCE|VFS_BUG_ON|VFS_BUG_ON_INODE|VFS_WARN_ON_INODE|lockdep_assert|RCU_LOCKDEP_WARN)$/;

/** The assertions and annotations of a definition, in order. */
export function assertionsOf(declared: Declared): readonly Assertion[] {
  const out: Assertion[] = [];
  for (const match of declared.tail.matchAll(
    /\b__(must_hold|acquires|releases|cond_acquires)\s*\(([^()]*(?:\([^()]*\))?[^()]*)\)/g,
  )) {
    const args = splitParameters(match[2] as string);
    const lock = (args[args.length - 1] ?? '').trim();
    const kind = match[1] === 'must_hold' ? 'held' : match[1] === 'releases' ? 'releases' : 'acquires';
    const always = match[1] !== 'cond_acquires';
    out.push({ kind, text: match[0], lock, mode: null, line: declared.line, always });
  }
  out.push(...inBody(declared));
  return out;
}

function inBody(declared: Declared): Assertion[] {
  const out: Assertion[] = [];
  const body = declared.body;
  const token = /[{}]|\breturn\b|\bgoto\b|\b(\w+)\s*\(/g;
  let depth = 0;
  let left = false;
  for (let match = token.exec(body); match !== null; match = token.exec(body)) {
    if (match[0] === '{') depth++;
    else if (match[0] === '}') depth--;
    else if (match[1] === undefined) left = true;
    else {
      const name = match[1];
      const known = HELD.has(name) || SLEEPS.has(name) || RCU.has(name) || WARNS.test(name);
      if (!known) continue;
      const open = match.index + match[0].length - 1;
      const close = closing(body, open);
      if (close < 0) break;
      const inside = body.slice(open + 1, close).trim();
      const line = declared.bodyLine + body.slice(0, match.index).split('\n').length - 1;
      const always = depth === 1 && !left && startsStatement(body, match.index);
      const text = `${name}(${inside.replace(/\s+/g, ' ')})`;
      const made = readAssertion(name, inside);
      if (made !== null) out.push({ ...made, text, line, always });
      token.lastIndex = close + 1;
    }
  }
  return out;
}

function readAssertion(name: string, inside: string): Pick<Assertion, 'kind' | 'lock' | 'mode'> | null {
  if (HELD.has(name)) {
    const mode = /_held_write\b|_held_write_/.test(name)
      ? 'exclusive'
      : /_held_read\b/.test(name)
        ? 'shared'
        : null;
    return { kind: 'held', lock: inside, mode };
  }
  if (SLEEPS.has(name)) return { kind: 'sleeps', lock: '', mode: null };
  if (RCU.has(name)) return { kind: 'rcu', lock: '', mode: null };
  if (name === 'RCU_LOCKDEP_WARN')
    return /^!\s*rcu_read_lock_held\(\)/.test(inside) ? { kind: 'rcu', lock: '', mode: null } : null;
  const first = splitParameters(inside)[0] ?? '';
  const check = (name === 'lockdep_assert' ? /^(\w+)\s*\((.*)\)$/ : /^!\s*(\w+)\s*\((.*)\)$/).exec(first);
  const field = check === null ? undefined : CHECKS[check[1] as string];
  return field === undefined
    ? null
    : { kind: 'held', lock: `${(check?.[2] ?? '').trim()}${field}`, mode: null };
}

/** Not the branch of an `if` without braces, nor part of an expression. */
function startsStatement(body: string, at: number): boolean {
  return /[;{}]\s*$/.test(body.slice(Math.max(0, at - 200), at));
}

/** A helper's assertions against its entry. */
export function compareAssertions(declared: Declared, entry: HelperEntry): Comparison[] {
  const assertions = assertionsOf(declared);
  const judged =
    entry.disagreement === undefined
      ? { name: entry.name, proof: entry.proof }
      : { name: entry.name, proof: entry.proof, disagreement: entry.disagreement };
  const names = declared.parameters.map(parameterName);
  const out: Comparison[] = [];
  for (const assertion of assertions) {
    const place = placeOf(assertion.lock, names);
    const aspect =
      assertion.kind === 'sleeps'
        ? 'sleep'
        : assertion.kind === 'rcu'
          ? 'rcu'
          : place === null
            ? 'lock'
            : place.field;
    const claim = {
      source: 'assertion' as const,
      aspect,
      tree: assertion.text,
      file: declared.file,
      line: assertion.line,
    };
    if (place === null && assertion.lock !== '') {
      out.push(notCompared(judged, claim, 'what is asserted is no lock that can be named by the parameters'));
      continue;
    }
    const { agrees, model } = holdsOf(assertion, place, entry);
    if (!agrees && !assertion.always && !(assertion.kind === 'sleeps' && entry.sleeps === false))
      out.push(notCompared(judged, claim, 'only some paths assert it'));
    else out.push(judge(judged, claim, model, agrees));
  }
  return out;
}

interface Place {
  /** Position of the parameter, or -1 where the lock hangs on none. */
  readonly root: number;
  readonly field: string;
}

/** `&inode->i_lock` as parameter and field; null for what calls something. */
function placeOf(expression: string, names: readonly string[]): Place | null {
  const text = expression.replace(/^[&*(\s]+|[)\s]+$/g, '').replace('d_lockref.lock', 'd_lock');
  if (/^rcu$/i.test(text)) return { root: -1, field: 'rcu' };
  if (!/^\w+(?:(?:->|\.)\w+|\[\w+\])*$/.test(text)) return null;
  return { root: names.indexOf(/^\w+/.exec(text)?.[0] ?? ''), field: lastField(text) };
}

function named(
  specs: readonly LockSpec[] | undefined,
  place: Place,
  params: readonly string[],
): readonly LockSpec[] {
  return (specs ?? []).filter((spec) => {
    const root = params.indexOf(/^\w+/.exec(spec.lock)?.[0] ?? '');
    // A parameter that is the lock itself has its own name on either side
    if (!/->|@/.test(spec.lock)) return root >= 0 && root === place.root;
    return lastField(spec.lock) === place.field && (root < 0 || place.root < 0 || root === place.root);
  });
}

function holdsOf(
  assertion: Assertion,
  place: Place | null,
  entry: HelperEntry,
): { readonly agrees: boolean; readonly model: string } {
  if (assertion.kind === 'sleeps') {
    const words =
      entry.sleeps === true
        ? 'may sleep'
        : entry.sleeps === false
          ? 'does not sleep'
          : `sleeps if ${entry.sleeps}`;
    return { agrees: entry.sleeps === true, model: words };
  }
  const at: Place = place ?? { root: -1, field: 'rcu' };
  const lists: readonly (readonly [string, readonly LockSpec[] | undefined])[] =
    assertion.kind === 'acquires'
      ? [['takes', entry.acquires]]
      : assertion.kind === 'releases'
        ? [['drops', entry.releases]]
        : [
            ['needs', entry.requires],
            ['asserts', entry.asserts],
            ['drops', entry.releases],
          ];
  for (const [word, specs] of lists) {
    const found = named(specs, at, entry.params);
    if (found.length === 0) continue;
    const { mode } = assertion;
    const agrees = mode === null || found.some((spec) => spec.mode === mode);
    const shown = found.map((spec) => (agrees ? spec.lock : `${spec.lock}, ${spec.mode}`));
    return { agrees, model: `${word} ${shown.join(', ')}` };
  }
  const word = assertion.kind === 'acquires' ? 'take' : assertion.kind === 'releases' ? 'drop' : 'need';
  return { agrees: false, model: `does not ${word} ${at.field}` };
}
