/**
 * Context annotations on a definition, read as what its callers bring. They say which lock in C; here it gets its place.
 */
import { Fn } from '../facts/encode.js';
import { readList } from '../program/program.js';
import { fnColumn } from './cfg.js';
import type { FunctionRun } from './flow.js';
import { Lock } from './state.js';
import { T } from './terms.js';

/** An annotation of a definition: its word, what stands in it, and the lock that this is, where it can be told. */
interface Annotated {
  readonly word: string;
  readonly text: string;
  readonly lock: Lock | null;
}

/** What stands in the annotations of a function that are asked for, in their order. */
export function annotatedLocks(run: FunctionRun, asked: (word: string) => boolean): readonly Annotated[] {
  const { file, index } = run.fn;
  const list = readList(file, fnColumn(file, index, Fn.Annotations));
  const out: Annotated[] = [];
  for (let i = 0; i + 1 < list.length; i += 2) {
    const word = file.strings[list[i] as number] ?? '';
    if (!asked(word)) continue;
    const text = (file.strings[list[i + 1] as number] ?? '').trim().replace(/^&/, '');
    out.push({ word, text, lock: lockOf(run, text, word.endsWith('_shared')) });
  }
  return out;
}

/** `__must_hold(&f->lock)` and `__releases(...)` on the definition: what callers bring. */
export function readAnnotations(run: FunctionRun, asserted: Lock[]): void {
  for (const { lock } of annotatedLocks(run, (word) => word === '__must_hold' || word === '__releases'))
    if (lock !== null && !asserted.some((l) => l.place === lock.place)) asserted.push(lock);
}

/** The lock that a member of a parameter is; null where it is none, or no such member. */
function lockOf(run: FunctionRun, text: string, shared: boolean): Lock | null {
  const params = Array.from({ length: run.graph.parameterCount }, (_, p) => run.ev.variableName(p));
  const parts = /^(\w+)((?:(?:->|\.)\w+)+)$/.exec(text);
  const at = parts === null ? -1 : params.indexOf(parts[1] as string);
  if (parts === null || at < 0) return null;
  let place = run.terms.derefL(run.terms.param(at));
  let owner = run.ev.variableType(at)?.base ?? '';
  let type = '';
  for (const hop of (parts[2] as string).matchAll(/(->|\.)(\w+)/g)) {
    const field = hop[2] as string;
    place =
      hop[1] === '.' || run.terms.kind(place) === T.DerefL
        ? run.terms.fieldL(place, run.terms.name(field))
        : run.terms.fieldP(run.terms.load(place), run.terms.name(field));
    if (owner !== '') run.ev.owners.set(place, owner);
    type = run.shared.program.field(owner, field, run.fn.file)?.base ?? '';
    owner = type;
  }
  const kind =
    type === 'spinlock_t'
      ? 'spin'
      : type === 'struct mutex'
        ? 'mutex'
        : type === 'struct rw_semaphore'
          ? 'rwsem'
          : type === 'rwlock_t'
            ? 'rwlock'
            : null;
  return kind === null ? null : new Lock(place, run.ev.classOf(place), kind, shared, false);
}
