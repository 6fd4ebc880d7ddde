/** Reading of answers with a limit on their size.
 *  @module */
import { concatBytes, fromUtf8, type Bytes } from "@sluice/protocol";
import { refusal } from "./refusal.ts";

/** All bytes of `response`. @throws ERR_FRAME_TOO_LARGE above `maxBytes`. */
export async function readBytes(response: Response, maxBytes: number): Promise<Bytes> {
  if (response.body === null) return new Uint8Array();
  const parts: Bytes[] = [];
  let sizeBytes = 0;
  const reader = response.body.getReader();
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return concatBytes(...parts);
    sizeBytes += value.length;
    if (sizeBytes > maxBytes) {
      await reader.cancel();
      throw refusal("ERR_FRAME_TOO_LARGE", { sizeBytes, maxBytes });
    }
    parts.push(value);
  }
}

/** The value of JSON text. @throws ERR_BODY_INVALID */
export function parseJson(bytes: Bytes): unknown {
  try {
    return JSON.parse(fromUtf8(bytes)) as unknown;
  } catch (cause) {
    throw refusal("ERR_BODY_INVALID", { pointer: "/", expected: "UTF-8 JSON" }, cause);
  }
}

/** What a schema of `protocol` offers, without naming its library. */
export interface Schema<T> {
  safeParse(
    value: unknown,
  ): { success: true; data: T } | { success: false; error: { issues: { path: PropertyKey[]; code?: string }[] } };
}

/** `value` as `schema` reads it. @throws ERR_BODY_INVALID naming the first member that does not fit. */
export function parseAs<T>(schema: Schema<T>, value: unknown): T {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const issue = result.error.issues[0];
  const pointer = `/${(issue?.path ?? []).map(String).join("/")}`;
  throw refusal("ERR_BODY_INVALID", { pointer, expected: "the documented schema" });
}
