/** Whether a development run is the one that a release names: every hash, and the grant's purpose and fields.
 *  @module */
import {
  documentHash,
  FORM_OPERATIONS,
  formOf,
  sameParams,
  type Grant,
  type Release,
  type Run,
} from "@sluice/protocol";
import { paramWords } from "./param-words.ts";
import { hashFingerprint } from "./chinese-figures.ts";
import type { Section } from "./page.ts";

/** One item that was compared. */
export interface RunFit {
  readonly item: string;
  readonly fits: boolean;
}

/** Compares `run` with `release`, and with `grant` where it is at hand. */
export async function fitOfRun(release: Release, run: Run, grant?: Grant): Promise<RunFit[]> {
  const { manifest, model, params, guardReport } = run;
  const same = async (document: object | undefined, hash: string | undefined): Promise<boolean> =>
    (document === undefined ? undefined : await documentHash(document)) === hash;
  const names = run.product === release.product && run.version === release.version;
  const fits = [
    { item: "程序", fits: run.bundle === release.bundle },
    { item: "申明", fits: await same(manifest, release.manifest) },
    { item: "模型", fits: await same(model, release.model) },
    { item: "参数", fits: sameParams(params, release.params) },
    { item: "守卫报告", fits: (await same(guardReport, release.guardReport)) && guardReport?.bundle === run.bundle },
    { item: "授权", fits: run.grant === release.grant },
    { item: "产品和版本", fits: names },
    { item: "运行已完成", fits: run.operation === "develop" && run.state === "completed" },
  ];
  if (grant === undefined || manifest === undefined) return fits;
  const granted = new Set(grant.fields.map(({ name }) => name));
  const reads = Object.keys(manifest.input).every((name) => granted.has(name));
  const form = formOf(manifest);
  const answers = form !== null && FORM_OPERATIONS[form].every((operation) => grant.operations.includes(operation));
  return [
    ...fits,
    { item: "产品形态在授权内", fits: answers },
    { item: "用途在授权内", fits: manifest.purpose === grant.scene.purpose },
    { item: "所读字段在授权内", fits: reads },
  ];
}

/** The comparison as a table. */
export function fitSection(release: Release, fit: readonly RunFit[] | null): Section {
  const hashes: Readonly<Record<string, string | undefined>> = {
    程序: release.bundle,
    申明: release.manifest,
    模型: release.model,
    参数: undefined,
    守卫报告: release.guardReport,
    授权: release.grant,
  };
  const items = fit?.map(({ item }) => item) ?? Object.keys(hashes);
  return {
    title: { zh: "许可与开发运行核对", en: "The release against the run" },
    columns: [
      { zh: "事项", en: "item" },
      { zh: "许可所指", en: "named by the release" },
      { zh: "核对", en: "result" },
    ],
    rows: items.map((item) => {
      const hash = hashes[item];
      const fits = fit?.find((entry) => entry.item === item)?.fits;
      return [
        { text: item },
        item === "参数"
          ? { text: paramWords(release.params) ?? "无" }
          : hash === undefined
            ? { text: item === "模型" ? "无：不带模型" : "—" }
            : { text: hashFingerprint(hash), code: true },
        fits === undefined
          ? { text: "未核对（没有运行文件）", level: "caution" }
          : fits
            ? { text: "一致" }
            : { text: "不符", level: "bad" },
      ];
    }),
  };
}
