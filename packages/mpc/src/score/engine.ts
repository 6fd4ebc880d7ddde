/** CKKS of SEAL 4.1 in WebAssembly (`node-seal`, the build that throws on transparent ciphertexts), at the one set of
 *  parameters that scoring uses: N = 4096, a data prime of 56 bits and a special prime of 53, together the 109 bits
 *  that the homomorphic encryption standard allows for 128-bit security. Nothing else can be loaded.
 *
 *  A context costs tens of milliseconds, so each thread opens one and keeps it. Random coins are SEAL's own, from the
 *  platform's generator: they cannot be injected.
 *  No `node:` import: runs in Node and in browsers. Bundlers must leave `node-seal` external.
 *  @module */
import { SCORE_RING, SluiceError, type Bytes, type ScoreCiphertext, type SeededCiphertext } from "@sluice/protocol";
import openSeal, {
  type CKKSEncoder,
  type Ciphertext,
  type Evaluator,
  type MainModule,
  type SEALContext,
} from "node-seal/throws";
import { ciphertextBytes, type CiphertextBytes } from "./ciphertext-bytes.ts";
import { withHandles } from "./handles.ts";

/** Bits of the data prime and of the special prime. */
const COEFF_MODULUS_BITS = Int32Array.of(56, 53);

/** What clients and servers share. Lives as long as its thread. */
export interface ScoreEngine {
  readonly seal: MainModule;
  readonly context: SEALContext;
  readonly encoder: CKKSEncoder;
  readonly evaluator: Evaluator;
  readonly bytes: CiphertextBytes;
}

let opened: Promise<ScoreEngine> | undefined;

/** The engine of this thread, opened by the first call. */
export async function scoreEngine(): Promise<ScoreEngine> {
  opened ??= open();
  try {
    return await opened;
  } catch (error) {
    opened = undefined;
    throw error;
  }
}

/** Loads a peer's fresh ciphertext. @throws ERR_SCORE_CIPHERTEXT */
export function loadFresh(engine: ScoreEngine, into: Ciphertext, fresh: SeededCiphertext, scale: number): void {
  into.loadFromArray(engine.context, engine.bytes.widenFresh(fresh, scale));
}

/** Loads a peer's computed ciphertext. @throws ERR_SCORE_CIPHERTEXT when it is transparent: no key would be needed. */
export function loadFull(engine: ScoreEngine, into: Ciphertext, full: ScoreCiphertext, scale: number): void {
  into.loadFromArray(engine.context, engine.bytes.widenFull(full, scale));
  if (into.isTransparent()) throw new SluiceError("ERR_SCORE_CIPHERTEXT", { index: 0, reason: "it is transparent" });
}

/** Runs `use` on ciphertext `index` of a peer; what SEAL refuses becomes a coded error, without SEAL's words.
 *  @throws ERR_SCORE_CIPHERTEXT */
export function refusing<T>(engine: ScoreEngine, index: number, use: () => T): T {
  try {
    return use();
  } catch (error) {
    if (!isCppException(error)) {
      // A trap leaves the instance in no known state.
      if (!(error instanceof SluiceError)) opened = undefined;
      throw error;
    }
    const seal = engine.seal as MainModule & CppExceptions;
    const [, message] = seal.getExceptionMessage(error);
    seal.decrementExceptionRefcount(error);
    const reason = message.includes("transparent") ? "the result would be transparent" : "it does not load";
    throw new SluiceError("ERR_SCORE_CIPHERTEXT", { index, reason });
  }
}

async function open(): Promise<ScoreEngine> {
  const seal = await openSeal();
  return withHandles((keep) => {
    const parameters = keep(new seal.EncryptionParameters(seal.SchemeType.ckks));
    parameters.setPolyModulusDegree(SCORE_RING);
    parameters.setCoeffModulus(keep(seal.CoeffModulus.Create(SCORE_RING, COEFF_MODULUS_BITS)));
    const context = new seal.SEALContext(parameters, true, seal.SecLevelType.tc128);
    if (!context.parametersSet()) throw new SluiceError("ERR_INTERNAL", { reference: "score.parameters" });
    const encoder = new seal.CKKSEncoder(context);
    return {
      seal,
      context,
      encoder,
      evaluator: new seal.Evaluator(context),
      bytes: sampleBytes(seal, context, encoder),
    };
  });
}

/** Learns SEAL's metadata from a ciphertext under a key that is thrown away. */
function sampleBytes(seal: MainModule, context: SEALContext, encoder: CKKSEncoder): CiphertextBytes {
  return withHandles((keep) => {
    const keys = keep(new seal.KeyGenerator(context));
    const encryptor = keep(new seal.Encryptor(context, keep(keys.createPublicKey()), keep(keys.secretKey())));
    const zero = keep(new seal.Plaintext());
    encoder.encode(new Float64Array(encoder.slotCount()), 1, zero);
    const fresh = keep(encryptor.encryptSymmetricSerializable(zero)).saveToArray(seal.ComprModeType.none) as Bytes;
    const full = keep(new seal.Ciphertext());
    full.loadFromArray(context, fresh);
    return ciphertextBytes(fresh, full.saveToArray(seal.ComprModeType.none) as Bytes);
  });
}

/** What Emscripten adds for exceptions of C++, missing in its type declarations. */
type CppExceptions = {
  getExceptionMessage(error: object): [type: string, message: string];
  decrementExceptionRefcount(error: object): void;
};

/** Whether this is a `WebAssembly.Exception`, which is no `Error`. */
function isCppException(error: unknown): error is object {
  return typeof error === "object" && error !== null && "getArg" in error;
}
