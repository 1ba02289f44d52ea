/** `preview <kind> [locale]`: shows what a kind looks like on every channel, filled with sample data. */
import { loadConfig } from "@souk/chassis";

import { definition } from "./definition.js";
import { SAMPLE_TIME, sampleFacts, sampleLink } from "./sample.js";
import { templatesOf } from "./service.js";
import { allKinds, kindName, kindOf } from "./template.js";

const USAGE_EXIT_CODE = 64;

/** Prints the preview and returns the exit code. NOTIFICATIONS__TELLING__TEMPLATES names another folder of templates. */
export function preview(words: readonly string[]): number {
  const [name = "", locale = "en-GB"] = words;
  const kind = kindOf(name);
  if (kind === undefined) {
    process.stderr.write(`usage: preview KIND [LOCALE], where KIND is one of ${allKinds().map(kindName).join(", ")}\n`);
    return USAGE_EXIT_CODE;
  }
  const occasion = { time: SAMPLE_TIME, locale };
  const config = previewConfig();
  const templates = templatesOf(config);
  const { subject, text, html } = templates.mail(kind, sampleFacts(kind), { ...occasion, link: sampleLink(kind, config.shop.order_link) });
  const { title, body } = templates.inApp(kind, sampleFacts(kind), occasion);
  process.stdout.write(`Subject: ${subject}\n\n${text}\n--- HTML\n${html}\n--- in the shop\n${title}\n${body}\n`);
  return 0;
}

function previewConfig() {
  const templates = process.env["NOTIFICATIONS__TELLING__TEMPLATES"];
  return loadConfig(definition, { set: templates === undefined ? {} : { "telling.templates": templates } });
}
