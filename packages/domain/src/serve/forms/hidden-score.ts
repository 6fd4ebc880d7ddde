/** Scoring by a model that stays in the domain: one hidden layer with square activations. The model lies sealed beside the other
 *  things that products serve from; the snapshot has its public parameters and a salted hash. A request computes all slots,
 *  whatever its caller fills in, and scores determine a quadratic form: so each is charged as 8,192 rows. A retry of one call has its
 *  answer; the same frame in another call gets other noise and is paid for again.
 *  @module */
import { planHidden, type HiddenTask } from "@sluice/mpc/he/hidden/server";
import {
  canonicalBytes,
  documentHash,
  fromUtf8,
  HIDDEN_ROWS,
  hiddenRequestBytes,
  readHiddenHead,
  SluiceError,
  SquareNetwork,
  toHex,
  type Bytes,
  type HiddenParameters,
  type ScoreSnapshot,
} from "@sluice/protocol";
import type { ServedProduct } from "../../state/work.ts";
import type { DomainContext } from "../context.ts";
import { servedPart, writeIndex } from "../indexes.ts";
import { transferable } from "../work-pools.ts";
import { servedMembers, signProduct, type ProductSource, type ServedContent } from "./product-form.ts";

const NETWORK_PART = "network.json";

/** @throws ERR_SCORE_MODEL when no scales hold its scores and their noise */
export async function buildHidden(
  context: DomainContext,
  source: ProductSource,
  { network, link, resolution }: Extract<ServedContent, { kind: "square-network" }>,
): Promise<ServedProduct> {
  const parameters = await planHidden(network, { resolution });
  const index = await writeIndex(context, source.run.callId, { [NETWORK_PART]: canonicalBytes(network) });
  const body: ScoreSnapshot = {
    type: "score-snapshot",
    ...servedMembers(context, source),
    model: parameters.network,
    parameters,
    link,
  };
  return await signProduct(context, source, body, index);
}

/** All slots, by the length of the frame and its head: keys and columns are taken apart on a thread of their own.
 *  @throws ERR_FRAME_MALFORMED, ERR_SNAPSHOT when it names other parameters */
export async function measureHidden(parameters: HiddenParameters, frame: Bytes): Promise<bigint> {
  const { features } = parameters;
  const bytes = hiddenRequestBytes(features.length);
  if (frame.length !== bytes) {
    throw new SluiceError("ERR_FRAME_MALFORMED", { field: "frame", expected: `${bytes} bytes` });
  }
  const head = readHiddenHead(frame);
  if (head.features !== features.length) {
    throw new SluiceError("ERR_FRAME_MALFORMED", { field: "features", expected: String(features.length) });
  }
  if (toHex(head.parameters) !== (await documentHash(parameters))) throw new SluiceError("ERR_SNAPSHOT");
  return BigInt(HIDDEN_ROWS);
}

/** @throws ERR_SEALED_FILE, ERR_DIRECTORY_STATE when the model is not the snapshot's; ERR_SCORE_KEY, ERR_SCORE_CIPHERTEXT,
 *  ERR_POOL_FULL, ERR_POOL_WORKER, ERR_CANCELLED */
export async function answerHidden(
  context: DomainContext,
  { served, parameters }: { readonly served: ServedProduct; readonly parameters: HiddenParameters },
  frame: Bytes,
  signal: AbortSignal,
): Promise<Bytes> {
  const bytes = await context.files.read(servedPart(served, NETWORK_PART), { signal });
  const network = SquareNetwork.safeParse(JSON.parse(fromUtf8(bytes)));
  if (!network.success || (await documentHash(network.data)) !== parameters.network) {
    const facts = { directory: served.index ?? "", expected: "an intact model", command: "sluice build" };
    throw new SluiceError("ERR_DIRECTORY_STATE", facts);
  }
  const task: HiddenTask = { network: network.data, parameters, frame };
  return await context.pools.answer<Bytes>("hidden", "score.hidden", task, { signal, transfer: transferable(frame) });
}
