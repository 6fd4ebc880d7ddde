/** How the chain of a call reads on a terminal.
 *  @module */
import type { ChainStep, ChainStepName } from "@sluice/evidence/verify";
import type { ReceiptChain, ReviewRecord } from "@sluice/protocol";
import { findingCounts } from "./develop/guard-text.ts";
import { visibleText } from "./officer/visible-text.ts";
import { formatTable } from "./table.ts";

/** The steps with what ties them, and below each what it says. */
export function chainText(chain: ReceiptChain, steps: readonly ChainStep[]): string {
  const lines = steps.flatMap(({ step, outcome, tie, by, gone, error }) => [
    `${step} ${outcome.toUpperCase()}${by === undefined ? "" : ` ${by}`}`,
    `  ${tie}`,
    ...(gone === undefined
      ? []
      : [`  NOT THERE: ${gone}. Erased, or kept back by the gateway: nothing here shows which`]),
    ...(error === undefined ? [] : [`  ${error.code}: ${visibleText(error.message)}`]),
    ...factsOf(step, chain).map((fact) => `  | ${visibleText(fact)}`),
  ]);
  const count = (outcome: ChainStep["outcome"]): number => steps.filter((step) => step.outcome === outcome).length;
  const rows = (["verified", "listed", "erased", "missing", "failed"] as const).map((outcome) => [
    outcome,
    String(count(outcome)),
  ]);
  return `${lines.join("\n")}\n\n${formatTable(rows)}\n`;
}

function factsOf(step: ChainStepName, chain: ReceiptChain): string[] {
  switch (step) {
    case "receipt":
      return receiptFacts(chain);
    case "request":
      return chain.request === undefined ? [] : [`issued ${chain.request.body.issuedAt}`];
    case "product":
      return chain.product === undefined ? [] : [`${chain.product.form}, ${chain.product.status}`];
    case "build":
      return runFacts(chain.build);
    case "release":
      return chain.release === undefined ? [] : [`signed at ${chain.release.body.at}`];
    case "development":
      return chain.development === undefined
        ? []
        : [...runFacts(chain.development.run), ...chain.development.reviews.map(reviewText)];
    case "grant":
      return grantFacts(chain);
    case "policy":
      return chain.policy === undefined ? [] : [`every group of at least ${chain.policy.k}`];
    case "scene":
      return chain.scene === undefined ? [] : [chain.scene.state, ...chain.scene.reviews.map(reviewText)];
  }
}

function receiptFacts({ receipt: { receipt, openings } }: ReceiptChain): string[] {
  const { operation, product, version, domain, quantity, at } = receipt.body;
  return [
    `${operation} of ${product} version ${version} in ${domain} at ${at}: ${quantity.amount} ${quantity.unit}`,
    `party ${openings.party?.value ?? "erased"}`,
    `snapshot ${openings.snapshot?.value ?? "erased"}`,
  ];
}

function runFacts(run: ReceiptChain["build"]): string[] {
  if (run === undefined) return [];
  const facts: string[] = [];
  if (run.certificate !== undefined) {
    const { sampleRows, suppressedRows, k, policy } = run.certificate;
    facts.push(
      `sample: ${sampleRows} rows, ${suppressedRows} suppressed, every group of at least ${k}, policy ${policy}`,
    );
  }
  if (run.guardReport !== undefined) {
    const { findings } = run.guardReport;
    facts.push(`guard: ${findingCounts(findings)}`);
  }
  return facts;
}

function grantFacts({ grant }: ReceiptChain): string[] {
  if (grant === undefined) return [];
  const { scene, notBefore, notAfter } = grant.body;
  return [`${scene.title}: ${scene.purpose}`, `${notBefore} to ${notAfter}`];
}

function reviewText({ verdict, person, party, at, note }: ReviewRecord): string {
  return `${verdict} by ${person} (${party}) at ${at}${note === "" ? "" : `: ${note}`}`;
}
