/**
 * Fields of VFS objects that are written only under a lock of the object itself, or of the one whose list they stand on. Reads are
 * another matter: many are done without.
 */
import { since, until, words } from './entry.js';
import type { FieldGuard, Versions } from './types.js';

function guarded(
  struct: string,
  field: string,
  lock: string,
  of: FieldGuard['of'],
  summary: string,
  proof: string,
  versions: { readonly versions?: Versions } = {},
): FieldGuard {
  return { struct, field, class: `${struct}::${lock}`, lock, of, ...versions, summary, proof: words(proof) };
}

const CHILDREN = 'The list of children is changed under d_lock of the parent.';
const CHILDREN_PROOF = '6.12:fs/dcache.c:57 6.12:Documentation/filesystems/porting.rst:1121';

/** All of them. */
export const FIELD_GUARDS: readonly FieldGuard[] = [
  guarded(
    'dentry',
    'd_flags',
    'd_lock',
    'itself',
    'The flags of a dentry are changed under its d_lock.',
    '6.12:fs/dcache.c:51',
  ),
  guarded('dentry', 'd_sib', 'd_lock', 'another', CHILDREN, CHILDREN_PROOF, since('6.12')),
  guarded('dentry', 'd_children', 'd_lock', 'itself', CHILDREN, CHILDREN_PROOF, since('6.12')),
  guarded(
    'dentry',
    'd_child',
    'd_lock',
    'another',
    CHILDREN,
    '6.1:fs/dcache.c:54 6.1:fs/dcache.c:55',
    until('6.12'),
  ),
  guarded(
    'dentry',
    'd_subdirs',
    'd_lock',
    'itself',
    CHILDREN,
    '6.1:fs/dcache.c:54 6.1:fs/dcache.c:55',
    until('6.12'),
  ),
  guarded(
    'inode',
    'i_state',
    'i_lock',
    'itself',
    'The state of an inode is changed under its i_lock.',
    '6.12:fs/inode.c:30 6.12:fs/inode.c:31',
    until('7.2'),
  ),
];
