/**
 * `lockwalk field` and `lockwalk drop`: the two questions of a reviewer, as text or JSON. Exit code 0 for an answer, 2 for what there is
 * none of, with names that are near.
 */
import { dropLines } from '../engine/views/drop-text.js';
import { FIELD_TEXT, fieldLines, type TextLine } from '../engine/views/field-text.js';
import { type AskOptions, ask } from './ask.js';
import { expandTabs } from './format/code-frame.js';
import { lineReader } from './lines.js';
import { fileInTree, findTarget, pathInTree, type TreeOptions } from './target.js';
import { type Paint, paintFor, writeOut } from './terminal.js';
import { EXIT, UsageError } from './usage-error.js';

/** Options of both commands. */
export interface FieldOptions extends TreeOptions, AskOptions {
  readonly format: 'text' | 'json';
  readonly color: boolean;
  /** Nothing is left out of the text. */
  readonly all?: boolean;
}

const EVERYTHING = Number.MAX_SAFE_INTEGER;

/** Who reads and writes a member. */
export async function field(
  name: string,
  typed: readonly string[],
  options: FieldOptions,
  signal: AbortSignal,
): Promise<number> {
  const match = /^(?:struct\s+)?([A-Za-z_]\w*)(?:::|\.|->)([A-Za-z_]\w*)$/.exec(name.trim());
  if (match === null)
    throw new UsageError(`${name}: expected STRUCT::MEMBER, such as fuse_inode::attr_version`);
  const target = findTarget(options, options.kernel === undefined ? typed : []);
  const paths = [...new Set(typed.map((path) => pathInTree(target, path)))];
  const query = { struct: match[1] as string, member: match[2] as string, paths };
  const result = await ask(target, options, (engine, progress) => engine.field(query, signal, progress));
  if (!result.ok) throw new UsageError(result.problem);
  const shown =
    options.all === true
      ? { exceptions: EVERYTHING, perFunction: EVERYTHING, functions: EVERYTHING }
      : FIELD_TEXT;
  const lines = (): readonly TextLine[] => fieldLines(result.answer, lineReader(target.tree), shown);
  await write(options, result.answer, lines);
  return EXIT.clean;
}

/** What relies on a lock that is dropped. */
export async function drop(where: string, options: FieldOptions, signal: AbortSignal): Promise<number> {
  const place = /^(.+?):(\d+)$/.exec(where);
  if (place?.[1] === undefined || Number(place[2]) < 1)
    throw new UsageError(`${where}: expected FILE:LINE, lines count from 1`);
  const target = findTarget(options, options.kernel === undefined ? [place[1]] : []);
  const query = { file: fileInTree(target, place[1]), line: Number(place[2]) };
  const result = await ask(target, options, (engine) => engine.drop(query, signal));
  if (!result.ok) throw new UsageError(result.problem);
  await write(options, result.answer, () =>
    dropLines(result.answer, lineReader(target.tree), options.all === true),
  );
  return EXIT.clean;
}

function write(options: FieldOptions, answer: unknown, lines: () => readonly TextLine[]): Promise<void> {
  if (options.format === 'json') return writeOut(`${JSON.stringify(answer, null, 2)}\n`);
  const paint = paintFor(options.color);
  return writeOut(
    `${lines()
      .map((line) => painted(line, paint))
      .join('\n')}\n`,
  );
}

function painted(line: TextLine, paint: Paint): string {
  return line
    .map(({ text, tone }) => {
      const shown = expandTabs(text);
      switch (tone) {
        case 'plain':
          return shown;
        case 'strong':
          return paint.strong(shown);
        case 'dim':
          return paint.dim(shown);
        case 'warn':
          return paint.severity('warning', shown);
        case 'place':
          return paint.place(shown);
        default:
          return tone satisfies never;
      }
    })
    .join('')
    .trimEnd();
}
