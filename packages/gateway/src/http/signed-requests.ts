/** Signatures of requests (RFC 9421): every PUT and POST, and the GETs that are for parties only. An unknown key
 *  is refused before the body is read, everything else before the body is looked at.
 *  @module */
import { verifyHttp } from "@sluice/evidence/http";
import { KeyId, SluiceError, type Party } from "@sluice/protocol";
import type { FastifyInstance, FastifyRequest } from "fastify";
import type { GatewayContext } from "../context.ts";
import { activeParty } from "../rules/roles.ts";
import { bodyBytes } from "./request-members.ts";

const KEY_PARAMETER = /;\s*keyid="((?:ed25519|sm2):[A-Za-z0-9_-]{43,44})"/;
/** The agency acts before any party is registered, itself included. */
const UNREGISTERED_AGENCY = {
  type: "party",
  party: "agency",
  title: "agency",
  role: "agency",
  status: "active",
} as const;

/** Verifies the signature of each request that needs one, and notes the party. */
export function installSignedRequests(server: FastifyInstance, context: GatewayContext): void {
  server.addHook("onRequest", (request, _reply, done) => {
    if (needsSignature(request)) signingParty(context, claimedKey(request));
    done();
  });
  server.addHook("preValidation", async (request) => {
    if (!needsSignature(request)) return;
    const keyId = await verifyHttp(
      {
        method: request.method,
        url: `http://${request.headers.host ?? ""}${request.raw.url ?? ""}`,
        headers: request.headers,
        body: bodyBytes(request),
      },
      {
        allowed: [claimedKey(request)],
        clock: context.clock,
        seenNonce: (keyId, nonce, expiresAt) => {
          const { party } = signingParty(context, keyId);
          return context.nonces.seen({ keyId, party, nonce, expiresAt, durable: isDurable(request) });
        },
        ...(context.authorities === undefined ? {} : { authorities: context.authorities }),
      },
    );
    request.signer = signingParty(context, keyId);
    request.notes.party = request.signer.party;
  });
}

function needsSignature(request: FastifyRequest): boolean {
  const { config } = request.routeOptions;
  return request.is404 ? false : (config.signed ?? (request.method !== "GET" && request.method !== "HEAD"));
}

function isDurable(request: FastifyRequest): boolean {
  return request.routeOptions.config.durableNonce ?? request.method !== "GET";
}

/** The key that the request says it is signed with. @throws ERR_HTTP_SIGNATURE */
function claimedKey(request: FastifyRequest): KeyId {
  const header = request.headers["signature-input"];
  const found = typeof header === "string" ? KEY_PARAMETER.exec(header)?.[1] : undefined;
  const key = KeyId.safeParse(found);
  if (!key.success) throw new SluiceError("ERR_HTTP_SIGNATURE", { reason: "there is none" });
  return key.data;
}

/** @throws ERR_PARTY_UNKNOWN, ERR_PARTY_SUSPENDED */
function signingParty(context: GatewayContext, keyId: KeyId): Party {
  const { agencyKey, createdAt } = context.config;
  if (keyId !== agencyKey) return activeParty(context.parties, keyId);
  // The pinned agency acts even where no statement, or a mistaken one, stands about it.
  const stated = context.parties.byKey(agencyKey);
  return { ...(stated ?? { ...UNREGISTERED_AGENCY, keyId, at: createdAt }), role: "agency", status: "active" };
}
