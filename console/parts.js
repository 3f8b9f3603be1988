// @ts-check
// The parts of a batch request: reading them, and the state of each.

import { BATCHES } from "./batches.js";
import { formatCount } from "./format.js";
import { STATUSES } from "./wording.js";

/** @typedef {import("./models.js").Batch} Batch */
/** @typedef {import("./models.js").Part} Part */

/** How many parts are shown at once. The API returns as many in one page. */
export const PAGE_SIZE = 1_000;

/**
 * Read a page of the parts. They are numbered without gaps, so each page can be read by itself.
 *
 * @param {import("./api.js").Api} api
 * @param {string} id
 * @param {number} page From 0.
 * @param {AbortSignal} signal
 * @returns {Promise<Part[]>}
 */
export async function readParts(api, id, page, signal) {
  const answer = await api.get(`${BATCHES}${id}/parts`, { limit: PAGE_SIZE, continuation: page * PAGE_SIZE }, signal);
  return answer.parts;
}

/**
 * Return the state of a part, one of `PART_STATES`.
 *
 * A lease that has expired changes nothing by itself. The part waits until another fetch takes its references.
 *
 * @param {Part} part
 * @param {number} now in milliseconds
 */
export function findState(part, now) {
  if (part.returned) return "replaced";
  if (part.request_status === "rejected") return "failed";
  if (part.request_status === "received") return "waiting";
  if (part.request_status !== "accepted") return part.request_status;
  return part.leased_until && Date.parse(part.leased_until) <= now ? "waiting" : "working";
}

/**
 * Estimate how many parts are still to be made, from the largest one so far: robots that fetch choose the size.
 *
 * @param {Part[]} parts
 * @param {number} left The number of references that are in no part.
 */
export function estimateMissing(parts, left) {
  const size = Math.max(0, ...parts.map((part) => part.references));
  return size ? Math.ceil(left / size) : 0;
}

/**
 * Say what a batch request in parts waits for.
 *
 * @param {Batch} batch
 * @param {boolean} isFetched Whether its robot fetches the parts.
 */
export function describeWork(batch, isFetched) {
  const { made, open, left } = batch.parts ?? { made: 0, open: 0, left: 0 };
  if (batch.request_status === "importing") return "All parts have ended. The report is put together from theirs.";
  if (batch.cancelled_at) return `It is being cancelled. ${formatCount(open, "part")} ${open === 1 ? "has" : "have"} not ended.`;
  const sentences = [];
  if (open && batch.request_status === "received") sentences.push(`The robot has not accepted a part yet. ${formatCount(made, "part")} ${made === 1 ? "is" : "are"} made.`);
  else if (open) sentences.push(`Robots work on ${formatCount(open, "part")}.`);
  if (left && isFetched) sentences.push(`${formatCount(left, "reference")} ${left === 1 ? "waits" : "wait"} until a robot fetches ${left === 1 ? "it" : "them"}.`);
  else if (left) sentences.push(`${formatCount(left, "reference")} ${left === 1 ? "follows" : "follow"} in later parts.`);
  return sentences.join(" ") || STATUSES[batch.request_status]?.about;
}
