/**
 * Frequently called library functions and macros that neither sleep nor lock: strings, lists, trees, bits, printing. They
 * are here so that the inference needs not see lib/ and include/ for them.
 */
import { type HelperExtra, helper } from '../entry.js';
import type { HelperEntry } from '../types.js';

function q(
  name: string,
  params: string,
  summary: string,
  proof: string,
  extra: HelperExtra = {},
): HelperEntry {
  return helper(name, params, false, summary, proof, extra);
}

const MEMORY: readonly HelperEntry[] = [
  q('memcpy', 'dest, src, n', 'Copies memory.', '6.12:lib/string.c:610'),
  q('memmove', 'dest, src, n', 'Copies memory that may overlap.', '6.12:lib/string.c:631'),
  q('memset', 's, c, n', 'Fills memory.', '6.12:lib/string.c:523'),
  q('memcmp', 's1, s2, n', 'Compares memory.', '6.12:include/linux/fortify-string.h:700'),
  q('memchr', 's, c, n', 'Finds a byte.', '6.12:include/linux/fortify-string.h:719'),
  q('strlen', 's', 'Measures a string.', '6.12:lib/string.c:405'),
  q('strnlen', 's, count', 'Measures a string.', '6.12:include/linux/fortify-string.h:219'),
  q('strcmp', 's1, s2', 'Compares strings.', '6.12:lib/string.c:267'),
  q('strncmp', 's1, s2, n', 'Compares strings.', '6.12:lib/string.c:291'),
  q('strcasecmp', 's1, s2', 'Compares strings.', '6.12:lib/string.c:66'),
  q('strncasecmp', 's1, s2, n', 'Compares strings.', '6.12:lib/string.c:40'),
  q('strchr', 's, c', 'Finds a character.', '6.12:lib/string.c:318'),
  q('strsep', 's, ct', 'Splits a string.', '6.12:lib/string.c:497'),
  q('strscpy', 'dst, src, size', 'Copies a string.', '6.12:include/linux/string.h:112'),
  q('strcpy', 'dst, src', 'Copies a string.', '6.12:include/linux/fortify-string.h:773'),
  q('simple_strtoul', 'cp, endp, base', 'Reads a number.', '6.12:lib/vsprintf.c:111'),
  q('kstrtoint', 's, base, res', 'Reads a number.', '6.12:lib/kstrtox.c:259'),
  q('kstrtouint', 's, base, res', 'Reads a number.', '6.12:lib/kstrtox.c:228'),
  q('kstrtoul', 's, base, res', 'Reads a number.', '6.12:include/linux/kstrtox.h:30'),
  q('get_random_bytes', 'buf, len', 'Makes random bytes.', '6.12:include/linux/random.h:39'),
  q('get_random_u32', '', 'Makes a random number.', '6.12:include/linux/random.h:42'),
  q('crc32_le', 'crc, p, len', 'Computes a checksum.', '6.12:lib/crc32.c:186'),
  q('sort', 'base, num, size, cmp_func, swap_func', 'Sorts; calls back to compare.', '6.12:lib/sort.c:291', {
    callbacks: [
      { param: 3, context: 'now' },
      { param: 4, context: 'now' },
    ],
  }),
  q('list_sort', 'priv, head, cmp', 'Sorts a list; calls back to compare.', '6.12:lib/list_sort.c:185', {
    callbacks: [{ param: 2, context: 'now' }],
  }),
];

const PRINTING: readonly HelperEntry[] = [
  q('printk', 'fmt', 'Logs.', '6.12:include/linux/printk.h:494'),
  q('pr_err', 'fmt', 'Logs.', '6.12:include/linux/printk.h:536'),
  q('pr_warn', 'fmt', 'Logs.', '6.12:include/linux/printk.h:546'),
  q('pr_info', 'fmt', 'Logs.', '6.12:include/linux/genl_magic_func.h:51'),
  q('pr_notice', 'fmt', 'Logs.', '6.12:include/linux/printk.h:556'),
  q('pr_debug', 'fmt', 'Logs.', '6.12:include/linux/printk.h:617'),
  q('pr_crit', 'fmt', 'Logs.', '6.12:include/linux/printk.h:526'),
  q('pr_cont', 'fmt', 'Logs.', '6.12:include/linux/printk.h:578'),
  q('pr_warn_once', 'fmt', 'Logs once.', '6.12:include/linux/printk.h:651'),
  q('pr_warn_ratelimited', 'fmt', 'Logs, not too often.', '6.12:include/linux/printk.h:703'),
  q('pr_err_ratelimited', 'fmt', 'Logs, not too often.', '6.12:include/linux/printk.h:701'),
  q('dump_stack', '', 'Logs the stack.', '6.12:include/linux/printk.h:281'),
  q('WARN_ON', 'condition', 'Logs if the condition holds.', '6.12:include/asm-generic/bug.h:122', {
    returns: 'condition',
  }),
  q('WARN_ON_ONCE', 'condition', 'Logs once if the condition holds.', '6.12:include/asm-generic/bug.h:110', {
    returns: 'condition',
  }),
];

const STRUCTURES: readonly HelperEntry[] = [
  q('INIT_LIST_HEAD', 'list', 'Initialises a list.', '6.12:include/linux/list.h:35'),
  q('list_add', 'new, head', 'Adds to a list.', '6.12:include/linux/list.h:173'),
  q('list_add_tail', 'new, head', 'Adds to a list.', '6.12:include/linux/list.h:188'),
  q('list_del', 'entry', 'Takes off a list.', '6.12:include/linux/list.h:234'),
  q('list_del_init', 'entry', 'Takes off a list.', '6.12:include/linux/list.h:292'),
  q('list_move', 'list, head', 'Moves to another list.', '6.12:include/linux/list.h:303'),
  q('list_move_tail', 'list, head', 'Moves to another list.', '6.12:include/linux/list.h:314'),
  q('list_empty', 'head', 'Tells whether a list is empty.', '6.12:include/linux/list.h:378'),
  q('list_splice', 'list, head', 'Joins lists.', '6.12:include/linux/list.h:549'),
  q('list_splice_init', 'list, head', 'Joins lists.', '6.12:include/linux/list.h:575'),
  q('list_splice_tail_init', 'list, head', 'Joins lists.', '6.12:include/linux/list.h:592'),
  q('list_add_rcu', 'new, head', 'Publishes in a list.', '6.12:include/linux/rculist.h:104'),
  q('list_add_tail_rcu', 'new, head', 'Publishes in a list.', '6.12:include/linux/rculist.h:125'),
  q(
    'list_del_rcu',
    'entry',
    'Takes off a list that others may be reading.',
    '6.12:include/linux/rculist.h:155',
  ),
  q('hlist_add_head', 'n, h', 'Adds to a list.', '6.12:include/linux/list.h:1036'),
  q('hlist_add_head_rcu', 'n, h', 'Publishes in a list.', '6.12:include/linux/rculist.h:618'),
  q('hlist_del', 'n', 'Takes off a list.', '6.12:include/linux/list.h:1007'),
  q('hlist_del_init', 'n', 'Takes off a list.', '6.12:include/linux/list.h:1020'),
  q('hlist_del_rcu', 'n', 'Takes off a list that others may be reading.', '6.12:include/linux/rculist.h:543'),
  q(
    'hlist_del_init_rcu',
    'n',
    'Takes off a list that others may be reading.',
    '6.12:include/linux/rculist.h:181',
  ),
  q('hlist_empty', 'h', 'Tells whether a list is empty.', '6.12:include/linux/list.h:985'),
  q('hlist_unhashed', 'h', 'Tells whether an entry is on no list.', '6.12:include/linux/list.h:963'),
  q('rb_erase', 'node, root', 'Takes out of a tree.', '6.12:lib/rbtree.c:440'),
  q('rb_insert_color', 'node, root', 'Balances a tree.', '6.12:lib/rbtree.c:434'),
  q('rb_link_node', 'node, parent, rb_link', 'Puts into a tree.', '6.12:include/linux/rbtree.h:59'),
  q('rb_first', 'root', 'The first of a tree.', '6.12:lib/rbtree.c:466'),
  q('rb_next', 'node', 'The next in a tree.', '6.12:lib/rbtree.c:492'),
  q('rb_prev', 'node', 'The one before in a tree.', '6.12:lib/rbtree.c:524'),
  q('test_bit', 'nr, addr', 'Tests a bit.', '6.12:include/linux/bitops.h:60'),
  q('set_bit', 'nr, addr', 'Sets a bit.', '6.12:include/asm-generic/bitops/instrumented-atomic.h:26'),
  q('clear_bit', 'nr, addr', 'Clears a bit.', '6.12:include/asm-generic/bitops/instrumented-atomic.h:39'),
  q('__set_bit', 'nr, addr', 'Sets a bit.', '6.12:include/linux/bitops.h:53'),
  q('__clear_bit', 'nr, addr', 'Clears a bit.', '6.12:include/linux/bitops.h:54'),
  q(
    'test_and_set_bit',
    'nr, addr',
    'Tests and sets a bit.',
    '6.12:include/asm-generic/bitops/instrumented-atomic.h:68',
  ),
  q(
    'test_and_clear_bit',
    'nr, addr',
    'Tests and clears a bit.',
    '6.12:include/asm-generic/bitops/instrumented-atomic.h:82',
  ),
  q(
    'clear_bit_unlock',
    'nr, addr',
    'Clears a bit.',
    '6.12:include/asm-generic/bitops/instrumented-lock.h:23',
  ),
  q(
    'cmpxchg',
    'ptr, old, new',
    'Exchanges where the value is as given.',
    '6.12:include/linux/atomic/atomic-instrumented.h:4783',
  ),
  q('xchg', 'ptr, v', 'Exchanges.', '6.12:include/linux/atomic/atomic-instrumented.h:4753'),
  q('smp_mb', '', 'A memory barrier.', '6.12:include/asm-generic/barrier.h:99'),
  q('smp_wmb', '', 'A memory barrier.', '6.12:include/asm-generic/barrier.h:107'),
  q('smp_rmb', '', 'A memory barrier.', '6.12:include/asm-generic/barrier.h:103'),
  q('smp_store_release', 'p, v', 'Publishes a value.', '6.12:include/asm-generic/barrier.h:172'),
  q('smp_load_acquire', 'p', 'Reads a published value.', '6.12:include/asm-generic/barrier.h:176', {
    returns: 'p',
  }),
  q('READ_ONCE', 'x', 'Reads once.', '6.12:include/asm-generic/rwonce.h:47', { returns: 'x' }),
  q('WRITE_ONCE', 'x, val', 'Writes once.', '6.12:include/asm-generic/rwonce.h:58'),
  q('PTR_ERR', 'ptr', 'The error in a pointer.', '6.12:include/linux/err.h:55', { returns: 'ptr' }),
  q('ERR_PTR', 'error', 'A pointer that carries an error.', '6.12:include/linux/err.h:39', {
    returns: 'error',
  }),
  q('ERR_CAST', 'ptr', 'The same error as another type of pointer.', '6.12:include/linux/err.h:94', {
    returns: 'ptr',
  }),
  q('capable', 'cap', 'Tells whether the task is privileged.', '6.12:include/linux/capability.h:171'),
  q('ns_capable', 'ns, cap', 'Tells whether the task is privileged.', '6.12:include/linux/capability.h:175'),
  q('current_umask', '', 'The mask of the task.', '6.12:fs/fs_struct.c:157'),
  q('from_kuid', 'to, kuid', 'Converts an id.', '6.12:include/linux/uidgid.h:148'),
  q('from_kgid', 'to, kgid', 'Converts an id.', '6.12:include/linux/uidgid.h:153'),
  q('make_kuid', 'from, uid', 'Converts an id.', '6.12:include/linux/uidgid.h:138'),
  q('make_kgid', 'from, gid', 'Converts an id.', '6.12:include/linux/uidgid.h:143'),
  q(
    'set_delayed_call',
    'call, fn, arg',
    'Asks for a call at the end of following a link.',
    '6.12:include/linux/delayed_call.h:18',
    {
      callbacks: [{ param: 1, context: 'now' }],
    },
  ),
  q('percpu_counter_sum', 'fbc', 'Adds a per-CPU counter up.', '6.12:include/linux/percpu_counter.h:103'),
  q(
    'percpu_counter_add',
    'fbc, amount',
    'Adds to a per-CPU counter.',
    '6.12:include/linux/percpu_counter.h:69',
  ),
  q('percpu_counter_inc', 'fbc', 'Adds one to a per-CPU counter.', '6.12:include/linux/percpu_counter.h:265'),
  q(
    'percpu_counter_dec',
    'fbc',
    'Subtracts one from a per-CPU counter.',
    '6.12:include/linux/percpu_counter.h:270',
  ),
  q('percpu_ref_put', 'ref', 'Drops a reference.', '6.12:include/linux/percpu-refcount.h:349'),
  q('percpu_ref_get', 'ref', 'Takes one more reference.', '6.12:include/linux/percpu-refcount.h:220'),
];

/** Library functions that neither sleep nor lock. */
export const QUIET_HELPERS: readonly HelperEntry[] = [...MEMORY, ...PRINTING, ...STRUCTURES];
