// @ts-check
// The address of the page: it names the screen and its filters, so that it can be kept and shared.

import { useEffect, useState } from "./html.js";

export const ROOT = "/console/";

const ID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;

/** Return whether a part of the address is an id. Another text could lead a call of the API to another path. @param {string | null} text */
export const isId = (text) => text !== null && ID.test(text);

/** @type {Set<() => void>} */
const listeners = new Set();

/**
 * Go to another address of the console.
 *
 * @param {string} address
 * @param {{replace?: boolean}} [options] `replace` makes no entry in the history.
 */
export function navigate(address, { replace = false } = {}) {
  if (replace) history.replaceState(null, "", address);
  else history.pushState(null, "", address);
  for (const listener of listeners) listener();
}

/**
 * Return the present address. The component is drawn again when it changes.
 *
 * @returns {URL}
 */
export function useAddress() {
  const [address, setAddress] = useState(location.href);
  useEffect(() => {
    const update = () => setAddress(location.href);
    listeners.add(update);
    addEventListener("popstate", update);
    return () => {
      listeners.delete(update);
      removeEventListener("popstate", update);
    };
  }, []);
  return new URL(address);
}

/**
 * Return the parameters in the address, and what changes some of them. A parameter that is null or empty is removed.
 *
 * @returns {[URLSearchParams, (changes: Record<string, string | string[] | null>, options?: {replace?: boolean}) => void]}
 */
export function useParameters() {
  const address = useAddress();
  return [
    address.searchParams,
    (changes, options) => {
      const url = new URL(location.href);
      for (const [name, value] of Object.entries(changes)) {
        url.searchParams.delete(name);
        for (const item of Array.isArray(value) ? value : [value]) {
          if (item) url.searchParams.append(name, item);
        }
      }
      navigate(url.pathname + url.search, options);
    },
  ];
}

/** Make plain links to screens change the address without loading the page again. */
export function followLinks() {
  document.addEventListener("click", (event) => {
    const link = event.target instanceof Element ? event.target.closest("a") : null;
    if (!link || link.target || link.hasAttribute("download") || link.origin !== location.origin) return;
    if (!link.pathname.startsWith(ROOT) || link.hash || event.button !== 0) return;
    if (event.metaKey || event.ctrlKey || event.shiftKey || event.altKey || event.defaultPrevented) return;
    event.preventDefault();
    navigate(link.pathname + link.search);
  });
}
