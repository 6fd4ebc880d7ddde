/** The verifier in `go/verify-log.go`, which shares no code with this package.
 *  @module */
import { execFile } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

const run = promisify(execFile);
const SOURCE = fileURLToPath(new URL("go/verify-log.go", import.meta.url));
/** Where Debian puts the sources of Go packages: no module is fetched. */
const GOPATH = "/usr/share/gocode";

/** What the verifier said, and whether it was content. */
export interface GoVerdict {
  readonly ok: boolean;
  readonly said: string;
}

/** A compiled verifier. */
export interface GoVerifier {
  readonly verify: (...args: string[]) => Promise<GoVerdict>;
  close(): Promise<void>;
}

/** Compiles the verifier, or tells that this machine has no Go with these packages. */
export async function compileGoVerifier(): Promise<GoVerifier | null> {
  const directory = await mkdtemp(join(tmpdir(), "sluice-go-"));
  const binary = join(directory, "verify-log");
  const close = () => rm(directory, { recursive: true, force: true });
  const env = { ...process.env, GOPATH, GO111MODULE: "off", GOFLAGS: "", GOCACHE: join(directory, "cache") };
  try {
    await run("go", ["build", "-o", binary, SOURCE], { env });
  } catch (error) {
    await close();
    if (isMissingProgram(error)) return null;
    throw error;
  }
  const verify = async (...args: string[]): Promise<GoVerdict> => {
    try {
      const { stdout } = await run(binary, args);
      return { ok: true, said: stdout.trim() };
    } catch (error) {
      // Exit code 1 is its verdict; anything else, a crash above all, is a fault of the test.
      if (!(error instanceof Error) || !("code" in error) || error.code !== 1 || !("stdout" in error)) throw error;
      return { ok: false, said: String(error.stdout).trim() };
    }
  };
  return { verify, close };
}

/** Neither `go`, nor `go` without the packages of `golang-golang-x-mod-dev`. */
function isMissingProgram(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  return ("code" in error && error.code === "ENOENT") || /cannot find package "golang\.org/.test(error.message);
}
