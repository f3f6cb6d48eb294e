/**
 * A session is one editor with a fresh profile on one folder; steps are what is done in it, one after another. A step that
 * fails does not stop those after it. Must not know what the steps look at.
 */
import type { Checks } from './checks.js';
import type { Workbench } from './workbench.js';

/** What a step works with. */
export interface Stage {
  readonly bench: Workbench;
  readonly checks: Checks;
  /** The tree that is open. The example tree is a copy, and may be written to; a kernel tree must not. */
  readonly folder: string;
}

/**
 * One step. It begins with no editor open and the settings of a fresh profile, and may leave anything open and unsaved;
 * files of the example tree are put back after it, and what it added is removed.
 */
export interface Step {
  /** A few words; `npm run test:editor -- WORDS` runs the steps whose name holds the words. */
  readonly name: string;
  run(stage: Stage): Promise<void>;
}

/**
 * Runs steps in an editor that has been started; `restore` puts the files of the tree back. A step in which something fails is done once
 * more, and the second time counts: what is drawn late on a busy machine is no failure, and the log and the sum say that it was so.
 */
export async function perform(stage: Stage, steps: readonly Step[], restore: () => void): Promise<void> {
  const { checks } = stage;
  for (const step of steps) {
    const before = checks.mark();
    await once(stage, step, restore);
    if (checks.failed === before[1]) continue;
    checks.again(before);
    await once(stage, step, restore);
  }
}

async function once(stage: Stage, step: Step, restore: () => void): Promise<void> {
  stage.checks.begin(step.name);
  try {
    const began = Date.now();
    await stage.bench.reset();
    if (Date.now() - began > 5000) console.log(`  note: reset took ${Date.now() - began} ms`);
    await stage.bench.errors(); // those of the step before are counted
    await step.run(stage);
    // Paths of the tree say the name, too
    const errors = (await stage.bench.errors()).filter((text) =>
      /lockwalk/i.test(text.replace(/\S*\/\S*/g, '')),
    );
    if (errors.length > 0) stage.checks.that('no error is shown', false, errors.join(' | '));
  } catch (error) {
    stage.checks.that('no exception', false, String(error).slice(0, 1500));
    await stage.bench.shot(`${step.name.replaceAll(/\W+/g, '-')}-exception`).catch(() => undefined);
  }
  restore();
}
