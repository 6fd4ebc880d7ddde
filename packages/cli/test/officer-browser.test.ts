/** The officer's pages in a real browser: they render, fit on A4, run nothing and fetch nothing.
 *  @module */
import { execFile } from "node:child_process";
import { readFile, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import { once } from "node:events";
import { join } from "node:path";
import { promisify } from "node:util";
import { expect, onTestFinished, test } from "vitest";
import { sluice, temporaryDirectory } from "./captured-io.ts";
import { chromiumOrSkip } from "./chromium.ts";
import { APPLICATION, officerDocuments, writeDocuments } from "./officer-documents.ts";

const run = promisify(execFile);
const FLAGS = [
  "--headless",
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];
const BROWSER_TIMEOUT_MS = 120_000;

/** Runs the browser once, with a profile of its own. */
async function browse(args: readonly string[]): Promise<string> {
  const profile = await temporaryDirectory();
  const { stdout } = await run("chromium", [...FLAGS, `--user-data-dir=${profile}`, ...args], {
    timeout: BROWSER_TIMEOUT_MS,
    maxBuffer: 2 ** 26,
  });
  return stdout;
}

/** The page of the scene's grant with hostile words, which name `address` as what to fetch. */
async function hostilePage(directory: string, address: string): Promise<string> {
  const { grant, policy } = await officerDocuments(directory);
  const { body } = grant;
  const words = `</td></style><script src=${address}></script><img src=${address} onerror="document.title='owned'">`;
  const scene = { ...body.scene, title: words.slice(0, 120), value: words };
  const draft = { ...body, scene, fields: body.fields.map(({ name }) => ({ name, need: words })) };
  const files = await writeDocuments(directory, {
    proposal: { application: { ...APPLICATION, economicValue: words }, draft, policy },
  });
  const out = join(directory, "hostile.html");
  await sluice(["grant", "show", files.proposal, "--html", out]);
  return out;
}

test.runIf(process.env["SLOW"] === "1")(
  "a browser shows hostile words as text: no element of theirs exists, nothing runs, nothing is fetched",
  { timeout: 2 * BROWSER_TIMEOUT_MS },
  async () => {
    if (!(await chromiumOrSkip())) return;
    const fetched: string[] = [];
    const server = createServer((request, response) => {
      fetched.push(request.url ?? "");
      response.end();
    }).listen(0, "127.0.0.1");
    onTestFinished(() => void server.close());
    await once(server, "listening");
    const address = server.address();
    const port = typeof address === "object" && address !== null ? address.port : 0;
    const file = await hostilePage(await temporaryDirectory(), `http://127.0.0.1:${port}/x`);
    const dom = await browse(["--dump-dom", `file://${file}`]);
    expect(dom).not.toMatch(/<(?:script|img)\b/i);
    expect(dom).toContain("&lt;script");
    expect(dom).not.toMatch(/<title>owned/);
    expect(fetched).toEqual([]);
    // The same words as markup are fetched: the server would have noticed.
    const open = join(await temporaryDirectory(), "open.html");
    await writeFile(open, `<img src=http://127.0.0.1:${port}/x>`);
    await browse(["--dump-dom", `file://${open}`]);
    expect(fetched).toEqual(["/x"]);
  },
);

test.runIf(process.env["SLOW"] === "1")(
  "the pages of a grant and of a release are drawn, and print on A4 in a few sheets",
  { timeout: 4 * BROWSER_TIMEOUT_MS },
  async () => {
    if (!(await chromiumOrSkip())) return;
    const directory = await temporaryDirectory();
    const { grant, policy, run: report, release, trust } = await officerDocuments(directory);
    const files = await writeDocuments(directory, { delivery: { grant, policy }, report, release, trust });
    const pins = ["--trust", files.trust, "--html"];
    await sluice(["grant", "show", files.delivery, ...pins, join(directory, "grant.html")]);
    const beside = ["--grant", files.delivery, "--report", files.report];
    await sluice(["release", "show", files.release, ...beside, ...pins, join(directory, "release.html")]);
    for (const name of ["grant", "release"]) {
      const url = `file://${join(directory, `${name}.html`)}`;
      const [picture, sheet] = [join(directory, `${name}.png`), join(directory, `${name}.pdf`)];
      await browse(["--window-size=900,1300", `--screenshot=${picture}`, url]);
      // A blank page of this size is below 10 kB.
      expect((await readFile(picture)).length).toBeGreaterThan(50_000);
      await browse(["--no-pdf-header-footer", `--print-to-pdf=${sheet}`, url]);
      const pdf = (await readFile(sheet)).toString("latin1");
      expect(pdf.match(/\/Type \/Page\b/g)?.length).toBeLessThanOrEqual(4);
      expect(pdf).toMatch(/\/MediaBox \[0 0 59[45](?:\.\d+)? 84[12]/);
    }
  },
);
