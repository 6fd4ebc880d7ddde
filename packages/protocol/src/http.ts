/** JSON bodies of the HTTP interfaces of gateway and domain. Binary bodies are the envelopes of `use.ts`.
 *  @module */
import { z } from "zod";
import { Grant, SignedGrant } from "./grant.ts";
import { Instant, KeyId, MemberName, Name, Random128, Sha256Hex, Sm2KeyId } from "./identifiers.ts";
import { PinnedKey } from "./keyring.ts";
import { GuardReport } from "./guard-report.ts";
import { JobManifest, Metrics } from "./job.ts";
import { LogOrigin } from "./log.ts";
import { ReleasedModel } from "./model.ts";
import { ParamValues } from "./params.ts";
import { SignedParty } from "./party.ts";
import { Certificate, Policy } from "./policy.ts";
import { EvidencedReceipt } from "./receipt.ts";
import { Product, SignedRelease } from "./release.ts";
import { ResourceDescription } from "./resource.ts";
import { SignedRequest } from "./use.ts";

/** Media type of envelopes and hints. */
export const BINARY_MEDIA_TYPE = "application/octet-stream";

/** `GET /v1/description` of a domain. */
export const DomainDescription = z.strictObject({
  domain: Name,
  /** Key that signs receipts, snapshots and events; of a domain that had others before, all of them. */
  receiptKey: PinnedKey,
  /** Key that signs checkpoints of the log. */
  logKey: KeyId,
  /** Key of the SM2 line of its checkpoints, if they have one. */
  logSm2Key: Sm2KeyId.optional(),
  logOrigin: LogOrigin,
  resources: z.array(ResourceDescription),
});
export type DomainDescription = z.infer<typeof DomainDescription>;

/** `POST /v1/domains` of the gateway: where a domain listens. Signed by the agency or the operator. */
export const DomainRegistration = z.strictObject({ domain: Name, url: z.url() });
export type DomainRegistration = z.infer<typeof DomainRegistration>;

/** Sections of an application (场景申请), each of which the review scores. */
export const APPLICATION_SECTIONS = ["economicValue", "socialValue", "businessModel", "dataRationale"] as const;
const Section = z.string().min(1).max(1_000);

/** Why a scene is worth its data; the need for each field stands in the draft. */
export const SceneApplication = z.strictObject({
  economicValue: Section,
  socialValue: Section,
  businessModel: Section,
  /** Why this data, and no less of it would do. */
  dataRationale: Section,
});
export type SceneApplication = z.infer<typeof SceneApplication>;

/** A scene as it is proposed: the application, the grant that would be signed, and the policy it names. */
export const SceneProposal = z.strictObject({ application: SceneApplication, draft: Grant, policy: Policy });
export type SceneProposal = z.infer<typeof SceneProposal>;

/** A review of a scene or of a development run. */
export const Review = z.strictObject({
  /** The person who reviewed, by name in their party. */
  person: z.string().min(1).max(60),
  verdict: z.enum(["approve", "reject"]),
  note: z.string().max(1_000),
  /** Points of each section of an application, 1 to 5: needed where the agency approves a scene. */
  scores: z.record(z.enum(APPLICATION_SECTIONS), z.int().min(1).max(5)).optional(),
});
export type Review = z.infer<typeof Review>;

/** A review as it is kept: who said it, and when. */
export const ReviewRecord = Review.extend({ party: Name, at: Instant });
export type ReviewRecord = z.infer<typeof ReviewRecord>;

/** A scene as the gateway lists it. */
export const Scene = z.strictObject({
  scene: Name,
  state: z.enum(["proposed", "pre-reviewed", "reviewed", "rejected", "granted"]),
  proposal: SceneProposal,
  reviews: z.array(ReviewRecord),
  grant: Sha256Hex.optional(),
});
export type Scene = z.infer<typeof Scene>;

/** `POST /v1/grants`, of gateway and domain. */
export const GrantDelivery = z.strictObject({ grant: SignedGrant, policy: Policy });
export type GrantDelivery = z.infer<typeof GrantDelivery>;

/** A development or build run as it is shown to the parties of its grant. */
export const Run = z.strictObject({
  callId: Random128,
  operation: z.enum(["develop", "build"]),
  product: Name,
  version: z.int().min(1),
  grant: Sha256Hex,
  bundle: Sha256Hex,
  state: z.enum(["submitted", "running", "completed", "failed"]),
  percent: z.int().min(0).max(100),
  /** Params of the run, defaults included; absent when its job has none. */
  params: ParamValues.optional(),
  /** Log lines of a development run. */
  log: z.array(z.string()),
  manifest: JobManifest.optional(),
  certificate: Certificate.optional(),
  guardReport: GuardReport.optional(),
  metrics: z.record(z.string(), Metrics).optional(),
  model: ReleasedModel.optional(),
  /** Error code, remedy and declared facts of a failed run. */
  failure: z
    .strictObject({
      code: z.string(),
      details: z.record(z.string(), z.union([z.string(), z.number()])),
      refusedBy: z.enum(["domain", "guard", "sandbox"]),
    })
    .optional(),
  /** How long user code and guard took, up to the end of the slot that it falls in (`DURATION_SLOTS_MS`). */
  durationSlotMs: z.int().positive().optional(),
  /** Hash of the snapshot a build produced. */
  snapshot: Sha256Hex.optional(),
  receipt: EvidencedReceipt.optional(),
});
export type Run = z.infer<typeof Run>;

/** One event of `GET /v1/runs/{callId}/events` (SSE); `id` counts from 1 within a run. */
export const RunEvent = z.discriminatedUnion("kind", [
  z.strictObject({ kind: z.literal("state"), state: Run.shape.state }),
  z.strictObject({ kind: z.literal("progress"), percent: z.int().min(0).max(100) }),
  z.strictObject({ kind: z.literal("log"), line: z.string() }),
  /** A number that a development run tells. */
  z.strictObject({ kind: z.literal("metric"), name: MemberName, value: z.number() }),
]);
export type RunEvent = z.infer<typeof RunEvent>;

/** `POST /v1/runs/{callId}/reviews` answer of the gateway. Operator and agency must both approve. */
export const RunReviews = z.strictObject({
  callId: Random128,
  state: z.enum(["awaiting", "approved", "rejected"]),
  reviews: z.array(ReviewRecord),
});
export type RunReviews = z.infer<typeof RunReviews>;

/** `POST /v1/releases` answer of the gateway. */
export const ReleaseAccepted = z.strictObject({ product: Product });
export type ReleaseAccepted = z.infer<typeof ReleaseAccepted>;

/** Answer of the gateway to a revocation and to a status: the domain has taken it. */
export const StopDelivered = z.strictObject({ domain: Name });
export type StopDelivered = z.infer<typeof StopDelivered>;

/** `GET /v1/parties` of the gateway: the latest agency-signed statement about each party. */
export const PartyList = z.strictObject({ parties: z.array(SignedParty) });
export type PartyList = z.infer<typeof PartyList>;

/** `GET /v1/catalogue` of the gateway: what each registered domain said of itself. */
export const Catalogue = z.strictObject({ domains: z.array(DomainDescription) });
export type Catalogue = z.infer<typeof Catalogue>;

/** `GET /v1/products` of the gateway. */
export const ProductList = z.strictObject({ products: z.array(Product) });
export type ProductList = z.infer<typeof ProductList>;

/** A development run as a chain shows it, with what was said of it. */
export const ReviewedRun = z.strictObject({ run: Run, reviews: z.array(ReviewRecord) });
export type ReviewedRun = z.infer<typeof ReviewedRun>;

/** `GET /v1/receipts/{callId}` of the gateway, for the parties of the call: everything it rests on, each step tied to the
 *  next by a hash. A member is absent when the call has no such step (a development run has no product or release yet), or
 *  when the gateway does not have it. */
export const ReceiptChain = z.strictObject({
  /** Absent when the attempt that the receipt names did not reach this gateway's disk, and once it was erased. */
  request: SignedRequest.optional(),
  receipt: EvidencedReceipt,
  product: Product.optional(),
  release: SignedRelease.optional(),
  /** The run whose guard report, manifest and model the release names; of the receipt of a development run, that run. */
  development: ReviewedRun.optional(),
  /** The build that made the snapshot that answered. */
  build: Run.optional(),
  grant: SignedGrant.optional(),
  policy: Policy.optional(),
  scene: Scene.optional(),
});
export type ReceiptChain = z.infer<typeof ReceiptChain>;

/** Query of `GET /v1/receipts`: the period [from, to) by the domains' clocks, and where the last page ended. */
export const ReceiptQuery = z.strictObject({
  from: Instant,
  to: Instant,
  /** `next` of the page before. */
  after: z
    .string()
    .regex(/^[0-9TZ:.-]{24}_[0-9a-f]{32}$/)
    .optional(),
});
export type ReceiptQuery = z.infer<typeof ReceiptQuery>;

/** `GET /v1/receipts` of the gateway, for the agency: in order of their instants. `next` is absent at the end. */
export const ReceiptPage = z.strictObject({
  items: z.array(
    z.strictObject({
      receipt: EvidencedReceipt,
      /** Absent when the attempt that the receipt names did not reach this gateway's disk. */
      request: SignedRequest.optional(),
    }),
  ),
  next: z.string().optional(),
});
export type ReceiptPage = z.infer<typeof ReceiptPage>;
