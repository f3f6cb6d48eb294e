/**
 * Kernel versions as the model needs them: `6.12` and `6.12.117` are read, compared by number, and matched against the
 * `since`/`until` of an entry. Knows nothing of which versions are supported; that is decided where the model is built.
 */
import type { Versions } from './types.js';

/** The numbers of a version, most significant first: `6.12.117` is [6, 12, 117]. */
export type VersionNumbers = readonly [major: number, minor: number, patch: number];

const SHAPE = /^v?(\d{1,6})\.(\d{1,6})(?:\.(\d{1,9}))?(?:[-+._~].*)?$/;

/** Reads `6.12`, `6.12.117`, `v7.2-rc3`, `6.12.0-amd64`; null where the text is no version. */
export function parseVersion(text: string): VersionNumbers | null {
  const match = SHAPE.exec(text.trim());
  if (match === null) return null;
  return [Number(match[1]), Number(match[2]), match[3] === undefined ? 0 : Number(match[3])];
}

/** Negative, zero or positive, as for sorting; a text that is no version sorts before all that are. */
export function compareVersions(a: string, b: string): number {
  const left = parseVersion(a);
  const right = parseVersion(b);
  if (left === null || right === null) return (left === null ? 0 : 1) - (right === null ? 0 : 1);
  return left[0] - right[0] || left[1] - right[1] || left[2] - right[2];
}

/** `major.minor` of a version, the grain in which the model's entries speak; null where the text is no version. */
export function majorMinor(text: string): string | null {
  const numbers = parseVersion(text);
  return numbers === null ? null : `${numbers[0]}.${numbers[1]}`;
}

/** True if an entry with these bounds speaks of this version. Stable releases count as their `major.minor`. */
export function applies(versions: Versions | undefined, version: string): boolean {
  if (versions === undefined) return true;
  const at = majorMinor(version) ?? version;
  if (versions.since !== undefined && compareVersions(at, versions.since) < 0) return false;
  return versions.until === undefined || compareVersions(at, versions.until) < 0;
}
