/**
 * Which VFS lock is taken inside which. Neighbours only: what follows from two entries is left out. Read from the comments
 * that state the order in the tree, or from code that takes one in the other. Data for the pages and for rules to come.
 */
import { since, until, words } from './entry.js';
import type { LockOrderEntry, OrderedLock } from './types.js';

type Rest = Omit<Partial<LockOrderEntry>, 'outer' | 'inner' | 'summary' | 'proof'>;

function lock(name: string): OrderedLock {
  const [of = '', role] = name.split(' / ');
  return role === undefined ? { class: of } : { class: of, role };
}

/** One pair; a role stands behind ` / `. */
function inside(
  outer: string,
  inner: string,
  summary: string,
  proof: string,
  rest: Rest = {},
): LockOrderEntry {
  return { outer: lock(outer), inner: lock(inner), ...rest, summary, proof: words(proof) };
}

const TRIED: Rest = { tried: true };
const I_RWSEM = 'inode::i_rwsem';
const PARENT = `${I_RWSEM} / parent`;
const PARENT2 = `${I_RWSEM} / second parent`;
const CHILD = `${I_RWSEM} / child directory`;
const FILE = `${I_RWSEM} / not a directory`;
const XATTR = `${I_RWSEM} / xattr`;
const FILE2 = `${I_RWSEM} / second non-directory`;
const FREEZE = 'super_block::s_writers.SB_FREEZE_WRITE';
const RENAME = 'super_block::s_vfs_rename_mutex';
const UMOUNT = 'super_block::s_umount';
const INVALIDATE = 'address_space::invalidate_lock';
const I_MMAP = 'address_space::i_mmap_rwsem';
const MMAP = 'mm_struct::mmap_lock';
const FOLIO = 'folio::PG_locked';
const I_LOCK = 'inode::i_lock';
const D_LOCK = 'dentry::d_lock / parent';
const D_LOCK_CHILD = 'dentry::d_lock / child';
const NESTING = '6.12:include/linux/fs.h:836';

const SLEEPING: readonly LockOrderEntry[] = [
  inside(
    FREEZE,
    PARENT,
    'A change of names asks for write access before it locks the directory.',
    '6.12:fs/namei.c:4085 6.12:fs/namei.c:4092',
  ),
  inside(
    RENAME,
    PARENT,
    'A rename across directories locks the filesystem first.',
    '6.12:fs/namei.c:3229 6.12:Documentation/filesystems/directory-locking.rst:144',
  ),
  inside(
    PARENT,
    PARENT2,
    'A rename locks the ancestor first, else the parent of the source.',
    '6.12:fs/namei.c:3194 6.12:fs/namei.c:3195',
  ),
  inside(
    PARENT2,
    CHILD,
    'A directory that a rename moves or replaces is locked after both parents.',
    `6.12:fs/namei.c:5042 6.12:fs/namei.c:5047 ${NESTING}`,
  ),
  inside(
    CHILD,
    FILE,
    'A file that a rename replaces is locked after a directory that it moves.',
    `6.12:fs/namei.c:5044 ${NESTING}`,
  ),
  inside(FILE, XATTR, 'An inode that holds extended attributes of another.', NESTING),
  inside(
    XATTR,
    FILE2,
    'Two files at once are locked in the order of their addresses.',
    `6.12:Documentation/filesystems/directory-locking.rst:10 ${NESTING}`,
  ),
  inside(
    'file::f_pos_lock',
    PARENT,
    'Reading a directory locks the position, then the directory shared.',
    '6.12:fs/readdir.c:222 6.12:fs/readdir.c:101',
  ),
  inside(
    UMOUNT,
    FILE,
    'Quota is switched on with the superblock locked, and then locks its files.',
    '6.12:fs/quota/dquot.c:126',
  ),
  inside(FILE, 'dquot::dq_lock', 'A change of a file charges its quota.', '6.12:fs/quota/dquot.c:126'),
  inside(
    'dquot::dq_lock',
    'quota_info::dqio_sem',
    'A dquot is locked while it is read or written.',
    '6.12:fs/quota/dquot.c:126',
  ),
  inside(
    PARENT,
    'namespace_sem',
    'A mountpoint is locked before the mounts.',
    '6.12:fs/namespace.c:2670 7.2:fs/namespace.c:2830',
  ),
  inside(FILE, MMAP, 'A write touches user memory.', '6.12:mm/filemap.c:99 6.12:mm/filemap.c:100'),
  inside(
    FILE,
    INVALIDATE,
    'Truncation keeps the page cache from being filled.',
    '6.12:mm/filemap.c:86 6.12:mm/filemap.c:87',
  ),
  inside(MMAP, INVALIDATE, 'A page fault fills the page cache.', '6.12:mm/filemap.c:95 6.12:mm/filemap.c:96'),
  inside(
    INVALIDATE,
    FOLIO,
    'A page fault locks the folio that it fills.',
    '6.12:mm/filemap.c:97 6.12:mm/rmap.c:26',
  ),
  inside(FOLIO, I_MMAP, 'A folio is locked while its mappings are walked.', '6.12:mm/rmap.c:29'),
];

const SPINNING: readonly LockOrderEntry[] = [
  inside(
    'iunique_lock',
    'inode_hash_lock',
    'A free inode number is looked for in the table.',
    '6.12:fs/inode.c:54',
  ),
  inside(
    'inode_hash_lock',
    'super_block::s_inode_list_lock',
    'A new inode is hashed and put on the list of its superblock.',
    '6.12:fs/inode.c:50',
  ),
  inside(
    'super_block::s_inode_list_lock',
    I_LOCK,
    'A walk over the inodes of a superblock looks at each.',
    '6.12:fs/inode.c:43',
  ),
  inside(
    'bdi_writeback::list_lock',
    I_LOCK,
    'Writeback moves an inode between its lists.',
    '6.12:fs/inode.c:47',
  ),
  inside(I_LOCK, 'inode LRU list', 'An inode without users is put on the list.', '6.12:fs/inode.c:45'),
  inside(
    I_LOCK,
    D_LOCK,
    'The dentries of an inode are walked with the inode locked.',
    '6.12:fs/dcache.c:61 6.12:fs/dcache.c:62',
  ),
  inside(
    'mount_lock',
    'rename_lock',
    'A walk over cached dentries looks for mounts.',
    '6.12:fs/dcache.c:1377',
  ),
  inside(
    'rename_lock',
    D_LOCK,
    'A move and a walk over a tree lock the dentries one by one.',
    '6.12:fs/dcache.c:74',
  ),
  inside(
    D_LOCK,
    D_LOCK_CHILD,
    'Parents before children; without kinship any order, under rename_lock.',
    '6.12:fs/dcache.c:70 6.12:fs/dcache.c:71',
  ),
  inside(
    D_LOCK_CHILD,
    'super_block::s_dentry_lru_lock',
    'A dentry goes on the list of unused ones, or off it.',
    '6.12:fs/dcache.c:63',
  ),
  inside(D_LOCK_CHILD, 'dcache hash bucket', 'A dentry is hashed or unhashed.', '6.12:fs/dcache.c:64'),
  inside(
    D_LOCK_CHILD,
    'super_block::s_roots',
    'A root without a parent is put on the list of roots, whose head is the lock.',
    '6.12:fs/dcache.c:65',
    until('7.2'),
  ),
  inside(
    D_LOCK_CHILD,
    'super_block::s_roots_lock',
    'A root without a parent is put on the list of roots.',
    '7.2:fs/dcache.c:65 7.2:fs/dcache.c:652',
    since('7.2'),
  ),
];

const AGAINST: readonly LockOrderEntry[] = [
  inside(D_LOCK, I_LOCK, 'A dentry that is about to die tries its inode.', '6.12:fs/dcache.c:672', TRIED),
  inside(
    'super_block::s_dentry_lru_lock',
    D_LOCK,
    'Reclaim tries the dentries of the list.',
    '6.12:fs/dcache.c:1115',
    TRIED,
  ),
  inside(
    'rename_lock',
    RENAME,
    'A lookup that finds a directory elsewhere tries to move it.',
    '6.12:fs/dcache.c:2913',
    TRIED,
  ),
  inside(
    'rename_lock',
    PARENT,
    'A lookup that moves a directory tries its old parent, shared.',
    '6.12:fs/dcache.c:2916',
    TRIED,
  ),
];

/** All pairs: locks that sleep, locks that spin, and those that are only tried. */
export const LOCK_ORDER: readonly LockOrderEntry[] = [...SLEEPING, ...SPINNING, ...AGAINST];
