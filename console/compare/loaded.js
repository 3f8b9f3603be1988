// @ts-check
// What `exchange references load` printed: the id of each reference by the digest of its record, as
// `exchange/cli/originals.py` reads and computes them.

import { InputRejected } from "./errors.js";
import { readLines } from "./lines.js";
import { parseObject, readId } from "./wire.js";

const DIGEST = /^[0-9a-f]{64}$/;

/**
 * Return the ids by the digests. Throws InputRejected, which names the line.
 * @param {ReadableStream<Uint8Array>} stream
 * @returns {Promise<Map<string, string>>}
 */
export async function readLoaded(stream) {
  /** @type {Map<string, string>} */
  const ids = new Map();
  for await (const [number, line] of readLines(stream)) {
    try {
      const { digest, id } = parseObject(line);
      if (typeof digest !== "string" || !DIGEST.test(digest)) throw new InputRejected("it has no digest");
      ids.set(digest, readId(id, "id"));
    } catch (error) {
      if (!(error instanceof InputRejected)) throw error;
      throw new InputRejected(`Line ${number} is not what \`exchange references load\` printed.`);
    }
  }
  return ids;
}

/**
 * Return what identifies a record wherever its file is: the digest of its content.
 * @param {import("./ris.js").RisRecord} record
 */
export async function computeDigest(record) {
  const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(toJson(record)));
  return [...new Uint8Array(digest)].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

/**
 * Return the JSON text that Python writes, with sorted keys and only ASCII.
 * @param {unknown} value
 * @returns {string}
 */
function toJson(value) {
  if (Array.isArray(value)) return `[${value.map(toJson).join(", ")}]`;
  if (value !== null && typeof value === "object") {
    const fields = Object.entries(value).sort(([one], [other]) => (one < other ? -1 : 1));
    return `{${fields.map(([name, field]) => `${toJson(name)}: ${toJson(field)}`).join(", ")}}`;
  }
  return JSON.stringify(value).replace(
    /[\x7f-\uffff]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}
