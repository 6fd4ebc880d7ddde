/** The search for raw data outside of the domains: every canary identifier, name, phone and row fragment, in
 *  UTF-8, UTF-16, hexadecimal and base64, also inside compressed bodies.
 *  @module */
import { opendir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { brotliDecompressSync, gunzipSync, inflateRawSync, inflateSync, zstdDecompressSync } from "node:zlib";

/** Shortest needle that is searched: shorter ones are found by chance. */
export const MIN_NEEDLE_BYTES = 6;
/** Largest decompressed body looked into. */
const MAX_INFLATED_BYTES = 256 * 1_048_576;

/** One find: which needle, in which form, where. */
export interface CanaryFind {
  /** Index into the needles that were given; never the needle itself. */
  readonly needle: number;
  readonly form: string;
  readonly place: string;
}

interface Pattern {
  readonly needle: number;
  readonly form: string;
  readonly bytes: Buffer;
}

/** Bits of the table that tells whether a pattern may begin with the last four bytes. */
const HEAD_BITS = 20;

/** Searches byte strings for the given texts in every form, all patterns in one pass. */
export class CanarySearch {
  readonly #byHead = new Map<number, Pattern[]>();
  readonly #heads = new Uint8Array(2 ** HEAD_BITS);

  constructor(needles: readonly string[]) {
    for (const pattern of needles.flatMap(patternsOf)) {
      const head = pattern.bytes.readUInt32BE(0);
      this.#byHead.set(head, [...(this.#byHead.get(head) ?? []), pattern]);
      this.#heads[headSlot(head)] = 1;
    }
  }

  /** Every find in `bytes`, also in what `bytes` decompresses to. */
  search(bytes: Uint8Array, place: string): CanaryFind[] {
    const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    const finds = this.#scan(buffer, place);
    for (const { form, content } of inflated(buffer)) finds.push(...this.#scan(content, `${place} (${form})`));
    return finds;
  }

  /** Every find in the files below `directory`. */
  async searchDirectory(directory: string): Promise<CanaryFind[]> {
    const finds: CanaryFind[] = [];
    for await (const entry of await opendir(directory, { recursive: true })) {
      if (!entry.isFile()) continue;
      const path = join(entry.parentPath, entry.name);
      finds.push(...this.search(await readFile(path), path));
    }
    return finds;
  }

  #scan(buffer: Buffer, place: string): CanaryFind[] {
    const found = new Map<Pattern, CanaryFind>();
    const heads = this.#heads;
    let head = 0;
    for (let i = 0; i < buffer.length; i++) {
      head = ((head << 8) | (buffer[i] ?? 0)) >>> 0;
      if (heads[headSlot(head)] === 0 || i < 3) continue;
      for (const pattern of this.#byHead.get(head) ?? []) {
        const { bytes, needle, form } = pattern;
        const end = i - 3 + bytes.length;
        if (end <= buffer.length && buffer.compare(bytes, 0, bytes.length, i - 3, end) === 0) {
          found.set(pattern, { needle, form, place });
        }
      }
    }
    return [...found.values()];
  }
}

function headSlot(head: number): number {
  return Math.imul(head, 0x9e3779b1) >>> (32 - HEAD_BITS);
}

function patternsOf(text: string, needle: number): Pattern[] {
  const utf8 = Buffer.from(text, "utf8");
  if (utf8.length < MIN_NEEDLE_BYTES) return [];
  const utf16 = Buffer.from(text, "utf16le");
  const forms: [string, Buffer][] = [
    ["utf-8", utf8],
    ["utf-16le", utf16],
    ["utf-16be", Buffer.from(utf16).swap16()],
    ["hex", Buffer.from(utf8.toString("hex"), "latin1")],
    ["HEX", Buffer.from(utf8.toString("hex").toUpperCase(), "latin1")],
    [
      "json",
      Buffer.from(
        JSON.stringify(text)
          .slice(1, -1)
          .replaceAll(/[^ -~]/g, escaped),
        "latin1",
      ),
    ],
    ["uri", Buffer.from(encodeURIComponent(text), "latin1")],
    ...base64Forms(utf8),
  ];
  return forms.map(([form, bytes]) => ({ needle, form, bytes }));
}

function escaped(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`;
}

/** The part of the base64 text that does not depend on the bytes before and after, for each alignment. */
function base64Forms(bytes: Buffer): [string, Buffer][] {
  return [0, 1, 2].flatMap((shift): [string, Buffer][] => {
    const padded = Buffer.concat([Buffer.alloc(shift), bytes]);
    const text = padded.toString("base64").replace(/=+$/, "");
    const stable = text.slice(shift === 0 ? 0 : shift + 1, Math.floor((padded.length * 8) / 6));
    const url = stable.replaceAll("+", "-").replaceAll("/", "_");
    const forms: [string, Buffer][] = [["base64", Buffer.from(stable, "latin1")]];
    if (url !== stable) forms.push(["base64url", Buffer.from(url, "latin1")]);
    return forms;
  });
}

function inflated(buffer: Buffer): { form: string; content: Buffer }[] {
  const limit = { maxOutputLength: MAX_INFLATED_BYTES };
  const ways: [string, () => Buffer][] = [];
  if (buffer[0] === 0x1f && buffer[1] === 0x8b) ways.push(["gzip", () => gunzipSync(buffer, limit)]);
  if (buffer[0] === 0x78) ways.push(["deflate", () => inflateSync(buffer, limit)]);
  if (buffer.length >= 4 && buffer.readUInt32LE(0) === 0xfd2fb528)
    ways.push(["zstd", () => zstdDecompressSync(buffer, limit)]);
  if (buffer.length < 1_048_576) {
    ways.push(
      ["raw deflate", () => inflateRawSync(buffer, limit)],
      ["brotli", () => brotliDecompressSync(buffer, limit)],
    );
  }
  return ways.flatMap(([form, inflate]) => {
    try {
      return [{ form, content: inflate() }];
    } catch {
      return []; // Not of that form.
    }
  });
}
