/**
 * The page of the panel with a picture: a bar with what can be chosen, the picture, and a script that passes clicks on and lights the
 * row of the cursor. Nothing is loaded from anywhere. Must not import the editor.
 */
import { randomBytes } from 'node:crypto';
import type { PictureKind, PictureReply } from '../../server/src/lsp/protocol.js';

/** What the page tells. */
export type FromPage =
  | { readonly type: 'go'; readonly file: string | null; readonly line: number }
  | { readonly type: 'situation'; readonly situation: number }
  | { readonly type: 'object'; readonly object: string }
  | { readonly type: 'kind'; readonly kind: PictureKind }
  | { readonly type: 'save' };

const KINDS: readonly (readonly [PictureKind, string])[] = [
  ['timeline', 'Lock timeline'],
  ['life-cycle', 'Life cycle'],
  ['lock-order', 'Lock order'],
];

const OBJECTS = ['dentry', 'inode', 'super_block'];

/** The page with a picture; `line` (from 1) is lit in a timeline. */
export function page(reply: PictureReply, line: number): string {
  const nonce = randomBytes(16).toString('base64');
  const svg = reply.svg.replace('<style>', `<style nonce="${nonce}">`);
  return whole(
    nonce,
    `${bar(reply.kind, chooser(reply), true)}<main id="picture">${svg}</main>`,
    reply,
    line,
  );
}

/** The page where there is none. */
export function problemPage(problem: string, kind: PictureKind): string {
  const nonce = randomBytes(16).toString('base64');
  return whole(nonce, `${bar(kind, '', false)}<p class="problem">${escapeHtml(problem)}</p>`, null, 0);
}

function bar(kind: PictureKind, choice: string, canSave: boolean): string {
  const tabs = KINDS.map(
    ([id, name]) =>
      `<button type="button" data-kind="${id}" aria-pressed="${id === kind ? 'true' : 'false'}">${name}</button>`,
  ).join('');
  const save = canSave
    ? '<button type="button" id="fit" aria-pressed="false" title="As wide as the panel">Fit</button>' +
      '<button type="button" id="save">Save as SVG</button>'
    : '';
  return `<header role="toolbar" aria-label="Pictures">${tabs}${choice}<span></span>${save}</header>`;
}

function chooser(reply: PictureReply): string {
  if (reply.kind === 'life-cycle') {
    const shown = OBJECTS.find((object) => reply.title.endsWith(` ${object}`)) ?? '';
    return select(
      'object',
      'Object',
      OBJECTS.map((object) => [object, object] as const),
      shown,
    );
  }
  if (reply.kind !== 'timeline' || reply.situations.length < 2) return '';
  const options = reply.situations.map((title, i) => [String(i), `${i + 1}: ${title}`] as const);
  return select(
    'situation',
    'Situation',
    [['-1', `All ${reply.situations.length} situations`], ...options],
    String(reply.situation),
  );
}

function select(
  id: string,
  label: string,
  options: readonly (readonly [string, string])[],
  chosen: string,
): string {
  const list = options
    .map(
      ([value, text]) =>
        `<option value="${escapeHtml(value)}"${value === chosen ? ' selected' : ''}>${escapeHtml(text)}</option>`,
    )
    .join('');
  return `<select id="${id}" aria-label="${label}">${list}</select>`;
}

function whole(nonce: string, body: string, reply: PictureReply | null, line: number): string {
  const key = JSON.stringify([reply?.kind ?? '', reply?.file ?? '', reply?.function ?? '']);
  return `<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'nonce-${nonce}'; script-src 'nonce-${nonce}'">
<title>Lockwalk</title><style nonce="${nonce}">${STYLE}</style></head>
<body data-key="${escapeHtml(key)}" data-line="${line}">${body}
<script nonce="${nonce}">${SCRIPT}</script></body></html>`;
}

function escapeHtml(text: string): string {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;');
}

const STYLE = `
html, body { height: 100%; margin: 0; padding: 0; }
body { display: flex; flex-direction: column; background: var(--vscode-editor-background); color: var(--vscode-editor-foreground); }
header { display: flex; gap: 4px; align-items: center; padding: 4px 8px; border-bottom: 1px solid var(--vscode-panel-border, transparent); }
header span { flex: 1; }
button, select { font-family: var(--vscode-font-family); font-size: 12px; color: inherit; background: transparent; border: 1px solid transparent; border-radius: 3px; padding: 2px 8px; }
select { min-width: 60px; flex: 0 1 260px; background: var(--vscode-dropdown-background); color: var(--vscode-dropdown-foreground); border-color: var(--vscode-dropdown-border, transparent); }
button { cursor: pointer; white-space: nowrap; }
button:hover { background: var(--vscode-toolbar-hoverBackground); }
button[aria-pressed=true] { border-bottom-color: var(--vscode-focusBorder); font-weight: bold; }
button:focus-visible, select:focus-visible { outline: 1px solid var(--vscode-focusBorder); }
main { flex: 1; overflow: auto; }
main.fit svg { max-width: 100%; height: auto; }
.problem { padding: 12px; }
`;

const SCRIPT = `
const vscode = acquireVsCodeApi();
const main = document.getElementById('picture');
const rows = [...document.querySelectorAll('g.row')];
const key = document.body.dataset.key;
function light(line, move) {
  let found = null;
  for (const row of rows) {
    const is = line >= Number(row.dataset.line) && line <= Number(row.dataset.lastLine);
    row.classList.toggle('current', is);
    if (is) found = row;
  }
  if (!found || !move) return;
  const box = found.getBoundingClientRect();
  const view = main.getBoundingClientRect();
  if (box.top < view.top || box.bottom > view.bottom) main.scrollTop += box.top - view.top - view.height / 3;
}
const known = vscode.getState();
const fit = document.getElementById('fit');
let isFit = Boolean(known && known.fit);
function setFit() {
  if (!main || !fit) return;
  main.classList.toggle('fit', isFit);
  fit.setAttribute('aria-pressed', String(isFit));
}
function remember() { vscode.setState({ key, top: main.scrollTop, left: main.scrollLeft, fit: isFit }); }
setFit();
if (main && known && known.key === key) { main.scrollTop = known.top; main.scrollLeft = known.left; }
if (main) main.addEventListener('scroll', remember);
if (fit) fit.addEventListener('click', () => { isFit = !isFit; setFit(); remember(); });
light(Number(document.body.dataset.line), !(known && known.key === key));
const lit = document.querySelector('.chip.lit');
if (lit && !(known && known.key === key)) lit.scrollIntoView({ block: 'center' });
window.addEventListener('message', (event) => light(event.data.line, true));
document.addEventListener('click', (event) => {
  const target = event.target.closest('[data-line],[data-kind],#save');
  if (!target || target === document.body) return;
  if (target.id === 'save') vscode.postMessage({ type: 'save' });
  else if (target.dataset.kind) vscode.postMessage({ type: 'kind', kind: target.dataset.kind });
  else vscode.postMessage({ type: 'go', file: target.dataset.file || null, line: Number(target.dataset.line) });
});
for (const id of ['situation', 'object']) {
  const chooser = document.getElementById(id);
  if (chooser) chooser.addEventListener('change', () =>
    vscode.postMessage({ type: id, [id]: id === 'situation' ? Number(chooser.value) : chooser.value }));
}
`;
