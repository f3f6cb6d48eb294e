/**
 * The helpers of the model by area, with titles, for pages that list them. The tables are those of `index.ts`; a test
 * sees to it that none is left out.
 */
import { ALLOCATION } from './allocation.js';
import { BEFORE_IDMAP_HELPERS } from './helpers/before-idmap.js';
import { CACHED_HELPERS } from './helpers/cached.js';
import { DCACHE_HELPERS } from './helpers/dcache.js';
import { INNER_HELPERS } from './helpers/inner.js';
import { INODE_HELPERS } from './helpers/inode.js';
import { LIBRARY_HELPERS } from './helpers/library.js';
import { LOCK_HELPERS } from './helpers/locks.js';
import { LRU_HELPERS } from './helpers/lru.js';
import { NAMEI_HELPERS } from './helpers/namei.js';
import { PAGE_HELPERS } from './helpers/pages.js';
import { QUIET_HELPERS } from './helpers/quiet.js';
import { SIMPLE_HELPERS } from './helpers/simple.js';
import { USER_HELPERS } from './helpers/user.js';
import { WAIT_HELPERS } from './helpers/wait.js';
import { WRITER_HELPERS } from './helpers/writers.js';
import { PRIMITIVES } from './primitives.js';
import { REFERENCES } from './references.js';
import type { HelperEntry } from './types.js';

/** Helpers that belong together. */
export interface HelperArea {
  readonly title: string;
  readonly helpers: readonly HelperEntry[];
}

/** All helpers, for all versions. */
export const HELPER_AREAS: readonly HelperArea[] = [
  { title: 'Locks, RCU and execution states', helpers: PRIMITIVES },
  { title: 'Locks of VFS objects', helpers: LOCK_HELPERS },
  { title: 'Folios, buffers and freezing', helpers: WRITER_HELPERS },
  { title: 'Dentries', helpers: DCACHE_HELPERS },
  { title: 'Path walk and names', helpers: [...NAMEI_HELPERS, ...BEFORE_IDMAP_HELPERS] },
  { title: 'Inodes and superblocks', helpers: INODE_HELPERS },
  { title: 'The inode cache, with callbacks', helpers: CACHED_HELPERS },
  { title: 'References', helpers: REFERENCES },
  { title: 'Filesystems that live in the cache, and more of the VFS', helpers: SIMPLE_HELPERS },
  { title: 'For the VFS itself', helpers: INNER_HELPERS },
  { title: 'Superblocks, block devices and libraries', helpers: LIBRARY_HELPERS },
  { title: 'Page cache and I/O', helpers: PAGE_HELPERS },
  { title: 'LRU lists', helpers: LRU_HELPERS },
  { title: 'Allocation', helpers: ALLOCATION },
  { title: 'Waiting and deferred work', helpers: WAIT_HELPERS },
  { title: 'User memory', helpers: USER_HELPERS },
  { title: 'Strings, lists, bits and printing', helpers: QUIET_HELPERS },
];
