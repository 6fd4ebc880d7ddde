/** What a signature under a grant allows, and what it does not: sentences that are true of the running system, each
 *  held by the domain itself.
 *  @module */
import { quotaOf } from "@sluice/evidence/verify";
import { MAX_LOG_LINES, type Grant, type Operation, type Policy } from "@sluice/protocol";
import { amountText, dayText } from "./chinese-figures.ts";
import { ANSWER_WORDS } from "./form-words.ts";
import { callerWords } from "./grant-terms.ts";
import { columnWords, type Names } from "./names.ts";
import { OPERATION_WORDS, unitWord } from "./operation-words.ts";

/** The whole grant in one sentence. */
export function grantLead(grant: Grant, names: Names): string {
  const { scene, fields, operator, developer } = grant;
  return (
    `允许 ${names.party(developer)} 开发、${names.party(operator)} 运营、${callerWords(grant, names)} 使用，` +
    `以数据资源 ${names.resource} 的 ${fields.length} 个字段办理「${scene.title}」；` +
    `只限用途 ${scene.purpose}，至${dayText(grant.notAfter)}止。原始数据不出域。`
  );
}

/** What becomes possible. */
export function grantAllows(grant: Grant, policy: Policy | null, names: Names): string[] {
  return grant.operations
    .filter((operation, i, all) => all.indexOf(operation) === i && quotaOf(grant, operation) > 0n)
    .map((operation) => `${allowance(grant, operation, policy, names)}；最多 ${quotaText(grant, operation)}`);
}

function quotaText(grant: Grant, operation: Operation): string {
  return amountText(quotaOf(grant, operation), unitWord(operation));
}

function allowance(grant: Grant, operation: Operation, policy: Policy | null, names: Names): string {
  if (operation === "build") {
    return `运营机构 ${names.party(grant.operator)} 在数据域内对全部行运行已获发布许可的程序，建成产品；结果留在域内，只按下列用法作答`;
  }
  if (operation !== "develop")
    return `使用方 ${callerWords(grant, names)} ${ANSWER_WORDS[operation](columnWords(grant.key, names))}`;
  const sample = policy === null ? "脱敏样本" : `至多 ${amountText(BigInt(policy.sample.rows), "行")}的脱敏样本`;
  return (
    `开发主体 ${names.party(grant.developer)} 的程序在数据域内读${sample}；` +
    `可带出经输出守卫检查的指标和模型参数，以及至多 ${MAX_LOG_LINES} 行运行日志（可能含脱敏样本中的值）`
  );
}

/** What stays impossible, whoever holds the signed file. */
export function grantForbids(grant: Grant): string[] {
  const missing = Object.entries(OPERATION_WORDS).filter(
    ([operation]) => !(grant.operations as readonly string[]).includes(operation),
  );
  return [
    "任何一方取走原始数据：原始数据行只在数据域内，没有导出的途径",
    `读取所列 ${grant.fields.length} 个字段以外的字段，或未按字段表处理过的值`,
    `用于 ${grant.scene.purpose} 以外的用途：程序申明的用途不符即被拒绝`,
    "由所列主体以外的人使用或转授：没有所列密钥的签名，数据域不予受理",
    "到期或配额用完后继续使用；撤销后继续使用（数源部门或实施机构可随时撤销）",
    ...((grant.restrictions ?? []).length === 0 ? [] : ["违反下列「使用限制」使用结果"]),
    "产品自动上线：每个程序版本还须数源部门另签《发布许可》",
    ...(missing.length === 0 ? [] : [`未列入的用法：${missing.map(([, { zh }]) => zh).join("、")}`]),
  ];
}
