/** What an officer reads about one signed document, before its form: the model that text and HTML both print.
 *  Strings come from documents as they are; the forms make them safe to show.
 *  @module */

/** A phrase in Chinese, with a small English subtitle. */
export interface Words {
  readonly zh: string;
  readonly en: string;
}

/** `bad`: do not rely on it. `caution`: true as far as it was checked, and something is open. */
export type Level = "good" | "caution" | "bad";

/** One thing that was checked. */
export interface Check {
  readonly level: Level;
  readonly words: Words;
}

/** One of the few large figures at the top. */
export interface Figure {
  readonly label: Words;
  readonly value: string;
  readonly remark: string;
}

/** One change since the previous document. `wider` allows more than before, `narrower` less. */
export interface Change {
  readonly direction: "wider" | "narrower" | "other";
  readonly topic: Words;
  readonly text: string;
}

/** Changes since the previous document, with what is known of that document. */
export interface Comparison {
  /** The previous document in one line. */
  readonly against: string;
  readonly changes: readonly Change[];
}

/** A cell of a table. `code` is an identifier: set in a fixed-width face. */
export interface Cell {
  readonly text: string;
  readonly code?: boolean;
  readonly level?: Level;
}

/** A titled table of the page. */
export interface Section {
  readonly title: Words;
  readonly columns: readonly Words[];
  readonly rows: readonly (readonly Cell[])[];
  /** One line under the title. */
  readonly remark?: string;
}

/** Everything that an officer is told about one document. */
export interface OfficerPage {
  readonly kind: Words;
  /** Name of the thing, as people call it. */
  readonly heading: string;
  /** The whole in one sentence. */
  readonly lead: string;
  readonly verdict: Check;
  readonly checks: readonly Check[];
  readonly figures: readonly Figure[];
  readonly comparison: Comparison | null;
  /** What deserves a second look. */
  readonly attention: readonly string[];
  readonly allows: readonly string[];
  readonly forbids: readonly string[];
  readonly sections: readonly Section[];
  /** Hash that identifies the document's body. */
  readonly hash: string;
  readonly printedAt: string;
}

/** `lead`, with what stands against it said first. */
export function qualifiedLead(lead: string, verdict: Check, signed: boolean): string {
  if (!signed) return `草案，尚未签名，以下为拟定内容：${lead}`;
  return verdict.level === "bad" ? `核对未通过，以下只是文件所写，不可采信：${lead}` : lead;
}

/** The worst level among `checks`. */
export function worstLevel(checks: readonly Check[]): Level {
  for (const level of ["bad", "caution"] as const) if (checks.some((check) => check.level === level)) return level;
  return "good";
}
