/**
 * dir/stale-pointer: code that is wrong (`_bad`), and code that is right and looks like it (`_ok`).
 */
import type { RuleCases } from '../../harness.js';

const TABLE = `
struct item { struct list_head link; int count; int refs; struct item *up; };
struct table { spinlock_t lock; struct mutex outer; struct list_head items; };
static void item_get(struct item *item)
{
	item->refs++;
}
void item_remove(struct table *table, struct item *item)
{
	spin_lock(&table->lock);
	list_del(&item->link);
	spin_unlock(&table->lock);
	kfree(item);
}
`;

/** Cases by title. */
export const STALE_POINTER: RuleCases = {
  'the next turn after the lock was away': `${TABLE}
int walk_bad(struct table *table)
{
	struct item *item;
	int n = 0;

	spin_lock(&table->lock);
	list_for_each_entry(item, &table->items, link) { /*! dir/stale-pointer */
		spin_unlock(&table->lock);
		schedule();
		spin_lock(&table->lock);
		n++;
	}
	spin_unlock(&table->lock);
	return n;
}`,

  'the safe form notes a next one that may go': `${TABLE}
void clear_bad(struct table *table)
{
	struct item *item, *next;

	spin_lock(&table->lock);
	list_for_each_entry_safe(item, next, &table->items, link) { /*! dir/stale-pointer */
		list_del(&item->link);
		spin_unlock(&table->lock);
		kfree(item);
		spin_lock(&table->lock);
	}
	spin_unlock(&table->lock);
}`,

  'followed after the lock was away': `${TABLE}
int look_bad(struct table *table)
{
	struct item *item;
	int n;

	spin_lock(&table->lock);
	item = list_first_entry(&table->items, struct item, link);
	spin_unlock(&table->lock);
	schedule();
	spin_lock(&table->lock);
	n = item->count; /*! dir/stale-pointer */
	spin_unlock(&table->lock);
	return n;
}`,

  'followed by what is called': `${TABLE}
static struct item *table_first(struct table *table)
{
	struct item *item;

	item = list_first_entry(&table->items, struct item, link);
	return item;
}
static int item_count(struct item *item)
{
	return item->count;
}
int look_bad(struct table *table)
{
	struct item *item;
	int n;

	spin_lock(&table->lock);
	item = table_first(table);
	spin_unlock(&table->lock);
	schedule();
	spin_lock(&table->lock);
	n = item_count(item); /*! dir/stale-pointer */
	spin_unlock(&table->lock);
	return n;
}`,

  'a reference was taken': `${TABLE}
int look_ok(struct table *table)
{
	struct item *item;
	int n;

	spin_lock(&table->lock);
	item = list_first_entry(&table->items, struct item, link);
	item_get(item);
	spin_unlock(&table->lock);
	schedule();
	spin_lock(&table->lock);
	n = item->count;
	spin_unlock(&table->lock);
	return n;
}`,

  'a reference was given back before the lock was taken again': `
struct entry { struct list_head link; struct kref ref; int count; };
struct cabinet { spinlock_t lock; struct list_head entries; };
static void entry_free(struct kref *ref)
{
	kfree(container_of(ref, struct entry, ref));
}
static void entry_get(struct entry *entry)
{
	kref_get(&entry->ref);
}
static void entry_put(struct entry *entry)
{
	kref_put(&entry->ref, entry_free);
}
static int entry_look(struct entry *entry)
{
	return ++entry->count;
}
void entry_remove(struct cabinet *c, struct entry *entry)
{
	spin_lock(&c->lock);
	list_del(&entry->link);
	spin_unlock(&c->lock);
	entry_put(entry);
}
int walk_bad(struct cabinet *c)
{
	struct entry *entry;
	int n = 0;

	spin_lock(&c->lock);
	list_for_each_entry(entry, &c->entries, link) { /*! dir/stale-pointer */
		entry_get(entry);
		spin_unlock(&c->lock);
		n += entry_look(entry);
		entry_put(entry);
		spin_lock(&c->lock);
	}
	spin_unlock(&c->lock);
	return n;
}
int one_bad(struct cabinet *c)
{
	struct entry *entry;
	int n;

	spin_lock(&c->lock);
	entry = list_first_entry(&c->entries, struct entry, link);
	entry_get(entry);
	spin_unlock(&c->lock);
	entry_put(entry);
	schedule();
	spin_lock(&c->lock);
	n = entry->count; /*! dir/stale-pointer */
	spin_unlock(&c->lock);
	return n;
}
int walk_ok(struct cabinet *c)
{
	struct entry *entry, *last = NULL;
	int n = 0;

	spin_lock(&c->lock);
	list_for_each_entry(entry, &c->entries, link) {
		entry_get(entry);
		spin_unlock(&c->lock);
		if (last)
			entry_put(last);
		n += entry_look(entry);
		last = entry;
		spin_lock(&c->lock);
	}
	spin_unlock(&c->lock);
	if (last)
		entry_put(last);
	return n;
}
int under_the_lock_ok(struct cabinet *c)
{
	struct entry *entry;
	int n = 0;

	spin_lock(&c->lock);
	list_for_each_entry(entry, &c->entries, link) {
		entry_get(entry);
		spin_unlock(&c->lock);
		n += entry_look(entry);
		spin_lock(&c->lock);
		entry_put(entry);
	}
	spin_unlock(&c->lock);
	return n;
}`,

  "the VFS's own list of inodes": `
void inodes_bad(struct super_block *sb)
{
	struct inode *inode;

	spin_lock(&sb->s_inode_list_lock);
	list_for_each_entry(inode, &sb->s_inodes, i_sb_list) { /*! dir/stale-pointer */
		ihold(inode);
		spin_unlock(&sb->s_inode_list_lock);
		schedule();
		iput(inode);
		spin_lock(&sb->s_inode_list_lock);
	}
	spin_unlock(&sb->s_inode_list_lock);
}
void inodes_ok(struct super_block *sb)
{
	struct inode *inode, *last = NULL;

	spin_lock(&sb->s_inode_list_lock);
	list_for_each_entry(inode, &sb->s_inodes, i_sb_list) {
		ihold(inode);
		spin_unlock(&sb->s_inode_list_lock);
		iput(last);
		schedule();
		last = inode;
		spin_lock(&sb->s_inode_list_lock);
	}
	spin_unlock(&sb->s_inode_list_lock);
	iput(last);
}`,

  'loaded again': `${TABLE}
int look_ok(struct table *table)
{
	struct item *item;
	int n;

	spin_lock(&table->lock);
	item = list_first_entry(&table->items, struct item, link);
	n = item->count;
	spin_unlock(&table->lock);
	schedule();
	spin_lock(&table->lock);
	item = list_first_entry(&table->items, struct item, link);
	n += item->count;
	spin_unlock(&table->lock);
	return n;
}`,

  'begun again after the lock was away': `${TABLE}
int walk_ok(struct table *table)
{
	struct item *item;
	int n = 0;

again:
	spin_lock(&table->lock);
	list_for_each_entry(item, &table->items, link) {
		if (item->count)
			continue;
		spin_unlock(&table->lock);
		schedule();
		n++;
		goto again;
	}
	spin_unlock(&table->lock);
	return n;
}`,

  'taken off the list before': `${TABLE}
void take_ok(struct table *table)
{
	struct item *item;

	spin_lock(&table->lock);
	item = list_first_entry(&table->items, struct item, link);
	list_del(&item->link);
	spin_unlock(&table->lock);
	schedule();
	spin_lock(&table->lock);
	item->count++;
	spin_unlock(&table->lock);
	kfree(item);
}`,

  'marked as busy before': `${TABLE}
void mark_ok(struct table *table)
{
	struct item *item;

	spin_lock(&table->lock);
	item = list_first_entry(&table->items, struct item, link);
	item->count = 1;
	spin_unlock(&table->lock);
	schedule();
	spin_lock(&table->lock);
	item->count = item->count + 1;
	spin_unlock(&table->lock);
}`,

  'only compared': `${TABLE}
int same_ok(struct table *table)
{
	struct item *item;
	int same;

	spin_lock(&table->lock);
	item = list_first_entry(&table->items, struct item, link);
	spin_unlock(&table->lock);
	schedule();
	spin_lock(&table->lock);
	same = item == list_first_entry(&table->items, struct item, link);
	spin_unlock(&table->lock);
	return same;
}`,

  'a lock that removers hold too was held throughout': `
struct item { struct list_head link; int count; };
struct table { spinlock_t lock; struct mutex outer; struct list_head items; };
void item_remove(struct table *table, struct item *item)
{
	mutex_lock(&table->outer);
	spin_lock(&table->lock);
	list_del(&item->link);
	spin_unlock(&table->lock);
	mutex_unlock(&table->outer);
	kfree(item);
}
int walk_ok(struct table *table)
{
	struct item *item;
	int n = 0;

	mutex_lock(&table->outer);
	spin_lock(&table->lock);
	list_for_each_entry(item, &table->items, link) {
		spin_unlock(&table->lock);
		schedule();
		spin_lock(&table->lock);
		n++;
	}
	spin_unlock(&table->lock);
	mutex_unlock(&table->outer);
	return n;
}`,

  'a list of its own': `${TABLE}
void own_ok(struct table *table)
{
	struct list_head mine;
	struct item *item, *next;

	spin_lock(&table->lock);
	list_splice_init(&table->items, &mine);
	list_for_each_entry_safe(item, next, &mine, link) {
		spin_unlock(&table->lock);
		schedule();
		spin_lock(&table->lock);
	}
	spin_unlock(&table->lock);
}`,

  'a list of its own that a macro declares': `${TABLE}
void own_ok(struct table *table)
{
	LIST_HEAD(mine);
	struct item *item, *next;

	spin_lock(&table->lock);
	list_splice_init(&table->items, &mine);
	list_for_each_entry_safe(item, next, &mine, link) {
		spin_unlock(&table->lock);
		schedule();
		spin_lock(&table->lock);
	}
	spin_unlock(&table->lock);
}`,

  'nobody removes': `
struct item { struct list_head link; int count; };
struct table { spinlock_t lock; struct list_head items; };
int walk_ok(struct table *table)
{
	struct item *item;
	int n = 0;

	spin_lock(&table->lock);
	list_for_each_entry(item, &table->items, link) {
		spin_unlock(&table->lock);
		schedule();
		spin_lock(&table->lock);
		n++;
	}
	spin_unlock(&table->lock);
	return n;
}`,

  'a member that is replaced and freed under the lock': `
struct node { char *name; int mode; refcount_t count; atomic_t readers; };
struct root { struct rw_semaphore sem; struct node *first; };
void node_rename(struct root *root, struct node *node, char *name)
{
	char *old;

	down_write(&root->sem);
	old = node->name;
	node->name = name;
	up_write(&root->sem);
	kfree(old);
}
int emit_bad(struct root *root, struct dir_context *ctx)
{
	struct node *node;
	const char *name;

	down_read(&root->sem);
	node = root->first;
	name = node->name;
	refcount_inc(&node->count);
	up_read(&root->sem);
	dir_emit(ctx, name, 3, 1, 0); /*! dir/stale-pointer */
	return 0;
}
int emit_ok(struct root *root, struct dir_context *ctx)
{
	struct node *node;
	const char *name;

	down_read(&root->sem);
	node = root->first;
	name = node->name;
	dir_emit(ctx, name, 3, 1, 0);
	up_read(&root->sem);
	return 0;
}
int marked_ok(struct root *root, struct dir_context *ctx)
{
	struct node *node;
	const char *name;

	down_read(&root->sem);
	node = root->first;
	name = node->name;
	atomic_inc(&node->readers);
	up_read(&root->sem);
	dir_emit(ctx, name, 3, 1, 0);
	atomic_dec(&node->readers);
	return 0;
}
int copied_ok(struct root *root, struct dir_context *ctx)
{
	struct node *node;
	const char *name;

	down_read(&root->sem);
	node = root->first;
	name = node->name;
	name = kstrdup(name, GFP_NOWAIT);
	up_read(&root->sem);
	dir_emit(ctx, name, 3, 1, 0);
	return 0;
}`,

  'a member that is replaced under another lock, or never freed': `
struct node { char *name; char *title; struct mutex lock; };
struct root { struct rw_semaphore sem; struct node *first; };
char *node_rename(struct root *root, struct node *node, char *name)
{
	char *old;

	down_write(&root->sem);
	old = node->name;
	node->name = name;
	up_write(&root->sem);
	return old;
}
void node_title(struct node *node, char *title)
{
	char *old;

	mutex_lock(&node->lock);
	old = node->title;
	node->title = title;
	mutex_unlock(&node->lock);
	kfree(old);
}
int emit_ok(struct root *root, struct dir_context *ctx)
{
	struct node *node;
	const char *name;
	const char *title;

	down_read(&root->sem);
	node = root->first;
	name = node->name;
	title = node->title;
	up_read(&root->sem);
	dir_emit(ctx, name, 3, 1, 0);
	dir_emit(ctx, title, 3, 1, 0);
	return 0;
}`,

  'a member that is taken over under the lock': `
struct table { spinlock_t lock; char *cache; };
void table_fill(struct table *table, char *cache)
{
	char *old;

	spin_lock(&table->lock);
	old = table->cache;
	table->cache = cache;
	spin_unlock(&table->lock);
	kfree(old);
}
void table_drop_ok(struct table *table)
{
	char *old;

	spin_lock(&table->lock);
	old = table->cache;
	if (old)
		table->cache = NULL;
	spin_unlock(&table->lock);
	kfree(old);
}`,

  'a member of an object that a loop has come to, locked': `
struct table { spinlock_t lock; char *cache; struct table *up; };
void table_fill(struct table *table, char *cache)
{
	char *old;

	spin_lock(&table->lock);
	old = table->cache;
	table->cache = cache;
	spin_unlock(&table->lock);
	kfree(old);
}
int length_ok(struct table *table)
{
	const char *cache;
	int n;

	while (1) {
		spin_lock(&table->lock);
		if (!table->up)
			break;
		spin_unlock(&table->lock);
		table = table->up;
	}
	cache = table->cache;
	n = strlen(cache);
	spin_unlock(&table->lock);
	return n;
}`,
};
