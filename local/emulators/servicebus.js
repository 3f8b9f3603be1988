"use strict";

// Service Bus: the queues of a topology file over AMQP, as azure-servicebus uses it with UseDevelopmentEmulator=true.
//
//   node servicebus.js --port N --topology FILE [--lock-seconds S]      (0: any free port; S overrides every lock)
//
// Emulated in memory: peek-lock with expiry and renewal, receive-and-delete, complete, abandon, dead-letter, delivery
// counts, dead-letter queues, scheduled messages, and peek. The messages that a lost connection had locked become
// available again when their locks expire, as in Azure. When this process ends, all messages are lost, and the sweep of the
// app sends them again.
//
// Not emulated: topics, sessions, deferral, transactions, duplicate detection, time to live, the maximum size of a
// message, and authentication.

const fs = require("fs");
const rhea = require("rhea");
const { parseArguments, reportReady, reportPortInUse, onExit, log } = require("./emulator_process");
const { Links } = require("./servicebus/links");
const { withDeadLetters } = require("./servicebus/queue");

const TICK_MS = 20;

const { port, topology, lockSeconds } = parseArguments();
const queues = new Map();
const links = new Links((name) => queues.get(name), Date.now, log);

for (const { name, lockDurationSeconds, maxDeliveryCount } of JSON.parse(fs.readFileSync(topology)).queues) {
  const lockMs = Number(lockSeconds ?? lockDurationSeconds) * 1000;
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
  port: Number(port),
  host: "127.0.0.1",
  sender_options: { autosettle: false, treat_modified_as_released: false },
  receiver_options: { autoaccept: false, credit_window: 100 },
});
server.once("error", (error) => {
  if (error.code === "EADDRINUSE") return reportPortInUse(port);
  log("the Service Bus emulator did not start:", error.message);
  process.exit(1);
});
server.once("listening", () => {
  onExit(() => server.close());
  reportReady({ port: server.address().port });
});
