"use strict";

// The encoding of messages, as Service Bus sends them.

const { types, message: amqp } = require("rhea");

const LOCKED_UNTIL = "x-opt-locked-until";
const SEQUENCE = "x-opt-sequence-number";
const ENQUEUED = "x-opt-enqueued-time";
const SCHEDULED = "x-opt-scheduled-enqueue-time";

/** Returns the AMQP message for an entry of a queue. */
function outgoing({ message, sequence, enqueuedAt, lockedUntil, deliveries }) {
  const annotations = {
    ...message.message_annotations,
    [SEQUENCE]: types.wrap_long(sequence),
    [ENQUEUED]: types.wrap_timestamp(enqueuedAt),
  };
  if (lockedUntil) annotations[LOCKED_UNTIL] = types.wrap_timestamp(lockedUntil);
  return { ...message, delivery_count: deliveries, message_annotations: annotations };
}

/** Returns the time at which to enqueue a message, in ms since the epoch. 0 means now. */
function scheduledFor(message) {
  const at = message.message_annotations?.[SCHEDULED];
  return at === undefined ? 0 : Number(at);
}

/** Returns the lock token, as the hex of the delivery tag, for a UUID in a management request. */
function tokenOfUuid(uuid) {
  // The SDK reads a delivery tag as a UUID in Microsoft's byte order, and sends it back in network byte order.
  const bytes = Buffer.from(uuid);
  return Buffer.concat([
    bytes.subarray(0, 4).reverse(),
    bytes.subarray(4, 6).reverse(),
    bytes.subarray(6, 8).reverse(),
    bytes.subarray(8),
  ]).toString("hex");
}

const encode = (entry) => amqp.encode(outgoing(entry));
const decode = (bytes) => amqp.decode(bytes);

module.exports = { outgoing, scheduledFor, tokenOfUuid, encode, decode };
