// @ts-check
// The distribution of numbers, for example of the scores of a label.

import { make } from "./element.js";
import { DEFAULT_WIDTH, colour, drawHorizontalLabels, drawVerticalAxis, makeArea, makeFigure } from "./figure.js";
import { formatTick, makeTicks } from "./ticks.js";

/** @typedef {import("./figure.js").Caption} Caption */
/**
 * The values from `low` up to but without `high`, but for the last bin, which has its limit.
 * @typedef {{low: number, high: number, count: number}} Bin
 */

const HEIGHT = 220;
const DEFAULT_BINS = 10;
const MAX_LABELS = 5;

/**
 * Return about `count` bins with round limits that have all values. Equal values get one bin that is only that value.
 * @param {Iterable<number>} values
 * @param {number} [count]
 * @returns {Bin[]}
 */
export function countBins(values, count = DEFAULT_BINS) {
  const sorted = Float64Array.from(values).sort();
  if (!sorted.length) return [];
  const [lowest, highest] = [sorted[0], sorted[sorted.length - 1]];
  if (lowest === highest) return [{ low: lowest, high: highest, count: sorted.length }];
  const limits = makeTicks(lowest, highest, { count });
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
  const tickLabels = ticks.map(formatTick);
  const area = makeArea(width, HEIGHT, ticks, tickLabels);
  const bars = bins.flatMap(({ low, high, count }, index) => {
    if (!count) return [];
    const [left, right] = [area.toX(index / bins.length), area.toX((index + 1) / bins.length)];
    const size = { x: left + 0.5, y: area.toY(count), width: right - left - 1, height: area.bottom - area.toY(count) };
    const tip = make("title", {}, `${formatBin(low, high)}: ${formatTick(count)}`);
    return [make("rect", { ...size, class: `plot-bar ${colour("fill", 0)}` }, tip)];
  });
  return makeFigure(caption, {
    width,
    height: HEIGHT,
    shapes: [...drawVerticalAxis(area, ticks, tickLabels), ...bars, ...drawHorizontalLabels(area, makeLabels(bins))],
    table: {
      columns: [heading, counted],
      rows: bins.map(({ low, high, count }) => [formatBin(low, high), formatTick(count)]),
    },
  });
}

/** @param {number} low @param {number} high */
const formatBin = (low, high) => (low === high ? formatTick(low) : `${formatTick(low)} to ${formatTick(high)}`);

/**
 * Return the limits of the bins, and their places as shares of the width.
 * @param {Bin[]} bins
 */
function makeLabels(bins) {
  if (!bins.length) return [];
  if (bins[0].low === bins[0].high) return [{ share: 0.5, label: formatTick(bins[0].low) }];
  const limits = [...bins.map(({ low }) => low), bins[bins.length - 1].high];
  const every = Math.max(1, Math.ceil((limits.length - 1) / MAX_LABELS));
  return limits
    .map((limit, index) => ({ share: index / bins.length, label: formatTick(limit) }))
    .filter((_, index) => index % every === 0);
}
