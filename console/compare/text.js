// @ts-check
// Text as Python handles it, so that both implementations agree on any input.

// What Python counts as white space, for a class of a regular expression. JavaScript counts U+FEFF, but not U+001C to U+001F and U+0085.
export const SPACE = "\\t-\\r\\x1c-\\x20\\x85\\xa0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000";
const ENDS = new RegExp(`^[${SPACE}]+|[${SPACE}]+$`, "g");
const END = new RegExp(`[${SPACE}]+$`);
const SPACES = new RegExp(`[${SPACE}]+`, "g");

/**
 * Return the text without white space at its ends.
 * @param {string} text
 */
export function strip(text) {
  return text.replace(ENDS, "");
}

/**
 * Return the text without white space at its end.
 * @param {string} text
 */
export function stripEnd(text) {
  return text.replace(END, "");
}

/**
 * Return the text on one line, with single spaces.
 * @param {string} text
 */
export function collapse(text) {
  return strip(text.replace(SPACES, " "));
}

/**
 * Return the words of the text.
 * @param {string} text
 */
export function splitWords(text) {
  return text.split(SPACES).filter(Boolean);
}

/**
 * Compare two texts by their code points. The operators of JavaScript compare UTF-16, which has another order.
 * @param {string} a
 * @param {string} b
 */
export function compareText(a, b) {
  const length = Math.min(a.length, b.length);
  for (let place = 0; place < length; place++) {
    if (a.charCodeAt(place) !== b.charCodeAt(place)) {
      return toOrder(a.charCodeAt(place)) - toOrder(b.charCodeAt(place));
    }
  }
  return a.length - b.length;
}

/**
 * Return a number that orders UTF-16 units as the characters that they are part of: surrogates come last.
 * @param {number} unit
 */
function toOrder(unit) {
  return unit >= 0xd800 && unit <= 0xdfff ? unit + 0x10000 : unit;
}
