/** `sluice grant show --odrl`.
 *  @module */
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { documentHash } from "@sluice/protocol";
import { expect, test } from "vitest";
import { sluice, temporaryDirectory } from "./captured-io.ts";
import { officerDocuments } from "./officer-documents.ts";

test("`grant show --odrl` prints the agreement of a signed grant, and refuses a draft", async () => {
  const directory = await temporaryDirectory();
  const { grant } = await officerDocuments(directory);
  const [signed, draft] = [join(directory, "grant.json"), join(directory, "draft.json")];
  await writeFile(signed, JSON.stringify(grant));
  await writeFile(draft, JSON.stringify(grant.body));
  const { stdout, stderr, code } = await sluice(["grant", "show", signed, "--odrl"]);
  expect([code, stderr]).toEqual([0, ""]);
  const uid = `urn:sluice:grant:${await documentHash(grant.body)}`;
  expect(JSON.parse(stdout)).toMatchObject({ "@type": "Agreement", uid });
  const refused = await sluice(["grant", "show", draft, "--odrl"]);
  expect([refused.code, refused.stdout]).toEqual([2, ""]);
  expect(refused.stderr).toContain("nobody agreed to a draft");
});
