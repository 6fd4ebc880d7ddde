/** What the name or the title of a column says about its values. A hint alone never names somebody; it lowers the share that
 *  values must reach, and lets forms count that fit anything.
 *  @module */

/** What a column is said to hold. */
export type Hint =
  | "person-name"
  | "telephone"
  | "address"
  | "passport"
  | "hong-kong-macau-permit"
  | "taiwan-permit"
  | "military-id"
  | "medical-record"
  | "insurance-number"
  | "bank-card"
  | "identity-number"
  | "record-number"
  | "coordinates"
  | "birth-date"
  | "health"
  | "belief-or-record"
  | "finance"
  | "person-attribute"
  | "key-site";

const HINTS: readonly (readonly [Hint, RegExp])[] = [
  [
    "person-name",
    /姓名|人名|联系人(?!电话)|户主|(?:^|_)xm$|^name$|(?:full|real|first|last|sur|given|family|person|customer|patient|contact|holder)_?name/u,
  ],
  [
    "telephone",
    /电话|手机|联系方式|(?:^|_)(?:tel|phone|mobile|telephone|cell|dh|sjh|lxdh)(?:_?(?:no|number|num))?$|phone/u,
  ],
  ["address", /地址|住址|住所|(?:^|_)(?:addr|address|dz|zz)(?:$|_)|address/u],
  ["passport", /护照|passport/u],
  ["hong-kong-macau-permit", /港澳|回乡证|hk_?macau|hkm/u],
  ["taiwan-permit", /台湾|台胞|taiwan_?(?:permit|pass|id)/u],
  ["military-id", /军官证|士兵证|军人证|military_?(?:id|no|number)/u],
  [
    "medical-record",
    /病历|病案|住院号|门诊号|就诊|medical_?record|inpatient|outpatient|(?:^|_)(?:mrn|zyh|mzh|bah)(?:$|_)/u,
  ],
  ["insurance-number", /医保|社保|insurance_?(?:no|number|id)|(?:^|_)ssn(?:$|_)/u],
  ["bank-card", /银行卡|卡号|账号|帐号|bank_?(?:card|account)|card_?(?:no|number)|account_?(?:no|number)/u],
  [
    "identity-number",
    /身份证|证件号|公民身份|(?:^|_)(?:sfzh|zjhm|id_?card|id_?no|identity)(?:$|_)|id_?card|id_?number/u,
  ],
  ["record-number", /编号|流水号|序号|(?:^|_)(?:id|uuid|guid|key|pid|no|bh)$|[a-z]id$|number$/u],
  [
    "coordinates",
    /经度|纬度|坐标|(?:^|_)(?:lon|lng|lat|long|longitude|latitude|coord|coords|coordinates|jd|wd)(?:$|_)|longitude|latitude/u,
  ],
  ["birth-date", /出生|生日|birth|(?:^|_)(?:dob|csrq)(?:$|_)/u],
  [
    "health",
    /疾病|病种|诊断|症状|病史|用药|血型|体检|化验|残疾|传染|disease|diagnos|symptom|medicat|blood|disab|illness|(?:^|_)hiv(?:$|_)/u,
  ],
  [
    "belief-or-record",
    /宗教|信仰|犯罪|前科|处罚|婚史|性取向|基因|指纹|人脸|虹膜|行踪|轨迹|religion|belief|criminal|convict|biometr|fingerprint|face_?(?:id|feature)|genetic|sexual/u,
  ],
  [
    "finance",
    /工资|薪|收入|存款|余额|贷款|负债|信用|征信|欠|缴费|纳税|salary|income|wage|balance|loan|debt|credit|deposit|savings|capital|tax/u,
  ],
  [
    "person-attribute",
    /性别|年龄|民族|学历|教育|婚姻|职业|岗位|国籍|籍贯|户口|政治面貌|(?:^|_)(?:sex|gender|age|race|ethnic|nation|education|occupation|job|marital)|marital|native/u,
  ],
  ["key-site", /军事|涉密|要害|关键信息基础设施|管网|变电站|水厂|油库|核设施|key_?site|critical_?infrastructure/u],
];

/** Hints of a column's name and title, in lower case and with words set apart. */
export function columnHints(name: string, title = ""): ReadonlySet<Hint> {
  const words = name
    .slice(0, 120)
    .replaceAll(/([a-z0-9])([A-Z])/g, "$1_$2")
    .replaceAll(/[\s.-]+/gu, "_")
    .toLowerCase();
  const texts = [words, title.slice(0, 120).toLowerCase()];
  const hints = new Set<Hint>();
  for (const [hint, pattern] of HINTS) if (texts.some((text) => pattern.test(text))) hints.add(hint);
  return hints;
}
