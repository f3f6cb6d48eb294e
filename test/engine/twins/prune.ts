/**
 * Right code of the shape that the laws of d_prune speak about: each body is a whole `d_prune`, with what stands before it.
 */
import type { Twins } from '../twins.js';

const prune = (before: string, body: string): string => `
struct note { struct list_head list; struct rcu_head rcu; int refs; int state; struct note *next; struct dentry *owner; };
struct shelf { spinlock_t lock; struct list_head notes; struct note *spare; int count; struct dentry *last; };
static struct shelf shelf;
static spinlock_t table;
${before}
static void foo_prune(struct dentry *dentry)
{
${body}
}
static void foo_release(struct dentry *dentry)
{
	kfree(dentry->d_fsdata);
}
const struct dentry_operations foo_dentry_operations = { .d_prune = foo_prune, .d_release = foo_release };`;

const NOTE = '\tstruct note *note = dentry->d_fsdata;\n';

/** Nothing that hangs on the dentry is freed. */
export const PRUNE_FREES: Twins = {
  bad: prune('', '\tkfree(dentry->d_fsdata);'),
  right: {
    'marks it': prune('', `${NOTE}\n\tnote->state = 1;`),
    'marks it where there is something': prune('', `${NOTE}\n\tif (note)\n\t\tnote->state = 1;`),
    'takes it off a list': prune(
      '',
      `${NOTE}\n\tspin_lock(&shelf.lock);\n\tlist_del_init(&note->list);\n\tspin_unlock(&shelf.lock);`,
    ),
    counts: prune('', '\tshelf.count--;'),
    'frees what it made': prune('', '\tchar *text = kmalloc(8, GFP_ATOMIC);\n\n\tkfree(text);'),
    'frees what it made, through a helper': prune(
      'static void drop(char *text)\n{\n\tkfree(text);\n}',
      '\tdrop(kmalloc(8, GFP_ATOMIC));',
    ),
    'frees nothing by NULL': prune('', '\tkfree(NULL);'),
    'frees a spare of the whole filesystem': prune(
      '',
      '\tstruct note *spare;\n\n\tspin_lock(&shelf.lock);\n\tspare = shelf.spare;\n\tshelf.spare = NULL;\n\tspin_unlock(&shelf.lock);\n\tkfree(spare);',
    ),
    'a helper that frees is only called elsewhere': prune(
      'static void drop(struct note *note)\n{\n\tkfree(note);\n}\nvoid end(struct note *note)\n{\n\tdrop(note);\n}',
      `${NOTE}\n\tnote->state = 1;`,
    ),
    'a helper that frees or marks, told to mark': prune(
      'static void put(struct note *note, bool last)\n{\n\tif (last)\n\t\tkfree(note);\n\telse\n\t\tnote->state = 1;\n}',
      `${NOTE}\n\tput(note, false);`,
    ),
    'clears a flag of the inode': prune('', '\tif (dentry->d_inode)\n\t\tdentry->d_inode->i_flags &= ~4;'),
    'clears a bit of the note': prune('', `${NOTE}\n\tclear_bit(1, &note->state);`),
    'tells the parent': prune(
      '',
      '\tstruct note *up = dentry->d_parent->d_fsdata;\n\n\tif (up)\n\t\tup->state = 0;',
    ),
    'nothing for a root': prune('', '\tif (IS_ROOT(dentry))\n\t\treturn;\n\tshelf.count--;'),
    'counts the refs without ending them': prune('', `${NOTE}\n\tnote->refs++;`),
    'reads only': prune('', `${NOTE}\n\tif (note && note->next)\n\t\tshelf.count = note->next->state;`),
    'moves it to a list of dead ones': prune(
      'static struct list_head dead;',
      `${NOTE}\n\tspin_lock(&shelf.lock);\n\tlist_move(&note->list, &dead);\n\tspin_unlock(&shelf.lock);`,
    ),
    'leaves it to a work item': prune('static struct work_struct work;', '\tschedule_work(&work);'),
    'frees a copy of the name': prune(
      '',
      '\tchar *copy = kstrdup("x", GFP_ATOMIC);\n\n\tif (copy)\n\t\tshelf.count++;\n\tkfree(copy);',
    ),
    empty: prune('', ''),
  },
};

/** The locks of the caller stay held. */
export const PRUNE_DROPS_LOCK: Twins = {
  bad: prune(
    '',
    '\tspin_unlock(&dentry->d_lock);\n\tspin_lock(&table);\n\tspin_unlock(&table);\n\tspin_lock(&dentry->d_lock);',
  ),
  right: {
    'a lock of its own': prune('', '\tspin_lock(&table);\n\tshelf.count--;\n\tspin_unlock(&table);'),
    'a lock of its own, twice': prune(
      '',
      '\tspin_lock(&table);\n\tspin_unlock(&table);\n\tspin_lock(&table);\n\tspin_unlock(&table);',
    ),
    'two locks of its own': prune(
      '',
      '\tspin_lock(&table);\n\tspin_lock(&shelf.lock);\n\tspin_unlock(&shelf.lock);\n\tspin_unlock(&table);',
    ),
    'given back early on one way': prune(
      '',
      `${NOTE}\n\tspin_lock(&shelf.lock);\n\tif (!note) {\n\t\tspin_unlock(&shelf.lock);\n\t\treturn;\n\t}\n\tnote->state = 1;\n\tspin_unlock(&shelf.lock);`,
    ),
    'tried only': prune(
      '',
      '\tif (spin_trylock(&table)) {\n\t\tshelf.count--;\n\t\tspin_unlock(&table);\n\t}',
    ),
    'in a helper': prune(
      'static void forget(struct note *note)\n{\n\tspin_lock(&shelf.lock);\n\tnote->state = 1;\n\tspin_unlock(&shelf.lock);\n}',
      `\tforget(dentry->d_fsdata);`,
    ),
    'taken in one helper, given back in another': prune(
      'static void begin(void)\n{\n\tspin_lock(&table);\n}\nstatic void end(void)\n{\n\tspin_unlock(&table);\n}',
      '\tbegin();\n\tshelf.count--;\n\tend();',
    ),
    'd_lock of another dentry': prune(
      '',
      '\tstruct dentry *other = shelf.last;\n\n\tif (other && other != dentry) {\n\t\tspin_lock_nested(&other->d_lock, 1);\n\t\tother->d_time = 0;\n\t\tspin_unlock(&other->d_lock);\n\t}',
    ),
    'RCU inside': prune('', '\trcu_read_lock();\n\tshelf.count--;\n\trcu_read_unlock();'),
    'interrupts off': prune(
      '',
      '\tunsigned long flags;\n\n\tspin_lock_irqsave(&table, flags);\n\tshelf.count--;\n\tspin_unlock_irqrestore(&table, flags);',
    ),
    'bottom halves off': prune('', '\tspin_lock_bh(&table);\n\tshelf.count--;\n\tspin_unlock_bh(&table);'),
    'another method gives d_lock back': prune(
      'static void foo_iput(struct dentry *dentry, struct inode *inode)\n{\n\tspin_lock(&dentry->d_lock);\n\tdentry->d_time = 0;\n\tspin_unlock(&dentry->d_lock);\n\tiput(inode);\n}\nconst struct dentry_operations other_ops = { .d_iput = foo_iput };',
      '\tshelf.count--;',
    ),
    'asserts it': prune('', '\tlockdep_assert_held(&dentry->d_lock);\n\tdentry->d_time = 0;'),
    'a lock of the note': prune(
      'struct box { spinlock_t lock; int n; };',
      '\tstruct box *box = dentry->d_fsdata;\n\n\tspin_lock(&box->lock);\n\tbox->n = 0;\n\tspin_unlock(&box->lock);',
    ),
    'a lock of the filesystem': prune(
      '',
      '\tstruct shelf *s = dentry->d_sb->s_fs_info;\n\n\tspin_lock(&s->lock);\n\ts->count--;\n\tspin_unlock(&s->lock);',
    ),
    'by a loop': prune(
      '',
      `${NOTE}\n\tfor (; note; note = note->next) {\n\t\tspin_lock(&shelf.lock);\n\t\tnote->state = 1;\n\t\tspin_unlock(&shelf.lock);\n\t}`,
    ),
    'goto out': prune(
      '',
      `${NOTE}\n\tspin_lock(&table);\n\tif (!note)\n\t\tgoto out;\n\tnote->state = 1;\nout:\n\tspin_unlock(&table);`,
    ),
    'a helper that may give it back, told not to': prune(
      'static void settle(struct dentry *dentry, bool drop)\n{\n\tif (drop)\n\t\tspin_unlock(&dentry->d_lock);\n\tshelf.count--;\n\tif (drop)\n\t\tspin_lock(&dentry->d_lock);\n}',
      '\tsettle(dentry, false);',
    ),
    'a helper that is called elsewhere': prune(
      'void settle(struct dentry *dentry)\n{\n\tspin_lock(&dentry->d_lock);\n\tdentry->d_time = 0;\n\tspin_unlock(&dentry->d_lock);\n}',
      '\tshelf.count--;',
    ),
    'nothing at all': prune('', '\tdentry->d_time = 0;'),
  },
};

/** No counted reference to the dentry. */
export const PRUNE_REFERENCE: Twins = {
  bad: prune('', '\tshelf.last = dget_dlock(dentry);'),
  right: {
    'another dentry': prune('', `${NOTE}\n\tif (note && note->owner)\n\t\tdget(note->owner);`),
    'the last one of the filesystem': prune(
      '',
      '\tstruct dentry *last = shelf.last;\n\n\tif (last)\n\t\tdget(last);',
    ),
    'the inode': prune('', '\tif (dentry->d_inode)\n\t\tihold(dentry->d_inode);'),
    'a count of its own': prune('', '\tshelf.count++;'),
    'the count of the note': prune('', `${NOTE}\n\tnote->refs++;`),
    'reads the count': prune('', '\tshelf.count = dentry->d_lockref.count;'),
    'tests the count': prune('', '\tif (dentry->d_lockref.count > 0)\n\t\tshelf.count++;'),
    'compares the dentry': prune('', '\tif (shelf.last == dentry)\n\t\tshelf.count++;'),
    'forgets the dentry': prune('', '\tif (shelf.last == dentry)\n\t\tshelf.last = NULL;'),
    'in another method': prune(
      'static int foo_revalidate(struct dentry *dentry, unsigned int flags)\n{\n\tif (flags & LOOKUP_RCU)\n\t\treturn -ECHILD;\n\tdget(dentry);\n\tdput(dentry);\n\treturn 1;\n}\nconst struct dentry_operations other_ops = { .d_revalidate = foo_revalidate };',
      '\tshelf.count--;',
    ),
    'in a helper that is called elsewhere': prune(
      'void keep(struct dentry *dentry)\n{\n\tshelf.last = dget(dentry);\n}',
      '\tshelf.count--;',
    ),
    'a helper for another dentry': prune(
      'static void keep(struct dentry *dentry)\n{\n\tdget(dentry);\n}',
      `${NOTE}\n\tif (note && note->owner)\n\t\tkeep(note->owner);`,
    ),
    'a helper that counts the note': prune(
      'static struct note *note_get(struct note *note)\n{\n\tnote->refs++;\n\treturn note;\n}',
      '\tnote_get(dentry->d_fsdata);',
    ),
    'a lockref of its own': prune(
      'struct box { struct lockref ref; };',
      '\tstruct box *box = dentry->d_fsdata;\n\n\tlockref_get(&box->ref);',
    ),
    'a kref of its own': prune(
      'struct box { struct kref ref; };',
      '\tstruct box *box = dentry->d_fsdata;\n\n\tkref_get(&box->ref);',
    ),
    'a refcount of its own': prune(
      'struct box { refcount_t ref; };',
      '\tstruct box *box = dentry->d_fsdata;\n\n\trefcount_inc(&box->ref);',
    ),
    'a plain pointer of the dentry': prune('', `${NOTE}\n\tif (note)\n\t\tnote->owner = NULL;`),
    'the time of it': prune('', '\tdentry->d_time = 0;'),
    'a helper that takes one only if told': prune(
      'static void look(struct dentry *dentry, bool keep)\n{\n\tif (keep)\n\t\tdget_dlock(dentry);\n\tshelf.count++;\n}',
      '\tlook(dentry, false);',
    ),
    'a module': prune('static struct module *owner;', '\t__module_get(owner);'),
  },
};
