"use strict";

// The inside of @vercel/cosmosdb-server, as far as it is needed.

const path = require("path");

const lib = path.dirname(require.resolve("@vercel/cosmosdb-server"));
const inside = (name) => require(path.join(lib, name));

const operations = inside("handler/_document-operations");
const { default: readItems } = inside("handler/_read-items");
const { default: json } = inside("json");

const PARTITION = "x-ms-documentdb-partitionkey";

/** Puts a handler in the place of the library's. Only before the library itself is loaded. */
function replaceHandler(name, handler) {
  inside(`handler/${name}`).default = handler;
}

/** Returns the value of the partition key header, or nothing if the request names no partition. */
function partitionOf(req) {
  const header = req.headers[PARTITION];
  if (!header) return undefined;
  const [value] = JSON.parse(header);
  return typeof value === "object" ? undefined : value;
}

/** Returns the container's documents, or nothing if there is no such container. */
function collectionOf(account, { dbId, collId }) {
  const collection = account.database(dbId).collection(collId);
  return collection.read() ? collection : undefined;
}

module.exports = { operations, readItems, json, replaceHandler, partitionOf, collectionOf, PARTITION };
