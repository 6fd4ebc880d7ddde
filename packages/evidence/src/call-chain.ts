/** Verifying the whole chain of a call: who asked what, what answered, from which run and build, under which release, grant
 *  and policy, of which scene. Each step is tied to the one before by a hash, and signed by a pinned key where it is signed.
 *  @module */
import {
  documentHash,
  isSluiceError,
  SluiceError,
  type Receipt,
  type ReceiptChain,
  type Run,
  type Sha256Hex,
} from "@sluice/protocol";
import { verifyGrant, verifyRelease } from "./document-file.ts";
import { requireGatewayWord, verifyReceipt, type TrustPins } from "./receipts.ts";
import { verifySigned } from "./signed-document.ts";

/** Steps of a chain, from the question to its ground. */
export const CHAIN_STEPS = [
  "receipt",
  "request",
  "product",
  "build",
  "release",
  "development",
  "grant",
  "policy",
  "scene",
] as const;
export type ChainStepName = (typeof CHAIN_STEPS)[number];

/** Outcome of one step. */
export interface ChainStep {
  readonly step: ChainStepName;
  /** `verified`: tied by its hash, and signed by whom the pins name. `listed`: it fits, and is the gateway's own word.
   *  `erased`: what would tie it is not there, as after an erasure; nothing shows who took it away. `missing`: the gateway
   *  did not give it. `failed`: it does not fit. */
  readonly outcome: "verified" | "listed" | "erased" | "missing" | "failed";
  /** What ties it to the others. */
  readonly tie: string;
  /** The hash, or name, that ties it, when it is there. */
  readonly by?: string;
  /** What is not there, of an erased step. */
  readonly gone?: string;
  /** Why it failed. */
  readonly error?: SluiceError;
}

/** A step as it is checked: it gives what ties it, or what is not there to tie it. */
type Check = () => Promise<string | { readonly gone: string }>;

/** Verifies each step that the call `callId`, of its operation, has. @returns the steps in order; none is left out */
export async function verifyCallChain(chain: ReceiptChain, trust: TrustPins, callId: string): Promise<ChainStep[]> {
  const { receipt, request, product, release, development, build, grant, policy, scene } = chain;
  const { body } = receipt.receipt;
  const party = receipt.openings.party?.value;
  const answered = receipt.openings.snapshot?.value;
  const steps: ChainStep[] = [];

  await step("receipt", "signed by the domain, booked by the gateway, in both logs", receipt, async () => {
    same("receipt", body.callId, callId);
    requireGatewayWord(receipt);
    await verifyReceipt(receipt, trust);
    return body.callId;
  });
  await step("request", "its hash is `request` of the receipt; signed by the party", request, async () => {
    if (request === undefined || party === undefined) throw broken("request", "nobody is known to have signed it");
    same("request", await documentHash(request.body), body.request);
    await verifySigned(request, { required: [[party]] });
    return body.request;
  });
  if (body.operation !== "develop") {
    await step("product", "its release is `release` of the receipt", product, async () => {
      same("product", product?.release, body.release);
      same("product", product?.grant, body.grant);
      same("product", product?.bundle, body.bundle);
      return product?.registrationCode ?? "";
    });
    await step(
      "build",
      "its snapshot is the one that answered; its receipt is over its guard report",
      build,
      async () => {
        if (build === undefined) throw broken("build", "it is missing");
        if (body.operation === "build") same("build", build.callId, body.callId);
        const made = await runReceipt("build", build);
        const opened = build.receipt?.openings.snapshot?.value;
        if (answered !== undefined) same("build", build.snapshot, answered);
        if (opened !== undefined) same("build", opened, build.snapshot);
        same("build", made.release, body.release);
        same("build", made.certificate, await hashOf(build.certificate));
        if (answered === undefined) return { gone: NO_SNAPSHOT };
        if (opened === undefined) return { gone: "which snapshot was built: the build's opening of it is not there" };
        return build.callId;
      },
    );
    await step("release", "its hash is `release` of the receipt", release, async () => {
      if (release === undefined) throw broken("release", "it is missing");
      same("release", await documentHash(release.body), body.release);
      same("release", release.body.grant, body.grant);
      same("release", release.body.bundle, body.bundle);
      return (await verifyRelease(release, trust)).name;
    });
  }
  const tie =
    body.operation === "develop"
      ? "the receipt is of this run, over its guard report and certificate"
      : "its guard report, manifest and model are those of the release; its receipt names its certificate";
  await step("development", tie, development, async () => {
    if (development === undefined) throw broken("development", "it is missing");
    const { run } = development;
    const made = await runReceipt("development", run);
    same("development", made.certificate, await hashOf(run.certificate));
    if (body.operation === "develop") same("development", run.callId, body.callId);
    else {
      same("development", await hashOf(run.guardReport), release?.body.guardReport);
      same("development", await hashOf(run.manifest), release?.body.manifest);
      same("development", await hashOf(run.model), release?.body.model);
    }
    return run.callId;
  });
  await step("grant", "its hash is `grant` of the receipt; signed by department and agency", grant, async () => {
    if (grant === undefined) throw broken("grant", "it is missing");
    same("grant", await documentHash(grant.body), body.grant);
    return (await verifyGrant(grant, null, trust)).name;
  });
  await step("policy", "its hash is `policy` of the receipt and of the grant", policy, async () => {
    same("policy", await hashOf(policy), body.policy);
    same("policy", grant?.body.policy, body.policy);
    return body.policy;
  });
  await step("scene", "its draft is the grant; its name is `scene` of the receipt", scene, async () => {
    same("scene", scene?.scene, body.scene);
    same("scene", await hashOf(scene?.proposal.draft), body.grant);
    return body.scene;
  });
  return steps;

  async function step(name: ChainStepName, tie: string, document: unknown, check: Check): Promise<void> {
    if (document === undefined) {
      if (name === "request" && party === undefined) steps.push({ step: name, outcome: "erased", tie, gone: NO_PARTY });
      else if (name === "build" && answered === undefined) {
        steps.push({ step: name, outcome: "erased", tie, gone: NO_SNAPSHOT });
      } else steps.push({ step: name, outcome: "missing", tie });
      return;
    }
    try {
      const by = await check();
      if (typeof by === "object") steps.push({ step: name, outcome: "erased", tie, gone: by.gone });
      else steps.push({ step: name, outcome: name === "product" ? "listed" : "verified", tie, by });
    } catch (error) {
      if (!isSluiceError(error)) throw error;
      steps.push({ step: name, outcome: "failed", tie, error });
    }
  }

  /** The verified receipt of a run, which is of the same grant and bundle, over the run's own guard report. */
  async function runReceipt(name: ChainStepName, run: Run): Promise<Receipt> {
    if (run.receipt === undefined) throw broken(name, "it has no receipt");
    await verifyReceipt(run.receipt, trust);
    const made = run.receipt.receipt.body;
    const fits: [unknown, unknown][] = [
      [made.callId, run.callId],
      [made.operation, run.operation],
      [made.product, body.product],
      [made.version, body.version],
      [made.grant, body.grant],
      [made.bundle, body.bundle],
      [made.answer, await hashOf(run.guardReport)],
    ];
    for (const [own, wanted] of fits) same(name, own, wanted);
    return made;
  }
}

const NO_SNAPSHOT = "which snapshot answered: the receipt's opening of it is not there";
const NO_PARTY = "who asked, and what they signed: the receipt's opening of its party is not there either";

async function hashOf(document: unknown): Promise<Sha256Hex | undefined> {
  return document === undefined ? undefined : await documentHash(document);
}

function same(step: ChainStepName, own: unknown, wanted: unknown): void {
  if (own !== wanted) throw broken(step, "it is not the one that the chain names");
}

function broken(kind: ChainStepName, reason: string): SluiceError {
  return new SluiceError("ERR_DOCUMENT", { kind, part: "chain", reason });
}
