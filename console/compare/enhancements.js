// @ts-check
// The enhancements of a batch: the file at its `enhancements_url`.

import { InputRejected } from "./errors.js";
import { Labelling } from "./labelling.js";
import { readLines } from "./lines.js";
import { parseObject, readEnhancement, readId } from "./wire.js";

/**
 * Return the labels of a JSONL file with enhancements. Of each line only the labels are kept.
 *
 * Throws InputRejected, which names the line, and the reason of the signal when it is aborted.
 * @param {ReadableStream<Uint8Array>} stream
 * @param {import("./lines.js").ReadOptions & {name: string, source?: string | null}} options `source` is the only
 *   source whose enhancements are read
 * @returns {Promise<Labelling>}
 */
export async function readEnhancements(stream, { name, source = null, ...options }) {
  const labelling = new Labelling(name, source);
  for await (const [number, line] of readLines(stream, options)) {
    try {
      const fields = parseObject(line);
      const content = readEnhancement(fields, "");
      labelling.add(readId(fields.reference_id, "reference_id"), content.source, content.annotations);
    } catch (error) {
      if (!(error instanceof InputRejected)) throw error;
      throw new InputRejected(`Line ${number} is not valid: ${error.message}.`);
    }
  }
  return labelling;
}
