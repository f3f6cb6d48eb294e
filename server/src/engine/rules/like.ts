/**
 * What to say of a rule's name that means nothing: the names that are like it, else those of its family, else the families. Must not
 * know who asked, nor the rules.
 */
import { lettersApart } from '../base/spelling.js';

/** So many names are offered. */
const MOST_OFFERED = 3;

/** The end of a sentence that says that there is no such rule. */
export function namesLike(name: string, ids: readonly string[]): string {
  const near = ids
    .map((id) => ({ id, far: distance(name, id) }))
    .filter(({ far }) => far <= farthest(name))
    .sort((a, b) => a.far - b.far)
    .slice(0, MOST_OFFERED)
    .map(({ id }) => id);
  if (near.length > 0) return `did you mean ${near.join(' or ')}?`;
  const family = name.slice(0, name.indexOf('/') + 1);
  const kin = family === '' ? [] : ids.filter((id) => id.startsWith(family));
  if (kin.length > 0) return `there are ${kin.join(', ')}`;
  const families = [...new Set(ids.map((id) => id.slice(0, id.indexOf('/'))))];
  return `the families of rules are ${families.join(', ')}; \`lockwalk explain ${families[0]}\` lists the rules of one`;
}

function farthest(name: string): number {
  return Math.min(3, Math.floor(name.length / 4));
}

/** Letters to change, add or leave out between a name and an id, or the part of the id behind its family. */
function distance(name: string, id: string): number {
  const bare = id.slice(id.indexOf('/') + 1);
  return Math.min(
    lettersApart(name, id),
    name.includes('/') ? lettersApart(name.slice(name.indexOf('/') + 1), bare) : lettersApart(name, bare),
  );
}
