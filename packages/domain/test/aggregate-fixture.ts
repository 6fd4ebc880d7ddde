/** Domains of several districts with one kind of table, agreements over them, and a relay that a test can turn against them.
 *  @module */
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { currentKey, generateKey, signDocument, type KeyPair } from "@sluice/evidence";
import { openQuery, SealKeyPair } from "@sluice/evidence/seal";
import {
  AGGREGATE_ROUNDS,
  aggregateSealContext,
  aggregateThreshold,
  documentHash,
  encodeAggregateRound,
  EvidencedAggregateResult,
  fromUtf8,
  toHex,
  type AggregateAgreement,
  type AggregatePlan,
  type AggregateRound,
  type AggregateStatistic,
  type AggregateTerms,
  type Bytes,
  type Grant,
  type SignedAggregate,
} from "@sluice/protocol";
import { importTable, initDomain, startDomain } from "../src/index.ts";
import { GENERATED } from "./data-fixture.ts";
import {
  clock,
  deliverGrant,
  PERSON_FIELDS,
  post,
  postJson,
  random,
  type Fixture,
  type Parties,
} from "./serving-fixture.ts";

/** A row of a district's table. */
export interface DistrictRow {
  readonly person: string;
  /** Null where the file has no value. */
  readonly age: number | null;
  readonly region: string;
}

/** A domain with its rows and the grant that it has for aggregations. */
export interface District extends Fixture {
  readonly name: string;
  readonly rows: readonly DistrictRow[];
  grant: string;
  /** The same district with its grant over another of its tables, of the same rows. */
  at(resource: string): District;
  /** Closes the domain and starts it again. */
  restart(): Promise<void>;
}

/** Rows of district `place`: of every third person two. */
export function districtRows(place: number, count = 60): DistrictRow[] {
  return Array.from({ length: count }, (_, i) => ({
    person: `${place}-${i - (i % 3 === 2 ? 1 : 0)}`,
    age: i % 20 === 19 ? null : 18 + ((i * 7 + place * 11) % 70),
    region: `R${(i * i + place) % 5}`,
  }));
}

/** Tables of each district: sums of one table are had over one set of parties, so each set of a test has its own. */
export const TABLES = ["persons", "persons-b", "persons-c"] as const;

/** Districts that share agency, gateway and caller, each with a department of its own. `given` keys are theirs, others are new. */
export async function openDistricts(
  names: readonly string[],
  change: Partial<Grant> = {},
  given: Partial<Parties> = {},
  rowsOf: (place: number) => DistrictRow[] = districtRows,
): Promise<District[]> {
  const keys = ["agency", "gateway", "recovery", "operator", "developer", "caller"] as const;
  const made = await Promise.all(keys.map(async (name) => [name, await generateKey()] as const));
  const shared = { ...Object.fromEntries(made), ...given };
  return await Promise.all(
    names.map(async (name, place) => {
      const parties = { ...shared, department: await generateKey() } as unknown as Parties;
      return await openDistrict(name, rowsOf(place), parties, change);
    }),
  );
}

async function openDistrict(
  name: string,
  rows: readonly DistrictRow[],
  parties: Parties,
  change: Partial<Grant>,
): Promise<District> {
  const directory = await mkdtemp(join(tmpdir(), "sluice-district-"));
  const home = join(directory, "home");
  const config = await initDomain(home, {
    domain: name,
    title: name,
    agencyKey: parties.agency.keyId,
    departmentKey: parties.department.keyId,
    gatewayKey: parties.gateway.keyId,
    recoveryKey: parties.recovery.keyId,
    random,
  });
  const file = join(directory, "persons.csv");
  const lines = rows.map(({ person, age, region }) => `${person},N,${age ?? ""},${region},true`);
  await writeFile(file, ["person,name,age,region,consented", ...lines, ""].join("\n"));
  const about = { title: "Persons", source: "Test", updateFrequency: "once" } as const;
  for (const resource of TABLES) await importTable(home, { ...about, resource, file, fields: PERSON_FIELDS });
  const start = () => startDomain(home, { workerThreads: 1, pause: () => Promise.resolve() });
  const district: District = {
    name,
    rows,
    directory: home,
    config,
    parties,
    policy: {
      version: 1,
      resource: "persons",
      columns: {
        age: { role: "quasi", transform: { kind: "keep" } },
        region: { role: "quasi", transform: { kind: "keep" } },
      },
      sample: { rows: 30, strata: [] },
      k: 2,
      suppressionLimit: 0.5,
      gate: GENERATED,
    },
    clock,
    domain: await start(),
    grant: "",
    at(resource) {
      const grant = grants.get(resource);
      if (grant === undefined) throw new RangeError(resource);
      return { ...district, grant };
    },
    async restart() {
      await district.domain.close();
      district.domain = await start();
    },
    async [Symbol.asyncDispose]() {
      await district.domain.close();
      await rm(directory, { recursive: true, force: true });
    },
  };
  const grants = new Map<string, string>();
  for (const resource of TABLES) {
    const policy = { ...district.policy, resource };
    const scene = { scene: resource, title: "Scene", purpose: "test", value: "A test." };
    const of = { resource, scene, ...change };
    grants.set(resource, await grantAggregates({ ...district, policy }, of));
  }
  district.grant = grants.get(TABLES[0]) ?? "";
  return district;
}

/** A grant over a district's table for aggregations. */
export async function grantAggregates(district: District, change: Partial<Grant> = {}): Promise<string> {
  return await deliverGrant(district, {
    domain: district.name,
    operations: ["aggregate"],
    quotas: [{ operation: "aggregate", amount: "20" }],
    ...change,
  });
}

/** What tests change of an agreement. */
export interface AgreementChange {
  readonly plan?: Partial<AggregatePlan>;
  readonly terms?: Partial<AggregateTerms>;
}

/** An agreement of the districts, as their departments are to sign it. */
export async function agreementOf(
  districts: readonly District[],
  statistic: AggregateStatistic,
  { plan, terms: changed }: AgreementChange = {},
): Promise<AggregateAgreement> {
  const [first] = districts;
  if (first === undefined) throw new RangeError("districts");
  const isCounted = statistic.kind === "histogram" || statistic.kind === "categories";
  const terms: AggregateTerms = {
    members: districts.map(({ parties, grant }) => ({ department: parties.department.keyId, grant })),
    rowsAtLeast: 10,
    rowsOfPerson: 1,
    ...(isCounted && plan?.noise === undefined ? { cellAtLeast: 10 } : {}),
    recipient: { party: "caller", keyId: first.parties.caller.keyId },
    deadline: new Date(Date.now() + 600_000).toISOString(),
    roundSeconds: 30,
    ...changed,
  };
  return {
    type: "aggregate",
    plan: {
      type: "aggregate-plan",
      version: 1,
      id: toHex(random.bytes(16)),
      population: toHex(random.bytes(4)),
      statistic,
      rowsAtMost: 1_000,
      field: "2^61-1",
      parties: districts.map(({ name, config }) => ({ party: name, key: currentKey(config.receiptKey) })),
      threshold: aggregateThreshold(districts.length, 0),
      colluding: 0,
      terms: await documentHash(terms),
      ...plan,
    },
    terms,
  };
}

/** Signed by the departments of the districts. */
export function signAgreement(body: AggregateAgreement, districts: readonly District[]): Promise<SignedAggregate> {
  return signDocument(body, ...districts.map(({ parties }) => parties.department));
}

/** A district's first message. */
export const joinAt = (district: District, signed: SignedAggregate): Promise<Bytes> =>
  postJson(district, "/v1/aggregates", signed);

/** A district's answer to the messages of a round. */
export async function hearAt(
  district: District,
  signed: SignedAggregate,
  round: AggregateRound,
  messages: readonly Bytes[],
): Promise<Bytes> {
  const path = `/v1/aggregates/${await documentHash(signed.body)}/rounds/${round}`;
  return await post(district, path, encodeAggregateRound(messages), "application/octet-stream");
}

/** Messages of all districts up to `last`, all of them told to all. `before` is done ahead of each later round. */
export async function relayUpTo(
  last: AggregateRound,
  districts: readonly District[],
  signed: SignedAggregate,
): Promise<Bytes[]> {
  let messages = await Promise.all(districts.map((district) => joinAt(district, signed)));
  for (const round of AGGREGATE_ROUNDS.slice(0, AGGREGATE_ROUNDS.indexOf(last))) {
    const told = messages;
    messages = await Promise.all(districts.map((district) => hearAt(district, signed, round, told)));
  }
  return messages;
}

/** Runs all rounds with everyone there. */
export async function runAll(districts: readonly District[], signed: SignedAggregate): Promise<void> {
  const messages = await relayUpTo("unmask", districts, signed);
  await Promise.all(districts.map((district) => hearAt(district, signed, "unmask", messages)));
}

/** What a district says to `key` of the sum. @throws the domain's refusal */
export async function resultOf(
  district: District,
  agreement: AggregateAgreement,
  key: KeyPair = district.parties.caller,
): Promise<EvidencedAggregateResult> {
  const pair = await SealKeyPair.derive(random.bytes(32));
  const ask = {
    type: "aggregate-ask" as const,
    domain: district.name,
    agreement: await documentHash(agreement),
    sealKey: pair.sealKey,
  };
  const sealed = await postJson(district, "/v1/aggregate-results", await signDocument(ask, key));
  const { content } = await openQuery(pair, sealed, await aggregateSealContext(ask));
  return EvidencedAggregateResult.parse(JSON.parse(fromUtf8(content)));
}

/** Rows that count: with a value, and the first `ofPerson` of each person. */
export function countedRows(rows: readonly DistrictRow[], ofPerson: number): { age: number; region: string }[] {
  const seen = new Map<string, number>();
  return rows.flatMap(({ person, age, region }) => {
    if (age === null) return [];
    const before = seen.get(person) ?? 0;
    seen.set(person, before + 1);
    return before < ofPerson ? [{ age, region }] : [];
  });
}
