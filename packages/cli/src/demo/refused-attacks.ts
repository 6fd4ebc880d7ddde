/** Attacks on the way between caller and domain, among them a gateway whose every key was stolen.
 *  @module */
import { decodeAnswer, encodeAnswer, isSluiceError, utf8 } from "@sluice/protocol";
import { signDocument } from "@sluice/evidence";
import { partyStatement } from "./parties.ts";
import type { RefusalCase } from "./refusals.ts";
import { grantBody, signGrant, usualTerms } from "./scene.ts";
import { callDomain, deliverToDomain, evaluation, sealedCall, type Scenery } from "./scenery.ts";

/** Replays, forgeries, alterations. */
export const attackCases: RefusalCase[] = [
  {
    name: "replay",
    code: "ERR_REPLAY",
    refusedBy: "domain",
    async attempt(scenery) {
      const envelope = await sealedCall(scenery, evaluation(scenery), scenery.running.city.keys["river-bank"]);
      await callDomain(scenery, envelope);
      await callDomain(scenery, envelope);
    },
  },
  {
    name: "grant-forged",
    code: "ERR_SIGNATURE",
    refusedBy: "domain",
    async attempt(scenery) {
      const { city } = scenery.running;
      const body = await grantBody(city.keys, scenery.spec, usualTerms("forged", new Date()));
      const grant = await signDocument(body, scenery.gatewayKey, scenery.gatewayLogKey);
      const delivery = utf8(JSON.stringify({ grant, policy: scenery.grant.policy }));
      await deliverToDomain(scenery, "/v1/grants", delivery, "application/json");
    },
  },
  {
    name: "grant-of-another-department",
    code: "ERR_SIGNATURE",
    refusedBy: "domain",
    async attempt(scenery) {
      const { keys } = scenery.running.city;
      const body = await grantBody(keys, scenery.spec, usualTerms("foreign", new Date()));
      const grant = await signGrant(keys, "market-department", body);
      const delivery = utf8(JSON.stringify({ grant, policy: scenery.grant.policy }));
      await deliverToDomain(scenery, "/v1/grants", delivery, "application/json");
    },
  },
  {
    name: "caller-forged",
    code: "ERR_NOT_ADMITTED",
    refusedBy: "domain",
    attempt: async (scenery) => callDomain(scenery, await sealedCall(scenery, evaluation(scenery), scenery.gatewayKey)),
  },
  {
    name: "signature-wrong",
    code: "ERR_NOT_ADMITTED",
    refusedBy: "domain",
    async attempt(scenery) {
      const envelope = await sealedCall(scenery, evaluation(scenery), scenery.running.city.keys["river-bank"]);
      const { body, signatures } = envelope.request;
      await callDomain(scenery, { ...envelope, request: { body: { ...body, version: body.version + 1 }, signatures } });
    },
  },
  {
    name: "body-altered",
    code: "ERR_BODY_DIGEST",
    refusedBy: "domain",
    async attempt(scenery) {
      const envelope = await sealedCall(scenery, evaluation(scenery), scenery.running.city.keys["river-bank"]);
      await callDomain(scenery, { ...envelope, frame: flipLastBit(envelope.frame) });
    },
  },
  {
    name: "answer-altered",
    code: "ERR_ANSWER_ALTERED",
    refusedBy: "client",
    async attempt({ running, product }) {
      const handle = await running.client("river-bank", { fetch: alteringFetch }).openLookup(product.product);
      await handle.lookup("110101199003070000");
    },
  },
  {
    name: "answer-replayed",
    code: "ERR_RECEIPT",
    refusedBy: "client",
    async attempt({ running, product }) {
      const handle = await running.client("river-bank", { fetch: replayingFetch() }).openLookup(product.product);
      await handle.lookup("110101199003070000");
      await handle.lookup("110101199003070000");
    },
  },
  {
    name: "hint-swapped",
    code: "ERR_RECEIPT",
    refusedBy: "client",
    attempt: ({ running, product }) =>
      running.client("river-bank", { fetch: swappingFetch }).openLookup(product.product),
  },
  {
    name: "party-suspended",
    code: "ERR_PARTY_SUSPENDED",
    refusedBy: "gateway",
    attempt: suspendedParty,
  },
];

/** The suspended party is refused by the gateway, and by the domain when a stolen gateway lets it through. */
async function suspendedParty(scenery: Scenery): Promise<void> {
  const { running } = scenery;
  const { keys } = running.city;
  await running.client("data-bureau").putParty(await partyStatement(keys, "closed-bank", "suspended", new Date()));
  const envelope = await sealedCall(scenery, evaluation(scenery), keys["closed-bank"]);
  try {
    await callDomain(scenery, envelope);
    return;
  } catch (error) {
    if (!isSluiceError(error, "ERR_PARTY_SUSPENDED")) throw error;
  }
  await running.client("closed-bank").call(await sealedCall(scenery, evaluation(scenery), keys["closed-bank"]));
}

/** A gateway that flips one bit of every answer. */
const alteringFetch: typeof fetch = async (input, init) => {
  const response = await fetch(input, init);
  if (!addressOf(input).endsWith("/v1/calls") || !response.ok) return response;
  const answer = decodeAnswer(new Uint8Array(await response.arrayBuffer()));
  const altered = encodeAnswer({ ...answer, frame: flipLastBit(answer.frame) });
  return new Response(new Uint8Array(altered), { status: response.status, headers: response.headers });
};

/** A gateway that answers every call after the first with the first answer. */
function replayingFetch(): typeof fetch {
  let first: Uint8Array<ArrayBuffer> | undefined;
  return async (input, init) => {
    const response = await fetch(input, init);
    if (!addressOf(input).endsWith("/v1/calls") || !response.ok) return response;
    const answer = new Uint8Array(await response.arrayBuffer());
    first ??= answer;
    return new Response(first, { status: response.status, headers: response.headers });
  };
}

/** A gateway that hands out another hint. */
const swappingFetch: typeof fetch = async (input, init) => {
  const response = await fetch(input, init);
  if (!addressOf(input).endsWith("/hint") || !response.ok) return response;
  const hint = flipLastBit(new Uint8Array(await response.arrayBuffer()));
  return new Response(new Uint8Array(hint), { status: response.status, headers: response.headers });
};

function addressOf(input: Parameters<typeof fetch>[0]): string {
  return String(input instanceof Request ? input.url : input);
}

function flipLastBit(bytes: Uint8Array): Uint8Array {
  const flipped = new Uint8Array(bytes);
  flipped[flipped.length - 1] = (flipped.at(-1) ?? 0) ^ 1;
  return flipped;
}
