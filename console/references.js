// @ts-check
// Reading references, and what is shown of them.

/** @typedef {import("./api.js").Api} Api */
/** @typedef {import("./models.js").Reference} Reference */

const PARALLEL = 6;
const KEPT = 2_000;

/** @type {Map<string, Promise<Reference>>} */
const known = new Map();
/** @type {(() => void)[]} */
const waiting = [];
let running = 0;

/**
 * Read a reference for its title. What was read is kept, and few are read at once, because a page shows many.
 *
 * @param {Api} api
 * @param {string} id
 * @returns {Promise<Reference>}
 */
export function readTitle(api, id) {
  const found = known.get(id);
  if (found) return found;
  const reading = takeTurn(() => api.get(`/references/${id}/`));
  known.set(id, reading);
  reading.catch(() => known.delete(id));
  const oldest = known.keys().next();
  if (known.size > KEPT && !oldest.done) known.delete(oldest.value);
  return reading;
}

/** @template T @param {() => Promise<T>} read @returns {Promise<T>} */
async function takeTurn(read) {
  if (running >= PARALLEL) await new Promise((resolve) => waiting.push(() => resolve(undefined)));
  running += 1;
  try {
    return await read();
  } finally {
    running -= 1;
    waiting.shift()?.();
  }
}

/** Return the newest content of this type, or null. @param {Reference} reference @param {string} type @returns {any} */
export function findContent(reference, type) {
  return reference.enhancements?.find(({ content }) => content.enhancement_type === type)?.content ?? null;
}

/** Return the newest title, or null. @param {Reference} reference @returns {string | null} */
export function findTitle(reference) {
  for (const { content } of reference.enhancements ?? []) {
    if (content.enhancement_type === "bibliographic" && content.title) return content.title;
  }
  return null;
}

/** @type {Record<string, string>} */
const TYPES = { doi: "DOI", pm_id: "PubMed id", open_alex: "OpenAlex id" };

/** Return `DOI`, or the name of another scheme. @param {{identifier_type: string, other_identifier_name?: string | null}} identifier */
export const nameType = ({ identifier_type: type, other_identifier_name: name }) => TYPES[type] ?? name ?? type;

/**
 * Return `DOI 10.1/x`, for each identifier. Those of other schemes are `name:value`, as they are looked up.
 *
 * @param {Pick<Reference, "identifiers">} reference
 */
export function listIdentifiers(reference) {
  return (reference.identifiers ?? []).map(
    (identifier) => `${nameType(identifier)}${identifier.identifier_type === "other" ? ":" : " "}${identifier.identifier}`,
  );
}
