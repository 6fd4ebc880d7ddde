export type { ImportProgress } from "./import-table.ts";
export type { KeyedTable, Sample, ViewRequest } from "./sample.ts";
export { openStore, type DataStore, type ImportTableOptions, type StoreOptions } from "./store.ts";
