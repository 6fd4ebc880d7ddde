/** `sluice grant revoke HASH`
 *  @module */
import { fromProblem, Sha256Hex, SluiceError } from "@sluice/protocol";
import { usage, type Command } from "../command.ts";
import { readTextFile } from "../files.ts";
import { nameOption } from "../words.ts";

const MAX_REASON_CHARS = 300; // as in Revocation
const TIMEOUT_MS = 10_000;

/** Takes a grant back, at the domain itself: no gateway stands between. */
export const grantRevoke: Command = {
  path: ["grant", "revoke"],
  summary: "take a grant back, at its domain and at once; runs under it stop, calls are refused",
  positionals: ["HASH"],
  options: {
    "domain-url": { value: "URL", description: "address of the domain itself" },
    domain: { value: "NAME", description: "name of the domain" },
    key: { value: "FILE", description: "private key of the department, the agency or the recovery" },
    reason: { value: "TEXT", description: "why, as it is kept with the revocation" },
  },
  notes: "HASH is the hash of the grant's body. A grant that was never delivered can be revoked, too: it never begins.",
  async run(args, io) {
    const grant = Sha256Hex.safeParse(args.positional(0));
    if (!grant.success) throw usage("HASH expected 64 hexadecimal digits");
    const domain = nameOption(args, "domain");
    const url = URL.parse(args.required("domain-url"));
    if (url === null || !/^https?:$/.test(url.protocol)) throw usage('"--domain-url" expected an http or https URL');
    const reason = args.required("reason");
    if (reason.length < 1 || reason.length > MAX_REASON_CHARS) {
      throw usage(`"--reason" expected 1 to ${MAX_REASON_CHARS} characters`);
    }
    const { importSigningKey, signDocument } = await import("@sluice/evidence");
    const key = await importSigningKey(await readTextFile(args.required("key"), "key file"));
    const body = { type: "revocation", domain, grant: grant.data, reason, at: new Date().toISOString() } as const;
    await deliver(new URL("/v1/revocations", url), JSON.stringify(await signDocument(body, key)), io.signal);
    io.stdout.write(`revoked at ${url.origin}\n`);
    return 0;
  },
};

async function deliver(url: URL, body: string, cancelled: AbortSignal): Promise<void> {
  const signal = AbortSignal.any([cancelled, AbortSignal.timeout(TIMEOUT_MS)]);
  let response: Response;
  try {
    response = await fetch(url, { method: "POST", headers: { "content-type": "application/json" }, body, signal });
  } catch (cause) {
    throw new SluiceError("ERR_UNREACHABLE", { peer: url.origin }, { cause });
  }
  if (response.ok) return;
  const problem: unknown = await response.json().catch(() => null);
  throw fromProblem(problem) ?? new SluiceError("ERR_UNREACHABLE", { peer: url.origin });
}
