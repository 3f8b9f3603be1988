"use strict";

// Azurite: blobs, queues, and tables, which are not used.
//
//   node azurite.js --blob-port N --queue-port M [--data FOLDER]      (0: any free port)
//
// It keeps everything in memory, or with --data in the folder (azurite/kept_metadata.js).
//
// `--skipApiVersionCheck`, because Azurite is older than the SDK. No access log, because queries contain signatures.

const http = require("http");
const net = require("net");
const path = require("path");
const { install } = require("./azurite/kept_metadata");
const { parseArguments, reportReady, reportPortInUse } = require("./emulator_process");
const { openJournal } = require("./journal");

const HOST = "127.0.0.1";
const LOCAL = /^(127\.0\.0\.1|localhost)(:\d+)?$/;
const LISTENS = /^Azurite (\w+) service is successfully listening at \S+:(\d+)$/;

function isInUse(port) {
  return new Promise((resolve) => {
    const probe = net.createServer();
    probe.once("error", () => resolve(true));
    probe.listen(port, HOST, () => probe.close(() => resolve(false)));
  });
}

async function main() {
  const { blobPort, queuePort, data } = parseArguments();
  const ports = { blob: Number(blobPort), queue: Number(queuePort), table: 0 };
  for (const port of Object.values(ports)) {
    if (await isInUse(port)) return reportPortInUse(port);
  }
  if (data) {
    const journal = openJournal(path.join(data, "azurite.journal"));
    if (!journal) return;
    install(journal);
  }
  refuseOtherHosts();
  const found = {};
  // Azurite reports the free ports that it chose only in its output. All of its output goes to the log.
  console.log = (...words) => {
    console.error(...words);
    const [, service, port] = LISTENS.exec(String(words[0])) ?? [];
    if (!service) return;
    found[service] = Number(port);
    if (found.Blob && found.Queue && found.Table) reportReady({ blobPort: found.Blob, queuePort: found.Queue });
  };
  startAzurite(ports, data ? ["--location", data] : ["--inMemoryPersistence"]);
}

/**
 * Makes servers refuse requests for another host. The keys of the account are published, so a foreign page could otherwise
 * read everything under a name of its own that resolves to this machine.
 */
function refuseOtherHosts() {
  const { emit } = http.Server.prototype;
  http.Server.prototype.emit = function (event, ...values) {
    if (event !== "request" || LOCAL.test(values[0].headers.host)) return emit.call(this, event, ...values);
    values[1].writeHead(421).end();
    return true;
  };
}

/** Runs Azurite's command line in this process. */
function startAzurite(ports, place) {
  const addresses = Object.entries(ports).flatMap(([name, port]) => [
    `--${name}Host`,
    HOST,
    `--${name}Port`,
    String(port),
  ]);
  const options = ["--silent", ...place, "--skipApiVersionCheck", "--disableTelemetry"];
  process.argv.splice(2, process.argv.length, ...options, ...addresses);
  require("azurite/dist/src/azurite");
}

main();
