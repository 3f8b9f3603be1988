// @ts-check
// The same action for the command line, to copy.

import { quoteForShell } from "../format.js";
import { html, useState } from "../html.js";

/** @typedef {{method: string, path: string, body?: unknown}} Call */

// Other users of a machine can see the arguments of a command, but not what it reads.
const SEND_TOKEN = `printf 'Authorization: Bearer %s\\n' "$TOKEN" |`;

/**
 * Return the call as a command for curl, which reads the token from standard input.
 *
 * @param {Call} call
 */
export function writeCurl({ method, path, body }) {
  const parts = [SEND_TOKEN, "curl", ...(method === "GET" ? [] : ["--request", method]), quoteForShell(location.origin + path)];
  parts.push("--header", "@-");
  if (body !== undefined) {
    parts.push("--header", "'Content-Type: application/json'", "--data", quoteForShell(JSON.stringify(body)));
  }
  return parts.join(" ");
}

/** Return a command from its words, quoted where a shell needs it. @param {string[]} words */
export const writeCommand = (...words) => ["exchange", ...words].map(quoteForShell).join(" ");

/**
 * @param {{command?: string, call?: Call, title?: string}} props `title` says what the commands do.
 */
export function Commands({ command, call, title = "The same on the command line" }) {
  return html`
    <details class="commands">
      <summary>${title}</summary>
      ${command && html`<${Copyable} text=${command} label="the command" />`}
      ${call && html`<${Copyable} text=${writeCurl(call)} label="the curl command" />`}
    </details>
  `;
}

/** Text that can be copied with one click. @param {{text: string, label: string, isShort?: boolean}} props */
export function Copyable({ text, label, isShort }) {
  const [isCopied, setIsCopied] = useState(false);
  const copy = async () => {
    await navigator.clipboard.writeText(text);
    setIsCopied(true);
    setTimeout(() => setIsCopied(false), 2000);
  };
  return html`
    <span class=${isShort ? "copyable short" : "copyable"}>
      <code tabindex=${isShort ? undefined : "0"}>${text}</code>
      <button type="button" class="small" aria-label="Copy ${label}" onClick=${copy}>${isCopied ? "Copied" : "Copy"}</button>
    </span>
  `;
}
