/** The settings of this service; config.default.toml says what each is for. */
import { z } from "zod";

import { LINK_RULE, isLink } from "./link.js";
import { keyProblem } from "./sealing.js";
import { networkProblem, portProblem } from "./target.js";

function whole(least: number, most: number) {
  const allowed = `must be a whole number from ${least} to ${most}`;
  return z.number(allowed).int(allowed).min(least, allowed).max(most, allowed);
}

/** Values that are separated by commas. `problemOf` says why one of them is not allowed. */
function list(what: string, problemOf: (value: string) => string | undefined) {
  return z.string().transform((text, context) => {
    const values = text.split(",").map((value) => value.trim()).filter(Boolean);
    const problem = values.map(problemOf).find((found) => found !== undefined);
    if (problem !== undefined) context.addIssue(`must be ${what} separated by commas: ${problem}`);
    return values;
  });
}

// A name before the @ has at most 64 characters, and the id of a customer 35.
const address = z.string().regex(
  /^($|(?=[^@]{13,42}@)[A-Za-z0-9._+-]*\{customer_id\}[A-Za-z0-9._+-]*@[A-Za-z0-9.-]+$)/,
  "must be empty, or an address with {customer_id} and at most 29 other characters before the @",
);

export const config = z
  .object({
    data: z.object({ url: z.string().regex(/^sqlite:./, "must be sqlite: and a file") }),
    shop: z.object({
      name: z.string().regex(/^[^\p{Cc}]{1,100}$/u, "must be 1 to 100 characters on one line"),
      url: z.string().refine(isWebAddress, "must be empty, http://… or https://…"),
      locale: z.string().refine(isLocale, "must be a locale such as en-GB"),
      order_link: z.string().refine(isLink, LINK_RULE),
      order_link_days: whole(1, 90),
    }),
    telling: z.object({ max_age_hours: whole(1, 87_600), templates: z.string() }),
    email: z.object({
      from: z.string().regex(/^[^\p{Cc}]*@[^\s@]+$/u, "must be an address, or a name and an address in <>"),
      default_address: address,
      confirmations_a_day: whole(1, 1000),
    }),
    smtp: z.object({
      url: z.string().regex(/^($|smtps?:\/\/.)/, "must be empty, smtp://… or smtps://…"),
      require_tls: z.boolean(),
      timeout_seconds: whole(1, 600),
      concurrent: whole(1, 100),
    }),
    mailbox: z.object({ address }),
    webhooks: z.object({
      allow_http: z.boolean(),
      allowed_networks: list("networks", networkProblem),
      allowed_ports: list("ports", portProblem),
      secret_key: z.string().refine((key) => key === "" || keyProblem(key) === undefined, `must be empty, or ${keyProblem("")}`),
      secret_key_file: z.string(),
      timeout_seconds: whole(1, 120),
      answer_bytes: whole(0, 16_777_216),
      concurrent: whole(1, 10_000),
      max_endpoints_per_owner: whole(1, 10_000),
      disable_after_hours: whole(1, 8760),
    }),
    retry: z.object({
      first_seconds: whole(1, 3600),
      factor: whole(1, 10),
      longest_seconds: whole(1, 604_800),
      attempts: whole(1, 100),
    }),
    keep: z.object({ delivered_days: whole(1, 3650), dead_days: whole(1, 3650), message_days: whole(1, 3650) }),
  })
  .transform(({ mailbox, email, ...others }) => {
    // The mailbox folder accepts every address; a real server gets only addresses that were set.
    const isMailbox = others.smtp.url === "" && email.default_address === "";
    return { ...others, email: isMailbox ? { ...email, default_address: mailbox.address } : email };
  });

/** The settings of this service. */
export type NotificationsConfig = z.infer<typeof config>;

function isWebAddress(url: string): boolean {
  return url === "" || (/^https?:\/\/[^\s"<>]+$/.test(url) && URL.canParse(url));
}

function isLocale(locale: string): boolean {
  try {
    return new Intl.Locale(locale).toString() !== "";
  } catch {
    return false;
  }
}
