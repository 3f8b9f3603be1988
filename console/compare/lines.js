// @ts-check
// The lines of a stream of bytes. The text is never whole in memory.

import { InputRejected } from "./errors.js";
import { strip } from "./text.js";

// A line without an end must not fill the memory.
const MAX_LINE_CHARACTERS = 16 << 20;

/**
 * Options of what reads a stream.
 * @typedef {{signal?: AbortSignal, onProgress?: (progress: Progress) => void}} ReadOptions
 */
/** How much was read. @typedef {{bytes: number, lines: number}} Progress */

/**
 * Yield the lines that are not blank, with their numbers from 1. A byte order mark at the start is skipped.
 *
 * Throws InputRejected if the bytes are not UTF-8, and the reason of the signal when it is aborted.
 * @param {ReadableStream<Uint8Array>} stream
 * @param {ReadOptions} [options]
 * @returns {AsyncGenerator<[number, string], void, void>}
 */
export async function* readLines(stream, { signal, onProgress } = {}) {
  const decoder = new TextDecoder("utf-8", { fatal: true });
  /** The parts of a line whose end was not read yet. @type {string[]} */
  let open = [];
  let size = 0;
  const progress = { bytes: 0, lines: 0 };
  for await (const chunk of readChunks(stream, signal)) {
    const parts = decode(decoder, chunk, progress.lines).split("\n");
    for (const [index, part] of parts.entries()) {
      open.push(part);
      size += part.length;
      if (size > MAX_LINE_CHARACTERS) throw new InputRejected(`Line ${progress.lines + 1} is too long.`);
      if (index === parts.length - 1) break;
      const line = open.join("");
      open = [];
      size = 0;
      progress.lines++;
      if (strip(line)) yield [progress.lines, line];
    }
    progress.bytes += chunk.length;
    onProgress?.({ ...progress });
  }
  const last = open.join("") + decode(decoder, undefined, progress.lines);
  if (strip(last)) {
    progress.lines++;
    yield [progress.lines, last];
  }
  onProgress?.({ ...progress });
}

/**
 * Yield the chunks of the stream. Not every browser can iterate over a stream.
 * @param {ReadableStream<Uint8Array>} stream
 * @param {AbortSignal} [signal]
 */
async function* readChunks(stream, signal) {
  signal?.throwIfAborted();
  const reader = stream.getReader();
  const cancel = () => void reader.cancel(signal?.reason).catch(() => {});
  signal?.addEventListener("abort", cancel, { once: true });
  try {
    for (;;) {
      const { done, value } = await reader.read();
      signal?.throwIfAborted();
      if (done) return;
      yield value;
    }
  } finally {
    signal?.removeEventListener("abort", cancel);
    // A reader that stops early must not leave the download running.
    cancel();
  }
}

/**
 * @param {TextDecoder} decoder
 * @param {Uint8Array | undefined} chunk the end of the stream if it is undefined
 * @param {number} lines
 */
function decode(decoder, chunk, lines) {
  try {
    return chunk ? decoder.decode(chunk, { stream: true }) : decoder.decode();
  } catch {
    throw new InputRejected(`The file is not UTF-8 text, after line ${lines}.`);
  }
}
