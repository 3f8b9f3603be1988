// @ts-check
// Values that several fields have in the same ways, as `exchange/formats/values.py`.

import { SPACE, strip } from "./text.js";

const YEAR = /(?<!\d)(1[5-9]\d\d|20\d\d)(?!\d)/;
const NUMERIC_DATE = /^(\d{4})[-/ .](\d{1,2})[-/ .](\d{1,2})(?!\d)/;
const COMPACT_DATE = /^(\d{4})(\d{2})(\d{2})$/;
const NAMED_DATE = /^(\d{4})[-/ ]([A-Za-z]{3})[a-z]*[-/ ](\d{1,2})(?!\d)/;
const MONTHS = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];
const DASHES = "\\-\\u2010-\\u2015";
const PAGES = new RegExp(
  `^[${SPACE}]*([^${SPACE}${DASHES}]+)[${SPACE}]*[${DASHES}]+[${SPACE}]*([^${SPACE}${DASHES}]+)[${SPACE}]*$`,
);
const ISSN_ENDS = new RegExp(`\\([^()]*\\)|(?<![${SPACE};,])[${SPACE};,]+(?=\\d)`);
const ASREVIEW = /(?<![\p{L}\p{N}_])ASReview_(relevant|irrelevant|not_seen)(?![\p{L}\p{N}_])/gu;

/**
 * Return the first year in the text, or the empty string.
 * @param {string} text
 */
export function findYear(text) {
  return YEAR.exec(text)?.[1] ?? "";
}

/**
 * Return the day that the text begins with, as YYYY-MM-DD. Empty if it has no day, or no such day exists.
 * @param {string} text
 */
export function findDate(text) {
  const found = NUMERIC_DATE.exec(text) ?? COMPACT_DATE.exec(text) ?? NAMED_DATE.exec(text);
  if (!found) return "";
  const month = /\d/.test(found[2]) ? Number(found[2]) : MONTHS.indexOf(found[2].toLowerCase()) + 1;
  const iso = `${found[1]}-${String(month).padStart(2, "0")}-${found[3].padStart(2, "0")}`;
  const day = new Date(`${iso}T00:00:00Z`);
  const exists = found[1] !== "0000" && !Number.isNaN(day.getTime()) && day.toISOString().startsWith(iso);
  return exists ? iso : "";
}

/**
 * Return the first and the last page. The last one is as it was written, for example 7 in 1243-7.
 * @param {string} text
 */
export function splitPages(text) {
  const found = PAGES.exec(text);
  return found ? [found[1], found[2]] : [strip(text), ""];
}

/**
 * Return the ISSNs or ISBNs, without the media in brackets.
 * @param {string} text
 */
export function splitIssns(text) {
  return text.split(ISSN_ENDS).map(strip).filter(Boolean);
}

/**
 * Return the label that ASReview keeps in the notes: relevant or irrelevant. Null if there is none.
 * @param {string[]} notes
 */
export function findAsreviewLabel(notes) {
  const labels = new Set(notes.flatMap((note) => [...note.matchAll(ASREVIEW)].map((found) => found[1])));
  if (labels.size !== 1 || labels.has("not_seen")) return null;
  return labels.has("relevant");
}
