/** `verify.html`: verifies a folder that a person chooses or drops, in the browser alone.
 *  @module */
import "./without-eval.ts";
import { MANIFEST_FILE, verifyFolder, type FolderProgress } from "@sluice/evidence/verify";
import { isSluiceError } from "@sluice/protocol";
import type { Words } from "../src/officer/page.ts";
import { failureWords } from "../src/verifier/failure-words.ts";
import { missingHere } from "./browser-check.ts";
import { browserFolder, chosenFiles, type Chosen } from "./chosen-files.ts";
import { documentTable } from "./document-table.ts";
import { droppedFiles } from "./dropped-files.ts";
import { words } from "./elements.ts";
import { verifyLooseDocuments } from "./loose-documents.ts";
import { banner, outcomeView } from "./outcome-view.ts";
import { Unable } from "./unable.ts";

/** Steps between two words about the progress. */
const PROGRESS_STEPS = 50;
const STAGES: Readonly<Record<FolderProgress["stage"], Words>> = {
  files: { zh: "正在核对文件", en: "Comparing files" },
  logs: { zh: "正在核验日志", en: "Verifying logs" },
  receipts: { zh: "正在核验凭证", en: "Verifying receipts" },
};

const choose = part("choose");
const progress = part("progress");
const outcome = part("outcome");
let busy = false;

for (const id of ["folder", "files"]) {
  const input = part(id);
  if (!(input instanceof HTMLInputElement)) continue;
  input.addEventListener("change", () => {
    if (input.files !== null && input.files.length > 0) void verify(Promise.resolve(chosenFiles(input.files)));
    // The same folder may be chosen again.
    input.value = "";
  });
}
document.addEventListener("dragover", (event) => {
  event.preventDefault();
  choose.classList.add("over");
});
document.addEventListener("dragleave", () => choose.classList.remove("over"));
document.addEventListener("drop", (event) => {
  event.preventDefault();
  choose.classList.remove("over");
  if (event.dataTransfer !== null) void verify(droppedFiles(event.dataTransfer));
});

async function verify(choice: Promise<Chosen>): Promise<void> {
  if (busy) return;
  busy = true;
  choose.classList.add("busy");
  outcome.replaceChildren();
  try {
    const chosen = await choice;
    const missing = await missingHere();
    if (missing !== null) throw new Unable(missing);
    outcome.replaceChildren(...(await outcomeOf(chosen)));
  } catch (error) {
    outcome.replaceChildren(banner("bad", { zh: "无法核验", en: "Cannot verify" }, words(reasonOf(error))));
  } finally {
    progress.replaceChildren();
    choose.classList.remove("busy");
    busy = false;
    outcome.focus();
  }
}

async function outcomeOf(chosen: Chosen): Promise<Node[]> {
  const { name, files } = chosen;
  const folder = browserFolder(chosen);
  const isFolder = name !== "" || files.has(MANIFEST_FILE);
  if (!isFolder) {
    const report = await verifyLooseDocuments(folder);
    return outcomeView(report, name, documentTable(report));
  }
  return outcomeView(await verifyFolder(folder, { progress: tell }), name, null);
}

function tell({ stage, done }: FolderProgress): void {
  if (done % PROGRESS_STEPS !== 1 && stage !== "logs") return;
  const { zh, en } = STAGES[stage];
  progress.replaceChildren(words({ zh: `${zh}：${done}`, en }));
}

function reasonOf(error: unknown): Words {
  if (error instanceof Unable) return error.words;
  if (isSluiceError(error)) return failureWords(error);
  return {
    zh: `浏览器不让本页读取这些文件，请用按钮选择（${String(error)}）`,
    en: "This browser does not let the page read them: choose them with the button.",
  };
}

function part(id: string): HTMLElement {
  const found = document.getElementById(id);
  if (found === null) throw new Error(`the page has no ${id}`);
  return found;
}
