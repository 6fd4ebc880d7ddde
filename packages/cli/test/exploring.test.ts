/** Exploring without a grant: a department counts and publishes a profile, a developer looks at it.
 *  @module */
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { exportPrivateKey, generateKey } from "@sluice/evidence";
import { ResourceDescription, ResourceProfile, SluiceError } from "@sluice/protocol";
import { afterAll, beforeAll, expect, test } from "vitest";
import { sendJson, sendProblem, StubCity } from "../../client/test/stub-city.ts";
import { sluice, temporaryDirectory } from "./captured-io.ts";

let city: StubCity;
beforeAll(async () => {
  city = await StubCity.start({ "person-1": 1 });
});
afterAll(() => city.close());

const CANARY = "\u001b[31mrare\u202e";

/** A domain with one table of 120 persons. */
async function domainWithTable(): Promise<{ directory: string; description: ResourceDescription }> {
  const root = await temporaryDirectory();
  const directory = join(root, "hrss");
  const { keyId } = await generateKey();
  const pins = ["agency", "department", "gateway", "recovery"].flatMap((who) => [`--${who}-key`, keyId]);
  await sluice(["domain", "init", directory, "--domain", "hrss", "--plain-keys", ...pins]);
  const lines = Array.from({ length: 120 }, (_, i) => {
    const word = i === 0 ? "only-canary" : i % 3 === 0 ? `"${CANARY}"` : "<b>usual</b>";
    return `canary-${i},${word},${20 + (i % 30)}`;
  });
  const file = join(root, "people.csv");
  const fields = join(root, "fields.json");
  await writeFile(file, ["person,word,age", ...lines, ""].join("\n"));
  const field = (name: string, type: string, role: string) => ({ name, title: name, type, role, grade: "general-2" });
  await writeFile(
    fields,
    JSON.stringify([
      field("person", "text", "direct"),
      field("word", "text", "other"),
      field("age", "integer", "quasi"),
    ]),
  );
  const args = ["--resource", "people", "--data", directory, "--fields", fields, "--json"];
  const { stdout } = await sluice(["domain", "import", file, ...args]);
  return { directory, description: ResourceDescription.parse(JSON.parse(stdout)) };
}

/** Events that say that a profile was published. */
function publications(directory: string): number {
  const db = new DatabaseSync(join(directory, "state.sqlite"), { readOnly: true });
  try {
    return db.prepare("SELECT 1 FROM event WHERE kind = 'profile-published'").all().length;
  } finally {
    db.close();
  }
}

test("`domain profile` shows what it counted; a developer without a grant sees it once it is published", async () => {
  const { directory, description } = await domainWithTable();
  const looked = await sluice(["domain", "profile", directory, "people"]);
  expect(looked).toMatchObject({ code: 0, stderr: "" });
  expect(looked.stdout).toMatch(/^people: about 120 persons, told apart by person; each figure stands for 20 at least/);
  expect(looked.stdout).toMatch(/^word +≤ 10 +<b>usual<\/b> 80, others 40$/m);
  expect(looked.stdout).toContain("not published");
  expect(publications(directory)).toBe(0);
  const { stdout } = await sluice(["domain", "profile", directory, "people", "--publish", "--pairs", "--json"]);
  for (const text of [looked.stdout, stdout]) {
    expect(text).not.toContain("canary");
    expect(text).not.toContain("\u001b");
  }
  const profile = ResourceProfile.parse(JSON.parse(stdout));
  expect(publications(directory)).toBe(1);

  let published: ResourceProfile | null = null;
  const described = { domain: "hrss", receiptKey: city.caller.keyId, logKey: city.caller.keyId, logOrigin: "hrss/log" };
  city.hooks.route = ({ url }, _, response) => {
    if (url === "/v1/catalogue") sendJson(response, { domains: [{ ...described, resources: [description] }] });
    else if (url !== "/v1/domains/hrss/resources/people/profile") return false;
    else if (published !== null) sendJson(response, published);
    else sendProblem(response, new SluiceError("ERR_NOT_FOUND", { kind: "published profile", name: "people" }));
    return true;
  };
  const root = await temporaryDirectory();
  const [key, trust] = [join(root, "lab.key"), join(root, "trust.json")];
  await writeFile(key, await exportPrivateKey(city.caller));
  await writeFile(trust, JSON.stringify(city.trust));
  const env = { SLUICE_GATEWAY: city.url, SLUICE_KEY: key, SLUICE_TRUST: trust };
  expect((await sluice(["resource", "list"], { env })).stdout).toMatch(/^hrss +people +120 +3 +people$/m);
  const bare = await sluice(["resource", "show", "hrss", "people"], { env });
  expect(bare).toMatchObject({ code: 0, stderr: "" });
  expect(bare.stdout).toMatch(/^age +integer +quasi +general-2 +age$/m);
  expect(bare.stdout).toContain("its department published no profile");
  published = profile;
  const saved = join(root, "job");
  const full = await sluice(["resource", "show", "hrss", "people", "--save", saved], { env });
  expect(full.stdout).toMatch(/^word +≤ 10 +<b>usual<\/b> 80, others 40$/m);
  expect(JSON.parse(await readFile(join(saved, "profile.json"), "utf8"))).toEqual(profile);
  await checkDevelopment(saved, description);
  const again = await sluice(["resource", "show", "hrss", "people", "--save", saved], { env });
  expect([again.code, again.stderr]).toEqual([1, expect.stringContaining("ERR_CONFLICT")]);
  const nowhere = await sluice(["resource", "show", "hrss", "nowhere"], { env });
  expect([nowhere.code, nowhere.stderr]).toEqual([1, expect.stringContaining("ERR_NOT_FOUND")]);
});

/** A job beside the saved files runs on rows that follow the profile. */
async function checkDevelopment(directory: string, { domain, resource }: ResourceDescription): Promise<void> {
  const policy = {
    version: 1,
    resource,
    columns: {
      word: { role: "other", transform: { kind: "keep" } },
      age: { role: "quasi", transform: { kind: "bucket", width: 5, min: 0, max: 100 } },
    },
    sample: { rows: 100, strata: [] },
    k: 5,
    suppressionLimit: 0.1,
  };
  await writeFile(join(directory, "policy.json"), JSON.stringify(policy));
  const job = join(directory, "job.ts");
  await writeFile(
    job,
    `import { defineJob } from "@sluice/sandbox/job";
export default defineJob({
  name: "words",
  purpose: "words",
  input: { word: "dict", age: "f64" },
  outputs: { size: { kind: "metrics", keys: ["rows"] } },
  develop(rows, { log }) {
    log(rows.word.dictionary.join(" and "));
    log(Math.min(...rows.age.values) + " to " + Math.max(...rows.age.values));
    return { size: { rows: rows.rowCount } };
  },
});
`,
  );
  const followed = await sluice(["job", "dev", job, "--rows", "2000"]);
  expect(followed.stderr).toBe("");
  expect(followed.stdout).toContain("they describe nobody, and follow its published profile");
  expect(followed.stdout).toContain("<b>usual</b> and word-other");
  expect(followed.stdout).toContain("20 to 45");
  const other = join(directory, "other.json");
  const profile = ResourceProfile.parse(JSON.parse(await readFile(join(directory, "profile.json"), "utf8")));
  await writeFile(other, JSON.stringify({ ...profile, resource: "another" }));
  const refused = await sluice(["job", "dev", job, "--profile", other]);
  const reason = `another table than ${resource} of domain ${domain}`;
  expect([refused.code, refused.stderr]).toEqual([2, expect.stringContaining(reason)]);
  await writeFile(other, JSON.stringify({ ...profile, minimum: 1 }));
  const unsafe = await sluice(["job", "dev", job, "--profile", other]);
  expect(unsafe.stderr).toContain("does not fit its schema at /minimum");
}

test("`domain profile` says what is wrong before it counts", async () => {
  const { directory } = await domainWithTable();
  const wrong: [string[], number, string][] = [
    [["--subject", "word", "--rows-are-persons"], 2, "exclude each other"],
    [["--subject", "nowhere"], 1, "ERR_POLICY_COLUMN"],
    [["--subject", "word"], 1, "ERR_SAMPLE_SIZE"],
  ];
  for (const [args, code, text] of wrong) {
    const refused = await sluice(["domain", "profile", directory, "people", ...args]);
    expect([refused.code, refused.stdout, refused.stderr]).toEqual([code, "", expect.stringContaining(text)]);
  }
  expect((await sluice(["domain", "profile", directory, "nowhere"])).stderr).toContain("ERR_NOT_FOUND");
});
