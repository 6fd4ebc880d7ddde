/** Expecting that the client itself refuses.
 *  @module */
import { isSluiceError, SluiceError, type ErrorCode } from "@sluice/protocol";
import { expect } from "vitest";

/** The error with which the client refused, which has one of these codes. */
export async function refused(work: Promise<unknown>, ...codes: ErrorCode[]): Promise<SluiceError> {
  const error: unknown = await work.then(
    () => null,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(SluiceError);
  if (!isSluiceError(error)) throw new Error("unreachable");
  expect(codes).toContain(error.code);
  expect(error.refusedBy).toBe("client");
  return error;
}
