// @ts-check
// What every component needs: Preact, its hooks, and `html`, which makes elements from templates.

import htm from "./vendor/htm.module.js";
import { h } from "./vendor/preact.module.js";

/** @type {(strings: TemplateStringsArray, ...values: any[]) => any} */
export const html = htm.bind(h);

export { Fragment, createContext, render } from "./vendor/preact.module.js";
export {
  useCallback,
  useContext,
  useEffect,
  useId,
  useLayoutEffect,
  useMemo,
  useRef,
  useState,
} from "./vendor/hooks.module.js";
