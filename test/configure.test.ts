/**
 * Configuring: C and a configuration in, what is left of the C out. A case's expectation is written with the blanked
 * lines left empty; that length and line ends stay is checked for every case.
 */
import { deepStrictEqual, ok, strictEqual } from 'node:assert';
import {
  configure,
  defaultConfig,
  fromValues,
  type KernelConfig,
  parseDotConfig,
} from '../server/src/engine/configure/index.js';

interface Case {
  readonly title: string;
  readonly config?: Readonly<Record<string, string>>;
  readonly source: string;
  readonly left: string;
  readonly symbols?: readonly string[];
  /** Lines of problems. */
  readonly problems?: readonly number[];
}

const CASES: readonly Case[] = [
  { title: 'a text without conditionals', source: 'int a;\n#define B 1\n', left: 'int a;\n#define B 1\n' },
  {
    title: 'ifdef, taken by default',
    source: '#ifdef CONFIG_A\na\n#else\nb\n#endif\n',
    left: '\na\n\n\n\n',
    symbols: ['CONFIG_A'],
  },
  {
    title: 'ifdef of a symbol that is off',
    config: { CONFIG_A: 'n' },
    source: '#ifdef CONFIG_A\na\n#else\nb\n#endif\n',
    left: '\n\n\nb\n\n',
  },
  {
    title: 'a module is not built in',
    config: { CONFIG_A: 'm' },
    source:
      '#ifdef CONFIG_A\na\n#endif\n#ifdef CONFIG_A_MODULE\nb\n#endif\n#if IS_ENABLED(CONFIG_A)\nc\n#endif\n#if IS_BUILTIN(CONFIG_A)\nd\n#endif\n#if IS_MODULE(CONFIG_A)\ne\n#endif\n#if IS_REACHABLE(CONFIG_A)\nf\n#endif\n',
    left: '\n\n\n\nb\n\n\nc\n\n\n\n\n\ne\n\n\n\n\n',
  },
  { title: '#if 0 never', source: '#if 0\na\n#else\nb\n#endif\nc', left: '\n\n\nb\n\nc' },
  {
    title: 'elif chains take one arm',
    config: { CONFIG_B: 'y', CONFIG_C: 'y' },
    source:
      '#if defined(CONFIG_A)\na\n#elif defined CONFIG_B\nb\n#elif defined(CONFIG_C)\nc\n#else\nd\n#endif\n',
    left: '\n\n\nb\n\n\n\n\n\n',
    symbols: ['CONFIG_A', 'CONFIG_B'],
  },
  {
    title: 'nested conditionals, the inner ones of a dead arm too',
    source: '#if 0\n#ifdef CONFIG_A\na\n#else\nb\n#endif\n#else\n#if 1\nc\n#endif\n#endif\n',
    left: '\n\n\n\n\n\n\n\nc\n\n\n',
    symbols: [],
  },
  {
    title: 'arithmetic, shifts, conditional, character',
    config: { CONFIG_HZ: '250' },
    source:
      "#if CONFIG_HZ > 100 && (1 << 3) == 010 && (0 ? 0 : 'a' == 97)\na\n#endif\n#if CONFIG_HZ % 7 == 1\nb\n#endif\n",
    left: '\na\n\n\n\n\n',
  },
  {
    title: 'continued and commented conditions',
    source:
      '#if defined(CONFIG_A) && /* why */ \\\n    !defined(CONFIG_DEBUG_B) // and so on\na\n#endif /* CONFIG_A\n  and B */\nb\n',
    left: '\n\na\n\n\nb\n',
  },
  {
    title: 'a hash in a comment, a string or a macro body is no directive',
    source: '/*\n#if 0\n*/\nchar *s = "\\\n#if 0\\n";\n#define X \\\n#if 0\nint a;\n#if 0\n#endif\n',
    left: '/*\n#if 0\n*/\nchar *s = "\\\n#if 0\\n";\n#define X \\\n#if 0\nint a;\n\n\n',
  },
  {
    title: 'a quote in a dead arm does no harm',
    source: "#if 0\ndon't\n#endif\nint a;\n",
    left: '\n\n\nint a;\n',
  },
  {
    title: 'include guards and overridable defaults are taken',
    source:
      '#ifndef _FOO_H\n#define _FOO_H\n#ifndef arch_foo\nint a;\n#endif\n#ifdef arch_bar\nint b;\n#endif\n#endif\n',
    left: '\n#define _FOO_H\n\nint a;\n\n\n\n\n\n',
  },
  {
    title: 'macros of the file itself',
    source:
      '#define N 3\n#if N == 3\na\n#endif\n#undef N\n#ifdef N\nb\n#endif\n#define EMPTY\n#ifdef EMPTY\nc\n#endif\n',
    left: '#define N 3\n\na\n\n#undef N\n\n\n\n#define EMPTY\n\nc\n\n',
  },
  {
    title: 'a definition in a dead arm does not count',
    source: '#if 0\n#define A\n#endif\n#ifdef A\na\n#endif\n',
    left: '\n\n\n\n\n\n',
  },
  {
    title: 'the kernel, not assembly, C++ or a module',
    source:
      '#ifdef __KERNEL__\na\n#endif\n#ifdef __ASSEMBLY__\nb\n#endif\n#ifdef __cplusplus\nc\n#endif\n#ifndef MODULE\nd\n#endif\n#if BITS_PER_LONG == 32\ne\n#endif\n',
    left: '\na\n\n\n\n\n\n\n\n\nd\n\n\n\n\n',
  },
  {
    title: 'where an unknown macro decides, the first arm',
    source: '#if FOO_VERSION > 3\na\n#else\nb\n#endif\n#if FOO_VERSION > 3 && 0\nc\n#endif\n',
    left: '\na\n\n\n\n\n\n\n',
  },
  {
    title: 'debugging, real-time and other machines are off',
    source:
      '#ifdef CONFIG_PREEMPT_RT\na\n#endif\n#ifdef CONFIG_XFS_DEBUG\nb\n#endif\n#ifdef CONFIG_DEBUG_VM\nc\n#endif\n#ifdef CONFIG_COMPILE_TEST\nd\n#endif\n#ifdef CONFIG_S390\ne\n#endif\n#ifdef CONFIG_DEBUG_FS\nf\n#endif\n',
    left: '\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\nf\n\n',
  },
  {
    title: 'carriage returns',
    source: '#ifdef CONFIG_A\r\na\r\n#else\r\nb\r\n#endif\r\n',
    left: '\r\na\r\n\r\n\r\n\r\n',
  },
  {
    title: 'what is out of place',
    source: '#endif\n#else\na\n#if (\nb\n#endif\n#if 1\nc\n',
    left: '#endif\n#else\na\n\nb\n\n\nc\n',
    problems: [1, 2, 4, 7],
  },
  {
    title: 'symbols that the code tests',
    source: 'if (IS_ENABLED(CONFIG_B) || IS_BUILTIN( CONFIG_A))\n',
    left: 'if (IS_ENABLED(CONFIG_B) || IS_BUILTIN( CONFIG_A))\n',
    symbols: ['CONFIG_A', 'CONFIG_B'],
  },
];

/** Without the blanks that stand for what was taken away. */
const trimmed = (text: string): string => text.replace(/[ \t]+(?=\r?$)/gm, '');

function configOf(values: Readonly<Record<string, string>> | undefined): KernelConfig {
  return values === undefined ? defaultConfig() : fromValues(new Map(Object.entries(values)));
}

describe('configure', () => {
  for (const { title, config, source, left, symbols, problems } of CASES) {
    it(title, () => {
      const result = configure(source, configOf(config));
      strictEqual(trimmed(result.text), trimmed(left));
      strictEqual(result.text.length, source.length);
      strictEqual(result.text.replace(/[^\r\n]/g, ' '), source.replace(/[^\r\n]/g, ' '));
      strictEqual(result.changed, result.text !== source);
      deepStrictEqual(
        result.problems.map(({ line }) => line).sort((a, b) => a - b),
        problems ?? [],
      );
      if (symbols !== undefined) deepStrictEqual(result.symbols, symbols);
    });
  }

  it('is linear in what nobody closes', () => {
    const text = `${'#if CONFIG_A\n'.repeat(20_000)}/*${'x'.repeat(1_000_000)}`;
    strictEqual(configure(text, defaultConfig()).text.length, text.length);
  });

  it('survives a condition of any depth', () => {
    const { problems } = configure(`#if ${'('.repeat(50_000)}1\na\n#endif\n`, defaultConfig());
    strictEqual(problems.length, 1);
  });
});

describe('a .config', () => {
  it('gives the values that it sets', () => {
    const { config, problems } = parseDotConfig(
      '# Linux/x86 6.12 Kernel Configuration\r\nCONFIG_A=y\nCONFIG_B=m\n# CONFIG_C is not set\nCONFIG_HZ=250\nCONFIG_NAME="a \\"b\\""\n\nCONFIG_HEX=0x1f\n',
    );
    deepStrictEqual(problems, []);
    deepStrictEqual(
      ['A', 'B', 'C', 'D', 'HZ', 'NAME', 'HEX'].map((name) => config.get(`CONFIG_${name}`)),
      ['y', 'm', 'n', undefined, '250', 'a "b"', '0x1f'],
    );
    ok(!config.isDefault);
  });

  it('says which lines it cannot read, and keeps the others', () => {
    const { config, problems } = parseDotConfig(
      'CONFIG_A=y\nCONFIG_B\nCONFIG_C=maybe\nCONFIG_D="open\nCONFIG_E=y\n<<<<<<<\n',
    );
    deepStrictEqual(
      problems.map(({ line }) => line),
      [2, 3, 4, 6],
    );
    strictEqual(config.get('CONFIG_E'), 'y');
  });

  it('has a key that depends on its values alone', () => {
    const key = (text: string): string => parseDotConfig(text).config.key;
    strictEqual(key('CONFIG_A=y\nCONFIG_B=m\n'), key('# a comment\nCONFIG_B=m\nCONFIG_A=y\n'));
    ok(key('CONFIG_A=y\n') !== key('CONFIG_A=m\n'));
    ok(key('') !== defaultConfig().key);
  });
});
