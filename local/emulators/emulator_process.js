"use strict";

// The process of an emulator. It reports in one line of JSON on stdout that it listens, or why it cannot. It exits when
// its stdin closes (so also when its parent is killed), or at SIGTERM or SIGINT.

const exitActions = [];

/** Parses `--some-name value` pairs from the command line into { someName: value }. */
function parseArguments() {
  const parsed = {};
  for (let i = 2; i + 1 < process.argv.length; i += 2) {
    const name = process.argv[i].replace(/^--/, "").replace(/-(.)/g, (_, letter) => letter.toUpperCase());
    parsed[name] = process.argv[i + 1];
  }
  return parsed;
}

function report(message) {
  process.stdout.write(`${JSON.stringify(message)}\n`);
}

/** Reports that the emulator listens on these ports. From now on it exits when its stdin closes. */
function reportReady(ports) {
  process.stdin.resume();
  process.stdin.on("end", exit);
  process.stdin.on("error", exit);
  process.on("SIGTERM", exit);
  process.on("SIGINT", exit);
  report({ ready: true, ...ports });
}

/** Reports that the port is in use, and exits. */
function reportPortInUse(port) {
  report({ error: `port ${port} is in use` });
  process.exitCode = 3;
  setImmediate(() => process.exit(3));
}

/** Reports why the data on the disk cannot be read, and exits. */
function reportUnreadableData(reason) {
  report({ error: reason, unreadableData: true });
  process.exitCode = 4;
  setImmediate(() => process.exit(4));
}

/** Registers an action to run before the process exits. */
function onExit(action) {
  exitActions.push(action);
}

async function exit() {
  // An action that hangs must not keep the process alive.
  setTimeout(() => process.exit(0), 2000).unref();
  await Promise.allSettled(exitActions.map((action) => action()));
  process.exit(0);
}

/** Logs one line to stderr. */
function log(...words) {
  process.stderr.write(`${new Date().toISOString()} ${words.join(" ")}\n`);
}

module.exports = { parseArguments, reportReady, reportPortInUse, reportUnreadableData, onExit, log };
