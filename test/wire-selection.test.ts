/** Hidden selections: the vectors of `packages/protocol/vectors/wire-v1.json`, made again with the rules of `docs/wire-selection.md` and
 *  @noble/curves alone, and opened; and our roles, which refuse what the vectors say.
 *  @module */
import { ristretto255 } from "@noble/curves/ed25519.js";
import { SelectionClient } from "@sluice/mpc/he/selection/client";
import { memorySelectionRegister, SelectionServer, SelectionTable } from "@sluice/mpc/he/selection/server";
import {
  decodeSelectionCall,
  decodeSelectionRegistered,
  decodeSelectionRegistration,
  fromHex,
  parseSelectionParameters,
} from "@sluice/protocol";
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { readFiles, ROOT } from "./source-files.ts";
import { scalarOf } from "./wire-form-rules.ts";
import { canonical, sha256 } from "./wire-rules.ts";
import type { makeSelectionVectors } from "./wire-selection-vectors.ts";
import { WIRE_VECTORS_PATH } from "./wire-vectors-file.ts";

type Vectors = Awaited<ReturnType<typeof makeSelectionVectors>>;
const { selection: vector } = JSON.parse(readFileSync(join(ROOT, WIRE_VECTORS_PATH), "utf8")) as { selection: Vectors };
const { Point } = ristretto255;
const { Fn, BASE: B } = Point;
type Element = typeof B;

const { parameters, caller } = vector;
const groups = parameters.groups.length;
const m = parameters.minimumGroups;
const allowed = [...Array.from({ length: groups - 2 * m + 1 }, (_, i) => m + i), groups];
const drawn = vector.drawnByCaller.map((hex) => scalarOf(Buffer.from(hex, "hex")));
const [secret = 0n, ...coins] = drawn;
const nonces = coins.slice(0, groups);
const P = times(B, secret);
const bits: number[] = parameters.groups.map((label) => Number(vector.selected.includes(label)));
const ciphertexts = bits.map((bit, i) => {
  const nonce = nonces[i] ?? 0n;
  return [times(B, nonce), times(B, BigInt(bit)).add(times(P, nonce))] as const;
});

/** Noble takes no zero. */
function times(element: Element, scalar: bigint): Element {
  const reduced = Fn.create(scalar);
  return reduced === 0n ? Point.ZERO : element.multiply(reduced);
}

const uint16 = (value: number): Buffer => Buffer.of(value >> 8, value & 0xff);
const bytesOf = (...elements: Element[]): Buffer => Buffer.concat(elements.map((element) => element.toBytes()));
const scalars = (...values: bigint[]): Buffer => Buffer.concat(values.map((value) => Fn.toBytes(Fn.create(value))));

const statement = sha256(canonical({ type: "selection-statement", version: 1, parameters, caller }));
const encrypted = Buffer.concat(ciphertexts.map(([a, d]) => bytesOf(a, d)));
const commitment = sha256("sluice hidden selection v1 commitment", statement, bytesOf(P), uint16(groups), encrypted);

function challengeOf(index: number, commitments: Buffer): bigint {
  const hash = createHash("sha512").update("sluice hidden selection v1 challenge").update(commitment);
  return scalarOf(
    hash
      .update(uint16(index))
      .update(uint16(commitments.length / 64))
      .update(commitments)
      .digest(),
  );
}

/** A proof, with the next coins: a mask and a challenge for each value, the real one's drawn too and not used. */
function proofOf(index: number, nonce: bigint, value: number, values: readonly number[], used: bigint[]): Buffer {
  const masks = used.splice(0, values.length);
  const challenges = used.splice(0, values.length);
  const real = values.indexOf(value);
  const commitments = Buffer.concat(
    values.map((other, j) => {
      const mask = masks[j] ?? 0n;
      const shift = j === real ? 0n : (challenges[j] ?? 0n) * BigInt(other - value);
      return bytesOf(times(B, mask), times(P, mask).add(times(B, shift)));
    }),
  );
  challenges[real] = challenges.reduce(
    (rest, challenge, j) => (j === real ? rest : rest - challenge),
    challengeOf(index, commitments),
  );
  const responses = masks.map((mask, j) => mask + (challenges[j] ?? 0n) * nonce);
  return Buffer.concat([commitments, scalars(...challenges.slice(0, -1)), scalars(...responses)]);
}

test("a selection is made of its parameters, the key, nonces, masks and challenges that were drawn, and of nothing else", () => {
  const used = coins.slice(groups);
  const proofs = bits.map((bit, i) => proofOf(i, nonces[i] ?? 0n, bit, [0, 1], used));
  const nonce = nonces.reduce((sum, next) => sum + next, 0n);
  const total = proofOf(groups, nonce, vector.selected.length, allowed, used);
  expect(used).toEqual([]);
  const frame = [
    Buffer.of(0, 1, 1),
    statement,
    bytesOf(P),
    uint16(groups),
    encrypted,
    ...proofs,
    uint16(allowed.length),
    total,
  ];
  expect(Buffer.concat(frame).toString("hex")).toBe(vector.selection);
  expect(commitment.toString("hex")).toBe(vector.commitment);
});

test("proofs hold by the equations of the page, for the elements and scalars in the frame", () => {
  const frame = Buffer.from(vector.selection, "hex");
  const element = (at: number): Element => Point.fromBytes(frame.subarray(at, at + 32));
  const key = element(35);
  const parts = Array.from({ length: groups }, (_, i) => [element(69 + 64 * i), element(101 + 64 * i)] as const);
  const whole = parts.reduce(([a, d], [x, y]) => [a.add(x), d.add(y)] as const);
  let at = 69 + 64 * groups;
  for (const [index, [a, d]] of [...parts, whole].entries()) {
    const values = index < groups ? [0, 1] : allowed;
    if (index === groups) at += 2;
    const commitments = frame.subarray(at, at + 64 * values.length);
    const numbers = Array.from({ length: 2 * values.length - 1 }, (_, i) => {
      const from = at + 64 * values.length + 32 * i;
      return Fn.fromBytes(frame.subarray(from, from + 32));
    });
    const challenges = numbers.slice(0, values.length - 1);
    challenges.push(challenges.reduce((rest, each) => Fn.sub(rest, each), challengeOf(index, commitments)));
    for (const [j, value] of values.entries()) {
      const [e, z] = [challenges[j] ?? 0n, numbers[values.length - 1 + j] ?? 0n];
      expect(times(B, z).equals(element(at + 64 * j).add(times(a, e)))).toBe(true);
      const distance = d.subtract(times(B, BigInt(value)));
      expect(times(key, z).equals(element(at + 64 * j + 32).add(times(distance, e)))).toBe(true);
    }
    at += (64 + 32 + 32) * values.length - 32;
  }
  expect(at).toBe(frame.length);
});

test("an answer is the sums times the ciphertexts plus an encryption of the noise, and opens to the noisy sums", () => {
  const subject = Buffer.concat([commitment, Buffer.of(7), Buffer.from("2026-10"), Buffer.of(2)]);
  expect(vector.request).toBe(Buffer.concat([Buffer.of(0, 1, 2), subject, Buffer.of(0, 1)]).toString("hex"));
  const sums = vector.noise.map((noise, measure) => {
    const nonce = scalarOf(Buffer.from(vector.drawnByDomain[measure] ?? "", "hex"));
    const fresh = [times(B, nonce), times(P, nonce).add(times(B, BigInt(noise)))] as const;
    const [first, second] = ciphertexts.reduce<readonly [Element, Element]>(([x, y], [a, d], i) => {
      const sum = BigInt(vector.sums[i]?.[measure] ?? 0);
      return [x.add(times(a, sum)), y.add(times(d, sum))];
    }, fresh);
    const found = BigInt(vector.opened[parameters.measures[measure]?.name ?? ""] ?? 0);
    expect(second.subtract(times(first, secret)).equals(times(B, found))).toBe(true);
    const plain = bits.reduce((total, bit, i) => total + BigInt(bit) * BigInt(vector.sums[i]?.[measure] ?? 0), 0n);
    expect(found).toBe(plain + BigInt(noise));
    return Buffer.concat([Buffer.of(measure), bytesOf(first, second)]);
  });
  expect(vector.answer).toBe(Buffer.concat([Buffer.of(0, 1, 3), subject, ...sums]).toString("hex"));
});

test("our roles refuse what the vectors say by its code, and answer the good one after each", async () => {
  const parsed = parseSelectionParameters(parameters);
  const register = memorySelectionRegister({ maxSelections: 100, maxEpsilon: 10_000 });
  const rows = parsed.groups.map((label, i) => ({ label, rows: 10, sums: (vector.sums[i] ?? []).map(BigInt) }));
  const table = new SelectionTable(parsed, "2026-10", rows);
  const server = await SelectionServer.open({ table, caller, register, noise: () => 0n });
  const admit = async (hex: string): Promise<void> => {
    const frame = Buffer.from(hex, "hex");
    // Whatever it is, it was registered.
    const registered = sha256("sluice hidden selection v1 commitment", frame.subarray(3, 325)).toString("hex");
    await register.register({ product: parsed.product, caller, commitment: registered });
    await server.select(fromHex(hex));
  };
  const client = await SelectionClient.resume(
    { parameters: parsed, caller },
    fromHex(vector.selection),
    new Uint8Array(scalars(secret)),
  );
  const send = async (frame: string, hex: string): Promise<unknown> => {
    if (frame === "selection") return await admit(hex);
    if (frame === "request") return await server.answer(fromHex(hex));
    return await client.open(fromHex(vector.request), fromHex(hex));
  };
  for (const { name, frame, hex, code } of vector.refused) {
    await admit(vector.selection);
    await expect(send(frame, hex), name).rejects.toMatchObject({ code });
  }
  await admit(vector.selection);
  expect(await client.open(fromHex(vector.request), fromHex(vector.answer))).toEqual(
    new Map(Object.entries(vector.opened)),
  );
  client.close();
});

test("the calls of a product carry snapshot, commitment, selection and request as the page says, and nothing else is one", () => {
  const { snapshot, used, most, refused, ...frames } = vector.product;
  const [selection, request] = [vector.selection, vector.request].map((hex) => Buffer.from(hex, "hex"));
  if (selection === undefined || request === undefined) throw new TypeError("two frames");
  const named = Buffer.from(snapshot, "hex");
  const length = Buffer.of(selection.length >> 16, (selection.length >> 8) & 0xff, selection.length & 0xff);
  const made = {
    registration: [Buffer.of(0, 1, 4), named, commitment],
    registered: [Buffer.of(0, 1, 5), commitment, uint16(used), uint16(most)],
    call: [Buffer.of(0, 1, 6), named, length, selection, uint16(request.length), request],
  };
  const decoders = {
    registration: decodeSelectionRegistration,
    registered: decodeSelectionRegistered,
    call: decodeSelectionCall,
  };
  for (const [frame, parts] of Object.entries(made)) {
    const decode = decoders[frame as keyof typeof decoders];
    const hex = Buffer.concat(parts).toString("hex");
    expect(frames).toHaveProperty(frame, hex);
    expect(() => decode(fromHex(hex))).not.toThrow();
    const own = refused.filter((one) => one.frame === frame);
    expect(own.length).toBeGreaterThan(3);
    for (const { name, hex: bad, code } of own) {
      expect(() => decode(fromHex(bad)), name).toThrow(expect.objectContaining({ code }));
    }
  }
});

test("the page says the labels, codes and sizes that are in force", () => {
  const text = readFiles("docs", /^docs\/wire-selection\.md$/)
    .map(({ path }) => readFileSync(join(ROOT, path), "utf8"))
    .join("");
  for (const label of ["sluice hidden selection v1 commitment", "sluice hidden selection v1 challenge"])
    expect(text).toContain(`"${label}"`);
  for (const { code } of [...vector.refused, ...vector.product.refused]) expect(text).toContain(code);
});
