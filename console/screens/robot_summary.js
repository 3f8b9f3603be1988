// @ts-check

import { ErrorMessage, Loading } from "../components/feedback.js";
import { Facts } from "../components/layout.js";
import { Age } from "../components/values.js";
import { formatCount, formatDuration, formatNumber } from "../format.js";
import { html } from "../html.js";
import { useApi, useLoad, useRobots } from "../load.js";
import { DELIVERIES, STATUSES } from "../wording.js";

/** What a robot needs, and how it did lately. @param {{id: string}} props */
export function RobotSummary({ id }) {
  const api = useApi();
  const robot = useRobots()?.get(id);
  const { data: activity, error } = useLoad((signal) => api.get(`/robots/${id}/activity`, {}, signal), [api, id]);
  if (!robot || (!activity && !error)) return html`<${Loading} lines=${5} />`;
  return html`
    <${ErrorMessage} error=${error} />
    <${Facts} pairs=${[...describeRobot(robot), ...(activity ? describeActivity(activity, robot) : [])]} />
  `;
}

/** @param {any} robot @returns {[string, any][]} */
export function describeRobot(robot) {
  return [
    ["What it does", robot.description],
    ["Owner", robot.owner],
    ["Version", robot.version ?? "not given"],
    ["Gets its jobs", DELIVERIES[robot.delivery ?? "push"] ?? robot.delivery],
    ["References in one job", robot.max_references ? `at most ${formatNumber(robot.max_references)}` : null],
    ["Needs", [...(robot.dependent_enhancements ?? []), ...(robot.dependent_identifiers ?? [])].join(", ") || "only the ids of references"],
  ];
}

/** @param {any} activity @param {any} robot @returns {[string, any][]} */
export function describeActivity({ last_30_days: recent, last_seen_at: seen, waiting, references_to_fetch: left }, robot) {
  const batches = Object.entries(recent.batches).filter(([, count]) => count);
  const median = recent.median_seconds_to_deliver;
  return [
    ["Batches in 30 days", batches.map(([status, count]) => `${formatNumber(/** @type {number} */ (count))} ${STATUSES[status]?.label ?? status}`).join(", ") || "none"],
    ["References in 30 days", `${formatNumber(recent.references_enhanced)} enhanced, ${formatNumber(recent.references_failed)} not enhanced`],
    ["Time to deliver", median === null ? null : `${formatDuration(median)} (median), ${formatDuration(recent.p95_seconds_to_deliver)} (95 percent)`],
    ["Waiting", `${formatNumber(waiting)} not delivered`],
    ["Waiting to be fetched", robot.delivery === "pull" ? formatCount(left, "reference") : null],
    ["Last seen", seen ? html`<${Age} time=${seen} />` : "never"],
  ];
}
