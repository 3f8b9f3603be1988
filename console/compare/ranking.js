// @ts-check
// How well the scores of B rank the references that A labels true: as `exchange/compare/ranking.py`. References with
// the same score are one step: no order within it is assumed.

import { UNDEFINED, makePoint, makeSymmetric, square, sum } from "./statistics.js";

/** @typedef {import("./statistics.js").Estimate} Estimate */
/**
 * The references whose score is at least `score`, and how many of them A labels true and false. The references without
 * a score are the last step, with a score of null.
 * @typedef {{score: number | null, true_positives: number, false_positives: number}} Step
 */
/**
 * The steps from the highest score to the lowest. The last step has all references.
 * @typedef {{steps: Step[], without_score: number}} Ranking
 */

// Work saved over sampling is reported at this recall.
const RECALL_PERCENT = 95;

/**
 * Return the ranking of A's decisions by B's scores. Null if A's decisions are all the same.
 * @param {Iterable<[boolean, number | null]>} decisions
 * @returns {Ranking | null}
 */
export function rank(decisions) {
  /** @type {Map<number, [number, number]>} */
  const counts = new Map();
  let withoutScore = 0;
  for (const [value, score] of decisions) {
    if (score === null) withoutScore++;
    const key = score ?? -Infinity;
    const of = counts.get(key) ?? [0, 0];
    of[value ? 0 : 1]++;
    counts.set(key, of);
  }
  let positives = 0;
  let negatives = 0;
  /** @type {Step[]} */
  const steps = [];
  for (const [score, [trues, falses]] of [...counts].sort(([a], [b]) => (a < b ? 1 : a > b ? -1 : 0))) {
    positives += trues;
    negatives += falses;
    steps.push({
      score: score === -Infinity ? null : score,
      true_positives: positives,
      false_positives: negatives,
    });
  }
  return positives && negatives ? { steps, without_score: withoutScore } : null;
}

/**
 * Return how many references A labels true and false.
 * @param {Ranking} ranking
 */
export function countClasses({ steps }) {
  const last = steps[steps.length - 1];
  return { positives: last.true_positives, negatives: last.false_positives };
}

/**
 * Return the points (1 - specificity, recall), from (0, 0) to (1, 1).
 * @param {Ranking} ranking
 * @returns {[number, number][]}
 */
export function listRocPoints(ranking) {
  const { positives, negatives } = countClasses(ranking);
  return [
    [0, 0],
    ...ranking.steps.map(
      (step) => /** @type {[number, number]} */ ([step.false_positives / negatives, step.true_positives / positives]),
    ),
  ];
}

/**
 * Return the points (recall, precision), by increasing recall.
 * @param {Ranking} ranking
 * @returns {[number, number][]}
 */
export function listPrecisionPoints(ranking) {
  const { positives } = countClasses(ranking);
  return ranking.steps.map((step) => [
    step.true_positives / positives,
    step.true_positives / (step.true_positives + step.false_positives),
  ]);
}

/**
 * Return the estimates of a ranking, by the names in `definitions.js`.
 * @param {Ranking | null} ranking
 * @returns {Record<string, Estimate>}
 */
export function estimateRanking(ranking) {
  if (ranking === null) return { average_precision: UNDEFINED, roc_auc: UNDEFINED, wss_95: UNDEFINED };
  return {
    average_precision: estimateAveragePrecision(ranking),
    roc_auc: estimateAuc(ranking),
    wss_95: estimateWss(ranking),
  };
}

/** @param {Ranking} ranking */
function estimateAveragePrecision(ranking) {
  let total = 0;
  let recallBefore = 0;
  for (const [recall, precision] of listPrecisionPoints(ranking)) {
    total += (recall - recallBefore) * precision;
    recallBefore = recall;
  }
  return makePoint(total);
}

/**
 * Return the area under the ROC curve with the interval of DeLong, DeLong and Clarke-Pearson (1988).
 * @param {Ranking} ranking
 */
function estimateAuc(ranking) {
  const { positives, negatives } = countClasses(ranking);
  // For each step: how many references are in it, and the share of the other class that they are ranked right with.
  /** @type {[number, number][]} */
  const ofTrues = [];
  /** @type {[number, number][]} */
  const ofFalses = [];
  let before = { true_positives: 0, false_positives: 0 };
  for (const step of ranking.steps) {
    const trues = step.true_positives - before.true_positives;
    const falses = step.false_positives - before.false_positives;
    ofTrues.push([trues, (negatives - before.false_positives - falses / 2) / negatives]);
    ofFalses.push([falses, (before.true_positives + trues / 2) / positives]);
    before = step;
  }
  const area = sum(ofTrues.map(([count, share]) => count * share)) / positives;
  if (positives === 1 || negatives === 1) return makePoint(area);
  const variance = vary(ofTrues, area, positives) + vary(ofFalses, area, negatives);
  return makeSymmetric(area, variance, 0);
}

/**
 * @param {[number, number][]} shares
 * @param {number} mean
 * @param {number} total
 */
function vary(shares, mean, total) {
  return sum(shares.map(([count, share]) => count * square(share - mean))) / ((total - 1) * total);
}

/**
 * Return the share of references that need not be read for 95 percent recall, minus the 5 percent of chance.
 * @param {Ranking} ranking
 */
function estimateWss(ranking) {
  const { positives, negatives } = countClasses(ranking);
  const total = positives + negatives;
  const enough = ranking.steps.findIndex((step) => 100 * step.true_positives >= RECALL_PERCENT * positives);
  const last = ranking.steps[enough];
  const unread = total - last.true_positives - last.false_positives;
  return makePoint(unread / total - (100 - RECALL_PERCENT) / 100);
}
