/** What a gateway tells an operator about itself, read when it is asked for. Labels are names of registered domains; who
 *  calls is no label: metrics are copied and shown more widely than logs, and receipts already say who used what.
 *  @module */
import { join } from "node:path";
import { freeBytes, sizeOnDisk, type Sample } from "@sluice/evidence/observe";
import { SignedGrant } from "@sluice/protocol";
import type { GatewayContext } from "../context.ts";
import { STATE_DIRECTORY } from "../state/open-state.ts";

const DAY_MS = 86_400_000;

/** Adds the gateway's gauges. */
export function installGatewayMetrics(context: GatewayContext): void {
  const { directory, clock, state, log, domains, link, admission } = context;
  const { metrics } = context.observer;
  const one = (value: number): Sample[] => [{ labels: {}, value }];
  const { db } = state;

  const byKind = (value: (load: ReturnType<typeof admission.load>[number]) => number): Sample[] =>
    admission.load().map((load) => ({ labels: { kind: load.kind }, value: value(load) }));
  metrics.gauge("sluice_admission_active", "Production calls in flight to domains, by kind of work", ["kind"], () =>
    byKind(({ active }) => active),
  );
  metrics.gauge("sluice_admission_waiting", "Production calls that wait for their turn", ["kind"], () =>
    byKind(({ waiting }) => waiting),
  );
  metrics.gauge("sluice_admission_waiting_bytes", "Bytes of production calls that wait", ["kind"], () =>
    byKind(({ waitingBytes }) => waitingBytes),
  );
  metrics.gauge("sluice_log_entries", "Entries of the evidence log", [], () => one(log.size));
  metrics.gauge("sluice_receipts_waiting", "Receipts that the evidence log does not hold yet", [], async () => {
    const rows = db.selectFrom("receipt").where("log_index", "is", null);
    return one(Number((await rows.select(({ fn }) => fn.countAll().as("count")).executeTakeFirstOrThrow()).count));
  });
  metrics.gauge("sluice_runs", "Runs by state, as far as this gateway has seen their end", ["state"], async () => {
    const rows = await db
      .selectFrom("run")
      .select(({ fn }) => [fn.countAll().as("all"), fn.count("document").as("ended")])
      .executeTakeFirstOrThrow();
    return [
      { labels: { state: "ended" }, value: Number(rows.ended) },
      { labels: { state: "open" }, value: Number(rows.all) - Number(rows.ended) },
    ];
  });
  metrics.gauge(
    "sluice_party_deliveries_waiting",
    "Statements about parties, suspensions among them, that a domain has not confirmed",
    ["domain"],
    async () => {
      const rows = await db
        .selectFrom("party_delivery")
        .select(({ fn }) => ["domain", fn.countAll().as("count")])
        .groupBy("domain")
        .execute();
      const waiting = new Map(rows.map(({ domain, count }) => [domain, Number(count)]));
      return domains.all().map(({ domain }) => ({ labels: { domain }, value: waiting.get(domain) ?? 0 }));
    },
  );
  metrics.gauge("sluice_grant_days_left", "Days to the earliest end of a grant in force", ["domain"], async () => {
    const now = clock.now().getTime();
    const earliest = new Map<string, number>();
    const rows = await db.selectFrom("scene").select("signed_grant").where("signed_grant", "is not", null).execute();
    for (const { signed_grant } of rows) {
      const { domain, notAfter } = SignedGrant.parse(JSON.parse(signed_grant ?? "")).body;
      const end = Date.parse(notAfter);
      if (end > now) earliest.set(domain, Math.min(end, earliest.get(domain) ?? end));
    }
    return [...earliest].map(([domain, end]) => ({ labels: { domain }, value: (end - now) / DAY_MS }));
  });
  metrics.gauge(
    "sluice_clock_skew_seconds",
    "Clock of a domain minus this gateway's, at its last answer",
    ["domain"],
    () =>
      domains.all().flatMap(({ domain }) => {
        const seconds = link.clockSkewSeconds(domain);
        return seconds === undefined ? [] : [{ labels: { domain }, value: seconds }];
      }),
  );
  metrics.gauge("sluice_state_bytes", "Size of the database on disk", [], async () =>
    one(await sizeOnDisk(join(directory, STATE_DIRECTORY))),
  );
  metrics.gauge("sluice_disk_free_bytes", "Bytes that this user may still write", [], async () =>
    one(await freeBytes(directory)),
  );
}
