"use strict";

// Azure's limits, as far as they can be met with: an item of 2 MB, 128 levels deep, with an id of 1,023 bytes.

const ITEM_BYTES = 2 * 1024 * 1024;
const BATCH_BYTES = 2 * 1024 * 1024;
const BATCH_OPERATIONS = 100;
const DEEPEST = 128;
const ID_BYTES = 1023;

function deeperThan(value, levels) {
  if (value === null || typeof value !== "object") return false;
  return levels === 0 || Object.values(value).some((part) => deeperThan(part, levels - 1));
}

/** Returns the status that an item is refused with, or nothing. */
function refuses(item) {
  if (!item || typeof item.id !== "string" || item.id === "") return 400;
  if (Buffer.byteLength(item.id) > ID_BYTES || deeperThan(item, DEEPEST)) return 400;
  if (Buffer.byteLength(JSON.stringify(item)) > ITEM_BYTES) return 413;
  return undefined;
}

module.exports = { refuses, BATCH_BYTES, BATCH_OPERATIONS };
