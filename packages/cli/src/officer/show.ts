/** What both `show` commands do with a page: print it, write it, and say by the exit code whether to rely on it.
 *  @module */
import { writeFile } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import { SluiceError } from "@sluice/protocol";
import { JSON_OPTION, usage, type Arguments, type CommandIo } from "../command.ts";
import { readCatalogue, readParties } from "./documents.ts";
import { htmlForm } from "./html-form.ts";
import type { NameSources } from "./names.ts";
import type { OfficerPage } from "./page.ts";
import { textForm } from "./text-form.ts";

/** Options that both commands share. */
export const SHOW_OPTIONS = {
  previous: { value: "FILE", description: "the one before it: shows what changed" },
  trust: { value: "FILE", description: "trust.json: the pinned keys that must have signed" },
  catalogue: { value: "FILE", description: "titles of columns: the gateway's answer to GET /v1/catalogue" },
  parties: { value: "FILE", description: "titles of parties: the gateway's answer to GET /v1/parties" },
  html: { value: "OUT.html", description: "write one self-contained page there, to read or to print" },
  ...JSON_OPTION,
} as const;

/** The names that `--catalogue` and `--parties` give. @throws ERR_USAGE */
export async function nameSources(args: Arguments): Promise<NameSources> {
  const [catalogue, parties] = [args.text("catalogue"), args.text("parties")];
  return {
    ...(catalogue === undefined ? {} : { catalogue: await readCatalogue(catalogue) }),
    ...(parties === undefined ? {} : { parties: await readParties(parties) }),
  };
}

/** Prints `page`, writes it where `--html` says, and returns 1 when a check failed. `inputs` are the options that name
 *  files to read, none of which is written over. @throws ERR_USAGE, ERR_DIRECTORY_UNWRITABLE */
export async function showPage(
  page: OfficerPage,
  args: Arguments,
  io: CommandIo,
  inputs: readonly string[],
): Promise<number> {
  const out = args.text("html");
  if (out !== undefined) {
    const read = [args.positional(0), ...inputs.flatMap((name) => args.text(name) ?? [])];
    if (read.some((file) => resolve(file) === resolve(out))) throw usage(`"--html" names ${out}, which is read`);
    try {
      await writeFile(out, htmlForm(page));
    } catch (cause) {
      throw new SluiceError("ERR_DIRECTORY_UNWRITABLE", { directory: dirname(out) }, { cause });
    }
  }
  const ok = page.verdict.level !== "bad";
  if (args.flag("json")) io.stdout.write(`${JSON.stringify({ ok, ...page })}\n`);
  else io.stdout.write(textForm(page) + (out === undefined ? "" : `网页已写入 ${out} / page written\n`));
  return ok ? 0 : 1;
}
