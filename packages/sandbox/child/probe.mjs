// @ts-check
/** Tries, from where a job's process stands, what a job that escaped its isolate would try, and prints
 *  how the system answered. Runs without Node's own permission model, so that the answers are the kernel's.
 *  Arguments: a port on the loopback interface where the parent listens.
 *  @module */
import { spawnSync } from "node:child_process";
import { accessSync, closeSync, constants, openSync, readFileSync } from "node:fs";
import { connect } from "node:net";
import process from "node:process";

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
  connect: await connection(Number(process.argv[2])),
  coreBytes: report.userLimits?.core_file_size_blocks?.soft,
  addressSpaceBytes: report.userLimits?.virtual_memory_bytes?.soft,
  libraries: report.sharedObjects,
};
process.stdout.write(JSON.stringify(facts), () => process.exit());
