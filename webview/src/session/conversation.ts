/**
 * The conversation: it brings up the avatar, opens and ends calls, and follows the program's events. What it knows is
 * in the store; what the user does comes in through the methods.
 */
import { effect } from "@preact/signals";

import { BRIDGE_VERSION, type Bridge, type PageSettings, type StackState, type WritableSetting } from "../bridge";
import { Call } from "./call";
import { chooseCharacter, type Character } from "./characters";
import type { Microphones } from "./microphones";
import { inCall } from "./phase";
import type { OpenStage, Stage, StageLook } from "./player";
import { problemFrom } from "./problems";
import type { SessionStore } from "./store";

/** What measures the conversation, as the conversation tells it. */
export interface Observer {
  stageOpened(stage: Stage): void;
  mark(name: string): void;
  typed(text: string): void;
  people(present: { readonly agent: string | null; readonly avatar: string | null }): void;
}

export interface ConversationDeps {
  readonly store: SessionStore;
  readonly bridge: Bridge;
  readonly microphones: Microphones;
  readonly openStage: OpenStage;
  /** The avatars there are; empty when the list could not be read. */
  readonly characters: Promise<readonly Character[]>;
  readonly observer: Observer;
  readonly pageVersion: string;
  /** Load the page anew: the only cure when the program did not answer at all. */
  readonly reload: () => void;
  readonly random?: () => number;
}

export class Conversation {
  readonly #deps: ConversationDeps;
  #container: HTMLElement | null = null;
  #stage: Stage | null = null;
  #call: Call | null = null;
  #nextTyped = 1;
  /** Counts loads of the avatar: one that was overtaken by another is thrown away. */
  #load = 0;

  constructor(deps: ConversationDeps) {
    this.#deps = deps;
  }

  /** Say hello, show the avatar in `container`, and begin (in a kiosk: wait for a visitor). */
  async run(container: HTMLElement): Promise<void> {
    const { bridge, store, microphones, pageVersion } = this.#deps;
    this.#container = container;
    this.#listen();
    try {
      const program = await bridge.call("hello", { bridge: BRIDGE_VERSION, page: pageVersion });
      store.program.value = program;
      store.settings.value = program.settings;
    } catch (error) {
      this.#fail(error);
      return;
    }
    store.send({ type: "hello" });
    microphones.start();
    await this.#loadAvatar(store.kiosk.value ? "attract" : "connecting");
  }

  /** Begin a call: from the attract or end screen, or again after an error. */
  async begin(): Promise<void> {
    const { store, microphones } = this.#deps;
    if (inCall(store.phase.value) || store.phase.value === "loading") return;
    if (store.program.value === null) {
      this.#deps.reload();
      return;
    }
    if (this.#stage === null) {
      store.problem.value = null;
      store.send({ type: "reload" });
      await this.#loadAvatar("connecting");
      return;
    }
    if (store.phase.value === "attract") {
      store.captions.value = [];
      microphones.forget();
    }
    store.problem.value = null;
    store.send({ type: "begin" });
    await this.#openCall();
  }

  /** End the call; the avatar and the transcript stay. In a kiosk this is a reset. */
  async end(): Promise<void> {
    const { store } = this.#deps;
    if (store.kiosk.value) {
      await this.reset();
      return;
    }
    store.problem.value = null;
    store.send({ type: "end" });
    await this.#closeCall();
  }

  /** Leave, forget what was said, and go back to the attract screen (outside a kiosk: to the end screen). */
  async reset(): Promise<void> {
    const { store, microphones } = this.#deps;
    store.captions.value = [];
    store.problem.value = null;
    microphones.forget();
    store.send(store.kiosk.value ? { type: "reset" } : { type: "end" });
    await this.#closeCall();
  }

  /** Write to the agent instead of speaking. */
  async say(text: string): Promise<void> {
    const { store, observer } = this.#deps;
    const trimmed = text.trim();
    if (trimmed === "" || this.#call === null) return;
    const id = `typed-${this.#nextTyped++}`;
    store.caption({ id, speaker: "user", text: trimmed, final: true, typed: true, at: Date.now() });
    observer.typed(trimmed);
    try {
      await this.#call.sendChat(trimmed);
    } catch (error) {
      console.warn("a typed message could not be sent", error);
      store.notify("Your message could not be sent. Try again once the conversation is connected.", "warning");
    }
  }

  /** The button of the problem that is shown. */
  async remedy(): Promise<void> {
    const { store, bridge, microphones } = this.#deps;
    const problem = store.problem.value;
    if (problem === null) return;
    store.problem.value = null;
    switch (problem.remedy) {
      case "retry":
        if (problem.blocking) await this.begin();
        break;
      case "restart-stack":
      case "restart-agent":
        try {
          await bridge.call("app.retry", { part: problem.remedy === "restart-agent" ? "agent" : "stack" });
          store.notify("Restarting…");
        } catch (error) {
          store.problem.value = problemFrom(error, false);
        }
        break;
      case "unlock-audio":
        await this.#call?.unlockAudio();
        break;
      case "microphone":
        await microphones.setMuted(false);
        break;
      case "dismiss":
        break;
    }
  }

  async setMuted(muted: boolean): Promise<void> {
    await this.#deps.microphones.setMuted(muted);
  }

  /** Change a setting; the program keeps it and answers with all of them. */
  async set(key: WritableSetting, value: string | number | boolean | null): Promise<void> {
    const { store, bridge } = this.#deps;
    try {
      const { settings } = await bridge.call("settings.set", { key, value });
      await this.#apply(settings);
    } catch (error) {
      store.notify(problemFrom(error, false).message, "warning");
    }
  }

  /** Leave everything in good order: the page is going away. */
  async shutdown(): Promise<void> {
    this.#deps.microphones.stop();
    this.#deps.store.send({ type: "end" });
    await this.#closeCall();
    this.#stage?.dispose();
    this.#stage = null;
  }

  #listen(): void {
    const { bridge, store, microphones } = this.#deps;
    bridge.on("stack.state", (change) => this.#stackChanged(change));
    bridge.on("connection.changed", () => void this.#connectionChanged());
    bridge.on("microphone.select", ({ label }) => void microphones.select(label));
    bridge.on("settings.changed", ({ settings }) => void this.#apply(settings));
    bridge.on("conversation.reset", () => void this.reset());
    bridge.on("error", (error) => (store.problem.value = { ...problemFrom(error, false), remedy: "dismiss" }));
    bridge.on("shutdown", () => void this.shutdown());
    effect(() => {
      const look = this.#look();
      this.#stage?.show(look);
    });
  }

  #look(): StageLook {
    const { state, theme, reducedMotion } = this.#deps.store;
    return { state: state.value, theme: theme.value, reducedMotion: reducedMotion.value };
  }

  async #loadAvatar(then: "connecting" | "attract" | "ended"): Promise<void> {
    const { store, bridge, openStage, observer, characters } = this.#deps;
    const load = ++this.#load;
    const container = this.#container;
    if (container === null) return;
    this.#stage?.dispose();
    this.#stage = null;
    store.avatarVisible.value = false;
    store.loading.value = 0;
    let stage: Stage;
    try {
      stage = await openStage({
        container,
        avatar: chooseCharacter(await characters, store),
        runtime: store.settings.value.avatarRuntime,
        identify: () => bridge.call("connection.get", {}),
        look: this.#look(),
        software: store.program.value?.software ?? false,
        onProgress: (fraction) => {
          if (load === this.#load) store.loading.value = fraction;
        },
        onFirstPicture: () => {
          if (load !== this.#load) return;
          store.avatarVisible.value = true;
          observer.mark("first_frame");
        },
      });
    } catch (error) {
      if (load === this.#load) this.#fail(error);
      return;
    }
    if (load !== this.#load) {
      stage.dispose();
      return;
    }
    this.#stage = stage;
    stage.show(this.#look());
    store.loading.value = null;
    stage.player.setAvOffset(store.settings.value.avOffsetMs);
    stage.player.setVolume(store.settings.value.volume);
    observer.stageOpened(stage);
    if (store.send({ type: "avatar-ready", then }) === "connecting") await this.#openCall();
  }

  async #openCall(): Promise<void> {
    const { store, bridge, microphones, observer, random } = this.#deps;
    if (this.#stage === null) return;
    await this.#closeCall();
    const call = new Call({
      store,
      bridge,
      microphones,
      player: this.#stage.player,
      mark: (name) => observer.mark(name),
      onPeople: (present) => observer.people(present),
      ...(random ? { random } : {}),
    });
    this.#call = call;
    await call.open();
  }

  async #closeCall(): Promise<void> {
    const call = this.#call;
    this.#call = null;
    this.#deps.observer.people({ agent: null, avatar: null });
    await call?.close();
  }

  #fail(error: unknown): void {
    const { store } = this.#deps;
    console.error("the conversation failed", error);
    store.loading.value = null;
    store.problem.value = problemFrom(error, true);
    store.send({ type: "fail" });
  }

  async #apply(settings: PageSettings): Promise<void> {
    const { store, microphones } = this.#deps;
    const before = store.settings.value;
    store.settings.value = settings;
    if (settings.volume !== before.volume) this.#stage?.player.setVolume(settings.volume);
    if (settings.avOffsetMs !== before.avOffsetMs) this.#stage?.player.setAvOffset(settings.avOffsetMs);
    if (settings.microphone !== before.microphone) await microphones.select(settings.microphone);
    if (settings.character !== before.character || settings.assetUrl !== before.assetUrl) await this.#changeAvatar();
  }

  async #changeAvatar(): Promise<void> {
    const { store } = this.#deps;
    const { phase } = store;
    if (phase.value === "starting") return;
    const then = inCall(phase.value) || phase.value === "loading" ? "connecting" : phase.value === "attract" ? "attract" : "ended";
    if (inCall(phase.value)) store.send({ type: "end" });
    await this.#closeCall();
    if (phase.value !== "loading") store.send({ type: "reload" });
    store.problem.value = null;
    await this.#loadAvatar(then);
  }

  #stackChanged(change: StackState): void {
    const { store } = this.#deps;
    store.stack.value = { ...store.stack.value, [change.part]: change.state };
    if (change.state === "ready") {
      if (store.problem.value?.code === downCode(change.part)) store.problem.value = null;
      if (change.part !== "stack") return;
      this.#call?.hurry();
      if (store.phase.value === "failed" && this.#stage !== null && !store.kiosk.value) void this.begin();
    } else if (change.state === "down") {
      store.problem.value = {
        ...problemFrom(change.reason ?? DOWN[change.part], false),
        code: downCode(change.part),
        remedy: change.part === "stack" ? "restart-stack" : "restart-agent",
      };
    } else if (change.state === "restarting" && inCall(store.phase.value)) {
      store.notify(change.part === "stack" ? "The local service is restarting…" : "The voice agent is restarting…", "warning");
    }
  }

  async #connectionChanged(): Promise<void> {
    const { phase } = this.#deps.store;
    if (inCall(phase.value)) await this.#call?.renew();
    else if (phase.value === "failed" && this.#stage !== null) await this.begin();
  }
}

const DOWN = {
  stack: { code: "stack_down", message: "The local room and avatar service are down.", hint: "Start them again.", retryable: true },
  agent: { code: "agent_down", message: "The voice agent is down.", hint: "Start it again; until then nobody answers.", retryable: true },
} as const;

function downCode(part: StackState["part"]): string {
  return DOWN[part].code;
}
