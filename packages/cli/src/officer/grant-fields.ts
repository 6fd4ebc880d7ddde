/** The fields of a grant and what happens to each before anybody sees it; and what deserves a second look.
 *  @module */
import { quotaOf } from "@sluice/evidence/verify";
import type { Grant, Policy } from "@sluice/protocol";
import { OPERATION_WORDS } from "./operation-words.ts";
import type { Cell, Section } from "./page.ts";
import { formAttention, keyUseWords } from "./form-words.ts";
import { partyRows } from "./grant-terms.ts";
import { columnWords, type Names } from "./names.ts";
import { gateWords } from "./gate-words.ts";
import { ROLE_WORDS, roleOf, sampleWords, showsOriginal, transformOf, transformWords } from "./policy-words.ts";

/** The table of fields; `policy` is null when the file is missing or is not the one the grant names. */
export function fieldSection(grant: Grant, policy: Policy | null, names: Names): Section {
  const key: Cell[] = [
    ...nameCells(grant.key, names),
    { text: "查询键" },
    { text: "任何程序都看不到；只用来在数据域内对号" },
    { text: keyUseWords(grant.operations) },
  ];
  return {
    title: { zh: "哪些字段、先怎样处理", en: "Fields, and what happens to each before anybody sees it" },
    columns: [
      { zh: "字段", en: "field" },
      ...(names.titlesColumns ? [{ zh: "名称", en: "title" }] : []),
      { zh: "类别", en: "class" },
      { zh: "看到之前的处理", en: "treatment" },
      { zh: "为什么需要（申请方所述）", en: "need" },
    ],
    rows: [
      ...(grant.joinFields ?? []).map((name): Cell[] => [
        ...nameCells(name, names),
        { text: "关联键" },
        { text: "任何程序都看不到；只用来在数据域内与使用方的名单对号" },
        { text: "使用方的名单凭它比对" },
      ]),
      ...grant.fields.map(({ name, need }): Cell[] => [
        ...nameCells(name, names),
        { text: classWords(policy, name) },
        treatmentCell(policy, name),
        { text: need },
      ]),
      key,
    ],
    remark:
      policy === null
        ? "未提供授权所指的脱敏策略（--policy），不能说明各字段如何处理"
        : `开发用：${sampleWords(policy)}；${gateWords(policy)}。正式构建对全部行作同样处理。未列出的字段一律看不到。${names.titlesColumns ? "名称取自所附目录，未经签名。" : ""}`,
  };
}

function nameCells(name: string, names: Names): Cell[] {
  const identifier = { text: name, code: true };
  return names.titlesColumns ? [identifier, { text: names.column(name) ?? "—" }] : [identifier];
}

function classWords(policy: Policy | null, name: string): string {
  const role = policy === null ? null : roleOf(policy, name);
  return role === null ? "未知" : ROLE_WORDS[role];
}

function treatmentCell(policy: Policy | null, name: string): Cell {
  if (policy === null) return { text: "未知（缺脱敏策略）", level: "caution" };
  const transform = transformOf(policy, name);
  if (transform.kind === "drop") return { text: "策略不提供：数据域会拒绝本授权", level: "bad" };
  const text = transformWords(transform);
  return showsOriginal(transform) && roleOf(policy, name) !== "other" ? { text, level: "caution" } : { text };
}

/** What an officer should look at twice: nothing here is wrong by itself. */
export function grantAttention(grant: Grant, policy: Policy | null, names: Names): string[] {
  return [
    ...(policy === null ? [] : fieldAttention(grant, policy, names)),
    ...quotaAttention(grant),
    ...formAttention(grant.operations),
    ...partyAttention(grant),
  ];
}

function fieldAttention(grant: Grant, policy: Policy, names: Names): string[] {
  const named = (test: (name: string) => boolean): string =>
    grant.fields
      .map(({ name }) => name)
      .filter(test)
      .map((name) => columnWords(name, names))
      .join("、");
  const shown = (name: string): boolean => transformOf(policy, name).kind !== "drop";
  const groups = [
    ["策略不提供下列字段，数据域会拒绝本授权", named((name) => !shown(name))],
    ["直接标识经遮盖或换代号后提供", named((name) => roleOf(policy, name) === "direct" && shown(name))],
    [
      "敏感或间接标识字段以原有精度提供",
      named((name) => roleOf(policy, name) !== "other" && showsOriginal(transformOf(policy, name))),
    ],
  ] as const;
  return groups.flatMap(([text, names]) => (names === "" ? [] : [`${text}：${names}`]));
}

function quotaAttention(grant: Grant): string[] {
  const unusable = grant.operations.filter((operation) => quotaOf(grant, operation) === 0n);
  const idle = grant.quotas.filter(({ operation }) => !grant.operations.includes(operation));
  const words = (operations: readonly (keyof typeof OPERATION_WORDS)[]): string =>
    [...new Set(operations)].map((operation) => OPERATION_WORDS[operation].zh).join("、");
  return [
    ...(unusable.length === 0 ? [] : [`列入用法而没有配额，不能使用：${words(unusable)}`]),
    ...(idle.length === 0 ? [] : [`有配额而未列入用法，不能使用：${words(idle.map(({ operation }) => operation))}`]),
  ];
}

/** One key in two roles: one hand does what two should. */
function partyAttention(grant: Grant): string[] {
  const holders = Map.groupBy(partyRows(grant), ({ keyId }) => keyId);
  return [...holders.values()].flatMap((rows) =>
    rows.length < 2 ? [] : [`同一把密钥担任多个角色：${rows.map(({ role, party }) => `${role} ${party}`).join("、")}`],
  );
}
