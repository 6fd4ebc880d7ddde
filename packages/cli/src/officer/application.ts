/** The application for a scene (场景申请): its four sections in the applicant's words, and what reviewers said.
 *  @module */
import { APPLICATION_SECTIONS, type ReviewRecord } from "@sluice/protocol";
import { minuteText } from "./chinese-figures.ts";
import type { Application } from "./documents.ts";
import type { Section } from "./page.ts";

const SECTION_WORDS: Readonly<Record<(typeof APPLICATION_SECTIONS)[number], string>> = {
  economicValue: "经济效益",
  socialValue: "社会效益",
  businessModel: "商业模式",
  dataRationale: "数据必要性",
};

/** Tables of the application, and of its reviews where there are any. */
export function applicationSections({ sections, reviews }: Application): Section[] {
  const scored = reviews.some(({ scores }) => scores !== undefined);
  return [
    {
      title: { zh: "场景申请", en: "The application, in the applicant's words" },
      columns: [
        { zh: "章节", en: "section" },
        { zh: "申请方所述", en: "statement" },
        ...(scored ? [{ zh: "评分（1—5）", en: "scores" }] : []),
      ],
      rows: APPLICATION_SECTIONS.map((name) => [
        { text: SECTION_WORDS[name] },
        { text: sections[name] },
        ...(scored ? [{ text: scoreWords(reviews, name) }] : []),
      ]),
    },
    ...(reviews.length === 0 ? [] : [reviewSection(reviews)]),
  ];
}

function scoreWords(reviews: readonly ReviewRecord[], name: (typeof APPLICATION_SECTIONS)[number]): string {
  const points = reviews.flatMap(({ scores }) => scores?.[name] ?? []);
  return points.length === 0 ? "—" : points.join("、");
}

function reviewSection(reviews: readonly ReviewRecord[]): Section {
  return {
    title: { zh: "审核意见", en: "Reviews so far" },
    columns: [
      { zh: "审核人", en: "reviewer" },
      { zh: "结论", en: "verdict" },
      { zh: "意见", en: "note" },
      { zh: "时间", en: "time" },
    ],
    rows: reviews.map(({ party, person, verdict, note, at }) => [
      { text: `${person}（${party}）` },
      verdict === "approve" ? { text: "同意" } : { text: "不同意", level: "bad" },
      { text: note },
      { text: minuteText(at) },
    ]),
    remark: "意见取自所附文件，未经签名；以网关和数据域的记录为准",
  };
}
