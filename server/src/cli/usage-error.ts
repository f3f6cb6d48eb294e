/**
 * What a person typed or configured cannot be done: one sentence that names it, and exit code 2. Everything else that is
 * thrown is a bug of ours.
 */

/** Bad usage or configuration. */
export class UsageError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'UsageError';
  }
}

/** What there was to say could not be written: nobody has it, whatever was found. */
export class UnwritableError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'UnwritableError';
  }
}

/** Exit codes of every command. */
export const EXIT = { clean: 0, findings: 1, usage: 2, internal: 3, interrupted: 130 } as const;
