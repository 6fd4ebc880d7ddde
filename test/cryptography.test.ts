/** The list of algorithms is whole: every source file that computes something cryptographic stands in it, or here with
 *  the reason why it protects nothing.
 *  @module */
import { expect, test } from "vitest";
import { FIXED_USES } from "../packages/cli/src/inventory/fixed-uses.ts";
import { ERROR_DEVIATION, LWE_DIMENSION } from "../packages/mpc/src/lookup/lwe.ts";
import { DEFAULT_SCRYPT_LOG_N } from "../packages/evidence/src/keys-sealed.ts";
import { packageSources } from "./source-files.ts";

const LIBRARY =
  /from "(?:@noble\/|libsodium|sm-crypto|node-seal|hpke|@hpke\/|pkijs|asn1js)|crypto\.subtle|\bcreate(?:Cipheriv|Decipheriv|Hash|Hmac)\(|\bhkdfSync\(|\bscrypt\b/;

/** Files that use a library of cryptography and protect nothing with it. */
const PROTECT_NOTHING: Readonly<Record<string, string>> = {
  "packages/cli/page/browser-check.ts": "asks whether the browser has what the verifier needs",
  "packages/cli/src/develop/file-watch.ts": "tells whether a file of the developer changed",
  "packages/cli/src/demo/city/random.ts": "generates the demo's persons from a seed",
  "packages/cli/src/demo/ask/ask-lookup.ts": "chooses the demo's questions",
  "packages/cli/src/witness/witness-directory.ts": "names a file after a log's origin",
};

test("each file that computes something cryptographic is in the inventory", () => {
  const computing = packageSources()
    .filter(({ path, text }) => LIBRARY.test(text) && !path.includes("/inventory/"))
    .map(({ path }) => path);
  const listed = new Set(FIXED_USES.flatMap(({ files = [] }) => files));
  expect(computing.filter((path) => !listed.has(path) && !(path in PROTECT_NOTHING))).toEqual([]);
  const known = new Set(packageSources().map(({ path }) => path));
  expect([...listed, ...Object.keys(PROTECT_NOTHING)].filter((path) => !known.has(path))).toEqual([]);
});

test("parameters in the inventory are those of the code", () => {
  const algorithms = FIXED_USES.map(({ algorithm }) => algorithm).join("\n");
  expect(algorithms).toContain(`LWE, n = ${LWE_DIMENSION}, q = 2^32, σ = ${ERROR_DEVIATION}`);
  expect(algorithms).toContain(`scrypt, N = 2^${DEFAULT_SCRYPT_LOG_N}`);
});
