/** The history of agreements: of each product the first version, and those that two persons changed it to. There is no other way to a later
 *  version (H7, H8).
 *  @module */
import { SluiceError } from "@sluice/protocol";
import { z } from "zod";
import { MAX_LINES, readInput } from "../input.ts";
import { agreementOf, ShareAgreement } from "./agreement.ts";
import { approveChange, ShareChange, type ApprovedChange } from "./share-change.ts";

/** Versions of agreements by product, the earliest first, and the changes with what auditors must look at. */
export interface AgreementHistory {
  readonly versions: ReadonlyMap<string, readonly ShareAgreement[]>;
  readonly changes: readonly ApprovedChange[];
}

/** Builds a history; changes are let through in the order of their versions.
 *  @throws ERR_SETTLEMENT_INPUT for one of another shape; ERR_SETTLEMENT_REFUSED (H7) for a first agreement that is not version 1 or stands
 *  twice, and for a change of a product without agreement; (H8) for a change that {@link approveChange} refuses. */
export function agreementHistory(
  first: readonly ShareAgreement[],
  changes: readonly ShareChange[] = [],
): AgreementHistory {
  const versions = new Map<string, ShareAgreement[]>();
  for (const agreement of readInput(z.array(ShareAgreement).max(MAX_LINES), first, "agreements")) {
    if (agreement.version !== 1 || versions.has(agreement.product)) {
      refuse(`agreements/${agreement.id}`, "a product has one first agreement, version 1; later ones are changes");
    }
    versions.set(agreement.product, [agreement]);
  }
  const read = readInput(z.array(ShareChange).max(MAX_LINES), changes, "changes");
  const approved: ApprovedChange[] = [];
  for (const change of read.toSorted((a, b) => a.next.version - b.next.version)) {
    const before = versions.get(change.next.product);
    const current = before?.at(-1);
    if (before === undefined || current === undefined) {
      refuse(`changes/${change.next.id}`, "its product has no agreement");
      continue;
    }
    approved.push(approveChange(current, change));
    before.push(change.next);
  }
  return { versions, changes: approved };
}

/** The version of a product that holds for a month.
 *  @throws ERR_SETTLEMENT_REFUSED (H1) when none does. */
export function agreementFor({ versions }: AgreementHistory, product: string, month: string): ShareAgreement {
  const agreement = agreementOf(versions.get(product) ?? [], month);
  if (agreement === null) {
    const reason = `no agreement on shares holds for ${month}`;
    throw new SluiceError("ERR_SETTLEMENT_REFUSED", { line: `products/${product}`, rule: "H1", reason });
  }
  return agreement;
}

function refuse(line: string, reason: string): void {
  throw new SluiceError("ERR_SETTLEMENT_REFUSED", { line, rule: "H7", reason });
}
