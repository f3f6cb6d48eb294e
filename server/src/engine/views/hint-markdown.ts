/**
 * The longer card of an inlay hint, as Markdown. Must not know editors or URIs.
 */
import type { InlayHint } from '../base/hover.js';
import { type HoverStyle, statesMarkdown } from './hover-markdown.js';

/** Markdown of the states that a hint is short for. */
export function hintMarkdown(hint: InlayHint, file: string, style: HoverStyle): string {
  const titles =
    hint.at === 'sides'
      ? ['Held where it is true', 'Held where it is false']
      : [hint.at === 'entry' ? 'Held on entry' : 'Held from here on'];
  return hint.states
    .flatMap((groups, n) => statesMarkdown(groups, file, style, titles[n] ?? ''))
    .join('\n\n');
}
