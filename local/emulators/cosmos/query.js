"use strict";

// Queries. The library looks at all documents of a container, whatever the partition: keep them by partition, too.

const { collectionOf, json, partitionOf, readItems } = require("./library");
const path = require("path");

const Documents = require(path.join(path.dirname(require.resolve("@vercel/cosmosdb-server")), "account/documents")).default;

/** Makes the library keep an index of the documents by the value of their partition key. */
function indexPartitions() {
  const { _set: set, delete: remove } = Documents.prototype;
  Documents.prototype._set = function (data) {
    this._partitions ??= new Map();
    const partition = this._getPartition(data);
    if (!this._partitions.has(partition)) this._partitions.set(partition, new Map());
    this._partitions.get(partition).set(data._rid, data);
    return set.call(this, data);
  };
  Documents.prototype.delete = function (idOrRid, partition) {
    const data = this._item("/id", idOrRid, partition).read();
    if (data) this._partitions.get(this._getPartition(data)).delete(data._rid);
    return remove.call(this, idOrRid, partition);
  };
}

function* documents(collection, partition) {
  const partitions = collection.documents._partitions ?? new Map();
  const chosen = partition === undefined ? partitions.values() : [partitions.get(partition) ?? new Map()];
  for (const items of chosen) yield* items.values();
}

/** Answers a query over the partition that the header names, or over all. */
async function query(account, req, res, params) {
  const body = await json(req);
  const collection = collectionOf(account, params);
  return readItems(req, res, "Documents", ({ continuation, maxItemCount }) => {
    if (!collection) return null;
    const options = { parameters: body.parameters, maxItemCount, continuation, compositeIndexes: [] };
    try {
      return collection.documents._getQuery(body.query).exec([...documents(collection, partitionOf(req))], options);
    } catch (error) {
      res.statusCode = 400;
      return { code: "BadRequest", message: error.message };
    }
  });
}

module.exports = { query, indexPartitions };
