"use strict";

// Cosmos DB: @vercel/cosmosdb-server, made to behave as Azure does where the app needs it.
//
//   node cosmos.js --port N --cert FILE --key FILE      (0: any free port; PEM files)
//
// What is mended, in cosmos/: point reads and writes answer 404, 409 and 412 where Azure does (documents.js); a
// transactional batch takes every kind of operation, per-operation ETags, and is all or nothing (batch.js); a query is
// of the partition that its header names (query.js); the limits of an item and a batch (limits.js); the address that it
// announces is the one it was asked by (account.js). On demand, requests are throttled or fail, and are counted
// (control.js).
//
// What it leaves out: request units (each request says 1), indexing, the 4 MB page of an answer, change feed, time to
// live, other consistency than strong, and stored procedures.

const fs = require("fs");
const { args, ready, portTaken, onEnd, log } = require("./lifeline");

// The library's routes hold the handlers from the moment that they are first loaded: replace them before.
require("./cosmos/account").install();
require("./cosmos/documents").install();
const { createHttpsServer } = require("@vercel/cosmosdb-server");
const { controlled } = require("./cosmos/control");

const given = args();
const port = Number(given.port);
const options = { cert: fs.readFileSync(given.cert), key: fs.readFileSync(given.key), keepAlive: true };
const server = createHttpsServer(options);
const [serve] = server.listeners("request");
server.removeAllListeners("request");
server.on("request", controlled(serve));
server.once("error", (error) => {
  if (error.code === "EADDRINUSE") return portTaken(port);
  log("cosmos did not start:", error.message);
  process.exit(1);
});
server.listen(port, "127.0.0.1", () => {
  onEnd(() => server.closeAllConnections());
  ready({ port: server.address().port });
});
