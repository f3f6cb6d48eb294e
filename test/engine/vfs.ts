/**
 * The few declarations that the small C of the engine's tests is written against: as much of the VFS's structures as a
 * case may touch, written for these tests. Must hold no function that the model does not know.
 */

/** `include/linux/fs.h` of every test tree. */
export const FS_H = `
typedef unsigned int gfp_t;
typedef struct { int raw; } spinlock_t;
typedef struct { int raw; } rwlock_t;
struct mutex { int owner; };
struct rw_semaphore { int count; };
struct list_head { struct list_head *next, *prev; };
struct hlist_node { struct hlist_node *next; };
struct rcu_head { struct rcu_head *next; void (*func)(struct rcu_head *head); };
struct work_struct { void (*func)(struct work_struct *work); };
struct lockref { spinlock_t lock; int count; };
#define d_lock d_lockref.lock
struct inode;
struct super_block { void *s_fs_info; struct dentry *s_root; struct rw_semaphore s_umount; };
struct qstr { const char *name; };
struct dentry {
	unsigned int d_flags;
	struct dentry *d_parent;
	struct qstr d_name;
	struct inode *d_inode;
	struct lockref d_lockref;
	struct super_block *d_sb;
	unsigned long d_time;
	void *d_fsdata;
	struct list_head d_children;
	struct list_head d_sib;
};
struct inode {
	unsigned int i_mode;
	unsigned int i_flags;
	struct super_block *i_sb;
	spinlock_t i_lock;
	struct rw_semaphore i_rwsem;
	char *i_link;
	void *i_private;
	const struct inode_operations *i_op;
	const struct file_operations *i_fop;
};
struct path { struct vfsmount *mnt; struct dentry *dentry; };
struct file { struct path f_path; struct inode *f_inode; void *private_data; };
struct renamedata { struct dentry *old_dentry; struct dentry *new_dentry; };
struct file_operations {
	int (*open)(struct inode *inode, struct file *file);
	int (*iterate_shared)(struct file *file, struct dir_context *ctx);
	int (*release)(struct inode *inode, struct file *file);
};
struct dentry_operations {
	int (*d_revalidate)(struct dentry *dentry, unsigned int flags);
	int (*d_hash)(const struct dentry *parent, struct qstr *name);
	int (*d_delete)(const struct dentry *dentry);
	void (*d_release)(struct dentry *dentry);
	void (*d_prune)(struct dentry *dentry);
	void (*d_iput)(struct dentry *dentry, struct inode *inode);
	int (*d_compare)(const struct dentry *dentry, unsigned int len, const char *str, const struct qstr *name);
	char *(*d_dname)(struct dentry *dentry, char *buffer, int buflen);
	int (*d_manage)(const struct path *path, bool rcu_walk);
};
struct inode_operations {
	const char *(*get_link)(struct dentry *dentry, struct inode *inode, struct delayed_call *done);
	int (*permission)(struct mnt_idmap *idmap, struct inode *inode, int mask);
	struct posix_acl *(*get_inode_acl)(struct inode *inode, int type, bool rcu);
	int (*unlink)(struct inode *dir, struct dentry *dentry);
	int (*rmdir)(struct inode *dir, struct dentry *dentry);
	struct dentry *(*lookup)(struct inode *dir, struct dentry *dentry, unsigned int flags);
	int (*mkdir)(struct mnt_idmap *idmap, struct inode *dir, struct dentry *dentry, umode_t mode);
	struct dentry *(*lookup)(struct inode *dir, struct dentry *dentry, unsigned int flags);
	int (*link)(struct dentry *old_dentry, struct inode *dir, struct dentry *dentry);
	int (*rename)(struct mnt_idmap *idmap, struct inode *old_dir, struct dentry *old_dentry,
		      struct inode *new_dir, struct dentry *new_dentry, unsigned int flags);
	int (*getattr)(struct mnt_idmap *idmap, const struct path *path, struct kstat *stat, u32 mask, unsigned int flags);
};
struct super_operations {
	void (*put_super)(struct super_block *sb);
	void (*evict_inode)(struct inode *inode);
	void (*destroy_inode)(struct inode *inode);
	void (*free_inode)(struct inode *inode);
	int (*sync_fs)(struct super_block *sb);
};
struct file_system_type { void (*kill_sb)(struct super_block *sb); };
struct foo {
	spinlock_t lock;
	spinlock_t other;
	rwlock_t table;
	struct mutex mutex;
	struct rw_semaphore sem;
	unsigned long bits;
	struct list_head list;
	struct rcu_head rcu;
	struct work_struct work;
	struct foo *next;
	int count;
	bool ready;
	char *name;
};
`;

/** `Makefile` of every test tree. */
export const MAKEFILE = 'VERSION = 6\nPATCHLEVEL = 12\nSUBLEVEL = 1\n';
