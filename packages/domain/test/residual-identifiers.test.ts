/** Identifiers that are written in unusual ways do not leave with a sample.
 *  @module */
import type { ResourceField } from "@sluice/protocol";
import { expect, test } from "vitest";
import { peoplePolicy, seededRandom, Workplace } from "./data-fixture.ts";

test("telephones among landlines, an identity number in groups and one kept as a double are found and counted", async () => {
  await using place = await Workplace.open();
  const fields: ResourceField[] = [
    { name: "id", title: "Row", type: "integer", role: "direct", grade: "general-2" },
    ...(["contact", "card", "pages"] as const).map((name): ResourceField => {
      return { name, title: name, type: name === "pages" ? "decimal" : "text", role: "other", grade: "general-2" };
    }),
  ];
  const rows = Array.from({ length: 400 }, (_, i) =>
    [
      i,
      i % 4 === 0 ? `1380013${1_000 + i}` : `0208888${1_000 + i}`,
      "110105 19491231 002X",
      "110105194912310021",
    ].join(),
  );
  await place.import(["id,contact,card,pages", ...rows, ""].join("\n"), { fields });
  const keep = { role: "other", transform: { kind: "keep" } } as const;
  const policy = peoplePolicy({
    columns: { contact: keep, card: keep, pages: keep },
    sample: { rows: 400, strata: [] },
    k: 1,
  });
  const { report } = await place.store.inspectSample({
    resource: "people",
    policy,
    key: "id",
    fields: ["contact", "card", "pages"],
    tokenKey: seededRandom("token").bytes(32),
    seed: seededRandom("seed").bytes(32),
  });
  expect([report.level, report.residual]).toEqual([
    1,
    [
      { column: "card", kind: "resident-id", values: 1 },
      { column: "contact", kind: "mobile-number", values: 100 },
      { column: "pages", kind: "resident-id", values: 400 },
    ],
  ]);
});
