/** Bundles a job's source into the one script that is reviewed, hashed and run.
 *  @module */
import { builtinModules, createRequire } from "node:module";
import { readFile } from "node:fs/promises";
import { basename, dirname, extname, join, posix, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import {
  isSluiceError,
  LOCKFILE_NAMES,
  MAX_BUNDLE_BYTES,
  sha256Hex,
  SluiceError,
  utf8,
  type Bytes,
  type Lockfile,
  type Sha256Hex,
} from "@sluice/protocol";
import { build, type BuildResult, type Plugin } from "esbuild";
import { findLockfile } from "./lockfile.ts";

/** Global that holds a bundle's exports; the isolate's first script reads `default` from it. */
const GLOBAL_NAME = "sluiceJob";
/** Global that names its lockfile. */
const LOCKFILE_GLOBAL = "sluiceLockfile";
/** esbuild namespace of this package's own modules: their paths in a bundle tell no directory. */
const OWN_NAMESPACE = "sluice-sandbox";
/** esbuild namespace of the few modules of the protocol that the kit loads. */
const PROTOCOL_NAMESPACE = "sluice-protocol";
/** esbuild namespace of the library that reads and writes Arrow. */
const ARROW_NAMESPACE = "sluice-arrow";
/** esbuild namespace of what an installed package gets for Node's `crypto`. */
const CRYPTO_NAMESPACE = "sluice-crypto";
/** Libraries ask it for chance when they are given no seed. There is none: whoever reads a member ends the job with
 *  ERR_JOB_CAPABILITY, as with the global. One that never does works. */
const CRYPTO_SHIM = `
  for (const name of ["createHash", "getRandomValues", "randomBytes", "randomFillSync", "randomInt", "randomUUID", "webcrypto"]) {
    Object.defineProperty(exports, name, { enumerable: true, get: () => globalThis.crypto[name] });
  }`;
/** Finds them. */
const require = createRequire(import.meta.url);
/** What esbuild takes the bundle to be called. */
const OUTPUT_NAME = "job.js";

/** What a Node builtin would give a job. */
const BUILTIN_CAPABILITIES: Readonly<Record<string, string>> = {
  fs: "file",
  sqlite: "file",
  path: "file",
  net: "network",
  tls: "network",
  dgram: "network",
  dns: "network",
  http: "network",
  http2: "network",
  https: "network",
  crypto: "random",
  perf_hooks: "clock",
  timers: "timer",
};

/** The bytes that are reviewed, with their hash. */
export interface JobBundle {
  readonly code: Bytes;
  readonly bundle: Sha256Hex;
  /** What its packages were installed by; null when it has none. */
  readonly lockfile: Lockfile | null;
}

/** A bundle with what a developer's own machine keeps beside it; none of it is in the bundle's bytes. */
export interface DevelopmentBundle extends JobBundle {
  /** Source map (version 3) from the bundle to the job's files. */
  readonly sourceMap: string;
  /** Absolute paths of the files that the bundle was made from. */
  readonly files: readonly string[];
}

/** Bundles the module `entryFile`, whose default export is `defineJob(…)`. Equal sources give equal bytes. When packages are in
 *  it, its last line names the nearest lockfile and its hash.
 *  @throws ERR_JOB_BUNDLE, and ERR_JOB_CAPABILITY when it imports a Node builtin. */
export async function bundleJob(entryFile: string): Promise<JobBundle> {
  const { code, bundle, lockfile } = await bundleForDevelopment(entryFile);
  return { code, bundle, lockfile };
}

/** Bundles like `bundleJob`, to the same bytes, and keeps the source map and the list of files.
 *  @throws ERR_JOB_BUNDLE, ERR_JOB_CAPABILITY */
export async function bundleForDevelopment(entryFile: string): Promise<DevelopmentBundle> {
  const file = resolve(entryFile);
  const directory = dirname(file);
  const capability: { wanted?: string } = {};
  let result: BuildResult<{ write: false; metafile: true }>;
  try {
    result = await build({
      entryPoints: [basename(file)],
      absWorkingDir: directory,
      // Names the map; nothing is written.
      outfile: OUTPUT_NAME,
      bundle: true,
      write: false,
      sourcemap: "external",
      metafile: true,
      format: "iife",
      globalName: GLOBAL_NAME,
      platform: "neutral",
      mainFields: ["module", "main"],
      target: "es2024",
      charset: "ascii",
      legalComments: "none",
      treeShaking: true,
      logLevel: "silent",
      tsconfigRaw: {},
      define: { "process.env.NODE_ENV": '"production"' },
      plugins: [ownModules(), refuseBuiltins(capability)],
    });
  } catch (cause) {
    if (capability.wanted !== undefined) {
      throw new SluiceError("ERR_JOB_CAPABILITY", { capability: capability.wanted }, { cause });
    }
    throw new SluiceError("ERR_JOB_BUNDLE", { reason: firstReason(cause) }, { cause });
  }
  const [map, script] = [".map", ".js"].map((end) => result.outputFiles.find(({ path }) => path.endsWith(end)));
  const files = Object.keys(result.metafile.inputs).filter(
    (path) =>
      ![OWN_NAMESPACE, PROTOCOL_NAMESPACE, ARROW_NAMESPACE, CRYPTO_NAMESPACE].some((own) => path.startsWith(`${own}:`)),
  );
  const lockfile = files.some(isPackaged) ? await lockfileOf(directory) : null;
  const code = utf8(
    (script?.text ?? "") + (lockfile === null ? "" : `var ${LOCKFILE_GLOBAL} = ${JSON.stringify(lockfile)};\n`),
  );
  if (code.length > MAX_BUNDLE_BYTES) {
    throw new SluiceError("ERR_JOB_BUNDLE", { reason: `it has more than ${MAX_BUNDLE_BYTES} bytes` });
  }
  return {
    code,
    bundle: await sha256Hex(code),
    lockfile,
    sourceMap: map?.text ?? "{}",
    files: files.map((path) => resolve(directory, path)),
  };
}

/** Whether an installer put it there, whose lockfile says which version it is. */
function isPackaged(path: string): boolean {
  return path.split(/[\\/]/).includes("node_modules");
}

async function lockfileOf(directory: string): Promise<Lockfile> {
  const lockfile = await findLockfile(directory);
  if (lockfile !== null) return lockfile;
  const reason = `it has packages and no lockfile: expected ${LOCKFILE_NAMES.join(", ")} in its directory or above`;
  throw new SluiceError("ERR_JOB_BUNDLE", { reason });
}

/** Resolves `@sluice/sandbox/job`, `/kit` and `/arrow` to this package, whatever the job's directory has installed. */
function ownModules(): Plugin {
  return {
    name: OWN_NAMESPACE,
    setup(build) {
      const extension = extname(import.meta.url);
      build.onResolve({ filter: /^@sluice\/sandbox\/(?:job|kit|arrow)$/ }, ({ path }) => ({
        path: `${basename(path)}${extension}`,
        namespace: OWN_NAMESPACE,
      }));
      build.onResolve({ filter: /^@sluice\/protocol\/[a-z-]+$/, namespace: OWN_NAMESPACE }, ({ path }) => ({
        path: `${basename(path)}${extension}`,
        namespace: PROTOCOL_NAMESPACE,
      }));
      build.onResolve({ filter: /^\.\.?\//, namespace: PROTOCOL_NAMESPACE }, ({ path }) => ({
        path: basename(path),
        namespace: PROTOCOL_NAMESPACE,
      }));
      build.onLoad({ filter: /.*/, namespace: PROTOCOL_NAMESPACE }, async ({ path }) => {
        const entry = require.resolve(`@sluice/protocol/${basename(path, extname(path))}`);
        return { contents: await readFile(entry, "utf8"), loader: extname(entry) === ".ts" ? "ts" : "js" };
      });
      // In a namespace, too, so that bytes do not tell where it is installed.
      build.onResolve({ filter: /^@uwdata\/flechette$/, namespace: OWN_NAMESPACE }, () => ({
        path: "src/index.js",
        namespace: ARROW_NAMESPACE,
        sideEffects: false,
      }));
      build.onResolve({ filter: /^\.\.?\//, namespace: ARROW_NAMESPACE }, ({ path, importer }) => ({
        path: posix.join(posix.dirname(importer), path),
        namespace: ARROW_NAMESPACE,
        sideEffects: false,
      }));
      build.onLoad({ filter: /.*/, namespace: ARROW_NAMESPACE }, async ({ path }) => ({
        contents: await readFile(join(dirname(require.resolve("@uwdata/flechette/package.json")), path), "utf8"),
        loader: "js",
      }));
      build.onResolve({ filter: /^\.\.?\//, namespace: OWN_NAMESPACE }, ({ path, importer }) => ({
        path: new URL(path, `file:///${importer}`).pathname.slice(1),
        namespace: OWN_NAMESPACE,
      }));
      build.onLoad({ filter: /.*/, namespace: OWN_NAMESPACE }, async ({ path }) => ({
        contents: await readFile(fileURLToPath(new URL(`./${path}`, import.meta.url)), "utf8"),
        loader: extension === ".ts" ? "ts" : "js",
      }));
    },
  };
}

/** A job has its input columns and nothing else. */
function refuseBuiltins(capability: { wanted?: string }): Plugin {
  return {
    name: "sluice-capabilities",
    setup(build) {
      build.onResolve({ filter: /^(?:node:)?crypto$/ }, ({ path, importer }) =>
        isPackaged(importer) ? { path, namespace: CRYPTO_NAMESPACE } : undefined,
      );
      build.onLoad({ filter: /.*/, namespace: CRYPTO_NAMESPACE }, () => ({ contents: CRYPTO_SHIM, loader: "js" }));
      build.onResolve({ filter: /.*/ }, ({ path }) => {
        const name = path.replace(/^node:/, "").split("/")[0] ?? "";
        if (!path.startsWith("node:") && !builtinModules.includes(path)) return undefined;
        capability.wanted ??= BUILTIN_CAPABILITIES[name] ?? "process";
        return { errors: [{ text: "a job has no Node modules" }] };
      });
    },
  };
}

/** esbuild's first message, with file and line relative to the job. */
function firstReason(cause: unknown): string {
  if (isSluiceError(cause) || typeof cause !== "object" || cause === null || !("errors" in cause)) {
    return "esbuild failed";
  }
  const [first] = cause.errors as { text: string; location?: { file: string; line: number } | null }[];
  if (first === undefined) return "esbuild failed";
  const place = first.location ? `${first.location.file}:${first.location.line}: ` : "";
  return `${place}${first.text}`.slice(0, 300);
}
