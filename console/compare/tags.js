// @ts-check
// Annotations in keywords and notes, where an export wrote them, as `exchange/formats/read_tags.py`.

import { collapse } from "./text.js";

/** An annotation and its robot. It has no value if it has only a score. @typedef {{name: string, value: boolean | null, score: number | null, robot: string}} Tag */

const NOTE_START = "Annotations: ";
const PARAGRAPH = /^\s*<p>([\s\S]*)<\/p>\s*$/;
// Those that Zotero writes. The ampersand is last, because it begins the others.
const ENTITIES = [
  ["&lt;", "<"],
  ["&gt;", ">"],
  ["&quot;", '"'],
  ["&#39;", "'"],
  ["&amp;", "&"],
];
const ROUNDED = /^-?[0-9]+\.[0-9]$/;
// What follows the name of an annotation in the note. Then come the robot and the name of the next one.
const FACTS = /: (?:(yes|no)(?:, score ([-+.0-9e]+))?|score ([-+.0-9e]+)), robot /g;

/**
 * Return the name of an annotation as a keyword of BibTeX has it, which may have neither commas nor semicolons.
 * @param {string} name
 */
export function simplifyName(name) {
  return collapse(name.replace(/[,;]/g, " "));
}

/**
 * Return the annotations among the keywords.
 *
 * If a note lists the annotation, its exact score and its robot are those of the note. Otherwise the robot is empty, and
 * the keyword may be another one of the original record.
 * @param {string[]} keywords
 * @param {string[]} notes
 * @returns {Tag[]}
 */
export function readTags(keywords, notes) {
  /** @type {Map<string, Tag>} */
  const listed = new Map();
  for (const tag of notes.flatMap(readNote)) {
    const name = simplifyName(makeKeyword(tag));
    if (!listed.has(name)) listed.set(name, tag);
  }
  return keywords.flatMap((keyword) => listed.get(simplifyName(keyword)) ?? readKeyword(keyword) ?? []);
}

/**
 * @param {string} keyword
 * @returns {Tag | null}
 */
function readKeyword(keyword) {
  const [name, value] = splitLast(keyword, " = ");
  let tag = { name: keyword, value: /** @type {boolean | null} */ (true), score: /** @type {number | null} */ (null), robot: "" };
  if (value === "no") tag = { ...tag, name, value: false };
  else if (ROUNDED.test(value)) tag = { ...tag, name, value: null, score: Number(value) };
  return tag.name.includes(":") ? tag : null;
}

/**
 * Return the annotations that a note on one line lists. Zotero puts it into HTML.
 * @param {string} note
 * @returns {Tag[]}
 */
function readNote(note) {
  const plain = removeHtml(note);
  const start = plain.indexOf(NOTE_START);
  const text = start < 0 ? "" : plain.slice(start + NOTE_START.length);
  /** @type {Tag[]} */
  const tags = [];
  let place = 0;
  for (const found of text.matchAll(FACTS)) {
    let name = text.slice(place, found.index);
    if (tags.length) [tags[tags.length - 1].robot, name] = splitRobot(name);
    const score = readScore(found[2] ?? found[3]);
    tags.push({ name, value: found[1] ? found[1] === "yes" : null, score, robot: "" });
    place = found.index + found[0].length;
  }
  if (tags.length) tags[tags.length - 1].robot = text.slice(place);
  return tags.filter(({ value, score }) => value !== null || score !== null);
}

/**
 * Return a note without the paragraph and the entities that Zotero puts it into.
 * @param {string} note
 */
function removeHtml(note) {
  const paragraph = PARAGRAPH.exec(note);
  if (!paragraph) return note;
  return ENTITIES.reduce((text, [entity, character]) => text.replaceAll(entity, character), paragraph[1]);
}

/**
 * Return the robot and the name of the next annotation. Both may have semicolons, but the name has a colon.
 * @param {string} text
 */
function splitRobot(text) {
  let [robot, name] = splitLast(text, "; ");
  while (!name.includes(":") && robot.includes("; ")) {
    const [before, start] = splitLast(robot, "; ");
    [robot, name] = [before, `${start}; ${name}`];
  }
  return [robot, name];
}

/**
 * Return the texts before and after the last separator. The first one is empty if there is no separator.
 * @param {string} text
 * @param {string} separator
 */
function splitLast(text, separator) {
  const place = text.lastIndexOf(separator);
  return place < 0 ? ["", text] : [text.slice(0, place), text.slice(place + separator.length)];
}

/** @param {string | undefined} text */
function readScore(text) {
  const score = text === undefined ? NaN : Number(text);
  return Number.isFinite(score) ? score : null;
}

/** @param {Tag} tag */
function makeKeyword({ name, value, score }) {
  if (value !== null) return value ? name : `${name} = no`;
  return `${name} = ${formatTenth(score ?? 0)}`;
}

/**
 * Return the number with one digit. Python rounds halves to the even digit, and JavaScript away from zero.
 * @param {number} score
 */
function formatTenth(score) {
  const isHalf = Math.abs(score % 1) === 0.25;
  return (isHalf ? Math.trunc(score * 10) / 10 : score).toFixed(1);
}
