/**
 * How one statement of the model stands against one statement of the tree, and when a disagreement counts as explained.
 * Makes plain data; must not know where either side was read.
 */
import type { Comparison, VerifySource } from '../door.js';

/** What an entry of the model gives for any comparison. */
export interface Judged {
  /** `inode_operations.create`, `d_drop`. */
  readonly name: string;
  readonly proof: readonly string[];
  readonly disagreement?: string;
}

/** What is held against the entry. */
export interface Claim {
  readonly source: VerifySource;
  /** What is spoken of: the name of a lock, `may block`, `parameters`. An explanation has to name it. */
  readonly aspect: string;
  /** What the tree says, in words. */
  readonly tree: string;
  readonly file: string;
  readonly line: number;
}

/** A comparison that was made; an explanation in the entry counts only for the aspect that it names. */
export function judge(entry: Judged, claim: Claim, model: string, agrees: boolean): Comparison {
  const why = entry.disagreement;
  const explained = !agrees && why?.includes(claim.aspect) === true;
  return {
    ...claim,
    name: entry.name,
    model,
    proof: entry.proof,
    verdict: agrees ? 'agree' : explained ? 'explained' : 'disagree',
    reason: explained ? (why ?? '') : '',
  };
}

/** A comparison that could not be made, and why. */
export function notCompared(entry: Judged, claim: Claim, reason: string): Comparison {
  return { ...claim, name: entry.name, model: '', proof: entry.proof, verdict: 'not-compared', reason };
}

/** The last field of a path, or the name of a global: `dir->i_rwsem` is `i_rwsem`, `@rename_lock` is `rename_lock`. */
export function lastField(path: string): string {
  return /(\w+)\s*$/.exec(path)?.[1] ?? path;
}
