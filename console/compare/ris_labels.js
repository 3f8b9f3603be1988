// @ts-check
// The labels in a RIS file, as `exchange/cli/labels.py` reads them.

import { keepValid, makePubMedId, SCREENING } from "./identifiers.js";
import { makeRecord } from "./ris.js";
import { readRecords } from "./tagged.js";
import { readTags } from "./tags.js";

/** @typedef {import("./labels.js").LabelFile} LabelFile */
/** @typedef {import("./labels.js").LabelledReference} LabelledReference */
/** @typedef {import("./label_names.js").LabelNames} LabelNames */

/**
 * Return the labelled references of the text of a RIS file.
 * @param {string} text
 * @param {{source: string, names: LabelNames | null, isDamaged?: (text: string) => boolean}} options `names` tells
 *   which keywords are labels
 * @returns {LabelFile}
 */
export function readRis(text, { source, names, isDamaged = () => false }) {
  /** @type {LabelFile} */
  const file = { references: [], faults: [] };
  for (const { line, reason, fields } of readRecords(text, isDamaged)) {
    const reference = reason ? null : toReference(makeRecord(fields), source, names);
    if (reference) file.references.push(reference);
    else file.faults.push({ line, reason: reason || "The record has no title, no abstract and no valid identifier." });
  }
  return file;
}

/**
 * Return the reference of a record. Null if it has nothing by which it could be known.
 * @param {import("./ris.js").RisRecord} record
 * @param {string} source
 * @param {LabelNames | null} names
 * @returns {LabelledReference | null}
 */
function toReference(record, source, names) {
  const identifiers = keepValid([
    { identifier_type: "doi", identifier: record.doi },
    { identifier_type: "pm_id", identifier: makePubMedId(record.pm_id) },
    { identifier_type: "open_alex", identifier: record.open_alex },
    ...record.other_ids.map(([name, identifier]) => ({
      identifier_type: "other",
      identifier,
      other_identifier_name: name,
    })),
  ]);
  if (!identifiers.length && !record.title && !record.abstract) return null;
  const screened = record.included === null ? [] : [{ ...SCREENING, value: record.included, score: null }];
  const labelled = names ? readTags(record.keywords, record.notes).flatMap((tag) => names.label(tag)) : [];
  return {
    id: null,
    identifiers,
    title: record.title || null,
    record,
    enhancements: [screened, labelled].filter((found) => found.length).map((annotations) => ({ source, annotations })),
  };
}
