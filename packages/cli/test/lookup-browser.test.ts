/** The page of `docs/browser.md` in a real browser, against a running gateway and domains. @module */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { chromium, type Browser, type Page } from "playwright-core";
import { afterAll, beforeAll, beforeEach, expect, onTestFinished, test } from "vitest";
import { openServing, type Serving } from "../../../benchmarks/serving-city.ts";
import { chromiumOrSkip, chromiumPath } from "./chromium.ts";
import { POLICY, serveLookupPage, STRICT_POLICY, type LookupPage } from "./lookup-page.ts";

const slow = process.env["SLOW"] === "1";
const PERSONS = 2_500;
let directory: string | undefined;
let serving: Serving | undefined;
let site: LookupPage | undefined;
let browser: Browser | undefined;

beforeAll(async () => {
  if (!slow || !(await chromiumOrSkip())) return;
  directory = await mkdtemp(join(tmpdir(), "sluice-page-"));
  serving = await openServing(directory, PERSONS);
  const { running } = serving;
  site = await serveLookupPage(running.gatewayUrl, running.city.trust);
  browser = await chromium.launch({ executablePath: await chromiumPath(), args: ["--no-sandbox"] });
}, 300_000);
beforeEach(() => {
  if (site === undefined) return;
  site.alter = undefined;
  site.forwarded.length = 0;
});
afterAll(async () => {
  await browser?.close();
  await site?.close();
  await serving?.running.stop();
  if (directory !== undefined) await rm(directory, { recursive: true, force: true });
});

/** Whether a page under `policy` may compile WebAssembly: an empty module. */
const COMPILES =
  "(() => { try { new WebAssembly.Module(Uint8Array.of(0, 97, 115, 109, 1, 0, 0, 0)); return true; } catch { return false; } })()";

type Ready = { site: LookupPage; serving: Serving; page: Page; complaints: string[] };

/** The page, with the caller's key chosen, and everything that it complained about. */
function pageTest(name: string, work: (ready: Ready) => Promise<void>, policy = POLICY): void {
  test.runIf(slow)(name, { timeout: 120_000 }, async () => {
    if (browser === undefined || site === undefined || serving === undefined) return;
    const page = await browser.newPage();
    onTestFinished(() => page.close());
    const complaints: string[] = [];
    page.on("console", (message) => void complaints.push(message.text()));
    page.on("pageerror", (error) => void complaints.push(error.message));
    site.policy = policy;
    await page.goto(site.url);
    const { directory } = serving.running.city;
    await page.setInputFiles("[name=key]", join(directory, "parties", "river-bank.key"));
    await work({ site, serving, page, complaints });
  });
}

async function ask(page: Page, id: string): Promise<string> {
  await page.fill("[name=id]", id);
  await page.click("button");
  await page.locator("output", { hasText: /^[^…]+$/ }).waitFor();
  return await page.locator("output").innerText();
}

pageTest("a person of the table has the label that Node gets, and another has none", async (ready) => {
  const { serving, page, complaints } = ready;
  const [id = ""] = serving.keys;
  const node = await (await serving.running.client("river-bank").openLookup("inclusive-credit")).lookup(id);
  expect(node.record).not.toBeNull();
  expect(await page.evaluate(COMPILES)).toBe(true);
  expect(await ask(page, id)).toBe(node.record?.label);
  expect(await ask(page, "110101190001010019")).toBe("no record 无记录");
  expect(complaints.filter((line) => !line.includes("favicon"))).toEqual([]);
});

pageTest(
  "hit and miss send requests of the same sizes, and the key is in none of them",
  async ({ site, serving, page }) => {
    const [id = "", other = ""] = serving.keys;
    await ask(page, id);
    site.forwarded.length = 0;
    await ask(page, other);
    const hit = site.forwarded.splice(0);
    await ask(page, "nobody");
    expect(site.forwarded).toEqual(hit);
    expect(hit.map(({ path }) => path)).toEqual(["/v1/calls", "/v1/calls"]);
  },
);

pageTest(
  "an answer with one flipped bit is refused, by its code, and not asked for again",
  async ({ site, serving, page }) => {
    site.alter = (bytes) => {
      bytes.writeUInt8((bytes.at(-1) ?? 0) ^ 1, bytes.length - 1);
      return bytes;
    };
    const [id = ""] = serving.keys;
    expect(await ask(page, id)).toBe("ERR_ANSWER_ALTERED");
    expect(site.forwarded.filter(({ path }) => path === "/v1/calls")).toHaveLength(1);
  },
);

pageTest(
  "a page that may not compile WebAssembly asks as well",
  async ({ serving, page }) => {
    expect(await page.evaluate(COMPILES)).toBe(false);
    expect(await ask(page, "nobody")).toBe("no record 无记录");
    const [id = ""] = serving.keys;
    expect(await ask(page, id)).toMatch(/^(?!ERR_|no record)/);
  },
  STRICT_POLICY,
);
