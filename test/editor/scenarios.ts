/**
 * What is done in the editor, session by session. Steps live in `steps/`, a file for each concern; here they are only put
 * in order.
 */

import type { Step } from './stage.js';
import { exampleSteps } from './steps/example.js';
import { kernelSteps } from './steps/kernel.js';
import { statusSteps } from './steps/status.js';

/** In one editor on a copy of the example tree. */
export const EXAMPLE_STEPS: readonly Step[] = [...exampleSteps, ...statusSteps];

/** In one editor on a kernel tree, 6.12. */
export const KERNEL_STEPS: readonly Step[] = [...kernelSteps];
