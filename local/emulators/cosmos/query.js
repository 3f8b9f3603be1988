"use strict";

// Queries. The server scans all documents of a container for every query. An index by partition makes this faster.

const { Documents, findContainer, json, readItems, readPartition } = require("./server_internals");

/** Makes the server index its documents by the value of their partition key. */
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

function* listDocuments(container, partition) {
  const partitions = container.documents._partitions ?? new Map();
  const chosen = partition === undefined ? partitions.values() : [partitions.get(partition) ?? new Map()];
  for (const items of chosen) yield* items.values();
}

/** Runs a query on the partition that the header names, or on all partitions. */
async function query(account, req, res, params) {
  const body = await json(req);
  const container = findContainer(account, params);
  return readItems(req, res, "Documents", ({ continuation, maxItemCount }) => {
    if (!container) return null;
    const options = { parameters: body.parameters, maxItemCount, continuation, compositeIndexes: [] };
    try {
      const documents = [...listDocuments(container, readPartition(req))];
      return container.documents._getQuery(body.query).exec(documents, options);
    } catch (error) {
      res.statusCode = 400;
      return { code: "BadRequest", message: error.message };
    }
  });
}

module.exports = { query, indexPartitions };
