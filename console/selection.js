// @ts-check

/** Return the set with the item, or without it if it had it. @template T @param {Set<T>} set @param {T} item */
export function toggleItem(set, item) {
  const next = new Set(set);
  if (!next.delete(item)) next.add(item);
  return next;
}
