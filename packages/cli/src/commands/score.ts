/** `sluice score PRODUCT FILE`
 *  @module */
import { ASKING_OPTIONS, keepReceipts, receiptLines, tellRestrictions } from "../asking.ts";
import type { Command } from "../command.ts";
import { hiddenNoise } from "@sluice/protocol";
import { readTextFile } from "../files.ts";
import { openClient } from "../party-context.ts";
import { featureColumns, readScoreFile, scoredText } from "../score-file.ts";

/** Scores rows under encryption. */
export const score: Command = {
  path: ["score"],
  summary: "score the rows of FILE.csv with PRODUCT; neither gateway nor domain learns a value or a score",
  positionals: ["PRODUCT", "FILE"],
  options: ASKING_OPTIONS,
  notes:
    "FILE is CSV, or `-` for standard input. Its header names the model's features; `sluice product show` lists them. Other\n" +
    "columns are not sent. Prints the file with two columns more: the score, and the response, which is a probability for\n" +
    "a logistic product. Each row is spent; of a model that stays with its domain, 8,192 rows by any call, which takes as\n" +
    "many. Do not hand scores back to domain or gateway.",
  async run(args, io) {
    const client = await openClient(args, io);
    const { signal } = io;
    const argument = args.positional(1);
    const file = readScoreFile(argument === "-" ? await io.readStdin() : await readTextFile(argument, "file"));
    const handle = await client.openScore(args.positional(0), { signal });
    const { parameters } = handle.snapshot;
    const { errorBound } = parameters;
    const noise = parameters.type === "score-hidden-parameters" ? hiddenNoise(parameters) : undefined;
    const columns = featureColumns(file, handle.features);
    await tellRestrictions(handle, io);
    const { scores, responses, receipt } = await handle.score(columns, { signal });
    await keepReceipts(args, [receipt]);
    if (args.flag("json")) {
      const told = noise === undefined ? { errorBound } : { errorBound, noise };
      const answer = { scores: Array.from(scores), responses: Array.from(responses), ...told, receipt };
      io.stdout.write(`${JSON.stringify(answer)}\n`);
    } else {
      io.stdout.write(scoredText(file, { scores, responses }, noise === undefined ? errorBound : noise / 10));
      io.stderr.write(receiptLines([receipt]));
    }
    return 0;
  },
};
