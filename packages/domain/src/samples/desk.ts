/** The desk at which a department's officers look at samples: what a policy would give on a table, what a run was given, and,
 *  where they ask for it, the rows of a sample that passed. It works on a domain that is not running, on its own machine.
 *  @module */
import { viewColumns, type CutRequest } from "@sluice/desensitize";
import type { KeyAccess } from "@sluice/evidence";
import {
  documentHash,
  SluiceError,
  type Certificate,
  type Clock,
  type FieldName,
  type Name,
  type Policy,
  type Random,
  type RiskReport,
  type Sha256Hex,
} from "@sluice/protocol";
import type { SampleRequest } from "../data/inspect-sample.ts";
import type { DataStore } from "../data/store.ts";
import type { Keyring } from "../keyring.ts";
import { grantedCuts, grantedView } from "../serve/granted-view.ts";
import { CutStore } from "../state/cuts.ts";
import { DocumentStore, type HeldGrant } from "../state/documents.ts";
import { EventStore } from "../state/events.ts";
import { RiskReportStore, type KeptReport } from "../state/risk-reports.ts";
import { WorkStore } from "../state/work.ts";
import { openStopped } from "../stopped-domain.ts";
import { keepReport, readReport } from "./kept-reports.ts";
import { rowsCsv } from "./rows-csv.ts";
import { writeWhole } from "./whole-file.ts";
import { sampleSeed } from "./sample-seed.ts";

/** Scene under whose keys pseudonyms of a sample that is only looked at are made: of no grant. */
const PREVIEW_SCENE = "officer-preview";

/** The sample of a policy that no grant names yet. */
export interface PolicySample {
  readonly policy: Policy;
  /** Column that tells persons apart; needed where grants over the resource name none, or several. */
  readonly key?: FieldName | undefined;
  /** Boolean column: rows where it is not true are left out. */
  readonly consent?: FieldName | undefined;
  /** Columns of it; without them, all that the policy shows. */
  readonly fields?: readonly FieldName[] | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** What a run was given. */
export interface RunSample {
  readonly report: RiskReport;
  readonly certificate: Certificate;
  /** Whether it is the report that the certificate names: the table, the policy and the program are as they were. */
  readonly same: boolean;
}

/** An open desk. */
export interface SampleDesk extends AsyncDisposable {
  /** The report on the sample that the policy gives, passed or not.
   *  @throws ERR_NOT_FOUND, ERR_USAGE, ERR_POLICY, ERR_POLICY_COLUMN, ERR_SAMPLE_SIZE, ERR_STORE, ERR_CANCELLED */
  inspect(sample: PolicySample): Promise<RiskReport>;
  /** Writes the rows of a sample that passed into the new file `out`, CSV; the event is put down before its first row is.
   *  @throws what `inspect` throws, ERR_SAMPLE_K, ERR_SAMPLE_GATE, ERR_DIRECTORY_UNWRITABLE */
  write(sample: PolicySample, out: string): Promise<Certificate>;
  /** The sample of a development run, drawn anew. @throws ERR_NOT_FOUND, and what `inspect` throws */
  ofRun(callId: string, signal?: AbortSignal): Promise<RunSample>;
  /** Reports on samples that were shown, the oldest first. */
  kept(): readonly KeptReport[];
  /** The report of a certificate as it was then, by the hash that the certificate names. @throws ERR_NOT_FOUND, ERR_SEALED_FILE */
  ofCertificate(hash: Sha256Hex, signal?: AbortSignal): Promise<RiskReport>;
}

/** How to open it. */
export interface SampleDeskOptions {
  readonly clock: Clock;
  readonly random: Random;
  readonly memoryDirectory?: string | undefined;
  readonly keys?: KeyAccess | undefined;
}

/** Opens the desk of the domain in `directory`. @throws ERR_DIRECTORY_STATE, ERR_DIRECTORY_LOCKED, ERR_KEY, ERR_MEMORY_FILES */
export async function openSampleDesk(directory: string, options: SampleDeskOptions): Promise<SampleDesk> {
  const { clock } = options;
  await using opening = new AsyncDisposableStack();
  const { store: data, db, keyring, files } = opening.use(await openStopped(directory, options));
  const documents = new DocumentStore(db);
  const cuts = new CutStore(db);
  const work = new WorkStore(db);
  const events = new EventStore(db);
  const keeping = { files, reports: new RiskReportStore(db), clock };
  const requestOf = (sample: PolicySample): SampleRequest => {
    const { policy, consent, signal } = sample;
    const { resource } = policy;
    const description = data.describe(resource);
    return {
      resource,
      policy,
      key: keyOf({ documents, cuts }, resource, sample.key),
      fields: sample.fields ?? Object.keys(viewColumns(policy, description)),
      ...(consent === undefined ? {} : { consent }),
      tokenKey: keyring.derive("token", PREVIEW_SCENE),
      seed: sampleSeed(keyring),
      signal,
    };
  };
  const cutsOf = ({ policy, resource, fields, key, consent }: SampleRequest): CutRequest => ({
    policy,
    resource: data.describe(resource),
    fields,
    subject: key,
    scene: PREVIEW_SCENE,
    consent,
  });
  const opened = opening.move();
  return {
    async inspect(sample) {
      const request = requestOf(sample);
      return (await data.inspectSample({ ...request, counted: cuts.counted(cutsOf(request)) })).report;
    },
    async write(sample, out) {
      const request = requestOf(sample);
      const shown = cutsOf(request);
      const counted = cuts.check(shown);
      const { table, certificate, report } = await data.drawSample({ ...request, counted });
      await keepReport(keeping, report, sample.signal);
      const subject = await documentHash(certificate);
      await writeWhole(out, rowsCsv(table), {
        signal: sample.signal,
        note: () => {
          if (!cuts.put(shown, counted)) {
            throw new SluiceError("ERR_STORE", { reason: "another sample of the table was written meanwhile" });
          }
          events.put({ kind: "sample-written", subject }, clock.now());
        },
      });
      return certificate;
    },
    async ofRun(callId, signal) {
      const run = work.run(callId);
      const held = run === null ? null : documents.grant(run.grant);
      const certificate = run?.certificate;
      if (certificate === undefined || held === null) {
        throw new SluiceError("ERR_NOT_FOUND", { kind: "development run with a sample", name: callId });
      }
      const { report } = await inspectGranted({ data, keyring, cuts }, held, signal);
      return { report, certificate, same: certificate.report === (await documentHash(report)) };
    },
    kept: () => keeping.reports.list(),
    ofCertificate: (hash, signal) => readReport(keeping, hash, signal),
    [Symbol.asyncDispose]: () => opened.disposeAsync(),
  };
}

/** The sample of a grant, under the keys of its scene: as `developOnSample` draws it. */
function inspectGranted(
  { data, keyring, cuts }: { readonly data: DataStore; readonly keyring: Keyring; readonly cuts: CutStore },
  held: HeldGrant,
  signal: AbortSignal | undefined,
): ReturnType<DataStore["inspectSample"]> {
  const counted = cuts.counted(grantedCuts(held, data.describe(held.grant.body.resource)));
  const view = grantedView({ keyring }, held, signal);
  return data.inspectSample({ ...view, seed: sampleSeed(keyring), counted });
}

/** The column that tells persons apart: that of the samples which were shown, and before any was, of the grants. Officers cannot
 *  choose another: k would count by it.
 *  @throws ERR_USAGE when there is none, or several, or `asked` is not one of them */
function keyOf(
  { documents, cuts }: { readonly documents: DocumentStore; readonly cuts: CutStore },
  resource: Name,
  asked: FieldName | undefined,
): FieldName {
  const shown = cuts.subject(resource);
  const known = shown === null ? documents.keyColumns(resource) : [shown];
  const key = asked ?? (known.length === 1 ? known[0] : undefined);
  if (key === undefined) {
    throw new SluiceError("ERR_USAGE", {
      reason:
        "name the column that tells persons apart: no grant over the resource does, or several do by different ones",
    });
  }
  if (known.length === 0 || known.includes(key)) return key;
  throw new SluiceError("ERR_USAGE", {
    reason: `persons of the resource are told apart by ${known.join(" or ")}, as grants and earlier samples say, not by ${key}`,
  });
}
