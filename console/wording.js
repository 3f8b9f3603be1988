// @ts-check
// How the values of the API are called on the page.

/** @type {Record<string, {label: string, tone: "neutral" | "running" | "good" | "mixed" | "bad", about: string}>} */
export const STATUSES = {
  received: { label: "received", tone: "running", about: "The robot has not accepted the batch yet." },
  accepted: { label: "accepted", tone: "running", about: "The robot has the batch and works on it." },
  importing: { label: "importing", tone: "running", about: "The results are being validated and imported." },
  completed: { label: "completed", tone: "good", about: "Every reference that was sent was enhanced." },
  partial_failed: { label: "partly failed", tone: "mixed", about: "Some references were enhanced, others were not." },
  failed: { label: "failed", tone: "bad", about: "No reference was enhanced." },
  rejected: { label: "rejected", tone: "bad", about: "The robot did not take the batch." },
};

const ENDED = new Set(["completed", "partial_failed", "failed", "rejected"]);

/** @param {{request_status: string}} batch */
export const hasEnded = (batch) => ENDED.has(batch.request_status);

/** How many references of a batch could be requested again. @param {{counts?: any}} batch */
export function countNotEnhanced(batch) {
  const { failed = 0, missing = 0, cancelled = 0 } = batch.counts ?? {};
  return failed + missing + cancelled;
}

/** @type {Record<string, string>} */
export const REFERENCE_STATES = {
  enhanced: "enhanced",
  failed: "failed",
  missing: "missing from the result",
  cancelled: "cancelled",
  skipped: "skipped",
  pending: "pending",
};

/** The states of a part, in the order of its life. @type {Record<string, {label: string, about: string}>} */
export const PART_STATES = {
  waiting: { label: "waiting", about: "It waits for its robot." },
  working: { label: "with a robot", about: "A robot works on it." },
  importing: { label: "importing", about: "Its result is delivered, and is being validated and imported." },
  completed: { label: "completed", about: "Each of its references was enhanced." },
  partial_failed: { label: "partly failed", about: "Some of its references were enhanced, others were not." },
  failed: { label: "failed", about: "None of its references was enhanced." },
  replaced: { label: "replaced", about: "Its lease ended before a result was delivered, so its references are in another part." },
};

/** @type {Record<string, string>} */
export const ENTRY_KINDS = {
  added: "added",
  robot_error: "the robot reported an error",
  unreadable: "could not be read",
  not_requested: "not requested",
  duplicate: "duplicate",
  not_storable: "cannot be stored",
  cancelled: "cancelled",
  missing: "missing from the result",
  pending: "pending",
};

/** How a robot gets its jobs. @type {Record<string, string>} */
export const DELIVERIES = {
  push: "the exchange calls it",
  pull: "it fetches them",
};

/** What to do about an error code. @type {Record<string, string>} */
export const ERROR_CODES = {
  robot_rejected: "Ask the robot's owner, or choose another robot and retry.",
  robot_unreachable: "The robot is probably down. Retry when it runs again.",
  robot_timeout: "The robot took the batch but delivered nothing in time. Ask its owner, then retry.",
  robot_error: "The robot gave up on the whole batch. Its message is above.",
  lease_expired: "Robots fetched references and delivered nothing in time. Ask the robot's owner, then retry.",
  result_missing: "The result file was deleted before the import. Retry.",
  result_unreadable: "The robot's result file is not in the required format. Its owner can check it with `exchange robots check-result`.",
  nothing_usable: "No entry of the result could be added. The messages below say why.",
  import_stalled: "The import could not be finished. Operators see why in the logs. Retry.",
  cancelled: "Retry requests the references that were not enhanced.",
};
