/** What a build keeps until it has ended: its state, and what was derived from each chunk.
 *  @module */
import { fromUtf8, isSluiceError, utf8, type Bytes } from "@sluice/protocol";

/** Keeps the parts of one build, sealed. */
export interface BuildParts {
  /** Null when `name` is not there, or not whole. */
  read(name: string): Promise<Bytes | null>;
  /** Whole and on disk when this returns. */
  write(name: string, bytes: Bytes): Promise<void>;
  /** Removes every part. */
  clear(): Promise<void>;
}

/** What ties the parts to a build. */
export interface BuildState {
  /** Hexadecimal hash of what it is of. */
  readonly source: string;
  readonly chunks: number;
  /** Hexadecimal. */
  readonly matrixSeed: string;
}

const STATE = "state";

/** The state that an earlier attempt wrote; null when there is none that can be read. */
export async function readState(parts: BuildParts): Promise<BuildState | null> {
  const bytes = await parts.read(STATE);
  if (bytes === null) return null;
  try {
    const state: unknown = JSON.parse(fromUtf8(bytes));
    return isState(state) ? state : null;
  } catch (error) {
    if (error instanceof SyntaxError || isSluiceError(error)) return null;
    throw error;
  }
}

/** Writes the state, before any other part. */
export async function writeState(parts: BuildParts, state: BuildState): Promise<void> {
  await parts.write(STATE, utf8(JSON.stringify(state)));
}

function isState(state: unknown): state is BuildState {
  return (
    typeof state === "object" &&
    state !== null &&
    "source" in state &&
    typeof state.source === "string" &&
    "chunks" in state &&
    typeof state.chunks === "number" &&
    "matrixSeed" in state &&
    typeof state.matrixSeed === "string" &&
    /^[0-9a-f]{64}$/.test(state.matrixSeed)
  );
}
