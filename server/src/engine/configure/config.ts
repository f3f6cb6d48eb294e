/**
 * The configuration of a kernel as a value: what `CONFIG_...` symbols are set to. It comes from a `.config`, or it is the
 * default configuration, which decides every symbol by its name. Reads no file; knows nothing of C.
 */

/** What a symbol is set to: built in, module, off, or the text of a number or string. */
export type ConfigValue = string;

/** A configuration. Symbols are written with their `CONFIG_` prefix. */
export interface KernelConfig {
  /** The value of a symbol: `y`, `m`, `n`, a number or string, or undefined where the configuration lacks it. */
  get(symbol: string): ConfigValue | undefined;
  /** Identity: equal keys mean equal answers. */
  readonly key: string;
  /** True where no `.config` was read. */
  readonly isDefault: boolean;
}

/** A line of a `.config` that cannot be read. Lines are 1-based. */
export interface ConfigProblem {
  readonly line: number;
  readonly message: string;
}

/**
 * Decided one by one in the default configuration, where "everything on" would take both of two alternatives, or the
 * one that nobody runs. The rest of the names follow `defaultValue`.
 */
const DEFAULT_VALUES: ReadonlyMap<string, ConfigValue> = new Map(
  Object.entries({
    // Spinlocks sleep there: another locking model altogether.
    PREEMPT_RT: 'n',
    // Code that only a build test takes.
    COMPILE_TEST: 'n',
    // debugfs and BTF are no debugging variants; every distribution has them, and their code holds locks.
    DEBUG_FS: 'y',
    DEBUG_INFO_BTF: 'y',
    DEBUG_INFO_BTF_MODULES: 'y',
    // Lock debugging replaces the lock primitives by checking variants; sanitisers replace accessors.
    LOCKDEP: 'n',
    LOCK_STAT: 'n',
    TRACE_IRQFLAGS: 'n',
    KASAN: 'n',
    KMSAN: 'n',
    KCSAN: 'n',
    // One of several preemption models: the fully preemptible one, where the most can go wrong.
    PREEMPT: 'y',
    PREEMPTION: 'y',
    PREEMPT_NONE: 'n',
    PREEMPT_VOLUNTARY: 'n',
    PREEMPT_LAZY: 'n',
    // One of several RCU, slab and memory models.
    TINY_RCU: 'n',
    TINY_SRCU: 'n',
    SLOB: 'n',
    SLUB_TINY: 'n',
    FLATMEM: 'n',
    UNINLINE_SPIN_UNLOCK: 'n',
    // A little-endian 64-bit machine with an MMU: x86-64. Other architectures are off by name, see below.
    X86: 'y',
    X86_64: 'y',
    '64BIT': 'y',
    '32BIT': 'n',
    X86_32: 'n',
    HIGHMEM: 'n',
    UML: 'n',
    CPU_BIG_ENDIAN: 'n',
    GENERIC_ATOMIC64: 'n',
    GENERIC_LOCKBREAK: 'n',
    CC_IS_CLANG: 'n',
    BASE_SMALL: 'n',
    CMDLINE_FORCE: 'n',
    // Numbers that conditions compare.
    NR_CPUS: '8192',
    NODES_SHIFT: '10',
    PAGE_SHIFT: '12',
    PGTABLE_LEVELS: '5',
    HZ: '250',
    LOG_BUF_SHIFT: '18',
    FRAME_WARN: '2048',
    ARCH_FORCE_MAX_ORDER: '10',
    // Off by default everywhere and marked as broken or dangerous: they pull in code that no build has.
    BROKEN: 'n',
  }),
);

/** Architectures other than x86, alone or as the head of a longer name. */
const OTHER_ARCHITECTURES =
  /^(ALPHA|ARC|ARM|ARM64|CSKY|HEXAGON|IA64|LOONGARCH|M68K|MICROBLAZE|MIPS|NIOS2|OPENRISC|PARISC|PPC|PPC32|PPC64|POWERPC|RISCV|S390|SPARC|SPARC32|SPARC64|SUPERH|XTENSA|COLDFIRE)(_|$)/;

/** The default value of a symbol, without its prefix. */
function defaultValue(name: string): ConfigValue {
  const decided = DEFAULT_VALUES.get(name);
  if (decided !== undefined) return decided;
  // CONFIG_X_MODULE says that X is a module; here everything is built in.
  if (name.endsWith('_MODULE')) return 'n';
  if (name.startsWith('DEBUG_') || name.endsWith('_DEBUG') || name === 'DEBUG') return 'n';
  // PROVE_LOCKING, PROVE_RCU: lockdep's, see above. KASAN_HW_TAGS and the like go with their heads.
  if (/^(PROVE|KASAN|KMSAN|KCSAN|LOCKDEP)_/.test(name)) return 'n';
  if (OTHER_ARCHITECTURES.test(name)) return 'n';
  if (/(^|_)BIG_ENDIAN($|_)/.test(name) || /(^|_)NOMMU($|_)/.test(name)) return 'n';
  return 'y';
}

const PREFIX = 'CONFIG_';

/** Everything on, but for what `DEFAULT_VALUES` and `defaultValue` say and why. */
export function defaultConfig(): KernelConfig {
  return DEFAULT_CONFIG;
}

const DEFAULT_CONFIG: KernelConfig = {
  get: (symbol) => (symbol.startsWith(PREFIX) ? defaultValue(symbol.slice(PREFIX.length)) : undefined),
  key: 'default-1',
  isDefault: true,
};

const SETTING = /^(CONFIG_[A-Za-z0-9_]+)=(.*)$/;
const NOT_SET = /^#\s*(CONFIG_[A-Za-z0-9_]+) is not set\s*$/;
const NUMBER = /^-?(0[xX][0-9a-fA-F]+|[0-9]+)$/;
const STRING = /^"(?:[^"\\]|\\.)*"$/;

/** At most this many problems are kept: a binary file taken for a `.config` has as many as lines. */
export const MAX_CONFIG_PROBLEMS = 20;

/** Reads the text of a `.config`. Lines that make no sense are problems; the others count. Never throws. */
export function parseDotConfig(text: string): { config: KernelConfig; problems: readonly ConfigProblem[] } {
  const values = new Map<string, ConfigValue>();
  const problems: ConfigProblem[] = [];
  const lines = text.replace(/^\uFEFF/, '').split(/\r?\n/);
  for (const [index, raw] of lines.entries()) {
    const line = raw.trim();
    if (line === '') continue;
    const off = NOT_SET.exec(line);
    if (off?.[1] !== undefined) {
      values.set(off[1], 'n');
      continue;
    }
    if (line.startsWith('#')) continue;
    const set = SETTING.exec(line);
    const value = set?.[2];
    if (set?.[1] === undefined || value === undefined) {
      note(problems, index, 'not a setting of the form CONFIG_NAME=value');
    } else if (/^[ymn]$/.test(value) || NUMBER.test(value)) {
      values.set(set[1], value);
    } else if (STRING.test(value)) {
      values.set(set[1], value.slice(1, -1).replace(/\\(.)/g, '$1'));
    } else {
      note(problems, index, `the value of ${set[1]} is neither y, m, n, a number nor a quoted string`);
    }
  }
  return { config: fromValues(values), problems };
}

function note(problems: ConfigProblem[], index: number, message: string): void {
  if (problems.length < MAX_CONFIG_PROBLEMS) problems.push({ line: index + 1, message });
}

/** A configuration that has exactly these values. */
export function fromValues(values: ReadonlyMap<string, ConfigValue>): KernelConfig {
  const sorted = [...values].sort(([a], [b]) => (a < b ? -1 : 1));
  return { get: (symbol) => values.get(symbol), key: `config-${fingerprint(sorted)}`, isDefault: false };
}

/** Two rounds of FNV-1a: enough to tell configurations apart, and available in every runtime. */
function fingerprint(sorted: readonly (readonly [string, string])[]): string {
  let a = 0x811c9dc5;
  let b = 0x01000193;
  for (const [symbol, value] of sorted) {
    const text = `${symbol}=${value}\n`;
    for (let i = 0; i < text.length; i++) {
      const code = text.charCodeAt(i);
      a = Math.imul(a ^ code, 0x01000193);
      b = Math.imul(b ^ code, 0x85ebca6b);
    }
  }
  return `${(a >>> 0).toString(16).padStart(8, '0')}${(b >>> 0).toString(16).padStart(8, '0')}`;
}
