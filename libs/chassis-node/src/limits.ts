/**
 * How much a process takes on at once, and how much of it one connection, one address and those without a name may have.
 *
 * A call counts in three ways: for the process until its answer is in memory, for its connection and address until the answer is
 * sent, and, when it is a stream, for its caller. Health and reflection count for their connection only.
 */
import { BlockList, isIPv6 } from "node:net";

import type { Caller } from "./caller.js";
import type { Logger } from "./log.js";
import type { Criticality } from "./policy.js";
import type { Metrics } from "./red.js";
import { overloaded, tooManyStreams } from "./refusal.js";

/** Open watches of health and streams of reflection on one connection, and calls of health with a single answer. */
const MAX_WATCHES = 32;
const MAX_PROBES = 256;
/** What is kept for critical calls. */
const RESERVE = 1 / 10;
/** How often refusals by one limit are logged. */
const LOG_EVERY_MS = 10_000;

/** The numbers; chassis.default.toml says what each is for. */
export interface Caps {
  max_requests: number;
  max_streams_per_caller: number;
  max_requests_per_connection: number;
  max_requests_per_peer: number;
  max_unsent_bytes_per_peer: number;
  max_connections: number;
  max_connections_per_peer: number;
}

/** One address, or one /64 of IPv6, which is what one household or machine is given. */
interface Peer {
  key: string;
  address: string;
  /** A proxy that speaks for many. */
  isTrusted: boolean;
  connections: number;
  requests: number;
  /** Bytes of answers that were made and are not taken yet. */
  unsentBytes: number;
}

/** One connection, and what is open on it. */
export class Connection {
  requests = 0;
  watches = 0;
  probes = 0;

  constructor(readonly peer: Peer) {}
}

/** A call as it asks to be let in. */
export interface Asking {
  connection: Connection;
  caller: Caller;
  criticality: Criticality;
  isStreaming: boolean;
  isBackground: boolean;
}

/** What a call holds. Each part is given back once, however often it is asked for. */
export interface Permit {
  /** The answer is in memory: nothing more is done for the call. */
  answered(): void;
  /** The response is sent, or no longer wanted. */
  sent(): void;
}

export class Limits {
  /** Requests and streams in work. */
  requests = 0;
  /** Those of them with a single answer, which a drain waits for; streams are ended. */
  singles = 0;
  /** Answers that are made and not taken yet. */
  sending = 0;
  connections = 0;
  #anonymous = 0;
  readonly #peers = new Map<string, Peer>();
  /** Open streams by caller; a caller without one has no entry, so the table stays as small as the present load. */
  readonly #streams = new Map<string, number>();
  /** When a limit was last logged, and how often it has refused since. */
  readonly #said = new Map<string, { at: number; count: number }>();

  constructor(
    private readonly caps: Caps,
    private readonly proxies: BlockList,
    /** How many connections the system has file descriptors for. */
    private readonly descriptors: number,
    private readonly metrics: Metrics,
    private readonly log: Logger,
  ) {}

  /** Lets in a connection from this address; undefined when there are too many. */
  connect(remote: string): Connection | undefined {
    const address = plain(remote);
    const isTrusted = this.proxies.check(address, isIPv6(address) ? "ipv6" : "ipv4");
    const key = shareKey(address);
    const peer = this.#peers.get(key) ?? { key, address, isTrusted, connections: 0, requests: 0, unsentBytes: 0 };
    const { max_connections, max_connections_per_peer } = this.caps;
    if (this.connections >= this.descriptors) {
      return this.refused("descriptors", "file descriptors of this process (ulimit -n), less a reserve", this.descriptors, address);
    }
    if (this.connections >= max_connections) return this.refused("connections", "server.max_connections", max_connections, address);
    if (!peer.isTrusted && peer.connections >= max_connections_per_peer) {
      return this.refused("connections_per_peer", "server.max_connections_per_peer", max_connections_per_peer, address);
    }
    this.connections += 1;
    peer.connections += 1;
    this.#peers.set(key, peer);
    return new Connection(peer);
  }

  disconnect({ peer }: Connection): void {
    this.connections -= 1;
    peer.connections -= 1;
    if (peer.connections === 0) this.#peers.delete(peer.key);
  }

  /** Lets in a call; throws RESOURCE_EXHAUSTED when there are too many. */
  enter(asking: Asking): Permit {
    const { connection, caller, isStreaming, isBackground } = asking;
    if (isBackground) return this.#enterBackground(connection, isStreaming);
    // Services call for many others, and so do proxies.
    const isShared = caller.kind === "service" || connection.peer.isTrusted;
    if (!isShared) this.#checkShares(connection);
    this.#checkPot(asking);
    // Anonymous callers are distinguished by their address, or one of them could use the streams of all.
    const streamOf = caller.kind === "anonymous" ? connection.peer.key : caller.key;
    if (isStreaming) this.#openStream(streamOf, connection.peer.address);

    const isAnonymous = caller.kind === "anonymous";
    this.requests += 1;
    this.singles += isStreaming ? 0 : 1;
    this.#anonymous += isAnonymous ? 1 : 0;
    connection.requests += isShared ? 0 : 1;
    connection.peer.requests += isShared ? 0 : 1;
    const answered = once(() => {
      this.requests -= 1;
      this.singles -= isStreaming ? 0 : 1;
      this.#anonymous -= isAnonymous ? 1 : 0;
      this.sending += 1;
      if (isStreaming) this.#closeStream(streamOf);
    });
    const sent = once(() => {
      answered();
      this.sending -= 1;
      connection.requests -= isShared ? 0 : 1;
      connection.peer.requests -= isShared ? 0 : 1;
    });
    return { answered, sent };
  }

  /** Counts a refusal, and logs it unless this limit was logged a moment ago. Returns nothing. */
  refused(cap: string, setting: string, most: number, peer: string): undefined {
    this.metrics.refused.inc({ cap });
    const now = performance.now();
    const said = this.#said.get(cap) ?? { at: -Infinity, count: 0 };
    this.#said.set(cap, said);
    said.count += 1;
    if (now - said.at < LOG_EVERY_MS) return;
    this.log.warn({ cap, peer, refused: said.count }, `refused ${peer}: ${setting} = ${most} is reached (${said.count} refused)`);
    said.at = now;
    said.count = 0;
  }

  #enterBackground(connection: Connection, isStreaming: boolean): Permit {
    const [kind, most] = isStreaming ? (["watches", MAX_WATCHES] as const) : (["probes", MAX_PROBES] as const);
    if (connection[kind] >= most) {
      this.refused("background_per_connection", "calls of health and reflection on one connection", most, connection.peer.address);
      throw tooManyStreams(`at most ${most} calls of health and reflection may be open on one connection`);
    }
    connection[kind] += 1;
    return { answered: () => undefined, sent: once(() => (connection[kind] -= 1)) };
  }

  /** What one connection and one address may have in progress, unread responses included. */
  #checkShares({ requests, peer }: Connection): void {
    const { max_requests_per_connection, max_requests_per_peer, max_unsent_bytes_per_peer } = this.caps;
    const check = (cap: string, used: number, most: number) => {
      if (used < most) return;
      this.refused(cap, `server.max_${cap}`, most, peer.address);
      throw overloaded(`too many requests from one address: server.max_${cap} = ${most} is reached`);
    };
    check("unsent_bytes_per_peer", peer.unsentBytes, max_unsent_bytes_per_peer);
    check("requests_per_connection", requests, max_requests_per_connection);
    check("requests_per_peer", peer.requests, max_requests_per_peer);
  }

  /** What all may have: the last tenth is for critical calls of callers that are known, and those without a name leave some to others. */
  #checkPot({ caller, criticality, connection }: Asking): void {
    const { max_requests } = this.caps;
    const ordinary = max_requests - Math.floor(max_requests * RESERVE);
    const isAnonymous = caller.kind === "anonymous";
    const isCritical = criticality === "critical" || criticality === "critical_plus";
    const check = (cap: string, setting: string, used: number, most: number) => {
      if (used < most) return;
      this.refused(cap, setting, most, connection.peer.address);
      throw overloaded("too many requests at once");
    };
    const anonymous = ordinary - Math.floor(ordinary / 4);
    if (isAnonymous) check("anonymous_requests", "the anonymous part of server.max_requests", this.#anonymous, anonymous);
    check("requests", "server.max_requests", this.requests, isCritical && !isAnonymous ? max_requests : ordinary);
  }

  #openStream(caller: string, address: string): void {
    const open = this.#streams.get(caller) ?? 0;
    const { max_streams_per_caller: most } = this.caps;
    if (open >= most) {
      this.refused("streams_per_caller", "server.max_streams_per_caller", most, address);
      throw tooManyStreams(`at most ${most} streams per caller may be open at once`);
    }
    this.#streams.set(caller, open + 1);
  }

  #closeStream(caller: string): void {
    const open = (this.#streams.get(caller) ?? 1) - 1;
    if (open === 0) this.#streams.delete(caller);
    else this.#streams.set(caller, open);
  }
}

/** Reads addresses and networks such as `10.0.0.0/8`; undefined when one is neither. */
export function networks(texts: readonly string[]): BlockList | undefined {
  const list = new BlockList();
  try {
    for (const text of texts) {
      const [address = "", bits] = text.split("/");
      const family = isIPv6(address) ? "ipv6" : "ipv4";
      if (bits === undefined) list.addAddress(address, family);
      else if (/^[0-9]+$/.test(bits)) list.addSubnet(address, Number(bits), family);
      else return undefined;
    }
    return list;
  } catch {
    return undefined;
  }
}

/** An IPv4 address is the same whichever kind of socket it comes through. */
function plain(address: string): string {
  return address.replace(/^::ffff:(?=[0-9.]+$)/, "");
}

/** Returns what shares are counted by. */
function shareKey(address: string): string {
  if (!isIPv6(address)) return address;
  const [head = "", tail = ""] = address.split("%")[0]?.split("::") ?? [];
  const before = head.split(":").filter(Boolean);
  const after = tail.split(":").filter(Boolean);
  const zeros = address.includes("::") ? Array<string>(Math.max(0, 8 - before.length - after.length)).fill("0") : [];
  return `${[...before, ...zeros, ...after].slice(0, 4).join(":")}::/64`;
}

function once(work: () => void): () => void {
  let isDone = false;
  return () => {
    if (isDone) return;
    isDone = true;
    work();
  };
}
