/** Lookups in the fixture's product as a caller makes them, against the snapshot that they name.
 *  @module */
import { LookupClient } from "@sluice/mpc/lookup/client";
import {
  decodeAnswer,
  decodeLabelRecord,
  documentHash,
  SignedLookupSnapshot,
  type Bytes,
  type LookupSnapshot,
} from "@sluice/protocol";
import { expect } from "vitest";
import {
  finishedRun,
  get,
  plainBand,
  random,
  ROWS,
  rowText,
  sealedCall,
  send,
  use,
  type Fixture,
} from "./serving-fixture.ts";

/** A snapshot that can be asked. */
export interface OpenedLookup {
  readonly snapshot: LookupSnapshot;
  readonly snapshotHash: string;
  readonly client: LookupClient;
}

/** The rows of the fixture's table. */
export const LINES = Array.from({ length: ROWS }, (_, i) => rowText(i));
/** A row of another band than that of P2. */
export const OTHER = Array.from({ length: ROWS }, (_, i) => i).find((i) => plainBand(i) !== plainBand(2)) ?? 0;
/** Without P1; P2 has the row of another band, P400 is new. */
export const CHANGED = [
  ...LINES.filter((_, i) => i !== 1 && i !== 2),
  rowText(OTHER, "P2"),
  rowText(OTHER, `P${ROWS}`),
];

/** Builds what the table now holds, and waits for the end. */
export async function buildAgain(fixture: Fixture, grant: string): Promise<void> {
  const issuedAt = fixture.clock.now();
  const envelope = await use({ operation: "build", grant, key: fixture.parties.operator, issuedAt });
  await send(fixture, "/v1/builds", envelope);
  expect(await finishedRun(fixture, envelope.request.body.callId)).toMatchObject({ state: "completed" });
}

/** A part of a snapshot that callers fetch. */
export const lookupPart = (fixture: Fixture, hash: string, name: string): Promise<Bytes> =>
  get(fixture, `/v1/products/bands/snapshots/${hash}/${name}`);

/** What is served now, with its hints. */
export async function openCurrent(fixture: Fixture): Promise<OpenedLookup> {
  const bytes = await get(fixture, "/v1/products/bands/snapshot");
  const { body: snapshot } = SignedLookupSnapshot.parse(JSON.parse(new TextDecoder().decode(bytes)));
  const snapshotHash = await documentHash(snapshot);
  const hints = [await lookupPart(fixture, snapshotHash, "hint")];
  if (snapshot.delta !== undefined) hints.push(await lookupPart(fixture, snapshotHash, "delta-hint"));
  return { snapshot, snapshotHash, client: await LookupClient.open({ snapshot, snapshotHash, hints }) };
}

/** One of the two calls of a lookup; the receipt has to name `named`. */
export async function askLookup(
  { fixture, grant }: { readonly fixture: Fixture; readonly grant: string },
  operation: "lookup.evaluate" | "lookup.query",
  frame: Bytes,
  named: string,
): Promise<Bytes> {
  const issuedAt = fixture.clock.now();
  const call = await sealedCall(fixture, frame, { operation, grant, key: fixture.parties.caller, issuedAt });
  const answer = decodeAnswer(await send(fixture, "/v1/calls", call.envelope));
  expect(answer.receipt.openings.snapshot?.value).toBe(named);
  return call.open(answer.frame);
}

/** The label of `key`, or null. */
export async function lookUp(
  asker: { readonly fixture: Fixture; readonly grant: string },
  { client, snapshot, snapshotHash }: OpenedLookup,
  key: string,
): Promise<string | null> {
  const started = client.start(key, random);
  const query = await started.evaluated(await askLookup(asker, "lookup.evaluate", started.frame, snapshotHash));
  const value = await query.finish(await askLookup(asker, "lookup.query", query.frame, snapshotHash));
  return value === null ? null : (snapshot.vocabulary[decodeLabelRecord(value)] ?? null);
}
