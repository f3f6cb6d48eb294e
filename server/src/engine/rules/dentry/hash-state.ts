/**
 * dentry/hash-state: a dentry is hashed once, and that it is hashed proves nothing for longer than somebody sees to it. Reported:
 * d_add() of a dentry that the function takes to be anything but fresh and does not test for being hashed; and a name that is
 * removed but left hashed, where code of the same directory takes a hashed dentry as proof that what d_fsdata leads to is alive.
 */
import { calledName, fnColumn } from '../../contexts/cfg.js';
import type { FunctionRun } from '../../contexts/flow.js';
import type { State } from '../../contexts/state.js';
import { T } from '../../contexts/terms.js';
import { Fn } from '../../facts/encode.js';
import type { FunctionRef } from '../../program/program.js';
import { everywhere } from '../counters.js';
import { Mentions } from '../mentions.js';
import { argumentsOf, type Reached, reachedFrom, stepsTo } from '../reached.js';
import { type Draft, entryMethod, lineOf, type Rule, type RuleContext, step } from '../rule.js';

/** Whoever calls one of these of a dentry knows whether it is hashed, or sees to it that it is not. */
const ASKS = new Set([
  'd_unhashed',
  'd_unlinked',
  'd_in_lookup',
  'd_drop',
  '__d_drop',
  'd_delete',
  'd_invalidate',
]);
/** What tells whether a dentry has an inode. */
const ASKS_INODE = new Set([
  'd_really_is_positive',
  'd_really_is_negative',
  'd_is_positive',
  'd_is_negative',
  'simple_positive',
]);
/** So many functions below one are looked at. */
const MAX_CALLEES = 60;
/** Parameters that are told apart. */
const MAX_PARAMETERS = 12;
/** What unhashes a dentry. */
const UNHASHES = new Set(['d_drop', '__d_drop', 'd_delete', 'd_invalidate']);
/** What takes a name away for good, and leaves unhashing to whoever calls: position of the dentry. */
const REMOVES = new Map([
  ['simple_rmdir', 1],
  ['simple_unlink', 1],
]);
/** Methods of a directory that may be given a dentry that is hashed already, as negative. */
const GIVEN_HASHED = [
  'atomic_open',
  'create',
  'mknod',
  'mkdir',
  'symlink',
  'link',
  'rename',
  'rmdir',
  'unlink',
];

const ID = 'dentry/hash-state';

/** The rule. */
export const hashState: Rule = {
  info: {
    id: ID,
    summary: 'A dentry is hashed twice, or being hashed is taken as proof of life.',
    law: 'There is no d_add() of a hashed dentry, and a name that is removed does not stay hashed where being hashed proves that something is alive.',
    severity: 'error',
    precision: 'high',
    onByDefault: true,
    fixable: true,
  },
  check(cx) {
    return [...hashedTwice(cx), ...hashedAndDead(cx)];
  },
};

// ---- d_add() of a dentry that may be hashed

function hashedTwice(cx: RuleContext): Draft[] {
  const out: Draft[] = [];
  const mentions = new Mentions(['d_add']);
  const adding = cx.functions.filter((fn) => mentions.in(fn));
  if (adding.length === 0) return out;
  const reached = reachedFrom(cx, 'inode_operations', GIVEN_HASHED, 'dentry');
  for (const fn of adding) {
    for (const [op, add] of untestedAdds(cx, fn)) {
      const from = reached.find((r) => r.fn === fn && (r.object === add.parameter || r.object < 0));
      // Nothing but a lookup comes here with it, or nobody knows who does
      if (from === undefined) {
        cx.silence?.(ID, fn, op, 'no method that may be given a hashed dentry is known to lead here');
        continue;
      }
      out.push(twice(cx, fn, op, add.text, from));
    }
  }
  return out;
}

/** d_add() of a dentry that was only found to be negative, which a hashed one can be. */
function untestedAdds(
  cx: RuleContext,
  fn: FunctionRef,
): ReadonlyMap<number, { readonly text: string; readonly parameter: number }> {
  const out = new Map<number, { text: string; parameter: number }>();
  everywhere(cx, fn, (run, op, s) => {
    const name = calledName(fn, op);
    if (name === '') return undefined;
    const { terms } = run;
    const dentry = argumentsOf(run, op, s)[0] ?? terms.unknown;
    const parameter = terms.kind(dentry) === T.Param ? terms.a(dentry) : -1;
    if (parameter < 0 || parameter >= MAX_PARAMETERS) return undefined;
    // Two bits a parameter: asked whether it is hashed, asked whether it has an inode
    const hashed = 1 << (2 * parameter);
    const positive = hashed << 1;
    if (ASKS.has(name)) return s.trail | hashed;
    if (ASKS_INODE.has(name)) return s.trail | positive;
    // Whoever asks for an inode knows that the dentry may have been somewhere before
    if (name !== 'd_add' || out.has(op)) return undefined;
    if ((s.trail & hashed) !== 0 || (s.trail & positive) === 0) {
      cx.silence?.(
        ID,
        fn,
        op,
        (s.trail & hashed) !== 0
          ? 'the dentry was asked whether it is hashed, or unhashed, before'
          : 'the function never asks whether the dentry has an inode: it takes it for a fresh one',
      );
      return undefined;
    }
    out.set(op, { text: run.showPlace(dentry), parameter });
    return undefined;
  });
  return out;
}

function twice(cx: RuleContext, fn: FunctionRef, op: number, text: string, from: Reached): Draft {
  const method = `->${from.origin.method}()`;
  return {
    rule: ID,
    precision: 'high',
    certainty: 'may',
    message: `d_add() of '${text}', which was tested for being negative but not for being unhashed: ${method} may be given a hashed dentry, and hashing it twice corrupts the hash chain`,
    fn: fn.id,
    op,
    entry: entryMethod(cx.analysis, from.origin),
    held: [],
    rcu: 'none',
    trace: [
      ...stepsTo(cx, from),
      step('access', fn, op, `d_add() hashes '${text}' whatever it was before`),
      step(
        'other-side',
        fn,
        op,
        'an earlier lookup hashed the dentry as negative: it is on its hash chain already',
        1,
      ),
    ],
    objectClass: 'dentry::d_hash',
    fix: { kind: 'add-once', fn: fn.id, op },
  };
}

// ---- hashed as proof of life

/** Code that takes a hashed dentry as proof. */
interface Proof {
  readonly fn: FunctionRef;
  readonly op: number;
  /** Where the pointer that is taken to be alive is kept: `configfs_dirent::s_element`. */
  readonly owner: string;
}

function hashedAndDead(cx: RuleContext): Draft[] {
  const out: Draft[] = [];
  const removing = new Mentions(REMOVES.keys());
  const proofs = new Map<string, Proof | null>();
  for (const fn of cx.functions) {
    if (!removing.in(fn)) continue;
    let proof = proofs.get(fn.unit);
    if (proof === undefined) {
      proof = proofIn(cx, fn.unit);
      proofs.set(fn.unit, proof);
    }
    if (proof === null) {
      cx.silence?.(
        ID,
        fn,
        -1,
        'nothing in this directory takes a hashed dentry as proof that what d_fsdata leads to is alive',
      );
      continue;
    }
    for (const [op, left] of leftHashed(cx, fn)) out.push(dead(cx, fn, op, left, proof));
  }
  return out;
}

function proofIn(cx: RuleContext, unit: string): Proof | null {
  const asking = new Mentions(['d_unhashed', 'd_unlinked']);
  const data = new Mentions(['d_fsdata']);
  for (const fn of cx.all) {
    if (fn.unit !== unit || fn.isMacro || !asking.in(fn) || !data.in(fn)) continue;
    const proof = proofOf(cx, fn);
    if (proof !== null) return proof;
  }
  return null;
}

/** A counted reference that is taken, for a hashed dentry under its d_lock, on something that its d_fsdata leads to. */
function proofOf(cx: RuleContext, fn: FunctionRef): Proof | null {
  let found: Proof | null = null;
  const takers = new Set(
    (cx.analysis.results[fn.id]?.edges ?? []).filter((e) => takesReference(cx, e.callee)).map((e) => e.op),
  );
  everywhere(cx, fn, (run, op, s) => {
    const name = calledName(fn, op);
    if (found !== null || name === '') return undefined;
    if (!s.locks.some((l) => l.class === 'dentry::d_lock')) return 0;
    if (name === 'd_unhashed' || name === 'd_unlinked') return 1;
    if (s.trail !== 1 || (!takers.has(op) && !gets(cx, name))) return undefined;
    for (const value of argumentsOf(run, op, s))
      if (isThroughFsdata(run, value)) found = { fn, op, owner: run.ev.ownerOf(value) };
    return undefined;
  });
  return found;
}

/** A helper that counts up without asking whether the object is alive. */
function gets(cx: RuleContext, name: string): boolean {
  return cx.analysis.model.helpers.get(name)?.references?.some((r) => r.action === 'get') === true;
}

/** Whether a function takes a reference, itself or through what it calls. */
function takesReference(cx: RuleContext, id: number): boolean {
  const seen = new Set([id]);
  for (const at of seen) {
    const fn = cx.analysis.program.functions[at];
    const count = fn === undefined ? 0 : fnColumn(fn.file, fn.index, Fn.OpCount);
    for (let op = 0; op < count; op++) if (gets(cx, calledName(fn as FunctionRef, op))) return true;
    for (const e of cx.analysis.results[at]?.edges ?? [])
      if (e.context === 'now' && seen.size < MAX_CALLEES) seen.add(e.callee);
  }
  return false;
}

/** `dentry->d_fsdata->element`: loaded from what d_fsdata points at. */
function isThroughFsdata(run: FunctionRun, value: number): boolean {
  const { terms } = run;
  let at = value;
  for (let hops = 0; hops < 20; hops++) {
    const kind = terms.kind(at);
    if (kind !== T.Load && kind !== T.FieldP && kind !== T.FieldL && kind !== T.Addr) return false;
    if (kind === T.Load && at !== value && terms.lastField(at) === 'd_fsdata') return true;
    at = terms.a(at);
  }
  return false;
}

/** Removals of a name that is unhashed on no path of them. */
function leftHashed(
  cx: RuleContext,
  fn: FunctionRef,
): ReadonlyMap<number, { readonly text: string; readonly what: string }> {
  const out = new Map<number, { text: string; what: string }>();
  const unhashed = new Set<number>();
  // In ->rmdir() and ->unlink() themselves the VFS unhashes what they were given
  const own = new Set<number>();
  const propagation = cx.analysis.propagation;
  for (const o of propagation?.origins ?? [])
    if (o.function === fn.id && (o.method === 'rmdir' || o.method === 'unlink')) own.add(1);
  everywhere(cx, fn, (run: FunctionRun, op: number, s: State) => {
    const name = calledName(fn, op);
    if (UNHASHES.has(name)) {
      if (s.trail > 1) unhashed.add(s.trail - 2);
      return 1;
    }
    const position = REMOVES.get(name);
    if (position === undefined) return undefined;
    const dentry = argumentsOf(run, op, s)[position] ?? run.terms.unknown;
    if (run.terms.kind(dentry) === T.Param && own.has(run.terms.a(dentry))) {
      cx.silence?.(ID, fn, op, 'the VFS unhashes what ->rmdir() and ->unlink() were given');
      return undefined;
    }
    if (s.trail === 1) {
      unhashed.add(op);
      return undefined;
    }
    out.set(op, { text: run.showPlace(dentry), what: name });
    return op + 2;
  });
  for (const op of unhashed) {
    out.delete(op);
    cx.silence?.(ID, fn, op, 'a dentry is unhashed before or after it, on some path');
  }
  return out;
}

function dead(
  cx: RuleContext,
  fn: FunctionRef,
  op: number,
  left: { readonly text: string; readonly what: string },
  proof: Proof,
): Draft {
  const entry = cx.analysis.propagation?.entries[fn.id]?.[0];
  return {
    rule: ID,
    precision: 'high',
    certainty: 'must',
    message: `'${left.text}' is removed by '${left.what}()' and stays hashed, and ${proof.fn.name}() (line ${lineOf(proof.fn, proof.op)}) takes a hashed dentry as proof that '${proof.owner}' is alive; unhash it before the object is dropped`,
    fn: fn.id,
    op,
    entry: entryMethod(cx.analysis, cx.analysis.propagation?.origins[entry?.origins[0] ?? -1]),
    held: [],
    rcu: 'none',
    trace: [
      step(
        'access',
        fn,
        op,
        `'${left.what}()' removes the name and does not unhash it; the object behind it is dropped next`,
      ),
      step(
        'other-side',
        proof.fn,
        proof.op,
        'finds the dentry hashed and takes a reference on an object that may be gone',
        1,
      ),
    ],
    objectClass: proof.owner,
  };
}
