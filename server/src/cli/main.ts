/**
 * Entry of the command line: runs the program and turns what happens into an exit code and at most one sentence on
 * standard error. A stack trace is shown only to who asks for it with LOCKWALK_DEBUG.
 */
import { CommanderError } from 'commander';
import { Cancelled } from '../engine/base/cancel.js';
import { EngineFailure } from '../host/engine-client.js';
import { makeProgram } from './program.js';
import { remark } from './terminal.js';
import { EXIT, UnwritableError, UsageError } from './usage-error.js';

const stop = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, interrupt);
// The reader of our output has gone (`| head`): nothing left to say.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit(process.exitCode ?? EXIT.clean);
});

/** How long a command may take to stop in good order. */
const STOP_WITHIN_MS = 2000;

function interrupt(): void {
  stop.abort();
  setTimeout(() => process.exit(EXIT.interrupted), STOP_WITHIN_MS).unref();
}

function codeFor(error: unknown): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.clean : EXIT.usage;
  if (error instanceof UsageError) {
    remark(error.message);
    return EXIT.usage;
  }
  if (error instanceof UnwritableError) {
    remark(error.message);
    return EXIT.internal;
  }
  if (error instanceof Cancelled) {
    remark('interrupted: nothing is reported');
    return EXIT.interrupted;
  }
  const failure = error instanceof Error ? error : new Error(String(error));
  const at = error instanceof EngineFailure && error.at !== '' ? ` while looking at ${error.at}` : '';
  remark(`internal error${at}: ${failure.message}`);
  const stack = error instanceof EngineFailure ? error.engineStack : (failure.stack ?? '');
  if (process.env.LOCKWALK_DEBUG !== undefined) process.stderr.write(`${stack}\n`);
  else remark('this is a bug of ours; LOCKWALK_DEBUG=1 shows more');
  return EXIT.internal;
}

try {
  await makeProgram(stop.signal, (code) => {
    process.exitCode = code;
  }).parseAsync(process.argv);
} catch (error) {
  process.exitCode = codeFor(error);
}
