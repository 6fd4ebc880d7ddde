/** The columns of one run on their way to its child: into the child's own pipe, which the broker started it with and
 *  names by number, so that rows do not go through the broker; or to the broker where that pipe cannot be opened.
 *  @module */
import { closeSync, constants, fstatSync, openSync } from "node:fs";
import { Socket } from "node:net";
import { SluiceError, type Bytes, type ColumnBatch } from "@sluice/protocol";
import { cutIntoBatches } from "@sluice/sandbox";
import type { BrokerAnswer } from "./broker-protocol.ts";
import type { Peer } from "./helper-process.ts";
import { MAX_CALL_BYTES } from "./message-parser.ts";

/** A table that is sent once, or in batches as often as they are asked for. */
export class TableSender {
  readonly #table: ColumnBatch;
  readonly #columns: readonly Bytes[];
  readonly #inBatches: boolean;
  #asked = false;
  #pipe: Socket | undefined;

  /** @param columns Values and validity of `table`, in their order. */
  constructor(table: ColumnBatch, columns: readonly Bytes[], inBatches: boolean) {
    this.#table = table;
    this.#columns = columns;
    this.#inBatches = inBatches;
  }

  /** Answers what the broker asks for. @throws ERR_FRAME_MALFORMED when it asks for what there is not, or twice */
  answer(question: Extract<BrokerAnswer, { kind: "want" | "wantBatch" }>, peer: Peer): void {
    if (question.kind === "want") this.#begin(question, peer);
    else this.#sendBatch(question, peer);
  }

  /** Nothing more is sent. */
  close(): void {
    this.#pipe?.destroy();
  }

  #begin({ id, fd }: Extract<BrokerAnswer, { kind: "want" }>, { pid, send }: Peer): void {
    if (this.#asked) throw malformed("kind");
    this.#asked = true;
    const pipe = fd === undefined ? undefined : openPipe(pid, fd);
    if (pipe === undefined) return send({ kind: "columns", id }, this.#columns);
    // What becomes of the child is for the broker to say.
    pipe.on("error", () => {});
    this.#pipe = pipe;
    send({ kind: "opened", id });
    if (this.#inBatches) return;
    writeAll(pipe, this.#columns);
    pipe.end();
  }

  #sendBatch({ id, index, rows }: Extract<BrokerAnswer, { kind: "wantBatch" }>, { send }: Peer): void {
    const parts = cutIntoBatches(this.#table, rows).parts(index);
    if (!this.#inBatches || parts === undefined || this.#pipe === undefined) throw malformed("index");
    writeAll(this.#pipe, parts);
    // Also when the pipe has broken: whoever waits for it is told of the child's end otherwise.
    this.#pipe.write(NOTHING, () => send({ kind: "taken", id }));
  }
}

/** Written after others to hear when those were taken. */
const NOTHING = new Uint8Array(0);

function writeAll(pipe: Socket, parts: readonly Bytes[]): void {
  for (const part of parts) {
    for (let from = 0; from < part.length; from += MAX_CALL_BYTES) {
      pipe.write(part.subarray(from, from + MAX_CALL_BYTES));
    }
  }
}

/** The pipe that the process `pid` has open as `fd`, opened again to write; undefined when that cannot be, and when nobody
 *  reads it any more. */
function openPipe(pid: Peer["pid"], fd: number): Socket | undefined {
  const process = pid();
  if (process === undefined) return undefined;
  let own: number;
  try {
    own = openSync(`/proc/${process}/fd/${fd}`, constants.O_WRONLY | constants.O_NONBLOCK);
  } catch {
    return undefined;
  }
  // It was that process's if the process is still there.
  if (fstatSync(own).isFIFO() && pid() !== undefined) return new Socket({ fd: own, readable: false, writable: true });
  closeSync(own);
  return undefined;
}

function malformed(field: string): SluiceError {
  return new SluiceError("ERR_FRAME_MALFORMED", { field, expected: "what the run has, once" });
}
