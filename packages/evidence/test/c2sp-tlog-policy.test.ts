import fc from "fast-check";
import { expect, test } from "vitest";
import { signCheckpoint } from "../src/checkpoint.ts";
import { generateKey, judgeCosignatures, noteVerifierKey, parseWitnessPolicy } from "../src/index.ts";
import { cosign } from "../src/witness-cosignature.ts";
import { CLOCK, ORIGIN } from "./log-fixture.ts";

const logKey = await generateKey();
const NAMES = ["X1", "X2", "X3", "Y1", "Y2", "Y3"] as const;
const keys = await Promise.all(NAMES.map(() => generateKey()));
const verifierKeys = keys.map(({ keyId }, i) => noteVerifierKey(`witness.example/${NAMES[i]}`, keyId, 4));
const LOG = `log ${noteVerifierKey(ORIGIN, logKey.keyId)}`;
const WITNESSES = NAMES.map((name, i) => `witness ${name} ${verifierKeys[i]} https://${name}.example/`).join("\n");

/** The example of the specification. */
const EXAMPLE = `${LOG}

# people of one house
${WITNESSES}
group X-witnesses 2 X1 X2 X3
\tgroup  Y-witnesses any Y1 Y2 Y3
group X-and-Y all X-witnesses Y-witnesses
quorum X-and-Y
`;

const { text } = await signCheckpoint(ORIGIN, { size: 1, rootHash: new Uint8Array(32) }, logKey);
const body = text.slice(0, text.indexOf("\n\n") + 1);
const lines = await Promise.all(keys.map((key, i) => cosign(body, `witness.example/${NAMES[i]}`, key, CLOCK.now())));

test("the specification's example: two of X and one of Y, whoever they are", async () => {
  const policy = parseWitnessPolicy(EXAMPLE);
  expect(policy.logs).toEqual([{ origin: ORIGIN, logKey: logKey.keyId, url: null }]);
  expect(policy.witnesses.map(({ url }) => url)).toEqual(NAMES.map((name) => `https://${name}.example/`));
  const some = fc.subarray([...NAMES.keys()]);
  await fc.assert(
    fc.asyncProperty(some, async (chosen) => {
      const verdict = await judgeCosignatures(policy, text + chosen.map((i) => lines[i]).join(""));
      expect(verdict.cosignatures).toHaveLength(chosen.length);
      expect(verdict.satisfied).toBe(chosen.filter((i) => i < 3).length >= 2 && chosen.some((i) => i >= 3));
    }),
    { numRuns: 60 },
  );
});

test("quorum none asks for nobody, quorum of a witness for that one", async () => {
  expect((await judgeCosignatures(parseWitnessPolicy("quorum none\n"), text)).satisfied).toBe(true);
  const one = parseWitnessPolicy(`${WITNESSES}\nquorum X2\n`);
  expect((await judgeCosignatures(one, text + (lines[0] ?? ""))).satisfied).toBe(false);
  expect((await judgeCosignatures(one, text + (lines[1] ?? ""))).satisfied).toBe(true);
});

test("a witness with a key of another kind may be named, and has never cosigned", async () => {
  const unknown = `witness Q oq+00000000+${Buffer.concat([Buffer.from([6]), Buffer.alloc(1_312)]).toString("base64")}`;
  const policy = parseWitnessPolicy(`${unknown}\n${WITNESSES}\ngroup any-two 2 Q X1 X2\nquorum any-two\n`);
  expect((await judgeCosignatures(policy, text + (lines[0] ?? ""))).satisfied).toBe(false);
  expect((await judgeCosignatures(policy, text + (lines[0] ?? "") + (lines[1] ?? ""))).satisfied).toBe(true);
});

test("keys that are alike behind a plus sign of their base64 are two keys", () => {
  const keyOf = (first: number): string =>
    `oq+00000000+${Buffer.from([6, 0, first, ...Buffer.from("AA+w", "base64"), ...new Uint8Array(1_308)]).toString("base64")}`;
  expect(keyOf(1).slice(keyOf(1).lastIndexOf("+"))).toBe(keyOf(2).slice(keyOf(2).lastIndexOf("+")));
  expect(() => parseWitnessPolicy(`witness a ${keyOf(1)}\nwitness b ${keyOf(2)}\nquorum none\n`)).not.toThrow();
});

const key1 = verifierKeys[0] ?? "";
const key2 = verifierKeys[1] ?? "";
test.each([
  ["no quorum", `witness a ${key1}\n`],
  ["two quorums", "quorum none\nquorum none\n"],
  ["an unknown line", "quorum none\nanchor x\n"],
  ["a quorum that is not defined above", `quorum a\nwitness a ${key1}\n`],
  ["a group of one defined below", `group g any a\nwitness a ${key1}\nquorum g\n`],
  ["a member of two groups", `witness a ${key1}\ngroup g any a\ngroup h any a\nquorum g\n`],
  ["a member twice", `witness a ${key1}\ngroup g 2 a a\nquorum g\n`],
  ["a threshold of 0", `witness a ${key1}\ngroup g 0 a\nquorum g\n`],
  ["a threshold above its members", `witness a ${key1}\ngroup g 2 a\nquorum g\n`],
  ["a threshold that is no number", `witness a ${key1}\ngroup g 1.0 a\nquorum g\n`],
  ["an empty group", "group g any\nquorum g\n"],
  ["one name for two", `witness a ${key1}\nwitness a ${key2}\nquorum a\n`],
  ["the name none", `witness none ${key1}\nquorum none\n`],
  ["one key for two", `witness a ${key1}\nwitness b ${key1}\nquorum a\n`],
  ["a changed key", `witness a ${key1.replace("example", "exampel")}\nquorum a\n`],
  ["a log's key for a witness", `witness a ${noteVerifierKey("a", logKey.keyId)}\nquorum a\n`],
  ["a witness's key for a log", `log ${key1}\nquorum none\n`],
  ["a carriage return", "quorum none\r\n"],
  ["a policy that is too long", `${"#".repeat(70_000)}\nquorum none\n`],
])("refuses %s", (_, policy) => {
  expect(() => parseWitnessPolicy(policy)).toThrow(expect.objectContaining({ code: "ERR_BODY_INVALID" }));
});
