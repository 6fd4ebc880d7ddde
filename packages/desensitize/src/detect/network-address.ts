/** Addresses of people and machines on a network: e-mail, IP (RFC 791, RFC 4291) and MAC.
 *  @module */
import { normalForm } from "@sluice/protocol";

const OCTET = "(?:25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])";
const IPV4 = new RegExp(`^${OCTET}(?:\\.${OCTET}){3}$`);

/** Whether `text` is an e-mail address: one @, a local part without space, a domain with a top-level label of letters. */
export function isEmail(text: string): boolean {
  return /^[A-Z0-9._%+'-]{1,64}@(?:[A-Z0-9](?:[A-Z0-9-]{0,61}[A-Z0-9])?\.){1,8}[A-Z]{2,24}$/i.test(normalForm(text));
}

/** Whether `text` is an IPv4 or IPv6 address, without port and prefix length. */
export function isIpAddress(text: string): boolean {
  const address = normalForm(text);
  if (IPV4.test(address)) return true;
  if (address.length > 45 || !/^[0-9a-f:.]+$/i.test(address) || !address.includes(":")) return false;
  const halves = address.split("::");
  if (halves.length > 2) return false;
  const groups = halves.flatMap((half) => (half === "" ? [] : half.split(":")));
  const last = groups.at(-1) ?? "";
  const mapped = IPV4.test(last);
  const hex = mapped ? groups.slice(0, -1) : groups;
  const length = hex.length + (mapped ? 2 : 0);
  return hex.every((group) => /^[0-9a-f]{1,4}$/i.test(group)) && (halves.length === 2 ? length <= 7 : length === 8);
}

/** Whether `text` is a MAC address: six pairs set apart by colons or hyphens, or three groups of four by dots. */
export function isMacAddress(text: string): boolean {
  return /^(?:[0-9A-F]{2}(?::[0-9A-F]{2}){5}|[0-9A-F]{2}(?:-[0-9A-F]{2}){5}|[0-9A-F]{4}(?:\.[0-9A-F]{4}){2})$/i.test(
    normalForm(text),
  );
}
