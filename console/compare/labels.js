// @ts-check
// The labels of people: a CSV, TSV or RIS file, or a references file of the exchange (JSONL), as `--labels` reads them.

import { InputRejected } from "./errors.js";
import { Labelling } from "./labelling.js";
import { readLines } from "./lines.js";
import { readRis } from "./ris_labels.js";
import { readTable } from "./tables.js";
import { parseObject, readEnhancement, readIdentifiers, readList } from "./wire.js";

/** @typedef {import("./catalogue.js").Catalogue} Catalogue */
/** @typedef {import("./label_names.js").LabelNames} LabelNames */
/** @typedef {import("./labelling.js").Annotation} Annotation */
/**
 * A reference of the file. Its id is null until the caller finds it by the identifiers, or by the record of RIS.
 * @typedef {import("./catalogue.js").KnownReference & {
 *   enhancements: {source: string, annotations: Annotation[]}[],
 *   record?: import("./ris.js").RisRecord,
 * }} LabelledReference
 */
/**
 * The references of a file, and why others cannot be read.
 * @typedef {{references: LabelledReference[], faults: {line: number, reason: string}[]}} LabelFile
 */
/** @typedef {"csv" | "tsv" | "jsonl" | "ris"} LabelFormat */

/** @type {Record<string, LabelFormat>} */
const SUFFIXES = { csv: "csv", tsv: "tsv", tab: "tsv", jsonl: "jsonl", ris: "ris" };
// All but JSON lines have to be read as a whole.
const MAX_TEXT_BYTES = 64 << 20;
const REPLACEMENT = "\ufffd";

/**
 * Return the format that the name of a file stands for. Null if it cannot be read here.
 * @param {string} fileName
 * @returns {LabelFormat | null}
 */
export function findLabelFormat(fileName) {
  return SUFFIXES[fileName.slice(fileName.lastIndexOf(".") + 1).toLowerCase()] ?? null;
}

/**
 * Return the labelled references of a file. Their ids are not read, because another exchange would not know them.
 *
 * Throws InputRejected if the file as a whole cannot be read.
 * @param {string | ReadableStream<Uint8Array>} content
 * @param {LabelFormat} format
 * @param {import("./lines.js").ReadOptions & {source?: string, names?: LabelNames | null}} [options] `source` is that
 *   of the labels of a table or of RIS, and `names` tells which keywords of RIS are labels
 * @returns {Promise<LabelFile>}
 */
export async function readLabels(content, format, { source = "labels", names = null, ...options } = {}) {
  const stream = typeof content === "string" ? new Blob([content]).stream() : content;
  if (format === "jsonl") return readReferences(stream, options);
  const bytes = await readBytes(stream, options);
  if (!bytes.length) throw new InputRejected("The file is empty.");
  const { text, isDamaged } = decodeText(bytes);
  return format === "ris" ? readRis(text, { source, names, isDamaged }) : readTable(text, { source, isDamaged });
}

/**
 * Return the labelling of the references. The catalogue matches references without ids, and gets their titles.
 * @param {LabelFile} file
 * @param {Catalogue} catalogue
 * @param {{name: string, source?: string | null}} options
 */
export function labelReferences({ references, faults }, catalogue, { name, source = null }) {
  const labelling = new Labelling(name, source);
  labelling.unidentified = faults.length;
  for (const reference of references) {
    const key = catalogue.add(reference);
    if (key === null) labelling.unidentified++;
    else for (const { source: from, annotations } of reference.enhancements) labelling.add(key, from, annotations);
  }
  return labelling;
}

/**
 * @param {ReadableStream<Uint8Array>} stream
 * @param {import("./lines.js").ReadOptions} options
 */
async function readReferences(stream, options) {
  /** @type {LabelFile} */
  const file = { references: [], faults: [] };
  for await (const [line, text] of readLines(stream, options)) {
    try {
      file.references.push(readReference(text));
    } catch (error) {
      if (!(error instanceof InputRejected)) throw error;
      file.faults.push({ line, reason: `The line is not a reference: ${error.message}.` });
    }
  }
  return file;
}

/**
 * @param {string} line
 * @returns {LabelledReference}
 */
function readReference(line) {
  const fields = parseObject(line);
  const identifiers = readIdentifiers(fields.identifiers);
  const contents = readList(fields.enhancements ?? [], "enhancements").map((item, index) =>
    readEnhancement(item, `enhancements.${index}`),
  );
  if (!identifiers.length && !contents.length) throw new InputRejected("it has no identifier and no enhancement");
  return {
    id: null,
    identifiers,
    title: contents.map((content) => content.title).find(Boolean) ?? null,
    enhancements: contents
      .filter(({ annotations }) => annotations.length)
      .map(({ source, annotations }) => ({ source, annotations })),
  };
}

/**
 * @param {ReadableStream<Uint8Array>} stream
 * @param {import("./lines.js").ReadOptions} options
 */
async function readBytes(stream, { signal, onProgress }) {
  /** @type {Uint8Array<ArrayBuffer>[]} */
  const chunks = [];
  let bytes = 0;
  const counted = new TransformStream({
    /** @param {Uint8Array<ArrayBuffer>} chunk */
    transform(chunk) {
      bytes += chunk.length;
      if (bytes > MAX_TEXT_BYTES) throw new InputRejected("The file is larger than 64 MiB. Split it.");
      chunks.push(chunk);
      onProgress?.({ bytes, lines: 0 });
    },
  });
  await stream.pipeThrough(counted, { signal }).pipeTo(new WritableStream(), { signal });
  return new Uint8Array(await new Blob(chunks).arrayBuffer());
}

/**
 * Return the text by its byte order mark, else as UTF-8 if it is, else as Windows-1252.
 *
 * A file with more valid than invalid sequences of UTF-8 is damaged UTF-8. In text of another encoding they are rare.
 * @param {Uint8Array} bytes
 */
function decodeText(bytes) {
  const [first, second] = bytes;
  const encoding =
    first === 0xff && second === 0xfe ? "utf-16le" : first === 0xfe && second === 0xff ? "utf-16be" : null;
  if (encoding) return { text: new TextDecoder(encoding).decode(bytes), isDamaged };
  try {
    return { text: new TextDecoder("utf-8", { fatal: true }).decode(bytes), isDamaged: () => false };
  } catch {
    const text = new TextDecoder("utf-8").decode(bytes);
    const beyondAscii = text.match(/[^\x00-\x7f]/gu) ?? [];
    const invalid = beyondAscii.filter((character) => character === REPLACEMENT).length;
    if (beyondAscii.length - invalid > invalid) return { text, isDamaged };
    return { text: new TextDecoder("windows-1252").decode(bytes), isDamaged: () => false };
  }
}

/** @param {string} text */
function isDamaged(text) {
  return text.includes(REPLACEMENT);
}
