// @ts-check
// Lines over categories in their order, for example the time to deliver of each day.

import { make } from "./element.js";
import { DEFAULT_WIDTH, colour, drawHorizontalLabels, drawVerticalAxis, makeArea, makeFigure } from "./figure.js";
import { formatDurationTick, formatTick, makeDurationTicks, makeTicks } from "./ticks.js";

/** @typedef {import("./figure.js").Caption} Caption */
/** @typedef {import("./figure.js").Area} Area */
/**
 * `values` has a number for each category, or null where there is none.
 * @typedef {{name: string, values: (number | null)[]}} Series
 */

const HEIGHT = 220;

/**
 * Return a plot with a line for each series. It has a gap where there is no value. `unit` is what the values are:
 * durations are in seconds.
 * @param {Caption} caption
 * @param {{heading: string, categories: string[], series: Series[], unit?: "number" | "duration"}} data
 */
export function drawLines(caption, { heading, categories, series, unit = "number" }) {
  const width = caption.width ?? DEFAULT_WIDTH;
  const format = unit === "duration" ? formatDurationTick : formatTick;
  const highest = Math.max(0, ...series.flatMap(({ values }) => values.map((value) => value ?? 0)));
  const ticks = unit === "duration" ? makeDurationTicks(highest, 4) : makeTicks(0, highest, { count: 4 });
  const tickLabels = ticks.map(format);
  const area = makeArea(width, HEIGHT, ticks, tickLabels);
  const places = categories.map((label, place) => ({ share: (place + 0.5) / categories.length, label }));
  const lines = series.flatMap(({ name, values }, index) => {
    const points = places.map(({ share, label }, place) => {
      const value = values[place] ?? null;
      return value === null
        ? null
        : { x: area.toX(share), y: area.toY(value), tip: `${label}, ${name}: ${format(value)}` };
    });
    const dots = points.flatMap((point) =>
      point
        ? [
            make(
              "circle",
              { cx: point.x, cy: point.y, r: 3, class: colour("fill", index) },
              make("title", {}, point.tip),
            ),
          ]
        : [],
    );
    return [make("path", { d: makePath(points), class: `plot-line ${colour("line", index)}` }), ...dots];
  });
  return makeFigure(caption, {
    width,
    height: HEIGHT,
    shapes: [...drawVerticalAxis(area, ticks, tickLabels), ...lines, ...drawHorizontalLabels(area, places)],
    legend: series.map(({ name }) => name),
    table: {
      columns: [heading, ...series.map(({ name }) => name)],
      rows: categories.map((label, place) => [
        label,
        ...series.map(({ values }) => {
          const value = values[place] ?? null;
          return value === null ? "none" : format(value);
        }),
      ]),
    },
  });
}

/** @param {({x: number, y: number} | null)[]} points */
function makePath(points) {
  return points
    .map((point, index) => point && `${points[index - 1] ? "L" : "M"}${point.x.toFixed(2)} ${point.y.toFixed(2)}`)
    .filter(Boolean)
    .join("");
}
