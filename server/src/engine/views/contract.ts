/**
 * The model in words: a method's contract and a helper's effect as Markdown, for the hover and for `explain`.
 */

import type { MethodContract } from '../base/hover.js';
import type { EntryContext, HelperEntry, LockSpec, MethodEntry, Model } from '../model/types.js';

/** `d_revalidate`, `dentry_operations.d_revalidate`, `->d_revalidate`, `dput`; null where the model has no such name. */
export function explainModelName(model: Model, name: string): string | null {
  const plain = name.replace(/^->/, '').replace('::', '.').replace(/\(\)$/, '');
  const cards: string[] = [];
  for (const [key, method] of model.methods)
    if (key.replace('::', '.') === plain || method.method === plain)
      cards.push(methodCard(method, model.version));
  const helper = model.helpers.get(plain);
  if (helper !== undefined) cards.push(helperCard(helper));
  return cards.length === 0 ? null : cards.join('\n\n---\n\n');
}

function whenText(when: string | undefined): string {
  return when === undefined || when === '' ? '' : ` if \`${when}\``;
}

/** A lock with its mode and its condition. */
export function lockText(l: LockSpec): string {
  const mode = l.mode === 'any' ? '' : ` ${l.mode}`;
  return `\`${l.lock.replace(/^@/, '')}\`${mode}${whenText(l.when)}`;
}

/** Whether a method may sleep. */
export function sleepText(value: boolean | string): string {
  if (value === true) return 'may sleep';
  if (value === false) return 'must not sleep';
  return `may sleep only if \`${value}\``;
}

/** One of the situations in which a method is called. */
export function contextText(c: EntryContext): string {
  const told = c.when !== undefined && c.when !== '';
  const parts: string[] = [];
  if (c.held.length > 0) parts.push(`held: ${c.held.map((l) => lockText(l)).join(', ')}`);
  if (c.mayHold !== undefined && c.mayHold.length > 0)
    parts.push(`perhaps held: ${c.mayHold.map((l) => lockText(l)).join(', ')}`);
  if (parts.length === 0 && c.rcu === 'none') parts.push('nothing held');
  if (c.rcu !== 'none') parts.push('inside an RCU read section');
  if (c.rcu === 'walk') parts.push(`${told ? '' : 'no argument tells; '}no sleeping, no references`);
  if (c.atomic !== undefined && c.atomic !== '') parts.push(c.atomic);
  return `${c.name}${told ? ` (\`${c.when}\`)` : ''}: ${parts.join('; ')}`;
}

/** What a method's contract says, without its name: the same words in the hover, in `explain` and on the method's page. */
export function contractText(m: MethodEntry): string {
  const lines = [m.summary, '', ...m.contexts.map((c) => `- ${contextText(c)}`)];
  const list = (title: string, items: readonly string[] | undefined): void => {
    if (items !== undefined && items.length > 0) lines.push(`- ${title}: ${items.join(', ')}`);
  };
  list(
    'never held',
    m.notHeld?.map((l) => `\`${l}\``),
  );
  list(
    'returns with',
    m.acquires?.map((l) => lockText(l)),
  );
  list(
    'lets go of',
    m.releases?.map((l) => lockText(l)),
  );
  lines.push(`- ${sleepText(m.callSleeps)}`);
  if (m.bail !== undefined) lines.push(`- way out of RCU-walk: \`${m.bail}\``);
  if (m.overlaps !== undefined) lines.push(`- at the same time: ${m.overlaps}`);
  for (const o of m.obligations ?? []) lines.push(`- ${o}`);
  if (m.disagreement !== undefined) lines.push('', m.disagreement);
  lines.push('', `Proof: ${m.proof.map((p) => `\`${p}\``).join(', ')}`);
  return lines.join('\n');
}

/** A method's contract for the hover: what is proof or explanation stands on its page. */
export function contractOf(m: MethodEntry, version: string): MethodContract {
  const list = (title: string, items: readonly string[] | undefined): readonly string[] =>
    items === undefined || items.length === 0 ? [] : [`${title}: ${items.join(', ')}`];
  return {
    struct: m.struct,
    method: m.method,
    version,
    summary: m.summary,
    phrases: [
      ...m.contexts.map(contextText),
      ...list(
        'never held',
        m.notHeld?.map((l) => `\`${l}\``),
      ),
      ...list(
        'returns with',
        m.acquires?.map((l) => lockText(l)),
      ),
      ...list(
        'lets go of',
        m.releases?.map((l) => lockText(l)),
      ),
      sleepText(m.callSleeps),
      ...(m.bail === undefined ? [] : [`way out of RCU-walk: \`${m.bail}\``]),
      ...(m.overlaps === undefined ? [] : [`at the same time: ${m.overlaps}`]),
    ],
    obligations: m.obligations ?? [],
  };
}

/** A method's contract with its name. */
export function methodCard(m: MethodEntry, version: string): string {
  return `**->${m.method}()** of \`struct ${m.struct}\` (Linux ${version})\n\n${contractText(m)}`;
}

/** What a helper does besides what its summary says, one phrase an effect: the same words in the hover and in the tables. */
export function helperEffects(h: HelperEntry): readonly string[] {
  const effects: string[] = [];
  const list = (title: string, items: readonly string[] | undefined): void => {
    if (items !== undefined && items.length > 0) effects.push(`${title} ${items.join(', ')}`);
  };
  const locks = (specs: readonly LockSpec[] | undefined) => specs?.map((l) => lockText(l));
  if (h.putsOffInInterrupt === true)
    effects.push('does not sleep in interrupts and with bottom halves off: put off there');
  list('needs', locks(h.requires));
  list('must not be called with', locks(h.mustNotHold));
  list('acquires', locks(h.acquires));
  list('releases', locks(h.releases));
  list('asserts', locks(h.asserts));
  for (const f of h.frees ?? [])
    effects.push(
      `frees \`${f.object}\` ${f.how === 'now' ? 'at once' : f.how === 'rcu' ? 'after a grace period' : 'later'}`,
    );
  const references = new Map<string, string[]>();
  for (const r of h.references ?? []) {
    const key = `${r.action === 'put' ? 'drops' : 'takes'} a reference to|${whenText(r.when)}`;
    references.set(key, [
      ...(references.get(key) ?? []),
      r.object === 'result' ? 'what it returns' : `\`${r.object}\``,
    ]);
  }
  for (const [key, objects] of references) {
    const [what = '', when = ''] = key.split('|');
    effects.push(`${what} ${objects.join(', ')}${when}`);
  }
  if (h.tells !== undefined) effects.push(`tells whether \`${h.tells}\``);
  if (h.underRcu === true) effects.push('what it gives is kept by the RCU read side alone');
  if (h.ensures !== undefined) effects.push(`returns when \`${h.ensures}\` holds`);
  for (const path of h.moves ?? []) effects.push(`moves \`${path}\` to another parent`);
  if (h.gracePeriod === true) effects.push('waits for a grace period');
  if (h.noReturn === true) effects.push('does not return');
  return effects;
}

/** Whether a helper sleeps. */
export function helperSleeps(h: HelperEntry): string {
  return h.sleeps === false ? 'does not sleep' : sleepText(h.sleeps);
}

/** A helper's effect. */
export function helperCard(h: HelperEntry): string {
  return [
    `**${h.name}(${h.params.join(', ')})**`,
    '',
    h.summary,
    '',
    `- ${helperSleeps(h)}`,
    ...helperEffects(h).map((effect) => `- ${effect}`),
    '',
    `Proof: ${h.proof.map((p) => `\`${p}\``).join(', ')}`,
  ].join('\n');
}
