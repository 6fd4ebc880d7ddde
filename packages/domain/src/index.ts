export { DomainConfig, Pins } from "./config.ts";
export { probeDataEngine } from "./data/probe-engine.ts";
export { importTable } from "./import.ts";
export { initDomain, type InitDomainOptions } from "./init.ts";
export { DEFAULT_WORKER_THREADS, startDomain, type RunningDomain, type StartDomainOptions } from "./start.ts";
