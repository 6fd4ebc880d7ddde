/** `kill -9` between the file that says whose rows a build held and the state that names it. With SLOW=1.
 *  @module */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { readdir, rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";
import { expect, onTestFinished, test } from "vitest";
import { openSubjectDesk, startDomain } from "../src/index.ts";
import { StateDatabase } from "../src/state/database.ts";
import { MembershipStore } from "../src/state/memberships.ts";
import { WorkStore } from "../src/state/work.ts";
import { clock, random } from "./serving-fixture.ts";

const slow = process.env["SLOW"] === "1";

test.runIf(slow)(
  "a build that was killed before its product answered is in no trail; made again, it is in one",
  async () => {
    const script = fileURLToPath(new URL("subjects-killed.ts", import.meta.url));
    const child = spawn(process.execPath, [script], { stdio: ["ignore", "pipe", "inherit"] });
    const [directory, [, signal]] = await Promise.all([text(child.stdout), once(child, "exit")]);
    const home = directory.trim();
    onTestFinished(() => rm(dirname(home), { recursive: true, force: true }));
    expect(signal).toBe("SIGKILL");
    const [orphan, ...others] = await readdir(join(home, "memberships"));
    expect([typeof orphan, others]).toEqual(["string", []]);
    const holdings = async (): Promise<number> => {
      await using desk = await openSubjectDesk(home, { clock, random });
      return (await desk.trail({ resource: "persons", identifier: "P0" })).holdings.length;
    };
    expect(await holdings()).toBe(0);

    const domain = await startDomain(home, { workerThreads: 1 });
    const state = new StateDatabase(join(home, "state.sqlite"));
    onTestFinished(() => state.close());
    const work = new WorkStore(state);
    while (work.unfinishedRuns().length > 0) await new Promise((resolve) => setImmediate(resolve));
    await domain.close();
    const names = [...new MembershipStore(state).names()];
    expect(names).toHaveLength(1);
    expect(names).not.toContain(orphan);
    expect(await readdir(join(home, "memberships"))).toEqual(names);
    expect(await holdings()).toBe(1);
  },
);
