/**
 * The lives of dentries, inodes and superblocks: their states, what holds in each, and what leads from one to another.
 * Data for the pages, and for what may run at the same time (`overlap.ts`). Lines are of 6.12 unless a step differs between versions.
 */
import { since, until, words } from './entry.js';
import type { LifeCycle, LifeField, LifeMethod, LifeState, LifeStep, Versions } from './types.js';

type Range = { readonly versions?: Versions };

function state(name: string, summary: string, proof: string): LifeState {
  return { name, summary, proof: words(proof) };
}

/** A state in which RCU-walk does not find the object; the proof names what puts it where RCU-walk looks, or does not. */
function hidden(name: string, summary: string, proof: string): LifeState {
  return { ...state(name, summary, proof), hidden: true };
}

function step(from: string, to: string, by: string, proof: string, range: Range = {}): LifeStep {
  return {
    ...(from === '' ? {} : { from }),
    ...(to === '' ? {} : { to }),
    ...range,
    by,
    proof: words(proof),
  };
}

function field(name: string, rest: Omit<LifeField, 'name' | 'proof'>, proof: string): LifeField {
  return { name, ...rest, proof: words(proof) };
}

/** `beside`: states in which RCU-walk may still run it. */
function runs(struct: string, methods: string, states: string, proof: string, beside = ''): LifeMethod[] {
  return words(methods).map((method) => ({
    struct,
    method,
    in: words(states),
    ...(beside === '' ? {} : { beside: words(beside) }),
    proof: words(proof),
  }));
}

const D_OP = 'dentry_operations';
const I_OP = 'inode_operations';
const S_OP = 'super_operations';

const DENTRY: LifeCycle = {
  object: 'dentry',
  states: [
    hidden(
      'allocated',
      'One reference, not hashed. d_init has run. Below its parent it is seen by walks over the children only.',
      '6.12:fs/dcache.c:1644 6.12:fs/dcache.c:1704',
    ),
    hidden(
      'in-lookup',
      'Negative and in the table of lookups under way: other lookups of the name wait for it.',
      '6.12:fs/dcache.c:2485 6.12:fs/dcache.c:2536',
    ),
    state('negative', 'Hashed without an inode: the name is known not to exist.', '6.12:fs/dcache.c:2635'),
    state(
      'positive',
      'Hashed with an inode. While a reference is held it does not become negative by itself.',
      '6.12:fs/dcache.c:1902 6.12:fs/dcache.c:1880',
    ),
    state(
      'unhashed',
      'No lookup finds it any more, users go on with it. It may still have its inode.',
      '6.12:fs/dcache.c:529',
    ),
    state(
      'dead',
      'The count is negative and no new reference can be taken. d_prune, d_iput and d_release run, in this order; RCU-walk may ' +
        'still be looking.',
      '6.12:fs/dcache.c:603 6.12:fs/dcache.c:611',
    ),
    state(
      'waiting',
      'Out of every list; the memory stays until the grace period is over, or goes at once for dentries that RCU-walk cannot ' +
        'reach.',
      '6.12:fs/dcache.c:374 6.12:fs/dcache.c:385',
    ),
  ],
  steps: [
    step('', 'allocated', 'd_alloc, d_alloc_anon', '6.12:fs/dcache.c:1728 6.12:fs/dcache.c:1746'),
    step('allocated', 'in-lookup', 'd_alloc_parallel', '6.12:fs/dcache.c:2485'),
    step('in-lookup', 'negative', 'd_add(dentry, NULL)', '6.12:fs/dcache.c:2635'),
    step('in-lookup', 'positive', 'd_add, d_splice_alias', '6.12:fs/dcache.c:2635 6.12:fs/dcache.c:2953'),
    step('in-lookup', 'unhashed', 'd_lookup_done', '6.12:include/linux/dcache.h:381'),
    step('allocated', 'positive', 'd_add', '6.12:fs/dcache.c:2635'),
    step('negative', 'positive', 'd_instantiate', '6.12:fs/dcache.c:1902'),
    step('negative', 'positive', 'd_make_persistent', '7.2:fs/dcache.c:2973', since('7.2')),
    step('positive', 'positive', 'd_move, d_exchange', '6.12:fs/dcache.c:2753'),
    step('positive', 'negative', 'd_delete by the only user', '6.12:fs/dcache.c:2419'),
    step('positive', 'unhashed', 'd_delete with other users, d_drop, d_invalidate', '6.12:fs/dcache.c:2421'),
    step('negative', 'unhashed', 'd_drop, d_invalidate', '6.12:fs/dcache.c:1603'),
    step('unhashed', 'positive', 'd_rehash', '6.12:fs/dcache.c:2444'),
    step('positive', 'dead', 'dput of the last reference, the shrinker', '6.12:fs/dcache.c:857'),
    step('negative', 'dead', 'dput of the last reference, the shrinker', '6.12:fs/dcache.c:857'),
    step('unhashed', 'dead', 'dput of the last reference', '6.12:fs/dcache.c:857'),
    step('dead', 'waiting', 'dentry_free', '6.12:fs/dcache.c:374'),
    step('waiting', '', 'end of the grace period', '6.12:fs/dcache.c:380 6.12:fs/dcache.c:385'),
  ],
  methods: [
    ...runs(D_OP, 'd_init', 'allocated', '6.12:fs/dcache.c:1705'),
    ...runs(I_OP, 'lookup', 'allocated in-lookup', '6.12:fs/namei.c:1646 6.12:fs/namei.c:1745'),
    ...runs(I_OP, 'tmpfile', 'allocated', '6.12:fs/namei.c:3891'),
    ...runs(I_OP, 'atomic_open', 'in-lookup negative', '6.12:fs/namei.c:3518'),
    ...runs(I_OP, 'create', 'negative', '6.12:fs/namei.c:3357 6.12:fs/namei.c:3658'),
    ...runs(I_OP, 'mknod', 'negative', '6.12:fs/namei.c:4201'),
    ...runs(I_OP, 'mkdir', 'negative', '6.12:fs/namei.c:4323'),
    ...runs(I_OP, 'symlink', 'negative', '6.12:fs/namei.c:4681'),
    ...runs(I_OP, 'link', 'negative', '6.12:fs/namei.c:4805'),
    ...runs(I_OP, 'unlink', 'positive', '6.12:fs/namei.c:4535'),
    ...runs(I_OP, 'rmdir', 'positive', '6.12:fs/namei.c:4406'),
    ...runs(I_OP, 'rename', 'positive negative', '6.12:fs/namei.c:5079'),
    ...runs(D_OP, 'd_revalidate', 'negative positive', '6.12:fs/namei.c:873', 'unhashed dead waiting'),
    ...runs(D_OP, 'd_weak_revalidate', 'positive unhashed', '6.12:fs/namei.c:933'),
    ...runs(D_OP, 'd_hash', 'positive', '6.12:fs/namei.c:2402', 'unhashed dead waiting'),
    ...runs(
      D_OP,
      'd_compare',
      'in-lookup negative positive',
      '6.12:fs/dcache.c:2124 6.12:fs/dcache.c:2164',
      'unhashed dead waiting',
    ),
    ...runs(
      D_OP,
      'd_manage',
      'negative positive',
      '6.12:fs/namei.c:1427 6.12:fs/namei.c:1538',
      'unhashed dead waiting',
    ),
    ...runs(D_OP, 'd_automount', 'negative positive', '6.12:fs/namei.c:1403'),
    ...runs(D_OP, 'd_real', 'positive', '6.12:include/linux/dcache.h:572'),
    ...runs(D_OP, 'd_dname', 'positive unhashed', '6.12:fs/d_path.c:283'),
    ...runs(D_OP, 'd_delete', 'negative positive', '6.12:fs/dcache.c:720'),
    ...runs(D_OP, 'd_iput', 'positive dead', '6.12:fs/dcache.c:422'),
    ...runs(D_OP, 'd_prune', 'dead', '6.12:fs/dcache.c:618'),
    ...runs(D_OP, 'd_release', 'dead', '6.12:fs/dcache.c:632'),
  ],
  fields: [
    field(
      'd_name',
      {
        stable: ['d_lock', 'i_rwsem of the parent held exclusively', 'rename_lock'],
        unstable: ['a reference', 'i_rwsem of the parent held shared', 'RCU'],
        reads: [
          'take_dentry_name_snapshot()',
          '%pd',
          'READ_ONCE in a loop over d_seq',
          'the name argument of d_revalidate (7.2)',
        ],
      },
      '6.12:fs/dcache.c:52 6.12:fs/dcache.c:2916 6.12:fs/dcache.c:283 6.12:fs/dcache.c:320',
    ),
    field(
      'd_parent',
      {
        stable: ['d_lock', 'i_rwsem of the parent held exclusively', 'rename_lock'],
        unstable: ['a reference', 'RCU'],
        reads: ['dget_parent()', 'READ_ONCE under RCU, then d_inode_rcu() and a test for NULL'],
      },
      '6.12:fs/dcache.c:56 6.12:fs/dcache.c:2801 6.12:fs/dcache.c:917 6.12:fs/nfs/dir.c:1799',
    ),
    field(
      'd_inode',
      {
        stable: [
          'd_lock',
          'i_rwsem of the parent held exclusively',
          'a reference to a dentry that is positive',
        ],
        unstable: ['a reference to a negative dentry', 'RCU: it may become NULL at any time'],
        reads: ['d_inode_rcu() and a test for NULL'],
      },
      '6.12:fs/dcache.c:58 6.12:include/linux/dcache.h:537 7.2:fs/namei.c:3281',
    ),
    field(
      'children and siblings',
      { stable: ['d_lock of the parent'] },
      '6.12:fs/dcache.c:57 6.12:Documentation/filesystems/porting.rst:1121',
    ),
    field(
      'd_flags',
      { stable: ['d_lock'], reads: ['READ_ONCE or smp_load_acquire'] },
      '6.12:fs/dcache.c:51 6.12:fs/dcache.c:356',
    ),
    field(
      'the count',
      { stable: ['d_lock'], reads: ['lockref_get_not_dead() to keep what RCU-walk found'] },
      '6.12:fs/dcache.c:54 6.12:fs/namei.c:722',
    ),
    field(
      'd_sb',
      { stable: ['the dentry itself: it never changes, and the superblock stays for a grace period'] },
      '6.12:fs/super.c:414',
    ),
  ],
};

const INODE: LifeCycle = {
  object: 'inode',
  states: [
    state('allocated', 'alloc_inode has run; nobody else can see it.', '6.12:fs/inode.c:259'),
    state(
      'new',
      'I_NEW is set: it is hashed, and whoever finds it waits until it is filled in.',
      '6.12:fs/inode.c:1425 6.12:fs/inode.c:1777',
    ),
    state('live', 'Filled in and in use, or cached without a user.', '6.12:fs/inode.c:1160'),
    state(
      'written-back',
      'I_WILL_FREE is set: the last reference is gone and i_lock dropped while it is written. Lookups wait for the end.',
      '6.12:fs/inode.c:1858',
    ),
    state(
      'evicted',
      'I_FREEING is set: evict_inode runs without locks, ends in clear_inode, and the inode leaves the hash.',
      '6.12:fs/inode.c:697 6.12:fs/inode.c:680',
    ),
    state(
      'destroyed',
      'destroy_inode has run. RCU-walk may still be looking, so the memory stays until free_inode.',
      '6.12:fs/inode.c:308 6.12:fs/inode.c:320',
    ),
  ],
  steps: [
    step('', 'allocated', 'alloc_inode', '6.12:fs/inode.c:259'),
    step('allocated', 'new', 'iget_locked, insert_inode_locked', '6.12:fs/inode.c:1398 6.12:fs/inode.c:1754'),
    step('allocated', 'live', 'new_inode', '6.12:fs/inode.c:1116'),
    step('new', 'live', 'unlock_new_inode, d_instantiate_new', '6.12:fs/inode.c:1155'),
    step('new', 'evicted', 'discard_new_inode, iget_failed', '6.12:fs/inode.c:1172'),
    step('live', 'written-back', 'iput of the last reference', '6.12:fs/inode.c:1834 6.12:fs/inode.c:1858'),
    step('written-back', 'evicted', 'write_inode_now is done', '6.12:fs/inode.c:1869'),
    step(
      'live',
      'evicted',
      'iput of the last reference, evict_inodes, reclaim',
      '6.12:fs/inode.c:939 6.12:fs/inode.c:806',
    ),
    step('evicted', 'destroyed', 'destroy_inode', '6.12:fs/inode.c:308'),
    step('destroyed', '', 'free_inode after a grace period', '6.12:fs/inode.c:320'),
  ],
  methods: [
    ...runs(S_OP, 'alloc_inode', 'allocated', '6.12:fs/inode.c:265'),
    ...runs(I_OP, 'permission', 'live', '6.12:fs/namei.c:473', 'evicted destroyed'),
    ...runs(I_OP, 'get_link', 'live', '6.12:fs/namei.c:1864', 'evicted destroyed'),
    ...runs(S_OP, 'dirty_inode', 'live', '6.12:fs/fs-writeback.c:2574'),
    ...runs(S_OP, 'write_inode', 'live written-back', '6.12:fs/fs-writeback.c:1578 6.12:fs/inode.c:1861'),
    ...runs(S_OP, 'drop_inode', 'live', '6.12:fs/inode.c:1844'),
    ...runs(S_OP, 'evict_inode', 'evicted', '6.12:fs/inode.c:722'),
    ...runs(S_OP, 'destroy_inode', 'destroyed', '6.12:fs/inode.c:315'),
    ...runs(S_OP, 'free_inode', 'destroyed', '6.12:fs/inode.c:254 6.12:fs/inode.c:320').map((m) => ({
      ...m,
      afterGrace: true,
    })),
  ],
  fields: [
    field(
      'i_state',
      { stable: ['i_lock'], reads: ['READ_ONCE', 'inode_state_read_once() (7.2)'] },
      '6.12:fs/inode.c:31 7.2:fs/inode.c:1637',
    ),
    field(
      'i_link',
      { stable: ['RCU: it is freed in free_inode or after a grace period'], reads: ['READ_ONCE'] },
      '6.12:fs/namei.c:1860 6.12:fs/inode.c:253',
    ),
  ],
};

const SUPER_BLOCK: LifeCycle = {
  object: 'super_block',
  states: [
    state(
      'nascent',
      'In the list of superblocks with s_umount held by its maker; fill_super works on it. Others wait.',
      '6.12:fs/super.c:315 6.12:fs/super.c:368',
    ),
    state(
      'born',
      'SB_BORN is set and there is a root: it is mounted and may be found.',
      '6.12:fs/super.c:1813 6.12:fs/super.c:1843',
    ),
    state(
      'dying',
      'kill_sb runs with s_umount held: dentries go, inodes are evicted, put_super is called, and SB_DYING set.',
      '6.12:fs/super.c:612 6.12:fs/super.c:675',
    ),
    state(
      'dead',
      'No longer in the list of its type. Lockless walks may still follow d_sb, so the memory stays for a grace period.',
      '6.12:fs/super.c:434 6.12:fs/super.c:451',
    ),
  ],
  steps: [
    step('', 'nascent', 'sget_fc', '6.12:fs/super.c:727 6.12:fs/super.c:315'),
    step('', 'nascent', 'sget', '6.12:fs/super.c:815', until('7.2')),
    step('nascent', 'born', 'vfs_get_tree', '6.12:fs/super.c:1813'),
    step('nascent', 'dying', 'deactivate_locked_super where fill_super failed', '6.12:fs/super.c:466'),
    step('born', 'dying', 'deactivate_super of the last active reference', '6.12:fs/super.c:499'),
    step('dying', 'dead', 'kill_super_notify', '6.12:fs/super.c:434', since('6.12')),
    step('dying', 'dead', 'put_super', '6.1:fs/super.c:308', until('6.12')),
    step('dead', '', 'end of the grace period', '6.12:fs/super.c:414 6.12:fs/super.c:286'),
  ],
  methods: [
    ...runs('fs_context_operations', 'get_tree', 'nascent', '6.12:fs/super.c:1824'),
    ...runs('fs_context_operations', 'reconfigure', 'born', '6.12:fs/super.c:1085'),
    ...runs('file_system_type', 'kill_sb', 'dying', '6.12:fs/super.c:471'),
    ...runs(S_OP, 'put_super', 'dying', '6.12:fs/super.c:639'),
    ...runs(S_OP, 'shutdown', 'born', '6.12:fs/super.c:1432'),
    ...runs(S_OP, 'nr_cached_objects', 'born', '6.12:fs/super.c:200'),
    ...runs(S_OP, 'free_cached_objects', 'born', '6.12:fs/super.c:227'),
  ],
  fields: [
    field(
      's_root',
      { stable: ['s_umount of a superblock that is born'], unstable: ['a reference to the superblock'] },
      '6.12:fs/super.c:560',
    ),
  ],
};

/** All lives that the model knows. */
export const LIFE_CYCLES: readonly LifeCycle[] = [DENTRY, INODE, SUPER_BLOCK];
