"use strict";

// A journal keeps the state of an emulator on disk: entries with a value, in collections. It is written before a change is
// acknowledged, and read at the start.
//
// The first line names the format. Each following line is one record: the changes that belong together, in JSON, after
// their checksum. A change is [collection, key, value]. The value null removes the entry. A record whose end is missing was
// never acknowledged. It can only be the last one, and is dropped.

const fs = require("fs");
const path = require("path");
const { crc32 } = require("zlib");
const { log, reportUnreadableData } = require("./emulator_process");

const FORMAT = 1;
const HEADER = `{"journal":${FORMAT}}`;
const CHECKSUM_DIGITS = 8;
const NEWLINE = 10;
const READ_BYTES = 16 * 1024 * 1024;
// The journal is written anew at the start if most of its changes no longer count.
const MIN_SUPERSEDED = 10_000;
const WRITE_BYTES = 1024 * 1024;

/** The journal cannot be read. The message says why. */
class JournalError extends Error {}

const checksum = (bytes) => crc32(bytes).toString(16).padStart(CHECKSUM_DIGITS, "0");

/** Returns the line of a record. */
function toLine(changes) {
  const text = JSON.stringify(changes);
  return `${checksum(text)} ${text}\n`;
}

/** Yields the lines of a file with the offset where each begins. `ended` is false if the last line has no end. */
function* readLines(file) {
  const fd = fs.openSync(file, "r");
  try {
    let [rest, offset] = [Buffer.alloc(0), 0];
    const chunk = Buffer.allocUnsafe(READ_BYTES);
    for (let count; (count = fs.readSync(fd, chunk)) > 0; ) {
      const bytes = Buffer.concat([rest, chunk.subarray(0, count)]);
      let start = 0;
      for (let end; (end = bytes.indexOf(NEWLINE, start)) >= 0; start = end + 1) {
        yield { line: bytes.subarray(start, end), offset: offset + start, ended: true };
      }
      rest = bytes.subarray(start);
      offset += start;
    }
    if (rest.length) yield { line: rest, offset, ended: false };
  } finally {
    fs.closeSync(fd);
  }
}

/** Returns the changes of a line, or undefined if it is damaged. */
function parseLine(line) {
  const text = line.subarray(CHECKSUM_DIGITS + 1);
  if (line.toString("latin1", 0, CHECKSUM_DIGITS) !== checksum(text)) return undefined;
  return JSON.parse(text.toString());
}

/** Reads a journal. Returns its collections, the number of changes, and the size of what is intact. */
function readJournal(file) {
  const collections = new Map();
  let changeCount = 0;
  let damagedAt;
  let bytes = 0;
  for (const { line, offset, ended } of readLines(file)) {
    if (damagedAt !== undefined) throw new JournalError(`${file} is damaged at byte ${damagedAt}`);
    if (offset === 0) {
      if (ended && line.toString() !== HEADER) throw new JournalError(`${file} does not have the format ${FORMAT}`);
      if (ended) bytes = line.length + 1;
      continue;
    }
    const changes = ended ? parseLine(line) : undefined;
    if (!changes) {
      damagedAt = offset;
      continue;
    }
    bytes = offset + line.length + 1;
    changeCount += changes.length;
    applyChanges(collections, changes);
  }
  return { collections, changeCount, bytes };
}

function applyChanges(collections, changes) {
  for (const [name, key, value] of changes) {
    if (!collections.has(name)) collections.set(name, new Map());
    if (value === null) collections.get(name).delete(key);
    else collections.get(name).set(key, value);
  }
}

function writeAll(fd, text) {
  const bytes = Buffer.from(text);
  for (let at = 0; at < bytes.length; ) at += fs.writeSync(fd, bytes, at);
}

/** Replaces the journal by one with these entries only. */
function rewrite(file, collections) {
  const draft = `${file}.draft`;
  const fd = fs.openSync(draft, "w");
  let text = `${HEADER}\n`;
  for (const [name, entries] of collections) {
    for (const [key, value] of entries) {
      text += toLine([[name, key, value]]);
      if (text.length < WRITE_BYTES) continue;
      writeAll(fd, text);
      text = "";
    }
  }
  writeAll(fd, text);
  fs.fsyncSync(fd);
  fs.closeSync(fd);
  fs.renameSync(draft, file);
  syncFolder(path.dirname(file));
}

function syncFolder(folder) {
  const fd = fs.openSync(folder, "r");
  fs.fsyncSync(fd);
  fs.closeSync(fd);
}

class Journal {
  /** Opens the journal, or creates it. Throws JournalError. */
  constructor(file) {
    fs.mkdirSync(path.dirname(file), { recursive: true });
    const found = fs.existsSync(file) ? readJournal(file) : { collections: new Map(), changeCount: 0, bytes: 0 };
    this.collections = found.collections;
    const entryCount = [...found.collections.values()].reduce((sum, entries) => sum + entries.size, 0);
    const superseded = found.changeCount - entryCount;
    if (found.bytes === 0 || superseded > Math.max(entryCount, MIN_SUPERSEDED)) rewrite(file, found.collections);
    else if (found.bytes < fs.statSync(file).size) fs.truncateSync(file, found.bytes);
    this.fd = fs.openSync(file, "a");
    this.written = 0;
    this.synced = 0;
  }

  /** Returns the entries of a collection as they were read, and forgets them. */
  take(name) {
    const entries = this.collections.get(name) ?? new Map();
    this.collections.delete(name);
    return entries;
  }

  /** Writes one record. It is safe from a crash of this process at once, and from one of the machine after `sync`. */
  append(changes) {
    this.orExit(() => writeAll(this.fd, toLine(changes)));
    this.written += 1;
  }

  get isSynced() {
    return this.synced === this.written;
  }

  /** Waits until everything that was written so far is on the disk. Waiting callers share one sync. */
  async sync() {
    const wanted = this.written;
    while (this.synced < wanted) await (this.syncing ??= this.startSync());
  }

  startSync() {
    const { written } = this;
    return new Promise((resolve) => {
      fs.fdatasync(this.fd, (error) => {
        this.orExit(() => {
          if (error) throw error;
        });
        this.synced = written;
        this.syncing = undefined;
        resolve();
      });
    });
  }

  /** Runs an action. If it fails, the emulator exits: it must not acknowledge what is not on the disk. */
  orExit(action) {
    try {
      action();
    } catch (error) {
      log("the data cannot be written to the disk:", error.message);
      process.exit(1);
    }
  }
}

/** Opens a journal. If that is impossible, reports why, and returns undefined. */
function openJournal(file) {
  try {
    return new Journal(file);
  } catch (error) {
    if (!(error instanceof JournalError)) throw error;
    reportUnreadableData(error.message);
    return undefined;
  }
}

/** Collects the entries that change, and writes those that changed together as one record. */
class ChangeRecorder {
  /** Everything that changes before the running code waits belongs together. */
  constructor(journal) {
    this.journal = journal;
    this.changed = new Map();
  }

  /** Notes that an entry changed. `read` returns its value then, or undefined if it is gone. */
  note(collection, key, read) {
    if (this.changed.size === 0) queueMicrotask(() => this.write());
    this.changed.set(`${collection} ${key}`, () => [collection, key, read() ?? null]);
  }

  write() {
    const changes = [...this.changed.values()].map((change) => change());
    this.changed.clear();
    this.journal.append(changes);
  }
}

/** Lets a response end only when everything written before is on the disk. */
function endAfterSync(response, journal, end = response.end) {
  return function (...body) {
    if (journal.isSynced) return end.apply(response, body);
    journal.sync().then(() => end.apply(response, body));
    return response;
  };
}

module.exports = { openJournal, ChangeRecorder, endAfterSync };
