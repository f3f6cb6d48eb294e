/**
 * Text and configuration to text of the same length: the arms of `#if` that are not taken, and the conditional directives
 * themselves, become spaces; line ends stay, so that every position is that of the file. Macro definitions survive where
 * they stand in a taken arm. Looks at directives, comments and strings only; knows nothing else of C.
 */
import { type ConditionScope, evaluate, isDefined } from './condition.js';
import type { KernelConfig } from './config.js';

/** A directive that cannot be followed. Lines are 1-based. */
export interface ConfigureProblem {
  readonly line: number;
  readonly message: string;
}

/** A configured text. */
export interface Configured {
  /** As long as the input, with its line ends where they were. */
  readonly text: string;
  /** The config symbols that the text tests, sorted: with the text itself they determine the outcome. */
  readonly symbols: readonly string[];
  readonly changed: boolean;
  readonly problems: readonly ConfigureProblem[];
}

const CONDITIONAL = /^[ \t]*#[ \t]*(?:if|ifdef|ifndef)\b/m;
const IN_CODE = /\bIS_(?:ENABLED|BUILTIN|MODULE|REACHABLE)\s*\(\s*(CONFIG_\w+)/g;
/** Where the scan has to look closer: comments, literals, and a `#` that begins a line. */
const INTERESTING = /\/\*|\/\/|"|'|(?:^|\n)[ \t]*#[ \t]*([a-z]*)/g;
const DEFINE = /^\s*([A-Za-z_]\w*)(\()?\s*(.*)$/s;

/** At most this many problems are kept of one text. */
export const MAX_CONFIGURE_PROBLEMS = 20;

interface Conditional {
  /** Where its directive begins. */
  readonly start: number;
  /** Was the code around it live? */
  readonly live: boolean;
  /** Has an arm been taken? */
  taken: boolean;
  /** Is the present arm live? */
  active: boolean;
  /** Has its #else been seen? */
  closed: boolean;
}

/**
 * Takes one arm of each conditional. What only another file could decide is decided so: a macro that is not known to be
 * defined is not (so include guards and `#ifndef arch_...` defaults are taken), and where the value of an unknown macro
 * matters the first arm is taken. Never throws; what is out of place is a problem and left as it is.
 *
 * `at`: an offset whose arms are taken whatever the configuration says (never those of `#if 0`), for a look at code that is
 * not built; -1 for none.
 */
export function configure(text: string, config: KernelConfig, at = -1): Configured {
  const symbols = new Set<string>();
  if (text.includes('CONFIG_')) {
    for (const match of text.matchAll(IN_CODE)) if (match[1] !== undefined) symbols.add(match[1]);
  }
  if (!CONDITIONAL.test(text)) {
    return { text, symbols: [...symbols].sort(), changed: false, problems: [] };
  }
  return new Configurer(text, config, symbols, at < 0 ? NOTHING_FORCED : armsAt(text, at)).run();
}

const NOTHING_FORCED: ReadonlyMap<number, boolean> = new Map();

/** Calls back for every line that begins with `#`: its word, where it begins, where its text begins, where it ends. */
function directives(
  text: string,
  each: (word: string, start: number, bodyStart: number, end: number) => void,
): void {
  const pattern = new RegExp(INTERESTING.source, 'g');
  for (let match = pattern.exec(text); match !== null; match = pattern.exec(text)) {
    const token = match[0];
    if (token === '/*') {
      const end = text.indexOf('*/', pattern.lastIndex);
      pattern.lastIndex = end < 0 ? text.length : end + 2;
    } else if (token === '//') {
      pattern.lastIndex = lineEnd(text, pattern.lastIndex);
    } else if (token === '"' || token === "'") {
      pattern.lastIndex = literalEnd(text, pattern.lastIndex, token);
    } else {
      const start = match.index + (token.startsWith('\n') ? 1 : 0);
      const bodyStart = pattern.lastIndex;
      const end = logicalEnd(text, bodyStart);
      each(match[1] ?? '', start, bodyStart, end);
      pattern.lastIndex = end;
    }
  }
}

/** A conditional by its directives. */
interface Arms {
  /** Where each arm's directive begins. */
  readonly starts: number[];
  /** The words of its first condition. */
  readonly condition: string;
}

/** Which arms have to be taken so that the text at an offset is; conditions that read alike are decided alike. */
function armsAt(text: string, at: number): ReadonlyMap<number, boolean> {
  const groups: Arms[] = [];
  const open: Arms[] = [];
  const taken = new Map<string, number>();
  const close = (group: Arms, end: number): void => {
    groups.push(group);
    const around = at >= (group.starts[0] ?? at + 1) && at < end;
    if (around && group.condition !== 'if 0')
      taken.set(
        group.condition,
        group.starts.findLastIndex((start) => start <= at),
      );
  };
  directives(text, (word, start, bodyStart, end) => {
    if (word === 'if' || word === 'ifdef' || word === 'ifndef') {
      const condition = `${word} ${text.slice(bodyStart, end).replace(/\s+/g, ' ').trim()}`;
      open.push({ starts: [start], condition });
    } else if (word.startsWith('el')) open.at(-1)?.starts.push(start);
    else if (word === 'endif') {
      const group = open.pop();
      if (group !== undefined) close(group, start);
    }
  });
  for (const group of open) close(group, text.length);
  const forced = new Map<number, boolean>();
  for (const { starts, condition } of groups) {
    const arm = taken.get(condition);
    if (arm !== undefined) for (const [i, start] of starts.entries()) forced.set(start, i === arm);
  }
  return forced;
}

class Configurer {
  private readonly macros = new Map<string, number | null>();
  private readonly undefinedMacros = new Set<string>();
  private readonly scope: ConditionScope;
  private readonly stack: Conditional[] = [];
  private readonly problems: ConfigureProblem[] = [];
  /** Ranges to blank, in order: start, end, start, end... */
  private readonly blanks: number[] = [];
  /** Where the present dead region began, or -1. */
  private deadFrom = -1;

  constructor(
    private readonly text: string,
    config: KernelConfig,
    private readonly symbols: Set<string>,
    /** By the offset of a directive: whether its arm is taken. */
    private readonly forced: ReadonlyMap<number, boolean>,
  ) {
    this.scope = {
      config,
      macros: this.macros,
      undefined: this.undefinedMacros,
      onSymbol: (symbol) => symbols.add(symbol),
    };
  }

  run(): Configured {
    const { text } = this;
    directives(text, (word, start, bodyStart, end) => this.directive(word, start, bodyStart, end));
    if (this.deadFrom >= 0) this.blank(this.deadFrom, text.length);
    for (const open of this.stack) this.problem(open.start, 'this conditional has no #endif');
    return {
      text: this.blanks.length === 0 ? text : this.blanked(),
      symbols: [...this.symbols].sort(),
      changed: this.blanks.length > 0,
      problems: this.problems,
    };
  }

  private get live(): boolean {
    return this.stack.at(-1)?.active ?? true;
  }

  private directive(word: string, start: number, bodyStart: number, end: number): void {
    switch (word) {
      case 'if':
      case 'ifdef':
      case 'ifndef': {
        const live = this.live;
        const taken = live && (this.forced.get(start) ?? this.holds(word, this.body(bodyStart, end), start));
        if (live) this.blank(start, end);
        this.stack.push({ start, live, taken, active: taken, closed: false });
        this.follow(end);
        return;
      }
      case 'elif':
      case 'elifdef':
      case 'elifndef':
      case 'else': {
        const top = this.stack.at(-1);
        if (top === undefined || top.closed) {
          if (this.live) this.problem(start, `#${word} without #if`);
          return;
        }
        if (word === 'else') top.closed = true;
        const test = word === 'elif' ? 'if' : word === 'elifdef' ? 'ifdef' : 'ifndef';
        top.active =
          top.live &&
          !top.taken &&
          (this.forced.get(start) ?? (word === 'else' || this.holds(test, this.body(bodyStart, end), start)));
        top.taken ||= top.active;
        if (top.live) {
          this.close(start);
          this.blank(start, end);
        }
        this.follow(end);
        return;
      }
      case 'endif': {
        const top = this.stack.pop();
        if (top === undefined) {
          this.problem(start, '#endif without #if');
          return;
        }
        if (top.live) {
          this.close(start);
          this.blank(start, end);
        }
        this.follow(end);
        return;
      }
      case 'define':
        if (this.live) this.define(this.body(bodyStart, end));
        return;
      case 'undef':
        if (this.live) {
          const name = this.body(bodyStart, end).trim();
          this.macros.delete(name);
          this.undefinedMacros.add(name);
        }
        return;
      default:
        return;
    }
  }

  /** Ends a dead region that began before `start`. */
  private close(start: number): void {
    if (this.deadFrom < 0) return;
    this.blank(this.deadFrom, start);
    this.deadFrom = -1;
  }

  /** Begins a dead region at `end` if what follows is dead. */
  private follow(end: number): void {
    if (!this.live && this.deadFrom < 0) this.deadFrom = end;
  }

  private blank(start: number, end: number): void {
    if (end > start) this.blanks.push(start, end);
  }

  /** A directive's text behind its word, without comments and continuations. */
  private body(start: number, end: number): string {
    const raw = this.text.slice(start, end);
    return raw
      .replace(/\\\r?\n/g, ' ')
      .replace(/\/\*[\s\S]*?(?:\*\/|$)/g, ' ')
      .replace(/\/\/.*$/s, ' ');
  }

  private holds(word: string, body: string, start: number): boolean {
    if (word !== 'if') {
      const name = /^\s*(\w+)/.exec(body)?.[1];
      if (name === undefined) {
        this.problem(start, `#${word} names no macro`);
        return word === 'ifndef';
      }
      return isDefined(name, this.scope) === (word === 'ifdef');
    }
    const value = evaluate(body, this.scope);
    if (value === 'malformed') {
      this.problem(start, 'the condition of this #if cannot be read; its first arm is taken');
      return true;
    }
    return value === undefined || value !== 0;
  }

  private define(body: string): void {
    const match = DEFINE.exec(body);
    const name = match?.[1];
    if (name === undefined) return;
    const number =
      match?.[2] === undefined
        ? /^\(?\s*(0[xX][0-9a-fA-F]+|[0-9]+)[uUlL]*\s*\)?$/.exec((match?.[3] ?? '').trim())
        : null;
    this.macros.set(name, number?.[1] === undefined ? null : Number(number[1]));
    this.undefinedMacros.delete(name);
  }

  private problem(offset: number, message: string): void {
    if (this.problems.length >= MAX_CONFIGURE_PROBLEMS) return;
    let line = 1;
    for (let at = this.text.indexOf('\n'); at >= 0 && at < offset; at = this.text.indexOf('\n', at + 1))
      line++;
    this.problems.push({ line, message });
  }

  private blanked(): string {
    const parts: string[] = [];
    let at = 0;
    for (let i = 0; i < this.blanks.length; i += 2) {
      const start = Math.max(this.blanks[i] ?? 0, at);
      const end = this.blanks[i + 1] ?? 0;
      if (end <= start) continue;
      parts.push(this.text.slice(at, start), this.text.slice(start, end).replace(/[^\r\n]+/g, spaces));
      at = end;
    }
    parts.push(this.text.slice(at));
    return parts.join('');
  }
}

function spaces(run: string): string {
  return ' '.repeat(run.length);
}

/** The end of the line that `from` stands in, past continued line ends; the line end itself is outside. */
function lineEnd(text: string, from: number): number {
  let at = from;
  for (;;) {
    at = text.indexOf('\n', at);
    if (at < 0) return text.length;
    const before = text[at - 1] === '\r' ? at - 2 : at - 1;
    if (before < from || text[before] !== '\\') return at;
    at++;
  }
}

/** The end of a string or character literal: behind its quote, or at the line end where there is none. */
function literalEnd(text: string, from: number, quote: string): number {
  for (let at = from; at < text.length; at++) {
    const c = text[at];
    if (c === '\\') {
      at += text[at + 1] === '\r' ? 2 : 1;
    } else if (c === quote) {
      return at + 1;
    } else if (c === '\n') {
      return at;
    }
  }
  return text.length;
}

/** The end of a directive's logical line: continuations, and comments that span lines, belong to it. */
function logicalEnd(text: string, from: number): number {
  for (let at = from; at < text.length; at++) {
    const c = text[at];
    if (c === '\n') return at;
    if (c === '\\') {
      at += text[at + 1] === '\r' ? 2 : 1;
    } else if (c === '"' || c === "'") {
      at = literalEnd(text, at + 1, c) - 1;
    } else if (c === '/' && text[at + 1] === '*') {
      const end = text.indexOf('*/', at + 2);
      if (end < 0) return text.length;
      at = end + 1;
    } else if (c === '/' && text[at + 1] === '/') {
      return lineEnd(text, at);
    }
  }
  return text.length;
}
