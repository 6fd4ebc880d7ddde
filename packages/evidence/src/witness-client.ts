/** Asking witnesses to cosign a log's checkpoints (C2SP tlog-witness, client). A witness that is slow, away or wrong
 *  costs its cosignature, never the publication.
 *  @see https://c2sp.org/tlog-witness
 *  @module */
import type { Bytes, Checkpoint, KeyId } from "@sluice/protocol";
import { readBoundedBody } from "./bounded-body.ts";
import type { Cosign } from "./log-options.ts";
import { MAX_NOTE_CHARS, MAX_NOTE_SIGNATURES } from "./signed-note.ts";
import { openCosignatures, type WitnessIdentity } from "./witness-cosignature.ts";
import { formatAddCheckpoint } from "./witness-request.ts";
import { witnessedPath } from "./witness.ts";

/** How long a witness may take for one answer. */
export const DEFAULT_WITNESS_TIMEOUT_MS = 5_000;
/** Lines of the log itself: Ed25519 and SM2. */
const MAX_OWN_LINES = 2;
/** Submissions of one checkpoint to one witness: the size that it knows may rise meanwhile. */
const MAX_TRIES = 4;
/** Body of a refusal that tells the size that the witness knows. */
const KNOWN_SIZE = /^(?:0|[1-9][0-9]{0,15})\n$/;
/** Longest answer that is read, in bytes. */
const MAX_ANSWER_BYTES = 16_384;

/** Where a witness takes submissions: `<url>/add-checkpoint`. */
export type WitnessAddress = WitnessIdentity & { readonly url: string };

/** What became of one submission. `ahead`: the witness says that it has cosigned a longer log, so this one has lost entries
 *  unless a longer checkpoint of it was submitted meanwhile. `inconsistent`: it says that it has cosigned another tree. Nobody
 *  signed either answer: only a checkpoint with the log's own signature proves it. The operator must know all the same. */
export type WitnessOutcome = {
  readonly witness: string;
  readonly outcome: "cosigned" | "refused" | "ahead" | "inconsistent" | "unreachable";
  /** Status of a refusal. */
  readonly status?: number;
  /** Entries of the log that the witness has cosigned, when it is ahead. */
  readonly size?: number;
  /** What the witness shows as the checkpoint that it cosigned last, when it is ahead or inconsistent; nothing is checked. */
  readonly checkpoint?: string;
};

/** How witnesses are asked. */
export type CosignOptions = {
  readonly fetch: (url: string, init: RequestInit) => Promise<Response>;
  readonly timeoutMs?: number;
  /** Told of every submission. */
  readonly onOutcome?: (outcome: WitnessOutcome) => void;
};

/** Asks every one of `witnesses` at once, and adds the lines that are valid; see `Cosign`. */
export function askWitnesses(witnesses: readonly WitnessAddress[], options: CosignOptions): Cosign {
  const { onOutcome = () => undefined } = options;
  /** Sizes that the witnesses know; a witness says when another was meant. */
  const known = new Map<KeyId, number>();
  return async (checkpoint, log) => {
    const answers = await Promise.all(
      witnesses.map(async (witness) => {
        const answer = await ask(witness, checkpoint, log, known, options);
        const { outcome } = answer.outcome;
        const contradicted = outcome === "ahead" || outcome === "inconsistent";
        const shown = contradicted ? await witnessed(witness, checkpoint, log, options) : undefined;
        onOutcome({ witness: witness.name, ...answer.outcome, ...(shown === undefined ? {} : { checkpoint: shown }) });
        return answer.line;
      }),
    );
    let { text } = checkpoint;
    for (const line of answers.slice(0, MAX_NOTE_SIGNATURES - MAX_OWN_LINES)) {
      if (text.length + line.length <= MAX_NOTE_CHARS) text += line;
    }
    return text;
  };
}

type Answer = { line: string; outcome: Omit<WitnessOutcome, "witness"> };
type LogView = { consistency: (fromSize: number) => Promise<Bytes[]>; signal: AbortSignal };

async function ask(
  witness: WitnessAddress,
  checkpoint: Checkpoint,
  log: LogView,
  known: Map<KeyId, number>,
  options: CosignOptions,
): Promise<Answer> {
  try {
    const before = known.get(witness.witnessKey) ?? 0;
    let oldSize = before <= checkpoint.size ? before : 0;
    let response = await submit(witness, checkpoint, log, oldSize, options);
    for (let tries = 1; response.status === 409 && KNOWN_SIZE.test(response.body); tries++) {
      const size = Number(response.body);
      if (size > checkpoint.size) return { line: "", outcome: { outcome: "ahead", size } };
      // It knows a tree of the very size that was proved from, or of this size, and not this tree.
      if (size === oldSize) return { line: "", outcome: { outcome: "inconsistent" } };
      if (tries === MAX_TRIES) break;
      oldSize = size;
      response = await submit(witness, checkpoint, log, oldSize, options);
    }
    if (response.status === 422) return { line: "", outcome: { outcome: "inconsistent" } };
    if (response.status !== 200) return { line: "", outcome: { outcome: "refused", status: response.status } };
    const line = await ownLine(witness, checkpoint.text, response.body);
    if (line === null) return { line: "", outcome: { outcome: "refused", status: 200 } };
    known.set(witness.witnessKey, checkpoint.size);
    return { line, outcome: { outcome: "cosigned" } };
  } catch {
    return { line: "", outcome: { outcome: "unreachable" } };
  }
}

/** The checkpoint that the witness cosigned last, where it shows it: witnesses of this project do. */
async function witnessed(
  { url }: WitnessAddress,
  { text }: Checkpoint,
  { signal }: LogView,
  { fetch: get, timeoutMs = DEFAULT_WITNESS_TIMEOUT_MS }: CosignOptions,
): Promise<string | undefined> {
  try {
    const response = await get(addressOf(url, await witnessedPath(text.slice(0, text.indexOf("\n")))), {
      redirect: "error",
      signal: AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]),
    });
    const body = new TextDecoder().decode(await readBoundedBody(response, MAX_ANSWER_BYTES));
    return response.status === 200 ? body : undefined;
  } catch {
    return undefined;
  }
}

function addressOf(url: string, path: string): string {
  return `${url.replace(/\/+$/, "")}${path}`;
}

/** The first line of an answer that is a valid cosignature of this witness. */
async function ownLine(witness: WitnessIdentity, text: string, body: string): Promise<string | null> {
  for (const line of body.split("\n").slice(0, MAX_NOTE_SIGNATURES)) {
    if ((await openCosignatures(`${text}${line}\n`, [witness])).length === 1) return `${line}\n`;
  }
  return null;
}

async function submit(
  { url }: WitnessAddress,
  checkpoint: Checkpoint,
  log: LogView,
  oldSize: number,
  { fetch: send, timeoutMs = DEFAULT_WITNESS_TIMEOUT_MS }: CosignOptions,
): Promise<{ status: number; body: string }> {
  const proof = await log.consistency(oldSize);
  const response = await send(addressOf(url, "/add-checkpoint"), {
    method: "POST",
    headers: { "content-type": "text/plain; charset=utf-8" },
    body: formatAddCheckpoint({ oldSize, proof, checkpoint: checkpoint.text }),
    redirect: "error",
    signal: AbortSignal.any([log.signal, AbortSignal.timeout(timeoutMs)]),
  });
  return { status: response.status, body: new TextDecoder().decode(await readBoundedBody(response, MAX_ANSWER_BYTES)) };
}
