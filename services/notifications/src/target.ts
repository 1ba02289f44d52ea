/**
 * Which addresses a webhook may go to: the public internet and nothing behind the shop's own walls (SSRF).
 *
 * **Invariant:** a connection goes to an address that was checked, never to a name that is looked up again after the check.
 */
import { BlockList, isIP, isIPv4 } from "node:net";

import { Failure } from "./failure.js";

/** What an operator additionally allows. */
export interface TargetRules {
  /** Whether plain `http` will do. */
  allowHttp: boolean;
  /** Networks that are allowed although they are private, such as `10.1.0.0/16`. */
  allowedNetworks: readonly string[];
  /** Ports besides the usual ones: `8443`, or `hooks.example.com:9443` for one host. */
  allowedPorts: readonly string[];
}

/** Looks a name up: every address that it has. */
export type Resolve = (host: string) => Promise<string[]>;

// IANA's special-purpose registries for IPv4 and IPv6: whatever is not the public internet.
const PRIVATE_IPV4 = [
  "0.0.0.0/8",
  "10.0.0.0/8",
  "100.64.0.0/10",
  "127.0.0.0/8",
  "169.254.0.0/16",
  "172.16.0.0/12",
  "192.0.0.0/24",
  "192.0.2.0/24",
  "192.88.99.0/24",
  "192.168.0.0/16",
  "198.18.0.0/15",
  "198.51.100.0/24",
  "203.0.113.0/24",
  "224.0.0.0/4",
  "240.0.0.0/4",
];
// Only 2000::/3 is given out; these parts of it lead elsewhere: protocol assignments (with Teredo), documentation, 6to4.
const PRIVATE_IPV6 = ["2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20"];
const GLOBAL_IPV6 = "2000::/3";

/** Decides about addresses and URLs. */
export class Targets {
  readonly #rules: TargetRules;
  readonly #private = listOf([...PRIVATE_IPV4, ...PRIVATE_IPV6]);
  readonly #global = listOf([GLOBAL_IPV6]);
  readonly #allowed: BlockList;

  constructor(rules: TargetRules) {
    this.#rules = rules;
    this.#allowed = listOf(rules.allowedNetworks);
  }

  /** Returns why a URL can never be a target; undefined when it may be one. What its name leads to is not looked up here. */
  problemOf(text: string): string | undefined {
    let url: URL;
    try {
      url = new URL(text);
    } catch {
      return "it is no URL";
    }
    if (url.protocol !== "https:" && !(url.protocol === "http:" && this.#rules.allowHttp)) return "it is not https";
    if (url.username !== "" || url.password !== "") return "it has a user name or a password in it";
    const host = hostOf(url);
    if (host === "") return "it has no host";
    if (isIP(host) !== 0 && !this.allows(host)) return "its address is private or reserved";
    const port = this.#portProblem(url, host);
    if (port !== undefined || isIP(host) !== 0) return port;
    // A name without a dot is a local machine; these suffixes never exist in public DNS.
    const local = !host.includes(".") || /\.(localhost|local|internal|home\.arpa)\.?$/.test(host);
    return local && this.#rules.allowedNetworks.length === 0 ? "its name is a local one" : undefined;
  }

  /** Other programs listen on other ports, and some of them understand enough of HTTP to be harmed by it. */
  #portProblem(url: URL, host: string): string | undefined {
    // The port of the scheme is written as none.
    if (url.port === "") return undefined;
    const isUsual = url.port === "443" || (url.port === "80" && this.#rules.allowHttp);
    const isOfOperator = isIP(host) !== 0 && this.#isInAllowedNetwork(host);
    const listed = this.#rules.allowedPorts;
    const ofHost = `${isIP(host) === 6 ? `[${host}]` : host}:${url.port}`;
    if (isUsual || isOfOperator || listed.includes(url.port) || listed.includes(ofHost)) return undefined;
    const usual = this.#rules.allowHttp ? ["443", "80"] : ["443"];
    return `its port ${url.port} is not allowed; allowed are ${[...usual, ...listed].join(", ")}`;
  }

  #isInAllowedNetwork(address: string): boolean {
    const inner = isIPv4(address) ? address : (embeddedIPv4(address) ?? address);
    return this.#listed(this.#allowed, inner);
  }

  /** Returns whether a connection may go to this address. */
  allows(address: string): boolean {
    const version = isIP(address);
    if (version === 0) return false;
    if (version === 4) return this.#listed(this.#allowed, address) || !this.#listed(this.#private, address);
    // An IPv4 address in IPv6 clothes is judged as what it is.
    const inner = embeddedIPv4(address);
    if (inner !== undefined) return this.allows(inner);
    if (this.#listed(this.#allowed, address)) return true;
    return this.#listed(this.#global, address) && !this.#listed(this.#private, address);
  }

  /**
   * Looks the host of a URL up, once, and returns the address to connect to. Throws a Failure `refused` when any of the
   * addresses is not allowed: a name that leads both outside and inside is an attack or a mistake.
   */
  async addressOf(url: URL, resolve: Resolve): Promise<string> {
    const host = hostOf(url);
    if (isIP(host) !== 0) {
      if (!this.allows(host)) throw new Failure("refused address");
      return host;
    }
    let addresses: string[];
    try {
      addresses = await resolve(host);
    } catch {
      throw new Failure("dns");
    }
    const [first] = addresses;
    if (first === undefined) throw new Failure("dns");
    if (!addresses.every((address) => this.allows(address))) throw new Failure("refused address");
    return first;
  }

  #listed(list: BlockList, address: string): boolean {
    return list.check(address, isIPv4(address) ? "ipv4" : "ipv6");
  }
}

/** Returns why a network cannot be read; undefined when it can. */
export function networkProblem(network: string): string | undefined {
  try {
    listOf([network]);
    return undefined;
  } catch {
    return `${network} is not an address and a prefix such as 10.0.0.0/8`;
  }
}

/** Returns why a port cannot be one of the setting; undefined when it can. */
export function portProblem(text: string): string | undefined {
  const found = /^(?:[a-z0-9.-]+:|\[[0-9a-f:.]+\]:)?([0-9]{1,5})$/.exec(text);
  const port = Number(found?.[1]);
  return port >= 1 && port <= 65_535 ? undefined : `${text} is not a port such as 8443, or a host in lower case and a port`;
}

/** The host without the brackets of IPv6, and without the dot that ends an absolute name. */
function hostOf(url: URL): string {
  const host = url.hostname.replace(/^\[(.*)\]$/, "$1");
  return host.endsWith(".") ? host.slice(0, -1) : host;
}

function listOf(networks: readonly string[]): BlockList {
  const list = new BlockList();
  for (const network of networks) {
    const [address = "", prefix = ""] = network.split("/");
    if (isIP(address) === 0 || !/^[0-9]{1,3}$/.test(prefix)) throw new Error(`${network} is not a network`);
    list.addSubnet(address, Number(prefix), isIPv4(address) ? "ipv4" : "ipv6");
  }
  return list;
}

/** IPv4-mapped (::ffff:0:0/96), IPv4-compatible (::/96) and NAT64 (64:ff9b::/96, 64:ff9b:1::/48) carry an IPv4 address at their end. */
function embeddedIPv4(address: string): string | undefined {
  const groups = groupsOf(address);
  if (groups === undefined) return undefined;
  const [first, second, third, , , sixth, seventh = 0, eighth = 0] = groups;
  const zeroes = (from: number, to: number) => groups.slice(from, to).every((group) => group === 0);
  const mapped = zeroes(0, 5) && sixth === 0xffff;
  const compatible = zeroes(0, 6) && !(seventh === 0 && eighth <= 1);
  const translated = first === 0x64 && second === 0xff9b && ((zeroes(2, 6)) || third === 1);
  if (!mapped && !compatible && !translated) return undefined;
  return [seventh >> 8, seventh & 255, eighth >> 8, eighth & 255].join(".");
}

/** Returns the eight groups of an IPv6 address, a zone left out. */
function groupsOf(address: string): number[] | undefined {
  let text = address.split("%")[0] ?? "";
  const dotted = /^(.*:)(\d+)\.(\d+)\.(\d+)\.(\d+)$/.exec(text);
  if (dotted !== null) {
    const [, head = "", a, b, c, d] = dotted;
    text = `${head}${((Number(a) << 8) | Number(b)).toString(16)}:${((Number(c) << 8) | Number(d)).toString(16)}`;
  }
  const [left = "", right] = text.split("::");
  const parts = (half: string) => (half === "" ? [] : half.split(":").map((group) => parseInt(group, 16)));
  const head = parts(left);
  const tail = right === undefined ? [] : parts(right);
  const missing = 8 - head.length - tail.length;
  const groups = right === undefined ? head : [...head, ...new Array<number>(Math.max(missing, 0)).fill(0), ...tail];
  return groups.length === 8 ? groups : undefined;
}
