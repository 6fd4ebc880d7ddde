import { expect, test } from "vitest";
import { fromUtf8, utf8, type JobEvent } from "@sluice/protocol";
import { hostileCases, jsonOf, useRunner } from "./hostile-case.ts";
import { bundleOf, sealed } from "./jobs.ts";
import { LANGUAGE_CASES } from "./hostile-language.ts";

const { run } = useRunner();
hostileCases(LANGUAGE_CASES);

test.each(["})(); globalThis.escaped = 1; (function () {", "`; evil(); `", "\u2028*/ evil(); /*"])(
  "case 58: a bundle that tries to close the function around it: %j",
  async (code) => {
    expect(await run(sealed(utf8(code)))).toMatchObject({ ok: false, code: "ERR_JOB_THREW" });
  },
);

async function linesOf(body: string, seed = 1): Promise<string[]> {
  const lines: string[] = [];
  const outcome = await run(sealed(bundleOf(body), { seed }), (event: JobEvent) => {
    if (event.kind === "log") lines.push(event.line);
  });
  expect(outcome).toMatchObject({ ok: true });
  return lines;
}

test("case 77: every clock stands still", async () => {
  const body = `
    const at = new Date(946684800000);
    const format = new Intl.DateTimeFormat("en", { dateStyle: "short", timeStyle: "long" });
    const read = () => [
      Date.now(), new Date().getTime(), +new (class extends Date {})(), +Reflect.construct(Date, []), Date(),
      +new Date().constructor.prototype.constructor.now(), +Reflect.construct(Date, [], class { }).constructor.length,
      format.format(), format.format(undefined), Intl.DateTimeFormat("en", { timeStyle: "long" }).format(),
      JSON.stringify(format.formatToParts()), new format.constructor("en", { timeStyle: "long" }).format(),
      new (class extends Intl.DateTimeFormat {})("en", { timeStyle: "long" }).format(),
      new Date(undefined).getTime(), at.toLocaleString("en"), format.resolvedOptions().timeZone, at.getTimezoneOffset(),
      typeof Temporal, typeof performance,
    ].join("|");
    const first = read();
    for (let i = 0, x = 0; i < 3e7; i++) x += i;
    log(first === read(), format.format() === format.format(at), format.format(), Date() === at.toString());
    log([new Date(5).getTime(), new Date(2020, 1, 2).getFullYear(), new Date("2020-01-02").toISOString(), new Date(new Date(7)).getTime(), Date.UTC(1970, 0, 2)].join());
    log([new Date({ valueOf: () => 9 }).getTime(), new Date({ toString: () => "2020-01-02", valueOf: null }).getTime(), new Date(NaN).getTime(), Date.length, Date.name].join());`;
  expect(await linesOf(body)).toEqual([
    "true true 1/1/00, 12:00:00 AM UTC true",
    "5,2020,2020-01-02T00:00:00.000Z,7,86400000",
    "9,1577923200000,NaN,7,Date",
  ]);
});

test("case 78: equal seeds give equal bytes, other seeds others", async () => {
  const body = `const xs = Array.from({ length: 1000 }, () => Math.random()).toSorted();
    return { fit: { n: xs.reduce((sum, x, i) => sum + x * Math.sin(i) + Math.exp(x), 0) } };`;
  const bytesOf = async (seed: number) => {
    const outcome = await run(sealed(bundleOf(body), { seed }));
    return outcome.ok ? fromUtf8(utf8(jsonOf(outcome.output))) + outcome.output.join() : outcome.code;
  };
  const first = await bytesOf(7);
  expect(await bytesOf(7)).toBe(first);
  expect(await bytesOf(8)).not.toBe(first);
});
