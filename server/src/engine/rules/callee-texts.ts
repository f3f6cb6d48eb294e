/**
 * A number that stands for the texts of a function and of all that it calls by name, however deep: for rules that read what callees
 * write, which is more than their effects say. Made for all functions of an analysis at once. Must not know what a rule reads there.
 */
import type { Analysis } from '../contexts/analysis.js';
import { fnColumn } from '../contexts/cfg.js';
import { Fn } from '../facts/encode.js';
import { mixed, OfAnalyses } from './kept.js';
import type { Mentions } from './mentions.js';

/** What functions write, with all below them: the text of each, and the numbers of both. */
interface Texts {
  readonly own: Int32Array;
  readonly below: Int32Array;
}

/** Edits change few texts: only what calls those, however deep, is counted again. */
const KNOWN = new OfAnalyses<Texts>(
  (analysis) => {
    const count = analysis.program.functions.length;
    const texts = { own: new Int32Array(count), below: new Int32Array(count) };
    for (const group of analysis.groups) countTexts(analysis, group, texts);
    return texts;
  },
  // What has another text has another result
  (texts, analysis, changed) => {
    if (texts.own.length !== analysis.program.functions.length) return null;
    const others = new Uint8Array(texts.own.length);
    for (const id of changed) if (texts.own[id] !== ownText(analysis, id)) others[id] = 1;
    for (const group of analysis.groups) {
      if (!group.some((id) => others[id] === 1 || callsOne(analysis.callees.of(id), others))) continue;
      for (const id of group) others[id] = 1;
      countTexts(analysis, group, texts);
    }
    return texts;
  },
);

/** The number of a function's texts: the same in a later analysis where they all are the same. 0: the function was not analysed. */
export function textsBelow(analysis: Analysis, fn: number): number {
  return KNOWN.of(analysis).below[fn] ?? 0;
}

function callsOne(callees: readonly number[], of: Uint8Array): boolean {
  for (const callee of callees) if (of[callee] === 1) return true;
  return false;
}

/** The number of a function's own text. */
export function ownText({ program }: Analysis, id: number): number {
  const fn = program.functions[id];
  return fn === undefined ? 0 : fnColumn(fn.file, fn.index, Fn.Hash);
}

/** Which functions write one of some names, themselves or in what they call by name, however deep; in one analysis. */
export class MentionsBelow {
  private known: Uint8Array | null = null;

  constructor(
    private readonly analysis: Analysis,
    private readonly mentions: Mentions,
  ) {}

  in(fn: number): boolean {
    this.known ??= this.find();
    return this.known[fn] === 1;
  }

  private find(): Uint8Array {
    const { analysis, mentions } = this;
    const { functions } = analysis.program;
    const out = new Uint8Array(functions.length);
    for (const group of analysis.groups) {
      const found = group.some((id) => {
        const fn = functions[id];
        if (fn !== undefined && mentions.in(fn)) return true;
        return analysis.callees.of(id).some((callee) => out[callee] === 1);
      });
      if (found) for (const id of group) out[id] = 1;
    }
    return out;
  }
}

function countTexts(analysis: Analysis, group: readonly number[], { own, below }: Texts): void {
  let texts = 17;
  for (const id of group) below[id] = 0;
  for (const id of group) {
    own[id] = ownText(analysis, id);
    texts = mixed(texts, own[id] as number);
    // Callees come first; those of the group itself are in it by their own texts
    for (const callee of analysis.callees.of(id)) texts = mixed(texts, below[callee] as number);
  }
  for (const id of group) below[id] = texts;
}
