"use strict";

// The management requests of clients to `<queue>/$management`: locks, scheduled messages, and peek.

const { types } = require("rhea");
const { decode, encode, scheduledFor, tokenOfUuid } = require("./wire");

const LOCK_LOST = { statusCode: 410, statusDescription: "The lock has expired.", errorCondition: "com.microsoft:message-lock-lost" };

const values = (list) => (list === undefined ? [] : Array.isArray(list) ? list : [...list]);

function renewLock(queue, body, now) {
  const until = values(body["lock-tokens"]).map((uuid) => queue.renew(tokenOfUuid(uuid), now));
  if (until.includes(undefined)) return LOCK_LOST;
  return { body: { expirations: types.wrap_array(until, 0x83) } };
}

function updateDisposition(queue, body, now) {
  const tokens = values(body["lock-tokens"]).map(tokenOfUuid);
  const settle = {
    completed: (token) => queue.complete(token),
    abandoned: (token) => queue.abandon(token, now),
    suspended: (token) => queue.deadLetter(token, now, body["deadletter-reason"], body["deadletter-description"]),
  }[body["disposition-status"]];
  if (!settle) return { statusCode: 400, statusDescription: "unknown disposition", errorCondition: "amqp:not-allowed" };
  return tokens.map(settle).every(Boolean) ? { body: {} } : LOCK_LOST;
}

function schedule(queue, body, now) {
  const numbers = values(body.messages).map(({ message }) => {
    const decoded = decode(message);
    return queue.send(decoded, now, scheduledFor(decoded));
  });
  return { body: { "sequence-numbers": types.wrap_array(numbers, 0x81) } };
}

function cancel(queue, body) {
  values(body["sequence-numbers"]).forEach((number) => queue.cancel(Number(number)));
  return { body: {} };
}

function peek(queue, body) {
  const found = queue.peek(Number(body["from-sequence-number"]), Number(body["message-count"]));
  if (found.length === 0) return { statusCode: 204, statusDescription: "no messages" };
  return { body: { messages: found.map((entry) => ({ message: types.wrap_binary(encode(entry)) })) } };
}

const OPERATIONS = {
  "com.microsoft:renew-lock": renewLock,
  "com.microsoft:update-disposition": updateDisposition,
  "com.microsoft:schedule-message": schedule,
  "com.microsoft:cancel-scheduled-message": cancel,
  "com.microsoft:peek-message": peek,
};

/** Runs a management request and returns the answer. */
function manage(queue, request, now) {
  const operation = OPERATIONS[request.application_properties?.operation];
  const unknown = { statusCode: 501, statusDescription: "not emulated", errorCondition: "amqp:not-implemented" };
  const { body = {}, statusCode = 200, statusDescription = "OK", errorCondition } =
    operation && queue ? operation(queue, request.body, now) : unknown;
  const properties = { statusCode: types.wrap_int(statusCode), statusDescription };
  if (errorCondition) properties.errorCondition = types.wrap_symbol(errorCondition);
  return { correlation_id: request.message_id, application_properties: properties, body };
}

module.exports = { manage };
