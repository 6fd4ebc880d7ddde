/** Aggregations of several domains through a gateway, as a caller begins them: the sum against the pooled tables, domains that are
 *  lost, and a gateway that starts again in the middle.
 *  @module */
import { readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { sluice } from "../../cli/test/captured-io.ts";
import { createClient, type SluiceClient } from "../../client/src/index.ts";
import {
  exportPrivateKey,
  generateKey,
  importSigningKey,
  signDocument,
  KeyPair,
  type TrustPins,
} from "@sluice/evidence";
import {
  documentHash,
  type AggregateAgreement,
  type AggregateStanding,
  type AggregateStatistic,
} from "@sluice/protocol";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import {
  agreementOf,
  countedRows,
  openDistricts,
  signAgreement,
  type District,
} from "../../domain/test/aggregate-fixture.ts";
import { startGateway, type GatewayIdentity, type RunningGateway } from "../src/index.ts";
import { clock, makeGateway, random, temporaryDirectory } from "./directories.ts";
import { RecordingProxy } from "../../../test/recording-proxy.ts";

const BOUNDS = [{ name: "age", low: 20, high: 60, scale: 1 }];
const code = (name: string) => expect.objectContaining({ code: name });

let directory: string;
let identity: GatewayIdentity;
let gateway: RunningGateway;
let agency: KeyPair;
let districts: District[];
const proxies = new Map<string, RecordingProxy>();

beforeAll(async () => {
  directory = await temporaryDirectory();
  agency = await generateKey();
  identity = await makeGateway(directory, agency.keyId);
  const gatewayKey = await importSigningKey(await readFile(join(directory, "keys", "gateway.key"), "utf8"));
  if (!(gatewayKey instanceof KeyPair)) throw new TypeError("an Ed25519 key");
  districts = await openDistricts(["north", "south", "east", "west"], {}, { agency, gateway: gatewayKey });
  gateway = await startGateway(directory, { publishIntervalMs: 0 });
  const bureau = clientOf(agency);
  const register = async (party: string, role: "source" | "caller" | "agency", key: KeyPair): Promise<void> => {
    const at = clock.now().toISOString();
    const statement = { type: "party", party, title: party, role, keyId: key.keyId, status: "active", at } as const;
    await bureau.putParty(await signDocument(statement, agency));
  };
  await register("bureau", "agency", agency);
  await register("caller", "caller", caller());
  for (const { name, parties, domain } of districts) {
    await register(`${name}-office`, "source", parties.department);
    const proxy = await RecordingProxy.start(domain.url);
    proxies.set(name, proxy);
    await bureau.registerDomain({ domain: name, url: proxy.url });
  }
});

afterAll(async () => {
  await gateway.close();
  for (const proxy of proxies.values()) await proxy.close();
  for (const district of districts) await district[Symbol.asyncDispose]();
  await rm(directory, { recursive: true, force: true });
});

const caller = (): KeyPair => {
  const [first] = districts;
  if (first === undefined) throw new RangeError("districts");
  return first.parties.caller;
};

/** What a party trusts. */
function pinsOf(): { trust: TrustPins } {
  const domains: TrustPins["domains"] = {};
  for (const { name, config, parties } of districts) {
    const { receiptKey, logKey, logOrigin } = config;
    domains[name] = { receiptKey, logKey, logOrigin, departmentKey: parties.department.keyId };
  }
  const { gatewayKey, logKey, logOrigin } = identity;
  const trust = { domains, gateway: { key: gatewayKey, logKey, logOrigin }, agencyKey: agency.keyId };
  return { trust };
}

function clientOf(key: KeyPair): SluiceClient {
  return createClient({ gatewayUrl: gateway.url, key, ...pinsOf(), random });
}

/** How an aggregation ended, as `key` sees it. */
async function ended(agreement: AggregateAgreement, key = caller()): Promise<AggregateStanding> {
  const aggregate = await documentHash(agreement);
  return await vi.waitFor(
    async () => {
      const standing = await clientOf(key).aggregate(aggregate);
      expect(standing.state).not.toBe("running");
      return standing;
    },
    { timeout: 60_000, interval: 50 },
  );
}

/** Σ1 and Σx of the rows that count, cut to [20, 60]. */
function plainMean(of: readonly District[]): string[] {
  const ages = of.flatMap(({ rows }) => countedRows(rows, 1)).map(({ age }) => Math.min(60, Math.max(20, age)));
  return [String(ages.length), String(ages.reduce((sum, age) => sum + age, 0))];
}

test("a caller begins what all departments signed, and opens the same sum from every domain; others see and get nothing", async () => {
  const three = districts.slice(0, 3);
  const body = await agreementOf(three, { kind: "mean", columns: BOUNDS }, { terms: { roundSeconds: 30 } });
  const signed = await signAgreement(body, three);
  const client = clientOf(caller());
  const begun = await client.beginAggregate(signed);
  expect(begun).toMatchObject({ state: "running", lost: [] });
  // Beginning it again changes nothing.
  expect((await client.beginAggregate(signed)).aggregate).toBe(begun.aggregate);
  expect(await ended(body)).toMatchObject({ state: "completed", lost: [] });
  const results = await client.aggregateResults(body, ["north", "south", "east"]);
  expect(results.map(({ result }) => result.body.domain)).toEqual(["north", "south", "east"]);
  expect(results[0]?.result.body.sum).toEqual(plainMean(three));
  const [, , , west] = districts;
  if (west === undefined) throw new RangeError("four districts");
  const stranger = clientOf(west.parties.department);
  await expect(stranger.aggregate(begun.aggregate)).rejects.toThrow(code("ERR_ROLE"));
  await expect(stranger.beginAggregate(signed)).rejects.toThrow(code("ERR_ROLE"));
  await expect(stranger.aggregateResults(body, ["north"])).rejects.toThrow(code("ERR_NOT_ADMITTED"));
  const [north] = three;
  const office = clientOf(north?.parties.department ?? agency);
  expect(await office.aggregateResults(body, ["north"])).toEqual(results.slice(0, 1));
  const changed = { ...signed, body: { ...body, plan: { ...body.plan, rowsAtMost: 7 } } };
  await expect(client.beginAggregate(changed)).rejects.toThrow(code("ERR_SIGNATURE"));
});

test("the command plans, has departments agree, runs and shows: what comes out is that of the pooled rows", async () => {
  const three = districts.slice(0, 3);
  const file = (name: string): string => join(directory, name);
  const { trust } = pinsOf();
  await writeFile(file("trust.json"), JSON.stringify(trust));
  await writeFile(file("caller.key"), await exportPrivateKey(caller()));
  const spec = {
    population: "the command",
    statistic: { kind: "mean", columns: BOUNDS },
    rowsAtMost: 1_000,
    rowsAtLeast: 10,
    rowsOfPerson: 1,
    deadline: new Date(Date.now() + 600_000).toISOString(),
    roundSeconds: 30,
    recipient: { party: "caller", keyId: caller().keyId },
    domains: Object.fromEntries(three.map(({ name, grant }) => [name, grant])),
  };
  await writeFile(file("spec.json"), JSON.stringify(spec));
  const env = { SLUICE_GATEWAY: gateway.url, SLUICE_TRUST: file("trust.json"), SLUICE_KEY: file("caller.key") };
  const plan = await sluice(["aggregate", "plan", file("spec.json"), file("plan.json")], { env });
  expect(plan).toMatchObject({ code: 0, stderr: "" });
  expect(await sluice(["aggregate", "plan", file("spec.json"), file("plan.json")], { env })).toMatchObject({ code: 2 });
  const early = await sluice(["aggregate", "run", file("plan.json")], { env });
  expect(early).toMatchObject({ code: 1 });
  const foreign = await sluice(["aggregate", "agree", file("plan.json"), "--key", file("caller.key")]);
  expect(foreign).toMatchObject({ code: 2 });
  for (const [i, { name, parties }] of three.entries()) {
    await writeFile(file(`${name}.key`), await exportPrivateKey(parties.department));
    const agreed = await sluice(["aggregate", "agree", file("plan.json"), "--key", file(`${name}.key`)]);
    expect(agreed.stdout).toContain(`${i + 1} of 3`);
  }
  const run = await sluice(["aggregate", "run", file("plan.json"), "--json"], { env });
  expect(run).toMatchObject({ code: 0, stderr: "" });
  const told = JSON.parse(run.stdout) as { aggregate: string; outcome: { count: number; means: number[] } };
  const [count = "", sum = ""] = plainMean(three);
  expect(told.outcome.count).toBe(Number(count));
  expect(told.outcome.means[0]).toBeCloseTo(Number(sum) / Number(count), 9);
  const office = { ...env, SLUICE_KEY: file("south.key") };
  const shown = await sluice(["aggregate", "show", told.aggregate], { env: office });
  expect(shown).toMatchObject({ code: 0, stderr: "" });
  expect(shown.stdout).toContain(`"count":${count}`);
});

test("a domain that is away for a round is lost, and the others go on; when too few are left nothing comes out", async () => {
  const [, south, east, west] = districts;
  if (south === undefined || east === undefined || west === undefined) throw new RangeError("four districts");
  const sums: AggregateStatistic = { kind: "sum", columns: BOUNDS };
  const four = districts.map((district) => district.at("persons-b"));
  const body = await agreementOf(four, sums, { terms: { roundSeconds: 3 } });
  losesAnswerTo(west, "rounds/shares");
  await clientOf(caller()).beginAggregate(await signAgreement(body, districts));
  expect(await ended(body)).toMatchObject({ state: "completed", lost: [{ domain: "west", round: "masked" }] });
  const names = ["north", "south", "east"];
  const results = await clientOf(caller()).aggregateResults(body, names);
  const ages = districts.slice(0, 3).flatMap(({ rows }) => countedRows(rows, 1));
  const sum = ages.reduce((total, { age }) => total + Math.min(60, Math.max(20, age)), 0);
  expect(results[1]?.result.body.sum).toEqual([String(sum)]);
  restoreProxies();
  const three = [south, east, west].map((district) => district.at("persons-c"));
  const few = await agreementOf(
    three,
    { kind: "histogram", column: "age", edges: [30] },
    { terms: { roundSeconds: 3 } },
  );
  losesAnswerTo(west, "rounds/masked");
  await clientOf(caller()).beginAggregate(await signAgreement(few, three));
  expect(await ended(few)).toMatchObject({ state: "aborted", reason: "ERR_AGGREGATE_TOO_FEW" });
  await expect(clientOf(caller()).aggregateResults(few, ["south"])).rejects.toThrow(code("ERR_STATE"));
  restoreProxies();
});

test("a gateway that starts again in the middle of a round goes on with it", async () => {
  const three = districts.slice(0, 3);
  const body = await agreementOf(three, { kind: "count" }, { terms: { roundSeconds: 60 } });
  const struck = Promise.withResolvers<void>();
  const [, , east] = three;
  if (east === undefined) throw new RangeError("three districts");
  losesAnswerTo(east, "rounds/masked", () => struck.resolve());
  await clientOf(caller()).beginAggregate(await signAgreement(body, three));
  await struck.promise;
  await gateway.close();
  restoreProxies();
  gateway = await startGateway(directory, { publishIntervalMs: 0 });
  expect(await ended(body)).toMatchObject({ state: "completed", lost: [] });
  const results = await clientOf(caller()).aggregateResults(body, ["north", "south", "east"]);
  expect(results[2]?.result.body.sum).toEqual([String(three.flatMap(({ rows }) => countedPersons(rows)).length)]);
});

/** No answer of a district to a request of that path arrives. */
function losesAnswerTo({ name }: District, path: string, lost: () => void = () => {}): void {
  const proxy = proxies.get(name);
  if (proxy === undefined) throw new RangeError(name);
  proxy.loses = (asked) => {
    const isLost = asked.includes(path);
    if (isLost) lost();
    return isLost;
  };
}

function restoreProxies(): void {
  for (const proxy of proxies.values()) proxy.loses = null;
}

/** Persons of the rows: a count takes one row of each, with a value or not. */
function countedPersons(rows: District["rows"]): string[] {
  return [...new Set(rows.map(({ person }) => person))];
}
