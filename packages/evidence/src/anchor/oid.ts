/** Object identifiers of RFC 3161 and of what it builds on.
 *  @module */

/** id-sha256. */
export const SHA256_OID = "2.16.840.1.101.3.4.2.1";
/** id-signedData (RFC 5652). */
export const SIGNED_DATA_OID = "1.2.840.113549.1.7.2";
/** id-ct-TSTInfo (RFC 3161). */
export const TST_INFO_OID = "1.2.840.113549.1.9.16.1.4";
/** id-contentType, a signed attribute. */
export const CONTENT_TYPE_OID = "1.2.840.113549.1.9.3";
/** id-aa-signingCertificate (RFC 2634): SHA-1 of the signer's certificate. */
export const SIGNING_CERTIFICATE_OID = "1.2.840.113549.1.9.16.2.12";
/** id-aa-signingCertificateV2 (RFC 5816). */
export const SIGNING_CERTIFICATE_V2_OID = "1.2.840.113549.1.9.16.2.47";
/** id-ce-extKeyUsage. */
export const EXTENDED_KEY_USAGE_OID = "2.5.29.37";
/** id-ce-basicConstraints. */
export const BASIC_CONSTRAINTS_OID = "2.5.29.19";
/** id-kp-timeStamping. */
export const TIME_STAMPING_OID = "1.3.6.1.5.5.7.3.8";

/** Hashes that are taken, by their names in WebCrypto; SHA-1 is not. */
export const HASHES: ReadonlyMap<string, string> = new Map([
  [SHA256_OID, "SHA-256"],
  ["2.16.840.1.101.3.4.2.2", "SHA-384"],
  ["2.16.840.1.101.3.4.2.3", "SHA-512"],
]);

/** Algorithms that may sign a token or a certificate below the pinned one: RSA PKCS #1 and ECDSA over SHA-2. */
export const SIGNATURES: ReadonlySet<string> = new Set([
  "1.2.840.113549.1.1.11",
  "1.2.840.113549.1.1.12",
  "1.2.840.113549.1.1.13",
  "1.2.840.10045.4.3.2",
  "1.2.840.10045.4.3.3",
  "1.2.840.10045.4.3.4",
]);
/** rsaEncryption: in a token, the hash is then the signer info's own. */
export const RSA_OID = "1.2.840.113549.1.1.1";
