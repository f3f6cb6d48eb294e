/**
 * Inlay hints: what is held behind lines, in short, with the card of the hover as tooltip. A client asks after each edit; the
 * answer waits for the check of that text, so that nothing is analysed for it alone. Computes nothing itself.
 */
import { type InlayHint, MarkupKind, type Range } from 'vscode-languageserver';
import type { InlayHint as Hint } from '../engine/door.js';
import { hintMarkdown } from '../engine/views/hint-markdown.js';
import type { HoverStyle } from '../engine/views/hover-markdown.js';
import type { Result } from './checker.js';
import type { Documents } from './documents.js';
import { linksOf } from './hover.js';
import type { Served } from './served.js';
import { plainText, toPosition, type Wire } from './to-protocol.js';

/** A client is told to ask again this long after something changed, once. */
const REFRESH_MS = 150;

/** What an answer is written with. */
export interface HintSurroundings {
  readonly wire: Wire;
  readonly format: 'markdown' | 'plaintext';
  readonly page: HoverStyle['page'];
}

/** The hints of open documents. */
export class InlayHints {
  readonly #documents: Documents;
  readonly #refresh: () => void;
  /** The check that each document's last answer goes with; null: there was none. */
  readonly #given = new Map<string, Result | null>();
  #timer: NodeJS.Timeout | null = null;

  /** `refresh`: tells the client to ask again. */
  constructor(documents: Documents, refresh: () => void) {
    this.#documents = documents;
    this.#refresh = refresh;
  }

  /** The hints of a range; `result`: the check of the present text, or null. */
  async of(
    served: Served,
    range: Range,
    around: HintSurroundings,
    result: Result | null,
    signal: AbortSignal,
  ): Promise<InlayHint[]> {
    const { tree, file, settings, uri } = served;
    const mode = settings.inlayHints;
    if (mode === 'off') {
      // Asked for again when the settings change
      this.#given.set(uri, null);
      return [];
    }
    const query = { file, firstLine: range.start.line + 1, lastLine: range.end.line + 1, mode };
    const hints = await tree.lane.add('interactive', signal, async (stop) => {
      await tree.tell(this.#documents);
      return await tree.engine.inlayHints(query, stop);
    });
    this.#given.set(uri, result);
    return hints.map((hint) => toInlayHint(file, hint, around));
  }

  /** A document was checked: hints that went with an older check of the same text may be others now. */
  checked(uri: string, result: Result): void {
    const given = this.#given.get(uri);
    if (given !== undefined && given?.version === result.version && given !== result) this.changed();
  }

  /** All hints may be others now. */
  changed(): void {
    if (this.#given.size === 0 || this.#timer !== null) return;
    this.#timer = setTimeout(() => {
      this.#timer = null;
      this.#refresh();
    }, REFRESH_MS);
    this.#timer.unref();
  }

  closed(uri: string): void {
    this.#given.delete(uri);
  }
}

function toInlayHint(file: string, hint: Hint, { wire, format, page }: HintSurroundings): InlayHint {
  const markdown = hintMarkdown(hint, file, linksOf(wire, page));
  return {
    position: toPosition(wire, file, hint.line, hint.column),
    label: hint.label,
    paddingLeft: true,
    tooltip: format === 'markdown' ? { kind: MarkupKind.Markdown, value: markdown } : plainText(markdown),
  };
}
