import { expect, test } from "vitest";
import { decodeJobOutput } from "./decoding.ts";
import { hostileCases, jsonOf, useRunner } from "./hostile-case.ts";
import { bundleOf, sealed } from "./jobs.ts";
import { OUTPUT_CASES } from "./hostile-output.ts";

const { run } = useRunner();
hostileCases(OUTPUT_CASES);

/** What the decoder says of what a job returned as its metrics. */
async function decoded(body: string): Promise<unknown> {
  const outcome = await run(sealed(bundleOf(body)));
  if (!outcome.ok) return outcome.code;
  const manifest = {
    name: "hostile",
    purpose: "test",
    input: {},
    outputs: { fit: { kind: "metrics" as const, keys: ["n"] } },
  };
  try {
    return decodeJobOutput(outcome.output, manifest).values["fit"];
  } catch (error) {
    return `${(error as { code?: string }).code}, ${jsonOf(outcome.output).length < 400}`;
  }
}

test.each([
  ["case 50: a metric that is not in the manifest", "return { fit: { n: 1, m: 2 } };"],
  ["case 50: a metric that is called __proto__", `return { fit: JSON.parse('{"n":1,"__proto__":{"m":2}}') };`],
  ["case 51: a metric that is NaN", "return { fit: { n: NaN } };"],
  ["case 51: a metric that is infinite", "return { fit: { n: -Infinity } };"],
  ["case 52: a text of bidirectional and invisible characters", String.raw`return { fit: { n: "\u202e\u200b\r\n" } };`],
  ["case 52: a name of invisible characters", String.raw`return { fit: { n: 1, "n\u200b": 2 } };`],
])("%s", async (_title, body) => {
  expect(await decoded(body)).toBe("ERR_GUARD_OUTPUT, true");
});

test("case 51: a negative zero is zero, and a payload of a NaN does not leave", async () => {
  expect(await decoded("return { fit: { n: -0 } };")).toEqual({ kind: "metrics", values: { n: 0 } });
});
