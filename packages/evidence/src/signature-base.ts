/** HTTP Message Signatures (RFC 9421): the text that a signature covers (§2.5).
 *  @module */

/** A request as both sides see it. */
export type HttpRequest = {
  readonly method: string;
  /** Absolute target URI as it is sent: scheme, authority, path and query. */
  readonly url: string;
  /** Field names in any case. A field that came more than once is an array. */
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
};

const TARGET = /^(https?):\/\/([^/?#@\s]+)(\/[^?#\s]*)?(\?[^#\s]*)?$/i;
const DEFAULT_PORTS: Readonly<Record<string, string>> = { http: ":80", https: ":443" };

/** The field's value: its lines trimmed and joined (§2.1); null when it is not there. */
export function fieldValue(headers: HttpRequest["headers"], name: string): string | null {
  const lines: string[] = [];
  for (const [key, value] of Object.entries(headers)) {
    if (key.toLowerCase() !== name || value === undefined) continue;
    lines.push(...(typeof value === "string" ? [value] : value));
  }
  return lines.length === 0 ? null : lines.map((line) => line.trim()).join(", ");
}

/** The target URI's authority, lower case and without its scheme's default port (§2.2.3); null when malformed. */
export function authorityOf(url: string): string | null {
  return componentOf(url, "@authority");
}

function componentOf(url: string, name: string): string | null {
  const [, scheme, authority, path, query] = TARGET.exec(url) ?? [];
  if (scheme === undefined || authority === undefined) return null;
  switch (name) {
    case "@authority": {
      const host = authority.toLowerCase();
      const port = DEFAULT_PORTS[scheme.toLowerCase()] ?? "";
      return host.endsWith(port) ? host.slice(0, host.length - port.length) : host;
    }
    case "@path":
      return path ?? "/";
    case "@query":
      return query ?? "?";
    case "@target-uri":
      return url;
    default:
      return null;
  }
}

/** The signature base over `components`, in their order; `parameters` is the value of `@signature-params`.
 *  Null when the request lacks one of them, or its value would span lines. */
export function signatureBase(request: HttpRequest, components: readonly string[], parameters: string): string | null {
  const lines: string[] = [];
  for (const name of components) {
    const value = valueOf(request, name);
    if (value === null || /[\r\n]/.test(value)) return null;
    lines.push(`"${name}": ${value}`);
  }
  return [...lines, `"@signature-params": ${parameters}`].join("\n");
}

function valueOf(request: HttpRequest, name: string): string | null {
  if (name === "@method") return request.method.toUpperCase();
  return name.startsWith("@") ? componentOf(request.url, name) : fieldValue(request.headers, name);
}
