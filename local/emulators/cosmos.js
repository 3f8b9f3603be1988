"use strict";

// Cosmos DB: @vercel/cosmosdb-server, changed so that it behaves like Azure where the app depends on it.
//
//   node cosmos.js --port N --cert FILE --key FILE [--data FOLDER]      (0: any free port; PEM files)
//
// It keeps everything in memory, or with --data in the folder (cosmos/kept_documents.js).
//
// The changes are in cosmos/. Point reads and writes return 404, 409 and 412 where Azure does (documents.js). A
// transaction accepts every kind of operation and ETags per operation, and is atomic (transaction.js). A query is
// limited to the partition or the physical partition in its header, uses indexes, and has pages (query.js, indexes.js,
// partitions.js). Items and transactions have Azure's limits (limits.js). The account's address is the one that the client
// used (account.js). Tests can have requests throttled or failed, and counted, and partitions split (control.js).
//
// Not emulated: request units (each request costs 1), query plans (a query that sorts or counts over all partitions is
// answered at once), change feed, time to live, consistency levels other than strong, and stored procedures.

const fs = require("fs");
const path = require("path");
const { parseArguments, reportReady, reportPortInUse, onExit, log } = require("./emulator_process");
const { openJournal, endAfterSync } = require("./journal");

const { port, cert, key, data } = parseArguments();

// The server's routes keep the handlers that exist when it is first loaded, so they are replaced before that.
require("./cosmos/account").install();
require("./cosmos/documents").install();
require("./cosmos/partitions").install();
const journal = data && openJournal(path.join(data, "cosmos.journal"));
if (journal) require("./cosmos/kept_documents").install(journal);
const { createHttpsServer } = require("@vercel/cosmosdb-server");
const { withControl } = require("./cosmos/control");

function listen() {
  const server = createHttpsServer({ cert: fs.readFileSync(cert), key: fs.readFileSync(key), keepAlive: true });
  const [serve] = server.listeners("request");
  server.removeAllListeners("request");
  if (journal) server.on("request", (_, res) => (res.end = endAfterSync(res, journal)));
  server.on("request", withControl(serve));
  server.once("error", (error) => {
    if (error.code === "EADDRINUSE") return reportPortInUse(port);
    log("the Cosmos DB emulator did not start:", error.message);
    process.exit(1);
  });
  server.listen(Number(port), "127.0.0.1", () => {
    onExit(() => server.closeAllConnections());
    reportReady({ port: server.address().port });
  });
}

// Otherwise the journal cannot be read, and the process exits.
if (journal || !data) listen();
