/** Domains and their catalogue: metadata pulled from each domain, never a value of data.
 *  @module */
import { Catalogue, DomainDescription, DomainRegistration, Name, ResourceProfile, SluiceError } from "@sluice/protocol";
import { z } from "zod";
import type { GatewayContext } from "../context.ts";
import { PROBLEM_RESPONSES } from "../http/problems.ts";
import { signerOf } from "../http/request-members.ts";
import type { ZodServer } from "../http/zod-server.ts";
import { requireRole } from "../rules/roles.ts";

/** `POST /v1/domains`, `POST /v1/domains/{domain}/refresh`, `GET /v1/catalogue`, and the profiles of resources. */
export function domainRoutes(server: ZodServer, context: GatewayContext): void {
  server.post(
    "/v1/domains",
    {
      schema: {
        summary:
          "Register where a domain listens; its keys are those of its first registration, and the receipt keys it adds",
        body: DomainRegistration,
        response: { 200: DomainDescription, ...PROBLEM_RESPONSES },
      },
    },
    async (request) => {
      requireRole(signerOf(request), "register a domain", "agency", "operator");
      const { domain, url } = request.body;
      return register(context, { domain, url: baseOf(url), rotated: true });
    },
  );

  server.post(
    "/v1/domains/:domain/refresh",
    {
      schema: {
        summary: "Pull a domain's catalogue again",
        params: z.strictObject({ domain: Name }),
        response: { 200: DomainDescription, ...PROBLEM_RESPONSES },
      },
    },
    async (request) => {
      requireRole(signerOf(request), "refresh a domain", "agency", "operator", "source");
      const { domain, url } = context.domains.get(request.params.domain);
      return register(context, { domain, url, rotated: false });
    },
  );

  server.get(
    "/v1/catalogue",
    { schema: { summary: "What each domain offers", response: { 200: Catalogue, ...PROBLEM_RESPONSES } } },
    () => ({ domains: context.domains.all().map(({ description }) => description) }),
  );

  // Registered parties ask, whoever they are: it costs the domain an answer, and needs no grant.
  server.get(
    "/v1/domains/:domain/resources/:resource/profile",
    {
      config: { signed: true },
      schema: {
        summary: "The safe profile of a resource, as its department published it",
        params: z.strictObject({ domain: Name, resource: Name }),
        response: { 200: ResourceProfile, ...PROBLEM_RESPONSES },
      },
    },
    async (request) => {
      const { domain, resource } = request.params;
      const { snapshot } = context.domains.resource(domain, resource);
      const path = `/v1/resources/${resource}/profile`;
      const profile = await context.link.json(context.domains.get(domain), { method: "GET", path }, ResourceProfile);
      // One of a table that the catalogue does not describe any more, or not yet, is not shown.
      if (profile.domain !== domain || profile.resource !== resource || profile.snapshot !== snapshot) {
        throw new SluiceError("ERR_NOT_FOUND", { kind: "published profile", name: resource });
      }
      return profile;
    },
  );
}

async function register(
  context: GatewayContext,
  { domain, url, rotated }: { readonly domain: string; readonly url: string; readonly rotated: boolean },
): Promise<DomainDescription> {
  const { domains, parties, link, delivery, clock } = context;
  const description = await link.json({ domain, url }, { method: "GET", path: "/v1/description" }, DomainDescription);
  domains.assertSameKeys(domain, description, rotated);
  // Under the lock of the parties, so that no statement falls between delivery and registration.
  await context.changes.run("parties", async () => {
    await delivery.deliverAll({ domain, url }, parties.statements());
    await domains.put({ domain, url, description }, clock.now());
  });
  return description;
}

/** The address without a trailing `/`. @throws ERR_BODY_INVALID when it is not plain http or https */
function baseOf(text: string): string {
  const url = URL.parse(text);
  const plain =
    url !== null &&
    (url.protocol === "http:" || url.protocol === "https:") &&
    url.username === "" &&
    url.password === "" &&
    url.search === "" &&
    url.hash === "";
  if (!plain) throw new SluiceError("ERR_BODY_INVALID", { pointer: "/url", expected: "an http or https address" });
  return `${url.origin}${url.pathname.replace(/\/+$/, "")}`;
}
