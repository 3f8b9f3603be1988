"use strict";

// The metadata of Azurite on disk. Azurite itself writes the contents of blobs to the disk before it acknowledges them, but
// their metadata, which is in LokiJS, only every five seconds. Here each change of the metadata is in a journal before it is
// acknowledged.

const http = require("http");
const path = require("path");
const { ChangeRecorder, endAfterSync } = require("../journal");

/** Puts the kept documents into a new collection. They keep their numbers. */
function fill(collection, entries) {
  if (entries.size === 0) return;
  // LokiJS finds a document by a binary search for its number.
  collection.data = [...entries.values()].sort((one, other) => one.$loki - other.$loki);
  collection.maxId = collection.data.at(-1).$loki;
  collection.idIndex = null;
  collection.ensureId();
  collection.ensureAllIndexes(true);
  collection.uniqueNames.forEach((name) => collection.ensureUniqueIndex(name));
}

/** Returns a LokiJS that keeps its documents in the journal, and writes no files of its own. */
function makeKeptLoki(Loki, journal) {
  const recorder = new ChangeRecorder(journal);
  return class extends Loki {
    constructor(file, options) {
      super(file, { ...options, persistenceMethod: "memory", autosave: false });
    }

    addCollection(name, options) {
      const isNew = this.getCollection(name) === null;
      const collection = super.addCollection(name, options);
      if (!isNew) return collection;
      const keptAs = `${path.basename(this.filename)}/${name}`;
      fill(collection, journal.take(keptAs));
      const note = ({ $loki }) => recorder.note(keptAs, $loki, () => collection.get($loki) ?? undefined);
      const noteAll = (changed) => [changed].flat().forEach(note);
      ["insert", "update", "delete"].forEach((event) => collection.on(event, noteAll));
      return collection;
    }
  };
}

/** Makes Azurite keep its metadata in the journal. Has an effect only before Azurite is loaded. */
function install(journal) {
  const azurite = path.dirname(require.resolve("azurite/package.json"));
  const loki = require.resolve("lokijs", { paths: [azurite] });
  const Loki = require(loki);
  require.cache[loki].exports = makeKeptLoki(Loki, journal);
  const { end } = http.ServerResponse.prototype;
  http.ServerResponse.prototype.end = function (...body) {
    return endAfterSync(this, journal, end)(...body);
  };
}

module.exports = { install };
