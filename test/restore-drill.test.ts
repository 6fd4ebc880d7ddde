/** The drill of docs/backup.md, with SLOW=1: a domain and then the gateway of a city under load lose everything, and go on
 *  from their last backups. The drill itself checks every answer, every refusal and every receipt.
 *  @module */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { drill } from "../benchmarks/restore-drill.ts";

test.runIf(process.env["SLOW"] === "1")(
  "what is lost is what came after the last backup, its receipts prove themselves, and the city answers again",
  async () => {
    const directory = await mkdtemp(join(tmpdir(), "sluice-drill-"));
    try {
      const options = { directory: join(directory, "city"), persons: 2_000, callers: 3, progress: () => {} };
      const { domain, gateway } = await drill({ ...options, lookupsBetween: 8, backups: 2 });
      for (const loss of [domain, gateway]) {
        expect(loss.acknowledged).toBeGreaterThanOrEqual(2 * 3 * 8);
        expect(loss.lacking).toBeGreaterThan(0);
        expect(loss.lacking).toBeLessThan(loss.acknowledged);
      }
      process.stdout.write(`${JSON.stringify({ domain, gateway })}\n`);
    } finally {
      await rm(directory, { recursive: true, force: true });
    }
  },
  600_000,
);
