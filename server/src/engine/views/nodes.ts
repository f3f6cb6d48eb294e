/**
 * The trees beside the text as data: the methods of directories, and the contexts at a point. Must not know who draws them.
 */
import type { Place } from '../base/finding.js';
import type { NamedPlace } from '../base/hover.js';
import type { MethodRow, MethodTable, ShownNode, UnitMethods } from '../base/shown.js';
import { count, wordEntry, wordRcu, wordSleep } from '../findings/wording.js';
import type { HoverCard, HoverGroup, Reached } from './hover-card.js';
import { lockName, statesLine } from './state-lines.js';

/** Ways in that are listed for one state; the rest are counted. */
const MAX_REACHED = 20;

type HeldByGroup = HoverGroup['held'][number];

const PLAIN = { detail: '', findings: 0, at: null, open: false, children: [] } as const;

// ---- methods

/**
 * A directory with its tables and methods. `open`: shown with its tables. `openOnly`: not all files of the directory were looked
 * through for findings.
 */
export function methodsNode(
  unit: UnitMethods,
  { open, openOnly }: { readonly open: boolean; readonly openOnly: boolean },
): ShownNode {
  const notes = unit.skipped.map(
    ({ file, reason }): ShownNode => ({
      ...PLAIN,
      kind: 'unknown',
      label: `${file} skipped`,
      detail: reason,
    }),
  );
  const methods = unit.tables.reduce((sum, table) => sum + table.methods.length, 0);
  return {
    ...PLAIN,
    kind: 'unit',
    label: unit.unit,
    detail: words([
      count(methods, 'method'),
      openOnly
        ? `${findingWords(unit.findings) || 'no findings'} in open files`
        : findingWords(unit.findings),
    ]),
    findings: unit.findings ?? 0,
    open,
    children: [...notes, ...unit.tables.map(tableNode)],
  };
}

function tableNode(table: MethodTable): ShownNode {
  const file = table.at.file.slice(table.at.file.lastIndexOf('/') + 1);
  return {
    ...PLAIN,
    kind: 'table',
    label: table.table === '' ? table.struct : table.table,
    detail: words([`${table.struct}, ${file}`, findingWords(table.findings)]),
    findings: table.findings ?? 0,
    at: table.at,
    children: table.methods.map(methodNode),
  };
}

function methodNode(row: MethodRow): ShownNode {
  const direct = row.directCalls > 0 ? `also called directly (${count(row.directCalls, 'call')})` : '';
  const elsewhere = row.at === null;
  return {
    ...PLAIN,
    kind: elsewhere ? 'elsewhere' : 'method',
    label: row.method,
    detail: words([
      row.function,
      findingWords(row.findings),
      elsewhere ? 'not defined in this directory' : row.contexts.join(', or '),
      direct,
    ]),
    findings: row.findings ?? 0,
    at: row.at ?? row.slot,
  };
}

function findingWords(findings: number | null): string {
  return findings === null || findings === 0 ? '' : count(findings, 'finding');
}

function words(parts: readonly string[]): string {
  return parts.filter((part) => part !== '').join(' \u00b7 ');
}

// ---- contexts

/** The contexts at a point: what is not known first, then a node for each state, the strictest first. */
export function contextNodes(card: HoverCard): readonly ShownNode[] {
  const place = (line: number): Place => ({ file: card.file, line, column: 1 });
  const head: ShownNode = {
    ...PLAIN,
    kind: 'note',
    label: `${card.function}()`,
    detail: words([
      `line ${card.line}`,
      card.groups.length > 1 ? count(card.groups.length, 'state') : '',
      card.notBuilt ? 'not built in this configuration: as if it were' : '',
    ]),
    at: place(card.line),
  };
  const unknowns = card.unknowns.map(unknownNode);
  if (card.damaged) unknowns.unshift(unknownNode('the parser did not understand part of this function'));
  if (card.groups.length === 0) unknowns.unshift(unknownNode('no context was computed'));
  return [head, ...card.groups.map(groupNode), ...unknowns];
}

function unknownNode(sentence: string): ShownNode {
  return { ...PLAIN, kind: 'unknown', label: 'not known', detail: sentence };
}

function groupNode(group: HoverGroup): ShownNode {
  const locks = group.held.map((lock): ShownNode => {
    const taken = lock.acquiredAt === 'caller' ? null : { ...lock.acquiredAt, column: 1 };
    const [caller = null] = lock.takenBy;
    const name = lockName(lock);
    return {
      ...PLAIN,
      kind: 'lock',
      label: name,
      detail: words([
        `${lock.certainty === 'may' ? 'perhaps ' : ''}${lock.mode}`,
        takenWords(lock, taken),
        name === lock.class ? '' : lock.class,
      ]),
      at: taken ?? (caller === null ? null : placeOf(caller)),
    };
  });
  const more: ShownNode[] = [];
  // Of what the head of the group says, only what has more to it
  if (group.rcu !== 'none') more.push({ ...PLAIN, kind: 'rcu', label: wordRcu(group.rcu) });
  if (group.maySleep !== true) more.push({ ...PLAIN, kind: 'sleep', label: wordSleep(group) });
  const shown = group.reached.slice(0, MAX_REACHED).map(reachedNode);
  const hidden = group.reached.length - shown.length;
  if (hidden > 0) shown.push({ ...PLAIN, kind: 'path', label: `and ${hidden} more ways` });
  return {
    ...PLAIN,
    kind: 'state',
    label: statesLine([group]),
    open: true,
    children: [...locks, ...more, ...shown],
  };
}

function takenWords(lock: HeldByGroup, taken: Place | null): string {
  if (taken !== null) return `taken at line ${taken.line}`;
  const callers = [...new Set(lock.takenBy.map(({ name }) => `${name}()`))];
  return callers.length === 0 ? 'held by the caller' : `taken by ${callers.join(' or ')}`;
}

/** A way in leads to where it begins; the functions that it goes through stand below, each with its place. */
function reachedNode({ entry, via, path }: Reached): ShownNode {
  const through = via.filter((name) => name !== entry?.function);
  const [first] = path;
  const steps = path.map(
    (step): ShownNode => ({ ...PLAIN, kind: 'path', label: `${step.name}()`, at: placeOf(step) }),
  );
  return {
    ...PLAIN,
    kind: 'path',
    label: entry === null ? 'no known entry' : wordEntry(entry),
    detail: through.length === 0 ? '' : `through ${through.map((name) => `${name}()`).join(' \u2192 ')}`,
    at: first === undefined ? null : placeOf(first),
    children: steps.length > 1 ? steps : [],
  };
}

function placeOf({ file, line }: NamedPlace): Place {
  return { file, line, column: 1 };
}
