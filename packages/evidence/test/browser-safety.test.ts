import { readFile } from "node:fs/promises";
import { isBuiltin } from "node:module";
import { expect, test } from "vitest";

const SOURCE = new URL("../src/", import.meta.url);
const ALLOWED_PACKAGES = [
  "@noble/hashes/sha2.js",
  "@scure/base",
  "@sluice/protocol",
  "asn1js",
  "pkijs",
  "sm-crypto-v2",
  "zod",
];

/** Every module that `entry` reaches, as own file names and package names. */
async function reachable(entry: string): Promise<{ files: Set<string>; packages: Set<string> }> {
  const files = new Set<string>();
  const packages = new Set<string>();
  const queue = [entry];
  for (let file = queue.pop(); file !== undefined; file = queue.pop()) {
    if (files.has(file)) continue;
    files.add(file);
    const source = await readFile(new URL(file, SOURCE), "utf8");
    for (const [, specifier = ""] of source.matchAll(/(?:from|import)\s*\(?\s*"([^"]+)"/g)) {
      if (specifier.startsWith(".")) queue.push(new URL(specifier, `file:///${file}`).pathname.slice(1));
      else packages.add(specifier);
    }
  }
  return { files, packages };
}

test.each(["verify.ts", "sign.ts", "http.ts"])("%s reaches no module of Node", async (entry) => {
  const { files, packages } = await reachable(entry);
  expect(files.size).toBeGreaterThan(3);
  for (const name of packages) {
    expect(isBuiltin(name)).toBe(false);
    expect(ALLOWED_PACKAGES).toContain(name);
  }
});

test("the second suite is reached, through the file that loads it", async () => {
  expect((await reachable("verify.ts")).packages).toContain("sm-crypto-v2");
});

test.each(["verify.ts", "sign.ts", "http.ts"])("%s uses no global of Node", async (entry) => {
  for (const file of (await reachable(entry)).files) {
    const source = await readFile(new URL(file, SOURCE), "utf8");
    expect(source, file).not.toMatch(/\b(?:Buffer|process|require|setImmediate|__dirname|NodeJS)\b[.(]/);
  }
});

test("the search finds a module of Node where there is one", async () => {
  const { packages } = await reachable("index.ts");
  expect([...packages].some((name) => isBuiltin(name))).toBe(true);
});
