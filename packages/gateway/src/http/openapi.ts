/** OpenAPI 3.1, generated from the zod schemas of the routes, at `/openapi.json`.
 *  @module */
import swagger from "@fastify/swagger";
import * as protocol from "@sluice/protocol";
import type { FastifyInstance } from "fastify";
import { createJsonSchemaTransform, createJsonSchemaTransformObject } from "fastify-type-provider-zod";
import { z } from "zod";

/** Schemas that become components of the document. */
const COMPONENTS = {
  Problem: protocol.Problem,
  SignedParty: protocol.SignedParty,
  PartyList: protocol.PartyList,
  DomainRegistration: protocol.DomainRegistration,
  DomainDescription: protocol.DomainDescription,
  Catalogue: protocol.Catalogue,
  ResourceProfile: protocol.ResourceProfile,
  SceneProposal: protocol.SceneProposal,
  Review: protocol.Review,
  Scene: protocol.Scene,
  SignedGrant: protocol.SignedGrant,
  GrantDelivery: protocol.GrantDelivery,
  Run: protocol.Run,
  RunReviews: protocol.RunReviews,
  SignedRelease: protocol.SignedRelease,
  ReleaseAccepted: protocol.ReleaseAccepted,
  Product: protocol.Product,
  ProductList: protocol.ProductList,
  SignedSnapshot: protocol.SignedSnapshot,
  ReceiptChain: protocol.ReceiptChain,
  ReceiptPage: protocol.ReceiptPage,
} as const;

/** Registers the generator before the routes. */
export async function installOpenApi(server: FastifyInstance): Promise<void> {
  const schemaRegistry = z.registry<{ id?: string }>();
  for (const [id, schema] of Object.entries(COMPONENTS)) schemaRegistry.add(schema, { id });
  await server.register(swagger, {
    openapi: {
      openapi: "3.1.0",
      info: {
        title: "Sluice gateway",
        description:
          "Control plane for the authorised operation of public data. PUT and POST carry an RFC 9421 signature.",
        version: "1",
      },
    },
    transform: createJsonSchemaTransform({ schemaRegistry }),
    transformObject: createJsonSchemaTransformObject({ schemaRegistry }),
  });
}

/** Serves the document. */
export function openApiRoute(server: FastifyInstance): void {
  server.get("/openapi.json", { schema: { hide: true } }, () => server.swagger());
}
