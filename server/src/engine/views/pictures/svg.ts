/**
 * SVG as text: elements with escaped attributes and texts, and the theme that all pictures share. A picture is a file of its own
 * (light or dark as the viewer asks) and follows the editor's theme where it is shown in one. Must not know any picture.
 */

/** Attributes of an element; what is undefined is left out. */
export type Attributes = Readonly<Record<string, string | number | undefined>>;

const ESCAPES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

/** Text as it may stand in XML; what no XML may contain is left out. */
export function escapeXml(text: string): string {
  let out = '';
  for (const letter of text) if (isXml(letter.codePointAt(0) ?? 0)) out += ESCAPES[letter] ?? letter;
  return out;
}

function isXml(code: number): boolean {
  if (code < 0x20) return code === 0x9 || code === 0xa || code === 0xd;
  return code < 0xd800 || (code > 0xdfff && code !== 0xfffe && code !== 0xffff);
}

/** An element; children are finished elements, or texts made by `escapeXml`. */
export function el(name: string, attributes: Attributes, ...children: readonly string[]): string {
  const written = Object.entries(attributes)
    .filter(([, value]) => value !== undefined)
    .map(([key, value]) => ` ${key}="${typeof value === 'number' ? round(value) : escapeXml(String(value))}"`)
    .join('');
  return children.length === 0 ? `<${name}${written}/>` : `<${name}${written}>${children.join('')}</${name}>`;
}

/** A text at a place. */
export function textAt(x: number, y: number, text: string, attributes: Attributes = {}): string {
  return el('text', { x, y, ...attributes }, escapeXml(text));
}

/** What a pointer that rests on an element is told. */
export function titled(title: string): string {
  return el('title', {}, escapeXml(title));
}

/** Two decimals are more than a screen shows. */
export function round(value: number): string {
  return String(Math.round(value * 100) / 100);
}

/** Letters of `FONT_SIZE` are so wide. */
export const LETTER = 6.65;
export const FONT_SIZE = 11;

/** The text cut to so many letters. */
export function cut(text: string, most: number): string {
  return text.length <= most ? text : `${text.slice(0, Math.max(most - 1, 1))}\u2026`;
}

/** Names of the colours of the theme. */
export type Colour = keyof typeof COLOURS;

/** By name: light, dark, and the variable of the editor's theme that comes first where there is one. Hues of Okabe and Ito. */
const COLOURS = {
  bg: ['#ffffff', '#1e1e1e', '--vscode-editor-background'],
  fg: ['#1f2328', '#d7dae0', '--vscode-editor-foreground'],
  dim: ['#646b75', '#9aa3ad', '--vscode-descriptionForeground'],
  rule: ['#dfe3e8', '#3b4048', ''],
  box: ['#f5f7f9', '#272b30', ''],
  lit: ['#fff1b8', '#54481a', ''],
  litEdge: ['#b38600', '#f0e442', ''],
  sleeping: ['#0072b2', '#5ab0ea', ''],
  rwsem: ['#007d5b', '#2fc499', ''],
  spinning: ['#d98200', '#f2ab27', ''],
  other: ['#a8487f', '#dc93b9', ''],
  rcu: ['#d5ebf8', '#173d53', ''],
  walk: ['#f6dcea', '#4d2440', ''],
  bad: ['#c8201a', '#ff6a5f', ''],
} as const;

function variables(which: 0 | 1): string {
  return Object.entries(COLOURS)
    .map(([name, colour]) => {
      const own = colour[which];
      return `--lw-${name}:${colour[2] === '' ? own : `var(${colour[2]},${own})`}`;
    })
    .join(';');
}

/** Declarations of a colour: the second is for whoever knows variables, the first for all others. */
function declare(property: 'fill' | 'stroke', name: Colour): string {
  return `${property}:${COLOURS[name][0]};${property}:var(--lw-${name})`;
}

/** The style sheet of every picture: `.f-NAME` fills, `.s-NAME` strokes. */
function styleSheet(): string {
  const names = Object.keys(COLOURS) as Colour[];
  return [
    `.lw{${variables(0)}}`,
    `@media (prefers-color-scheme:dark){.lw{${variables(1)}}}`,
    `.vscode-light .lw,.vscode-high-contrast-light .lw{${variables(0)}}`,
    `.vscode-dark .lw,.vscode-high-contrast:not(.vscode-high-contrast-light) .lw{${variables(1)}}`,
    ...names.map(
      (name) => `.f-${name}{${declare('fill', name)}}.s-${name}{${declare('stroke', name)};fill:none}`,
    ),
    `text{font-family:ui-monospace,'DejaVu Sans Mono',Menlo,Consolas,monospace;font-size:${FONT_SIZE}px;white-space:pre}`,
    `.strong{font-weight:bold}.small{font-size:9px}.big{font-size:14px;font-weight:bold}`,
    '[data-line]{cursor:pointer}',
    `.row .mark{fill:none}.row:hover .mark{${declare('fill', 'box')}}.row.current .mark{${declare('fill', 'lit')}}`,
  ].join('\n');
}

/** What a picture is made of. */
export interface Drawing {
  readonly width: number;
  readonly height: number;
  /** What it shows, in a few words, and in a sentence or two for who cannot see it. */
  readonly title: string;
  readonly description: string;
  /** Patterns and markers, then the elements from back to front. */
  readonly defs: readonly string[];
  readonly body: readonly string[];
}

/** The whole file. */
export function drawingToSvg(drawing: Drawing): string {
  const width = Math.ceil(drawing.width);
  const height = Math.ceil(drawing.height);
  const attributes = {
    xmlns: 'http://www.w3.org/2000/svg',
    class: 'lw',
    role: 'img',
    'aria-labelledby': 'lw-title lw-desc',
    width,
    height,
    viewBox: `0 0 ${width} ${height}`,
  };
  return `${el(
    'svg',
    attributes,
    el('title', { id: 'lw-title' }, escapeXml(drawing.title)),
    el('desc', { id: 'lw-desc' }, escapeXml(drawing.description)),
    el('style', {}, styleSheet()),
    el('defs', {}, ...drawing.defs, ''),
    el('rect', { class: 'f-bg', width, height }),
    ...drawing.body.map((part) => `\n${part}`),
  )}\n`;
}
