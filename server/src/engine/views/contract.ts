/**
 * The model in words: a method's contract and a helper's effect as Markdown, for the hover and for `explain`.
 */
import type { SymbolAnswer } from '../door.js';
import type { HelperEntry, LockSpec, MethodEntry, Model } from '../model/types.js';

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

/** The card of the method or helper whose name stands at a position (1-based), or null. */
export function symbolCard(model: Model, text: string, line: number, column: number): SymbolAnswer | null {
  const row = text.split('\n', line)[line - 1] ?? '';
  for (const match of row.matchAll(/[A-Za-z_]\w*/g)) {
    const start = match.index + 1;
    const end = start + match[0].length;
    if (column < start || column > end) continue;
    const name = match[0];
    const range = { startLine: line, startColumn: start, endLine: line, endColumn: end };
    const before = row.slice(0, start - 1);
    const isSlot = /(^|[\s{,])\.$/.test(before) || /->$/.test(before);
    const helper = model.helpers.get(name);
    if (isSlot) {
      const methods = [...model.methods.values()].filter((m) => m.method === name);
      const struct = /^\s*\.\w+\s*=/.test(row) ? structAbove(text, line) : null;
      const chosen =
        methods.find((m) => m.struct === struct) ?? (methods.length === 1 ? methods[0] : undefined);
      if (chosen !== undefined)
        return { kind: 'method', name, markdown: methodCard(chosen, model.version), range };
    }
    if (helper !== undefined && !isSlot) return { kind: 'helper', name, markdown: helperCard(helper), range };
    return null;
  }
  return null;
}

/** The structure of the table that a line stands in: `static const struct inode_operations x = {`. */
function structAbove(text: string, line: number): string | null {
  const rows = text.split('\n', line);
  for (let i = rows.length - 1; i >= 0 && i > rows.length - 80; i--) {
    const m = /struct\s+(\w+)\s+\w+(\[\])?\s*=\s*\{/.exec(rows[i] ?? '');
    if (m !== null) return m[1] ?? null;
    if (/^\}/.test(rows[i] ?? '')) return null;
  }
  return null;
}

function lockText(l: LockSpec): string {
  const mode = l.mode === 'any' ? '' : ` ${l.mode}`;
  return `\`${l.lock.replace(/^@/, '')}\`${mode}${l.when === undefined || l.when === '' ? '' : ` if \`${l.when}\``}`;
}

function sleepText(value: boolean | string): string {
  if (value === true) return 'may sleep';
  if (value === false) return 'must not sleep';
  return `may sleep only if \`${value}\``;
}

/** A method's contract. */
export function methodCard(m: MethodEntry, version: string): string {
  const lines = [`**->${m.method}()** of \`struct ${m.struct}\` (Linux ${version})`, '', m.summary, ''];
  for (const c of m.contexts) {
    const held = [
      ...c.held.map((l) => lockText(l)),
      ...(c.mayHold ?? []).map((l) => `perhaps ${lockText(l)}`),
    ];
    const rcu =
      c.rcu === 'walk'
        ? 'RCU-walk: no sleeping, no references'
        : c.rcu === 'read'
          ? 'inside an RCU read section'
          : '';
    const parts = [held.length > 0 ? `held: ${held.join(', ')}` : 'nothing held', rcu, c.atomic ?? ''].filter(
      (x) => x !== '',
    );
    lines.push(
      `- ${c.name}${c.when === undefined || c.when === '' ? '' : ` (\`${c.when}\`)`}: ${parts.join('; ')}`,
    );
  }
  if (m.notHeld !== undefined && m.notHeld.length > 0)
    lines.push(`- never held: ${m.notHeld.map((l) => `\`${l}\``).join(', ')}`);
  lines.push(`- ${sleepText(m.callSleeps)}`);
  if (m.bail !== undefined) lines.push(`- way out of RCU-walk: \`${m.bail}\``);
  if (m.overlaps !== undefined) lines.push(`- may overlap with: ${m.overlaps}`);
  for (const o of m.obligations ?? []) lines.push(`- ${o}`);
  lines.push('', `Proof: ${m.proof.map((p) => `\`${p}\``).join(', ')}`);
  return lines.join('\n');
}

/** A helper's effect. */
export function helperCard(h: HelperEntry): string {
  const lines = [
    `**${h.name}(${h.params.join(', ')})**`,
    '',
    h.summary,
    '',
    `- ${h.sleeps === false ? 'does not sleep' : sleepText(h.sleeps)}`,
  ];
  const list = (title: string, specs: readonly LockSpec[] | undefined): void => {
    if (specs !== undefined && specs.length > 0)
      lines.push(`- ${title} ${specs.map((l) => lockText(l)).join(', ')}`);
  };
  list('needs', h.requires);
  list('must not be called with', h.mustNotHold);
  list('acquires', h.acquires);
  list('releases', h.releases);
  list('asserts', h.asserts);
  for (const f of h.frees ?? [])
    lines.push(
      `- frees \`${f.object}\` ${f.how === 'now' ? 'at once' : f.how === 'rcu' ? 'after a grace period' : 'later'}`,
    );
  lines.push('', `Proof: ${h.proof.map((p) => `\`${p}\``).join(', ')}`);
  return lines.join('\n');
}
