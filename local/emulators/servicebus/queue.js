"use strict";

// What a queue does with its messages, apart from how they travel. Times are milliseconds since the epoch.

const { randomBytes } = require("crypto");

class Queue {
  /** `lockMs`: how long a receiver has for a message; `maxDelivery`: after so many deliveries it is dead-lettered. */
  constructor(name, { lockMs, maxDelivery, onArrival, log }) {
    Object.assign(this, { name, lockMs, maxDelivery, onArrival, log });
    this.sequence = 0;
    this.ready = [];
    this.locked = new Map();
    this.scheduled = new Map();
  }

  /** Takes a message; returns its sequence number. One that is scheduled waits until then. */
  send(message, now, at = 0, deliveries = 0) {
    const entry = { sequence: (this.sequence += 1), message, enqueuedAt: Math.max(now, at), deliveries };
    if (at > now) this.scheduled.set(entry.sequence, entry);
    else this.makeReady(entry);
    return entry.sequence;
  }

  makeReady(entry) {
    const place = this.ready.findIndex((other) => other.sequence > entry.sequence);
    if (place < 0) this.ready.push(entry);
    else this.ready.splice(place, 0, entry);
    this.onArrival(this);
  }

  cancel(sequence) {
    return this.scheduled.delete(sequence);
  }

  /** Gives the next message to a receiver, locked under a token of its own; nothing if there is none. */
  lock(now) {
    const entry = this.ready.shift();
    if (!entry) return undefined;
    entry.token = randomBytes(16);
    entry.lockedUntil = now + this.lockMs;
    this.locked.set(entry.token.toString("hex"), entry);
    return entry;
  }

  /** Gives the next message away for good. */
  remove() {
    return this.ready.shift();
  }

  /** Ends a lock; returns the entry, or nothing if the lock was lost. */
  release(token) {
    const entry = this.locked.get(token);
    this.locked.delete(token);
    return entry;
  }

  complete(token) {
    return this.release(token) !== undefined;
  }

  /** Makes the message available again at once, or dead-letters it if it was delivered often enough. */
  abandon(token, now) {
    const entry = this.release(token);
    if (entry) this.delivered(entry, now);
    return entry !== undefined;
  }

  deadLetter(token, now, reason, description) {
    const entry = this.release(token);
    if (entry) this.toDeadLetters(entry, now, reason, description);
    return entry !== undefined;
  }

  delivered(entry, now) {
    entry.deliveries += 1;
    if (this.deadLetters && entry.deliveries >= this.maxDelivery) {
      this.toDeadLetters(entry, now, "MaxDeliveryCountExceeded", `delivered ${entry.deliveries} times`);
    } else {
      this.makeReady(entry);
    }
  }

  /** Moves it to the dead letters, which say how often it was delivered. */
  toDeadLetters({ message, deliveries }, now, reason, description) {
    this.log(`${this.name}: a message is dead-lettered: ${reason}`);
    const told = { DeadLetterReason: reason, DeadLetterErrorDescription: description };
    const properties = { ...message.application_properties, ...told };
    this.deadLetters.send({ ...message, application_properties: properties }, now, 0, deliveries);
  }

  /** Renews a lock; returns until when, or nothing if it was lost. */
  renew(token, now) {
    const entry = this.locked.get(token);
    if (entry) entry.lockedUntil = now + this.lockMs;
    return entry?.lockedUntil;
  }

  /** Ends the locks that have expired, and makes ready what was scheduled for now. */
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

  /** Lists messages from a sequence number on, without locking them. */
  peek(from, count) {
    const all = [...this.ready, ...this.locked.values(), ...this.scheduled.values()];
    const wanted = all.filter((entry) => entry.sequence >= from).sort((a, b) => a.sequence - b.sequence);
    return wanted.slice(0, count);
  }
}

/** Makes the queue of this name with its dead-letter queue. */
function withDeadLetters(name, options) {
  const queue = new Queue(name, options);
  queue.deadLetters = new Queue(`${name}/$deadletterqueue`, options);
  return queue;
}

module.exports = { withDeadLetters };
