/** Typed events. */

/** Listeners by event name; `Events` maps each name to its handler's arguments. */
export class Emitter<Events extends Record<keyof Events, readonly unknown[]>> {
  private readonly listeners = new Map<keyof Events, Set<unknown>>();

  on<K extends keyof Events>(event: K, handler: (...args: Events[K]) => void): void {
    const handlers = this.listeners.get(event) ?? new Set();
    handlers.add(handler);
    this.listeners.set(event, handlers);
  }

  off<K extends keyof Events>(event: K, handler: (...args: Events[K]) => void): void {
    this.listeners.get(event)?.delete(handler);
  }

  /** Calls the handlers. One that throws is reported and does not keep the others from being called. */
  protected emit<K extends keyof Events>(event: K, ...args: Events[K]): void {
    for (const handler of [...(this.listeners.get(event) ?? [])]) {
      try {
        (handler as (...values: Events[K]) => void)(...args);
      } catch (error) {
        console.error(`[avatarkit-rtc] a handler of "${String(event)}" failed`, error);
      }
    }
  }
}
