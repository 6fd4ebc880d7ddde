/** Aggregations that this gateway relays. Messages are kept while one runs, so that a restart goes on with it.
 *  @module */
import {
  AGGREGATE_ROUNDS,
  AggregateLoss,
  documentHash,
  fromBase64url,
  SignedAggregate,
  toBase64url,
  type AggregateStanding,
  type Bytes,
  type Sha256Hex,
} from "@sluice/protocol";
import type { Kysely, Selectable } from "kysely";
import { z } from "zod";
import type { AggregateTable, Tables } from "./tables.ts";

/** An aggregation, with the number of the round whose messages are waited for. */
export interface HeldAggregate extends AggregateStanding {
  readonly place: number;
}

/** A message by the number of its sender. */
export interface HeldMessage {
  readonly party: number;
  readonly message: Bytes;
}

/** The aggregation of that agreement, or null. */
export async function findAggregate(db: Kysely<Tables>, aggregate: Sha256Hex): Promise<HeldAggregate | null> {
  const row = await db.selectFrom("aggregate").selectAll().where("aggregate", "=", aggregate).executeTakeFirst();
  return row === undefined ? null : parse(row);
}

/** Aggregations that are not at their end, by age. */
export async function runningAggregates(db: Kysely<Tables>): Promise<HeldAggregate[]> {
  const rows = await db.selectFrom("aggregate").selectAll().where("state", "=", "running").orderBy("at").execute();
  return rows.map(parse);
}

/** Keeps an agreement that is to be relayed. One that is there stays as it is. */
export async function putAggregate(db: Kysely<Tables>, agreement: SignedAggregate, at: Date): Promise<void> {
  const row = {
    aggregate: await documentHash(agreement.body),
    agreement: JSON.stringify(agreement),
    state: "running",
    round: 0,
    lost: "[]",
    reason: null,
    at: at.toISOString(),
  };
  await db
    .insertInto("aggregate")
    .values(row)
    .onConflict((conflict) => conflict.column("aggregate").doNothing())
    .execute();
}

/** Keeps a message of a round. */
export async function putMessage(
  db: Kysely<Tables>,
  { aggregate, round }: { readonly aggregate: Sha256Hex; readonly round: number },
  { party, message }: HeldMessage,
): Promise<void> {
  await db
    .insertInto("aggregate_message")
    .values({ aggregate, round, party, message: toBase64url(message) })
    .execute();
}

/** Messages of a round, by their senders. */
export async function messagesOf(db: Kysely<Tables>, aggregate: Sha256Hex, round: number): Promise<HeldMessage[]> {
  const rows = await db
    .selectFrom("aggregate_message")
    .select(["party", "message"])
    .where("aggregate", "=", aggregate)
    .where("round", "=", round)
    .orderBy("party")
    .execute();
  return rows.map(({ party, message }) => ({ party, message: fromBase64url(message) }));
}

/** Closes the round before `round`, with who was lost so far. */
export async function moveAggregate(
  db: Kysely<Tables>,
  aggregate: Sha256Hex,
  { round, lost }: { readonly round: number; readonly lost: readonly AggregateLoss[] },
): Promise<void> {
  await db
    .updateTable("aggregate")
    .set({ round, lost: JSON.stringify(lost) })
    .where("aggregate", "=", aggregate)
    .execute();
}

/** Ends an aggregation, and forgets its messages. */
export async function endAggregate(
  db: Kysely<Tables>,
  aggregate: Sha256Hex,
  { lost, reason }: { readonly lost: readonly AggregateLoss[]; readonly reason: string | null },
): Promise<void> {
  await db.transaction().execute(async (transaction) => {
    await transaction
      .updateTable("aggregate")
      .set({ state: reason === null ? "completed" : "aborted", reason, lost: JSON.stringify(lost) })
      .where("aggregate", "=", aggregate)
      .execute();
    await transaction.deleteFrom("aggregate_message").where("aggregate", "=", aggregate).execute();
  });
}

function parse(row: Selectable<AggregateTable>): HeldAggregate {
  const round = row.state === "running" ? AGGREGATE_ROUNDS[row.round] : undefined;
  return {
    aggregate: row.aggregate,
    agreement: SignedAggregate.parse(JSON.parse(row.agreement)),
    state: row.state === "running" || row.state === "completed" ? row.state : "aborted",
    ...(round === undefined ? {} : { round }),
    lost: z.array(AggregateLoss).parse(JSON.parse(row.lost)),
    ...(row.reason === null ? {} : { reason: row.reason }),
    place: row.round,
  };
}
