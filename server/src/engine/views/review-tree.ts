/**
 * The answers to a reviewer's questions as trees for an editor: what is exceptional first and open, the rest below. Pure arrangement; must
 * not know an editor.
 */
import type { Place } from '../base/finding.js';
import { push } from '../base/multimap.js';
import type {
  Changer,
  Drop,
  DropAnswer,
  FieldAccess,
  FieldAnswer,
  Relied,
  RelyingCaller,
} from '../base/review.js';
import { count } from '../findings/wording.js';
import { apartWords, byWriter, dropWords, isOfOne, lockWords, reliedWords } from './drop-text.js';
import { briefOf, guardWords, heldBrief, locksBrief, situationWords, whatOf } from './field-text.js';

/** One line of a tree. */
export interface TreeLine {
  readonly label: string;
  readonly description: string;
  readonly icon: 'warning' | 'question' | 'lock' | 'info' | '';
  readonly place: Place | null;
  readonly open: boolean;
  readonly children: readonly TreeLine[];
}

function node(label: string, more: Partial<TreeLine> = {}): TreeLine {
  return { label, description: '', icon: '', place: null, open: false, children: [], ...more };
}

/** The accesses to a member. */
export function fieldTree(answer: FieldAnswer): readonly TreeLine[] {
  const guard = answer.guard?.class ?? '';
  const exceptions = new Set(answer.exceptions);
  const out: TreeLine[] = [];
  const others = answer.others.map((o) =>
    node(o.class, {
      description: `${o.writes.held} of ${o.writes.of} writes, ${o.reads.held} of ${o.reads.of} reads`,
      icon: 'lock',
    }),
  );
  const documented =
    answer.documented === null
      ? []
      : [
          node('documented', {
            description: `${answer.documented.summary} (${answer.documented.proof.join(', ')})`,
            icon: 'info',
          }),
        ];
  out.push(
    node('Guard', {
      description: answer.verdict,
      icon: 'lock',
      place: answer.declared,
      children: [...documented, ...others],
    }),
  );
  if (answer.guard !== null || answer.exceptions.length > 0)
    out.push(
      node(`Exceptions (${answer.exceptions.length})`, {
        description:
          answer.exceptions.length === 0
            ? `none: ${guard} is held everywhere`
            : guard === ''
              ? 'writes with no lock at all'
              : `without ${guard}`,
        open: true,
        children: answer.exceptions.map((a) => exceptionLine(a, guard)),
      }),
    );
  if (answer.alone.length > 0)
    out.push(
      node(`Where nobody else sees the object (${answer.alone.length})`, {
        children: answer.alone.map((a) =>
          node(`${a.function}()`, { description: `${whatOf(a)}; ${a.why}`, place: a }),
        ),
      }),
    );
  const groups = new Map<string, FieldAccess[]>();
  for (const a of answer.accesses) push(groups, `${a.file} ${a.function}`, a);
  out.push(
    node(`By function (${groups.size})`, {
      description: count(answer.accesses.length, 'access').replace(/accesss$/, 'accesses'),
      children: [...groups.values()].map((list) => functionLine(list, guard, exceptions)),
    }),
  );
  if (answer.notes.length > 0)
    out.push(node('Not known', { icon: 'question', children: answer.notes.map((note) => node(note)) }));
  return out;
}

function exceptionLine(a: FieldAccess, guard: string): TreeLine {
  const isBad = a.guard === null || a.guard === 'not' || a.guard === 'sometimes' || a.guard === 'shared';
  return node(`${a.function}(): ${briefOf(a)}`, {
    description: `${fileOf(a)}:${a.line}  ${guardWords(a.guard, guard)}`,
    icon: isBad ? 'warning' : 'question',
    place: a,
    children: a.situations.map((s) => node(situationWords(s), { icon: s.held.length > 0 ? 'lock' : '' })),
  });
}

function functionLine(
  list: readonly FieldAccess[],
  guard: string,
  exceptions: ReadonlySet<FieldAccess>,
): TreeLine {
  const first = list[0] as FieldAccess;
  const bad = list.filter((a) => exceptions.has(a)).length;
  return node(`${first.function}()`, {
    description: `${fileOf(first)}${bad > 0 ? `, ${bad} of ${list.length} without the guard` : ''}`,
    place: first,
    children: list.map((a) =>
      node(`${a.line}: ${briefOf(a)}`, { description: heldBrief(a, guard), place: a }),
    ),
  });
}

function fileOf(place: { readonly file: string }): string {
  return place.file.slice(place.file.lastIndexOf('/') + 1);
}

/** What relies on the locks that a line drops. */
export function dropTree(answer: DropAnswer): readonly TreeLine[] {
  const at = (line: number): Place => ({ file: answer.file, line, column: 1 });
  if (answer.drops.length === 0)
    return [
      node('No lock is seen to be dropped on this line', {
        icon: 'info',
        open: true,
        children: answer.held.map((s) => node('held here', { description: situationWords(s), icon: 'lock' })),
      }),
      ...(answer.nearest.length === 0
        ? []
        : [
            node('Lines of the function that drop one', {
              open: true,
              children: answer.nearest.map((n) =>
                node(`line ${n.line}`, { description: n.what, place: at(n.line), icon: 'lock' }),
              ),
            }),
          ]),
    ];
  return [
    ...answer.drops.map((drop) => dropLine(drop, answer)),
    ...(answer.notes.length === 0
      ? []
      : [node('Not known', { icon: 'question', children: answer.notes.map((note) => node(note)) })]),
  ];
}

function dropLine(drop: Drop, answer: DropAnswer): TreeLine {
  const { relied, published, changers, callers } = drop;
  const values = relied.filter((r) => r.kind !== 'test');
  const tests = relied.filter((r) => r.kind === 'test');
  const children: TreeLine[] = [
    node('Still held', { description: locksBrief(drop.stillHeld), icon: 'lock' }),
    node(`Read under it, used after it (${values.length})`, {
      open: true,
      description: values.length === 0 ? 'nothing is seen' : '',
      children: values.map((r) => reliedLine(r, answer.file)),
    }),
  ];
  if (tests.length > 0)
    children.push(
      node(`Tested under it on the way here (${tests.length})`, {
        children: tests.map((r) => reliedLine(r, answer.file)),
      }),
    );
  if (published.length > 0)
    children.push(
      node(`Changed under it, seen by others from here on (${published.length})`, {
        children: published.map((p) =>
          node(p.text === '' ? p.member : p.text, {
            description: `line ${p.line}${p.by === '' ? '' : ` by ${p.by}()`}${p.name === '' ? '' : `; ${p.name} is in it and is used later`}`,
            place: { file: answer.file, line: p.line, column: 1 },
          }),
        ),
      }),
    );
  if (relied.some((r) => r.members.length > 0))
    children.push(
      node(`Who may change that meanwhile (${drop.changerCount})`, {
        open: true,
        children: byWriter(changers).map((list) => changerLine(list, drop.lock.class)),
      }),
    );
  if (callers.length > 0)
    children.push(
      node(
        `Callers that hold it across the call (${callers.filter((c) => c.holds !== 'not').length} of ${drop.callerCount})`,
        {
          open: true,
          children: callers.map(callerLine),
        },
      ),
    );
  for (const note of drop.notes) children.push(node(note, { icon: 'info' }));
  return node(dropWords(drop), { icon: 'lock', place: drop, open: true, children });
}

function reliedLine(r: Relied, file: string): TreeLine {
  const words = reliedWords(r);
  return node(words.what, {
    description: words.later,
    icon: words.isLoose ? 'warning' : '',
    place: { file, line: r.line, column: 1 },
    children: r.uses.map((u) =>
      node(`line ${u.line}`, { description: u.how, place: { file, line: u.line, column: 1 } }),
    ),
  });
}

/** The places at which one function changes one member in the same way. */
function changerLine(list: readonly Changer[], dropped: string): TreeLine {
  const c = list[0] as Changer;
  const isLetIn = c.lock === 'held' && c.keptOut === '' && isOfOne(c.member, dropped);
  const lines = list.map((one) => one.line).join(', ');
  return node(`${c.function}()`, {
    description: [`${fileOf(c)}:${lines}  ${c.member}`, lockWords(c, dropped), apartWords(c)]
      .filter((part) => part !== '')
      .join('; '),
    icon: isLetIn ? 'warning' : '',
    place: c,
    children: list.length === 1 ? [] : list.map((one) => node(`line ${one.line}`, { place: one })),
  });
}

function callerLine(c: RelyingCaller): TreeLine {
  const holds =
    c.holds === 'held' ? 'holds it' : c.holds === 'perhaps' ? 'perhaps holds it' : 'does not hold it';
  return node(`${c.function}()`, {
    description: `${fileOf(c)}:${c.line}  ${holds}`,
    icon: c.relied.some((r) => r.kind !== 'test') ? 'warning' : '',
    place: c,
    children: [
      ...c.relied.map((r) => reliedLine(r, c.file)),
      ...c.callers.filter((up) => up.holds !== 'not').map(callerLine),
    ],
  });
}
