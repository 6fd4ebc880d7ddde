/** Two ends of a connection inside one process. It can be cut after a number of bytes, as real ones are.
 *  @module */
import type { Bytes } from "@sluice/protocol";
import type { Wire } from "./wire.ts";

/** What goes wrong with a connection. */
export interface MemoryFaults {
  /** Bytes, of both ways together, after which the connection is cut; what is under way then is lost. */
  readonly cutAfterBytes?: number;
  /** What each packet becomes on its way: none when it is lost, two when it is doubled. */
  readonly deliver?: (bytes: Bytes) => readonly Bytes[];
}

type Listener = Parameters<Wire["listen"]>[0];

/** Both ends. Packets arrive in a later turn, as copies. */
export function memoryWires({ cutAfterBytes = Infinity, deliver = (bytes) => [bytes] }: MemoryFaults = {}): [
  Wire,
  Wire,
] {
  let leftBytes = cutAfterBytes;
  const ends = [new MemoryEnd(), new MemoryEnd()] as const;
  const cut = (): void => ends.forEach((end) => end.cut());
  const wire = (own: MemoryEnd, other: MemoryEnd): Wire => ({
    send(bytes) {
      if (own.isCut) return;
      leftBytes -= bytes.length;
      if (leftBytes < 0) return cut();
      for (const delivered of deliver(bytes)) other.hear(delivered.slice());
    },
    listen: (listener) => own.listen(listener),
    close() {
      own.cut();
      other.hear(null);
    },
  });
  return [wire(ends[0], ends[1]), wire(ends[1], ends[0])];
}

class MemoryEnd {
  /** Null is the end. */
  #heard: (Bytes | null)[] = [];
  #listener: Listener | null = null;
  isCut = false;

  listen(listener: Listener): void {
    this.#listener = listener;
    this.#tell();
  }

  hear(bytes: Bytes | null): void {
    if (this.isCut) return;
    this.#heard.push(bytes);
    queueMicrotask(() => this.#tell());
  }

  cut(): void {
    if (this.isCut) return;
    this.isCut = true;
    this.#heard = [null];
    queueMicrotask(() => this.#tell());
  }

  #tell(): void {
    for (;;) {
      if (this.#listener === null) return;
      const bytes = this.#heard.shift();
      if (bytes === undefined) return;
      if (bytes !== null) this.#listener.packet(bytes);
      else {
        this.isCut = true;
        this.#listener.end();
      }
    }
  }
}
