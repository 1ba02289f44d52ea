/** Which links a message may have: to the shop itself and to the hosts that it names. Whatever else an event carries is left out. */

/** Decides about links. */
export class Links {
  readonly #own: URL | undefined;
  readonly #hosts: readonly string[];

  /** `shopUrl` may be empty; `hosts` are names, or `*.` and a name for everything below it. */
  constructor(shopUrl: string, hosts: readonly string[]) {
    this.#own = shopUrl === "" ? undefined : new URL(shopUrl);
    this.#hosts = hosts;
  }

  /** Returns the link as it may be shown; empty when it may not be. */
  allowed(link: string): string {
    let url: URL;
    try {
      url = new URL(link);
    } catch {
      return "";
    }
    if (url.username !== "" || url.password !== "") return "";
    if (this.#own !== undefined && url.origin === this.#own.origin) return url.href;
    // Another port may belong to another program on the same machine.
    const isNamed = this.#hosts.some((host) => (host.startsWith("*.") ? url.hostname.endsWith(host.slice(1)) : url.hostname === host));
    return isNamed && url.protocol === "https:" && url.port === "" ? url.href : "";
  }
}

/** Returns why a host cannot be one of the setting; undefined when it can. */
export function linkHostProblem(host: string): string | undefined {
  const isHost = /^(\*\.)?([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/.test(host);
  return isHost ? undefined : `${host} is not a host name in lower case such as pay.example.com or *.pay.example.com`;
}
