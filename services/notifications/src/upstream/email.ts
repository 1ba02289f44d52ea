/** Sends e-mail: over SMTP, or into the mailbox folder when no server is set. */
import { createTransport, type SendMailOptions, type Transporter } from "nodemailer";

import { Failure } from "../failure.js";
import type { Mailbox } from "../mailbox.js";
import type { Mail } from "../template.js";

/** One e-mail to send. */
export interface Letter {
  /** The left part of the Message-ID: the same on each attempt, so that a receiver drops repeats. */
  key: string;
  to: string;
  /** When the delivery was created; the Date of the message, so that a repeat is the same message. */
  time: Date;
  mail: Mail;
}

/** Takes e-mail. Throws a Failure when it does not. */
export interface Post {
  send: (letter: Letter) => Promise<void>;
  close: () => Promise<void>;
}

/** Who sends, and how the server is reached. */
export interface SmtpSettings {
  /** `smtp://user:password@host:587` or `smtps://…`. */
  url: string;
  /** The sender, `Shop <shop@example.com>`. */
  from: string;
  /** Whether a connection without TLS is refused. */
  requireTls: boolean;
  /** The longest wait for the server, in milliseconds. */
  timeout: number;
  /** How many e-mails may be on their way at once. */
  connections: number;
}

/** Sends over SMTP, on connections that are kept. */
export function smtpPost(settings: SmtpSettings): Post {
  const transport: Transporter = createTransport({
    url: settings.url,
    pool: true,
    maxConnections: settings.connections,
    requireTLS: settings.requireTls,
    connectionTimeout: settings.timeout,
    greetingTimeout: settings.timeout,
    socketTimeout: settings.timeout,
    dnsTimeout: settings.timeout,
    // Nothing of ours names a file or an address to fetch; so no message may make it read one.
    disableFileAccess: true,
    disableUrlAccess: true,
  } as Parameters<typeof createTransport>[0]);
  return {
    send: async (letter) => {
      try {
        await transport.sendMail(messageOf(letter, settings.from));
      } catch (error) {
        throw smtpFailure(error);
      }
    },
    close: () => {
      transport.close();
      return Promise.resolve();
    },
  };
}

/** Keeps e-mail in the mailbox folder. */
export function mailboxPost(mailbox: Mailbox, from: string): Post {
  const transport = createTransport({ streamTransport: true, buffer: true, newline: "windows" });
  return {
    send: async (letter) => {
      const sent = await transport.sendMail(messageOf(letter, from));
      await mailbox.keep({ ...letter, raw: sent.message as Buffer });
    },
    close: () => mailbox.flush(),
  };
}

function messageOf({ key, to, time, mail }: Letter, from: string): SendMailOptions {
  const domain = /@([^@>\s]+)>?$/.exec(from)?.[1] ?? "localhost";
  return {
    from,
    // As an object: never parsed as a list, so one address cannot become two.
    to: { name: "", address: to },
    subject: mail.subject,
    text: mail.text,
    html: mail.html,
    messageId: `<${key}@${domain}>`,
    date: time,
    // Written by a program: out-of-office answers stay away (RFC 3834).
    headers: { "Auto-Submitted": "auto-generated" },
    disableFileAccess: true,
    disableUrlAccess: true,
  };
}

/** The text of an SMTP error names the address, so only its number is kept. */
function smtpFailure(error: unknown): Failure {
  const { responseCode, code } = error as { responseCode?: unknown; code?: unknown };
  if (typeof responseCode === "number") {
    // 535 and its like are about our account on the server and not about the letter: an operator will mend it.
    const isAboutUs = responseCode >= 530 && responseCode <= 538;
    return new Failure(`smtp ${responseCode}`, { isFinal: responseCode >= 500 && responseCode < 600 && !isAboutUs });
  }
  return new Failure(typeof code === "string" && /^[A-Z]{1,40}$/.test(code) ? `smtp ${code.toLowerCase()}` : "smtp");
}
