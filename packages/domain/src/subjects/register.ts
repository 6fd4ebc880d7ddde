/** Work on the register of persons' requests.
 *  @module */
import { createSecretKey, timingSafeEqual } from "node:crypto";
import {
  concatBytes,
  fromHex,
  sha256Hex,
  SluiceError,
  toHex,
  utf8,
  type Bytes,
  type Clock,
  type Instant,
  type Random,
} from "@sluice/protocol";
import type { Keyring } from "../keyring.ts";
import type { EventStore } from "../state/events.ts";
import {
  DEFAULT_ANSWER_DAYS,
  type KeptRequest,
  type SubjectRequest,
  type SubjectRequestKind,
  type SubjectRequestStore,
} from "../state/subject-requests.ts";
import { membershipTag } from "./membership-tags.ts";
import type { NamedPerson } from "./person.ts";

const REQUEST_BYTES = 16;
const SALT_BYTES = 32;
/** Head of the commitment in an event: label, salt, request, tag. */
const ACCESS_LABEL = "sluice/subject-access/v1";
const DAY_MS = 86_400_000;

/** What the register works with. */
interface RegisterParts {
  readonly requests: SubjectRequestStore;
  readonly events: EventStore;
  readonly keyring: Keyring;
  readonly clock: Clock;
  readonly random: Random;
}

/** The register of one domain. */
export class SubjectRegister {
  readonly #parts: RegisterParts;

  constructor(parts: RegisterParts) {
    this.#parts = parts;
  }

  /** Opens a request of `person`. @throws ERR_USAGE when it was received in the future */
  open(
    kind: SubjectRequestKind,
    person: NamedPerson,
    { receivedAt, answerDays = DEFAULT_ANSWER_DAYS }: { readonly receivedAt?: Instant; readonly answerDays?: number },
  ): KeptRequest {
    const { clock, random, requests } = this.#parts;
    const now = clock.now().toISOString();
    const received = receivedAt ?? now;
    if (received > now) throw new SluiceError("ERR_USAGE", { reason: "a request was received in the future" });
    const name = toHex(random.bytes(REQUEST_BYTES));
    const request = {
      request: name,
      kind,
      resource: person.resource,
      receivedAt: received,
      dueAt: new Date(Date.parse(received) + answerDays * DAY_MS).toISOString(),
      answeredAt: null,
      tag: this.#tag(name, person),
      salt: random.bytes(SALT_BYTES),
    };
    requests.open(request);
    return request;
  }

  /** The request named `request`, or null when none is named.
   *  @throws ERR_NOT_FOUND, ERR_STATE when it asks for something else, ERR_SUBJECT_OTHER when somebody else asked */
  find(kind: SubjectRequestKind, person: NamedPerson, request: string | undefined): KeptRequest | null {
    if (request === undefined) return null;
    const found = this.#parts.requests.get(request);
    if (found === null) throw new SluiceError("ERR_NOT_FOUND", { kind: "request", name: request });
    if (found.kind !== kind) {
      throw new SluiceError("ERR_STATE", {
        kind: "request",
        name: request,
        state: `for a ${found.kind}`,
        needed: kind,
      });
    }
    if (found.resource !== person.resource || !timingSafeEqual(found.tag, this.#tag(request, person))) {
      throw new SluiceError("ERR_SUBJECT_OTHER", { request });
    }
    return found;
  }

  /** Notes, before anything is given out, that it will be: an event of the log, which the next start signs and logs.
   *  What nobody asked for before is a request from now on. */
  async noteAccess(kind: SubjectRequestKind, person: NamedPerson, asked: KeptRequest | null): Promise<KeptRequest> {
    const { events, clock } = this.#parts;
    const noted = asked ?? this.open(kind, person, {});
    const subject = await sha256Hex(concatBytes(utf8(ACCESS_LABEL), noted.salt, fromHex(noted.request), noted.tag));
    events.put({ kind: kind === "trail" ? "subject-trail" : "subject-copy", subject }, clock.now());
    return noted;
  }

  /** Notes that a request was answered. */
  noteAnswer(request: string): void {
    this.#parts.requests.answer(request, this.#parts.clock.now().toISOString());
  }

  /** Every request. */
  list(): SubjectRequest[] {
    return this.#parts.requests.list();
  }

  #tag(request: string, { resource, column, identifier }: NamedPerson): Bytes {
    return membershipTag(
      createSecretKey(this.#parts.keyring.derive("subject-request", resource, column, request)),
      identifier,
    );
  }
}
