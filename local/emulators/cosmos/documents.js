"use strict";

// Reading and writing single documents.

const { batch } = require("./batch");
const { refuses } = require("./limits");
const { collectionOf, json, operations, partitionOf, replaceHandler, PARTITION } = require("./library");
const { query, indexPartitions } = require("./query");

function answer(res, { statusCode, body }) {
  res.statusCode = statusCode;
  return body || {};
}

function fail(res, statusCode, message = "") {
  return answer(res, { statusCode, body: { code: String(statusCode), message } });
}

/** Runs an operation on a container; what the library throws for a broken unique key is a conflict. */
function guarded(action) {
  try {
    return action();
  } catch (error) {
    if (error.conflict) return { statusCode: 409, body: { code: "Conflict", message: error.message } };
    if (error.badRequest) return { statusCode: 400, body: { code: "BadRequest", message: error.message } };
    throw error;
  }
}

/** Wraps a write: the item keeps the limits and lies in the partition that the header names. */
function writing(operation) {
  return async (account, req, res, params) => {
    const item = await json(req);
    const collection = collectionOf(account, params);
    if (!collection) return fail(res, 404, "no such container");
    const refused = refuses(item);
    if (refused) return fail(res, refused, "the item is beyond a limit");
    const partition = partitionOf(req);
    if (partition !== undefined && collection.documents._getPartition(item) !== partition) {
      return fail(res, 400, "the partition key of the item is not that of the header");
    }
    const input = { partitionKey: req.headers[PARTITION], ifMatch: req.headers["if-match"], resourceBody: item };
    return answer(res, guarded(() => operation(collection, input)));
  };
}

async function read(account, req, res, params) {
  const collection = collectionOf(account, params);
  if (!collection) return fail(res, 404, "no such container");
  return answer(res, operations.readOperation(collection, { partitionKey: req.headers[PARTITION], id: params.docId }));
}

/** Puts these handlers, and those of batches and queries, in the place of the library's. */
function install() {
  indexPartitions();
  replaceHandler("read-document", read);
  replaceHandler("create-document", writing(operations.createOperation));
  replaceHandler("upsert-document", writing(operations.upsertOperation));
  replaceHandler("replace-document", writing(operations.replaceOperation));
  replaceHandler("batch-documents", batch(guarded));
  replaceHandler("query-documents", query);
}

module.exports = { install };
