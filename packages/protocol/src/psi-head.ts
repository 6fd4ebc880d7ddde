/** What frames of set intersection have in common: version and variant, elements in a padded number, items in order.
 *  @module */
import type { Bytes } from "./bytes.ts";
import { ByteWriter, type ByteReader } from "./codec.ts";
import { SluiceError } from "./errors.ts";
import { ELEMENT_BYTES } from "./lookup-frames.ts";
import { MAX_PSI_LIST_ITEMS, padPsiItems, type PsiKind } from "./psi-sizes.ts";

/** Version of the PSI frames. */
export const PSI_VERSION = 1;

const KIND_BYTES = { "psi-ids": 1, "psi-cardinality": 2 } as const satisfies Record<PsiKind, number>;

/** Begins a frame. */
export function psiHead(kind: PsiKind): ByteWriter {
  return new ByteWriter().uint(PSI_VERSION, 2).uint(KIND_BYTES[kind], 1);
}

/** Begins to read a frame of one variant. @throws ERR_FRAME_MALFORMED */
export function expectPsiHead(reader: ByteReader, expected: PsiKind): void {
  if (reader.uint(2) !== PSI_VERSION) throw malformedPsi("version", String(PSI_VERSION));
  if (reader.uint(1) !== KIND_BYTES[expected]) throw malformedPsi("kind", String(KIND_BYTES[expected]));
}

/** Writes elements after their count. @throws ERR_PSI_SET_TOO_LARGE, ERR_FRAME_MALFORMED */
export function writePsiElements(writer: ByteWriter, kind: PsiKind, elements: Bytes): ByteWriter {
  const count = elements.length / ELEMENT_BYTES;
  checkPsiCount(count, MAX_PSI_LIST_ITEMS[kind], "elements");
  return writer.uint(count, 4).fixed(elements);
}

/** Reads elements after their count. @throws ERR_PSI_SET_TOO_LARGE, ERR_FRAME_MALFORMED */
export function readPsiElements(reader: ByteReader, kind: PsiKind): Bytes {
  const count = reader.uint(4);
  checkPsiCount(count, MAX_PSI_LIST_ITEMS[kind], "elements");
  return reader.fixed(count * ELEMENT_BYTES);
}

/** A count that is not a padded size would say more about a set than its frame should.
 *  @throws ERR_PSI_SET_TOO_LARGE, ERR_FRAME_MALFORMED */
export function checkPsiCount(count: number, maxItems: number, field: string): void {
  if (count > padPsiItems(maxItems)) throw new SluiceError("ERR_PSI_SET_TOO_LARGE", { maxItems });
  if (!Number.isInteger(count) || padPsiItems(count) !== count) throw malformedPsi(field, "a padded number of them");
}

/** @throws ERR_FRAME_MALFORMED when items of `itemBytes` are not strictly ascending as byte strings */
export function checkAscending(items: Bytes, itemBytes: number, field: string): void {
  for (let next = itemBytes; next < items.length; next += itemBytes) {
    let i = 0;
    while (i < itemBytes && items[next + i] === items[next - itemBytes + i]) i++;
    const ascends = i < itemBytes && (items[next + i] ?? 0) > (items[next - itemBytes + i] ?? 0);
    if (!ascends) throw malformedPsi(field, "strictly ascending");
  }
}

/** A refusal that names the field. */
export function malformedPsi(field: string, expected: string): SluiceError {
  return new SluiceError("ERR_FRAME_MALFORMED", { field, expected });
}
