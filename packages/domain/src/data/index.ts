export type { ViewRequest } from "./sample.ts";
export { openStore, type DataStore, type ImportTableOptions } from "./store.ts";
