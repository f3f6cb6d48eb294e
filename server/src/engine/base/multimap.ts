/**
 * Maps from a key to several values.
 */

/** Puts one more value under a key, behind those that are there. */
export function push<K, V>(map: Map<K, V[]>, key: K, value: V): void {
  const list = map.get(key);
  if (list === undefined) map.set(key, [value]);
  else list.push(value);
}
