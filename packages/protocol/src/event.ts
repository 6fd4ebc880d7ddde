/** Events (事件): what a domain did besides answering: it started, took a document, held or removed data. Each is signed
 *  like a receipt and has an entry in the domain's log, so that every entry of the log can be explained.
 *  @module */
import { z } from "zod";
import { Instant, Name, Sha256Hex } from "./identifiers.ts";
import { LogProof } from "./log.ts";
import { signedSchema } from "./signed.ts";

/** What happened. `subject` is the hash that stands beside each. */
export const EventKind = z.enum([
  /** The domain's process began: none. */
  "start",
  /** A table was imported: its snapshot. */
  "import",
  /** The safe profile of a table may be seen from now on: the profile. */
  "profile-published",
  /** An officer decided on the role or the grade of a column, or excluded it: a salted commitment. */
  "classified",
  /** An officer set or took back the rules on the quality of a table: a salted commitment. */
  "quality-rules",
  /** A document that the domain accepted: its body. */
  "grant",
  "grant-revoked",
  "release",
  "party",
  "status",
  /** A run began, before it touched data: the request. */
  "run",
  /** A product answers from now on: its snapshot. */
  "product-built",
  /** Files that a product had answered from are gone: its snapshot; none for what an interrupted build left. */
  "index-removed",
  /** A person's trail was given out: a salted commitment. */
  "subject-trail",
  /** A copy of a person's rows was written out: a salted commitment. */
  "subject-copy",
  /** The rows of a sample were written out for an officer: its certificate. */
  "sample-written",
  /** The department set how much privacy a table may give in all: the hash of table and budget. */
  "privacy-budget",
  /** A table paid for an answer under differential privacy, before it was computed: the question. */
  "privacy-spent",
  /** The domain takes part in an aggregation, before its rows are read: the agreement. */
  "aggregate-joined",
  /** The domain has opened the sum: what it signed of it, which has a salt. */
  "aggregate-result",
  /** The department allowed the runs of a grant to tell more by how they end: the hash of grant, operation and bits. */
  "outcome-budget",
  /** Entries, documents or personal references are gone. */
  "pruned",
  "erased",
  /** Data at rest is under a new key. */
  "data-key-rotated",
  /** The domain signs with another receipt key from now on: its keys over time, as whoever verifies pins them. */
  "key-rotated",
  /** Another key of the gateway is pinned, or one ends earlier: the gateway's keys over time, as this domain pins them. */
  "gateway-key-pinned",
  /** A product or a key is out of use. */
  "retired",
  /** State or log turned out to be older than what this domain had shown. */
  "rolled-back",
  /** A person decided to go on after that. */
  "resumed",
]);
export type EventKind = z.infer<typeof EventKind>;

/** Body of an event. Signed by the domain's receipt key. It holds no name and no value. */
export const DomainEvent = z.strictObject({
  type: z.literal("event"),
  domain: Name,
  kind: EventKind,
  /** Hash of the document concerned, or a salted commitment to what is. */
  subject: Sha256Hex.optional(),
  at: Instant,
});
export type DomainEvent = z.infer<typeof DomainEvent>;
export const SignedEvent = signedSchema(DomainEvent);
export type SignedEvent = z.infer<typeof SignedEvent>;

/** An event with the proof that it stands in its domain's log. */
export const EvidencedEvent = z.strictObject({ event: SignedEvent, domainLog: LogProof });
export type EvidencedEvent = z.infer<typeof EvidencedEvent>;

/** Query of a domain's events: the period [from, to) by its clock, and where the last page ended. */
export const EventQuery = z.strictObject({
  from: Instant,
  to: Instant,
  /** `next` of the page before. */
  after: z
    .string()
    .regex(/^[1-9][0-9]{0,15}$/)
    .optional(),
});
export type EventQuery = z.infer<typeof EventQuery>;

/** `GET /v1/events` of a domain, and `GET /v1/domains/{domain}/events` of the gateway, for the agency: in the order in which
 *  they were recorded. `next` is absent at the end. */
export const EventPage = z.strictObject({ items: z.array(EvidencedEvent), next: z.string().optional() });
export type EventPage = z.infer<typeof EventPage>;
