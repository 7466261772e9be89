import type { EventName, Events } from "./types";

type Handler<E extends EventName> = (data: Events[E]) => void;

/** Typed events of a bridge; a handler that throws does not keep the others from hearing. */
export class BridgeEvents {
  readonly #handlers = new Map<EventName, Set<Handler<EventName>>>();

  on<E extends EventName>(event: E, handler: Handler<E>): () => void {
    const set = this.#handlers.get(event) ?? new Set();
    this.#handlers.set(event, set);
    set.add(handler as Handler<EventName>);
    return () => set.delete(handler as Handler<EventName>);
  }

  emit<E extends EventName>(event: E, data: Events[E]): void {
    for (const handler of [...(this.#handlers.get(event) ?? [])]) {
      try {
        handler(data);
      } catch (error) {
        console.error(`bridge: a handler of ${event} failed`, error);
      }
    }
  }

  clear(): void {
    this.#handlers.clear();
  }
}
