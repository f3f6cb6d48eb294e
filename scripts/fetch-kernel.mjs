/**
 * `npm run fetch-kernel -- VERSION...`: fetches the Linux source package of Debian for each version (5.10, 6.1, 6.12, 7.2) and
 * unpacks the parts that concern the VFS into a cache folder, once; prints the folder. The mirror is the one that the
 * machine's own apt uses. The machine's apt state is not touched. Where something is missing it says what, and fails; with
 * `--if-possible` (tests) it says so and ends well, and versions that `KERNEL_TREE` names need no fetching.
 */
import { spawnSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';

/** The suite that carries a version; null: whatever suites the machine's apt is set up with. */
const SUITES = { '5.10': 'bullseye', 6.1: null, 6.12: null, 7.2: 'sid' };
const VERSIONS = ['5.10', '6.1', '6.12', '7.2'];
/** Folders of the source that concern the VFS. */
const PARTS = [
  'Makefile',
  'fs',
  'include',
  'mm',
  'kernel',
  'security',
  'ipc',
  'net',
  'lib',
  'Documentation/filesystems',
];

/** A reason that a person can act on. */
class Failure extends Error {}

function cacheFolder() {
  if (process.env.LOCKWALK_CACHE) return process.env.LOCKWALK_CACHE;
  return join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'lockwalk');
}

/** The machine's apt sources: deb822 stanzas and one-line entries, as { uri, suites, signedBy }. */
function aptSources() {
  const found = [];
  const folder = '/etc/apt/sources.list.d';
  const files = ['/etc/apt/sources.list'];
  if (existsSync(folder))
    files.push(
      ...readdirSync(folder)
        .sort()
        .map((name) => join(folder, name)),
    );
  for (const file of files) {
    if (!existsSync(file)) continue;
    const text = readFileSync(file, 'utf8');
    if (file.endsWith('.sources')) found.push(...deb822(text));
    else if (file.endsWith('.list')) found.push(...oneLine(text));
  }
  return found;
}

function deb822(text) {
  const sources = [];
  for (const stanza of text.split(/\n\s*\n/)) {
    const fields = new Map();
    for (const line of stanza.split('\n')) {
      const field = /^([A-Za-z-]+):\s*(.*)$/.exec(line);
      if (field) fields.set(field[1].toLowerCase(), field[2].trim());
    }
    if (!/\bdeb\b/.test(fields.get('types') ?? '') || fields.get('enabled') === 'no') continue;
    for (const uri of (fields.get('uris') ?? '').split(/\s+/).filter(Boolean)) {
      sources.push({
        uri,
        suites: (fields.get('suites') ?? '').split(/\s+/).filter(Boolean),
        signedBy: fields.get('signed-by') ?? null,
      });
    }
  }
  return sources;
}

function oneLine(text) {
  const sources = [];
  for (const line of text.split('\n')) {
    const entry = /^deb\s+(?:\[([^\]]*)\]\s+)?(\S+)\s+(\S+)/.exec(line.trim());
    if (!entry) continue;
    const signed = /signed-by=(\S+)/.exec(entry[1] ?? '');
    sources.push({ uri: entry[2], suites: [entry[3]], signedBy: signed ? signed[1] : null });
  }
  return sources;
}

/** The source that is Debian's main archive: the one that serves a plain release suite, not its security updates. */
function debianMirror(sources) {
  const codename = /^VERSION_CODENAME=(\S+)/m.exec(readFileSync('/etc/os-release', 'utf8'))?.[1] ?? null;
  const plain = sources.filter((source) =>
    source.suites.some((suite) => suite === codename || /^(stable|testing|unstable|sid)$/.test(suite)),
  );
  const mirror = plain.find((source) => /debian\/?$/.test(source.uri)) ?? plain[0];
  if (mirror === undefined)
    throw new Failure('the apt configuration of this machine names no Debian archive');
  return mirror;
}

function run(command, args, options = {}) {
  const done = spawnSync(command, args, {
    stdio: ['ignore', 'pipe', 'inherit'],
    encoding: 'utf8',
    ...options,
  });
  if (done.error) throw new Failure(`${command} cannot be run: ${done.error.message}`);
  if (done.status !== 0) throw new Failure(`${command} ${args.at(-1) ?? ''} failed with code ${done.status}`);
  return done.stdout;
}

/** Downloads a package with an apt state of our own; returns the path of the .deb. */
function download(name, suite, work) {
  const state = join(work, 'apt');
  mkdirSync(join(state, 'lists/partial'), { recursive: true });
  mkdirSync(join(state, 'cache/archives/partial'), { recursive: true });
  const options = [
    '-qq',
    `-oDir::State::Lists=${join(state, 'lists')}`,
    `-oDir::Cache=${join(state, 'cache')}`,
    '-oAPT::Sandbox::User=root',
    '-oAcquire::Retries=2',
    '-oAcquire::http::Timeout=30',
  ];
  if (suite !== null) {
    const mirror = debianMirror(aptSources());
    const keyring = mirror.signedBy ?? '/usr/share/keyrings/debian-archive-keyring.gpg';
    const list = join(state, 'sources.list');
    writeFileSync(list, `deb [signed-by=${keyring}] ${mirror.uri} ${suite} main\n`);
    options.push(`-oDir::Etc::SourceList=${list}`, '-oDir::Etc::SourceParts=/dev/null');
  }
  run('apt-get', [...options, 'update'], { stdio: ['ignore', 'ignore', 'inherit'] });
  run('apt-get', [...options, 'download', name], { cwd: work, stdio: ['ignore', 'ignore', 'inherit'] });
  const deb = readdirSync(work).find((file) => file.startsWith(`${name}_`) && file.endsWith('.deb'));
  if (deb === undefined) throw new Failure(`apt-get downloaded no ${name}`);
  return join(work, deb);
}

function fetchKernel(version) {
  const folder = join(cacheFolder(), `linux-${version}`);
  if (existsSync(join(folder, '.complete'))) return folder;
  const work = mkdtempSync(join(tmpdir(), 'lockwalk-fetch-'));
  try {
    const deb = download(`linux-source-${version}`, SUITES[version], work);
    const archive = join(work, 'source.tar.xz');
    run('bash', [
      '-c',
      'set -o pipefail; dpkg-deb --fsys-tarfile "$0" | tar -xO --wildcards "*/linux-source-*.tar.xz" > "$1"',
      deb,
      archive,
    ]);
    const unpacked = join(work, 'tree');
    mkdirSync(unpacked);
    const parts = PARTS.map((part) => `linux-source-*/${part}`);
    run('tar', [
      '-xf',
      archive,
      '-C',
      unpacked,
      '--strip-components=1',
      '--wildcards',
      '--no-wildcards-match-slash',
      ...parts,
    ]);
    writeFileSync(join(unpacked, '.complete'), `${deb.slice(deb.lastIndexOf('/') + 1)}\n`);
    mkdirSync(cacheFolder(), { recursive: true });
    rmSync(folder, { recursive: true, force: true });
    move(unpacked, folder);
    return folder;
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

/** The temporary folder may lie on another file system. */
function move(from, to) {
  try {
    renameSync(from, to);
  } catch {
    run('cp', ['-a', from, to]);
  }
}

/** Whether the environment names a tree of a version, as the tests read it. */
function isGiven(version) {
  if (process.env[`KERNEL_TREE_${version.replace('.', '_')}`]) return true;
  return version === '6.12' && Boolean(process.env.KERNEL_TREE);
}

const optional = process.argv.includes('--if-possible');
const wanted = process.argv.slice(2).filter((word) => word !== '--if-possible');
try {
  if (wanted.length === 0) throw new Failure(`name versions: ${VERSIONS.join(', ')}`);
  for (const version of wanted) {
    if (!VERSIONS.includes(version)) throw new Failure(`${version}: there are ${VERSIONS.join(', ')}`);
    if (!optional || !isGiven(version)) console.log(fetchKernel(version));
  }
} catch (error) {
  if (!(error instanceof Failure)) throw error;
  console.error(`fetch-kernel: ${error.message}`);
  if (optional) console.error('fetch-kernel: SKIPPED: tests on a real kernel tree will not run');
  else process.exitCode = 1;
}
