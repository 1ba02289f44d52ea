/** ConfirmEmailAddress: takes the code that was sent to an account's address; from then on e-mail goes there. */
import { create } from "@bufbuild/protobuf";
import type { Caller } from "@souk/chassis";

import { accountOf } from "../caller.js";
import { confirms } from "../confirmation.js";
import { ConfirmEmailAddressResponseSchema, type ConfirmEmailAddressRequest, type ConfirmEmailAddressResponse } from "../contract.js";
import { wirePreferences } from "../convert.js";
import { Refusal } from "../error.js";
import type { Notifications } from "../service.js";
import { loadConfirmation, noteWrongCode } from "../store/confirmations.js";
import { loadPreferences, savePreferences, watchedSkus } from "../store/preferences.js";

export async function confirmEmailAddress(
  service: Notifications,
  request: ConfirmEmailAddressRequest,
  caller: Caller,
): Promise<ConfirmEmailAddressResponse> {
  const account = accountOf(caller, request.accountId);
  const now = service.clock.now();
  const preferences = await service.store.write((tx) => {
    const before = loadPreferences(tx, account);
    if (!confirms(loadConfirmation(tx, account), before, request.code, service.sealing, now)) {
      // Counted in the same write that finds it wrong, so the refusal comes after it.
      noteWrongCode(tx, account);
      return undefined;
    }
    // A repeat: this very code has confirmed it.
    if (before.emailConfirmedTime !== undefined) return wirePreferences(before, watchedSkus(tx, account));
    const after = { ...before, emailConfirmedTime: now, version: before.version + 1, updateTime: now };
    savePreferences(tx, after, now);
    return wirePreferences(after, watchedSkus(tx, account));
  });
  if (preferences === undefined) throw Refusal.codeRefused();
  return create(ConfirmEmailAddressResponseSchema, { preferences });
}
