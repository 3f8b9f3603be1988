// Aborts a read that would not end by itself.

import { readEnhancements } from "../../console/compare/index.js";

const controller = new AbortController();
let cancelled = false;
const stream = new ReadableStream({ cancel: () => void (cancelled = true) });
setTimeout(() => controller.abort(), 50);
const keepAlive = setTimeout(() => {}, 20_000);
try {
    await readEnhancements(stream, { name: "a", signal: controller.signal });
    console.log(JSON.stringify({ error: null, cancelled }));
} catch (error) {
    console.log(JSON.stringify({ error: error.name, cancelled }));
}
clearTimeout(keepAlive);
