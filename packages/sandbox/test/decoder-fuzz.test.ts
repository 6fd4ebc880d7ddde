import { isSluiceError, type JobOutput } from "@sluice/protocol";
import { expect, test } from "vitest";
import { createRng } from "../src/kit.ts";
import { readJobManifest, readJobOutput } from "../src/output.ts";
import { decodeJobOutput, formOf, manifestFormOf } from "./decoding.ts";
import { oracleOutput } from "./output-oracle.ts";
import { KINDS, outputOfText, spoiled } from "./outputs.ts";

const CASES = process.env["SLOW"] === "1" ? 100_000 : 4_000;

function kind(index: number): (typeof KINDS)[number] {
  const found = KINDS[index % KINDS.length];
  if (found === undefined) throw new Error("no kinds");
  return found;
}

/** The value, or null for a coded refusal. Anything else fails the test. */
function valueOf<T>(read: () => T): T | null {
  try {
    return read();
  } catch (error) {
    if (isSluiceError(error) && ["ERR_GUARD_OUTPUT", "ERR_JOB_MANIFEST"].includes(error.code)) return null;
    throw error;
  }
}

/** There is one zero in the form. */
function oneZero(value: unknown): unknown {
  if (typeof value === "number") return value === 0 ? 0 : value;
  if (value instanceof Float64Array) return value.map((number) => (number === 0 ? 0 : number));
  if (typeof value !== "object" || value === null || value instanceof Uint8Array) return value;
  if (Array.isArray(value)) return value.map(oneZero);
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, oneZero(item)]));
}

/** An output that gives `value`, written anew. */
function rewritten({ values }: JobOutput): Uint8Array {
  const buffers: Uint8Array[] = [];
  const bufferOf = ({ buffer, byteOffset, byteLength }: Uint8Array | Float64Array): number =>
    buffers.push(new Uint8Array(buffer, byteOffset, byteLength)) - 1;
  const outputs = Object.entries(values).map(([name, value]) => {
    const columns = (named: Record<string, Uint8Array | Float64Array>): unknown =>
      Object.fromEntries(Object.entries(named).map(([key, column]) => [key, bufferOf(column)]));
    if (value.kind === "labels") return [name, { kind: "labels", buffer: bufferOf(value.codes) }];
    if (value.kind === "set") return [name, { kind: "set", buffer: bufferOf(value.members) }];
    // Features are the manifest's.
    if (value.kind === "square-network") {
      const { kind, units, intercept } = value;
      return [name, { kind, units, intercept }];
    }
    if (value.kind !== "table-rows") return [name, value];
    return [name, { kind: "table", dimensions: columns(value.dimensions), measures: columns(value.measures) }];
  });
  return outputOfText(JSON.stringify({ outputs: Object.fromEntries(outputs) as unknown }), buffers);
}

test("a spoiled output is refused in code, or is what another decoder reads", () => {
  const rng = createRng(61);
  let read = 0;
  for (let i = 0; i < CASES; i++) {
    const { manifest, honest } = kind(i);
    const bytes = spoiled(honest(rng), rng);
    const ours = valueOf(() => decodeJobOutput(bytes, manifest));
    const other = valueOf(() => oracleOutput(bytes, manifest));
    if (ours !== null) expect(ours).toEqual(oneZero(other));
    // Names that are not well-formed, and members called __proto__: the other reads over them, this one does not.
    if (ours === null && other !== null) expect(Buffer.from(bytes).toString()).toMatch(/\\ud800|__proto__/u);
    if (ours !== null) read++;
  }
  expect(read).toBeGreaterThan(CASES / 50);
});

test("a decoder that was taken over can say nothing that an honest one could not", () => {
  const rng = createRng(62);
  let read = 0;
  for (let i = 0; i < CASES; i++) {
    const { manifest, honest } = kind(i);
    const form = spoiled(formOf(honest(rng), manifest), rng);
    const value = valueOf(() => readJobOutput(form, manifest));
    if (value === null) continue;
    read++;
    // One encoding of each value: an honest decoder, given the same value, writes the same bytes.
    expect(Buffer.compare(formOf(rewritten(value), manifest), form)).toBe(0);
  }
  expect(read).toBeGreaterThan(CASES / 50);
});

test("bytes of no form at all are refused in code, for every kind and for a manifest", () => {
  const rng = createRng(63);
  for (let i = 0; i < CASES; i++) {
    const start = [0x53, 0x4c, 0x46, 1, rng.integer(5)].slice(0, rng.integer(6));
    const form = Uint8Array.from([...start, ...Array.from({ length: rng.integer(40) }, () => rng.integer(256))]);
    const { manifest } = kind(i);
    valueOf(() => readJobOutput(form, manifest));
    expect(valueOf(() => readJobManifest(form))).toBeNull();
  }
});

test("a spoiled manifest is refused in code, or is one that its schema takes", () => {
  const rng = createRng(64);
  const words = JSON.stringify(KINDS[0]?.manifest);
  for (let i = 0; i < CASES; i++) {
    const bytes = spoiled(outputOfText(words), rng);
    const form = manifestFormOf(bytes);
    valueOf(() => readJobManifest(i % 2 === 0 ? form : spoiled(form, rng)));
  }
});
