/** What the commands that ask a product share: the rules of use, told once, and the receipts, kept where they are wanted.
 *  @module */
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { documentText, SluiceError, type EvidencedReceipt, type SignedGrant } from "@sluice/protocol";
import { JSON_OPTION, type Arguments, type CommandIo, type OptionSpec } from "./command.ts";
import { visibleText } from "./officer/visible-text.ts";
import { PARTY_OPTIONS } from "./party-context.ts";

/** Options of every command that asks. */
export const ASKING_OPTIONS = {
  receipts: { value: "DIR", description: "write the receipts there, for `sluice verify`" },
  ...PARTY_OPTIONS,
  ...JSON_OPTION,
} as const satisfies Record<string, OptionSpec>;

/** Tells the rules of use on standard error, before anything is asked: a call accepts them. */
export async function tellRestrictions(
  handle: { grant(options: { signal: AbortSignal }): Promise<SignedGrant> },
  io: CommandIo,
): Promise<void> {
  const { body } = await handle.grant({ signal: io.signal });
  for (const restriction of body.restrictions ?? []) io.stderr.write(`rule of use: ${visibleText(restriction)}\n`);
}

/** Writes receipts into the directory that the options name, if they name one. @throws ERR_DIRECTORY_UNWRITABLE */
export async function keepReceipts(args: Arguments, receipts: readonly EvidencedReceipt[]): Promise<void> {
  const directory = args.text("receipts");
  if (directory === undefined) return;
  try {
    await mkdir(directory, { recursive: true });
    for (const evidenced of receipts) {
      const file = join(directory, `${evidenced.receipt.body.callId}.json`);
      await writeFile(file, documentText(evidenced));
    }
  } catch (cause) {
    throw new SluiceError("ERR_DIRECTORY_UNWRITABLE", { directory }, { cause });
  }
}

/** One line for each receipt. */
export function receiptLines(receipts: readonly EvidencedReceipt[]): string {
  return receipts.map(({ receipt }) => `receipt ${receipt.body.callId} ${receipt.body.operation}\n`).join("");
}
