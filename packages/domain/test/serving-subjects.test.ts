import { expect, test } from "vitest";
import { deliverGrant, develop, openFixture } from "./serving-fixture.ts";

/** Served products take seconds to make: these run in the long run. */
const long = test.runIf(process.env["SLOW"] === "1");

long("a sample of few persons with many rows is too small to develop on", async () => {
  for (const persons of [8, 16]) {
    await using fixture = await openFixture((row) => `P${row % persons}`);
    const run = await develop(fixture, await deliverGrant(fixture));
    const findings = run.guardReport?.findings.filter(({ result }) => result === "refused").map(({ rule }) => rule);
    // The model has two parameters: ten persons more are needed, and ten whose age is another than that of most.
    expect([run.state, findings]).toEqual(
      persons === 8 ? ["failed", ["rows-minimum", "model-ratio", "model-support"]] : ["completed", []],
    );
  }
});
