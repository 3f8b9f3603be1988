"use strict";

// Indexes of documents. The server itself scans all documents of a container for every query.

const { Documents } = require("./server_internals");

// Each value of these properties belongs to a few documents, so it is worth finding them by it. Cosmos DB always indexes
// the id.
const ALWAYS_INDEXED = "id";
const INDEXED = [ALWAYS_INDEXED, "reference_id"];

const listIndexed = (data) => INDEXED.filter((name) => data[name] !== undefined);

/** Makes the server index its documents by partition and by the indexed properties. */
function indexDocuments() {
  const { _set: set, delete: remove } = Documents.prototype;
  Documents.prototype._set = function (data) {
    this._partitions ??= new Map();
    this._lookups ??= Object.fromEntries(INDEXED.map((name) => [name, new Map()]));
    const partition = this._getPartition(data);
    if (!this._partitions.has(partition)) this._partitions.set(partition, new Map());
    this._partitions.get(partition).set(data._rid, data);
    for (const name of listIndexed(data)) {
      const found = this._lookups[name].get(data[name]);
      if (found) found.push(data);
      else this._lookups[name].set(data[name], [data]);
    }
    return set.call(this, data);
  };
  Documents.prototype.delete = function (idOrRid, partition) {
    const data = this._item("/id", idOrRid, partition).read();
    if (data) {
      this._partitions.get(this._getPartition(data)).delete(data._rid);
      for (const name of listIndexed(data)) {
        const rest = this._lookups[name].get(data[name]).filter(({ _rid }) => _rid !== data._rid);
        if (rest.length) this._lookups[name].set(data[name], rest);
        else this._lookups[name].delete(data[name]);
      }
    }
    return remove.call(this, idOrRid, partition);
  };
}

/** Returns whether a property of a container's documents can be looked up. */
function isIndexed(container, name) {
  const { indexingMode, includedPaths = [] } = container.read().indexingPolicy ?? {};
  if (!INDEXED.includes(name) || indexingMode === "none") return false;
  return name === ALWAYS_INDEXED || includedPaths.some(({ path }) => path === `/${name}/?`);
}

/** Returns the documents whose property has one of these values. */
function lookUp({ documents }, name, values) {
  return [...new Set(values)].flatMap((value) => documents._lookups?.[name].get(value) ?? []);
}

/** Returns the documents of the partitions that the filter includes. */
function scan({ documents }, includes) {
  const partitions = [...(documents._partitions ?? [])].filter(([partition]) => includes(partition));
  return partitions.flatMap(([, found]) => [...found.values()]);
}

module.exports = { indexDocuments, isIndexed, lookUp, scan };
