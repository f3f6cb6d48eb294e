/**
 * The lock primitives as helpers: spinlocks, rwlocks, mutexes, rw-semaphores, per-CPU rw-semaphores, seqlocks, bit locks
 * and RCU. A parameter that points to a lock stands for the lock. What interrupts, bottom halves and preemption are
 * switched off by is written as a lock of its own (`@irq`, `@bh`, `@preempt`), so that it is released by what ends it.
 */
import { drops, exclusive, helper, interrupted, plain, shared, takes } from './entry.js';
import { STATE_PRIMITIVES } from './states.js';
import type { HelperEntry } from './types.js';

const IRQ = exclusive('@irq', 'irq');
const BH = exclusive('@bh', 'bh');
const SPIN = exclusive('lock', 'spin');
const SPIN_TRY = exclusive('lock', 'spin', 'result != 0');
const IRQ_TRY = exclusive('@irq', 'irq', 'result != 0');
const BH_TRY = exclusive('@bh', 'bh', 'result != 0');
const READ = shared('lock', 'rwlock');
const READ_TRY = shared('lock', 'rwlock', 'result != 0');
const WRITE = exclusive('lock', 'rwlock');
const WRITE_TRY = exclusive('lock', 'rwlock', 'result != 0');
const MUTEX = exclusive('lock', 'mutex');
const MUTEX_OK = exclusive('lock', 'mutex', 'result == 0');
const MUTEX_TRY = exclusive('lock', 'mutex', 'result != 0');
const SEM_READ = shared('sem', 'rwsem');
const SEM_WRITE = exclusive('sem', 'rwsem');
const SEQ = exclusive('sl', 'seqwrite');
const SEQ_EXCL = exclusive('sl', 'spin');

const SPINLOCKS: readonly HelperEntry[] = [
  takes('spin_lock', 'lock', false, [SPIN], '6.12:include/linux/spinlock.h:349'),
  takes('spin_lock_nested', 'lock, subclass', false, [SPIN], '6.12:include/linux/spinlock.h:364'),
  takes('spin_lock_nest_lock', 'lock, nest', false, [SPIN], '6.12:include/linux/spinlock.h:369'),
  takes('spin_lock_bh', 'lock', false, [SPIN, BH], '6.12:include/linux/spinlock.h:354'),
  takes('spin_lock_irq', 'lock', false, [SPIN, IRQ], '6.12:include/linux/spinlock.h:374'),
  takes('spin_lock_irqsave', 'lock, flags', false, [SPIN, IRQ], '6.12:include/linux/spinlock.h:379'),
  takes(
    'spin_lock_irqsave_nested',
    'lock, flags, subclass',
    false,
    [SPIN, IRQ],
    '6.12:include/linux/spinlock.h:384',
  ),
  takes('spin_trylock', 'lock', false, [SPIN_TRY], '6.12:include/linux/spinlock.h:359'),
  takes('spin_trylock_bh', 'lock', false, [SPIN_TRY, BH_TRY], '6.12:include/linux/spinlock.h:409'),
  takes('spin_trylock_irq', 'lock', false, [SPIN_TRY, IRQ_TRY], '6.12:include/linux/spinlock.h:414'),
  takes(
    'spin_trylock_irqsave',
    'lock, flags',
    false,
    [SPIN_TRY, IRQ_TRY],
    '6.12:include/linux/spinlock.h:419',
  ),
  drops('spin_unlock', 'lock', [SPIN], '6.12:include/linux/spinlock.h:389'),
  drops('spin_unlock_bh', 'lock', [SPIN, BH], '6.12:include/linux/spinlock.h:394'),
  drops('spin_unlock_irq', 'lock', [SPIN, IRQ], '6.12:include/linux/spinlock.h:399'),
  drops('spin_unlock_irqrestore', 'lock, flags', [SPIN, IRQ], '6.12:include/linux/spinlock.h:404'),
  plain(
    'spin_is_locked',
    'lock',
    'Tells whether anyone holds the lock.',
    '6.12:include/linux/spinlock.h:442',
  ),
  plain(
    'spin_is_contended',
    'lock',
    'Tells whether anyone waits for the lock.',
    '6.12:include/linux/spinlock.h:447',
  ),
  plain('spin_lock_init', 'lock', 'Initialises a spinlock.', '6.12:include/linux/spinlock.h:331'),
  takes('raw_spin_lock', 'lock', false, [SPIN], '6.12:include/linux/spinlock.h:217'),
  takes('raw_spin_lock_nested', 'lock, subclass', false, [SPIN], '6.12:include/linux/spinlock.h:220'),
  takes('raw_spin_lock_bh', 'lock', false, [SPIN, BH], '6.12:include/linux/spinlock.h:275'),
  takes('raw_spin_lock_irq', 'lock', false, [SPIN, IRQ], '6.12:include/linux/spinlock.h:274'),
  takes('raw_spin_lock_irqsave', 'lock, flags', false, [SPIN, IRQ], '6.12:include/linux/spinlock.h:241'),
  takes(
    'raw_spin_lock_irqsave_nested',
    'lock, flags, subclass',
    false,
    [SPIN, IRQ],
    '6.12:include/linux/spinlock.h:248',
  ),
  takes('raw_spin_trylock', 'lock', false, [SPIN_TRY], '6.12:include/linux/spinlock.h:215'),
  takes('raw_spin_trylock_bh', 'lock', false, [SPIN_TRY, BH_TRY], '6.12:include/linux/spinlock.h:286'),
  takes('raw_spin_trylock_irq', 'lock', false, [SPIN_TRY, IRQ_TRY], '6.12:include/linux/spinlock.h:289'),
  takes(
    'raw_spin_trylock_irqsave',
    'lock, flags',
    false,
    [SPIN_TRY, IRQ_TRY],
    '6.12:include/linux/spinlock.h:296',
  ),
  drops('raw_spin_unlock', 'lock', [SPIN], '6.12:include/linux/spinlock.h:276'),
  drops('raw_spin_unlock_bh', 'lock', [SPIN, BH], '6.12:include/linux/spinlock.h:284'),
  drops('raw_spin_unlock_irq', 'lock', [SPIN, IRQ], '6.12:include/linux/spinlock.h:277'),
  drops('raw_spin_unlock_irqrestore', 'lock, flags', [SPIN, IRQ], '6.12:include/linux/spinlock.h:279'),
  plain(
    'raw_spin_is_locked',
    'lock',
    'Tells whether anyone holds the lock.',
    '6.12:include/linux/spinlock.h:116',
  ),
  plain('raw_spin_lock_init', 'lock', 'Initialises a raw spinlock.', '6.12:include/linux/spinlock.h:104'),
  takes('atomic_dec_and_lock', 'atomic, lock', false, [SPIN_TRY], '6.12:include/linux/spinlock.h:501'),
  takes(
    'atomic_dec_and_lock_irqsave',
    'atomic, lock, flags',
    false,
    [SPIN_TRY, IRQ_TRY],
    '6.12:include/linux/spinlock.h:506',
  ),
  takes('refcount_dec_and_lock', 'r, lock', false, [SPIN_TRY], '6.12:lib/refcount.c:144'),
  takes(
    'refcount_dec_and_lock_irqsave',
    'r, lock, flags',
    false,
    [SPIN_TRY, IRQ_TRY],
    '6.12:lib/refcount.c:172',
  ),
];

const RWLOCKS: readonly HelperEntry[] = [
  takes('read_lock', 'lock', false, [READ], '6.12:include/linux/rwlock.h:56'),
  takes('read_lock_bh', 'lock', false, [READ, BH], '6.12:include/linux/rwlock.h:93'),
  takes('read_lock_irq', 'lock', false, [READ, IRQ], '6.12:include/linux/rwlock.h:92'),
  takes('read_lock_irqsave', 'lock, flags', false, [READ, IRQ], '6.12:include/linux/rwlock.h:66'),
  takes('read_trylock', 'lock', false, [READ_TRY], '6.12:include/linux/rwlock.h:52'),
  drops('read_unlock', 'lock', [READ], '6.12:include/linux/rwlock.h:96'),
  drops('read_unlock_bh', 'lock', [READ, BH], '6.12:include/linux/rwlock.h:106'),
  drops('read_unlock_irq', 'lock', [READ, IRQ], '6.12:include/linux/rwlock.h:98'),
  drops('read_unlock_irqrestore', 'lock, flags', [READ, IRQ], '6.12:include/linux/rwlock.h:101'),
  takes('write_lock', 'lock', false, [WRITE], '6.12:include/linux/rwlock.h:55'),
  takes('write_lock_nested', 'lock, subclass', false, [WRITE], '6.12:include/linux/rwlock.h:59', {
    versions: { since: '6.1' },
  }),
  takes('write_lock_bh', 'lock', false, [WRITE, BH], '6.12:include/linux/rwlock.h:95'),
  takes('write_lock_irq', 'lock', false, [WRITE, IRQ], '6.12:include/linux/rwlock.h:94'),
  takes('write_lock_irqsave', 'lock, flags', false, [WRITE, IRQ], '6.12:include/linux/rwlock.h:71'),
  takes('write_trylock', 'lock', false, [WRITE_TRY], '6.12:include/linux/rwlock.h:53'),
  takes(
    'write_trylock_irqsave',
    'lock, flags',
    false,
    [WRITE_TRY, IRQ_TRY],
    '6.12:include/linux/rwlock.h:115',
  ),
  drops('write_unlock', 'lock', [WRITE], '6.12:include/linux/rwlock.h:97'),
  drops('write_unlock_bh', 'lock', [WRITE, BH], '6.12:include/linux/rwlock.h:113'),
  drops('write_unlock_irq', 'lock', [WRITE, IRQ], '6.12:include/linux/rwlock.h:99'),
  drops('write_unlock_irqrestore', 'lock, flags', [WRITE, IRQ], '6.12:include/linux/rwlock.h:108'),
  plain('rwlock_init', 'lock', 'Initialises an rwlock.', '6.12:include/linux/rwlock.h:20'),
];

const MUTEXES: readonly HelperEntry[] = [
  takes('mutex_lock', 'lock', true, [MUTEX], '6.12:kernel/locking/mutex.c:281'),
  takes('mutex_lock_nested', 'lock, subclass', true, [MUTEX], '6.12:kernel/locking/mutex.c:809'),
  takes('mutex_lock_nest_lock', 'lock, nest', true, [MUTEX], '6.12:include/linux/mutex.h:171'),
  takes('mutex_lock_io', 'lock', true, [MUTEX], '6.12:kernel/locking/mutex.c:1035'),
  takes('mutex_lock_io_nested', 'lock, subclass', true, [MUTEX], '6.12:kernel/locking/mutex.c:838'),
  takes('mutex_lock_interruptible', 'lock', true, [MUTEX_OK], '6.12:kernel/locking/mutex.c:990'),
  takes(
    'mutex_lock_interruptible_nested',
    'lock, subclass',
    true,
    [MUTEX_OK],
    '6.12:kernel/locking/mutex.c:831',
  ),
  takes('mutex_lock_killable', 'lock', true, [MUTEX_OK], '6.12:kernel/locking/mutex.c:1014'),
  takes('mutex_lock_killable_nested', 'lock, subclass', true, [MUTEX_OK], '6.12:kernel/locking/mutex.c:824'),
  takes('mutex_trylock', 'lock', false, [MUTEX_TRY], '6.12:kernel/locking/mutex.c:1094'),
  drops('mutex_unlock', 'lock', [MUTEX], '6.12:kernel/locking/mutex.c:542'),
  plain('mutex_is_locked', 'lock', 'Tells whether anyone holds the mutex.', '6.12:kernel/locking/mutex.c:89'),
  plain('mutex_init', 'lock', 'Initialises a mutex.', '6.12:include/linux/mutex.h:60'),
  plain('mutex_destroy', 'lock', 'Marks a mutex as no longer usable.', '6.12:include/linux/mutex.h:48'),
  takes('atomic_dec_and_mutex_lock', 'cnt, lock', true, [MUTEX_TRY], '6.12:kernel/locking/mutex.c:1152'),
  takes('refcount_dec_and_mutex_lock', 'r, lock', true, [MUTEX_TRY], '6.12:lib/refcount.c:113'),
  takes('down', 'sem', true, [exclusive('sem', 'semaphore')], '6.12:kernel/locking/semaphore.c:55'),
  takes(
    'down_interruptible',
    'sem',
    true,
    [exclusive('sem', 'semaphore', 'result == 0')],
    '6.12:kernel/locking/semaphore.c:78',
  ),
  takes(
    'down_killable',
    'sem',
    true,
    [exclusive('sem', 'semaphore', 'result == 0')],
    '6.12:kernel/locking/semaphore.c:105',
  ),
  takes(
    'down_timeout',
    'sem, jiffies',
    true,
    [exclusive('sem', 'semaphore', 'result == 0')],
    '6.12:kernel/locking/semaphore.c:160',
  ),
  takes(
    'down_trylock',
    'sem',
    false,
    [exclusive('sem', 'semaphore', 'result == 0')],
    '6.12:kernel/locking/semaphore.c:135',
  ),
  drops('up', 'sem', [exclusive('sem', 'semaphore')], '6.12:kernel/locking/semaphore.c:184'),
  takes(
    'ww_mutex_lock',
    'lock, ctx',
    true,
    [exclusive('lock', 'mutex', 'result == 0')],
    '6.12:kernel/locking/mutex.c:878',
  ),
  drops('ww_mutex_unlock', 'lock', [MUTEX], '6.12:kernel/locking/mutex.c:563'),
];

const RWSEMS: readonly HelperEntry[] = [
  takes('down_read', 'sem', true, [SEM_READ], '6.12:kernel/locking/rwsem.c:1521'),
  takes('down_read_nested', 'sem, subclass', true, [SEM_READ], '6.12:kernel/locking/rwsem.c:1646'),
  takes('down_read_non_owner', 'sem', true, [SEM_READ], '6.12:kernel/locking/rwsem.c:1676'),
  takes(
    'down_read_interruptible',
    'sem',
    true,
    [shared('sem', 'rwsem', 'result == 0')],
    '6.12:kernel/locking/rwsem.c:1530',
  ),
  takes(
    'down_read_killable',
    'sem',
    true,
    [shared('sem', 'rwsem', 'result == 0')],
    '6.12:kernel/locking/rwsem.c:1544',
  ),
  takes(
    'down_read_killable_nested',
    'sem, subclass',
    true,
    [shared('sem', 'rwsem', 'result == 0')],
    '6.12:kernel/locking/rwsem.c:1654',
  ),
  takes(
    'down_read_trylock',
    'sem',
    false,
    [shared('sem', 'rwsem', 'result != 0')],
    '6.12:kernel/locking/rwsem.c:1561',
  ),
  takes('down_write', 'sem', true, [SEM_WRITE], '6.12:kernel/locking/rwsem.c:1574'),
  takes('down_write_nested', 'sem, subclass', true, [SEM_WRITE], '6.12:kernel/locking/rwsem.c:1690'),
  takes('down_write_nest_lock', 'sem, nest', true, [SEM_WRITE], '6.12:include/linux/rwsem.h:273'),
  takes(
    'down_write_killable',
    'sem',
    true,
    [exclusive('sem', 'rwsem', 'result == 0')],
    '6.12:kernel/locking/rwsem.c:1585',
  ),
  takes(
    'down_write_killable_nested',
    'sem, subclass',
    true,
    [exclusive('sem', 'rwsem', 'result == 0')],
    '6.12:kernel/locking/rwsem.c:1698',
  ),
  takes(
    'down_write_trylock',
    'sem',
    false,
    [exclusive('sem', 'rwsem', 'result != 0')],
    '6.12:kernel/locking/rwsem.c:1603',
  ),
  drops('up_read', 'sem', [SEM_READ], '6.12:kernel/locking/rwsem.c:1617'),
  drops('up_read_non_owner', 'sem', [SEM_READ], '6.12:kernel/locking/rwsem.c:1713'),
  drops('up_write', 'sem', [SEM_WRITE], '6.12:kernel/locking/rwsem.c:1627'),
  helper(
    'downgrade_write',
    'sem',
    false,
    'Turns the exclusive hold into a shared one without a gap.',
    '6.12:kernel/locking/rwsem.c:1637',
    {
      releases: [SEM_WRITE],
      acquires: [SEM_READ],
    },
  ),
  plain(
    'rwsem_is_locked',
    'sem',
    'Tells whether anyone holds the semaphore, in either mode.',
    '6.12:include/linux/rwsem.h:73',
  ),
  plain(
    'rwsem_is_contended',
    'sem',
    'Tells whether anyone waits for the semaphore.',
    '6.12:include/linux/rwsem.h:130',
  ),
  plain('init_rwsem', 'sem', 'Initialises a read-write semaphore.', '6.12:include/linux/rwsem.h:117'),
  takes(
    'percpu_down_read',
    'sem',
    true,
    [shared('sem', 'percpu-rwsem')],
    '6.12:include/linux/percpu-rwsem.h:47',
  ),
  takes(
    'percpu_down_read_trylock',
    'sem',
    false,
    [shared('sem', 'percpu-rwsem', 'result != 0')],
    '6.12:include/linux/percpu-rwsem.h:73',
  ),
  drops('percpu_up_read', 'sem', [shared('sem', 'percpu-rwsem')], '6.12:include/linux/percpu-rwsem.h:97'),
  takes(
    'percpu_down_write',
    'sem',
    true,
    [exclusive('sem', 'percpu-rwsem')],
    '6.12:kernel/locking/percpu-rwsem.c:224',
  ),
  drops(
    'percpu_up_write',
    'sem',
    [exclusive('sem', 'percpu-rwsem')],
    '6.12:kernel/locking/percpu-rwsem.c:259',
  ),
];

const SEQLOCKS: readonly HelperEntry[] = [
  takes('write_seqlock', 'sl', false, [SEQ], '6.12:include/linux/seqlock.h:851'),
  takes('write_seqlock_bh', 'sl', false, [SEQ, BH], '6.12:include/linux/seqlock.h:877'),
  takes('write_seqlock_irq', 'sl', false, [SEQ, IRQ], '6.12:include/linux/seqlock.h:904'),
  takes('write_seqlock_irqsave', 'sl, flags', false, [SEQ, IRQ], '6.12:include/linux/seqlock.h:942'),
  drops('write_sequnlock', 'sl', [SEQ], '6.12:include/linux/seqlock.h:864'),
  drops('write_sequnlock_bh', 'sl', [SEQ, BH], '6.12:include/linux/seqlock.h:891'),
  drops('write_sequnlock_irq', 'sl', [SEQ, IRQ], '6.12:include/linux/seqlock.h:917'),
  drops('write_sequnlock_irqrestore', 'sl, flags', [SEQ, IRQ], '6.12:include/linux/seqlock.h:955'),
  takes('read_seqlock_excl', 'sl', false, [SEQ_EXCL], '6.12:include/linux/seqlock.h:977'),
  takes('read_seqlock_excl_bh', 'sl', false, [SEQ_EXCL, BH], '6.12:include/linux/seqlock.h:1000'),
  takes('read_seqlock_excl_irq', 'sl', false, [SEQ_EXCL, IRQ], '6.12:include/linux/seqlock.h:1024'),
  takes(
    'read_seqlock_excl_irqsave',
    'sl, flags',
    false,
    [SEQ_EXCL, IRQ],
    '6.12:include/linux/seqlock.h:1058',
  ),
  drops('read_sequnlock_excl', 'sl', [SEQ_EXCL], '6.12:include/linux/seqlock.h:986'),
  drops('read_sequnlock_excl_bh', 'sl', [SEQ_EXCL, BH], '6.12:include/linux/seqlock.h:1010'),
  drops('read_sequnlock_excl_irq', 'sl', [SEQ_EXCL, IRQ], '6.12:include/linux/seqlock.h:1034'),
  drops('read_sequnlock_excl_irqrestore', 'sl, flags', [SEQ_EXCL, IRQ], '6.12:include/linux/seqlock.h:1068'),
  plain(
    'read_seqbegin',
    'sl',
    'Starts a lockless read section; spins while a writer is at work.',
    '6.12:include/linux/seqlock.h:811',
  ),
  plain(
    'read_seqretry',
    'sl, start',
    'Tells whether a writer came between.',
    '6.12:include/linux/seqlock.h:827',
  ),
  plain(
    'read_seqbegin_or_lock',
    'lock, seq',
    'Starts a lockless read, or takes the lock where the sequence is odd; which of both is not followed.',
    '6.12:include/linux/seqlock.h:1104',
  ),
  plain(
    'need_seqretry',
    'lock, seq',
    'Tells whether a lockless read has to be done again under the lock.',
    '6.12:include/linux/seqlock.h:1119',
  ),
  plain(
    'done_seqretry',
    'lock, seq',
    'Ends what read_seqbegin_or_lock began.',
    '6.12:include/linux/seqlock.h:1132',
    {
      disagreement:
        'It drops the lock where the count is odd, which only the last round of a loop makes it: neither this end nor ' +
        'read_seqbegin_or_lock() states it.',
    },
  ),
  takes(
    'write_seqcount_begin',
    's',
    false,
    [exclusive('s', 'seqwrite')],
    '6.12:include/linux/seqlock.h:468',
    {
      waitsForNobody: true,
    },
  ),
  takes(
    'write_seqcount_begin_nested',
    's, subclass',
    false,
    [exclusive('s', 'seqwrite')],
    '6.12:include/linux/seqlock.h:442',
    { waitsForNobody: true },
  ),
  drops('write_seqcount_end', 's', [exclusive('s', 'seqwrite')], '6.12:include/linux/seqlock.h:490'),
  // Only the plain ones assert that preemption is off, where no lock goes with the counter; these switch it off for a lock that sleeps
  takes(
    'raw_write_seqcount_begin',
    's',
    false,
    [exclusive('s', 'seqcount')],
    '6.12:include/linux/seqlock.h:397',
    { waitsForNobody: true },
  ),
  drops('raw_write_seqcount_end', 's', [exclusive('s', 'seqcount')], '6.12:include/linux/seqlock.h:418'),
  plain(
    'write_seqcount_invalidate',
    's',
    'Makes readers that are under way retry.',
    '6.12:include/linux/seqlock.h:565',
  ),
  plain(
    'raw_write_seqcount_barrier',
    's',
    'A write section that excludes nobody and holds nothing.',
    '6.12:include/linux/seqlock.h:545',
  ),
  plain(
    'read_seqcount_begin',
    's',
    'Starts a lockless read; spins while a writer is at work.',
    '6.12:include/linux/seqlock.h:296',
  ),
  plain(
    'raw_seqcount_begin',
    's',
    'Starts a lockless read without waiting for a writer.',
    '6.12:include/linux/seqlock.h:338',
  ),
  plain(
    'raw_read_seqcount',
    's',
    'Reads the sequence without waiting for a writer.',
    '6.12:include/linux/seqlock.h:313',
  ),
  plain(
    'raw_read_seqcount_begin',
    's',
    'Starts a lockless read; spins while a writer is at work.',
    '6.12:include/linux/seqlock.h:288',
  ),
  plain(
    '__read_seqcount_begin',
    's',
    'Starts a lockless read without the barrier.',
    '6.12:include/linux/seqlock.h:271',
  ),
  plain(
    'read_seqcount_retry',
    's, start',
    'Tells whether a writer came between.',
    '6.12:include/linux/seqlock.h:382',
  ),
  plain(
    '__read_seqcount_retry',
    's, start',
    'Tells whether a writer came between, without the barrier.',
    '6.12:include/linux/seqlock.h:362',
  ),
  plain('seqlock_init', 'sl', 'Initialises a seqlock.', '6.12:include/linux/seqlock.h:792'),
  plain('seqcount_init', 's', 'Initialises a sequence counter.', '6.12:include/linux/seqlock.h:60'),
];

const BIT_LOCKS: readonly HelperEntry[] = [
  takes(
    'bit_spin_lock',
    'bitnum, addr',
    false,
    [exclusive('addr', 'bit')],
    '6.12:include/linux/bit_spinlock.h:16',
  ),
  takes(
    'bit_spin_trylock',
    'bitnum, addr',
    false,
    [exclusive('addr', 'bit', 'result != 0')],
    '6.12:include/linux/bit_spinlock.h:41',
  ),
  drops(
    'bit_spin_unlock',
    'bitnum, addr',
    [exclusive('addr', 'bit')],
    '6.12:include/linux/bit_spinlock.h:57',
  ),
  drops(
    '__bit_spin_unlock',
    'bitnum, addr',
    [exclusive('addr', 'bit')],
    '6.12:include/linux/bit_spinlock.h:74',
  ),
  plain(
    'bit_spin_is_locked',
    'bitnum, addr',
    'Tells whether anyone holds the bit.',
    '6.12:include/linux/bit_spinlock.h:89',
  ),
  takes('hlist_bl_lock', 'b', false, [exclusive('b', 'bit')], '6.12:include/linux/list_bl.h:146'),
  drops('hlist_bl_unlock', 'b', [exclusive('b', 'bit')], '6.12:include/linux/list_bl.h:151'),
  plain(
    'hlist_bl_is_locked',
    'b',
    'Tells whether anyone holds the list head.',
    '6.12:include/linux/list_bl.h:156',
  ),
];

/** All lock primitives. */
export const PRIMITIVES: readonly HelperEntry[] = [
  ...SPINLOCKS,
  ...RWLOCKS,
  ...interrupted(MUTEXES),
  ...interrupted(RWSEMS),
  ...SEQLOCKS,
  ...BIT_LOCKS,
  ...STATE_PRIMITIVES,
];
