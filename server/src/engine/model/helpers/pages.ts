/**
 * Buffers and the page cache: reading, writing, truncating. What waits for I/O sleeps; what marks does not.
 */
import { type HelperExtra, plain as N, sleeping as S } from '../entry.js';
import type { HelperEntry } from '../types.js';

/** The last of the parameters is no file in 5.10; nothing of the effect hangs on it. */
const READ_BY_DATA: HelperExtra = {
  disagreement:
    'The last of the parameters is called data in 5.10 and can be anything; no effect hangs on it.',
};

const BUFFERS: readonly HelperEntry[] = [
  S('sb_bread', 'sb, block', 'Reads a block.', '6.12:include/linux/buffer_head.h:346'),
  S('sb_bread_unmovable', 'sb, block', 'Reads a block.', '6.12:include/linux/buffer_head.h:352'),
  S('__bread', 'bdev, block, size', 'Reads a block.', '6.12:include/linux/buffer_head.h:486'),
  S('__bread_gfp', 'bdev, block, size, gfp', 'Reads a block.', '6.12:fs/buffer.c:1503'),
  S(
    'sb_getblk',
    'sb, block',
    'Finds or makes the buffer of a block.',
    '6.12:include/linux/buffer_head.h:385',
  ),
  S(
    '__getblk',
    'bdev, block, size',
    'Finds or makes the buffer of a block.',
    '6.12:include/linux/buffer_head.h:374',
  ),
  N(
    'sb_find_get_block',
    'sb, block',
    'Finds the cached buffer of a block.',
    '6.12:include/linux/buffer_head.h:398',
  ),
  N('brelse', 'bh', 'Drops a reference to a buffer.', '6.12:include/linux/buffer_head.h:323'),
  N('__brelse', 'bh', 'Drops a reference to a buffer.', '6.12:fs/buffer.c:1233'),
  N('bforget', 'bh', 'Drops a reference to a buffer and its dirt.', '6.12:include/linux/buffer_head.h:339'),
  N('__bforget', 'bh', 'Drops a reference to a buffer and its dirt.', '6.12:fs/buffer.c:1250'),
  N('get_bh', 'bh', 'Takes one more reference to a buffer.', '6.12:include/linux/buffer_head.h:296'),
  N('put_bh', 'bh', 'Drops a reference to a buffer.', '6.12:include/linux/buffer_head.h:301'),
  N('mark_buffer_dirty', 'bh', 'Marks a buffer dirty.', '6.12:fs/buffer.c:1179'),
  N(
    'mark_buffer_dirty_inode',
    'bh, inode',
    'Marks a buffer dirty and ties it to an inode.',
    '6.12:fs/buffer.c:671',
    { versions: { until: '7.2' } },
  ),
  N('mark_buffer_async_write', 'bh', 'Makes a buffer ready to be written.', '6.12:fs/buffer.c:453', {
    versions: { until: '7.2' },
  }),
  N('set_buffer_uptodate', 'bh', 'Marks a buffer as read.', '6.12:include/linux/buffer_head.h:139'),
  N('buffer_uptodate', 'bh', 'Tells whether a buffer is read.', '6.12:include/linux/buffer_head.h:165'),
  N('buffer_dirty', 'bh', 'Tells whether a buffer is dirty.', '6.12:include/linux/buffer_head.h:122'),
  N('buffer_mapped', 'bh', 'Tells whether a buffer is mapped.', '6.12:include/linux/buffer_head.h:127'),
  N('map_bh', 'bh, sb, block', 'Maps a buffer to a block.', '6.12:include/linux/buffer_head.h:410'),
  S('wait_on_buffer', 'bh', 'Waits for the I/O of a buffer.', '6.12:include/linux/buffer_head.h:418'),
  S('__wait_on_buffer', 'bh', 'Waits for the I/O of a buffer.', '6.12:fs/buffer.c:121'),
  S('sync_dirty_buffer', 'bh', 'Writes a buffer and waits.', '6.12:fs/buffer.c:2898'),
  S('__sync_dirty_buffer', 'bh, op_flags', 'Writes a buffer and waits.', '6.12:fs/buffer.c:2871'),
  S('write_dirty_buffer', 'bh, op_flags', 'Writes a buffer.', '6.12:fs/buffer.c:2853'),
  S(
    'sync_mapping_buffers',
    'mapping',
    'Writes the buffers that are tied to an inode.',
    '6.12:include/linux/buffer_head.h:536',
    { versions: { until: '7.2' } },
  ),
];

const CACHE: readonly HelperEntry[] = [
  S('truncate_inode_pages', 'mapping, lstart', 'Throws page cache out.', '6.12:mm/truncate.c:446'),
  S(
    'truncate_inode_pages_range',
    'mapping, lstart, lend',
    'Throws page cache out.',
    '6.12:mm/truncate.c:329',
  ),
  S('truncate_inode_pages_final', 'mapping', 'Throws page cache out for good.', '6.12:mm/truncate.c:461'),
  S(
    'truncate_setsize',
    'inode, newsize',
    'Sets the size of a file and throws out what is past it.',
    '6.12:mm/truncate.c:770',
  ),
  S(
    'truncate_pagecache',
    'inode, newsize',
    'Throws out what is past the size of a file.',
    '6.12:mm/truncate.c:737',
  ),
  S(
    'truncate_pagecache_range',
    'inode, lstart, lend',
    'Throws out a hole in a file.',
    '6.12:mm/truncate.c:843',
  ),
  S(
    'invalidate_inode_pages2',
    'mapping',
    'Throws page cache out, or says that it could not.',
    '6.12:mm/truncate.c:716',
  ),
  S(
    'invalidate_inode_pages2_range',
    'mapping, start, end',
    'Throws page cache out, or says that it could not.',
    '6.12:mm/truncate.c:623',
  ),
  S(
    'invalidate_mapping_pages',
    'mapping, start, end',
    'Throws clean page cache out.',
    '6.12:mm/truncate.c:560',
  ),
  S('filemap_write_and_wait', 'mapping', 'Writes page cache and waits.', '6.12:include/linux/pagemap.h:66'),
  S(
    'filemap_write_and_wait_range',
    'mapping, lstart, lend',
    'Writes page cache and waits.',
    '6.12:mm/filemap.c:667',
  ),
  S('filemap_fdatawrite', 'mapping', 'Writes page cache.', '6.12:mm/filemap.c:431'),
  S('filemap_fdatawrite_range', 'mapping, start, end', 'Writes page cache.', '6.12:mm/filemap.c:437'),
  S('filemap_fdatawait', 'mapping', 'Waits for page cache to be written.', '6.12:include/linux/pagemap.h:48'),
  S(
    'filemap_fdatawait_range',
    'mapping, start, end',
    'Waits for page cache to be written.',
    '6.12:mm/filemap.c:547',
  ),
  S('filemap_flush', 'mapping', 'Starts writing page cache.', '6.12:mm/filemap.c:453'),
  S(
    'file_write_and_wait_range',
    'file, lstart, lend',
    'Writes page cache and waits.',
    '6.12:mm/filemap.c:770',
  ),
  N(
    'find_get_page',
    'mapping, offset',
    'Gives a page that is in the page cache, with a reference, or NULL; reads nothing.',
    '6.12:include/linux/pagemap.h:831',
    { cachedOnly: true },
  ),
  N(
    'filemap_get_folio',
    'mapping, index',
    'Gives a folio that is in the page cache, with a reference, or an error; reads nothing.',
    '6.12:include/linux/pagemap.h:777',
    { cachedOnly: true, versions: { since: '6.1' } },
  ),
  S(
    'read_cache_folio',
    'mapping, index, filler, file',
    'Reads a folio into the page cache.',
    '6.12:mm/filemap.c:3873',
    { versions: { since: '6.1' } },
  ),
  S(
    'read_mapping_folio',
    'mapping, index, file',
    'Reads a folio into the page cache.',
    '6.12:include/linux/pagemap.h:1018',
    { versions: { since: '6.1' } },
  ),
  S(
    'read_cache_page',
    'mapping, index, filler, file',
    'Reads a page into the page cache. What is handed to the filler is any data in 5.10.',
    '6.12:mm/filemap.c:3916',
    READ_BY_DATA,
  ),
  S(
    'read_mapping_page',
    'mapping, index, file',
    'Reads a page into the page cache. What is handed to the filler is any data in 5.10.',
    '6.12:include/linux/pagemap.h:1012',
    READ_BY_DATA,
  ),
  S('folio_wait_writeback', 'folio', 'Waits for a folio to be written.', '6.12:mm/page-writeback.c:3185', {
    versions: { since: '6.1' },
  }),
  S('folio_wait_stable', 'folio', 'Waits until a folio may be changed.', '6.12:mm/page-writeback.c:3232', {
    versions: { since: '6.1' },
  }),
  S('folio_wait_locked', 'folio', 'Waits for a folio to be unlocked.', '6.12:include/linux/pagemap.h:1230', {
    versions: { since: '6.1' },
  }),
  N('folio_put', 'folio', 'Drops a reference to a folio.', '6.12:include/linux/mm.h:1475', {
    versions: { since: '6.1' },
  }),
  N('folio_get', 'folio', 'Takes one more reference to a folio.', '6.12:include/linux/mm.h:1442', {
    versions: { since: '6.1' },
  }),
  N('put_page', 'page', 'Drops a reference to a page.', '6.12:include/linux/mm.h:1540'),
  N('get_page', 'page', 'Takes one more reference to a page.', '6.12:include/linux/mm.h:1448'),
  N('folio_mark_uptodate', 'folio', 'Marks a folio as read.', '6.12:include/linux/page-flags.h:796', {
    versions: { since: '6.1' },
  }),
  N('folio_test_uptodate', 'folio', 'Tells whether a folio is read.', '6.12:include/linux/page-flags.h:768', {
    versions: { since: '6.1' },
  }),
  N('folio_mark_dirty', 'folio', 'Marks a folio dirty.', '6.12:mm/page-writeback.c:2891', {
    versions: { since: '6.1' },
  }),
  N('set_page_dirty', 'page', 'Marks a page dirty.', '6.12:mm/folio-compat.c:49'),
  N(
    'folio_start_writeback',
    'folio',
    'Marks a folio as being written.',
    '6.12:include/linux/page-flags.h:822',
    { versions: { since: '6.1' } },
  ),
  N('folio_end_writeback', 'folio', 'Marks a folio as written.', '6.12:mm/filemap.c:1602', {
    versions: { since: '6.1' },
  }),
  N('folio_pos', 'folio', 'The position of a folio in its file.', '6.12:include/linux/pagemap.h:1054', {
    versions: { since: '6.1' },
  }),
  N('folio_size', 'folio', 'The size of a folio.', '6.12:include/linux/mm.h:2137', {
    versions: { since: '6.1' },
  }),
  N('folio_buffers', 'folio', 'The buffers of a folio.', '6.12:include/linux/buffer_head.h:186', {
    versions: { since: '6.1' },
  }),
  N('page_folio', 'page', 'The folio of a page.', '6.12:include/linux/page-flags.h:264', {
    versions: { since: '6.1' },
  }),
  N('page_address', 'page', 'The address of a page.', '6.12:include/linux/mm.h:2277'),
  N(
    'mapping_set_error',
    'mapping, error',
    'Remembers an error of writing.',
    '6.12:include/linux/pagemap.h:238',
  ),
  N('mapping_gfp_mask', 'mapping', 'The mask for page cache.', '6.12:include/linux/pagemap.h:338'),
  N('inode_nohighmem', 'inode', 'Keeps page cache out of high memory.', '6.12:fs/inode.c:2594'),
];

/** Buffers and the page cache. */
export const PAGE_HELPERS: readonly HelperEntry[] = [...BUFFERS, ...CACHE];
