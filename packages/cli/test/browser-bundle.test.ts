/** What runs in a browser, bundled for one as a page's author bundles it: nothing of Node is left to be loaded. The walk over
 *  import lines (`test/boundaries.test.ts`) sees our own files; this sees what the packages of others bring along.
 *  @module */
import { fileURLToPath } from "node:url";
import { build, type BuildFailure, type BuildOptions, type Metafile } from "esbuild";
import { expect, test } from "vitest";
import { BROWSER_ENTRIES } from "../../../test/import-rules.ts";

/** Entries that are SEAL: whoever imports them at once encrypts. */
const ENCRYPTING: readonly string[] = [
  "@sluice/mpc/he/linear/client",
  "@sluice/mpc/he/hidden/client",
  "@sluice/mpc/he/join-sum/caller",
];
/** sm-crypto-v2 asks for it where `globalThis.crypto` is missing, which it is in no browser that we support. */
const ASKED_IN_VAIN = ["crypto"];

/** Builds as a page's author does. @throws BuildFailure */
async function bundled(options: BuildOptions): Promise<Metafile> {
  const { metafile } = await build({
    absWorkingDir: fileURLToPath(new URL("../", import.meta.url)),
    bundle: true,
    splitting: true,
    outdir: "/",
    write: false,
    format: "esm",
    platform: "browser",
    target: "es2024",
    external: ["node-seal/*"],
    logLevel: "silent",
    tsconfigRaw: {},
    ...options,
    metafile: true,
  });
  return metafile;
}

/** What `file` and all parts of it import from elsewhere, and whether that waits until it is needed. */
function askedFor({ outputs }: Metafile, file: string): { path: string; waits: boolean }[] {
  const seen = new Set<string>();
  const visit = (name: string, waits: boolean): { path: string; waits: boolean }[] => {
    if (seen.has(name)) return [];
    seen.add(name);
    return (outputs[name]?.imports ?? [{ path: `no ${name}`, kind: "import-statement", external: true }]).flatMap(
      ({ path, kind, external }) => {
        const later = waits || kind === "dynamic-import";
        return external === true ? [{ path, waits: later }] : visit(path, later);
      },
    );
  };
  return visit(Object.keys(outputs).find((name) => name.endsWith(file)) ?? file, false);
}

test("every entry for browsers bundles for one, and asks for nothing of Node", async () => {
  const entryPoints = BROWSER_ENTRIES.map((entry, i) => ({ in: entry, out: `entry-${i}` }));
  const metafile = await bundled({ entryPoints });
  for (const [i, entry] of BROWSER_ENTRIES.entries()) {
    const left = askedFor(metafile, `entry-${i}.js`).filter(({ path }) => !ASKED_IN_VAIN.includes(path));
    // SEAL comes with its own loader; a client that does not encrypt must not need it to start.
    const expected = left.filter(
      ({ path, waits }) => path.startsWith("node-seal/") && (waits || ENCRYPTING.includes(entry)),
    );
    expect({ entry, left }).toEqual({ entry, left: expected });
  }
});

test.each(["node:fs", "fs"])("%s in a bundle is found", async (name) => {
  const stdin = { contents: `import { readFileSync } from "${name}"; export default readFileSync;` };
  const failure = await bundled({ stdin }).catch((error: unknown) => error as BuildFailure);
  expect(failure).toMatchObject({ errors: [{ text: expect.stringContaining(name) }] });
});
