/**
 * From a source tree to facts: which files a question needs, each read, configured, parsed and turned into facts once.
 * A question about a file needs its unit (directory) and the headers in the closure of its includes, nothing else.
 */
import { type CancelToken, throwIfCancelled } from './base/cancel.js';
import { configure, type KernelConfig } from './configure/index.js';
import type { Memory, MemoryPart, SharedReading, SkippedFile, SourceTree } from './door.js';
import { buildFacts } from './facts/declarations.js';
import { bytesOf, type FileFacts, FN_DAMAGED, Fn, FUNCTION_STRIDE } from './facts/encode.js';
import { resolveInclude, unitOf } from './program/program.js';
import type { Clock, SyntaxParser } from './syntax/parser.js';
import { BYTES_OF_NODE, type Parsed } from './syntax/splice.js';

/** Headers below these are not followed: they define no locking, or generate code that nothing here reads. */
const HEADERS_LEFT_OUT = [
  'include/trace/',
  'include/dt-bindings/',
  'include/drm/',
  'include/sound/',
  'include/media/',
];
/** Folders are not descended into deeper than this. */
const MAX_FOLDER_DEPTH = 12;
/** What another engine was to read and has not handed on after so many looks, with so long between them, is read here. */
const LOOKS = 4;
const BETWEEN_LOOKS_MS = 500;

/** Files whose trees are kept while they are edited. */
const MAX_EDITED = 4;

/** Facts among what is kept between runs. */
const FACTS = 'facts';

/** What is handed on of a file: its facts, or why it was skipped. */
type HandedOn = { readonly facts: FileFacts } | { readonly skipped: string | null };

/** The headers of a file that are followed, and the folders (with `/`) where it was looked for them. */
interface Followed {
  readonly headers: readonly string[];
  readonly folders: ReadonlySet<string>;
}

/** Reads files and keeps their facts until they change. */
export class Loader {
  private readonly facts = new Map<string, FileFacts>();
  private readonly texts = new Map<string, string | null>();
  readonly skipped = new Map<string, string>();
  parseMs = 0;

  constructor(
    private readonly tree: SourceTree,
    private readonly parser: SyntaxParser,
    private readonly config: KernelConfig,
    private readonly clock: Clock,
    private readonly reading: SharedReading | null = null,
    private readonly memory: Memory | null = null,
    /** Tells configurations apart in keys. */
    private readonly configuration = '',
  ) {}

  /** Facts of a file, or null where there is none or it was skipped. */
  load(path: string): FileFacts | null {
    const known = this.facts.get(path);
    if (known !== undefined) return known;
    if (this.skipped.has(path)) return null;
    // A text that somebody types is another one in a moment
    const key = this.isBeingEdited(path) ? null : this.keyOf(path);
    const kept = key === null ? undefined : (this.memory?.recall(FACTS, key) as FileFacts | undefined);
    if (kept !== undefined) {
      this.facts.set(path, kept);
      return kept;
    }
    const text = this.tree.read(path);
    if (text === null) return null;
    const facts = this.made(path, this.asConfigured(text));
    if (facts === null) return null;
    this.facts.set(path, facts);
    if (key !== null) this.memory?.keep(FACTS, key, facts);
    return facts;
  }

  /** Under what the facts of a file are kept, or null where they are not. */
  private keyOf(path: string, digest = this.memory === null ? null : this.digest(path)): string | null {
    return digest === null ? null : JSON.stringify([this.configuration, path, digest]);
  }

  private readonly digests = new Map<string, string | null>();

  /** The digest of a file's text, or of a folder's names (with `/` at the end): once, until it is said to have changed. */
  digest(path: string): string | null {
    let digest = this.digests.get(path);
    if (digest === undefined) {
      digest = this.tree.digest?.(path) ?? null;
      this.digests.set(path, digest);
    }
    return digest;
  }

  /** Facts of a file as it was when it had that digest; null where they are not kept. */
  factsOf(path: string, digest: string): FileFacts | null {
    const key = this.keyOf(path, digest);
    return key === null ? null : ((this.memory?.recall(FACTS, key) as FileFacts | undefined) ?? null);
  }

  /**
   * Facts of a file in which the arms around a line (1-based) are taken though the configuration does not take them; null
   * where the line is analysed as it is, or stands in `#if 0`. Only the last one is kept.
   */
  asIfBuilt(path: string, line: number): FileFacts | null {
    const text = this.tree.read(path);
    if (text === null) return null;
    let at = 0;
    for (let n = 1; n < line && at >= 0; n++) at = text.indexOf('\n', at) + 1 || -1;
    if (at < 0) return null;
    const end = text.indexOf('\n', at);
    const written = (of: string): boolean => of.slice(at, end < 0 ? of.length : end).trim() !== '';
    if (!written(text) || written(configure(text, this.config).text)) return null;
    const other = configure(text, this.config, at).text;
    if (!written(other)) return null;
    const last = this.lastOther;
    if (last !== null && last.path === path && last.text === other) return last.facts;
    const facts = this.made(path, other, false);
    this.lastOther = { path, text: other, facts };
    return facts;
  }

  /** The last text with other arms, and what was made of it: whoever looks around in an arm asks for one line after the other. */
  private lastOther: {
    readonly path: string;
    readonly text: string;
    readonly facts: FileFacts | null;
  } | null = null;

  /** Files that are being edited, the last ones, with what they were when they were last parsed. */
  private readonly edited = new Map<string, Parsed | null>();

  /** Whether a file is one of the last that were edited. */
  isBeingEdited(path: string): boolean {
    return this.edited.has(path);
  }

  /** Files of which somebody told the text before anything was made of them: those in an editor. With their trees, once they are parsed. */
  private readonly opened = new Map<string, Parsed | null>();

  private noteEdited(path: string): void {
    // The first edit of a file in an editor begins with the tree that it was read with
    const last = this.edited.get(path) ?? this.opened.get(path) ?? null;
    this.opened.delete(path);
    putLast(this.edited, path, last);
  }

  /** `stays`: the file is this text now, and the next one is compared with it. */
  private made(path: string, configured: string, stays = true): FileFacts | null {
    const before = this.clock();
    const last = this.edited.get(path);
    const parsed =
      last === undefined || last === null
        ? this.parser.parse(configured)
        : this.parser.reparse(configured, last);
    this.parseMs += this.clock() - before;
    const kept = last !== undefined ? this.edited : this.opened.has(path) ? this.opened : null;
    if (stays && kept !== null) kept.set(path, parsed.ok ? { text: configured, tree: parsed.tree } : null);
    if (!parsed.ok) {
      if (stays) this.skipped.set(path, parsed.reason);
      return null;
    }
    return buildFacts(path, configured, parsed.tree);
  }

  /** The text of a file that is analysed, parsed: the very tree of a file that is being edited, where it has one. Null where it cannot be. */
  parsed(path: string): Parsed | null {
    const configured = this.configured(path);
    if (configured === null) return null;
    const last = this.edited.get(path) ?? this.opened.get(path);
    if (last?.text === configured) return last;
    const parsed = this.parser.parse(configured);
    return parsed.ok ? { text: configured, tree: parsed.tree } : null;
  }

  /** What is held: files with their facts, and trees of files that are being edited. */
  held(): readonly MemoryPart[] {
    const parts: MemoryPart[] = [];
    let facts = 0;
    for (const file of this.facts.values()) facts += bytesOf(file);
    parts.push({ what: 'facts', count: this.facts.size, bytes: facts });
    let trees = 0;
    const edited = [...this.edited.values(), ...this.opened.values()].filter((parsed) => parsed !== null);
    for (const { text, tree } of edited) trees += text.length + tree.length * BYTES_OF_NODE;
    if (edited.length > 0) parts.push({ what: 'trees', count: edited.length, bytes: trees });
    return parts;
  }

  /** The text of a file as the tree has it. */
  text(path: string): string | null {
    return this.tree.read(path);
  }

  /** The text that was analysed. */
  configured(path: string): string | null {
    const text = this.tree.read(path);
    return text === null ? null : this.asConfigured(text);
  }

  /** The last text that was configured, and what became of it: what is read after an edit is asked for once more where something is found. */
  private lastConfigured: { readonly from: string; readonly to: string } | null = null;

  private asConfigured(text: string): string {
    if (this.lastConfigured?.from !== text)
      this.lastConfigured = { from: text, to: configure(text, this.config).text };
    return this.lastConfigured.to;
  }

  private exists(path: string): boolean {
    if (this.facts.has(path)) return true;
    let known = this.texts.get(path);
    if (known === undefined) {
      const at = path.lastIndexOf('/');
      known = this.names(path.slice(0, at)).has(path.slice(at + 1)) ? '' : null;
      this.texts.set(path, known);
    }
    return known !== null;
  }

  private readonly folderNames = new Map<string, ReadonlySet<string>>();
  private names(folder: string): ReadonlySet<string> {
    let set = this.folderNames.get(folder);
    if (set === undefined) {
      set = new Set(this.tree.list(folder));
      this.folderNames.set(folder, set);
    }
    return set;
  }

  /** C files below a file or folder, in order. */
  expand(path: string): string[] {
    const plain = path.replace(/\/+$/, '');
    if (/\.[ch]$/.test(plain)) return [plain];
    const out: string[] = [];
    const walk = (folder: string, depth: number): void => {
      if (depth > MAX_FOLDER_DEPTH) return;
      for (const name of [...this.tree.list(folder)].sort()) {
        const full = folder === '' ? name : `${folder}/${name}`;
        if (name.endsWith('/')) walk(full.slice(0, -1), depth + 1);
        else if (/\.[ch]$/.test(name)) out.push(full);
      }
    };
    walk(plain, 0);
    return out;
  }

  /** The closure of what files need: their units' files, and headers by include. */
  closure(
    files: readonly string[],
    wholeUnits: boolean,
    token: CancelToken,
    at: (file: string) => void,
  ): FileFacts[] {
    const wanted = new Set<string>();
    const todo: string[] = [];
    const want = (path: string): void => {
      if (wanted.has(path)) return;
      wanted.add(path);
      todo.push(path);
    };
    const sources = this.sources(files, wholeUnits);
    const headers = this.ownHeaders(files, wholeUnits);
    if (this.reading?.isOpen() === true && !sources.every((f) => this.facts.has(f))) {
      // Also where the files alone are wanted now: whoever reads goes on with the rest
      this.reading.ask(files);
      this.gather(this.reading, files, [...sources, ...headers], token, at, true);
    }
    for (const f of sources) want(f);
    if (sources.length === 0) for (const h of headers) want(h);
    const out: FileFacts[] = [];
    for (let i = 0; i < todo.length; i++) {
      throwIfCancelled(token);
      const path = todo[i] as string;
      at(path);
      const facts = this.load(path);
      if (facts !== null) {
        out.push(facts);
        for (const target of this.included(facts)) want(target);
      }
      // Headers that nothing includes
      if (i === todo.length - 1) for (const h of headers) want(h);
    }
    return out;
  }

  /** The source files to begin with. In one order whatever was asked for: what a file gives must not hang on how it was named. */
  private sources(files: readonly string[], wholeUnits: boolean): readonly string[] {
    return this.ownFiles(files, wholeUnits, '.c');
  }

  /** The headers that are wanted whether anything includes them or not. */
  private ownHeaders(files: readonly string[], wholeUnits: boolean): readonly string[] {
    return this.ownFiles(files, wholeUnits, '.h');
  }

  private ownFiles(files: readonly string[], wholeUnits: boolean, ending: string): readonly string[] {
    const own = new Set(files.filter((f) => f.endsWith(ending)));
    if (wholeUnits) {
      const units = new Set(files.filter((f) => f.endsWith('.c') || !f.startsWith('include/')).map(unitOf));
      for (const u of units)
        for (const name of this.names(u)) if (name.endsWith(ending)) own.add(`${u}/${name}`);
    }
    return [...own].sort();
  }

  private followed = new WeakMap<FileFacts, Followed>();

  /** The headers of a file that are followed, in order. */
  private included(facts: FileFacts): readonly string[] {
    return this.followedOf(facts).headers;
  }

  private followedOf(facts: FileFacts): Followed {
    const known = this.followed.get(facts);
    if (known !== undefined) return known;
    const headers: string[] = [];
    const folders = new Set<string>();
    const exists = (path: string): boolean => {
      folders.add(path.slice(0, path.lastIndexOf('/') + 1));
      return this.exists(path);
    };
    for (const inc of facts.includes) {
      const target = resolveInclude(facts.strings[inc] ?? '', facts.path, exists);
      if (target !== null && !HEADERS_LEFT_OUT.some((h) => target.startsWith(h))) headers.push(target);
    }
    const followed = { headers, folders };
    this.followed.set(facts, followed);
    return followed;
  }

  /** Everything that an answer about files hangs on: the closure's files, and the folders that were looked into (with `/`). */
  hangsOn(files: readonly string[]): readonly string[] {
    const paths = new Set([...files, ...this.sources(files, true), ...this.ownHeaders(files, true)]);
    const folders = new Set(files.map((path) => `${unitOf(path)}/`));
    for (const path of paths) {
      const facts = this.facts.get(path);
      if (facts === undefined) continue;
      const followed = this.followedOf(facts);
      for (const header of followed.headers) paths.add(header);
      for (const folder of followed.folders) folders.add(folder);
    }
    return [...paths, ...folders];
  }

  /** Reads what files and their units need, as far as nobody else does, and hands it on. */
  readForOthers(files: readonly string[], token: CancelToken): void {
    if (this.reading === null) return;
    const rest = [...this.sources(files, true), ...this.ownHeaders(files, true)];
    this.gather(this.reading, files, rest, token, () => {}, false);
  }

  /** What this engine has read, or was handed, for others: it keeps nothing of it, and need not look at it again. */
  private readonly passed = new Set<string>();

  /** Texts that have changed since the engine began: what others make of them may be of what they were. */
  private readonly changed = new Set<string>();

  /**
   * Reads the closure of files together with other engines: each reads what nobody else has claimed. The order in which files
   * come in is any; nothing that is made of them hangs on it. So `files`, which somebody waits for, come first with all that they
   * include, and then the rest of what is read with them. `keep`: the facts stay here.
   */
  private gather(
    reading: SharedReading,
    files: readonly string[],
    rest: readonly string[],
    token: CancelToken,
    at: (file: string) => void,
    keep: boolean,
  ): void {
    const known = keep ? new Set<string>() : this.passed;
    const todo: string[] = [];
    const elsewhere = new Set<string>();
    const want = (path: string): void => {
      if (known.has(path)) return;
      known.add(path);
      todo.push(path);
    };
    for (const path of files) want(path);
    let resting = 0;
    const follow = (facts: FileFacts): void => {
      for (const target of this.included(facts)) want(target);
    };
    const readHere = (path: string): void => {
      at(path);
      const facts = this.load(path);
      if (reading.shares(path)) {
        const what: HandedOn = facts === null ? { skipped: this.skipped.get(path) ?? null } : { facts };
        reading.publish(path, what);
      }
      if (facts !== null) follow(facts);
      else this.without.add(path);
      if (!keep) this.facts.delete(path);
    };
    const { heard, changed } = this;
    const take = (path: string, what: HandedOn): void => {
      if ('skipped' in what) {
        this.without.add(path);
        if (what.skipped !== null) this.skipped.set(path, what.skipped);
        return;
      }
      if (keep) this.facts.set(path, what.facts);
      follow(what.facts);
    };
    let inVain = 0;
    for (let next = 0; next < todo.length || resting < rest.length || elsewhere.size > 0; ) {
      throwIfCancelled(token);
      for (const { file, made } of reading.arrived()) {
        inVain = 0;
        if (changed.has(file)) continue;
        if (elsewhere.delete(file)) take(file, made as HandedOn);
        else heard.set(file, made as HandedOn);
      }
      while (next === todo.length && resting < rest.length) want(rest[resting++] as string);
      const path = todo[next];
      if (path !== undefined) {
        next++;
        if (this.without.has(path)) continue;
        const facts = this.facts.get(path);
        const what = heard.get(path);
        if (facts !== undefined) follow(facts);
        else if (what !== undefined) {
          heard.delete(path);
          take(path, what);
        } else if (!reading.shares(path) || reading.claim(path) || changed.has(path)) readHere(path);
        else elsewhere.add(path);
      } else if (elsewhere.size === 0) {
        // The last one has just arrived, and nothing is left to wait for
        break;
      } else if (!reading.isOpen() || inVain >= LOOKS) {
        // Nobody is there any more, or not in good order
        for (const path of [...elsewhere]) readHere(path);
        elsewhere.clear();
      } else {
        inVain++;
        reading.wait(BETWEEN_LOOKS_MS);
      }
    }
  }

  /** What others made before it was asked for here. */
  private readonly heard = new Map<string, HandedOn>();

  /** Files that have no facts: who goes on after a stop, or asks once more, waits for nobody to hand them on. */
  private readonly without = new Set<string>();

  /** Forgets what was made from a file's text. Gives whether the file is new, or gone. */
  invalidate(path: string): boolean {
    const facts = this.facts.get(path);
    this.facts.delete(path);
    this.heard.delete(path);
    this.without.delete(path);
    this.changed.add(path);
    this.skipped.delete(path);
    this.texts.delete(path);
    const at = path.lastIndexOf('/');
    const folder = path.slice(0, at);
    this.digests.delete(path);
    this.digests.delete(`${folder}/`);
    const there = this.folderNames.get(folder)?.has(path.slice(at + 1));
    this.folderNames.delete(folder);
    // Where headers are found hangs on which files there are, not on what they say
    const stays = there === true && this.names(folder).has(path.slice(at + 1));
    if (facts !== undefined) this.noteEdited(path);
    else if (!this.isBeingEdited(path)) putLast(this.opened, path, null);
    if (!stays) this.followed = new WeakMap();
    else if (facts !== undefined) this.followed.delete(facts);
    return !stays;
  }

  /** Lets go of what was made of sources that nobody works at any more; headers stay, for other units need them too. */
  release(paths: Iterable<string>): void {
    for (const path of paths) if (path.endsWith('.c')) this.facts.delete(path);
  }

  /** Files that were skipped, in order. */
  skippedFiles(): SkippedFile[] {
    return [...this.skipped]
      .map(([file, reason]) => ({ file, reason }))
      .sort((a, b) => (a.file < b.file ? -1 : 1));
  }
}

/** Puts a file behind those that are there, of which the last ones stay. */
function putLast<T>(files: Map<string, T>, path: string, value: T): void {
  files.delete(path);
  files.set(path, value);
  for (const other of files.keys()) if (files.size > MAX_EDITED) files.delete(other);
}

/** Functions in a file, and how many of them the parser could not read whole. */
export function countFunctions(file: FileFacts): { all: number; damaged: number } {
  let damaged = 0;
  const all = file.functions.length / FUNCTION_STRIDE;
  for (let i = 0; i < all; i++)
    if (((file.functions[i * FUNCTION_STRIDE + Fn.Flags] as number) & FN_DAMAGED) !== 0) damaged++;
  return { all, damaged };
}
