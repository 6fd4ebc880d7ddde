/** Scenes with their reviews and grants.
 *  @module */
import { Scene, SceneProposal, SignedGrant, SluiceError, type Sha256Hex } from "@sluice/protocol";
import type { Kysely, Selectable, Transaction } from "kysely";
import { readReviews, reviewRecord } from "./review-store.ts";
import type { SceneTable, Tables } from "./tables.ts";

/** A stored scene, parsed. */
export interface HeldScene {
  readonly scene: string;
  readonly state: Scene["state"];
  readonly proposal: SceneProposal;
  readonly draftHash: Sha256Hex;
  /** Name of the party that proposed it. */
  readonly proposedBy: string;
  readonly grant: SignedGrant | null;
}

/** The scene of that name. @throws ERR_NOT_FOUND */
export async function getScene(db: Kysely<Tables>, scene: string): Promise<HeldScene> {
  const row = await db.selectFrom("scene").selectAll().where("scene", "=", scene).executeTakeFirst();
  if (row === undefined) throw new SluiceError("ERR_NOT_FOUND", { kind: "scene", name: scene });
  return parse(row);
}

/** The scene whose grant has that hash and was delivered; null when there is none. */
export async function sceneOfGrant(db: Kysely<Tables>, grant: Sha256Hex): Promise<HeldScene | null> {
  const row = await db.selectFrom("scene").selectAll().where("draft_hash", "=", grant).executeTakeFirst();
  if (row === undefined || row.signed_grant === null) return null;
  return parse(row);
}

/** Keeps a proposal; one that is already there stays as it is. Returns the stored scene.
 *  @throws ERR_CONFLICT when the name, or the very grant, stands for another proposal */
export async function putProposal(
  db: Kysely<Tables>,
  proposal: SceneProposal,
  { draftHash, by, at }: { draftHash: Sha256Hex; by: string; at: Date },
): Promise<HeldScene> {
  const { scene } = proposal.draft.scene;
  return db.transaction().execute(async (transaction) => {
    const rows = await transaction
      .selectFrom("scene")
      .selectAll()
      .where((where) => where.or([where("scene", "=", scene), where("draft_hash", "=", draftHash)]))
      .execute();
    const [row] = rows;
    if (row !== undefined) {
      if (rows.length > 1 || row.scene !== scene || row.draft_hash !== draftHash) {
        throw new SluiceError("ERR_CONFLICT", { kind: "scene", name: scene });
      }
      return parse(row);
    }
    const fresh: Selectable<SceneTable> = {
      scene,
      state: "proposed",
      proposal: JSON.stringify(proposal),
      draft_hash: draftHash,
      proposed_by: by,
      proposed_at: at.toISOString(),
      signed_grant: null,
    };
    await transaction.insertInto("scene").values(fresh).execute();
    return parse(fresh);
  });
}

/** Moves a scene on, unless it moved meanwhile. @throws ERR_STATE */
export async function moveScene(
  transaction: Transaction<Tables>,
  held: HeldScene,
  to: { readonly state: Scene["state"]; readonly grant?: SignedGrant },
): Promise<void> {
  const change = to.grant === undefined ? {} : { signed_grant: JSON.stringify(to.grant) };
  const { numUpdatedRows } = await transaction
    .updateTable("scene")
    .set({ state: to.state, ...change })
    .where("scene", "=", held.scene)
    .where("state", "=", held.state)
    .executeTakeFirst();
  if (numUpdatedRows !== 1n) {
    throw new SluiceError("ERR_STATE", { kind: "scene", name: held.scene, state: "changed", needed: held.state });
  }
}

/** The scene as it crosses HTTP. */
export async function describeScene(
  db: Kysely<Tables>,
  { scene, state, proposal, draftHash }: HeldScene,
): Promise<Scene> {
  const reviews = (await readReviews(db, { kind: "scene", name: scene })).map(reviewRecord);
  return { scene, state, proposal, reviews, ...(state === "granted" ? { grant: draftHash } : {}) };
}

function parse(row: Selectable<SceneTable>): HeldScene {
  return {
    scene: row.scene,
    state: Scene.shape.state.parse(row.state),
    proposal: SceneProposal.parse(JSON.parse(row.proposal)),
    draftHash: row.draft_hash,
    proposedBy: row.proposed_by,
    grant: row.signed_grant === null ? null : SignedGrant.parse(JSON.parse(row.signed_grant)),
  };
}
