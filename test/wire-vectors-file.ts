/** The file of the wire vectors.
 *  @module */

/** Where it stands, from the root. */
export const WIRE_VECTORS_PATH = "packages/protocol/vectors/wire-v1.json";

/** Its text: lists of numbers take one line. */
export function wireVectorsText(vectors: unknown): string {
  const text = JSON.stringify(vectors, null, 2);
  const compact = text.replaceAll(
    /\[\s+(-?\d+(?:,\s+-?\d+)*)\s+\]/g,
    (_, list: string) => `[${list.replaceAll(/\s+/g, " ")}]`,
  );
  return `${compact}\n`;
}
