/** A launch on a table that is below the quality that its officers set is refused, and goes through after a better import.
 *  @module */
import { DomainDescription, sha256Hex } from "@sluice/protocol";
import { expect, test } from "vitest";
import { setQualityRules, startDomain } from "../src/index.ts";
import { explanations } from "./domain-log.ts";
import {
  clock,
  deliverGrant,
  importPersons,
  JOB,
  openFixture,
  random,
  ROWS,
  rowText,
  send,
  serveProduct,
  use,
} from "./serving-fixture.ts";

const long = test.runIf(process.env["SLOW"] === "1");

const RULES = {
  version: 1,
  publish: true,
  rules: [{ type: "completeness", field: "consented", minShare: 0.95 }],
} as const;

long("a launch is refused while the table is below its rules, and goes through after a better import", async () => {
  await using fixture = await openFixture();
  const grant = await deliverGrant(fixture);
  const standing = async <T>(work: () => Promise<T>): Promise<T> => {
    await fixture.domain.close();
    try {
      return await work();
    } finally {
      fixture.domain = await startDomain(fixture.directory, { workerThreads: 1 });
    }
  };
  const set = (rules: unknown) =>
    standing(() => setQualityRules(fixture.directory, "persons", { officer: "王主任", rules }, { clock, random }));
  const refusal = { code: "ERR_QUALITY", details: { resource: "persons", rule: "completeness", field: "consented" } };
  const published = async () => {
    const response = await fetch(`${fixture.domain.url}/v1/description`);
    return DomainDescription.parse(await response.json()).resources[0]?.quality;
  };

  // One row of eight has no consent: 87.5 %.
  expect((await set(RULES))?.verdict).toMatchObject({ passed: false, score: 87.5 });
  expect(await published()).toMatchObject({ score: 87, types: { completeness: 87 } });
  // Development looks at a sample and launches nothing; the build is refused before it is charged.
  await expect(serveProduct(fixture, grant)).rejects.toMatchObject(refusal);
  const build = async () =>
    send(
      fixture,
      "/v1/builds",
      await use({ operation: "build", grant, key: fixture.parties.operator, bundle: await sha256Hex(JOB) }),
    );
  await expect(build()).rejects.toMatchObject(refusal);

  const whole = Array.from({ length: ROWS }, (_, i) => rowText(i, `P${i}`, "true"));
  await standing(() => importPersons(fixture.directory, whole));
  expect(await published()).toMatchObject({ score: 100 });
  const { built } = await serveProduct(fixture, grant, 2);
  expect(built).toMatchObject({ state: "completed" });

  const half = whole.map((line, i) => (i % 2 === 0 ? rowText(i, `P${i}`, "") : line));
  await standing(() => importPersons(fixture.directory, half));
  await expect(serveProduct(fixture, grant, 3)).rejects.toMatchObject(refusal);
  await set(null);
  expect(await published()).toBeUndefined();
  expect((await serveProduct(fixture, grant, 4)).built).toMatchObject({ state: "completed" });
  const logged = explanations(fixture.directory).filter(({ document }) =>
    JSON.stringify(document).includes("quality-rules"),
  );
  expect(logged).toHaveLength(2);
  expect(JSON.stringify(logged)).not.toContain("王主任");
});
