// @ts-check
// The labels of one side, as `exchange/compare/labels.py`. What a score alone means is decided when the sides are
// compared, so that another threshold needs no second reading of a large file.

import { InputRejected } from "./errors.js";
import { compareText } from "./text.js";

/** @typedef {{scheme: string, label: string}} Label */
/**
 * The label of side A and the label of side B that are compared.
 * @typedef {{a: Label, b: Label}} LabelPair
 */
/**
 * An annotation without its label. A score annotation has no value.
 * @typedef {{value: boolean | null, score: number | null}} Mark
 */
/** @typedef {Label & Mark} Annotation */
/** Whether a label applies to a reference. @typedef {{value: boolean, score: number | null}} Decision */

const TRUE = Object.freeze({ value: true, score: null });
const FALSE = Object.freeze({ value: false, score: null });

/**
 * Return the same text for the same label.
 * @param {Label} label
 */
export function makeLabelKey({ scheme, label }) {
  return JSON.stringify([scheme, label]);
}

/** @param {Label} label */
export function nameLabel({ scheme, label }) {
  return `${scheme}:${label}`;
}

/** @param {LabelPair} pair */
export function namePair({ a, b }) {
  const [nameA, nameB] = [nameLabel(a), nameLabel(b)];
  return makeLabelKey(a) === makeLabelKey(b) ? nameA : `${nameA} = ${nameB}`;
}

/**
 * Compare two labels by scheme, then by label.
 * @param {Label} one
 * @param {Label} other
 */
export function compareLabels(one, other) {
  return compareText(one.scheme, other.scheme) || compareText(one.label, other.label);
}

/**
 * The marks of one side. The first annotation of a label and a reference counts, which is the newest if the
 * enhancements are from the exchange. `repeated` counts the others.
 */
export class Labelling {
  /**
   * @param {string} name
   * @param {string | null} [source] the only source whose enhancements are read
   */
  constructor(name, source = null) {
    this.name = name;
    this.source = source;
    /**
     * For each label, the marks by the key of the reference.
     * @type {Map<string, Label & {marks: Map<string, Mark>}>}
     */
    this.labels = new Map();
    /**
     * For each scheme, the references that have any annotation of this scheme.
     * @type {Map<string, Set<string>>}
     */
    this.judged = new Map();
    this.repeated = 0;
    /** The number of references that have neither an id nor an identifier. */
    this.unidentified = 0;
  }

  /**
   * Add the annotations of an enhancement.
   * @param {string} key
   * @param {string} source
   * @param {Iterable<Annotation>} annotations
   */
  add(key, source, annotations) {
    if (this.source !== null && this.source !== source) return;
    for (const annotation of annotations) {
      const judged = this.judged.get(annotation.scheme);
      if (judged) judged.add(key);
      else this.judged.set(annotation.scheme, new Set([key]));
      const { marks } = this.#findLabel(annotation);
      if (marks.has(key)) this.repeated++;
      else marks.set(key, makeMark(annotation));
    }
  }

  /** @param {Label} label */
  #findLabel({ scheme, label }) {
    const key = makeLabelKey({ scheme, label });
    let known = this.labels.get(key);
    if (!known) this.labels.set(key, (known = { scheme, label, marks: new Map() }));
    return known;
  }

  /**
   * Return the marks of a label by the keys of the references.
   * @param {Label} label
   * @returns {Map<string, Mark>}
   */
  listMarks(label) {
    return this.labels.get(makeLabelKey(label))?.marks ?? new Map();
  }

  /**
   * Return the references that the side judged for a scheme.
   * @param {string} scheme
   * @returns {Set<string>}
   */
  listJudged(scheme) {
    return this.judged.get(scheme) ?? new Set();
  }

  /** Return how many references the side judged for any scheme. */
  countJudged() {
    const keys = new Set();
    for (const judged of this.judged.values()) for (const key of judged) keys.add(key);
    return keys.size;
  }
}

/**
 * @param {Mark} annotation
 * @returns {Mark}
 */
function makeMark({ value, score }) {
  // A file can have millions of these, so that they are shared.
  if (score === null && value !== null) return value ? TRUE : FALSE;
  return { value, score };
}

/**
 * Return the pair that `scheme:label=scheme:label` names: a label of A, then a label of B.
 *
 * Schemes and labels may contain `:` and `=`, so the text is matched with the labels that both sides have.
 * Throws InputRejected if there is no such pair.
 * @param {string} text
 * @param {Labelling} a
 * @param {Labelling} b
 * @returns {LabelPair}
 */
export function findPair(text, a, b) {
  const [labelsA, labelsB] = [a, b].map(
    (side) =>
      new Map([...side.labels.values()].map(({ scheme, label }) => [nameLabel({ scheme, label }), { scheme, label }])),
  );
  for (let place = text.indexOf("="); place !== -1; place = text.indexOf("=", place + 1)) {
    const ofA = labelsA.get(text.slice(0, place));
    const ofB = labelsB.get(text.slice(place + 1));
    if (ofA && ofB) return { a: ofA, b: ofB };
  }
  throw new InputRejected(
    `The pair '${text}' must be scheme:label=scheme:label with a label of ${a.name} (${listNames(labelsA.keys())}) and ` +
      `a label of ${b.name} (${listNames(labelsB.keys())}).`,
  );
}

/**
 * Return the pairs to compare: those of the mapping, then each other label of the schemes that both sides have.
 * @param {Labelling} a
 * @param {Labelling} b
 * @param {LabelPair[]} mapping
 * @returns {LabelPair[]}
 */
export function pairLabels(a, b, mapping) {
  const mapped = new Set(mapping.flatMap((pair) => [makeLabelKey(pair.a), makeLabelKey(pair.b)]));
  const unique = new Map(mapping.map((pair) => [makeLabelKey(pair.a) + makeLabelKey(pair.b), pair]));
  const others = new Map([...a.labels, ...b.labels]);
  const pairs = [...others]
    .filter(([key, { scheme }]) => !mapped.has(key) && a.judged.has(scheme) && b.judged.has(scheme))
    .map(([, { scheme, label }]) => ({ scheme, label }))
    .sort(compareLabels)
    .map((label) => ({ a: label, b: label }));
  return [...unique.values(), ...pairs];
}

/** @param {Iterable<string>} names */
function listNames(names) {
  return [...names].sort(compareText).join(", ") || "it has none";
}
