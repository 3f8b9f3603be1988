"use strict";

// Faults that tests request, and counts of requests, on the same port:
//
//   POST /_control/throttle {"requests": n, "retryAfterMs": m, "insideBatch": bool}
//        The next n requests for documents get 429. With insideBatch the next n transactions get 207, as in Azure when
//        it throttles one of their operations.
//   POST /_control/fail     {"requests": n, "status": 503}      The next n requests for documents fail.
//   POST /_control/fill     {"partition": key}
//        The logical partition is full: each write to it gets 403 with substatus 1014.
//   POST /_control/split    {"database": name, "container": name}
//        Splits every physical partition of the container into two.
//   POST /_control/reset                                        Resets the counts and removes all faults.
//   GET  /_control/requests                                     Returns the counts by kind since the last reset.

const { split } = require("./partitions");
const { readPartition } = require("./server_internals");

const noFaults = () => ({ throttle: 0, transactions: 0, fail: 0, status: 503, retryAfterMs: 0, full: undefined });
const FULL = { status: 403, subStatus: 1014 };

class Control {
  constructor() {
    this.reset();
  }

  reset() {
    this.faults = noFaults();
    this.counts = { read: 0, query: 0, write: 0, batch: 0 };
  }

  throttle({ requests, retryAfterMs = 10, insideBatch = false }) {
    Object.assign(this.faults, { [insideBatch ? "transactions" : "throttle"]: requests, retryAfterMs });
  }

  fail({ requests, status = 503 }) {
    Object.assign(this.faults, { fail: requests, status });
  }

  fill({ partition }) {
    this.faults.full = partition;
  }

  split(container) {
    split(container);
  }

  /** Returns the wait in ms if this transaction is to be throttled inside, else undefined. */
  throttleTransaction() {
    if (this.faults.transactions <= 0) return undefined;
    this.faults.transactions -= 1;
    return this.faults.retryAfterMs;
  }

  /** Counts a request for documents. Returns the fault if the request is to fail, else undefined. */
  countRequest(req) {
    const kind = kindOf(req);
    this.counts[kind] += 1;
    if (this.faults.throttle > 0) return (this.faults.throttle -= 1), { status: 429 };
    if (this.faults.fail > 0) return (this.faults.fail -= 1), { status: this.faults.status };
    const isWrite = kind === "batch" || kind === "write";
    return isWrite && this.faults.full !== undefined && readPartition(req) === this.faults.full ? FULL : undefined;
  }
}

function kindOf({ method, headers }) {
  if (method === "GET") return "read";
  if (headers["x-ms-cosmos-is-batch-request"]) return "batch";
  return headers["x-ms-documentdb-isquery"] || headers["content-type"] === "application/query+json" ? "query" : "write";
}

const control = new Control();

async function runCommand(req, res) {
  let body = "";
  for await (const chunk of req) body += chunk;
  const name = req.url.slice("/_control/".length);
  if (name !== "requests") control[name](body ? JSON.parse(body) : {});
  res.setHeader("content-type", "application/json");
  res.end(JSON.stringify(control.counts));
}

/** Wraps the server's request listener. */
function withControl(serve) {
  return (req, res) => {
    if (req.url.startsWith("/_control/")) return runCommand(req, res).catch(() => res.destroy());
    const fault = /\/docs(\/|$)/.test(req.url) ? control.countRequest(req) : undefined;
    if (fault === undefined) return serve(req, res);
    const { status, subStatus } = fault;
    req.resume();
    res.statusCode = status;
    if (subStatus) res.setHeader("x-ms-substatus", String(subStatus));
    res.setHeader("x-ms-retry-after-ms", String(control.faults.retryAfterMs));
    res.setHeader("content-type", "application/json");
    return res.end(JSON.stringify({ code: String(status), message: "A test requested this fault." }));
  };
}

module.exports = { control, withControl };
