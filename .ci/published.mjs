/** Checks what would be published: after the build, every file that `publishConfig` and `bin` of a package name exists
 *  and is among its `files`.
 *  @module */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

const packages = readdirSync("packages").filter((name) => existsSync(join("packages", name, "package.json")));
const missing = packages.flatMap((name) => {
  const { publishConfig, files } = JSON.parse(readFileSync(join("packages", name, "package.json"), "utf8"));
  const targets = [publishConfig.exports, publishConfig.bin ?? {}].flatMap(leaves);
  return targets
    .filter((target) => target !== "./package.json")
    .filter((target) => !files.includes(target.split("/")[1]) || !existsSync(join("packages", name, target)))
    .map((target) => `${name}: ${target} would not be published`);
});

/** Every string in a nested object.
 *  @returns {string[]} */
function leaves(value) {
  return typeof value === "string" ? [value] : Object.values(value).flatMap(leaves);
}

for (const line of missing) console.log(line);
console.log(`${packages.length} packages, ${missing.length} missing files`);
process.exitCode = missing.length === 0 ? 0 : 1;
