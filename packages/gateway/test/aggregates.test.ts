/** Aggregations of several domains through a gateway, as a caller begins them: the sum against the pooled tables, domains that are
 *  lost, and a gateway that starts again in the middle.
 *  @module */
import { readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { createClient, type SluiceClient } from "../../client/src/index.ts";
import { generateKey, importSigningKey, signDocument, KeyPair, type TrustPins } from "@sluice/evidence";
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

function clientOf(key: KeyPair): SluiceClient {
  const domains: TrustPins["domains"] = {};
  for (const { name, config, parties } of districts) {
    const { receiptKey, logKey, logOrigin } = config;
    domains[name] = { receiptKey, logKey, logOrigin, departmentKey: parties.department.keyId };
  }
  const { gatewayKey, logKey, logOrigin } = identity;
  const trust = { domains, gateway: { key: gatewayKey, logKey, logOrigin }, agencyKey: agency.keyId };
  return createClient({ gatewayUrl: gateway.url, key, trust, random });
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
