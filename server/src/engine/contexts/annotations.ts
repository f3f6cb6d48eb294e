/**
 * Context annotations on a definition, read as what its callers bring. They say which lock in C; here it gets its place.
 */
import { Fn } from '../facts/encode.js';
import { readList } from '../program/program.js';
import { fnColumn } from './cfg.js';
import type { FunctionRun } from './flow.js';
import { Lock } from './state.js';
import { T } from './terms.js';

/** `__must_hold(&f->lock)` and `__releases(...)` on the definition: what callers bring. */
export function readAnnotations(run: FunctionRun, asserted: Lock[]): void {
  const { file, index } = run.fn;
  const list = readList(file, fnColumn(file, index, Fn.Annotations));
  const params = Array.from({ length: run.graph.parameterCount }, (_, p) => run.ev.variableName(p));
  for (let i = 0; i + 1 < list.length; i += 2) {
    const name = file.strings[list[i] as number] ?? '';
    if (name !== '__must_hold' && name !== '__releases') continue;
    const text = (file.strings[list[i + 1] as number] ?? '').trim().replace(/^&/, '');
    const parts = /^(\w+)((?:(?:->|\.)\w+)+)$/.exec(text);
    const at = parts === null ? -1 : params.indexOf(parts[1] as string);
    if (parts === null || at < 0) continue;
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
      type = run.shared.program.field(owner, field, file)?.base ?? '';
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
    if (kind === null || asserted.some((l) => l.place === place)) continue;
    asserted.push(new Lock(place, run.ev.classOf(place), kind, false, false));
  }
}
