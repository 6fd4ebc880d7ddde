/** Who signed a use request.
 *  @module */
import { SluiceError, type Party, type SignedRequest } from "@sluice/protocol";

/** Refuses a request that its sender has not signed: nobody sends another party's uses. The domain verifies the
 *  signature itself. @throws ERR_SIGNATURE */
export function requireRequestSigner(request: SignedRequest, sender: Party): void {
  const [signature, ...others] = request.signatures;
  if (signature?.keyId === sender.keyId && others.length === 0) return;
  throw new SluiceError("ERR_SIGNATURE", { type: "request", signer: sender.party });
}
