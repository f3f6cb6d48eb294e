/**
 * The few parts of playwright-core that the editor test uses, as types. The package itself is installed into the
 * test's cache folder and loaded from there: it is no dependency of the project.
 */
import { createRequire } from 'node:module';
import { join } from 'node:path';

export interface Clip {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

export interface Locator {
  first(): Locator;
  nth(index: number): Locator;
  getAttribute(name: string, options?: { readonly timeout?: number }): Promise<string | null>;
  locator(selector: string, options?: { readonly hasText?: string | RegExp }): Locator;
  count(): Promise<number>;
  last(): Locator;
  isVisible(): Promise<boolean>;
  fill(text: string): Promise<void>;
  inputValue(): Promise<string>;
  hover(options?: { readonly timeout?: number }): Promise<void>;
  click(options?: { readonly button?: 'left' | 'right'; readonly timeout?: number }): Promise<void>;
  dblclick(options?: { readonly timeout?: number }): Promise<void>;
  waitFor(options?: { readonly timeout?: number; readonly state?: 'visible' | 'hidden' }): Promise<void>;
  innerText(options?: { readonly timeout?: number }): Promise<string>;
  allInnerTexts(): Promise<string[]>;
  boundingBox(): Promise<{ x: number; y: number; width: number; height: number } | null>;
  evaluate<T, E = { scrollTop: number; scrollHeight: number }>(run: (element: E) => T): Promise<T>;
}

/** The inside of a frame. */
export interface FrameLocator {
  locator(selector: string, options?: { readonly hasText?: string | RegExp }): Locator;
  frameLocator(selector: string): FrameLocator;
  last(): FrameLocator;
}

/** What is inside of a frame. */
export interface FrameLocator {
  frameLocator(selector: string): FrameLocator;
  locator(selector: string, options?: { readonly hasText?: string | RegExp }): Locator;
}

export interface Page {
  readonly keyboard: {
    press(key: string): Promise<void>;
    type(text: string, options?: { readonly delay?: number }): Promise<void>;
    insertText(text: string): Promise<void>;
  };
  readonly mouse: { move(x: number, y: number, options?: { readonly steps?: number }): Promise<void> };
  setDefaultTimeout(ms: number): void;
  goto(url: string): Promise<unknown>;
  locator(selector: string, options?: { readonly hasText?: string | RegExp }): Locator;
  frameLocator(selector: string): FrameLocator;
  waitForTimeout(ms: number): Promise<void>;
  screenshot(options: {
    readonly path: string;
    readonly clip?: Clip;
    readonly omitBackground?: boolean;
  }): Promise<unknown>;
  setContent(html: string): Promise<void>;
  waitForFunction(run: string, argument?: unknown, options?: { readonly timeout?: number }): Promise<unknown>;
  evaluate<T>(run: string): Promise<T>;
}

export interface Browser {
  newPage(options: { readonly viewport: { readonly width: number; readonly height: number } }): Promise<Page>;
  close(): Promise<void>;
}

export interface Launcher {
  launch(options: {
    readonly executablePath: string;
    readonly args: readonly string[];
    readonly env: NodeJS.ProcessEnv;
    /** Whether playwright, instead of the program, sees to signals. */
    readonly handleSIGINT?: boolean;
    readonly handleSIGTERM?: boolean;
    readonly handleSIGHUP?: boolean;
  }): Promise<Browser>;
}

/** Chromium's launcher out of the cache folder. */
export function loadChromium(cache: string): Launcher {
  const load = createRequire(join(cache, 'package.json'));
  const module: { readonly chromium: Launcher } = load('playwright-core');
  return module.chromium;
}
