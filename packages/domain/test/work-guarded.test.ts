import { expect, test } from "vitest";
import { createWorkshop } from "../src/work/index.ts";
import { bundleOf, developRun, HONEST_DEVELOP } from "./work-fixture.ts";

test("a development run returns the guarded output with its report", async () => {
  const workshop = createWorkshop();
  const code = await bundleOf(HONEST_DEVELOP);
  const { manifest } = await workshop.describe(code);
  const outcome = await workshop.runGuarded(developRun(code, manifest));
  await workshop.close();
  expect(outcome).toMatchObject({ ok: true });
});
