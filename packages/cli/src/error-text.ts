/** How an error reads on a terminal.
 *  @module */
import type { RefusedBy, SluiceError } from "@sluice/protocol";
import { visibleText } from "./officer/visible-text.ts";

const REFUSERS: Record<RefusedBy, string> = {
  client: "this client",
  gateway: "the gateway",
  domain: "the domain",
  guard: "the domain's guard",
  sandbox: "the domain's sandbox",
};

/** The lines for one error, with the code, the process that refused, and the smallest change that would pass. */
export function formatError(error: SluiceError): string {
  const refusedBy = error.refusedBy === undefined ? "" : `refused by: ${REFUSERS[error.refusedBy]}\n`;
  return `error ${error.code}: ${visibleText(error.message)}\n${refusedBy}what to do: ${visibleText(error.remedy)}\n`;
}

/** The same as one JSON object, for `--json`. */
export function errorDocument(error: SluiceError): Record<string, unknown> {
  const { code, message, remedy, refusedBy } = error;
  return { ok: false, error: { code, message, remedy, ...(refusedBy === undefined ? {} : { refusedBy }) } };
}
