"use strict";

// Messages as Service Bus puts them on the wire.

const { types, message: amqp } = require("rhea");

const LOCKED_UNTIL = "x-opt-locked-until";
const SEQUENCE = "x-opt-sequence-number";
const ENQUEUED = "x-opt-enqueued-time";
const SCHEDULED = "x-opt-scheduled-enqueue-time";

/** Returns an entry of a queue as the AMQP message that a receiver gets. */
function outgoing({ message, sequence, enqueuedAt, lockedUntil, deliveries }) {
  const annotations = {
    ...message.message_annotations,
    [SEQUENCE]: types.wrap_long(sequence),
    [ENQUEUED]: types.wrap_timestamp(enqueuedAt),
  };
  if (lockedUntil) annotations[LOCKED_UNTIL] = types.wrap_timestamp(lockedUntil);
  return { ...message, delivery_count: deliveries, message_annotations: annotations };
}

/** Returns when a message is to be enqueued, in ms since the epoch; 0 for at once. */
function scheduledFor(message) {
  const at = message.message_annotations?.[SCHEDULED];
  return at === undefined ? 0 : Number(at);
}

/** Says whether a UUID of a management request and a delivery tag are the same lock token, by their hex. */
function tokenOfUuid(uuid) {
  // The SDK shows a tag as a UUID in Microsoft's byte order and sends it back in the network's.
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
