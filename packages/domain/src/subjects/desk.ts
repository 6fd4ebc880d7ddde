/** The desk at which the source department answers persons: their trail, a copy of their rows, the register of what they
 *  asked. It works on a domain that is not running, on the domain's own machine: no message of the network can ask it.
 *  What is looked up is noted before it is given out.
 *  @module */
import type { KeyAccess } from "@sluice/evidence";
import { SluiceError, type Clock, type FieldName, type Instant, type Name, type Random } from "@sluice/protocol";
import { EventStore } from "../state/events.ts";
import { RollbackStore } from "../state/rollback.ts";
import { DocumentStore } from "../state/documents.ts";
import { MembershipStore } from "../state/memberships.ts";
import { openStopped } from "../stopped-domain.ts";
import { SubjectRequestStore, type SubjectRequest, type SubjectRequestKind } from "../state/subject-requests.ts";
import { copyFormatOf, copyText, writeCopy } from "./copy-file.ts";
import { personOf } from "./person.ts";
import { SubjectRegister } from "./register.ts";
import { holdingsOf, type Holding } from "./trail.ts";

/** Who is meant. */
export interface SubjectOptions {
  readonly resource: Name;
  /** Column that holds the identifier; needed where grants name persons by different ones. */
  readonly column?: FieldName;
  /** As the person gives it. */
  readonly identifier: string;
}

/** The trail of a row. A row that no table has, or that no build held, has the same trail without holdings. */
export interface SubjectTrail {
  readonly domain: Name;
  readonly resource: Name;
  readonly title: string;
  readonly column: FieldName;
  /** Columns by which other builds of the resource name persons: their trails are asked for apart. */
  readonly otherColumns: FieldName[];
  readonly request: string;
  readonly at: Instant;
  readonly holdings: Holding[];
}

/** An open desk. */
export interface SubjectDesk extends AsyncDisposable {
  /** Opens a request, to be answered within `answerDays` of the day it was received.
   *  @throws ERR_NOT_FOUND, ERR_USAGE */
  open(
    subject: SubjectOptions & {
      readonly kind: SubjectRequestKind;
      readonly receivedAt?: Instant;
      readonly answerDays?: number;
    },
  ): SubjectRequest;
  /** The trail, as the answer to `request` or to one that is opened now.
   *  @throws ERR_NOT_FOUND, ERR_USAGE, ERR_STATE, ERR_SUBJECT_OTHER, ERR_SEALED_FILE, ERR_ROLLED_BACK */
  trail(subject: SubjectOptions & { readonly request?: string }): Promise<SubjectTrail>;
  /** Writes a copy of the person's rows to the new file `out`. Returns how many they are.
   *  @throws ERR_NOT_FOUND, ERR_USAGE, ERR_STATE, ERR_SUBJECT_OTHER, ERR_STORE, ERR_DIRECTORY_UNWRITABLE */
  copy(
    subject: SubjectOptions & { readonly request?: string; readonly out: string },
  ): Promise<{ readonly request: string; readonly rows: number }>;
  /** Every request. */
  requests(): SubjectRequest[];
}

/** Opens the desk of the domain in `directory`. @throws ERR_DIRECTORY_STATE, ERR_DIRECTORY_LOCKED, ERR_KEY, ERR_MEMORY_FILES */
export async function openSubjectDesk(
  directory: string,
  options: {
    readonly clock: Clock;
    readonly random: Random;
    readonly memoryDirectory?: string | undefined;
    readonly keys?: KeyAccess | undefined;
  },
): Promise<SubjectDesk> {
  const { clock, random } = options;
  await using opening = new AsyncDisposableStack();
  const { store: data, db, keyring, files, domain } = opening.use(await openStopped(directory, options));
  const documents = new DocumentStore(db);
  const memberships = new MembershipStore(db);
  const register = new SubjectRegister({
    requests: new SubjectRequestStore(db),
    events: new EventStore(db),
    keyring,
    clock,
    random,
  });
  const rollback = new RollbackStore(db);
  const parts = { documents, memberships, data };
  const opened = opening.move();
  return {
    open(subject) {
      return shown(register.open(subject.kind, personOf(parts, subject), subject));
    },
    async trail(subject) {
      const person = personOf(parts, subject);
      const asked = register.find("trail", person, subject.request);
      const { reason } = rollback.read();
      if (reason !== null) throw new SluiceError("ERR_ROLLED_BACK", { reason });
      const { column, otherColumns, title, given } = person;
      const now = clock.now();
      const builds = memberships.ofResource(subject.resource);
      const source = { files, keyring, documents };
      const holdings = await holdingsOf(source, builds, { column, identifier: given }, now);
      const { request } = await register.noteAccess("trail", person, asked);
      register.noteAnswer(request);
      const at = now.toISOString();
      return { domain, resource: subject.resource, title, column, otherColumns, request, at, holdings };
    },
    async copy(subject) {
      const format = copyFormatOf(subject.out);
      const person = personOf(parts, subject);
      const asked = register.find("copy", person, subject.request);
      const found = await data.readSubject(person);
      const text = copyText(format, found, { domain, at: clock.now().toISOString() });
      const { request } = await writeCopy(subject.out, text, () => register.noteAccess("copy", person, asked));
      register.noteAnswer(request);
      return { request, rows: found.rows.length };
    },
    requests: () => register.list(),
    [Symbol.asyncDispose]: () => opened.disposeAsync(),
  };
}

/** What of a request may be shown. */
function shown({ request, kind, resource, receivedAt, dueAt, answeredAt }: SubjectRequest): SubjectRequest {
  return { request, kind, resource, receivedAt, dueAt, answeredAt };
}
