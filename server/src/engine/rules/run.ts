/**
 * Runs rules over an analysis and turns their drafts into findings: places, fingerprints, order, one finding a spot.
 */

import { type CancelToken, throwIfCancelled } from '../base/cancel.js';
import { type Finding, type Fix, PRECISION_RANK, type Precision } from '../base/finding.js';
import type { Analysis } from '../contexts/analysis.js';
import type { FileFacts } from '../facts/encode.js';
import { fingerprintAll } from '../findings/fingerprint.js';
import { compareFindings, orderFindings } from '../findings/order.js';
import { type FunctionRef, unitOf } from '../program/program.js';
import { heldAround } from './held-around.js';
import { ALL_RULES } from './registry.js';
import { type Draft, offsetsOf, placedLocks, type Rule, type RuleContext, rangeOf } from './rule.js';

/** Rules that a request means: by id or family; none named: those that are on by default. */
export function chosenRules(names: readonly string[]): readonly Rule[] {
  if (names.length === 0) return ALL_RULES.filter((r) => r.info.onByDefault);
  return ALL_RULES.filter((r) => names.some((n) => r.info.id === n || r.info.id.startsWith(`${n}/`)));
}

/** The rules that one yields to. */
function yieldsOf(id: string): readonly string[] {
  return ALL_RULES.find((r) => r.info.id === id)?.yieldsTo ?? [];
}

/** Spots of drafts by rule, with the best that is said there. */
function spotsOf(drafts: readonly Draft[]): Map<string, Precision> {
  const spots = new Map<string, Precision>();
  for (const d of drafts) {
    const spot = `${d.rule} ${d.fn} ${d.op}`;
    const there = spots.get(spot);
    if (there === undefined || PRECISION_RANK[there] < PRECISION_RANK[d.precision])
      spots.set(spot, d.precision);
  }
  return spots;
}

/** Rules that nobody asked for and to which one that was asked for yields: whether it does must not hang on what else was asked for. */
function yieldedTo(chosen: readonly Rule[]): readonly Rule[] {
  const ids = new Set(chosen.flatMap((r) => r.yieldsTo ?? []));
  return ALL_RULES.filter((r) => ids.has(r.info.id) && !chosen.includes(r));
}

/** What a rule says in the units where others have found something, and nowhere else: as a rule that is nowhere. */
function whatItSays(rule: Rule, cx: RuleContext, asking: readonly Draft[]): readonly Draft[] {
  const { analysis, functions, unit, all } = cx;
  const units = new Set(asking.map((d) => analysis.program.functions[d.fn]?.unit));
  if (units.size === 0) return [];
  return rule.check({
    analysis,
    functions: functions.filter((f) => units.has(f.unit)),
    unit,
    all,
    ...(cx.elsewhere === undefined ? {} : { elsewhere: cx.elsewhere }),
  });
}

/** The tree's files, for rules and statements. */
export interface Files {
  textOf(file: string): string | null;
  factsOf(file: string): FileFacts | null;
}

/**
 * Findings in files of `inScope`, at least as precise as asked for, ordered. `tree` gives texts for statements, and what rules ask for;
 * `fixOf` makes the fixes of a draft; `silence` hears of exemptions, of an analysis of which nothing is kept; `onlyFiles`: rules that go from
 * function to function look at those of the files alone; `isFirstLook`: as `RuleContext` has it; `isShown`: what nobody is shown needs no fixes, nor what is held there.
 */
export function runRules(
  analysis: Analysis,
  inScope: ReadonlySet<string>,
  names: readonly string[],
  precision: Precision,
  tree: Files,
  token: CancelToken,
  fixOf: (draft: Draft) => readonly Fix[],
  how: {
    readonly silence?: RuleContext['silence'];
    readonly onlyFiles?: boolean;
    readonly isFirstLook?: boolean;
    readonly isShown?: (draft: Draft) => boolean;
  } = {},
): Finding[] {
  const { silence, onlyFiles, isFirstLook, isShown = () => true } = how;
  const all: FunctionRef[] = analysis.bottomUp.map((id) => analysis.program.functions[id] as FunctionRef);
  // Rules see whole units, whatever of them was asked for: where a finding stands, and its fingerprint, must not hang on that
  const units = new Set([...inScope].filter((path) => !path.startsWith('include/')).map(unitOf));
  const seen = (f: FunctionRef): boolean => units.has(f.unit) || inScope.has(f.file.path);
  const unit = all.filter((f) => !f.isMacro && seen(f)).sort((a, b) => a.id - b.id);
  const functions = onlyFiles === true ? unit.filter((f) => inScope.has(f.file.path)) : unit;
  const cx: RuleContext = {
    analysis,
    functions,
    unit,
    all,
    elsewhere: (file) => tree.factsOf(file),
    ...(silence === undefined ? {} : { silence }),
    ...(isFirstLook === true ? { isFirstLook } : {}),
  };
  const drafts: Draft[] = [];
  const chosen = chosenRules(names);
  for (const rule of chosen) {
    throwIfCancelled(token);
    for (const d of rule.check(cx))
      if (PRECISION_RANK[d.precision] >= PRECISION_RANK[precision]) drafts.push(d);
  }
  const spots = spotsOf(drafts);
  for (const rule of yieldedTo(chosen)) {
    throwIfCancelled(token);
    const asking = drafts.filter((d) => yieldsOf(d.rule).includes(rule.info.id));
    for (const [spot, there] of spotsOf(whatItSays(rule, cx, asking))) spots.set(spot, there);
  }
  /** Another rule says the same of this spot, and better. */
  const isSaid = (d: Draft): boolean =>
    yieldsOf(d.rule).some((other) => {
      const there = spots.get(`${other} ${d.fn} ${d.op}`);
      if (there === undefined || PRECISION_RANK[there] < PRECISION_RANK[d.precision]) return false;
      silence?.(d.rule, analysis.program.functions[d.fn] as FunctionRef, d.op, `'${other}' says it`);
      return true;
    });
  const texts = new Map<string, string>();
  const textOf = (file: string): string => {
    let t = texts.get(file);
    if (t === undefined) {
      t = tree.textOf(file) ?? '';
      texts.set(file, t);
    }
    return t;
  };
  const made: { finding: Finding; draft: Draft; statement: string }[] = [];
  for (const draft of drafts) {
    const fn = analysis.program.functions[draft.fn] as FunctionRef;
    throwIfCancelled(token);
    // A fingerprint counts what is alike in its own file
    if (!inScope.has(fn.file.path) || isSaid(draft)) continue;
    const info = ALL_RULES.find((r) => r.info.id === draft.rule)?.info;
    const { start, end } = offsetsOf(fn, draft.op);
    made.push({
      draft,
      statement: textOf(fn.file.path).slice(start, end),
      finding: {
        rule: draft.rule,
        severity: draft.severity ?? info?.severity ?? 'warning',
        precision: draft.precision,
        certainty: draft.certainty,
        message: draft.message,
        ...rangeOf(fn, draft.op),
        function: fn.name,
        entry: draft.entry,
        held:
          draft.held.length > 0
            ? placedLocks(analysis, draft.held)
            : isShown(draft)
              ? heldAround(analysis, draft)
              : [],
        rcu: draft.rcu,
        trace: draft.trace,
        fixes: isShown(draft) ? fixOf(draft) : [],
        fingerprint: '',
      },
    });
  }
  made.sort((a, b) => compareFindings(a.finding, b.finding));
  const prints = fingerprintAll(
    made.map((m) => ({
      rule: m.finding.rule,
      file: m.finding.file,
      function: m.finding.function,
      statement: m.statement,
      objectClass: m.draft.objectClass,
    })),
  );
  const findings = made.map((m, i) => ({ ...m.finding, fingerprint: prints[i] as string }));
  return [...orderFindings(findings)];
}
