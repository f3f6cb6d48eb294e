import assert from 'node:assert/strict';
import { join } from 'node:path';
import { whyBrokenConfig } from '../../server/src/host/dot-config.js';
import { findKernelRoot, kernelVersionOf, whyNoKernelRoot } from '../../server/src/host/kernel-root.js';
import { KERNEL, withFolder } from './folder.js';

describe('kernel root', () => {
  it('is found upwards and knows its version', () =>
    withFolder({ ...KERNEL, 'fs/x/y.c': '' }, (folder) => {
      assert.equal(findKernelRoot(join(folder, 'fs/x')), folder);
      assert.deepEqual(kernelVersionOf(folder), { full: '6.12.3', short: '6.12' });
    }));

  it('is not any folder with a Makefile', () =>
    withFolder({ Makefile: 'all:\n\techo\n', 'fs/': '', 'other/': '' }, (folder) => {
      assert.match(whyNoKernelRoot(folder) ?? '', /VERSION/);
      assert.match(whyNoKernelRoot(join(folder, 'other')) ?? '', /Makefile does not exist/);
    }));
});

describe('.config', () => {
  it('is read as kernels write it', () => {
    const text =
      '#\n# Automatically generated\n#\nCONFIG_A=y\nCONFIG_B="a \\"b\\""\nCONFIG_C=0x10\n# CONFIG_D is not set\n';
    assert.equal(whyBrokenConfig(text), null);
  });

  it('is broken where a line is no setting', () => {
    assert.match(whyBrokenConfig('CONFIG_A=y\n<<<<<<< HEAD\n') ?? '', /line 2/);
    assert.match(whyBrokenConfig('\u0000\u0001') ?? '', /line 1/);
    assert.match(whyBrokenConfig('') ?? '', /no CONFIG_ setting/);
  });
});
