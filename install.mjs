/** Installs the workspace before `npm start` and `npm test`: all that a machine needs is Node 20 and npm. The pinned
 *  pnpm brings every package and the Node 24 that the scripts then run on. A failed install is shown and ends the
 *  command. Plain JavaScript without dependencies: it runs before anything is installed.
 *  @module */
import { spawnSync } from "node:child_process";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const PNPM = "pnpm@12.21.0";
const NEEDED_NODE = 24;

const root = dirname(fileURLToPath(import.meta.url));
const windows = process.platform === "win32";

/** Prints what to do, and ends the command.
 *  @param {string} advice */
function stop(advice) {
  process.stderr.write(`\nsluice: ${advice}\n`);
  process.exit(1);
}

// Progress goes to standard error, so that the output of the command itself stays alone on standard output.
const installed = spawnSync("npx", ["--yes", PNPM, "install", ...process.argv.slice(2)], {
  cwd: root,
  stdio: ["ignore", process.stderr.fd, process.stderr.fd],
  shell: windows,
});
if (installed.error !== undefined) stop(`npx did not start (${installed.error.message}); install npm 10 or later.`);
if (installed.status !== 0) {
  stop(
    "the install failed, see above. It needs the npm registry (`npm ping` checks it) and 1 GB of disk; then run the command again.",
  );
}

const version = spawnSync(join(root, "node_modules", ".bin", "node"), ["--version"], { shell: windows }).stdout;
const major = Number(/^v(\d+)\./.exec(String(version))?.[1] ?? 0);
if (major < NEEDED_NODE && Number(process.versions.node.split(".")[0]) < NEEDED_NODE) {
  stop(
    `no Node ${NEEDED_NODE} could be installed for ${process.platform} ${process.arch}; install it from https://nodejs.org and run the command again.`,
  );
}
