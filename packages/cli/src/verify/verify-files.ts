/** Verifying single files: receipts, grants, releases.
 *  @module */
import { verifyDocument, type TrustPins, type VerifiedDocument } from "@sluice/evidence/verify";
import { isSluiceError, SluiceError } from "@sluice/protocol";
import type { CommandIo } from "../command.ts";
import { errorDocument, formatError } from "../error-text.ts";
import { readBytesFile } from "../files.ts";
import { visibleText } from "../officer/visible-text.ts";
import { formatTable } from "../table.ts";

/** Outcome of one file. */
type Outcome = { readonly file: string } & ({ readonly document: VerifiedDocument } | { readonly error: SluiceError });

/** Verifies each file and prints what holds; the first that does not, with the part that fails, on standard error.
 *  Returns the exit code. @throws ERR_USAGE for a file that cannot be read, ERR_CANCELLED */
export async function verifyFiles(
  files: readonly string[],
  trust: TrustPins,
  { json, io }: { readonly json: boolean; readonly io: CommandIo },
): Promise<number> {
  const outcomes: Outcome[] = [];
  for (const file of files) {
    if (io.signal.aborted) throw new SluiceError("ERR_CANCELLED", {}, { cause: io.signal.reason });
    const bytes = await readBytesFile(file, "file");
    try {
      outcomes.push({ file, document: await verifyDocument(bytes, trust) });
    } catch (error) {
      if (!isSluiceError(error)) throw error;
      outcomes.push({ file, error });
    }
  }
  const failed = outcomes.filter((outcome) => "error" in outcome);
  if (json) io.stdout.write(`${JSON.stringify({ ok: failed.length === 0, files: outcomes.map(documentOf) })}\n`);
  else {
    const verdict = failed.length === 0 ? "everything verifies" : "NOT everything verifies";
    io.stdout.write(`${formatTable([["FILE", "WHAT", "VERIFIED"], ...outcomes.map(rowOf)])}\n\n${verdict}\n`);
  }
  const [first] = failed;
  if (first === undefined) return 0;
  io.stderr.write(
    `first failing file: ${visibleText(first.file)}\nfailing part: ${partOf(first.error)}\n${formatError(first.error)}`,
  );
  return 1;
}

function rowOf(outcome: Outcome): string[] {
  if ("error" in outcome) return [visibleText(outcome.file), "?", `NO: ${partOf(outcome.error)}`];
  const { kind, name, verified, erased } = outcome.document;
  const gone = erased.length === 0 ? "" : `; erased: ${erased.join(", ")}`;
  return [visibleText(outcome.file), `${kind} ${name}`, `${verified.join(", ")}${gone}`];
}

function documentOf(outcome: Outcome): Record<string, unknown> {
  if ("document" in outcome) return { file: outcome.file, ok: true, ...outcome.document };
  return { file: outcome.file, part: partOf(outcome.error), ...errorDocument(outcome.error) };
}

function partOf({ details }: SluiceError): string {
  return String(details["part"] ?? "form");
}
