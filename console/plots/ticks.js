// @ts-check
// Round numbers for the ticks of an axis.

const MINUTE = 60;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const DURATIONS = [
  ...[1, 2, 5, 10, 15, 30],
  ...[1, 2, 5, 10, 15, 30].map((count) => count * MINUTE),
  ...[1, 2, 3, 6, 12].map((count) => count * HOUR),
  ...[1, 2, 7].map((count) => count * DAY),
];

/**
 * Return about `count` round numbers, of which the first is not above `low` and the last is not below `high`.
 *
 * The distance between them is 1, 2 or 5 times a power of ten, and whole if `whole` is true.
 * @param {number} low
 * @param {number} high
 * @param {{count?: number, whole?: boolean}} [options]
 * @returns {number[]}
 */
export function makeTicks(low, high, { count = 5, whole = false } = {}) {
  const size = Math.max(Math.abs(low), Math.abs(high));
  // Numbers that are equal, but for rounding, get an axis from the lower one.
  if (!(high - low > Math.max(size * 1e-9, 1e-300))) return makeTicks(low, low + Math.max(1, size), { count, whole });
  const rough = (high - low) / count;
  const exponent = Math.floor(Math.log10(rough));
  const factor = [1, 2, 5, 10].find((candidate) => candidate * 10 ** exponent >= rough * (1 - 1e-9)) ?? 10;
  const step = scale(factor, exponent);
  return whole && step < 1 ? spread(low, high, 1, 0) : spread(low, high, factor, exponent);
}

/**
 * Return about `count` round durations in seconds, from 0 to one that is not below `high`.
 * @param {number} high
 * @param {number} [count]
 * @returns {number[]}
 */
export function makeDurationTicks(high, count = 5) {
  if (high < DURATIONS[0]) return makeTicks(0, high, { count });
  const step = DURATIONS.find((candidate) => candidate >= high / count);
  if (step !== undefined) return spread(0, high, step, 0);
  return makeTicks(0, high / DAY, { count, whole: true }).map((days) => days * DAY);
}

/**
 * Return the duration as one number and its unit, for example `1.5 h`.
 * @param {number} seconds
 */
export function formatDurationTick(seconds) {
  const units = /** @type {[number, string][]} */ ([
    [DAY, "d"],
    [HOUR, "h"],
    [MINUTE, "min"],
  ]);
  const [size, unit] = units.find(([candidate]) => seconds >= candidate) ?? [1, "s"];
  return `${formatTick(seconds / size)} ${unit}`;
}

/**
 * Return the number with at most three significant digits after its whole part, and with thousands separators.
 * @param {number} value
 */
export function formatTick(value) {
  return new Intl.NumberFormat("en", { maximumSignificantDigits: Math.abs(value) < 1000 ? 3 : 15 }).format(value);
}

/**
 * Return the multiples of a step that contain both numbers.
 * @param {number} low
 * @param {number} high
 * @param {number} factor
 * @param {number} exponent the step is `factor * 10 ** exponent`
 */
function spread(low, high, factor, exponent) {
  const step = scale(factor, exponent);
  // A limit that is a tick, but for rounding, gets no further tick.
  const first = Math.floor(low / step + 1e-9);
  const last = Math.ceil(high / step - 1e-9);
  // Each tick is computed from a whole number, because sums of 0.1 are not round.
  return Array.from({ length: last - first + 1 }, (_, index) => scale((first + index) * factor, exponent));
}

/**
 * Return `count * 10 ** exponent`. A division by a power of ten is exact where a multiplication by 0.1 is not.
 * @param {number} count
 * @param {number} exponent
 */
function scale(count, exponent) {
  const value = exponent < 0 ? count / 10 ** -exponent : count * 10 ** exponent;
  return value === 0 ? 0 : value;
}
