// @ts-check
// The OpenID Connect issuer where users sign in: what it publishes about itself, and its errors.

import { readSettings } from "./settings.js";
import * as oauth from "./vendor/oauth4webapi.module.js";

/** @typedef {{server: oauth.AuthorizationServer, client: oauth.Client, scope: string, options: object}} Issuer */

/** @type {Promise<Issuer> | null} */
let discovered = null;

/** Return what the issuer publishes about itself. It is read once. */
export function discover() {
  discovered ??= readIssuer().catch((error) => {
    discovered = null;
    throw error;
  });
  return discovered;
}

/** @returns {Promise<Issuer>} */
async function readIssuer() {
  const settings = readSettings();
  const issuer = new URL(settings.authority);
  // Only the issuer of a local stack is without https.
  const options = { [oauth.allowInsecureRequests]: issuer.protocol === "http:" };
  const response = await oauth.discoveryRequest(issuer, options);
  const server = await oauth.processDiscoveryResponse(issuer, response);
  const scope = `openid profile offline_access ${settings.scope}`;
  return { server, client: { client_id: settings.client_id }, scope, options };
}

/**
 * Return whether the issuer has answered, and gives no tokens.
 *
 * @param {unknown} error
 */
export function isRefusal(error) {
  return error instanceof oauth.ResponseBodyError && error.status < 500;
}

/**
 * Return why the issuer could not be used, as the end of a sentence.
 *
 * @param {unknown} error
 */
export function describe(error) {
  if (error instanceof oauth.ResponseBodyError || error instanceof oauth.AuthorizationResponseError) {
    return error.error_description ?? error.error;
  }
  return error instanceof TypeError ? "the sign-in service cannot be reached." : "its answer is not valid.";
}
