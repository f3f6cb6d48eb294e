/**
 * An engine for protocol tests: every `kfree(...)` in a file is a finding with a fix, every function takes `stepMs`,
 * contexts say what the test told. Does what a worker does about order, overlays and stopping.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Cancelled } from '../../server/src/engine/base/cancel.js';
import type { ContextsAnswer, Edit, Finding } from '../../server/src/engine/base/finding.js';
import type { CallsAnswer, Lens } from '../../server/src/engine/base/shown.js';
import type { AnnotateAnswer, HoverAnswer, InlayHint, PictureAnswer } from '../../server/src/engine/door.js';
import type { EnginePort, EngineSpec } from '../../server/src/lsp/engine-port.js';
import type { RunScan } from '../../server/src/lsp/scan.js';

export interface FakeWorld {
  /** Functions that a check of a file steps through. */
  steps: number;
  stepMs: number;
  contexts: ContextsAnswer | null;
  picture: PictureAnswer | null;
  hover: HoverAnswer | null;
  hints: readonly InlayHint[];
  lenses: readonly Lens[];
  calls: CallsAnswer;
  /** What is written down of a function's precondition. */
  annotation: AnnotateAnswer | null;
  /** Edits in other files that every fix carries besides its own. */
  moreEdits: readonly Edit[];
  /** What is freed by a fix that only makes another finding of it. */
  badFix: string | null;
  /** A file in whose first line something is found besides. */
  alsoFound: string | null;
  /** What a check says besides findings. */
  problems: readonly string[];
  /** Throw instead of checking. */
  failure: string | null;
  /** What was asked, in order. */
  readonly asked: string[];
  readonly specs: EngineSpec[];
}

export function fakeWorld(): FakeWorld {
  return {
    steps: 1,
    stepMs: 0,
    contexts: null,
    picture: null,
    hover: null,
    hints: [],
    lenses: [],
    calls: { version: 1, item: null, rows: [] },
    annotation: null,
    moreEdits: [],
    badFix: null,
    alsoFound: null,
    problems: [],
    failure: null,
    asked: [],
    specs: [],
  };
}

export function fakeEngine(world: FakeWorld): (spec: EngineSpec) => EnginePort {
  return (spec) => {
    world.specs.push(spec);
    const overlays = new Map<string, string>();
    const text = (file: string): string => {
      const path = join(spec.root, file);
      return overlays.get(file) ?? (existsSync(path) ? readFileSync(path, 'utf8') : '');
    };
    const step = async (signal: AbortSignal): Promise<void> => {
      await new Promise((resolve) => setTimeout(resolve, world.stepMs));
      if (signal.aborted) throw new Cancelled();
    };
    return {
      describe: async () => ({ kernelVersion: spec.kernelVersion ?? '6.12', problems: [] }),
      check: async (request, signal, progress) => {
        world.asked.push(
          `${request.quick === false ? 'whole check' : 'check'} ${request.paths.join(' ')} ${request.precision}`,
        );
        if (world.failure !== null) throw new Error(world.failure);
        for (let done = 0; done < world.steps; done++) {
          progress({ phase: 'analyse', done, total: world.steps, at: `function_${done}` });
          await step(signal);
        }
        const findings = request.paths.flatMap((file) => [
          ...(file === world.alsoFound ? findingsIn(file, 'kfree(also)', world) : []),
          ...findingsIn(file, text(file), world),
        ]);
        const stats = {
          files: 1,
          functions: world.steps,
          damagedFunctions: 0,
          walked: 0,
          parseMs: 1,
          totalMs: 2,
        };
        return { findings, skipped: [], problems: world.problems, stats };
      },
      contexts: async (query, signal) => {
        world.asked.push(
          'line' in query ? `contexts ${query.line}:${query.column}` : `contexts ${query.function}`,
        );
        await step(signal);
        return world.contexts === null
          ? { ok: false, problem: 'nothing here' }
          : { ok: true, answer: world.contexts };
      },
      annotate: async (query) => {
        world.asked.push(`annotate ${'line' in query ? query.line : query.function}`);
        return world.annotation === null
          ? { ok: false, problem: 'nothing here' }
          : { ok: true, answer: world.annotation };
      },
      picture: async (query) => {
        world.asked.push(`picture ${query.kind}`);
        return world.picture === null
          ? { ok: false, problem: 'nothing here' }
          : { ok: true, answer: world.picture };
      },
      field: async (query) => {
        world.asked.push(`field ${'file' in query ? `${query.line}:${query.column}` : query.member}`);
        return { ok: false, problem: 'nothing here' };
      },
      drop: async (query) => {
        world.asked.push(`drop ${query.line}`);
        return { ok: false, problem: 'nothing here' };
      },
      hover: async ({ line, column }, signal) => {
        world.asked.push(`hover ${line}:${column}`);
        await step(signal);
        return world.hover;
      },
      inlayHints: async ({ firstLine, lastLine, mode }) => {
        world.asked.push(`hints ${firstLine}-${lastLine} ${mode}`);
        return world.hints;
      },
      lenses: async (file) => {
        world.asked.push(`lenses ${file}`);
        return { version: 1, file, lenses: world.lenses };
      },
      calls: async (query) => {
        world.asked.push(`calls ${query.kind}`);
        return world.calls;
      },
      methods: async (query) => {
        world.asked.push(`methods ${query.paths.join(' ')}`);
        return { version: 1, kernelVersion: '6.12', units: [] };
      },
      files: async (paths) =>
        paths.flatMap((path) =>
          readdirSync(join(spec.root, path))
            .filter((name) => /\.[ch]$/.test(name))
            .map((name) => ({ file: `${path}/${name}`, inScope: true, reason: '' })),
        ),
      overlay: async (file, content) => {
        world.asked.push(`overlay ${file} ${content === null ? 'off' : 'on'}`);
        if (content === null) overlays.delete(file);
        else overlays.set(file, content);
      },
      invalidate: async (file) => {
        world.asked.push(`invalidate ${file}`);
      },
      dispose: async () => {
        world.asked.push('dispose');
      },
    };
  };
}

/** A scan by a fake engine: the C files below the paths, one after the other. */
export function fakeScan(world: FakeWorld): RunScan {
  return async ({ spec, overlays, request }, signal, progress) => {
    const engine = fakeEngine(world)(spec);
    for (const [file, text] of overlays) await engine.overlay(file, text);
    const below = request.paths.flatMap((path) =>
      path.endsWith('.c')
        ? [path]
        : readdirSync(join(spec.root, path), { recursive: true, encoding: 'utf8' }).map(
            (name) => `${path}/${name}`,
          ),
    );
    const paths = below.filter((file) => file.endsWith('.c')).sort();
    return [await engine.check({ ...request, paths }, signal, progress)];
  };
}

function findingsIn(file: string, text: string, { moreEdits, badFix }: FakeWorld): readonly Finding[] {
  const findings: Finding[] = [];
  for (const [index, line] of text.split('\n').entries()) {
    const at = /kfree\((\w+)\)/.exec(line);
    if (at === null) continue;
    const place = { file, line: index + 1, column: at.index + 1 };
    const span = { startLine: index + 1, startColumn: at.index + 1, endLine: index + 1 };
    const edit = {
      file,
      ...span,
      endColumn: at.index + 1 + at[0].length,
      text: at[1] === badFix ? 'kfree(worse)' : `kfree_rcu(${at[1]}, rcu)`,
    };
    findings.push({
      ...place,
      endLine: index + 1,
      endColumn: at.index + 1 + at[0].length,
      rule: 'rcu/early-free',
      severity: 'error',
      precision: 'high',
      certainty: 'must',
      message: `\`${at[1]}\` is freed while RCU-walk may still look at it`,
      function: 'fake',
      entry: null,
      held: [],
      rcu: 'none',
      trace: [
        { ...place, kind: 'free', message: `\`${at[1]}\` is freed at once` },
        { file, line: 1, column: 1, kind: 'other-side', message: 'RCU-walk reads it', side: 1 },
      ],
      fixes: [
        { title: 'Review: free it later', safety: 'unsafe', edits: [edit] },
        { title: 'Free it after a grace period', safety: 'safe', edits: [edit, ...moreEdits] },
      ],
      fingerprint: `fake-${at[1]}`,
    });
  }
  return findings;
}
