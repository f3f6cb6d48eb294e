/**
 * The model's tables: every text in them parses, no name is there twice for one version, versions select what they
 * should, and every citation has the right shape. In kernel trees that
 * are at hand the citations of their version and the names of the helpers are looked up.
 */
import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  applies,
  buildModel,
  compareVersions,
  type EntryContext,
  type HelperEntry,
  type LockSpec,
  type MethodEntry,
  MODEL_DATA,
  newestVersion,
  parseCondition,
  parsePath,
  SUPPORTED_VERSIONS,
  type Versions,
} from '../server/src/engine/model/index.js';
import { walksBeside } from '../server/src/engine/model/overlap.js';
import { describeKernel } from './kernel/tree.js';

const PROOF = /^(5\.10|6\.1|6\.12|7\.2):([\w./-]+\.(?:c|h|rst)):([1-9]\d*)$/;

interface Text {
  readonly at: string;
  readonly text: string;
  readonly params: readonly string[];
}

function* lockTexts(
  at: string,
  specs: readonly LockSpec[] | undefined,
  params: readonly string[],
): Generator<readonly [Text, Text]> {
  for (const spec of specs ?? []) {
    yield [
      { at, text: spec.lock, params },
      { at, text: spec.when ?? '', params },
    ];
  }
}

function* methodTexts(method: MethodEntry): Generator<readonly [Text, Text]> {
  const at = `${method.struct}.${method.method}`;
  const both = (context: EntryContext): readonly LockSpec[] => [...context.held, ...(context.mayHold ?? [])];
  for (const context of method.contexts) {
    yield* lockTexts(at, both(context), method.params);
    yield [
      { at, text: '@none', params: method.params },
      { at, text: context.when ?? '', params: method.params },
    ];
  }
  yield* lockTexts(at, method.releases, method.params);
  yield* lockTexts(at, method.acquires, method.params);
  if (typeof method.callSleeps === 'string') {
    yield [
      { at, text: '@none', params: method.params },
      { at, text: method.callSleeps, params: method.params },
    ];
  }
}

function* helperTexts(helper: HelperEntry): Generator<readonly [Text, Text]> {
  const { name: at, params } = helper;
  for (const specs of [
    helper.requires,
    helper.mustNotHold,
    helper.acquires,
    helper.releases,
    helper.asserts,
  ]) {
    yield* lockTexts(at, specs, params);
  }
  for (const effect of [...(helper.frees ?? []), ...(helper.references ?? [])]) {
    yield [
      { at, text: effect.object, params },
      { at, text: effect.when ?? '', params },
    ];
  }
  for (const callback of helper.callbacks ?? []) {
    assert.ok(callback.param < params.length, `${at}: callback parameter ${callback.param}`);
    yield* lockTexts(at, callback.held, callback.params ?? []);
  }
  if (typeof helper.sleeps === 'string') {
    yield [
      { at, text: '@none', params },
      { at, text: helper.sleeps, params },
    ];
  }
  for (const text of [helper.tells, helper.ensures])
    if (text !== undefined)
      yield [
        { at, text: '@none', params },
        { at, text, params },
      ];
  const given = helper.returns;
  if (
    given !== undefined &&
    !/^(fresh|const:-?\d+|zero-or:-?\d+|negative-error|error-pointer|unknown)$/.test(given)
  ) {
    yield [
      { at, text: given, params },
      { at, text: '', params },
    ];
  }
}

function parses(texts: Iterable<readonly [Text, Text]>, constants: ReadonlyMap<string, number>): void {
  for (const [path, condition] of texts) {
    const parsedPath = parsePath(path.text, path.params);
    assert.ok(parsedPath.ok, `${path.at}: path '${path.text}': ${parsedPath.ok ? '' : parsedPath.problem}`);
    const parsed = parseCondition(condition.text, condition.params, (name) => constants.get(name));
    assert.ok(
      parsed.ok,
      `${condition.at}: condition '${condition.text}': ${parsed.ok ? '' : parsed.problem}`,
    );
  }
}

function noOverlap<T extends { readonly versions?: Versions }>(
  entries: readonly T[],
  key: (entry: T) => string,
): void {
  for (const version of SUPPORTED_VERSIONS) {
    const seen = new Set<string>();
    for (const entry of entries) {
      if (!applies(entry.versions, version)) continue;
      const name = key(entry);
      assert.ok(!seen.has(name), `${name} is there twice in ${version}`);
      seen.add(name);
    }
  }
}

function allProofs(): readonly (readonly [string, string])[] {
  const pairs: (readonly [string, string])[] = [];
  for (const entry of MODEL_DATA.methods) {
    for (const proof of entry.proof) pairs.push([`${entry.struct}.${entry.method}`, proof]);
  }
  for (const entry of MODEL_DATA.lockClasses)
    for (const proof of entry.proof) pairs.push([entry.class, proof]);
  for (const entry of MODEL_DATA.neverNull)
    for (const proof of entry.proof) pairs.push([`${entry.struct}.${entry.field}`, proof]);
  for (const entry of MODEL_DATA.readers) for (const proof of entry.proof) pairs.push([entry.name, proof]);
  for (const entry of MODEL_DATA.fieldGuards)
    for (const proof of entry.proof) pairs.push([`${entry.struct}.${entry.field}`, proof]);
  for (const entry of MODEL_DATA.lockOrder)
    for (const proof of entry.proof) pairs.push([`${entry.outer.class} > ${entry.inner.class}`, proof]);
  for (const cycle of MODEL_DATA.lifeCycles)
    for (const entry of [...cycle.states, ...cycle.steps, ...cycle.methods, ...cycle.fields])
      for (const proof of entry.proof) pairs.push([`life of ${cycle.object}`, proof]);
  for (const list of [MODEL_DATA.helpers, MODEL_DATA.constants, MODEL_DATA.guards, MODEL_DATA.freeClasses]) {
    for (const entry of list) for (const proof of entry.proof) pairs.push([entry.name, proof]);
  }
  return pairs;
}

describe('model: what RCU-walk runs beside', () => {
  const model = buildModel('6.12');
  for (const [method, walks] of Object.entries({
    'dentry_operations::d_release': 'd_revalidate d_hash d_compare d_manage',
    'dentry_operations::d_prune': 'd_revalidate d_hash d_compare d_manage',
    'inode_operations::rename': 'd_revalidate d_hash d_compare d_manage',
    'inode_operations::unlink': 'd_revalidate d_hash d_compare d_manage',
    'super_operations::evict_inode': 'permission get_link',
    'super_operations::destroy_inode': 'permission get_link',
    'super_operations::free_inode': '',
    'dentry_operations::d_init': '',
    'inode_operations::lookup': '',
    'dentry_operations::d_revalidate': '',
  }))
    it(`${method}: ${walks === '' ? 'nothing' : walks}`, () => {
      const [struct = '', name = ''] = method.split('::');
      assert.equal(
        walksBeside(model, struct, name)
          .map((walk) => walk.method)
          .join(' '),
        walks,
      );
    });
});

describe('model: paths and conditions', () => {
  const constants = (name: string): number | undefined => ({ LOOKUP_RCU: 0x40, A: 1, B: 6 })[name];
  const parse = (text: string, params: readonly string[] = ['flags', 'dentry', 'gfp']) =>
    parseCondition(text, params, constants);

  it('reads paths', () => {
    assert.deepEqual(parsePath('dentry->d_inode->i_rwsem', ['dentry']), {
      ok: true,
      value: { root: 0, fields: ['d_inode', 'i_rwsem'] },
    });
    assert.deepEqual(parsePath('&path.dentry', ['mnt', 'path']), {
      ok: true,
      value: { root: 1, fields: ['dentry'] },
    });
    assert.deepEqual(parsePath('result->d_sb', []), { ok: true, value: { root: -1, fields: ['d_sb'] } });
    assert.deepEqual(parsePath('@rename_lock', []), { ok: true, value: { root: 'rename_lock', fields: [] } });
  });

  it('reads every kind of atom', () => {
    const flags = { root: 0, fields: [] };
    const bits = { kind: 'bits', value: flags, mask: 0x40, set: true };
    assert.deepEqual(parse('flags & LOOKUP_RCU'), { ok: true, value: [bits] });
    assert.deepEqual(parse('!(flags & LOOKUP_RCU)'), { ok: true, value: [{ ...bits, set: false }] });
    assert.deepEqual(parse('flags & A | B'), { ok: true, value: [{ ...bits, mask: 7 }] });
    assert.deepEqual(parse('!dentry'), {
      ok: true,
      value: [{ kind: 'bits', value: { root: 1, fields: [] }, mask: null, set: false }],
    });
    const result = { root: -1, fields: [] };
    assert.deepEqual(parse('result == -10'), {
      ok: true,
      value: [{ kind: 'equals', value: result, mask: null, number: -10, equal: true }],
    });
    assert.deepEqual(parse('result < 0'), {
      ok: true,
      value: [{ kind: 'negative', value: result, negative: true }],
    });
    assert.deepEqual(parse('result >= 0'), {
      ok: true,
      value: [{ kind: 'negative', value: result, negative: false }],
    });
    assert.deepEqual(parse('!IS_ERR(result)'), {
      ok: true,
      value: [{ kind: 'error', value: result, error: false }],
    });
    assert.deepEqual(parse('flags != gfp'), {
      ok: true,
      value: [{ kind: 'same', value: flags, other: { root: 2, fields: [] }, equal: false }],
    });
    assert.deepEqual(parse(''), { ok: true, value: [] });
    const both = parse('!(flags & A) && IS_ERR(dentry)');
    assert.equal(both.ok && both.value.length, 2);
  });

  it('gives a problem in words, and never throws', () => {
    for (const text of [
      'flags &',
      '&',
      '(',
      ')',
      'flags & NOT_KNOWN',
      'other',
      'flags == ',
      'flags < 1',
      'a || b',
      '!(',
      'flags->',
      '@',
      '->',
      '!!!!',
      'flags & 0x',
      'IS_ERR',
      'IS_ERR(',
      '\u0000',
      'x'.repeat(1000),
      '('.repeat(300),
      '-'.repeat(300),
      'flags flags',
    ]) {
      const parsed = parse(text);
      assert.equal(parsed.ok, false, text);
      assert.ok(!parsed.ok && parsed.problem.length > 0);
    }
    for (const text of ['', '->x', 'dentry->', 'dentry->@x', 'nobody', '1']) {
      assert.equal(parsePath(text, ['dentry']).ok, false, text);
    }
  });
});

describe('model: versions', () => {
  it('compares by number', () => {
    assert.ok(compareVersions('5.10', '6.1') < 0);
    assert.ok(compareVersions('6.1', '6.12') < 0);
    assert.ok(compareVersions('6.12.117', '6.12') > 0);
    assert.equal(compareVersions('7.2', '7.2.0'), 0);
    assert.ok(applies({ since: '6.1', until: '6.12' }, '6.1.192'));
    assert.ok(!applies({ until: '6.12' }, '6.12.117'));
  });

  it('selects what speaks of the version', () => {
    const old = buildModel('6.12.117');
    const current = buildModel('7.2');
    const key = 'dentry_operations::d_revalidate';
    assert.deepEqual(old.methods.get(key)?.params, ['dentry', 'flags']);
    assert.deepEqual(current.methods.get(key)?.params, ['dir', 'name', 'dentry', 'flags']);
    assert.deepEqual(buildModel('5.10').methods.get('inode_operations::permission')?.params, [
      'inode',
      'mask',
    ]);
    assert.deepEqual(old.methods.get('inode_operations::permission')?.params, ['idmap', 'inode', 'mask']);
    assert.equal(current.methods.get('inode_operations::mkdir')?.returns, 'pointer');
    assert.equal(old.constants.get('LOOKUP_RCU'), 0x40);
    assert.equal(current.constants.get('LOOKUP_RCU'), 0x100);
    assert.equal(current.methods.has('file_operations::iterate'), false);
    assert.deepEqual(old.problems, []);
  });

  it('clamps what it does not know, and says so', () => {
    assert.equal(buildModel('6.6').version, '6.1');
    assert.equal(buildModel('4.19').version, '5.10');
    assert.equal(buildModel('99.0').version, newestVersion);
    assert.equal(buildModel('nonsense').version, newestVersion);
    for (const version of ['6.6', '4.19', '99.0', 'nonsense']) {
      assert.match(buildModel(version).problems[0] ?? '', /kernel/);
    }
  });

  it('lets the tree have the last word on a constant', () => {
    const model = buildModel('6.12', (name) => (name === 'LOOKUP_RCU' ? 0x4000 : undefined));
    const parsed = model.condition('flags & LOOKUP_RCU', ['flags']);
    assert.deepEqual(parsed, [{ kind: 'bits', value: { root: 0, fields: [] }, mask: 0x4000, set: true }]);
    assert.equal(model.condition('flags & NO_SUCH_NAME', ['flags']), null);
    assert.equal(model.problems.length, 1);
  });
});

describe('model: tables', () => {
  for (const version of SUPPORTED_VERSIONS) {
    it(`parses every text in ${version}`, () => {
      const model = buildModel(version);
      for (const method of model.methods.values()) parses(methodTexts(method), model.constants);
      for (const helper of model.helpers.values()) {
        parses(helperTexts(helper), model.constants);
        for (const [param, constant] of Object.entries(helper.defaults ?? {})) {
          assert.ok(
            helper.params.includes(param) && model.constants.has(constant),
            `${helper.name}: default ${param}`,
          );
        }
      }
      for (const guard of model.guards.values()) {
        assert.ok(model.helpers.has(guard.acquire), `${guard.name}: no helper ${guard.acquire}`);
        assert.ok(model.helpers.has(guard.release), `${guard.name}: no helper ${guard.release}`);
      }
      for (const entry of model.freeClasses.values()) {
        assert.ok(model.helpers.has(entry.helper), `${entry.name}: no helper ${entry.helper}`);
      }
    });
  }

  it('has no name twice in one version', () => {
    noOverlap(MODEL_DATA.methods, (entry) => `${entry.struct}::${entry.method}`);
    noOverlap(MODEL_DATA.helpers, (entry) => entry.name);
    noOverlap(MODEL_DATA.constants, (entry) => entry.name);
    noOverlap(MODEL_DATA.lockClasses, (entry) => entry.class);
    noOverlap(MODEL_DATA.guards, (entry) => entry.name);
    noOverlap(MODEL_DATA.freeClasses, (entry) => entry.name);
  });

  it('cites a place for everything', () => {
    for (const [name, proof] of allProofs()) assert.match(proof, PROOF, `${name}: ${proof}`);
    for (const entry of [...MODEL_DATA.methods, ...MODEL_DATA.helpers, ...MODEL_DATA.lockClasses]) {
      assert.ok(entry.proof.length > 0 && entry.summary.length > 4, JSON.stringify(entry));
    }
  });

  it('cites each entry from a version that it speaks of', () => {
    for (const entry of [...MODEL_DATA.methods, ...MODEL_DATA.helpers, ...MODEL_DATA.guards]) {
      const cited = entry.proof.map((proof) => PROOF.exec(proof)?.[1] ?? '');
      assert.ok(
        cited.some((version) => applies(entry.versions, version)),
        JSON.stringify(entry),
      );
    }
  });

  it('speaks of every method at most once, with at least one context', () => {
    for (const method of MODEL_DATA.methods) {
      assert.ok(method.contexts.length > 0, method.method);
      assert.equal(new Set(method.params).size, method.params.length, method.method);
    }
  });
});

/** All text of a tree's C files and headers in the folders that the model cites. */
function sourcesOf(tree: string): Iterable<string> {
  const walk = function* (folder: string): Generator<string> {
    for (const entry of readdirSync(join(tree, folder), { withFileTypes: true })) {
      const path = `${folder}/${entry.name}`;
      if (entry.isDirectory()) yield* walk(path);
      else if (/\.[ch]$/.test(entry.name)) yield readFileSync(join(tree, path), 'latin1');
    }
  };
  return (function* () {
    for (const folder of ['include', 'fs', 'mm', 'kernel', 'lib', 'arch', 'security', 'net'])
      if (existsSync(join(tree, folder))) yield* walk(folder);
  })();
}

/** The patch levels that the citations were read in; in another one a line may have moved. */
const CITED: Readonly<Record<string, string>> = {
  '5.10': '5.10.223',
  '6.1': '6.1.192',
  '6.12': '6.12.117',
  '7.2': '7.2.13',
};

for (const version of SUPPORTED_VERSIONS)
  describeKernel(version, 'model: the tree that it speaks of', (tree) => {
    it('has every cited line', function () {
      const makefile = readFileSync(join(tree, 'Makefile'), 'latin1');
      const part = (name: string): string => new RegExp(`^${name} = (\\d+)`, 'm').exec(makefile)?.[1] ?? '?';
      const full = `${part('VERSION')}.${part('PATCHLEVEL')}.${part('SUBLEVEL')}`;
      if (full !== CITED[version]) {
        console.warn(`      SKIPPED: this is ${full}, and the citations are of ${CITED[version]}`);
        this.skip();
      }
      const lines = new Map<string, readonly string[]>();
      for (const [name, proof] of allProofs()) {
        const match = PROOF.exec(proof);
        if (match === null || match[1] !== version) continue;
        const file = match[2] ?? '';
        let text = lines.get(file);
        if (text === undefined) {
          text = readFileSync(join(tree, file), 'latin1').split('\n');
          lines.set(file, text);
        }
        const line = text[Number(match[3]) - 1];
        assert.ok(line !== undefined && line.trim() !== '', `${name}: ${proof} is not a line of text`);
      }
    });

    it('has every helper', function () {
      this.timeout(300_000);
      const missing = new Set(buildModel(version).helpers.keys());
      for (const text of sourcesOf(tree)) {
        for (const word of text.match(/[A-Za-z_]\w*/g) ?? []) missing.delete(word);
      }
      assert.deepEqual([...missing], [], `helpers that do not occur in ${version}`);
    });
  });
