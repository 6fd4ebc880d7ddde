/** A process that builds a product and is killed between the file of tags and the state that names it.
 *  @module */
import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { deliverGrant, JOB, openFixture, serveProduct } from "./serving-fixture.ts";

let memberships: string | null = null;

/** The build takes its time after the file is whole and before the state has it. */
const clock = {
  now: () => {
    if (memberships !== null && existsSync(memberships)) {
      const whole = readdirSync(memberships).some((name) => !name.endsWith(".tmp"));
      if (whole) process.kill(process.pid, "SIGKILL");
    }
    return new Date();
  },
};

const fixture = await openFixture(undefined, {}, { clock });
process.stdout.write(`${fixture.directory}\n`);
memberships = join(fixture.directory, "memberships");
await serveProduct(fixture, await deliverGrant(fixture), 1, { code: JOB, product: "bands" });
