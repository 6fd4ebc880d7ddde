/** What the cases of refusal act on: the running city, its standing grants, its product.
 *  @module */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { random128, signUse, systemClock, systemRandom, type UseSubject } from "@sluice/client";
import { importSigningKey, type SigningKey } from "@sluice/evidence";
import { signHttp } from "@sluice/evidence/http";
import { sealQuery } from "@sluice/evidence/seal";
import { blind } from "@sluice/mpc/oprf/client";
import {
  BINARY_MEDIA_TYPE,
  encodeCall,
  encodeEvaluateRequest,
  fromHex,
  fromProblem,
  sealingContext,
  SluiceError,
  utf8,
  type Bytes,
  type CallEnvelope,
  type Product,
  type SealKeyId,
} from "@sluice/protocol";
import { gatewayDirectory } from "./city.ts";
import type { StandingGrant } from "./govern.ts";
import type { ServedProduct } from "./product.ts";
import type { CallKind } from "./report.ts";
import type { RunningCity } from "./running-city.ts";
import type { SceneSpec } from "./scene.ts";
import type { KeptProduct } from "./walk-state.ts";

/** Everything a case may use. */
export interface Scenery {
  readonly running: RunningCity;
  readonly spec: SceneSpec;
  readonly grant: StandingGrant;
  readonly product: Product;
  /** The report built again, under a grant of TRIAL_QUOTA readings. */
  readonly trial: { readonly spec: SceneSpec; readonly grant: StandingGrant; readonly served: ServedProduct };
  /** A scene on a table whose quality is below its rules; undefined in a city without one. */
  readonly below: SceneSpec | undefined;
  /** Products of the walk by the kind of their calls, that of `product` among them. */
  readonly walked: ReadonlyMap<CallKind, WalkedProduct>;
  /** All keys of the gateway, stolen: the one that signs its requests, and the one of its log. */
  readonly gatewayKey: SigningKey;
  readonly gatewayLogKey: SigningKey;
  /** A valid EvaluateRequest of one element. */
  readonly evaluateRequest: Bytes;
  /** The domain's key that queries are sealed to. */
  readonly sealKey: SealKeyId;
}

/** A product of the walk: its scene, and what is served. */
export interface WalkedProduct {
  readonly spec: SceneSpec;
  readonly kept: KeptProduct;
}

/** The walk's product of `kind`. */
export function walkedProduct({ walked }: Scenery, kind: CallKind): WalkedProduct {
  const product = walked.get(kind);
  if (product === undefined) throw new RangeError(`no product of the kind ${kind} was walked`);
  return product;
}

/** The subject of an evaluation under the scenery's product, with changes. */
export function evaluation(scenery: Scenery, change: Partial<UseSubject> = {}): UseSubject {
  const { product, version, bundle } = scenery.product;
  return {
    operation: "lookup.evaluate",
    domain: scenery.spec.domain,
    grant: scenery.grant.hash,
    product,
    version,
    bundle,
    ...change,
  };
}

/** An evaluation sealed to the domain and signed by `key`. */
export function sealedCall(scenery: Scenery, subject: UseSubject, key: SigningKey): Promise<CallEnvelope> {
  return sealedFrame(scenery.sealKey, subject, scenery.evaluateRequest, key);
}

/** Any frame sealed to a domain and signed by `key`. */
export async function sealedFrame(
  sealKey: SealKeyId,
  subject: UseSubject,
  content: Bytes,
  key: SigningKey,
): Promise<CallEnvelope> {
  const use = { ...subject, callId: random128(systemRandom) };
  const { frame } = await sealQuery(sealKey, content, sealingContext(use));
  return signUse(use, frame, key, { clock: systemClock, random: systemRandom });
}

/** A use without a body, signed by `key`. */
export function signedUse(subject: UseSubject, key: SigningKey): Promise<CallEnvelope> {
  const frame = new Uint8Array(0);
  const callId = random128(systemRandom);
  return signUse({ ...subject, callId }, frame, key, { clock: systemClock, random: systemRandom });
}

/** Delivers `bytes` to the domain itself with the stolen gateway key. @throws the domain's refusal */
export async function deliverToDomain(scenery: Scenery, path: string, bytes: Bytes, mediaType: string): Promise<Bytes> {
  const url = `${scenery.running.process(scenery.spec.domain).url}${path}`;
  const body = new Uint8Array(bytes);
  const signature = await signHttp({ method: "POST", url, body }, scenery.gatewayKey, {
    clock: systemClock,
    random: systemRandom,
  });
  const response = await fetch(url, { method: "POST", headers: { "content-type": mediaType, ...signature }, body });
  const answer = new Uint8Array(await response.arrayBuffer());
  if (response.ok) return answer;
  throw fromProblem(JSON.parse(new TextDecoder().decode(answer))) ?? new SluiceError("ERR_UNREACHABLE", { peer: url });
}

/** Sends a call to the domain itself with the stolen gateway key. */
export function callDomain(scenery: Scenery, envelope: CallEnvelope): Promise<Bytes> {
  return deliverToDomain(scenery, "/v1/calls", encodeCall(envelope), BINARY_MEDIA_TYPE);
}

/** Gathers what the cases need, among it every key of the gateway, taken from its directory as a thief would. */
export async function prepareScenery(
  running: RunningCity,
  parts: Pick<Scenery, "spec" | "grant" | "product" | "trial" | "walked" | "below">,
): Promise<Scenery> {
  const stolen = async (file: string): Promise<SigningKey> =>
    importSigningKey(await readFile(join(gatewayDirectory(running.city.directory), "keys", file), "utf8"));
  const [gatewayKey, gatewayLogKey] = [await stolen("gateway.key"), await stolen("log.key")];
  const { blindedElement } = blind(utf8("somebody"), systemRandom);
  const { snapshot, snapshotHash } = await running.client("river-bank").openLookup(parts.product.product);
  return {
    ...parts,
    running,
    gatewayKey,
    gatewayLogKey,
    sealKey: snapshot.sealKey,
    evaluateRequest: encodeEvaluateRequest({ snapshot: fromHex(snapshotHash), elements: [blindedElement] }),
  };
}
