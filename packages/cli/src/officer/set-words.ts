/** How the lists of callers are matched with a set (求交的做法), in words: what a caller fetches, what the domain keeps, and what a key
 *  that is found out would give away.
 *  @module */
import type { JobManifest, OutputSpec } from "@sluice/protocol";
import type { Section } from "./page.ts";

type Matched = Extract<OutputSpec, { kind: "set" | "sum" }>;

/** A way of matching. */
interface Method {
  readonly name: string;
  readonly fetched: string;
  readonly kept: string;
  readonly leaked: string;
}

const METHODS = {
  unequal: {
    name: "名单远短于集合：对盲化的名单逐条作答（unequal: a list far shorter than the set, evaluated blinded）",
    fetched: "每期先取一份加密的筛选表，其中读不出任何人",
    kept: "各期的密钥，以及程序读过的各键，密封存放",
    leaked: "取过那一期筛选表的人，可自行试出任意条目在不在内",
  },
  equal: {
    name: "名单与集合规模相近：每份名单各开一次会话，用不经意传输比对（equal: a session for each list, by oblivious transfer）",
    fetched: "不取任何东西",
    kept: "集合各条目的哈希值，密封存放",
    leaked: "没有长期密钥；每次会话的密钥用完即弃",
  },
  count: {
    name: "只计数：名单和集合都盲化并打乱次序（count: both sides blinded and shuffled）",
    fetched: "不取任何东西",
    kept: "集合各条目映射成的群元素，密封存放",
    leaked: "没有长期密钥；每次计数的密钥用完即弃",
  },
  sum: {
    name: "求和：双重盲化并打乱次序，命中者的数值在密态下相加（sum: both sides blinded and shuffled, values added up under encryption）",
    fetched: "不取任何东西",
    kept: "各标识映射成的群元素及其数值，密封存放",
    leaked: "没有长期密钥；每次会话的密钥用完即弃",
  },
} as const satisfies Record<string, Method>;

/** The table of how each set or sum of a job is matched; none without one. */
export function setSection({ outputs }: JobManifest): Section[] {
  const sets = Object.entries(outputs).flatMap(([name, spec]) =>
    spec.kind === "set" || spec.kind === "sum" ? [[name, spec] as const] : [],
  );
  if (sets.length === 0) return [];
  return [
    {
      title: { zh: "名单怎样比对", en: "How lists are matched" },
      columns: [
        { zh: "输出", en: "output" },
        { zh: "做法", en: "method" },
        { zh: "使用方先取什么", en: "fetched before" },
        { zh: "数据域存什么", en: "kept in the domain" },
        { zh: "万一密钥泄露", en: "if a key leaked" },
      ],
      rows: sets.map(([name, spec]) => {
        const { name: method, fetched, kept, leaked } = methodOf(spec);
        return [{ text: name, code: true }, { text: method }, { text: fetched }, { text: kept }, { text: leaked }];
      }),
      remark: "各种做法中，数据域都不知道名单，使用方都只得知所申明的结果；名单越长，得知的越多，由配额限制",
    },
  ];
}

function methodOf(spec: Matched): Method {
  if (spec.kind === "sum") return METHODS.sum;
  const { match, sides = "unequal" } = spec;
  return METHODS[match === "psi-ids" ? sides : "count"];
}
