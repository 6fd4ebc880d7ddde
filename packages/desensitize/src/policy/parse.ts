/** Reading a policy that somebody sent: a closed schema, refused at the first member that does not fit.
 *  @module */
import { Policy, SluiceError } from "@sluice/protocol";

/** The policy in `value`. @throws ERR_POLICY with the JSON pointer of the first member that does not fit. */
export function parsePolicy(value: unknown): Policy {
  const parsed = Policy.safeParse(value);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  const pointer = (issue?.path ?? []).map((part) => `/${String(part)}`).join("");
  throw new SluiceError("ERR_POLICY", { pointer, reason: issue?.code.replaceAll("_", " ") ?? "invalid" });
}
