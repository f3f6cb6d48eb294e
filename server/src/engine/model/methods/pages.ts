/**
 * `struct address_space_operations` by the names that work on pages: those of 5.10, and the last of them, which stayed
 * until 6.12. Their successors, which work on folios, are in `mapping.ts`.
 */
import { exclusive, inProcess, methodsOf, until } from '../entry.js';
import type { MethodEntry } from '../types.js';

const method = methodsOf('address_space_operations');
const PAGE = exclusive('page->PG_locked', 'folio');
const OLD = until('6.1');

/** The methods of `address_space_operations` that became folio methods. */
export const PAGE_METHODS: readonly MethodEntry[] = [
  method(
    'readpages',
    'file mapping pages nr_pages',
    'int',
    [inProcess('read ahead')],
    true,
    'Starts reads of a list of pages that are not in the page cache yet. Nothing is locked.',
    '5.10:mm/readahead.c:137',
    OLD,
  ),
  method(
    'set_page_dirty',
    'page',
    'int',
    [inProcess('page made dirty', [], [PAGE])],
    false,
    'Marks a page dirty. The page or the page table is locked, so it may not sleep.',
    '5.10:mm/page-writeback.c:2602 5.10:mm/page-writeback.c:2585',
    OLD,
  ),
  method(
    'invalidatepage',
    'page offset length',
    'void',
    [inProcess('truncation', [PAGE])],
    true,
    'Lets go of what hangs on a part of a page that is cut off. The page is locked.',
    '5.10:mm/truncate.c:163',
    OLD,
  ),
  method(
    'releasepage',
    'page gfp',
    'int',
    [inProcess('reclaim or truncation', [PAGE])],
    'gfp & __GFP_DIRECT_RECLAIM',
    'Lets go of what hangs on a clean page, if it can. It sleeps only where the mask allows reclaim.',
    '5.10:mm/filemap.c:3532 5.10:mm/filemap.c:3527',
    OLD,
  ),
  method(
    'freepage',
    'page',
    'void',
    [inProcess('after removal', [PAGE])],
    false,
    'Told that a page, which is still locked, has left the page cache. Nothing may sleep.',
    '5.10:mm/filemap.c:249 5.10:mm/filemap.c:272 5.10:mm/vmscan.c:864 5.10:mm/vmscan.c:937',
    OLD,
  ),
  method(
    'migratepage',
    'mapping newpage page mode',
    'int',
    [inProcess('compaction', [PAGE, exclusive('newpage->PG_locked', 'folio')])],
    'mode != 0',
    'Moves a page to other memory. Both are locked; with MIGRATE_ASYNC (0) it does not wait.',
    '5.10:mm/migrate.c:971 5.10:mm/migrate.c:955',
    OLD,
  ),
  method(
    'isolate_page',
    'page mode',
    'bool',
    [inProcess('compaction', [PAGE])],
    true,
    'Takes a movable page from its owner before it is moved. The page is locked.',
    '5.10:mm/migrate.c:129 5.10:mm/migrate.c:120',
    OLD,
  ),
  method(
    'putback_page',
    'page',
    'void',
    [inProcess('compaction', [PAGE])],
    true,
    'Gives a movable page back to its owner where it was not moved. The page is locked.',
    '5.10:mm/migrate.c:157 5.10:mm/migrate.c:152',
    OLD,
  ),
  method(
    'launder_page',
    'page',
    'int',
    [inProcess('invalidation', [PAGE])],
    true,
    'Writes a dirty page before it is thrown away. The page is locked, and stays so.',
    '5.10:mm/truncate.c:689',
    OLD,
  ),
  method(
    'is_partially_uptodate',
    'page from count',
    'int',
    [inProcess('read', [PAGE])],
    true,
    'Says whether a part of a page can be read. The page is locked.',
    '5.10:mm/filemap.c:2294',
    OLD,
  ),
  method(
    'is_dirty_writeback',
    'page dirty wb',
    'void',
    [inProcess('reclaim', [], [PAGE])],
    false,
    'Tells reclaim how a page stands. Nothing may sleep.',
    '5.10:mm/vmscan.c:1069',
    OLD,
  ),
  method(
    'error_remove_page',
    'mapping page',
    'int',
    [inProcess('memory failure', [PAGE])],
    true,
    'Takes a broken page out of the page cache. The page is locked.',
    '5.10:mm/memory-failure.c:626 6.1:mm/memory-failure.c:856',
    until('6.12'),
  ),
];
