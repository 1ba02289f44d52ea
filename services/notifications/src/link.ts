/** The link in an e-mail that opens its order. */

const ORDER_ID = "{order_id}";
const TOKEN = "{token}";
const PLACEHOLDERS = /\{[^{}]*\}/g;
/** Nothing of it may decide to which host a token goes. */
const WEB_ADDRESS = /^https?:\/\/[^\s"<>{}/?#]+[/?#][^\s"<>]*$/;

/** What is allowed, for the error message. */
export const LINK_RULE = `must be empty, or a web address with ${ORDER_ID}, ${TOKEN} or both`;

/** Returns whether a text is a template of links, or empty. */
export function isLink(template: string): boolean {
  if (template === "") return true;
  const found = template.match(PLACEHOLDERS) ?? [];
  const isKnown = found.length > 0 && found.every((one) => one === ORDER_ID || one === TOKEN);
  return isKnown && WEB_ADDRESS.test(template) && URL.canParse(template.replace(PLACEHOLDERS, "x"));
}

/** Returns whether links of this template carry a token, so that they open the order for who is not signed in. */
export function hasToken(template: string): boolean {
  return template.includes(TOKEN);
}

/** Returns the link to an order; empty when there is no template. */
export function linkTo(template: string, orderId: string, token: string): string {
  return template.replaceAll(ORDER_ID, () => encodeURIComponent(orderId)).replaceAll(TOKEN, () => encodeURIComponent(token));
}
