/** Column names of a file become field names: blanks around them go, and each space, `-` and `.` becomes `_`.
 *  Names that differ in case alone count as the same, because the engine takes them so.
 *  @module */
import { FieldName, SluiceError } from "@sluice/protocol";

/** Field names for the columns of `file`, in order. Errors name columns by position: the first line of a file
 *  without a header is data. @throws ERR_TABLE_FILE */
export function fieldNames(header: readonly string[], file: string): FieldName[] {
  const seen = new Map<string, number>();
  return header.map((text, index) => {
    const name = FieldName.safeParse(text.trim().replaceAll(/[ .-]/gu, "_"));
    if (!name.success) {
      throw new SluiceError("ERR_TABLE_FILE", {
        file,
        reason: `header ${index + 1} is not a column name: a letter, then at most 63 letters, digits or _`,
      });
    }
    const earlier = seen.get(name.data.toLowerCase());
    if (earlier !== undefined) {
      throw new SluiceError("ERR_TABLE_FILE", {
        file,
        reason: `headers ${earlier} and ${index + 1} have the same name`,
      });
    }
    seen.set(name.data.toLowerCase(), index + 1);
    return name.data;
  });
}
