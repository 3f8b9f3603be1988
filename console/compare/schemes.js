// @ts-check
// The labels of a scheme together, as `exchange/compare/schemes.py`: averages, and the table of labels that exclude
// each other.

import { estimateAll, estimateKappa, estimateProportion, sum } from "./statistics.js";
import { compareText } from "./text.js";

/** @typedef {import("./statistics.js").Estimate} Estimate */
/** @typedef {import("./statistics.js").ConfusionTable} ConfusionTable */
/**
 * The average of an estimate over labels, and the number of labels for which the estimate is defined.
 * @typedef {{value: number | null, labels: number}} Average
 */
/**
 * The labels that the sides chose for each reference: rows of A, columns of B.
 * @typedef {{categories: string[], rows: number[][], agreement: Estimate, kappa: Estimate}} MultiClass
 */

const AVERAGED = ["precision", "recall", "f1"];

/**
 * Return the mean of each estimate over the labels for which it is defined.
 * @param {Record<string, Estimate>[]} estimates
 * @returns {Record<string, Average>}
 */
export function averageMacro(estimates) {
  /** @param {string} name */
  const average = (name) => {
    const values = estimates.map((of) => of[name].value).filter((value) => value !== null);
    return { value: values.length ? sum(values) / values.length : null, labels: values.length };
  };
  return Object.fromEntries(AVERAGED.map((name) => [name, average(name)]));
}

/**
 * Return each estimate of the sum of the tables. There are no intervals: the decisions on the labels of one reference
 * are not independent of each other.
 * @param {ConfusionTable[]} tables
 * @returns {Record<string, Average>}
 */
export function averageMicro(tables) {
  const estimates = estimateAll({
    true_positives: sum(tables.map((table) => table.true_positives)),
    false_positives: sum(tables.map((table) => table.false_positives)),
    false_negatives: sum(tables.map((table) => table.false_negatives)),
    true_negatives: sum(tables.map((table) => table.true_negatives)),
  });
  return Object.fromEntries(AVERAGED.map((name) => [name, { value: estimates[name].value, labels: tables.length }]));
}

/**
 * Return the table of the labels that the sides chose, reference by reference.
 *
 * Null if a reference does not have exactly one label on each side, or if there are fewer than two labels. A label that
 * is not compared is null.
 * @param {(string | null)[][]} choicesA
 * @param {(string | null)[][]} choicesB
 * @returns {MultiClass | null}
 */
export function tabulateChoices(choicesA, choicesB) {
  /** @type {[string, string][]} */
  const cells = [];
  for (const [index, chosenA] of choicesA.entries()) {
    const chosenB = choicesB[index];
    if (chosenA.length !== 1 || chosenB.length !== 1) return null;
    const [a] = chosenA;
    const [b] = chosenB;
    if (a === null || b === null) return null;
    cells.push([a, b]);
  }
  const categories = [...new Set(cells.flat())].sort(compareText);
  if (categories.length < 2) return null;
  const places = new Map(categories.map((category, index) => [category, index]));
  const rows = categories.map(() => categories.map(() => 0));
  for (const [a, b] of cells) rows[places.get(a) ?? 0][places.get(b) ?? 0]++;
  const agreed = sum(rows.map((row, index) => row[index]));
  return { categories, rows, agreement: estimateProportion(agreed, cells.length), kappa: estimateKappa(rows) };
}
