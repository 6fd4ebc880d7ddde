/** The command line as a function, for those who run it inside another process.
 *  @module */
export { runCommandLine } from "./command-line.ts";
export type { CommandIo } from "./command.ts";
