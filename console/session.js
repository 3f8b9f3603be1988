// @ts-check
// Signing in by OpenID Connect: the authorization code flow with PKCE. Tokens are in memory and in the session storage
// of this tab only. They never reach an address, the local storage or a log.

import { describe, discover, isRefusal } from "./issuer.js";
import * as oauth from "./vendor/oauth4webapi.module.js";

const START = "/console/";
const TOKENS_KEY = "exchange.tokens";
const SIGN_IN_KEY = "exchange.sign-in";
// A token is replaced this long before it expires, or after three quarters of its life if that is later.
const EARLIER_MS = 60_000;
const DEFAULT_LIFETIME_S = 3600;

/**
 * @typedef {object} Tokens
 * @property {string} accessToken
 * @property {string | null} refreshToken
 * @property {number} refreshAt In milliseconds, as `Date.now()`.
 * @property {number} expiresAt
 * @property {string} name
 * @property {string[]} roles
 */

/** @typedef {{state: string, nonce: string, verifier: string, address: string}} PendingSignIn */

/** The issuer gives no more tokens for this session. The user has to sign in again. */
export class SignInExpired extends Error {
  constructor() {
    super("Your sign-in has expired. Sign in again.");
    this.name = "SignInExpired";
  }
}

/** The user could not be signed in. The message is a sentence for the user. */
export class SignInFailed extends Error {
  /** @param {unknown} cause */
  constructor(cause) {
    super(`You could not be signed in: ${describe(cause)}`, { cause });
    this.name = "SignInFailed";
  }
}

/** A user who is signed in. */
export class Session {
  /** @type {Tokens | null} */
  #tokens;
  /** @type {Promise<string> | null} */
  #refreshing = null;
  /** @type {Set<() => void>} */
  #callbacks = new Set();

  /** @param {Tokens} tokens */
  constructor(tokens) {
    this.#tokens = tokens;
    this.name = tokens.name;
    this.roles = tokens.roles;
  }

  /**
   * Return an access token that is valid for a while. Rejects with SignInExpired.
   *
   * @returns {Promise<string>}
   */
  async getToken() {
    const tokens = this.#tokens;
    if (tokens && Date.now() < tokens.refreshAt) return tokens.accessToken;
    try {
      return await this.refresh();
    } catch (error) {
      if (error instanceof SignInExpired || !tokens || Date.now() >= tokens.expiresAt) throw error;
      // The issuer does not answer, and the present token still works.
      return tokens.accessToken;
    }
  }

  /**
   * Return a new access token. Callers at the same time share one request. Rejects with SignInExpired.
   *
   * @returns {Promise<string>}
   */
  refresh() {
    return (this.#refreshing ??= this.#refresh().finally(() => (this.#refreshing = null)));
  }

  /**
   * Call the function once, when the user has to sign in again.
   *
   * @param {() => void} callback
   */
  onExpired(callback) {
    this.#callbacks.add(callback);
  }

  async #refresh() {
    if (!this.#tokens?.refreshToken) throw this.#expire();
    try {
      this.#tokens = await requestRefresh(this.#tokens);
    } catch (error) {
      if (isRefusal(error)) throw this.#expire();
      throw error;
    }
    this.name = this.#tokens.name;
    this.roles = this.#tokens.roles;
    return this.#tokens.accessToken;
  }

  #expire() {
    this.#tokens = null;
    sessionStorage.removeItem(TOKENS_KEY);
    const callbacks = [...this.#callbacks];
    this.#callbacks.clear();
    for (const callback of callbacks) callback();
    return new SignInExpired();
  }
}

/**
 * Return the session of this tab, or null if the user is not signed in. If the issuer has just sent the user back,
 * complete the sign-in, and restore the address where the user was. Rejects with SignInFailed.
 *
 * @returns {Promise<Session | null>}
 */
export async function startSession() {
  const answer = new URLSearchParams(location.search);
  if (location.pathname === START && answer.has("state") && (answer.has("code") || answer.has("error"))) {
    const pending = takePending(answer);
    history.replaceState(null, "", pending?.address ?? START);
    // Without a sign-in of this tab that belongs to it, the answer is ignored: someone else may have made it.
    if (pending) return new Session(await complete(answer, pending));
  }
  const stored = sessionStorage.getItem(TOKENS_KEY);
  if (!stored) return null;
  /** @type {Tokens} */
  const tokens = JSON.parse(stored);
  return tokens.refreshToken || Date.now() < tokens.expiresAt ? new Session(tokens) : null;
}

/** Send the user to the issuer. Rejects with SignInFailed if the issuer does not answer. */
export async function signIn() {
  const pending = {
    state: oauth.generateRandomState(),
    nonce: oauth.generateRandomNonce(),
    verifier: oauth.generateRandomCodeVerifier(),
    address: location.pathname + location.search,
  };
  try {
    const { server, client, scope } = await discover();
    const url = new URL(server.authorization_endpoint ?? "");
    const parameters = {
      client_id: client.client_id,
      redirect_uri: makeRedirectAddress(),
      response_type: "code",
      scope,
      state: pending.state,
      nonce: pending.nonce,
      code_challenge: await oauth.calculatePKCECodeChallenge(pending.verifier),
      code_challenge_method: "S256",
    };
    for (const [name, value] of Object.entries(parameters)) url.searchParams.set(name, value);
    sessionStorage.setItem(SIGN_IN_KEY, JSON.stringify(pending));
    location.assign(url);
  } catch (error) {
    throw new SignInFailed(error);
  }
}

/** Forget the tokens, and end the session at the issuer if it can do that. */
export async function signOut() {
  sessionStorage.removeItem(TOKENS_KEY);
  try {
    const { server, client } = await discover();
    const url = new URL(server.end_session_endpoint ?? START, location.origin);
    if (server.end_session_endpoint) {
      url.searchParams.set("client_id", client.client_id);
      url.searchParams.set("post_logout_redirect_uri", makeRedirectAddress());
    }
    location.assign(url);
  } catch {
    location.assign(START);
  }
}

function makeRedirectAddress() {
  return location.origin + START;
}

/**
 * Return the sign-in that this tab has started, if the answer belongs to it. It can be completed once.
 *
 * @param {URLSearchParams} answer
 * @returns {PendingSignIn | null}
 */
function takePending(answer) {
  const stored = sessionStorage.getItem(SIGN_IN_KEY);
  /** @type {PendingSignIn | null} */
  const pending = stored ? JSON.parse(stored) : null;
  if (pending === null || pending.state !== answer.get("state")) return null;
  sessionStorage.removeItem(SIGN_IN_KEY);
  return pending;
}

/** @param {URLSearchParams} answer @param {PendingSignIn} pending */
async function complete(answer, { state, nonce, verifier }) {
  try {
    const { server, client, options } = await discover();
    const checked = oauth.validateAuthResponse(server, client, answer, state);
    const grant = /** @type {const} */ ([checked, makeRedirectAddress(), verifier, options]);
    const response = await oauth.authorizationCodeGrantRequest(server, client, oauth.None(), ...grant);
    const expected = { expectedNonce: nonce, requireIdToken: true };
    return keep(await oauth.processAuthorizationCodeResponse(server, client, response, expected));
  } catch (error) {
    throw new SignInFailed(error);
  }
}

/** @param {Tokens} tokens */
async function requestRefresh(tokens) {
  const { server, client, scope, options } = await discover();
  const response = await oauth.refreshTokenGrantRequest(server, client, oauth.None(), tokens.refreshToken ?? "", {
    ...options,
    additionalParameters: { scope },
  });
  return keep(await oauth.processRefreshTokenResponse(server, client, response), tokens);
}

/**
 * Store the tokens for this tab. What the answer does not have is taken from the previous ones.
 *
 * @param {oauth.TokenEndpointResponse} answer
 * @param {Tokens} [previous]
 * @returns {Tokens}
 */
function keep(answer, previous) {
  const claims = oauth.getValidatedIdTokenClaims(answer);
  const lifetime = (answer.expires_in ?? DEFAULT_LIFETIME_S) * 1000;
  const tokens = {
    accessToken: answer.access_token,
    refreshToken: answer.refresh_token ?? previous?.refreshToken ?? null,
    refreshAt: Date.now() + Math.max(lifetime - EARLIER_MS, lifetime * 0.75),
    expiresAt: Date.now() + lifetime,
    name: String(claims?.name ?? claims?.preferred_username ?? previous?.name ?? ""),
    roles: claims ? /** @type {string[]} */ (claims.roles ?? []) : (previous?.roles ?? []),
  };
  sessionStorage.setItem(TOKENS_KEY, JSON.stringify(tokens));
  return tokens;
}
