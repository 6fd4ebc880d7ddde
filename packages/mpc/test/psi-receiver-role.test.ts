/** The receiver's role runs in browsers: nothing it reaches may need Node or the sender's role. @module */
import { readFileSync } from "node:fs";
import { expect, test } from "vitest";

/** Every specifier that `entry` reaches, own files by what is imported. */
function reachable(entry: URL, found = new Map<string, string>()): Map<string, string> {
  const text = readFileSync(entry, "utf8").replaceAll(/\/\*[\s\S]*?\*\//g, "");
  for (const [, specifier = ""] of text.matchAll(/\bfrom "([^"]+)"|^import "([^"]+)"/gm)) {
    const target = specifier.startsWith(".") ? new URL(specifier, entry).pathname : specifier;
    if (found.has(target)) continue;
    found.set(target, specifier);
    if (specifier.startsWith(".")) reachable(new URL(specifier, entry), found);
  }
  return found;
}

test("psi/receiver reaches no node: module, no sender and no worker, and loads libsodium only when it counts", () => {
  const specifiers = [...reachable(new URL("../src/psi/receiver.ts", import.meta.url)).values()];
  expect(specifiers).toContain("@noble/curves/ed25519.js");
  expect(specifiers.filter((name) => /^node:|libsodium|piscina|sender|server|worker|bulk/.test(name))).toEqual([]);
});

test("nothing of the receiver's role uses a global that only Node has", () => {
  const entry = new URL("../src/psi/receiver.ts", import.meta.url);
  const files = [...reachable(entry).keys()].filter((target) => target.endsWith(".ts"));
  expect(files.length).toBeGreaterThan(5);
  const users = files.filter((file) =>
    /\b(?:Buffer|process|setImmediate|require|__dirname)\b[.(]/.test(
      readFileSync(new URL(file, entry), "utf8").replaceAll(/\/\*[\s\S]*?\*\//g, ""),
    ),
  );
  expect(users).toEqual([]);
});
