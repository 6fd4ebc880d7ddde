/** The register of outputs in a running domain: tables of one source under two scenes and two snapshots.
 *  @module */
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { encodeReportRequest, fromHex, fromUtf8, Report, type Run } from "@sluice/protocol";
import { expect, test } from "vitest";
import { startDomain } from "../src/index.ts";
import { withState } from "./domain-log.ts";
import { ask, deliverFormsGrant, serveForm, spentUnits, TABLE_JOB } from "./serving-forms-fixture.ts";
import { importPersons, openFixture, rowText, ROWS, serveProduct, type Fixture } from "./serving-fixture.ts";

const registered = (fixture: Fixture): Record<string, unknown>[] =>
  withState(fixture.directory, (db) =>
    db.prepare("SELECT product, kind, resource, key_column, shown FROM output_register ORDER BY id").all(),
  );

async function tableOf(fixture: Fixture, grant: string, product: string): Promise<Report["table"]> {
  const served = await serveForm(fixture, grant, product, TABLE_JOB);
  const request = encodeReportRequest({ snapshot: fromHex(served.snapshotHash) });
  const { content } = await ask(fixture, served, "report", request);
  return Report.parse(JSON.parse(fromUtf8(content))).table;
}

/** Imports the fixture's rows but those of `without`, and starts the domain again. */
async function reimport(fixture: Fixture, without: (row: number) => boolean): Promise<void> {
  await fixture.domain.close();
  const kept = Array.from({ length: ROWS }, (_, i) => i).filter((i) => !without(i));
  await importPersons(
    fixture.directory,
    kept.map((i) => rowText(i)),
  );
  fixture.domain = await startDomain(fixture.directory, { workerThreads: 1 });
}

const failureOf = ({ failure }: Run): unknown => failure?.details["rule"];

const long = test.runIf(process.env["SLOW"] === "1");

long(
  "a report is held against every earlier one of its table, under another scene and of another snapshot",
  async () => {
    await using fixture = await openFixture();
    const one = await deliverFormsGrant(fixture);
    const other = await deliverFormsGrant(
      fixture,
      {},
      {
        scene: { scene: "planning", title: "Planning", purpose: "bands", value: "test" },
      },
    );
    const first = await tableOf(fixture, one, "groups");
    expect(await tableOf(fixture, other, "plans")).toEqual(first);
    expect(registered(fixture).map(({ product, kind }) => [product, kind])).toEqual([
      ["groups", "development"],
      ["groups", "report"],
      ["plans", "development"],
      ["plans", "report"],
    ]);

    // One person fewer in each cell: the difference would be about those.
    await reimport(fixture, (row) => row < 18);
    const { built } = await serveProduct(fixture, other, 2, { code: TABLE_JOB, product: "plans" });
    expect(built.failure).toMatchObject({ code: "ERR_GUARD_OUTPUT", refusedBy: "guard" });
    expect(failureOf(built)).toBe("table-differencing");
    expect(JSON.stringify(built)).not.toMatch(/P\d/u);
    // The refusal cost its build, and registered nothing.
    expect(spentUnits(fixture, other, "build")).toBe(2);
    expect(registered(fixture).filter(({ kind }) => kind === "report")).toHaveLength(2);

    // A missing file of the register stops tables, and is not taken for nothing shown.
    await rm(join(fixture.directory, "register"), { recursive: true });
    const refused = await serveProduct(fixture, one, 2, { code: TABLE_JOB, product: "groups" });
    expect(refused.built.failure?.code).toBe("ERR_SEALED_FILE");
  },
);
