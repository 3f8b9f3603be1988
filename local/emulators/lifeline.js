"use strict";

// What the emulators have in common: they say in one line of JSON on stdout that they listen or why not, and end with
// whoever started them: when their stdin ends, or at SIGTERM or SIGINT.

const endings = [];

/** Reads `--some-name value` pairs from the command line as { someName: value }. */
function args() {
  const given = {};
  for (let i = 2; i + 1 < process.argv.length; i += 2) {
    const name = process.argv[i].replace(/^--/, "").replace(/-(.)/g, (_, mark) => mark.toUpperCase());
    given[name] = process.argv[i + 1];
  }
  return given;
}

function say(message) {
  process.stdout.write(`${JSON.stringify(message)}\n`);
}

/** Says that the emulator listens, and where; from now on it ends with whoever started it. */
function ready(where) {
  process.stdin.resume();
  process.stdin.on("end", end);
  process.stdin.on("error", end);
  process.on("SIGTERM", end);
  process.on("SIGINT", end);
  say({ ready: true, ...where });
}

/** Says that the port is in use, and ends. */
function portTaken(port) {
  say({ error: `port ${port} is taken` });
  process.exitCode = 3;
  setImmediate(() => process.exit(3));
}

/** Registers what is to be done at the end. */
function onEnd(action) {
  endings.push(action);
}

async function end() {
  // Whatever hangs is not waited for.
  setTimeout(() => process.exit(0), 2000).unref();
  await Promise.allSettled(endings.map((action) => action()));
  process.exit(0);
}

/** Logs one line to stderr. */
function log(...words) {
  process.stderr.write(`${new Date().toISOString()} ${words.join(" ")}\n`);
}

module.exports = { args, ready, portTaken, onEnd, log };
