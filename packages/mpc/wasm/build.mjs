/** Compiles the kernels twice from one source, for shared and for plain memory, since a module declares which of the two
 *  it imports; and apart from these, so that each is loaded where it is needed, those of other protocols and of builds:
 *  `node build.mjs [FOLDER]` writes the binaries and, for loaders and bundlers, source files that hold them.
 *  @module */
import asc from "assemblyscript/asc";
import { readFileSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";

const HERE = import.meta.dirname;
/** No runtime, no allocator, memory from outside, addresses from 0. `threads` is what shared memory is called. */
const FLAGS = [
  "--baseDir",
  HERE,
  "--runtime",
  "stub",
  "-O3",
  "--noAssert",
  "--enable",
  "simd",
  "--importMemory",
  "--noExportMemory",
];
const SHARED = ["--enable", "threads", "--sharedMemory", "--initialMemory", "1", "--maximumMemory", "65536"];

const folder = resolve(process.argv[2] ?? join(HERE, "../src/kernel"));

async function compile(name, entry, flags) {
  const file = join(folder, `${name}.wasm`);
  const { error } = await asc.main([`assembly/${entry}`, ...FLAGS, ...flags, "--outFile", file], {
    stderr: process.stderr,
  });
  if (error !== null) throw error;
  return readFileSync(file).toString("base64");
}

const shared = await compile("lookup-kernel-shared", "index.ts", SHARED);
const plain = await compile("lookup-kernel", "index.ts", []);
writeFileSync(
  join(folder, "kernel-bytes.ts"),
  `/** The compiled kernels: generated from packages/mpc/wasm by \`npm run build\` there.
 *  @module */

/** For shared memory, base64. */
export const SHARED_KERNEL =
  "${shared}";

/** For memory of one thread, base64. */
export const PLAIN_KERNEL =
  "${plain}";
`,
);

const oprf = await compile("oprf-kernel", "oprf-index.ts", []);
writeFileSync(
  join(folder, "oprf-kernel-bytes.ts"),
  `/** The compiled kernel of the oblivious PRF: generated from packages/mpc/wasm by \`npm run build\` there.
 *  @module */

/** For memory of one thread, base64. */
export const OPRF_KERNEL =
  "${oprf}";
`,
);

const filter = await compile("filter-kernel", "filter.ts", SHARED);
writeFileSync(
  join(folder, "filter-kernel-bytes.ts"),
  `/** The compiled key-value filter: generated from packages/mpc/wasm by \`npm run build\` there.
 *  @module */

/** For shared memory, base64. */
export const FILTER_KERNEL =
  "${filter}";
`,
);

const psi = await compile("psi-kernel", "psi-index.ts", []);
writeFileSync(
  join(folder, "psi-kernel-bytes.ts"),
  `/** The compiled kernels of set intersection: generated from packages/mpc/wasm by \`npm run build\` there.
 *  @module */

/** For memory of one thread, base64. */
export const PSI_KERNEL =
  "${psi}";
`,
);

const linear = await compile("linear-kernel", "linear-index.ts", []);
writeFileSync(
  join(folder, "linear-kernel-bytes.ts"),
  `/** The compiled kernels of linear scoring: generated from packages/mpc/wasm by \`npm run build\` there.
 *  @module */

/** For memory of one thread, base64. */
export const LINEAR_KERNEL =
  "${linear}";
`,
);
