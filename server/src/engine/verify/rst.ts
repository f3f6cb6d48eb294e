/**
 * Documentation/filesystems/locking.rst as data: for each operations structure its tables, what is said of blocking, and
 * the methods that have prototypes. Reads the text; must not know what any of it means for the model.
 */

/** One cell of a table. */
export interface Cell {
  /** Heading of the column, as it is written. */
  readonly column: string;
  readonly text: string;
}

/** What the document says of one method. */
export interface DocumentedMethod {
  readonly struct: string;
  readonly method: string;
  /** 1-based. */
  readonly line: number;
  readonly cells: readonly Cell[];
  /** What the words under `locking rules:` say of all methods of the structure; null where they say nothing. */
  readonly mayBlock: boolean | null;
}

interface Column {
  readonly name: string;
  readonly start: number;
}

const RULER = /^=+(?:\s+=+)+\s*$/;
/** How far before its column a word may begin. */
const SLOPPY = 2;

/** Reads the document; what does not look like a table of methods is passed over. */
export function readLockingRst(text: string): readonly DocumentedMethod[] {
  const lines = text.split('\n').map(expandTabs);
  const out: DocumentedMethod[] = [];
  for (let i = 0; i + 1 < lines.length; i++) {
    const title = (lines[i] as string).trim();
    if (!/^=+$/.test((lines[i + 1] as string).trim()) || !/^[a-z]\w*( operations)?$/.test(title)) continue;
    let end = i + 2;
    while (end + 1 < lines.length && !isTitle(lines, end)) end++;
    out.push(...readSection(title.split(' ')[0] as string, lines, i + 2, end));
    i = end - 1;
  }
  return out;
}

function isTitle(lines: readonly string[], at: number): boolean {
  return /^=+$/.test((lines[at + 1] as string).trim()) && /^\w[\w ]*$/.test(lines[at] as string);
}

function readSection(struct: string, lines: readonly string[], from: number, to: number): DocumentedMethod[] {
  const prototypes = new Map<string, number>();
  const rows: { method: string; line: number; cells: Cell[] }[] = [];
  let rules = '';
  for (let i = from; i < to; i++) {
    const line = lines[i] as string;
    const prototype = /^\s.*\(\s*\*\s*(\w+)\s*\)\s*\(/.exec(line);
    if (prototype !== null && rules === '') prototypes.set(prototype[1] as string, i + 1);
    if (/^locking rules:/.test(line)) {
      for (let j = i + 1; j < to && j < i + 4 && !RULER.test(lines[j] as string); j++)
        if (/^\s+\S|^called from/.test(lines[j] as string)) rules += ` ${(lines[j] as string).trim()}`;
      rules = rules === '' ? ' ' : rules;
    }
    if (!RULER.test(line)) continue;
    const columns = columnsOf(line, lines[i + 1] ?? '');
    let j = i + 3;
    for (; j < to && !RULER.test(lines[j] as string); j++) {
      const row = readRow(lines[j] as string, columns);
      if (row !== null) rows.push({ ...row, line: j + 1 });
    }
    i = j;
  }
  const known = new Set(rows.map((row) => row.method));
  if (rows.length === 0)
    for (const [method, line] of prototypes) if (!known.has(method)) rows.push({ method, line, cells: [] });
  return rows.map((row) => ({ struct, ...row, mayBlock: blocking(rules, row.method) }));
}

/** `all may block`, `All except a and b may block`; an exception by the notes of the table is left to the notes. */
function blocking(rules: string, method: string): boolean | null {
  if (/called from interrupts/.test(rules)) return false;
  const all = /\ball(?: except ([\w, ]+?))? may block/i.exec(rules);
  if (all === null) return null;
  return !(all[1] ?? '').split(/[\s,]+/).includes(method);
}

function columnsOf(ruler: string, heading: string): readonly Column[] {
  const starts = [...ruler.matchAll(/=+/g)].map((match) => match.index);
  const names = cut(heading, starts);
  return starts.map((start, i) => ({ start, name: names[i] ?? '' }));
}

function readRow(line: string, columns: readonly Column[]): { method: string; cells: Cell[] } | null {
  const parts = cut(
    line,
    columns.map((column) => column.start),
  );
  const method = /^(\w+):?$/.exec(parts[0] ?? '')?.[1];
  if (method === undefined) return null;
  return {
    method,
    cells: columns.slice(1).map((column, i) => ({ column: column.name, text: parts[i + 1] ?? '' })),
  };
}

/** Words by the column that they stand in; the first word is always the first column's. */
function cut(line: string, starts: readonly number[]): string[] {
  const parts = starts.map(() => '');
  let before = 0;
  let end = 0;
  for (const word of line.matchAll(/\S+/g)) {
    let at = 0;
    for (let c = 1; c < starts.length; c++) if (word.index >= (starts[c] as number) - SLOPPY) at = c;
    // Words with one space between belong together, wherever the column begins
    if (word.index - end === 1 && before > 0) at = before;
    parts[at] = parts[at] === '' ? word[0] : `${parts[at]} ${word[0]}`;
    before = at;
    end = word.index + word[0].length;
  }
  return parts;
}

function expandTabs(line: string): string {
  let out = '';
  for (const c of line) out += c === '\t' ? ' '.repeat(8 - (out.length % 8)) : c;
  return out;
}
