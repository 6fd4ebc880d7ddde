/** Taking a party's name out of the process log, where it stands beside the ids of its calls.
 *  @module */
import { createReadStream } from "node:fs";
import { open, rename, rm } from "node:fs/promises";
import { createInterface } from "node:readline";

/** Removes the member `party` from each line of a request that names one of `names`; every other line stays to the byte.
 *  Returns how many lines were changed. A file that does not exist has none. The file is replaced when the new one is whole. */
export async function erasePartyFromLog(file: string, names: ReadonlySet<string>): Promise<number> {
  const fresh = `${file}.new`;
  await rm(fresh, { force: true });
  let changed = 0;
  try {
    await using output = await open(fresh, "wx", 0o600);
    for await (const line of createInterface({ input: createReadStream(file), crlfDelay: Infinity })) {
      const kept = withoutParty(line, names);
      if (kept !== line) changed += 1;
      await output.write(`${kept}\n`);
    }
    await output.sync();
  } catch (error) {
    await rm(fresh, { force: true });
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return 0;
    throw error;
  }
  if (changed === 0) await rm(fresh);
  else await rename(fresh, file);
  return changed;
}

function withoutParty(line: string, names: ReadonlySet<string>): string {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    // A line that a full disk cut short.
    return line;
  }
  if (typeof value !== "object" || value === null || !("event" in value) || !("party" in value)) return line;
  const { party, ...rest } = value;
  return rest.event === "request" && typeof party === "string" && names.has(party) ? JSON.stringify(rest) : line;
}
