/** Files of agreements on sums over several domains: what is to be agreed, as its author writes it, and the agreement with the
 *  signatures that it has so far.
 *  @module */
import { writeFile } from "node:fs/promises";
import type { TrustPins } from "@sluice/evidence";
import {
  AggregateAgreement,
  AggregatePlan,
  AggregateTerms,
  aggregateThreshold,
  checkAggregateAgreement,
  documentHash,
  MAX_SIGNATURES,
  MIN_AGGREGATE_PERSONS,
  Name,
  Sha256Hex,
  Signature,
  toHex,
  type Random,
} from "@sluice/protocol";
import { z } from "zod";
import { usage } from "../command.ts";
import { readJsonFile } from "../files.ts";

const PLAN_ID_BYTES = 16;

/** What the author of an agreement decides; keys and hashes are filled in. */
const AggregateSpec = z.strictObject({
  ...AggregatePlan.pick({ population: true, statistic: true, rowsAtMost: true, noise: true }).shape,
  ...AggregateTerms.omit({ members: true }).shape,
  /** By domain, the grant under which it takes part. */
  domains: z.record(Name, Sha256Hex),
  field: AggregatePlan.shape.field.default("2^61-1"),
  colluding: AggregatePlan.shape.colluding.default(0),
});

/** An agreement with the signatures that it has. */
export const AgreementFile = z.strictObject({
  body: AggregateAgreement,
  signatures: z.array(Signature).max(MAX_SIGNATURES),
});
export type AgreementFile = z.infer<typeof AgreementFile>;

/** The agreement that the file `spec` describes, with the keys that `trust` pins of its domains.
 *  @throws ERR_USAGE, ERR_AGGREGATE_PLAN */
export async function draftAgreement(spec: string, trust: TrustPins, random: Random): Promise<AggregateAgreement> {
  const parsed = AggregateSpec.safeParse(await readJsonFile(spec, "file"));
  if (!parsed.success) throw misfit(spec, parsed.error);
  const { population, statistic, rowsAtMost, noise, domains, field, colluding, ...agreed } = parsed.data;
  const pinned = Object.entries(domains).map(([party, grant]) => {
    const pins = Object.hasOwn(trust.domains, party) ? trust.domains[party] : undefined;
    if (pins === undefined) throw usage(`the trust file pins no keys of domain ${party}`);
    return { party, grant, pins };
  });
  const { currentKey } = await import("@sluice/evidence");
  const isCounted = statistic.kind === "histogram" || statistic.kind === "categories";
  const least = isCounted && noise === undefined ? { cellAtLeast: MIN_AGGREGATE_PERSONS } : {};
  const terms = {
    ...least,
    members: pinned.map(({ grant, pins }) => ({ department: pins.departmentKey, grant })),
    ...agreed,
  };
  const body: AggregateAgreement = {
    type: "aggregate",
    plan: {
      type: "aggregate-plan",
      version: 1,
      id: toHex(random.bytes(PLAN_ID_BYTES)),
      population,
      statistic,
      rowsAtMost,
      field,
      parties: pinned.map(({ party, pins }) => ({ party, key: currentKey(pins.receiptKey) })),
      threshold: aggregateThreshold(pinned.length, colluding),
      colluding,
      ...(noise === undefined ? {} : { noise }),
      terms: await documentHash(terms),
    },
    terms,
  };
  await checkAggregateAgreement(body);
  return body;
}

/** The agreement in `file`. @throws ERR_USAGE, ERR_AGGREGATE_PLAN */
export async function readAgreement(file: string): Promise<AgreementFile> {
  const parsed = AgreementFile.safeParse(await readJsonFile(file, "agreement"));
  if (!parsed.success) throw misfit(file, parsed.error);
  await checkAggregateAgreement(parsed.data.body);
  return parsed.data;
}

/** Writes it; a file that is there is only replaced when `replace` says so. @throws ERR_USAGE */
export async function writeAgreement(file: string, agreement: AgreementFile, replace: boolean): Promise<void> {
  const text = `${JSON.stringify(agreement, null, 2)}\n`;
  await writeFile(file, text, { flag: replace ? "w" : "wx" }).catch((cause: unknown) => {
    throw usage(`${file} cannot be written, or is there already`, cause);
  });
}

function misfit(file: string, error: z.ZodError): Error {
  return usage(`${file} does not fit its schema at /${error.issues[0]?.path.join("/") ?? ""}`);
}
