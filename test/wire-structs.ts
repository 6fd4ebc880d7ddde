/** Reads the struct blocks of `docs/wire*.md` and decodes messages by them: the notation of `docs/wire.md` and nothing
 *  else. An independent reader, so it shares no code with the packages.
 *  @module */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { readFiles, ROOT } from "./source-files.ts";

/** What a field decodes to: numbers, hexadecimal, JSON, lists, and the fields of a struct. */
export type Fields = { [name: string]: unknown };

type Extent = { kind: "one" } | { kind: "items"; count: string } | { kind: "prefixed"; max: number };
type Field = { type: string; name: string; extent: Extent; range: [number, number] | null };

const INTEGERS: Readonly<Record<string, number>> = {
  uint8: 1,
  uint16: 2,
  uint24: 3,
  uint32: 4,
  uint64: 8,
  uint32le: 4,
};
const STRUCT = /struct\s*\{([^}]*)\}\s*(\w+)\s*;/g;
const FIELD = /^(\w+)\s+(\w+)\s*(?:\[([^\]]+)\]|<0\.\.([^>]+)>)?\s*(?:=\s*([^.\s]+)(?:\.\.(\S+))?)?$/;

/** The structs of the pages, by name. */
export class WireStructs {
  readonly #structs = new Map<string, Field[]>();
  readonly #names = new Set<string>();

  /** @throws Error when a block holds anything but structs of the notation. */
  constructor(pages: readonly string[]) {
    const blocks = pages
      .flatMap((page) => [...page.matchAll(/^```struct\n([\s\S]*?)^```$/gm)])
      .map(([, block = ""]) => block);
    for (const block of blocks) for (const [, , name = ""] of block.matchAll(STRUCT)) this.#names.add(name);
    for (const block of blocks) this.#readBlock(block);
  }

  /** Names of all structs. */
  get names(): string[] {
    return [...this.#structs.keys()];
  }

  /** The fields of one message. @throws Error when it is malformed. */
  decode(name: string, bytes: Uint8Array): Fields {
    const reader = new Reader(bytes);
    const fields = this.#read(name, reader);
    if (reader.remaining !== 0) throw new Error(`${name}: ${reader.remaining} bytes left over`);
    return fields;
  }

  #readBlock(block: string): void {
    const rest = block.replaceAll(STRUCT, (_, body: string, name: string) => {
      if (this.#structs.has(name)) throw new Error(`struct ${name} stands twice`);
      const lines = body.split(";").map((line) => line.trim());
      this.#structs.set(
        name,
        lines.filter((line) => line !== "").map((line) => this.#field(line)),
      );
      return "";
    });
    if (rest.trim() !== "") throw new Error(`not of the notation: ${rest.trim()}`);
  }

  #field(line: string): Field {
    const [, type = "", name = "", count, max, low, high] = FIELD.exec(line) ?? [];
    const known = type in INTEGERS || type === "opaque" || type === "json" || this.#names.has(type);
    if (!known) throw new Error(`not of the notation: ${line}`);
    const range: Field["range"] = low === undefined ? null : [power(low), power(high ?? low)];
    if (count !== undefined) return { type, name, extent: { kind: "items", count }, range };
    if (max !== undefined) return { type, name, extent: { kind: "prefixed", max: power(max) }, range };
    return { type, name, extent: { kind: "one" }, range };
  }

  #read(name: string, reader: Reader): Fields {
    const fields: Fields = {};
    const struct = this.#structs.get(name);
    if (struct === undefined) throw new Error(`no struct ${name}`);
    for (const field of struct) fields[field.name] = this.#value(field, reader, fields);
    return fields;
  }

  #value({ type, name, extent, range }: Field, reader: Reader, before: Fields): unknown {
    if (type === "opaque" || type === "json") {
      const bytes = reader.take(byteCount(extent, reader, before));
      if (range !== null && bytes.some((byte) => byte !== 0)) throw new Error(`${name} is not zero`);
      if (type === "opaque") return Buffer.from(bytes).toString("hex");
      return JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes)) as unknown;
    }
    if (extent.kind === "one") {
      const value = this.#item(type, reader);
      if (range !== null && !(typeof value === "number" && value >= range[0] && value <= range[1])) {
        throw new Error(`${name} is out of its range`);
      }
      return value;
    }
    const items: unknown[] = [];
    const count = extent.kind === "items" && extent.count !== "*" ? number(extent.count, before) : null;
    while (count === null ? reader.remaining > 0 : items.length < count) items.push(this.#item(type, reader));
    return items;
  }

  #item(type: string, reader: Reader): unknown {
    const width = INTEGERS[type];
    if (width === undefined) return this.#read(type, reader);
    const bytes = reader.take(width);
    return integer(type.endsWith("le") ? bytes.toReversed() : bytes);
  }
}

/** The structs of `docs/wire*.md`. */
export function documentedStructs(): WireStructs {
  return new WireStructs(wirePages());
}

/** Texts of the pages `docs/wire*.md`; the one with the notation first. */
export function wirePages(): string[] {
  const paths = readFiles("docs", /^docs\/wire[^/]*\.md$/).map(({ path }) => path);
  return paths.toSorted((a, b) => a.length - b.length).map((path) => readFileSync(join(ROOT, path), "utf8"));
}

/** Names in the first column of the first table of a section. */
export function documentedMembers(heading: string): string[] {
  const [, rest = ""] = wirePages().join("\n").split(`## ${heading}\n`);
  const table = rest.split("\n\n").find((paragraph) => paragraph.startsWith("|")) ?? "";
  return table
    .split("\n")
    .flatMap((line) => [...(line.split("|")[1] ?? "").matchAll(/`(\w+)`/g)].map(([, name = ""]) => name))
    .toSorted();
}

/** Members of a snapshot: those of every form, and its own. */
export function snapshotMembers(heading: string): string[] {
  return [...new Set([...documentedMembers("Snapshots"), ...documentedMembers(heading)])].toSorted();
}

class Reader {
  readonly #bytes: Uint8Array;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  get remaining(): number {
    return this.#bytes.length - this.#at;
  }

  take(length: number): Uint8Array {
    if (length > this.remaining) throw new Error(`the message ends ${length - this.remaining} bytes early`);
    this.#at += length;
    return this.#bytes.subarray(this.#at - length, this.#at);
  }
}

function byteCount(extent: Extent, reader: Reader, before: Fields): number {
  if (extent.kind === "one") return 1;
  if (extent.kind === "items") return extent.count === "*" ? reader.remaining : number(extent.count, before);
  const width = Math.ceil(Math.log2(extent.max + 1) / 8);
  const length = integer(reader.take(width));
  if (length > extent.max) throw new Error("a length above its limit");
  return length;
}

function number(text: string, before: Fields): number {
  const value = before[text] ?? power(text);
  if (typeof value !== "number") throw new Error(`${text} is no number`);
  return value;
}

/** `n`, `2^n` or `2^n-1`. */
function power(text: string): number {
  const [, base = "", exponent, less] = /^(\d+)(?:\^(\d+)(-1)?)?$/.exec(text) ?? [];
  if (base === "") throw new Error(`not a number: ${text}`);
  return Number(base) ** Number(exponent ?? 1) - (less === undefined ? 0 : 1);
}

function integer(bytes: Uint8Array): number {
  let value = 0;
  for (const byte of bytes) value = value * 256 + byte;
  return value;
}
