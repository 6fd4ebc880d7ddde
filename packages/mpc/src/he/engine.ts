/** Homomorphic encryption by SEAL 4.1 in WebAssembly (`node-seal`, the build that throws on transparent ciphertexts), at the
 *  parameter sets of `parameter-sets.ts`. Nothing else can be loaded.
 *
 *  A context costs tens of milliseconds to seconds, so each thread opens one per set and keeps it with its encoder and
 *  evaluator. Random coins are SEAL's own, from the platform's generator: they cannot be injected.
 *  No `node:` import: runs in Node and in browsers. Bundlers must leave `node-seal` external.
 *  @module */
import { SluiceError, type Bytes, type SeededCiphertext } from "@sluice/protocol";
import openSeal, {
  type BatchEncoder,
  type Ciphertext,
  type CKKSEncoder,
  type Evaluator,
  type MainModule,
  type SEALContext,
} from "node-seal/throws";
import {
  freshBytes,
  fullBytes,
  type CiphertextBytes,
  type FullCiphertext,
  type PolynomialLayout,
} from "./ciphertext-bytes.ts";
import { openHandles, type HandleScope } from "./handles.ts";
import { coefficientBytes, HE_PARAMETER_SETS, type HeParameterSet, type HeParameterSetName } from "./parameter-sets.ts";

/** What both roles share at one parameter set. Lives as long as its thread. */
export interface HeContext {
  readonly name: HeParameterSetName;
  readonly seal: MainModule;
  readonly context: SEALContext;
  readonly evaluator: Evaluator;
  /** Layout of polynomials at the level of fresh ciphertexts. */
  readonly layout: PolynomialLayout;
  readonly fresh: CiphertextBytes<SeededCiphertext>;
  /** Computed ciphertexts at the level of fresh ones. */
  readonly full: CiphertextBytes<FullCiphertext>;
}

/** A context with the encoder of its scheme. */
export interface HeEngine<Name extends HeParameterSetName> extends HeContext {
  readonly encoder: (typeof HE_PARAMETER_SETS)[Name]["scheme"] extends "ckks" ? CKKSEncoder : BatchEncoder;
}

let loaded: Promise<MainModule> | undefined;
const opened = new Map<HeParameterSetName, Promise<HeContext>>();

/** The engine of this thread at one parameter set, opened by the first call.
 *  @throws ERR_INTERNAL for a name that is not on the list, before SEAL reads anything */
export async function heEngine<Name extends HeParameterSetName>(name: Name): Promise<HeEngine<Name>> {
  if (!Object.hasOwn(HE_PARAMETER_SETS, name)) throw new SluiceError("ERR_INTERNAL", { reference: "he.parameters" });
  const engine = opened.get(name) ?? open(name);
  opened.set(name, engine);
  try {
    return (await engine) as HeEngine<Name>;
  } catch (error) {
    forget();
    throw error;
  }
}

/** Loads a peer's computed ciphertext. @throws through `refusing`; "it is transparent" when no key would be needed */
export function loadFull(engine: HeContext, into: Ciphertext, full: FullCiphertext, scale: number): void {
  into.loadFromArray(engine.context, engine.full.widen(full, scale));
  if (into.isTransparent()) throw new RefusedCiphertext("it is transparent");
}

/** Loads a peer's fresh ciphertext. @throws through `refusing` */
export function loadFresh(engine: HeContext, into: Ciphertext, fresh: SeededCiphertext, scale: number): void {
  into.loadFromArray(engine.context, engine.fresh.widen(fresh, scale));
}

/** Runs `use` on what a peer sent; what is refused becomes the error that `refusal` makes of our reason, without SEAL's words.
 *  @throws what `refusal` gives */
export function refusing<T>(engine: HeContext, refusal: (reason: string) => SluiceError, use: () => T): T {
  try {
    return use();
  } catch (error) {
    if (error instanceof RefusedCiphertext) throw refusal(error.reason);
    if (!isCppException(error)) {
      // A trap leaves the instance in no known state.
      if (!(error instanceof SluiceError)) forget();
      throw error;
    }
    const seal = engine.seal as MainModule & CppExceptions;
    const [, message] = seal.getExceptionMessage(error);
    seal.decrementExceptionRefcount(error);
    throw refusal(message.includes("transparent") ? "the result would be transparent" : "it does not load");
  }
}

/** A ciphertext that loads and must not be used. */
class RefusedCiphertext extends Error {
  readonly reason: string;

  constructor(reason: string) {
    super(reason);
    this.reason = reason;
  }
}

/** The next call loads SEAL anew. */
function forget(): void {
  loaded = undefined;
  opened.clear();
}

async function open(name: HeParameterSetName): Promise<HeContext & { encoder: CKKSEncoder | BatchEncoder }> {
  loaded ??= openSeal();
  const seal = await loaded;
  const set: HeParameterSet = HE_PARAMETER_SETS[name];
  using scope = openHandles();
  const context = openContext(seal, scope, set);
  const encoder = set.scheme === "ckks" ? new seal.CKKSEncoder(context) : new seal.BatchEncoder(context);
  const layout = { polyModulusDegree: set.polyModulusDegree, coefficientBytes: coefficientBytes(set) };
  const samples = sampleCiphertexts(seal, context, encoder);
  return {
    name,
    seal,
    context,
    encoder,
    evaluator: new seal.Evaluator(context),
    layout,
    fresh: freshBytes(layout, samples.fresh),
    full: fullBytes(layout, samples.full),
  };
}

function openContext(seal: MainModule, scope: HandleScope, set: HeParameterSet): SEALContext {
  const { polyModulusDegree, coeffModulusBits, plainModulusBits } = set;
  const parameters = scope.keep(new seal.EncryptionParameters(seal.SchemeType[set.scheme]));
  parameters.setPolyModulusDegree(polyModulusDegree);
  parameters.setCoeffModulus(
    scope.keep(seal.CoeffModulus.Create(polyModulusDegree, Int32Array.from(coeffModulusBits))),
  );
  if (plainModulusBits !== undefined) {
    parameters.setPlainModulus(scope.keep(seal.PlainModulus.Batching(polyModulusDegree, plainModulusBits)));
  }
  const context = new seal.SEALContext(parameters, true, seal.SecLevelType.tc128);
  if (!context.parametersSet()) throw new SluiceError("ERR_INTERNAL", { reference: "he.parameters" });
  return context;
}

/** Teaches us SEAL's metadata by zeros under a key that is thrown away. */
function sampleCiphertexts(
  seal: MainModule,
  context: SEALContext,
  encoder: CKKSEncoder | BatchEncoder,
): { fresh: Bytes; full: Bytes } {
  using scope = openHandles();
  const keys = scope.keep(new seal.KeyGenerator(context));
  const secretKey = scope.keep(keys.secretKey());
  const encryptor = scope.keep(new seal.Encryptor(context, scope.keep(keys.createPublicKey()), secretKey));
  const zero = scope.keep(new seal.Plaintext());
  if (encoder instanceof seal.CKKSEncoder) encoder.encode(new Float64Array(encoder.slotCount()), 1, zero);
  const encrypted = scope.keep(encryptor.encryptSymmetricSerializable(zero));
  const fresh = encrypted.saveToArray(seal.ComprModeType.none) as Bytes;
  const full = scope.keep(new seal.Ciphertext());
  full.loadFromArray(context, fresh);
  return { fresh, full: full.saveToArray(seal.ComprModeType.none) as Bytes };
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
