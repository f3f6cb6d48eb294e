/**
 * Execution states that work like locks: RCU read sides, preemption, interrupts and bottom halves switched off; and the
 * assertions that lockdep checks.
 */
import { anyMode, drops, exclusive, plain, shared, takes } from './entry.js';
import type { HelperEntry } from './types.js';

const IRQ = exclusive('@irq', 'irq');
const BH = exclusive('@bh', 'bh');
const PREEMPT = exclusive('@preempt', 'preempt');
const PAGEFAULT = exclusive('@pagefault', 'flag');
const SPIN = exclusive('lock', 'spin');

const RCU: readonly HelperEntry[] = [
  takes('rcu_read_lock', '', false, [shared('@rcu', 'rcu')], '6.12:include/linux/rcupdate.h:845'),
  drops('rcu_read_unlock', '', [shared('@rcu', 'rcu')], '6.12:include/linux/rcupdate.h:876'),
  takes('rcu_read_lock_bh', '', false, [shared('@rcu_bh', 'rcu'), BH], '6.12:include/linux/rcupdate.h:899'),
  drops('rcu_read_unlock_bh', '', [shared('@rcu_bh', 'rcu'), BH], '6.12:include/linux/rcupdate.h:913'),
  takes(
    'rcu_read_lock_sched',
    '',
    false,
    [shared('@rcu_sched', 'rcu'), PREEMPT],
    '6.12:include/linux/rcupdate.h:937',
  ),
  drops(
    'rcu_read_unlock_sched',
    '',
    [shared('@rcu_sched', 'rcu'), PREEMPT],
    '6.12:include/linux/rcupdate.h:958',
  ),
  takes(
    'rhashtable_walk_start',
    'iter',
    false,
    [shared('@rcu', 'rcu')],
    '6.12:include/linux/rhashtable.h:250 6.12:lib/rhashtable.c:732',
  ),
  takes(
    'rhashtable_walk_start_check',
    'iter',
    false,
    [shared('@rcu', 'rcu')],
    '6.12:include/linux/rhashtable.h:248 6.12:lib/rhashtable.c:732',
  ),
  drops(
    'rhashtable_walk_stop',
    'iter',
    [shared('@rcu', 'rcu')],
    '6.12:include/linux/rhashtable.h:257 6.12:lib/rhashtable.c:963',
  ),
  takes('srcu_read_lock', 'ssp', false, [shared('ssp', 'srcu')], '6.12:include/linux/srcu.h:244'),
  drops('srcu_read_unlock', 'ssp, idx', [shared('ssp', 'srcu')], '6.12:include/linux/srcu.h:317'),
  plain(
    'rcu_read_lock_held',
    '',
    'Tells lockdep whether a read side is open.',
    '6.12:include/linux/rcupdate.h:362',
  ),
  plain(
    'rcu_read_lock_any_held',
    '',
    'Tells lockdep whether a read side of any flavour is open.',
    '6.12:include/linux/rcupdate.h:377',
  ),
  plain(
    'rcu_dereference',
    'p',
    'Reads a pointer that RCU protects; needs a read side.',
    '6.12:include/linux/rcupdate.h:758',
    {
      returns: 'p',
      underRcu: true,
      requires: [shared('@rcu', 'rcu')],
    },
  ),
  plain(
    'rcu_dereference_bh',
    'p',
    'Reads a pointer that RCU protects, on the bottom-half read side.',
    '6.12:include/linux/rcupdate.h:766',
    {
      returns: 'p',
    },
  ),
  plain(
    'rcu_dereference_sched',
    'p',
    'Reads a pointer that RCU protects, with preemption off.',
    '6.12:include/linux/rcupdate.h:774',
    { returns: 'p' },
  ),
  plain(
    'rcu_dereference_check',
    'p, c',
    'Reads a pointer under a read side, or where the condition holds.',
    '6.12:include/linux/rcupdate.h:685',
    {
      returns: 'p',
      underRcu: true,
    },
  ),
  plain(
    'rcu_dereference_protected',
    'p, c',
    'Reads a pointer under the update-side lock.',
    '6.12:include/linux/rcupdate.h:748',
    { returns: 'p' },
  ),
  plain('rcu_dereference_raw', 'p', 'Reads a pointer without a check.', '6.12:include/linux/rcupdate.h:555', {
    returns: 'p',
  }),
  plain(
    'rcu_access_pointer',
    'p',
    'Reads a pointer to compare it, not to follow it.',
    '6.12:include/linux/rcupdate.h:650',
    { returns: 'p' },
  ),
  plain(
    'rcu_assign_pointer',
    'p, v',
    'Publishes a pointer to read sides.',
    '6.12:include/linux/rcupdate.h:594',
  ),
  plain(
    'rcu_replace_pointer',
    'rcu_ptr, ptr, c',
    'Publishes a pointer and gives the old one back.',
    '6.12:include/linux/rcupdate.h:616',
  ),
  plain('rcu_head_init', 'rhp', 'Marks an RCU head as not queued.', '6.12:include/linux/rcupdate.h:1142'),
  plain(
    'init_rcu_head',
    'head',
    'Initialises an RCU head for debugging.',
    '6.12:include/linux/rcupdate.h:316',
  ),
  plain(
    'get_state_synchronize_rcu',
    '',
    'Takes a snapshot to test a grace period against.',
    '6.12:kernel/rcu/tree.c:4169',
  ),
];

const STATES: readonly HelperEntry[] = [
  takes('preempt_disable', '', false, [PREEMPT], '6.12:include/linux/preempt.h:213'),
  drops('preempt_enable', '', [PREEMPT], '6.12:include/linux/preempt.h:230'),
  takes('preempt_disable_notrace', '', false, [PREEMPT], '6.12:include/linux/preempt.h:266'),
  drops('preempt_enable_notrace', '', [PREEMPT], '6.12:include/linux/preempt.h:237'),
  drops('preempt_enable_no_resched', '', [PREEMPT], '6.12:include/linux/preempt.h:225'),
  drops('sched_preempt_enable_no_resched', '', [PREEMPT], '6.12:include/linux/preempt.h:219'),
  plain(
    'preempt_disable_nested',
    '',
    'Switches preemption off on PREEMPT_RT only.',
    '6.12:include/linux/preempt.h:463',
    { versions: { since: '6.1' } },
  ),
  plain('preempt_enable_nested', '', 'Undoes preempt_disable_nested.', '6.12:include/linux/preempt.h:474', {
    versions: { since: '6.1' },
    disagreement: 'drops preempt on PREEMPT_RT only, where preempt_disable_nested took it',
  }),
  takes('get_cpu', '', false, [PREEMPT], '6.12:include/linux/smp.h:275'),
  drops('put_cpu', '', [PREEMPT], '6.12:include/linux/smp.h:276'),
  takes('get_cpu_var', 'var', false, [PREEMPT], '6.12:include/linux/percpu-defs.h:275'),
  drops('put_cpu_var', 'var', [PREEMPT], '6.12:include/linux/percpu-defs.h:285'),
  takes('get_cpu_ptr', 'var', false, [PREEMPT], '6.12:include/linux/percpu-defs.h:291'),
  drops('put_cpu_ptr', 'var', [PREEMPT], '6.12:include/linux/percpu-defs.h:297'),
  plain(
    'migrate_disable',
    '',
    'Keeps the task on its CPU; sleeping stays allowed.',
    '6.12:include/linux/preempt.h:433',
  ),
  plain('migrate_enable', '', 'Undoes migrate_disable.', '6.12:include/linux/preempt.h:434'),
  takes('local_irq_disable', '', false, [IRQ], '6.12:include/linux/irqflags.h:200'),
  drops('local_irq_enable', '', [IRQ], '6.12:include/linux/irqflags.h:194'),
  takes('local_irq_save', 'flags', false, [IRQ], '6.12:include/linux/irqflags.h:208'),
  drops('local_irq_restore', 'flags', [IRQ], '6.12:include/linux/irqflags.h:215'),
  takes('local_bh_disable', '', false, [BH], '6.12:include/linux/bottom_half.h:18'),
  drops('local_bh_enable', '', [BH], '6.12:include/linux/bottom_half.h:31'),
  takes('local_lock', 'lock', false, [exclusive('lock', 'spin')], '6.12:include/linux/local_lock.h:16'),
  drops('local_unlock', 'lock', [exclusive('lock', 'spin')], '6.12:include/linux/local_lock.h:37'),
  takes(
    'local_lock_irq',
    'lock',
    false,
    [exclusive('lock', 'spin'), IRQ],
    '6.12:include/linux/local_lock.h:22',
  ),
  drops('local_unlock_irq', 'lock', [exclusive('lock', 'spin'), IRQ], '6.12:include/linux/local_lock.h:43'),
  takes(
    'local_lock_irqsave',
    'lock, flags',
    false,
    [exclusive('lock', 'spin'), IRQ],
    '6.12:include/linux/local_lock.h:30',
  ),
  drops(
    'local_unlock_irqrestore',
    'lock, flags',
    [exclusive('lock', 'spin'), IRQ],
    '6.12:include/linux/local_lock.h:51',
  ),
  takes('pagefault_disable', '', false, [PAGEFAULT], '6.12:include/linux/uaccess.h:259'),
  drops('pagefault_enable', '', [PAGEFAULT], '6.12:include/linux/uaccess.h:269'),
  takes('kmap_atomic', 'page', false, [PREEMPT, PAGEFAULT], '6.12:include/linux/highmem-internal.h:108', {
    disagreement: 'With PREEMPT_RT, which the default configuration is without, preemption stays on.',
  }),
  drops('kunmap_atomic', 'addr', [PREEMPT, PAGEFAULT], '6.12:include/linux/highmem-internal.h:263'),
  plain(
    'kmap_local_page',
    'page',
    'Maps a page for this task; nests, does not sleep, may be held while sleeping.',
    '6.12:include/linux/highmem-internal.h:71',
    { versions: { since: '6.1' } },
  ),
  plain(
    'kmap_local_folio',
    'folio, offset',
    'Maps a folio for this task; does not sleep.',
    '6.12:include/linux/highmem-internal.h:76',
    { versions: { since: '6.1' } },
  ),
  plain('kunmap_local', 'addr', 'Undoes kmap_local_page.', '6.12:include/linux/highmem-internal.h:279', {
    versions: { since: '6.1' },
  }),
];

const ASSERTS: readonly HelperEntry[] = [
  plain('lockdep_assert_held', 'l', 'Asserts that the lock is held.', '6.12:include/linux/lockdep.h:284', {
    asserts: [anyMode('l', 'spin')],
  }),
  plain(
    'lockdep_assert_held_once',
    'l',
    'Asserts that the lock is held.',
    '6.12:include/linux/lockdep.h:296',
    { asserts: [anyMode('l', 'spin')] },
  ),
  plain(
    'lockdep_assert_held_write',
    'l',
    'Asserts that the lock is held exclusively.',
    '6.12:include/linux/lockdep.h:290',
    {
      asserts: [exclusive('l', 'rwsem')],
    },
  ),
  plain(
    'lockdep_assert_held_read',
    'l',
    'Asserts that the lock is held shared.',
    '6.12:include/linux/lockdep.h:293',
    {
      asserts: [shared('l', 'rwsem')],
    },
  ),
  plain(
    'lockdep_assert_not_held',
    'l',
    'Asserts that the lock is not held.',
    '6.12:include/linux/lockdep.h:287',
    { versions: { since: '6.1' }, mustNotHold: [anyMode('l', 'spin')] },
  ),
  plain(
    'lockdep_is_held',
    'l',
    'Tells lockdep whether the lock is held.',
    '6.12:include/linux/lockdep.h:252',
  ),
  plain(
    'lockdep_is_held_type',
    'l, r',
    'Tells lockdep whether the lock is held in a mode.',
    '6.12:include/linux/lockdep.h:253',
  ),
  plain(
    'assert_spin_locked',
    'lock',
    'Asserts that someone holds the spinlock.',
    '6.12:include/linux/spinlock.h:452',
    { asserts: [SPIN] },
  ),
  plain(
    'assert_raw_spin_locked',
    'lock',
    'Asserts that someone holds the spinlock.',
    '6.12:include/linux/spinlock_api_smp.h:20',
    { asserts: [SPIN] },
  ),
  plain(
    'lockdep_assert_in_rcu_read_lock',
    '',
    'Asserts that a read side is open.',
    '6.12:include/linux/rcupdate.h:446',
    { versions: { since: '6.12' }, asserts: [shared('@rcu', 'rcu')] },
  ),
  plain(
    'lockdep_assert_irqs_disabled',
    '',
    'Asserts that interrupts are off.',
    '6.12:include/linux/lockdep.h:580',
    { asserts: [IRQ] },
  ),
  plain(
    'lockdep_assert_preemption_disabled',
    '',
    'Asserts that preemption is off.',
    '6.12:include/linux/lockdep.h:604',
    { asserts: [PREEMPT] },
  ),
  plain(
    'i_mmap_assert_locked',
    'mapping',
    'Asserts that the tree of mappings is locked.',
    '6.12:include/linux/fs.h:568',
    {
      asserts: [anyMode('mapping->i_mmap_rwsem', 'rwsem')],
    },
  ),
  plain(
    'i_mmap_assert_write_locked',
    'mapping',
    'Asserts that the tree of mappings is locked exclusively.',
    '6.12:include/linux/fs.h:573',
    {
      asserts: [exclusive('mapping->i_mmap_rwsem', 'rwsem')],
    },
  ),
  plain('rwsem_assert_held', 'sem', 'Asserts that the semaphore is held.', '6.12:include/linux/rwsem.h:192', {
    versions: { since: '6.12' },
    asserts: [anyMode('sem', 'rwsem')],
  }),
  plain(
    'rwsem_assert_held_write',
    'sem',
    'Asserts that the semaphore is held exclusively.',
    '6.12:include/linux/rwsem.h:200',
    { versions: { since: '6.12' }, asserts: [exclusive('sem', 'rwsem')] },
  ),
  plain(
    'mmap_assert_locked',
    'mm',
    'Asserts that the address space is locked.',
    '6.12:include/linux/mmap_lock.h:63',
    {
      asserts: [anyMode('mm->mmap_lock', 'rwsem')],
    },
  ),
  plain(
    'mmap_assert_write_locked',
    'mm',
    'Asserts that the address space is locked exclusively.',
    '6.12:include/linux/mmap_lock.h:68',
    {
      asserts: [exclusive('mm->mmap_lock', 'rwsem')],
    },
  ),
];

/** What says where the processor is; under the RCU read side alone all of them may say that it is nowhere special. */
function asks(
  name: string,
  summary: string,
  maySleep: 'zero' | 'nonzero',
  seesLocks: boolean,
  proof: string,
): HelperEntry {
  return plain(name, '', summary, proof, { returns: `@${name}`, asksWhere: { maySleep, seesLocks } });
}

const ASKS: readonly HelperEntry[] = [
  asks(
    'preemptible',
    'Tells whether the task could be preempted here: preemption and interrupts are on.',
    'nonzero',
    true,
    '6.12:include/linux/preempt.h:227',
  ),
  asks('in_atomic', 'Tells whether preemption is off.', 'zero', true, '6.12:include/linux/preempt.h:186'),
  asks(
    'in_interrupt',
    'Tells whether an interrupt is served, or bottom halves are off.',
    'zero',
    false,
    '6.12:include/linux/preempt.h:143',
  ),
  asks(
    'in_softirq',
    'Tells whether a softirq is served, or bottom halves are off.',
    'zero',
    false,
    '6.12:include/linux/preempt.h:142',
  ),
  asks(
    'in_serving_softirq',
    'Tells whether a softirq is served.',
    'zero',
    false,
    '6.12:include/linux/preempt.h:128',
  ),
  asks(
    'in_task',
    'Tells whether a task runs, and no interrupt is served.',
    'nonzero',
    false,
    '6.12:include/linux/preempt.h:132',
  ),
];

/** RCU, execution states, assertions, and what asks for such states. */
export const STATE_PRIMITIVES: readonly HelperEntry[] = [...RCU, ...STATES, ...ASSERTS, ...ASKS];
