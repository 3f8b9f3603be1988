"use strict";

// A queue and its messages, without the protocol. Times are in milliseconds since the epoch.

const { randomBytes } = require("crypto");

class Queue {
  /** A lock lasts `lockMs`. A message is dead-lettered after `maxDelivery` deliveries. */
  constructor(name, { lockMs, maxDelivery, onArrival, log }) {
    Object.assign(this, { name, lockMs, maxDelivery, onArrival, log });
    this.sequence = 0;
    this.ready = [];
    this.locked = new Map();
    this.scheduled = new Map();
  }

  /** Adds a message and returns its sequence number. A message with a time `at` is held back until then. */
  send(message, now, at = 0, deliveries = 0) {
    const entry = { sequence: (this.sequence += 1), message, enqueuedAt: Math.max(now, at), deliveries };
    if (at > now) this.scheduled.set(entry.sequence, entry);
    else this.makeReady(entry);
    return entry.sequence;
  }

  makeReady(entry) {
    const index = this.ready.findIndex((other) => other.sequence > entry.sequence);
    if (index < 0) this.ready.push(entry);
    else this.ready.splice(index, 0, entry);
    this.onArrival(this);
  }

  cancel(sequence) {
    return this.scheduled.delete(sequence);
  }

  /** Locks the next message under a new token and returns it. Returns undefined if the queue is empty. */
  lock(now) {
    const entry = this.ready.shift();
    if (!entry) return undefined;
    entry.token = randomBytes(16);
    entry.lockedUntil = now + this.lockMs;
    this.locked.set(entry.token.toString("hex"), entry);
    return entry;
  }

  /** Removes the next message and returns it. */
  remove() {
    return this.ready.shift();
  }

  /** Ends a lock. Returns the entry, or undefined if the lock has expired. */
  release(token) {
    const entry = this.locked.get(token);
    this.locked.delete(token);
    return entry;
  }

  complete(token) {
    return this.release(token) !== undefined;
  }

  /** Makes the message available again at once, or dead-letters it after its last delivery. */
  abandon(token, now) {
    const entry = this.release(token);
    if (entry) this.redeliver(entry, now);
    return entry !== undefined;
  }

  deadLetter(token, now, reason, description) {
    const entry = this.release(token);
    if (entry) this.toDeadLetters(entry, now, reason, description);
    return entry !== undefined;
  }

  redeliver(entry, now) {
    entry.deliveries += 1;
    if (this.deadLetters && entry.deliveries >= this.maxDelivery) {
      this.toDeadLetters(entry, now, "MaxDeliveryCountExceeded", `delivered ${entry.deliveries} times`);
    } else {
      this.makeReady(entry);
    }
  }

  /** Moves a message to the dead-letter queue, with the reason and its delivery count. */
  toDeadLetters({ message, deliveries }, now, reason, description) {
    this.log(`${this.name}: dead-lettered a message: ${reason}`);
    const reasons = { DeadLetterReason: reason, DeadLetterErrorDescription: description };
    const properties = { ...message.application_properties, ...reasons };
    this.deadLetters.send({ ...message, application_properties: properties }, now, 0, deliveries);
  }

  /** Renews a lock. Returns its new expiry, or undefined if it has expired. */
  renew(token, now) {
    const entry = this.locked.get(token);
    if (entry) entry.lockedUntil = now + this.lockMs;
    return entry?.lockedUntil;
  }

  /** Ends the expired locks, and makes the scheduled messages available whose time has come. */
  tick(now) {
    for (const [token, entry] of this.locked) {
      if (entry.lockedUntil > now) continue;
      this.log(`${this.name}: a lock expired`);
      this.abandon(token, now);
    }
    for (const [sequence, entry] of this.scheduled) {
      if (entry.enqueuedAt > now) continue;
      this.scheduled.delete(sequence);
      this.makeReady(entry);
    }
  }

  /** Returns messages from a sequence number on, without locking them. */
  peek(from, count) {
    const all = [...this.ready, ...this.locked.values(), ...this.scheduled.values()];
    const found = all.filter((entry) => entry.sequence >= from).sort((a, b) => a.sequence - b.sequence);
    return found.slice(0, count);
  }
}

/** Makes a queue and its dead-letter queue. */
function withDeadLetters(name, options) {
  const queue = new Queue(name, options);
  queue.deadLetters = new Queue(`${name}/$deadletterqueue`, options);
  return queue;
}

module.exports = { withDeadLetters };
