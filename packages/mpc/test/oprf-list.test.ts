/** Lists under mode VOPRF: the kernel, libsodium and noble give the same outputs and the same refusals. @module */
import { concatBytes, ELEMENT_BYTES, utf8, type Bytes } from "@sluice/protocol";
import { expect, test, vi } from "vitest";
import { openBulkClient } from "../src/oprf/bulk-client.ts";
import { openKernelClient } from "../src/oprf/kernel-list.ts";
import { listClient, OPRF_OUTPUT_BYTES, type ListClient } from "../src/oprf/list-client.ts";
import { nobleListClient } from "../src/oprf/noble-list.ts";
import { blindEvaluate, deriveKeyPair, evaluateMany } from "../src/oprf/server.ts";
import { systemRandom } from "../src/random.ts";
import { SecretBytes } from "../src/secret.ts";

const keyPair = await deriveKeyPair(new Uint8Array(32).fill(9), utf8("lists"));
const other = await deriveKeyPair(new Uint8Array(32).fill(8), utf8("lists"));
const { publicKey } = keyPair;
const inputs = ["a", "张三", "c"].map(utf8);
const expected = concatBytes(...(await evaluateMany(keyPair, inputs)));

const kernelClient = await openKernelClient();
if (kernelClient === null) throw new Error("no kernel");
const CLIENTS: [string, ListClient][] = [
  ["the kernel", kernelClient],
  ["libsodium", await openBulkClient()],
  ["noble", nobleListClient],
];

const itemsOf = (elements: Bytes): Bytes[] =>
  Array.from({ length: elements.length / ELEMENT_BYTES }, (_, i) =>
    elements.subarray(i * ELEMENT_BYTES, (i + 1) * ELEMENT_BYTES),
  );

async function answered(elements: Bytes, key = keyPair) {
  const answer = await blindEvaluate(key, itemsOf(elements));
  return { evaluated: concatBytes(...answer.elements), proofs: answer.proof };
}

test.each(CLIENTS)("%s: outputs are the server's own, padding or not", async (_, client) => {
  for (const total of [3, 5]) {
    const list = await client.blindList(inputs, total, systemRandom);
    expect(list.elements).toHaveLength(total * ELEMENT_BYTES);
    const told: number[] = [];
    const pass = { onProgress: ({ done }: { done: number }) => void told.push(done) };
    const outputs = await client.finalizeList({ inputs, list, publicKey, ...(await answered(list.elements)) }, pass);
    expect(outputs).toHaveLength(inputs.length * OPRF_OUTPUT_BYTES);
    expect(outputs).toEqual(expected);
    expect(told.at(-1)).toBe(total);
  }
});

test.each(CLIENTS)("%s: another key, a missing proof and a bad element are refused", async (_, client) => {
  const list = await client.blindList(inputs, 4, systemRandom);
  const right = await answered(list.elements);
  const finalize = (answer: { evaluated: Bytes; proofs: Bytes }) =>
    client.finalizeList({ inputs, list, publicKey, ...answer });
  const wrong = await answered(list.elements, other);
  await expect(finalize(wrong)).rejects.toMatchObject({ code: "ERR_OPRF_PROOF" });
  await expect(finalize({ ...right, proofs: wrong.proofs })).rejects.toMatchObject({ code: "ERR_OPRF_PROOF" });
  await expect(finalize({ ...right, proofs: new Uint8Array() })).rejects.toMatchObject({ code: "ERR_OPRF_PROOF" });
  for (const bad of [new Uint8Array(32), new Uint8Array(32).fill(0xff)]) {
    const evaluated = right.evaluated.slice();
    evaluated.set(bad, 3 * ELEMENT_BYTES);
    await expect(finalize({ ...right, evaluated })).rejects.toMatchObject({
      code: "ERR_OPRF_ELEMENT",
      details: { index: 3 },
    });
  }
});

test.each(CLIENTS)("%s: what is blinded is blinded anew, and a signal ends it", async (_, client) => {
  const [first, second] = [
    await client.blindList(inputs, 3, systemRandom),
    await client.blindList(inputs, 3, systemRandom),
  ];
  const all = [first, second].flatMap(({ elements }) => itemsOf(elements).map((element) => element.join()));
  expect(new Set(all).size).toBe(6);
  const signal = AbortSignal.abort();
  await expect(client.blindList(inputs, 3, systemRandom, { signal })).rejects.toMatchObject({ code: "ERR_CANCELLED" });
  const answer = { inputs, list: first, publicKey, ...(await answered(first.elements)) };
  await expect(client.finalizeList(answer, { signal })).rejects.toMatchObject({ code: "ERR_CANCELLED" });
});

test("lists are the kernel's where it runs", async () => {
  expect(await listClient()).toEqual(kernelClient);
});

test("what the kernel blinded libsodium unblinds, and the other way round, beyond a batch and its chunks", async () => {
  const many = Array.from({ length: 1_150 }, (_, i) => utf8(`person-${i}`));
  const expectedOfMany = concatBytes(...(await evaluateMany(keyPair, many)));
  const [[, kernel], [, libsodium]] = CLIENTS as [[string, ListClient], [string, ListClient]];
  for (const [blinding, finalizing] of [
    [kernel, libsodium],
    [libsodium, kernel],
  ] as const) {
    const list = await blinding.blindList(many, 1_160, systemRandom);
    const answers = [list.elements.subarray(0, 1_024 * ELEMENT_BYTES), list.elements.subarray(1_024 * ELEMENT_BYTES)];
    const [first, second] = [await answered(answers[0] ?? list.elements), await answered(answers[1] ?? list.elements)];
    const evaluated = concatBytes(first.evaluated, second.evaluated);
    const proofs = concatBytes(first.proofs, second.proofs);
    const outputs = await finalizing.finalizeList({ inputs: many, list, evaluated, proofs, publicKey });
    expect(Buffer.compare(outputs, expectedOfMany)).toBe(0);
    // A proof of the second batch that is wrong refuses the outputs of the first.
    const swapped = concatBytes(first.proofs, first.proofs);
    await expect(
      finalizing.finalizeList({ inputs: many, list, evaluated, proofs: swapped, publicKey }),
    ).rejects.toMatchObject({ code: "ERR_OPRF_PROOF" });
  }
});

test("two lists of one thread may be under way at once", async () => {
  const lists = await Promise.all([
    kernelClient.blindList(inputs, 300, systemRandom),
    kernelClient.blindList(inputs, 300, systemRandom),
  ]);
  const outputs = await Promise.all(
    lists.map(async (list) =>
      kernelClient.finalizeList({ inputs, list, publicKey, ...(await answered(list.elements)) }),
    ),
  );
  expect(outputs).toEqual([expected, expected]);
});

test.each(CLIENTS)("%s: a list that is cancelled half blinded leaves no blinds", async (_, client) => {
  const wipe = vi.spyOn(SecretBytes.prototype, "wipe");
  const cancel = new AbortController();
  const random = {
    bytes: (length: number) => {
      cancel.abort();
      return systemRandom.bytes(length);
    },
  };
  const some = Array.from({ length: 200 }, (__, i) => utf8(`entry ${i}`));
  try {
    await expect(client.blindList(some, 200, random, { signal: cancel.signal })).rejects.toMatchObject({
      code: "ERR_CANCELLED",
    });
    const isBlinds = (secret: unknown): secret is SecretBytes =>
      secret instanceof SecretBytes && String(secret) === "Blinds(…)";
    const [blinds, ...more] = wipe.mock.contexts.filter(isBlinds);
    expect([blinds?.reveal(), more]).toEqual([new Uint8Array(200 * ELEMENT_BYTES), []]);
  } finally {
    wipe.mockRestore();
  }
});
