"use strict";

// Transactions (transactional batches): all operations succeed, or none has an effect.

const { control } = require("./control");
const { findFault, TRANSACTION_BYTES, TRANSACTION_OPERATIONS } = require("./limits");
const { findContainer, json, operations, readPartition, PARTITION } = require("./server_internals");

const OPERATIONS = {
  Create: operations.createOperation,
  Upsert: operations.upsertOperation,
  Replace: operations.replaceOperation,
  Read: operations.readOperation,
  Delete: operations.deleteOperation,
};
const FAILED_DEPENDENCY = 424;

const idOf = (input) => input.id ?? input.resourceBody?.id;

function runOperation(container, input, partition, partitionKey, catchErrors) {
  const operation = OPERATIONS[input.operationType];
  if (!operation) return { statusCode: 400 };
  if (input.resourceBody) {
    const fault = findFault(input.resourceBody);
    if (fault) return { statusCode: fault };
    if (container.documents._getPartition(input.resourceBody) !== partition) return { statusCode: 400 };
  }
  return catchErrors(() => operation(container, { ...input, partitionKey, id: idOf(input) }));
}

/** Restores the documents as they were before the transaction. */
function rollBack(container, before, partition) {
  for (const [id, document] of before) {
    if (container.document(id, partition).read()) container.documents.delete(id, partition);
    if (document) container.documents._set(document);
  }
}

function toResult({ statusCode, body }) {
  return { statusCode, requestCharge: 1, eTag: body?._etag, resourceBody: statusCode < 300 ? body : undefined };
}

/** Returns Azure's results if operation number `failedIndex` failed: it has its own status, all others have 424. */
function makeFailure(count, failedIndex, status, more = {}) {
  return Array.from({ length: count }, (_, i) =>
    i === failedIndex
      ? { statusCode: status, requestCharge: 0, ...more }
      : { statusCode: FAILED_DEPENDENCY, requestCharge: 0 },
  );
}

/** Makes the handler. `catchErrors` converts the errors that the server throws into statuses. */
function makeHandler(catchErrors) {
  return async (account, req, res, params) => {
    const inputs = await json(req);
    const container = findContainer(account, params);
    const refuse = (status, message) => ((res.statusCode = status), { message });
    if (!container) return refuse(404, "The container does not exist.");
    if (inputs.length > TRANSACTION_OPERATIONS) return refuse(400, `At most ${TRANSACTION_OPERATIONS} operations.`);
    if (Number(req.headers["content-length"]) > TRANSACTION_BYTES) return refuse(413, "The transaction is too large.");
    const retryAfterMs = control.throttleTransaction();
    if (retryAfterMs) {
      res.statusCode = 207;
      return makeFailure(inputs.length, 0, 429, { retryAfterMilliseconds: retryAfterMs });
    }
    const partition = readPartition(req);
    const before = new Map(inputs.map((input) => [idOf(input), container.document(idOf(input), partition).read()]));
    const results = [];
    for (const input of inputs) {
      const done = runOperation(container, input, partition, req.headers[PARTITION], catchErrors);
      if (done.statusCode >= 400) {
        rollBack(container, before, partition);
        res.statusCode = 207;
        return makeFailure(inputs.length, results.length, done.statusCode);
      }
      results.push(toResult(done));
    }
    return results;
  };
}

module.exports = { makeHandler };
