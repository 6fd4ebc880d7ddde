export { cutIntoBatches } from "./batches.ts";
export * from "./describe.ts";
export * from "./engine.ts";
export { locateReason, type SourcePlace } from "./error-position.ts";
export { LAYER_REMEDIES, PRODUCTION_LAYERS, SANDBOX_LAYERS, type SandboxLayer } from "./probe.ts";
export * from "./runner.ts";
export type { HeldTable, RemoteTable } from "./table-source.ts";
export { columnBytes, shapeOf, type TableShape } from "./table-shape.ts";
