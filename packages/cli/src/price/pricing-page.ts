/** A pricing as a page, in Chinese with English beside the headings.
 *  @module */
import { ruleText, type Pricing, type RuleReference } from "@sluice/settlement";
import { explanationPage } from "../explain-page/page.ts";
import { html, type Markup } from "../officer/markup.ts";
import type { Fact } from "../report-page/facts.ts";
import { figureTable } from "./figure-table.ts";
import { COST_WORDS, PRODUCT_WORDS } from "./pricing-columns.ts";
import { COST_COLUMNS, explainPricing, figuresOf, PRODUCT_COLUMNS, TOTALS } from "./pricing-figures.ts";
import { withUnit } from "./pricing-text.ts";

/** The page. */
export function pricingPage(pricing: Pricing): string {
  const { year, rules } = pricing;
  const figures = figuresOf(pricing);
  return explanationPage({
    kind: { zh: "收费标准测算说明", en: "How the prices were found" },
    title: `${year} 年收费标准`,
    facts: factsOf(pricing),
    sections: [productSection(pricing), costSection(pricing), assumptionSection(explainPricing(figures).assumptions)],
    figures,
    footer: `规则集 ${rules.sets.join("、")}（${rules.on}）· ${rules.jurisdiction}`,
  });
}

/** Totals as facts. */
export function factsOf(pricing: Pricing): Fact[] {
  return TOTALS.flatMap(({ heading, of }): Fact[] => {
    const figure = of(pricing);
    return figure === undefined ? [] : [[heading.zh, heading.en, withUnit(figure, "zh")]];
  });
}

function productSection({ products }: Pricing): Markup {
  return html`<h2>各产品上限收费标准 <span lang="en">Ceilings of the products, yuan per unit</span></h2>
    ${figureTable([...products.values()], { before: PRODUCT_WORDS, figures: PRODUCT_COLUMNS })}`;
}

function costSection({ costs }: Pricing): Markup {
  const { before, after } = COST_WORDS;
  return html`<h2>成本明细（元） <span lang="en">Lines of the cost accounts, yuan</span></h2>
    ${figureTable(costs.lines, { before, figures: COST_COLUMNS, after })}`;
}

function assumptionSection(assumptions: readonly RuleReference[]): Markup {
  if (assumptions.length === 0) return html``;
  return html`<h2>推定的规则 <span lang="en">Assumed rules</span></h2>
    <ul>
      ${assumptions.map((rule) => html`<li>${ruleText(rule, "zh")}</li>`)}
    </ul>`;
}
