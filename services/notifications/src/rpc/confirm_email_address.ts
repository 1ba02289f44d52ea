/** ConfirmEmailAddress: takes the code that was sent to a customer's address; from then on e-mail goes there. */
import { create } from "@bufbuild/protobuf";

import { customerOf } from "../caller.js";
import { confirms } from "../confirmation.js";
import { ConfirmEmailAddressResponseSchema, type ConfirmEmailAddressRequest, type ConfirmEmailAddressResponse } from "../contract.js";
import { wirePreferences } from "../convert.js";
import { Refusal } from "../error.js";
import type { Notifications } from "../service.js";
import { loadConfirmation, noteWrongCode } from "../store/confirmations.js";
import { loadPreferences, savePreferences } from "../store/preferences.js";

export async function confirmEmailAddress(
  service: Notifications,
  request: ConfirmEmailAddressRequest,
): Promise<ConfirmEmailAddressResponse> {
  const customer = customerOf(request.customerId);
  const now = service.clock.now();
  const preferences = await service.store.write((tx) => {
    const before = loadPreferences(tx, customer);
    if (!confirms(loadConfirmation(tx, customer), before, request.code, service.sealing, now)) {
      // Counted in the same write that finds it wrong, so the refusal comes after it.
      noteWrongCode(tx, customer);
      return undefined;
    }
    // A repeat: this very code has confirmed it.
    if (before.emailConfirmedTime !== undefined) return wirePreferences(before);
    const after = { ...before, emailConfirmedTime: now, version: before.version + 1, updateTime: now };
    savePreferences(tx, after, now);
    return wirePreferences(after);
  });
  if (preferences === undefined) throw Refusal.codeRefused();
  return create(ConfirmEmailAddressResponseSchema, { preferences });
}
