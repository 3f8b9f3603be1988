"use strict";

// The internals of @vercel/cosmosdb-server that the changes need.

const path = require("path");

const root = path.dirname(require.resolve("@vercel/cosmosdb-server"));
const requireInternal = (name) => require(path.join(root, name));

const operations = requireInternal("handler/_document-operations");
const { default: readItems } = requireInternal("handler/_read-items");
const { default: json } = requireInternal("json");
const { default: parseQuery } = require("@zeit/cosmosdb-query");
const { default: Documents } = requireInternal("account/documents");

const PARTITION = "x-ms-documentdb-partitionkey";

/** Returns the server's own handler. */
function requireHandler(name) {
  return requireInternal(`handler/${name}`).default;
}

/** Replaces a handler of the server. Has an effect only before the server itself is loaded. */
function replaceHandler(name, handler) {
  requireInternal(`handler/${name}`).default = handler;
}

/** Returns the value of the partition key header, or undefined if the request names no partition. */
function readPartition(req) {
  const header = req.headers[PARTITION];
  if (!header) return undefined;
  const [value] = JSON.parse(header);
  return typeof value === "object" ? undefined : value;
}

/** Returns a container, or undefined if it does not exist. */
function findContainer(account, { dbId, collId }) {
  const container = account.database(dbId).collection(collId);
  return container.read() ? container : undefined;
}

module.exports = {
  ...{ operations, readItems, json, parseQuery, Documents, PARTITION },
  ...{ requireHandler, replaceHandler, readPartition, findContainer },
};
