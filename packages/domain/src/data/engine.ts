/** DuckDB behind a narrow door: no extensions, no files but those that are named, nothing spilled to a disk, bounded memory
 *  and threads, settings locked. Its error messages quote values of data, so none of their text gets past this file.
 *  @module */
import { DuckDBInstance, type DuckDBConnection, type DuckDBResult, type DuckDBValue } from "@duckdb/node-api";
import { VECTOR_FUNCTIONS, type VectorFunction } from "@sluice/desensitize";
import { SluiceError } from "@sluice/protocol";
import { registerVectorFunctions } from "./vector-functions.ts";

/** Memory DuckDB may use; what needs more is refused. The process needs about 30 % more. */
const DEFAULT_ENGINE_MEMORY_BYTES = 1_073_741_824;
/** Threads of one engine. */
const DEFAULT_ENGINE_THREADS = 2;
/** Time between interrupts of a session that is to end. */
const INTERRUPT_AGAIN_MS = 20;

/** What kind of fault the engine had. Nothing else of its message is kept. */
export type EngineFaultKind = "cancelled" | "memory" | "disk" | "input";

/** The engine refused or failed. Carries no text of the engine and no cause: both quote values. */
export class EngineFault extends Error {
  override readonly name = "EngineFault";
  readonly kind: EngineFaultKind;

  constructor(kind: EngineFaultKind) {
    super(`the data engine failed: ${kind}`);
    this.kind = kind;
  }
}

/** Values bound to a statement. */
type Parameters = Record<string, DuckDBValue>;

/** A running engine that sees the files it was given and nothing else. */
export interface Engine {
  /** Runs `work` on a connection of its own; an abort interrupts the statement that runs.
   *  @throws ERR_CANCELLED, EngineFault */
  session<T>(work: (session: Session) => Promise<T>, options?: { signal?: AbortSignal | undefined }): Promise<T>;
  close(): void;
}

/** One connection. Temporary views and tables end with it. */
export interface Session {
  /** Runs one statement. @throws EngineFault */
  run(sql: string, parameters?: Parameters): Promise<void>;
  /** Result of a query, streamed in chunks. @throws EngineFault (reading it may throw one, too) */
  stream(sql: string, parameters?: Parameters): Promise<DuckDBResult>;
  /** Rows of a small result. @throws EngineFault */
  rows(sql: string, parameters?: Parameters): Promise<DuckDBValue[][]>;
}

/** @throws EngineFault */
export async function openEngine(options: {
  /** Files that it may open. */
  readonly paths: readonly string[];
  readonly memoryLimitBytes?: number | undefined;
  readonly threads?: number | undefined;
  /** Functions that its statements may call; those of views unless given. */
  readonly functions?: readonly VectorFunction[] | undefined;
}): Promise<Engine> {
  const instance = await guarded(() =>
    DuckDBInstance.create(":memory:", {
      threads: String(options.threads ?? DEFAULT_ENGINE_THREADS),
      memory_limit: `${options.memoryLimitBytes ?? DEFAULT_ENGINE_MEMORY_BYTES}B`,
      // Without one it writes nothing of its own: what it spilled would be plaintext.
      temp_directory: "",
      autoinstall_known_extensions: "false",
      autoload_known_extensions: "false",
      allow_community_extensions: "false",
    }),
  );
  const setup = await guarded(() => instance.connect());
  await guarded(async () => {
    registerVectorFunctions(setup, options.functions ?? VECTOR_FUNCTIONS);
    await setup.run(`SET allowed_paths = [${options.paths.map(quoteText).join(", ")}]`);
    await setup.run("SET enable_external_access = false");
    await setup.run("SET lock_configuration = true");
  });
  setup.closeSync();
  return {
    session: async (work, { signal } = {}) => {
      refuseAborted(signal);
      const connection = await guarded(() => instance.connect());
      let again: NodeJS.Timeout | undefined;
      // An interrupt that comes before the statement has begun to run is lost, so it is said until the session ends.
      const interrupt = (): void => {
        connection.interrupt();
        again ??= setInterval(() => connection.interrupt(), INTERRUPT_AGAIN_MS);
      };
      signal?.addEventListener("abort", interrupt);
      try {
        return await work(sessionOver(connection, signal));
      } catch (error) {
        refuseAborted(signal);
        throw error;
      } finally {
        signal?.removeEventListener("abort", interrupt);
        clearInterval(again);
        connection.closeSync();
      }
    },
    close: () => instance.closeSync(),
  };
}

/** `name` as a quoted SQL identifier. */
export function quoteIdentifier(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

/** `text` as a quoted SQL string. */
export function quoteText(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}

/** @throws ERR_CANCELLED when `signal` has fired. */
export function refuseAborted(signal: AbortSignal | undefined): void {
  if (signal?.aborted === true) throw new SluiceError("ERR_CANCELLED");
}

/** Runs `work`; whatever the engine throws becomes an `EngineFault` without its text. */
export async function guarded<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof EngineFault || error instanceof SluiceError) throw error;
    throw new EngineFault(faultKind(error));
  }
}

function sessionOver(connection: DuckDBConnection, signal: AbortSignal | undefined): Session {
  const checked = <T>(work: () => Promise<T>): Promise<T> => {
    refuseAborted(signal);
    return guarded(work);
  };
  return {
    run: (sql, parameters) =>
      checked(async () => {
        await connection.run(sql, parameters);
      }),
    stream: (sql, parameters) => checked(() => connection.stream(sql, parameters)),
    rows: (sql, parameters) =>
      checked(async () => {
        const reader = await connection.runAndReadAll(sql, parameters);
        return reader.getRows();
      }),
  };
}

/** Reads the class at the head of an engine message, and only that. */
function faultKind(error: unknown): EngineFaultKind {
  const text = error instanceof Error ? error.message : "";
  if (text.startsWith("INTERRUPT")) return "cancelled";
  if (text.startsWith("Out of Memory Error")) return "memory";
  if (text.startsWith("IO Error") && /No space left|could not write|write/iu.test(text)) return "disk";
  return "input";
}
