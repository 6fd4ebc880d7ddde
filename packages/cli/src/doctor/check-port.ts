/** Whether a port is free.
 *  @module */
import { createServer } from "node:net";
import { errnoOf } from "../files.ts";
import { failure, well, type Finding } from "./finding.ts";

const LOOPBACK = "127.0.0.1";

/** Listens on `port` of loopback for a moment. */
export async function checkPort(port: number): Promise<Finding> {
  const server = createServer();
  const { promise, resolve } = Promise.withResolvers<unknown>();
  server.once("error", resolve);
  server.listen(port, LOOPBACK, () => server.close(() => resolve(undefined)));
  const error = await promise;
  if (error === undefined) return well("port", `${port} is free on ${LOOPBACK}`);
  if (errnoOf(error) === "EACCES") {
    return failure(
      "port",
      `${port} is not for this user`,
      "choose a port above 1023 and put a TLS proxy before it",
      "请选用 1023 以上的端口，并在前面部署 TLS 代理",
    );
  }
  return failure(
    "port",
    `${port} is in use (${errnoOf(error) ?? "unknown"})`,
    `stop the other process (\`ss -ltnp 'sport = :${port}'\` names it), or choose another port`,
    `停止占用它的进程（\`ss -ltnp 'sport = :${port}'\` 可查），或换一个端口`,
  );
}
