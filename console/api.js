// @ts-check
// The client of the exchange's API. All screens use it, and it uses nothing that other clients cannot use.

/** @typedef {Record<string, string | number | boolean | string[] | null | undefined>} Query */

/** @typedef {{getToken(): Promise<string>, refresh(): Promise<string>}} Tokens */

/**
 * @typedef {object} Options
 * @property {Query} [query] Values that are null, undefined or empty are left out. A list is repeated.
 * @property {unknown} [body] Sent as JSON.
 * @property {BodyInit} [content] Sent as it is, with `contentType`.
 * @property {string} [contentType]
 * @property {Record<string, string>} [headers]
 * @property {boolean} [repeatable] Whether the call may be sent again if its answer was lost. It is the default for GET.
 * @property {AbortSignal} [signal]
 */

const ATTEMPTS = 4;
const FIRST_DELAY_MS = 400;
const MAX_RETRY_AFTER_S = 20;
const PASSING = new Set([429, 502, 503, 504]);

/** An answer of the exchange that is an error. `message` is its own sentence. */
export class ApiError extends Error {
  /**
   * @param {number} status
   * @param {string} message
   * @param {string[]} errors One sentence for each fault.
   */
  constructor(status, message, errors = []) {
    super(message);
    this.name = "ApiError";
    this.status = status;
    this.errors = errors;
  }
}

/** The exchange did not answer. */
export class Unreachable extends Error {
  constructor() {
    super("The exchange cannot be reached. Check your connection.");
    this.name = "Unreachable";
  }
}

export class Api {
  /** @param {Tokens} tokens */
  constructor(tokens) {
    this.tokens = tokens;
  }

  /**
   * @param {string} path
   * @param {Query} [query]
   * @param {AbortSignal} [signal]
   * @returns {Promise<any>}
   */
  get(path, query, signal) {
    return this.call("GET", path, { query, signal, repeatable: true });
  }

  /**
   * Send a call and return the JSON of its answer, or null if it has none.
   *
   * Raises ApiError, Unreachable, SignInExpired, or AbortError.
   *
   * @param {string} method
   * @param {string} path
   * @param {Options} [options]
   * @returns {Promise<any>}
   */
  async call(method, path, options = {}) {
    const response = await this.send(method, path, options);
    return response.status === 204 ? null : response.json();
  }

  /**
   * As `call`, but return the text of the answer.
   *
   * @param {string} method
   * @param {string} path
   * @param {Options} [options]
   * @returns {Promise<string>}
   */
  async callForText(method, path, options = {}) {
    return (await this.send(method, path, options)).text();
  }

  /**
   * @param {string} method
   * @param {string} path
   * @param {Options} options
   * @returns {Promise<Response>}
   */
  async send(method, path, options) {
    const url = path + writeQuery(options.query ?? {});
    for (let attempt = 1; ; attempt += 1) {
      const response = await this.#sendOnce(method, url, options);
      if (response?.ok) return response;
      // What got 429 was not carried out.
      const mayRepeat = options.repeatable || response?.status === 429;
      const isPassing = response === null || PASSING.has(response.status);
      const delay = chooseDelay(attempt, response);
      if (!isPassing || !mayRepeat || delay === null) throw response === null ? new Unreachable() : await readError(response);
      await sleep(delay, options.signal);
    }
  }

  /**
   * Return the answer, or null if there was none. A 401 is answered with a new token once.
   *
   * @param {string} method
   * @param {string} url
   * @param {Options} options
   */
  async #sendOnce(method, url, options) {
    const response = await this.#fetch(method, url, options, await this.tokens.getToken());
    if (response?.status !== 401) return response;
    return this.#fetch(method, url, options, await this.tokens.refresh());
  }

  /**
   * @param {string} method
   * @param {string} url
   * @param {Options} options
   * @param {string} token
   */
  async #fetch(method, url, options, token) {
    const contentType = options.content === undefined ? "application/json" : options.contentType;
    const body = options.content ?? (options.body === undefined ? undefined : JSON.stringify(options.body));
    const headers = {
      Authorization: `Bearer ${token}`,
      ...(body === undefined || !contentType ? {} : { "Content-Type": contentType }),
      ...options.headers,
    };
    try {
      return await fetch(url, { method, headers, body, signal: options.signal, cache: "no-cache" });
    } catch (error) {
      if (options.signal?.aborted) throw error;
      return null;
    }
  }
}

/**
 * Return the query of a URL with its question mark, or nothing.
 *
 * @param {Query} query
 */
export function writeQuery(query) {
  const parameters = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) {
    for (const item of Array.isArray(value) ? value : [value]) {
      if (item !== null && item !== undefined && item !== "") parameters.append(name, String(item));
    }
  }
  const text = parameters.toString();
  return text && `?${text}`;
}

/**
 * Return the milliseconds to wait after this attempt, or null if it was the last one.
 *
 * @param {number} attempt Counted from 1.
 * @param {Response | null} response
 */
function chooseDelay(attempt, response) {
  if (attempt >= ATTEMPTS) return null;
  const retryAfter = response?.headers.get("Retry-After");
  if (!retryAfter) return Math.random() * FIRST_DELAY_MS * 2 ** attempt;
  const seconds = Number(retryAfter);
  return seconds <= MAX_RETRY_AFTER_S ? seconds * 1000 : null;
}

/**
 * @param {number} milliseconds
 * @param {AbortSignal} [signal]
 * @returns {Promise<void>}
 */
function sleep(milliseconds, signal) {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(resolve, milliseconds);
    signal?.addEventListener("abort", () => {
      clearTimeout(timer);
      reject(signal.reason);
    });
  });
}

/** @param {Response} response */
async function readError(response) {
  try {
    const problem = await response.json();
    return new ApiError(response.status, problem.detail, problem.errors);
  } catch {
    return new ApiError(response.status, `The exchange answered with the status ${response.status}.`);
  }
}
