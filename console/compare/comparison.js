// @ts-check
// The comparison of two labellings, as `exchange/compare/comparison.py`. Names of fields are the same, so that tests
// can compare both results.

import { Catalogue } from "./catalogue.js";
import { InputRejected } from "./errors.js";
import { compareLabels, makeLabelKey, pairLabels } from "./labelling.js";
import { estimateRanking, rank } from "./ranking.js";
import { averageMacro, averageMicro, tabulateChoices } from "./schemes.js";
import { estimateAll } from "./statistics.js";
import { compareText } from "./text.js";

/** @typedef {import("./labelling.js").Labelling} Labelling */
/** @typedef {import("./labelling.js").Label} Label */
/** @typedef {import("./labelling.js").LabelPair} LabelPair */
/** @typedef {import("./labelling.js").Mark} Mark */
/** @typedef {import("./labelling.js").Decision} Decision */
/** @typedef {import("./statistics.js").Estimate} Estimate */
/** @typedef {import("./statistics.js").ConfusionTable} ConfusionTable */
/** @typedef {import("./schemes.js").Average} Average */
/**
 * What it means that a side judged a reference for a scheme, but without an annotation of this label. `false`: the
 * label does not apply. `left_out`: the reference is left out for this label.
 * @typedef {"false" | "left_out"} Absent
 */
/**
 * A reference on whose label the sides disagree. A decision is null if the label is absent.
 * @typedef {{key: string, title: string | null, a: Decision | null, b: Decision | null}} Disagreement
 */
/**
 * The comparison of one label. `only_a` counts the references that were left out because only A has a decision.
 * `ranking` is null if B has no scores, has a true label without a score, or if A's decisions are all the same.
 * Disagreements
 * that B missed come first, then by B's score, highest first, and by title.
 * @typedef {{
 *   pair: LabelPair,
 *   table: ConfusionTable,
 *   only_a: number,
 *   only_b: number,
 *   estimates: Record<string, Estimate>,
 *   ranking: import("./ranking.js").Ranking | null,
 *   disagreements: Disagreement[],
 * }} LabelComparison
 */
/**
 * The labels of a scheme together, if two or more of them are compared. `choices` is null unless each reference has
 * exactly one true label on each side.
 * @typedef {{
 *   scheme_a: string,
 *   scheme_b: string,
 *   labels: number,
 *   macro: Record<string, Average>,
 *   micro: Record<string, Average>,
 *   choices: import("./schemes.js").MultiClass | null,
 * }} SchemeComparison
 */
/**
 * @typedef {{name: string, source: string | null, judged: number, repeated: number, unidentified: number}} Side
 */
/**
 * The result. `not_compared_a` has the labels of A that B has no scheme for, and that are not mapped to a label of B.
 * @typedef {{
 *   a: Side,
 *   b: Side,
 *   threshold: number,
 *   absent: Absent,
 *   labels: LabelComparison[],
 *   schemes: SchemeComparison[],
 *   not_compared_a: Label[],
 *   not_compared_b: Label[],
 * }} Comparison
 */
/**
 * @typedef {{mapping?: LabelPair[], absent?: Absent, threshold?: number, catalogue?: Catalogue}} CompareOptions
 */
/** @typedef {{absent: Absent, threshold: number, catalogue: Catalogue}} Rules */

export const DEFAULT_THRESHOLD = 0.5;

/**
 * Compare the labels of B with those of A, which is the baseline.
 *
 * A reference counts for a label if both sides judged it for the label's scheme, which means that it has any annotation
 * of this scheme. Others are left out and counted. A score annotation is true if its score is at least `threshold`.
 * Throws InputRejected if the sides have no scheme in common and there is no mapping.
 * @param {Labelling} a
 * @param {Labelling} b
 * @param {CompareOptions} [options]
 * @returns {Comparison}
 */
export function compare(a, b, options = {}) {
  const { mapping = [], absent = "false", threshold = DEFAULT_THRESHOLD, catalogue = new Catalogue() } = options;
  const rules = { absent, threshold, catalogue };
  const pairs = pairLabels(a, b, mapping);
  if (!pairs.length) {
    throw new InputRejected(
      `${a.name} (schemes: ${listSchemes(a)}) and ${b.name} (schemes: ${listSchemes(b)}) have no scheme in common. ` +
        "Map at least one label of the one to a label of the other.",
    );
  }
  const labels = pairs.map((pair) => compareLabel(a, b, pair, rules));
  return {
    a: describeSide(a),
    b: describeSide(b),
    threshold,
    absent,
    labels,
    schemes: compareSchemes(a, b, labels, threshold),
    not_compared_a: listOthers(
      a,
      pairs.map((pair) => pair.a),
    ),
    not_compared_b: listOthers(
      b,
      pairs.map((pair) => pair.b),
    ),
  };
}

/** @param {Labelling} side */
function listSchemes(side) {
  return [...side.judged.keys()].sort(compareText).join(", ") || "none";
}

/** @param {Labelling} side @returns {Side} */
function describeSide(side) {
  const { name, source, repeated, unidentified } = side;
  return { name, source, judged: side.countJudged(), repeated, unidentified };
}

/**
 * @param {Labelling} side
 * @param {Label[]} compared
 */
function listOthers(side, compared) {
  const keys = new Set(compared.map(makeLabelKey));
  return [...side.labels]
    .filter(([key]) => !keys.has(key))
    .map(([, { scheme, label }]) => ({ scheme, label }))
    .sort(compareLabels);
}

/**
 * @param {Labelling} a
 * @param {Labelling} b
 * @param {LabelPair} pair
 * @param {Rules} rules
 * @returns {LabelComparison}
 */
function compareLabel(a, b, pair, { absent, threshold, catalogue }) {
  const [marksA, marksB] = [a.listMarks(pair.a), b.listMarks(pair.b)];
  const leftOut = absent === "left_out";
  const keysA = leftOut ? marksA : a.listJudged(pair.a.scheme);
  const keysB = leftOut ? marksB : b.listJudged(pair.b.scheme);
  const shared = [...keysA.keys()].filter((key) => keysB.has(key));
  const compared = shared.map((key) => ({
    key,
    a: decide(marksA.get(key), threshold),
    b: decide(marksB.get(key), threshold),
  }));
  const table = { true_positives: 0, false_positives: 0, false_negatives: 0, true_negatives: 0 };
  for (const { a: ofA, b: ofB } of compared) {
    if (isTrue(ofA)) table[isTrue(ofB) ? "true_positives" : "false_negatives"]++;
    else table[isTrue(ofB) ? "false_positives" : "true_negatives"]++;
  }
  const ranked = canRank(compared.map((reference) => reference.b));
  const ranking = ranked ? rank(compared.map(({ a: ofA, b: ofB }) => [isTrue(ofA), ofB?.score ?? null])) : null;
  return {
    pair,
    table,
    only_a: keysA.size - shared.length,
    only_b: keysB.size - shared.length,
    estimates: ranked ? { ...estimateAll(table), ...estimateRanking(ranking) } : estimateAll(table),
    ranking,
    disagreements: compared
      .filter((reference) => isTrue(reference.a) !== isTrue(reference.b))
      .map(({ key, a: ofA, b: ofB }) => ({ key, title: catalogue.findTitle(key), a: ofA, b: ofB }))
      .sort(compareDisagreements),
  };
}

/**
 * @param {Mark | undefined} mark
 * @param {number} threshold
 * @returns {Decision | null}
 */
function decide(mark, threshold) {
  return mark ? { value: mark.value ?? (mark.score ?? 0) >= threshold, score: mark.score } : null;
}

/** @param {Decision | null} decision */
function isTrue(decision) {
  return decision?.value ?? false;
}

/**
 * Return whether there are scores, and every true label has one. A reference without a score ranks last.
 * @param {(Decision | null)[]} decisions
 */
function canRank(decisions) {
  const present = decisions.filter((decision) => decision !== null);
  const hasScores = present.some((decision) => decision.score !== null);
  return hasScores && present.every((decision) => decision.score !== null || !decision.value);
}

/**
 * @param {Disagreement} one
 * @param {Disagreement} other
 */
function compareDisagreements(one, other) {
  return (
    Number(isTrue(one.b)) - Number(isTrue(other.b)) ||
    (other.b?.score ?? 0) - (one.b?.score ?? 0) ||
    compareText(one.title ?? "", other.title ?? "") ||
    compareText(one.key, other.key)
  );
}

/**
 * @param {Labelling} a
 * @param {Labelling} b
 * @param {LabelComparison[]} labels
 * @param {number} threshold
 */
function compareSchemes(a, b, labels, threshold) {
  /** @type {Map<string, LabelComparison[]>} */
  const groups = new Map();
  for (const label of labels) {
    const key = JSON.stringify([label.pair.a.scheme, label.pair.b.scheme]);
    const group = groups.get(key);
    if (group) group.push(label);
    else groups.set(key, [label]);
  }
  return [...groups.values()].filter((group) => group.length > 1).map((group) => compareScheme(a, b, group, threshold));
}

/**
 * @param {Labelling} a
 * @param {Labelling} b
 * @param {LabelComparison[]} group
 * @param {number} threshold
 * @returns {SchemeComparison}
 */
function compareScheme(a, b, group, threshold) {
  const pairs = group.map((label) => label.pair);
  const [
    {
      a: { scheme: schemeA },
      b: { scheme: schemeB },
    },
  ] = pairs;
  const judgedB = b.listJudged(schemeB);
  const keys = [...a.listJudged(schemeA)].filter((key) => judgedB.has(key));
  const namesA = new Map(pairs.map((pair) => [makeLabelKey(pair.a), pair.a.label]));
  const namesB = new Map(pairs.map((pair) => [makeLabelKey(pair.b), pair.a.label]));
  const oneToOne = namesA.size === pairs.length && namesB.size === pairs.length;
  return {
    scheme_a: schemeA,
    scheme_b: schemeB,
    labels: group.length,
    macro: averageMacro(group.map((label) => label.estimates)),
    micro: averageMicro(group.map((label) => label.table)),
    choices: oneToOne
      ? tabulateChoices(
          findChoices(a, schemeA, keys, namesA, threshold),
          findChoices(b, schemeB, keys, namesB, threshold),
        )
      : null,
  };
}

/**
 * Return the true labels of each reference. A label that is not compared is null.
 * @param {Labelling} side
 * @param {string} scheme
 * @param {string[]} keys
 * @param {Map<string, string>} names
 * @param {number} threshold
 */
function findChoices(side, scheme, keys, names, threshold) {
  const labels = [...side.labels].filter(([, label]) => label.scheme === scheme);
  return keys.map((reference) =>
    labels
      .filter(([, { marks }]) => isTrue(decide(marks.get(reference), threshold)))
      .map(([key]) => names.get(key) ?? null),
  );
}
