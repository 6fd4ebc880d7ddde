/** The engine of homomorphic encryption: its parameter sets by SEAL's own table, its contexts, and bytes of ciphertexts. @module */
import openSeal from "node-seal/throws";
import { expect, test } from "vitest";
import { polynomialBytes } from "../src/he/ciphertext-bytes.ts";
import { heEngine } from "../src/he/engine.ts";
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
