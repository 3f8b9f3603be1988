// @ts-check
// Loading data for a screen, once or again and again.

import { createContext, useContext, useEffect, useLayoutEffect, useRef, useState } from "./html.js";

/** @typedef {import("./api.js").Api} Api */

/** @type {any} */
export const ApiContext = createContext(null);
/** @type {any} */
export const SessionContext = createContext(null);

/** @returns {Api} */
export function useApi() {
  return useContext(ApiContext);
}

/** @returns {import("./session.js").Session} */
export function useSession() {
  return useContext(SessionContext);
}

/** Return whether the user has the role, or may do everything. The API decides in any case. @param {string} role */
export function useHasRole(role) {
  const { roles } = useSession();
  return roles.includes(role) || roles.includes("operator");
}

/**
 * Load data when the component appears and when one of `inputs` changes. Until the new data has arrived, the previous
 * data stays, so that the page keeps its layout. The first data of the page marks it as ready.
 *
 * `reload` loads again. `poll` does so unless the data is being loaded, because an answer that takes longer than the
 * interval of polling would never arrive otherwise.
 *
 * @template T
 * @param {(signal: AbortSignal) => Promise<T>} load
 * @param {unknown[]} inputs
 * @returns {{data: T | undefined, error: Error | null, isLoading: boolean, reload: () => void, poll: () => void}}
 */
export function useLoad(load, inputs) {
  const [state, setState] = useState(
    /** @returns {{data: T | undefined, error: Error | null, isLoading: boolean}} */
    () => ({ data: undefined, error: null, isLoading: true }),
  );
  const [revision, setRevision] = useState(0);
  useEffect(() => {
    const controller = new AbortController();
    setState((previous) => ({ ...previous, isLoading: true }));
    load(controller.signal).then(
      (data) => !controller.signal.aborted && setState({ data, error: null, isLoading: false }),
      (error) => !controller.signal.aborted && setState((previous) => ({ ...previous, error, isLoading: false })),
    );
    return () => controller.abort();
  }, [...inputs, revision]);
  useReady(!state.isLoading);
  const reload = () => setRevision((number) => number + 1);
  return { ...state, reload, poll: () => state.isLoading || reload() };
}

/** Mark the page as ready. A screen that loads nothing at first calls it itself. */
export function useReady(isReady = true) {
  useLayoutEffect(() => {
    if (isReady) document.documentElement.dataset.ready = "true";
  }, [isReady]);
}

/**
 * Call the function every few seconds while the page is visible, and when it becomes visible again.
 *
 * @param {() => void} callback
 * @param {number} seconds
 * @param {boolean} isActive
 */
export function useInterval(callback, seconds, isActive = true) {
  const latest = useRef(callback);
  latest.current = callback;
  useEffect(() => {
    if (!isActive) return undefined;
    const call = () => document.visibilityState === "visible" && latest.current();
    const timer = setInterval(call, seconds * 1000);
    document.addEventListener("visibilitychange", call);
    return () => {
      clearInterval(timer);
      document.removeEventListener("visibilitychange", call);
    };
  }, [seconds, isActive]);
}

/**
 * Run an action of the user, and remember that it runs and how it failed.
 *
 * @template {unknown[]} A
 * @param {(...values: A) => Promise<void>} action
 * @returns {{run: (...values: A) => Promise<void>, isRunning: boolean, error: Error | null}}
 */
export function useAction(action) {
  const [isRunning, setIsRunning] = useState(false);
  const [error, setError] = useState(/** @type {Error | null} */ (null));
  const run = async (/** @type {A} */ ...values) => {
    setIsRunning(true);
    setError(null);
    try {
      await action(...values);
    } catch (caught) {
      setError(/** @type {Error} */ (caught));
    } finally {
      setIsRunning(false);
    }
  };
  return { run, isRunning, error };
}

/** Set the title of the page while the component is shown. @param {string} title */
export function useTitle(title) {
  useEffect(() => {
    document.title = `${title} · Enhancement Exchange`;
  }, [title]);
}

/** @type {Promise<Map<string, any>> | null} */
let robots = null;

/**
 * Return the robots by id, loaded once for all screens, and undefined until then. `forgetRobots` makes them load again.
 *
 * @returns {Map<string, any> | undefined}
 */
export function useRobots() {
  const api = useApi();
  const { data } = useLoad(() => {
    robots ??= api.get("/robots/").then(
      (list) => new Map(list.map((/** @type {any} */ robot) => [robot.id, robot])),
      (error) => {
        robots = null;
        throw error;
      },
    );
    return robots;
  }, [api]);
  return data;
}

export function forgetRobots() {
  robots = null;
}
