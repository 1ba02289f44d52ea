/** PreviewTemplate: what a kind looks like on a channel, filled with sample data. */
import { create } from "@bufbuild/protobuf";

import { Channel, PreviewTemplateResponseSchema, type PreviewTemplateRequest, type PreviewTemplateResponse } from "../contract.js";
import { Refusal } from "../error.js";
import { tidyLocale } from "../preferences.js";
import { SAMPLE_TIME, sampleFacts } from "../sample.js";
import type { Notifications } from "../service.js";

export function previewTemplate(service: Notifications, request: PreviewTemplateRequest): PreviewTemplateResponse {
  const channel = request.channel === Channel.UNSPECIFIED ? Channel.EMAIL : request.channel;
  const locale = request.locale === "" ? service.config.shop.locale : tidyLocale(request.locale);
  const [linkHost] = service.config.shop.link_hosts;
  const facts = sampleFacts(request.kind, linkHost);
  const occasion = { time: SAMPLE_TIME, locale };
  if (channel === Channel.IN_APP) {
    const { title, body } = service.templates.inApp(request.kind, facts, occasion);
    return create(PreviewTemplateResponseSchema, { title, text: body });
  }
  if (channel !== Channel.EMAIL) throw Refusal.noTemplate(request.kind, channel);
  const { subject, text, html } = service.templates.mail(request.kind, facts, occasion);
  return create(PreviewTemplateResponseSchema, { title: subject, text, html });
}
