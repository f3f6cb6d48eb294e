/**
 * All VFS methods of the model: their contracts as the VFS keeps them, one file a structure in `methods/`. Entry points
 * that are no VFS methods (timers, seq_file, completions) are in `entries.ts`, in the same shape.
 */
import { withFreezing } from './freezing.js';
import { DENTRY_METHODS } from './methods/dentry.js';
import { FILE_METHODS } from './methods/file.js';
import { INODE_METHODS } from './methods/inode.js';
import { LOCK_METHODS } from './methods/locks.js';
import { MAPPING_METHODS } from './methods/mapping.js';
import { BLOCK_METHODS, CRYPT_METHODS, EXPORT_METHODS, XATTR_METHODS } from './methods/other.js';
import { PAGE_METHODS } from './methods/pages.js';
import { CONTEXT_METHODS, SUPER_METHODS, TYPE_METHODS } from './methods/super.js';
import type { MethodEntry } from './types.js';

/** All methods, for all versions. */
export const METHODS: readonly MethodEntry[] = [
  ...DENTRY_METHODS,
  ...INODE_METHODS,
  ...FILE_METHODS,
  ...SUPER_METHODS,
  ...TYPE_METHODS,
  ...CONTEXT_METHODS,
  ...MAPPING_METHODS,
  ...PAGE_METHODS,
  ...EXPORT_METHODS,
  ...CRYPT_METHODS,
  ...BLOCK_METHODS,
  ...XATTR_METHODS,
  ...LOCK_METHODS,
].map(withFreezing);
