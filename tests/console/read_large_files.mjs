// Compares two files of 100,000 lines and 100 MB each that are made while they are read. Run with little memory.

import { compare, readEnhancements } from "../../console/compare/index.js";

const LINES = 100_000;
const REASONS = "because ".repeat(110);

function makeLine(number, isA) {
    const id = `${number.toString(16).padStart(8, "0")}-0000-4000-8000-000000000000`;
    const annotations = ["a", "b", "c"].map((label, index) => {
        const score = ((number * (index + 7)) % 1000) / 1000;
        return { annotation_type: "boolean", scheme: "topic", label, value: score > (isA ? 0.5 : 0.4), score };
    });
    annotations[0].data = { reasons: REASONS };
    const content = { enhancement_type: "annotation", annotations };
    return `${JSON.stringify({ reference_id: id, source: "robot", visibility: "public", content })}\n`;
}

function makeStream(isA) {
    const encoder = new TextEncoder();
    let number = 0;
    return new ReadableStream({
        pull(controller) {
            if (number >= LINES) return controller.close();
            let text = "";
            for (const end = number + 50; number < end; number++) text += makeLine(number, isA);
            controller.enqueue(encoder.encode(text));
        },
    });
}

const progress = [];
const onProgress = (value) => progress.push(value);
const a = await readEnhancements(makeStream(true), { name: "a", onProgress });
const b = await readEnhancements(makeStream(false), { name: "b" });
const { labels } = compare(a, b);
console.log(
    JSON.stringify({
        ...progress[progress.length - 1],
        reports: progress.length,
        totals: labels.map(({ table }) => Object.values(table).reduce((total, count) => total + count)),
        disagreements: labels.map(({ disagreements }) => disagreements.length),
    }),
);
