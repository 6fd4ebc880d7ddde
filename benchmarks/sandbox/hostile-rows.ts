/** Row `hostile-1000`: what hostile jobs cost the process that runs them.
 *  @module */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import type { Row } from "../suite.ts";

/** With `SLOW=1` all of them. */
const COUNT = process.env["SLOW"] === "1" ? 1_000 : 200;

/** The row. @throws Error when the parent died, or runs no honest job afterwards. */
export async function hostileRows(progress: (line: string) => void): Promise<Row[]> {
  progress(`hostile-1000 (${COUNT})`);
  const script = fileURLToPath(new URL("./hostile-main.ts", import.meta.url));
  const child = spawn(process.execPath, [script, String(COUNT)], { stdio: ["ignore", "pipe", "inherit"] });
  let text = "";
  child.stdout.on("data", (chunk: Buffer) => (text += chunk.toString()));
  const [code, signal] = (await once(child, "close")) as [number | null, string | null];
  if (code !== 0) throw new Error(`the parent of hostile jobs died: ${String(signal ?? code)}`);
  const { grownBytes, honest, endings } = JSON.parse(text) as {
    grownBytes: number;
    honest: boolean;
    endings: Record<string, number>;
  };
  if (!honest) throw new Error("no honest job runs after them");
  progress(JSON.stringify(endings));
  return [{ name: "hostile-1000", n: COUNT, value: Number((grownBytes / 2 ** 20).toPrecision(3)), unit: "MB" }];
}
