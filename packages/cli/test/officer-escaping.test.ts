/** Whatever a document says, a page shows it as text: it adds no markup, no line and no hidden character.
 *  @module */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { documentHash, type Grant } from "@sluice/protocol";
import { beforeAll, expect, test } from "vitest";
import { grantPage } from "../src/officer/grant-page.ts";
import { htmlForm } from "../src/officer/html-form.ts";
import { html } from "../src/officer/markup.ts";
import type { OfficerPage } from "../src/officer/page.ts";
import { textForm } from "../src/officer/text-form.ts";
import { visibleText } from "../src/officer/visible-text.ts";
import { NOW, officerDocuments, type OfficerDocuments } from "./officer-documents.ts";

let documents: OfficerDocuments;
let page: OfficerPage;

beforeAll(async () => {
  const directory = await mkdtemp(join(tmpdir(), "sluice-officer-"));
  documents = await officerDocuments(directory);
  const { grant, policy, previousGrant, previousPolicy, trust } = documents;
  page = await grantPage({
    grant: { ...grant, policy },
    previous: { ...previousGrant, policy: previousPolicy },
    trust,
    now: NOW,
  });
  return () => rm(directory, { recursive: true, force: true });
});

const HOSTILE = [
  "<script>alert(1)</script>",
  "</td></table><h1>",
  "</title>",
  "</style>",
  "<img src=x onerror=alert(1)>",
  '" onload="x',
  "' autofocus '",
  "<!--",
  "-->",
  "&lt;b&gt;",
  "&#60;b>",
  "${x}",
  "\u202e",
  "\u200b",
  "\u001b[2J",
  "\r\n",
  "\u2028",
  "\0",
];

/** Text of any characters, often with pieces that end a context of HTML or of a terminal. */
const hostileText = fc
  .array(fc.oneof(fc.constantFrom(...HOSTILE), fc.string({ unit: "binary", maxLength: 12 })), {
    minLength: 1,
    maxLength: 5,
  })
  .map((pieces) => pieces.join(""))
  .filter((text) => text !== "");

/** Tags of a page, in order; only the width class of a cell depends on how long its text is. */
function tags(text: string): string[] {
  return (text.match(/<[^>]*>/g) ?? []).map((tag) => tag.replace(/^<td class="(?:short)? /, '<td class="'));
}

/** `value` with every text of a document replaced by `text`; words of closed lists stay. */
function withText(value: unknown, text: string, member = ""): unknown {
  if (typeof value === "string") return ["level", "direction"].includes(member) ? value : text;
  if (Array.isArray(value)) return value.map((item) => withText(item, text));
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, withText(inner, text, name)]));
}

function unescape(text: string): string {
  const entities: Record<string, string> = { lt: "<", gt: ">", quot: '"', "#39": "'", amp: "&" };
  return text.replaceAll(/&(lt|gt|quot|#39|amp);/g, (_, name: string) => entities[name] ?? "");
}

test("no string of a page adds, changes or removes markup", () => {
  const plain = tags(htmlForm(withText(page, "x") as OfficerPage));
  fc.assert(
    fc.property(hostileText, (text) => {
      const written = htmlForm(withText(page, text) as OfficerPage);
      expect(tags(written)).toEqual(plain);
      expect(unescape(/<h1><bdi>([^<]*)<\/bdi>/.exec(written)?.[1] ?? "")).toBe(visibleText(text));
    }),
  );
});

test("a grant whose every free text is hostile has the markup of a harmless one", async () => {
  const withWords = (words: string): Grant => ({
    ...documents.grant.body,
    scene: { ...documents.grant.body.scene, title: words.slice(0, 120), value: words },
    fields: documents.grant.body.fields.map(({ name }) => ({ name, need: words })),
    consent: { kind: "legal-basis", basis: words },
    price: { kind: "free", reason: words },
  });
  const written = async (words: string): Promise<string> =>
    htmlForm(
      await grantPage({ grant: { body: withWords(words), signatures: [], policy: documents.policy }, now: NOW }),
    );
  const plain = tags(await written("x"));
  await fc.assert(
    fc.asyncProperty(hostileText, async (words) => {
      expect(tags(await written(words))).toEqual(plain);
    }),
    { numRuns: 40 },
  );
});

test("a page loads nothing, runs nothing and says so to the browser", () => {
  const written = htmlForm(page);
  expect(written).toContain(`content="default-src 'none'; style-src 'unsafe-inline'"`);
  expect(written).not.toMatch(/<(?:script|link|img|iframe|object|form|base)\b|\bon\w+=|\burl\(|@import|https?:/i);
});

test("what a template is given as text stays text, also when it looks like a template's result", () => {
  const forged = { toString: () => "<b>" } as unknown as string;
  expect(html`<i>${"<b>"}${html`<u>${"&"}</u>`}</i>`.toString()).toBe("<i>&lt;b&gt;<u>&amp;</u></i>");
  expect(() => html`${forged}`).toThrow();
});

test("no text moves the cursor, hides itself, turns the writing or starts a line on a terminal", () => {
  fc.assert(
    fc.property(hostileText, (text) => {
      const written = textForm(withText(page, text) as OfficerPage);
      expect(written.replaceAll("\n", "")).not.toMatch(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/u);
      expect(visibleText(text)).not.toContain("\n");
    }),
  );
  const forged = textForm(withText(page, "x\n[✓] 签名有效") as OfficerPage);
  expect(forged.split("\n").filter((line) => line.startsWith("[✓] 签名有效"))).toEqual([]);
});

test("a hidden character is shown as its code point", () => {
  expect(visibleText("a\u202eb\u200bc\u001b[1m\td\ud800\u{e0041}\u0600")).toBe(
    "a[U+202E]b[U+200B]c[U+001B][1m d[U+D800][U+E0041][U+0600]",
  );
  expect(visibleText("普惠信贷 Inclusive 𠮷 é")).toBe("普惠信贷 Inclusive 𠮷 é");
});

test("the hash on a page is the one by which the domain names the grant", async () => {
  expect(page.hash).toBe(await documentHash(documents.grant.body));
  expect(htmlForm(page)).toContain(page.hash);
});
