/** Standard output that takes nothing more: a full disk, a reader that has gone.
 *  @module */
import { SluiceError } from "@sluice/protocol";
import { formatError } from "./error-text.ts";

/** Ends this process, with the error on standard error, when what it prints cannot be written. */
export function endWhenUnwritten({ stdout, stderr, exit }: Pick<NodeJS.Process, "stdout" | "stderr" | "exit">): void {
  stdout.once("error", (cause) => {
    stderr.write(formatError(new SluiceError("ERR_OUTPUT", {}, { cause })));
    exit(1);
  });
}
