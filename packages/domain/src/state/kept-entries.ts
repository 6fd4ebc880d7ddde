/** Entries of the log that the state can make: of receipts and of events, each with its salt.
 *  @module */
import { commitment } from "@sluice/evidence";
import { fromHex, type Bytes } from "@sluice/protocol";
import type { AnswerStore } from "./answers.ts";
import type { EventStore } from "./events.ts";

/** Where what is logged is kept. */
export interface EntryStores {
  readonly answers: AnswerStore;
  readonly events: EventStore;
}

/** A document whose entry was determined. */
export interface KeptEntry {
  readonly entry: Bytes;
  note(index: number): void;
}

/** Entries of what was kept and not noted as logged. */
export function unlogged({ answers, events }: EntryStores): KeptEntry[] {
  return [
    ...answers.unlogged().map(({ callId, receipt, salt }) => ({
      entry: commitment(receipt, fromHex(salt)),
      note: (index: number) => answers.setLogIndex(callId, index),
    })),
    ...events.unlogged().map(({ id, event, salt }) => ({
      entry: commitment(event, fromHex(salt)),
      note: (index: number) => events.setLogIndex(id, index),
    })),
  ];
}

/** What the state noted at the highest index, or null. */
export function lastNoted({ answers, events }: EntryStores): { index: number; entry: Bytes } | null {
  const answer = answers.last();
  const event = events.last();
  const answerIndex = answer?.logIndex ?? -1;
  const eventIndex = event?.logIndex ?? -1;
  if (answer !== null && answerIndex > eventIndex) {
    return { index: answerIndex, entry: commitment(answer.receipt, fromHex(answer.salt)) };
  }
  return event === null ? null : { index: eventIndex, entry: commitment(event.event, fromHex(event.salt)) };
}
