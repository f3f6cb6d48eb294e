/**
 * Pointers of VFS objects that are set before anybody else sees the object and are never NULL afterwards: a helper that does
 * nothing for NULL does something for these.
 */
import { words } from './entry.js';
import type { NeverNull } from './types.js';

function pointer(struct: string, field: string, proof: string): NeverNull {
  return { struct, field, proof: words(proof) };
}

/** All of them. Their names are the VFS's alone. */
export const NEVER_NULL: readonly NeverNull[] = [
  pointer('file', 'f_inode', '6.12:fs/open.c:909'),
  pointer('file', 'f_mapping', '6.12:fs/open.c:910'),
  pointer('inode', 'i_sb', '6.12:fs/inode.c:164'),
  pointer('inode', 'i_op', '6.12:fs/inode.c:170'),
  pointer('inode', 'i_mapping', '6.12:fs/inode.c:224'),
  pointer('dentry', 'd_parent', '6.12:fs/dcache.c:1693'),
  pointer('dentry', 'd_sb', '6.12:fs/dcache.c:1694'),
];
