/** `sluice lookup PRODUCT KEY`
 *  @module */
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { SluiceError, type EvidencedReceipt } from "@sluice/protocol";
import { JSON_OPTION, type Command } from "../command.ts";
import { openClient, PARTY_OPTIONS } from "../party-context.ts";

/** Makes one private lookup. */
export const lookup: Command = {
  path: ["lookup"],
  summary: "look KEY up in PRODUCT; neither gateway nor domain learns the key, or whether it is there",
  positionals: ["PRODUCT", "KEY"],
  options: {
    receipts: { value: "DIR", description: "write the receipts there, for `sluice verify`" },
    ...PARTY_OPTIONS,
    ...JSON_OPTION,
  },
  notes: "KEY `-` reads the key from standard input, so that it does not stand in the shell's history.",
  async run(args, io) {
    const client = await openClient(args, io);
    const argument = args.positional(1);
    const key = argument === "-" ? (await io.readStdin()).replace(/\r?\n$/, "") : argument;
    const handle = await client.openLookup(args.positional(0), { signal: io.signal });
    const { record, receipts } = await handle.lookup(key, { signal: io.signal });
    const directory = args.text("receipts");
    if (directory !== undefined) await writeReceipts(directory, receipts);
    if (args.flag("json")) io.stdout.write(`${JSON.stringify({ record, receipts })}\n`);
    else {
      io.stdout.write(`${record === null ? "no record" : record.label}\n`);
      for (const { receipt } of receipts) io.stdout.write(`receipt ${receipt.body.callId} ${receipt.body.operation}\n`);
    }
    return 0;
  },
};

/** @throws ERR_DIRECTORY_UNWRITABLE */
async function writeReceipts(directory: string, receipts: readonly EvidencedReceipt[]): Promise<void> {
  try {
    await mkdir(directory, { recursive: true });
    for (const evidenced of receipts) {
      const file = join(directory, `${evidenced.receipt.body.callId}.json`);
      await writeFile(file, `${JSON.stringify(evidenced)}\n`);
    }
  } catch (cause) {
    throw new SluiceError("ERR_DIRECTORY_UNWRITABLE", { directory }, { cause });
  }
}
