/*
 * A pool of numbered blocks behind a spinlock.
 */
#include <linux/errno.h>
#include <linux/slab.h>
#include <linux/spinlock.h>
#include <linux/types.h>

struct pool_block {
	struct pool_block *next;
	unsigned long number;
};

struct pool {
	spinlock_t lock;
	struct pool_block *free;
	unsigned long used;
	unsigned long limit;
};

/* Wrong: the allocation may sleep, and the lock is a spinlock. */
int pool_grow(struct pool *pool)
{
	struct pool_block *block;

	spin_lock(&pool->lock);
	block = kmalloc(sizeof(*block), GFP_KERNEL);
	if (block) {
		block->next = pool->free;
		pool->free = block;
	}
	spin_unlock(&pool->lock);
	return block ? 0 : -ENOMEM;
}

/* Wrong: a full pool is left locked. */
int pool_take(struct pool *pool, unsigned long *number)
{
	struct pool_block *block;

	spin_lock(&pool->lock);
	if (pool->used >= pool->limit)
		return -ENOSPC;
	block = pool->free;
	if (!block) {
		spin_unlock(&pool->lock);
		return -ENOENT;
	}
	pool->free = block->next;
	pool->used++;
	*number = block->number;
	spin_unlock(&pool->lock);
	kfree(block);
	return 0;
}

/* Right: allocate first, lock then, and one way out. */
int pool_grow_early(struct pool *pool)
{
	struct pool_block *block = kmalloc(sizeof(*block), GFP_KERNEL);
	int err = 0;

	if (!block)
		return -ENOMEM;
	spin_lock(&pool->lock);
	if (pool->used >= pool->limit) {
		err = -ENOSPC;
		goto out;
	}
	block->next = pool->free;
	pool->free = block;
	block = NULL;
out:
	spin_unlock(&pool->lock);
	kfree(block);
	return err;
}
