// @ts-check
// The distribution of numbers, for example of the scores of a label.

import { make } from "./element.js";
import { DEFAULT_WIDTH, colour, drawHorizontalLabels, drawVerticalAxis, makeArea, makeFigure } from "./figure.js";
import { formatNumber, makeTicks } from "./ticks.js";

/** @typedef {import("./figure.js").Caption} Caption */
/**
 * The values from `low` up to but without `high`, but for the last bin, which has its limit.
 * @typedef {{low: number, high: number, count: number}} Bin
 */

const HEIGHT = 220;
const DEFAULT_BINS = 10;
const MAX_LABELS = 5;

/**
 * Return about `count` bins with round limits that have all values.
 * @param {Iterable<number>} values
 * @param {number} [count]
 * @returns {Bin[]}
 */
export function countBins(values, count = DEFAULT_BINS) {
  const sorted = Float64Array.from(values).sort();
  if (!sorted.length) return [];
  const limits = makeTicks(sorted[0], sorted[sorted.length - 1], { count });
  const bins = limits.slice(1).map((high, index) => ({ low: limits[index], high, count: 0 }));
  let place = 0;
  for (const value of sorted) {
    while (place < bins.length - 1 && value >= bins[place].high) place++;
    bins[place].count++;
  }
  return bins;
}

/**
 * Return a plot with a bar for each bin. `heading` names the values, and `counted` what has them.
 * @param {Caption} caption
 * @param {{heading: string, counted: string, values: Iterable<number>, bins?: number}} data
 */
export function drawHistogram(caption, { heading, counted, values, bins: wanted }) {
  const width = caption.width ?? DEFAULT_WIDTH;
  const bins = countBins(values, wanted);
  const ticks = makeTicks(0, Math.max(0, ...bins.map(({ count }) => count)), { count: 4, whole: true });
  const tickLabels = ticks.map(formatNumber);
  const area = makeArea(width, HEIGHT, ticks, tickLabels);
  const bars = bins.flatMap(({ low, high, count }, index) => {
    if (!count) return [];
    const [left, right] = [area.toX(index / bins.length), area.toX((index + 1) / bins.length)];
    const size = { x: left + 0.5, y: area.toY(count), width: right - left - 1, height: area.bottom - area.toY(count) };
    const tip = make("title", {}, `${formatNumber(low)} to ${formatNumber(high)}: ${formatNumber(count)}`);
    return [make("rect", { ...size, class: `plot-bar ${colour("fill", 0)}` }, tip)];
  });
  const limits = bins.length ? [...bins.map(({ low }) => low), bins[bins.length - 1].high] : [];
  const every = Math.max(1, Math.ceil((limits.length - 1) / MAX_LABELS));
  const labels = limits
    .map((limit, index) => ({ share: index / bins.length, label: formatNumber(limit) }))
    .filter((_, index) => index % every === 0);
  return makeFigure(caption, {
    width,
    height: HEIGHT,
    shapes: [...drawVerticalAxis(area, ticks, tickLabels), ...bars, ...drawHorizontalLabels(area, labels)],
    table: {
      columns: [heading, counted],
      rows: bins.map(({ low, high, count }) => [`${formatNumber(low)} to ${formatNumber(high)}`, formatNumber(count)]),
    },
  });
}
