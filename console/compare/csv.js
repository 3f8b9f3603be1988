// @ts-check
// The rows of a CSV file, as Python's strict `csv` module and `exchange/formats/csv_files.py` read them.

import { strip } from "./text.js";

/**
 * A row: the number of its first line, and its cells or why it cannot be read.
 * @typedef {{line: number, cells: string[], reason: string}} Row
 */

export const DELIMITERS = [",", ";", "\t", "|"];
const SEPARATOR = /^"?sep=([,;\t|])"?$/i;
const PROTECTED = /^'+[=+\-@\t\r]/;
const LINES = /[^\r\n]*(?:\r\n|\r|\n)|[^\r\n]+$/g;
const MAX_CELL_CHARACTERS = 1 << 17;
const MAX_RECORD_CHARACTERS = 4 << 20;
const OPEN_QUOTE = "a quote is not closed";

/**
 * Return the lines of the text, with their ends.
 * @param {string} text
 */
export function splitLines(text) {
  return text.match(LINES) ?? [];
}

/**
 * Return the delimiter that the first line of a file of Excel names, as in sep=; and null if it names none.
 * @param {string} line
 */
export function findSeparator(line) {
  return SEPARATOR.exec(line.replace(/^[ \r\n]+|[ \r\n]+$/g, ""))?.[1] ?? null;
}

/**
 * Return the cell without the apostrophe that keeps a spreadsheet from running it as a formula.
 * @param {string} cell
 */
export function restoreCell(cell) {
  return PROTECTED.test(cell) ? cell.slice(1) : cell;
}

/**
 * Return the cells of one line, also if a quote is not closed.
 * @param {string} line
 * @param {string} delimiter
 */
export function readLine(line, delimiter) {
  const parser = new RowParser(delimiter, false);
  parser.feed(line);
  return parser.finish();
}

/**
 * Yield the rows that are not empty. The first one is the header.
 *
 * After a row that cannot be read, its second line is tried as a row: the first may have a quote that is never closed.
 * @param {string[]} lines
 * @param {string} delimiter
 * @param {(text: string) => boolean} isDamaged
 * @returns {Generator<Row, void, void>}
 */
export function* readRows(lines, delimiter, isDamaged) {
  let width = 0;
  for (let start = 0; start < lines.length;) {
    const { cells, end, reason } = readRow(lines, start, delimiter, width);
    if (!reason && !cells.some(Boolean)) {
      start = end;
      continue;
    }
    const row = { line: start + 1, cells, reason: reason && `The row cannot be read: ${reason}.` };
    if (!reason) {
      width ||= cells.length;
      row.reason = findRowFault(lines.slice(start, end), cells, width, isDamaged);
      row.cells = cells.slice(0, width);
    }
    yield row;
    start = row.reason ? start + 1 : end;
  }
}

/**
 * @param {string[]} lines
 * @param {string[]} cells
 * @param {number} width
 * @param {(text: string) => boolean} isDamaged
 */
function findRowFault(lines, cells, width, isDamaged) {
  if (isDamaged(lines.join(""))) {
    return "The record has characters that are not valid in the encoding of the file. Save the file as UTF-8.";
  }
  // Spreadsheets leave out empty cells at the end. A row on several lines that is too short has swallowed the next
  // ones.
  const isWrong = cells.slice(width).some(Boolean) || (lines.length > 1 && cells.length < width);
  return isWrong ? `The row has ${cells.length} cells, but the header has ${width}.` : "";
}

/**
 * Return the cells of the row that begins at a line, and the index of the line after it.
 * @param {string[]} lines
 * @param {number} start
 * @param {string} delimiter
 * @param {number} width the cells of the header, 0 if it was not read
 */
function readRow(lines, start, delimiter, width) {
  const parser = new RowParser(delimiter, true);
  let size = 0;
  for (let end = start; end < lines.length; end++) {
    if (end > start) {
      // The row has a quote that the lines so far did not close.
      size += lines[end - 1].length;
      if (width && parser.countCells() > width) return { cells: [], end, reason: OPEN_QUOTE };
      if (size > MAX_RECORD_CHARACTERS) return { cells: [], end, reason: `it is longer than 4,194,304 characters` };
    }
    const reason = parser.feed(lines[end]);
    if (reason) return { cells: [], end: end + 1, reason };
    if (!parser.isOpen()) return { cells: parser.finish(), end: end + 1, reason: "" };
  }
  return { cells: [], end: lines.length, reason: OPEN_QUOTE };
}

/** The state machine of Python's `csv` module for one row. */
class RowParser {
  /** @type {string[]} */
  #cells = [];
  #cell = "";
  /** @type {"start" | "plain" | "quoted" | "quote" | "ended"} */
  #state = "start";
  #hasCells = false;

  /**
   * @param {string} delimiter
   * @param {boolean} strict
   */
  constructor(delimiter, strict) {
    this.delimiter = delimiter;
    this.strict = strict;
  }

  isOpen() {
    return this.#state === "quoted";
  }

  countCells() {
    return this.#cells.length + 1;
  }

  /**
   * Read a line. Return the reason why it cannot be read, or the empty string.
   * @param {string} line
   */
  feed(line) {
    for (const character of line) {
      if (this.#state === "quoted") {
        if (character === '"') this.#state = "quote";
        else this.#cell += character;
      } else if (character === "\r" || character === "\n") {
        this.#state = "ended";
      } else {
        const reason = this.#readPlain(character);
        if (reason) return reason;
      }
      if (this.#cell.length > MAX_CELL_CHARACTERS) return OPEN_QUOTE;
    }
    return "";
  }

  /** @param {string} character */
  #readPlain(character) {
    this.#hasCells = true;
    if (character === this.delimiter) {
      this.#cells.push(this.#cell);
      this.#cell = "";
      this.#state = "start";
    } else if (character === '"' && this.#state === "start") {
      this.#state = "quoted";
    } else if (this.#state === "quote") {
      if (character !== '"' && this.strict) return `'${this.delimiter}' expected after '"'`;
      this.#cell += character;
      this.#state = character === '"' ? "quoted" : "plain";
    } else {
      this.#cell += character;
      this.#state = "plain";
    }
    return "";
  }

  /** Return the cells of the row. */
  finish() {
    return this.#hasCells ? [...this.#cells, this.#cell] : [];
  }
}

/**
 * Return the first line that is not blank.
 * @param {string[]} lines
 */
export function findFirstLine(lines) {
  return lines.findIndex((line) => strip(line));
}
