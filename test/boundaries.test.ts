/** The import table, held against every package, and each rule shown to see a violation.
 *  @module */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import {
  ALLOWED_IMPORTS,
  BROWSER_ENTRIES,
  browserProblems,
  dependencyProblems,
  importsOf,
  packagesAtStart,
  tableProblems,
  undeclaredProblems,
  type PackageManifest,
} from "./import-rules.ts";
import { packageNames, packageSources, ROOT } from "./source-files.ts";

const sources = packageSources();
const manifests = new Map(
  packageNames().map((name): [string, PackageManifest] => [
    `@sluice/${name}`,
    JSON.parse(readFileSync(join(ROOT, "packages", name, "package.json"), "utf8")) as PackageManifest,
  ]),
);
const files = new Map(sources.map(({ path, text }) => [path, text]));

function manifestOf(path: string): PackageManifest {
  return manifests.get(`@sluice/${path.split("/")[1] ?? ""}`) ?? { name: "" };
}

test("every form of import is seen, and comments are not", () => {
  const text = [
    'import "a";',
    'import type { B } from "b";',
    'import c, { type D } from "c";',
    "import {\n  e,\n} from 'd';",
    'export * from "e";',
    'const f = await import("f");',
    '// import "g";',
    '/* import "h"; */',
    'export type { I } from "i";',
  ].join("\n");
  expect(importsOf(text).map(({ specifier }) => specifier)).toEqual(["a", "b", "c", "d", "e", "f", "i"]);
  expect(importsOf(text).filter(({ typeOnly }) => typeOnly)).toHaveLength(2);
});

test("packages import what the table allows", () => {
  expect(Object.keys(ALLOWED_IMPORTS).toSorted()).toEqual(packageNames().toSorted());
  expect(sources.flatMap(tableProblems)).toEqual([]);
  const planted: [string, string][] = [
    ["protocol", "@sluice/evidence"],
    ["client", "@sluice/mpc/lookup/server"],
    ["client", "@sluice/mpc/pool"],
    ["domain", "@sluice/gateway"],
    ["gateway", "@sluice/domain"],
    ["evidence", "../../mpc/src/pool.ts"],
    ["unheard-of", "@sluice/protocol"],
  ];
  for (const [owner, specifier] of planted) {
    expect(
      tableProblems({ path: `packages/${owner}/src/x.ts`, text: `import { x } from "${specifier}";` }),
    ).toHaveLength(1);
  }
});

test("no package but the cli imports the gateway", () => {
  const importers = Object.entries(ALLOWED_IMPORTS).filter(([, allowed]) => allowed.includes("gateway"));
  expect(importers.map(([name]) => name)).toEqual(["cli"]);
});

test("packages depend on what the table allows, and declare what they import", () => {
  expect([...manifests.values()].flatMap(dependencyProblems)).toEqual([]);
  expect(sources.flatMap((source) => undeclaredProblems(source, manifestOf(source.path)))).toEqual([]);
  expect(dependencyProblems({ name: "@sluice/mpc", dependencies: { "@sluice/evidence": "*" } })).toHaveLength(1);
  const undeclared = { path: "packages/mpc/src/x.ts", text: 'import { z } from "zod";\nimport "node:fs";' };
  expect(undeclaredProblems(undeclared, { name: "@sluice/mpc" })).toHaveLength(1);
});

test("what runs in a browser reaches nothing that needs Node", () => {
  expect(BROWSER_ENTRIES.flatMap((entry) => browserProblems(entry, files, manifests))).toEqual([]);
});

test("a client that does not score loads no SEAL, and one that sees no time stamp no ASN.1", () => {
  expect(packagesAtStart("@sluice/mpc/he/linear/client", files, manifests)).toContain("node-seal");
  const atStart = packagesAtStart("@sluice/client", files, manifests);
  expect(atStart).toContain("@noble/curves");
  expect(atStart).not.toContain("node-seal");
  expect(atStart).not.toContain("pkijs");
  expect(atStart).not.toContain("asn1js");
});

test("a Node import behind a browser entry is found through packages, with the way to it", () => {
  const planted = new Map([
    ["packages/a/src/index.ts", 'export * from "./b.ts";'],
    ["packages/a/src/b.ts", 'import { c } from "@sluice/c";\nimport type { Buffer } from "node:buffer";'],
    ["packages/c/src/index.ts", 'import { readFile } from "node:fs/promises";\nimport ivm from "isolated-vm";'],
  ]);
  const named = new Map<string, PackageManifest>([
    ["@sluice/a", { name: "@sluice/a", exports: { ".": "./src/index.ts" } }],
    ["@sluice/c", { name: "@sluice/c", exports: { ".": "./src/index.ts" } }],
  ]);
  const trail = "@sluice/a > packages/a/src/index.ts > packages/a/src/b.ts > packages/c/src/index.ts";
  expect(browserProblems("@sluice/a", planted, named)).toEqual([
    `${trail}: needs node:fs/promises`,
    `${trail}: needs isolated-vm`,
  ]);
  expect(browserProblems("@sluice/a/missing", planted, named)).toHaveLength(1);
});
