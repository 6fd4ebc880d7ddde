import fc from "fast-check";
import { isMobileNumber, isResidentId, isSocialCreditCode } from "@sluice/protocol";
import { describe, expect, test } from "vitest";
import {
  divisionLevels,
  hasKnownDivision,
  hasLuhnDigit,
  isAddress,
  isBankCard,
  isCoordinatePair,
  isDateText,
  isDegrees,
  isDocumentNumber,
  isEmail,
  isFreeText,
  isIpAddress,
  isLandline,
  isMacAddress,
  isPersonName,
  isPlate,
  isShortResidentId,
} from "../src/index.ts";

type Detector = (text: string) => boolean;

/** What each detector must take and must leave. */
const CASES: Record<string, { readonly detect: Detector; readonly yes: string[]; readonly no: string[] }> = {
  "identity numbers of fifteen digits": {
    detect: isShortResidentId,
    yes: ["110105491231002", fullWidth("440524800101001"), " 110105491231002 "],
    no: [
      "110105491331002",
      "110105490230002",
      "190105491231002",
      "110199491231002",
      "11010549123100",
      "11010519491231002X",
    ],
  },
  "social credit codes by department, category and division": {
    detect: isSocialCreditCode,
    // The code of a body whose ministry registers it, a bank's and two companies', as they publish them.
    yes: ["91350100M000100Y43", "9144030071526726XG", "91330100799655058B"],
    // The first has a right check character under a department without such a category, the others under no province.
    no: [
      withCreditCheck("94330100799655058"),
      withCreditCheck("98330100799655058"),
      withCreditCheck("91990100799655058"),
    ],
  },
  landlines: {
    detect: isLandline,
    yes: [
      "010-62345678",
      "(0755)28888888",
      "0592 2137188",
      "+86 10 6234 5678",
      "+86-755-28888888",
      "0592-5911111-8120",
      "０１０－６２３４５６７８",
    ],
    // No area code 012 or 0320; one run of digits; a subscriber's number begins with 2 to 9.
    no: [
      "012-62345678",
      "0320-2345678",
      "01062345678",
      "0526301100",
      "010-12345678",
      "010-6234567",
      "62345678",
      "13800138000",
    ],
  },
  "bank cards": {
    detect: isBankCard,
    // Test numbers that card organisations publish, and one after the Luhn annex's own arithmetic.
    yes: [
      "4111111111111111",
      "5555555555554444",
      "3530111333300000",
      "378282246310005",
      "6200000000000005",
      "6200 0000 0000 0005",
      "4111-1111-1111-1111",
    ],
    no: [
      "4111111111111112",
      "7992739871300000",
      "1234567812345670",
      "411111111111",
      "41111111111111111111",
      "4111  1111 1111 1111",
      "6200000000000006",
    ],
  },
  "names of persons": {
    detect: isPersonName,
    yes: ["王伟", "张秀英", "欧阳修", "司马相如", "陈方安生", "阿卜杜拉·买买提", "买买提•艾力", "李娜"],
    no: [
      "汉族",
      "高山",
      "江苏",
      "满",
      "石家庄",
      "黄石",
      "江苏省",
      "安徽",
      "马鞍山市",
      "金融",
      "高中",
      "白色",
      "方向",
      "黄浦区",
      "陈家镇",
      "王府井街道",
      "王先生集团有限公司",
      "李",
      "东方明珠塔楼",
      "Wang Wei",
      "王1伟",
      "高血压",
    ],
  },
  addresses: {
    detect: isAddress,
    yes: [
      "昌平区南口镇南辛路2号",
      "北京市海淀区",
      "广东省深圳市南山区",
      "广东深圳南山区科技园",
      "人民路100弄3号",
      "王家村12号",
      "解放街三幢202室",
    ],
    no: ["北京市", "海淀区", "路", "人民路", "3号", "12345", "Main Street 5", "北京大学国际医院", ""],
  },
  plates: {
    detect: isPlate,
    yes: ["京A12345", "沪AD12345", "粤B·12345", "苏E 1234学", "粤Z1234港", "京a1234警", "浙A12345D"],
    no: ["京I12345", "京AO1234", "京A1234", "京A1234567", "A12345", "国A12345", "京112345"],
  },
  "e-mail addresses": {
    detect: isEmail,
    yes: ["a@b.cn", "first.last+tag@mail.example.com", "ａ＠ｂ．ｃｎ"],
    no: ["a@b", "@b.cn", "a@@b.cn", "a b@c.cn", "a@b..cn", "a@-b.cn", "a@b.c1"],
  },
  "IP addresses": {
    detect: isIpAddress,
    yes: ["192.0.2.1", "255.255.255.255", "2001:db8::1", "::", "::ffff:192.0.2.1", "1:2:3:4:5:6:7:8"],
    no: ["192.0.2.256", "1.2.3", "1.2.3.4.5", "01.2.3.4", "1:2:3", "1::2::3", "12:30:45", "g::1", "1:2:3:4:5:6:7:8:9"],
  },
  "MAC addresses": {
    detect: isMacAddress,
    yes: ["00:1a:2B:3c:4D:5e", "00-1A-2B-3C-4D-5E", "001a.2b3c.4d5e"],
    no: ["00:1a:2b:3c:4d", "001a2b3c4d5e", "00:1a-2b:3c:4d:5e", "00:1g:2b:3c:4d:5e"],
  },
  "pairs of degrees": {
    detect: isCoordinatePair,
    yes: ["116.397128, 39.916527", "39.916527,116.397128", "POINT(116.397128 39.916527)", "(-73.985, 40.748)"],
    no: ["116.39", "181.000, 10.000", "100.001, 100.001", "1.5, 2.5", "116.397 39.916 10.5"],
  },
  "one number of degrees": {
    detect: isDegrees,
    yes: ["116.3971", "-39.916527"],
    no: ["116.397", "181.0001", "116", "1e5"],
  },
  dates: {
    detect: isDateText,
    yes: ["2026-01-31", "2024/2/29", "19491001", "1949年10月1日", "2026-01-31T08:00:00Z", "2026.01.31 8:00"],
    no: ["2026-02-30", "2023/2/29", "19850230", "2026-01/31", "12345678", "31.01.2026", "1849-01-01"],
  },
  "free text": {
    detect: isFreeText,
    yes: ["患者三天前出现咳嗽，伴有低热，无其他不适，自行服药后来院。", "The patient came in with a cough and fever"],
    no: ["short", "abcdef0123456789abcdef0123456789", "深圳市南山区科技园"],
  },
};

for (const [name, { detect, yes, no }] of Object.entries(CASES)) {
  test(`knows ${name}, and what only looks like them`, () => {
    expect(yes.filter((text) => !detect(text))).toEqual([]);
    expect(no.filter((text) => detect(text))).toEqual([]);
  });
}

test("documents without a check character are known by their pattern", () => {
  expect(isDocumentNumber("passport", "E12345678")).toBe(true);
  expect(isDocumentNumber("passport", "ea1234567")).toBe(true);
  expect(isDocumentNumber("passport", "X12345678")).toBe(false);
  expect(isDocumentNumber("hong-kong-macau-permit", "H1234567800")).toBe(true);
  expect(isDocumentNumber("taiwan-permit", "12345678")).toBe(true);
  expect(isDocumentNumber("military-id", "军字第2001988号")).toBe(true);
  expect(isDocumentNumber("medical-record", "ZY-20240001")).toBe(true);
  expect(isDocumentNumber("medical-record", "no number")).toBe(false);
  expect(isDocumentNumber("insurance-number", "440300123456")).toBe(true);
});

test("a county that the table does not know warns and does not refuse; revoked ones are known", () => {
  // 110103 was a district of Beijing until 2010.
  expect(hasKnownDivision("110103194912310026")).toBe(true);
  expect(hasKnownDivision("110199194912310026")).toBe(false);
  expect(hasKnownDivision("810000199001010017")).toBe(true);
});

test("the telephone column of a register may hold area code and number in one run", () => {
  expect(isLandline("01062345678", { undelimited: true })).toBe(true);
  expect(isLandline("01262345678", { undelimited: true })).toBe(false);
});

test("counts the levels of division at the beginning of an address", () => {
  expect(divisionLevels("广东省深圳市南山区")).toBe(3);
  expect(divisionLevels("浙江杭州")).toBe(2);
  expect(divisionLevels("海淀区")).toBe(1);
  expect(divisionLevels("abc")).toBe(0);
});

test("the check digit of a card is the one that makes the doubled sum a multiple of ten", () => {
  fc.assert(
    fc.property(fc.stringMatching(/^[0-9]{12,18}$/), (head) => {
      // Written from the left by hand: digits at an odd distance from the check digit count twice, as the sum of their digits.
      const sum = Array.from(head).reduce((total, digit, i) => {
        const doubled = (head.length - i) % 2 === 1 ? String(Number(digit) * 2) : digit;
        return total + Array.from(doubled).reduce((digits, one) => digits + Number(one), 0);
      }, 0);
      for (let check = 0; check < 10; check++) expect(hasLuhnDigit(`${head}${check}`)).toBe((sum + check) % 10 === 0);
    }),
  );
});

describe("malformed input", () => {
  const detectors: Detector[] = [
    isResidentId,
    isMobileNumber,
    (text) => isDocumentNumber("military-id", text),
    ...Object.values(CASES).map(({ detect }) => detect),
  ];

  test("values that are no text of people are nothing", () => {
    for (const text of ["", "\0", "\ud800", "\udc00\ud800", "😀😀😀", "王\0伟", "1380013800\0", "١٢٣٤٥٦٧٨٩٠١"]) {
      expect(detectors.map((detect) => detect(text))).not.toContain(true);
    }
  });

  test("a value of a megabyte is none, and no more than its beginning is looked at", () => {
    // NFKC makes eighteen characters of one ligature: it must not see the whole.
    expect(isMobileNumber(`${" ".repeat(1_048_576)}13800138000`)).toBe(false);
    for (const piece of ["1", "6200", "a@", "路1", "王", "﷽", "0.", "1 ", "(", "1:", "北京市"]) {
      const text = piece.repeat(Math.ceil(1_048_576 / piece.length));
      expect(detectors.map((detect) => detect(text))).not.toContain(true);
    }
  });

  test("no pattern backtracks: the longest value that is looked at ends for every hostile shape", () => {
    for (const piece of [
      "1 ",
      "1-",
      "a.",
      "a-",
      "a@a.",
      "1:",
      "1.1",
      "·王",
      "(0",
      "ext",
      "转1",
      "王·",
      "1 1-",
      "路",
      "A1-",
    ]) {
      for (const tail of ["", "!", "\0", "@"]) {
        const text = piece.repeat(100).slice(0, 199) + tail;
        for (const detect of detectors) expect(typeof detect(text)).toBe("boolean");
      }
    }
  });

  test("any text is taken without an exception", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary", maxLength: 60 }), (text) => {
        expect(new Set(detectors.map((detect) => typeof detect(text)))).toEqual(new Set(["boolean"]));
      }),
    );
  });
});

/** The 17 characters with the check character of GB 32100, by its printed weights. */
function withCreditCheck(characters: string): string {
  const alphabet = "0123456789ABCDEFGHJKLMNPQRTUWXY";
  const weights = [1, 3, 9, 27, 19, 26, 16, 17, 20, 29, 25, 13, 8, 24, 10, 30, 28];
  const sum = Array.from(characters).reduce(
    (total, character, i) => total + alphabet.indexOf(character) * (weights[i] ?? 0),
    0,
  );
  return characters + (alphabet[(31 - (sum % 31)) % 31] ?? "");
}

/** ASCII characters in their full-width forms. */
function fullWidth(text: string): string {
  return Array.from(text, (character) => String.fromCharCode(character.charCodeAt(0) + 0xfee0)).join("");
}
