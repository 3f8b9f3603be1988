// @ts-check
// Small plots as SVG, each with a table of its figures. Their colours are in `plots.css`.

export { drawBars } from "./bars.js";
export { toHtml } from "./element.js";
export { countBins, drawHistogram } from "./histogram.js";
export { drawIntervals } from "./intervals.js";
export { drawLines } from "./line.js";
export { formatDurationTick, formatTick, makeDurationTicks, makeTicks } from "./ticks.js";
