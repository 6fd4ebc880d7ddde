/** Reads workbooks back: the files of an archive.
 *  @module */
import { inflateRawSync } from "node:zlib";

/** Files of a zip archive without encryption, by their names. */
export function unzip(bytes: Uint8Array): Map<string, string> {
  const view = Buffer.from(bytes);
  const end = view.lastIndexOf("PK\u0005\u0006", undefined, "latin1");
  const files = new Map<string, string>();
  let at = view.readUInt32LE(end + 16);
  for (let i = 0; i < view.readUInt16LE(end + 10); i++) {
    const [packed, nameLength, extra, comment] = [20, 28, 30, 32].map((o) =>
      o === 20 ? view.readUInt32LE(at + o) : view.readUInt16LE(at + o),
    );
    const name = view.toString("utf8", at + 46, at + 46 + (nameLength ?? 0));
    const local = view.readUInt32LE(at + 42);
    const from = local + 30 + view.readUInt16LE(local + 26) + view.readUInt16LE(local + 28);
    const data = view.subarray(from, from + (packed ?? 0));
    files.set(name, (view.readUInt16LE(at + 10) === 8 ? inflateRawSync(data) : data).toString("utf8"));
    at += 46 + (nameLength ?? 0) + (extra ?? 0) + (comment ?? 0);
  }
  return files;
}
