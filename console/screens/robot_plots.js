// @ts-check
// A robot's last 30 days as plots, from the batch requests that the user may see.

import { listAllBatches } from "../batches.js";
import { ErrorMessage } from "../components/feedback.js";
import { Plot } from "../components/plot.js";
import { formatNumber, secondsBetween } from "../format.js";
import { html } from "../html.js";
import { useApi, useHasRole, useLoad } from "../load.js";
import { drawBars, drawLines } from "../plots/index.js";
import { STATUSES } from "../wording.js";

/** @typedef {import("../models.js").BatchSummary} BatchSummary */

const DAYS = 30;
const MAX_BATCHES = 1_000;
const DAY = new Intl.DateTimeFormat("en-GB", { day: "numeric", month: "short" });

/** @param {{id: string}} props */
export function RobotPlots({ id }) {
  const api = useApi();
  const seesAll = useHasRole("operator");
  const { data: batches, error } = useLoad((signal) => readRecent(api, id, signal), [api, id]);
  if (error) return html`<${ErrorMessage} error=${error} />`;
  if (!batches?.length) return null;
  const days = listDays();
  const groups = days.map((day) => batches.filter((batch) => new Date(batch.created_at).toDateString() === day.toDateString()));
  const categories = days.map((day) => DAY.format(day));
  const description = `Each of the last ${DAYS} days, from ${seesAll ? "the" : "your"} batches.`;
  const sum = (/** @type {BatchSummary[]} */ group, /** @type {(batch: BatchSummary) => number} */ count) =>
    group.reduce((total, batch) => total + count(batch), 0);
  const statuses = Object.entries(STATUSES).filter(([status]) => batches.some((batch) => batch.request_status === status));
  return html`
    ${batches.length === MAX_BATCHES && html`<p class="quiet">The newest ${formatNumber(MAX_BATCHES)} batches are counted.</p>`}
    <div class="columns">
      <${Plot}
        figure=${drawBars(
          { id: "plot-batches", title: "Batches per day", description },
          { heading: "Day", categories, series: statuses.map(([status, { label }]) => ({ name: label, values: groups.map((group) => group.filter((batch) => batch.request_status === status).length) })) },
        )}
      />
      <${Plot}
        figure=${drawBars(
          { id: "plot-references", title: "References per day", description },
          {
            heading: "Day",
            categories,
            series: [
              { name: "enhanced", values: groups.map((group) => sum(group, (batch) => batch.counts?.enhanced ?? 0)) },
              { name: "failed or missing", values: groups.map((group) => sum(group, ({ counts }) => (counts?.failed ?? 0) + (counts?.missing ?? 0))) },
              { name: "cancelled", values: groups.map((group) => sum(group, ({ counts }) => counts?.cancelled ?? 0)) },
            ],
          },
        )}
      />
      <${Plot}
        figure=${drawLines(
          { id: "plot-time", title: "Time from request to end (median)", description },
          { heading: "Day", categories, unit: "duration", series: [{ name: "median", values: groups.map(findMedian) }] },
        )}
      />
    </div>
  `;
}

/** @param {import("../api.js").Api} api @param {string} id @param {AbortSignal} signal */
async function readRecent(api, id, signal) {
  const [first] = listDays();
  /** @type {BatchSummary[]} */
  const found = [];
  for await (const batch of listAllBatches(api, { robot_id: id, created_after: first.toISOString() }, signal)) {
    found.push(batch);
    if (found.length === MAX_BATCHES) break;
  }
  return found;
}

/** Return the beginnings of the last days in the user's time zone, today last. */
function listDays() {
  const now = new Date();
  return Array.from({ length: DAYS }, (_, index) => new Date(now.getFullYear(), now.getMonth(), now.getDate() - DAYS + 1 + index));
}

/** @param {BatchSummary[]} group */
function findMedian(group) {
  const seconds = group.flatMap((batch) => (batch.ended_at ? [secondsBetween(batch.created_at, batch.ended_at)] : []));
  seconds.sort((one, other) => one - other);
  return seconds.length ? seconds[Math.floor((seconds.length - 1) / 2)] : null;
}
