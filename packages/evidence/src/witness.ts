/** A witness (C2SP tlog-witness): cosigns the checkpoints of the logs it follows, each only when it continues the one it
 *  cosigned before. Of a log it learns sizes and roots, nothing of entries. It has no network and no disk of its own.
 *  @see https://c2sp.org/tlog-witness
 *  @module */
import { equalBytes, isSluiceError, sha256Hex, utf8, type Checkpoint, type Clock } from "@sluice/protocol";
import { openCheckpoint, type LogIdentity } from "./checkpoint.ts";
import type { KeyPair } from "./keys.ts";
import { parseNote } from "./signed-note.ts";
import { emptyRootHash, verifyConsistency, type TreeHead } from "./tree-hash.ts";
import { cosign } from "./witness-cosignature.ts";
import { parseAddCheckpoint, type AddCheckpoint } from "./witness-request.ts";

/** What a witness has cosigned of a log; absent, `checkpoint` was not kept yet. */
export type WitnessHead = TreeHead & {
  /** As the log signed it: it proves to the log itself what it was. */
  readonly checkpoint?: string | undefined;
};

/** Keeps what a witness has cosigned, by the origin of the log. */
export interface WitnessStore {
  /** The head last kept; null when there is none. */
  read(origin: string): Promise<WitnessHead | null>;
  /** Keeps `head`: it is on the disk when this returns. */
  write(origin: string, head: WitnessHead): Promise<void>;
}

/** Path at which a witness shows the checkpoint that it cosigned last of a log. */
export async function witnessedPath(origin: string): Promise<string> {
  return `/checkpoint/${await sha256Hex(utf8(origin))}`;
}

/** What a witness decides about a submission. */
export type WitnessDecision =
  /** The old size is above the checkpoint's. */
  | { readonly kind: "backwards" }
  /** The proof is from another size than the one cosigned last, or the root of that size is another. */
  | { readonly kind: "conflict"; readonly size: number }
  | { readonly kind: "inconsistent" }
  | { readonly kind: "cosign"; readonly head: TreeHead };

/** The answer of `add-checkpoint`. */
export type WitnessAnswer = { readonly status: number; readonly contentType: string; readonly body: string };

/** What the witness is made of. */
export type WitnessOptions = {
  /** Name in its signature lines. */
  readonly name: string;
  readonly key: KeyPair;
  /** Logs that it follows; one origin may stand with several keys. */
  readonly logs: readonly LogIdentity[];
  readonly store: WitnessStore;
  readonly clock: Clock;
};

const TEXT = "text/plain; charset=utf-8";

/** Decides about a checkpoint that its log signed, `last` being the head cosigned before. */
export function judgeCheckpoint(
  { size, rootHash }: TreeHead,
  { oldSize, proof }: Pick<AddCheckpoint, "oldSize" | "proof">,
  last: TreeHead | null,
): WitnessDecision {
  const known = last ?? { size: 0, rootHash: emptyRootHash() };
  if (oldSize > size) return { kind: "backwards" };
  if (oldSize !== known.size) return { kind: "conflict", size: known.size };
  if (size === known.size && !equalBytes(rootHash, known.rootHash)) return { kind: "conflict", size };
  const head = { size, rootHash };
  return verifyConsistency(known, head, proof) ? { kind: "cosign", head } : { kind: "inconsistent" };
}

/** A witness. Submissions of one log are taken one after the other. */
export class Witness {
  readonly #options: WitnessOptions;
  readonly #turns = new Map<string, Promise<unknown>>();

  constructor(options: WitnessOptions) {
    this.#options = options;
  }

  /** Answers the body of `add-checkpoint`. What it cosigns is kept before it signs. */
  async addCheckpoint(body: string): Promise<WitnessAnswer> {
    const request = parseAddCheckpoint(body);
    const text = request === null ? undefined : parseNote(request.checkpoint)?.text;
    if (request === null || text === undefined) return refusal(400, "the body does not have the documented form");
    const origin = text.slice(0, text.indexOf("\n"));
    const pinned = this.#options.logs.filter((log) => log.origin === origin);
    if (pinned.length === 0) return refusal(404, "this log is not followed here");
    const checkpoint = await openWithAny(request.checkpoint, pinned);
    if (checkpoint === null) return refusal(403, "no key of this log that is trusted here signed it");
    const decision = await this.#inTurn(origin, async () => {
      const { store } = this.#options;
      const judged = judgeCheckpoint(checkpoint, request, await store.read(origin));
      if (judged.kind === "cosign") await store.write(origin, { ...judged.head, checkpoint: request.checkpoint });
      return judged;
    });
    return await this.#answer(decision, text);
  }

  /** Answers a GET of `path`, as `witnessedPath` makes it; null when it is no such path of a log that is followed. */
  async showCheckpoint(path: string): Promise<WitnessAnswer | null> {
    for (const origin of new Set(this.#options.logs.map((log) => log.origin))) {
      if (path !== (await witnessedPath(origin))) continue;
      const checkpoint = (await this.#options.store.read(origin))?.checkpoint;
      return checkpoint === undefined ? null : { status: 200, contentType: TEXT, body: checkpoint };
    }
    return null;
  }

  async #answer(decision: WitnessDecision, text: string): Promise<WitnessAnswer> {
    switch (decision.kind) {
      case "cosign": {
        const { name, key, clock } = this.#options;
        return { status: 200, contentType: TEXT, body: await cosign(text, name, key, clock.now()) };
      }
      case "conflict":
        return { status: 409, contentType: "text/x.tlog.size", body: `${decision.size}\n` };
      case "inconsistent":
        return refusal(422, "the proof does not lead from the known tree to this one");
      case "backwards":
        return refusal(400, "the old size is above the checkpoint's");
    }
  }

  async #inTurn<T>(origin: string, work: () => Promise<T>): Promise<T> {
    const before = this.#turns.get(origin) ?? Promise.resolve();
    const turn = before.then(work, work);
    this.#turns.set(origin, turn);
    return await turn;
  }
}

async function openWithAny(text: string, pinned: readonly LogIdentity[]): Promise<Checkpoint | null> {
  for (const log of pinned) {
    try {
      return await openCheckpoint(text, log);
    } catch (error) {
      if (!isSluiceError(error, "ERR_LOG")) throw error;
    }
  }
  return null;
}

function refusal(status: number, reason: string): WitnessAnswer {
  return { status, contentType: TEXT, body: `${reason}\n` };
}
