/**
 * Times as the page itself sees them: from an event, a key or the pointer, to what is drawn because of it. Nothing is asked
 * from outside while something is waited for, so asking takes no time that is measured. Must not know what Lockwalk shows.
 */
import type { Page } from './playwright.js';

/** What is waited for in the page. */
export type Drawn =
  /** A hover card whose text holds a regular expression. */
  | { readonly kind: 'card'; readonly says: string }
  /** A line of text that holds this, blanks as one. */
  | { readonly kind: 'line'; readonly text: string }
  /** So many elements that a selector finds, or less. */
  | { readonly kind: 'count'; readonly selector: string; readonly count: number; readonly orLess?: boolean };

/** Milliseconds since 1970: of the last key and movement of the pointer, and of the drawing, with what the page could tell. */
export interface Times {
  readonly key: number;
  readonly pointer: number;
  readonly drawn: number;
}

/** A page is calm when this many timers in a row come no later than that. */
const TICK_MS = 50;
const LATE_MS = 25;
const IN_TIME = 30;

/** Runs in the page; `performance` has one clock for events and for what is drawn. */
const INSTALL = `(() => {
  if (window.lockwalkWatch !== undefined) return;
  const watch = { key: 0, pointer: 0, wanted: null, drawn: null };
  window.lockwalkWatch = watch;
  addEventListener('keydown', (event) => { watch.key = event.timeStamp; }, true);
  addEventListener('mousemove', (event) => { watch.pointer = event.timeStamp; }, true);
  const cards = () => [...document.querySelectorAll('.monaco-hover:not(.hidden)')].filter((one) => one.getClientRects().length > 0);
  watch.isDrawn = (wanted) => {
    if (wanted.kind === 'card') {
      const says = new RegExp(wanted.says);
      return cards().some((one) => says.test(one.textContent));
    }
    if (wanted.kind === 'line') {
      const lines = [...document.querySelectorAll('.view-line')];
      return lines.some((one) => one.textContent.replace(/\\s+/g, ' ').includes(wanted.text));
    }
    const { length } = document.querySelectorAll(wanted.selector);
    return wanted.orLess ? length <= wanted.count : length === wanted.count;
  };
  const look = () => {
    if (watch.wanted !== null && watch.drawn === null && watch.isDrawn(watch.wanted)) watch.drawn = performance.now();
  };
  new MutationObserver(look).observe(document.body, { subtree: true, childList: true, attributes: true, characterData: true });
})()`;

export class Stopwatch {
  readonly #page: Page;

  private constructor(page: Page) {
    this.#page = page;
  }

  static async in(page: Page): Promise<Stopwatch> {
    await page.evaluate(INSTALL);
    return new Stopwatch(page);
  }

  /** From now on the first drawing of this is noted. */
  async arm(wanted: Drawn): Promise<void> {
    await this.#page.evaluate(
      `Object.assign(window.lockwalkWatch, { wanted: ${JSON.stringify(wanted)}, drawn: null })`,
    );
  }

  /** The times once it is drawn, or null where it is not drawn within the time. */
  async times(ms: number): Promise<Times | null> {
    const isDrawn = 'window.lockwalkWatch.drawn !== null';
    try {
      await this.#page.waitForFunction(isDrawn, undefined, { timeout: ms });
    } catch {
      return null;
    }
    return this.#page.evaluate<Times>(`(() => {
      const { key, pointer, drawn } = window.lockwalkWatch;
      const at = performance.timeOrigin;
      return { key: at + key, pointer: at + pointer, drawn: at + drawn };
    })()`);
  }

  /** Middle of a word on a drawn line that holds a text, coloured or not; null where there is none. */
  placeOf(lineText: string, word: string): Promise<{ x: number; y: number } | null> {
    return this.#page.evaluate(`(() => {
      const holds = (one) => one.textContent.replace(/\\s+/g, ' ').includes(${JSON.stringify(lineText)});
      const line = [...document.querySelectorAll('.view-line')].find(holds);
      if (line === undefined) return null;
      const texts = document.createTreeWalker(line, NodeFilter.SHOW_TEXT);
      for (let text = texts.nextNode(); text !== null; text = texts.nextNode()) {
        const at = text.data.indexOf(${JSON.stringify(word)});
        if (at < 0) continue;
        const range = document.createRange();
        range.setStart(text, at);
        range.setEnd(text, at + ${word.length});
        const { x, y, width, height } = range.getBoundingClientRect();
        return { x: x + width / 2, y: y + height / 2 };
      }
      return null;
    })()`);
  }

  /** Waits until the page has nothing to do: its timers come when they are due, one after the other. */
  async calm(): Promise<void> {
    await this.#page.evaluate<boolean>(`new Promise((done) => {
      let inTime = 0;
      let last = performance.now();
      const tick = () => {
        const now = performance.now();
        inTime = now - last < ${TICK_MS + LATE_MS} ? inTime + 1 : 0;
        last = now;
        if (inTime >= ${IN_TIME}) done(true);
        else setTimeout(tick, ${TICK_MS});
      };
      tick();
    })`);
  }

  /** Whether something like that is there now. */
  isThere(wanted: Drawn): Promise<boolean> {
    return this.#page.evaluate<boolean>(`window.lockwalkWatch.isDrawn(${JSON.stringify(wanted)})`);
  }
}
