"use strict";

// What tests ask for, over the same port:
//
//   POST /_control/throttle {"requests": n, "retryAfterMs": m, "insideBatch": bool}
//        the next n requests for documents are answered 429; with insideBatch the next n batches are answered 207, as
//        Azure does when it throttles one of their operations
//   POST /_control/fail     {"requests": n, "status": 503}      the next n requests for documents fail
//   POST /_control/reset                                        counts from 0 again; nothing is throttled or fails
//   GET  /_control/requests                                     how many there were of each kind since then

const none = () => ({ throttle: 0, batches: 0, fail: 0, status: 503, retryAfterMs: 0 });

class Control {
  constructor() {
    this.reset();
  }

  reset() {
    this.wanted = none();
    this.counts = { read: 0, query: 0, write: 0, batch: 0 };
  }

  throttle({ requests, retryAfterMs = 10, insideBatch = false }) {
    Object.assign(this.wanted, { [insideBatch ? "batches" : "throttle"]: requests, retryAfterMs });
  }

  fail({ requests, status = 503 }) {
    Object.assign(this.wanted, { fail: requests, status });
  }

  /** Returns how long a batch that is to be throttled from within is to wait, in ms, or nothing. */
  throttlesBatch() {
    if (this.wanted.batches <= 0) return undefined;
    this.wanted.batches -= 1;
    return this.wanted.retryAfterMs;
  }

  /** Counts a request for documents and returns the status that it is to fail with, if it is. */
  meets(req) {
    this.counts[kindOf(req)] += 1;
    if (this.wanted.throttle > 0) return (this.wanted.throttle -= 1), 429;
    if (this.wanted.fail > 0) return (this.wanted.fail -= 1), this.wanted.status;
    return undefined;
  }
}

function kindOf({ method, headers }) {
  if (method === "GET") return "read";
  if (headers["x-ms-cosmos-is-batch-request"]) return "batch";
  return headers["x-ms-documentdb-isquery"] || headers["content-type"] === "application/query+json" ? "query" : "write";
}

const control = new Control();

async function command(req, res) {
  let body = "";
  for await (const chunk of req) body += chunk;
  const name = req.url.slice("/_control/".length);
  if (name !== "requests") control[name](body ? JSON.parse(body) : {});
  res.setHeader("content-type", "application/json");
  res.end(JSON.stringify(control.counts));
}

/** Wraps the server's listener. */
function controlled(serve) {
  return (req, res) => {
    if (req.url.startsWith("/_control/")) return command(req, res).catch(() => res.destroy());
    const status = /\/docs(\/|$)/.test(req.url) ? control.meets(req) : undefined;
    if (status === undefined) return serve(req, res);
    req.resume();
    res.statusCode = status;
    res.setHeader("x-ms-retry-after-ms", String(control.wanted.retryAfterMs));
    res.setHeader("content-type", "application/json");
    return res.end(JSON.stringify({ code: String(status), message: "as asked for" }));
  };
}

module.exports = { control, controlled };
