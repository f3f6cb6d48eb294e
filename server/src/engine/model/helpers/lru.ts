/**
 * Walks of an LRU list: the function that is called for each item holds the list's lock, and may drop it.
 */
import { exclusive, helper, since, until } from '../entry.js';
import type { CallbackEffect, HelperEntry, LockSpec, Versions } from '../types.js';

/** Before 7.2 the lock is handed over beside the list; later it is in the list. */
const ERAS: readonly {
  readonly versions: { readonly versions: Versions };
  readonly params: readonly string[];
  readonly lock: LockSpec;
}[] = [
  { versions: until('7.2'), params: ['item', 'list', 'lock', 'cb_arg'], lock: exclusive('lock', 'spin') },
  { versions: since('7.2'), params: ['item', 'list', 'cb_arg'], lock: exclusive('list->lock', 'spin') },
];

const IRQ = exclusive('@irq', 'irq');

/** One walk in both eras. `at`: the position of the function that is called. */
function walk(
  name: string,
  params: string,
  at: number,
  more: readonly LockSpec[],
  summary: string,
  proof: readonly [before: string, after: string],
): readonly HelperEntry[] {
  return ERAS.map((era, i) => {
    const held = [era.lock, ...more];
    const callbacks: readonly CallbackEffect[] = [{ param: at, context: 'now', params: era.params, held }];
    return helper(name, params, false, summary, proof[i] as string, { ...era.versions, callbacks });
  });
}

/** All of them. */
export const LRU_HELPERS: readonly HelperEntry[] = [
  ...walk(
    'list_lru_walk_one',
    'lru, nid, memcg, isolate, cb_arg, nr_to_walk',
    3,
    [],
    'Calls a function for the items of one node, under the lock of the list.',
    ['6.12:mm/list_lru.c:234 6.12:mm/list_lru.c:274', '7.2:mm/list_lru.c:363 7.2:mm/list_lru.c:396'],
  ),
  ...walk(
    'list_lru_walk_one_irq',
    'lru, nid, memcg, isolate, cb_arg, nr_to_walk',
    3,
    [IRQ],
    'Calls a function for the items of one node, under the lock of the list and with interrupts off.',
    ['6.12:mm/list_lru.c:234 6.12:mm/list_lru.c:290', '7.2:mm/list_lru.c:363 7.2:mm/list_lru.c:406'],
  ),
  ...walk(
    'list_lru_walk_node',
    'lru, nid, isolate, cb_arg, nr_to_walk',
    2,
    [],
    'Calls a function for the items of one node and of all control groups, under the lock of the list.',
    ['6.12:mm/list_lru.c:234 6.12:mm/list_lru.c:304', '7.2:mm/list_lru.c:363 7.2:mm/list_lru.c:414'],
  ),
];
