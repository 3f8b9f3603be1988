"use strict";

// Azurite (blobs and queues, and tables that nobody uses) in memory.
//
//   node azurite.js --blob-port N --queue-port M      (0: any free port)
//
// `--skipApiVersionCheck`, as it is older than the SDK. The access log stays off: a request's query holds signatures.

const net = require("net");
const { args, ready, portTaken } = require("./lifeline");

const HOST = "127.0.0.1";
const LISTENS = /^Azurite (\w+) service is successfully listening at \S+:(\d+)$/;

function isTaken(port) {
  return new Promise((resolve) => {
    const probe = net.createServer();
    probe.once("error", () => resolve(true));
    probe.listen(port, HOST, () => probe.close(() => resolve(false)));
  });
}

async function main() {
  const given = args();
  const ports = { blob: Number(given.blobPort), queue: Number(given.queuePort), table: 0 };
  for (const wanted of Object.values(ports)) {
    if (await isTaken(wanted)) return portTaken(wanted);
  }
  const found = {};
  // Only its own words say which free ports it got; like all that it prints, they go to the log.
  console.log = (...words) => {
    console.error(...words);
    const [, service, port] = LISTENS.exec(String(words[0])) ?? [];
    if (!service) return;
    found[service] = Number(port);
    if (found.Blob && found.Queue && found.Table) ready({ blobPort: found.Blob, queuePort: found.Queue });
  };
  startAzurite(ports);
}

/** Runs Azurite's own command line in this process. */
function startAzurite(ports) {
  const where = Object.entries(ports).flatMap(([name, port]) => [`--${name}Host`, HOST, `--${name}Port`, String(port)]);
  const how = ["--silent", "--inMemoryPersistence", "--skipApiVersionCheck", "--disableTelemetry"];
  process.argv.splice(2, process.argv.length, ...how, ...where);
  require("azurite/dist/src/azurite");
}

main();
