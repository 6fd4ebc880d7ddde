/** The engine of homomorphic encryption: its parameter sets by SEAL's own table, its contexts, and bytes of ciphertexts. @module */
import { SluiceError } from "@sluice/protocol";
import openSeal from "node-seal/throws";
import { expect, test } from "vitest";
import { polynomialBytes } from "../src/he/ciphertext-bytes.ts";
import { heEngine, loadFresh, refusing } from "../src/he/engine.ts";
import { openHandles } from "../src/he/handles.ts";
import { HE_PARAMETER_SETS, type HeParameterSet, type HeParameterSetName } from "../src/he/parameter-sets.ts";

const sets = Object.entries(HE_PARAMETER_SETS) as [HeParameterSetName, HeParameterSet][];

test.each(sets)(
  "%s has 128 bits of security by SEAL's table, and coefficients that ciphertexts can carry",
  async (_, set) => {
    const seal = await openSeal();
    const bits = set.coeffModulusBits.reduce((sum, prime) => sum + prime, 0);
    expect(bits).toBeLessThanOrEqual(seal.CoeffModulus.MaxBitCount(set.polyModulusDegree, seal.SecLevelType.tc128));
    expect(set.coeffModulusBits.every((prime) => prime > 32 && prime <= 60)).toBe(true);
    expect(set.scheme === "bfv").toBe(set.plainModulusBits !== undefined);
  },
);

test("a thread opens each set once; another name is refused", async () => {
  expect(await heEngine("ckks-4096")).toBe(await heEngine("ckks-4096"));
  const foreign = "ckks-2048" as HeParameterSetName;
  await expect(heEngine(foreign)).rejects.toMatchObject({ code: "ERR_INTERNAL" });
  await expect(heEngine("toString" as HeParameterSetName)).rejects.toMatchObject({ code: "ERR_INTERNAL" });
});

test.each(sets)("ciphertexts of %s come back from the bytes of the wire, fresh and computed", async (name) => {
  const { seal, context, layout, fresh, full } = await heEngine(name);
  using scope = openHandles();
  const keys = scope.keep(new seal.KeyGenerator(context));
  const secretKey = scope.keep(keys.secretKey());
  const encryptor = scope.keep(new seal.Encryptor(context, scope.keep(keys.createPublicKey()), secretKey));
  const loaded = scope.keep(new seal.Ciphertext());
  encryptor.encryptZero(loaded);
  const scale = loaded.scale();
  const saved = (loaded.saveToArray(seal.ComprModeType.none) as Uint8Array).slice();
  const packed = full.pack(saved);
  expect(packed.c0).toHaveLength(polynomialBytes(layout));
  expect(full.widen(packed, scale)).toEqual(saved);
  expect(() => fresh.pack(saved)).toThrow(expect.objectContaining({ code: "ERR_INTERNAL" }));
});

test.each(sets)(
  "a fresh ciphertext of %s loads from seed and coefficients, and one above its prime is refused",
  async (name) => {
    const engine = await heEngine(name);
    const { seal, context, fresh } = engine;
    using scope = openHandles();
    const keys = scope.keep(new seal.KeyGenerator(context));
    const secretKey = scope.keep(keys.secretKey());
    const encryptor = scope.keep(new seal.Encryptor(context, scope.keep(keys.createPublicKey()), secretKey));
    const zero = scope.keep(new seal.Plaintext());
    const encoder = engine.encoder;
    const scale = encoder instanceof seal.CKKSEncoder ? 2 ** 20 : 1;
    if (encoder instanceof seal.CKKSEncoder) encoder.encode(new Float64Array(encoder.slotCount()), scale, zero);
    const saved = scope.keep(encryptor.encryptSymmetricSerializable(zero)).saveToArray(seal.ComprModeType.none);
    const sent = fresh.pack(saved as Uint8Array<ArrayBuffer>);
    const loaded = scope.keep(new seal.Ciphertext());
    loadFresh(engine, loaded, sent, scale);
    expect([loaded.size(), loaded.scale(), loaded.isTransparent()]).toEqual([2, scale, false]);
    sent.c0.fill(0xff, -8);
    const refusal = (reason: string) => new SluiceError("ERR_SCORE_CIPHERTEXT", { index: 3, reason });
    expect(() => refusing(engine, refusal, () => loadFresh(engine, loaded, sent, 1))).toThrow(
      expect.objectContaining({ code: "ERR_SCORE_CIPHERTEXT", details: { index: 3, reason: "it does not load" } }),
    );
  },
);
