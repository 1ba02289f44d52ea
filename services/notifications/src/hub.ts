/** Wakes who watches the messages of a customer. Knows nothing of the messages: who is woken reads them from the database. */
export class Hub {
  readonly #watchers = new Map<string, Set<() => void>>();

  /** Wakes all watchers of a customer. */
  wake(customer: string): void {
    for (const wake of this.#watchers.get(customer) ?? []) wake();
  }

  /** Begins to watch. Whatever is written from now on makes the next `changed` return, so read after this and before that. */
  watch(customer: string, stop: AbortSignal): Watch {
    const watchers = this.#watchers.get(customer) ?? new Set();
    this.#watchers.set(customer, watchers);
    let isChanged = false;
    let ring: (() => void) | undefined;
    const wake = () => {
      isChanged = true;
      ring?.();
    };
    watchers.add(wake);
    stop.addEventListener("abort", wake);
    return {
      changed: async () => {
        if (!isChanged && !stop.aborted) await new Promise<void>((resolve) => (ring = resolve));
        ring = undefined;
        isChanged = false;
      },
      end: () => {
        stop.removeEventListener("abort", wake);
        watchers.delete(wake);
        if (watchers.size === 0) this.#watchers.delete(customer);
      },
    };
  }
}

/** One who watches. */
export interface Watch {
  /** Returns when something was written since the last call, or the signal was aborted. */
  changed: () => Promise<void>;
  end: () => void;
}
