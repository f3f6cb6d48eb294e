/**
 * What is done in the editor, session by session. Steps live in `steps/`, a file for each concern; here they are only put
 * in order.
 */
import type { Step } from './stage.js';
import { actionsSteps } from './steps/actions.js';
import { exampleSteps } from './steps/example.js';
import { findingsSteps } from './steps/findings.js';
import { kernelSteps } from './steps/kernel.js';
import { lensSteps } from './steps/lenses.js';
import { picturesSteps } from './steps/pictures.js';
import { reviewSteps } from './steps/review.js';
import { serverSteps } from './steps/server.js';
import { startSteps } from './steps/start.js';
import { statusSteps } from './steps/status.js';
import { twoTreesSteps } from './steps/two-trees.js';

/** In one editor on a copy of the example tree. */
export const EXAMPLE_STEPS: readonly Step[] = [
  ...exampleSteps,
  ...lensSteps,
  ...findingsSteps,
  ...actionsSteps,
  ...statusSteps,
  ...picturesSteps,
  ...serverSteps,
  ...startSteps,
  ...reviewSteps,
];

/** In one editor on two copies of the example tree that say they are other versions, with clangd beside. */
export const TWO_TREES_STEPS: readonly Step[] = [...twoTreesSteps];

/** In one editor on a kernel tree, 6.12. */
export const KERNEL_STEPS: readonly Step[] = [...kernelSteps];
