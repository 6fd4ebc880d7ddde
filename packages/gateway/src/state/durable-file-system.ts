/** The file system under PGlite, with real fsync. As shipped, PGlite turns fsync off and its Node file system
 *  has no fsync at all (electric-sql/pglite#1107): a commit survives the process, not the power. This subclass
 *  leans on internals of the pinned version; a test counts at least one fsync per commit.
 *  @module */
import { fsyncSync } from "node:fs";
import { PGlite } from "@electric-sql/pglite";
import { NodeFS } from "@electric-sql/pglite/nodefs";

/** Start parameters of PostgreSQL with fsync on; `-F` in PGlite's defaults turns it off. */
export const DURABLE_START_PARAMETERS: string[] = [
  ...PGlite.defaultStartParams.filter((parameter) => parameter !== "-F"),
  "-c",
  "fsync=on",
  // PGlite's fdatasync does nothing at all, so the write-ahead log must use fsync.
  "-c",
  "wal_sync_method=fsync",
];

/** An open file of Emscripten's NODEFS; `nfd` is Node's descriptor. */
interface NodeStream {
  readonly nfd: number;
}
interface NodeFileSystem {
  readonly stream_ops: { fsync?: (stream: NodeStream) => number };
}

/** PGlite's Node file system whose fsync reaches the disk. */
export class DurableFileSystem extends NodeFS {
  readonly #fsync: (descriptor: number) => void;

  constructor(directory: string, fsync: (descriptor: number) => void = fsyncSync) {
    super(directory);
    this.#fsync = fsync;
  }

  override async init(...parameters: Parameters<NodeFS["init"]>): ReturnType<NodeFS["init"]> {
    const { emscriptenOpts } = await super.init(...parameters);
    const install = (module: { NODEFS: unknown }): void => {
      nodeFileSystem(module.NODEFS).stream_ops.fsync = ({ nfd }) => {
        this.#fsync(nfd);
        return 0;
      };
    };
    return { emscriptenOpts: { ...emscriptenOpts, preRun: [...(emscriptenOpts.preRun ?? []), install] } };
  }
}

function nodeFileSystem(value: unknown): NodeFileSystem {
  if (typeof value === "object" && value !== null && "stream_ops" in value && typeof value.stream_ops === "object") {
    return value as NodeFileSystem;
  }
  throw new TypeError("this version of PGlite has no NODEFS.stream_ops; pin the version this class was written for");
}
