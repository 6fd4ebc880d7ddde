/** `sluice grant revoke HASH`
 *  @module */
import { Sha256Hex } from "@sluice/protocol";
import { usage, type Command } from "../command.ts";
import { readTextFile } from "../files.ts";
import { deliverStop, domainUrl } from "../status/deliver-stop.ts";
import { nameOption } from "../words.ts";

const MAX_REASON_CHARS = 300; // as in Revocation

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
    const url = domainUrl(args);
    const reason = args.required("reason");
    if (reason.length < 1 || reason.length > MAX_REASON_CHARS) {
      throw usage(`"--reason" expected 1 to ${MAX_REASON_CHARS} characters`);
    }
    const { importSigningKey, signDocument } = await import("@sluice/evidence");
    const key = await importSigningKey(await readTextFile(args.required("key"), "key file"));
    const body = { type: "revocation", domain, grant: grant.data, reason, at: new Date().toISOString() } as const;
    await deliverStop(url, "/v1/revocations", await signDocument(body, key), io.signal);
    io.stdout.write(`revoked at ${url.origin}\n`);
    return 0;
  },
};
