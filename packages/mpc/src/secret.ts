/** A secret byte string that redacts itself when it is printed, logged or serialised.
 *  JavaScript cannot promise more: copies that the engine made are beyond `wipe`.
 *  @module */
import type { Bytes } from "@sluice/protocol";

/** Secret bytes with a public label. */
export class SecretBytes {
  readonly #label: string;
  readonly #bytes: Bytes;

  /** Takes ownership of `bytes`: `wipe` zeroes them in place. */
  constructor(label: string, bytes: Bytes) {
    this.#label = label;
    this.#bytes = bytes;
  }

  /** The bytes themselves, not a copy. Keep them out of messages. */
  reveal(): Bytes {
    return this.#bytes;
  }

  /** Zeroes the bytes; the secret is unusable afterwards. */
  wipe(): void {
    this.#bytes.fill(0);
  }

  toString(): string {
    return `${this.#label}(…)`;
  }

  toJSON(): string {
    return this.toString();
  }

  /** What `util.inspect` and `console.log` of Node print. */
  [Symbol.for("nodejs.util.inspect.custom")](): string {
    return this.toString();
  }
}
