/** What an auditor needs, in Node and in browsers: nothing here imports `node:`, and files are read through
 *  a function that the caller gives.
 *  @module */
export { ANCHOR_FAULTS } from "./anchor/anchor.ts";
export { PinnedAnchor, type AnchorPin } from "./anchor/anchor-pin.ts";
export * from "./anchor/anchor-record.ts";
export { certificateFingerprints } from "./anchor/pem.ts";
export * from "./anchor/timestamp.ts";
export * from "./call-chain.ts";
export * from "./checkpoint.ts";
export { keyIdOf, publicKeyOf, verifyEd25519 } from "./ed25519.ts";
export * from "./document-file.ts";
export * from "./entry-tile.ts";
export * from "./folder/evidence-folder.ts";
export * from "./folder/export-manifest.ts";
export * from "./folder/folder-anchors.ts";
export * from "./folder/verify-folder.ts";
export * from "./grant-decision.ts";
export * from "./keys-keyring.ts";
export * from "./log-files.ts";
export * from "./log-monitor.ts";
export { logOverHttp, type LogOverHttpOptions } from "./log-over-http.ts";
export { commitment, SALT_BYTES, verifyLogProof } from "./log-proof.ts";
export { odrlAgreement } from "./odrl.ts";
export type { OdrlAgreement } from "./odrl-terms.ts";
export * from "./receipt-openings.ts";
export * from "./pruned-note.ts";
export * from "./receipts.ts";
export * from "./retention-rule.ts";
export { signersOf, verifySigned, type SignerPolicy } from "./signed-document.ts";
export { NOTE_SIGNATURE_TYPES, noteVerifierKey, openNote, parseNoteVerifierKey } from "./signed-note.ts";
export { noteSm2VerifierKey } from "./signed-note-sm2.ts";
export { verifySignature } from "./suite.ts";
export * from "./tile-path.ts";
export * from "./tile-proof.ts";
export * from "./tree-hash.ts";
export * from "./verify-log-files.ts";
export { openCosignatures, type Cosignature, type WitnessIdentity } from "./witness-cosignature.ts";
export * from "./witness-policy.ts";
