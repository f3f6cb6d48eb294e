/**
 * What is known of the name under the pointer, as Markdown: what a call does, a method's contract, a class of locks. Must not know
 * editors or URIs.
 */

import type {
  CallEffect,
  HoverSubject,
  LockCard,
  MethodContract,
  NamedPlace,
  Nesting,
} from '../base/hover.js';
import { code, type HoverStyle, linked } from './hover-markdown.js';

/** Functions that are named; the rest are counted. */
const MAX_NAMED = 3;
/** Classes of locks that are named. */
const MAX_CLASSES = 3;
/** Phrases of a contract, and what a method has to do, that are listed. */
const MAX_PHRASES = 6;
const MAX_OBLIGATIONS = 3;
/** Methods that a function is, in full; of the others the names. */
const MAX_CONTRACTS = 1;

/** Markdown of a subject. */
export function subjectMarkdown(subject: HoverSubject, style: HoverStyle): string {
  const parts: string[] = [];
  const takes = subject.locks.some((lock) => lock.verb !== 'is');
  const { effect, name } = subject;
  const primitive = takes && effect?.from === 'model';
  if (effect !== null && !primitive) parts.push(effectMarkdown(name, effect, style));
  for (const lock of subject.locks) {
    const does = primitive ? effect.phrases.filter((p) => !/^(acquires|releases) /.test(p)) : [];
    parts.push(lockMarkdown(lock, primitive ? `${name}()` : '', does, style));
  }
  for (const contract of subject.contracts.slice(0, MAX_CONTRACTS))
    parts.push(contractMarkdown(contract, style));
  const others = subject.contracts
    .slice(MAX_CONTRACTS)
    .map((c) => pageLink(`${c.struct}.${c.method}`, c, style));
  if (others.length > 0) parts.push(`Also: ${some(others, MAX_CLASSES)}`);
  return parts.join('\n\n');
}

function effectMarkdown(name: string, effect: CallEffect, style: HoverStyle): string {
  const [only, ...others] = effect.targets;
  const title = `${effect.from === 'pointer' ? '->' : ''}${name}()`;
  if (effect.from === 'unknown')
    return `**${code(title)}**: what it does is not known: its code is not in this directory, and the model has no entry for it`;
  const { phrases } = effect;
  const linkedTitle =
    effect.from === 'inferred' && only !== undefined ? linked(code(title), only, style) : code(title);
  const lines = [`**${linkedTitle}**: ${phrases.join('; ')}`];
  if (effect.from === 'pointer' && only !== undefined) {
    const names = [only, ...others].map((place) => linked(code(place.name), place, style));
    lines[0] = `**${linkedTitle}** is ${names.length === 1 ? '' : 'one of '}${some(names, MAX_NAMED)}${phrases.length > 0 ? `: ${phrases.join('; ')}` : ''}`;
  }
  if (effect.summary !== '') lines.push(effect.summary);
  const unknown = effect.unknownCalls.map(code);
  if (unknown.length > 0) lines.push(`*Not known:* calls in it: ${some(unknown, MAX_CLASSES)}`);
  if (effect.partial) lines.push('*Not known:* not all of its paths were followed');
  return lines.join('  \n');
}

/** `by`: the helper that does it, whose card this is, with what else it does; '' where the call has a card of its own. */
function lockMarkdown(lock: LockCard, by: string, does: readonly string[], style: HoverStyle): string {
  const named = lock.class === '' ? '' : code(lock.class);
  const what = [named, lock.kind].filter((one) => one !== '').join(', ');
  const shared = lock.mode === 'shared' ? ' shared' : '';
  const title =
    lock.verb === 'is'
      ? `**${named}**${lock.kind === '' ? '' : `, ${lock.kind}`}`
      : `${by === '' ? `**${lock.verb}**` : `**${code(by)}** ${lock.verb}`} ${lock.expression === '' ? 'a lock' : code(lock.expression)}${shared}${what === '' || what === code(lock.expression) ? '' : ` (${what})`}`;
  const items: string[] = [];
  if (lock.verb !== 'gives back') {
    if (lock.guards.length > 0) items.push(`guards ${some(lock.guards.map(code), MAX_CLASSES)}`);
    const order = orderWords(lock.model.inside, lock.model.around);
    if (order !== '') items.push(`order of the VFS: ${order}`);
    const here = orderWords(
      lock.unit.inside.map((n) => nestingWords(n, style)),
      lock.unit.around.map((n) => nestingWords(n, style)),
    );
    if (here !== '') items.push(`in ${lock.unit.name}: ${here}`);
    const takers = lock.takers.map((place: NamedPlace) => linked(code(place.name), place, style));
    const also = lock.verb === 'is' ? 'taken by' : 'also taken by';
    if (takers.length > 0) items.push(`${also} ${some(takers, MAX_NAMED)}`);
    else if (lock.class !== '')
      items.push(`${lock.verb === 'is' ? 'taken by nothing' : 'taken by nothing else'} in ${lock.unit.name}`);
  }
  const more = does.map((phrase) => `; ${phrase}`).join('');
  const summary = lock.summary === '' || lock.verb === 'gives back' ? [] : [lock.summary];
  return [[`${title}${more}`, ...summary].join('  \n'), ...items.map((item) => `- ${item}`)].join('\n');
}

function nestingWords({ class: cls, by }: Nesting, style: HoverStyle): string {
  return `${code(cls)} (${linked(code(by.name), by, style)})`;
}

function orderWords(inside: readonly string[], around: readonly string[]): string {
  const parts: string[] = [];
  if (inside.length > 0) parts.push(`taken inside ${some(inside, MAX_CLASSES)}`);
  if (around.length > 0)
    parts.push(`${inside.length > 0 ? 'and around' : 'taken around'} ${some(around, MAX_CLASSES)}`);
  return parts.join('; ');
}

function contractMarkdown(contract: MethodContract, style: HoverStyle): string {
  const { struct, method, version } = contract;
  const obligations = contract.obligations.slice(0, MAX_OBLIGATIONS);
  const hidden =
    contract.obligations.length - obligations.length + Math.max(0, contract.phrases.length - MAX_PHRASES);
  const items = [...contract.phrases.slice(0, MAX_PHRASES), ...obligations];
  if (hidden > 0) items.push(`${hidden} more: ${pageLink('the whole contract', contract, style)}`);
  const page = pageLink('contract', contract, style);
  return [
    `**${code(`->${method}()`)}** of ${code(struct)}, Linux ${version}${page === 'contract' ? '' : ` \u00b7 ${page}`}`,
    '',
    contract.summary,
    '',
    ...items.map((item) => `- ${item}`),
  ].join('\n');
}

function pageLink(text: string, { struct, method }: MethodContract, style: HoverStyle): string {
  const page = style.page(struct, method);
  return page === null ? text : `[${text}](${page})`;
}

function some(list: readonly string[], most: number): string {
  const more = list.length - most;
  return `${list.slice(0, most).join(', ')}${more > 0 ? ` and ${more} more` : ''}`;
}
