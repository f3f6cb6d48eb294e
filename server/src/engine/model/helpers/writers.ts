/**
 * Locks that are bits or counts: folios, pages and buffers, which the end of I/O may unlock, and what keeps a filesystem
 * from freezing.
 */
import { acquiring, exclusive, helper, releasing, shared } from '../entry.js';
import type { HelperEntry } from '../types.js';

const OK = 'result == 0';
const TRUE = 'result != 0';
/** When a look into the page cache waits for a lock; making a page waits too, as its mask says. */
const FOUND_LOCKED = 'fgp_flags & FGP_LOCK && !(fgp_flags & FGP_NOWAIT)';

const GRABS = 'Finds or makes a page of a mapping to be written to, locked; NULL where there is none.';

const FOLIOS: readonly HelperEntry[] = [
  acquiring(
    'folio_lock',
    'folio',
    true,
    [exclusive('folio->PG_locked', 'folio')],
    'Locks a folio; sleeps.',
    '6.12:include/linux/pagemap.h:1154',
    { versions: { since: '6.1' } },
  ),
  acquiring(
    'folio_lock_killable',
    'folio',
    true,
    [exclusive('folio->PG_locked', 'folio', OK)],
    'Locks a folio, or fails on a fatal signal.',
    '6.12:include/linux/pagemap.h:1192',
    { versions: { since: '6.1' } },
  ),
  acquiring(
    'folio_trylock',
    'folio',
    false,
    [exclusive('folio->PG_locked', 'folio', TRUE)],
    'Tries to lock a folio.',
    '6.12:include/linux/pagemap.h:1119',
    { versions: { since: '6.1' } },
  ),
  releasing(
    'folio_unlock',
    'folio',
    [exclusive('folio->PG_locked', 'folio')],
    'Unlocks a folio; also done by the end of I/O.',
    '6.12:mm/filemap.c:1495',
    { versions: { since: '6.1' } },
  ),
  releasing(
    'folio_end_read',
    'folio, success',
    [exclusive('folio->PG_locked', 'folio')],
    'Marks a folio as read, or as not read, and unlocks it.',
    '6.12:mm/filemap.c:1520',
    { versions: { since: '6.12' } },
  ),
  acquiring(
    'lock_page',
    'page',
    true,
    [exclusive('page->PG_locked', 'folio')],
    'Locks a page; sleeps.',
    '6.12:include/linux/pagemap.h:1172',
  ),
  acquiring(
    'trylock_page',
    'page',
    false,
    [exclusive('page->PG_locked', 'folio', TRUE)],
    'Tries to lock a page.',
    '6.12:include/linux/pagemap.h:1127',
  ),
  releasing(
    'unlock_page',
    'page',
    [exclusive('page->PG_locked', 'folio')],
    'Unlocks a page; also done by the end of I/O.',
    '6.12:mm/folio-compat.c:13',
  ),
  helper(
    '__filemap_get_folio',
    'mapping, index, fgp_flags, gfp',
    FOUND_LOCKED,
    'Finds or makes a folio of a mapping, locked where FGP_LOCK asks for it; NULL where there is none.',
    '6.1:mm/filemap.c:1937',
    {
      acquires: [exclusive('result->PG_locked', 'folio', 'result && fgp_flags & FGP_LOCK')],
      versions: { since: '6.1', until: '6.12' },
      returns: 'fresh',
    },
  ),
  helper(
    '__filemap_get_folio',
    'mapping, index, fgp_flags, gfp',
    FOUND_LOCKED,
    'Finds or makes a folio of a mapping, locked where FGP_LOCK asks for it, or returns an error pointer.',
    '6.12:mm/filemap.c:1873 7.2:include/linux/pagemap.h:758',
    {
      acquires: [exclusive('result->PG_locked', 'folio', '!IS_ERR(result) && fgp_flags & FGP_LOCK')],
      versions: { since: '6.12' },
      returns: 'error-pointer',
    },
  ),
  helper(
    '__filemap_get_folio_mpol',
    'mapping, index, fgp_flags, gfp, policy',
    FOUND_LOCKED,
    'Finds or makes a folio of a mapping, locked where FGP_LOCK asks for it, or returns an error pointer.',
    '7.2:mm/filemap.c:1947',
    {
      acquires: [exclusive('result->PG_locked', 'folio', '!IS_ERR(result) && fgp_flags & FGP_LOCK')],
      versions: { since: '7.2' },
      returns: 'error-pointer',
    },
  ),
  helper(
    'pagecache_get_page',
    'mapping, index, fgp_flags, gfp',
    FOUND_LOCKED,
    'Finds or makes a page of a mapping, locked where FGP_LOCK asks for it; NULL where there is none.',
    '6.12:mm/folio-compat.c:76 5.10:mm/filemap.c:1791',
    {
      acquires: [exclusive('result->PG_locked', 'folio', 'result && fgp_flags & FGP_LOCK')],
      returns: 'fresh',
    },
  ),
  acquiring(
    'grab_cache_page_write_begin',
    'mapping, index, flags',
    true,
    [exclusive('result->PG_locked', 'folio', 'result')],
    GRABS,
    '5.10:mm/filemap.c:3277',
    { returns: 'fresh', versions: { until: '6.1' } },
  ),
  acquiring(
    'grab_cache_page_write_begin',
    'mapping, index',
    true,
    [exclusive('result->PG_locked', 'folio', 'result')],
    GRABS,
    '6.12:mm/folio-compat.c:88 6.1:mm/folio-compat.c:117',
    { returns: 'fresh', versions: { since: '6.1', until: '7.2' } },
  ),
  acquiring(
    'lock_buffer',
    'bh',
    true,
    [exclusive('bh->BH_Lock', 'flag')],
    'Locks a buffer; sleeps. The end of I/O unlocks it.',
    '6.12:include/linux/buffer_head.h:430',
  ),
  acquiring(
    'trylock_buffer',
    'bh',
    false,
    [exclusive('bh->BH_Lock', 'flag', TRUE)],
    'Tries to lock a buffer.',
    '6.12:include/linux/buffer_head.h:425',
  ),
  releasing(
    'unlock_buffer',
    'bh',
    [exclusive('bh->BH_Lock', 'flag')],
    'Unlocks a buffer.',
    '6.12:fs/buffer.c:75',
  ),
];

const WRITERS: readonly HelperEntry[] = [
  acquiring(
    'sb_start_write',
    'sb',
    true,
    [shared('sb->s_writers.SB_FREEZE_WRITE', 'flag')],
    'Keeps a filesystem from freezing; sleeps while it is frozen.',
    '6.12:include/linux/fs.h:1903',
  ),
  acquiring(
    'sb_start_write_trylock',
    'sb',
    false,
    [shared('sb->s_writers.SB_FREEZE_WRITE', 'flag', TRUE)],
    'Tries to keep a filesystem from freezing.',
    '6.12:include/linux/fs.h:1908',
  ),
  releasing(
    'sb_end_write',
    'sb',
    [shared('sb->s_writers.SB_FREEZE_WRITE', 'flag')],
    'Lets a filesystem freeze again.',
    '6.12:include/linux/fs.h:1855',
  ),
  acquiring(
    'sb_start_pagefault',
    'sb',
    true,
    [shared('sb->s_writers.SB_FREEZE_PAGEFAULT', 'flag')],
    'Keeps a filesystem from freezing during a fault; sleeps.',
    '6.12:include/linux/fs.h:1932',
  ),
  releasing(
    'sb_end_pagefault',
    'sb',
    [shared('sb->s_writers.SB_FREEZE_PAGEFAULT', 'flag')],
    'Undoes sb_start_pagefault.',
    '6.12:include/linux/fs.h:1867',
  ),
  acquiring(
    'sb_start_intwrite',
    'sb',
    true,
    [shared('sb->s_writers.SB_FREEZE_FS', 'flag')],
    'Keeps a filesystem from freezing inside; sleeps.',
    '6.12:include/linux/fs.h:1950',
  ),
  acquiring(
    'sb_start_intwrite_trylock',
    'sb',
    false,
    [shared('sb->s_writers.SB_FREEZE_FS', 'flag', TRUE)],
    'Tries to keep a filesystem from freezing inside.',
    '6.12:include/linux/fs.h:1955',
  ),
  releasing(
    'sb_end_intwrite',
    'sb',
    [shared('sb->s_writers.SB_FREEZE_FS', 'flag')],
    'Undoes sb_start_intwrite.',
    '6.12:include/linux/fs.h:1879',
  ),
  acquiring(
    'mnt_want_write',
    'm',
    true,
    [shared('m->mnt_sb->s_writers.SB_FREEZE_WRITE', 'flag', OK)],
    'Takes write access to a mount, and freeze protection; before any i_rwsem.',
    '6.12:fs/namespace.c:522',
  ),
  releasing(
    'mnt_drop_write',
    'mnt',
    [shared('mnt->mnt_sb->s_writers.SB_FREEZE_WRITE', 'flag')],
    'Undoes mnt_want_write.',
    '6.12:fs/namespace.c:602',
  ),
  acquiring(
    'mnt_want_write_file',
    'file',
    true,
    [shared('file->f_inode->i_sb->s_writers.SB_FREEZE_WRITE', 'flag', OK)],
    'Takes write access for an open file, and freeze protection.',
    '6.12:fs/namespace.c:566',
  ),
  releasing(
    'mnt_drop_write_file',
    'file',
    [shared('file->f_inode->i_sb->s_writers.SB_FREEZE_WRITE', 'flag')],
    'Undoes mnt_want_write_file.',
    '6.12:fs/namespace.c:615',
  ),
  acquiring(
    'file_start_write',
    'file',
    true,
    [shared('file->f_inode->i_sb->s_writers.SB_FREEZE_WRITE', 'flag')],
    'Keeps the filesystem of a regular file from freezing; sleeps.',
    '6.12:include/linux/fs.h:2998',
  ),
  releasing(
    'file_end_write',
    'file',
    [shared('file->f_inode->i_sb->s_writers.SB_FREEZE_WRITE', 'flag')],
    'Undoes file_start_write.',
    '6.12:include/linux/fs.h:3018',
  ),
];

/** Folio and buffer locks, freeze protection, write access. */
export const WRITER_HELPERS: readonly HelperEntry[] = [...FOLIOS, ...WRITERS];
