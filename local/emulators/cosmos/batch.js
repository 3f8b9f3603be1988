"use strict";

// Transactional batches: all of it or nothing.

const { control } = require("./control");
const { refuses, BATCH_BYTES, BATCH_OPERATIONS } = require("./limits");
const { collectionOf, json, operations, partitionOf, PARTITION } = require("./library");

const OPERATIONS = {
  Create: operations.createOperation,
  Upsert: operations.upsertOperation,
  Replace: operations.replaceOperation,
  Read: operations.readOperation,
  Delete: operations.deleteOperation,
};
const FAILED_DEPENDENCY = 424;

const idOf = (input) => input.id ?? input.resourceBody?.id;

function run(collection, input, partition, partitionKey, guarded) {
  const operation = OPERATIONS[input.operationType];
  if (!operation) return { statusCode: 400 };
  if (input.resourceBody) {
    const refused = refuses(input.resourceBody);
    if (refused) return { statusCode: refused };
    if (collection.documents._getPartition(input.resourceBody) !== partition) return { statusCode: 400 };
  }
  return guarded(() => operation(collection, { ...input, partitionKey, id: idOf(input) }));
}

/** Puts the documents back as they were before the batch. */
function undo(collection, before, partition) {
  for (const [id, document] of before) {
    if (collection.document(id, partition).read()) collection.documents.delete(id, partition);
    if (document) collection.documents._set(document);
  }
}

function result({ statusCode, body }) {
  return { statusCode, requestCharge: 1, eTag: body?._etag, resourceBody: statusCode < 300 ? body : undefined };
}

/** Answers as Azure does for a batch whose operation `culprit` failed: it has its own status, all others 424. */
function failed(count, culprit, status, more = {}) {
  return Array.from({ length: count }, (_, i) =>
    i === culprit ? { statusCode: status, requestCharge: 0, ...more } : { statusCode: FAILED_DEPENDENCY, requestCharge: 0 },
  );
}

/** Makes the handler; `guarded` turns what the library throws into a status. */
function batch(guarded) {
  return async (account, req, res, params) => {
    const inputs = await json(req);
    const collection = collectionOf(account, params);
    const refuse = (status, message) => ((res.statusCode = status), { message });
    if (!collection) return refuse(404, "no such container");
    if (inputs.length > BATCH_OPERATIONS) return refuse(400, `more than ${BATCH_OPERATIONS} operations`);
    if (Number(req.headers["content-length"]) > BATCH_BYTES) return refuse(413, "the batch is too large");
    const throttled = control.throttlesBatch();
    if (throttled) {
      res.statusCode = 207;
      return failed(inputs.length, 0, 429, { retryAfterMilliseconds: throttled });
    }
    const partition = partitionOf(req);
    const before = new Map(inputs.map((input) => [idOf(input), collection.document(idOf(input), partition).read()]));
    const results = [];
    for (const input of inputs) {
      const done = run(collection, input, partition, req.headers[PARTITION], guarded);
      if (done.statusCode >= 400) {
        undo(collection, before, partition);
        res.statusCode = 207;
        return failed(inputs.length, results.length, done.statusCode);
      }
      results.push(result(done));
    }
    return results;
  };
}

module.exports = { batch };
