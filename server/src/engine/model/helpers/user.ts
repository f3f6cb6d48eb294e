/**
 * User memory and what prints into files of /proc: a fault may sleep and takes mmap_lock; the `_nofault` and `_atomic`
 * forms do not. A call with faults switched off (`@pagefault`) does not sleep either.
 */
import { plain as N, sleeping as S } from '../entry.js';
import type { CallbackEffect, HelperEntry } from '../types.js';

/** A function that prints the one record of a file, on read(2). */
const SHOWS: CallbackEffect = {
  param: 1,
  context: 'work',
  entry: 'attribute',
  method: 'seq_operations::show',
};

/** The same, where a file of /proc is made. */
const SHOWS_IN_PROC: CallbackEffect = { ...SHOWS, param: 3 };

/** User memory is touched. */
const FAULTS = { faults: true } as const;

/** User copies and seq_file. */
export const USER_HELPERS: readonly HelperEntry[] = [
  S('copy_to_user', 'to, from, n', 'Copies to user memory.', '6.12:include/linux/uaccess.h:217', FAULTS),
  S('copy_from_user', 'to, from, n', 'Copies from user memory.', '6.12:include/linux/uaccess.h:205', FAULTS),
  S('get_user', 'x, ptr', 'Reads user memory.', '6.12:include/asm-generic/uaccess.h:186', FAULTS),
  S('put_user', 'x, ptr', 'Writes user memory.', '6.12:include/asm-generic/uaccess.h:124', FAULTS),
  S('clear_user', 'to, n', 'Clears user memory.', '6.12:include/asm-generic/uaccess.h:220', FAULTS),
  S(
    'copy_struct_from_user',
    'dst, ksize, src, usize',
    'Copies a structure from user memory.',
    '6.12:include/linux/uaccess.h:387',
    FAULTS,
  ),
  S(
    'strncpy_from_user',
    'dst, src, count',
    'Copies a string from user memory.',
    '6.12:lib/strncpy_from_user.c:113',
    FAULTS,
  ),
  S('strnlen_user', 'str, n', 'Measures a string in user memory.', '6.12:lib/strnlen_user.c:92', FAULTS),
  S(
    'simple_read_from_buffer',
    'to, count, ppos, from, available',
    'Copies to user memory at a position.',
    '6.12:fs/libfs.c:1096',
    FAULTS,
  ),
  S(
    'simple_write_to_buffer',
    'to, available, ppos, from, count',
    'Copies from user memory at a position.',
    '6.12:fs/libfs.c:1131',
    FAULTS,
  ),
  S(
    'kstrtoint_from_user',
    's, count, base, res',
    'Reads a number from user memory.',
    '6.12:include/linux/kstrtox.h:105',
    FAULTS,
  ),
  S(
    'kstrtobool_from_user',
    's, count, res',
    'Reads a truth value from user memory.',
    '6.12:lib/kstrtox.c:395',
    FAULTS,
  ),
  S('fault_in_iov_iter_readable', 'i, size', 'Faults user memory in.', '6.12:lib/iov_iter.c:90', {
    versions: { since: '6.1' },
    faults: true,
  }),
  N(
    'copy_from_user_nofault',
    'dst, src, size',
    'Copies from user memory where no fault is needed.',
    '6.12:mm/maccess.c:114',
  ),
  N(
    '__copy_from_user_inatomic',
    'to, from, n',
    'Copies from user memory with faults switched off.',
    '6.12:include/linux/uaccess.h:90',
  ),
  N(
    '__copy_to_user_inatomic',
    'to, from, n',
    'Copies to user memory with faults switched off.',
    '6.12:include/linux/uaccess.h:130',
  ),
  N(
    'access_ok',
    'addr, size',
    'Tells whether an address is one of user memory.',
    '6.12:include/asm-generic/access_ok.h:45',
  ),
  N('seq_printf', 'm, fmt', 'Prints into a buffer.', '6.12:fs/seq_file.c:401'),
  N('seq_puts', 'm, s', 'Prints into a buffer.', '6.12:include/linux/seq_file.h:122'),
  N('seq_putc', 'm, c', 'Prints into a buffer.', '6.12:fs/seq_file.c:663'),
  N('seq_write', 'seq, data, len', 'Prints into a buffer.', '6.12:fs/seq_file.c:823'),
  N('seq_escape', 'm, s, esc', 'Prints into a buffer.', '6.12:include/linux/seq_file.h:160'),
  N(
    'seq_show_option',
    'm, name, value',
    'Prints a mount option into a buffer.',
    '6.12:include/linux/seq_file.h:264',
  ),
  N('seq_put_decimal_ull', 'm, delimiter, num', 'Prints into a buffer.', '6.12:fs/seq_file.c:723'),
  N('seq_put_decimal_ll', 'm, delimiter, num', 'Prints into a buffer.', '6.12:fs/seq_file.c:776'),
  N('seq_has_overflowed', 'm', 'Tells whether a buffer is full.', '6.12:include/linux/seq_file.h:50'),
  N('seq_dentry', 'm, dentry, esc', 'Prints a path into a buffer.', '6.12:fs/seq_file.c:537'),
  S('seq_open', 'file, op', 'Opens a file of printed records; allocates.', '6.12:fs/seq_file.c:57'),
  S('seq_read', 'file, buf, size, ppos', 'Reads a file of printed records.', '6.12:fs/seq_file.c:151'),
  S('seq_release', 'inode, file', 'Closes a file of printed records.', '6.12:fs/seq_file.c:352'),
  S(
    'single_open_size',
    'file, show, data, size',
    'Opens a file of one printed record, with room for it; allocates.',
    '6.12:fs/seq_file.c:593',
    { callbacks: [SHOWS] },
  ),
  S(
    'single_open',
    'file, show, data',
    'Opens a file of one printed record; allocates.',
    '6.12:fs/seq_file.c:572',
    { callbacks: [SHOWS] },
  ),
  S(
    'proc_create_net_single',
    'name, mode, parent, show, data',
    'Makes a file of /proc with one printed record of a network namespace; allocates.',
    '6.12:fs/proc/proc_net.c:208',
    { callbacks: [SHOWS_IN_PROC] },
  ),
  S(
    'proc_create_net_single_write',
    'name, mode, parent, show, write, data',
    'Makes a file of /proc with one printed record of a network namespace, which can be written to; allocates.',
    '6.12:fs/proc/proc_net.c:249',
    { callbacks: [SHOWS_IN_PROC] },
  ),
  N('sysfs_emit', 'buf, fmt', 'Prints into a page.', '6.12:include/linux/sysfs.h:743'),
  N('sysfs_emit_at', 'buf, at, fmt', 'Prints into a page.', '6.12:include/linux/sysfs.h:749'),
  N('snprintf', 'buf, size, fmt', 'Prints into a string.', '6.12:lib/vsprintf.c:2932'),
  N('scnprintf', 'buf, size, fmt', 'Prints into a string.', '6.12:lib/vsprintf.c:2956'),
  N('sprintf', 'buf, fmt', 'Prints into a string.', '6.12:lib/vsprintf.c:3001'),
  N('vsnprintf', 'buf, size, fmt, args', 'Prints into a string.', '6.12:lib/vsprintf.c:2733'),
  N('sscanf', 'buf, fmt', 'Reads from a string.', '6.12:lib/vsprintf.c:3694'),
];
