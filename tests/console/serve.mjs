// Runs the modules of the console for the tests: each line of the input is a call, each line of the output its result.

import { createInterface } from "node:readline";

import * as comparing from "../../console/compare/index.js";
import { quoteForShell } from "../../console/format.js";
import { estimateRanking, rank } from "../../console/compare/ranking.js";
import { estimateAll, estimateKappa } from "../../console/compare/statistics.js";
import { COLUMNS } from "../../console/compare/tables.js";
import { findIdentifiers } from "../../console/identify.js";
import * as plots from "../../console/plots/index.js";

/** Return the bytes as a stream of chunks of this size, so that lines and characters are cut anywhere. */
function toStream(base64, size) {
    const bytes = Buffer.from(base64, "base64");
    let place = 0;
    return new ReadableStream({
        pull(controller) {
            if (place >= bytes.length) return controller.close();
            controller.enqueue(new Uint8Array(bytes.subarray(place, place + size)));
            place += size;
        },
    });
}

async function readSide(side, catalogue) {
    const stream = toStream(side.content, side.chunk);
    if (!side.format) return comparing.readEnhancements(stream, { name: side.name, source: side.source });
    const file = await comparing.readLabels(stream, side.format);
    return comparing.labelReferences(file, catalogue, { name: side.name, source: side.source });
}

async function compareSides({ a, b, references, mapping, absent, threshold }) {
    const catalogue = new comparing.Catalogue();
    for (const reference of references) catalogue.add(reference);
    const [sideA, sideB] = [await readSide(a, catalogue), await readSide(b, catalogue)];
    const pairs = mapping.map((text) => comparing.findPair(text, sideA, sideB));
    const comparison = comparing.compare(sideA, sideB, { catalogue, mapping: pairs, absent, threshold });
    return {
        comparison,
        names: comparing.nameLabels(comparison),
        notes: comparing.listNotes(comparison),
        label_notes: comparison.labels.map((label) => comparing.listLabelNotes(label, comparison)),
        curves: comparison.labels.map(
            ({ ranking }) => ranking && [comparing.listRocPoints(ranking), comparing.listPrecisionPoints(ranking)],
        ),
    };
}

/** Return the labels in a file whose keywords are known from a batch and from the mapping. */
async function labelFile({ content, format, judged, mapping }) {
    const batch = new comparing.Labelling("batch");
    for (const annotation of judged) batch.add("reference", "robot", [annotation]);
    const names = new comparing.LabelNames(batch, mapping);
    return readLabelFile(content, 11, format, { names });
}

/** Return a file with labels, and instead of each record its digest. */
async function readLabelFile(content, chunk, format, options) {
    const file = await comparing.readLabels(toStream(content, chunk), format, options);
    for (const reference of file.references) {
        if (reference.record) reference.digest = await comparing.computeDigest(reference.record);
        delete reference.record;
    }
    return file;
}

const CALLS = {
    compare: compareSides,
    labels: ({ content, chunk, format }) => readLabelFile(content, chunk, format),
    loaded: async ({ content }) => Object.fromEntries(await comparing.readLoaded(toStream(content, 11))),
    labelsOfBatch: labelFile,
    labelText: ({ text, format }) => comparing.readLabels(text, format),
    estimates: ({ table }) => estimateAll(table),
    kappa: ({ rows }) => estimateKappa(rows),
    ranking: ({ decisions }) => estimateRanking(rank(decisions)),
    definitions: () => ({ ...comparing.DEFINITIONS, MACRO: comparing.MACRO, MICRO: comparing.MICRO }),
    quoted: ({ text }) => quoteForShell(text),
    sources: () => comparing.SOURCES,
    columns: () => COLUMNS,
    identifiers: ({ text }) => findIdentifiers(text),
    plot: ({ name, caption, data }) => plots[name](caption, data),
    bins: ({ values, count }) => plots.countBins(values, count),
    ticks: ({ low, high, options }) => plots.makeTicks(low, high, options),
    durationTicks: ({ high }) => {
        const ticks = plots.makeDurationTicks(high);
        return { ticks, labels: ticks.map(plots.formatDurationTick) };
    },
};

for await (const line of createInterface({ input: process.stdin })) {
    const { call, ...values } = JSON.parse(line);
    let answer;
    try {
        answer = { result: await CALLS[call](values) };
    } catch (error) {
        answer = { error: error.message, kind: error.name };
    }
    process.stdout.write(`${JSON.stringify(answer)}\n`);
}
