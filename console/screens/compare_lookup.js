// @ts-check

import { computeDigest } from "../compare/index.js";

/** @typedef {import("../compare/labels.js").LabelFile} LabelFile */
/** @typedef {import("../compare/labels.js").LabelledReference} LabelledReference */

const MAX_LOOKUP = 5_000;

/**
 * Give the references of a file their ids in the exchange: those that loading printed for the same record, else those
 * found by the identifiers. Others keep none.
 *
 * @param {import("../api.js").Api} api
 * @param {LabelFile} file
 * @param {Map<string, string> | null} loaded the ids by the digests of the records
 * @returns {Promise<LabelFile>}
 */
export async function lookUpFile(api, file, loaded) {
  const ids = loaded ? await findLoaded(file.references, loaded) : new Map();
  const wanted = file.references
    .filter((reference) => !ids.has(reference))
    .flatMap((reference) => reference.identifiers.map((identifier) => ({ reference, identifier })));
  for (let start = 0; start < wanted.length; start += MAX_LOOKUP) {
    const part = wanted.slice(start, start + MAX_LOOKUP);
    const body = { identifiers: part.map(({ identifier }) => identifier) };
    const answer = await api.call("POST", "/references/lookup", { body, repeatable: true });
    answer.references.forEach((/** @type {{id: string | null}} */ { id }, /** @type {number} */ index) => {
      if (id && !ids.has(part[index].reference)) ids.set(part[index].reference, id);
    });
  }
  const references = file.references.map((reference) => ({ ...reference, id: ids.get(reference) ?? null }));
  // The catalogue wants those with ids first.
  return { ...file, references: references.sort((one, other) => Number(one.id === null) - Number(other.id === null)) };
}

/**
 * Return the ids of the records that were loaded, and have not changed since then.
 *
 * @param {LabelledReference[]} references
 * @param {Map<string, string>} loaded
 */
async function findLoaded(references, loaded) {
  /** @type {Map<LabelledReference, string>} */
  const ids = new Map();
  for (const reference of references) {
    const id = reference.record && loaded.get(await computeDigest(reference.record));
    if (id) ids.set(reference, id);
  }
  return ids;
}

/**
 * Return a name for each reference that has labels, but no id: its title, else its first identifier.
 *
 * @param {LabelFile} file
 */
export function listUnmatched({ references }) {
  return references
    .filter(({ id, enhancements }) => id === null && enhancements.length)
    .map(({ title, identifiers }) => title ?? String(identifiers[0]?.identifier ?? "one without a title"));
}
