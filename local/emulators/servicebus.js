"use strict";

// Service Bus: the queues of a topology file over AMQP, as azure-servicebus speaks it with UseDevelopmentEmulator=true.
//
//   node servicebus.js --port N --topology FILE [--lock-seconds S]      (0: any free port; S overrides every lock)
//
// Peek-lock with expiry and renewal, receive-and-delete, complete, abandon, dead-letter, the delivery count and the
// dead-letter queue after the last delivery, scheduled messages, peek; in memory. What a dropped connection held comes
// back when its lock expires, as in Azure.
//
// What it leaves out: topics, sessions, deferral, transactions, duplicate detection, time to live, the largest size
// of a message, and any check of who connects.

const fs = require("fs");
const rhea = require("rhea");
const { args, ready, portTaken, onEnd, log } = require("./lifeline");
const { Links } = require("./servicebus/links");
const { withDeadLetters } = require("./servicebus/queue");

const TICK_MS = 20;

const given = args();
const queues = new Map();
const links = new Links((name) => queues.get(name), Date.now, log);

for (const { name, lockDurationSeconds, maxDeliveryCount } of JSON.parse(fs.readFileSync(given.topology)).queues) {
  const lockMs = Number(given.lockSeconds ?? lockDurationSeconds) * 1000;
  const options = { lockMs, maxDelivery: maxDeliveryCount, onArrival: (queue) => links.deliver(queue), log };
  const queue = withDeadLetters(name, options);
  queues.set(name.toLowerCase(), queue);
  queues.set(queue.deadLetters.name.toLowerCase(), queue.deadLetters);
}

setInterval(() => queues.forEach((queue) => queue.tick(Date.now())), TICK_MS);

const container = rhea.create_container({ id: "servicebus" });
container.sasl_server_mechanisms.enable_anonymous();
links.serve(container);

const server = container.listen({
  port: Number(given.port),
  host: "127.0.0.1",
  sender_options: { autosettle: false, treat_modified_as_released: false },
  receiver_options: { autoaccept: false, credit_window: 100 },
});
server.once("error", (error) => {
  if (error.code === "EADDRINUSE") return portTaken(given.port);
  log("the Service Bus emulator did not start:", error.message);
  process.exit(1);
});
server.once("listening", () => {
  onEnd(() => server.close());
  ready({ port: server.address().port });
});
