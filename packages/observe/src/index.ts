export { freeBytes, sizeOnDisk } from "./disk.ts";
export { fastifyLog } from "./fastify-log.ts";
export { readLogLine, type LogEvent, type LogLine } from "./log-event.ts";
export { serveMetrics, type MetricsListener } from "./metrics-listener.ts";
export { ProcessLog, type LineSink, type LogOwner } from "./process-log.ts";
export {
  installRequestNotes,
  newReference,
  noteEnvelope,
  noteRefusal,
  refuseAddress,
  type Observer,
  type RequestNotes,
} from "./request-notes.ts";
export { ServerMetrics, type Sample } from "./server-metrics.ts";
