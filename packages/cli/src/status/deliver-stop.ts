/** Delivery of what stops work, to the domain itself: no gateway stands between.
 *  @module */
import { fromProblem, SluiceError } from "@sluice/protocol";
import { usage, type Arguments } from "../command.ts";

const TIMEOUT_MS = 10_000;

/** `--domain-url`. @throws ERR_USAGE */
export function domainUrl(args: Arguments): URL {
  const url = URL.parse(args.required("domain-url"));
  if (url !== null && /^https?:$/.test(url.protocol)) return url;
  throw usage('"--domain-url" expected an http or https URL');
}

/** Sends a signed document to `path` of the domain. @throws ERR_UNREACHABLE, or the domain's refusal */
export async function deliverStop(url: URL, path: string, document: unknown, cancelled: AbortSignal): Promise<void> {
  const signal = AbortSignal.any([cancelled, AbortSignal.timeout(TIMEOUT_MS)]);
  const headers = { "content-type": "application/json" };
  let response: Response;
  try {
    const body = JSON.stringify(document);
    response = await fetch(new URL(path, url), { method: "POST", headers, body, signal });
  } catch (cause) {
    throw new SluiceError("ERR_UNREACHABLE", { peer: url.origin }, { cause });
  }
  if (response.ok) return;
  const problem: unknown = await response.json().catch(() => null);
  throw fromProblem(problem) ?? new SluiceError("ERR_UNREACHABLE", { peer: url.origin });
}
