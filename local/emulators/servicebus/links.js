"use strict";

// The AMQP links of clients, and the messages on them.

const rhea = require("rhea");
const { manage } = require("./management");
const { outgoing, scheduledFor } = require("./wire");

const CBS = "$cbs";
const MANAGEMENT = "/$management";
const SETTLED = 1;

/** Returns the name in an address. Service Bus ignores its case. */
const nameOf = (address) => String(address ?? "").replace(/^amqps?:\/\/[^/]+\//, "").toLowerCase();

class Links {
  /** `find(name)` returns a queue by its name, `now()` the time. */
  constructor(find, now, log) {
    Object.assign(this, { find, now, log });
    this.consumers = new Map();
    this.repliers = new Map();
  }

  /** Registers the handlers of the events on the connections of this container. */
  serve(container) {
    container.on("receiver_open", (context) => this.openForSending(context.receiver));
    container.on("sender_open", (context) => this.openForReceiving(context.sender));
    container.on("message", (context) => this.accept(context));
    container.on("sendable", (context) => this.deliverTo(context.sender));
    container.on("sender_draining", ({ sender }) => sender.set_drained(true));
    container.on("sender_close", ({ sender }) => this.forget(sender));
    container.on("session_close", ({ session }) => this.forgetAll((sender) => sender.session === session));
    for (const event of ["connection_close", "disconnected"]) {
      container.on(event, ({ connection }) => this.forgetAll((sender) => sender.connection === connection));
    }
    container.on("accepted", ({ delivery }) => this.settle(delivery, "accepted"));
    container.on("released", ({ delivery }) => this.settle(delivery, "released"));
    container.on("modified", ({ delivery }) => this.settle(delivery, "modified"));
    container.on("rejected", ({ delivery }) => this.settle(delivery, "rejected"));
    for (const event of [
      "connection_error",
      "session_error",
      "receiver_error",
      "sender_error",
      "protocol_error",
      // Without a handler, rhea throws the error, which would end the broker.
      "error",
    ]) {
      container.on(event, () => this.log(`${event} of a client`));
    }
  }

  queueOf(address) {
    const name = nameOf(address);
    return this.find(name.endsWith(MANAGEMENT) ? name.slice(0, -MANAGEMENT.length) : name);
  }

  exists(address) {
    return nameOf(address) === CBS || this.queueOf(address) !== undefined;
  }

  refuse(link) {
    link.close({ condition: "amqp:not-found", description: "The queue does not exist." });
  }

  openForSending(receiver) {
    echoTerminals(receiver);
    if (!this.exists(receiver.target?.address)) this.refuse(receiver);
  }

  openForReceiving(sender) {
    const { address } = sender.source;
    echoTerminals(sender);
    sender.local.attach.initial_delivery_count = 0;
    sender.local.attach.rcv_settle_mode = sender.remote.attach.rcv_settle_mode ?? SETTLED;
    if (!this.exists(address)) return this.refuse(sender);
    const name = nameOf(address);
    if (name === CBS || name.endsWith(MANAGEMENT)) this.repliers.set(sender, name);
    else this.consumers.set(sender, this.queueOf(address));
    return undefined;
  }

  forget(sender) {
    this.consumers.delete(sender);
    this.repliers.delete(sender);
  }

  forgetAll(matches) {
    for (const sender of [...this.consumers.keys(), ...this.repliers.keys()]) if (matches(sender)) this.forget(sender);
  }

  accept({ message, receiver, delivery }) {
    const name = nameOf(receiver.target.address);
    if (name === CBS) return this.reply(receiver, name, grant(message), delivery);
    const queue = this.queueOf(receiver.target.address);
    // A client may send before it receives the refusal of its link.
    if (!queue) return undefined;
    if (name.endsWith(MANAGEMENT)) return this.reply(receiver, name, manage(queue, message, this.now()), delivery);
    // A batch is one delivery. Its body has the encoded messages, one in each data section.
    const messages = delivery.format === BATCH_FORMAT ? unpack(message) : [message];
    for (const sent of messages) queue.send(sent, this.now(), scheduledFor(sent));
    return delivery.accept();
  }

  /** Sends an answer on the link that the same session opened for the answers of this address. */
  reply(receiver, name, answer, delivery) {
    delivery.accept();
    for (const [sender, address] of this.repliers) {
      if (address === name && sender.session === receiver.session) {
        // The SDK never settles an answer.
        sender.send(answer).settled = true;
        return;
      }
    }
    this.log(`no link for the answer of ${name}`);
  }

  /** Delivers the messages of a queue to its waiting receivers, one message to each in turn. */
  deliver(queue) {
    let delivered = true;
    while (delivered) {
      delivered = false;
      for (const [sender, consumed] of this.consumers) {
        if (consumed === queue && hasRoom(sender)) delivered = this.deliverOne(sender, queue) || delivered;
      }
    }
  }

  deliverTo(sender) {
    const queue = this.consumers.get(sender);
    if (queue) this.deliver(queue);
  }

  deliverOne(sender, queue) {
    const preSettled = sender.remote.attach.snd_settle_mode === SETTLED;
    const entry = preSettled ? queue.remove() : queue.lock(this.now());
    if (!entry) return false;
    const delivery = sender.send(outgoing(entry), entry.token);
    sender.deliveries = countDeliveries(sender) + 1;
    delivery.lock = entry.token?.toString("hex");
    return true;
  }

  /** Settles a delivery as the receiver decided, and confirms it, because the SDK waits for the confirmation. */
  settle(delivery, outcome) {
    const queue = this.consumers.get(delivery.link);
    if (!queue || !delivery.lock) return;
    const state = delivery.remote_state;
    const info = state?.error?.info ?? {};
    const now = this.now();
    const settled = {
      accepted: () => queue.complete(delivery.lock),
      released: () => queue.abandon(delivery.lock, now),
      modified: () => queue.abandon(delivery.lock, now),
      rejected: () => queue.deadLetter(delivery.lock, now, info.DeadLetterReason, info.DeadLetterErrorDescription),
    }[outcome]();
    const lockLost = { condition: "com.microsoft:message-lock-lost", description: "The lock has expired." };
    const confirmation = settled ? rhea.message[outcome]({}) : rhea.message.rejected({ error: lockLost });
    delivery.update(true, confirmation.described());
    // The SDK considers a delivery settled when it receives our confirmation, and does not answer that. A session has room
    // for 2,048 deliveries that are not settled at both ends.
    delivery.remote_settled = true;
  }
}

const BATCH_FORMAT = 0x80013700;

/** Counts the deliveries on this link, including those that rhea has not sent yet and that will use credit. */
const countDeliveries = (sender) => Math.max(sender.deliveries ?? 0, sender.delivery_count);

/** Returns whether the receiver has credit for another message. Otherwise nothing would receive the locked message. */
const hasRoom = (sender) => sender.sendable() && sender.delivery_count + sender.credit > countDeliveries(sender);

/** Sets both ends of a link in our attach frame, because the SDK closes a link without them. */
function echoTerminals(link) {
  link.set_source({ address: link.source?.address });
  link.set_target({ address: link.target?.address });
}

function unpack(bytes) {
  const { content } = rhea.message.decode(bytes).body;
  return (Array.isArray(content) ? content : [content]).map((section) => rhea.message.decode(section));
}

/** Accepts every token: the emulator has no authentication. */
function grant(request) {
  return {
    correlation_id: request.message_id,
    application_properties: { "status-code": rhea.types.wrap_int(202), "status-description": "Accepted" },
    body: "",
  };
}

module.exports = { Links };
