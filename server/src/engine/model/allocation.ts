/**
 * Memory: what allocates (and sleeps where its mask allows direct reclaim), what frees at once, what frees after a grace
 * period, and what waits for one. A wrong "sleeps" here is a false alarm everywhere, so conditions are over the mask.
 */
import { freesByRcu, freesNow, type HelperExtra, helper, put } from './entry.js';
import type { HelperEntry } from './types.js';

const RECLAIM = 'gfp & __GFP_DIRECT_RECLAIM';
const FRESH: HelperExtra = { returns: 'fresh' };
const DEFAULT_KERNEL: HelperExtra = { returns: 'fresh', defaults: { gfp: 'GFP_KERNEL' } };

/** An allocator; the parameter that is called `gfp` decides whether it sleeps. */
function alloc(
  name: string,
  params: string,
  what: string,
  proof: string,
  extra: HelperExtra = FRESH,
): HelperEntry {
  return helper(
    name,
    params,
    RECLAIM,
    `Allocates ${what}; sleeps if the mask allows direct reclaim.`,
    proof,
    extra,
  );
}

/** A function that frees. */
function free(
  name: string,
  params: string,
  sleeps: boolean,
  summary: string,
  proof: string,
  extra: HelperExtra,
): HelperEntry {
  return helper(name, params, sleeps, summary, proof, extra);
}

const ALLOCATORS: readonly HelperEntry[] = [
  alloc('kmalloc', 'size, gfp', 'memory', '6.12:include/linux/slab.h:900'),
  alloc('kzalloc', 'size, gfp', 'zeroed memory', '6.12:include/linux/slab.h:1131'),
  alloc('kmalloc_node', 'size, gfp, node', 'memory on a node', '6.12:include/linux/slab.h:1022'),
  alloc('kzalloc_node', 'size, gfp, node', 'zeroed memory on a node', '6.12:include/linux/slab.h:1132'),
  alloc('kcalloc', 'n, size, gfp', 'a zeroed array', '6.12:include/linux/slab.h:1079'),
  alloc('kmalloc_array', 'n, size, gfp', 'an array', '6.12:include/linux/slab.h:1040'),
  alloc('krealloc', 'p, new_size, gfp', 'memory in place of other memory', '6.12:include/linux/slab.h:454'),
  alloc(
    'krealloc_array',
    'p, new_n, new_size, gfp',
    'an array in place of another',
    '6.1:include/linux/slab.h:625 6.12:include/linux/slab.h:1071',
    { ...FRESH, versions: { since: '6.1' } },
  ),
  alloc('kmemdup', 'src, len, gfp', 'a copy of memory', '6.12:include/linux/fortify-string.h:755'),
  alloc('kmemdup_nul', 's, len, gfp', 'a copy of a string', '6.12:mm/util.c:187'),
  alloc('kmemdup_array', 'src, count, element_size, gfp', 'a copy of an array', '6.12:mm/util.c:151', {
    ...FRESH,
    versions: { since: '6.12' },
  }),
  alloc('kvmemdup', 'src, len, gfp', 'a copy of memory', '6.12:mm/util.c:167', {
    ...FRESH,
    versions: { since: '6.12' },
  }),
  alloc('kstrdup', 's, gfp', 'a copy of a string', '6.12:mm/util.c:55'),
  alloc('kstrdup_const', 's, gfp', 'a copy of a string unless it is constant', '6.12:mm/util.c:82'),
  alloc('kstrndup', 's, max, gfp', 'a copy of a string', '6.12:mm/util.c:101'),
  alloc('kasprintf', 'gfp, fmt', 'a formatted string', '6.12:lib/kasprintf.c:53'),
  alloc('kvasprintf', 'gfp, fmt, ap', 'a formatted string', '6.12:lib/kasprintf.c:15'),
  alloc('kvmalloc', 'size, gfp', 'memory, virtually contiguous if need be', '6.12:include/linux/slab.h:1139'),
  alloc(
    'kvzalloc',
    'size, gfp',
    'zeroed memory, virtually contiguous if need be',
    '6.12:include/linux/slab.h:1141',
  ),
  alloc(
    'kvmalloc_node',
    'size, gfp, node',
    'memory, virtually contiguous if need be',
    '6.12:include/linux/slab.h:1137',
  ),
  alloc(
    'kvmalloc_array',
    'n, size, gfp',
    'an array, virtually contiguous if need be',
    '6.12:include/linux/slab.h:1162',
  ),
  alloc(
    'kvcalloc',
    'n, size, gfp',
    'a zeroed array, virtually contiguous if need be',
    '6.12:include/linux/slab.h:1164',
  ),
  alloc('kmem_cache_alloc', 'cachep, gfp', 'an object of a cache', '6.12:include/linux/slab.h:728'),
  alloc('kmem_cache_zalloc', 'cachep, gfp', 'a zeroed object of a cache', '6.12:include/linux/slab.h:1120'),
  alloc('kmem_cache_alloc_lru', 'cachep, lru, gfp', 'an object of a cache', '6.12:include/linux/slab.h:732', {
    ...FRESH,
    versions: { since: '6.1' },
  }),
  alloc(
    'kmem_cache_alloc_node',
    'cachep, gfp, node',
    'an object of a cache',
    '6.12:include/linux/slab.h:788',
  ),
  alloc('kmem_cache_alloc_bulk', 's, gfp, nr, p', 'objects of a cache', '6.12:include/linux/slab.h:779', {}),
  alloc('alloc_inode_sb', 'sb, cache, gfp', 'an inode', '6.12:include/linux/fs.h:3274', {
    ...FRESH,
    versions: { since: '6.1' },
  }),
  alloc('alloc_page', 'gfp', 'a page', '6.12:include/linux/gfp.h:343'),
  alloc('alloc_pages', 'gfp, order', 'pages', '6.12:include/linux/gfp.h:337'),
  alloc('alloc_pages_node', 'nid, gfp, order', 'pages on a node', '6.12:include/linux/gfp.h:303'),
  alloc('__get_free_page', 'gfp', 'a page', '6.12:include/linux/gfp.h:369'),
  alloc('__get_free_pages', 'gfp, order', 'pages', '6.12:include/linux/gfp.h:355'),
  alloc('get_zeroed_page', 'gfp', 'a zeroed page', '6.12:include/linux/gfp.h:358'),
  alloc('folio_alloc', 'gfp, order', 'a folio', '6.12:include/linux/gfp.h:339', {
    ...FRESH,
    versions: { since: '6.1' },
  }),
  alloc(
    'filemap_alloc_folio',
    'gfp, order',
    'a folio for the page cache',
    '6.12:include/linux/pagemap.h:672',
    { ...FRESH, versions: { since: '6.1', until: '7.2' } },
  ),
  alloc(
    'filemap_alloc_folio',
    'gfp, order, policy',
    'a folio for the page cache',
    '7.2:include/linux/pagemap.h:652',
    { ...FRESH, versions: { since: '7.2' } },
  ),
  alloc('mempool_alloc', 'pool, gfp', 'an element of a pool', '6.12:include/linux/mempool.h:67'),
  alloc('bio_alloc_bioset', 'bdev, nr_vecs, opf, gfp, bs', 'a bio', '6.12:include/linux/bio.h:359', {
    ...FRESH,
    versions: { since: '6.1' },
  }),
  alloc('bio_alloc_bioset', 'gfp, nr_iovecs, bs', 'a bio', '5.10:include/linux/bio.h:392', {
    ...FRESH,
    versions: { until: '6.1' },
  }),
  alloc('bio_alloc', 'bdev, nr_vecs, opf, gfp', 'a bio', '6.12:include/linux/bio.h:372', {
    ...FRESH,
    versions: { since: '6.1' },
  }),
  alloc('bio_alloc', 'gfp, nr_iovecs', 'a bio', '5.10:include/linux/bio.h:400', {
    ...FRESH,
    versions: { until: '6.1' },
  }),
  alloc('kmalloc_obj', 'type, gfp', 'an object', '6.12:include/linux/slab.h:947', {
    ...DEFAULT_KERNEL,
    versions: { since: '6.12' },
  }),
  alloc('kmalloc_objs', 'type, count, gfp', 'an array', '6.12:include/linux/slab.h:959', {
    ...DEFAULT_KERNEL,
    versions: { since: '6.12' },
  }),
  alloc(
    'kmalloc_flex',
    'type, fam, count, gfp',
    'an object with a flexible array',
    '6.12:include/linux/slab.h:974',
    { ...DEFAULT_KERNEL, versions: { since: '6.12' } },
  ),
  alloc('kzalloc_obj', 'type, gfp', 'a zeroed object', '6.12:include/linux/slab.h:978', {
    ...DEFAULT_KERNEL,
    versions: { since: '6.12' },
  }),
  alloc('kzalloc_objs', 'type, count, gfp', 'a zeroed array', '6.12:include/linux/slab.h:980', {
    ...DEFAULT_KERNEL,
    versions: { since: '6.12' },
  }),
  alloc(
    'kzalloc_flex',
    'type, fam, count, gfp',
    'a zeroed object with a flexible array',
    '6.12:include/linux/slab.h:982',
    { ...DEFAULT_KERNEL, versions: { since: '6.12' } },
  ),
  alloc('kvmalloc_obj', 'type, gfp', 'an object', '6.12:include/linux/slab.h:986', {
    ...DEFAULT_KERNEL,
    versions: { since: '6.12' },
  }),
  alloc('kvmalloc_objs', 'type, count, gfp', 'an array', '6.12:include/linux/slab.h:988', {
    ...DEFAULT_KERNEL,
    versions: { since: '6.12' },
  }),
  alloc(
    'kvmalloc_flex',
    'type, fam, count, gfp',
    'an object with a flexible array',
    '6.12:include/linux/slab.h:990',
    { ...DEFAULT_KERNEL, versions: { since: '6.12' } },
  ),
  alloc('kvzalloc_obj', 'type, gfp', 'a zeroed object', '6.12:include/linux/slab.h:994', {
    ...DEFAULT_KERNEL,
    versions: { since: '6.12' },
  }),
  alloc('kvzalloc_objs', 'type, count, gfp', 'a zeroed array', '6.12:include/linux/slab.h:996', {
    ...DEFAULT_KERNEL,
    versions: { since: '6.12' },
  }),
  alloc(
    'kvzalloc_flex',
    'type, fam, count, gfp',
    'a zeroed object with a flexible array',
    '6.12:include/linux/slab.h:998',
    { ...DEFAULT_KERNEL, versions: { since: '6.12' } },
  ),
  alloc(
    'xa_store',
    'xa, index, entry, gfp',
    'room in an array for an entry, under xa_lock taken inside',
    '6.12:lib/xarray.c:1594',
    {},
  ),
  alloc(
    'xa_insert',
    'xa, index, entry, gfp',
    'room in an array for an entry, under xa_lock taken inside',
    '6.12:include/linux/xarray.h:778',
    {},
  ),
  alloc(
    'xa_alloc',
    'xa, id, entry, limit, gfp',
    'an index of an array',
    '6.12:include/linux/xarray.h:871',
    {},
  ),
  alloc(
    'xa_alloc_cyclic',
    'xa, id, entry, limit, next, gfp',
    'an index of an array',
    '6.12:include/linux/xarray.h:974',
    {},
  ),
  alloc('xa_reserve', 'xa, index, gfp', 'room in an array', '6.12:include/linux/xarray.h:1080', {}),
  alloc('idr_alloc', 'idr, ptr, start, end, gfp', 'an id', '6.12:lib/idr.c:81', {}),
  alloc('idr_alloc_cyclic', 'idr, ptr, start, end, gfp', 'an id', '6.12:lib/idr.c:119', {}),
  alloc('idr_alloc_u32', 'idr, ptr, nextid, max, gfp', 'an id', '6.12:lib/idr.c:33', {}),
  alloc('ida_alloc', 'ida, gfp', 'an id', '6.12:include/linux/idr.h:273', {}),
  alloc('ida_alloc_range', 'ida, min, max, gfp', 'an id', '6.12:lib/idr.c:382', {}),
  alloc(
    'percpu_counter_init',
    'fbc, amount, gfp',
    'a per-CPU counter',
    '6.12:include/linux/percpu_counter.h:151',
    {},
  ),
  alloc('radix_tree_maybe_preload', 'gfp', 'nodes ahead of an insertion', '6.12:lib/radix-tree.c:378', {
    acquires: [{ lock: '@preempt', kind: 'preempt', mode: 'exclusive', when: 'result == 0' }],
  }),
  alloc('radix_tree_preload', 'gfp', 'nodes ahead of an insertion', '6.12:lib/radix-tree.c:365', {
    acquires: [{ lock: '@preempt', kind: 'preempt', mode: 'exclusive', when: 'result == 0' }],
  }),
  alloc(
    'idr_preload',
    'gfp',
    'nodes ahead of an insertion, and switches preemption off',
    '6.12:lib/radix-tree.c:1469',
    {
      acquires: [{ lock: '@preempt', kind: 'preempt', mode: 'exclusive' }],
    },
  ),
  helper(
    'radix_tree_preload_end',
    '',
    false,
    'Ends what radix_tree_preload began.',
    '6.12:include/linux/radix-tree.h:258',
    {
      releases: [{ lock: '@preempt', kind: 'preempt', mode: 'exclusive' }],
    },
  ),
  helper('idr_preload_end', '', false, 'Ends what idr_preload began.', '6.12:include/linux/idr.h:172', {
    releases: [{ lock: '@preempt', kind: 'preempt', mode: 'exclusive' }],
  }),
  alloc('posix_acl_alloc', 'count, gfp', 'an access control list', '6.12:fs/posix_acl.c:210'),
  alloc('posix_acl_clone', 'acl, gfp', 'a copy of an access control list', '6.12:fs/posix_acl.c:225'),
  helper(
    'vmalloc',
    'size',
    true,
    'Allocates virtually contiguous memory; sleeps.',
    '6.12:include/linux/vmalloc.h:145',
    FRESH,
  ),
  helper(
    'vzalloc',
    'size',
    true,
    'Allocates zeroed, virtually contiguous memory; sleeps.',
    '6.12:include/linux/vmalloc.h:148',
    FRESH,
  ),
  helper(
    'vmalloc_user',
    'size',
    true,
    'Allocates memory that can be mapped to user space; sleeps.',
    '6.12:include/linux/vmalloc.h:151',
    FRESH,
  ),
  helper(
    'vcalloc',
    'n, size',
    true,
    'Allocates a zeroed, virtually contiguous array; sleeps.',
    '6.12:include/linux/vmalloc.h:191',
    FRESH,
  ),
  helper(
    'alloc_percpu',
    'type',
    true,
    'Allocates memory for each CPU; sleeps.',
    '6.12:include/linux/percpu.h:153',
    FRESH,
  ),
  helper(
    'memdup_user',
    'src, len',
    true,
    'Copies user memory into new memory; sleeps.',
    '6.12:mm/util.c:222',
    FRESH,
  ),
  helper(
    'memdup_user_nul',
    'src, len',
    true,
    'Copies user memory into a new string; sleeps.',
    '6.12:mm/util.c:304',
    FRESH,
  ),
  helper(
    'vmemdup_user',
    'src, len',
    true,
    'Copies user memory into new memory; sleeps.',
    '6.12:mm/util.c:248',
    FRESH,
  ),
  helper('strndup_user', 's, n', true, 'Copies a user string; sleeps.', '6.12:mm/util.c:272', FRESH),
  helper(
    'kmem_cache_create',
    'name, size, align, flags, ctor',
    true,
    'Makes a cache of objects; sleeps.',
    '6.12:include/linux/slab.h:414',
    FRESH,
  ),
  helper('kmem_cache_destroy', 's', true, 'Ends a cache of objects; sleeps.', '6.12:mm/slab_common.c:506'),
  helper(
    'alloc_workqueue',
    'fmt, flags, max_active',
    true,
    'Makes a workqueue; sleeps.',
    '6.12:kernel/workqueue.c:5829',
    FRESH,
  ),
  helper(
    'destroy_workqueue',
    'wq',
    true,
    'Ends a workqueue after its work is done; sleeps.',
    '6.12:kernel/workqueue.c:5892',
  ),
  helper(
    'mempool_create',
    'min_nr, alloc_fn, free_fn, pool_data',
    true,
    'Makes a pool; sleeps.',
    '6.12:include/linux/mempool.h:59',
    FRESH,
  ),
  helper(
    'mempool_create_slab_pool',
    'min_nr, kc',
    true,
    'Makes a pool; sleeps.',
    '6.12:include/linux/mempool.h:90',
    FRESH,
  ),
  helper(
    'percpu_counter_destroy',
    'fbc',
    false,
    'Frees a per-CPU counter; does not sleep.',
    '6.12:include/linux/percpu_counter.h:50',
  ),
  helper(
    'xa_load',
    'xa, index',
    false,
    'Reads an array under RCU, opened inside.',
    '6.12:lib/xarray.c:1473',
    {
      underRcu: true,
    },
  ),
  helper(
    'xa_erase',
    'xa, index',
    false,
    'Removes an entry of an array, under xa_lock taken inside.',
    '6.12:lib/xarray.c:1530',
  ),
  helper(
    'xa_destroy',
    'xa',
    false,
    'Empties an array, under xa_lock taken inside.',
    '6.12:lib/xarray.c:2243',
  ),
  helper('idr_find', 'idr, id', false, 'Finds the entry of an id.', '6.12:lib/idr.c:174', { underRcu: true }),
  helper('idr_remove', 'idr, id', false, 'Removes an id.', '6.12:lib/idr.c:154'),
  helper('idr_destroy', 'idr', false, 'Empties an id allocator.', '6.12:lib/radix-tree.c:1559'),
  helper('ida_free', 'ida, id', false, 'Gives an id back, under xa_lock taken inside.', '6.12:lib/idr.c:489'),
  helper(
    'radix_tree_insert',
    'root, index, item',
    false,
    'Inserts an entry with the mask of the root; preload avoids sleeping.',
    '6.12:lib/radix-tree.c:703',
  ),
  helper('radix_tree_lookup', 'root, index', false, 'Finds an entry.', '6.12:lib/radix-tree.c:817', {
    underRcu: true,
  }),
  helper('radix_tree_delete', 'root, index', false, 'Removes an entry.', '6.12:lib/radix-tree.c:1445'),
  helper(
    'memalloc_nofs_save',
    '',
    false,
    'Keeps allocations of the task out of filesystems.',
    '6.12:include/linux/sched/mm.h:385',
  ),
  helper(
    'memalloc_nofs_restore',
    'flags',
    false,
    'Undoes memalloc_nofs_save.',
    '6.12:include/linux/sched/mm.h:398',
  ),
  helper(
    'memalloc_noio_save',
    '',
    false,
    'Keeps allocations of the task from starting I/O.',
    '6.12:include/linux/sched/mm.h:355',
  ),
  helper(
    'memalloc_noio_restore',
    'flags',
    false,
    'Undoes memalloc_noio_save.',
    '6.12:include/linux/sched/mm.h:368',
  ),
];

const FREES: readonly HelperEntry[] = [
  free('kfree', 'p', false, 'Frees memory at once; does not sleep.', '6.12:mm/slub.c:4817', {
    frees: [freesNow('p')],
  }),
  free('kfree_const', 'x', false, 'Frees memory at once unless it is constant.', '6.12:mm/util.c:40', {
    frees: [freesNow('x')],
  }),
  free('kfree_sensitive', 'p', false, 'Clears and frees memory at once.', '6.12:mm/slab_common.c:1345', {
    frees: [freesNow('p')],
  }),
  free(
    'kvfree',
    'addr',
    false,
    'Frees memory at once; what came from vmalloc is put off in interrupts and may sleep elsewhere.',
    '6.12:mm/util.c:696',
    { frees: [freesNow('addr')] },
  ),
  free(
    'kvfree_sensitive',
    'addr, len',
    false,
    'Clears and frees memory at once; sleeps if it came from vmalloc.',
    '6.12:mm/util.c:714',
    {
      frees: [freesNow('addr')],
    },
  ),
  free('vfree', 'addr', true, 'Frees memory from vmalloc at once; sleeps.', '6.12:mm/vmalloc.c:3407', {
    putsOffInInterrupt: true,
    frees: [freesNow('addr')],
  }),
  free(
    'vfree_atomic',
    'addr',
    false,
    'Frees memory from vmalloc in a work item; does not sleep.',
    '6.12:mm/vmalloc.c:3373',
    {
      frees: [{ object: 'addr', how: 'deferred' }],
    },
  ),
  free('kmem_cache_free', 's, objp', false, 'Frees an object of a cache at once.', '6.12:mm/slub.c:4785', {
    frees: [freesNow('objp')],
  }),
  free('free_page', 'addr', false, 'Frees a page at once.', '6.12:include/linux/gfp.h:401', {
    frees: [freesNow('addr')],
  }),
  free('free_pages', 'addr, order', false, 'Frees pages at once.', '6.12:mm/page_alloc.c:4952', {
    frees: [freesNow('addr')],
  }),
  free('__free_page', 'page', false, 'Frees a page at once.', '6.12:include/linux/gfp.h:400', {
    frees: [freesNow('page')],
  }),
  free('__free_pages', 'page, order', false, 'Frees pages at once.', '6.12:mm/page_alloc.c:4936', {
    frees: [freesNow('page')],
  }),
  free('free_percpu', 'ptr', false, 'Frees per-CPU memory at once.', '6.12:mm/percpu.c:2235', {
    frees: [freesNow('ptr')],
  }),
  free(
    'mempool_free',
    'element, pool',
    false,
    'Gives an element back to its pool at once.',
    '6.12:mm/mempool.c:518',
    {
      frees: [freesNow('element')],
    },
  ),
  free('mempool_destroy', 'pool', false, 'Frees a pool.', '6.12:mm/mempool.c:205', {
    frees: [freesNow('pool')],
  }),
  free(
    'kfree_link',
    'p',
    false,
    'Frees the body of a symbolic link, as a delayed call.',
    '6.12:fs/libfs.c:1611',
    { frees: [freesNow('p')] },
  ),
  free('free_inode_nonrcu', 'inode', false, 'Frees an inode at once.', '6.12:fs/inode.c:244', {
    frees: [freesNow('inode')],
  }),
  free(
    'kfree_rcu',
    'ptr, rhf',
    false,
    'Frees memory after a grace period; does not sleep.',
    '6.12:include/linux/rcupdate.h:1076',
    {
      frees: [freesByRcu('ptr')],
    },
  ),
  free(
    'kvfree_rcu',
    'ptr, rhf',
    false,
    'Frees memory after a grace period; does not sleep.',
    '6.12:include/linux/rcupdate.h:1077',
    {
      frees: [freesByRcu('ptr')],
    },
  ),
  free(
    'kfree_rcu_mightsleep',
    'ptr',
    true,
    'Frees memory after a grace period; may wait for it.',
    '6.12:include/linux/rcupdate.h:1096',
    { versions: { since: '6.1' }, frees: [freesByRcu('ptr')] },
  ),
  free(
    'kvfree_rcu_mightsleep',
    'ptr',
    true,
    'Frees memory after a grace period; may wait for it.',
    '6.12:include/linux/rcupdate.h:1097',
    { versions: { since: '6.1' }, frees: [freesByRcu('ptr')] },
  ),
  free(
    'posix_acl_release',
    'acl',
    false,
    'Drops a reference to a list, which is freed after a grace period.',
    '6.12:include/linux/posix_acl.h:55',
    {
      frees: [freesByRcu('acl')],
      references: [put('acl', 'posix_acl')],
    },
  ),
  free(
    'put_cred',
    'cred',
    false,
    'Drops a reference to credentials, which are freed after a grace period.',
    '6.12:include/linux/cred.h:293',
    {
      frees: [freesByRcu('cred')],
      references: [put('cred', 'cred')],
    },
  ),
  free(
    'put_pid',
    'pid',
    false,
    'Drops a reference to a pid; the last one frees it at once.',
    '6.12:kernel/pid.c:112',
    {
      frees: [freesNow('pid')],
      references: [put('pid', 'pid')],
    },
  ),
  free(
    'put_net',
    'net',
    false,
    'Drops a reference to a network namespace, which a work item takes apart.',
    '6.12:include/net/net_namespace.h:280',
    {
      frees: [{ object: 'net', how: 'deferred' }],
      references: [put('net', 'net')],
    },
  ),
  free(
    'put_user_ns',
    'ns',
    false,
    'Drops a reference to a user namespace, which a work item frees without a grace period.',
    '6.12:include/linux/user_namespace.h:173 6.12:kernel/user_namespace.c:225',
    {
      versions: { until: '7.2' },
      frees: [freesNow('ns')],
      references: [put('ns', 'user_ns')],
    },
  ),
  free(
    'put_user_ns',
    'ns',
    false,
    'Drops a reference to a user namespace, which a work item frees after a grace period.',
    '7.2:include/linux/user_namespace.h:187 7.2:kernel/user_namespace.c:228',
    {
      versions: { since: '7.2' },
      frees: [freesByRcu('ns')],
      references: [put('ns', 'user_ns')],
    },
  ),
];

const GRACE: readonly HelperEntry[] = [
  helper('synchronize_rcu', '', true, 'Waits for a grace period; sleeps.', '6.12:kernel/rcu/tree.c:4108', {
    gracePeriod: true,
  }),
  helper(
    'synchronize_rcu_expedited',
    '',
    true,
    'Waits for a grace period, quickly; sleeps.',
    '6.12:include/linux/rcutiny.h:88',
    { gracePeriod: true },
  ),
  helper(
    'synchronize_net',
    '',
    true,
    'Waits for a grace period; sleeps.',
    '6.12:include/linux/netdevice.h:87',
    { gracePeriod: true },
  ),
  helper(
    'cond_synchronize_rcu',
    'oldstate',
    true,
    'Waits for a grace period unless one has passed since the snapshot.',
    '6.12:include/linux/rcutiny.h:56',
    {
      gracePeriod: true,
    },
  ),
  helper(
    'synchronize_srcu',
    'ssp',
    true,
    'Waits for the read sides of one SRCU domain; sleeps.',
    '6.12:kernel/rcu/srcutree.c:1477',
  ),
  helper(
    'synchronize_srcu_expedited',
    'ssp',
    true,
    'Waits for the read sides of one SRCU domain; sleeps.',
    '6.12:include/linux/srcutiny.h:74',
  ),
  helper(
    'rcu_barrier',
    '',
    true,
    'Waits for RCU callbacks that are queued, which is no grace period; sleeps.',
    '6.12:kernel/rcu/tree.c:4578',
  ),
  helper(
    'srcu_barrier',
    'ssp',
    true,
    'Waits for queued callbacks of one SRCU domain; sleeps.',
    '6.12:include/linux/srcutiny.h:79',
  ),
  helper(
    'init_srcu_struct',
    'ssp',
    true,
    'Initialises an SRCU domain; allocates.',
    '6.12:kernel/rcu/srcutree.c:309',
  ),
  helper(
    'cleanup_srcu_struct',
    'ssp',
    true,
    'Ends an SRCU domain; sleeps.',
    '6.12:kernel/rcu/srcutree.c:649',
  ),
  helper(
    'call_rcu',
    'head, func',
    false,
    'Runs a function after a grace period, where nothing may sleep.',
    '6.12:kernel/rcu/tree.c:3200',
    {
      callbacks: [{ param: 1, context: 'rcu' }],
    },
  ),
  helper(
    'call_rcu_hurry',
    'head, func',
    false,
    'Runs a function after a grace period, where nothing may sleep.',
    '6.12:include/linux/rcupdate.h:113',
    { versions: { since: '6.12' }, callbacks: [{ param: 1, context: 'rcu' }] },
  ),
  helper(
    'call_srcu',
    'ssp, head, func',
    false,
    'Runs a function after the read sides of one SRCU domain.',
    '6.12:kernel/rcu/srcutree.c:1372',
    {
      callbacks: [{ param: 2, context: 'work' }],
    },
  ),
  helper(
    'queue_rcu_work',
    'wq, rwork',
    false,
    'Queues a work item after a grace period; does not sleep.',
    '6.12:kernel/workqueue.c:2652',
  ),
  helper(
    'INIT_RCU_WORK',
    'work, func',
    false,
    'Sets up a work item that runs after a grace period.',
    '6.12:include/linux/workqueue.h:344',
    {
      callbacks: [{ param: 1, context: 'work' }],
    },
  ),
];

/** All of memory. */
export const ALLOCATION: readonly HelperEntry[] = [...ALLOCATORS, ...FREES, ...GRACE];
