"use strict";

// Point reads and writes of documents.

const { indexDocuments } = require("./indexes");
const { findFault } = require("./limits");
const { query } = require("./query");
const { findContainer, json, operations, readPartition, replaceHandler, PARTITION } = require("./server_internals");
const { makeHandler } = require("./transaction");

function respond(res, { statusCode, body }) {
  res.statusCode = statusCode;
  return body || {};
}

function refuse(res, statusCode, message) {
  return respond(res, { statusCode, body: { code: String(statusCode), message } });
}

/** Runs an operation on a container. The error that the server throws for a duplicate unique key becomes a 409. */
function catchErrors(action) {
  try {
    return action();
  } catch (error) {
    if (error.conflict) return { statusCode: 409, body: { code: "Conflict", message: error.message } };
    if (error.badRequest) return { statusCode: 400, body: { code: "BadRequest", message: error.message } };
    throw error;
  }
}

/** Makes the handler of a write. The item must respect the limits and belong to the partition in the header. */
function makeWriteHandler(operation) {
  return async (account, req, res, params) => {
    const item = await json(req);
    const container = findContainer(account, params);
    if (!container) return refuse(res, 404, "The container does not exist.");
    const fault = findFault(item);
    if (fault) return refuse(res, fault, "The item exceeds a limit.");
    const partition = readPartition(req);
    if (partition !== undefined && container.documents._getPartition(item) !== partition) {
      return refuse(res, 400, "The item's partition key is not the one in the header.");
    }
    const input = { partitionKey: req.headers[PARTITION], ifMatch: req.headers["if-match"], resourceBody: item };
    return respond(res, catchErrors(() => operation(container, input)));
  };
}

async function read(account, req, res, params) {
  const container = findContainer(account, params);
  if (!container) return refuse(res, 404, "The container does not exist.");
  return respond(res, operations.readOperation(container, { partitionKey: req.headers[PARTITION], id: params.docId }));
}

/** Replaces the server's handlers of documents, transactions and queries. */
function install() {
  indexDocuments();
  replaceHandler("read-document", read);
  replaceHandler("create-document", makeWriteHandler(operations.createOperation));
  replaceHandler("upsert-document", makeWriteHandler(operations.upsertOperation));
  replaceHandler("replace-document", makeWriteHandler(operations.replaceOperation));
  replaceHandler("batch-documents", makeHandler(catchErrors));
  replaceHandler("query-documents", query);
}

module.exports = { install };
