/** A person's trail in Chinese and English, for a terminal or for printing.
 *  @module */
import type { Holding, HoldingEnd, NamedParty, SubjectTrail } from "@sluice/domain";
import { minuteText } from "../officer/chinese-figures.ts";
import { FORM_WORDS } from "../officer/form-words.ts";
import { visibleText } from "../officer/visible-text.ts";
import { formatTable } from "../table.ts";

const ENDS: Readonly<Record<HoldingEnd, string>> = {
  rebuilt: "重新构建，仍含该行 / built again, with the row",
  "left-out": "重新构建，不再含该行 / built again, without the row",
  revoked: "授权被撤销 / the grant was taken back",
  "term-ended": "授权到期 / the grant's term ended",
};

/** The trail as text. */
export function trailText(trail: SubjectTrail): string {
  const { domain, resource, title, column, otherColumns, request, at, holdings } = trail;
  const head = [
    ["数据主体使用轨迹", "trail of a person's row"],
    ["数据域 domain", domain],
    ["资源 resource", `${visibleText(title)} (${resource})`],
    ["标识字段 column", column],
    ["申请 request", request],
    ["截至 as of", timeText(at)],
  ];
  const blocks = [formatTable(head), summary(holdings), ...holdings.map(holdingText)];
  if (otherColumns.length > 0) {
    blocks.push(`其他标识字段须另行查询 / ask apart for other columns: ${otherColumns.join(", ")}`);
  }
  blocks.push(
    "本表只列哪些产品构建时读取过该行、何时提供服务；不含谁查询过、是否命中、结果如何，也不含开发抽样。\n" +
      "It lists the builds that read the row. It tells neither who asked, nor hits, nor results, nor samples.",
  );
  return `${blocks.join("\n\n")}\n`;
}

function summary(holdings: readonly Holding[]): string {
  if (holdings.length === 0) return "没有产品读取过该行 / no product's build read such a row";
  return `${holdings.length} 次构建读取过该行 / builds that read the row: ${holdings.length}`;
}

function holdingText(holding: Holding, index: number): string {
  const { product, version, form, scene, ground, operator, developer, callers, from, until, ended, grant } = holding;
  const rows = [
    [`${index + 1}.`, `${product} v${version}`, ""],
    ["", "形态 form", `${FORM_WORDS[form]} (${form})`],
    ["", "场景 scene", `${visibleText(scene.title)} (${scene.scene})`],
    ["", "目的 purpose", scene.purpose],
    ["", "依据 ground", groundText(ground)],
    ["", "可查询方 could ask", callers.map(partyText).join("、")],
    ["", "运营 operator", partyText(operator)],
    ["", "开发 developer", partyText(developer)],
    ["", "授权 grant", grant],
    ["", "自 from", timeText(from)],
    ["", "至 until", until === null ? "仍在服务 / still answers" : timeText(until)],
    ...(ended === null ? [] : [["", "结束 ended", ENDS[ended]]]),
  ];
  return formatTable(rows);
}

function timeText(instant: Holding["from"]): string {
  return `${minuteText(instant)}（北京时间）`;
}

function groundText(ground: Holding["ground"]): string {
  return ground.kind === "legal-basis"
    ? `法定依据 / legal basis: ${visibleText(ground.basis)}`
    : `本人同意，字段 / consent of the person, field ${ground.field}`;
}

function partyText({ party, title }: NamedParty): string {
  return title === null ? party : `${visibleText(title)} (${party})`;
}
