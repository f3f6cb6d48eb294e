/**
 * Holds the model against a tree: reads what there is to compare with, asks each source, and counts what was compared.
 * Gets texts and an analysis handed in; reads no file itself.
 */
import { type CancelToken, throwIfCancelled } from '../base/cancel.js';
import type { Analysis } from '../contexts/analysis.js';
import type { Comparison, Coverage, VerifyAnswer } from '../door.js';
import { MODEL_DATA } from '../model/index.js';
import type { HelperEntry, MethodEntry, Model } from '../model/types.js';
import { assertionsOf, compareAssertions } from './assertions.js';
import { compareBody } from './bodies.js';
import { blankComments, type Declared, readDeclarations, type SlotDeclared } from './c-text.js';
import { compareDocumented } from './documentation.js';
import { type DocumentedMethod, readLockingRst } from './rst.js';
import { compareFunction, compareSlot, outOfRange } from './signatures.js';

/** Where the rules of the methods are written down. */
const LOCKING_RST = 'Documentation/filesystems/locking.rst';
/** Folders whose C files are looked through for declarations; the first flat, the others with what is below. */
const FLAT = ['fs', 'mm', 'kernel', 'lib', 'block', 'fs/notify'];
const DEEP = ['include/linux', 'kernel/locking', 'kernel/rcu', 'kernel/sched'];

/** `kmalloc(...)` is a macro around `kmalloc_noprof` since allocations are accounted for by their place. */
const PROFILED = '_noprof';

/** What is handed in. */
export interface VerifyInput {
  readonly model: Model;
  readonly kernelVersion: string;
  readonly problems: readonly string[];
  /** Text of a file as it is, or null. */
  text(file: string): string | null;
  /** Text of a file with the branches of the configuration only, or null. */
  configured(file: string): string | null;
  /** C files below a folder. */
  below(folder: string): readonly string[];
  /** The analysis of fs/. */
  readonly analysis: Analysis;
}

/** Compares everything; what could not be compared is among the answers, with its reason. */
export function verifyModel(input: VerifyInput, token: CancelToken): VerifyAnswer {
  const { model } = input;
  const problems = [...input.problems];
  const found = declarations(input, token);
  const rst = input.text(LOCKING_RST);
  if (rst === null) problems.push(`${LOCKING_RST}: not in the tree; the tables were not compared`);
  const documented = rst === null ? [] : readLockingRst(rst);
  // A part of a tree is no witness of what the whole does not have
  const isPart =
    [...model.helpers.keys()].filter((name) => found.functions.has(name)).length < model.helpers.size / 2;
  const isSaid = (name: string): boolean => isPart || found.words.has(name);
  const comparisons: Comparison[] = [];
  for (const doc of documented) comparisons.push(...documentation(doc, model, found));
  for (const entry of model.methods.values()) {
    const slot = found.slots.get(`${entry.struct}::${entry.method}`);
    comparisons.push(compareSlot(slot, entry, isSaid(entry.method)));
  }
  const asserting: string[] = [];
  for (const entry of model.helpers.values()) {
    const declared = found.functions.get(entry.name);
    comparisons.push(compareFunction(behindProfiling(found, declared), entry, isSaid(entry.name)));
    if (declared === undefined) continue;
    if (assertionsOf(declared).length > 0) asserting.push(entry.name);
    comparisons.push(...compareAssertions(declared, entry));
  }
  for (const [name, entry] of otherVersions(MODEL_DATA.helpers, (e) => e.name, model.helpers))
    comparisons.push(...outOfRange(name, entry, found.functions.get(name)));
  for (const [key, entry] of otherVersions(MODEL_DATA.methods, methodKey, model.methods))
    comparisons.push(...outOfRange(`${entry.struct}.${entry.method}`, entry, found.slots.get(key)));
  for (const entry of model.helpers.values()) {
    throwIfCancelled(token);
    comparisons.push(...compareBody(input.analysis, entry, found.functions.get(entry.name)));
  }
  return {
    kernelVersion: input.kernelVersion,
    comparisons,
    documented: coverage(
      documented
        .filter((doc) => entryOf(doc, model) !== undefined || !isGone(doc, found))
        .map((doc) => `${entryOf(doc, model)?.struct ?? doc.struct}.${doc.method}`),
      comparisons.filter((c) => c.source === 'documentation' || c.source === 'signature'),
    ),
    asserting: coverage(
      asserting,
      comparisons.filter((c) => c.source === 'assertion'),
    ),
    problems,
  };
}

function documentation(doc: DocumentedMethod, model: Model, found: Found): readonly Comparison[] {
  const entry = entryOf(doc, model);
  if (entry !== undefined) return compareDocumented(doc, entry, LOCKING_RST);
  return [
    {
      source: 'documentation',
      name: `${doc.struct}.${doc.method}`,
      aspect: 'method',
      verdict: 'not-compared',
      tree: 'documented',
      model: '',
      file: LOCKING_RST,
      line: doc.line,
      proof: [],
      reason: isGone(doc, found)
        ? 'the document speaks of a method that the tree no longer has'
        : 'the model has no such method',
    },
  ];
}

/** The structure is in the headers, and the method is not in it. */
function isGone(doc: DocumentedMethod, found: Found): boolean {
  const structs = [
    doc.struct,
    ...(doc.struct === 'lock_manager_operations' ? ['lease_manager_operations'] : []),
  ];
  const declared = (struct: string): boolean => found.slots.has(`${struct}::${doc.method}`);
  const known = [...found.slots.keys()].some((key) => key.startsWith(`${doc.struct}::`));
  return known && !structs.some(declared);
}

/** The document still lists under lock_manager_operations what became lease_manager_operations. */
function entryOf(doc: DocumentedMethod, model: Model): MethodEntry | undefined {
  const own = model.methods.get(`${doc.struct}::${doc.method}`);
  if (own !== undefined || doc.struct !== 'lock_manager_operations') return own;
  return model.methods.get(`lease_manager_operations::${doc.method}`);
}

function coverage(names: readonly string[], comparisons: readonly Comparison[]): Coverage {
  const compared = new Set(comparisons.filter((c) => c.verdict !== 'not-compared').map((c) => c.name));
  const all = [...new Set(names)];
  const missing = all.filter((name) => !compared.has(name));
  return { total: all.length, compared: all.length - missing.length, missing };
}

interface Found {
  readonly functions: ReadonlyMap<string, Declared>;
  /** Key `struct::slot`. */
  readonly slots: ReadonlyMap<string, SlotDeclared>;
  /** Names of entries without a declaration that the files say all the same, in whatever way. */
  readonly words: ReadonlySet<string>;
}

function methodKey(entry: MethodEntry): string {
  return `${entry.struct}::${entry.method}`;
}

/** What the model has for other versions only, by key. */
function otherVersions<T>(
  all: readonly T[],
  key: (entry: T) => string,
  here: ReadonlyMap<string, T>,
): ReadonlyMap<string, T> {
  return new Map(all.map((entry) => [key(entry), entry] as const).filter(([name]) => !here.has(name)));
}

function declarations(input: VerifyInput, token: CancelToken): Found {
  const { model } = input;
  const entries = new Map([...MODEL_DATA.helpers.map((e) => [e.name, e] as const), ...model.helpers]);
  const names = new Set([...entries.keys()].flatMap((name) => [name, `${name}${PROFILED}`]));
  const structs = new Set([...model.methods.values()].map((entry) => entry.struct));
  const files = new Set<string>();
  const proofs = [...model.helpers.values(), ...model.methods.values()].flatMap((entry) => entry.proof);
  for (const proof of proofs) files.add(proofFile(proof));
  for (const folder of FLAT)
    for (const file of input.below(folder)) if (file.lastIndexOf('/') === folder.length) files.add(file);
  for (const folder of DEEP) for (const file of input.below(folder)) files.add(file);
  const functions = new Map<string, Declared>();
  const slots = new Map<string, SlotDeclared>();
  for (const file of [...files].sort()) {
    if (!/\.[ch]$/.test(file)) continue;
    throwIfCancelled(token);
    const text = input.configured(file);
    if (text === null) continue;
    const read = readDeclarations(file, text, names, structs);
    for (const slot of read.slots) {
      const key = `${slot.struct}::${slot.slot}`;
      if (!slots.has(key)) slots.set(key, slot);
    }
    for (const declared of read.functions) {
      const entry = entries.get(declared.name.replace(PROFILED, ''));
      const old = functions.get(declared.name);
      if (entry !== undefined && (old === undefined || rank(declared, entry) > rank(old, entry)))
        functions.set(declared.name, declared);
    }
  }
  const missing = new Set([
    ...[...model.helpers.keys()].filter((name) => !functions.has(name)),
    ...[...model.methods.values()].filter((e) => !slots.has(methodKey(e))).map((e) => e.method),
  ]);
  return { functions, slots, words: wordsOf(input, files, missing, token) };
}

/** Which of some names the files say at all, as code, in any configuration. */
function wordsOf(
  input: VerifyInput,
  files: ReadonlySet<string>,
  wanted: ReadonlySet<string>,
  token: CancelToken,
): ReadonlySet<string> {
  const found = new Set<string>();
  if (wanted.size === 0) return found;
  const any = new RegExp(`\\b(?:${[...wanted].join('|')})\\b`, 'g');
  for (const file of files) {
    throwIfCancelled(token);
    const text = input.text(file);
    if (text !== null) for (const match of blankComments(text).matchAll(any)) found.add(match[0]);
  }
  return found;
}

/** A macro that takes anything says nothing of its parameters; the function behind it does. */
function behindProfiling(found: Found, declared: Declared | undefined): Declared | undefined {
  if (declared?.kind !== 'macro' || !declared.parameters.some((p) => p.endsWith('...'))) return declared;
  return found.functions.get(`${declared.name}${PROFILED}`) ?? declared;
}

/** Which of several declarations of a name is the one that the entry speaks of. */
function rank(declared: Declared, entry: HelperEntry): number {
  const cited = entry.proof.some((proof) => proofFile(proof) === declared.file) ? 8 : 0;
  const kind = declared.kind === 'definition' ? 4 : declared.kind === 'macro' ? 2 : 1;
  const foreign = declared.isStatic && declared.file.endsWith('.c') && cited === 0 ? -8 : 0;
  return cited + kind + foreign;
}

/** The file of `6.12:fs/inode.c:12`. */
function proofFile(proof: string): string {
  return proof.split(':')[1] ?? '';
}
