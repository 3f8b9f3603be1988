// @ts-check

/** @typedef {import("../compare/labels.js").LabelFile} LabelFile */
/** @typedef {import("../compare/labels.js").LabelledReference} LabelledReference */

const MAX_LOOKUP = 5_000;

/**
 * Give the references of a file their ids in the exchange, found by their identifiers. Others keep none.
 *
 * @param {import("../api.js").Api} api
 * @param {LabelFile} file
 * @returns {Promise<LabelFile>}
 */
export async function lookUpFile(api, file) {
  const wanted = file.references.flatMap((reference) => reference.identifiers.map((identifier) => ({ reference, identifier })));
  /** @type {Map<LabelledReference, string>} */
  const ids = new Map();
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
