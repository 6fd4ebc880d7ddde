/** A time-stamp authority that is not ours: OpenSSL's `ts`, with certificates of OpenSSL's `req`.
 *  @module */
import { execFile, execFileSync } from "node:child_process";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { createServer, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { promisify } from "node:util";

const run = promisify(execFile);
const OPENSSL = "openssl";

/** Whether the program is there; a test that needs it fails without it under SLUICE_REQUIRE=programs. */
export function hasOpenssl(): boolean {
  try {
    return execFileSync(OPENSSL, ["version"], { encoding: "utf8" }).startsWith("OpenSSL 3");
  } catch {
    return false;
  }
}

/** How a certificate is made. */
export type CertificateForm = {
  readonly name: string;
  /** Name of the issuer's files; absent: signed by itself. */
  readonly issuer?: string;
  readonly extensions: readonly string[];
  readonly rsa?: boolean;
  /** Name of the files whose key it gets; absent: one of its own. */
  readonly key?: string;
  /** Name of the subject, when it is another than that of the files. */
  readonly subject?: string;
};

/** Extensions of an authority over certificates, and of one over time. */
export const CA_EXTENSIONS = ["basicConstraints=critical,CA:TRUE", "keyUsage=critical,keyCertSign,cRLSign"];
export const TSA_EXTENSIONS = [
  "basicConstraints=critical,CA:FALSE",
  "keyUsage=critical,digitalSignature",
  "extendedKeyUsage=critical,timeStamping",
];

/** OpenSSL's files in one directory. */
export class OpensslAuthority {
  readonly directory: string;

  private constructor(directory: string) {
    this.directory = directory;
  }

  /** With `ca` and `tsa`, both of P-256. */
  static async create(directory: string): Promise<OpensslAuthority> {
    const authority = new OpensslAuthority(directory);
    await mkdir(directory, { recursive: true });
    await writeFile(join(directory, "ts.cnf"), CONFIGURATION);
    await writeFile(join(directory, "serial"), "01\n");
    await authority.certificate({ name: "ca", extensions: CA_EXTENSIONS });
    await authority.certificate({ name: "tsa", issuer: "ca", extensions: TSA_EXTENSIONS });
    return authority;
  }

  /** Makes `<name>.pem` and `<name>.key`. */
  async certificate({ name, issuer, extensions, rsa = false, key, subject = name }: CertificateForm): Promise<void> {
    const kind = rsa ? ["rsa:2048"] : ["ec", "-pkeyopt", "ec_paramgen_curve:P-256"];
    const keys = key === undefined ? ["-newkey", ...kind, "-keyout", `${name}.key`] : ["-key", `${key}.key`];
    const from = issuer === undefined ? [] : ["-CA", `${issuer}.pem`, "-CAkey", `${issuer}.key`];
    const added = extensions.flatMap((extension) => ["-addext", extension]);
    const form = ["-config", "ts.cnf", "-subj", `/O=Sluice tests/CN=${subject}`, "-days", "30", "-nodes"];
    await this.openssl(["req", "-x509", "-sha256", ...keys, ...form, ...from, ...added, "-out", `${name}.pem`]);
  }

  pem(name: string): Promise<string> {
    return readFile(join(this.directory, `${name}.pem`), "utf8");
  }

  /** The answer to a query. `section` of the configuration says how. */
  async reply(query: Uint8Array, { signer = "tsa", chain = "", section = "tsa_default" } = {}): Promise<Uint8Array> {
    await writeFile(join(this.directory, "query.tsq"), query);
    const as = [
      "-signer",
      `${signer}.pem`,
      "-inkey",
      `${signer}.key`,
      ...(chain === "" ? [] : ["-chain", `${chain}.pem`]),
    ];
    const files = ["-queryfile", "query.tsq", "-out", "answer.tsr"];
    await this.openssl(["ts", "-reply", "-config", "ts.cnf", "-section", section, ...as, ...files]);
    return new Uint8Array(await readFile(join(this.directory, "answer.tsr")));
  }

  /** The TSTInfo inside an answer. */
  async infoOf(answer: Uint8Array): Promise<Uint8Array> {
    await writeFile(join(this.directory, "whole.tsr"), answer);
    await this.openssl(["ts", "-reply", "-in", "whole.tsr", "-token_out", "-out", "token.der"]);
    await this.openssl(["cms", "-verify", "-in", "token.der", "-inform", "DER", "-noverify", "-out", "info.der"]);
    return new Uint8Array(await readFile(join(this.directory, "info.der")));
  }

  /** An answer that OpenSSL's `ts` would not give: any TSTInfo, any signer. `named`: the signer's certificate stands in
   *  the signed attributes. `others` is a file of further certificates to put in. */
  async forge(info: Uint8Array, signer: string, { named = true, others = "", pss = false } = {}): Promise<Uint8Array> {
    await writeFile(join(this.directory, "info.der"), info);
    const content = ["-econtent_type", "1.2.840.113549.1.9.16.1.4", "-nodetach", "-binary", "-in", "info.der"];
    const as = ["-signer", `${signer}.pem`, "-inkey", `${signer}.key`, ...(named ? ["-cades"] : [])];
    if (pss) as.push("-keyopt", "rsa_padding_mode:pss");
    const more = others === "" ? [] : ["-certfile", others];
    await this.openssl(["cms", "-sign", ...content, ...as, ...more, "-outform", "DER", "-out", "forged.der"]);
    const token = await readFile(join(this.directory, "forged.der"));
    const granted = Buffer.from("3003020100", "hex");
    const length = Buffer.alloc(4, Buffer.from([0x30, 0x82]));
    length.writeUInt16BE(granted.length + token.length, 2);
    return new Uint8Array(Buffer.concat([length, granted, token]));
  }

  /** OpenSSL's own verdict. */
  async verifies(data: Uint8Array, answer: Uint8Array, ca = "ca"): Promise<boolean> {
    await writeFile(join(this.directory, "data"), data);
    await writeFile(join(this.directory, "to-verify.tsr"), answer);
    const files = ["-data", "data", "-in", "to-verify.tsr", "-CAfile", `${ca}.pem`];
    return this.openssl(["ts", "-verify", ...files]).then(
      (out) => out.includes("Verification: OK"),
      () => false,
    );
  }

  /** What OpenSSL reads in a query. */
  async readQuery(query: Uint8Array): Promise<string> {
    await writeFile(join(this.directory, "read.tsq"), query);
    return this.openssl(["ts", "-query", "-in", "read.tsq", "-text"]);
  }

  async openssl(args: readonly string[]): Promise<string> {
    return (await run(OPENSSL, args, { cwd: this.directory, encoding: "utf8" })).stdout;
  }
}

/** One request as a server got it, and what it answers. */
export type Answering = (
  body: Uint8Array,
  request: IncomingMessage,
) => Promise<{
  readonly status?: number;
  readonly headers?: Record<string, string>;
  readonly body?: Uint8Array | string;
}>;

/** A server on a free port of this machine. */
export async function serveAnswers(answer: Answering): Promise<AsyncDisposable & { readonly url: string }> {
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      answer(new Uint8Array(Buffer.concat(chunks)), request).then(
        ({ status = 200, headers = {}, body = "" }) => response.writeHead(status, headers).end(body),
        () => response.destroy(),
      );
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}/`,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

const CONFIGURATION = `
[req]
distinguished_name = dn
[dn]
[tsa_default]
serial = serial
digests = sha256
default_policy = 1.3.6.1.4.1.99999.1
other_policies = 1.3.6.1.4.1.99999.2
signer_digest = sha256
ess_cert_id_chain = no
ess_cert_id_alg = sha256
[tsa_old]
serial = serial
digests = sha256
default_policy = 1.3.6.1.4.1.99999.1
signer_digest = sha512
ess_cert_id_alg = sha1
[tsa_sha1]
serial = serial
digests = sha256
default_policy = 1.3.6.1.4.1.99999.1
signer_digest = sha1
ess_cert_id_alg = sha256
[tsa_refusing]
serial = serial
digests = sha512
default_policy = 1.3.6.1.4.1.99999.1
signer_digest = sha256
ess_cert_id_alg = sha256
`;
