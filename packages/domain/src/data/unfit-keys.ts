/** What a build says of rows whose keys a product cannot be made by: the column that the grant names, and what is expected of
 *  every row. Whether one is empty, too long or there twice is not told: a refusal on real rows says that it is one.
 *  @module */
import { isSluiceError, SluiceError, type FieldName } from "@sluice/protocol";

/** The refusal, whatever is wrong with which row. */
export function unfitKeys(key: FieldName): SluiceError {
  const reason = `key ${key} does not fit: each row needs a value of at most 1024 bytes, and for labels one of its own`;
  return new SluiceError("ERR_LOOKUP_TABLE", { reason });
}

/** Runs a part of a build that reads keys. @throws ERR_LOOKUP_TABLE in the words of `unfitKeys` for whatever it says of them */
export async function judgingKeys<T>(key: FieldName, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!isSluiceError(error)) throw error;
    throw error.code === "ERR_LOOKUP_TABLE" || error.code === "ERR_OPRF_INPUT" ? unfitKeys(key) : error;
  }
}
