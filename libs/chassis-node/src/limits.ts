/** How much a process takes on at once: all requests together, and the open streams of one caller. */
import { overloaded, tooManyStreams } from "./refusal.js";

export class Limits {
  /** Requests and streams in work. */
  requests = 0;
  /** Those of them with a single answer, which a drain waits for; streams are ended. */
  singles = 0;
  /** Open streams by caller; a caller without one has no entry, so the table stays as small as the present load. */
  readonly #streams = new Map<string, number>();

  constructor(
    private readonly maxRequests: number,
    private readonly maxStreams: number,
  ) {}

  /** Takes a slot; returns what gives it back, once. `caller` is whose stream it is. */
  enter(isStreaming: boolean, caller: string | undefined): () => void {
    if (this.requests >= this.maxRequests) throw overloaded();
    if (isStreaming && caller !== undefined) {
      const open = this.#streams.get(caller) ?? 0;
      if (open >= this.maxStreams) throw tooManyStreams(this.maxStreams);
      this.#streams.set(caller, open + 1);
    }
    this.requests += 1;
    this.singles += isStreaming ? 0 : 1;
    return () => {
      this.requests -= 1;
      this.singles -= isStreaming ? 0 : 1;
      if (!isStreaming || caller === undefined) return;
      const open = (this.#streams.get(caller) ?? 1) - 1;
      if (open === 0) this.#streams.delete(caller);
      else this.#streams.set(caller, open);
    };
  }
}
