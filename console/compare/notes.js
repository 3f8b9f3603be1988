// @ts-check
// The sentences of a comparison, as `exchange/compare/wording.py`.

import { nameLabel, namePair } from "./labelling.js";
import { hasExtremePrevalence } from "./statistics.js";

/** @typedef {import("./comparison.js").Comparison} Comparison */
/** @typedef {import("./comparison.js").LabelComparison} LabelComparison */

/** @param {number} count */
function formatCount(count) {
  return String(count).replace(/\B(?=(\d{3})+$)/g, ",");
}

/**
 * Return a short name for each label: without its scheme, unless another scheme has the same label.
 * @param {Comparison} comparison
 */
export function nameLabels({ labels }) {
  return labels.map(({ pair }) => {
    const isUnique = labels.filter((other) => other.pair.a.label === pair.a.label).length === 1;
    return isUnique ? pair.a.label : namePair(pair);
  });
}

/**
 * Return a sentence for each thing that was left out or assumed.
 * @param {Comparison} comparison
 */
export function listNotes({ a, b, absent, not_compared_a: othersA, not_compared_b: othersB }) {
  const notes = [
    "A reference counts for a label if both A and B judged it for the label's scheme, which means that it has any " +
      "annotation of this scheme. Others are left out.",
    absent === "false"
      ? "The decision on a judged reference without an annotation of the label is false."
      : "A judged reference without an annotation of the label is left out for this label.",
    "The score of an annotation is read as the strength of the label, also if its value is false.",
  ];
  for (const { name, repeated, unidentified } of [a, b]) {
    if (repeated) {
      notes.push(
        `${formatCount(repeated)} annotations of ${name} repeat a label of the same reference. The first counts.`,
      );
    }
    if (unidentified) {
      notes.push(`${formatCount(unidentified)} references of ${name} have no id and no identifier and are left out.`);
    }
  }
  for (const { side, labels } of [
    { side: a, labels: othersA },
    { side: b, labels: othersB },
  ]) {
    if (labels.length)
      notes.push(`These labels of ${side.name} are not compared: ${labels.map(nameLabel).join(", ")}.`);
  }
  return notes;
}

/**
 * Return a sentence for each thing that was left out of one label, or that makes its estimates misleading.
 * @param {LabelComparison} label
 * @param {Comparison} comparison
 */
export function listLabelNotes({ only_a: onlyA, only_b: onlyB, table, ranking }, { a, b }) {
  const notes = [];
  if (onlyA || onlyB) {
    notes.push(
      `Left out: ${formatCount(onlyA)} references with a decision of ${a.name} only, and ${formatCount(onlyB)} with a ` +
        `decision of ${b.name} only.`,
    );
  }
  if (hasExtremePrevalence(table)) {
    notes.push(
      "More than 90% of all decisions are the same, so kappa can be low in spite of high agreement. " +
        "Gwet's AC1 depends less on this.",
    );
  }
  if (ranking?.without_score) {
    notes.push(`${formatCount(ranking.without_score)} references have no score from ${b.name} and rank last.`);
  }
  return notes;
}
