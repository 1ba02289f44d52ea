/** PreviewNotificationTemplate: what a kind looks like on a channel, filled with sample data. */
import { create } from "@bufbuild/protobuf";

import { NotificationChannel as Channel, PreviewNotificationTemplateResponseSchema, type PreviewNotificationTemplateRequest, type PreviewNotificationTemplateResponse } from "../contract.js";
import { tidyLocale } from "../preferences.js";
import { SAMPLE_TIME, sampleFacts, sampleLink } from "../sample.js";
import type { Notifications } from "../service.js";

export function previewNotificationTemplate(service: Notifications, request: PreviewNotificationTemplateRequest): PreviewNotificationTemplateResponse {
  const channel = request.channel === Channel.UNSPECIFIED ? Channel.EMAIL : request.channel;
  const locale = request.locale === "" ? service.config.shop.locale : tidyLocale(request.locale, "locale");
  const facts = sampleFacts(request.kind);
  const occasion = { time: SAMPLE_TIME, locale };
  if (channel === Channel.IN_APP) {
    const { title, body } = service.templates.inApp(request.kind, facts, occasion);
    return create(PreviewNotificationTemplateResponseSchema, { title, text: body });
  }
  const { subject, text, html } = service.templates.mail(request.kind, facts, { ...occasion, link: sampleLink(request.kind, service.config.shop.order_link) });
  return create(PreviewNotificationTemplateResponseSchema, { title: subject, text, html });
}
