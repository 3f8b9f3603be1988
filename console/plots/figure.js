// @ts-check
// What all plots have in common: the frame with its title and its table, and the axes.

import { make } from "./element.js";

/** @typedef {import("./element.js").PlotElement} PlotElement */
/**
 * What the caller says about a plot. `id` is unique on the page. `width` is in the units of the text: a plot for a wide
 * place has a larger one. The plot fills its place and keeps its proportions.
 * @typedef {{id: string, title: string, description: string, width?: number}} Caption
 */
/** @typedef {{columns: string[], rows: string[][]}} Table */
/**
 * The area of the data, and how values become places in it.
 * @typedef {{
 *   left: number,
 *   right: number,
 *   top: number,
 *   bottom: number,
 *   toX: (share: number) => number,
 *   toY: (value: number) => number,
 * }} Area
 */

export const DEFAULT_WIDTH = 400;
const COLOURS = 8;
// Roughly the width of a character at the size that `plots.css` sets.
const CHARACTER = 7;

/**
 * Return the class for the colour of a series, which `plots.css` defines.
 * @param {string} kind `fill` or `line`
 * @param {number} index
 */
export function colour(kind, index) {
  return `plot-${kind}-${(index % COLOURS) + 1}`;
}

/**
 * Return the figure: the title, the plot, the legend if there are two series or more, and the table behind it.
 * @param {Caption} caption
 * @param {{width: number, height: number, shapes: PlotElement[], table: Table, legend?: string[]}} content
 * @returns {PlotElement}
 */
export function makeFigure({ id, title, description }, { width, height, shapes, table, legend = [] }) {
  const plot = make(
    "svg",
    {
      viewBox: `0 0 ${width} ${height}`,
      role: "img",
      class: "plot-image",
      "aria-labelledby": `${id}-title`,
      "aria-describedby": `${id}-description`,
    },
    make("title", { id: `${id}-title` }, title),
    make("desc", { id: `${id}-description` }, `${description} The figures are in the table below.`),
    ...shapes,
  );
  const parts = [make("figcaption", { class: "plot-caption" }, title), plot];
  if (legend.length > 1) parts.push(makeLegend(legend));
  return make("figure", { class: "plot" }, ...parts, makeTable(title, table));
}

/** @param {string[]} names */
function makeLegend(names) {
  const items = names.map((name, index) => {
    const square = make("rect", { width: 12, height: 12, class: colour("fill", index) });
    const swatch = make("svg", { viewBox: "0 0 12 12", width: 12, height: 12, "aria-hidden": "true" }, square);
    return make("li", {}, swatch, name);
  });
  return make("ul", { class: "plot-legend" }, ...items);
}

/**
 * @param {string} title
 * @param {Table} table
 */
function makeTable(title, { columns, rows }) {
  const head = make("tr", {}, ...columns.map((column) => make("th", { scope: "col" }, column)));
  const body = rows.map(([first, ...others]) =>
    make("tr", {}, make("th", { scope: "row" }, first), ...others.map((cell) => make("td", {}, cell))),
  );
  const caption = make("caption", {}, title);
  return make(
    "details",
    { class: "plot-table" },
    make("summary", {}, "Show the figures as a table"),
    // Wide tables scroll within this region, also by the keyboard.
    make(
      "div",
      { class: "plot-scroll", role: "region", tabindex: "0", "aria-label": title },
      make("table", {}, caption, make("thead", {}, head), make("tbody", {}, ...body)),
    ),
  );
}

/**
 * Return the area for the data between the labels of the axes.
 * @param {number} width
 * @param {number} height
 * @param {number[]} ticks of the vertical axis, from the lowest
 * @param {string[]} labels of the ticks
 * @returns {Area}
 */
export function makeArea(width, height, ticks, labels) {
  const left = measure(Math.max(...labels.map((label) => label.length))) + 10;
  const [right, top, bottom] = [width - 12, 12, height - 26];
  const [low, high] = [ticks[0], ticks[ticks.length - 1]];
  return {
    ...{ left, right, top, bottom },
    toX: (share) => left + share * (right - left),
    toY: (value) => bottom - ((value - low) / (high - low)) * (bottom - top),
  };
}

/**
 * Return the lines and labels of the vertical axis.
 * @param {Area} area
 * @param {number[]} ticks
 * @param {string[]} labels
 */
export function drawVerticalAxis({ left, right, toY }, ticks, labels) {
  return ticks.flatMap((tick, index) => [
    make("line", { x1: left, x2: right, y1: toY(tick), y2: toY(tick), class: index ? "plot-grid" : "plot-axis" }),
    write(left - 6, toY(tick) + 4, labels[index], "end"),
  ]);
}

/**
 * Return the labels of the horizontal axis: as many as there is room for, at equal distances.
 * @param {Area} area
 * @param {{share: number, label: string}[]} labels
 */
export function drawHorizontalLabels({ left, right, bottom, toX }, labels) {
  if (!labels.length) return [];
  const widest = measure(Math.max(...labels.map(({ label }) => label.length))) + CHARACTER;
  const every = Math.max(1, Math.ceil((widest * labels.length) / (right - left)));
  return labels
    .filter((_, index) => index % every === 0)
    .map(({ share, label }) => {
      const half = measure(label.length) / 2;
      // A label at the edge stays within the plot.
      const x = Math.min(Math.max(toX(share), half), right + 12 - half);
      return write(x, bottom + 18, label, "middle");
    });
}

/**
 * @param {number} x
 * @param {number} y
 * @param {string} text
 * @param {"start" | "middle" | "end"} anchor
 */
export function write(x, y, text, anchor = "start") {
  return make("text", { x, y, "text-anchor": anchor, class: "plot-text" }, text);
}

/** @param {number} characters */
export function measure(characters) {
  return characters * CHARACTER;
}
