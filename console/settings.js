// @ts-check

/**
 * Where the user signs in and where files are, as the app wrote it into the page.
 *
 * @typedef {{authority: string, client_id: string, scope: string, blob_origin: string}} Settings
 */

/** @returns {Settings} */
export function readSettings() {
  const meta = document.querySelector('meta[name="exchange-settings"]');
  return JSON.parse(meta?.getAttribute("content") ?? "null");
}
