/** Inspection of a run (模型查验): the agency, or who acts for it, makes a run again on the domain's own machine, with the bundle,
 *  the rows and the guard that it was made with, and sees whether the report comes out the same. Nothing is kept, charged or
 *  shown to anybody else, and no row leaves: only rules, results, and hashes.
 *  @module */
import type { KeyAccess } from "@sluice/evidence";
import { channelBits, type OutputChannel } from "@sluice/desensitize";
import { documentHash, Random128, SluiceError } from "@sluice/protocol";
import type { Clock, Lockfile, ModelEvidence, Random, Run, Sha256Hex } from "@sluice/protocol";
import { ranNoCode, reportAgain, timeless, type TimelessReport } from "./made-again.ts";
import { DocumentStore } from "./state/documents.ts";
import { OutputRegister, type RegisteredOutput } from "./state/output-register.ts";
import { WorkStore } from "./state/work.ts";
import { openStopped } from "./stopped-domain.ts";

/** A run that was made again. */
export interface Inspection {
  readonly run: string;
  readonly operation: Run["operation"];
  readonly product: string;
  readonly version: number;
  readonly bundle: Sha256Hex;
  /** What the bundle says that its packages were installed by; null when it has none, or is not kept. */
  readonly lockfile: Lockfile | null;
  /** Whether the report of then and of now are the same, with the hash of the output. */
  readonly same: boolean;
  /** Whether the source table is the one that the run read; null when that is not known of it. */
  readonly sameSource: boolean | null;
  readonly recorded: TimelessReport;
  readonly again: TimelessReport;
  /** Hash of the canonical JSON of each. */
  readonly recordedHash: Sha256Hex;
  readonly againHash: Sha256Hex;
  /** What the bundle could write into its outputs at most. */
  readonly channel: readonly OutputChannel[];
  /** What the guard measured of released models. It stays in the domain. */
  readonly evidence: readonly ModelEvidence[];
  /** Outputs over the source table that were registered before the run. */
  readonly earlier: readonly Pick<RegisteredOutput, "callId" | "kind" | "product" | "version" | "at" | "bits">[];
}

/** How to inspect. */
export interface InspectOptions {
  readonly clock: Clock;
  readonly random: Random;
  readonly memoryDirectory?: string | undefined;
  readonly keys?: KeyAccess | undefined;
  readonly signal: AbortSignal;
  /** Directories in which the programs of the sandbox's layers are looked for; those of PATH unless given. */
  readonly searchPath?: string | undefined;
}

/** Makes the run `callId` of the domain in `directory`, which does not run, again.
 *  @throws ERR_NOT_FOUND; ERR_STATE when the guard has not judged it, or no user code ran; ERR_DIRECTORY_STATE, ERR_DIRECTORY_LOCKED,
 *    ERR_KEY, ERR_MEMORY_FILES, ERR_SEALED_FILE, and what stops a run before the guard */
export async function inspectRun(directory: string, callId: string, options: InspectOptions): Promise<Inspection> {
  const { clock, signal, searchPath } = options;
  await using opened = await openStopped(directory, { ...options, readOnly: true });
  const { store: data, db } = opened;
  const run = Random128.safeParse(callId).success ? new WorkStore(db).run(callId) : null;
  const held = run === null ? null : new DocumentStore(db).grant(run.grant);
  if (run === null || held === null) throw new SluiceError("ERR_NOT_FOUND", { kind: "run", name: callId.slice(0, 64) });
  const { guardReport } = run;
  if (guardReport === undefined || ranNoCode(guardReport)) {
    throw new SluiceError("ERR_STATE", { kind: "run", name: callId, state: run.state, needed: "judged by the guard" });
  }
  const evidence: ModelEvidence[] = [];
  const onEvidence = (measured: readonly ModelEvidence[]): void => void evidence.push(...measured);
  const report = await reportAgain(opened, { run, held, guardReport }, { clock, signal, searchPath, onEvidence });
  if (report === null) throw new SluiceError("ERR_JOB_CRASHED", {});
  const [recorded, again] = [timeless(guardReport), timeless(report)];
  const [recordedHash, againHash] = [await documentHash(recorded), await documentHash(again)];
  const register = new OutputRegister(db);
  const known = register.ofRun(callId)?.snapshot;
  const earlier = register
    .before(held.grant.body.resource, callId)
    .map(({ callId: of, kind, product: name, version: number, at, bits }) => ({
      callId: of,
      kind,
      product: name,
      version: number,
      at,
      bits,
    }));
  const { operation, product, version, bundle } = run;
  const { manifest } = new WorkStore(db).bundle(bundle) ?? {};
  return {
    run: callId,
    operation,
    product,
    version,
    bundle,
    lockfile: manifest?.lockfile ?? null,
    same: recordedHash === againHash,
    sameSource: known === undefined ? null : known === data.describe(held.grant.body.resource).snapshot,
    recorded,
    again,
    recordedHash,
    againHash,
    channel: channelBits(manifest ?? { outputs: {} }),
    evidence,
    earlier,
  };
}
