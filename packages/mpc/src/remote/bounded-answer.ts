/** Answers of servers that are not trusted to be short.
 *  @module */
import { concatBytes, SluiceError, type Bytes } from "@sluice/protocol";

/** Bytes of the answer's body. @throws ERR_FRAME_TOO_LARGE when it has more than `maxBytes`; no more is read then */
export async function readBounded({ body }: Response, maxBytes: number): Promise<Bytes> {
  const chunks: Bytes[] = [];
  let sizeBytes = 0;
  for await (const chunk of body ?? []) {
    sizeBytes += chunk.length;
    if (sizeBytes > maxBytes) throw new SluiceError("ERR_FRAME_TOO_LARGE", { sizeBytes, maxBytes });
    chunks.push(chunk);
  }
  return concatBytes(...chunks);
}
