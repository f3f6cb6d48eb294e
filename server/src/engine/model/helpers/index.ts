/**
 * All helpers that are no primitives, one file an area. What a helper does is stated only where the tree proves it; one
 * whose effect could not be established is left out, and taken for unknown.
 */
import type { HelperEntry } from '../types.js';
import { BEFORE_IDMAP_HELPERS } from './before-idmap.js';
import { CACHED_HELPERS } from './cached.js';
import { DCACHE_HELPERS } from './dcache.js';
import { INNER_HELPERS } from './inner.js';
import { INODE_HELPERS } from './inode.js';
import { LIBRARY_HELPERS } from './library.js';
import { LOCK_HELPERS } from './locks.js';
import { LRU_HELPERS } from './lru.js';
import { NAMEI_HELPERS } from './namei.js';
import { PAGE_HELPERS } from './pages.js';
import { QUIET_HELPERS } from './quiet.js';
import { SIMPLE_HELPERS } from './simple.js';
import { USER_HELPERS } from './user.js';
import { WAIT_HELPERS } from './wait.js';
import { WRITER_HELPERS } from './writers.js';

/** All of them, for all versions. */
export const HELPERS: readonly HelperEntry[] = [
  ...LOCK_HELPERS,
  ...WRITER_HELPERS,
  ...DCACHE_HELPERS,
  ...NAMEI_HELPERS,
  ...INODE_HELPERS,
  ...CACHED_HELPERS,
  ...LIBRARY_HELPERS,
  ...SIMPLE_HELPERS,
  ...LRU_HELPERS,
  ...WAIT_HELPERS,
  ...USER_HELPERS,
  ...PAGE_HELPERS,
  ...QUIET_HELPERS,
  ...BEFORE_IDMAP_HELPERS,
  ...INNER_HELPERS,
];
