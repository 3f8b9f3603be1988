// @ts-check
// Numbers, times and durations as people read them.

const NUMBER = new Intl.NumberFormat("en");
const TIME = new Intl.DateTimeFormat("en-GB", { dateStyle: "medium", timeStyle: "medium" });
/** @type {[string, number][]} */
const UNITS = [
  ["d", 86_400],
  ["h", 3_600],
  ["min", 60],
  ["s", 1],
];

/** @param {number} number */
export const formatNumber = (number) => NUMBER.format(number);

/** @param {number} part @param {number} whole */
export const formatShare = (part, whole) => `${Number(((100 * part) / (whole || 1)).toFixed(1))}%`;

/**
 * Return a statistic with two decimals, the same digits as the command line.
 *
 * @param {number} value
 */
export function formatStatistic(value) {
  // Odd multiples of an eighth lie between two hundredths. `toFixed` rounds them up, and Python to the even one.
  const isTie = Number.isInteger(value * 8) && !Number.isInteger(value * 4);
  const text = (isTie ? Math.round(value * 50) / 50 : value).toFixed(2);
  return text === "-0.00" ? "0.00" : text;
}

/** @param {string} time RFC 3339. Returned in the time zone of the browser. */
export const formatTime = (time) => TIME.format(new Date(time));

/** Return `1 h 5 min` for seconds: the two largest units. @param {number} seconds */
export function formatDuration(seconds) {
  if (seconds < 1) return seconds <= 0 ? "0 s" : `${seconds.toFixed(1)} s`;
  let rest = Math.round(seconds);
  const parts = [];
  for (const [unit, size] of UNITS) {
    const count = Math.floor(rest / size);
    if (count) parts.push(`${count} ${unit}`);
    else if (parts.length) break;
    rest -= count * size;
  }
  return parts.slice(0, 2).join(" ");
}

/** Return the seconds between two times. The second one is now if it is left out. @param {string} start @param {string | null} [end] */
export const secondsBetween = (start, end) => ((end ? new Date(end).getTime() : Date.now()) - new Date(start).getTime()) / 1000;

/** Return `3 references` or `1 reference`. @param {number} count @param {string} noun @param {string} [plural] */
export const formatCount = (count, noun, plural = `${noun}s`) => `${formatNumber(count)} ${count === 1 ? noun : plural}`;

/** Return a value in quotes for a shell, if it needs them. @param {string} text */
export function quoteForShell(text) {
  if (/^[\w@%+=:,./-]+$/.test(text)) return text;
  if (!/\p{Cc}/u.test(text)) return `'${text.replaceAll("'", `'\\''`)}'`;
  // A terminal acts on control characters in a pasted text, even between quotes.
  return `$'${text.replace(/[\\']/g, "\\$&").replace(/\p{Cc}/gu, escapeCharacter)}'`;
}

/** @param {string} character */
const escapeCharacter = (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`;
