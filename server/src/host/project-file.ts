/**
 * `.lockwalk.json` at the root of a kernel tree: settings for everybody who works on it. What is wrong with it is said with its
 * line, and what is right holds all the same. Never throws. Must not know whom the settings are for.
 */
import { join } from 'node:path';
import { type GivenSettings, readGiven, SETTINGS, type SettingSchema } from './settings.js';
import { readTextFile } from './text-file.js';

export const PROJECT_FILE = '.lockwalk.json';

/** Something that is wrong in the file; 1-based, column in UTF-16 units. */
export interface ProjectProblem {
  readonly line: number;
  readonly column: number;
  /** A sentence without a full stop. */
  readonly message: string;
}

/** What a tree's file says. */
export interface ProjectFile {
  readonly path: string;
  readonly settings: GivenSettings;
  readonly problems: readonly ProjectProblem[];
}

/** The settings that the file may hold. */
const PROJECT_SETTINGS: Readonly<Record<string, SettingSchema>> = Object.fromEntries(
  Object.entries<SettingSchema>(SETTINGS).filter(([, schema]) => schema.project === true),
);

/** Reads the file of a tree; null where there is none. `isRule`: whether a name is that of a rule or family. */
export function readProjectFile(root: string, isRule: (name: string) => boolean): ProjectFile | null {
  const path = join(root, PROJECT_FILE);
  const read = readTextFile(path);
  if (read.ok) return parseProjectFile(path, read.text, isRule);
  if (read.missing) return null;
  return { path, settings: {}, problems: [{ line: 1, column: 1, message: `the file ${read.reason}` }] };
}

/** The file's text as settings. */
export function parseProjectFile(path: string, text: string, isRule: (name: string) => boolean): ProjectFile {
  let raw: unknown;
  try {
    raw = JSON.parse(text);
  } catch (error) {
    return { path, settings: {}, problems: [{ ...placeOfError(text, error), message: wordError(error) }] };
  }
  if (typeof raw !== 'object' || raw === null || Array.isArray(raw)) {
    return {
      path,
      settings: {},
      problems: [{ line: 1, column: 1, message: 'the file holds no JSON object' }],
    };
  }
  const at = (key: string): { line: number; column: number } =>
    placeAt(text, Math.max(0, text.indexOf(JSON.stringify(key))));
  const { given, problems } = readGiven(raw, PROJECT_SETTINGS);
  const found: ProjectProblem[] = problems.map(({ key, text: message }) => ({ ...at(key), message }));
  for (const key of Object.keys(raw)) {
    if (key === '$schema' || Object.hasOwn(PROJECT_SETTINGS, key)) continue;
    const names = Object.keys(PROJECT_SETTINGS).join(', ');
    const why = Object.hasOwn(SETTINGS, key) ? 'is a setting of editors only' : 'is no setting';
    found.push({ ...at(key), message: `${key} ${why}; there are ${names}` });
  }
  for (const name of [...(given.rules ?? []), ...Object.keys(given.severity ?? {})]) {
    if (!isRule(name)) found.push({ ...at(name), message: `${name} is no rule or family` });
  }
  return { path, settings: given, problems: found.sort((a, b) => a.line - b.line || a.column - b.column) };
}

/** Where the parser stopped, as far as its words tell. */
function placeOfError(text: string, error: unknown): { line: number; column: number } {
  const said = /at position (\d+)/.exec(String(error))?.[1];
  return placeAt(
    text,
    said === undefined ? (/end of JSON input/.test(String(error)) ? text.length : 0) : Number(said),
  );
}

function wordError(error: unknown): string {
  const said = (error instanceof Error ? error.message : String(error))
    .replace(/ in JSON at position \d+.*$| at position \d+.*$/s, '')
    .replace(/ is not valid JSON$/, '')
    .replace(/\s+/g, ' ');
  return `the file is no valid JSON: ${said}`;
}

function placeAt(text: string, offset: number): { line: number; column: number } {
  const before = text.slice(0, offset);
  return { line: before.split('\n').length, column: offset - before.lastIndexOf('\n') };
}
