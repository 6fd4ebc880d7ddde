export type { ViewRequest } from "./sample.ts";
export type { ImportTableOptions } from "./import-request.ts";
export { openStore, type DataStore } from "./store.ts";
