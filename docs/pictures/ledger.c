/*
 * Two locks in both orders.
 */
#include <linux/dcache.h>
#include <linux/path.h>
#include <linux/spinlock.h>

struct ledger {
	spinlock_t lock;
	spinlock_t list_lock;
	int entries;
};

static int ledger_manage(const struct path *path, bool rcu_walk)
{
	struct ledger *ledger = path->dentry->d_fsdata;

	spin_lock(&ledger->lock);
	spin_lock(&ledger->list_lock);
	ledger->entries++;
	spin_unlock(&ledger->list_lock);
	spin_unlock(&ledger->lock);
	return 0;
}

static void ledger_prune(struct ledger *ledger)
{
	spin_lock(&ledger->lock);
	ledger->entries--;
	spin_unlock(&ledger->lock);
}

static int ledger_old_manage(const struct path *path, bool rcu_walk)
{
	struct ledger *ledger = path->dentry->d_fsdata;

	spin_lock(&ledger->list_lock);
	ledger_prune(ledger);
	spin_unlock(&ledger->list_lock);
	return 0;
}

const struct dentry_operations ledger_dentry_operations = {
	.d_manage = ledger_manage,
};

const struct dentry_operations ledger_old_dentry_operations = {
	.d_manage = ledger_old_manage,
};
