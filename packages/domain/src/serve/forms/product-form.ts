/** What a product form is to this domain, and what a build gives it.
 *  @module */
import { signDocument } from "@sluice/evidence";
import type { SelectionGroupSums } from "@sluice/mpc/he/selection/server";
import type { BuildProgress } from "@sluice/mpc/lookup/server";
import type { PackedEntries } from "@sluice/mpc/psi/sender";
import {
  documentHash,
  SluiceError,
  toHex,
  type Asking,
  type Bytes,
  type Certificate,
  type CountPrivacy,
  type FieldName,
  type JoinKeys,
  type JoinSumSpec,
  type LinearModel,
  type NoisyTable,
  type Operation,
  type ProductServer,
  type ProductSnapshot,
  type PsiKind,
  type PsiSides,
  type ReportSnapshot,
  type Run,
  type ScoreLink,
  type SelectionParameters,
  type Session,
  type SessionOpening,
  type Sha256Hex,
  type SquareNetwork,
  type Table,
} from "@sluice/protocol";
import type { CertifiedSample } from "../../data/certified-sample.ts";
import type { KeyColumn } from "../../data/key-column.ts";
import type { HeldGrant } from "../../state/documents.ts";
import type { ServedProduct } from "../../state/work.ts";
import type { DomainContext } from "../context.ts";
import type { TypedSet } from "../joined-sets.ts";

/** Members and others of a set: of each entry one key, and 1 when it is in the set. */
export interface SetContent {
  readonly kind: "set";
  readonly match: PsiKind;
  readonly privacy?: CountPrivacy;
  readonly sides: PsiSides;
  readonly members: Uint8Array;
  readonly keys: KeyColumn;
  /** Absent where entries are the keys of rows, exactly as they are. */
  readonly typed?: TypedSet;
}

/** What is served, after the guard. Key i is that of row i. */
export type ServedContent =
  | { kind: "labels"; vocabulary: string[]; codes: Uint8Array; keys: KeyColumn }
  | SetContent
  | { kind: "table"; name: string; table: Table | NoisyTable; source: Sha256Hex }
  | { kind: "dataset"; sample: CertifiedSample; fields: readonly FieldName[]; days: number; source: Sha256Hex }
  | {
      kind: "selection";
      parameters: SelectionParameters;
      /** Decimals of each measure. */
      digits: number[];
      groups: readonly SelectionGroupSums[];
      source: Sha256Hex;
    }
  | { kind: "sum"; spec: JoinSumSpec; keys?: JoinKeys; set: PackedEntries; values: Float64Array }
  | { kind: "score"; featureBound: number; link: ScoreLink; model: LinearModel; modelHash: Sha256Hex }
  /** A model that leaves in nothing. */
  | { kind: "square-network"; network: SquareNetwork; link: ScoreLink; resolution: number };

/** Keys of the members of a set. */
export function* membersOf({ keys, members }: SetContent): Generator<string> {
  for (let row = 0; row < keys.length; row++) if (members[row] === 1) yield keys.text(row);
}

/** What a build has for its form. */
export interface ProductSource {
  readonly run: Pick<Run, "callId" | "product" | "version" | "grant" | "bundle">;
  readonly held: HeldGrant;
  /** Hash of the release. */
  readonly release: Sha256Hex;
  readonly content: ServedContent;
  /** Isolation layers of the run behind it; none when no user code ran. */
  readonly layers: string[];
  /** Told how far a long build is. */
  readonly onProgress?: (progress: BuildProgress) => void;
}

/** A form of product in this domain. */
export interface DomainForm extends ProductServer<ProductSource, ServedProduct> {
  /** Refuses what this caller may not ask at this time. Asked first, of retries too; a form without it refuses nothing. */
  readonly permit?: (served: ServedProduct, frame: Bytes, asking: Asking, now: Date) => void;
  /** Notes what a call begins, in the transaction that charges for it. @throws what takes the charge back */
  readonly begin?: (served: ServedProduct, frame: Bytes, asking: Asking, now: Date) => void;
  /** What was measured on the sample that a product shows. */
  readonly certificate?: (served: ServedProduct) => Certificate;
  /** The snapshot that a frame asks: the one that is served, or the one `before` it while that has time. A form without it has one. */
  readonly choose?: (
    served: ServedProduct,
    before: ServedProduct | null,
    operation: Operation,
    frame: Bytes,
  ) => ServedProduct;
  /** How a product is asked in many messages; null for one that answers in one. A form without it has none. */
  readonly session?: (served: ServedProduct) => SessionForm | null;
  /** Files that callers fetch before they ask, by their name in the URL; null when this snapshot has none. */
  readonly downloads: Readonly<Record<string, (served: ServedProduct) => string | null>>;
}

/** A product that is asked in many messages. */
export interface SessionForm {
  /** Units that an opening spends. @throws what is wrong with it */
  measure(opening: SessionOpening): bigint;
  /** Notes what a session begins, in the transaction that charges for it. @throws what takes the charge back */
  readonly begin?: (asking: Asking, now: Date) => void;
  /** The domain's role, which keeps to what the opening declares, and what ends its threads and wipes what it held. */
  open(
    opening: SessionOpening,
    callId: string,
    signal: AbortSignal,
  ): Promise<{ readonly role: Session; readonly close: () => Promise<void> }>;
}

/** Members of a snapshot that are the same in every form. */
export type ServedMembers = Omit<ReportSnapshot, "type" | "report">;

/** The members that `source` decides. */
export function servedMembers(
  context: DomainContext,
  { run, release }: Pick<ProductSource, "run" | "release">,
): ServedMembers {
  return {
    domain: context.config.domain,
    product: run.product,
    version: run.version,
    grant: run.grant,
    bundle: run.bundle,
    release,
    sealKey: context.sealKeys.sealKey,
    at: context.clock.now().toISOString(),
  };
}

/** The product that serves `body`, signed. `index` names its folder, if it has one. */
export async function signProduct(
  context: DomainContext,
  { run, layers }: Pick<ProductSource, "run" | "layers">,
  body: ProductSnapshot,
  index: string | null,
): Promise<ServedProduct> {
  return {
    product: run.product,
    version: run.version,
    snapshotHash: await documentHash(body),
    snapshot: await signDocument(body, context.keyring.receiptKey),
    index,
    delta: null,
    layers,
  };
}

/** Refuses a frame that was made for another snapshot. @throws ERR_SNAPSHOT */
export function expectSnapshot(named: Bytes, served: ServedProduct): void {
  if (toHex(named) !== served.snapshotHash) throw new SluiceError("ERR_SNAPSHOT");
}

/** A mistake of this program: `form` was given what is another's. */
export function misplaced(form: string): TypeError {
  return new TypeError(`the form ${form} was given what another form serves`);
}
