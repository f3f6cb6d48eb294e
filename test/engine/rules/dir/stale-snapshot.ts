/**
 * dir/stale-snapshot: code that is wrong (`_bad`), and code that is right and looks like it (`_ok`).
 */
import type { RuleCases } from '../../harness.js';

const CACHE = `
struct cache { int version; struct list_head entries; };
struct board { struct mutex lock; int version; struct cache *cache; int count; };
static int board_version(struct board *board)
{
	return board->version;
}
static void board_read(struct board *board, struct cache *cache)
{
	cache->entries.next = (void *)board;
}
int board_valid(struct board *board, struct cache *cache)
{
	return cache->version == board_version(board);
}
void board_add(struct board *board)
{
	mutex_lock(&board->lock);
	board->count++;
	board->version++;
	mutex_unlock(&board->lock);
}
`;

/** Cases by title. */
export const STALE_SNAPSHOT: RuleCases = {
  'the version read after the lock was dropped and retaken': `${CACHE}
void fill_bad(struct board *board, struct cache *cache)
{
	mutex_lock(&board->lock);
	board_read(board, cache);
	mutex_unlock(&board->lock);
	schedule();
	mutex_lock(&board->lock);
	cache->version = board_version(board); /*! dir/stale-snapshot */
	mutex_unlock(&board->lock);
}`,

  'the version read with no lock': `${CACHE}
void fill_bad(struct board *board, struct cache *cache)
{
	mutex_lock(&board->lock);
	board_read(board, cache);
	mutex_unlock(&board->lock);
	cache->version = board->version; /*! dir/stale-snapshot */
}`,

  'by way of a variable': `${CACHE}
void fill_bad(struct board *board, struct cache *cache)
{
	int version;

	mutex_lock(&board->lock);
	board_read(board, cache);
	mutex_unlock(&board->lock);
	version = board_version(board);
	cache->version = version; /*! dir/stale-snapshot */
}`,

  'read before the lock is dropped': `${CACHE}
void fill_ok(struct board *board, struct cache *cache)
{
	int version;

	mutex_lock(&board->lock);
	version = board_version(board);
	board_read(board, cache);
	mutex_unlock(&board->lock);
	schedule();
	mutex_lock(&board->lock);
	cache->version = version;
	mutex_unlock(&board->lock);
}`,

  'stored under the lock': `${CACHE}
void fill_ok(struct board *board, struct cache *cache)
{
	mutex_lock(&board->lock);
	board_read(board, cache);
	cache->version = board_version(board);
	mutex_unlock(&board->lock);
}`,

  'gathered anew after the retake': `${CACHE}
void fill_ok(struct board *board, struct cache *cache)
{
	mutex_lock(&board->lock);
	board_read(board, cache);
	mutex_unlock(&board->lock);
	schedule();
	mutex_lock(&board->lock);
	board_read(board, cache);
	cache->version = board_version(board);
	mutex_unlock(&board->lock);
}`,

  'two members of one object': `
struct log { struct mutex lock; int head; int flushed; int count; };
static void log_read(struct log *log, int how)
{
	log->count += how;
}
int log_is_flushed(struct log *log)
{
	return log->flushed == log->head;
}
void log_add(struct log *log)
{
	mutex_lock(&log->lock);
	log->head++;
	mutex_unlock(&log->lock);
}
void flush_ok(struct log *log, int how)
{
	mutex_lock(&log->lock);
	log_read(log, how);
	mutex_unlock(&log->lock);
	schedule();
	mutex_lock(&log->lock);
	log->flushed = log->head;
	mutex_unlock(&log->lock);
}`,

  'a size that is no version': `
struct copy { int size; struct list_head entries; };
struct board { struct mutex lock; int size; };
static void board_read(struct board *board, struct copy *copy)
{
	copy->entries.next = (void *)board;
}
int board_same(struct board *board, struct copy *copy)
{
	return copy->size == board->size;
}
void board_set(struct board *board, int size)
{
	mutex_lock(&board->lock);
	board->size = size;
	mutex_unlock(&board->lock);
}
void fill_ok(struct board *board, struct copy *copy)
{
	mutex_lock(&board->lock);
	board_read(board, copy);
	mutex_unlock(&board->lock);
	copy->size = board->size;
}`,

  'a copy that nobody compares': `
struct cache { int seen; struct list_head entries; };
struct board { struct mutex lock; int version; };
static void board_read(struct board *board, struct cache *cache)
{
	cache->entries.next = (void *)board;
}
void board_add(struct board *board)
{
	mutex_lock(&board->lock);
	board->version++;
	mutex_unlock(&board->lock);
}
void fill_ok(struct board *board, struct cache *cache)
{
	mutex_lock(&board->lock);
	board_read(board, cache);
	mutex_unlock(&board->lock);
	cache->seen = board->version;
}`,
};
