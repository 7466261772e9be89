/** Puts the page together: bridge, store, session, measurements, window. */
import { LogLevel, setLogLevel } from "livekit-client";
import { render } from "preact";

import { version } from "../package.json";
import { openBridge, type Bridge, type PageStatus } from "./bridge";
import { beginOnVoice } from "./session/attract";
import { openStage } from "./session/avatar-stage";
import { loadCharacters } from "./session/characters";
import { Conversation } from "./session/conversation";
import { IdleReset } from "./session/idle";
import { Microphones } from "./session/microphones";
import type { PictureStats } from "./session/player";
import { problemFrom } from "./session/problems";
import { SessionStore } from "./session/store";
import { followSystem } from "./session/system";
import { reportUncaught } from "./telemetry/log";
import { MicrophoneTap } from "./telemetry/microphone-tap";
import { Monitor } from "./telemetry/monitor";
import { VoiceActivity } from "./telemetry/voice-activity";
import { App } from "./ui/app";
import { WindowState, type Actions } from "./ui/context";
import "./ui/styles/index.css";

declare global {
  interface Window {
    /** What the page is doing, for the program and for tests. */
    readonly __avatardesk: { readonly status: () => PageStatus; readonly picture: () => PictureStats | null };
  }
}

function mount(store: SessionStore, actions: Actions, onStage: (container: HTMLElement) => void, view = new WindowState()): void {
  const root = document.getElementById("app");
  if (root === null) throw new Error("the page has no #app element");
  render(<App ui={{ store, actions, view }} onStage={onStage} />, root);
}

/** The window without a program behind it: it can only say so and load anew. */
function mountBroken(store: SessionStore, error: unknown): void {
  const nothing = (): Promise<void> => Promise.resolve();
  const reload = (): Promise<void> => {
    location.reload();
    return nothing();
  };
  store.problem.value = problemFrom(error, true);
  store.send({ type: "fail" });
  mount(store, { begin: reload, remedy: reload, end: nothing, say: nothing, setMuted: nothing, set: nothing }, () => undefined);
}

function mountSession(store: SessionStore, bridge: Bridge): void {
  // Outside a secure context a browser has no mediaDevices; the types do not know that.
  const media = (navigator as { readonly mediaDevices?: MediaDevices }).mediaDevices ?? null;
  const voice = new VoiceActivity();
  const microphones = new Microphones(store, bridge, new MicrophoneTap(voice), media);
  const monitor = new Monitor(store, bridge, voice);
  const characters = loadCharacters();
  const conversation = new Conversation({
    store,
    bridge,
    microphones,
    openStage,
    characters,
    observer: monitor,
    pageVersion: version,
    reload: () => location.reload(),
  });
  new IdleReset({
    store,
    voice: () => voice.speaking(performance.now()),
    reset: () => void conversation.reset(),
    target: window,
  });
  if (media !== null) beginOnVoice(store, () => media.getUserMedia({ audio: true }), () => void conversation.begin());
  Object.defineProperty(window, "__avatardesk", { value: Object.freeze({ status: () => monitor.status(), picture: () => monitor.picture() }) });
  addEventListener("pagehide", () => void conversation.shutdown());
  const view = new WindowState();
  void characters.then((found) => (view.characters.value = found));
  mount(store, conversation, (container) => void conversation.run(container), view);
}

async function main(): Promise<void> {
  setLogLevel(LogLevel.warn);
  const store = new SessionStore();
  followSystem(store);
  let bridge: Bridge;
  try {
    bridge = await openBridge();
  } catch (error) {
    mountBroken(store, error);
    return;
  }
  reportUncaught(bridge, window);
  mountSession(store, bridge);
}

void main();
