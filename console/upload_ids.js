// @ts-check
// Requesting a batch. A list of references that is long for a request is uploaded first.

import { ApiError, Unreachable } from "./api.js";
import { BATCHES } from "./batches.js";

/** More ids than this are uploaded as a list, and checked in several calls. */
export const UPLOADED_ABOVE = 50_000;

/** @typedef {import("./api.js").Api} Api */

/**
 * Upload a list of ids, and return its id for `reference_ids_upload`.
 *
 * @param {Api} api
 * @param {string[]} ids
 * @returns {Promise<string>}
 */
export async function uploadIds(api, ids) {
  const { id, upload_url: url } = await api.call("POST", `${BATCHES}uploads/`, { repeatable: true });
  const headers = { "x-ms-blob-type": "BlockBlob" };
  const answer = await fetch(url, { method: "PUT", headers, body: ids.join("\n") }).catch(() => null);
  if (answer === null) throw new Unreachable();
  if (!answer.ok) throw new ApiError(answer.status, `The list of references could not be uploaded (status ${answer.status}).`);
  return id;
}

/**
 * Return what a batch request of these ids would find.
 *
 * @param {Api} api
 * @param {object} options The other fields of the request.
 * @param {string[]} ids
 * @returns {Promise<{unknown: string[], skipped: number}>}
 */
export async function checkIds(api, options, ids) {
  const unknown = /** @type {string[]} */ ([]);
  let skipped = 0;
  for (let start = 0; start < ids.length; start += UPLOADED_ABOVE) {
    const part = ids.slice(start, start + UPLOADED_ABOVE);
    const body = { ...options, reference_ids: part, skip_enhanced: true };
    const answer = await api.call("POST", BATCHES, { query: { dry_run: true }, body, repeatable: true });
    for (const id of answer.unknown) unknown.push(id);
    skipped += answer.skipped ?? 0;
  }
  return { unknown, skipped };
}

/**
 * Return all ids of a batch request. Those of a long list are in a file.
 *
 * @param {{reference_ids: string[] | null, reference_ids_url: string | null}} batch
 * @param {AbortSignal} signal
 * @returns {Promise<string[]>}
 */
export async function readIds(batch, signal) {
  if (batch.reference_ids || !batch.reference_ids_url) return batch.reference_ids ?? [];
  const answer = await fetch(batch.reference_ids_url, { signal });
  if (!answer.ok) throw new ApiError(answer.status, `The list of references could not be read (status ${answer.status}).`);
  return answer.json();
}
