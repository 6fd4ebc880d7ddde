/** Releases: a reviewed run becomes a registered product.
 *  @module */
import { verifySigned } from "@sluice/evidence";
import {
  documentHash,
  isSluiceError,
  ReleaseAccepted,
  SignedRelease,
  SluiceError,
  type Product,
  type Release,
} from "@sluice/protocol";
import type { GatewayContext } from "../context.ts";
import { observeRun } from "../domains/run-observer.ts";
import { PROBLEM_RESPONSES } from "../http/problems.ts";
import { signerOf } from "../http/request-members.ts";
import type { ZodServer } from "../http/zod-server.ts";
import { refuseSuspendedSigners, requireRole, sourceKeys } from "../rules/roles.ts";
import { checkRelease, type ReviewedRun } from "../rules/run-rules.ts";
import { readReviews } from "../state/review-store.ts";
import { developmentRuns } from "../state/run-store.ts";
import { sceneOfGrant } from "../state/scene-store.ts";

/** `POST /v1/releases`. */
export function releaseRoutes(server: ZodServer, context: GatewayContext): void {
  server.post(
    "/v1/releases",
    {
      schema: {
        summary: "Deliver a signed release of a reviewed run; the product gets its registration code",
        body: SignedRelease,
        response: { 200: ReleaseAccepted, ...PROBLEM_RESPONSES },
      },
    },
    async (request) => {
      requireRole(signerOf(request), "deliver a release", "source", "agency");
      // Codes of a year are given out one after another.
      const product = await context.changes.run("products", () => deliverRelease(context, request.body));
      return { product };
    },
  );
}

async function deliverRelease(context: GatewayContext, release: SignedRelease): Promise<Product> {
  const { state, parties, products, domains, link, clock } = context;
  const { body } = release;
  refuseSuspendedSigners(parties, release.signatures);
  await verifySigned(release, { required: [sourceKeys(parties, "release")] });
  const scene = await sceneOfGrant(state.db, body.grant);
  if (scene === null || scene.proposal.draft.domain !== body.domain) {
    throw new SluiceError("ERR_GRANT_UNKNOWN", { grant: body.grant });
  }
  const registration = {
    release,
    releaseHash: await documentHash(body),
    scene: scene.scene,
    developer: scene.proposal.draft.developer.party,
  };
  const known = await products.check(registration);
  const form = known?.form ?? (await checkRelease(body, await candidates(context, body)));
  await link.bytes(domains.get(body.domain), { method: "POST", path: "/v1/releases", json: release });
  return known ?? products.register(registration, form, clock.now());
}

async function candidates(context: GatewayContext, release: Release): Promise<ReviewedRun[]> {
  const { db } = context.state;
  const runs = await developmentRuns(db, release);
  const observed = await Promise.all(
    runs.map(async (held) => {
      const run = await observeRun(context, held).catch((error: unknown) => {
        // Kept before its domain was asked, and never came there.
        if (isSluiceError(error, "ERR_NOT_FOUND")) return null;
        throw error;
      });
      const reviews = await readReviews(db, { kind: "run", name: held.callId });
      return run === null ? [] : [{ run, reviews }];
    }),
  );
  return observed.flat();
}
