/**
 * lock/order: code that is wrong (`_bad`), and code that is right and looks like it (`_ok`).
 */
import type { RuleCases } from '../../harness.js';

/** Cases by title. */
export const ORDER: RuleCases = {
  'two parents in the order in which they came': `
void a_bad(struct dentry *p1, struct dentry *p2)
{
	inode_lock_nested(p1->d_inode, I_MUTEX_PARENT);
	inode_lock_nested(p2->d_inode, I_MUTEX_PARENT2); /*! lock/order */
}`,
  'no ancestor was found': `
struct dentry *a_bad(struct dentry *p1, struct dentry *p2)
{
	struct dentry *p = d_ancestor(p2, p1);

	if (p) {
		inode_lock_nested(p2->d_inode, I_MUTEX_PARENT);
		inode_lock_nested(p1->d_inode, I_MUTEX_PARENT2);
		return p;
	}
	inode_lock_nested(p1->d_inode, I_MUTEX_PARENT);
	inode_lock_nested(p2->d_inode, I_MUTEX_PARENT2); /*! lock/order */
	return NULL;
}`,
  'at the root, which is its own parent': `
void a_bad(struct dentry *p1, struct dentry *p2)
{
	if (p1->d_parent == p1) {
		inode_lock_nested(p1->d_inode, I_MUTEX_PARENT);
		inode_lock_nested(p2->d_inode, I_MUTEX_PARENT2); /*! lock/order */
	}
}`,
  'an ancestor of both was found': `
bool a_ok(struct dentry *p1, struct dentry *p2)
{
	struct dentry *p = p1->d_parent;
	struct dentry *q = p2->d_parent;

	if (p != q)
		return false;
	inode_lock_nested(p1->d_inode, I_MUTEX_PARENT);
	inode_lock_nested(p2->d_inode, I_MUTEX_PARENT2);
	return true;
}`,
  'a directory and what lies in it': `
void a_ok(struct dentry *p1, struct dentry *p2)
{
	inode_lock_nested(p1->d_inode, I_MUTEX_PARENT);
	inode_lock_nested(p2->d_inode, I_MUTEX_CHILD);
}`,
  'one of them alone': `
void a_ok(struct dentry *p1, struct dentry *p2)
{
	inode_lock_nested(p1->d_inode, I_MUTEX_PARENT);
	inode_unlock(p1->d_inode);
	inode_lock_nested(p2->d_inode, I_MUTEX_PARENT2);
}`,
};
