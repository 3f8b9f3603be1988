"use strict";

// Azure's limits: an item has at most 2 MB, 128 levels of nesting, and an id of 1,023 bytes.

const ITEM_BYTES = 2 * 1024 * 1024;
const TRANSACTION_BYTES = 2 * 1024 * 1024;
const TRANSACTION_OPERATIONS = 100;
const MAX_LEVELS = 128;
const ID_BYTES = 1023;

function isDeeperThan(value, levels) {
  if (value === null || typeof value !== "object") return false;
  return levels === 0 || Object.values(value).some((child) => isDeeperThan(child, levels - 1));
}

/** Returns the status with which an item is refused, or undefined if it respects the limits. */
function findFault(item) {
  if (!item || typeof item.id !== "string" || item.id === "") return 400;
  if (Buffer.byteLength(item.id) > ID_BYTES || isDeeperThan(item, MAX_LEVELS)) return 400;
  if (Buffer.byteLength(JSON.stringify(item)) > ITEM_BYTES) return 413;
  return undefined;
}

module.exports = { findFault, TRANSACTION_BYTES, TRANSACTION_OPERATIONS };
