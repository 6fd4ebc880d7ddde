/** The peer of private lookups: one process that answers `GET /KEY` from a table in memory, over plain HTTP. It reads
 *  `{"key": "label", …}` from standard input and prints its address. It protects nothing and proves nothing.
 *  @module */
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { json } from "node:stream/consumers";

const labels = new Map(Object.entries((await json(process.stdin)) as Record<string, string>));
const server = createServer((request, response) => {
  const label = labels.get(decodeURIComponent((request.url ?? "/").slice(1)));
  response.setHeader("content-type", "application/json");
  response.end(JSON.stringify({ label: label ?? null }));
});
server.listen(0, "127.0.0.1", () => {
  console.log(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
});
