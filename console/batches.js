// @ts-check
// Calls of the API about batch requests.

import { InputRejected, readEnhancements } from "./compare/index.js";

/** @typedef {import("./api.js").Api} Api */
/** @typedef {import("./models.js").BatchSummary} BatchSummary */
/** @typedef {import("./models.js").Batch} Batch */

export const BATCHES = "/references/enhancement/batch/";
const PAGE_SIZE = 50;

/** The filters of the list, as parameters of the address and of the API. */
const FILTERS = ["status", "robot_id", "source", "created_after", "created_before"];
export const METADATA = "metadata.";

/**
 * Return the API's filters for the parameters of the address. Dates are days in the user's time zone.
 *
 * @param {URLSearchParams} parameters
 * @returns {import("./api.js").Query}
 */
export function readFilters(parameters) {
  /** @type {import("./api.js").Query} */
  const query = {
    status: parameters.getAll("status"),
    robot_id: parameters.get("robot_id"),
    source: parameters.get("source"),
    created_after: startOfDay(parameters.get("created_after"), 0),
    created_before: startOfDay(parameters.get("created_before"), 1),
  };
  for (const [name, value] of parameters) if (name.startsWith(METADATA)) query[name] = value;
  return query;
}

/** @param {URLSearchParams} parameters */
export function hasFilters(parameters) {
  return [...parameters.keys()].some((name) => FILTERS.includes(name) || name.startsWith(METADATA));
}

/** @param {string | null} day @param {number} daysLater */
function startOfDay(day, daysLater) {
  if (!day) return null;
  const [year, month, date] = day.split("-").map(Number);
  const time = new Date(year, month - 1, date + daysLater);
  return Number.isNaN(time.getTime()) ? null : time.toISOString();
}

/**
 * @param {Api} api
 * @param {import("./api.js").Query} filters
 * @param {string | null} continuation
 * @param {AbortSignal} [signal]
 * @returns {Promise<{batch_requests: BatchSummary[], continuation: string | null}>}
 */
export function listBatches(api, filters, continuation, signal) {
  return api.get(BATCHES, { ...filters, limit: PAGE_SIZE, continuation }, signal);
}

/**
 * Yield all batch requests that match, newest first.
 *
 * @param {Api} api
 * @param {import("./api.js").Query} filters
 * @param {AbortSignal} signal
 * @returns {AsyncGenerator<BatchSummary>}
 */
export async function* listAllBatches(api, filters, signal) {
  let continuation = null;
  do {
    const page = /** @type {any} */ (await api.get(BATCHES, { ...filters, limit: 100, continuation }, signal));
    yield* page.batch_requests;
    continuation = page.continuation;
  } while (continuation);
}

/** @param {Api} api @param {string} id @param {AbortSignal} [signal] @returns {Promise<Batch>} */
export function readBatch(api, id, signal) {
  return api.get(BATCHES + id, { include_reference_ids: false }, signal);
}

/** @param {string} id @param {string} reason @returns {import("./components/command.js").Call} */
export function makeCancel(id, reason) {
  return { method: "POST", path: `${BATCHES}${id}/cancel`, body: reason ? { reason } : {} };
}

/** @param {string} id @param {string} robotId Empty for the same robot. @returns {import("./components/command.js").Call} */
export function makeRetry(id, robotId) {
  return { method: "POST", path: `${BATCHES}${id}/retry`, body: robotId ? { robot_id: robotId } : {} };
}

/** Cancelling and retrying twice is the same as once, so a lost answer is no problem. @param {Api} api @param {import("./components/command.js").Call} call @returns {Promise<Batch>} */
export function send(api, { method, path, body }) {
  return api.call(method, path, { body, repeatable: true });
}

/**
 * Read the labels that a batch added from its file in the storage. Only the labels are kept.
 *
 * @param {Batch} batch
 */
export async function readLabelsOfBatch({ id, enhancements_url: url }) {
  if (!url) {
    throw new InputRejected(`Batch ${id} has no enhancements: it has not ended, added nothing, or is a test run.`);
  }
  const response = await fetch(url, { referrerPolicy: "no-referrer" });
  if (!response.ok || !response.body) throw new InputRejected(`The enhancements of batch ${id} cannot be read now (${response.status}).`);
  return readEnhancements(response.body, { name: `batch ${id.slice(0, 8)}` });
}
