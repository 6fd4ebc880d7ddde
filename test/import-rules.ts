/** Who may import whom: the package table of `docs/architecture.md` as data, and the walk that checks it. The scanner
 *  reads import lines, which the formatter keeps in one form.
 *  @module */
import { builtinModules } from "node:module";
import type { SourceFile } from "./source-files.ts";

/** Own packages that each package may import; a longer name allows that entry only. */
export const ALLOWED_IMPORTS: Readonly<Record<string, readonly string[]>> = {
  protocol: [],
  mpc: ["protocol"],
  desensitize: ["protocol"],
  sandbox: ["protocol"],
  evidence: ["protocol"],
  settlement: ["protocol"],
  domain: ["protocol", "mpc", "desensitize", "sandbox", "evidence"],
  gateway: ["protocol", "mpc/aggregate/relay", "evidence"],
  client: [
    "protocol",
    "mpc/lookup/client",
    "mpc/psi/receiver",
    "mpc/psi/transfer-receiver",
    "mpc/he/linear/client",
    "mpc/he/hidden/client",
    "mpc/he/selection/client",
    "mpc/he/join-sum/caller",
    "mpc/session/client",
    "evidence",
  ],
  cli: ["protocol", "mpc", "desensitize", "sandbox", "evidence", "settlement", "domain", "gateway", "client"],
};

/** Entries that run in a browser: nothing they reach may need Node. */
export const BROWSER_ENTRIES: readonly string[] = [
  "@sluice/protocol",
  "@sluice/mpc/oprf/client",
  "@sluice/mpc/lookup/client",
  "@sluice/mpc/psi/receiver",
  "@sluice/mpc/he/linear/client",
  "@sluice/mpc/he/hidden/client",
  "@sluice/mpc/he/selection/client",
  "@sluice/mpc/he/join-sum/caller",
  "@sluice/mpc/session/client",
  "@sluice/evidence/verify",
  "@sluice/evidence/sign",
  "@sluice/evidence/seal",
  "@sluice/client",
  "@sluice/sandbox/job",
  "@sluice/sandbox/kit",
];

/** Packages of others that run in a browser as they are. */
export const BROWSER_PACKAGES: readonly string[] = [
  "zod",
  "canonicalize",
  "@scure/base",
  "@noble/curves",
  "@noble/hashes",
  "sm-crypto-v2",
  "node-seal",
  "libsodium-wrappers-sumo",
  "hpke",
  "asn1js",
  "pkijs",
];

/** One import: of what, whether only types cross, and whether it waits until it is needed. */
export type Import = { specifier: string; typeOnly: boolean; deferred: boolean };

/** The parts of a package.json that say what it may import. */
export type PackageManifest = {
  name: string;
  exports?: Record<string, unknown>;
  dependencies?: Record<string, string>;
  /** What the importer brings along. */
  peerDependencies?: Record<string, string>;
};

const IMPORTS =
  /(?:^|\n)\s*(?:import|export)\s+(type\s)?(?:[\w*{][^;'"]*?\sfrom\s+)?["']([^"']+)["']|\bimport\(\s*["']([^"']+)["']\s*\)/g;
const COMMENTS = /\/\*[\s\S]*?\*\/|(?<=^|\s)\/\/.*$/gm;

/** Every import and re-export of `text`, static or dynamic. */
export function importsOf(text: string): Import[] {
  return [...text.replaceAll(COMMENTS, "").matchAll(IMPORTS)].map((match) => ({
    specifier: match[2] ?? match[3] ?? "",
    typeOnly: match[1] !== undefined,
    deferred: match[3] !== undefined,
  }));
}

/** Imports of own packages that the table does not allow to `file`, and imports into another package's files. */
export function tableProblems(file: SourceFile): string[] {
  const owner = file.path.split("/")[1] ?? "";
  const allowed = ALLOWED_IMPORTS[owner];
  if (allowed === undefined) return [`${file.path}: package ${owner} is not in the import table`];
  return importsOf(file.text).flatMap(({ specifier }) => {
    if (specifier.startsWith(".")) {
      const target = resolvePath(file.path, specifier);
      return target.startsWith(`packages/${owner}/`) ? [] : [`${file.path}: reaches into ${target}`];
    }
    if (!specifier.startsWith("@sluice/")) return [];
    const name = specifier.slice("@sluice/".length);
    const isAllowed =
      name.split("/")[0] === owner || allowed.some((entry) => name === entry || name.startsWith(`${entry}/`));
    return isAllowed ? [] : [`${file.path}: ${owner} may not import ${specifier}`];
  });
}

/** Dependencies on own packages that the table does not allow. */
export function dependencyProblems(manifest: PackageManifest): string[] {
  const owner = manifest.name.slice("@sluice/".length);
  const allowed = (ALLOWED_IMPORTS[owner] ?? []).map((entry) => entry.split("/")[0]);
  return Object.keys(manifest.dependencies ?? {})
    .filter((name) => name.startsWith("@sluice/") && !allowed.includes(name.slice("@sluice/".length)))
    .map((name) => `${manifest.name} may not depend on ${name}`);
}

/** Imports of packages that `manifest` does not declare: they would be missing once published. */
export function undeclaredProblems(file: SourceFile, manifest: PackageManifest): string[] {
  return importsOf(file.text)
    .map(({ specifier }) => specifier)
    .filter((specifier) => !specifier.startsWith(".") && !isBuiltin(specifier))
    .map(packageOf)
    .filter((name) => name !== manifest.name && !declares(manifest, name))
    .map((name) => `${file.path}: ${name} is not a dependency of ${manifest.name}`);
}

function declares({ dependencies, peerDependencies }: PackageManifest, name: string): boolean {
  return dependencies?.[name] !== undefined || peerDependencies?.[name] !== undefined;
}

/** Whatever `entry` reaches that a browser lacks, with the path of imports that leads there. */
export function browserProblems(entry: string, files: Files, manifests: Manifests): string[] {
  const { packages, missing } = reachOf(entry, files, manifests, () => true);
  const needs = packages.filter(({ specifier }) => !BROWSER_PACKAGES.includes(packageOf(specifier)));
  return [
    ...missing.map((trail) => `${trail.join(" > ")}: no such file`),
    ...needs.map(({ specifier, trail }) => `${trail.join(" > ")}: needs ${specifier}`),
  ];
}

/** Packages of others that are loaded together with `entry`: imports that wait are not followed. */
export function packagesAtStart(entry: string, files: Files, manifests: Manifests): string[] {
  const { packages } = reachOf(entry, files, manifests, ({ deferred }) => !deferred);
  return [...new Set(packages.map(({ specifier }) => packageOf(specifier)))];
}

type Files = ReadonlyMap<string, string>;
type Manifests = ReadonlyMap<string, PackageManifest>;
type Trail = readonly string[];

/** What is reached from `entry` over those imports that `follows` admits. */
function reachOf(
  entry: string,
  files: Files,
  manifests: Manifests,
  follows: (one: Import) => boolean,
): { packages: { specifier: string; trail: Trail }[]; missing: Trail[] } {
  const packages: { specifier: string; trail: Trail }[] = [];
  const missing: Trail[] = [];
  const seen = new Set<string>();
  const visit = (path: string, trail: readonly string[]): void => {
    if (seen.has(path)) return;
    seen.add(path);
    const text = files.get(path);
    if (text === undefined) {
      missing.push([...trail, path]);
      return;
    }
    for (const one of importsOf(text)) {
      const { specifier } = one;
      if (one.typeOnly || !follows(one)) continue;
      const next = [...trail, path];
      if (specifier.startsWith(".")) visit(resolvePath(path, specifier), next);
      else if (specifier.startsWith("@sluice/")) visit(entryPath(specifier, manifests), next);
      else packages.push({ specifier, trail: next });
    }
  };
  visit(entryPath(entry, manifests), [entry]);
  return { packages, missing };
}

/** Path of the file behind `@sluice/x` or `@sluice/x/y`; a path that does not exist when it is not exported. */
function entryPath(specifier: string, manifests: ReadonlyMap<string, PackageManifest>): string {
  const name = packageOf(specifier);
  const target = manifests.get(name)?.exports?.[`.${specifier.slice(name.length)}`];
  const folder = `packages/${name.slice("@sluice/".length)}`;
  return typeof target === "string"
    ? resolvePath(`${folder}/package.json`, target)
    : `${folder} does not export ${specifier}`;
}

function isBuiltin(specifier: string): boolean {
  return specifier.startsWith("node:") || builtinModules.includes(specifier);
}

function packageOf(specifier: string): string {
  return specifier
    .split("/")
    .slice(0, specifier.startsWith("@") ? 2 : 1)
    .join("/");
}

function resolvePath(from: string, specifier: string): string {
  return new URL(specifier, new URL(from, "file:///")).pathname.slice(1);
}
