/**
 * Frequently called library functions and macros that neither sleep nor lock: strings, lists, trees, bits, printing. They
 * are here so that the inference needs not see lib/ and include/ for them.
 */
import { plain as N } from '../entry.js';
import type { HelperEntry } from '../types.js';

const MEMORY: readonly HelperEntry[] = [
  N('memcpy', 'dest, src, n', 'Copies memory.', '6.12:lib/string.c:610'),
  N('memmove', 'dest, src, n', 'Copies memory that may overlap.', '6.12:lib/string.c:631'),
  N('memset', 's, c, n', 'Fills memory.', '6.12:lib/string.c:523'),
  N('memcmp', 's1, s2, n', 'Compares memory.', '6.12:include/linux/fortify-string.h:700'),
  N('memchr', 's, c, n', 'Finds a byte.', '6.12:include/linux/fortify-string.h:719'),
  N('strlen', 's', 'Measures a string.', '6.12:lib/string.c:405'),
  N('strnlen', 's, count', 'Measures a string.', '6.12:include/linux/fortify-string.h:219'),
  N('strcmp', 's1, s2', 'Compares strings.', '6.12:lib/string.c:267'),
  N('strncmp', 's1, s2, n', 'Compares strings.', '6.12:lib/string.c:291'),
  N('strcasecmp', 's1, s2', 'Compares strings.', '6.12:lib/string.c:66'),
  N('strncasecmp', 's1, s2, n', 'Compares strings.', '6.12:lib/string.c:40'),
  N('strchr', 's, c', 'Finds a character.', '6.12:lib/string.c:318'),
  N('strsep', 's, ct', 'Splits a string.', '6.12:lib/string.c:497'),
  N('strscpy', 'dst, src, size', 'Copies a string.', '6.12:include/linux/string.h:112'),
  N('strcpy', 'dst, src', 'Copies a string.', '6.12:include/linux/fortify-string.h:773'),
  N('simple_strtoul', 'cp, endp, base', 'Reads a number.', '6.12:lib/vsprintf.c:111'),
  N('kstrtoint', 's, base, res', 'Reads a number.', '6.12:lib/kstrtox.c:259'),
  N('kstrtouint', 's, base, res', 'Reads a number.', '6.12:lib/kstrtox.c:228'),
  N('kstrtoul', 's, base, res', 'Reads a number.', '6.12:include/linux/kstrtox.h:30'),
  N('get_random_bytes', 'buf, len', 'Makes random bytes.', '6.12:include/linux/random.h:39'),
  N('get_random_u32', '', 'Makes a random number.', '6.12:include/linux/random.h:42'),
  N('crc32_le', 'crc, p, len', 'Computes a checksum.', '6.12:lib/crc32.c:186'),
  N('sort', 'base, num, size, cmp_func, swap_func', 'Sorts; calls back to compare.', '6.12:lib/sort.c:291', {
    callbacks: [
      { param: 3, context: 'now' },
      { param: 4, context: 'now' },
    ],
  }),
  N('list_sort', 'priv, head, cmp', 'Sorts a list; calls back to compare.', '6.12:lib/list_sort.c:185', {
    callbacks: [{ param: 2, context: 'now' }],
  }),
];

const PRINTING: readonly HelperEntry[] = [
  N('printk', 'fmt', 'Logs.', '6.12:include/linux/printk.h:494'),
  N('pr_err', 'fmt', 'Logs.', '6.12:include/linux/printk.h:536'),
  N('pr_warn', 'fmt', 'Logs.', '6.12:include/linux/printk.h:546'),
  N('pr_info', 'fmt', 'Logs.', '6.12:include/linux/genl_magic_func.h:51'),
  N('pr_notice', 'fmt', 'Logs.', '6.12:include/linux/printk.h:556'),
  N('pr_debug', 'fmt', 'Logs.', '6.12:include/linux/printk.h:617'),
  N('pr_crit', 'fmt', 'Logs.', '6.12:include/linux/printk.h:526'),
  N('pr_cont', 'fmt', 'Logs.', '6.12:include/linux/printk.h:578'),
  N('pr_warn_once', 'fmt', 'Logs once.', '6.12:include/linux/printk.h:651'),
  N('pr_warn_ratelimited', 'fmt', 'Logs, not too often.', '6.12:include/linux/printk.h:703'),
  N('pr_err_ratelimited', 'fmt', 'Logs, not too often.', '6.12:include/linux/printk.h:701'),
  N('dump_stack', '', 'Logs the stack.', '6.12:include/linux/printk.h:281'),
  N('WARN_ON', 'condition', 'Logs if the condition holds.', '6.12:include/asm-generic/bug.h:122', {
    returns: 'condition',
  }),
  N('WARN_ON_ONCE', 'condition', 'Logs once if the condition holds.', '6.12:include/asm-generic/bug.h:110', {
    returns: 'condition',
  }),
];

const STRUCTURES: readonly HelperEntry[] = [
  N('INIT_LIST_HEAD', 'list', 'Initialises a list.', '6.12:include/linux/list.h:35'),
  N('list_add', 'new, head', 'Adds to a list.', '6.12:include/linux/list.h:173'),
  N('list_add_tail', 'new, head', 'Adds to a list.', '6.12:include/linux/list.h:188'),
  N('list_del', 'entry', 'Takes off a list.', '6.12:include/linux/list.h:234'),
  N('list_del_init', 'entry', 'Takes off a list.', '6.12:include/linux/list.h:292'),
  N('list_move', 'list, head', 'Moves to another list.', '6.12:include/linux/list.h:303'),
  N('list_move_tail', 'list, head', 'Moves to another list.', '6.12:include/linux/list.h:314'),
  N('list_empty', 'head', 'Tells whether a list is empty.', '6.12:include/linux/list.h:378'),
  N('list_splice', 'list, head', 'Joins lists.', '6.12:include/linux/list.h:549'),
  N('list_splice_init', 'list, head', 'Joins lists.', '6.12:include/linux/list.h:575'),
  N('list_splice_tail_init', 'list, head', 'Joins lists.', '6.12:include/linux/list.h:592'),
  N('list_add_rcu', 'new, head', 'Publishes in a list.', '6.12:include/linux/rculist.h:104'),
  N('list_add_tail_rcu', 'new, head', 'Publishes in a list.', '6.12:include/linux/rculist.h:125'),
  N(
    'list_del_rcu',
    'entry',
    'Takes off a list that others may be reading.',
    '6.12:include/linux/rculist.h:155',
  ),
  N('hlist_add_head', 'n, h', 'Adds to a list.', '6.12:include/linux/list.h:1036'),
  N('hlist_add_head_rcu', 'n, h', 'Publishes in a list.', '6.12:include/linux/rculist.h:618'),
  N('hlist_del', 'n', 'Takes off a list.', '6.12:include/linux/list.h:1007'),
  N('hlist_del_init', 'n', 'Takes off a list.', '6.12:include/linux/list.h:1020'),
  N('hlist_del_rcu', 'n', 'Takes off a list that others may be reading.', '6.12:include/linux/rculist.h:543'),
  N(
    'hlist_del_init_rcu',
    'n',
    'Takes off a list that others may be reading.',
    '6.12:include/linux/rculist.h:181',
  ),
  N('hlist_empty', 'h', 'Tells whether a list is empty.', '6.12:include/linux/list.h:985'),
  N('hlist_unhashed', 'h', 'Tells whether an entry is on no list.', '6.12:include/linux/list.h:963'),
  N('rb_erase', 'node, root', 'Takes out of a tree.', '6.12:lib/rbtree.c:440'),
  N('rb_insert_color', 'node, root', 'Balances a tree.', '6.12:lib/rbtree.c:434'),
  N('rb_link_node', 'node, parent, rb_link', 'Puts into a tree.', '6.12:include/linux/rbtree.h:59'),
  N('rb_first', 'root', 'The first of a tree.', '6.12:lib/rbtree.c:466'),
  N('rb_next', 'node', 'The next in a tree.', '6.12:lib/rbtree.c:492'),
  N('rb_prev', 'node', 'The one before in a tree.', '6.12:lib/rbtree.c:524'),
  N('test_bit', 'nr, addr', 'Tests a bit.', '6.12:include/linux/bitops.h:60'),
  N('set_bit', 'nr, addr', 'Sets a bit.', '6.12:include/asm-generic/bitops/instrumented-atomic.h:26'),
  N('clear_bit', 'nr, addr', 'Clears a bit.', '6.12:include/asm-generic/bitops/instrumented-atomic.h:39'),
  N('__set_bit', 'nr, addr', 'Sets a bit.', '6.12:include/linux/bitops.h:53'),
  N('__clear_bit', 'nr, addr', 'Clears a bit.', '6.12:include/linux/bitops.h:54'),
  N(
    'test_and_set_bit',
    'nr, addr',
    'Tests and sets a bit.',
    '6.12:include/asm-generic/bitops/instrumented-atomic.h:68',
  ),
  N(
    'test_and_clear_bit',
    'nr, addr',
    'Tests and clears a bit.',
    '6.12:include/asm-generic/bitops/instrumented-atomic.h:82',
  ),
  N(
    'clear_bit_unlock',
    'nr, addr',
    'Clears a bit.',
    '6.12:include/asm-generic/bitops/instrumented-lock.h:23',
  ),
  N(
    'cmpxchg',
    'ptr, old, new',
    'Exchanges where the value is as given.',
    '6.12:include/linux/atomic/atomic-instrumented.h:4783',
  ),
  N('xchg', 'ptr, v', 'Exchanges.', '6.12:include/linux/atomic/atomic-instrumented.h:4753'),
  N('smp_mb', '', 'A memory barrier.', '6.12:include/asm-generic/barrier.h:99'),
  N('smp_wmb', '', 'A memory barrier.', '6.12:include/asm-generic/barrier.h:107'),
  N('smp_rmb', '', 'A memory barrier.', '6.12:include/asm-generic/barrier.h:103'),
  N('smp_store_release', 'p, v', 'Publishes a value.', '6.12:include/asm-generic/barrier.h:172'),
  N('smp_load_acquire', 'p', 'Reads a published value.', '6.12:include/asm-generic/barrier.h:176', {
    returns: 'p',
  }),
  N('READ_ONCE', 'x', 'Reads once.', '6.12:include/asm-generic/rwonce.h:47', { returns: 'x' }),
  N('WRITE_ONCE', 'x, val', 'Writes once.', '6.12:include/asm-generic/rwonce.h:58'),
  N('PTR_ERR', 'ptr', 'The error in a pointer.', '6.12:include/linux/err.h:55', { returns: 'ptr' }),
  N('ERR_PTR', 'error', 'A pointer that carries an error.', '6.12:include/linux/err.h:39', {
    returns: 'error',
  }),
  N('ERR_CAST', 'ptr', 'The same error as another type of pointer.', '6.12:include/linux/err.h:94', {
    returns: 'ptr',
  }),
  N('capable', 'cap', 'Tells whether the task is privileged.', '6.12:include/linux/capability.h:171'),
  N('ns_capable', 'ns, cap', 'Tells whether the task is privileged.', '6.12:include/linux/capability.h:175', {
    looksAt: ['ns'],
  }),
  N(
    'current_in_userns',
    'target_ns',
    'Tells whether the task is in a user namespace, or below it.',
    '6.12:kernel/user_namespace.c:1314',
    { looksAt: ['target_ns'] },
  ),
  N('current_umask', '', 'The mask of the task.', '6.12:fs/fs_struct.c:157'),
  N('from_kuid', 'to, kuid', 'Converts an id.', '6.12:include/linux/uidgid.h:148', { looksAt: ['to'] }),
  N('from_kgid', 'to, kgid', 'Converts an id.', '6.12:include/linux/uidgid.h:153', { looksAt: ['to'] }),
  N('make_kuid', 'from, uid', 'Converts an id.', '6.12:include/linux/uidgid.h:138', { looksAt: ['from'] }),
  N('make_kgid', 'from, gid', 'Converts an id.', '6.12:include/linux/uidgid.h:143', { looksAt: ['from'] }),
  N(
    'set_delayed_call',
    'call, fn, arg',
    'Asks for a call at the end of following a link.',
    '6.12:include/linux/delayed_call.h:18',
    {
      callbacks: [{ param: 1, context: 'now' }],
    },
  ),
  N('percpu_counter_sum', 'fbc', 'Adds a per-CPU counter up.', '6.12:include/linux/percpu_counter.h:103'),
  N(
    'percpu_counter_add',
    'fbc, amount',
    'Adds to a per-CPU counter.',
    '6.12:include/linux/percpu_counter.h:69',
  ),
  N('percpu_counter_inc', 'fbc', 'Adds one to a per-CPU counter.', '6.12:include/linux/percpu_counter.h:265'),
  N(
    'percpu_counter_dec',
    'fbc',
    'Subtracts one from a per-CPU counter.',
    '6.12:include/linux/percpu_counter.h:270',
  ),
  N('percpu_ref_put', 'ref', 'Drops a reference.', '6.12:include/linux/percpu-refcount.h:349'),
  N('percpu_ref_get', 'ref', 'Takes one more reference.', '6.12:include/linux/percpu-refcount.h:220'),
];

/** Library functions that neither sleep nor lock. */
export const QUIET_HELPERS: readonly HelperEntry[] = [...MEMORY, ...PRINTING, ...STRUCTURES];
