/**
 * `struct address_space_operations`: the page cache calls them with the folio locked, unless they work on whole
 * mappings. Reads hand the lock to the completion of the I/O. Names of 5.10 (pages) and of 6.1 and later (folios).
 */
import { anyMode, exclusive, inProcess, methodsOf, shared, since, until } from '../entry.js';
import type { EntryContext, LockSpec, MethodEntry } from '../types.js';

const method = methodsOf('address_space_operations');
const FOLIO = exclusive('folio->PG_locked', 'folio');
const PAGE = exclusive('page->PG_locked', 'folio');
const INVALIDATE = anyMode('folio->mapping->invalidate_lock', 'rwsem');
const HOST = anyMode('mapping->host->i_rwsem', 'rwsem');

const READAHEAD_DISAGREEMENT =
  'The table in locking.rst says that the folio is locked; there are many, handed out one by one by readahead_folio(), ' +
  'so that no PG_locked can be named on entry.';
const WRITE_DISAGREEMENT =
  'The table in locking.rst says that i_rwsem is held exclusively; page_symlink() writes into a new inode without it ' +
  '(6.12:fs/namei.c:5442, 5.10:fs/namei.c:4741).';

/** A filesystem that writes pages by itself, for a symlink that nobody sees yet or for hashes, holds what it likes. */
const OWN_WRITES = [
  'page_symlink',
  '__page_symlink',
  'page_symlink_nofs',
  '->write_begin',
  'pagecache_write_begin',
];

/** `held`: besides the inode's lock. */
function buffered(...held: readonly LockSpec[]): readonly EntryContext[] {
  return [
    inProcess('buffered write', [...held, exclusive('mapping->host->i_rwsem', 'rwsem')]),
    { ...inProcess('write of its own', held, [HOST]), ownCalls: OWN_WRITES },
  ];
}

/** All of `address_space_operations`. */
export const MAPPING_METHODS: readonly MethodEntry[] = [
  method(
    'read_folio',
    'file folio',
    'int',
    [inProcess('read', [FOLIO], [INVALIDATE])],
    true,
    'Fills a folio, which is locked; it unlocks it, now or when the I/O is done.',
    '6.12:mm/filemap.c:2421 6.12:mm/filemap.c:2493 6.12:mm/filemap.c:3844',
    {
      ...since('6.1'),
      releases: [FOLIO],
      disagreement:
        'The table in locking.rst says that invalidate_lock is held shared; do_read_cache_folio() reads without it ' +
        '(6.12:mm/filemap.c:3844).',
    },
  ),
  method(
    'readpage',
    'file page',
    'int',
    [inProcess('read', [PAGE])],
    true,
    'Fills a page, which is locked; it unlocks it, now or when the I/O is done.',
    '5.10:include/linux/fs.h:371',
    { ...until('6.1'), releases: [PAGE] },
  ),
  method(
    'readahead',
    'rac',
    'void',
    [inProcess('read ahead')],
    true,
    'Starts reads of a batch of locked pages, which it unlocks as they complete.',
    '5.10:mm/readahead.c:130',
    { ...until('6.1'), disagreement: READAHEAD_DISAGREEMENT },
  ),
  method(
    'readahead',
    'rac',
    'void',
    [inProcess('read ahead', [shared('rac->mapping->invalidate_lock', 'rwsem')])],
    true,
    'Starts reads of a batch of locked folios, which it unlocks as they complete. The invalidate lock is held shared.',
    '6.12:mm/readahead.c:159 6.12:mm/readahead.c:226 6.12:mm/readahead.c:483 7.2:mm/readahead.c:243',
    { ...since('6.1'), disagreement: READAHEAD_DISAGREEMENT },
  ),
  method(
    'writepage',
    'page wbc',
    'int',
    [inProcess('writeback', [PAGE])],
    true,
    'Writes one page, which is locked, and unlocks it.',
    '6.12:mm/page-writeback.c:2660',
    { ...until('7.2'), releases: [PAGE] },
  ),
  method(
    'writepages',
    'mapping wbc',
    'int',
    [inProcess('writeback', [], [HOST])],
    true,
    'Writes dirty folios of a mapping, which it locks itself.',
    '6.12:mm/page-writeback.c:2683',
  ),
  method(
    'dirty_folio',
    'mapping folio',
    'bool',
    [inProcess('folio made dirty', [], [FOLIO])],
    false,
    'Marks a folio dirty. The folio or the page table is locked, so it may not sleep.',
    '6.12:mm/page-writeback.c:2909',
    since('6.1'),
  ),
  method(
    'write_begin',
    'file mapping pos len flags pagep fsdata',
    'int',
    buffered(),
    true,
    'Makes a page ready to be written into and returns it locked.',
    '5.10:include/linux/fs.h:387',
    { ...until('6.1'), disagreement: WRITE_DISAGREEMENT },
  ),
  method(
    'write_begin',
    'file mapping pos len foliop fsdata',
    'int',
    buffered(),
    true,
    'Makes a folio ready to be written into and returns it locked.',
    '6.12:mm/filemap.c:4073 6.12:include/linux/fs.h:442',
    { versions: { since: '6.1', until: '7.2' }, disagreement: WRITE_DISAGREEMENT },
  ),
  method(
    'write_begin',
    'iocb mapping pos len foliop fsdata',
    'int',
    buffered(),
    true,
    'Makes a folio ready to be written into and returns it locked.',
    '7.2:mm/filemap.c:4364 7.2:include/linux/fs.h:412',
    { ...since('7.2'), disagreement: WRITE_DISAGREEMENT },
  ),
  method(
    'write_end',
    'file mapping pos len copied folio fsdata',
    'int',
    buffered(FOLIO),
    true,
    'Takes a written folio back, unlocks it and drops its reference.',
    '6.12:mm/filemap.c:4088',
    { ...until('7.2'), releases: [FOLIO], disagreement: WRITE_DISAGREEMENT },
  ),
  method(
    'write_end',
    'iocb mapping pos len copied folio fsdata',
    'int',
    buffered(FOLIO),
    true,
    'Takes a written folio back, unlocks it and drops its reference.',
    '7.2:include/linux/fs.h:415',
    { ...since('7.2'), releases: [FOLIO], disagreement: WRITE_DISAGREEMENT },
  ),
  method(
    'bmap',
    'mapping block',
    'long',
    [inProcess('bmap')],
    true,
    'Finds the block on disk. Nothing is locked.',
    '6.12:fs/inode.c:1925',
  ),
  method(
    'invalidate_folio',
    'folio offset length',
    'void',
    [inProcess('truncation', [FOLIO], [INVALIDATE])],
    true,
    'Lets go of what hangs on a part of a folio that is cut off. The folio is locked.',
    '6.12:mm/truncate.c:140',
    {
      ...since('6.1'),
      disagreement:
        'The table in locking.rst says that invalidate_lock is held exclusively; eviction truncates without it ' +
        '(truncate_inode_pages_final).',
    },
  ),
  method(
    'release_folio',
    'folio gfp',
    'bool',
    [inProcess('reclaim or truncation', [FOLIO])],
    'gfp & __GFP_DIRECT_RECLAIM',
    'Lets go of what hangs on a clean folio, if it can. It sleeps only where the mask allows reclaim.',
    '6.12:mm/filemap.c:4237',
    since('6.1'),
  ),
  method(
    'free_folio',
    'folio',
    'void',
    [inProcess('after removal', [FOLIO])],
    false,
    'Told that a folio, which is still locked, has left the page cache. Nothing may sleep.',
    '6.12:mm/filemap.c:227 6.12:mm/filemap.c:253 6.12:mm/vmscan.c:726',
    since('6.1'),
  ),
  method(
    'direct_IO',
    'iocb iter',
    'long',
    [inProcess('direct I/O', [], [anyMode('iocb->ki_filp->f_inode->i_rwsem', 'rwsem')])],
    true,
    'Reads or writes past the page cache. Whether i_rwsem is held is up to the filesystem.',
    '6.12:mm/filemap.c:2814',
  ),
  method(
    'migrate_folio',
    'mapping dst src mode',
    'int',
    [inProcess('compaction', [exclusive('src->PG_locked', 'folio'), exclusive('dst->PG_locked', 'folio')])],
    'mode != 0',
    'Moves a folio to other memory. Both are locked; with MIGRATE_ASYNC (0) it does not wait.',
    '6.12:mm/migrate.c:1086',
    since('6.1'),
  ),
  method(
    'launder_folio',
    'folio',
    'int',
    [inProcess('invalidation', [FOLIO])],
    true,
    'Writes a dirty folio before it is thrown away. The folio is locked, and stays so.',
    '6.12:mm/truncate.c:609',
    since('6.1'),
  ),
  method(
    'is_partially_uptodate',
    'folio from count',
    'bool',
    [inProcess('read', [FOLIO])],
    true,
    'Says whether a part of a folio can be read. The folio is locked.',
    '6.12:mm/filemap.c:2396',
    since('6.1'),
  ),
  method(
    'is_dirty_writeback',
    'folio dirty wb',
    'void',
    [inProcess('reclaim', [], [FOLIO])],
    false,
    'Tells reclaim how a folio stands. Nothing may sleep.',
    '6.12:mm/vmscan.c:956',
    since('6.1'),
  ),
  method(
    'error_remove_folio',
    'mapping folio',
    'int',
    [inProcess('memory failure', [FOLIO])],
    true,
    'Takes a broken folio out of the page cache. The folio is locked.',
    '6.12:mm/memory-failure.c:995',
    since('6.12'),
  ),
  method(
    'swap_activate',
    'sis file span',
    'int',
    [inProcess('swapon(2)', [exclusive('file->f_mapping->host->i_rwsem', 'rwsem')])],
    true,
    'Makes a file fit for swapping. The inode is locked exclusively.',
    '6.12:mm/swapfile.c:3424 6.12:mm/swapfile.c:3463 6.12:mm/swapfile.c:3598',
    {
      disagreement:
        'The table in locking.rst says that i_rwsem is not held; swapon() calls it between inode_lock and inode_unlock.',
    },
  ),
  method(
    'swap_deactivate',
    'file',
    'void',
    [inProcess('swapoff(2)')],
    true,
    'Undoes swap_activate. Nothing is locked.',
    '6.12:mm/swapfile.c:2529',
  ),
  method(
    'swap_rw',
    'iocb iter',
    'int',
    [inProcess('swap')],
    true,
    'Reads or writes swapped folios, which are locked and unlocked on completion.',
    '6.12:mm/page_io.c:482',
    {
      ...since('6.1'),
      disagreement:
        'The table in locking.rst says that the folio is locked and unlocked; there may be several, behind the iterator, ' +
        'so that no PG_locked can be named.',
    },
  ),
];
