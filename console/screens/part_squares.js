// @ts-check
// A square for each part. It is one stop for the Tab key: the arrow keys move from square to square.

import { html, useEffect, useRef } from "../html.js";
import { PART_STATES } from "../wording.js";

/** @typedef {{part: import("../models.js").Part, state: string}} Shown */

// More squares are smaller.
const FEW = 150;

/**
 * @param {{shown: Shown[], missing: number, chosen: number | null, choose: (number: number) => void}} props `missing` is
 *   how many empty squares follow, for parts that are not made yet.
 */
export function PartSquares({ shown, missing, chosen, choose }) {
  const list = useRef(/** @type {HTMLElement | null} */ (null));
  const index = shown.findIndex(({ part }) => part.number === chosen);
  const hasFocus = list.current === document.activeElement;
  useEffect(() => {
    if (hasFocus) list.current?.querySelector("[aria-selected=true]")?.scrollIntoView({ block: "nearest" });
  }, [chosen]);
  const move = (/** @type {KeyboardEvent} */ event) => {
    const target = findTarget(event.key, index, shown.length, () => countColumns(list.current));
    if (target === null || event.altKey || event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    choose(shown[target].part.number);
  };
  const click = (/** @type {Event} */ event) => {
    const square = event.target instanceof Element ? event.target.closest("[role=option]") : null;
    if (square) choose(Number(square.id.slice("part-".length)));
  };
  return html`
    <p class="quiet" id="squares-hint">Choose a square to read about its part. The arrow keys move between squares.</p>
    <ul
      ref=${list}
      class=${shown.length + missing > FEW ? "squares many" : "squares"}
      role="listbox"
      tabindex="0"
      aria-label="Parts, in the order in which they were made"
      aria-describedby="squares-hint"
      aria-activedescendant=${index >= 0 ? `part-${chosen}` : undefined}
      onKeyDown=${move}
      onClick=${click}
    >
      ${shown.map(({ part, state }) => html`<li key=${part.number} id="part-${part.number}" class="part part-${state}" role="option" aria-selected=${part.number === chosen ? "true" : "false"} aria-label="Part ${part.number}: ${PART_STATES[state]?.label ?? state}"></li>`)}
      ${Array.from({ length: missing }, (_, place) => html`<li key=${`missing ${place}`} class="part part-unmade" aria-hidden="true"></li>`)}
    </ul>
  `;
}

/**
 * Return the index that a key leads to, or null if it is not a key that moves. Without a choice, each leads to the first.
 *
 * @param {string} key
 * @param {number} index -1 without a choice.
 * @param {number} count
 * @param {() => number} columns
 */
function findTarget(key, index, count, columns) {
  const steps = /** @type {Record<string, () => number>} */ ({
    ArrowRight: () => index + 1,
    ArrowLeft: () => index - 1,
    ArrowDown: () => index + columns(),
    ArrowUp: () => index - columns(),
    Home: () => 0,
    End: () => count - 1,
  });
  if (!(key in steps)) return null;
  if (index < 0 && key !== "End") return 0;
  const target = steps[key]();
  return target < 0 || target >= count ? index : target;
}

/** Return how many squares are in a row. @param {HTMLElement | null} list */
function countColumns(list) {
  const squares = /** @type {HTMLElement[]} */ ([...(list?.children ?? [])]);
  const next = squares.findIndex((square) => square.offsetTop !== squares[0].offsetTop);
  return next < 0 ? squares.length : next;
}
