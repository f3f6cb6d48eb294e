/**
 * rename/double-move: one of the two moves the dentry, the VFS or the filesystem. With FS_RENAME_DOES_D_MOVE the VFS leaves it to
 * ->rename(), which then has to do it wherever it succeeds; without the flag the VFS does it, and a second move undoes the first.
 * Other dentries that a rename moves, as a silly rename does, are nobody's business.
 */
import type { TraceStep } from '../../base/finding.js';
import { calledName } from '../../contexts/cfg.js';
import type { Origin } from '../../contexts/entry-points.js';
import { ZERO } from '../../contexts/known.js';
import { columnAt, lineAt } from '../../facts/encode.js';
import type { FunctionRef } from '../../program/program.js';
import {
  type Declared,
  declaredIn,
  type FromMember,
  Mover,
  type Moves,
  movedFromMembers,
  type Site,
  type WayOut,
} from '../moves.js';
import {
  type Draft,
  entryMethod,
  lineOf,
  originStep,
  type Rule,
  type RuleContext,
  step,
  WIDENED,
} from '../rule.js';

const ID = 'rename/double-move';

/** The rule. */
export const doubleMove: Rule = {
  info: {
    id: ID,
    summary: 'A rename moves its dentry although the VFS does, or does not although the VFS leaves it to it.',
    law: 'A rename calls d_move() or d_exchange() exactly where the filesystem type says FS_RENAME_DOES_D_MOVE, and then wherever it succeeds.',
    severity: 'error',
    precision: 'high',
    onByDefault: true,
    fixable: false,
  },
  check(cx) {
    const out: Draft[] = [];
    for (const [unit, origins] of renamesByUnit(cx)) {
      const declared = declaredIn(cx, unit);
      if (declared.mover === 'unknown') {
        for (const o of origins) cx.silence?.(ID, functionOf(cx, o), -1, declared.why);
        continue;
      }
      let members: readonly FromMember[] | null = null;
      const asked = new Mover(cx, new Set());
      for (const origin of origins) {
        const fn = functionOf(cx, origin);
        members ??= movedFromMembers(cx, unit);
        // Nothing here moves anything, as the VFS wants it
        if (declared.mover === 'vfs' && members.length === 0 && !asked.calls(fn.id)) continue;
        const mover = new Mover(cx, new Set(members.map((m) => m.member)));
        const entries = (cx.analysis.propagation?.entries[fn.id] ?? []).filter((e) =>
          e.origins.some((o) => isRename(cx.analysis.propagation?.origins[o])),
        );
        const params = cx.analysis.model.methods.get('inode_operations::rename')?.params ?? [];
        const moves = mover.of(fn, params.indexOf('old_dentry'), params.indexOf('new_dentry'), entries);
        const found: Found = { cx, origin, fn, declared, moves, calls: mover.calls(fn.id) };
        out.push(...movedTwice(found));
        if (declared.mover === 'vfs') out.push(...movedHere(found, members));
        else out.push(...notMoved(found));
      }
    }
    return out;
  },
};

/** What is known of one rename. */
interface Found {
  readonly cx: RuleContext;
  readonly origin: Origin;
  readonly fn: FunctionRef;
  readonly declared: Declared;
  readonly moves: Moves;
  /** It calls what moves something, itself or through others. */
  readonly calls: boolean;
}

function isRename(o: Origin | undefined): boolean {
  return o !== undefined && o.struct === 'inode_operations' && o.method === 'rename';
}

function functionOf(cx: RuleContext, origin: Origin): FunctionRef {
  return cx.analysis.program.functions[origin.function] as FunctionRef;
}

/** The renames of each directory that is looked at, each once. */
function renamesByUnit(cx: RuleContext): ReadonlyMap<string, readonly Origin[]> {
  const inScope = new Set(cx.unit.map((f) => f.id));
  const out = new Map<string, Origin[]>();
  const seen = new Set<number>();
  for (const origin of cx.analysis.propagation?.origins ?? []) {
    if (!isRename(origin) || seen.has(origin.function) || !inScope.has(origin.function)) continue;
    seen.add(origin.function);
    const { unit } = functionOf(cx, origin);
    const list = out.get(unit);
    if (list === undefined) out.set(unit, [origin]);
    else list.push(origin);
  }
  return out;
}

// ---- the VFS moves

/** Moves on ways out on which the rename may have succeeded: the VFS moves after them. */
function movedHere(found: Found, members: readonly FromMember[]): readonly Draft[] {
  const { cx, moves } = found;
  const sites = new Map<string, { site: Site; out: WayOut }>();
  for (const out of moves.outs) {
    if (out.site === null) continue;
    if ((out.mask & ZERO) === 0) {
      cx.silence?.(
        ID,
        out.site.fn,
        out.site.op,
        'moved only where the rename fails: the VFS does not move then',
      );
      continue;
    }
    sites.set(`${out.site.fn.id},${out.site.op}`, { site: out.site, out });
  }
  const moved = ({ site, out }: { site: Site; out: WayOut | null }, precision: Draft['precision']): Draft => {
    const name = calledName(site.fn, site.op);
    return draft(found, site, {
      precision,
      message: `'${name}()' moves the dentry in ->rename(), and the VFS moves it once more: ${noFlag(found)}`,
      does: `'${name}()' moves the dentry`,
      after: [
        ...(out === null ? [] : [step('access', out.fn, out.op, 'and the rename succeeds')]),
        ...typeSteps(
          found,
          'without FS_RENAME_DOES_D_MOVE the VFS moves it after ->rename(): the second move undoes the first',
        ),
      ],
    });
  };
  const drafts = [...sites.values()].map((at) => moved(at, 'high'));
  if (drafts.length > 0) return drafts;
  // No way out tells what had been done before it: one move is not undone, of several one may undo the other
  if (moves.outs.every((o) => o.site === null))
    for (const site of moves.sites)
      drafts.push(moved({ site, out: null }, moves.sites.length === 1 ? 'high' : 'medium'));
  if (drafts.length > 0) return drafts;
  for (const { member, at } of moves.handedOver) {
    const m = members.find((x) => x.member === member);
    if (m === undefined) continue;
    const name = calledName(m.fn, m.op);
    drafts.push(
      draft(found, m, {
        precision: 'medium',
        message: `'${name}()' moves the dentry that ->rename() stored in '${member}' (line ${lineOf(at.fn, at.op)}), and the VFS moves it once more: ${noFlag(found)}`,
        does: `'${name}()' moves what stands in '${member}'`,
        after: typeSteps(
          found,
          'without FS_RENAME_DOES_D_MOVE the VFS moves it after ->rename(): the second move undoes the first',
        ),
        before: [step('access', at.fn, at.op, `stores the dentry in '${member}'`)],
      }),
    );
  }
  return drafts;
}

function noFlag(found: Found): string {
  const tables = found.declared.slots.map((s) => `'${s.table}'`);
  return tables.length === 1
    ? `${tables[0]} does not have FS_RENAME_DOES_D_MOVE`
    : `none of ${tables.join(', ')} has FS_RENAME_DOES_D_MOVE`;
}

// ---- the filesystem moves

/** Ways out on which the rename succeeded and nothing was moved. */
function notMoved(found: Found): readonly Draft[] {
  const { cx, fn, moves } = found;
  const message =
    'returns 0 from ->rename() without having moved the dentry: with FS_RENAME_DOES_D_MOVE nobody else does';
  if (moves.handedOver.length > 0) {
    const { member, at } = moves.handedOver[0] as Moves['handedOver'][number];
    cx.silence?.(ID, at.fn, at.op, `the dentry is stored in '${member}', and others move what stands there`);
    return [];
  }
  // Where nothing that it calls moves anything, no path can
  if (found.calls && cx.analysis.results[fn.id]?.widened !== false) {
    cx.silence?.(ID, fn, -1, WIDENED);
    return [];
  }
  const succeeding = moves.outs.filter((o) => (o.mask & ZERO) !== 0);
  const never = succeeding.every((o) => o.moved === 'no' && o.excused === '');
  const at = new Map<string, Draft>();
  for (const o of succeeding) {
    if (o.excused !== '') {
      cx.silence?.(ID, o.fn, o.op, o.excused);
      continue;
    }
    if (o.moved === 'perhaps')
      cx.silence?.(ID, o.fn, o.op, 'something that is not known in full may have moved the dentry');
    if (o.moved !== 'no') continue;
    if (o.mask !== ZERO && !never) {
      cx.silence?.(ID, o.fn, o.op, 'nothing is moved on this way, but that it returns 0 is not certain');
      continue;
    }
    const calls: TraceStep[] = [];
    let last = o;
    while (last.inner !== null) {
      const { call, out } = last.inner;
      calls.push(step('call', call.fn, call.op, `calls ${out.fn.name}()`));
      last = out;
    }
    const key = `${last.fn.id},${last.op}`;
    if (at.has(key)) continue;
    at.set(
      key,
      draft(found, last, {
        precision: 'high',
        message: `'${last.fn.name}()' ${message}`,
        does: 'the rename has succeeded, and the dentry stands where it was',
        before: calls,
        after: typeSteps(
          found,
          'with FS_RENAME_DOES_D_MOVE the VFS does not move it: a path walk goes on finding the old name',
        ),
        certainty: never ? 'must' : 'may',
      }),
    );
  }
  // One that never moves says it once
  return never ? [...at.values()].slice(0, 1) : [...at.values()];
}

// ---- both

/** Second moves of the dentry to the same place. */
function movedTwice(found: Found): readonly Draft[] {
  return found.moves.again.map(({ first, second }) => {
    const name = calledName(second.fn, second.op);
    return draft(found, second, {
      precision: 'high',
      message: `'${name}()' moves the dentry a second time, after '${calledName(first.fn, first.op)}()' on line ${lineOf(first.fn, first.op)}: the second move undoes the first`,
      does: 'moves it again: the two names trade places once more',
      before: [step('access', first.fn, first.op, 'moves the dentry')],
      after: [],
    });
  });
}

interface Said {
  readonly precision: Draft['precision'];
  readonly message: string;
  readonly does: string;
  readonly before?: readonly TraceStep[];
  readonly after: readonly TraceStep[];
  readonly certainty?: Draft['certainty'];
}

function draft(found: Found, site: Site, said: Said): Draft {
  const { cx, origin } = found;
  return {
    rule: ID,
    precision: said.precision,
    certainty: said.certainty ?? 'may',
    message: said.message,
    fn: site.fn.id,
    op: site.op,
    entry: entryMethod(cx.analysis, origin),
    held: [],
    rcu: 'none',
    trace: [
      originStep(cx, origin),
      ...(said.before ?? []),
      step('access', site.fn, site.op, said.does),
      ...said.after,
    ],
    objectClass: 'dentry::d_parent',
  };
}

/** The filesystem types, on the other side. */
function typeSteps(found: Found, message: string): readonly TraceStep[] {
  return found.declared.slots.map(({ file, position, table }) => ({
    kind: 'other-side',
    file: file.path,
    line: lineAt(file.lineStarts, position),
    column: columnAt(file.lineStarts, position),
    message: `'${table}': ${message}`,
    side: 1,
  }));
}
