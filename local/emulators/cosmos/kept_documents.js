"use strict";

// Documents that are kept on disk. The containers are created at each start, from the topology. Each then gets the documents
// back that it had, with their ETags and times.

const { ChangeRecorder } = require("../journal");
const { Documents, findContainer, replaceHandler, requireHandler } = require("./server_internals");

// Where the number of a document is in its resource id.
const NUMBER_AT = 8;

/** Returns the document without what the server computes from its place in memory. */
function strip(document) {
  if (!document) return undefined;
  const { _rid, _self, ...kept } = document;
  return kept;
}

/** Makes the server note each change of a document of a kept container. */
function noteChanges(recorder) {
  const { _set: set, delete: remove } = Documents.prototype;
  const note = (documents, id, partition) => {
    const key = JSON.stringify([partition, id]);
    recorder.note(documents._keptAs, key, () => strip(documents._item("/id", id, partition).read()));
  };
  Documents.prototype._set = function (data) {
    if (this._keptAs) note(this, data.id, this._getPartition(data));
    return set.call(this, data);
  };
  Documents.prototype.delete = function (idOrRid, partition) {
    const data = this._item("/id", idOrRid, partition).read();
    if (this._keptAs && data) note(this, data.id, partition);
    return remove.call(this, idOrRid, partition);
  };
}

/** Returns a function that makes the resource id for a number, as the server does, but much faster. */
function makeRids(documents) {
  const bytes = Buffer.from(documents._rid(1), "base64");
  return (number) => {
    bytes.writeInt32LE(number, NUMBER_AT);
    return bytes.toString("base64");
  };
}

/** Puts the kept documents into a container that was just created. */
function fill({ documents }, name, entries) {
  const makeRid = makeRids(documents);
  for (const document of entries.values()) {
    document._rid = makeRid((documents._ridCount += 1));
    document._self = documents._self(document._rid);
    documents._set(document);
  }
  documents._keptAs = name;
}

/** Makes the server keep its documents in the journal. */
function install(journal) {
  noteChanges(new ChangeRecorder(journal));
  const create = requireHandler("create-collection");
  replaceHandler("create-collection", async (account, req, res, params) => {
    const created = await create(account, req, res, params);
    if (res.statusCode === 201) {
      const name = `${params.dbId}/${created.id}`;
      fill(findContainer(account, { dbId: params.dbId, collId: created.id }), name, journal.take(name));
    }
    return created;
  });
}

module.exports = { install };
