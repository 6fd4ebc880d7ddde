/** One use of cryptography, as an inventory for a cryptography assessment (密评) lists it.
 *  @module */
import type { SuiteId } from "@sluice/protocol";

/** A use: what is protected, by which algorithm, after which standard. */
export interface AlgorithmUse {
  readonly use: { readonly en: string; readonly zh: string };
  readonly algorithm: string;
  readonly standard: string;
  /** Whether it is commercial cryptography (商用密码) of China: SM2, SM3, SM4. */
  readonly national: boolean;
  /** Public id of the key, where it is one of this installation. */
  readonly keyId?: string;
  /** Source files that compute it, from the root of the repository. */
  readonly files?: readonly string[];
}

/** The signature algorithm of each suite. */
export const SIGNATURES = {
  ed25519: { algorithm: "Ed25519", standard: "RFC 8032", national: false },
  sm2: { algorithm: "SM2 with SM3", standard: "GB/T 32918.2-2016, GB/T 32905-2016", national: true },
} as const satisfies Record<SuiteId, Pick<AlgorithmUse, "algorithm" | "standard" | "national">>;

/** The construction of each suite that seals data at rest. */
export const AT_REST = {
  intl: { algorithm: "AES-256-GCM, keys by HKDF-SHA-256", standard: "Tink AES-GCM-HKDF streaming", national: false },
  sm: {
    algorithm: "SM4-CTR with HMAC-SM3, keys by HKDF-SM3",
    standard: "GB/T 32907-2016, GB/T 17964-2021, GB/T 32905-2016; Tink AES-CTR-HMAC streaming",
    national: true,
  },
} as const satisfies Record<"intl" | "sm", Pick<AlgorithmUse, "algorithm" | "standard" | "national">>;
