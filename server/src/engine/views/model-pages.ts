/**
 * The model as pages of Markdown: a page a method, an index by structure, life cycles and lock order as diagrams, helpers
 * as tables. The words of a contract are those of the hover (`contract.ts`). Gives texts by path and writes nothing; must
 * not know where they end up.
 */
import { HELPER_AREAS } from '../model/areas.js';
import { applies, MODEL_DATA, SUPPORTED_VERSIONS } from '../model/index.js';
import type {
  HelperEntry,
  LifeCycle,
  LockOrderEntry,
  MethodEntry,
  OrderedLock,
  Versions,
} from '../model/types.js';
import { contractText, helperEffects, helperSleeps, lockText, sleepText } from './contract.js';

/** What stands at the top of every page, for those who would edit it. */
const MADE = '<!-- Made by `npm run model-pages` from server/src/engine/model; edit there. -->';

const OLDEST = SUPPORTED_VERSIONS[0] ?? '';
const NEWEST = SUPPORTED_VERSIONS[SUPPORTED_VERSIONS.length - 1] ?? '';

/** The pages, by path below the folder of the pages. */
export function modelPages(): ReadonlyMap<string, string> {
  const pages = new Map<string, string>();
  const put = (path: string, parts: readonly string[]): void => {
    pages.set(path, `${[MADE, ...parts].join('\n\n')}\n`);
  };
  put('README.md', indexPage());
  put('versions.md', versionsPage());
  put('life-cycles.md', [
    '# Life cycles',
    'What an object goes through from its making to the end of its memory, and which function or event makes each step. Steps ' +
      'with a version in brackets are there in those versions only. The last table of each object says what keeps its fields from ' +
      'changing; each entry of a list is enough by itself.',
    ...MODEL_DATA.lifeCycles.map(lifeCycleSection),
  ]);
  put('lock-order.md', lockOrderPage(MODEL_DATA.lockOrder));
  put('helpers.md', helpersPage());
  for (const entries of byMethod().values()) {
    const first = entries[0];
    if (first !== undefined) put(methodPath(first), methodPage(entries));
  }
  return pages;
}

/** All entries of each method, oldest first. */
function byMethod(): ReadonlyMap<string, readonly MethodEntry[]> {
  const map = new Map<string, MethodEntry[]>();
  for (const version of SUPPORTED_VERSIONS) {
    for (const entry of MODEL_DATA.methods) {
      if (!applies(entry.versions, version)) continue;
      const key = `${entry.struct}::${entry.method}`;
      const list = map.get(key) ?? [];
      if (!list.includes(entry)) list.push(entry);
      map.set(key, list);
    }
  }
  return map;
}

function methodPath(m: MethodEntry): string {
  return `${m.struct}/${m.method}.md`;
}

/** The supported versions that an entry speaks of, oldest first. */
function versionsOf(versions: Versions | undefined): readonly string[] {
  return SUPPORTED_VERSIONS.filter((version) => applies(versions, version));
}

/** `5.10 to 6.12`, `7.2`. */
function versionText(versions: Versions | undefined): string {
  const list = versionsOf(versions);
  const first = list[0] ?? '';
  const last = list[list.length - 1] ?? '';
  return first === last ? first : `${first} to ${last}`;
}

/** The same where an entry does not speak of all versions, else nothing. */
function partText(versions: Versions | undefined): string {
  return versionsOf(versions).length === SUPPORTED_VERSIONS.length ? '' : versionText(versions);
}

const RETURNS: Readonly<Record<MethodEntry['returns'], string>> = {
  int: 'int ',
  long: 'long ',
  bool: 'bool ',
  void: 'void ',
  pointer: 'pointer ',
};

function signature(m: MethodEntry): string {
  return `${RETURNS[m.returns]}${m.method}(${m.params.join(', ')})`;
}

function methodPage(entries: readonly MethodEntry[]): readonly string[] {
  const first = entries[0] as MethodEntry;
  const parts = [
    `# ${first.struct}.${first.method}`,
    `A method of \`struct ${first.struct}\`. [All methods](../README.md#${first.struct})`,
  ];
  for (const group of sameContract(entries)) {
    const whole = span(group);
    const [only] = group;
    parts.push(
      partText(whole) === '' ? '## Contract' : `## Linux ${versionText(whole)}`,
      group.length === 1 && only !== undefined
        ? `\`${signature(only)}\``
        : group.map((entry) => `- ${versionText(entry.versions)}: \`${signature(entry)}\``).join('\n'),
      contractText(group[0] as MethodEntry),
    );
  }
  return parts;
}

/** Neighbouring entries that differ in their parameters only. */
function sameContract(entries: readonly MethodEntry[]): readonly (readonly MethodEntry[])[] {
  const groups: MethodEntry[][] = [];
  for (const entry of entries) {
    const last = groups[groups.length - 1];
    if (last?.[0] !== undefined && contractText(last[0]) === contractText(entry)) last.push(entry);
    else groups.push([entry]);
  }
  return groups;
}

/** From the first of neighbouring entries to the last. */
function span(entries: readonly MethodEntry[]): Versions {
  const since = entries[0]?.versions?.since;
  const until = entries[entries.length - 1]?.versions?.until;
  return { ...(since === undefined ? {} : { since }), ...(until === undefined ? {} : { until }) };
}

/** A table of Markdown; a bar inside a cell is escaped. */
function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n');
}

function heldText(m: MethodEntry): string {
  const one = (locks: readonly string[]): string => (locks.length > 0 ? locks.join(', ') : 'nothing');
  const texts = [
    ...new Set(m.contexts.map((c) => (c.rcu === 'walk' ? 'RCU' : one(c.held.map((l) => lockText(l)))))),
  ];
  return texts.join('; or ');
}

function indexPage(): readonly string[] {
  const structs = new Map<string, (readonly MethodEntry[])[]>();
  for (const entries of byMethod().values()) {
    const struct = entries[0]?.struct ?? '';
    structs.set(struct, [...(structs.get(struct) ?? []), entries]);
  }
  const parts = [
    '# The model',
    `What Lockwalk takes the contract of the VFS to be, for Linux ${SUPPORTED_VERSIONS.join(', ')}. Each statement names the ` +
      'place in the kernel that proves it, as version, file and line.',
    'Besides the methods below: [life cycles](life-cycles.md), [lock order](lock-order.md), [helpers](helpers.md), and ' +
      '[what changed from version to version](versions.md). `lockwalk explain NAME` prints the contract of one version.',
    '*Held* is what every caller holds; where versions differ, that of the newest. An empty *Linux* stands for all versions.',
  ];
  for (const [struct, methods] of structs) {
    const rows = methods.map((entries) => {
      const last = entries[entries.length - 1] as MethodEntry;
      return [
        `[${last.method}](${methodPath(last)})`,
        partText(span(entries)),
        heldText(last),
        sleepText(last.callSleeps),
      ];
    });
    parts.push(`## ${struct}`, table(['method', 'Linux', 'held', 'sleeping'], rows));
  }
  return parts;
}

/** Mermaid takes no hyphen in an id. */
function stateId(name: string): string {
  return name.replaceAll('-', '_');
}

function lifeCycleSection(cycle: LifeCycle): string {
  const range = (versions: Versions | undefined): string => {
    const text = partText(versions);
    return text === '' ? '' : ` (${text})`;
  };
  const graph = [
    '```mermaid',
    'stateDiagram-v2',
    ...cycle.states
      .filter((s) => stateId(s.name) !== s.name)
      .map((s) => `    state "${s.name}" as ${stateId(s.name)}`),
    ...cycle.steps.map((s) => {
      const from = s.from === undefined ? '[*]' : stateId(s.from);
      const to = s.to === undefined ? '[*]' : stateId(s.to);
      return `    ${from} --> ${to}: ${s.by}${range(s.versions)}`;
    }),
    '```',
  ].join('\n');
  const rows = cycle.states.map((s) => [s.name, `${s.summary}${range(s.versions)}`, proofText(s.proof)]);
  const steps = cycle.steps.map((s) => [
    `${s.from ?? 'none'} to ${s.to ?? 'none'}`,
    `${s.by}${range(s.versions)}`,
    proofText(s.proof),
  ]);
  const methods = cycle.methods.map((m) => [
    `[${m.struct}.${m.method}](${m.struct}/${m.method}.md)`,
    m.in.join(', '),
    (m.beside ?? []).join(', '),
    proofText(m.proof),
  ]);
  const fields = cycle.fields.map((f) => [
    f.name,
    f.stable.join('; '),
    (f.unstable ?? []).join('; '),
    (f.reads ?? []).join('; '),
    proofText(f.proof),
  ]);
  return [
    `## struct ${cycle.object}`,
    graph,
    table(['state', 'what holds', 'proof'], rows),
    table(['step', 'by', 'proof'], steps),
    table(['method', 'runs on one that is', 'RCU-walk may still run it on one that is', 'proof'], methods),
    table(['field', 'what keeps it', 'what does not', 'how to read it otherwise', 'proof'], fields),
  ].join('\n\n');
}

function proofText(proof: readonly string[]): string {
  return proof.map((p) => `\`${p}\``).join(', ');
}

function lockName(lock: OrderedLock): string {
  return lock.role === undefined ? lock.class : `${lock.class} (${lock.role})`;
}

function lockOrderPage(order: readonly LockOrderEntry[]): readonly string[] {
  const rows = (entries: readonly LockOrderEntry[]): string =>
    table(
      ['outside', 'inside', 'Linux', 'where', 'proof'],
      entries.map((e) => [
        lockName(e.outer),
        lockName(e.inner),
        partText(e.versions),
        e.summary,
        proofText(e.proof),
      ]),
    );
  const ordered = order.filter((e) => e.tried !== true);
  const tried = order.filter((e) => e.tried === true);
  const pieces = components(ordered);
  const parts = [
    '# Lock order',
    'An arrow leads from a lock to one that may be taken inside it. What follows from two arrows is not drawn. A lock that ' +
      'sleeps is never taken inside one that spins. Dotted arrows are against the order: there the lock may only be tried; those from a spinning lock to a ' +
      'sleeping one are in the table only. An ' +
      'empty *Linux* stands for all versions.',
  ];
  for (const piece of pieces) {
    const inPiece = tried.filter((e) => [e.outer, e.inner].every((l) => piece.locks.has(lockName(l))));
    parts.push(graphOf([...piece.entries, ...inPiece]));
  }
  parts.push('## Pairs', rows(ordered), '## Only tried', rows(tried));
  return parts;
}

interface Piece {
  readonly locks: ReadonlySet<string>;
  readonly entries: readonly LockOrderEntry[];
}

/** The parts of the order that have no lock in common, each drawn by itself. */
function components(entries: readonly LockOrderEntry[]): readonly Piece[] {
  let pieces: Piece[] = [];
  for (const entry of entries) {
    const ends = [lockName(entry.outer), lockName(entry.inner)];
    const touched = pieces.filter((piece) => ends.some((end) => piece.locks.has(end)));
    pieces = pieces.filter((piece) => !touched.includes(piece));
    pieces.push({
      locks: new Set([...touched.flatMap((piece) => [...piece.locks]), ...ends]),
      entries: [...touched.flatMap((piece) => piece.entries), entry],
    });
  }
  return pieces;
}

function graphOf(entries: readonly LockOrderEntry[]): string {
  const ids = new Map<string, string>();
  const id = (lock: OrderedLock): string => {
    const name = lockName(lock);
    const known = ids.get(name);
    if (known !== undefined) return known;
    const fresh = `L${ids.size}`;
    ids.set(name, fresh);
    return fresh;
  };
  const arrows = entries.map((e) => {
    const range = partText(e.versions);
    const label = [e.tried === true ? 'tried' : '', range].filter((x) => x !== '').join(', ');
    const arrow = e.tried === true ? '-.->' : '-->';
    return `    ${id(e.outer)} ${arrow}${label === '' ? '' : `|${label}|`} ${id(e.inner)}`;
  });
  const nodes = [...ids].map(([name, node]) => `    ${node}["${name}"]`);
  return ['```mermaid', 'flowchart TD', ...nodes, ...arrows, '```'].join('\n');
}

function helpersPage(): readonly string[] {
  const parts = [
    '# Helpers',
    'Functions and macros of the kernel whose effect the model states; where it does, that wins over what is inferred from ' +
      'their source. A name is there once for each range of versions with one effect; an empty *Linux* stands for all versions.',
    HELPER_AREAS.map((area) => `- [${area.title}](#${anchor(area.title)})`).join('\n'),
  ];
  for (const area of HELPER_AREAS) {
    const helpers = [...area.helpers].sort((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0));
    const effects = helpers.some((h) => helperEffects(h).length > 0);
    const head = ['helper', 'Linux', 'sleeping', 'what it does', ...(effects ? ['effect'] : []), 'proof'];
    parts.push(
      `## ${area.title}`,
      table(
        head,
        helpers.map((h) => helperRow(h, effects)),
      ),
    );
  }
  return parts;
}

function helperRow(h: HelperEntry, effects: boolean): readonly string[] {
  return [
    `\`${h.name}(${h.params.join(', ')})\``,
    partText(h.versions),
    helperSleeps(h),
    h.summary,
    ...(effects ? [helperEffects(h).join('; ')] : []),
    proofText(h.proof),
  ];
}

/** The anchor that a heading gets. */
function anchor(title: string): string {
  return title
    .toLowerCase()
    .replace(/[^\w\- ]/g, '')
    .replaceAll(' ', '-');
}

/** What came, went and changed between neighbouring versions. */
function versionsPage(): readonly string[] {
  const parts = [
    '# What changed',
    `Between the versions that the model knows, from ${OLDEST} to ${NEWEST}. A method is listed as changed where its parameters or its ` +
      'contract differ.',
  ];
  for (let i = 1; i < SUPPORTED_VERSIONS.length; i++) {
    const before = SUPPORTED_VERSIONS[i - 1] as string;
    const after = SUPPORTED_VERSIONS[i] as string;
    const section = changesBetween(before, after);
    if (section.length > 0) parts.push(`## ${before} to ${after}`, ...section);
  }
  return parts;
}

function changesBetween(before: string, after: string): readonly string[] {
  const at = (version: string): ReadonlyMap<string, MethodEntry> =>
    new Map(
      MODEL_DATA.methods
        .filter((m) => applies(m.versions, version))
        .map((m) => [`${m.struct}::${m.method}`, m] as const),
    );
  const old = at(before);
  const now = at(after);
  const link = (m: MethodEntry): string => `[${m.struct}.${m.method}](${methodPath(m)})`;
  const came = [...now].filter(([key]) => !old.has(key)).map(([, m]) => link(m));
  const went = [...old].filter(([key]) => !now.has(key)).map(([, m]) => link(m));
  const changed: (readonly string[])[] = [];
  for (const [key, m] of now) {
    const was = old.get(key);
    if (was === undefined || was === m) continue;
    const from = signature(was);
    const to = signature(m);
    changed.push([link(m), from === to ? 'the contract' : `\`${from}\` became \`${to}\``]);
  }
  const names = (version: string): ReadonlySet<string> =>
    new Set(MODEL_DATA.helpers.filter((h) => applies(h.versions, version)).map((h) => h.name));
  const oldNames = names(before);
  const newNames = names(after);
  const helpersCame = [...newNames].filter((name) => !oldNames.has(name)).sort();
  const helpersWent = [...oldNames].filter((name) => !newNames.has(name)).sort();
  const list = (title: string, items: readonly string[]): readonly string[] =>
    items.length === 0 ? [] : [`${title}: ${items.join(', ')}.`];
  return [
    ...list('New methods', came),
    ...list('Methods that are gone', went),
    ...(changed.length === 0 ? [] : [table(['changed method', 'what'], changed)]),
    ...list(
      `Helpers that the model has from ${after} on`,
      helpersCame.map((name) => `\`${name}\``),
    ),
    ...list(
      `Helpers that the model has up to ${before}`,
      helpersWent.map((name) => `\`${name}\``),
    ),
  ];
}
