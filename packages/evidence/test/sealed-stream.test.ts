import { concatBytes, fromHex, toHex, utf8, type Bytes, type Random } from "@sluice/protocol";
import { randomBytes } from "node:crypto";
import { inspect } from "node:util";
import fc from "fast-check";
import { hkdf, sm3, sm4 } from "sm-crypto-v2";
import { expect, test } from "vitest";
import { FileKey, openStream, sealStream, type FileSuite } from "../src/index.ts";
import { aesGcm, ctrHmac, cut, headerBytes, SegmentStream, type SegmentSuite } from "../src/sealed-segments.ts";

const SEGMENT_BYTES = 65_536;
const PREFIX_BYTES = 16;
const SUITES: FileSuite[] = ["intl", "sm"];
const HEADER_BYTES = { intl: 40, sm: 24 };
const TAG_BYTES = { intl: 16, sm: 32 };
const context = "hrss/table/insured";
const random: Random = { bytes: (length) => new Uint8Array(randomBytes(length)) };
const keys = {
  intl: new FileKey("intl", random.bytes(32)),
  sm: new FileKey("sm", random.bytes(32)),
};

async function* chunks(bytes: Bytes, size: number): AsyncGenerator<Bytes> {
  for (let offset = 0; offset < bytes.length; offset += size) yield bytes.subarray(offset, offset + size);
}

async function all(source: AsyncIterable<Bytes>): Promise<Bytes> {
  return concatBytes(...(await Array.fromAsync(source)));
}

const seal = (suite: FileSuite, plain: Bytes, size = 10_000): Promise<Bytes> =>
  all(sealStream(chunks(plain, size), { key: keys[suite], context, random }));
const openAll = (suite: FileSuite, sealed: Bytes, size = 9_999, name = context): Promise<Bytes> =>
  all(openStream(chunks(sealed, size), { keys: [keys[suite]], context: name }));

async function refuses(opening: Promise<unknown>, reason: string): Promise<void> {
  await expect(opening).rejects.toMatchObject({ code: "ERR_SEALED_FILE", details: { reason } });
}

// Tink's cross-language tests, test_manually_created_test_vector of aes_ctr_hmac_streaming_key_test.py and
// aes_gcm_hkdf_streaming_key_test.py: the same construction with AES-128, HKDF-SHA-1 and segments of 64 bytes.
const TINK_KEY = fromHex("6eb56cdc726dfbe5d57f2fcdc6e9345b");
const TINK_HEADER = fromHex("1893b3af5e14ab378d065addfc8484da642c0862877baea8");
const sizes = { hkdfHash: "sha1", segmentBytes: 64 };

async function tink(suite: SegmentSuite, message: string): Promise<string[]> {
  const stream = new SegmentStream(suite, TINK_KEY, TINK_HEADER, utf8("aad"));
  let size = suite.segmentBytes - headerBytes(suite) - suite.tagBytes;
  const nextSize = (): number => {
    const now = size;
    size = suite.segmentBytes - suite.tagBytes;
    return now;
  };
  const segments: string[] = [];
  for await (const { bytes, last } of cut(chunks(utf8(message), 7), nextSize)) {
    segments.push(toHex(stream.seal(bytes, last)));
  }
  return segments;
}

function xor(text: string, stream: string): string {
  return toHex(utf8(text).map((byte, i) => byte ^ (fromHex(stream)[i] ?? 0)));
}

test("the construction of sm is Tink's, by its vector for AES", async () => {
  const suite = ctrHmac("aes-128-ctr", "sha256", sizes);
  const message = "This is a fairly long plaintext. However, it is not crazy long.";
  expect(await tink(suite, message)).toEqual([
    `${xor(message.slice(0, 8), "ea8e18301bd57bfd")}8303ca71c04d8e06e1b01cff7c1178af47dac031517b1f6a2d9be84105677a68`,
    `${xor(message.slice(8, 40), "2999c8ea5401704243c8cd77929fd52617fec5542a842446251bb2f3a81f6249")}834d890839f37f762caddc029cc673300ff107fd51f9a62058fcd00befc362e5`,
    `${xor(message.slice(40), "70fe58e44835a6602952749e763637d9d973bca8358086")}5fb0c893903271af38380c2f355cb85e5ec571648513123321bde0c6042f43c7`,
  ]);
});

test("the construction of intl is Tink's, by its vector", async () => {
  const suite = aesGcm("aes-128-gcm", 16, sizes);
  const message = "This is a fairly long plaintext. It is of the exact length to create three output blocks. ";
  expect(await tink(suite, message)).toEqual([
    "db92d9c77406a406168478821c4298eab3e6d531277f4c1a051714faebcaefcbca7b7be05e9445ea",
    "a0bb2904153398a25084dd80ae0edcd1c3079fcea2cd3770630ee36f7539207b8ec9d754956d486b71cdf989f0ed6fba6779b63558be0a66e668df14e1603cd2",
    "af8944844078345286d0b292e772e7190775c51a0f83e40c0b75821027e7e538e111",
  ]);
});

test("another implementation of SM4 and SM3 opens what sm sealed", async () => {
  const secret = random.bytes(32);
  const plain = utf8("no longer than a segment");
  const sealed = await all(sealStream(chunks(plain, 5), { key: new FileKey("sm", secret), context, random }));
  const prefix = sealed.subarray(0, PREFIX_BYTES);
  const [salt, noncePrefix] = [sealed.subarray(17, 33), sealed.subarray(33, 40)];
  const streamKey = hkdf(secret, salt, concatBytes(prefix, utf8(context)), 48);
  const iv = concatBytes(noncePrefix, fromHex("000000000100000000"));
  const ciphertext = sealed.subarray(40, -32);
  const tag = sm3(concatBytes(iv, ciphertext), { key: streamKey.subarray(16) });
  expect(tag).toBe(toHex(sealed.subarray(-32)));
  const blocks = concatBytes(iv, iv.with(15, 1));
  const keystream = sm4.encrypt(blocks, streamKey.subarray(0, 16), { mode: "ecb", padding: "none", output: "array" });
  expect(ciphertext.map((byte, i) => byte ^ (keystream[i] ?? 0))).toEqual(plain);
});

test.each(SUITES)("%s: a stream comes back, whatever its length and the chunks it comes in", async (suite) => {
  const first = SEGMENT_BYTES - HEADER_BYTES[suite] - TAG_BYTES[suite];
  const edges = [0, 1, first - 1, first, first + 1, first + SEGMENT_BYTES - TAG_BYTES[suite]];
  await fc.assert(
    fc.asyncProperty(fc.constantFrom(...edges), fc.integer({ min: 1_000, max: 200_000 }), async (length, size) => {
      const plain = random.bytes(length);
      const sealed = await seal(suite, plain, size);
      const segments = Math.max(1, Math.ceil((length - first) / (SEGMENT_BYTES - TAG_BYTES[suite])) + 1);
      expect(sealed.length).toBe(PREFIX_BYTES + HEADER_BYTES[suite] + length + segments * TAG_BYTES[suite]);
      expect(Buffer.compare(await openAll(suite, sealed, size), plain)).toBe(0);
    }),
    { numRuns: 12 },
  );
});

test.each(SUITES)("%s: two streams of the same content have nothing in common behind the prefix", async (suite) => {
  const plain = new Uint8Array(100);
  const [a, b] = [await seal(suite, plain), await seal(suite, plain)];
  const same = a.subarray(PREFIX_BYTES + 1).filter((byte, i) => byte === b[PREFIX_BYTES + 1 + i]);
  expect(same.length).toBeLessThan(20);
});

test.each(SUITES)("%s: any flipped bit is refused, and what came before it was right", async (suite) => {
  const plain = random.bytes(150_000);
  const sealed = await seal(suite, plain);
  await fc.assert(
    fc.asyncProperty(fc.nat(sealed.length * 8 - 1), async (bit) => {
      const changed = sealed.slice();
      changed[bit >> 3] = (changed[bit >> 3] ?? 0) ^ (1 << (bit & 7));
      const seen: Bytes[] = [];
      const read = async (): Promise<void> => {
        for await (const bytes of openStream(chunks(changed, 70_000), { keys: [keys[suite]], context }))
          seen.push(bytes);
      };
      await expect(read()).rejects.toMatchObject({ code: "ERR_SEALED_FILE" });
      const prefix = concatBytes(...seen);
      expect(Buffer.compare(prefix, plain.subarray(0, prefix.length))).toBe(0);
    }),
    { numRuns: 40 },
  );
  for (let byte = 0; byte < PREFIX_BYTES + HEADER_BYTES[suite]; byte++) {
    await expect(openAll(suite, sealed.with(byte, (sealed[byte] ?? 0) ^ 1))).rejects.toMatchObject({
      code: "ERR_SEALED_FILE",
    });
  }
});

test.each(SUITES)("%s: a cut stream is refused, at the edge of a segment too", async (suite) => {
  const sealed = await seal(suite, random.bytes(150_000));
  const end = PREFIX_BYTES + 2 * SEGMENT_BYTES;
  await refuses(openAll(suite, sealed.subarray(0, end)), "segment 1 is not as it was sealed");
  await refuses(openAll(suite, sealed.subarray(0, PREFIX_BYTES + SEGMENT_BYTES)), "segment 0 is not as it was sealed");
  await refuses(openAll(suite, sealed.subarray(0, end + 5)), "segment 2 is not as it was sealed");
  await refuses(openAll(suite, sealed.subarray(0, PREFIX_BYTES + HEADER_BYTES[suite])), "its header is cut");
  for (const length of [0, 5, PREFIX_BYTES]) {
    await refuses(openAll(suite, sealed.subarray(0, length)), "it is no sealed file");
  }
  await refuses(openAll(suite, concatBytes(sealed, Uint8Array.of(0))), "segment 2 is not as it was sealed");
});

test.each(SUITES)("%s: segments in another order, twice, or of another stream are refused", async (suite) => {
  const sealed = await seal(suite, random.bytes(260_000));
  const other = await seal(suite, random.bytes(260_000));
  const at = (from: Bytes, index: number): Bytes =>
    from.subarray(PREFIX_BYTES + index * SEGMENT_BYTES, PREFIX_BYTES + (index + 1) * SEGMENT_BYTES);
  const start = sealed.subarray(0, PREFIX_BYTES + SEGMENT_BYTES);
  const reason = "segment 1 is not as it was sealed";
  await refuses(openAll(suite, concatBytes(start, at(sealed, 2), at(sealed, 1), at(sealed, 3))), reason);
  await refuses(openAll(suite, concatBytes(start, at(sealed, 2), at(sealed, 3))), reason);
  await refuses(openAll(suite, concatBytes(start, at(other, 1), at(sealed, 2), at(sealed, 3))), reason);
});

test.each(SUITES)("%s: a stream opens as what it was sealed as, and under its own key only", async (suite) => {
  const sealed = await seal(suite, utf8("rows"));
  await refuses(openAll(suite, sealed, 10, "hrss/table/other"), "segment 0 is not as it was sealed");
  const stranger = new FileKey(suite, random.bytes(32));
  await refuses(all(openStream(chunks(sealed, 10), { keys: [stranger], context })), "its key is not here");
  const both = await all(openStream(chunks(sealed, 10), { keys: [stranger, keys[suite]], context }));
  expect(both).toEqual(utf8("rows"));
});

test("one secret in the two suites makes two keys, and neither opens the other's streams", async () => {
  const secret = random.bytes(32);
  const [intl, sm] = [new FileKey("intl", secret), new FileKey("sm", secret)];
  expect(intl.id).not.toBe(sm.id);
  const sealed = await all(sealStream(chunks(utf8("rows"), 4), { key: sm, context, random }));
  await refuses(all(openStream(chunks(sealed, 10), { keys: [intl], context })), "its key is not here");
  await refuses(all(openStream(chunks(sealed.with(7, 1), 10), { keys: [intl, sm], context })), "its key is not here");
  await refuses(all(openStream(chunks(sealed.with(6, 2), 10), { keys: [sm], context })), "its version is not known");
});

test("a file key prints its id and nothing else, and has 32 bytes", () => {
  const secret = random.bytes(32);
  const key = new FileKey("sm", secret);
  const shown = [String(key), JSON.stringify({ key }), inspect({ key }, { depth: 9, showHidden: true })].join("\n");
  expect(shown).toContain(key.id);
  for (const form of [toHex(secret), Buffer.from(secret).toString("base64"), [...secret].join(", ")]) {
    expect(shown).not.toContain(form);
  }
  expect(() => new FileKey("sm", secret.subarray(1))).toThrow(RangeError);
});
