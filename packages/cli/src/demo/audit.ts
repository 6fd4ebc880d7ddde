/** What a stranger needs to verify the walk: the pinned keys, every receipt, and copies of both kinds of log,
 *  fetched over HTTP like anyone would.
 *  @module */
import { mkdir, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { TrustPins } from "@sluice/evidence/verify";
import { documentText, SluiceError, type EvidencedReceipt } from "@sluice/protocol";

/** Entries of a full tile, by the standard. */
const TILE_WIDTH = 256;

/** Writes `trust.json`, `receipts/*.json` and `logs/<name>/` below `directory`. */
export async function writeEvidence(
  directory: string,
  evidence: { trust: TrustPins; receipts: readonly EvidencedReceipt[]; logs: Readonly<Record<string, string>> },
): Promise<void> {
  await mkdir(join(directory, "receipts"), { recursive: true });
  await writeFile(join(directory, "trust.json"), `${JSON.stringify(evidence.trust, null, 2)}\n`);
  for (const receipt of evidence.receipts) {
    const file = join(directory, "receipts", `${receipt.receipt.body.callId}.json`);
    await writeFile(file, documentText(receipt));
  }
  for (const [name, url] of Object.entries(evidence.logs)) await copyLog(`${url}/log`, join(directory, "logs", name));
}

/** Copies the log at `url` as static files. @throws ERR_UNREACHABLE */
async function copyLog(url: string, directory: string): Promise<void> {
  const fetchFile = async (path: string): Promise<Uint8Array> => {
    const response = await fetch(`${url}/${path}`);
    if (!response.ok) throw new SluiceError("ERR_UNREACHABLE", { peer: `${url}/${path}` });
    const bytes = new Uint8Array(await response.arrayBuffer());
    const file = join(directory, path);
    await mkdir(dirname(file), { recursive: true });
    await writeFile(file, bytes);
    return bytes;
  };
  const checkpoint = new TextDecoder().decode(await fetchFile("checkpoint"));
  const size = Number(checkpoint.split("\n")[1]);
  for (const path of tilePaths(size)) await fetchFile(path);
}

/** Every tile and entry bundle of a log with `size` entries (C2SP tlog-tiles). */
function tilePaths(size: number): string[] {
  const paths: string[] = [];
  for (let width = size, level = 0; width > 0; width = Math.floor(width / TILE_WIDTH), level++) {
    for (const part of tileParts(width)) {
      paths.push(`tile/${level}/${part}`);
      if (level === 0) paths.push(`tile/entries/${part}`);
    }
  }
  return paths;
}

function tileParts(width: number): string[] {
  const full = Math.floor(width / TILE_WIDTH);
  const parts = Array.from({ length: full }, (_, index) => tileNumber(index));
  if (width % TILE_WIDTH > 0) parts.push(`${tileNumber(full)}.p/${width % TILE_WIDTH}`);
  return parts;
}

function tileNumber(index: number): string {
  const groups = [];
  for (let rest = index; ; rest = Math.floor(rest / 1_000)) {
    groups.unshift(String(rest % 1_000).padStart(3, "0"));
    if (rest < 1_000) break;
  }
  return groups.map((group, i) => (i < groups.length - 1 ? `x${group}` : group)).join("/");
}
