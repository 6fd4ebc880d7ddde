/** Paths of anchor records under `/log/`, beside the files of the log: `anchors/<anchor>/index`, which has one size per
 *  line, and `anchors/<anchor>/<size>.<suffix>`.
 *  @module */
import { Name } from "@sluice/protocol";

/** Longest index: older records than fit are found by their size. */
export const MAX_INDEX_BYTES = 16_000;

const ANCHOR_PATH = /^anchors\/([a-z0-9-]{1,64})\/(?:index|([1-9][0-9]{0,15})\.(json|checkpoint|tsr|answer))$/;

/** What a path names; `size` is null for the index. */
export type AnchorPath = {
  readonly anchor: string;
  readonly size: number | null;
  readonly suffix: string;
};

/** What `path` names, or null when it is no public file of anchors. */
export function parseAnchorPath(path: string): AnchorPath | null {
  const [matched, anchor, digits, suffix = ""] = ANCHOR_PATH.exec(path) ?? [];
  if (matched === undefined || !Name.safeParse(anchor).success || anchor === undefined) return null;
  const size = digits === undefined ? null : Number(digits);
  return size !== null && !Number.isSafeInteger(size) ? null : { anchor, size, suffix };
}
