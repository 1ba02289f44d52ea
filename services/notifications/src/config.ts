/** What can be set, read and checked. Times in milliseconds; the file has them in units for people. */
import { ConfigError } from "@souk/chassis";

import { linkHostProblem } from "./link.js";
import { keyProblem } from "./sealing.js";
import { networkProblem, portProblem } from "./target.js";

/** The settings of this service. */
export interface NotificationsConfig {
  data: { url: string };
  shop: { name: string; url: string; locale: string; linkHosts: string[] };
  telling: { maxAgeMs: number; templates: string };
  email: { from: string; defaultAddress: string; concurrent: number; confirmationsADay: number };
  smtp: { url: string; requireTls: boolean; timeoutMs: number };
  webhooks: {
    allowHttp: boolean;
    allowedNetworks: string[];
    allowedPorts: string[];
    secretKey: string;
    secretKeyFile: string;
    timeoutMs: number;
    answerBytes: number;
    concurrent: number;
    maxEndpointsPerOwner: number;
    disableAfterMs: number;
  };
  retry: { first: number; factor: number; longest: number; attempts: number };
  keep: { deliveredMs: number; deadMs: number; messageMs: number };
}

/** Says that a setting cannot be; the program ends with exit code 64. */
class BadSetting extends ConfigError {
  constructor(key: string, value: unknown, allowed: string) {
    // A URL may hold a password.
    super(`${key} = ${/url$|secret_key$/.test(key) ? "[hidden]" : JSON.stringify(value)}: must be ${allowed}`);
  }
}

type Section = Readonly<Record<string, unknown>>;

const SECOND = 1000;
const HOUR = 3_600_000;
const DAY = 24 * HOUR;

/** Reads the sections of this service. Which keys there may be is checked by the chassis, against config.default.toml. */
export function readConfig(all: Readonly<Record<string, unknown>>): NotificationsConfig {
  const read = new Settings(all);
  const smtpUrl = read.text("smtp.url", "empty, smtp://… or smtps://…", (url) => url === "" || /^smtps?:\/\/./.test(url));
  const address = (key: string) =>
    read.text(key, "empty, or an address with {account_id} before the @", (rule) => rule === "" || isAddressRule(rule));
  const [atDefault, inMailbox] = [address("email.default_address"), address("mailbox.address")];
  return {
    data: { url: read.text("data.url", "sqlite: and a file", (url) => /^sqlite:./.test(url)) },
    shop: {
      name: read.text("shop.name", "1 to 100 characters on one line", (name) => /^[^\p{Cc}]{1,100}$/u.test(name)),
      url: read.text("shop.url", "empty, http://… or https://…", (url) => url === "" || (/^https?:\/\/[^\s"<>]+$/.test(url) && URL.canParse(url))),
      locale: read.text("shop.locale", "a locale such as en-GB", isLocale),
      linkHosts: read.list("shop.link_hosts", "host names", linkHostProblem),
    },
    telling: { maxAgeMs: read.whole("telling.max_age_hours", 1, 87_600) * HOUR, templates: read.text("telling.templates", "a folder", () => true) },
    email: {
      from: read.text("email.from", "an address, or a name and an address in <>", (from) => /^[^\p{Cc}]*@[^\s@]+$/u.test(from)),
      // The mailbox folder takes whatever comes; a real server only gets what somebody meant to be an address.
      defaultAddress: smtpUrl === "" && atDefault === "" ? inMailbox : atDefault,
      concurrent: read.whole("smtp.concurrent", 1, 100),
      confirmationsADay: read.whole("email.confirmations_a_day", 1, 1000),
    },
    smtp: { url: smtpUrl, requireTls: read.flag("smtp.require_tls"), timeoutMs: read.whole("smtp.timeout_seconds", 1, 600) * SECOND },
    webhooks: {
      allowHttp: read.flag("webhooks.allow_http"),
      allowedNetworks: read.list("webhooks.allowed_networks", "networks", networkProblem),
      allowedPorts: read.list("webhooks.allowed_ports", "ports", portProblem),
      secretKey: read.text("webhooks.secret_key", `empty, or ${keyProblem("")}`, (key) => key === "" || keyProblem(key) === undefined),
      secretKeyFile: read.text("webhooks.secret_key_file", "empty, or a file", () => true),
      timeoutMs: read.whole("webhooks.timeout_seconds", 1, 120) * SECOND,
      answerBytes: read.whole("webhooks.answer_bytes", 0, 16_777_216),
      concurrent: read.whole("webhooks.concurrent", 1, 10_000),
      maxEndpointsPerOwner: read.whole("webhooks.max_endpoints_per_owner", 1, 10_000),
      disableAfterMs: read.whole("webhooks.disable_after_hours", 1, 8760) * HOUR,
    },
    retry: {
      first: read.whole("retry.first_seconds", 1, 3600) * SECOND,
      factor: read.whole("retry.factor", 1, 10),
      longest: read.whole("retry.longest_seconds", 1, 604_800) * SECOND,
      attempts: read.whole("retry.attempts", 1, 100),
    },
    keep: {
      deliveredMs: read.whole("keep.delivered_days", 1, 3650) * DAY,
      deadMs: read.whole("keep.dead_days", 1, 3650) * DAY,
      messageMs: read.whole("keep.message_days", 1, 3650) * DAY,
    },
  };
}

/** Values from the environment are text; those from a file have types. */
class Settings {
  readonly #all: Section;

  constructor(all: Section) {
    this.#all = all;
  }

  text(key: string, allowed: string, isGood: (value: string) => boolean): string {
    const value = this.#value(key);
    if (typeof value !== "string" || !isGood(value)) throw new BadSetting(key, value, allowed);
    return value;
  }

  whole(key: string, least: number, most: number): number {
    const value = this.#value(key);
    const number = typeof value === "string" && value !== "" ? Number(value) : Number(value as number | bigint);
    if (!Number.isSafeInteger(number) || number < least || number > most) throw new BadSetting(key, value, `a whole number from ${least} to ${most}`);
    return number;
  }

  flag(key: string): boolean {
    const value = String(this.#value(key));
    if (value !== "true" && value !== "false") throw new BadSetting(key, value, "true or false");
    return value === "true";
  }

  list(key: string, what: string, problemOf: (one: string) => string | undefined): string[] {
    const found = this.text(key, `${what} separated by commas`, () => true).split(",").map((part) => part.trim()).filter(Boolean);
    const problem = found.map(problemOf).find((one) => one !== undefined);
    if (problem !== undefined) throw new BadSetting(key, found, `${what} separated by commas: ${problem}`);
    return found;
  }

  #value(key: string): unknown {
    return key.split(".").reduce<unknown>((section, name) => (section as Section | undefined)?.[name], this.#all);
  }
}

function isAddressRule(rule: string): boolean {
  return /^[A-Za-z0-9._+{}-]*\{account_id\}[A-Za-z0-9._+-]*@[A-Za-z0-9.-]+$/.test(rule);
}

function isLocale(locale: string): boolean {
  try {
    return new Intl.Locale(locale).toString() !== "";
  } catch {
    return false;
  }
}
