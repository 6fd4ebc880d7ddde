/** What operators see of a gateway or a domain: process log and metrics, without data. Node only.
 *  @module */
export { freeBytes, sizeOnDisk } from "./observe/disk.ts";
export { fastifyLog } from "./observe/fastify-log.ts";
export { readLogLine, type LogEvent, type LogLine } from "./observe/log-event.ts";
export { serveMetrics, type MetricsListener } from "./observe/metrics-listener.ts";
export { ProcessLog, type LineSink, type LogOwner } from "./observe/process-log.ts";
export {
  installRequestNotes,
  newReference,
  noteEnvelope,
  noteRefusal,
  refuseAddress,
  type Observer,
  type RequestNotes,
} from "./observe/request-notes.ts";
export { ServerMetrics, type Sample } from "./observe/server-metrics.ts";
