/** `sluice crypto list`
 *  @module */
import { JSON_OPTION, type Command } from "../command.ts";
import type { AlgorithmUse } from "../inventory/algorithm-use.ts";

/** Lists the cryptography that is in use, for an assessment. */
export const cryptoList: Command = {
  path: ["crypto", "list"],
  summary:
    "list every algorithm in use with standard and purpose (算法清单), and the keys of a directory; changes nothing",
  positionals: [],
  options: {
    data: { value: "DIR", description: "directory of a gateway, a domain or a city, whose own choices come first" },
    ...JSON_OPTION,
  },
  notes:
    "National (商密) are SM2, SM3 and SM4. Private lookup, set intersection and encrypted scoring have no\n" +
    "national standard; the evidence log's SHA-256 is fixed by its format, and an SM2 line stands beside each signature.\n" +
    "TLS is not in this process: put a proxy with TLS or TLCP before it. The arithmetic is no certified module.",
  async run(args, io) {
    const data = args.text("data");
    const { FIXED_USES } = await import("../inventory/fixed-uses.ts");
    const homes = data === undefined ? [] : await usesBelow(data);
    if (args.flag("json")) {
      io.stdout.write(`${JSON.stringify({ homes, builtIn: FIXED_USES })}\n`);
      return 0;
    }
    const parts = [...homes, { home: "built in 内置", uses: FIXED_USES }];
    io.stdout.write(parts.map(({ home, uses }) => `${[home, ...uses.map(entry)].join("\n")}\n`).join("\n"));
    return 0;
  },
};

async function usesBelow(directory: string) {
  const { readDataDirectory } = await import("../doctor/data-directory.ts");
  const { directoryUses } = await import("../inventory/directory-uses.ts");
  return directoryUses(await readDataDirectory(directory));
}

/** Two lines: what for, and whether by commercial cryptography; by what, after which standard, with which key. */
function entry({ use, algorithm, standard, national, keyId }: AlgorithmUse): string {
  const by = [algorithm, standard, ...(keyId === undefined ? [] : [keyId])].join(" · ");
  return `  ${national ? "商密 national" : "其他 other   "}  ${use.zh} ${use.en}\n                  ${by}`;
}
