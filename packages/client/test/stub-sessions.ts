/** Sessions of calls at a stub of gateway and domain: a product that sums bytes, a set that is matched by oblivious transfer, and values
 *  that are summed.
 *  @module */
import { openQuery, type SessionSeal } from "@sluice/evidence/seal";
import { JoinSumDomain, prepareSumSet, type SumSet } from "@sluice/mpc/he/join-sum/domain";
import { psiEntry } from "@sluice/mpc/psi/sender";
import { MeasuredSession } from "@sluice/mpc/session/client";
import { transferSet, TransferSender } from "@sluice/mpc/psi/transfer-sender";
import { SessionHost } from "@sluice/mpc/session/server";
import {
  decodeCall,
  decodeSessionMessage,
  decodeSessionOpening,
  encodeSessionReply,
  encodeSessionSummary,
  fromHex,
  isSluiceError,
  padPsiItems,
  sealingContext,
  SluiceError,
  toHex,
  type AnswerEnvelope,
  type Bytes,
  type Session,
  type SessionReply,
  type SessionSummary,
  type Table,
  type UseRequest,
} from "@sluice/protocol";
import type { ServerResponse } from "node:http";
import { sendProblem, type StubCity } from "./stub-city.ts";
import { reportProduct, type MakeProduct } from "./stub-products.ts";

const TABLE: Table = {
  kind: "table",
  dimensions: [],
  measures: [],
  cells: [],
  totals: [],
  total: 0,
  minimum: 10,
  base: 5,
};
/** Frames that the summing role takes. */
export const FRAMES = 12;
/** The set of the product `equals`. */
export const PEOPLE: readonly string[] = Array.from({ length: 30 }, (_, i) => `person-${i}`);
/** What the product `fees` has of each of them, in hundredths. */
export const feeOf = (i: number): number => 100 * i - 50;
/** Its terms, and the noise of its stub. */
const TERMS = { paddedItems: 32, bound: 100_000, minimum: 10, noise: { epsilon: "2", budget: "10", shift: 1 } };
export const NOISE = 7n;
const PURPOSE = "medical-aid";
const HASHED = transferSet(PEOPLE);

class Summing implements Session {
  #taken = 0;
  #sum = 0;
  step(frame?: Bytes): ReturnType<Session["step"]> {
    if (frame === undefined) return Promise.resolve({ send: [] });
    this.#sum += frame[0] ?? 0;
    if (++this.#taken < FRAMES) return Promise.resolve({ send: [] });
    return Promise.resolve({ send: [Uint8Array.of(this.#sum)], done: null });
  }
}

/** What the stub's domain holds of one call. */
interface Held {
  readonly seal: SessionSeal;
  readonly ended: Promise<unknown>;
  readonly answer: () => Promise<AnswerEnvelope | null>;
}

/** The sessions of a city. */
export class StubSessions {
  host = new SessionHost({ maxSessions: 4, maxPerGroup: 4 });
  readonly held = new Map<string, Held>();
  /** Openings that came. */
  opened = 0;
  /** Replies that are lost, by number of the reply from the start. */
  lost: (reply: number) => boolean = () => false;
  /** What the stub does to a reply, and to a summary. */
  bend: (reply: SessionReply) => SessionReply = (reply) => reply;
  bendSummary: (summary: SessionSummary) => SessionSummary = (summary) => summary;
  readonly #summaries = new Map<string, SessionSummary>();
  readonly #replied = new Map<string, Promise<Bytes>>();

  /** Products for `StubCity.start`. */
  readonly products: Readonly<Record<"sums" | "equals" | "fees", MakeProduct>> = {
    sums: async (served) => ({
      ...(await reportProduct(TABLE)(served)),
      measure: (content) => decodeSessionOpening(content).items,
      answer: (content) => {
        const summary = this.#summaries.get(toHex(decodeSessionOpening(content).snapshot));
        if (summary === undefined) throw new SluiceError("ERR_SESSION_ENDED", { reason: "test" });
        return Promise.resolve(encodeSessionSummary(this.bendSummary(summary)));
      },
    }),
    equals: async (served) => ({
      ...(await this.products.sums(served)),
      snapshot: {
        type: "psi-snapshot",
        ...served,
        purpose: PURPOSE,
        parameters: { kind: "psi-ids", method: "transfer", paddedItems: padPsiItems(HASHED.count) },
        epoch: 1,
      },
    }),
    fees: async (served) => ({
      ...(await this.products.sums(served)),
      snapshot: {
        type: "join-sum-snapshot",
        ...served,
        purpose: PURPOSE,
        parameters: { digits: 2, terms: TERMS, sumEpsilon: "1", set: "0".repeat(64) },
        epoch: 1,
      },
    }),
  };

  /** Values of the product `fees`, once its identity is known. */
  #fees: Promise<SumSet> | null = null;

  /** Begins anew, and serves the sessions of `city`. */
  begin(city: StubCity): void {
    this.host = new SessionHost({ maxSessions: 4, maxPerGroup: 4 });
    for (const map of [this.held, this.#summaries, this.#replied]) map.clear();
    this.opened = 0;
    this.lost = () => false;
    this.bend = (reply) => reply;
    this.bendSummary = (summary) => summary;
    let replies = 0;
    city.hooks = {
      route: async ({ url = "" }, body, response) => {
        if (!url.startsWith("/v1/sessions")) return false;
        try {
          const reply = url === "/v1/sessions" ? await this.#open(city, body) : await this.#goOn(url, body);
          if (this.lost(replies++)) response.destroy();
          else this.#send(response, reply);
        } catch (error) {
          const { code, details } = isSluiceError(error)
            ? error
            : new SluiceError("ERR_INTERNAL", { reference: "stub" });
          sendProblem(response, new SluiceError(code, details, { refusedBy: "domain" }));
        }
        return true;
      },
    };
  }

  close(): void {
    this.host.close();
  }

  #send(response: ServerResponse, reply: SessionReply): void {
    response.end(encodeSessionReply(this.bend(reply)));
  }

  async #open(city: StubCity, body: Bytes): Promise<SessionReply> {
    const envelope = decodeCall(body);
    const { callId, product } = envelope.request.body;
    this.opened++;
    if (!this.held.has(callId)) {
      const query = await openQuery(city.domainKeys.seal, envelope.frame, sealingContext(envelope.request.body));
      const { items, snapshot } = decodeSessionOpening(query.content);
      const sender = { session: fromHex(callId), snapshot: toHex(snapshot), purpose: PURPOSE, list: HASHED };
      const own =
        product === "equals"
          ? TransferSender.create(sender)
          : product === "fees"
            ? await this.#fee(envelope.request.body, sender)
            : new Summing();
      let ready = false;
      const role = new MeasuredSession(own, "domain", async (totals) => {
        const { receivedBytes: callerBytes, sentBytes: domainBytes, digest } = totals;
        this.#summaries.set(toHex(snapshot), { items, callerBytes, domainBytes, digest });
        ready = true;
        await Promise.resolve();
      });
      const ended = this.host.run({ id: fromHex(callId), role, group: "grant" }).catch((error: unknown) => error);
      const answer = async () => (ready ? await city.answer(envelope) : null);
      this.held.set(callId, { seal: await query.session(), ended, answer });
    }
    return { sealed: new Uint8Array(), answer: null };
  }

  async #fee(
    { domain, product, version, grant }: UseRequest,
    { session, snapshot }: { readonly session: Bytes; readonly snapshot: string },
  ): Promise<Session> {
    const identity = { domain, product, version, grant, purpose: PURPOSE, epoch: 1 };
    const rows = PEOPLE.map((person, i) => ({ entry: psiEntry(person), value: feeOf(i) }));
    this.#fees ??= prepareSumSet({ identity, bound: TERMS.bound, rows });
    const dummies = { shift: TERMS.noise.shift, matches: TERMS.noise.shift };
    return JoinSumDomain.create({
      session,
      snapshot,
      identity,
      terms: TERMS,
      set: await this.#fees,
      dummies,
      noise: [NOISE],
    });
  }

  async #goOn(url: string, body: Bytes): Promise<SessionReply> {
    const callId = url.split("/").at(-1) ?? "";
    const session = this.held.get(callId);
    if (session === undefined) throw new SluiceError("ERR_SESSION_ENDED", { reason: "test" });
    const { number, sealed } = decodeSessionMessage(body);
    const key = `${callId} ${number}`;
    const answered = async (): Promise<Bytes> => {
      const packet = await session.seal.open(number, sealed);
      return await session.seal.seal(number, await this.host.answer(packet, new AbortController().signal));
    };
    const reply = this.#replied.get(key) ?? answered();
    this.#replied.set(key, reply);
    return { sealed: await reply, answer: await session.answer() };
  }
}
