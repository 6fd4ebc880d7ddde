/** Makes the two programs that an export carries, `verify.mjs` and `verify.html`, from the sources of this repository.
 *  Equal sources give equal bytes, wherever they lie.
 *  @module */
import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { build, type BuildOptions, type Plugin } from "esbuild";
import { readVersion } from "../version.ts";
import { verifierPage } from "./verifier-page.ts";

/** Oldest language both programs run on: Node 20, and browsers that know Ed25519. */
const TARGET = "es2022";
const NODE_ENTRY = "src/verifier/node-main.ts";
const PAGE_ENTRY = "page/main.ts";

/** The programs by file name. */
export async function bundleVerifier(): Promise<Record<"verify.mjs" | "verify.html", string>> {
  const version = await readVersion();
  const notice = `/* Sluice offline verifier ${version}. Apache-2.0. With zod, @noble/hashes, @noble/curves, @scure/base, canonicalize, sm-crypto-v2, pkijs, asn1js, bytestreamjs and @peculiar/utils, under their own licences. */`;
  const [program, script] = await Promise.all([
    bundle(NODE_ENTRY, { format: "esm", platform: "node", banner: { js: `${notice}\n${NODE_CHECK}` } }),
    bundle(PAGE_ENTRY, { format: "iife", platform: "browser", banner: { js: notice } }),
  ]);
  return { "verify.mjs": program, "verify.html": verifierPage(script, hashSource) };
}

/** Ends an older Node with a sentence: it would fail at its first missing function. */
const NODE_CHECK =
  'if(Number(process.versions.node.split(".")[0])<20){process.stderr.write("需要 Node 20 或更新版本  Node 20 or later is needed\\n");process.exit(1)}';

async function bundle(entry: string, options: BuildOptions): Promise<string> {
  const { outputFiles } = await build({
    entryPoints: [entry],
    absWorkingDir: fileURLToPath(new URL("../../", import.meta.url)),
    bundle: true,
    write: false,
    minify: true,
    target: TARGET,
    mainFields: ["module", "main"],
    charset: "utf8",
    legalComments: "eof",
    logLevel: "silent",
    tsconfigRaw: {},
    plugins: [englishOnly(), importedAtOnce()],
    ...options,
  });
  return outputFiles?.[0]?.text ?? "";
}

/** zod brings its messages in fifty languages, which no code of ours asks for: half of the bytes. */
function englishOnly(): Plugin {
  return {
    name: "english-only",
    setup(build) {
      build.onLoad({ filter: /[/\\]zod[/\\]v4[/\\]locales[/\\]index\.js$/ }, () => ({
        contents: 'export { default as en } from "./en.js";',
        loader: "js",
      }));
    },
  };
}

/** A source expression of a content security policy (CSP3 §2.3.1) that admits exactly `text`. */
function hashSource(text: string): string {
  return `'sha256-${createHash("sha256").update(text).digest("base64")}'`;
}

/** One file holds what is imported later too; and a module that may run later keeps all that it imports, used or not. */
function importedAtOnce(): Plugin {
  return {
    name: "imported-at-once",
    setup(build) {
      build.onLoad({ filter: /[/\\]evidence[/\\](src|dist)[/\\].*\.[jt]s$/ }, async ({ path }) => {
        const imports: string[] = [];
        const body = (await readFile(path, "utf8")).replaceAll(/await import\(("[^"]+")\)/g, (_, from: string) => {
          imports.push(`import * as imported${imports.length} from ${from};`);
          return `imported${imports.length - 1}`;
        });
        return { contents: `${imports.join("")}${body}`, loader: path.endsWith(".ts") ? "ts" : "js" };
      });
    },
  };
}
