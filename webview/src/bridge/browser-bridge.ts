/**
 * The bridge where there is no program: the page in a plain browser, for development and end-to-end tests.
 *
 * `?tokenSource=URL` names a LiveKit TokenSource endpoint (POST, answers `server_url` and `participant_token`);
 * further query keys: `room`, `appId`, `avatarId`, `kiosk=1`, `idleResetSeconds`, `assetUrl`, `avatarRuntime`.
 * Settings live in the browser's local storage.
 */
import { BridgeEvents } from "./emitter";
import { BridgeError } from "./error";
import {
  BRIDGE_VERSION,
  type Bridge,
  type ConnectionInfo,
  type EventName,
  type Events,
  type HelloResult,
  type MethodName,
  type Methods,
  type PageSettings,
  type RuntimeSetting,
} from "./types";

const STORAGE_KEY = "avatardesk.settings";

const DEFAULTS: PageSettings = {
  captions: true,
  microphone: null,
  theme: "auto",
  character: "",
  avOffsetMs: 0,
  volume: 1,
  avatarRuntime: "auto",
  reducedMotion: "auto",
  idleResetSeconds: 60,
  assetUrl: null,
};

const WRITABLE: readonly (keyof PageSettings)[] = [
  "captions",
  "microphone",
  "theme",
  "character",
  "avOffsetMs",
  "volume",
  "reducedMotion",
];

type Handlers = { [M in MethodName]: (params: Methods[M]["params"]) => Promise<Methods[M]["result"]> };

export class BrowserBridge implements Bridge {
  readonly kind = "browser";
  readonly #query: URLSearchParams;
  readonly #storage: Storage;
  readonly #events = new BridgeEvents();
  readonly #identity = `visitor-${crypto.randomUUID().slice(0, 8)}`;
  #settings: PageSettings;

  constructor(query: URLSearchParams, storage: Storage) {
    this.#query = query;
    this.#storage = storage;
    this.#settings = { ...DEFAULTS, ...this.#fromQuery(), ...readStored(storage) };
  }

  call<M extends MethodName>(method: M, params: Methods[M]["params"]): Promise<Methods[M]["result"]> {
    return this.#handlers[method](params);
  }

  on<E extends EventName>(event: E, handler: (data: Events[E]) => void): () => void {
    return this.#events.on(event, handler);
  }

  close(): void {
    this.#events.clear();
  }

  readonly #handlers: Handlers = {
    "hello": () => Promise.resolve(this.#hello()),
    "connection.get": () => this.#connection(),
    "microphones.report": () => Promise.resolve({ preferred: this.#settings.microphone }),
    "settings.set": ({ key, value }) => {
      this.#settings = { ...this.#settings, [key]: value };
      const stored = Object.fromEntries(WRITABLE.map((name) => [name, this.#settings[name]]));
      this.#storage.setItem(STORAGE_KEY, JSON.stringify(stored));
      this.#events.emit("settings.changed", { settings: this.#settings });
      return Promise.resolve({ settings: this.#settings });
    },
    "page.status": () => Promise.resolve({}),
    "page.turn": (turn) => {
      console.info("turn", turn);
      return Promise.resolve({});
    },
    "page.mark": () => Promise.resolve({}),
    "log": ({ level, message, context }) => {
      const write = level === "error" ? console.error : level === "warning" ? console.warn : console.info;
      write(message, context);
      return Promise.resolve({});
    },
    "diagnostics": () => Promise.resolve({}),
    "app.retry": () => Promise.resolve({}),
    "app.quit": () =>
      Promise.reject(
        new BridgeError({ code: "no_program", message: "A page cannot close its browser.", hint: "Close the tab.", retryable: false }),
      ),
  };

  #hello(): HelloResult {
    return {
      bridge: BRIDGE_VERSION,
      version: "browser",
      platform: navigator.platform,
      kiosk: this.#query.get("kiosk") === "1",
      reducedMotion: null,
      settings: this.#settings,
      software: false,
      demo: false,
    };
  }

  async #connection(): Promise<ConnectionInfo> {
    const endpoint = this.#query.get("tokenSource");
    if (endpoint === null) {
      throw new BridgeError({
        code: "token_source",
        message: "This page has no token source.",
        hint: "Open it with ?tokenSource=URL, or start it with the AvatarDesk program.",
        retryable: false,
      });
    }
    const roomName = this.#query.get("room") ?? "avatardesk";
    const answer = await this.#requestToken(endpoint, roomName);
    return {
      url: answer.server_url,
      token: answer.participant_token,
      roomName,
      identity: this.#identity,
      appId: this.#query.get("appId") ?? "avatardesk",
      avatarId: this.#query.get("avatarId") ?? "default",
    };
  }

  async #requestToken(endpoint: string, room: string): Promise<{ server_url: string; participant_token: string }> {
    const fail = (why: string): BridgeError =>
      new BridgeError({ code: "token_source", message: `The token source ${why}.`, hint: `Check ${endpoint}.`, retryable: true });
    let response: Response;
    try {
      response = await fetch(endpoint, {
        method: "POST",
        headers: { "Content-Type": "application/json" },
        body: JSON.stringify({ room_name: room, participant_identity: this.#identity }),
      });
    } catch {
      throw fail("cannot be reached");
    }
    if (!response.ok) throw fail(`answered ${response.status}`);
    const body: unknown = await response.json().catch(() => null);
    if (!isTokenAnswer(body)) throw fail("answered without server_url and participant_token");
    return body;
  }

  #fromQuery(): Partial<PageSettings> {
    const idle = Number(this.#query.get("idleResetSeconds") ?? Number.NaN);
    const runtime = this.#query.get("avatarRuntime");
    const asset = this.#query.get("assetUrl");
    return {
      ...(Number.isFinite(idle) ? { idleResetSeconds: idle } : {}),
      ...(isRuntime(runtime) ? { avatarRuntime: runtime } : {}),
      ...(asset !== null ? { assetUrl: asset } : {}),
    };
  }
}

function isRuntime(value: string | null): value is RuntimeSetting {
  return value === "auto" || value === "open" || value === "vendor";
}

function isTokenAnswer(value: unknown): value is { server_url: string; participant_token: string } {
  if (typeof value !== "object" || value === null) return false;
  const body = value as Record<string, unknown>;
  return typeof body["server_url"] === "string" && typeof body["participant_token"] === "string";
}

function readStored(storage: Storage): Partial<PageSettings> {
  try {
    const stored: unknown = JSON.parse(storage.getItem(STORAGE_KEY) ?? "{}");
    if (typeof stored !== "object" || stored === null) return {};
    return Object.fromEntries(
      Object.entries(stored).filter(([key, value]) => {
        const known = WRITABLE.find((name) => name === key);
        return known !== undefined && (known === "microphone" || typeof value === typeof DEFAULTS[known]);
      }),
    );
  } catch {
    return {};
  }
}
