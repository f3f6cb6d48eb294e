/**
 * Functions and macros that only read what they are handed: they write nothing there, keep no pointer to it, and take it as a pointer to
 * const.
 */
import { words } from './entry.js';
import type { Reader } from './types.js';

function reader(name: string, proof: string): Reader {
  return { name, proof: words(proof) };
}

/** All of them, in every version. */
export const READERS: readonly Reader[] = [
  reader('READ_ONCE', '6.12:include/asm-generic/rwonce.h:47'),
  reader('smp_load_acquire', '6.12:include/asm-generic/barrier.h:176'),
  reader('rcu_access_pointer', '6.12:include/linux/rcupdate.h:650'),
  reader('rcu_dereference', '6.12:include/linux/rcupdate.h:758'),
  reader('rcu_dereference_raw', '6.12:include/linux/rcupdate.h:555'),
  reader('rcu_dereference_check', '6.12:include/linux/rcupdate.h:685'),
  reader('rcu_dereference_protected', '6.12:include/linux/rcupdate.h:748'),
  reader('test_bit', '6.12:include/linux/bitops.h:60'),
  reader('atomic_read', '6.12:include/linux/atomic/atomic-instrumented.h:30'),
  reader('atomic64_read', '6.12:include/linux/atomic/atomic-instrumented.h:1608'),
  reader('atomic_long_read', '6.12:include/linux/atomic/atomic-instrumented.h:3186'),
  reader('refcount_read', '6.12:include/linux/refcount.h:168'),
  reader('kref_read', '6.12:include/linux/kref.h:34'),
  reader('list_empty', '6.12:include/linux/list.h:378'),
  reader('list_empty_careful', '6.12:include/linux/list.h:414'),
  reader('hlist_empty', '6.12:include/linux/list.h:985'),
  reader('hlist_unhashed', '6.12:include/linux/list.h:963'),
  reader('RB_EMPTY_NODE', '6.12:include/linux/rbtree.h:33'),
  reader('d_inode', '6.12:include/linux/dcache.h:525'),
  reader('d_inode_rcu', '6.12:include/linux/dcache.h:537'),
  reader('d_backing_inode', '6.12:include/linux/dcache.h:552'),
  reader('d_is_miss', '6.12:include/linux/dcache.h:407'),
  reader('d_is_whiteout', '6.12:include/linux/dcache.h:412'),
  reader('d_can_lookup', '6.12:include/linux/dcache.h:417'),
  reader('d_is_autodir', '6.12:include/linux/dcache.h:422'),
  reader('d_is_dir', '6.12:include/linux/dcache.h:427'),
  reader('d_is_symlink', '6.12:include/linux/dcache.h:432'),
  reader('d_is_reg', '6.12:include/linux/dcache.h:437'),
  reader('d_is_special', '6.12:include/linux/dcache.h:442'),
  reader('d_is_file', '6.12:include/linux/dcache.h:447'),
  reader('d_is_negative', '6.12:include/linux/dcache.h:452'),
  reader('d_is_positive', '6.12:include/linux/dcache.h:463'),
  reader('d_really_is_negative', '6.12:include/linux/dcache.h:483'),
  reader('d_really_is_positive', '6.12:include/linux/dcache.h:501'),
  reader('d_unhashed', '6.12:include/linux/dcache.h:352'),
  reader('d_unlinked', '6.12:include/linux/dcache.h:357'),
  reader('d_in_lookup', '6.12:include/linux/dcache.h:376'),
  reader('simple_positive', '6.12:include/linux/dcache.h:506'),
];
