/** Receipts of a directory, verified with the pinned keys, each with the name of who called.
 *  @module */
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { verifyDocument, type TrustPins } from "@sluice/evidence/verify";
import { EvidencedReceipt, SluiceError, type KeyId } from "@sluice/protocol";
import { isMetered, type CalledReceipt } from "@sluice/settlement";
import { usage } from "../command.ts";
import { readBytesFile } from "../files.ts";

/** Most receipts that are read at once. */
const MAX_RECEIPTS = 1_000_000;

/** The receipts of `directory` that are metered: each file verifies, its caller is among `callers`, and none is left out in silence.
 *  @throws ERR_USAGE when the directory cannot be read or has too many; what verification throws; ERR_SETTLEMENT_MISSING for a caller that
 *  no key of `callers` is of, or that was erased. */
export async function readReceipts(
  directory: string,
  {
    callers,
    trust,
    signal,
  }: { readonly callers: ReadonlyMap<KeyId, string>; readonly trust: TrustPins; readonly signal: AbortSignal },
): Promise<{ readonly receipts: readonly CalledReceipt[]; readonly others: number }> {
  const files = await readdir(directory).catch((cause: unknown) => {
    throw usage(`"--receipts" names ${directory}, which cannot be read`, cause);
  });
  const names = files.filter((name) => name.endsWith(".json")).toSorted();
  if (names.length > MAX_RECEIPTS) throw usage(`${directory} has more than ${MAX_RECEIPTS} receipts`);
  const receipts: CalledReceipt[] = [];
  let others = 0;
  for (const name of names) {
    if (signal.aborted) throw new SluiceError("ERR_CANCELLED", {}, { cause: signal.reason });
    const bytes = await readBytesFile(join(directory, name), "receipt");
    await verifyDocument(bytes, trust);
    const { receipt, openings } = EvidencedReceipt.parse(JSON.parse(new TextDecoder().decode(bytes)));
    if (!isMetered(receipt.body)) {
      others += 1;
      continue;
    }
    const key = openings.party?.value;
    const caller = key === undefined ? undefined : callers.get(key);
    if (caller === undefined) {
      const line = `callers: the caller of receipt ${receipt.body.callId}`;
      throw new SluiceError("ERR_SETTLEMENT_MISSING", { line, rule: "F1" });
    }
    receipts.push({ receipt: receipt.body, caller });
  }
  return { receipts, others };
}
