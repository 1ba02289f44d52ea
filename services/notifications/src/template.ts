/**
 * Renders notifications. Templates are files, `templates/<kind>/<part>[.<language>].liquid`; the text of an order or a sku is
 * data in them and never markup: HTML is escaped, and a headline is one line.
 */
import { existsSync } from "node:fs";
import { join } from "node:path";

import { Liquid } from "liquidjs";

import { NotificationKind as Kind } from "./contract.js";
import type { Amount, Facts } from "./facts.js";
import { formatMoney } from "./money.js";

/** What a kind has a template for. */
export type Part = "subject" | "text" | "html" | "message";

/** What every template gets besides its data. */
export interface Occasion {
  /** When the event happened. */
  time: Date;
  /** The language and region to write in. */
  locale: string;
  /** The link to the order that it is about; empty: none. It may be a secret, and is for e-mail alone. */
  link?: string;
}

/** An e-mail without its addresses. */
export interface Mail {
  subject: string;
  text: string;
  html: string;
}

/** A message in the shop. */
export interface InApp {
  title: string;
  body: string;
}

const MOST_TITLE_CHARACTERS = 200;
/** A template that runs away ends here; the longest honest one takes some milliseconds. */
const MOST_MILLISECONDS = 2000;

/** All templates of a folder. Each is read once. */
export class Templates {
  readonly #folder: string;
  readonly #shop: { name: string; url: string };
  readonly #plain: Liquid;
  readonly #html: Liquid;

  constructor(folder: string, { name, url }: { name: string; url: string }) {
    this.#folder = folder;
    this.#shop = { name, url };
    const options = {
      root: folder,
      extname: ".liquid",
      cache: true,
      // A wrong name in a template is an error that a test sees, not a hole in a customer's mail.
      strictFilters: true,
      strictVariables: true,
      lenientIf: true,
      ownPropertyOnly: true,
      renderLimit: MOST_MILLISECONDS,
    };
    this.#plain = withFilters(new Liquid(options));
    this.#html = withFilters(new Liquid({ ...options, outputEscape: "escape" }));
  }

  /** Renders an e-mail. */
  mail(kind: Kind, facts: Facts, occasion: Occasion): Mail {
    return {
      subject: oneLine(this.#render(kind, "subject", facts, occasion)),
      text: this.#render(kind, "text", facts, occasion),
      html: this.#render(kind, "html", facts, occasion),
    };
  }

  /** Renders a message in the shop. */
  inApp(kind: Kind, facts: Facts, occasion: Occasion): InApp {
    return {
      title: oneLine(this.#render(kind, "subject", facts, occasion)),
      body: this.#render(kind, "message", facts, occasion).replace(/\0/g, "").trim(),
    };
  }

  #render(kind: Kind, part: Part, facts: Facts, occasion: Occasion): string {
    const engine = part === "html" ? this.#html : this.#plain;
    const scope = { ...facts, time: occasion.time.toISOString(), locale: occasion.locale, order_link: occasion.link ?? "", shop: this.#shop };
    return engine.renderFileSync(this.#file(kind, part, occasion.locale), scope, { globals: { locale: occasion.locale } }) as string;
  }

  /** Prefers the file of the language: `order_placed/text.de` before `order_placed/text`. */
  #file(kind: Kind, part: Part, locale: string): string {
    const name = `${kindName(kind)}/${part}`;
    const own = `${name}.${new Intl.Locale(locale).language}.liquid`;
    return existsSync(join(this.#folder, own)) ? own : `${name}.liquid`;
  }
}

/** Returns the name of a kind in files and settings: `order_placed`. */
export function kindName(kind: Kind): string {
  return Kind[kind].toLowerCase();
}

/** Returns the kind of a name; undefined when there is none. */
export function kindOf(name: string): Kind | undefined {
  return allKinds().find((kind) => kindName(kind) === name.toLowerCase());
}

/** Returns every kind of notification. */
export function allKinds(): Kind[] {
  return Object.values(Kind).filter((kind): kind is Kind => typeof kind === "number" && kind !== Kind.UNSPECIFIED);
}

/** A headline becomes a header of an e-mail: it has one line and an end. */
function oneLine(text: string): string {
  const line = text.replace(/[\u0000-\u001f\u007f\u2028\u2029]+/g, " ").trim();
  const characters = [...line];
  return characters.length <= MOST_TITLE_CHARACTERS ? line : `${characters.slice(0, MOST_TITLE_CHARACTERS - 1).join("")}…`;
}

function withFilters(engine: Liquid): Liquid {
  engine.registerFilter("money", function (this: { context: { globals: object } }, amount: Amount | null) {
    return amount === null ? "" : formatMoney(amount, (this.context.globals as { locale: string }).locale);
  });
  engine.registerFilter("when", function (this: { context: { globals: object } }, time: string) {
    const locale = (this.context.globals as { locale: string }).locale;
    return new Intl.DateTimeFormat(locale, { dateStyle: "long", timeStyle: "short", timeZone: "UTC" }).format(new Date(time));
  });
  return engine;
}
