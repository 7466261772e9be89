/** A bridge for tests: answers from a table, remembers calls, and lets a test raise events. */
import { BridgeEvents } from "./emitter";
import type { Bridge, EventName, Events, HelloResult, MethodName, Methods, PageSettings } from "./types";

export const FAKE_SETTINGS: PageSettings = {
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

export const FAKE_HELLO: HelloResult = {
  bridge: 1,
  version: "0.1.0",
  platform: "test",
  kiosk: false,
  reducedMotion: null,
  settings: FAKE_SETTINGS,
  software: false,
  demo: false,
};

type Answers = { [M in MethodName]?: (params: Methods[M]["params"]) => Methods[M]["result"] | Promise<Methods[M]["result"]> };

export class FakeBridge implements Bridge {
  readonly kind = "browser";
  readonly calls: { readonly method: MethodName; readonly params: unknown }[] = [];
  readonly #events = new BridgeEvents();
  #tokens = 0;
  settings = FAKE_SETTINGS;
  answers: Answers = {};

  async call<M extends MethodName>(method: M, params: Methods[M]["params"]): Promise<Methods[M]["result"]> {
    this.calls.push({ method, params });
    const answer = this.answers[method];
    return answer === undefined ? this.#default(method, params) : answer(params);
  }

  on<E extends EventName>(event: E, handler: (data: Events[E]) => void): () => void {
    return this.#events.on(event, handler);
  }

  close(): void {
    this.#events.clear();
  }

  raise<E extends EventName>(event: E, data: Events[E]): void {
    this.#events.emit(event, data);
  }

  /** The parameters of all calls of one method. */
  sent<M extends MethodName>(method: M): Methods[M]["params"][] {
    return this.calls.filter((call) => call.method === method).map((call) => call.params as Methods[M]["params"]);
  }

  #default<M extends MethodName>(method: M, params: Methods[M]["params"]): Methods[M]["result"] {
    const results: { [N in MethodName]?: () => Methods[N]["result"] } = {
      "hello": () => ({ ...FAKE_HELLO, settings: this.settings }),
      "connection.get": () => ({
        url: "ws://127.0.0.1:7880",
        token: `token-${++this.#tokens}`,
        roomName: "room",
        identity: "visitor",
        appId: "app",
        avatarId: "avatar",
      }),
      "microphones.report": () => ({ preferred: null }),
      "settings.set": () => {
        const { key, value } = params as Methods["settings.set"]["params"];
        this.settings = { ...this.settings, [key]: value };
        return { settings: this.settings };
      },
    };
    return (results[method]?.() ?? {});
  }
}
