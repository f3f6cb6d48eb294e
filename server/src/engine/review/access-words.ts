/**
 * What a call does with a member that it is handed, by the name of what is called: macros and library functions of the kernel that are
 * made for that. Must not know any program.
 */
import type { AccessKind } from '../base/review.js';

/** What a call does with one of its arguments. */
export interface Touch {
  readonly kind: AccessKind;
  /** It is meant to work without a lock. */
  readonly marked: boolean;
}

const READ: Touch = { kind: 'read', marked: false };
const WRITE: Touch = { kind: 'write', marked: false };
const UPDATE: Touch = { kind: 'update', marked: false };
const MARKED_READ: Touch = { kind: 'read', marked: true };
const MARKED_WRITE: Touch = { kind: 'write', marked: true };
const MARKED_UPDATE: Touch = { kind: 'update', marked: true };

const READS_MARKED =
  /^(READ_ONCE|data_race|smp_load_acquire|smp_cond_load_\w+|rcu_dereference(_\w+)?|rcu_access_pointer|list_\w+_rcu|hlist_\w+_rcu|srcu_dereference\w*|lockless_dereference|read_seq\w+|raw_read_seq\w+)$/;
const WRITES_MARKED =
  /^(WRITE_ONCE|smp_store_\w+|store_release_\w+|rcu_assign_pointer|RCU_INIT_POINTER|rcu_replace_pointer)$/;
const ATOMIC = /^(arch_|raw_)?(atomic(64|_long)?|refcount|kref|percpu_ref|percpu_counter|lockref|this_cpu)_/;
const ATOMIC_READ = /(_read|_read_acquire|_sum|_compare|_is_\w+)$/;
const EXCHANGE = /^(try_|sync_)?(cmp)?xchg/;
const BIT_READ = /^((arch_|const_)?_*test_bit(_acquire)?|wait_on_bit\w*|wait_var_event\w*)$/;
const BIT_CHANGE =
  /^(set_bit|clear_bit|change_bit|test_and_(set|clear|change)_bit|clear_and_wake_up_bit|wait_on_bit_lock)\w*$/;
const BIT_CHANGE_PLAIN = /^__(set_bit|clear_bit|change_bit|test_and_(set|clear|change)_bit|clear_bit_unlock)/;
const LINK_READ =
  /^_*(h?list|llist|rb|RB|hlist_bl|list_lru|xa|idr|radix_tree|wq|waitqueue)_\w*?(empty|EMPTY\w*|first\w*|last\w*|next\w*|prev\w*|entry\w*|is_\w+|unhashed\w*|singular|for_each\w*|load|find\w*|lookup\w*|get_next|active)$/;
const LINK_READ_LOOP = /for_each/;
const LINK_CHANGE = /^_*(h?list|llist|hlist_bl|rb|xa|idr|radix_tree|ida|list_lru)_\w+/;
const INIT =
  /^_*(INIT_\w+|init_\w+|spin_lock_init|raw_spin_lock_init|mutex_init|rwlock_init|seqlock_init|seqcount_\w*init|sema_init|timer_setup|kref_init|RB_CLEAR_NODE|\w+_init_once|mt_init\w*)$/;
const FILLS =
  /^(memset|memcpy|memmove|memzero_explicit|str(n|l|s)?cpy(_pad)?|s(n|cn)?printf|vsnprintf|copy_from_user|get_random_bytes|get_user|bitmap_\w+)$/;
const TAKES =
  /^(memcpy|memmove|memcmp|str\w*cmp|str(n|l|s)?cpy(_pad)?|copy_to_user|put_user|strlen|jhash\w*|seq_\w+|printk|_?pr_\w+)$/;
const WAKES =
  /^(wake_up\w*|wait_event\w*|__wake_up\w*|complete\w*|wait_for_completion\w*|add_wait_queue\w*|remove_wait_queue|prepare_to_wait\w*|finish_wait|queue_(delayed_)?work|mod_delayed_work|schedule_(delayed_)?work|cancel_(delayed_)?work\w*|flush_\w+|mod_timer|del_timer\w*|timer_\w+|waitqueue_active|wq_has_sleeper)$/;

/**
 * What a call of this name does with its argument at a position, whose address it is handed or, `byName`, whose name (as READ_ONCE() is);
 * null where the name does not tell.
 */
export function touchOf(name: string, position: number, byName: boolean): Touch | null {
  if (READS_MARKED.test(name) && (position === 0 || !byName)) return MARKED_READ;
  if (WRITES_MARKED.test(name)) return position === 0 ? MARKED_WRITE : null;
  if (EXCHANGE.test(name)) return position === 0 ? MARKED_UPDATE : null;
  if (byName) return null;
  if (ATOMIC.test(name))
    return ATOMIC_READ.test(name)
      ? MARKED_READ
      : /_set(_release)?$/.test(name)
        ? MARKED_WRITE
        : MARKED_UPDATE;
  if (BIT_CHANGE.test(name)) return MARKED_UPDATE;
  if (BIT_READ.test(name)) return MARKED_READ;
  if (BIT_CHANGE_PLAIN.test(name)) return UPDATE;
  if (INIT.test(name)) return WRITE;
  if (WAKES.test(name)) return MARKED_UPDATE;
  if (LINK_READ.test(name) || LINK_READ_LOOP.test(name)) return READ;
  if (LINK_CHANGE.test(name)) return UPDATE;
  if (FILLS.test(name) && position === 0) return WRITE;
  if (TAKES.test(name)) return READ;
  return null;
}

/** Whether a call of this name makes its argument ready for use, and shows it to nobody. */
export function isPreparing(name: string): boolean {
  return (
    INIT.test(name) ||
    /^_*(k|kv|v)?free\w*$/.test(name) ||
    /^(memset|memcpy|atomic\w*_set|refcount_set)$/.test(name)
  );
}
