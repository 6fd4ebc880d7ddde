/** Uses of cryptography that no configuration changes. Each names the source files that compute it; a test finds files
 *  that compute something and stand nowhere here.
 *  @module */
import { SCORE_RING } from "@sluice/protocol";
import { AT_REST, SIGNATURES, type AlgorithmUse } from "./algorithm-use.ts";

const SHA256 = { algorithm: "SHA-256", standard: "FIPS 180-4", national: false } as const;
const RISTRETTO = "ristretto255, SHA-512";

/** The uses, those of signatures and of files in every suite that is built in. */
export const FIXED_USES: readonly AlgorithmUse[] = [
  {
    use: {
      en: "signatures of documents, requests and checkpoints, suite ed25519",
      zh: "文档、请求与检查点的签名（ed25519 套件）",
    },
    ...SIGNATURES.ed25519,
    files: ["packages/evidence/src/ed25519.ts", "packages/evidence/src/keys.ts", "packages/evidence/src/keys-home.ts"],
  },
  {
    use: {
      en: "signatures of documents, requests and checkpoints, suite sm2",
      zh: "文档、请求与检查点的签名（sm2 套件）",
    },
    ...SIGNATURES.sm2,
    files: ["packages/evidence/src/sm/sm2.ts", "packages/evidence/src/sm/sm3.ts", "packages/evidence/src/keys-home.ts"],
  },
  {
    use: { en: "messages between a domain and its lookup workers", zh: "数据域与查询计算节点之间的报文认证" },
    algorithm: "HMAC-SHA-256",
    standard: "RFC 2104, FIPS 180-4",
    national: false,
    files: [
      "packages/mpc/src/remote/message-auth.ts",
      "packages/mpc/src/remote/worker-link.ts",
      "packages/domain/src/worker/worker-hop.ts",
    ],
  },
  {
    use: { en: "names of a database's partitions", zh: "查询库分片的标识" },
    ...SHA256,
    files: ["packages/mpc/src/lookup/partition.ts", "packages/domain/src/worker/partition-store.ts"],
  },
  {
    use: { en: "names of documents, digests of bodies and frames", zh: "文档标识、请求与应答的摘要" },
    ...SHA256,
    files: ["packages/protocol/src/hashing.ts"],
  },
  {
    use: {
      en: "evidence log: tree, commitments, key hashes of its lines",
      zh: "存证日志：哈希树、承诺值、签名行的密钥标识",
    },
    algorithm: "SHA-256",
    standard: "RFC 6962, C2SP signed-note (fixed by both)",
    national: false,
    files: [
      "packages/evidence/src/tile-hash.ts",
      "packages/evidence/src/verify-directory.ts",
      "packages/evidence/src/tree-hash.ts",
      "packages/evidence/src/openssl-hash.ts",
      "packages/evidence/src/log-proof.ts",
      "packages/evidence/src/signed-note.ts",
      "packages/evidence/src/signed-note-sm2.ts",
    ],
  },
  {
    use: { en: "erasable references in receipts", zh: "凭证中可抹除的引用（加盐承诺）" },
    ...SHA256,
    files: ["packages/evidence/src/receipt-openings.ts"],
  },
  {
    use: { en: "manifest of an export, hashes of its verifier", zh: "审计导出的文件清单与核验程序摘要" },
    ...SHA256,
    files: [
      "packages/evidence/src/folder/export-manifest.ts",
      "packages/cli/src/audit/export-folder.ts",
      "packages/cli/src/verifier/bundle-verifier.ts",
      "packages/cli/src/verifier/node-main.ts",
      "packages/cli/src/verifier/verifier-files.ts",
    ],
  },
  {
    use: { en: "time stamps and webhooks of anchors", zh: "外部存证：时间戳与上链接口" },
    algorithm: "SHA-256; the authority's signatures as its certificates say",
    standard: "RFC 3161, RFC 5652",
    national: false,
    files: [
      "packages/evidence/src/anchor/anchor-record.ts",
      "packages/evidence/src/anchor/anchor-store.ts",
      "packages/evidence/src/anchor/pem.ts",
      "packages/evidence/src/anchor/timestamp-anchor.ts",
      "packages/evidence/src/anchor/timestamp-token.ts",
      "packages/evidence/src/anchor/signing-certificate.ts",
      "packages/evidence/src/anchor/webhook-anchor.ts",
    ],
  },
  {
    use: { en: "queries and answers, sealed between caller and domain", zh: "查询与应答在使用方与数据域之间的加密" },
    algorithm: "DHKEM(X25519, HKDF-SHA256), HKDF-SHA256, AES-256-GCM",
    standard: "RFC 9180",
    national: false,
    files: ["packages/evidence/src/seal.ts", "packages/evidence/src/session-seal.ts"],
  },
  {
    use: { en: "data at rest and private keys, suite intl", zh: "静态数据与私钥文件的加密（intl 套件）" },
    ...AT_REST.intl,
    files: ["packages/evidence/src/sealed-segments.ts", "packages/evidence/src/sealed-stream.ts"],
  },
  {
    use: { en: "data at rest and private keys, suite sm", zh: "静态数据与私钥文件的加密（sm 套件）" },
    ...AT_REST.sm,
    files: ["packages/evidence/src/sealed-segments.ts", "packages/evidence/src/sealed-stream.ts"],
  },
  {
    use: { en: "keys from passphrases", zh: "由口令派生密钥" },
    algorithm: "scrypt, N = 2^17, r = 8, p = 1",
    standard: "RFC 7914",
    national: false,
    files: ["packages/evidence/src/keys-sealed.ts"],
  },
  {
    use: { en: "secrets of a domain, derived from its master secret", zh: "由数据域主密钥派生各用途密钥" },
    algorithm: "HKDF-SHA-256",
    standard: "RFC 5869",
    national: false,
    files: ["packages/domain/src/keyring.ts"],
  },
  {
    use: { en: "hashes of the files of a backup", zh: "备份文件的摘要" },
    ...SHA256,
    files: ["packages/evidence/src/backup/hashed-files.ts"],
  },
  {
    use: { en: "names of samples, and of hierarchies by which they were cut", zh: "样本及其所用归并层次的标识" },
    ...SHA256,
    files: ["packages/desensitize/src/policy/counted.ts", "packages/desensitize/src/policy/cuts.ts"],
  },
  {
    use: { en: "order of the rows of a sample", zh: "样本各行的排列次序" },
    algorithm: "HKDF-SHA-256, then SHA-256 by row",
    standard: "RFC 5869, FIPS 180-4",
    national: false,
    files: ["packages/desensitize/src/sample/row-order.ts"],
  },
  {
    use: { en: "salted hash of an imported table", zh: "导入数据表的加盐摘要" },
    ...SHA256,
    files: ["packages/domain/src/data/import-table.ts"],
  },
  {
    use: { en: "manifest of a retired domain's handover", zh: "停用数据域交接材料的文件清单" },
    ...SHA256,
    files: ["packages/domain/src/retire/handover.ts"],
  },
  {
    use: { en: "format-preserving pseudonyms in samples", zh: "样本中的保留格式加密假名" },
    algorithm: "FF1 over AES-256, or over SM4 (GB/T 32907-2016)",
    standard: "NIST SP 800-38G, domains as in revision 1",
    national: false,
    files: ["packages/desensitize/src/fpe/block-cipher.ts"],
  },
  {
    use: { en: "tokens, date shifts, noise and fakes in samples", zh: "样本中的令牌化、日期平移、扰动与仿真替换" },
    algorithm: "HMAC-SHA-256, keys by HKDF-SHA-256",
    standard: "RFC 2104, RFC 5869",
    national: false,
    files: ["packages/desensitize/src/transform/keyed-hash.ts"],
  },
  {
    use: { en: "tokens in samples, by policy", zh: "样本中的令牌化（策略选用）" },
    algorithm: "HMAC-SM3",
    standard: "RFC 2104, GB/T 32905-2016",
    national: true,
    files: ["packages/desensitize/src/transform/token.ts"],
  },
  {
    use: { en: "tags of the persons whose rows a build read", zh: "构建所含主体的标签（使用轨迹）" },
    algorithm: "HMAC-SHA-256, cut to 128 bits",
    standard: "RFC 2104",
    national: false,
    files: ["packages/domain/src/subjects/membership-tags.ts"],
  },
  {
    use: {
      en: "tags by which tables and profiles of one source are held against each other",
      zh: "同一数源各表、各概况比对用的标签",
    },
    algorithm: "HMAC-SHA-256, cut to 64 bits",
    standard: "RFC 2104",
    national: false,
    files: ["packages/domain/src/register/person-tags.ts"],
  },
  {
    use: {
      en: "private set intersection: hashes of many entries at once, by kernels",
      zh: "隐私求交：由计算内核批量计算条目的哈希",
    },
    ...SHA256,
    files: ["packages/mpc/src/kernel/psi-plain-sha.ts", "packages/mpc/src/kernel/sha-frame.ts"],
  },
  {
    use: {
      en: "private set intersection: places of keys in a store, by a public seed; keeps no secret",
      zh: "隐私求交：按公开种子确定键在存储中的位置（不保护任何秘密）",
    },
    algorithm: "SipHash-2-4, 128 bits",
    standard: "Aumasson and Bernstein, 2012",
    national: false,
    files: ["packages/mpc/src/kernel/siphash.ts"],
  },
  {
    use: { en: "private lookup: oblivious PRF", zh: "匿踪查询：不经意伪随机函数" },
    algorithm: `VOPRF(${RISTRETTO})`,
    standard: "RFC 9497, RFC 9496",
    national: false,
    files: [
      "packages/mpc/src/oprf/client.ts",
      "packages/mpc/src/oprf/server.ts",
      "packages/mpc/src/oprf/bulk-client.ts",
      "packages/mpc/src/oprf/dleq.ts",
      "packages/mpc/src/oprf/element-sum.ts",
      "packages/mpc/src/oprf/kernel-list.ts",
      "packages/mpc/src/oprf/sha512-constants.ts",
      "packages/mpc/src/oprf/transcript.ts",
    ],
  },
  {
    use: { en: "private lookup: records", zh: "匿踪查询：记录加密" },
    algorithm: "AES-256-GCM, keys by HKDF-SHA-256",
    standard: "NIST SP 800-38D, RFC 5869",
    national: false,
    files: [
      "packages/mpc/src/lookup/derive.ts",
      "packages/mpc/src/lookup/derive-rows.ts",
      "packages/mpc/src/lookup/arrange.ts",
      "packages/mpc/src/lookup/build-steps.ts",
      "packages/mpc/src/lookup/build-table.ts",
      "packages/mpc/src/lookup/positions.ts",
      "packages/mpc/src/lookup/build-index.ts",
      "packages/mpc/src/lookup/table-query.ts",
    ],
  },
  {
    use: { en: "private lookup: which rows a query selects", zh: "匿踪查询：隐藏所查行" },
    algorithm: "LWE, n = 1024, q = 2^32, σ = 12.8; public matrix by AES-256-CTR",
    standard: "SimplePIR, ePrint 2022/949",
    national: false,
    files: ["packages/mpc/src/lookup/matrix.ts"],
  },
  {
    use: { en: "set intersection", zh: "隐私求交" },
    algorithm: `VOPRF (${RISTRETTO}, SHA-512) with filters by SHA-256; of a count, Diffie–Hellman blinding, tags by SHA-256`,
    standard: "RFC 9497, RFC 9496, RFC 9380",
    national: false,
    files: [
      "packages/mpc/src/psi/bulk.ts",
      "packages/mpc/src/psi/caller-group.ts",
      "packages/mpc/src/psi/filter/build-filters.ts",
      "packages/mpc/src/psi/filter/fit-filter.ts",
      "packages/mpc/src/psi/filter/pinned-filter.ts",
      "packages/mpc/src/psi/identity.ts",
      "packages/mpc/src/psi/noble-group.ts",
      "packages/mpc/src/psi/tags.ts",
    ],
  },
  {
    use: { en: "set intersection by oblivious transfer", zh: "隐私求交（不经意传输）" },
    algorithm: `base transfers by Diffie–Hellman in ${RISTRETTO}; AES-128-CTR; SHA-256; linear code [624, 132, 128]`,
    standard: "ePrint 2020/193, 2016/933, 2019/706; RFC 9496, RFC 9380",
    national: false,
    files: [
      "packages/mpc/src/psi/ot/base-ot.ts",
      "packages/mpc/src/psi/ot/binding.ts",
      "packages/mpc/src/psi/ot/consistency.ts",
      "packages/mpc/src/psi/ot/key-streams.ts",
      "packages/mpc/src/psi/ot/ot-group.ts",
      "packages/mpc/src/psi/ot/shuffled.ts",
      "packages/mpc/src/psi/ot/transfer-set.ts",
    ],
  },
  {
    use: { en: "sums over several domains under masks", zh: "多个数据域的掩码求和（安全聚合）" },
    algorithm: "X25519, HKDF-SHA-256, AES-256-CTR and -GCM, Shamir's sharing modulo 2^255 - 19, SHA-256",
    standard: "CCS 2017 (ePrint 2017/281), RFC 7748, RFC 5869, NIST SP 800-38A, 800-38D",
    national: false,
    files: [
      "packages/mpc/src/aggregate/agreement.ts",
      "packages/mpc/src/aggregate/joining.ts",
      "packages/mpc/src/aggregate/mask.ts",
      "packages/mpc/src/aggregate/masking.ts",
      "packages/mpc/src/aggregate/messages.ts",
      "packages/mpc/src/aggregate/relay.ts",
      "packages/mpc/src/aggregate/shamir.ts",
    ],
  },
  {
    use: { en: "encrypted scoring", zh: "密态评分" },
    algorithm: `CKKS, N = ${SCORE_RING}, 128 bits; BLAKE2Xb`,
    standard: "Homomorphic Encryption Standard (2018), Microsoft SEAL",
    national: false,
    files: [
      "packages/mpc/src/he/engine.ts",
      "packages/mpc/src/he/linear/client.ts",
      "packages/mpc/src/he/linear/coefficients.ts",
      "packages/mpc/src/he/linear/weighted-sum.ts",
    ],
  },
];
