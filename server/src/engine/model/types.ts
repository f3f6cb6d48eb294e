/**
 * The shape of the VFS life-cycle model: methods with their contracts, helpers with their effects, lock primitives,
 * constants. Data only; who applies it lives in `contexts`. Every entry carries the place in the kernel tree that
 * proves it (`6.12:fs/namei.c:1694`). No citation, no entry.
 *
 * Paths and conditions are written as small C expressions over the parameter names that the entry itself declares
 * (`params`), and parsed once, when a model is built for a version (`condition.ts`):
 *   path       dir->i_rwsem · d_inode is written as a field: dentry->d_inode->i_rwsem · &x.y · result
 *   condition  flags & LOOKUP_RCU · !(mask & MAY_NOT_BLOCK) · dentry · !dentry · result == 0 · result != 0 ·
 *              result < 0 · IS_ERR(result) · !IS_ERR(result) · old_dir != new_dir (two parameters) · a && b
 *              (conjunctions only; write alternatives as entries)
 *   globals    @name: a global's name (`@rename_lock`), or one of the states that are taken like locks and belong to no
 *              object: @rcu @rcu_bh @rcu_sched (read sides), @preempt @irq @bh (switched off). They nest in themselves.
 *   spelling   fields as the C text spells them, macros included (`dentry->d_lock` is `dentry->d_lockref.lock`); fields
 *              that do not exist name bits that work as locks: folio->PG_locked, bh->BH_Lock,
 *              sb->s_writers.SB_FREEZE_WRITE, inode->i_state.I_SYNC.
 */

/** Kernel versions as `major.minor`; `since` inclusive, `until` exclusive. Absent: all supported versions. */
export interface Versions {
  readonly since?: string;
  readonly until?: string;
}

/** A path over the entry's parameter names, e.g. `dentry->d_inode->i_rwsem`. */
export type PathText = string;

/** A conjunction over parameters and `result`, e.g. `!(mask & MAY_NOT_BLOCK)`. Empty string: always. */
export type ConditionText = string;

/** What kind of lock a class is: decides whether holding it forbids sleeping and whether it may nest in itself. */
export type LockKind =
  | 'spin' // spinlock_t, raw_spinlock_t: atomic
  | 'rwlock' // rwlock_t: atomic
  | 'bit' // bit_spin_lock, hlist_bl_lock: atomic
  | 'seqwrite' // write side of a seqlock: atomic
  | 'seqcount' // write side of a sequence counter that was begun as raw: says nothing of preemption
  | 'mutex'
  | 'rwsem'
  | 'percpu-rwsem'
  | 'semaphore' // counting; who takes it need not be who gives it back
  | 'folio' // page and folio lock
  | 'rcu' // read side of RCU: atomic
  | 'srcu' // read side of SRCU: may sleep
  | 'preempt' // preemption off: atomic
  | 'irq' // interrupts off: atomic
  | 'bh' // bottom halves off: atomic
  | 'flag' // a flag that works as a lock (I_SYNC, freeze levels)
  | 'completion';

/** A lock that is held, needed or forbidden: the path of the lock itself. */
export interface LockSpec {
  /** Path of the lock, e.g. `dir->i_rwsem`; or a global lock's name, prefixed with `@`: `@rename_lock`. */
  readonly lock: PathText;
  readonly kind: LockKind;
  readonly mode: 'exclusive' | 'shared' | 'any';
  readonly when?: ConditionText;
}

/** One of the situations in which the VFS calls a method. */
export interface EntryContext {
  /** A short name that is shown: `RCU-walk`, `ref-walk`, `from lookup_fast`. */
  readonly name: string;
  /** What the callee can see of it: conditions on the parameters. */
  readonly when?: ConditionText;
  /** Locks that every caller of this situation holds. */
  readonly held: readonly LockSpec[];
  /** Locks that some callers hold. Never a basis for a "not held" claim. */
  readonly mayHold?: readonly LockSpec[];
  readonly rcu: 'none' | 'read' | 'walk';
  /** Why sleeping is forbidden, besides held locks and RCU: `softirq (RCU callback)`. */
  readonly atomic?: string;
  /** It is there only for filesystems that call one of these themselves: a helper, or a slot as `->slot`. */
  readonly ownCalls?: readonly string[];
}

/** A VFS method: a slot of an operations structure, with its contract. */
export interface MethodEntry {
  /** The operations structure, without `struct`: `dentry_operations`. */
  readonly struct: string;
  /** The slot's name: `d_revalidate`. */
  readonly method: string;
  readonly versions?: Versions;
  /** Names for the parameters, by position; the names that paths and conditions use. */
  readonly params: readonly string[];
  /** Return type as it matters to a fix and to result conditions. */
  readonly returns: 'int' | 'void' | 'pointer' | 'bool' | 'long';
  readonly contexts: readonly EntryContext[];
  /** Locks of the caller that the method lets go of before it returns (`kill_sb`: s_umount), or hands to I/O completion. */
  readonly releases?: readonly LockEffect[];
  /** Locks that the method returns with (`get_tree`: s_umount of the root's superblock). */
  readonly acquires?: readonly LockEffect[];
  /**
   * The slot of the same table that is called before and whose locks stay held until `stop`-like slots: this one runs with
   * what it returned holding, as a rule only where it returned something (`always`: in any case). The first parameter is the
   * same in both; the second is what it returned.
   */
  readonly follows?: { readonly slot: string; readonly always: boolean };
  /** The way out of RCU-walk: a statement that the signature allows, e.g. `return -ECHILD;`. */
  readonly bail?: string;
  /** A table with this flag in this slot of its own is called without these locks. */
  readonly without?: { readonly slot: string; readonly flag: string; readonly locks: readonly PathText[] };
  /** Dentries among the parameters whose parent none of these locks is sure to be of: another thread may move them. */
  readonly loose?: readonly string[];
  /** Parameters that it has no business to write to, though their type lets it: an audit says which instances do not. */
  readonly asConst?: readonly string[];
  /** The effect of a call through this slot, seen from the caller (rule: calls through modelled slots are cut here). */
  readonly callSleeps: boolean | ConditionText;
  /** One or two sentences for the hover. */
  readonly summary: string;
  readonly notHeld?: readonly string[];
  readonly obligations?: readonly string[];
  readonly overlaps?: string;
  readonly proof: readonly string[];
  /** Why a disagreement of the tree's documentation with this entry is right, where there is one. */
  readonly disagreement?: string;
}

/** Taking or leaving a lock. */
export interface LockEffect extends LockSpec {
  /** `trylock`-like: acquired only where `when` holds over `result`. */
  readonly when?: ConditionText;
}

/** What becomes of an object. `now`: memory is gone on return; `rcu`: after a grace period; `deferred`: work or timer. */
export interface FreeEffect {
  /** Path of the pointer to the object, e.g. `p`. */
  readonly object: PathText;
  readonly how: 'now' | 'rcu' | 'deferred';
  readonly when?: ConditionText;
}

/** A counted reference taken or dropped. `unless-dead`: a get that fails on zero (lockref_get_not_dead, refcount_inc_not_zero). */
export interface ReferenceEffect {
  readonly object: PathText;
  readonly action: 'get' | 'get-unless-dead' | 'put';
  /** What kind of reference: `dentry`, `inode`, `mount`, `refcount`, `kref`. */
  readonly kind: string;
  readonly when?: ConditionText;
}

/** A function handed over to be run later, or right away, in a context of its own. */
export interface CallbackEffect {
  /** Position of the function pointer among the parameters. */
  readonly param: number;
  /**
   * `now`: called before the helper returns, in the caller's context. Others are entry contexts of their own: `rcu`
   * (softirq, after a grace period), `work` (process), `timer` (softirq), `irq`, `kthread` (process).
   */
  readonly context: 'now' | 'rcu' | 'work' | 'timer' | 'irq' | 'kthread';
  /** What it is, where that is not what its context is named after: a record printed on read(2). */
  readonly entry?: 'attribute';
  /** `struct::slot` of the method as which it is called later, with what the model says of that. */
  readonly method?: string;
  /** Names for the callback's own parameters, which `held` uses. */
  readonly params?: readonly string[];
  /** Locks that the helper holds around the call, besides those of its caller. */
  readonly held?: readonly LockSpec[];
}

/** A function or macro of the kernel whose effect the model states. Where it exists it wins over inference. */
export interface HelperEntry {
  readonly name: string;
  readonly versions?: Versions;
  /** Names for the parameters, by position. */
  readonly params: readonly string[];
  /** Constants that stand for arguments which a call of a variadic macro leaves out: `{ gfp: 'GFP_KERNEL' }`. */
  readonly defaults?: Readonly<Record<string, string>>;
  /** May it sleep: yes, no, or under a condition over its parameters (`gfp & __GFP_DIRECT_RECLAIM`). */
  readonly sleeps: boolean | ConditionText;
  /** In interrupts and with bottom halves off it puts off what it would sleep for. */
  readonly putsOffInInterrupt?: true;
  /** It leaves something to a task that runs later and may sleep. */
  readonly queues?: true;
  /** Locks needed on entry. */
  readonly requires?: readonly LockSpec[];
  /** Locks that must not be held (it takes them itself, or deadlocks). */
  readonly mustNotHold?: readonly LockSpec[];
  /** Those are taken only where a count reaches zero. */
  readonly onLast?: boolean;
  readonly acquires?: readonly LockEffect[];
  /** The same lock in `releases` and `acquires`: dropped and retaken inside; where it sleeps, it sleeps without it. */
  readonly releases?: readonly LockEffect[];
  readonly frees?: readonly FreeEffect[];
  readonly references?: readonly ReferenceEffect[];
  readonly callbacks?: readonly CallbackEffect[];
  /**
   * What it gives back, as a path over its parameters (`dentry->d_inode`), or one of: `fresh` (a new object),
   * `const:N` (always that number), `negative-error` (0 or a negative errno), `zero-or:N` (0 or that number), `error-pointer`, `unknown` (default).
   */
  readonly returns?: string;
  /** What it answers: it gives true where this holds, false where it does not. One test, no conjunction. */
  readonly tells?: ConditionText;
  /**
   * It says in what state the processor is: what it gives where one may sleep, as far as it knows. `seesLocks`: no lock that forbids
   * sleeping is held then either, and not only no interrupt is served. What it `returns` is a global of its own name.
   */
  readonly asksWhere?: { readonly maySleep: 'zero' | 'nonzero'; readonly seesLocks: boolean };
  /** Who takes the lock waits for nobody: others are shut out already. */
  readonly waitsForNobody?: true;
  /** It waits for nothing: for what is not in memory it gives NULL or an error, where others would fetch it. */
  readonly cachedOnly?: true;
  /** What it gives is kept by the RCU read side that it is called in, and by nothing else. */
  readonly underRcu?: boolean;
  /** What memory holds afterwards, while the locks are held: the parent of a dentry that was looked up. */
  readonly links?: readonly { readonly place: PathText; readonly value: PathText }[];
  /** Dentries that have another parent afterwards, and hold the old one no longer. */
  readonly moves?: readonly PathText[];
  readonly noReturn?: boolean;
  /** What it gives is nobody else's while it is new (I_NEW), as it is where it was made and not found. */
  readonly unpublished?: true;
  /** It touches user memory: a page fault in there locks the address space, shared, for a moment. */
  readonly faults?: true;
  /** What holds when it returns, whatever was seen before: the condition that is waited for. */
  readonly ensures?: ConditionText;
  /**
   * What it does to the names of a directory; `unhashes`: it takes a dentry out of the hash and leaves the rest to others; `unpins`: it
   * lets go of what keeps one in the cache.
   */
  readonly names?: 'finds' | 'adds' | 'removes' | 'moves' | 'unhashes' | 'unpins';
  /** A reader of directories: whether it holds a reference to each child while it shows it, taken under the child's d_lock. */
  readonly shows?: 'held' | 'unheld';
  /** It waits for a grace period before returning (`synchronize_rcu`). `rcu_barrier` does not. */
  readonly gracePeriod?: boolean;
  /**
   * Dentries that it takes for entries of the directory that its caller has locked: who found one before the directory was locked
   * has to find it again, or to test that it is still there.
   */
  readonly trusts?: readonly PathText[];
  /** Pointers that it follows, for rules that ask who looks at an object. */
  readonly looksAt?: readonly PathText[];
  /** It asserts that these are held. Where the lock is a parameter of any kind (`lockdep_assert_held(l)`), `kind` means nothing. */
  readonly asserts?: readonly LockSpec[];
  /** One sentence for the hover. */
  readonly summary: string;
  readonly proof: readonly string[];
  readonly disagreement?: string;
}

/** A preprocessor constant that conditions name; the tree's own definition wins where its header is at hand. */
export interface ConstantEntry {
  readonly name: string;
  readonly value: number;
  readonly versions?: Versions;
  readonly proof: readonly string[];
}

/** Structure fields whose lock kind and display class the model pins down (types tell most of them). */
export interface LockClassEntry {
  readonly versions?: Versions;
  /** `inode::i_rwsem` */
  readonly class: string;
  readonly kind: LockKind;
  /** May two instances be held at once on purpose (nesting subclasses): `inode::i_rwsem`, `dentry::d_lock`. */
  readonly nests: boolean;
  readonly summary: string;
  readonly proof: readonly string[];
}

/** A scope class (`guard(mutex)(&x)`, `scoped_guard(rcu)`, `CLASS(fd, f)(fd)`): what its beginning and end amount to. */
export interface GuardEntry {
  /** The class as it is written: `spinlock_irqsave`, `mutex_intr`. */
  readonly name: string;
  readonly versions?: Versions;
  /** A helper of the model that gets the guard's arguments at the beginning. */
  readonly acquire: string;
  /** A helper of the model that gets the same argument at the end; the value itself for `kind: 'value'`. */
  readonly release: string;
  /** `lock`: a lock is held in the scope. `value`: the class makes a value (`CLASS(fd, f)(n)`) and disposes of it. */
  readonly kind: 'lock' | 'value';
  /** A `_try`/`_intr`/`_kill` form: taken only where `acquire` succeeded; `scoped_guard` skips its body otherwise. */
  readonly conditional: boolean;
  readonly proof: readonly string[];
}

/** The helper that `__free(name)` runs at the end of scope, unless the pointer is NULL (or, with `skipsErrors`, an error). */
export interface FreeClassEntry {
  readonly name: string;
  readonly versions?: Versions;
  readonly helper: string;
  readonly skipsErrors: boolean;
  readonly proof: readonly string[];
}

/** A state in the life of an object. */
export interface LifeState {
  /** A short name, one word or with hyphens: `in-lookup`. */
  readonly name: string;
  readonly versions?: Versions;
  /** What holds of an object in this state. */
  readonly summary: string;
  /** RCU-walk does not find it. */
  readonly hidden?: boolean;
  readonly proof: readonly string[];
}

/** A step from one state to another; no `from`: the object is made, no `to`: its memory is gone. */
export interface LifeStep {
  readonly from?: string;
  readonly to?: string;
  readonly versions?: Versions;
  /** The function or event that makes the step. */
  readonly by: string;
  readonly proof: readonly string[];
}

/** A field of an object that others change: what keeps it as it is, and how it is read without that. */
export interface LifeField {
  readonly name: string;
  /** Each of these alone keeps it from changing. */
  readonly stable: readonly string[];
  /** What is easily taken to keep it, and does not. */
  readonly unstable?: readonly string[];
  /** Ways to read it otherwise. */
  readonly reads?: readonly string[];
  readonly proof: readonly string[];
}

/** A method that runs on an object, and in which of its states. */
export interface LifeMethod {
  readonly struct: string;
  readonly method: string;
  readonly in: readonly string[];
  /** States in which RCU-walk, which found the object before, may still run it: without a lock or a reference. */
  readonly beside?: readonly string[];
  /** It is called when a grace period is over that began after nobody could find the object any more. */
  readonly afterGrace?: boolean;
  readonly proof: readonly string[];
}

/** The life of a kind of object. */
export interface LifeCycle {
  /** The structure, without `struct`: `dentry`. */
  readonly object: string;
  readonly states: readonly LifeState[];
  readonly steps: readonly LifeStep[];
  readonly methods: readonly LifeMethod[];
  readonly fields: readonly LifeField[];
}

/** A lock in the lock order: a lock class, and which of several instances of it. */
export interface OrderedLock {
  /** As in `LockClassEntry`, or a lock that the model has no class of: `inode::i_rwsem`, `mm page table lock`. */
  readonly class: string;
  /** Tells instances of one class apart: `parent`, `second parent`. */
  readonly role?: string;
}

/** A member of a VFS object that is a pointer and never NULL. */
export interface NeverNull {
  /** The structure, without `struct`. */
  readonly struct: string;
  readonly field: string;
  readonly proof: readonly string[];
}

/** A function or a macro that only reads what it is handed. */
export interface Reader {
  readonly name: string;
  readonly proof: readonly string[];
}

/** A field that is written only under a lock. */
export interface FieldGuard {
  /** The structure, without `struct`. */
  readonly struct: string;
  readonly field: string;
  /** The class of the lock. */
  readonly class: string;
  /** The lock's own field. */
  readonly lock: string;
  /** Whose lock it is: the object's itself, or another one's of the same kind or not, such as its parent. */
  readonly of: 'itself' | 'another';
  readonly versions?: Versions;
  readonly summary: string;
  readonly proof: readonly string[];
}

/** Two locks of which one is taken inside the other. */
export interface LockOrderEntry {
  readonly outer: OrderedLock;
  readonly inner: OrderedLock;
  readonly versions?: Versions;
  /** The inner lock may only be tried: the order is against the rule otherwise. */
  readonly tried?: true;
  /** Where this happens, in one sentence. */
  readonly summary: string;
  readonly proof: readonly string[];
}

/** The whole model, before a version is chosen. */
export interface ModelData {
  readonly methods: readonly MethodEntry[];
  readonly helpers: readonly HelperEntry[];
  readonly constants: readonly ConstantEntry[];
  readonly lockClasses: readonly LockClassEntry[];
  readonly guards: readonly GuardEntry[];
  readonly freeClasses: readonly FreeClassEntry[];
  readonly lifeCycles: readonly LifeCycle[];
  readonly lockOrder: readonly LockOrderEntry[];
  readonly neverNull: readonly NeverNull[];
  readonly readers: readonly Reader[];
  readonly fieldGuards: readonly FieldGuard[];
}

/** A parsed path over parameters. */
export interface Path {
  /** Parameter position, -1 for `result`, or a global's name. */
  readonly root: number | string;
  /** Fields to follow, outermost last: `dentry->d_inode->i_rwsem` has two. */
  readonly fields: readonly string[];
}

/** A parsed atom of a condition. */
export type Atom =
  /** (value & mask) != 0 when `set`, == 0 otherwise; `mask` null: the value itself (truth, non-NULL). */
  | { readonly kind: 'bits'; readonly value: Path; readonly mask: number | null; readonly set: boolean }
  /** value == number when `equal`, != otherwise; (value & mask) where there is a mask. */
  | {
      readonly kind: 'equals';
      readonly value: Path;
      readonly mask: number | null;
      readonly number: number;
      readonly equal: boolean;
    }
  /** value < 0 when `negative`, >= 0 otherwise. */
  | { readonly kind: 'negative'; readonly value: Path; readonly negative: boolean }
  /** IS_ERR(value) when `error`. */
  | { readonly kind: 'error'; readonly value: Path; readonly error: boolean }
  /** Two paths are the same value when `equal`: `old_dir != new_dir`. */
  | { readonly kind: 'same'; readonly value: Path; readonly other: Path; readonly equal: boolean };

/** A conjunction of atoms; empty: always. */
export type Condition = readonly Atom[];

/** The model for one kernel version, indexed. */
export interface Model {
  readonly version: string;
  /** Key `struct::slot`. */
  readonly methods: ReadonlyMap<string, MethodEntry>;
  readonly helpers: ReadonlyMap<string, HelperEntry>;
  readonly constants: ReadonlyMap<string, number>;
  readonly lockClasses: ReadonlyMap<string, LockClassEntry>;
  readonly guards: ReadonlyMap<string, GuardEntry>;
  readonly freeClasses: ReadonlyMap<string, FreeClassEntry>;
  /** The pairs of locks that are ordered in this version. */
  readonly lockOrder: readonly LockOrderEntry[];
  readonly lifeCycles: readonly LifeCycle[];
  readonly neverNull: readonly NeverNull[];
  /** Names of what only reads what it is handed. */
  readonly readers: ReadonlySet<string>;
  readonly fieldGuards: readonly FieldGuard[];
  /** What the builder had to say: an unknown version that was clamped to the nearest, a condition that does not parse. */
  readonly problems: readonly string[];
  /** Parses (and caches) a condition of an entry with these parameter names. Problems come back as an empty `null`. */
  condition(text: ConditionText, params: readonly string[]): Condition | null;
  /** Parses (and caches) a path of an entry with these parameter names. */
  path(text: PathText, params: readonly string[]): Path | null;
}
