"use strict";

// The AMQP links of clients, and what goes over them.

const rhea = require("rhea");
const { manage } = require("./management");
const { outgoing, scheduledFor } = require("./wire");

const CBS = "$cbs";
const MANAGEMENT = "/$management";
const SETTLED = 1;

/** The name in an address; Service Bus does not mind its case. */
const nameOf = (address) => String(address ?? "").replace(/^amqps?:\/\/[^/]+\//, "").toLowerCase();

class Links {
  /** `find(name)` gives a queue by its name; `now()` the time. */
  constructor(find, now, log) {
    Object.assign(this, { find, now, log });
    this.consumers = new Map();
    this.repliers = new Map();
  }

  /** Listens to what happens on the connections of this container. */
  serve(container) {
    container.on("receiver_open", (context) => this.clientSends(context.receiver));
    container.on("sender_open", (context) => this.clientReceives(context.sender));
    container.on("message", (context) => this.arrived(context));
    container.on("sendable", (context) => this.deliverTo(context.sender));
    container.on("sender_draining", ({ sender }) => sender.set_drained(true));
    container.on("sender_close", ({ sender }) => this.forget(sender));
    container.on("session_close", ({ session }) => this.forgetAll((sender) => sender.session === session));
    for (const gone of ["connection_close", "disconnected"]) {
      container.on(gone, ({ connection }) => this.forgetAll((sender) => sender.connection === connection));
    }
    container.on("accepted", ({ delivery }) => this.settle(delivery, "accepted"));
    container.on("released", ({ delivery }) => this.settle(delivery, "released"));
    container.on("modified", ({ delivery }) => this.settle(delivery, "modified"));
    container.on("rejected", ({ delivery }) => this.settle(delivery, "rejected"));
    for (const wrong of [
      "connection_error",
      "session_error",
      "receiver_error",
      "sender_error",
      "protocol_error",
      // What nobody listens to is thrown, and would take the broker with it.
      "error",
    ]) {
      container.on(wrong, () => this.log(`${wrong} by a client`));
    }
  }

  queueOf(address) {
    const name = nameOf(address);
    return this.find(name.endsWith(MANAGEMENT) ? name.slice(0, -MANAGEMENT.length) : name);
  }

  known(address) {
    return nameOf(address) === CBS || this.queueOf(address) !== undefined;
  }

  refuse(link) {
    link.close({ condition: "amqp:not-found", description: "There is no such queue." });
  }

  clientSends(receiver) {
    echoTerminals(receiver);
    if (!this.known(receiver.target?.address)) this.refuse(receiver);
  }

  clientReceives(sender) {
    const { address } = sender.source;
    echoTerminals(sender);
    sender.local.attach.initial_delivery_count = 0;
    sender.local.attach.rcv_settle_mode = sender.remote.attach.rcv_settle_mode ?? SETTLED;
    if (!this.known(address)) return this.refuse(sender);
    const name = nameOf(address);
    if (name === CBS || name.endsWith(MANAGEMENT)) this.repliers.set(sender, name);
    else this.consumers.set(sender, this.queueOf(address));
    return undefined;
  }

  forget(sender) {
    this.consumers.delete(sender);
    this.repliers.delete(sender);
  }

  forgetAll(gone) {
    for (const sender of [...this.consumers.keys(), ...this.repliers.keys()]) if (gone(sender)) this.forget(sender);
  }

  arrived({ message, receiver, delivery }) {
    const name = nameOf(receiver.target.address);
    if (name === CBS) return this.reply(receiver, name, granted(message), delivery);
    const queue = this.queueOf(receiver.target.address);
    // A client may send before it has heard that its link was refused.
    if (!queue) return undefined;
    if (name.endsWith(MANAGEMENT)) return this.reply(receiver, name, manage(queue, message, this.now()), delivery);
    // A batch is one delivery whose body holds the encoded messages, one a data section.
    const messages = delivery.format === BATCH_FORMAT ? unpacked(message) : [message];
    for (const one of messages) queue.send(one, this.now(), scheduledFor(one));
    return delivery.accept();
  }

  /** Answers over the link that the same session has opened for answers of this address. */
  reply(receiver, name, answer, delivery) {
    delivery.accept();
    for (const [sender, address] of this.repliers) {
      if (address === name && sender.session === receiver.session) {
        sender.send(answer);
        return;
      }
    }
    this.log(`nobody waits for the answer of ${name}`);
  }

  /** Gives waiting receivers of a queue what it has, one each in turn. */
  deliver(queue) {
    let given = true;
    while (given) {
      given = false;
      for (const [sender, consumed] of this.consumers) {
        if (consumed === queue && hasRoom(sender)) given = this.give(sender, queue) || given;
      }
    }
  }

  deliverTo(sender) {
    const queue = this.consumers.get(sender);
    if (queue) this.deliver(queue);
  }

  give(sender, queue) {
    const settled = sender.remote.attach.snd_settle_mode === SETTLED;
    const entry = settled ? queue.remove() : queue.lock(this.now());
    if (!entry) return false;
    const delivery = sender.send(outgoing(entry), entry.token);
    sender.reached = reached(sender) + 1;
    delivery.lock = entry.token?.toString("hex");
    return true;
  }

  /** Does what the receiver decided, and echoes it: the SDK waits for that. */
  settle(delivery, outcome) {
    const queue = this.consumers.get(delivery.link);
    if (!queue || !delivery.lock) return;
    const state = delivery.remote_state;
    const info = state?.error?.info ?? {};
    const now = this.now();
    const kept = {
      accepted: () => queue.complete(delivery.lock),
      released: () => queue.abandon(delivery.lock, now),
      modified: () => queue.abandon(delivery.lock, now),
      rejected: () => queue.deadLetter(delivery.lock, now, info.DeadLetterReason, info.DeadLetterErrorDescription),
    }[outcome]();
    const lost = { condition: "com.microsoft:message-lock-lost", description: "The lock is lost." };
    const echo = kept ? rhea.message[outcome]({}) : rhea.message.rejected({ error: lost });
    delivery.update(true, echo.described());
  }
}

const BATCH_FORMAT = 0x80013700;

/** How many deliveries there are on this link with those that go over the wire, and use credit up, a moment later. */
const reached = (sender) => Math.max(sender.reached ?? 0, sender.delivery_count);

/** Says whether the receiver asked for one more: what it did not ask for would be locked for nobody. */
const hasRoom = (sender) => sender.sendable() && sender.delivery_count + sender.credit > reached(sender);

/** Names both ends of a link in our attach: the SDK drops a link that lacks one. */
function echoTerminals(link) {
  link.set_source({ address: link.source?.address });
  link.set_target({ address: link.target?.address });
}

function unpacked(bytes) {
  const { content } = rhea.message.decode(bytes).body;
  return (Array.isArray(content) ? content : [content]).map((section) => rhea.message.decode(section));
}

/** The answer to a token: there is nobody to keep out here. */
function granted(request) {
  return {
    correlation_id: request.message_id,
    application_properties: { "status-code": rhea.types.wrap_int(202), "status-description": "Accepted" },
    body: "",
  };
}

module.exports = { Links };
