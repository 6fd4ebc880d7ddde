export { DomainConfig, Pins } from "./config.ts";
export { erasePartyOfDomain, type ErasedReferences } from "./erase.ts";
export { probeDataEngine } from "./data/probe-engine.ts";
export { importTable } from "./import.ts";
export { DEFAULT_AT_REST, initDomain, type InitDomainOptions } from "./init.ts";
export { dataKeySuites } from "./rest/data-keys.ts";
export { probeMemoryFiles } from "./rest/probe-memory-files.ts";
export { resumeDomain, type Resumed } from "./resume.ts";
export { DEFAULT_WORKER_THREADS, startDomain, type RunningDomain, type StartDomainOptions } from "./start.ts";
