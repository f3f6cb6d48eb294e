/**
 * Waiting and running: what gives up the CPU, what wakes, what queues work, timers and threads, and the annotations that
 * say "this may sleep".
 */
import { exclusive, helper, plain as N, sleeping as S, shared } from '../entry.js';
import type { HelperEntry } from '../types.js';

const LOCK = exclusive('lock', 'spin');
/** The lock of wait_event_lock_irq is taken with interrupts off, and they come back on while it waits. */
const IRQ = exclusive('@irq', 'irq');

const SLEEPS: readonly HelperEntry[] = [
  S('might_sleep', '', 'Says that this place may sleep.', '6.12:include/linux/kernel.h:105'),
  helper(
    'might_sleep_if',
    'cond',
    'cond',
    'Says that this place may sleep under a condition.',
    '6.12:include/linux/kernel.h:156',
  ),
  helper(
    'might_alloc',
    'gfp',
    'gfp & __GFP_DIRECT_RECLAIM',
    'Says that this place may allocate.',
    '6.12:include/linux/sched/mm.h:316',
    { versions: { since: '6.1' } },
  ),
  S('might_fault', '', 'Says that this place may touch user memory.', '6.12:include/linux/kernel.h:163'),
  S('cond_resched', '', 'Gives up the CPU where another task wants it.', '6.12:include/linux/sched.h:2093'),
  S(
    'cond_resched_lock',
    'lock',
    'Drops a spinlock, gives up the CPU, and takes it again, where another task wants it.',
    '6.12:include/linux/sched.h:2121',
    {
      requires: [LOCK],
      releases: [LOCK, IRQ],
      acquires: [LOCK, IRQ],
    },
  ),
  S(
    'cond_resched_rcu',
    '',
    'Leaves the RCU read side for a moment where another task wants the CPU.',
    '6.12:include/linux/rcupdate_wait.h:59',
    {
      releases: [shared('@rcu', 'rcu')],
      acquires: [shared('@rcu', 'rcu')],
    },
  ),
  S('schedule', '', 'Gives up the CPU.', '6.12:kernel/sched/core.c:6832'),
  S('schedule_timeout', 'timeout', 'Gives up the CPU for a while.', '6.12:include/linux/sched.h:313'),
  S('schedule_timeout_interruptible', 'timeout', 'Sleeps for a while.', '6.12:include/linux/sched.h:314'),
  S('schedule_timeout_killable', 'timeout', 'Sleeps for a while.', '6.12:include/linux/sched.h:315'),
  S('schedule_timeout_uninterruptible', 'timeout', 'Sleeps for a while.', '6.12:include/linux/sched.h:316'),
  S('io_schedule', '', 'Waits for I/O.', '6.12:kernel/sched/core.c:7645'),
  S('io_schedule_timeout', 'timeout', 'Waits for I/O for a while.', '6.12:kernel/sched/core.c:7632'),
  S('msleep', 'msecs', 'Sleeps.', '6.12:include/linux/delay.h:61'),
  S('msleep_interruptible', 'msecs', 'Sleeps.', '6.12:include/linux/delay.h:62'),
  S('ssleep', 'seconds', 'Sleeps.', '6.12:include/linux/delay.h:76'),
  S('usleep_range', 'min, max', 'Sleeps.', '6.12:include/linux/delay.h:66'),
  S('yield', '', 'Gives up the CPU.', '6.12:kernel/sched/syscalls.c:1464'),
  S('wait_for_completion', 'x', 'Waits for a completion.', '6.12:kernel/sched/completion.c:146'),
  S('wait_for_completion_io', 'x', 'Waits for a completion.', '6.12:kernel/sched/completion.c:179'),
  S(
    'wait_for_completion_interruptible',
    'x',
    'Waits for a completion or a signal.',
    '6.12:kernel/sched/completion.c:214',
  ),
  S(
    'wait_for_completion_killable',
    'x',
    'Waits for a completion or a fatal signal.',
    '6.12:kernel/sched/completion.c:252',
  ),
  S(
    'wait_for_completion_timeout',
    'x, timeout',
    'Waits for a completion for a while.',
    '6.12:kernel/sched/completion.c:165',
  ),
  S('wait_event', 'wq_head, condition', 'Waits for a condition.', '6.12:include/linux/wait.h:340', {
    ensures: 'condition',
  }),
  S(
    'wait_event_timeout',
    'wq_head, condition, timeout',
    'Waits for a condition for a while.',
    '6.12:include/linux/wait.h:412',
  ),
  S(
    'wait_event_interruptible',
    'wq_head, condition',
    'Waits for a condition or a signal.',
    '6.12:include/linux/wait.h:496',
  ),
  S(
    'wait_event_interruptible_timeout',
    'wq_head, condition, timeout',
    'Waits for a condition or a signal for a while.',
    '6.12:include/linux/wait.h:530',
  ),
  S(
    'wait_event_killable',
    'wq_head, condition',
    'Waits for a condition or a fatal signal.',
    '6.12:include/linux/wait.h:926',
  ),
  S(
    'wait_event_freezable',
    'wq_head, condition',
    'Waits for a condition; may be frozen.',
    '6.12:include/linux/wait.h:379',
  ),
  S(
    'wait_event_lock_irq',
    'wq_head, condition, lock',
    'Waits for a condition, dropping the lock meanwhile.',
    '6.12:include/linux/wait.h:1058',
    {
      requires: [LOCK],
      releases: [LOCK],
      acquires: [LOCK],
    },
  ),
  S('wait_var_event', 'var, condition', 'Waits for a condition.', '6.12:include/linux/wait_bit.h:273'),
  S(
    'wait_var_event_killable',
    'var, condition',
    'Waits for a condition or a fatal signal.',
    '6.12:include/linux/wait_bit.h:285',
  ),
  S('wait_on_bit', 'word, bit, mode', 'Waits for a bit to clear.', '6.12:include/linux/wait_bit.h:71'),
  S('wait_on_bit_io', 'word, bit, mode', 'Waits for a bit to clear.', '6.12:include/linux/wait_bit.h:96'),
  S(
    'wait_on_bit_lock',
    'word, bit, mode',
    'Waits for a bit and sets it.',
    '6.12:include/linux/wait_bit.h:179',
  ),
  S('flush_work', 'work', 'Waits for a work item.', '6.12:kernel/workqueue.c:4298'),
  S('flush_delayed_work', 'dwork', 'Waits for a work item.', '6.12:kernel/workqueue.c:4317'),
  S('flush_workqueue', 'wq', 'Waits for all work of a queue.', '6.12:include/linux/workqueue.h:772'),
  S('drain_workqueue', 'wq', 'Waits until a queue is empty.', '6.12:kernel/workqueue.c:4134'),
  S('cancel_work_sync', 'work', 'Takes a work item back and waits for it.', '6.12:kernel/workqueue.c:4435'),
  S(
    'cancel_delayed_work_sync',
    'dwork',
    'Takes a work item back and waits for it.',
    '6.12:kernel/workqueue.c:4472',
  ),
  S('kthread_stop', 'k', 'Ends a thread and waits for it.', '6.12:kernel/kthread.c:699'),
  S('kthread_run', 'threadfn, data, namefmt', 'Starts a thread.', '6.12:include/linux/kthread.h:51', {
    callbacks: [{ param: 0, context: 'kthread' }],
  }),
  S('kthread_create', 'threadfn, data, namefmt', 'Makes a thread.', '6.12:include/linux/kthread.h:27', {
    callbacks: [{ param: 0, context: 'kthread' }],
  }),
  S('try_to_freeze', '', 'Lets the task be frozen.', '6.12:include/linux/freezer.h:51'),
];

const QUIET: readonly HelperEntry[] = [
  N('init_waitqueue_head', 'wq_head', 'Initialises a wait queue.', '6.12:include/linux/wait.h:64'),
  N('init_completion', 'x', 'Initialises a completion.', '6.12:include/linux/completion.h:84'),
  N('reinit_completion', 'x', 'Makes a completion usable again.', '6.12:include/linux/completion.h:97'),
  N('complete', 'x', 'Wakes one waiter.', '6.12:kernel/sched/completion.c:45'),
  N('complete_all', 'x', 'Wakes all waiters.', '6.12:kernel/sched/completion.c:67'),
  N('completion_done', 'x', 'Tells whether anyone waits.', '6.12:kernel/sched/completion.c:337'),
  N(
    'try_wait_for_completion',
    'x',
    'Takes a completion that is there.',
    '6.12:kernel/sched/completion.c:304',
  ),
  N('wake_up', 'x', 'Wakes waiters.', '6.12:include/linux/wait.h:219'),
  N('wake_up_all', 'x', 'Wakes all waiters.', '6.12:include/linux/wait.h:221'),
  N('wake_up_interruptible', 'x', 'Wakes waiters.', '6.12:include/linux/wait.h:226'),
  N('wake_up_interruptible_all', 'x', 'Wakes all waiters.', '6.12:include/linux/wait.h:228'),
  N('wake_up_bit', 'word, bit', 'Wakes those who wait for a bit.', '6.12:kernel/sched/wait_bit.c:147'),
  N('wake_up_var', 'var', 'Wakes those who wait for a variable.', '6.12:kernel/sched/wait_bit.c:191'),
  N('wake_up_process', 'p', 'Wakes a task.', '6.12:kernel/sched/core.c:4438'),
  N('waitqueue_active', 'wq_head', 'Tells whether anyone waits.', '6.12:include/linux/wait.h:125'),
  N(
    'clear_and_wake_up_bit',
    'bit, word',
    'Clears a bit and wakes those who wait for it.',
    '6.12:include/linux/wait_bit.h:330',
  ),
  N(
    'prepare_to_wait',
    'wq_head, wq_entry, state',
    'Queues the task, which goes on running.',
    '6.12:kernel/sched/wait.c:230',
  ),
  N(
    'prepare_to_wait_exclusive',
    'wq_head, wq_entry, state',
    'Queues the task, which goes on running.',
    '6.12:kernel/sched/wait.c:245',
  ),
  N('finish_wait', 'wq_head, wq_entry', 'Takes the task off a wait queue.', '6.12:kernel/sched/wait.c:357'),
  N('add_wait_queue', 'wq_head, wq_entry', 'Queues a waiter.', '6.12:kernel/sched/wait.c:17'),
  N('remove_wait_queue', 'wq_head, wq_entry', 'Takes a waiter off a queue.', '6.12:kernel/sched/wait.c:50'),
  N('set_current_state', 'state', 'Sets the state of the task.', '6.12:include/linux/sched.h:232'),
  N('__set_current_state', 'state', 'Sets the state of the task.', '6.12:include/linux/sched.h:226'),
  N('need_resched', '', 'Tells whether another task wants the CPU.', '6.12:include/linux/sched.h:2136'),
  N('signal_pending', 'p', 'Tells whether a signal is pending.', '6.12:include/linux/sched/signal.h:404'),
  N(
    'fatal_signal_pending',
    'p',
    'Tells whether a fatal signal is pending.',
    '6.12:include/linux/sched/signal.h:423',
  ),
  N('kthread_should_stop', '', 'Tells whether the thread is to end.', '6.12:kernel/kthread.c:156'),
  N('queue_work', 'wq, work', 'Queues a work item.', '6.12:include/linux/workqueue.h:662', {
    queues: true,
  }),
  N('schedule_work', 'work', 'Queues a work item.', '6.12:include/linux/workqueue.h:724', {
    queues: true,
  }),
  N(
    'queue_delayed_work',
    'wq, dwork, delay',
    'Queues a work item for later.',
    '6.12:include/linux/workqueue.h:676',
    { queues: true },
  ),
  N(
    'mod_delayed_work',
    'wq, dwork, delay',
    'Queues a work item for later, or moves it.',
    '6.12:include/linux/workqueue.h:691',
    { queues: true },
  ),
  N(
    'schedule_delayed_work',
    'dwork, delay',
    'Queues a work item for later.',
    '6.12:include/linux/workqueue.h:817',
    { queues: true },
  ),
  N(
    'cancel_delayed_work',
    'dwork',
    'Takes a work item back without waiting.',
    '6.12:kernel/workqueue.c:4457',
  ),
  N('INIT_WORK', 'work, func', 'Sets up a work item.', '6.12:include/linux/workqueue.h:307', {
    callbacks: [{ param: 1, context: 'work' }],
  }),
  N('INIT_DELAYED_WORK', 'work, func', 'Sets up a work item.', '6.12:include/linux/workqueue.h:332', {
    callbacks: [{ param: 1, context: 'work' }],
  }),
  N('timer_setup', 'timer, callback, flags', 'Sets up a timer.', '6.12:include/linux/timer.h:120', {
    callbacks: [{ param: 1, context: 'timer' }],
  }),
  N('mod_timer', 'timer, expires', 'Starts a timer.', '6.12:include/linux/timer.h:151'),
  N('add_timer', 'timer', 'Starts a timer.', '6.12:include/linux/timer.h:161'),
  N('msecs_to_jiffies', 'm', 'Converts a time.', '6.12:include/linux/jiffies.h:518'),
  N('jiffies_to_msecs', 'j', 'Converts a time.', '6.12:include/linux/jiffies.h:437'),
  N('ktime_get_real_seconds', '', 'Reads the clock.', '6.12:include/linux/timekeeping.h:55'),
  N('ktime_get', '', 'Reads the clock.', '6.12:include/linux/timekeeping.h:68'),
  N('ktime_get_seconds', '', 'Reads the clock.', '6.12:include/linux/timekeeping.h:53'),
  N('udelay', 'usecs', 'Spins.', '6.12:include/asm-generic/delay.h:20'),
  N('mdelay', 'n', 'Spins.', '6.12:include/linux/delay.h:44'),
  N('cpu_relax', '', 'Spins.', '6.12:include/linux/raid/pq.h:175 7.2:fs/dcache.c:2434'),
  N('panic', 'fmt', 'Stops the machine.', '6.12:kernel/panic.c:340', { noReturn: true }),
];

/** What ends the task: it runs with whatever is held, and nothing runs after it. */
const ENDS: readonly HelperEntry[] = [
  S('do_exit', 'code', 'Ends the task.', '6.12:kernel/exit.c:883', { noReturn: true }),
  S('do_group_exit', 'exit_code', 'Ends all threads of the task.', '6.12:kernel/exit.c:1071', {
    noReturn: true,
  }),
  N(
    'make_task_dead',
    'signr',
    'Ends a task that has gone wrong, wherever that was.',
    '6.12:kernel/exit.c:1000',
    {
      noReturn: true,
    },
  ),
  N('do_task_dead', '', 'Gives up the CPU for good.', '6.12:kernel/sched/core.c:6760', { noReturn: true }),
  S('kthread_exit', 'result', 'Ends the kernel thread.', '6.12:kernel/kthread.c:312', {
    noReturn: true,
  }),
  S(
    'kthread_complete_and_exit',
    'comp, code',
    'Wakes who waits for the end of the kernel thread, and ends it.',
    '6.12:kernel/kthread.c:332',
    { noReturn: true, versions: { since: '6.1' } },
  ),
  S(
    '__module_put_and_kthread_exit',
    'mod, code',
    'Drops a reference to a module and ends the kernel thread.',
    '6.12:kernel/module/main.c:176',
    { noReturn: true },
  ),
];

/** Waiting and running. */
export const WAIT_HELPERS: readonly HelperEntry[] = [...SLEEPS, ...QUIET, ...ENDS];
