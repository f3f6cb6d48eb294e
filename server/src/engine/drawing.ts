/**
 * Pictures on demand: finds what a question is about, has it analysed, and hands the picture back as SVG with what a viewer needs to
 * know of it. Must not know how pictures are drawn.
 */

import { push } from './base/multimap.js';
import type { Analysis } from './contexts/analysis.js';
import { functionAt } from './contexts/query.js';
import type { PictureAnswer, PictureQuery, PictureResult } from './door.js';
import { count } from './findings/wording.js';
import { lockOrderOf } from './lock-ordering.js';
import type { Model } from './model/types.js';
import { unitOf } from './program/program.js';
import type { Files } from './rules/run.js';
import { lifeCycleOf, OBJECTS } from './views/pictures/life-cycle.js';
import { lifeCycleSvg } from './views/pictures/life-cycle-svg.js';
import { lockOrderSvg } from './views/pictures/lock-order-svg.js';
import { timelineOf } from './views/pictures/timeline.js';
import { timelineSvg } from './views/pictures/timeline-svg.js';

/** What the engine lends. */
export interface DrawingMeans {
  readonly model: Model;
  /** Facts and texts of the tree. */
  readonly tree: Files;
  analyse(files: readonly string[]): Analysis;
  /** Why a file was not analysed, or undefined. */
  skipped(file: string): string | undefined;
  /** The file that defines a function, or null. */
  fileDefining(name: string): string | null;
  expand(paths: readonly string[]): readonly string[];
  noSuchFunction(name: string): string;
}

/** Answers a question for a picture; never throws on bad input. */
export function draw(query: PictureQuery, means: DrawingMeans): PictureResult {
  switch (query.kind) {
    case 'timeline':
      return drawTimeline(query, means);
    case 'life-cycle':
      return drawLifeCycle(query, means);
    case 'lock-order':
      return drawLockOrder(query, means);
    default:
      return query satisfies never;
  }
}

const no = (problem: string): PictureResult => ({ ok: false, problem });
const NO_CHOICE = { situations: [], situation: -1 } as const;
/** A picture that is of no function. */
const NO_FUNCTION = { file: null, function: null, firstLine: 0, lastLine: 0, ...NO_CHOICE } as const;

type Asked<K extends PictureQuery['kind']> = Extract<PictureQuery, { readonly kind: K }>;

function drawTimeline(query: Asked<'timeline'>, means: DrawingMeans): PictureResult {
  const file = query.file ?? ('function' in query ? means.fileDefining(query.function) : null);
  if (file === null) return no('function' in query ? means.noSuchFunction(query.function) : 'no file');
  const text = means.tree.textOf(file);
  if (text === null) return no(`${file}: no such file in the tree`);
  const analysis = means.analyse([file]);
  const skipped = means.skipped(file);
  if (skipped !== undefined) return no(`${file}: skipped, ${skipped}`);
  const { program } = analysis;
  const fn =
    'function' in query
      ? (program.functionsNamed(query.function).find((f) => f.file.path === file) ?? null)
      : functionAt(program.functions, file, query.line);
  if (fn === null)
    return no(
      'function' in query
        ? `${query.function}: not defined in ${file}`
        : `${file}:${query.line}: no function here`,
    );
  const picture = timelineOf(analysis, fn, text, query.situation ?? -1);
  const { firstLine, lastLine, situation } = picture;
  if ((query.situation ?? -1) >= picture.situations.length)
    return no(
      `${fn.name}: ${count(picture.situations.length, 'situation')}, and no number ${(query.situation ?? 0) + 1}`,
    );
  const answer: PictureAnswer = {
    version: 1,
    kind: 'timeline',
    title: `${fn.name}()`,
    svg: timelineSvg(picture),
    file,
    function: fn.name,
    firstLine,
    lastLine,
    situations: picture.situations.map((s) => s.title),
    situation,
  };
  return { ok: true, answer };
}

function drawLifeCycle(query: Asked<'life-cycle'>, means: DrawingMeans): PictureResult {
  let lit: readonly { readonly struct: string; readonly method: string }[] = [];
  if ('line' in query) {
    const { program } = means.analyse([query.file]);
    const fn = functionAt(program.functions, query.file, query.line);
    lit = fn === null ? [] : program.slotsOf(fn).map((s) => ({ struct: s.struct, method: s.slot }));
  } else if (query.method !== undefined) {
    const named = [...means.model.methods.values()].filter(
      (m) => m.method === query.method || `${m.struct}.${m.method}` === query.method,
    );
    if (named.length === 0) return no(`${query.method}: no method that the model knows`);
    lit = named;
  }
  const picture = lifeCycleOf(means.model, query.object ?? null, lit);
  if (picture === null) return no(`${query.object}: the model knows the lives of ${OBJECTS.join(', ')}`);
  const answer: PictureAnswer = {
    version: 1,
    kind: 'life-cycle',
    title: `Life of a ${picture.object}`,
    svg: lifeCycleSvg(picture),
    ...NO_FUNCTION,
  };
  return { ok: true, answer };
}

function drawLockOrder(query: Asked<'lock-order'>, means: DrawingMeans): PictureResult {
  const units = new Map<string, string[]>();
  for (const file of means.expand(query.paths)) push(units, unitOf(file), file);
  if (units.size === 0) return no(`${query.paths.join(' ')}: no C file there`);
  if (units.size > MAX_UNITS)
    return no(`${query.paths.join(' ')}: ${units.size} directories; name at most ${MAX_UNITS} of them`);
  const skipped: string[] = [];
  const analysed = function* (): Generator<Analysis> {
    for (const files of units.values()) {
      const analysis = means.analyse(files);
      for (const file of files) {
        const why = means.skipped(file);
        if (why !== undefined) skipped.push(`${file}: ${why}`);
      }
      yield analysis;
    }
  };
  const precision = query.precision ?? 'high';
  const picture = lockOrderOf(analysed(), [...units.keys()], means.tree, precision, skipped);
  const answer: PictureAnswer = {
    version: 1,
    kind: 'lock-order',
    title: `Lock order of ${[...units.keys()].join(', ')}`,
    svg: lockOrderSvg(picture),
    ...NO_FUNCTION,
  };
  return { ok: true, answer };
}

/** Directories in one picture. */
const MAX_UNITS = 8;
