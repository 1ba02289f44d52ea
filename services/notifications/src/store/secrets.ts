/** The secrets that lie in the database: plain ones of before are sealed, and a change of the key is noticed. */
import { create, fromBinary, toBinary, type MessageInitShape } from "@bufbuild/protobuf";
import type { Reader, Store, Tx } from "@souk/chassis";

import {
  CreateWebhookEndpointResponseSchema,
  NotificationService,
  RotateWebhookSecretResponseSchema,
  type WebhookEndpoint,
} from "../contract.js";
import { secretPurpose } from "../endpoint.js";
import { isSealed, type Sealing } from "../sealing.js";
import { bytes, text } from "./tables.js";

/** The methods whose kept answers hold a secret. */
const ANSWERS = [
  [NotificationService.method.createWebhookEndpoint, CreateWebhookEndpointResponseSchema],
  [NotificationService.method.rotateWebhookSecret, RotateWebhookSecretResponseSchema],
] as const;

/** Seals what is plain text, also in kept answers, and leaves no trace of it in the file. Returns how many secrets there were. */
export async function sealPlainSecrets(store: Store, sealing: Sealing): Promise<number> {
  if (plainEndpoints(store.read).length + plainAnswers(store.read).length === 0) return 0;
  // What is overwritten is overwritten with zeros, and the log that holds the old pages is emptied.
  store.read.all("PRAGMA secure_delete = ON");
  const sealed = await store.write((tx) => sealAnswers(tx, sealing) + sealEndpoints(tx, sealing));
  store.read.all("PRAGMA wal_checkpoint(TRUNCATE)");
  return sealed;
}

/** Returns how many endpoints have a secret that this key does not open. */
export function countSealedOtherwise(reader: Reader, sealing: Sealing): number {
  const rows = reader.all("SELECT id, secret FROM endpoints");
  return rows.filter(({ id, secret }) => sealing.open(text(secret), secretPurpose(text(id))) === undefined).length;
}

function plainEndpoints(reader: Reader): { id: string; secret: string; previous: string }[] {
  const rows = reader.all("SELECT id, secret, previous_secret FROM endpoints");
  const all = rows.map((row) => ({ id: text(row.id), secret: text(row.secret), previous: text(row.previous_secret) }));
  return all.filter(({ secret, previous }) => !isSealed(secret) || (previous !== "" && !isSealed(previous)));
}

function sealEndpoints(tx: Tx, sealing: Sealing): number {
  const plain = plainEndpoints(tx);
  for (const { id, secret, previous } of plain) {
    const seal = (one: string) => (one === "" || isSealed(one) ? one : sealing.seal(one, secretPurpose(id)));
    tx.run("UPDATE endpoints SET secret = ?, previous_secret = ? WHERE id = ?", seal(secret), seal(previous), id);
  }
  return plain.length;
}

interface PlainAnswer {
  key: [caller: string, method: string, requestId: string];
  schema: (typeof ANSWERS)[number][1];
  answer: { endpoint?: WebhookEndpoint | undefined; secret: string };
}

function plainAnswers(reader: Reader): PlainAnswer[] {
  return ANSWERS.flatMap(([method, schema]) => {
    const name = `${method.parent.typeName}/${method.name}`;
    const rows = reader.all("SELECT caller, request_id, response FROM souk_requests WHERE method = ?", name);
    const all = rows.map((row): PlainAnswer => ({
      key: [text(row.caller), name, text(row.request_id)],
      schema,
      answer: fromBinary(schema, bytes(row.response)),
    }));
    return all.filter(({ answer }) => !isSealed(answer.secret));
  });
}

function sealAnswers(tx: Tx, sealing: Sealing): number {
  const plain = plainAnswers(tx);
  for (const { key, schema, answer } of plain) {
    const secret = sealing.seal(answer.secret, secretPurpose(answer.endpoint?.endpointId ?? ""));
    const response = toBinary(schema, create(schema, { endpoint: answer.endpoint, secret } as MessageInitShape<typeof schema>));
    tx.run("UPDATE souk_requests SET response = ? WHERE caller = ? AND method = ? AND request_id = ?", response, ...key);
  }
  return plain.length;
}
