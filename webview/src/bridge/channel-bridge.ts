/** The bridge over one pipe of JSON envelopes; in the program that pipe is QWebChannel (qt-channel.ts). */
import { BridgeEvents } from "./emitter";
import { BridgeError, toErrorBody } from "./error";
import { BRIDGE_VERSION, type Bridge, type EventName, type Events, type MethodName, type Methods } from "./types";

/** The two ends of the `bridge` object of docs/protocols/bridge.md. */
export interface EnvelopePipe {
  /** Hand an envelope to the program; resolves with its "taken" answer. */
  call(envelope: string): Promise<string>;
  /** Called for each envelope of the program. */
  onMessage(handler: (envelope: string) => void): void;
}

/** Longest envelope the program takes. */
export const MAX_ENVELOPE_BYTES = 256 * 1024;

const DEADLINE_MS = 10_000;
/** `connection.get` waits until the local stack is up, and a first start on a slow machine takes its time. */
const DEADLINES: Partial<Record<MethodName, number>> = { "connection.get": 90_000 };

const EVENTS: ReadonlySet<string> = new Set<EventName>([
  "stack.state",
  "connection.changed",
  "microphone.select",
  "settings.changed",
  "conversation.reset",
  "error",
  "shutdown",
]);

interface Pending {
  readonly method: MethodName;
  readonly resolve: (result: unknown) => void;
  readonly reject: (error: BridgeError) => void;
  readonly timer: ReturnType<typeof setTimeout>;
}

export class ChannelBridge implements Bridge {
  readonly kind = "qt";
  readonly #pipe: EnvelopePipe;
  readonly #events = new BridgeEvents();
  readonly #pending = new Map<number, Pending>();
  #nextId = 1;
  #closed = false;

  constructor(pipe: EnvelopePipe) {
    this.#pipe = pipe;
    pipe.onMessage((envelope) => this.#receive(envelope));
  }

  call<M extends MethodName>(method: M, params: Methods[M]["params"]): Promise<Methods[M]["result"]> {
    if (this.#closed) return Promise.reject(closedError());
    const id = this.#nextId++;
    const envelope = JSON.stringify({ v: BRIDGE_VERSION, id, method, params });
    if (new TextEncoder().encode(envelope).length > MAX_ENVELOPE_BYTES) {
      return Promise.reject(
        new BridgeError({ code: "too_large", message: `The call ${method} is too large.`, hint: "", retryable: false }),
      );
    }
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        this.#fail(id, {
          code: "timeout",
          message: `The program did not answer ${method} in time.`,
          hint: "Try again; if it happens again, restart AvatarDesk.",
          retryable: true,
        });
      }, DEADLINES[method] ?? DEADLINE_MS);
      this.#pending.set(id, { method, resolve: resolve as (result: unknown) => void, reject, timer });
      this.#pipe.call(envelope).then(
        (answer) => this.#taken(id, method, answer),
        (error: unknown) =>
          this.#fail(id, { code: "bridge", message: `The call ${method} could not be sent: ${String(error)}`, hint: "", retryable: true }),
      );
    });
  }

  on<E extends EventName>(event: E, handler: (data: Events[E]) => void): () => void {
    return this.#events.on(event, handler);
  }

  close(): void {
    this.#closed = true;
    for (const id of [...this.#pending.keys()]) this.#fail(id, closedError());
    this.#events.clear();
  }

  /** The immediate answer: the call was taken, or why not. An empty one is what Qt makes of an exception in a slot. */
  #taken(id: number, method: MethodName, answer: string): void {
    const body = parse(answer);
    if (body?.["ok"] === true) return;
    this.#fail(
      id,
      body === null
        ? { code: "internal", message: `The program failed to take ${method}.`, hint: "The program's log says more.", retryable: false }
        : toErrorBody(body["error"]),
    );
  }

  #receive(envelope: string): void {
    const body = parse(envelope);
    if (body?.["v"] !== BRIDGE_VERSION) {
      console.error("bridge: an envelope that cannot be read was dropped");
      return;
    }
    const { id, event } = body;
    if (typeof event === "string") {
      if (EVENTS.has(event)) this.#events.emit(event as EventName, (body["data"] ?? {}) as Events[EventName]);
      else console.warn(`bridge: event ${event} is unknown to this page`);
      return;
    }
    if (typeof id !== "number") return;
    if (body["ok"] !== true) {
      this.#fail(id, toErrorBody(body["error"]));
      return;
    }
    this.#settle(id)?.resolve(body["result"] ?? {});
  }

  #fail(id: number, error: BridgeError | ReturnType<typeof toErrorBody>): void {
    const pending = this.#settle(id);
    if (!pending) return;
    console.error(`bridge: ${pending.method} failed (${error.code}): ${error.message}`);
    pending.reject(error instanceof BridgeError ? error : new BridgeError(error));
  }

  #settle(id: number): Pending | undefined {
    const pending = this.#pending.get(id);
    if (pending) {
      clearTimeout(pending.timer);
      this.#pending.delete(id);
    }
    return pending;
  }
}

function closedError(): BridgeError {
  return new BridgeError({ code: "bridge_closed", message: "The program has gone.", hint: "Start AvatarDesk again.", retryable: false });
}

function parse(envelope: string): Record<string, unknown> | null {
  try {
    const value: unknown = JSON.parse(envelope);
    return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : null;
  } catch {
    return null;
  }
}
