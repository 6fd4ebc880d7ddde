/** Which categories of organisation each registering department has in a social credit code, GB 32100-2015 annex.
 *
 *  SOURCE: LianjiaTech/d18n corpus/mask/USCC.zh_CN, commit fd49b83e8db1ef7ffc0c80bed18432780750b4b3 (Apache-2.0).
 *  @module */

/** By department: its categories. */
export const CREDIT_CODE_CATEGORIES: ReadonlyMap<string, string> = new Map(
  "1:1239 2:19 3:123459 4:19 5:1239 6:129 7:129 8:19 9:123 A:19 N:1239 Y:1".split(" ").map((entry) => {
    const [department = "", categories = ""] = entry.split(":");
    return [department, categories];
  }),
);
