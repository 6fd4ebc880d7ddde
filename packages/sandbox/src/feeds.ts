/** Feeds: a pipe of its own for each child of a job, by which the job's columns come to it from the process that holds
 *  them, past the one that started the child. The child inherits the reading end. The writing end is named to nobody but
 *  by its number here: a process of the same user opens it as `/proc/PID/fd/N`, and no file of it is left by then.
 *
 *  Node makes no pipes, so `mkfifo` does, many at a time; where it or `/proc` is missing there are no feeds, and columns
 *  come by the pipe that everything else comes by.
 *  @module */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { closeSync, constants, openSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { findProgram } from "./find-program.ts";

/** Pipes made at a time, and how few are left when the next are made. */
const FEEDS_AT_A_TIME = 16;
const FEW_FEEDS = 4;

/** Both ends of one pipe. */
export class Feed {
  #read: number | undefined;
  #write: number | undefined;
  #lent = false;

  constructor(read: number, write: number) {
    this.#read = read;
    this.#write = write;
  }

  /** For the child to inherit. Reads wait while anybody has the writing end, and then see an end. */
  get readFd(): number | undefined {
    return this.#read;
  }

  /** The number under which another process opens the pipe to write. The writing end stays open under it until
   *  `takeBack`, whatever becomes of the child: another pipe under the same number would be another child's. */
  lend(): number | undefined {
    this.#lent = this.#write !== undefined;
    return this.#write;
  }

  /** To be called when the other process has an end of its own, whose close then ends the stream, or wants none. */
  takeBack(): void {
    this.#lent = false;
    this.#closeWrite();
  }

  /** To be called when the child has its own, so that its death is the end of the pipe. */
  closeRead(): void {
    if (this.#read !== undefined) closeSync(this.#read);
    this.#read = undefined;
  }

  /** Closes what is not lent. */
  close(): void {
    this.closeRead();
    if (!this.#lent) this.#closeWrite();
  }

  #closeWrite(): void {
    if (this.#write !== undefined) closeSync(this.#write);
    this.#write = undefined;
  }
}

/** Feeds that wait for a child. */
export interface FeedSupply {
  /** A feed for one child, which whoever takes it closes; undefined where there are none. */
  take(): Promise<Feed | undefined>;
  close(): Promise<void>;
}

/** Makes the first feeds. `searchPath` is where `mkfifo` is looked for. */
export function openFeeds(searchPath?: string): FeedSupply {
  const ready: Feed[] = [];
  let ended = false;
  let making: Promise<boolean> | undefined;

  /** Whether there were any. Where none can be made, it is not tried for every child. */
  async function make(): Promise<boolean> {
    const made = await makeFeeds(searchPath).catch((): Feed[] => []);
    if (ended) for (const feed of made) feed.close();
    else ready.push(...made);
    ended ||= made.length === 0;
    making = undefined;
    return made.length > 0;
  }
  const refill = (): Promise<boolean> => (ended ? Promise.resolve(false) : (making ??= make()));
  void refill();

  return {
    async take() {
      for (;;) {
        const feed = ready.shift();
        if (ready.length < FEW_FEEDS) void refill();
        if (feed !== undefined) return feed;
        if (!(await refill())) return undefined;
      }
    },
    async close() {
      ended = true;
      await making;
      for (const feed of ready.splice(0)) feed.close();
    },
  };
}

async function makeFeeds(searchPath: string | undefined): Promise<Feed[]> {
  const program = process.platform === "linux" ? await findProgram("mkfifo", searchPath) : undefined;
  if (program === undefined) return [];
  const directory = await mkdtemp(join(tmpdir(), "sluice-feeds-"));
  try {
    const files = Array.from({ length: FEEDS_AT_A_TIME }, (_, i) => join(directory, String(i)));
    const child = spawn(program, ["-m", "600", ...files], { stdio: "ignore", env: {}, cwd: "/" });
    const [code] = (await once(child, "exit")) as [number | null];
    return code === 0 ? files.map(openFeed) : [];
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

/** Opened both ways first: each end alone would wait for the other, and one opened not to wait would never wait. */
function openFeed(file: string): Feed {
  const both = openSync(file, constants.O_RDWR | constants.O_NOFOLLOW);
  try {
    const read = openSync(file, constants.O_RDONLY | constants.O_NOFOLLOW);
    return new Feed(read, openSync(file, constants.O_WRONLY | constants.O_NOFOLLOW));
  } finally {
    closeSync(both);
  }
}
