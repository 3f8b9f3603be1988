"use strict";

// The physical partitions of containers. Each has a range of the hashes of partition keys, in hexadecimal digits, and its
// own id. A container has one at first. A test can split them, as Azure does when a container grows.

const { findContainer, readPartition, replaceHandler } = require("./server_internals");

const ID = "x-ms-documentdb-partitionkeyrangeid";
// The part of the range that is asked for, if it is not the whole range.
const START = "x-ms-start-epk";
const END = "x-ms-end-epk";
const SUBSTATUS_GONE = "1002";

// Hashes begin with two zero bits.
const HASHES = 0x40000000;
const MASK = (1n << 64n) - 1n;
const STRING = 0x08;

/** The ranges by the name of their container. */
const containers = new Map();
const hashes = new Map();

const rotate = (value, bits) => ((value << bits) | (value >> (64n - bits))) & MASK;

function mix(value) {
  value = ((value ^ (value >> 33n)) * 0xff51afd7ed558ccdn) & MASK;
  value = ((value ^ (value >> 33n)) * 0xc4ceb9fe1a85ec53n) & MASK;
  return value ^ (value >> 33n);
}

/** Returns MurmurHash3 (128 bits, x64, seed 0) as two numbers of 64 bits. */
function murmur(bytes) {
  const [c1, c2] = [0x87c37b91114253d5n, 0x4cf5ad432745937fn];
  const scramble1 = (k) => (rotate((k * c1) & MASK, 31n) * c2) & MASK;
  const scramble2 = (k) => (rotate((k * c2) & MASK, 33n) * c1) & MASK;
  const whole = bytes.length - (bytes.length % 16);
  let [h1, h2] = [0n, 0n];
  for (let at = 0; at < whole; at += 16) {
    h1 = ((rotate(h1 ^ scramble1(bytes.readBigUInt64LE(at)), 27n) + h2) * 5n + 0x52dce729n) & MASK;
    h2 = ((rotate(h2 ^ scramble2(bytes.readBigUInt64LE(at + 8)), 31n) + h1) * 5n + 0x38495ab5n) & MASK;
  }
  const tail = Buffer.alloc(16);
  bytes.copy(tail, 0, whole);
  h1 ^= scramble1(tail.readBigUInt64LE(0)) ^ BigInt(bytes.length);
  h2 ^= scramble2(tail.readBigUInt64LE(8)) ^ BigInt(bytes.length);
  h1 = (h1 + h2) & MASK;
  h2 = (h2 + h1) & MASK;
  [h1, h2] = [mix(h1), mix(h2)];
  h1 = (h1 + h2) & MASK;
  return [h1, (h2 + h1) & MASK];
}

/** Returns the hash of a partition key that is a text: version 2 of Azure's hashes. */
function hash(partition) {
  if (!hashes.has(partition)) {
    const [low, high] = murmur(Buffer.concat([Buffer.from([STRING]), Buffer.from(partition), Buffer.from([0xff])]));
    const digits = Buffer.alloc(16);
    digits.writeBigUInt64BE(high & (MASK >> 2n), 0);
    digits.writeBigUInt64BE(low, 8);
    hashes.set(partition, digits.toString("hex").toUpperCase());
  }
  return hashes.get(partition);
}

function toText(bound) {
  if (bound === 0) return "";
  return bound === HASHES ? "FF" : bound.toString(16).toUpperCase().padStart(8, "0");
}

function findRanges({ dbId, collId }) {
  const name = `${dbId}/${collId}`;
  if (!containers.has(name)) containers.set(name, [{ id: "0", parents: [], from: 0, to: HASHES }]);
  return containers.get(name);
}

/** Splits every physical partition of a container into two. The old ids are gone. */
function split({ database, container }) {
  const ranges = findRanges({ dbId: database, collId: container });
  let id = Math.max(...ranges.map((range) => Number(range.id)));
  const halves = ranges.flatMap(({ id: parent, parents, from, to }) => {
    const middle = (from + to) / 2;
    const bounds = [[from, middle], [middle, to]];
    return bounds.map(([from, to]) => ({ id: String((id += 1)), parents: [...parents, parent], from, to }));
  });
  containers.set(`${database}/${container}`, halves);
}

/** Returns the ranges of a container, or 304 if the client has them. */
function read(account, req, res, params) {
  if (!findContainer(account, params)) return ((res.statusCode = 404), { message: "The container does not exist." });
  const ranges = findRanges(params);
  const etag = `"${ranges.at(-1).id}"`;
  if (req.headers["if-none-match"] === etag) res.statusCode = 304;
  res.setHeader("etag", etag);
  // With this header the server would answer 304 to any ETag.
  delete req.headers["a-im"];
  const found = ranges.map(({ id, parents, from, to }) => ({
    ...{ id, parents, minInclusive: toText(from), maxExclusive: toText(to) },
    ...{ ridPrefix: Number(id), throughputFraction: 1 / ranges.length, status: "online" },
  }));
  return { PartitionKeyRanges: found, _count: found.length };
}

/** Returns a function that tells whether a query includes a partition. Undefined if its physical partition is gone. */
function makeFilter(req, params) {
  const wanted = readPartition(req);
  if (wanted !== undefined) return (partition) => partition === wanted;
  const id = req.headers[ID];
  if (id === undefined) return () => true;
  const ranges = findRanges(params);
  const range = ranges.find((range) => range.id === id);
  if (!range) return undefined;
  const [start, end] = [req.headers[START] ?? toText(range.from), req.headers[END] ?? toText(range.to)];
  if (start === "" && end === "FF") return () => true;
  return (partition) => start <= hash(partition) && hash(partition) < end;
}

/** Answers that the physical partition is gone. The client then reads the ranges again. */
function refuseGone(res) {
  res.statusCode = 410;
  res.setHeader("x-ms-substatus", SUBSTATUS_GONE);
  return { code: "Gone", message: "The physical partition was split." };
}

function install() {
  replaceHandler("read-partition-key-ranges", read);
}

module.exports = { install, split, makeFilter, refuseGone, hash };
