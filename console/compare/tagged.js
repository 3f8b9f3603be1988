// @ts-check
// The lines and records of RIS, as `exchange/formats/tagged.py`.

import { splitLines } from "./csv.js";
import { SPACE, strip, stripEnd } from "./text.js";

/**
 * A record: the number of its first line, and its tags with their values, or why it cannot be read.
 * @typedef {{line: number, reason: string, fields: [string, string][]}} TaggedRecord
 */

const LINE = new RegExp(`^([A-Z][A-Z0-9])  -(?:[${SPACE}]([^]*))?$`);
// The lines around a record may have a single space, a byte order mark or white space. In an abstract, a line may begin
// with "ER - positive".
const BORDER = new RegExp(`^[\\ufeff${SPACE}]*(TY|ER) {1,2}-[${SPACE}]*((?<=-)|[A-Z]{2,8}[${SPACE}]*)$`);
// What some databases write outside of the records: the number of the next one, or where the file comes from.
const OUTSIDE = new RegExp(`^(<\\p{Nd}+>|\\p{Nd}+\\.|(Provider|Database|Content)[${SPACE}]*:[^]*)?$`, "u");
const MAX_RECORD_CHARACTERS = 4 << 20;
const DAMAGE = "The record has characters that are not valid in the encoding of the file. Save the file as UTF-8.";
const STRAY = "These lines belong to no record: a record begins with TY.";

/**
 * Yield the records. Lines between records are a fault, once for each group of them.
 * @param {string} text
 * @param {(text: string) => boolean} isDamaged
 * @returns {Generator<TaggedRecord, void, void>}
 */
export function* readRecords(text, isDamaged) {
  /** @type {OpenRecord | null} */
  let record = null;
  let isStray = false;
  for (const [index, line] of splitLines(text).entries()) {
    const found = splitLine(line);
    if (found?.tag === "TY") {
      if (record) yield record.close(isDamaged);
      record = new OpenRecord(index + 1);
      isStray = false;
    } else if (!record) {
      if (!isStray && !OUTSIDE.test(strip(line))) {
        isStray = true;
        yield { line: index + 1, reason: STRAY, fields: [] };
      }
      continue;
    } else if (found?.tag === "ER") {
      yield record.close(isDamaged);
      record = null;
      continue;
    }
    record.add(line, found);
  }
  if (record) yield record.close(isDamaged);
}

/**
 * Return the tag of a line and its value. Null if it continues the line before.
 * @param {string} line
 */
function splitLine(line) {
  const text = line.replace(/[\r\n]+$/, "");
  const found = LINE.exec(text) ?? BORDER.exec(text);
  return found && { tag: found[1], value: strip(found[2] ?? "") };
}

/** A record of which more lines may follow. */
class OpenRecord {
  /** @type {{tag: string, lines: string[]}[]} */
  #fields = [];
  #size = 0;

  /** @param {number} line */
  constructor(line) {
    this.line = line;
  }

  /**
   * @param {string} line
   * @param {{tag: string, value: string} | null} found
   */
  add(line, found) {
    this.#size += line.length;
    if (this.#size > MAX_RECORD_CHARACTERS) return;
    if (found) this.#fields.push({ tag: found.tag, lines: [found.value] });
    else this.#fields.at(-1)?.lines.push(stripEnd(line));
  }

  /**
   * @param {(text: string) => boolean} isDamaged
   * @returns {TaggedRecord}
   */
  close(isDamaged) {
    const fields = this.#fields.map(({ tag, lines }) => /** @type {[string, string]} */ ([tag, stripEnd(lines.join("\n"))]));
    let reason = "";
    if (this.#size > MAX_RECORD_CHARACTERS) reason = "The record is longer than 4,194,304 characters.";
    else if (fields.some(([, value]) => isDamaged(value))) reason = DAMAGE;
    return { line: this.line, reason, fields };
  }
}
