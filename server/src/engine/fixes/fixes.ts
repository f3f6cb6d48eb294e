/**
 * From what a rule found to quick fixes. A rule says what has to be done (`FixHint`); here it becomes edits of the text
 * that people see, or nothing where the edit would not be right. One module a kind of fix; each looks at the text, the
 * tree and the states once more before it offers anything.
 */
import type { Fix } from '../base/finding.js';
import type { Analysis } from '../contexts/analysis.js';
import type { FunctionRef } from '../program/program.js';
import { type Draft, offsetsOf } from '../rules/rule.js';
import { addOnce } from './add-once.js';
import { atomicAllocation } from './atomic-allocation.js';
import { bailOut } from './bail-out.js';
import { freeAfterGrace } from './free-after-grace.js';
import { giveEchild } from './give-echild.js';
import { inodeRcu } from './inode-rcu.js';
import { lockDirectory, lockField } from './lock-around.js';
import { lockedVariant } from './locked-variant.js';
import { pinParent } from './pin-parent.js';
import { snapshotFirst } from './snapshot-first.js';
import type { Source } from './source.js';
import { stableName } from './stable-name.js';
import { notDead, stillChild } from './still-there.js';
import { unlock } from './unlock.js';

/** What fixes are made from. */
export interface FixContext {
  readonly analysis: Analysis;
  /** Text and tree of a file; null where it is not at hand. */
  source(file: string): Source | null;
}

/** Where a fix is wanted. */
export interface Site {
  readonly fn: FunctionRef;
  readonly op: number;
  readonly start: number;
  readonly end: number;
  readonly source: Source;
}

/** The fixes of a finding. */
export function fixesOf(cx: FixContext, draft: Draft): readonly Fix[] {
  const hint = draft.fix;
  if (hint === undefined) return [];
  const fn = cx.analysis.program.functions[hint.fn];
  // A macro's body has no text of its own
  if (fn === undefined || fn.isMacro || hint.op < 0) return [];
  const source = cx.source(fn.file.path);
  if (source === null) return [];
  const site: Site = { fn, op: hint.op, ...offsetsOf(fn, hint.op), source };
  const fix = ((): Fix | null => {
    switch (hint.kind) {
      case 'free-after-grace':
        return freeAfterGrace(cx, site, hint.struct);
      case 'inode-rcu':
        return inodeRcu(cx, site, hint.tested, draft.entry);
      case 'bail-out':
        return bailOut(cx, site, `${hint.struct}::${hint.method}`);
      case 'unlock':
        return unlock(cx, site, hint.acquireOp);
      case 'atomic-allocation':
        return atomicAllocation(cx, site);
      case 'pin-parent':
        return pinParent(cx, site);
      case 'stable-name':
        return stableName(site, hint.copies);
      case 'still-child':
        return stillChild(cx, site, hint.locked, hint.position);
      case 'not-dead':
        return notDead(cx, site, hint.locked, hint.again);
      case 'snapshot-first':
        return snapshotFirst(site, hint.dropped);
      case 'locked-variant':
        return lockedVariant(cx, site, hint.class);
      case 'lock-directory':
        return lockDirectory(cx, site, hint.shared);
      case 'lock-field':
        return lockField(site, hint.lock);
      case 'give-echild':
        return giveEchild(cx, site, `${hint.struct}::${hint.method}`);
      case 'add-once':
        return addOnce(site);
    }
  })();
  return fix === null ? [] : [fix];
}
