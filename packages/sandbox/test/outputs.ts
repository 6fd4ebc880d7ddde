/** Outputs as the isolate's first script writes them, and ways to spoil them; seeded.
 *  @module */
import { ByteWriter, utf8, type JobManifest } from "@sluice/protocol";
import type { createRng } from "../src/kit.ts";

type Rng = ReturnType<typeof createRng>;

const BASE = { name: "fuzz", purpose: "fuzz", input: {} } as const;

/** Manifests that together declare every kind that a job returns, each with a maker of honest outputs. */
export const KINDS: readonly { manifest: JobManifest; honest: (rng: Rng) => Uint8Array }[] = [
  {
    manifest: {
      ...BASE,
      outputs: {
        fit: { kind: "metrics", keys: ["auc", "rows"] },
        model: { kind: "linear-model", maxParameters: 4 },
        band: { kind: "labels", vocabulary: ["A", "B", "C"] },
      },
    },
    honest: (rng) => {
      const features = ["age", "region=北", "x".repeat(80)].slice(0, 1 + rng.integer(3));
      const weights = features.map(() => rng.uniform() - 0.5);
      return outputOf({
        fit: { kind: "metrics", values: { auc: rng.uniform(), rows: rng.integer(1_000) } },
        model: { kind: "linear-model", features, weights, intercept: -0.25 },
      });
    },
  },
  {
    manifest: { ...BASE, outputs: { trees: { kind: "tree-model", maxTrees: 2, maxLeaves: 3 } } },
    honest: (rng) => {
      const split = { feature: [1, 0, 0], threshold: [rng.uniform(), 0, 0], left: [1, -1, -1], right: [2, -1, -1] };
      const trees = Array.from({ length: 1 + rng.integer(2) }, () => ({ ...split, value: [0, rng.uniform(), -1] }));
      return outputOf({ trees: { kind: "tree-model", link: "log", features: ["a", "b=c"], base: 0.5, trees } });
    },
  },
  {
    manifest: { ...BASE, outputs: { card: { kind: "scorecard", maxBins: 12 } } },
    honest: (rng) => {
      const age = { column: "age", breaks: [rng.uniform(), 2], points: [1, 2, 3, rng.uniform()] };
      const region = { column: "region", levels: [["北", ""], ["c"]], points: [0, 0.5, -1] };
      return outputOf({ card: { kind: "scorecard", intercept: -1, items: [age, region] } });
    },
  },
  {
    manifest: { ...BASE, outputs: { groups: { kind: "clusters", maxClusters: 3 } } },
    honest: (rng) => {
      const centres = Array.from({ length: 1 + rng.integer(3) }, () => [rng.uniform(), -rng.uniform()]);
      return outputOf({ groups: { kind: "clusters", features: ["a", "b"], means: [0, 1], scales: [1, 2], centres } });
    },
  },
  {
    manifest: { ...BASE, outputs: { band: { kind: "labels", vocabulary: ["A", "B", "C"] } } },
    honest: (rng) => outputOf({ band: { kind: "labels", buffer: 0 } }, [codes(rng, 12, 3)]),
  },
  {
    manifest: { ...BASE, outputs: { members: { kind: "set", match: "psi-ids" } } },
    honest: (rng) => outputOf({ members: { kind: "set", buffer: 0 } }, [codes(rng, 12, 2)]),
  },
  {
    manifest: {
      ...BASE,
      outputs: {
        ages: {
          kind: "table",
          dimensions: [
            { name: "age", levels: ["young", "old"] },
            { name: "constructor", levels: ["a", "b", "c"] },
          ],
          measures: ["base", "days"],
        },
      },
    },
    honest: (rng) =>
      outputOf({ ages: { kind: "table", dimensions: { age: 0, constructor: 1 }, measures: { base: 2, days: 3 } } }, [
        codes(rng, 6, 2),
        codes(rng, 6, 3),
        numbers(rng, 6),
        numbers(rng, 6),
      ]),
  },
  {
    manifest: {
      ...BASE,
      outputs: {
        risk: {
          kind: "square-network",
          features: [
            { name: "age", low: 0, high: 100 },
            { name: "b=北", low: 0, high: 1 },
          ],
          maxUnits: 3,
          link: "logistic",
          resolution: 0.01,
        },
      },
    },
    honest: (rng) => {
      const units = Array.from({ length: 1 + rng.integer(3) }, () => ({
        sign: rng.integer(2) === 0 ? 1 : -1,
        bias: rng.uniform() - 0.5,
        weights: [rng.uniform() - 0.5, -rng.uniform()],
      }));
      return outputOf({ risk: { kind: "square-network", units, intercept: rng.uniform() } });
    },
  },
];

// struct { uint32 jsonLength; opaque json[jsonLength]; uint32 count; { uint32 length; opaque bytes[length]; }… } Output;
/** An output of this text and these buffers. */
export function outputOfText(json: string | Uint8Array, buffers: readonly Uint8Array[] = []): Uint8Array {
  const text = typeof json === "string" ? utf8(json) : json;
  const writer = new ByteWriter().uint(text.length, 4).fixed(text).uint(buffers.length, 4);
  for (const buffer of buffers) writer.uint(buffer.length, 4).fixed(buffer);
  return writer.finish();
}

function outputOf(outputs: unknown, buffers: readonly Uint8Array[] = []): Uint8Array {
  return outputOfText(JSON.stringify({ outputs }), buffers);
}

function codes(rng: Rng, length: number, limit: number): Uint8Array {
  return Uint8Array.from({ length }, () => rng.integer(limit));
}

function numbers(rng: Rng, length: number): Uint8Array {
  const odd = [Number.NaN, -0, 0, 1e300, 5e-324];
  const column = Float64Array.from({ length }, () =>
    rng.integer(4) === 0 ? (odd[rng.integer(5)] ?? 0) : rng.uniform(),
  );
  return new Uint8Array(column.buffer);
}

/** Words that parsers have fallen over, put in place of other text. */
const WORDS = [
  "-0",
  "1e999",
  "-1e999",
  "NaN",
  "null",
  "1e-400",
  "9007199254740993",
  '"\\ud800"',
  '"__proto__"',
  '{"__proto__":1}',
  "[".repeat(3_000),
  `${"[".repeat(300)}${"]".repeat(300)}`,
  '"kind":"metrics",',
  '"outputs":{},',
  '"buffer":0,"buffer":1,',
  "\u0000",
  "\ufeff",
  "é".repeat(500),
];
const COUNTS = [0, 1, 2, 3, 7, 255, 256, 65_535, 65_536, 2 ** 26, 2 ** 31 - 1, 2 ** 31, 2 ** 32 - 1];

/** `bytes`, spoiled in one to three ways. */
export function spoiled(bytes: Uint8Array, rng: Rng): Uint8Array {
  let out: Uint8Array = bytes.slice();
  for (let left = 1 + rng.integer(3); left > 0; left--) out = spoil(out, rng);
  return out;
}

function spoil(bytes: Uint8Array, rng: Rng): Uint8Array {
  const at = rng.integer(Math.max(1, bytes.length));
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  switch (rng.integer(9)) {
    case 0:
      return bytes.slice(0, at);
    case 1:
      return new Uint8Array([...bytes, ...codes(rng, 1 + rng.integer(9), 256)]);
    case 2:
      // A length or a count that lies, at either end of the words.
      if (bytes.length >= 4) view.setUint32(rng.integer(bytes.length - 3), COUNTS[rng.integer(COUNTS.length)] ?? 0);
      return bytes;
    case 3:
      if (bytes.length >= 4)
        view.setUint32(rng.integer(bytes.length - 3), COUNTS[rng.integer(COUNTS.length)] ?? 0, true);
      return bytes;
    case 4:
      if (bytes.length >= 8) view.setFloat64(bytes.length - 8, [Infinity, -0, -Infinity][rng.integer(3)] ?? 0, true);
      return bytes;
    case 5: {
      // A NaN with a message.
      if (bytes.length >= 8) view.setBigUint64(bytes.length - 8, 0x7ff8_0000_cafe_0001n, true);
      return bytes;
    }
    case 6: {
      const word = utf8(WORDS[rng.integer(WORDS.length)] ?? "");
      const spoiledText = new Uint8Array([...bytes.subarray(0, at), ...word, ...bytes.subarray(at + rng.integer(6))]);
      return rng.integer(2) === 0 ? spoiledText : relength(spoiledText, bytes);
    }
    case 7:
      bytes[at] = rng.integer(256);
      return bytes;
    default:
      bytes[at] = (bytes[at] ?? 0) ^ (1 << rng.integer(8));
      return bytes;
  }
}

/** Makes the text's length true again after its text has changed. */
function relength(bytes: Uint8Array, before: Uint8Array): Uint8Array {
  if (bytes.length < 4 || before.length < 4) return bytes;
  const old = new DataView(before.buffer, before.byteOffset).getUint32(0);
  new DataView(bytes.buffer).setUint32(0, (old + bytes.length - before.length) >>> 0);
  return bytes;
}
