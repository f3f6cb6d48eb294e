/**
 * The methods that system calls reach with write access to the mount, so that the filesystem does not freeze meanwhile. A
 * table of its own because callers inside the kernel may do without: it is told to readers and no basis for a claim about
 * what is held.
 */
import type { MethodEntry } from './types.js';

const NAMES = '6.12:fs/namei.c:4085';
const ATTRIBUTES = '6.12:fs/ioctl.c:756';

/** Where write access is asked for, by `struct::method`. */
const ASKED: Readonly<Record<string, string>> = {
  'inode_operations::create': NAMES,
  'inode_operations::mknod': NAMES,
  'inode_operations::mkdir': NAMES,
  'inode_operations::symlink': NAMES,
  'inode_operations::link': NAMES,
  'inode_operations::unlink': '6.12:fs/namei.c:4582',
  'inode_operations::rmdir': '6.12:fs/namei.c:4449',
  'inode_operations::rename': '6.12:fs/namei.c:5166',
  'inode_operations::tmpfile': '6.12:fs/namei.c:3953',
  'inode_operations::setattr': '6.12:fs/open.c:641',
  'inode_operations::set_acl': '6.12:fs/xattr.c:656',
  'inode_operations::fileattr_set': ATTRIBUTES,
  'xattr_handler::set': '6.12:fs/xattr.c:656',
  'file_operations::copy_file_range': '6.12:fs/read_write.c:1612',
  'file_operations::remap_file_range': '6.12:fs/remap_range.c:402',
};

const SAYS = 'System calls have write access to the mount: the filesystem does not freeze meanwhile.';

/** The entry with what the table says of it. */
export function withFreezing(entry: MethodEntry): MethodEntry {
  const proof = ASKED[`${entry.struct}::${entry.method}`];
  if (proof === undefined) return entry;
  return {
    ...entry,
    obligations: [...(entry.obligations ?? []), SAYS],
    proof: [...new Set([...entry.proof, proof])],
  };
}
