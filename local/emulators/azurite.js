"use strict";

// Azurite (blobs and queues, and tables that nobody uses) in memory.
//
//   node azurite.js --blob-port N --queue-port M      (0: any free port)
//
// `--skipApiVersionCheck`, as it is older than the SDK. The access log stays off: a request's query holds signatures.

const net = require("net");
const { args, ready, portTaken } = require("./lifeline");

const HOST = "127.0.0.1";
const PAUSE_MS = 50;

/** Returns the port if it can be had, any free one for 0, or nothing if it is taken. */
function claim(port) {
  return new Promise((resolve) => {
    const probe = net.createServer();
    probe.once("error", () => resolve(undefined));
    probe.listen(port, HOST, () => {
      const { port: free } = probe.address();
      probe.close(() => resolve(free));
    });
  });
}

function answers(port) {
  return new Promise((resolve) => {
    const socket = net.connect(port, HOST, () => resolve(socket.end() && true));
    socket.once("error", () => resolve(false));
  });
}

async function main() {
  const given = args();
  const ports = { blob: Number(given.blobPort), queue: Number(given.queuePort), table: 0 };
  for (const [name, wanted] of Object.entries(ports)) {
    ports[name] = await claim(wanted);
    if (ports[name] === undefined) return portTaken(wanted);
  }
  startAzurite(ports);
  while (!((await answers(ports.blob)) && (await answers(ports.queue)))) {
    await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
  }
  ready({ blobPort: ports.blob, queuePort: ports.queue });
}

/** Runs Azurite's own command line in this process; what it prints goes to the log. */
function startAzurite(ports) {
  console.log = console.error;
  const where = Object.entries(ports).flatMap(([name, port]) => [`--${name}Host`, HOST, `--${name}Port`, String(port)]);
  const how = ["--silent", "--inMemoryPersistence", "--skipApiVersionCheck", "--disableTelemetry"];
  process.argv.splice(2, process.argv.length, ...how, ...where);
  require("azurite/dist/src/azurite");
}

main();
