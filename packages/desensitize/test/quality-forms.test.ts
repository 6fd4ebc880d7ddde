/** Forms of quality rules take numbers however they are written.
 *  @module */
import { expect, test } from "vitest";
import { birthDateOf, FORM_RIGHT, FORM_SHAPE, formOfText } from "../src/quality/forms.ts";

test.each([
  "11010519491231002X",
  "110105 19491231 002x",
  "110105\u200b1949-1231-002X",
  "１１０１０５１９４９１２３１００２Ｘ",
])("the birth date in %j is that of the number", (text) => {
  expect([birthDateOf(text), formOfText("resident-id", text)]).toEqual(["19491231", FORM_RIGHT]);
  const wrong = text.replace(/.$/u, "1");
  expect([birthDateOf(wrong), formOfText("resident-id", wrong)]).toEqual([null, FORM_SHAPE]);
});

test("a bank card in groups with a wrong check digit has the shape of one", () => {
  expect(formOfText("bank-card", "6200 0000 0000 0005")).toBe(FORM_RIGHT);
  expect(formOfText("bank-card", "6200 0000 0000 0006")).toBe(FORM_SHAPE);
});
