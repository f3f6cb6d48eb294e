/**
 * Entry points that are no VFS methods: records printed into /proc, shrinkers, sysctls, timers, completions of I/O, RCU
 * callbacks, faults. In the shape of methods, so that their context is looked up in the same way.
 */
import { anyMode, exclusive, inAtomic, inProcess, methodsOf, shared, since, until } from './entry.js';
import type { MethodEntry } from './types.js';

const seq = methodsOf('seq_operations');
const shrinker = methodsOf('shrinker');
const sysctl = methodsOf('ctl_table');
const proc = methodsOf('proc_ops');
const bio = methodsOf('bio');
const kiocb = methodsOf('kiocb');
const vm = methodsOf('vm_operations_struct');
const kernfs = methodsOf('kernfs_ops');
const syscalls = methodsOf('kernfs_syscall_ops');
const configfs = methodsOf('configfs_item_operations');
const group = methodsOf('configfs_group_operations');
const fsnotify = methodsOf('fsnotify_ops');
const locks = methodsOf('lock_manager_operations');
const leases = methodsOf('lease_manager_operations');
const files = methodsOf('file_lock_operations');
const sysfs = methodsOf('sysfs_ops');
const kobj = methodsOf('kobj_type');
const buffer = methodsOf('buffer_head');
const timer = methodsOf('timer_list');
const SEQ_LOCK = exclusive('m->lock', 'mutex');
const MOUNTS = shared('@namespace_sem', 'rwsem');
const BREAK_ACTIVE =
  'A lock under which nodes are removed is taken inside kernfs_break_active_protection() only: removal waits for active nodes.';
const MMAP = anyMode('vmf->vma->vm_mm->mmap_lock', 'rwsem');

/** Given back where the caller is told to come again. */
const RETRIED = { ...MMAP, when: 'result != 0' };

const LEASE_LIST = exclusive('fl->c.flc_file->f_inode->i_flctx->flc_lock', 'spin');

/** A method of a page fault: from 6.4 on the mapping's own lock may stand for that of the address space. */
function faults(name: string, summary: string, line510: string, line612: string): readonly MethodEntry[] {
  return [
    vm(
      name,
      'vmf',
      'int',
      [inProcess('page fault', [MMAP])],
      true,
      `${summary} The address space is locked; it may be unlocked where the fault is to be tried again (VM_FAULT_RETRY).`,
      `5.10:include/linux/mm.h:${line510} 5.10:mm/filemap.c:2706`,
      { ...until('6.12'), releases: [RETRIED] },
    ),
    vm(
      name,
      'vmf',
      'int',
      [inProcess('page fault', [], [MMAP])],
      true,
      `${summary} The mapping is locked, by mmap_lock or by its own lock.`,
      `6.12:include/linux/mm.h:${line612} 6.12:mm/memory.c:3304`,
      {
        ...since('6.12'),
        disagreement:
          'The table in locking.rst says that mmap_lock is held; a fault under the lock of the mapping (FAULT_FLAG_VMA_LOCK) ' +
          'does not hold it.',
      },
    ),
  ];
}

/** All other entry points. */
export const ENTRIES: readonly MethodEntry[] = [
  seq(
    'start',
    'm pos',
    'pointer',
    [inProcess('read(2)', [SEQ_LOCK])],
    true,
    'Begins a run over records; what it locks is unlocked by stop. The lock of the seq_file is held.',
    '6.12:include/linux/seq_file.h:32 6.12:fs/seq_file.c:226',
  ),
  seq(
    'stop',
    'm v',
    'void',
    [inProcess('read(2)', [SEQ_LOCK])],
    true,
    'Ends a run over records. The lock of the seq_file is held.',
    '6.12:include/linux/seq_file.h:33',
    { follows: { slot: 'start', always: true } },
  ),
  seq(
    'next',
    'm v pos',
    'pointer',
    [inProcess('read(2)', [SEQ_LOCK])],
    true,
    'Goes on to the next record, with what start locked still locked.',
    '6.12:include/linux/seq_file.h:34',
    { follows: { slot: 'start', always: false } },
  ),
  seq(
    'show',
    'm v',
    'int',
    [inProcess('read(2)', [SEQ_LOCK])],
    true,
    'Prints a record, with what start locked still locked.',
    '6.12:include/linux/seq_file.h:35',
    { follows: { slot: 'start', always: false } },
  ),
  shrinker(
    'count_objects',
    'shrink sc',
    'long',
    [inProcess('memory reclaim')],
    true,
    'Says how much could be freed. Runs in memory reclaim.',
    '6.12:include/linux/shrinker.h:83',
  ),
  shrinker(
    'scan_objects',
    'shrink sc',
    'long',
    [inProcess('memory reclaim')],
    true,
    'Frees what it can. Runs in memory reclaim: no allocation in it may wait for the filesystem.',
    '6.12:include/linux/shrinker.h:85',
  ),
  sysctl(
    'proc_handler',
    'ctl write buffer lenp ppos',
    'int',
    [inProcess('/proc/sys')],
    true,
    'Reads or writes a sysctl. Nothing is locked.',
    '6.12:include/linux/sysctl.h:140',
  ),
  proc(
    'proc_open',
    'inode file',
    'int',
    [inProcess('open(2)')],
    true,
    'Opens a file of /proc.',
    '6.12:include/linux/proc_fs.h:35',
  ),
  proc(
    'proc_read',
    'file buf count ppos',
    'long',
    [inProcess('read(2)')],
    true,
    'Reads a file of /proc.',
    '6.12:include/linux/proc_fs.h:36',
  ),
  proc(
    'proc_read_iter',
    'iocb to',
    'long',
    [inProcess('read(2)')],
    true,
    'Reads a file of /proc.',
    '6.12:include/linux/proc_fs.h:37',
  ),
  proc(
    'proc_write',
    'file buf count ppos',
    'long',
    [inProcess('write(2)')],
    true,
    'Writes a file of /proc.',
    '6.12:include/linux/proc_fs.h:38',
  ),
  proc(
    'proc_lseek',
    'file offset whence',
    'long',
    [inProcess('lseek(2)')],
    true,
    'Moves in a file of /proc.',
    '6.12:include/linux/proc_fs.h:40',
  ),
  proc(
    'proc_release',
    'inode file',
    'int',
    [inProcess('close')],
    true,
    'Closes a file of /proc.',
    '6.12:include/linux/proc_fs.h:41',
  ),
  bio(
    'bi_end_io',
    'bio',
    'void',
    [inAtomic('end of I/O', 'softirq or interrupt (end of I/O)')],
    false,
    'Told that I/O is done. Runs in an interrupt or a softirq as a rule: nothing may sleep.',
    '6.12:include/linux/blk_types.h:234',
  ),
  buffer(
    'b_end_io',
    'bh uptodate',
    'void',
    [inAtomic('end of I/O', 'softirq or interrupt (end of I/O)')],
    false,
    'Told that the I/O of a buffer is done. Runs in an interrupt or a softirq as a rule: nothing may sleep.',
    '6.12:include/linux/buffer_head.h:72',
    until('7.2'),
  ),
  kiocb(
    'ki_complete',
    'iocb ret ret2',
    'void',
    [inAtomic('end of asynchronous I/O', 'softirq or interrupt (end of I/O)')],
    false,
    'Told that asynchronous I/O is done. May run in an interrupt: nothing may sleep.',
    '5.10:include/linux/fs.h:329',
    until('6.1'),
  ),
  kiocb(
    'ki_complete',
    'iocb ret',
    'void',
    [inAtomic('end of asynchronous I/O', 'softirq or interrupt (end of I/O)')],
    false,
    'Told that asynchronous I/O is done. May run in an interrupt: nothing may sleep.',
    '6.12:include/linux/fs.h:402',
    since('6.1'),
  ),
  ...faults('fault', 'Finds the page behind an address.', '562', '615'),
  ...faults('page_mkwrite', 'Told that a page is about to become writable; it is not locked.', '571', '623'),
  ...faults('pfn_mkwrite', 'Told that a mapping without a page is about to become writable.', '574', '626'),
  vm(
    'map_pages',
    'vmf start_pgoff end_pgoff',
    'int',
    [inProcess('page fault', [MMAP])],
    false,
    'Maps cached pages around a fault: nothing may sleep. The address space is locked.',
    '5.10:mm/memory.c:4062 6.1:mm/memory.c:4599',
    until('6.12'),
  ),
  vm(
    'map_pages',
    'vmf start_pgoff end_pgoff',
    'int',
    [{ name: 'page fault', held: [], mayHold: [MMAP], rcu: 'read' }],
    false,
    'Maps cached pages around a fault, in an RCU read side: nothing may sleep.',
    '6.12:include/linux/mm.h:617 6.12:mm/memory.c:5278',
    since('6.12'),
  ),
  vm(
    'huge_fault',
    'vmf pe_size',
    'int',
    [inProcess('page fault', [MMAP])],
    true,
    'Finds a huge page behind an address. The address space is locked.',
    '5.10:include/linux/mm.h:563 6.1:include/linux/mm.h:569',
    until('6.12'),
  ),
  vm(
    'huge_fault',
    'vmf order',
    'int',
    [inProcess('page fault', [], [MMAP])],
    true,
    'Finds a huge page behind an address. The mapping is locked, by mmap_lock or by its own lock.',
    '6.12:include/linux/mm.h:616',
    since('6.12'),
  ),
  vm(
    'access',
    'vma addr buf len write',
    'int',
    [inProcess('/proc/PID/mem', [shared('vma->vm_mm->mmap_lock', 'rwsem')])],
    true,
    'Reads or writes what a debugger asks for. The address space is locked shared.',
    '5.10:mm/memory.c:5015 6.12:mm/memory.c:6651',
  ),
  vm(
    'open',
    'vma',
    'void',
    [inProcess('fork or split', [exclusive('vma->vm_mm->mmap_lock', 'rwsem')])],
    true,
    'Told of one more mapping. The address space is locked exclusively.',
    '6.12:include/linux/mm.h:599 6.12:kernel/fork.c:657 6.12:kernel/fork.c:742',
  ),
  vm(
    'close',
    'vma',
    'void',
    [inProcess('unmap', [], [anyMode('vma->vm_mm->mmap_lock', 'rwsem')])],
    true,
    'Told of one mapping less.',
    '5.10:mm/mmap.c:179 5.10:mm/mmap.c:3246',
    {
      ...until('6.1'),
      disagreement:
        'The table in locking.rst says that mmap_lock is held; exit_mmap() of 5.10 takes mappings apart without it.',
    },
  ),
  vm(
    'close',
    'vma',
    'void',
    [inProcess('unmap', [anyMode('vma->vm_mm->mmap_lock', 'rwsem')])],
    true,
    'Told of one mapping less. The address space is locked, also where all of it goes.',
    '6.1:mm/mmap.c:3301 6.12:include/linux/mm.h:604 6.12:mm/mmap.c:1951 7.2:mm/mmap.c:1308',
    since('6.1'),
  ),
  kernfs(
    'seq_show',
    'sf v',
    'int',
    [inProcess('read(2)')],
    true,
    'Prints an attribute.',
    '6.12:include/linux/kernfs.h:290',
  ),
  kernfs(
    'write',
    'of buf bytes off',
    'long',
    [inProcess('write(2)')],
    true,
    'Takes what is written to an attribute.',
    '6.12:include/linux/kernfs.h:314',
  ),
  syscalls(
    'show_options',
    'sf root',
    'int',
    [inProcess('/proc/PID/mounts', [MOUNTS])],
    true,
    'Prints mount options. The list of mounts is locked.',
    '5.10:fs/kernfs/mount.c:30 6.1:fs/kernfs/mount.c:31 6.12:fs/kernfs/mount.c:34 7.2:fs/kernfs/mount.c:34',
  ),
  syscalls(
    'show_path',
    'sf kn root',
    'int',
    [inProcess('/proc/PID/mounts', [MOUNTS])],
    true,
    'Prints the root of a mount. The list of mounts is locked.',
    '5.10:fs/kernfs/mount.c:41 6.1:fs/kernfs/mount.c:42 6.12:fs/kernfs/mount.c:45 7.2:fs/kernfs/mount.c:45',
  ),
  syscalls(
    'mkdir',
    'parent name mode',
    'int',
    [inProcess('mkdir(2)')],
    true,
    'Makes a directory. The VFS holds i_rwsem of the parent directory, which no parameter leads to, so it is not among what ' +
      'is held; kernfs itself locks nothing, but keeps the node of the parent active.',
    '5.10:fs/kernfs/dir.c:1148 6.1:fs/kernfs/dir.c:1221 6.12:fs/kernfs/dir.c:1246 7.2:fs/kernfs/dir.c:1305',
    { obligations: [BREAK_ACTIVE] },
  ),
  syscalls(
    'rmdir',
    'kn',
    'int',
    [inProcess('rmdir(2)')],
    true,
    'Removes a directory. The VFS holds i_rwsem of the parent and of the victim, which no parameter leads to, so they are not ' +
      'among what is held; kernfs itself locks nothing, but keeps the node active.',
    '5.10:fs/kernfs/dir.c:1166 6.1:fs/kernfs/dir.c:1239 6.12:fs/kernfs/dir.c:1264 7.2:fs/kernfs/dir.c:1323',
    { obligations: [BREAK_ACTIVE] },
  ),
  syscalls(
    'rename',
    'kn new_parent new_name',
    'int',
    [inProcess('rename(2)')],
    true,
    'Moves a name. The VFS holds i_rwsem of both directories and what else it locks for a rename, which no parameter leads to, ' +
      'so they are not among what is held; kernfs itself locks nothing, but keeps the node and its new parent active.',
    '5.10:fs/kernfs/dir.c:1195 6.1:fs/kernfs/dir.c:1269 6.12:fs/kernfs/dir.c:1294 7.2:fs/kernfs/dir.c:1353',
    { obligations: [BREAK_ACTIVE] },
  ),
  sysfs(
    'show',
    'kobj attr buf',
    'long',
    [inProcess('read(2)')],
    true,
    'Prints an attribute. Nothing of the filesystem is locked.',
    '6.12:include/linux/sysfs.h:386',
  ),
  sysfs(
    'store',
    'kobj attr buf count',
    'long',
    [inProcess('write(2)')],
    true,
    'Takes what is written to an attribute.',
    '6.12:include/linux/sysfs.h:387',
  ),
  kobj(
    'release',
    'kobj',
    'void',
    [inProcess('last reference dropped')],
    true,
    'Disposes of an object.',
    '6.12:include/linux/kobject.h:117',
  ),
  configfs(
    'release',
    'item',
    'void',
    [inProcess('last reference dropped')],
    true,
    'Disposes of an item.',
    '6.12:include/linux/configfs.h:209',
  ),
  configfs(
    'allow_link',
    'src target',
    'int',
    [inProcess('symlink(2)')],
    true,
    'Told of a link to another item.',
    '6.12:include/linux/configfs.h:210',
  ),
  group(
    'make_item',
    'group name',
    'pointer',
    [inProcess('mkdir(2)')],
    true,
    'Makes an item.',
    '6.12:include/linux/configfs.h:215',
  ),
  group(
    'make_group',
    'group name',
    'pointer',
    [inProcess('mkdir(2)')],
    true,
    'Makes a group.',
    '6.12:include/linux/configfs.h:216',
  ),
  group(
    'drop_item',
    'group item',
    'void',
    [inProcess('rmdir(2)')],
    true,
    'Told that an item is removed.',
    '6.12:include/linux/configfs.h:218',
  ),
  fsnotify(
    'handle_event',
    'group mask data data_type dir file_name cookie iter_info',
    'int',
    [inProcess('event', [shared('@fsnotify_mark_srcu', 'srcu')])],
    true,
    'Told of an event, in an SRCU read side, where sleeping is allowed.',
    '6.12:include/linux/fsnotify_backend.h:156',
  ),
  locks(
    'lm_notify',
    'fl',
    'void',
    [
      inAtomic('lock freed', 'the list of blocked locks is locked', [
        exclusive('@blocked_lock_lock', 'spin'),
      ]),
    ],
    false,
    'Told that a blocked lock may be tried again, in the spinlock of the list of blocked locks.',
    '6.12:include/linux/filelock.h:41 6.12:fs/locks.c:713',
  ),
  leases(
    'lm_break',
    'fl',
    'bool',
    [inAtomic('lease broken', 'the list of locks is locked', [LEASE_LIST])],
    false,
    'Told that a lease is broken, in the spinlock of the list of locks.',
    '6.12:include/linux/filelock.h:48 6.12:fs/locks.c:1592',
    since('6.12'),
  ),
  files(
    'fl_copy_lock',
    'new fl',
    'void',
    [inProcess('lock copied')],
    false,
    'Copies what belongs to the filesystem in a lock; may run in a spinlock.',
    '6.12:include/linux/filelock.h:33',
    {
      disagreement:
        'The table in locking.rst says that i_lock is held; the lists of locks have had flc_lock since 4.0, and ' +
        'clients of a network copy a lock with nothing locked (6.12:fs/nfs/nfs4proc.c:7099).',
    },
  ),
  timer(
    'function',
    'timer',
    'void',
    [inAtomic('timer', 'softirq (timer)')],
    false,
    'Runs when a timer expires, in a softirq: nothing may sleep.',
    '6.12:include/linux/timer_types.h:15',
  ),
];
