/** Callers that do not keep to a hidden selection: requests for one group, weights, forged and replayed proofs, bad elements; and a
 *  domain that answers something else. @module */
import {
  allowedTotals,
  decodeSelection,
  decodeSelectionSums,
  encodeSelection,
  encodeSelectionSums,
  fromHex,
  parseSelectionParameters,
  selectionStatement,
  type Bytes,
  type Selection,
  type SelectionProof,
} from "@sluice/protocol";
import { describe, expect, test } from "vitest";
import { SelectionClient } from "../src/he/selection/client.ts";
import { scalarOf, selectionGroup } from "../src/he/selection/group.ts";
import { BITS } from "../src/he/selection/make-selection.ts";
import { commitmentOf } from "../src/he/selection/transcript.ts";
import { BAD_ELEMENTS } from "./bad-elements.ts";
import { lying, simulated } from "./selection-lies.ts";
import { CALLER, GROUPS, openServer, PARAMETERS, selectionOf, sentAs } from "./selection-product.ts";

const PROOF = { code: "ERR_SELECTION_PROOF" };
const REFUSED = { code: "ERR_SELECTION_REFUSED" };
const HONEST = [1, 1, 0, 0, 1, 0, 0];
const SUBJECT = { parameters: PARAMETERS, caller: CALLER };

/** Registers and sends it. */
async function send(selection: Selection): Promise<void> {
  const { admit } = await openServer();
  await admit(...sentAs(selection));
}

describe("a request on a hidden selection is refused", () => {
  test.each([
    ["a unit vector", [0, 0, 1, 0, 0, 0, 0]],
    ["nothing", [0, 0, 0, 0, 0, 0, 0]],
    ["all but one", [1, 1, 1, 0, 1, 1, 1]],
    ["one group by weight, with the total of two", [2, 0, 0, 0, 0, 0, 0]],
    ["a group by weights that tell it from others", [1, 100, -98, 0, 0, 0, 0]],
    ["a difference of groups", [1, 1, 1, -1, 0, 0, 0]],
  ])("of %s", async (_name, numbers) => {
    await expect(send(await selectionOf(numbers))).rejects.toMatchObject(PROOF);
  });

  test("whose proofs were made for an honest one, while two groups and all are answered", async () => {
    for (const numbers of [HONEST, [1, 1, 1, 1, 1, 1, 1], [0, 0, 0, 0, 0, 1, 1]]) {
      await expect(send(await selectionOf(numbers))).resolves.toBeUndefined();
    }
  });

  test("of a unit vector, whichever allowed total its prover claims, by its nonces or by its key", async () => {
    for (const byKey of [false, true]) {
      for (const claimed of allowedTotals(PARAMETERS)) {
        const claim = (index: number, value: number): number => (index === 7 ? claimed : value);
        await expect(send(await lying([0, 0, 1, 0, 0, 0, 0], { claim, byKey }))).rejects.toMatchObject(PROOF);
      }
    }
    // The same hand is accepted when it does not lie.
    await expect(send(await lying(HONEST))).resolves.toBeUndefined();
  });

  test("of a unit vector, with one more number that its total may be", async () => {
    const totals = [...allowedTotals(PARAMETERS), 1];
    await expect(send(await lying([0, 0, 1, 0, 0, 0, 0], { totals }))).rejects.toMatchObject(PROOF);
  });

  test("of a weight that its prover claims to be 0, or to be 1", async () => {
    for (const byKey of [false, true]) {
      for (const claimed of BITS) {
        const claim = (index: number, value: number): number => (index === 0 ? claimed : value);
        await expect(send(await lying([2, 1, 0, 0, 0, 0, 0], { claim, byKey }))).rejects.toMatchObject(PROOF);
      }
    }
  });

  test("of a unit vector, by a prover that chooses its commitments after the challenge", async () => {
    const unit = await selectionOf([0, 0, 1, 0, 0, 0, 0]);
    const total = await simulated(unit, 7, allowedTotals(PARAMETERS));
    await expect(send({ ...unit, total })).rejects.toMatchObject(PROOF);
    const weighted = await selectionOf([2, 0, 0, 0, 0, 0, 0]);
    await expect(send(withProof(weighted, 0, await simulated(weighted, 0, BITS)))).rejects.toMatchObject(PROOF);
  });
});

describe("a proof is refused", () => {
  test("with any of its parts changed, of a group or of the total", async () => {
    const honest = await selectionOf(HONEST);
    for (const part of ["challenges", "responses"] as const) {
      for (const at of [0, 6, 7]) {
        const changed = at === 7 ? honest.total : honest.proofs[at];
        if (changed === undefined) throw new Error("there is a proof");
        for (let item = 0; item * 32 < changed[part].length; item++) {
          await expect(send(withProof(honest, at, bumped(changed, part, item)))).rejects.toMatchObject(PROOF);
        }
      }
    }
  });

  test("with commitments that are others' elements, so that only a half of its equations holds", async () => {
    const honest = await selectionOf(HONEST);
    const other = await selectionOf(HONEST);
    for (let item = 0; item < 4; item++) {
      const [proof, from] = [honest.proofs[0], other.proofs[0]];
      if (proof === undefined || from === undefined) throw new Error("there is a proof");
      const commitments = Uint8Array.from(proof.commitments);
      commitments.set(from.commitments.subarray(32 * item, 32 * item + 32), 32 * item);
      await expect(send(withProof(honest, 0, { ...proof, commitments }))).rejects.toMatchObject(PROOF);
    }
  });

  test("when its errors cancel those of another", async () => {
    const honest = await selectionOf(HONEST);
    const [first, second] = honest.proofs;
    if (first === undefined || second === undefined) throw new Error("there are proofs");
    const once = withProof(honest, 0, bumped(first, "responses", 0));
    const both = withProof(once, 1, bumped(second, "responses", 0, -1n));
    await expect(send(both)).rejects.toMatchObject(PROOF);
    // In either half of the equations: what one commitment has too much, another has too little.
    const group = await selectionGroup();
    const off = group.multiplyBase(scalarOf(5n));
    for (const at of [0, 32]) {
      const touch = (index: number, commitments: Bytes): void => {
        const part = commitments.subarray(at, at + 32);
        if (index === 0) part.set(group.add(part, off));
        if (index === 1) part.set(group.subtract(part, off));
      };
      await expect(send(await lying(HONEST, { touch }))).rejects.toMatchObject(PROOF);
    }
  });

  test("of another selection, of another group, or in another order", async () => {
    const honest = await selectionOf(HONEST);
    const other = await selectionOf(HONEST);
    await expect(send({ ...honest, proofs: other.proofs })).rejects.toMatchObject(PROOF);
    await expect(send({ ...honest, total: other.total })).rejects.toMatchObject(PROOF);
    await expect(send({ ...honest, proofs: honest.proofs.toReversed() })).rejects.toMatchObject(PROOF);
    await expect(send({ ...honest, ciphertexts: honest.ciphertexts.toReversed() })).rejects.toMatchObject(PROOF);
    await expect(send({ ...honest, publicKey: other.publicKey })).rejects.toMatchObject(PROOF);
  });

  test("with fewer groups or totals than the product has", async () => {
    const honest = await selectionOf(HONEST);
    const fewer = { ...honest, ciphertexts: honest.ciphertexts.slice(1), proofs: honest.proofs.slice(1) };
    await expect(send(fewer)).rejects.toMatchObject(PROOF);
    const [first] = honest.proofs;
    await expect(send({ ...honest, total: first ?? honest.total })).rejects.toMatchObject(PROOF);
  });

  test("with scalars that are not reduced", async () => {
    const honest = await selectionOf(HONEST);
    const [first] = honest.proofs;
    if (first === undefined) throw new Error("there is a proof");
    const responses = Uint8Array.from(first.responses);
    responses.set(plusOrder(responses.subarray(0, 32)), 0);
    await expect(send(withProof(honest, 0, { ...first, responses }))).rejects.toMatchObject(PROOF);
  });
});

test("elements that are not canonical, and the identity, are refused wherever they stand", async () => {
  const honest = await selectionOf(HONEST);
  const [first] = honest.proofs;
  if (first === undefined) throw new Error("there is a proof");
  const bad = Object.entries(BAD_ELEMENTS)
    .filter(([what]) => what !== "of another length")
    .flatMap(([, [hex = ""]]) => [fromHex(hex)]);
  for (const element of bad) {
    for (const at of [0, 32]) {
      const [ciphertext = new Uint8Array()] = honest.ciphertexts;
      const ciphertexts = [replaced(ciphertext, at, element), ...honest.ciphertexts.slice(1)];
      await expect(send({ ...honest, ciphertexts })).rejects.toMatchObject(PROOF);
      const commitments = replaced(first.commitments, at, element);
      await expect(send(withProof(honest, 0, { ...first, commitments }))).rejects.toMatchObject(PROOF);
    }
    await expect(send({ ...honest, publicKey: element })).rejects.toMatchObject(PROOF);
  }
});

test("ciphertexts without randomness, or whose randomness cancels out, are refused, though their proofs hold", async () => {
  // An element, or the whole, would be the identity, with which the domain does not compute.
  await expect(send(await lying(HONEST, { nonces: "zero" }))).rejects.toMatchObject(PROOF);
  await expect(send(await lying(HONEST, { nonces: "cancel" }))).rejects.toMatchObject(PROOF);
});

test("a commitment is another for another statement, key, ciphertext or order", async () => {
  const selection = await selectionOf(HONEST);
  const other = await selectionOf(HONEST);
  const { statement, publicKey, ciphertexts } = selection;
  const commitments = [
    selection,
    { statement: new Uint8Array(32), publicKey, ciphertexts },
    { statement, publicKey: other.publicKey, ciphertexts },
    { statement, publicKey, ciphertexts: ciphertexts.toReversed() },
    { statement, publicKey, ciphertexts: ciphertexts.with(3, other.ciphertexts[3] ?? new Uint8Array()) },
  ].map((each) => String(commitmentOf(each)));
  expect(new Set(commitments).size).toBe(5);
});

describe("a selection is answered only", () => {
  test("when it was registered, to whom, and for what product", async () => {
    const selection = await selectionOf(HONEST);
    const { server, admit } = await openServer();
    await expect(server.select(encodeSelection(selection))).rejects.toMatchObject(REFUSED);
    const other = await selectionOf(HONEST);
    await admit(...sentAs(other));
    await expect(server.select(encodeSelection(selection))).rejects.toMatchObject(REFUSED);

    const stolen = await openServer({ caller: "insurer" });
    await expect(stolen.admit(...sentAs(selection))).rejects.toMatchObject(REFUSED);
    // With the statement of the thief, the proofs do not hold.
    const statement = fromHex(await selectionStatement(PARAMETERS, "insurer"));
    await expect(stolen.admit(...sentAs({ ...selection, statement }))).rejects.toMatchObject(PROOF);
    const parameters = parseSelectionParameters({ ...PARAMETERS, minimumRows: 11 });
    await expect(admit(...sentAs(await selectionOf(HONEST, { parameters })))).rejects.toMatchObject(REFUSED);
  });

  test("for the one that was verified, for measures and epochs that there are", async () => {
    const { server, admit } = await openServer();
    const client = await SelectionClient.select(SUBJECT, ["a", "b"]);
    const request = client.request("2026-10", ["people"]);
    await expect(server.answer(request)).rejects.toMatchObject(REFUSED);
    await admit(client.commitment, client.frame);
    await expect(server.answer(client.request("2026-12", ["people"]))).rejects.toMatchObject(REFUSED);
    const other = await SelectionClient.select(SUBJECT, ["a", "b"]);
    await expect(server.answer(other.request("2026-10", ["people"]))).rejects.toMatchObject(REFUSED);
    const beyond = Uint8Array.from(request);
    beyond[beyond.length - 1] = 2;
    await expect(server.answer(beyond)).rejects.toMatchObject(REFUSED);
    const cancelled = AbortSignal.abort();
    await expect(server.answer(request, cancelled)).rejects.toMatchObject({ code: "ERR_CANCELLED" });
    await expect(server.select(client.frame, cancelled)).rejects.toMatchObject({ code: "ERR_CANCELLED" });
  });
});

test("an answer holds a fresh encryption: it is not the sum that a caller can compute for groups it guesses", async () => {
  const group = await selectionGroup();
  const { server, admit } = await openServer();
  const client = await SelectionClient.select(SUBJECT, ["b", "c"]);
  await admit(client.commitment, client.frame);
  const request = client.request("2026-10", ["people"]);
  const [one, two] = [
    decodeSelectionSums(await server.answer(request)),
    decodeSelectionSums(await server.answer(request)),
  ];
  expect(one.sums).not.toEqual(two.sums);
  let guess: Bytes = new Uint8Array(32);
  for (const [i, ciphertext] of decodeSelection(client.frame).ciphertexts.entries()) {
    const sum = GROUPS[i]?.sums[0] ?? 0n;
    const term = sum === 0n ? null : group.multiply(scalarOf(sum), ciphertext.subarray(0, 32));
    if (term !== null) guess = group.add(guess, term);
  }
  expect(one.sums[0]?.subarray(0, 32)).not.toEqual(guess);
});

test("a caller refuses answers of others, and sums beyond the bound, with a code", async () => {
  const { server, admit } = await openServer();
  const client = await SelectionClient.select(SUBJECT, ["b", "c"]);
  await admit(client.commitment, client.frame);
  const request = client.request("2026-10", ["people"]);
  const answer = decodeSelectionSums(await server.answer(request));
  for (const change of [{ commitment: new Uint8Array(32) }, { epoch: "2026-09" }, { measures: [1] }]) {
    await expect(client.open(request, encodeSelectionSums({ ...answer, ...change }))).rejects.toMatchObject(REFUSED);
  }
  const other = await SelectionClient.select(SUBJECT, ["b", "c"]);
  await expect(other.open(request, encodeSelectionSums(answer))).rejects.toMatchObject(REFUSED);
  const group = await selectionGroup();
  const [sum = new Uint8Array()] = answer.sums;
  const larger = replaced(sum, 32, group.add(sum.subarray(32), group.multiplyBase(scalarOf(40_001n))));
  for (const wrong of [
    larger,
    new Uint8Array(64),
    new Uint8Array(64).fill(255),
    replaced(sum, 0, new Uint8Array(32)),
  ]) {
    const opening = client.open(request, encodeSelectionSums({ ...answer, sums: [wrong] }));
    await expect(opening).rejects.toMatchObject({ code: "ERR_SELECTION_SUM" });
  }
});

function withProof(selection: Selection, at: number, proof: SelectionProof): Selection {
  if (at === selection.proofs.length) return { ...selection, total: proof };
  return { ...selection, proofs: selection.proofs.with(at, proof) };
}

/** Adds to one scalar of a proof. */
function bumped(proof: SelectionProof, part: "challenges" | "responses", item: number, by = 1n): SelectionProof {
  const bytes = Uint8Array.from(proof[part]);
  const scalar = number(bytes.subarray(32 * item, 32 * item + 32));
  bytes.set(scalarOf(scalar + by), 32 * item);
  return { ...proof, [part]: bytes };
}

function replaced(bytes: Bytes, at: number, part: Bytes): Bytes {
  const out = Uint8Array.from(bytes);
  out.set(part, at);
  return out;
}

function number(bytes: Bytes): bigint {
  return bytes.reduceRight((value, byte) => value * 256n + BigInt(byte), 0n);
}

/** The same scalar, written otherwise (RFC 9496 §4.4). */
function plusOrder(bytes: Bytes): Bytes {
  let value = number(bytes) + 2n ** 252n + 27742317777372353535851937790883648493n;
  return Uint8Array.from({ length: 32 }, () => {
    const byte = Number(value & 0xffn);
    value >>= 8n;
    return byte;
  });
}
