// @ts-check
/** Tries, from where a job's process stands, what a job that escaped its isolate would try, and prints
 *  how the system answered. Runs without Node's own permission model, so that the answers are the kernel's.
 *  Argument: a port on the loopback interface where the parent listens; or `memory` or `threads`, of which more is taken
 *  than a control group allows, once a byte has come on stdin.
 *  @module */
import { spawnSync } from "node:child_process";
import { accessSync, closeSync, constants, openSync, readFileSync, readSync, readdirSync } from "node:fs";
import { stat } from "node:fs/promises";
import { connect } from "node:net";
import process from "node:process";

const BLOCK_BYTES = 16 * 1_048_576;
const TAKEN_BLOCKS = 16;
const TAKEN_THREADS = 96;
/** @type {Uint8Array[]} */
const taken = [];

/** Error code of `attempt`, or "ok". @param {() => void} attempt */
function outcome(attempt) {
  try {
    attempt();
    return "ok";
  } catch (error) {
    return String(/** @type {NodeJS.ErrnoException} */ (error).code);
  }
}

/** @param {number} port @returns {Promise<string>} */
function connection(port) {
  return new Promise((resolve) => {
    const socket = connect({ host: "127.0.0.1", port });
    socket.once("connect", () => resolve("ok"));
    socket.once("error", (/** @type {NodeJS.ErrnoException} */ error) => resolve(String(error.code)));
  });
}

const [, , wanted] = process.argv;
if (wanted === "memory" || wanted === "threads") {
  readSync(0, new Uint8Array(1));
  if (wanted === "memory") {
    for (let i = 0; i < TAKEN_BLOCKS; i++) taken.push(new Uint8Array(BLOCK_BYTES).fill(1));
  } else {
    // Node starts them all with the first use of one, and ends itself when one does not start.
    process.env["UV_THREADPOOL_SIZE"] = String(TAKEN_THREADS);
    await stat("/");
  }
  process.stdout.write("taken", () => process.exit());
  await new Promise(() => {});
}

/** Whether no capability is held or can be got by starting a program. Reads what the system says of this process. */
function isUnprivileged() {
  const status = readFileSync("/proc/self/status", "utf8");
  const sets = ["Inh", "Prm", "Eff", "Amb"].map((set) => new RegExp(`^Cap${set}:\\t0+$`, "m").test(status));
  return sets.every(Boolean) && /^NoNewPrivs:\t1$/m.test(status);
}

process.report.excludeNetwork = true;
const report = /** @type {any} */ (process.report.getReport());
const facts = {
  pid: process.pid,
  read: outcome(() => readFileSync("/etc/passwd")),
  write: outcome(() => accessSync("/", constants.W_OK)),
  // Opened and left as it is: one setting of the kernel that would start a program of the job's choice.
  tune: outcome(() => closeSync(openSync("/proc/sys/kernel/core_pattern", "r+"))),
  spawn: outcome(() => {
    const { error } = spawnSync("/bin/sh", ["-c", ":"]);
    if (error !== undefined) throw error;
  }),
  unprivileged: isUnprivileged(),
  // Its own root, of which everything that is listed is told.
  root: readdirSync("/"),
  connect: await connection(Number(process.argv[2])),
  coreBytes: report.userLimits?.core_file_size_blocks?.soft,
  addressSpaceBytes: report.userLimits?.virtual_memory_bytes?.soft,
  libraries: report.sharedObjects,
};
process.stdout.write(JSON.stringify(facts), () => process.exit());
