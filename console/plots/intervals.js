// @ts-check
// A dot for each estimate and a line for its interval, for example the kappa of each label.

import { make } from "./element.js";
import { DEFAULT_WIDTH, colour, makeFigure, measure, write } from "./figure.js";
import { makeTicks } from "./ticks.js";

/** @typedef {import("./element.js").PlotElement} PlotElement */
/** @typedef {import("./figure.js").Caption} Caption */
/**
 * An estimate of `compare`. Null is not defined.
 * @typedef {{value: number | null, low: number | null, high: number | null}} Estimate
 */
/** @typedef {{name: string, estimate: Estimate}} Row */

const NOT_DEFINED = "not defined";
// The name of a row is above its line, so that a long one fits on a phone.
const ROW = 44;
const TOP = 8;
const BOTTOM = 26;
const EDGE = 12;
const VALUE = 48;

/**
 * Return a plot with a row for each estimate. `heading` names the rows, and `statistic` the estimates.
 * @param {Caption} caption
 * @param {{heading: string, statistic: string, rows: Row[]}} data
 */
export function drawIntervals(caption, { heading, statistic, rows }) {
  const width = caption.width ?? DEFAULT_WIDTH;
  const bottom = TOP + ROW * rows.length;
  const limits = rows.flatMap(({ estimate: { value, low } }) => [value ?? 0, low ?? 0]);
  const ticks = makeTicks(Math.min(0, ...limits), 1, { count: 4 });
  const lowest = ticks[0];
  /** @param {number} value */
  const toX = (value) => EDGE + ((value - lowest) / (1 - lowest)) * (width - VALUE - 2 * EDGE);
  const axis = ticks.flatMap((tick) => [
    make("line", { x1: toX(tick), x2: toX(tick), y1: TOP, y2: bottom, class: tick ? "plot-grid" : "plot-axis" }),
    write(toX(tick), bottom + 18, String(tick), "middle"),
  ]);
  return makeFigure(caption, {
    width,
    height: bottom + BOTTOM,
    shapes: [...axis, ...rows.flatMap((row, index) => drawRow(row, TOP + ROW * index, width, toX))],
    table: {
      columns: [heading, statistic, "95% interval"],
      rows: rows.map(({ name, estimate: { value, low, high } }) => [
        name,
        formatValue(value),
        low === null || high === null ? "none" : `${formatValue(low)} to ${formatValue(high)}`,
      ]),
    },
  });
}

/**
 * @param {Row} row
 * @param {number} top
 * @param {number} width
 * @param {(value: number) => number} toX
 * @returns {PlotElement[]}
 */
function drawRow({ name, estimate: { value, low, high } }, top, width, toX) {
  const y = top + 30;
  const shapes = [write(EDGE, top + 16, shorten(name, width)), write(width - EDGE, y + 4, formatValue(value), "end")];
  if (value === null) return shapes;
  if (low !== null && high !== null) {
    shapes.push(
      make("line", { x1: toX(low), x2: toX(high), y1: y, y2: y, class: `plot-interval ${colour("line", 0)}` }),
    );
  }
  return [...shapes, make("circle", { cx: toX(value), cy: y, r: 5, class: colour("fill", 0) })];
}

/** @param {number | null} value */
function formatValue(value) {
  // Adding 0 turns -0 into 0.
  return value === null ? NOT_DEFINED : (Math.round(value * 100) / 100 + 0).toFixed(2);
}

/**
 * @param {string} name
 * @param {number} width
 */
function shorten(name, width) {
  const characters = [...name];
  const room = Math.floor((width - 2 * EDGE) / measure(1));
  return characters.length <= room ? name : `${characters.slice(0, room - 1).join("")}…`;
}
