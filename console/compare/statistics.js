// @ts-check
// Agreement of two sets of decisions: the same formulas as `exchange/compare/statistics.py`, in the same order of
// operations. An estimate that is not defined is null. An interval is null if its method does not yield one.

/** @typedef {{value: number | null, low: number | null, high: number | null}} Estimate */
/**
 * The number of references by the decisions of both sides. A is the baseline: "false positive" is B's mistake.
 * @typedef {{true_positives: number, false_positives: number, false_negatives: number, true_negatives: number}}
 *   ConfusionTable
 */

// The 97.5th percentile of the standard normal distribution.
const Z = 1.959963984540054;
const EXTREME_PREVALENCE = 0.1;

/** @type {Readonly<Estimate>} */
export const UNDEFINED = Object.freeze({ value: null, low: null, high: null });

/** @param {number} value @returns {Estimate} */
export function makePoint(value) {
  return { value, low: null, high: null };
}

/** @param {ConfusionTable} table */
export function countTotal(table) {
  return table.true_positives + table.false_positives + table.false_negatives + table.true_negatives;
}

/**
 * Return all estimates of a table, by the names in `definitions.js`.
 * @param {ConfusionTable} table
 * @returns {Record<string, Estimate>}
 */
export function estimateAll(table) {
  const { true_positives: tp, false_positives: fp, false_negatives: fn, true_negatives: tn } = table;
  const total = countTotal(table);
  return {
    agreement: estimateProportion(tp + tn, total),
    kappa: estimateKappa([
      [tp, fn],
      [fp, tn],
    ]),
    ac1: estimateAc1(table),
    precision: estimateProportion(tp, tp + fp),
    recall: estimateProportion(tp, tp + fn),
    specificity: estimateProportion(tn, tn + fp),
    f1: estimateF1(table),
    prevalence_a: estimateProportion(tp + fn, total),
    prevalence_b: estimateProportion(tp + fp, total),
  };
}

/**
 * Return a proportion with the score interval of Wilson (1927).
 * @param {number} count
 * @param {number} total
 * @returns {Estimate}
 */
export function estimateProportion(count, total) {
  if (total === 0) return UNDEFINED;
  const share = count / total;
  const weight = (Z * Z) / total;
  const centre = (share + weight / 2) / (1 + weight);
  const margin = (Z * Math.sqrt((share * (1 - share)) / total + weight / (4 * total))) / (1 + weight);
  // The limits of 0 and 1 are exact, but for rounding.
  return { value: share, low: count === 0 ? 0 : centre - margin, high: count === total ? 1 : centre + margin };
}

/**
 * Return F1 with the interval "Wilson indirect" of Lam et al. (2023).
 * @param {ConfusionTable} table
 * @returns {Estimate}
 */
function estimateF1({ true_positives: tp, false_positives: fp, false_negatives: fn }) {
  const { value, low, high } = estimateProportion(tp, tp + fp + fn);
  if (value === null || low === null || high === null) return UNDEFINED;
  return { value: (2 * value) / (1 + value), low: (2 * low) / (1 + low), high: (2 * high) / (1 + high) };
}

/**
 * Return Cohen's kappa of a square table, with the asymptotic interval of Fleiss, Cohen and Everitt (1969).
 *
 * It is not defined if both sides use only one and the same category.
 * @param {number[][]} rows
 * @returns {Estimate}
 */
export function estimateKappa(rows) {
  const total = sum(rows.map(sum));
  // Compared as counts, because rounding could hide that everything is in one cell of the diagonal.
  if (total === 0 || rows.some((row, index) => row[index] === total)) return UNDEFINED;
  const cells = rows.map((row) => row.map((count) => count / total));
  const marginalsA = cells.map(sum);
  const marginalsB = cells.map((_, column) => sum(cells.map((row) => row[column])));
  const observed = sum(cells.map((row, index) => row[index]));
  const expected = sum(marginalsA.map((share, index) => share * marginalsB[index]));
  const kappa = (observed - expected) / (1 - expected);
  const spread = sum(
    cells.flatMap((row, a) =>
      row.map((share, b) => share * square((a === b ? 1 : 0) - (marginalsB[a] + marginalsA[b]) * (1 - kappa))),
    ),
  );
  const variance = (spread - square(kappa - expected * (1 - kappa))) / (total * square(1 - expected));
  return makeSymmetric(kappa, variance, -1);
}

/**
 * Return the AC1 of Gwet (2008) for two raters and two categories, with the interval of its equation for n > 1.
 * @param {ConfusionTable} table
 * @returns {Estimate}
 */
function estimateAc1(table) {
  const total = countTotal(table);
  if (total === 0) return UNDEFINED;
  const { true_positives: tp, false_positives: fp, false_negatives: fn, true_negatives: tn } = table;
  const share = (2 * tp + fn + fp) / (2 * total);
  const expected = 2 * share * (1 - share);
  const ac1 = ((tp + tn) / total - expected) / (1 - expected);
  if (total === 1) return makePoint(ac1);
  // For each cell: its count, whether the sides agree, and the chance agreement of a reference in it.
  const cells = [
    [tp, 1, 1 - share],
    [tn, 1, share],
    [fp + fn, 0, 0.5],
  ];
  const spread = sum(
    cells.map(
      ([count, agrees, chance]) =>
        count * square((agrees - expected - 2 * (1 - ac1) * (chance - expected)) / (1 - expected) - ac1),
    ),
  );
  return makeSymmetric(ac1, spread / (total * (total - 1)), -1);
}

/**
 * Return the value with an interval of the normal approximation, cut at `lowest` and 1.
 * @param {number} value
 * @param {number} variance
 * @param {number} lowest
 * @returns {Estimate}
 */
export function makeSymmetric(value, variance, lowest) {
  // Zero, but for rounding.
  if (variance <= 1e-12) return makePoint(value);
  const margin = Z * Math.sqrt(variance);
  return { value, low: Math.max(lowest, value - margin), high: Math.min(1, value + margin) };
}

/**
 * Return whether kappa is misleading because nearly all decisions of both sides are the same.
 * @param {ConfusionTable} table
 */
export function hasExtremePrevalence(table) {
  const total = countTotal(table);
  const trues = 2 * table.true_positives + table.false_negatives + table.false_positives;
  const share = total ? trues / (2 * total) : 0.5;
  return share < EXTREME_PREVALENCE || share > 1 - EXTREME_PREVALENCE;
}

/** @param {number[]} values */
export function sum(values) {
  return values.reduce((total, value) => total + value, 0);
}

/** @param {number} value */
export function square(value) {
  return value * value;
}
