/** `sluice aggregate plan`, `agree`, `run` and `show`
 *  @module */
import { setTimeout } from "node:timers/promises";
import type { SluiceClient } from "@sluice/client";
import { isSluiceError, Sha256Hex, type AggregateStanding } from "@sluice/protocol";
import { JSON_OPTION, usage, type Arguments, type Command, type CommandIo } from "../command.ts";
import { readTextFile } from "../files.ts";
import { openClient, PARTY_OPTIONS, TRUST_OPTION, trustOf } from "../party-context.ts";

/** Time between two looks at an aggregation that runs. */
const LOOK_MS = 500;

/** Writes down what is to be agreed. */
export const aggregatePlan: Command = {
  path: ["aggregate", "plan"],
  summary: "write the agreement that SPEC describes to FILE, for departments to sign: a sum over several domains",
  positionals: ["SPEC", "FILE"],
  options: TRUST_OPTION,
  notes:
    "SPEC is JSON: population, statistic, rowsAtMost, rowsAtLeast, rowsOfPerson, deadline, roundSeconds, domains (names with\n" +
    "their grants), and where wanted recipient, noise, colluding, field. Histograms and categories without noise have cellAtLeast,\n" +
    "the fewest persons of a domain in a cell: 10 if SPEC has none. docs/aggregation.md explains each.",
  async run(args, io) {
    const { draftAgreement, writeAgreement } = await import("../aggregate/agreement-file.ts");
    const { agreementText } = await import("../aggregate/aggregate-text.ts");
    const { systemRandom } = await import("@sluice/client");
    const body = await draftAgreement(args.positional(0), await trustOf(args, io), systemRandom);
    await writeAgreement(args.positional(1), { body, signatures: [] }, false);
    io.stdout.write(agreementText(body));
    return 0;
  },
};

/** Signs it for a department. */
export const aggregateAgree: Command = {
  path: ["aggregate", "agree"],
  summary: "sign the agreement in FILE with a department's key, and add the signature to it",
  positionals: ["FILE"],
  options: { key: { value: "FILE", description: "private key of the department" } },
  async run(args, io) {
    const { readAgreement, writeAgreement } = await import("../aggregate/agreement-file.ts");
    const { agreementText } = await import("../aggregate/aggregate-text.ts");
    const { importSigningKey, signDocument } = await import("@sluice/evidence");
    const file = args.positional(0);
    const { body, signatures } = await readAgreement(file);
    const key = await importSigningKey(await readTextFile(args.required("key"), "key file"));
    if (!body.terms.members.some(({ department }) => department === key.keyId)) {
      throw usage("the agreement names no department with this key");
    }
    const signed = await signDocument(body, key);
    const others = signatures.filter(({ keyId }) => keyId !== key.keyId);
    await writeAgreement(file, { body, signatures: [...others, ...signed.signatures] }, true);
    io.stdout.write(agreementText(body));
    io.stdout.write(`signed 已签 ${others.length + 1} of ${body.terms.members.length}\n`);
    return 0;
  },
};

/** Has it done, and shows what came out. */
export const aggregateRun: Command = {
  path: ["aggregate", "run"],
  summary: "have the gateway run the agreement in FILE that all departments signed, and show what came out",
  positionals: ["FILE"],
  options: { ...PARTY_OPTIONS, ...JSON_OPTION },
  notes:
    "For the recipient or a department. Interrupted, it goes on at the gateway; the same command, or show, finds it again.",
  async run(args, io) {
    const { readAgreement } = await import("../aggregate/agreement-file.ts");
    const agreement = await readAgreement(args.positional(0));
    const client = await openClient(args, io);
    let standing = await client.beginAggregate(agreement, { signal: io.signal });
    while (standing.state === "running") {
      await setTimeout(LOOK_MS, undefined, { signal: io.signal }).catch(() => {});
      standing = await client.aggregate(standing.aggregate, { signal: io.signal });
    }
    return await tell(client, standing, args, io);
  },
};

/** Shows one. */
export const aggregateShow: Command = {
  path: ["aggregate", "show"],
  summary: "show how far an aggregation is, who was lost, and what came out",
  positionals: ["HASH"],
  options: { ...PARTY_OPTIONS, ...JSON_OPTION },
  async run(args, io) {
    const hash = Sha256Hex.safeParse(args.positional(0));
    if (!hash.success) throw usage("HASH expected 64 hexadecimal digits");
    const client = await openClient(args, io);
    return await tell(client, await client.aggregate(hash.data, { signal: io.signal }), args, io);
  },
};

/** Prints the standing and, at the end, the result that every domain it may ask has signed. Exit code 1 where nothing came out. */
async function tell(
  client: SluiceClient,
  standing: AggregateStanding,
  args: Arguments,
  io: CommandIo,
): Promise<number> {
  const { outcomeDocument, plainJson, standingText } = await import("../aggregate/aggregate-text.ts");
  const { body } = standing.agreement;
  const results = standing.state === "completed" ? await resultsOf(client, standing, io) : [];
  const outcome = outcomeDocument(body, results);
  if (args.flag("json")) io.stdout.write(`${plainJson({ ...standing, ...outcome, results })}\n`);
  else {
    io.stdout.write(standingText(standing));
    if (results.length > 0) io.stdout.write(`${plainJson(outcome)}\n`);
  }
  return standing.state === "aborted" ? 1 : 0;
}

/** Those of all domains for the recipient; a department has its own domain's. */
async function resultsOf(client: SluiceClient, { agreement, lost }: AggregateStanding, { signal }: CommandIo) {
  const { body } = agreement;
  const left = body.plan.parties
    .map(({ party }) => party)
    .filter((name) => !lost.some(({ domain }) => domain === name));
  try {
    return await client.aggregateResults(body, left, { signal });
  } catch (error) {
    if (!isSluiceError(error, "ERR_NOT_ADMITTED")) throw error;
  }
  for (const domain of left) {
    try {
      return await client.aggregateResults(body, [domain], { signal });
    } catch (error) {
      if (!isSluiceError(error, "ERR_NOT_ADMITTED")) throw error;
    }
  }
  return [];
}
