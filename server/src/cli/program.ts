/**
 * The command line: commands, options and their help, in one place. Each command's work is in a file of its own; here
 * nothing is computed.
 */
import { Command, InvalidArgumentError, Option } from 'commander';
import { buildIdentity } from '../host/version.js';
import { type AnnotateOptions, annotate } from './annotate.js';
import { type AuditOptions, audit } from './audit.js';
import { baselineUpdate, baselineWrite, DEFAULT_BASELINE } from './baseline.js';
import { check, FORMATS, type OutputOptions } from './check.js';
import { type ContextsOptions, contexts } from './contexts.js';
import { type DoctorOptions, doctor } from './doctor.js';
import { DUMP_KINDS, dump } from './dump.js';
import { type ExplainOptions, explain } from './explain.js';
import { type FilesOptions, files } from './files.js';
import { lsp } from './lsp.js';
import { type ModelOptions, modelVerify } from './model.js';
import type { CheckOptions } from './run-check.js';
import { DEFAULT_JOBS, type TreeOptions } from './target.js';

/** Makes the program. `done` takes the exit code of the command that ran. */
export function makeProgram(signal: AbortSignal, done: (code: number) => void): Command {
  const program = new Command('lockwalk')
    .description(
      'Which locks and which RCU state hold where in Linux VFS code, and where its contract is broken.',
    )
    .version(versionText(), '-V, --version', 'print version, engine hash and WASM hash')
    .exitOverride()
    .configureOutput({ outputError: (text, write) => write(text.replace(/^error: /, 'lockwalk: ')) })
    .showHelpAfterError('(lockwalk --help lists commands and options)');

  checkOptions(treeOptions(program.command('check')))
    .description('findings for files or folders; without PATH, the fs/ of the kernel tree')
    .argument('[PATH...]')
    .addOption(new Option('--format <format>', 'how to write the report').choices(FORMATS).default('text'))
    .addOption(new Option('--no-color', 'no colour, even on a terminal'))
    .option('--absolute', 'in text, name the places of findings by absolute paths')
    .option('--fix', 'apply safe fixes, and report what is left')
    .option('--dry-run', 'with --fix: show the fixes as a diff and write nothing')
    .action(async (paths: string[], options: CheckOptions & OutputOptions) =>
      done(await check(paths, options, signal)),
    );

  runOptions(treeOptions(program.command('contexts')))
    .description('the contexts just before FILE:LINE[:COLUMN] executes, or at entry of a function')
    .argument('[WHERE]', 'FILE:LINE, FILE:LINE:COLUMN or the name of a function')
    .option('--file <file>', 'the file that the function stands in')
    .option('--batch', 'read queries from standard input, one a line; answer one JSON object a line')
    .addOption(
      new Option('--format <format>', 'how to write the answer').choices(['text', 'json']).default('text'),
    )
    .addOption(new Option('--no-color', 'no colour, even on a terminal'))
    .action(async (where: string | undefined, options: ContextsOptions) =>
      done(await contexts(where, options, signal)),
    );

  treeOptions(program.command('annotate'))
    .description('write down what is certainly held when a function is entered; without --write, as a diff')
    .argument('<FUNCTION>')
    .option('--file <file>', 'the file that the function stands in')
    .addOption(
      new Option('--style <style>', 'lockdep_assert_held() in the body, or __must_hold() on the definition')
        .choices(['assert', 'must-hold'])
        .default('assert'),
    )
    .option('--write', 'change the file')
    .action(async (name: string, options: AnnotateOptions) => done(await annotate(name, options, signal)));

  treeOptions(program.command('explain'))
    .description("a rule's page, a family's rules, a VFS method's contract, or a helper's effect")
    .argument('<NAME>', 'RULE, METHOD or HELPER')
    .argument('[WHERE]', 'with --absent: FILE:LINE')
    .option('--absent', 'why RULE says nothing at FILE:LINE: which exemption applied there')
    .option('--baseline <file>', 'with --absent: a baseline that may hide it')
    .addOption(
      new Option('--format <format>', 'with --absent: how to write the answer')
        .choices(['text', 'json'])
        .default('text'),
    )
    .action(async (name: string, where: string | undefined, options: ExplainOptions) =>
      done(await explain(name, where, options, signal)),
    );

  runOptions(treeOptions(program.command('audit')))
    .description(
      'every instance of a method, call of a helper or spot that a rule looked at: fine, suspect or unknown',
    )
    .argument('<NAME>', 'METHOD (d_revalidate, inode_operations.rename), HELPER (dput, d_delete()) or RULE')
    .argument('[PATH...]', 'files or folders; without, the fs/ of the kernel tree')
    .addOption(
      new Option('--format <format>', 'how to write the list').choices(['text', 'json']).default('text'),
    )
    .action(async (name: string, paths: string[], options: AuditOptions) =>
      done(await audit(name, paths, options, signal)),
    );

  treeOptions(program.command('files'))
    .description('which files are in scope and why')
    .argument('[PATH...]')
    .addOption(
      new Option('--format <format>', 'how to write the list').choices(['text', 'json']).default('text'),
    )
    .action(async (paths: string[], options: FilesOptions) => done(await files(paths, options)));

  treeOptions(program.command('dump'))
    .description('what the engine sees of a file or function')
    .argument(`<${DUMP_KINDS.join('|')}>`)
    .argument('<FILE[:FUNCTION]>')
    .action(async (kind: string, where: string, options: TreeOptions) =>
      done(await dump(kind, where, options)),
    );

  const model = program.command('model').description('the built-in model of the VFS').exitOverride();
  treeOptions(model.command('verify'))
    .description("hold the model against a tree's documentation, declarations, assertions and code")
    .addOption(
      new Option('--format <format>', 'how to write the report').choices(['text', 'json']).default('text'),
    )
    .action(async (options: ModelOptions) => done(await modelVerify(options, signal)));

  const baseline = program.command('baseline').description('accept the findings of today').exitOverride();
  checkOptions(treeOptions(baseline.command('write')))
    .description(`write every finding into a baseline (--baseline, default ${DEFAULT_BASELINE})`)
    .argument('[PATH...]')
    .action(async (paths: string[], options: CheckOptions) =>
      done(await baselineWrite(paths, options, signal)),
    );
  checkOptions(treeOptions(baseline.command('update')))
    .description('drop the entries of a baseline that no longer occur; add none')
    .argument('[PATH...]')
    .action(async (paths: string[], options: CheckOptions) =>
      done(await baselineUpdate(paths, options, signal)),
    );

  treeOptions(program.command('doctor'))
    .description('what this program is, what it runs on, and how much of the tree the analysis reaches')
    .argument('[PATH...]')
    .addOption(
      new Option('--format <format>', 'how to write the answer').choices(['text', 'json']).default('text'),
    )
    .option('--functions', 'in JSON, list every function with what leads to it')
    .option('--no-reach', 'leave out how much is reached, which takes as long as a check')
    .option('--quiet', 'no progress on standard error')
    .action(async (paths: string[], options: DoctorOptions) => done(await doctor(paths, options, signal)));

  program
    .command('lsp')
    .description('the language server')
    .option('--stdio', 'speak over standard input and output')
    .allowUnknownOption()
    .action(() => lsp());

  return program;
}

function treeOptions(command: Command): Command {
  return command
    .exitOverride()
    .option('--kernel <dir>', 'root of the kernel tree (default: found upwards from PATH)')
    .option('--kernel-version <x.y>', "version whose contract applies (default: the tree's Makefile)")
    .option(
      '--config <file>',
      'the .config to follow (default: the one at the root, else the default configuration)',
    )
    .option(
      '--overlay <real=replacement>',
      'analyse the text of REPLACEMENT in place of REAL; repeatable',
      collect,
    );
}

function checkOptions(command: Command): Command {
  return runOptions(command)
    .option('--rule <id|family>', 'only this rule or family; repeatable', collect)
    .addOption(
      new Option('--precision <lowest>', 'lowest precision to show')
        .choices(['high', 'medium', 'low'])
        .default('high'),
    )
    .option(
      '--since <rev>',
      'only findings on lines changed since this git revision, or whose path leads over one',
    )
    .option('--baseline <file>', 'hide the findings that this file lists');
}

/** How to run: the same for every command that analyses much. */
function runOptions(command: Command): Command {
  return command
    .option('--jobs <n>', `engines side by side (default: ${DEFAULT_JOBS})`, positive)
    .option('--cache <dir>', "folder of what is kept between runs (default: the user's cache folder)")
    .option('--no-cache', 'keep nothing on disk')
    .option('--quiet', 'no progress on standard error');
}

function collect(value: string, before: readonly string[] = []): readonly string[] {
  return [...before, value];
}

function positive(value: string): number {
  const number = Number(value);
  if (!Number.isInteger(number) || number < 1) throw new InvalidArgumentError('expected a number from 1 on.');
  return number;
}

function versionText(): string {
  const { version, engine, wasm } = buildIdentity();
  return `lockwalk ${version} (engine ${engine}, wasm ${wasm})`;
}
