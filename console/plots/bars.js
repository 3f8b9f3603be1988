// @ts-check
// Bars with categories and stacked series, for example batches per day by status.

import { make } from "./element.js";
import { DEFAULT_WIDTH, colour, drawHorizontalLabels, drawVerticalAxis, makeArea, makeFigure } from "./figure.js";
import { formatTick, makeTicks } from "./ticks.js";

/** @typedef {import("./figure.js").Caption} Caption */
/** `values` has a count for each category. @typedef {{name: string, values: number[]}} Series */

const HEIGHT = 220;
const MAX_BAR_WIDTH = 48;

/**
 * Return a plot with a bar for each category, in which the series are stacked. `heading` names the categories.
 * @param {Caption} caption
 * @param {{heading: string, categories: string[], series: Series[]}} data
 */
export function drawBars(caption, { heading, categories, series }) {
  const width = caption.width ?? DEFAULT_WIDTH;
  const totals = categories.map((_, place) => series.reduce((total, { values }) => total + values[place], 0));
  const ticks = makeTicks(0, Math.max(0, ...totals), { count: 4, whole: true });
  const tickLabels = ticks.map(formatTick);
  const area = makeArea(width, HEIGHT, ticks, tickLabels);
  const room = (area.right - area.left) / Math.max(1, categories.length);
  const barWidth = Math.min(MAX_BAR_WIDTH, room * 0.8);
  const middles = categories.map((label, place) => ({ share: (place + 0.5) / categories.length, label }));
  const bars = middles.flatMap(({ share, label }, place) => {
    let below = 0;
    return series.flatMap(({ name, values }, index) => {
      const count = values[place];
      if (!count) return [];
      const top = area.toY(below + count);
      const size = { x: area.toX(share) - barWidth / 2, y: top, width: barWidth, height: area.toY(below) - top };
      below += count;
      const tip = make("title", {}, `${label}, ${name}: ${formatTick(count)}`);
      return [make("rect", { ...size, class: `plot-bar ${colour("fill", index)}` }, tip)];
    });
  });
  return makeFigure(caption, {
    width,
    height: HEIGHT,
    shapes: [...drawVerticalAxis(area, ticks, tickLabels), ...bars, ...drawHorizontalLabels(area, middles)],
    legend: series.map(({ name }) => name),
    table: {
      columns: [heading, ...series.map(({ name }) => name)],
      rows: categories.map((label, place) => [label, ...series.map(({ values }) => formatTick(values[place]))]),
    },
  });
}
