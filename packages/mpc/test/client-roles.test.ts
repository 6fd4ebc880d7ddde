/** Client roles run in browsers: nothing they import may need Node or a server role. @module */
import { readFileSync } from "node:fs";
import { expect, test } from "vitest";

/** Every module specifier that `entry` reaches, own files by their path; what only types cross is gone when it runs. */
function reachable(entry: URL, found = new Set<string>()): Set<string> {
  if (found.has(entry.pathname)) return found;
  found.add(entry.pathname);
  for (const [, specifier = ""] of readFileSync(entry, "utf8").matchAll(
    /^(?:import|export|\}) (?!type ).*?"([^"]+)";$/gm,
  )) {
    if (specifier.startsWith(".")) reachable(new URL(specifier, entry), found);
    else found.add(specifier);
  }
  return found;
}

test.each([
  "oprf/client.ts",
  "lookup/client.ts",
  "he/hidden/client.ts",
  "aggregate/party.ts",
  "aggregate/relay.ts",
  "he/join-sum/caller.ts",
])("%s reaches no node: module, no server role and no libsodium", (file) => {
  const specifiers = [...reachable(new URL(`../src/${file}`, import.meta.url))];
  expect(specifiers).toContain("@sluice/protocol");
  expect(specifiers.filter((name) => name.startsWith("node:") || /libsodium|piscina|server|worker/.test(name))).toEqual(
    [],
  );
});
