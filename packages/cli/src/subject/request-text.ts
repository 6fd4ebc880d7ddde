/** The register of persons' requests, for a terminal.
 *  @module */
import type { SubjectRequest } from "@sluice/domain";
import type { Instant } from "@sluice/protocol";
import { minuteText } from "../officer/chinese-figures.ts";
import { formatTable } from "../table.ts";

const KINDS = { trail: "使用轨迹 trail", copy: "数据副本 copy" } as const;

/** Whether a request should have been answered before `now`. */
export function isOverdue({ answeredAt, dueAt }: SubjectRequest, now: Instant): boolean {
  return answeredAt === null && dueAt < now;
}

/** A request that was opened. */
export function requestLines({ request, kind, resource, receivedAt, dueAt }: SubjectRequest): string {
  const rows = [
    ["申请 request", request],
    ["事项 kind", KINDS[kind]],
    ["资源 resource", resource],
    ["收到 received", `${minuteText(receivedAt)}（北京时间）`],
    ["期限 due", `${minuteText(dueAt)}（北京时间）`],
  ];
  return `${formatTable(rows)}\n`;
}

/** Every request on a line. */
export function requestTable(requests: readonly SubjectRequest[], now: Instant): string {
  if (requests.length === 0) return "没有申请 / no requests\n";
  const header = ["申请 REQUEST", "事项 KIND", "资源 RESOURCE", "收到 RECEIVED", "期限 DUE", "状态 STATE"];
  const rows = requests.map((request) => [
    request.request,
    KINDS[request.kind],
    request.resource,
    minuteText(request.receivedAt),
    minuteText(request.dueAt),
    stateOf(request, now),
  ]);
  return `${formatTable([header, ...rows])}\n时间为北京时间 / times are of Beijing (UTC+8)\n`;
}

function stateOf(request: SubjectRequest, now: Instant): string {
  const { answeredAt, dueAt } = request;
  if (answeredAt === null) return isOverdue(request, now) ? "逾期未办 OVERDUE" : "待办 open";
  return `${answeredAt > dueAt ? "已办（逾期）answered late" : "已办 answered"} ${minuteText(answeredAt)}`;
}
