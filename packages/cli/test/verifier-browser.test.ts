/** `verify.html` in a real browser: it says what `sluice verify` says, of a whole export and of each tampered one, and
 *  asks no network for anything.
 *  @module */
import { cp, mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { generateSm2Key } from "@sluice/evidence";
import { chromium, type Browser, type Page } from "playwright-core";
import { afterAll, beforeAll, expect, onTestFinished, test } from "vitest";
import type { City } from "../../gateway/test/city.ts";
import { auditCity, environmentOf } from "./audit-city.ts";
import { sluice, temporaryDirectory } from "./captured-io.ts";
import { chromiumOrSkip, chromiumPath } from "./chromium.ts";
import { writeEvidenceDirectory } from "./evidence-directory.ts";
import { writePrunedEvidence } from "./pruned-evidence.ts";
import { TAMPERINGS } from "./tampered-exports.ts";

const slow = process.env["SLOW"] === "1";
let city: City | undefined;
let browser: Browser | undefined;
beforeAll(async () => {
  if (!slow || !(await chromiumOrSkip())) return;
  city = await auditCity(8);
  browser = await chromium.launch({ executablePath: await chromiumPath(), args: ["--no-sandbox"] });
}, 120_000);
afterAll(async () => {
  await browser?.close();
  await city?.close();
});

/** An export of its own, in a directory of the test. */
async function exported(): Promise<string> {
  if (city === undefined) throw new Error("no city was started");
  const kept = join(city.directory, "kept-export");
  if ((await readdir(kept).catch((): string[] => [])).length === 0) {
    const env = await environmentOf(city, "bureau");
    const period = ["--from", "2020-01-01T00:00:00Z", "--to", new Date().toISOString()];
    expect((await sluice(["audit", "export", ...period, "--out", kept], { env })).code).toBe(0);
  }
  const directory = join(await temporaryDirectory(), "export");
  await cp(kept, directory, { recursive: true });
  return directory;
}

/** The page, opened from the disk, with everything that it asked for or complained about. */
async function opened(file: string): Promise<{ page: Page; asked: string[]; complaints: string[] }> {
  if (browser === undefined) throw new Error("no browser was started");
  const page = await browser.newPage();
  onTestFinished(() => page.close());
  const url = pathToFileURL(file).href;
  const [asked, complaints]: [string[], string[]] = [[], []];
  page.on("request", (request) => void (request.url() === url || asked.push(request.url())));
  page.on("console", (message) => void complaints.push(message.text()));
  page.on("pageerror", (error) => void complaints.push(error.message));
  const told = "addEventListener('securitypolicyviolation', (event) => console.warn(event.violatedDirective))";
  await page.addInitScript(told);
  await page.goto(url);
  return { page, asked, complaints };
}

/** Chooses, and gives the verdict with the files it names. */
async function chosen(
  page: Page,
  input: string,
  paths: string | string[],
): Promise<{ verdict: string; files: string[] }> {
  await page.setInputFiles(input, paths);
  const verdict = await page.locator("#outcome .verdict strong").innerText();
  const failing = page.locator("#outcome section", { hasText: "不相符的文件" });
  return { verdict, files: await failing.locator("td:first-child code").allInnerTexts() };
}

function browserTest(name: string, work: () => Promise<void>): void {
  test.runIf(slow)(name, { timeout: 120_000 }, async () => {
    if (browser !== undefined) await work();
  });
}

browserTest("a whole export verifies in the browser, in Chinese first, with the keys to compare", async () => {
  const directory = await exported();
  const { page, asked, complaints } = await opened(join(directory, "verify.html"));
  const { verdict, files } = await chosen(page, "#folder", directory);
  expect(verdict).toMatch(/^全部相符/);
  expect(files).toEqual([]);
  const text = await page.locator("#outcome").innerText();
  const trust = await readFile(join(directory, "trust.json"), "utf8");
  for (const [key] of trust.matchAll(/ed25519:[\w-]+/g)) expect(text).toContain(key);
  const digest = /"digest": "([0-9a-f]{64})"/.exec(await readFile(join(directory, "manifest.json"), "utf8"))?.[1];
  expect(text).toContain(digest ?? "a digest");
  expect([asked, complaints]).toEqual([[], []]);
});

for (const { name, tamper } of TAMPERINGS) {
  browserTest(`the page says what \`sluice verify\` says: ${name}`, async () => {
    const directory = await exported();
    const untouched = await exported();
    const named = await tamper(directory);
    const { page, asked, complaints } = await opened(join(untouched, "verify.html"));
    const { verdict, files } = await chosen(page, "#folder", directory);
    const { stdout, code } = await sluice(["verify", directory, "--json"]);
    const { failures } = JSON.parse(stdout) as { failures: { file: string }[] };
    expect(code).toBe(1);
    expect(verdict).toMatch(/^有 \d+ 项不相符，不可采信/);
    expect(files[0]).toBe(named);
    expect(files).toEqual(failures.map(({ file }) => file));
    expect([asked, complaints]).toEqual([[], []]);
  });
}

browserTest("one receipt with trust.json verifies, and not when a byte of it is another", async () => {
  const directory = await exported();
  const { page } = await opened(join(directory, "verify.html"));
  const [name = ""] = await readdir(join(directory, "receipts"));
  const [receipt, trust] = [join(directory, "receipts", name), join(directory, "trust.json")];
  expect((await chosen(page, "#files", [receipt, trust])).verdict).toMatch(/^所选文件相符；未附日志/);
  await writeFile(receipt, (await readFile(receipt, "utf8")).replace('"product":"credit-label"', '"product":"other"'));
  const changed = await chosen(page, "#files", [receipt, trust]);
  expect(changed).toEqual({ verdict: expect.stringMatching(/^有 1 项不相符/), files: [name] });
  expect((await chosen(page, "#files", [receipt])).verdict).toMatch(/^无法核验/);
});

browserTest("a folder that is dropped verifies, and so do receipts that an SM2 key signed", async () => {
  const directory = await exported();
  const { page, complaints } = await opened(join(directory, "verify.html"));
  const evidence = await temporaryDirectory();
  await writeEvidenceDirectory(evidence, 4, await generateSm2Key());
  for (const [dropped, verdict] of [
    [directory, /^全部相符/],
    [evidence, /^凭证与日志相符；没有 manifest\.json/],
  ] as const) {
    const session = await page.context().newCDPSession(page);
    const data = { items: [], files: [dropped], dragOperationsMask: 1 };
    for (const type of ["dragEnter", "dragOver", "drop"] as const) {
      await session.send("Input.dispatchDragEvent", { type, x: 300, y: 200, data });
    }
    await page.locator("#outcome strong", { hasText: verdict }).waitFor();
    expect(await page.locator("#outcome section", { hasText: "不相符的文件" }).count()).toBe(0);
  }
  expect(complaints).toEqual([]);
});

browserTest("the page tells that a log was pruned", async () => {
  const { page } = await opened(join(await exported(), "verify.html"));
  const evidence = await temporaryDirectory();
  await writePrunedEvidence(evidence);
  expect((await chosen(page, "#folder", evidence)).verdict).toMatch(/^凭证与日志相符/);
  expect(await page.locator("#outcome").innerText()).toContain("编号 512 之前的不再保存");
});

browserTest("a folder that is dropped together with a file is not passed over", async () => {
  const directory = await exported();
  const { page } = await opened(join(directory, "verify.html"));
  const session = await page.context().newCDPSession(page);
  const data = { items: [], files: [directory, join(directory, "trust.json")], dragOperationsMask: 1 };
  for (const type of ["dragEnter", "dragOver", "drop"] as const) {
    await session.send("Input.dispatchDragEvent", { type, x: 300, y: 200, data });
  }
  await page.locator("#outcome", { hasText: "是文件夹，请单独拖入" }).waitFor();
});

browserTest("names of files are shown as text", async () => {
  const directory = await exported();
  await mkdir(join(directory, "x"));
  await writeFile(join(directory, "x", "<img src=x onerror=document.title='owned'>"), "");
  const { page, asked } = await opened(join(directory, "verify.html"));
  expect((await chosen(page, "#folder", directory)).files).toEqual(["x/<img src=x onerror=document.title='owned'>"]);
  expect(await page.locator("#outcome img").count()).toBe(0);
  expect(asked).toEqual([]);
});

browserTest("a browser without Ed25519 is told so, and calls nothing forged", async () => {
  const directory = await exported();
  const { page } = await opened(join(directory, "verify.html"));
  await page.evaluate("crypto.subtle.importKey = () => Promise.reject(new Error('NotSupportedError'))");
  expect((await chosen(page, "#folder", directory)).verdict).toMatch(/^无法核验/);
  expect(await page.locator("#outcome").innerText()).toContain("不支持 Ed25519");
  await page.evaluate("Object.defineProperty(crypto, 'subtle', { value: undefined })");
  await chosen(page, "#folder", directory);
  expect(await page.locator("#outcome").innerText()).toContain("WebCrypto");
});

browserTest("whatever the page's policy does not admit is not fetched and does not run", async () => {
  const directory = await exported();
  const file = join(directory, "verify.html");
  const planted = "<img src=http://127.0.0.1:9/x><script>document.title='owned'</script></main>";
  await writeFile(file, (await readFile(file, "utf8")).replace("</main>", planted));
  const { page, complaints } = await opened(file);
  expect(await page.title()).not.toBe("owned");
  expect(complaints.filter((line) => line.includes("Content Security Policy")).length).toBe(2);
});

browserTest("the outcome is drawn, and prints on A4", async () => {
  const directory = await exported();
  const { page } = await opened(join(directory, "verify.html"));
  await chosen(page, "#folder", directory);
  // A blank page of this size is below 10 kB.
  expect((await page.screenshot({ fullPage: true })).length).toBeGreaterThan(50_000);
  const pdf = (await page.pdf({ preferCSSPageSize: true })).toString("latin1");
  expect(pdf.match(/\/Type \/Page\b/g)?.length).toBeLessThanOrEqual(2);
  expect(await page.evaluate("document.activeElement.id")).toBe("outcome");
});
