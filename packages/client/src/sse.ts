/** Parser of server-sent events (HTML standard §9.2.6), for the fields `id` and `data`.
 *  @module */
import { refusal } from "./refusal.ts";

/** One event. `id` is empty when the stream has not set one. */
export interface SseEvent {
  readonly id: string;
  readonly data: string;
}

/** Longest event that is kept, in characters. */
const MAX_EVENT_CHARS = 65_536;

/** Takes a stream apart, chunk by chunk. */
export class SseParser {
  readonly #decoder = new TextDecoder();
  #rest = "";
  #id = "";
  #data: string[] = [];
  #sizeChars = 0;

  /** The events that `chunk` completes. @throws ERR_FRAME_TOO_LARGE when an event does not end. */
  push(chunk: Uint8Array): SseEvent[] {
    const text = this.#rest + this.#decoder.decode(chunk, { stream: true });
    // A CR at the end may be half of a CRLF: it waits for the next chunk.
    const held = text.endsWith("\r") ? 1 : 0;
    const lines = text.slice(0, text.length - held).split(/\r\n|\n|\r/);
    this.#rest = (lines.pop() ?? "") + (held === 1 ? "\r" : "");
    const events: SseEvent[] = [];
    for (const line of lines) {
      if (line === "") events.push(...this.#dispatch());
      else this.#field(line);
    }
    const sizeChars = this.#sizeChars + this.#rest.length;
    if (sizeChars > MAX_EVENT_CHARS) {
      throw refusal("ERR_FRAME_TOO_LARGE", { sizeBytes: sizeChars, maxBytes: MAX_EVENT_CHARS });
    }
    return events;
  }

  #field(line: string): void {
    const colon = line.indexOf(":");
    const name = colon === -1 ? line : line.slice(0, colon);
    const value = colon === -1 ? "" : line.slice(colon + 1).replace(/^ /, "");
    if (name === "id" && !value.includes("\0")) this.#id = value;
    if (name === "data") {
      this.#data.push(value);
      this.#sizeChars += value.length;
    }
  }

  #dispatch(): SseEvent[] {
    if (this.#data.length === 0) return [];
    const event = { id: this.#id, data: this.#data.join("\n") };
    this.#data = [];
    this.#sizeChars = 0;
    return [event];
  }
}
