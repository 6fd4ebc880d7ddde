/** Answers of servers that are not trusted to be short.
 *  @module */
import { concatBytes, type Bytes } from "@sluice/protocol";

/** Bytes of the answer's body. @throws RangeError when it has more than `maxBytes` */
export async function readBoundedBody({ body }: Response, maxBytes: number): Promise<Bytes> {
  const chunks: Bytes[] = [];
  let length = 0;
  for await (const chunk of body ?? []) {
    length += chunk.length;
    if (length > maxBytes) throw new RangeError(`an answer has more than ${maxBytes} bytes`);
    chunks.push(chunk);
  }
  return concatBytes(...chunks);
}
