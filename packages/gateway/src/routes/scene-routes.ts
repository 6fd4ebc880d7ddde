/** Scenes: proposed by operator or developer, pre-reviewed by the operator, reviewed by the agency, granted by the
 *  department — one scene, one list, one grant.
 *  @module */
import { verifySigned } from "@sluice/evidence";
import {
  documentHash,
  GrantDelivery,
  Name,
  Review,
  Scene,
  SceneProposal,
  Sha256Hex,
  SluiceError,
  type Party,
} from "@sluice/protocol";
import { z } from "zod";
import type { GatewayContext } from "../context.ts";
import { PROBLEM_RESPONSES } from "../http/problems.ts";
import { signerOf } from "../http/request-members.ts";
import type { ZodServer } from "../http/zod-server.ts";
import { mayReadGrant, mayReadScene } from "../rules/call-readers.ts";
import { refuseSuspendedSigners, requireRole, sourceKeys } from "../rules/roles.ts";
import { checkProposal, reviewedState } from "../rules/scene-rules.ts";
import { addReview, readReviews, refuseSamePerson } from "../state/review-store.ts";
import { describeScene, getScene, moveScene, putProposal, sceneOfGrant, type HeldScene } from "../state/scene-store.ts";

/** Routes of scenes and grants. */
export function sceneRoutes(server: ZodServer, context: GatewayContext): void {
  const { db } = context.state;
  const params = z.strictObject({ scene: Name });
  const response = { 200: Scene, ...PROBLEM_RESPONSES };

  server.post(
    "/v1/scenes",
    { schema: { summary: "Propose a scene", body: SceneProposal, response: { 201: Scene, ...PROBLEM_RESPONSES } } },
    async (request, reply) => {
      const by = signerOf(request);
      requireRole(by, "propose a scene", "operator", "developer");
      const { draft } = request.body;
      await checkProposal(request.body, context.domains.resource(draft.domain, draft.resource), context.parties);
      const draftHash = await documentHash(draft);
      const held = await putProposal(db, request.body, { draftHash, by: by.party, at: context.clock.now() });
      // Who guesses a draft learns of its scene only that the name is taken.
      if (!isReader(by, held)) throw new SluiceError("ERR_CONFLICT", { kind: "scene", name: held.scene });
      return reply.code(201).send(await describeScene(db, held));
    },
  );

  server.get(
    "/v1/scenes/:scene",
    {
      config: { signed: true },
      schema: { summary: "A scene with its reviews, for the parties of the scene", params, response },
    },
    async (request) => describeScene(db, await readableScene(context, request.params.scene, signerOf(request))),
  );

  server.post(
    "/v1/scenes/:scene/reviews",
    { schema: { summary: "Pre-review (operator) or review (agency) a scene", params, body: Review, response } },
    async (request) => {
      const { scene } = request.params;
      requireRole(signerOf(request), "review a scene", "operator", "agency");
      await context.changes.run(`scene ${scene}`, () => reviewScene(context, scene, request.body, signerOf(request)));
      return describeScene(db, await getScene(db, scene));
    },
  );

  server.post(
    "/v1/grants",
    { schema: { summary: "Deliver the signed grant of a reviewed scene", body: GrantDelivery, response } },
    async (request) => {
      requireRole(signerOf(request), "deliver a grant", "source", "agency");
      const { scene } = request.body.grant.body.scene;
      await context.changes.run(`scene ${scene}`, () => deliverGrant(context, scene, request.body));
      return describeScene(db, await getScene(db, scene));
    },
  );

  server.get(
    "/v1/grants/:hash",
    {
      config: { signed: true },
      schema: {
        summary: "A delivered grant and its policy, for the parties of the grant",
        params: z.strictObject({ hash: Sha256Hex }),
        response: { 200: GrantDelivery, ...PROBLEM_RESPONSES },
      },
    },
    async (request) => {
      const { hash } = request.params;
      const held = await sceneOfGrant(db, hash);
      const grant = held?.grant ?? null;
      // Strangers get the answer for a grant that is not there.
      if (held === null || grant === null || !mayReadGrant(signerOf(request), grant)) {
        throw new SluiceError("ERR_NOT_FOUND", { kind: "grant", name: hash });
      }
      return { grant, policy: held.proposal.policy };
    },
  );
}

/** The scene, for those who may see it; strangers get the answer for a scene that is not there. @throws ERR_NOT_FOUND */
async function readableScene({ state }: GatewayContext, scene: string, reader: Party): Promise<HeldScene> {
  const held = await getScene(state.db, scene);
  if (!isReader(reader, held)) throw new SluiceError("ERR_NOT_FOUND", { kind: "scene", name: scene });
  return held;
}

function isReader(reader: Party, { proposal: { draft }, proposedBy, grant }: HeldScene): boolean {
  return mayReadScene(reader, { draft, proposedBy, grant });
}

async function reviewScene(context: GatewayContext, scene: string, review: Review, party: Party): Promise<void> {
  const { db } = context.state;
  const subject = { kind: "scene", name: scene } as const;
  const held = await readableScene(context, scene, party);
  const state = reviewedState(held, party, review);
  const before = await readReviews(db, subject);
  refuseSamePerson("scene", before, review.person);
  await db.transaction().execute(async (transaction) => {
    await addReview(transaction, subject, before, { review, party, at: context.clock.now() });
    await moveScene(transaction, held, { state });
  });
}

async function deliverGrant(context: GatewayContext, scene: string, delivery: GrantDelivery): Promise<void> {
  const { db } = context.state;
  const { grant, policy } = delivery;
  const held = await getScene(db, scene);
  if (held.state !== "reviewed" && held.state !== "granted") {
    throw new SluiceError("ERR_STATE", { kind: "scene", name: scene, state: held.state, needed: "reviewed" });
  }
  const reviewed =
    (await documentHash(grant.body)) === held.draftHash && (await documentHash(policy)) === grant.body.policy;
  if (!reviewed) throw new SluiceError("ERR_CONFLICT", { kind: "scene", name: scene });
  refuseSuspendedSigners(context.parties, grant.signatures);
  await verifySigned(grant, { required: [[context.config.agencyKey], sourceKeys(context.parties, "grant")] });
  const address = context.domains.get(grant.body.domain);
  await context.link.bytes(address, { method: "POST", path: "/v1/grants", json: delivery });
  if (held.state === "granted") return;
  await db.transaction().execute((transaction) => moveScene(transaction, held, { state: "granted", grant }));
}
