export { backUpGateway, restoreGateway, type BackUpGatewayOptions } from "./backup/back-up-gateway.ts";
export { checkGatewayBackup, type CheckedGatewayBackup } from "./backup/check-gateway.ts";
export { changeGatewayPassphrase } from "./change-passphrase.ts";
export { GatewayConfig } from "./configuration.ts";
export { erasePartyOfGateway, type ErasedCalls } from "./erase-party.ts";
export { initGateway, type GatewayIdentity, type InitGatewayOptions } from "./init-gateway.ts";
export { pruneGatewayLog } from "./prune-gateway.ts";
export { DEFAULT_HOST, startGateway, type RunningGateway, type StartGatewayOptions } from "./start-gateway.ts";
export { probeState } from "./state/probe-state.ts";
